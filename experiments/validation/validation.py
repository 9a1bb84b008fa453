"""Why believe it: every check with its figure, its command and its result, misses included, on one page.

`python experiments/validation/validation.py` runs the checks; it writes checks.csv, measures.csv, docs/validation.md and figures.
"""

from __future__ import annotations

import argparse
import ast
import math
import re
import subprocess
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tomli_w

from buzzsim.files import write_whole
from buzzsim.runs import versions

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
TESTS = ROOT / "tests"
PLAN = tomllib.loads((HERE / "experiment.toml").read_text(encoding="utf-8"))
FAMILIES: list[dict[str, Any]] = PLAN["families"]
FILES = list(dict.fromkeys(test.partition("::")[0] for family in FAMILIES for test in family["tests"]))


@dataclass
class Recorder:
    """Keeps what pytest says of each test."""

    found: list[dict[str, Any]] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: Any) -> None:
        """Write down a test's outcome once: of its call, or of what kept it from being called."""
        if report.when == "call" or report.outcome != "passed":
            self.found.append({"test": report.nodeid.removeprefix("tests/"), "outcome": report.outcome})


def main(argv: Sequence[str] | None = None) -> int:
    """Run the checks and write the page; gives 1 where one failed."""
    parser = argparse.ArgumentParser(description=PLAN["question"])
    parser.add_argument("--page-only", action="store_true", help="write the page from what is on file, without running anything")
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
        draw = {"wrong-models": picture_of_refusals, "virality": picture_of_trees}.get(family["name"], picture)
        draw(family, of_family(measures, family), folder / f"{family['name']}.png")
    picture_of_facts(folder / "stylised.png")
    return int((checks["outcome"] == "failed").any())


def run() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Run all checks; a row for each test, and one for each mean held against theory."""
    recorder = Recorder()
    pytest.main(["-q", "-p", "no:cacheprovider", *(str(TESTS / name) for name in FILES)], plugins=[recorder])
    measured = sys.modules["yardstick"].MEASURED
    measures = pd.DataFrame(measured, columns=["test", "of", "mean", "error", "target", "wrong"])
    measures["test"] = measures["test"].str.removeprefix("tests/")
    return pd.DataFrame(recorder.found), measures


def about() -> dict[str, str]:
    """Say when, with what, and on which state of the repository the checks ran."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.strip()
    return {"date": time.strftime("%Y-%m-%d"), "commit": commit or "unknown", **versions()}


def stored() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Read what the last run left."""
    return pd.read_csv(HERE / "checks.csv"), pd.read_csv(HERE / "measures.csv")


def family_of(test: str) -> str | None:
    """Give the first family that names a test."""
    return next((family["name"] for family in FAMILIES if any(test.startswith(start) for start in family["tests"])), None)


def of_family(table: pd.DataFrame, family: dict[str, Any]) -> pd.DataFrame:
    """Give the rows that belong to a family."""
    return table[[family_of(test) == family["name"] for test in table["test"]]]


def said_of_tests() -> dict[str, str]:
    """Give what each test function says of itself: its name in words, and the first line of its docstring."""
    said = {}
    for name in FILES:
        for node in ast.parse((TESTS / name).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                words = node.name.removeprefix("test_").replace("_", " ").replace(" s own", "'s own")
                told = (ast.get_docstring(node) or "").partition("\n")[0]
                said[f"{name}::{node.name}"] = words + (f": {told}" if told else "")
    return said


# What the page says.


def page(checks: pd.DataFrame, measures: pd.DataFrame) -> str:
    """Write the page."""
    parts = [opening(checks, measures), *(section(family, checks, measures) for family in FAMILIES)]
    parts += [text for text in (stylised(), literature(), matrix(), mutants()) if text]
    return "\n\n".join([*parts, CLOSING]) + "\n"


def opening(checks: pd.DataFrame, measures: pd.DataFrame) -> str:
    """Say what this is and how it came out."""
    counts = checks["outcome"].value_counts()
    failed = checks[checks["outcome"] == "failed"]["test"]
    means = measures[[family_of(row.test) not in (None, "wrong-models") and row.error > 0 for row in measures.itertuples()]]
    distance = ((means["mean"] - means["target"]) / means["error"]).abs()
    result = f"{counts.get('passed', 0):,} checks passed, {failed.size} failed, {counts.get('skipped', 0)} were skipped."
    if failed.size:
        result += " Failed: " + ", ".join(f"`{test}`" for test in failed) + "."
    ran = tomllib.loads((HERE / "about.toml").read_text(encoding="utf-8"))
    when = f"The checks ran on {ran.pop('date')} after commit {ran.pop('commit')}, with "
    when += ", ".join(f"{name} {version}" for name, version in ran.items())
    return f"""# Why believe it

