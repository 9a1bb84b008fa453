"""One sentence of advice: which strategy did best, how sure that is, and which did worse than the baseline."""

from __future__ import annotations

import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.model.outcomes import OUTCOMES, YES_OR_NO, are_alike
from buzzsim.model.strategy import label_of

SURE, LIKELY = 0.975, 0.8
"""Share of resamples from which the best is named firmly, and from which it is named at all."""

FEW = 20
"""Replicates below which nothing is advised: a bootstrap of so few knows little of rare storms."""

SKEWED = 1.4
"""Mean over median from which the advice says that the mean is no typical complaint."""

NOTABLE = 0.02
"""Share of unfinished runs from which the advice speaks of them."""

ANGER = "author_anger_24h"

_COUNTED = (
    "posts",
    "customers",
    "replies",
    "dialogues",
    "cases",
    "defences",
    "critics",
    "generations",
)
_WORDS = {unit: ("fewer", "more", f" {unit}") for unit in _COUNTED} | {
    "hours": ("fewer", "more", " hours")
}


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
    if replicates < FEW:
        only = "1 replicate is" if replicates == 1 else f"{replicates:,} replicates are"
        return (
            f"{only} too few to tell strategies apart; ask for {FEW} at least, better for hundreds."
        )
    judged = OUTCOMES[outcome]
    sign = 1.0 if judged.better == "lower" else -1.0
    means = {name: _or_nan(found[outcome]["mean"]) for name, found in statistics.items()}
    ranked = sorted(
        (name for name in means if math.isfinite(means[name])), key=lambda name: sign * means[name]
    )
    is_share = judged.unit == YES_OR_NO
    what = (
        f"share of complaints counted as {outcome}"
        if is_share
        else f"mean {outcome.replace('_', ' ')}"
    )
    if not ranked:
        return f"The {what} is undefined in all {replicates:,} replicates of every strategy."
    best, *others = [np.nan_to_num(sign * resampled[name], nan=np.inf) for name in ranked]
    alike = [
        ranked[0],
        *(
            name
            for name, other in zip(ranked[1:], others, strict=True)
            if are_alike(other, best).all()
        ),
    ]
    sure = (
        float(np.all([(best < other) & ~are_alike(best, other) for other in others], axis=0).mean())
        if others
        else 1.0
    )
    ahead = ranked[0] != baseline and sure >= LIKELY
    parts = [
        f"Within this model, {_verdict(ranked, alike, means, sure, sign, what, judged.unit, replicates)}",
        *(
            [f"{_change(statistics[ranked[0]][outcome], outcome)} than {_doing(baseline)}"]
            if ahead
            else []
        ),
        *(
            _spread(statistics[ranked[0]][outcome], judged.unit)
            if sure >= LIKELY or len(alike) > 1
            else []
        ),
        *_harm(outcome, baseline, statistics),
        *_left_out(outcome, statistics, replicates),
        *_open_ends(statistics),
    ]
    return "; ".join(parts) + "."


def _verdict(
    ranked: list[str],
    alike: list[str],
    means: Mapping[str, float],
    sure: float,
    sign: float,
    what: str,
    unit: str,
    replicates: int,
) -> str:
    """Say which strategy came out best, as firmly as the resamples allow, or which are the same in every one of them."""
    best, count = ranked[0], f"{replicates:,} replicates"
    amount = _amount(means[best], unit)
    if len(ranked) == 1:
        return f"only {label_of(best)} can be judged: {what} {amount} over {count}"
    second = ranked[1]
    if len(alike) > 1:
        return f"{count} show no difference between {_listed([label_of(name) for name in alike])}: {what} {amount}"
    if sure < LIKELY:
        amounts = f"{what} {amount} and {_amount(means[second], unit).removesuffix(f' {unit}')}"
        ahead = f"{label_of(best)} ahead in {sure:.0%} of bootstrap samples of {count}"
        return f"it is too close to call between {label_of(best)} and {label_of(second)}: {amounts} ({ahead})"
    verb = "has" if sure >= SURE else "probably has"
    extreme = "lowest" if sign > 0 else "highest"
    return f"{label_of(best)} {verb} the {extreme} {what}, {amount} (best in {sure:.0%} of bootstrap samples of {count})"


