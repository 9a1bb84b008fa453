"""How a post fades from view: which share of its looks come by an age, for each kernel.

`p` holds the scenario's numbers, as in the rules. Ages are hours.
"""

from __future__ import annotations

import math

from buzzsim.compiled import compiled
from buzzsim.model.parameters import Numbers

# Numbered as in `parameters.KERNELS`.
EXPONENTIAL, SEISMIC, CONSTANT, IMMEDIATE, LOG_LOGISTIC = 0, 1, 2, 3, 4

SEISMIC_SHOULDER = 300.0 / 3600.0  # hours of constant visibility (Zhao et al. 2015)
SEISMIC_THETA = 0.2314843  # exponent of the tail, less one (default of the R package seismic)


@compiled
def fades(p: Numbers) -> bool:
    """Whether a post fades little by little, so that a bump can make it young again."""
    return p.attention_kernel != CONSTANT and p.attention_kernel != IMMEDIATE


@compiled
def spent(p: Numbers, age: float) -> float:
    """Share of a post's visibility that is spent by an age.

    Laws with a heavy tail are cut at the horizon. A `CONSTANT` post never fades: rules use its rate
    instead.
    """
    if p.attention_kernel == EXPONENTIAL:
        left: float = 2.0 ** (-age / p.attention_half_life)
        return 1.0 - left
    if p.attention_kernel == SEISMIC:
        return min(1.0, seismic(age) / seismic(p.time_horizon))
    if p.attention_kernel == LOG_LOGISTIC:
        return min(1.0, log_logistic(p, age) / log_logistic(p, p.time_horizon))
    return 1.0 if age >= 0.0 else 0.0


@compiled
def seismic(age: float) -> float:
    """Unscaled mass of the SEISMIC kernel up to an age (Zhao et al. 2015)."""
    if age <= SEISMIC_SHOULDER:
        return age
    left: float = (age / SEISMIC_SHOULDER) ** -SEISMIC_THETA
    return SEISMIC_SHOULDER + SEISMIC_SHOULDER / SEISMIC_THETA * (1.0 - left)


@compiled
def log_logistic(p: Numbers, age: float) -> float:
    """Share of the looks that come by an age, without an end: half of them by the half-life."""
    if age <= 0.0:
        return 0.0
    odds: float = (age / p.attention_half_life) ** p.attention_tail
    return odds / (1.0 + odds) if odds < math.inf else 1.0


@compiled
def age_when(p: Numbers, share: float) -> float:
    """Age by which a share below 1 is spent; inverse of `spent`."""
    if p.attention_kernel == EXPONENTIAL:
        return -p.attention_half_life * math.log2(1.0 - share)
    if p.attention_kernel == LOG_LOGISTIC:
        seen = share * log_logistic(p, p.time_horizon)
        times: float = (seen / (1.0 - seen)) ** (1.0 / p.attention_tail)
        return p.attention_half_life * times
    if p.attention_kernel == SEISMIC:
        mass = share * seismic(p.time_horizon)
        if mass <= SEISMIC_SHOULDER:
            return mass
        tail = 1.0 - (mass / SEISMIC_SHOULDER - 1.0) * SEISMIC_THETA
        stretch: float = tail ** (-1.0 / SEISMIC_THETA)
        return SEISMIC_SHOULDER * stretch
    return 0.0


@compiled
def gained(p: Numbers, age: float, younger: float, hours: float) -> float:
    """Share of visibility that a post gains within some hours by being made younger."""
    return (spent(p, younger + hours) - spent(p, age + hours)) + (spent(p, age) - spent(p, younger))


@compiled
def age_when_gained(p: Numbers, age: float, younger: float, share: float) -> float:
    """Hours in which a post made younger gains a share below its whole gain (`gained` inverted)."""
    if p.attention_kernel == EXPONENTIAL:
        return age_when(p, share / gained(p, age, younger, math.inf))
    low, high = 0.0, p.time_horizon
    for _ in range(60):  # such a difference has no inverse in closed form
        middle = 0.5 * (low + high)
        if gained(p, age, younger, middle) < share:
            low = middle
        else:
            high = middle
    return high