Every number on this page was written by

```console
python experiments/validation/validation.py
```

which runs the checks (some minutes) and writes this page, its figures, `checks.csv` and `measures.csv`. **{result}**
{when}.

A mean that theory knows must lie within four standard errors of it, and beyond four of a stated *wrong* value: the answer of a
wrong model where one is known, else one so far off that it would matter. A check that could not tell them apart fails as well.
There are {len(means)} such means here; the one furthest from its target is {distance.max():.1f} standard errors off. In the
figures a dot is a mean, in standard errors from its target; a cross is the wrong value, drawn at the edge where it is further.
Wrong models were run too: each of these tests [refuses one](#wrong-models-are-refused). Each test runs alone with
`python -m pytest "tests/<test>"`."""


def section(family: dict[str, Any], checks: pd.DataFrame, measures: pd.DataFrame) -> str:
    """Write one family: what it is, its figure, its numbers, its other checks."""
    mine, means = of_family(checks, family), of_family(measures, family)
    said, parts = said_of_tests(), [f"## {family['title']}", family["text"].strip()]
    if not means.empty:
        parts.append(f"![{family['title']}](validation/{family['name']}.png)")
    if family["name"] == "wrong-models":
        parts.append(refusals(means))
    elif not means.empty:
        head = ["check", "of", "theory", "model ± standard error", "distance, s.e.", "wrong value at, s.e."]
        parts.append(table(head, [numbers_of(row) for row in means.itertuples()]))
    outcomes = mine.assign(function=[test.partition("[")[0] for test in mine["test"]]).groupby("function", sort=False)["outcome"]
    rows = [[said.get(name, name), str(of.size), verdict(of)] for name, of in outcomes]
    parts.append(table(["what holds", "cases", "result"], rows))
    parts.append("Command: " + " ".join(f"`python -m pytest tests/{name}`" for name in files_of(mine)))
    return "\n\n".join(parts)


def numbers_of(row: Any) -> list[str]:
    """Give the cells of one measure; what no chance touches has no error."""
    start = [label(row.test), row.of, f"{row.target:.6g}"]
    if row.error == 0:
        off = abs(row.mean - row.target)
        return [*start, f"{row.mean:.6g}", f"no chance in it; off by {off:.1g}" if off > 1e-12 else "no chance in it; exact", ""]
    return [*start, f"{row.mean:.6g} ± {row.error:.2g}",
            f"{(row.mean - row.target) / row.error:+.1f}", f"{(row.wrong - row.target) / row.error:+.0f}"]  # fmt: skip


def furthest(means: pd.DataFrame) -> pd.DataFrame:
    """Give for each test the measure that lies furthest from its target, with that distance in standard errors."""
    chance = means[means["error"] > 0].reset_index(drop=True)
    chance = chance.assign(distance=(chance["mean"] - chance["target"]) / chance["error"])
    return chance.loc[chance["distance"].abs().groupby(chance["test"], sort=False).idxmax()]


def refusals(means: pd.DataFrame) -> str:
    """Write how far wrong models lie from theory."""
    rows = [
        [*case(row.test), row.of, f"{row.target:.6g}", f"{row.mean:.6g} ± {row.error:.2g}", f"{row.distance:+.1f}"]
        for row in furthest(means).itertuples()
    ]
    return table(["what is wrong", "check", "of", "theory", "wrong model ± standard error", "distance, s.e."], rows)


def case(test: str) -> list[str]:
    """Give what is wrong, and the check that must notice."""
    return test.partition("[")[2].removesuffix("]").split(": ", 1)


def files_of(checks: pd.DataFrame) -> list[str]:
    """Give the files that a family's tests stand in."""
    return list(dict.fromkeys(test.partition("::")[0] for test in checks["test"]))


def label(test: str) -> str:
    """Give a test's name in words, with its case."""
    name, _, case = test.partition("::test_")[2].partition("[")
    return name.replace("_", " ").replace(" s own", "'s own") + (f" ({case.removesuffix(']')})" if case else "")


def verdict(outcomes: Any) -> str:
    """Say how the cases of a test came out."""
    failed, skipped = (outcomes == "failed").sum(), (outcomes == "skipped").sum()
    return "holds" if failed + skipped == 0 else ", ".join(
        text for n, text in ((failed, f"**{failed} failed**"), (skipped, f"{skipped} skipped")) if n
    )  # fmt: skip


def stylised() -> str:
    """Retell the stylised facts, misses included."""
    found = pd.read_csv(ROOT / "experiments" / "stylised" / "results.csv")
    rows = [
        [row.fact, row.name_.replace("_", " "), f"{row.value:.3g} ({row.low:.3g} to {row.high:.3g})",
         band(row.band_low, row.band_high), row.verdict]
        for row in found.rename(columns={"name": "name_"}).itertuples()
    ]  # fmt: skip
    hits = (found["verdict"] == "hit").sum()
    return f"""## Stylised facts: the model beside what was measured

{hits} of {len(found)} hit. The misses are misses: what the default scenario gets wrong, and which of these signs were asked under
parameters of their own kind, is said in [`experiments/stylised/`](../experiments/stylised/README.md), whose command measures them.

![Stylised facts](validation/stylised.png)

{table(["fact", "what", "model (95 %)", "band", "verdict"], rows)}

Command: `python experiments/stylised/stylised.py`"""


def band(low: float, high: float) -> str:
    """Write a band."""
    if math.isinf(low):
        return f"at most {high:.3g}"
    return f"at least {low:.3g}" if math.isinf(high) else f"{low:.3g} to {high:.3g}"


def literature() -> str:
    """Point to the literature experiment, with its count."""
    path = ROOT / "experiments" / "literature" / "results.csv"
    if not path.is_file():
        return ""
    return """## Literature: when the model agrees with a study, and when it does not

For each finding for and against the column's claims, which parameters make the model agree, which make it disagree, and where the
default stands: [`experiments/literature/`](../experiments/literature/README.md).

Command: `python experiments/literature/literature.py`"""


def matrix() -> str:
    """Show that every supported Python gives the same digest."""
    path = HERE / "matrix.csv"
    if not path.is_file():
        return ""
    found = pd.read_csv(path, dtype=str)
    same = "One digest on all." if found["digest"].nunique() == 1 else "**The digests differ.**"
    return f"""## One result on every supported Python

The same comparison (every packaged scenario, all strategies, outcomes to the last bit). {same}

{table(list(found.columns), found.to_numpy().tolist())}

Command: `python experiments/validation/matrix.py python3.11 python3.12 ...`, each with buzzsim installed."""


def mutants() -> str:
    """Show how many faults put in on purpose the tests notice."""
    path = HERE / "mutants.csv"
    if not path.is_file():
        return ""
    found = pd.read_csv(path, keep_default_na=False)
    told = found.groupby("module", sort=False)["outcome"].agg(mutants="size", killed=lambda of: (of == "killed").sum())
    rows = [
        [f"`{name}`", str(row.mutants), str(row.killed), f"{100 * row.killed / row.mutants:.0f} %"] for name, row in told.iterrows()
    ]
    alive = found[found["outcome"] == "survived"]
    lines = [[f"`{row.file}`:{row.line}", f"`{row.change}`", row.reason] for row in alive.itertuples()]
    share = 100 * (found["outcome"] == "killed").mean()
    harmful = found[(found["outcome"] == "killed") | (found["reason"] == "not explained")]
    rest = 100 * (harmful["outcome"] == "killed").mean()
    return f"""## Faults put in on purpose

Mutation testing: one operator, comparison, number or line of the source is changed at a time, in a random sample of all that
could be (types apart); {share:.0f} % of {len(found)} changes make a test of the same module fail. Without those that change nothing
whatever anybody asks, named below, it is {rest:.0f} %.

{table(["module", "mutants", "killed", "share"], rows)}

Survivors, and why:

{table(["where", "change", "why it is harmless, or what is missing"], lines)}

Command: `python experiments/validation/mutants.py run FOLDER`, then `... collect FOLDER`"""


CLOSING = """## What this cannot tell

That the model is true of any brand. Theory shows that the code computes what it says; the stylised facts show what the default
gets right of complaints in general, and what not; studies disagree among themselves, and the model can be on either side.
A forecast for one complaint is nowhere among these checks."""


def table(head: list[str], rows: list[list[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(re.sub(r"\|", r"\\|", cell) for cell in line) + " |" for line in lines)


def pyplot() -> Any:
    """Give matplotlib, without a screen."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    return plt


def picture(family: dict[str, Any], measures: pd.DataFrame, path: Path) -> None:
    """Draw a family's means in standard errors from their targets, and the wrong values."""
    measures = measures[measures["error"] > 0]
    if measures.empty:
        return
    plt = pyplot()
    edge, rows = 12.0, list(range(len(measures)))[::-1]
    off = (measures["mean"] - measures["target"]) / measures["error"]
    wrong = ((measures["wrong"] - measures["target"]) / measures["error"]).clip(-edge, edge)
    figure, ax = plt.subplots(figsize=(9, 1.4 + 0.34 * len(rows)), layout="constrained")
    ax.axvspan(-4, 4, color="#0072B2", alpha=0.12, lw=0)
    ax.axvline(0, color="#444444", lw=1)
    ax.plot(off, rows, "o", color="#0072B2", label="the model")
    ax.plot(wrong, rows, "x", color="#D55E00", label="the wrong value (at the edge: further)")
    ax.set_yticks(rows, [shortened(label(row.test), f": {row.of}") for row in measures.itertuples()], fontsize=8)
    ax.set(xlim=(-edge - 0.8, edge + 0.8), ylim=(-0.8, len(rows) - 0.2), xlabel="standard errors from theory (shaded: four)")
    figure.suptitle(family["title"], fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def picture_of_refusals(family: dict[str, Any], measures: pd.DataFrame, path: Path) -> None:
    """Draw how far wrong models lie from theory."""
    plt, found = pyplot(), furthest(measures)
    rows = list(range(len(found)))[::-1]
    figure, ax = plt.subplots(figsize=(9, 1.4 + 0.3 * len(rows)), layout="constrained")
    ax.axvspan(1, 4, color="#0072B2", alpha=0.12, lw=0)
    ax.plot(found["distance"].abs(), rows, "x", color="#D55E00")
    ax.set_yticks(rows, [shortened(": ".join(case(test)), "") for test in found["test"]], fontsize=8)
    ax.set(xscale="log", xlim=(1, None), ylim=(-0.8, len(rows) - 0.2))
    ax.set_xlabel("standard errors from theory (shaded: up to four)")
    figure.suptitle(family["title"], fontsize=11)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def picture_of_trees(family: dict[str, Any], measures: pd.DataFrame, path: Path) -> None:
    """Draw the trees whose structural virality is known, with what theory and the model say of it."""
    plt = pyplot()
    around = [(math.cos(2 * math.pi * k / 9), math.sin(2 * math.pi * k / 9)) for k in range(9)]
    levels = [((2 * k + 1) / 2**level * 8, -float(level)) for level in range(4) for k in range(2**level)]
    trees = {
        "star of 10": ([(0.0, 0.0), *around], [0] * 9),
        "path of 10": ([(float(k), 0.0) for k in range(10)], list(range(9))),
        "binary tree of depth 3": (levels, [(k - 1) // 2 for k in range(1, 15)]),
    }
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
    for ax, (name, (places, parents)) in zip(axes, trees.items(), strict=True):
        row = measures[measures["test"].str.endswith(f"[{name}]")].iloc[0]
        for child, parent in enumerate(parents, start=1):
            ax.plot(*zip(places[parent], places[child], strict=True), color="#999999", lw=1, zorder=0)
        ax.scatter(*zip(*places, strict=True), color=["#D55E00", *["#0072B2"] * len(parents)])
        ax.set_title(f"{name}\ntheory {row.target:.6g}, model {row['mean']:.6g}", fontsize=10)
        ax.axis("off")
    figure.suptitle("Structural virality: mean distance between two members of a cascade", fontsize=11)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def picture_of_facts(path: Path) -> None:
    """Draw each stylised fact beside its band, on a scale of its own."""
    plt = pyplot()
    found = pd.read_csv(ROOT / "experiments" / "stylised" / "results.csv")
    figure, axes = plt.subplots(len(found), 1, figsize=(9, 0.62 * len(found)), layout="constrained")
    for ax, row in zip(axes, found.to_dict("records"), strict=True):
        ends = [row[key] for key in ("low", "high", "band_low", "band_high") if math.isfinite(row[key])]
        room = 0.15 * (max(ends) - min(ends))
        left, right = min(ends) - room, max(ends) + room
        ax.axvspan(max(row["band_low"], left), min(row["band_high"], right), color="#0072B2", alpha=0.2, lw=0)
        colour = "#0072B2" if row["verdict"] == "hit" else "#D55E00"
        ax.plot([row["low"], row["high"]], [0, 0], color=colour, lw=2)
        ax.plot(row["value"], 0, "o" if row["verdict"] == "hit" else "x", color=colour)
        ax.set(xlim=(left, right), yticks=[])
        ax.tick_params(labelsize=7)
        ax.set_ylabel(
            f"{row['fact']} {row['name'].replace('_', ' ')}: {row['verdict']}", rotation=0, ha="right", va="center", fontsize=8
        )
    figure.suptitle("Stylised facts: the default scenario (dot: hit, cross: miss) beside the measured band (shaded)", fontsize=11)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def shortened(text: str, end: str, most: int = 84) -> str:
    """Cut a long name in the middle, so that its case and its end stay."""
    name, bracket, case = text.partition(" (")
    end, room = bracket + case + end, most - len(bracket + case + end)
    return (name if len(name) <= room else name[: room - 14] + " ... " + name[-9:]) + end


if __name__ == "__main__":
    sys.exit(main())
