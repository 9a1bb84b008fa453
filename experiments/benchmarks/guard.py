"""Has this commit made us slower? Our time over the gather limit's, as a short history.

`python experiments/benchmarks/guard.py` measures, says how it compares, and adds a line to
history.csv; with `--look` it adds none.

It reports and fails nothing: even ratios move with what else runs on the machine.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import numpy as np
import prototype
from cases import batch, in_turn
from work import HERE, SEEDS, graph_of, probabilities, scenario_of

import buzzsim as bz
from buzzsim.files import write_whole
from buzzsim.network.world import World

CUSTOMERS = 10_000
RUNS = 20  # of W1 in one timing
REPLICATES = 250  # of the default scenario, under each of the four strategies
KEPT = 30
RATIOS = ("w1", "compare")


def main(argv: Sequence[str] | None = None) -> int:
    """Measure, compare, and keep."""
    parser = argparse.ArgumentParser(
        description="Our time over the gather limit's, now and in the last commits."
    )
    parser.add_argument("--look", action="store_true", help="do not add to the history")
    parser.add_argument("--history", type=Path, default=HERE / "history.csv", metavar="FILE")
    parser.add_argument("--repeats", type=int, default=9)
    options = parser.parse_args(argv)
    found, history = measured(options.repeats), read(options.history)
    for name in RATIOS:
        print(sentence(name, float(found[name]), [float(line[name]) for line in history]))
    if not options.look:
        keep([*history, found][-KEPT:], options.history)
    return 0


def measured(repeats: int) -> dict[str, str]:
    """Time W1, a comparison and the gather limit in turn; gives ours as multiples of the limit."""
    graph = graph_of(CUSTOMERS)
    order = prototype.order_of(*graph.csr, *probabilities("W1"), SEEDS, 1)
    state = np.zeros(graph.n, np.uint8)

    def limit() -> None:
        for _ in range(RUNS):
            prototype.gather(*graph.csr, order, state)

    calls = {
        "limit": limit,
        "w1": batch(World.of(scenario_of("W1"), graph.network), "ignore", RUNS),
        "compare": lambda: bz.compare(
            "default", replicates=REPLICATES, rng=1, threads=1, quiet=True
        ),
    }
    seconds = {name: median(times) for name, times in in_turn(calls, repeats).items()}
    once = seconds["limit"] / RUNS
    ratios = {
        "w1": seconds["w1"] / RUNS / once,
        "compare": seconds["compare"] / (4 * REPLICATES) / once,
    }
    about = {"commit": commit(), "date": time.strftime("%Y-%m-%d"), "limit_ms": f"{1e3 * once:.3g}"}
    return about | {name: f"{ratio:.3g}" for name, ratio in ratios.items()}


def sentence(name: str, now: float, before: Sequence[float]) -> str:
    """Say how a ratio compares with the median of the history."""
    what = {"w1": "a run of W1", "compare": "a run of the default comparison"}[name]
    said = f"{what}: {now:.3g} times the gather limit of one W1"
    if not before:
        return f"{said}; the first in the history"
    usual = median(before)
    return (
        f"{said}; median of the last {len(before)}: {usual:.3g} ({100 * (now / usual - 1):+.0f} %)"
    )


def commit() -> str:
    """Give the short hash of the commit, with a plus where files differ from it."""
    try:
        changed = git("status", "--porcelain", "--", "../../buzzsim")
        return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def git(*words: str) -> str:
    """Ask git."""
    asked = ["git", "-C", str(HERE), *words]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def read(path: Path) -> list[dict[str, str]]:
    """Give the lines of the history."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def keep(lines: Sequence[dict[str, str]], path: Path) -> None:
    """Write the history."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(lines[-1]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    write_whole(path, text.getvalue().encode())


if __name__ == "__main__":
    sys.exit(main())
