"""Better words or more hands? R0, reply quality, staff and network under four strategies.

`python experiments/empathy-staff/empathy_staff.py` runs what is missing and writes results.csv and
every number in README.md.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import buzzsim as bz
from buzzsim.study import markdown

HERE = Path(__file__).resolve().parent
OUTCOMES = ["volume", "firestorm", "solved"]
KEYS = ["network.kind", "joining.r0", "reply.preset", "brand.staff"]
DIALOGUES = ["public_reply", "private_dialogue"]


def main() -> int:
    """Run the sweep, write the results, fill in the page."""
    sweep = bz.Sweep.from_file(HERE / "sweep.toml")
    sweep.run()
    found = summary(sweep)
    found.to_csv(HERE / "results.csv", index=False, lineterminator="\n")
    page = HERE / "README.md"
    blocks = {
        "speed": speed,
        "size": lambda: size(sweep),
        "answer": lambda: answer(found),
        "staff": lambda: staff(found),
    }
    page.write_text(markdown.filled(page.read_text(encoding="utf-8"), blocks), encoding="utf-8")
    return 0


def summary(sweep: bz.Sweep) -> pd.DataFrame:
    """Give the summary: a row for each point, strategy and outcome, with nine digits."""
    found = sweep.summary(OUTCOMES).drop(columns="point")
    numbers = found.columns[found.columns.get_loc("mean") :]
    return found.assign(
        **{column: found[column].map(lambda value: float(f"{value:.9g}")) for column in numbers}
    )


def speed() -> str:
    """Run everything once more, afresh, for the time it takes."""
    with tempfile.TemporaryDirectory() as folder:
        sweep = bz.Sweep.from_file(HERE / "sweep.toml", out=folder)
        start = time.perf_counter()
        status = sweep.run(2, quiet=True)
        seconds = time.perf_counter() - start
    rate = status.runs / seconds
    return f"{status.runs:,} runs in {seconds:.0f} s with two threads: {rate:,.0f} runs per second."


def size(sweep: bz.Sweep) -> str:
    """Say how much there is."""
    plan = sweep.plan
    each = f"{plan.replicates} complaints at each"
    return (
        f"{len(plan.points)} points, {each}, the same under all {len(plan.strategies)} strategies."
    )


def answer(found: pd.DataFrame) -> str:
    """Tabulate the difference to silence by network, R0 and quality, with one person on duty."""
    lines = []
    for (network, r0, preset), part in _of(found, staff=1).groupby(
        ["network.kind", "joining.r0", "reply.preset"], sort=False
    ):
        rows = part.set_index("strategy")
        cells = [_difference(rows.loc[strategy]) for strategy in DIALOGUES]
        lines.append(
            [network.replace("_", " "), r0, f"{rows.loc['ignore', 'mean']:.3g}", preset, *cells]
        )
    return markdown.table(
        ["network", "R0", "posts, ignored", "reply", "public reply", "private dialogue"], lines
    )


def staff(found: pd.DataFrame) -> str:
    """Tabulate what four more people change, where the buzz is largest."""
    few, many = (_of(found, staff=n).set_index([*KEYS[:3], "strategy"]) for n in (1, 5))
    lines = []
    for (network, r0, preset, strategy), row in few.iterrows():
        if r0 == few.index.get_level_values("joining.r0").max() and strategy in DIALOGUES:
            more = many.loc[(network, r0, preset, strategy), "mean"]
            words = (network.replace("_", " "), preset, strategy.replace("_", " "))
            lines.append([*words, f"{row['mean']:.3g}", f"{more:.3g}"])
    return markdown.table(
        ["network", "reply", "strategy", "posts, staff of 1", "staff of 5"], lines
    )


def _of(found: pd.DataFrame, staff: int) -> pd.DataFrame:
    return found[(found["outcome"] == "volume") & (found["brand.staff"] == staff)]


def _difference(row: pd.Series) -> str:
    return f"{row['difference']:+.3g} [{row['difference_low']:+.3g}, {row['difference_high']:+.3g}]"


if __name__ == "__main__":
    sys.exit(main())