def _change(found: Mapping[str, Any], outcome: str) -> str:
    """Say by how much a strategy lies from the baseline: the 95 % interval of its paired difference, without signs."""
    low, high = found["paired"]["ci95"]
    if low is None:
        return "not known to be better"
    down, up, unit = _WORDS.get(OUTCOMES[outcome].unit, ("lower", "higher", ""))
    if OUTCOMES[outcome].unit == YES_OR_NO:
        low, high, down, up = (
            100 * low,
            100 * high,
            "percentage points lower",
            "percentage points higher",
        )
    if low < 0 < high:
        return f"{_plain(-low)} {down} to {_plain(high)} {up}"
    near, far = sorted((abs(low), abs(high)))
    return f"{_plain(near)} to {_plain(far)} {down if high <= 0 else up}{unit}"


def _spread(found: Mapping[str, Any], unit: str) -> list[str]:
    """Say what complaints are like where their mean is of few large and many small ones."""
    if unit not in ("posts", "customers") or not found["mean"] > SKEWED * found["median"]:
        return []
    half, few = _plain(found["median"], 3), _plain(found["p95"], 3)
    return [f"half of the complaints then end at {half} {unit} or fewer, 1 in 20 at {few} or more"]


def _left_out(
    outcome: str, statistics: Mapping[str, Mapping[str, Any]], replicates: int
) -> list[str]:
    """Say of how many replicates the means are, where the outcome is undefined in some."""
    defined = [found[outcome]["n"] for found in statistics.values()]
    few, many = min(defined), max(defined)
    if few == replicates:
        return []
    of = f"{few:,}" if few == many else f"{few:,} to {many:,}"
    return [
        f"means are of the {of} of {replicates:,} replicates of each strategy in which {outcome.replace('_', ' ')} is defined"
    ]


def _harm(outcome: str, baseline: str, statistics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name what did worse than the baseline beyond its paired interval: in what is judged by, and in the authors' anger."""
    found = []
    for measure, said in ((outcome, "WORSE than"), (ANGER, "angrier authors after a day than")):
        if measure == ANGER == outcome:
            continue
        worse = [
            f"{label_of(name)} ({_change(each[measure], measure)})"
            for name, each in statistics.items()
            if name != baseline and _did_worse(each[measure]["paired"], measure)
        ]
        if worse:
            found.append(f"{said} {_doing(baseline)}: {_listed(worse)}")
    return found


def _open_ends(statistics: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Warn where the run ended before the criticism did."""
    share = max(_or_nan(found["unfinished"]["mean"]) for found in statistics.values())
    if not share >= NOTABLE:
        return []
    return [
        f"in up to {share:.0%} of runs the criticism was still going on at the end, so volumes are lower bounds (time.horizon)"
    ]


def _did_worse(paired: Mapping[str, Any], outcome: str) -> bool:
    """Whether a strategy did worse than the baseline beyond its paired interval."""
    low, high = paired["ci95"]
    return low is not None and bool(low > 0 if OUTCOMES[outcome].better == "lower" else high < 0)


def _doing(strategy: str) -> str:
    """Name the baseline as people say it."""
    return "doing nothing" if strategy == "ignore" else label_of(strategy)


def _amount(value: float, unit: str) -> str:
    """Write a mean with its unit; of what is or is not so, the share."""
    return f"{_plain(100 * value, 3)} %" if unit == YES_OR_NO else f"{_plain(value, 3)} {unit}"


def _plain(value: float, digits: int = 2) -> str:
    """Write a number with so many digits that count, never with an exponent."""
    return f"{Decimal(f'{value:.{digits}g}'):,f}"


def _listed(parts: list[str]) -> str:
    """Join parts as people do: a, b and c."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))


def _or_nan(value: float | None) -> float:
    return math.nan if value is None else value
