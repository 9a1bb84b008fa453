"""One sentence of advice: which strategy did best, how sure that is, and which did worse than the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.outcomes import OUTCOMES
from buzzsim.strategy import LABELS

SURE, LIKELY = 0.975, 0.8
"""Share of resamples from which the best is named firmly, and from which it is named at all."""


def advise(
    outcome: str,
    baseline: str,
    statistics: Mapping[str, Mapping[str, Any]],
    resampled: Mapping[str, NDArray[np.float64]],
    replicates: int,
) -> str:
    """Say which strategy to prefer, as firmly as the replicates allow.

    Parameters
    ----------
    outcome : str
        What to judge by; each outcome says whether lower or higher is better.
    baseline : str
        What the others are compared with.
    statistics : mapping
        What `analysis` says of each strategy.
    resampled : mapping of str to array of shape (resamples,)
        Mean of the outcome in each bootstrap resample, by strategy.
    replicates : int
        Number of replicates of each strategy.

    Returns
    -------
    str
        One sentence.
    """
    sign = 1.0 if OUTCOMES[outcome].better == "lower" else -1.0
    means = {name: _or_nan(found[outcome]["mean"]) for name, found in statistics.items()}
    ranked = sorted((name for name in means if math.isfinite(means[name])), key=lambda name: sign * means[name])
    what = f"mean {outcome.replace('_', ' ')}"
    if not ranked:
        return f"The {what} is undefined in all {replicates:,} replicates of every strategy."
    best = ranked[0]
    amount = f"{means[best]:.3g} {OUTCOMES[outcome].unit}"
    count = f"{replicates:,} replicates"
    if len(ranked) == 1:
        return f"Only {LABELS[best]} can be judged: {what} {amount} over {count}."
    second = ranked[1]
    scores = np.stack([np.nan_to_num(sign * resampled[name], nan=np.inf) for name in ranked])
    sure = float((scores.argmin(axis=0) == 0).mean())
    if means[best] == means[second]:
        text = f"No difference between {LABELS[best]} and {LABELS[second]}: {what} {amount} over {count}"
    elif sure < LIKELY:
        text = f"Too close to call between {LABELS[best]} and {LABELS[second]}: {what} {amount} and {means[second]:.3g}"
        text += f" ({LABELS[best]} ahead in {sure:.0%} of resamples of {count})"
    else:
        verb = "has" if sure >= SURE else "probably has"
        text = f"{LABELS[best].capitalize()} {verb} the {'lowest' if sign > 0 else 'highest'} {what}, {amount}"
        if best != baseline:
            low, high = statistics[best][outcome]["paired"]["ci95"]
            text += f", {low:+.3g} to {high:+.3g} against {_doing(baseline)} (95 % interval of the paired difference)"
        text += f"; best in {sure:.0%} of resamples of {count}"
    worse = [LABELS[name] for name in ranked if name != baseline and _did_worse(statistics[name][outcome]["paired"], sign)]
    if worse:
        text += f"; WORSE than {_doing(baseline)}: {' and '.join(worse)}"
    return text + "."


def _did_worse(paired: Mapping[str, Any], sign: float) -> bool:
    """Whether a strategy did worse than the baseline beyond its paired interval."""
    low, high = paired["ci95"]
    return low is not None and (low > 0 if sign > 0 else high < 0)


def _doing(strategy: str) -> str:
    """Name the baseline as people say it."""
    return "doing nothing" if strategy == "ignore" else LABELS[strategy]


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
