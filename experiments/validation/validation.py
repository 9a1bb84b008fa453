"""Why believe it: every check with its figure, its command and its result, misses included.

`python experiments/validation/validation.py` runs the checks. It writes checks.csv, measures.csv,
docs/validation.md and its figures. `--page-only` writes page and figures from what is on file.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import figures
import numpy as np
import pandas as pd
import pytest
import tomli_w
from intervals import TRUTH

import buzzsim as bz
from buzzsim.compiled import SOURCES
from buzzsim.files import write_whole
from buzzsim.network.world import World
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
OUTCOMES = ["passed", "failed", "skipped"]
PLACES = [  # where a test's name begins, its family, and what the page calls what it checks
    (start, family["name"], family["tests"][start] if isinstance(family["tests"], dict) else "")
    for family in FAMILIES
    for start in family["tests"]
]
FILES = list(dict.fromkeys(start.partition("::")[0] for start, _, _ in PLACES))


@dataclass
class Recorder:
    """Keeps what pytest says of each test."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def pytest_collection_finish(self, session: Any) -> None:
        """Stop before the long run if some test has no place on the page."""
        for item in session.items:
            place_of(item.nodeid)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write down a test's outcome once: of its call, or of what kept it from being called."""
        if report.when == "call" or report.outcome != "passed":
            self.rows.append({"test": report.nodeid, "outcome": report.outcome})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the checks and write the page; gives 1 where one failed."""
    parser = argparse.ArgumentParser(description=PLAN["question"])
    parser.add_argument("--page-only", action="store_true", help="run nothing, write the page")
    if not parser.parse_args(argv).page_only:
        checks, measures = run()
        write_whole(HERE / "about.toml", tomli_w.dumps(about()).encode())
        write_table("checks", checks)
        write_table("measures", measures)
    write_whole(ROOT / "docs" / "validation.md", page().encode())
    draw(ROOT / "docs" / "validation")
    return int((stored("checks")["failed"] > 0).any())


# The records.


def run() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run all checks."""
    recorder = Recorder()
    files = [str(TESTS / name) for name in FILES]
    ended = pytest.main(["-q", "-m", "", "-p", "no:cacheprovider", *files], plugins=[recorder])
    if ended not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
        sys.exit(f"pytest stopped ({pytest.ExitCode(ended).name.lower()}); nothing was written")
    names = ["test", "of", "mean", "error", "target", "wrong"]
    measures = pd.DataFrame(sys.modules["yardstick"].MEASURED, columns=names)
    return recorded(pd.DataFrame(recorder.rows), measures)


