"""One sentence of advice: which strategy did best, how sure that is, and which did harm."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.model.outcomes import OUTCOMES, YES_OR_NO, are_alike
from buzzsim.model.strategy import label_of
from buzzsim.study.markdown import listed

Statistics = Mapping[str, Mapping[str, Any]]

SURE, LIKELY = 0.975, 0.8
"""Share of resamples from which the best is named firmly, and from which it is named at all."""

FEW = 20
"""Replicates below which nothing is advised: a bootstrap of so few knows little of rare storms."""

SKEWED = 1.4
"""Mean over median from which the advice tells the median too."""

NOTABLE = 0.02
"""Share of unfinished runs from which the advice speaks of them."""

ANGER = "author_anger_24h"

_POINTS = "percentage points"
_COUNTED = ("posts", "customers", "replies", "dialogues", "cases", "defences", "critics",
            "generations", "hours")  # fmt: skip


def advise(
    outcome: str,
    baseline: str,
    statistics: Statistics,
    resampled: Mapping[str, NDArray[np.float64]],
    replicates: int,
) -> str:
    """Say which strategy to prefer, as firmly as the replicates allow.

    `statistics` is what `analysis.statistics` gives; `resampled` has the mean of the outcome in
    each bootstrap resample, by strategy.
    """
    if replicates < FEW:
        only = "1 replicate is" if replicates == 1 else f"{replicates:,} replicates are"
        return (
            f"{only} too few to tell strategies apart; ask for {FEW} at least, better for hundreds."
        )
    judged = OUTCOMES[outcome]
    sign = 1.0 if judged.better == "lower" else -1.0
    what = f"mean {outcome.replace('_', ' ')}"
    if judged.unit == YES_OR_NO:
        what = f"share of complaints counted as {outcome}"
    means = {name: each[outcome]["mean"] for name, each in statistics.items() if each[outcome]["n"]}
    ranked = sorted(means, key=lambda name: sign * means[name])
    if not ranked:
        return f"The {what} is undefined in all {replicates:,} replicates of every strategy."
    best = ranked[0]
    losses = {name: np.nan_to_num(sign * resampled[name], nan=np.inf) for name in ranked}
    alike = {name: are_alike(losses[name], losses[best]) for name in ranked}
    same = [name for name in ranked if name == best or alike[name].all()]
    wins = [(losses[best] < losses[name]) & ~alike[name] for name in ranked[1:]]
    sure = float(np.all(wins, axis=0).mean())
    best_two = {name: means[name] for name in ranked[:2]}
    count = f"{replicates:,} replicates"
    parts = [f"Within this model, {_verdict(outcome, what, best_two, same, sure, count)}"]
    if best != baseline and sure >= LIKELY:
        parts.append(f"{_change(statistics[best][outcome], outcome)} than {_doing(baseline)}")
    if sure >= LIKELY or len(same) > 1:
        parts += _skew(statistics[best][outcome], judged.unit)
    parts += _harm(outcome, baseline, statistics)
    parts += _undefined(outcome, statistics, replicates)
    parts += _unfinished(statistics)
    return "; ".join(parts) + "."


def _verdict(
    outcome: str, what: str, best_two: Mapping[str, float], same: list[str], sure: float, count: str
) -> str:
    """Name the best strategy as firmly as the resamples allow, or those that are the same."""
    unit = OUTCOMES[outcome].unit
    (best, mean), *others = [(label_of(name), mean) for name, mean in best_two.items()]
    amount = _amount(mean, unit)
    if not others:
        return f"only {best} can be judged: {what} {amount} over {count}"
    if len(same) > 1:
        return f"{count} show no difference between {listed(map(label_of, same))}: {what} {amount}"
    samples = f"{sure:.0%} of bootstrap samples of {count}"
    if sure < LIKELY:
        second, more = others[0][0], _amount(others[0][1], unit).removesuffix(f" {unit}")
        return (
            f"it is too close to call between {best} and {second}: {what} {amount} and {more} "
            f"({best} ahead in {samples})"
        )
    verb = "has" if sure >= SURE else "probably has"
    extreme = "lowest" if OUTCOMES[outcome].better == "lower" else "highest"
    return f"{best} {verb} the {extreme} {what}, {amount} (best in {samples})"


def _change(summary: Mapping[str, Any], outcome: str) -> str:
    """Say how far a strategy is from the baseline: the 95 % interval, with words for the signs."""
    low, high = summary["paired"]["ci95"]
    if low is None:
        return "not known to be better"
    unit = OUTCOMES[outcome].unit
    down, up, thing = "lower", "higher", ""
    if unit == YES_OR_NO:
        low, high, down, up = 100 * low, 100 * high, f"{_POINTS} lower", f"{_POINTS} higher"
    elif unit in _COUNTED:
        down, up, thing = "fewer", "more", f" {unit}"
    if low < 0 < high:
        return f"{_plain(-low)} {down} to {_plain(high)} {up}"
    near, far = sorted((abs(low), abs(high)))
    return f"{_plain(near)} to {_plain(far)} {down if high <= 0 else up}{thing}"


def _skew(summary: Mapping[str, Any], unit: str) -> list[str]:
    """Tell the median and the 95th percentile where few large complaints decide the mean."""
    if unit not in ("posts", "customers") or not summary["mean"] > SKEWED * summary["median"]:
        return []
    half, few = _plain(summary["median"], 3), _plain(summary["p95"], 3)
    return [f"half of the complaints then end at {half} {unit} or fewer, 1 in 20 at {few} or more"]


def _harm(outcome: str, baseline: str, statistics: Statistics) -> list[str]:
    """Name strategies worse than the baseline beyond the interval: in the outcome, and in anger."""
    parts, harms = [], {outcome: "WORSE than", ANGER: "angrier authors after a day than"}
    for measure, worse_than in harms.items():
        worse = [
            f"{label_of(name)} ({_change(each[measure], measure)})"
            for name, each in statistics.items()
            if name != baseline and _is_worse(each[measure]["paired"], measure)
        ]
        if worse:
            parts.append(f"{worse_than} {_doing(baseline)}: {listed(worse)}")
    return parts


def _is_worse(paired: Mapping[str, Any], outcome: str) -> bool:
    low, high = paired["ci95"]
    return low is not None and bool(low > 0 if OUTCOMES[outcome].better == "lower" else high < 0)


def _undefined(outcome: str, statistics: Statistics, replicates: int) -> list[str]:
    """Say over how many replicates the means are, where the outcome is undefined in some."""
    defined = sorted({each[outcome]["n"] for each in statistics.values()})
    if defined == [replicates]:
        return []
    of = " to ".join(f"{n:,}" for n in (defined[0], *defined[1:][-1:]))
    return [
        f"means are of the {of} of {replicates:,} replicates of each strategy in which "
        f"{outcome.replace('_', ' ')} is defined"
    ]


def _unfinished(statistics: Statistics) -> list[str]:
    share = max(each["unfinished"]["mean"] for each in statistics.values())
    if share < NOTABLE:
        return []
    return [
        f"in up to {share:.0%} of runs the criticism was still going on at the end, so volumes are "
        "lower bounds (time.horizon)"
    ]


def _doing(strategy: str) -> str:
    return "doing nothing" if strategy == "ignore" else label_of(strategy)


def _amount(value: float, unit: str) -> str:
    return f"{_plain(100 * value, 3)} %" if unit == YES_OR_NO else f"{_plain(value, 3)} {unit}"


def _plain(value: float, digits: int = 2) -> str:
    """Write a number with so many significant digits, never with an exponent."""
    return f"{Decimal(f'{value:.{digits}g}'):,f}"
