"""What replicates mean: means with intervals, paired differences, and what pairing was worth.

Most complaints die at once and a few rule the mean, so intervals come from the bootstrap over replicates, the same
resamples for every strategy. What is yes or no, such as a firestorm, may be too rare for that: its share has the exact
interval (Clopper & Pearson), the difference of two shares that of the pairs that differ (Bonett & Price).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from buzzsim.model import draws
from buzzsim.model.outcomes import OUTCOMES, YES_OR_NO, are_alike

Floats = NDArray[np.float64]

N_RESAMPLES = 1000
LEVEL = 0.95
_TAIL = (1 - LEVEL) / 2
_ROOM = 4_000_000  # counts held at once: 32 MB, however many replicates
_COLUMN = {name: k for k, name in enumerate(OUTCOMES)}
_SIGN = np.array([1.0 if outcome.better == "lower" else -1.0 for outcome in OUTCOMES.values()])


COLUMNS = (
    "replicates", "mean", "low", "high", "median", "p95",
    "difference", "difference_low", "difference_high", "p_better", "p_worse",
)  # fmt: skip
"""What a table says of an outcome under a strategy; from the difference on, against the baseline."""


@dataclass(frozen=True)
class Resampling:
    """The bootstrap over replicates: which of them each resample draws depends on nothing but the entropy."""

    entropy: int
    n: int

    def means(self, values: NDArray[Any]) -> Floats:
        """Give the mean of each column in each resample, over the replicates in which it is defined.

        Parameters
        ----------
        values : array of shape (replicates, columns)
            One row for each replicate, NaN where undefined.

        Returns
        -------
        array of shape (resamples, columns)
            NaN where a resample drew no replicate in which the column is defined.
        """
        key, step = np.uint64(draws.key_of(self.entropy)), max(1, _ROOM // self.n)
        defined = np.isfinite(values)
        filled = np.where(defined, values, 0.0)
        means = np.empty((N_RESAMPLES, values.shape[1]))
        for first in range(0, N_RESAMPLES, step):
            last = min(N_RESAMPLES, first + step)
            counts = draws.resamples(key, self.n, first, last)
            with np.errstate(invalid="ignore", divide="ignore"):
                means[first:last] = (counts @ filled) / (counts @ defined)
        return means


def summarise(values: Floats, resampling: Resampling) -> dict[str, dict[str, Any]]:
    """Summarise each outcome of one strategy.

    Parameters
    ----------
    values : array of shape (replicates, outcomes)
        One row for each replicate, NaN where an outcome is undefined.
    resampling : Resampling
        The same for every strategy.

    Returns
    -------
    dict
        For each outcome ``mean``, ``median``, ``p95`` and ``ci95`` (of the mean), over the replicates in which it is
        defined; None where it is defined in none, and no interval where in one.
    """
    low, high = interval(resampling.means(values))
    summary: dict[str, dict[str, Any]] = {}
    for name, k in _COLUMN.items():
        column = values[:, k]
        column = column[np.isfinite(column)]
        if column.size == 0:
            summary[name] = {
                "mean": None,
                "median": None,
                "p95": None,
                "ci95": [None, None],
                "n": 0,
            }
            continue
        ci = [low[k], high[k]]
        if OUTCOMES[name].unit == YES_OR_NO:
            ci = list(exact_interval(int(column.sum()), column.size))
        elif column.size == 1:
            ci = [math.nan, math.nan]  # one value has no interval
        median, p95 = np.quantile(column, [0.5, 0.95])
        summary[name] = {
            "mean": plain(column.mean()),
            "median": plain(median),
            "p95": plain(p95),
            "ci95": [plain(ci[0]), plain(ci[1])],
            "n": int(column.size),
        }
    return summary


def pair(values: Floats, baseline: Floats, resampling: Resampling) -> dict[str, dict[str, Any]]:
    """Compare a strategy with a baseline, replicate by replicate.

    Returns
    -------
    dict
        For each outcome ``difference`` (mean over the pairs in which both are defined), ``ci95`` (bootstrap; of
        yes-or-no outcomes `paired_interval`), ``p_better`` and ``p_worse`` (share of pairs in which the strategy did strictly
        better or worse; the rest were equal), and ``variance_reduction``: variance of the difference with independent luck
        over that with the same luck, None where the pairs never differ.
    """
    difference = differences(values, baseline)
    low, high = change_intervals(
        difference, resampling, [OUTCOMES[name].unit == YES_OR_NO for name in _COLUMN]
    )
    paired: dict[str, dict[str, Any]] = {}
    for name, k in _COLUMN.items():
        both = np.isfinite(difference[:, k])
        delta = difference[both, k]
        if delta.size == 0:
            nothing = dict.fromkeys(["difference", "p_better", "p_worse", "variance_reduction"])
            paired[name] = {**nothing, "ci95": [None, None]}
            continue
        spread = delta.var()
        apart = values[both, k].var() + baseline[both, k].var()
        paired[name] = {
            "difference": plain(delta.mean()),
            "ci95": [plain(low[k]), plain(high[k])],
            "p_better": plain((_SIGN[k] * delta < 0).mean()),
            "p_worse": plain((_SIGN[k] * delta > 0).mean()),
            "variance_reduction": plain(apart / spread)
            if not are_alike(delta.min(), delta.max())
            else None,
        }
    return paired


def statistics(
    values: Mapping[str, Floats], baseline: str, resampling: Resampling
) -> dict[str, dict[str, dict[str, Any]]]:
    """Summarise every strategy, and compare each but the baseline with it: by strategy, then outcome, under ``paired``."""
    found = {strategy: summarise(column, resampling) for strategy, column in values.items()}
    for strategy in values.keys() - {baseline}:
        for outcome, paired in pair(values[strategy], values[baseline], resampling).items():
            found[strategy][outcome]["paired"] = paired
    return found


def row(found: Mapping[str, Any]) -> dict[str, Any]:
    """Give the statistics of one strategy and outcome side by side, as tables have them.

    Returns
    -------
    dict
        The `COLUMNS`: number of replicates in which the outcome is defined, mean and its interval, and so on; of the pairs,
        None where there are none.
    """
    paired = found.get("paired", {})
    own = found["n"], found["mean"], *found["ci95"], found["median"], found["p95"]
    pairs = (
        paired.get("difference"),
        *paired.get("ci95", [None, None]),
        paired.get("p_better"),
        paired.get("p_worse"),
    )
    return dict(zip(COLUMNS, (*own, *pairs), strict=True))


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

    Two pairs are added that differ, one each way, so that it has a width where none does.

    Parameters
    ----------
    difference : array of shape (pairs,)
        1, 0 or -1: yes only here, alike, or yes only there.

    Examples
    --------
    >>> low, high = paired_interval(np.zeros(300))
    >>> round(low, 4), round(high, 4)
    (-0.0092, 0.0092)
    """
    n = difference.size + 2
    here, there = ((difference > 0).sum() + 1) / n, ((difference < 0).sum() + 1) / n
    half = float(special.ndtri(1 - _TAIL) * math.sqrt((here + there - (here - there) ** 2) / n))
    return max(-1.0, float(here - there) - half), min(1.0, float(here - there) + half)