def recorded(checks: pd.DataFrame, measures: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give outcomes counted by family, and each mean by family and setting; no test is named."""
    families = checks["test"].map(lambda test: place_of(test)[0])
    counts = pd.crosstab(families, checks["outcome"]).reindex(columns=OUTCOMES, fill_value=0)
    counts = counts.loc[[family["name"] for family in FAMILIES]].rename_axis("family")
    places = pd.DataFrame(map(place_of, measures["test"]), columns=["family", "setting"])
    measures = pd.concat([places, measures.drop(columns="test")], axis=1)
    return counts.reset_index(), measures[measures["setting"] != ""]


def place_of(test: str) -> tuple[str, str]:
    """Give the first family that names a test, and what was checked: in which case, with what."""
    name, _, case = test.removeprefix("tests/").removesuffix("]").partition("[")
    places = [(of, label) for start, of, label in PLACES if name.startswith(start)]
    if not places:
        raise LookupError(f"experiment.toml has no family for {name}")
    family, label = places[0]
    if family == "wrong-models" and ": " in case:
        return family, refused(case)
    case = re.sub(r"-(?=[a-z])", ", ", case.replace("-None", "")).replace("_", " ")
    return family, f"{label} ({case})" if label and case else label or case


def refused(case: str) -> str:
    """Say what is wrong with a model, and which check refused it: the case names its test."""
    wrong, _, words = case.partition(": ")
    test = f"test_{words.replace(' ', '_')}"
    named = (label for start, _, label in PLACES if test.startswith(start.partition("::")[2]))
    return f"{wrong}: {next(filter(None, named), '')}"


def about() -> dict[str, str]:
    """Say when, with what, and on which state of the repository the checks ran."""
    asked = ["git", "rev-parse", "--short", "HEAD"]
    commit = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return {
        "date": time.strftime("%Y-%m-%d"),
        "commit": commit.strip() or "unknown",
        "sources": SOURCES,
        "worlds": worlds(),
        **versions(),
    }


def worlds() -> str:
    """Name the numbers that go in: each packaged scenario's values, its network, and its R0."""
    digest = hashlib.sha256()
    for name in bz.scenarios():
        world = World.of(bz.Scenario.load(name))
        digest.update(world.p.tobytes())
        digest.update(world.network.indptr.tobytes() + world.network.indices.tobytes())
    return digest.hexdigest()[:16]


def stored(name: str) -> pd.DataFrame:
    """Read a table that the last run left."""
    return pd.read_csv(HERE / f"{name}.csv")


def write_table(name: str, table: pd.DataFrame) -> None:
    """Write a table for the next to read."""
    text = table.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    write_whole(HERE / f"{name}.csv", text.encode())


def draw(folder: Path) -> None:
    """Draw every figure of the page."""
    folder.mkdir(exist_ok=True)
    measures = stored("measures")
    special = {"wrong-models": figures.picture_of_refusals, "virality": figures.picture_of_trees}
    for family in FAMILIES:
        means = measures[measures["family"] == family["name"]]
        picture = special.get(family["name"], figures.picture)
        picture(family["title"], means, folder / f"{family['name']}.png")
    figures.picture_of_facts(folder / "stylised.png")
    figures.picture_of_intervals(folder / "intervals.png")


# What the page says.


def page() -> str:
    """Write the page from what is on file."""
    checks, measures = stored("checks").set_index("family"), stored("measures")
    parts = [opening(checks, measures)]
    for family in FAMILIES:
        means = measures[measures["family"] == family["name"]]
        parts.append(section(family, checks.loc[family["name"]], means))
    parts += [intervals(), stylised(), literature(), matrix(), mutants(), CLOSING]
    return "\n\n".join(parts) + "\n"


def opening(checks: pd.DataFrame, measures: pd.DataFrame) -> str:
    """Say what this is and how it came out."""
    total = checks.sum()
    kinds = checks.sum(axis=1).groupby([family["kind"] for family in FAMILIES], sort=False).sum()
    split = ",\n".join(f"{kinds[kind]} hold the model {said}" for kind, said in KINDS.items())
    means = measures[(measures["error"] > 0) & measures["target"].notna()]
    third = means[means["family"] == "third-program"]
    means = means[~means["family"].isin(["wrong-models", "third-program"])]
    distance = ((means["mean"] - means["target"]) / means["error"]).abs().max()
    ran = tomllib.loads((HERE / "about.toml").read_text(encoding="utf-8"))
    date, commit, sources, inputs = (ran.pop(k) for k in ("date", "commit", "sources", "worlds"))
    since = f"\n{ran.pop('since').strip()}" if "since" in ran else ""
    tools = ", ".join(f"{name} {version}" for name, version in ran.items())
    return f"""# Why believe it

This page and its figures are written by

```console
python experiments/validation/validation.py
```

which runs the checks (some minutes). Where a section names another command, its numbers are those
of that command's last run.

**{total["passed"]:,} checks passed, {total["failed"]} failed, {total["skipped"]} were skipped.**
Of these,
{split}.
Beside data stand the [stylised facts](#stylised-facts-the-model-beside-what-was-measured) and the
[literature](#literature-when-the-model-agrees-with-a-study-and-when-it-does-not), misses included.
The checks ran on {date} after commit {commit}, with
{tools}
(compiled code {sources}; scenarios, networks and R0 {inputs}).{since}

References stand in [sources.md](sources.md). Where theory knows a mean, the model's mean must lie
within four standard errors of it. It must also lie more than four standard errors from a stated
*wrong* value. That value is the answer of a wrong model where one is known, else one so far off
that it would matter. A check that could not tell the two apart fails as well. Targets are
numbered V1 to V15, as in the headings; V7 to V9 (linear thresholds, Watts' cascade window,
rumours) are other models.

There are {len(means)} such means.
The one furthest from its target is {distance:.1f} standard errors off.
{len(third)} more are held in the same way to those of a
[third program](#a-third-program-written-after-the-page). In the figures a dot is a mean, in
standard errors from its target. A cross is the wrong value, drawn at the edge where it is further.
Wrong models were run too: each check of such a mean [refuses one](#wrong-models-are-refused).
Commands need `python -m pip install '.[test]'`; `-m ""` takes the slow tests along."""


def section(family: dict[str, Any], checks: pd.Series[int], means: pd.DataFrame) -> str:
    """Write one family: what it is, its figure, its numbers, and how its checks came out."""
    parts = [f"## {family['title']}", family["text"].strip()]
    if family["name"] == "wrong-models":
        parts += [figure(family["title"], family["name"]), refusals(means)]
    elif means["target"].notna().any():
        head = ["check", "of", "theory", "model ± standard error", "distance, s.e."]
        head += ["wrong value", "its distance, s.e."]
        rows = [numbers_of(row) for row in means.itertuples()]
        parts += [figure(family["title"], family["name"]), markdown.table(head, rows)]
    elif not means.empty:
        rows = [[row.setting, row.of, shown(row, "+.4g")] for row in means.itertuples()]
        head = ["check", "what is compared", "paired difference ± standard error"]
        parts.append(markdown.table(head, rows))
    files = " ".join(
        dict.fromkeys(f"tests/{start.partition('::')[0]}" for start in family["tests"])
    )
    return "\n\n".join([*parts, f'{verdict(checks)}: `python -m pytest -m "" {files}`'])


def figure(title: str, name: str) -> str:
    """Show a figure."""
    return f"![{title}](validation/{name}.png)"


def shown(row: Any, form: str = ".6g") -> str:
    """Write a mean with its standard error."""
    return f"{row.mean:{form}} ± {row.error:.2g}"


def numbers_of(row: Any) -> list[str]:
    """Give the cells of one measure; what no chance touches has no error."""
    start = [row.setting, row.of, f"{row.target:.6g}"]
    if row.error == 0:
        off = abs(row.mean - row.target)
        exact = f"no chance in it; {f'off by {off:.1g}' if off > 1e-12 else 'exact'}"
        return [*start, f"{row.mean:.6g}", exact, "", ""]
    distance, wrong = (row.mean - row.target) / row.error, (row.wrong - row.target) / row.error
    value = 0.0 if abs(row.wrong) < 1e-12 else row.wrong
    return [*start, shown(row), f"{distance:+.1f}", f"{value:.4g}", f"{wrong:+.0f}"]


def refusals(means: pd.DataFrame) -> str:
    """Write how far wrong models lie from theory."""
    rows = [
        [*row.setting.split(": "), row.of, f"{row.target:.6g}", shown(row), f"{row.distance:+.1f}"]
        for row in figures.furthest(means).itertuples()
    ]
    head = ["what is wrong", "check", "of", "theory", "wrong model ± standard error"]
    return markdown.table([*head, "distance, s.e."], rows)


def verdict(checks: pd.Series[int]) -> str:
    """Say how the checks of a family came out."""
    n, failed, skipped = checks.sum(), checks["failed"], checks["skipped"]
    if failed + skipped == 0:
        return f"{n} {'checks hold' if n > 1 else 'check holds'}"
    return f"Of {n} checks **{failed} failed**, {skipped} were skipped"


def intervals() -> str:
    """Show how often 95 % intervals hold the truth."""
    table = stored("intervals")
    table["share"] = table["held"] / table["intervals"]
    few, many = (
        span(table.query("outcome != 'firestorm' and replicates == @n")["share"])
        for n in (100, 1000)
    )
    storms = span(table.query("outcome == 'firestorm'")["share"])
    counts = table.groupby("replicates")["comparisons"].first().tolist()
    last = table[table["replicates"] == table["replicates"].max()]["share"]
    error = 100 * np.sqrt(last * (1 - last) / counts[-1]).max()  # intervals of one hang together
    rows = [
        [f"`{outcome}`", of, *(f"{100 * share:.0f} %" for share in part["share"])]
        for (outcome, of), part in table.groupby(["outcome", "of"], sort=False)
    ]
    sizes = [f"{n:,} replicates" for n in sorted(table["replicates"].unique())]
    return f"""## How often 95 % intervals hold the truth

The default scenario, compared again and again with as many replicates as the head says
({", ".join(map(str, counts))} times).
The truth is the mean over the {TRUTH:,} that they were cut from.
Few complaints rule the means, and a sample that missed them has an interval that is too narrow:
with 100 replicates the bootstrap's hold the truth in {few} of cases, with 1,000 in {many}.
Those of the one yes-or-no outcome (`firestorm`) do in {storms}, whatever the number.
These shares are themselves measured, the last column with a standard error of up to
{error:.1f} points.

{figure("How often intervals hold the truth", "intervals")}

{markdown.table(["outcome", "of", *sizes], rows)}

Command: `python experiments/validation/intervals.py`"""


def span(shares: pd.Series[float]) -> str:
    """Write the least and the largest of some shares."""
    return f"{100 * shares.min():.0f} to {100 * shares.max():.0f} %"


def told(experiment: str, block: str) -> str:
    """Give what an experiment's command wrote between the markers of its page."""
    text = (ROOT / "experiments" / experiment / "README.md").read_text(encoding="utf-8")
    return next(marked[2] for marked in markdown.MARKED.finditer(text) if marked[1] == block)


def stylised() -> str:
    """Retell the stylised facts, misses included."""
    return f"""## Stylised facts: the model beside what was measured

The misses are misses. What is *put in* is no evidence: the default was chosen for it, or has it as
a parameter. E10 to E14 ask for a sign alone. Where the table says *of its kind*, the question is
whether the model can do it, and the default's own difference stands beside. What the misses say,
and how each is counted, is told in [`experiments/stylised/`](../experiments/stylised/README.md).

{told("stylised", "answer")}

{figure("Stylised facts", "stylised")}

{told("stylised", "facts")}

Command: `python experiments/stylised/stylised.py` (less than a minute)"""


def literature() -> str:
    """Say for each finding of the literature where the default stands."""
    folder = ROOT / "experiments" / "literature"
    plan = tomllib.loads((folder / "experiment.toml").read_text(encoding="utf-8"))
    results = pd.read_csv(folder / "results.csv").set_index(["id", "setting"])
    rows = []
    for finding in plan["findings"]:
        default = results.loc[(finding["id"], "default")]
        can = [
            "yes" if results.loc[(finding["id"], setting), "agrees"] == wish else "no"
            for setting, wish in (("agree", True), ("disagree", False))
        ]
        rows.append([
            finding["claim"], f"{finding['says']} ({finding['who']})", f"`{finding['outcome']}`",
            finding["direction"],
            f"{default['difference']:+.3g} ({default['low']:+.3g} to {default['high']:+.3g})",
            "agrees" if default["agrees"] else "**does not**", *can,
        ])  # fmt: skip
    head = ["claim", "finding", "outcome", "expected", "default (95 %)", "the default"]
    return f"""## Literature: when the model agrees with a study, and when it does not

For each finding for and against the claims C1 to C8 of the column that the project starts from
(they stand in [sources.md](sources.md)): where the default stands, and whether parameters alone can
make the model agree, and disagree. Which parameters, and what else was found, is told in
[`experiments/literature/`](../experiments/literature/README.md).

{told("literature", "answer")}

{markdown.table([*head, "can agree", "can disagree"], rows)}

Command: `python experiments/literature/literature.py` (less than a minute)"""


def matrix() -> str:
    """Show that every supported Python gives the same digest."""
    table = pd.read_csv(HERE / "matrix.csv", dtype=str)
    same = "One digest on all." if table["digest"].nunique() == 1 else "**The digests differ.**"
    return f"""## One result on every supported Python

The same comparisons (every packaged scenario, all strategies, outcomes to the last bit).
{same}

{markdown.table(list(table.columns), table.to_numpy().tolist())}

Command: `python experiments/validation/matrix.py python3.11 python3.12 ...`, each with buzzsim
installed."""


def mutants() -> str:
    """Show how many faults put in on purpose the tests notice."""
    samples = tomllib.loads((HERE / "mutants.toml").read_text(encoding="utf-8"))["samples"]
    faults, killed = (sum(of[key] for of in samples) for key in ("faults", "killed"))
    rows = [
        [f"`{of['of']}`", f"`{of['commit']}`", of["faults"], of["killed"],
         f"{100 * of['killed'] / of['faults']:.0f} %", of["survivors"]]
        for of in samples
    ]  # fmt: skip
    head = ["where", "measured at", "faults", "noticed", "share", "what was not noticed, and why"]
    return f"""## Faults put in on purpose

Mutation testing: one operator, comparison, number or line of the source is changed at a time, in a
random sample of all that could be. Types, and what only fetches rows ahead, are left out: no
result could show them. {100 * killed / faults:.0f} % of {faults} changes make a test fail.
Each of the {faults - killed} others was looked at.

{markdown.table(head, rows)}

Command: `python experiments/validation/mutants.py run FOLDER`, then `... collect FOLDER`"""


CLOSING = """## What this cannot tell

That the model is true of any brand. Theory shows that the code computes what it says. The stylised
facts show what the default gets right of complaints in general, and what not. Studies disagree
among themselves, and the model can be on either side. A forecast for one complaint is nowhere among
these checks."""


if __name__ == "__main__":
    sys.exit(main())
