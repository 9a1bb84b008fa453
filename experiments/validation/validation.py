"""Why believe it: every check with its figure, its command and its result, misses included, on one page.

`python experiments/validation/validation.py` runs the checks; it writes checks.csv, measures.csv, docs/validation.md and figures.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tomli_w
from figures import (
    case,
    furthest,
    label,
    picture,
    picture_of_facts,
    picture_of_intervals,
    picture_of_refusals,
    picture_of_trees,
    words,
)
from intervals import TRUTH
from mutants import EXPLAINED

from buzzsim.compiled import SOURCES
from buzzsim.files import write_whole
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import packaged_text, scenarios
from buzzsim.study import markdown
from buzzsim.study.run import versions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ROOT / "tests"
PLAN = tomllib.loads((HERE / "experiment.toml").read_text(encoding="utf-8"))
FAMILIES: list[dict[str, Any]] = PLAN["families"]
KINDS = {
    "theory": "to theory",
    "consistency": "to itself or a second program",
    "story": "to what its documents say",
}
FILES = list(
    dict.fromkeys(test.partition("::")[0] for family in FAMILIES for test in family["tests"])
)


@dataclass
class Recorder:
    """Keeps what pytest says of each test."""

    found: list[dict[str, Any]] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write down a test's outcome once: of its call, or of what kept it from being called."""
        if report.when == "call" or report.outcome != "passed":
            self.found.append(
                {"test": report.nodeid.removeprefix("tests/"), "outcome": report.outcome}
            )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the checks and write the page; gives 1 where one failed."""
    parser = argparse.ArgumentParser(description=PLAN["question"])
    parser.add_argument(
        "--page-only",
        action="store_true",
        help="write the page from what is on file, without running anything",
    )
    options = parser.parse_args(argv)
    if not options.page_only:
        checks, measures = run()
        if checks.empty:
            sys.exit("no check ran: pytest says why above; nothing was written")
        write_whole(HERE / "about.toml", tomli_w.dumps(about()).encode())
        for name, table in (("checks", checks), ("measures", measures)):
            text = table.to_csv(index=False, float_format="%.9g", lineterminator="\n")
            write_whole(HERE / f"{name}.csv", text.encode())
    checks, measures = stored()
    folder = ROOT / "docs" / "validation"
    write_whole(ROOT / "docs" / "validation.md", page(checks, measures).encode())
    folder.mkdir(exist_ok=True)
    for family in FAMILIES:
        draw = {"wrong-models": picture_of_refusals, "virality": picture_of_trees}.get(
            family["name"], picture
        )
        draw(family, of_family(measures, family), folder / f"{family['name']}.png")
    picture_of_facts(folder / "stylised.png")
    picture_of_intervals(folder / "intervals.png")
    write_whole(HERE / "figures.csv", figures().to_csv(index=False, lineterminator="\n").encode())
    return int((checks["outcome"] == "failed").any())


def run() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run all checks; a row for each test, and one for each mean held against theory."""
    recorder = Recorder()
    ended = pytest.main(
        ["-q", "-m", "", "-p", "no:cacheprovider", *(str(TESTS / name) for name in FILES)],
        plugins=[recorder],
    )
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sys.exit(
            f"the checks did not run to their end ({pytest.ExitCode(ended).name.lower()}); nothing was written"
        )
    measured = sys.modules["yardstick"].MEASURED
    measures = pd.DataFrame(measured, columns=["test", "of", "mean", "error", "target", "wrong"])
    measures["test"] = measures["test"].str.removeprefix("tests/")
    return pd.DataFrame(recorder.found), measures


