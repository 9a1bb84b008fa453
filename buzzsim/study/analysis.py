"""Statistics of replicates: means with intervals, paired differences, and what pairing is worth.

Most complaints stay small and a few large ones decide the mean. So intervals of means come from the
bootstrap over replicates, with the same resamples for every strategy. Yes-or-no outcomes, such as a
firestorm, may be too rare for a bootstrap: a share has the exact interval (Clopper & Pearson), a
difference of two shares the interval from discordant pairs (Bonett & Price).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from buzzsim.model import draws
from buzzsim.model.outcomes import OUTCOMES, YES_OR_NO, are_alike

Floats = NDArray[np.float64]

N_RESAMPLES = 1000
_TAIL = (1 - 0.95) / 2
_ROOM = 4_000_000  # counts in memory at once (32 MB), however many replicates
_SIGN = np.array([1.0 if outcome.better == "lower" else -1.0 for outcome in OUTCOMES.values()])


COLUMNS = (
    "replicates", "mean", "low", "high", "median", "p95",
    "difference", "difference_low", "difference_high", "p_better", "p_worse",
)  # fmt: skip
"""Columns of a table of statistics; from ``difference`` on they compare with the baseline."""


@dataclass(frozen=True)
class Resampling:
    """The bootstrap over replicates; what each resample draws depends on the entropy alone."""

    entropy: int
    n: int

    def means(self, values: NDArray[Any]) -> Floats:
        """Give the mean of each column in each resample, over the replicates where it is defined.

        `values` has a row for each replicate, NaN where undefined; the means have a row for each
        resample, NaN where it drew no replicate in which the column is defined.
        """
        defined = np.isfinite(values)
        filled = np.where(defined, values, 0.0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.concatenate(
                [(counts @ filled) / (counts @ defined) for counts in self._counts()]
            )

    def _counts(self) -> Iterable[Floats]:
        """Count how often each resample draws each replicate; in parts, where there are many."""
        if self.n * N_RESAMPLES <= _ROOM:
            return [self._all_counts]
        step = max(1, _ROOM // self.n)
        return (self._drawn(first, first + step) for first in range(0, N_RESAMPLES, step))

    @cached_property
    def _all_counts(self) -> Floats:
        """The counts, drawn once for all strategies and outcomes of a comparison."""
        return self._drawn(0, N_RESAMPLES)

    def _drawn(self, first: int, last: int) -> Floats:
        key = np.uint64(draws.key_of(self.entropy))
        return draws.resamples(key, self.n, first, min(N_RESAMPLES, last))


def summarise(values: Floats, resampling: Resampling) -> dict[str, dict[str, Any]]:
    """Summarise each outcome of one strategy; `values` has a row for each replicate.

    For each outcome ``mean``, ``median``, ``p95``, ``ci95`` (of the mean) and ``n``, over the
    replicates in which it is defined: None where there is none, and no interval where there is one.
    """
    low, high = interval(resampling.means(values))
    summary: dict[str, dict[str, Any]] = {}
    for k, name in enumerate(OUTCOMES):
        defined = values[np.isfinite(values[:, k]), k]
        column = defined if defined.size else np.array([math.nan])
        ends = low[k], high[k]
        if defined.size and OUTCOMES[name].unit == YES_OR_NO:
            ends = exact_interval(int(column.sum()), column.size)
        elif column.size == 1:
            ends = math.nan, math.nan
        median, p95 = np.quantile(column, [0.5, 0.95])
        summary[name] = {
            "mean": plain(column.mean()),
            "median": plain(median),
            "p95": plain(p95),
            "ci95": [plain(end) for end in ends],
            "n": defined.size,
        }
    return summary


def pair(values: Floats, baseline: Floats, resampling: Resampling) -> dict[str, dict[str, Any]]:
    """Compare a strategy with a baseline, replicate by replicate.

    For each outcome ``difference`` (mean over the pairs in which both are defined) with its
    ``ci95``, ``p_better`` and ``p_worse`` (share of pairs in which the strategy did strictly better
    or worse), and ``variance_reduction``: variance of the difference with independent luck over
    variance with the same luck, None where the pairs never differ.
    """
    difference = differences(values, baseline)
    shares = [outcome.unit == YES_OR_NO for outcome in OUTCOMES.values()]
    low, high = change_intervals(difference, resampling, shares)
    paired: dict[str, dict[str, Any]] = {}
    for k, name in enumerate(OUTCOMES):
        both = np.isfinite(difference[:, k])
        delta = difference[both, k]
        if delta.size == 0:
            nothing = dict.fromkeys(["difference", "p_better", "p_worse", "variance_reduction"])
            paired[name] = {**nothing, "ci95": [None, None]}
            continue
        independent = values[both, k].var() + baseline[both, k].var()
        differ = not are_alike(delta.min(), delta.max())
        paired[name] = {
            "difference": plain(delta.mean()),
            "ci95": [plain(low[k]), plain(high[k])],
            "p_better": plain((_SIGN[k] * delta < 0).mean()),
            "p_worse": plain((_SIGN[k] * delta > 0).mean()),
            "variance_reduction": plain(independent / delta.var()) if differ else None,
        }
    return paired


def statistics(
    values: Mapping[str, Floats], baseline: str, resampling: Resampling
) -> dict[str, dict[str, dict[str, Any]]]:
    """Give what `summarise` says by strategy and outcome, with what `pair` says as ``paired``."""
    by_strategy = {name: summarise(column, resampling) for name, column in values.items()}
    for strategy in values.keys() - {baseline}:
        for outcome, paired in pair(values[strategy], values[baseline], resampling).items():
            by_strategy[strategy][outcome]["paired"] = paired
    return by_strategy


def row(summary: Mapping[str, Any]) -> dict[str, Any]:
    """Give statistics of one strategy and outcome by `COLUMNS`; None for pairs of the baseline."""
    paired = summary.get("paired", {})
    own = summary["n"], summary["mean"], *summary["ci95"], summary["median"], summary["p95"]
    difference = paired.get("difference"), *paired.get("ci95", [None, None])
    cells = *own, *difference, paired.get("p_better"), paired.get("p_worse")
    return dict(zip(COLUMNS, cells, strict=True))


def exact_interval(hits: int, n: int) -> tuple[float, float]:
    """Give the exact 95 % interval of a probability (Clopper & Pearson 1934).

    Examples
    --------
    >>> low, high = exact_interval(0, 100)
    >>> low, round(high, 4)
    (0.0, 0.0362)
    """
    low = float(special.betaincinv(hits, n - hits + 1, _TAIL)) if hits > 0 else 0.0
    high = float(special.betaincinv(hits + 1, n - hits, 1 - _TAIL)) if hits < n else 1.0
    return low, high


def paired_interval(difference: NDArray[Any]) -> tuple[float, float]:
    """Give the 95 % interval of the difference of two shares, from pairs (Bonett & Price 2012).

    `difference` is 1 for each pair in which only the first says yes, -1 where only the second does,
    else 0. Two pairs that differ, one each way, are added: so the interval always has a width.

    Examples
    --------
    >>> low, high = paired_interval(np.zeros(300))
    >>> round(low, 4), round(high, 4)
    (-0.0092, 0.0092)
    """
    n = difference.size + 2
    first, second = ((difference > 0).sum() + 1) / n, ((difference < 0).sum() + 1) / n
    change = float(first - second)
    half = float(special.ndtri(1 - _TAIL) * math.sqrt((first + second - (first - second) ** 2) / n))
    return max(-1.0, change - half), min(1.0, change + half)


def differences(values: Floats, baseline: Floats) -> Floats:
    """Give values minus baseline, 0 where they differ by rounding alone (`are_alike`)."""
    difference = values - baseline
    difference[are_alike(values, baseline)] = 0.0
    return difference


def change_intervals(
    difference: Floats, resampling: Resampling, shares: Sequence[bool]
) -> tuple[Floats, Floats]:
    """Give the ends of the 95 % interval of each column's mean paired difference.

    Columns of `shares`, whose outcome is yes or no, have the `paired_interval`, others that of the
    bootstrap; NaN where fewer than two pairs are defined.
    """
    low, high = interval(resampling.means(difference))
    for k, column in enumerate(difference.T):
        delta = column[np.isfinite(column)]
        if delta.size < 2:
            low[k] = high[k] = math.nan
        elif shares[k]:
            low[k], high[k] = paired_interval(delta)
    return low, high


def interval(means: Floats) -> tuple[Floats, Floats]:
    """Give the ends of the 95 % interval of each column's mean, NaN where no resample has one.

    Percentile bootstrap (Efron & Tibshirani 1993); `means` has a row for each resample.
    """
    finite = np.where(np.isfinite(means), means, np.nan)
    empty = np.isnan(finite).all(axis=0)
    finite[:, empty] = 0.0
    low, high = np.nanquantile(finite, [_TAIL, 1 - _TAIL], axis=0)
    low[empty] = high[empty] = np.nan
    return low, high


def plain(value: float) -> float | None:
    """Round a number to the twelve digits that the JSON has; None where it is undefined."""
    return float(f"{value:.12g}") if math.isfinite(value) else None