def differences(values: Floats, baseline: Floats) -> Floats:
    """Give paired differences; between values that are the same but for the order of a sum there is none.

    Parameters
    ----------
    values, baseline : arrays of shape (replicates, columns)
        Outcomes under a strategy and under the one it is compared with, in the outcomes' own units; NaN where undefined.

    Returns
    -------
    array of shape (replicates, columns)
        Values less baseline; NaN where either is undefined.
    """
    difference = values - baseline
    difference[are_alike(values, baseline)] = 0.0
    return difference


def change_intervals(
    difference: Floats, resampling: Resampling, shares: Sequence[bool]
) -> tuple[Floats, Floats]:
    """Give the 95 % intervals of mean paired differences: from the pairs that differ, or from the bootstrap.

    Parameters
    ----------
    difference : array of shape (replicates, columns)
        NaN where either is undefined.
    resampling : Resampling
        Which replicates to draw.
    shares : sequence of bool
        Of each column, whether it is of what is yes or no.

    Returns
    -------
    low, high : arrays of shape (columns,)
        NaN where fewer than two pairs are defined.
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
    """Give the 95 % interval of each column of resampled means (percentile bootstrap, Efron & Tibshirani 1993).

    Parameters
    ----------
    means : array of shape (resamples, columns)
        NaN where a resample has no mean.

    Returns
    -------
    low, high : arrays of shape (columns,)
        NaN where no resample has a mean.
    """
    finite = np.where(np.isfinite(means), means, np.nan)
    empty = np.isnan(finite).all(axis=0)
    finite[:, empty] = 0.0
    low, high = np.nanquantile(finite, [_TAIL, 1 - _TAIL], axis=0)
    low[empty] = high[empty] = np.nan
    return low, high


def plain(value: float) -> float | None:
    """Give a number as the JSON carries it: twelve significant digits, None where undefined."""
    return float(f"{value:.12g}") if math.isfinite(value) else None