def about() -> dict[str, str]:
    """Say when, with what, and on which state of the repository the checks ran."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit or "unknown",
        "sources": SOURCES,
        "numbers": numbers(),
        **versions(),
    }


def numbers() -> str:
    """Name what goes into the sources: every default, the packaged scenarios, and how worlds and networks are made of them."""
    digest = hashlib.sha256(
        repr([(key, parameter.default) for key, parameter in all_parameters()]).encode()
    )
    for name in scenarios():
        digest.update(packaged_text(name).encode())
    for path in ("world.py", "network/generators.py"):
        digest.update((ROOT / "buzzsim" / path).read_bytes())
    return digest.hexdigest()[:16]


def figures() -> pd.DataFrame:
    """Name every figure that the page shows by what is in it."""
    folder = ROOT / "docs" / "validation"
    rows = [
        [path.name, hashlib.sha256(path.read_bytes()).hexdigest()[:16]]
        for path in sorted(folder.glob("*.png"))
    ]
    return pd.DataFrame(rows, columns=["figure", "sha256"])


def stored() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read what the last run left."""
    return pd.read_csv(HERE / "checks.csv"), pd.read_csv(HERE / "measures.csv")


def family_of(test: str) -> str | None:
    """Give the first family that names a test."""
    return next(
        (
            family["name"]
            for family in FAMILIES
            if any(test.startswith(start) for start in family["tests"])
        ),
        None,
    )


def kind_of(test: str) -> str:
    """Say what a test holds the program against: its family's kind, or, of tests of the yardstick alone, theory."""
    return next(
        (family["kind"] for family in FAMILIES if family["name"] == family_of(test)), "theory"
    )


def of_family(table: pd.DataFrame, family: dict[str, Any]) -> pd.DataFrame:
    """Give the rows that belong to a family."""
    return table[[family_of(test) == family["name"] for test in table["test"]]]


