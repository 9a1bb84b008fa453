"""`buzzsim compare`: what each strategy changes, as a table, a figure and a sentence of advice."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buzzsim.cli import options
from buzzsim.errors import OutputError, ScenarioError, sentence

if TYPE_CHECKING:
    from buzzsim.study.compare import Comparison

FIGURE_FORMATS = (".png", ".svg", ".pdf")
SCALES = {  # by the unit of outcomes whose numbers would be too small to read
    "yes or no": (100.0, "% of runs"),
    "share of the crowd": (100.0, "% of the crowd"),
    "on a scale of -1 to 1": (1000.0, "thousandths, on a scale of -1 to 1"),
}
_COLUMNS = (
    *("mean", "95 % interval", "median", "p95"),
    *("difference", "95 % interval", "better", "worse"),
)
_LEGEND = (
    "difference: from {0}, on the same complaint with the same luck; p95: one in twenty has more;",
    "better, worse: share of complaints in which it did better, or worse, than {0};",
    "replicate: one complaint, under every strategy; bootstrap sample: as many of them drawn again,"
    " some twice,\nothers not at all, which shows what hangs on chance",
)


def add_to(commands: Any) -> None:
    """Add the command to those of the parser."""
    compare = commands.add_parser(
        "compare",
        act=_compare,
        help="the four strategies on the same crowd with the same luck",
        description="Compare strategies: a table, a figure, and a sentence of advice.",
    )
    options.add_run(compare)
    add, whole = compare.option, options.whole
    add("--replicates N", "replicates of each strategy (default: 4000)", type=whole(1, 10**9))
    described = "which strategies, separated by commas; the baseline is always among them"
    add("--strategies A,B", f"{described} (default: all)")
    add("--baseline NAME", "what the others are compared with (default: ignore)", default="ignore")
    add("--outcomes A,B", "which outcomes the table shows, or 'all'")
    described = "where to draw the figure: .png, .svg or .pdf, overwritten (default: "
    add("--figure FILE", f"{described}buzzsim-SCENARIO[-NETWORK][-CHANGES].png; with --json none)")
    add("--no-figure", "draw no figure")
    add("--threads N", "how many runs at once (no result depends on it)", type=whole(1, 1024))


def _compare(asked: argparse.Namespace) -> None:
    from buzzsim.study.compare import HEADLINES, REPLICATES, compare, said

    scenario = options.scenario(asked)
    figure = _figure(asked, scenario.name)
    outcomes = options.outcomes(asked.outcomes, HEADLINES)
    comparison = compare(
        scenario,
        strategies=options.names(asked.strategies),
        network=options.network(asked, scenario),
        replicates=asked.replicates or REPLICATES,
        rng=asked.seed,
        baseline=asked.baseline,
        threads=asked.threads,
        quiet=asked.quiet,
    )
    network = comparison.world.network
    if asked.json:
        if network.note and not asked.quiet:
            print(f"buzzsim: {network.describe()}", file=sys.stderr)
        if figure is not None:
            _draw(comparison, figure)
        print(comparison.to_json())
        return
    print(f"{scenario.title or scenario.name}: {network.describe()}")
    if comparison.changes:
        print(textwrap.fill(f"changed: {said(comparison.changes)}", 100))
    print(f"{comparison.replicates:,} replicates of each strategy, seed {comparison.entropy}\n")
    print(_table(comparison, outcomes), end="\n\n")
    print("\n".join(_LEGEND).format(comparison.baseline), end="\n\n")
    print(textwrap.fill(comparison.advice(), 100))
    if figure is not None:
        _draw(comparison, figure)
        print(f"Figure: {figure}")


def _table(comparison: Comparison, outcomes: list[str]) -> str:
    """Write the summary for a terminal, in at most 100 columns."""
    from buzzsim.model.outcomes import OUTCOMES

    rows, titles = [["", *_COLUMNS]], {}
    for name in outcomes:
        outcome = OUTCOMES[name]
        scale, unit = SCALES.get(outcome.unit, (1.0, outcome.unit))
        volume = comparison.scenario.measures.firestorm_volume
        limit = f" of {volume} posts or more" if name == "firestorm" else ""
        titles[len(rows)] = f"{name}{limit} ({unit}; {outcome.better} is better)"
        for strategy in comparison.strategies:
            summary = comparison.statistics[strategy][name]
            is_defined = summary["n"] == comparison.replicates
            head = strategy if is_defined else f"{strategy}, {summary['n']:,} runs"
            rows.append([head, *_cells(summary, outcome.unit, scale)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for k, (head, *cells) in enumerate(rows):
        if k in titles:
            lines.append(titles[k])
        numbers = [cell.rjust(width) for cell, width in zip(cells, widths[1:], strict=True)]
        lines.append("  ".join([f" {head.ljust(widths[0])}", *numbers]).rstrip())
    return "\n".join(lines)


def _cells(summary: dict[str, Any], unit: str, scale: float) -> list[str]:
    from buzzsim.model.outcomes import YES_OR_NO

    paired = summary.get("paired", {})
    shares = [paired.get("p_better"), paired.get("p_worse")]
    middle = [None, None] if unit == YES_OR_NO else [summary["median"], summary["p95"]]
    return [
        _number(summary["mean"], scale),
        _interval(summary["ci95"], scale),
        *(_number(value, scale) for value in middle),
        _number(paired.get("difference"), scale, "+"),
        _interval(paired.get("ci95"), scale, "+"),
        *("" if share is None else f"{share:.0%}" for share in shares),
    ]


def _number(value: float | None, scale: float, sign: str = "") -> str:
    """Write a number with three digits that count."""
    return "" if value is None else "0" if value == 0.0 else f"{value * scale:{sign}.3g}"


def _interval(ends: Sequence[float | None] | None, scale: float, sign: str = "") -> str:
    if ends is None or ends[0] is None:
        return ""
    return f"[{_number(ends[0], scale, sign)}, {_number(ends[1], scale, sign)}]"


def _figure(asked: argparse.Namespace, name: str) -> Path | None:
    """Give where the figure goes, before anything is computed; None for no figure."""
    if asked.no_figure or (asked.json and asked.figure is None):
        return None
    crowd = [Path(asked.network).name.split(".")[0]] if asked.network else []
    variant = "-".join([name, *crowd, *asked.set])  # variants do not overwrite each other
    own = re.sub(r"[^\w.=-]+", "-", variant)[:100]  # a scenario's name may hold anything
    path = Path(f"buzzsim-{own}.png" if asked.figure is None else asked.figure)
    if path.suffix.lower() not in FIGURE_FORMATS:
        allowed = "a file ending in " + ", ".join(FIGURE_FORMATS)
        raise ScenarioError(sentence("arguments", "--figure", str(path), allowed))
    folder, reason = path.absolute().parent, ""
    try:
        if path.is_dir():
            reason = "is a directory"
        elif not folder.is_dir():
            reason = "no such directory"
        elif not os.access(folder, os.W_OK):
            reason = "permission denied"
    except OSError as error:
        reason = str(error.strerror or error).lower()
    if reason:
        raise OutputError(f"{path}: cannot be written: {reason}")
    return path


def _draw(comparison: Comparison, path: Path) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from buzzsim.pictures import comparisons

    comparisons.save(comparison.plot(), path)
