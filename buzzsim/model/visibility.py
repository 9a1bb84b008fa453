"""How a post fades from view: the visibility kernels, as shares spent by an age, and their inverses.

`p` is the record that the rules take. Ages are hours.
"""

from __future__ import annotations

import math
from typing import Any

from buzzsim.compiled import compiled

# Numbered as in `parameters.KERNELS`.
EXPONENTIAL, POWER_LAW, CONSTANT, IMMEDIATE = 0, 1, 2, 3

SEISMIC_SHOULDER = 300.0 / 3600.0  # hours of constant visibility (Zhao et al. 2015)
SEISMIC_THETA = 0.2314843  # exponent of the tail beyond it, less one (default of its authors' R package seismic)


@compiled
def fades(p: Any) -> Any:
    """Whether a post fades little by little, so that something can make it young again."""
    return p.attention_kernel == EXPONENTIAL or p.attention_kernel == POWER_LAW


@compiled
def spent(p: Any, age: Any) -> Any:
    """Share of a post's visibility that is spent by an age (of what is spent within the horizon, for the power law).

    Of a post that never fades (`CONSTANT`) there is no such share: rules ask for its rate instead.
    """
    if p.attention_kernel == EXPONENTIAL:
        return 1.0 - 2.0 ** (-age / p.attention_half_life)
    if p.attention_kernel == POWER_LAW:
        return min(1.0, seismic(age) / seismic(p.time_horizon))
    return 1.0 if age >= 0.0 else 0.0


@compiled
def seismic(age: Any) -> Any:
    """Unscaled mass of the SEISMIC kernel up to an age (Zhao et al. 2015)."""
    if age <= SEISMIC_SHOULDER:
        return age
    return SEISMIC_SHOULDER + SEISMIC_SHOULDER / SEISMIC_THETA * (
        1.0 - (age / SEISMIC_SHOULDER) ** -SEISMIC_THETA
    )


@compiled
def age_when(p: Any, share: Any) -> Any:
    """Age by which that share (below 1) is spent; inverse of `spent`."""
    if p.attention_kernel == EXPONENTIAL:
        return -p.attention_half_life * math.log2(1.0 - share)
    if p.attention_kernel == POWER_LAW:
        mass = share * seismic(p.time_horizon)
        if mass <= SEISMIC_SHOULDER:
            return mass
        tail = 1.0 - (mass / SEISMIC_SHOULDER - 1.0) * SEISMIC_THETA
        return SEISMIC_SHOULDER * tail ** (-1.0 / SEISMIC_THETA)
    return 0.0


@compiled
def gained(p: Any, age: Any, younger: Any, hours: Any) -> Any:
    """Share of visibility that a post of some age wins in so many hours from being made younger."""
    return (spent(p, younger + hours) - spent(p, age + hours)) + (spent(p, age) - spent(p, younger))


@compiled
def age_when_gained(p: Any, age: Any, younger: Any, share: Any) -> Any:
    """Hours in which a post made younger has won that share (below what it wins in all); inverse of `gained`."""
    if p.attention_kernel == EXPONENTIAL:
        return age_when(p, share / gained(p, age, younger, math.inf))
    low, high = 0.0, p.time_horizon
    for _ in range(60):  # the power law's difference has no inverse in closed form
        middle = 0.5 * (low + high)
        if gained(p, age, younger, middle) < share:
            low = middle
        else:
            high = middle
    return high