def said_of_tests() -> dict[str, str]:
    """Give what each test function says of itself: its name in words, and the first paragraph of its docstring."""
    said = {}
    for name in FILES:
        for node in ast.parse((TESTS / name).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                told = " ".join((ast.get_docstring(node) or "").partition("\n\n")[0].split())
                said[f"{name}::{node.name}"] = words(node.name) + (f": {told}" if told else "")
    return said


# What the page says.


def page(checks: pd.DataFrame, measures: pd.DataFrame) -> str:
    """Write the page."""
    parts = [opening(checks, measures), *(section(family, checks, measures) for family in FAMILIES)]
    parts += [text for text in (intervals(), stylised(), literature(), matrix(), mutants()) if text]
    return "\n\n".join([*parts, CLOSING]) + "\n"


def opening(checks: pd.DataFrame, measures: pd.DataFrame) -> str:
    """Say what this is and how it came out."""
    counts = checks["outcome"].value_counts()
    failed = checks[checks["outcome"] == "failed"]["test"]
    means = measures[(measures["error"] > 0) & measures["target"].notna()]
    homes = means["test"].map(family_of)
    third, means = (
        means[homes == "third-program"],
        means[homes.notna() & ~homes.isin(["wrong-models", "third-program"])],
    )
    distance = ((means["mean"] - means["target"]) / means["error"]).abs()
    result = f"{counts.get('passed', 0):,} checks passed, {failed.size} failed, {counts.get('skipped', 0)} were skipped."
    if failed.size:
        result += " Failed: " + ", ".join(f"`{test}`" for test in failed) + "."
    ran = tomllib.loads((HERE / "about.toml").read_text(encoding="utf-8"))
    when = f"The checks ran on {ran.pop('date')} after commit {ran.pop('commit')} (sources {ran.pop('sources')}, "
    when += f"numbers {ran.pop('numbers')}), with "
    when += ", ".join(f"{name} {version}" for name, version in ran.items())
    kinds = (
        checks.assign(kind=[kind_of(test) for test in checks["test"]])
        .groupby("kind", sort=False)
        .size()
    )
    split = ", ".join(f"{kinds[kind]} hold the model {said}" for kind, said in KINDS.items())
    return f"""# Why believe it

This page, its figures, `checks.csv` and `measures.csv` were written by

```console
python experiments/validation/validation.py
```

which runs the checks (some minutes). Where a section names another command, its numbers are of that one's last run.

**{result}**
Of these, {split}. Beside data stand the [stylised facts](#stylised-facts-the-model-beside-what-was-measured) and the
[literature](#literature-when-the-model-agrees-with-a-study-and-when-it-does-not), misses included.
{when}. A test fails where the rules, the engine, a default, a packaged
scenario or the networks that are generated have changed since.

References stand in [sources.md](sources.md). A mean that theory knows must lie within four standard errors of it, and beyond
four of a stated *wrong* value: the answer of a
wrong model where one is known, else one so far off that it would matter. A check that could not tell them apart fails as well.
Targets are numbered V1 to V15, as in the headings; V7 to V9 (linear thresholds, Watts' cascade window, rumours) are other models.
There are {len(means)} such means here; the one furthest from its target is {distance.max():.1f} standard errors off.
{len(third)} more are held to those of a [third program](#a-third-program-written-after-the-page) in the same way. In the
figures a dot is a mean, in standard errors from its target; a cross is the wrong value, drawn at the edge where it is further.
Wrong models were run too: each test that holds such a mean [refuses one](#wrong-models-are-refused). Commands need
`python -m pip install '.[test]'`; `-m ""` takes the slow tests along. Each runs alone with `python -m pytest -m "" "tests/TEST"`,
TEST as in [`checks.csv`](../experiments/validation/checks.csv)."""


def section(family: dict[str, Any], checks: pd.DataFrame, measures: pd.DataFrame) -> str:
    """Write one family: what it is, its figure, its numbers, its other checks."""
    mine, means = of_family(checks, family), of_family(measures, family)
    said, parts = said_of_tests(), [f"## {family['title']}", family["text"].strip()]
    apart = means[means["target"].isna() & ~means["test"].str.contains("yardstick")]
    means = means[means["target"].notna()]
    if not apart.empty:
        rows = [
            [label(row.test), row.of, f"{row.mean:+.4g} ± {row.error:.2g}"]
            for row in apart.itertuples()
        ]
        parts.append(
            markdown.table(
                ["check", "what is compared", "paired difference ± standard error"], rows
            )
        )
    if not means.empty:
        parts.append(f"![{family['title']}](validation/{family['name']}.png)")
    if family["name"] == "wrong-models":
        parts.append(refusals(means))
    elif not means.empty:
        head = [
            "check",
            "of",
            "theory",
            "model ± standard error",
            "distance, s.e.",
            "wrong value",
            "its distance, s.e.",
        ]
        parts.append(markdown.table(head, [numbers_of(row) for row in means.itertuples()]))
    outcomes = mine.assign(function=[test.partition("[")[0] for test in mine["test"]]).groupby(
        "function", sort=False
    )["outcome"]
    rows = [[said.get(name, name), str(of.size), verdict(of)] for name, of in outcomes]
    parts.append(markdown.table(["what holds", "cases", "result"], rows))
    lines = "\n".join(f'python -m pytest -m "" tests/{name}' for name in files_of(mine))
    parts.append(f"```console\n{lines}\n```")
    return "\n\n".join(parts)


def numbers_of(row: Any) -> list[str]:
    """Give the cells of one measure; what no chance touches has no error."""
    start = [label(row.test), row.of, f"{row.target:.6g}"]
    if row.error == 0:
        off = abs(row.mean - row.target)
        said = f"off by {off:.1g}" if off > 1e-12 else "exact"
        return [*start, f"{row.mean:.6g}", f"no chance in it; {said}", "", ""]
    distance, wrong = (row.mean - row.target) / row.error, (row.wrong - row.target) / row.error
    shown = 0.0 if abs(row.wrong) < 1e-12 else row.wrong
    return [
        *start,
        f"{row.mean:.6g} ± {row.error:.2g}",
        f"{distance:+.1f}",
        f"{shown:.4g}",
        f"{wrong:+.0f}",
    ]


def refusals(means: pd.DataFrame) -> str:
    """Write how far wrong models lie from theory."""
    rows = [
        [
            *case(row.test),
            row.of,
            f"{row.target:.6g}",
            f"{row.mean:.6g} ± {row.error:.2g}",
            f"{row.distance:+.1f}",
        ]
        for row in furthest(means).itertuples()
    ]
    return markdown.table(
        [
            "what is wrong",
            "check",
            "of",
            "theory",
            "wrong model ± standard error",
            "distance, s.e.",
        ],
        rows,
    )


def files_of(checks: pd.DataFrame) -> list[str]:
    """Give the files that a family's tests stand in."""
    return list(dict.fromkeys(test.partition("::")[0] for test in checks["test"]))


def verdict(outcomes: Any) -> str:
    """Say how the cases of a test came out."""
    failed, skipped = (outcomes == "failed").sum(), (outcomes == "skipped").sum()
    return "holds" if failed + skipped == 0 else ", ".join(
        text for n, text in ((failed, f"**{failed} failed**"), (skipped, f"{skipped} skipped")) if n
    )  # fmt: skip


def intervals() -> str:
    """Show how often 95 % intervals hold the truth."""
    found = pd.read_csv(HERE / "intervals.csv")
    found["share"] = found["held"] / found["intervals"]
    table = found.pivot(index=["outcome", "of"], columns="replicates", values="share")
    table = table.loc[found[["outcome", "of"]].drop_duplicates().itertuples(index=False)]
    counts = found.groupby("replicates")["comparisons"].first().tolist()
    last = table.iloc[:, -1]
    error = (
        100 * np.sqrt(last * (1 - last) / counts[-1]).max()
    )  # as of comparisons: intervals of one are not independent
    few, many = (
        span(found.query("outcome != 'firestorm' and replicates == @n")["share"])
        for n in (100, 1000)
    )
    storms = span(found.query("outcome == 'firestorm'")["share"])
    rows = [
        [f"`{outcome}`", of, *(f"{100 * share:.0f} %" for share in row)]
        for (outcome, of), row in zip(table.index, table.to_numpy(), strict=True)
    ]
    return f"""## How often 95 % intervals hold the truth

The default scenario, compared again and again with as many replicates as the head says ({", ".join(map(str, counts))} times);
the truth is the mean over the {TRUTH:,} that they were cut from. Few complaints rule the means, and a sample that missed them
has an interval that is too narrow: with 100 replicates the bootstrap's hold the truth in {few} of cases, with 1,000 in
{many}. Those of the one yes-or-no outcome (`firestorm`) do in {storms}, whatever the number. These shares are themselves
measured, the last column with a standard error of up to {error:.1f} points.

![How often intervals hold the truth](validation/intervals.png)

{markdown.table(["outcome", "of", *(f"{n:,} replicates" for n in table.columns)], rows)}

Command: `python experiments/validation/intervals.py`"""


def span(shares: pd.Series[float]) -> str:
    """Write the least and the largest of some shares."""
    return f"{100 * shares.min():.0f} to {100 * shares.max():.0f} %"


def told(experiment: str, block: str) -> str:
    """Give what an experiment's command wrote between the markers of its page."""
    page = (ROOT / "experiments" / experiment / "README.md").read_text(encoding="utf-8")
    return next(marked[2] for marked in markdown.MARKED.finditer(page) if marked[1] == block)


def stylised() -> str:
    """Retell the stylised facts, misses included."""
    return f"""## Stylised facts: the model beside what was measured

The misses are misses. What is *put in* is no evidence: the default was chosen for it, or has it as a parameter. E10 to E14 ask
for a sign alone; where the table says *of its kind*, the question is whether the model can do it, and the default's own
difference stands beside. What the misses say, and how each is counted, is told in
[`experiments/stylised/`](../experiments/stylised/README.md).

{told("stylised", "answer")}

![Stylised facts](validation/stylised.png)

{told("stylised", "facts")}

Command: `python experiments/stylised/stylised.py` (less than a minute)"""


def literature() -> str:
    """Say for each finding of the literature where the default stands."""
    folder = ROOT / "experiments" / "literature"
    plan = tomllib.loads((folder / "experiment.toml").read_text(encoding="utf-8"))
    found = pd.read_csv(folder / "results.csv").set_index(["id", "setting"])
    rows = []
    for finding in plan["findings"]:
        default = found.loc[(finding["id"], "default")]
        seen = f"{default['difference']:+.3g} ({default['low']:+.3g} to {default['high']:+.3g})"
        can = ["yes" if found.loc[(finding["id"], setting), "agrees"] == wish else "no"
               for setting, wish in (("agree", True), ("disagree", False))]  # fmt: skip
        says = [
            finding["claim"],
            f"{finding['says']} ({finding['who']})",
            f"`{finding['outcome']}`",
            finding["direction"],
        ]
        rows.append([*says, seen, "agrees" if default["agrees"] else "**does not**", *can])
    head = [
        "claim",
        "finding",
        "outcome",
        "expected",
        "default (95 %)",
        "the default",
        "can agree",
        "can disagree",
    ]
    return f"""## Literature: when the model agrees with a study, and when it does not

For each finding for and against the claims C1 to C8 of the column that the project starts from (they stand in
[sources.md](sources.md)): where the default stands, and whether parameters alone can make the model agree, and disagree. Which
parameters, and what else was found, is told in [`experiments/literature/`](../experiments/literature/README.md).

{told("literature", "answer")}

{markdown.table(head, rows)}

Command: `python experiments/literature/literature.py` (less than a minute)"""


def matrix() -> str:
    """Show that every supported Python gives the same digest."""
    path = HERE / "matrix.csv"
    if not path.is_file():
        return ""
    found = pd.read_csv(path, dtype=str)
    same = "One digest on all." if found["digest"].nunique() == 1 else "**The digests differ.**"
    return f"""## One result on every supported Python

The same comparison (every packaged scenario, all strategies, outcomes to the last bit). {same}

{markdown.table(list(found.columns), found.to_numpy().tolist())}

Command: `python experiments/validation/matrix.py python3.11 python3.12 ...`, each with buzzsim installed."""


def mutants() -> str:
    """Show how many faults put in on purpose the tests notice."""
    path = HERE / "mutants.csv"
    if not path.is_file():
        return ""
    found = pd.read_csv(path, keep_default_na=False)
    told = found.groupby("module", sort=False)["outcome"].agg(
        mutants="size", killed=lambda of: (of == "killed").sum()
    )
    rows = [
        [f"`{name}`", str(row.mutants), str(row.killed), f"{100 * row.killed / row.mutants:.0f} %"]
        for name, row in told.iterrows()
    ]
    alive = found[found["outcome"] == "survived"]
    known = [EXPLAINED.get((str(row.file), str(row.change)), {}) for row in alive.itertuples()]
    lines = [
        [f"`{row.file}`", f"`{row.change}`", said.get("why", "not explained")]
        for row, said in zip(alive.itertuples(), known, strict=True)
    ]
    commits = ", ".join(
        f"`{commit}` ({', '.join(of['module'].unique())})"
        for commit, of in found.groupby("commit", sort=False)
    )
    share = 100 * (found["outcome"] == "killed").mean()
    mended = sum(said.get("mended", False) for said in known)
    open_ones = sum(not said for said in known)
    return f"""## Faults put in on purpose

Mutation testing: one operator, comparison, number or line of the source is changed at a time, in a random sample of all that
could be, as the source was at {commits}. Types, and what only fetches rows ahead, are left out: no result could show them.
{share:.0f} % of {len(found)} changes make a test of the same module fail. Each of the {len(alive)} others was looked at and stands
below: {mended} were mended since, {open_ones} are not explained, the rest change no result.

{markdown.table(["module", "mutants", "killed", "share"], rows)}

Survivors, and why:

{markdown.table(["where", "change", "why it is harmless, or what is missing"], lines)}

Command: `python experiments/validation/mutants.py run FOLDER`, then `... collect FOLDER`"""


CLOSING = """## What this cannot tell

That the model is true of any brand. Theory shows that the code computes what it says; the stylised facts show what the default
gets right of complaints in general, and what not; studies disagree among themselves, and the model can be on either side.
A forecast for one complaint is nowhere among these checks."""


if __name__ == "__main__":
    sys.exit(main())
