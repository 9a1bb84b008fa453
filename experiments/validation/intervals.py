"""How often the intervals of `compare` hold the truth: small comparisons, cut from a large one.

`python experiments/validation/intervals.py` writes intervals.csv; validation.py shows it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from buzzsim.files import write_whole
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.strategy import STRATEGIES
from buzzsim.study.analysis import Resampling, statistics
from buzzsim.study.compare import compare

HERE = Path(__file__).resolve().parent
ENTROPY = 77
TRUTH = 100_000  # replicates that stand for the truth
SAMPLES = 400  # comparisons of each size
SIZES = (50, 100, 250, 1000)
JUDGED = ("volume", "reach", "firestorm", "author_anger_24h")


def main() -> None:
    """Measure and write."""
    text = measured().to_csv(index=False, lineterminator="\n", float_format="%.6g")
    write_whole(HERE / "intervals.csv", text.encode())


def measured() -> pd.DataFrame:
    """Count, for each size and outcome, the intervals that held the truth."""
    comparison = compare(
        "default", strategies=STRATEGIES, replicates=TRUTH, rng=ENTROPY, quiet=True
    )
    values = {
        name: np.column_stack([comparison.outcome(outcome)[name] for outcome in OUTCOMES])
        for name in STRATEGIES
    }
    truth = {
        (name, outcome): comparison.outcome(outcome)[name].mean()
        for name in STRATEGIES
        for outcome in JUDGED
    }
    rows = []
    for n in SIZES:
        samples = min(SAMPLES, TRUTH // n)
        found = [
            held({name: of[k * n : (k + 1) * n] for name, of in values.items()}, truth, k)
            for k in range(samples)
        ]
        rows += [
            {
                "outcome": outcome,
                "of": of,
                "replicates": n,
                "comparisons": samples,
                "intervals": len(each),
                "held": sum(each),
            }
            for outcome in JUDGED
            for of in ("mean", "difference")
            for each in [[hit for sample in found for hit in sample[outcome, of]]]
        ]
    return pd.DataFrame(rows)


def held(
    values: dict[str, Any], truth: dict[tuple[str, str], float], sample: int
) -> dict[tuple[str, str], list[bool]]:
    """Say of each interval of one small comparison whether the truth lies in it."""
    base, *others = STRATEGIES
    found = statistics(values, base, Resampling(ENTROPY + sample, len(values[base])))
    hits: dict[tuple[str, str], list[bool]] = {}
    for outcome in JUDGED:
        hits[outcome, "mean"] = [
            is_in(found[name][outcome]["ci95"], truth[name, outcome]) for name in STRATEGIES
        ]
        differences = {name: truth[name, outcome] - truth[base, outcome] for name in others}
        hits[outcome, "difference"] = [
            is_in(found[name][outcome]["paired"]["ci95"], each)
            for name, each in differences.items()
        ]
    return hits


def is_in(interval: Any, value: float) -> bool:
    """Whether an interval holds a value; rounding of the twelfth digit aside."""
    low, high = interval
    return low is not None and bool(low - 1e-9 <= value <= high + 1e-9)


if __name__ == "__main__":
    main()
