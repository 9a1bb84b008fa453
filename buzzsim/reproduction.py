"""R0 on a given network: how many new critics one typical critic makes, and the share probability that gives it.

A *typical critic* joined on noticing a complaint (so their anger is what one notice of it left), was reached along a
tie, and faces a crowd in which nobody knows anything and nobody answers. The expectation over the next readers is
exact for a fixed loyalty shield: the posts of one critic are the first one and repeats, a Poisson process thinned by
their anger, and a reader joins at most once.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from buzzsim import rules
from buzzsim.errors import ScenarioError
from buzzsim.network import Network

Floats = NDArray[np.float64]
_POINTS = 40  # of each quadrature


def typical_r0(p: Any, network: Network, share_probability: float) -> float:
    """Mean number of new critics that one typical critic makes on this network.

    Parameters
    ----------
    p : Numbers
        The scenario's numbers, as the rules see them.
    network : Network
        Whose posts reach whom.
    share_probability : float
        The chance to join that is tried.

    Returns
    -------
    float
        New critics per critic, counting all posts of the critic within the horizon.
    """
    readers, visitors = _audience(p, network)
    total = 0.0
    for mass, weight in readers:
        total += weight * _wins(p, share_probability, mass, 1.0)
    if visitors > 0:
        mass = float(rules.notice_mass(p, 1.0, 1.0))
        total += visitors * _wins(p, share_probability, mass, p.joining_page_probability, repeats_apart=True)
    return total


def solve(p: Any, network: Network, r0: float, place: str = "scenario") -> float:
    """Give the share probability at which `typical_r0` is `r0`.

    Raises
    ------
    ScenarioError
        When even certain joining does not reach it on this network.
    """
    if r0 == 0.0:
        return 0.0
    highest = typical_r0(p, network, 1e9)
    if r0 > highest * (1 - 1e-9):
        raise ScenarioError(
            f"{place}: joining.r0 is {r0:g}; expected at most {highest:.4g} on this network "
            f"({network.n_customers} customers, {network.n_ties} ties), where everybody who notices would join"
        )
    low, high = 0.0, 1.0
    while typical_r0(p, network, high) < r0:
        low, high = high, 2.0 * high
    for _ in range(60):
        middle = 0.5 * (low + high)
        if typical_r0(p, network, middle) < r0:
            low = middle
        else:
            high = middle
    return high


def _audience(p: Any, network: Network) -> tuple[list[tuple[float, float]], float]:
    """Give the fresh followers of a typical critic, as pairs of notice mass and mean number, and the page visitors."""
    followers, followees = network.followers.astype(float), network.followees.astype(float)
    ties = followees.sum()
    mean = float(ties / network.n_customers)
    if p.attention_dilution == 0.0:
        fresh = float((followees * followers).sum() - network.reciprocal) / ties
        readers = [(float(rules.notice_mass(p, 1.0, 1.0)), fresh)]
    else:
        readers = _diluted_readers(p, network, followees, mean)
    return readers, float(p.attention_page_visitors)


def _diluted_readers(p: Any, network: Network, followees: Floats, mean: float) -> list[tuple[float, float]]:
    """Give the same where attention thins with the number of people followed: the tie that won the critic counts by
    its chance to be noticed, and readers fall into classes by how many they follow.
    """  # noqa: D205
    degrees = np.unique(followees[followees > 0])
    masses = np.array([rules.notice_mass(p, 1.0, degree / mean) for degree in degrees])
    noticed = np.array([rules.noticed_by(p, mass, p.time_horizon) for mass in masses])
    place = np.searchsorted(degrees, followees)
    chance = np.zeros(network.n_customers)
    chance[followees > 0] = noticed[place[followees > 0]]
    tails = np.repeat(np.arange(network.n_customers), network.followers)
    heads = network.indices
    reached = followees * chance  # how likely each customer is to be a typical critic
    weight = np.bincount(place[heads], weights=reached[tails], minlength=degrees.size)
    if network.reciprocal:  # the tie back to whoever won the critic is not fresh
        back = 1.0 if not network.directed else network.reciprocal / max(1, network.n_stored)
        weight -= np.bincount(place[heads], weights=back * chance[tails], minlength=degrees.size)
    return list(zip(masses.tolist(), (weight / reached.sum()).tolist(), strict=True))


def _wins(p: Any, share: float, mass: float, on_page: float, repeats_apart: bool = False) -> float:
    """Chance that a typical critic wins one reader over, averaged over both; with `repeats_apart`, the mean number
    won where each post has readers of its own (page visitors).
    """  # noqa: D205
    s, s_weight = _susceptibility(p.crowd_susceptibility_shape)
    shield, shield_weight = _shields(p)
    first_join = np.minimum(1.0, share * s * np.exp(p.joining_arousal * (p.complaint_anger - 0.5)))
    anger = np.minimum(1.0, p.anger_gain * s * p.complaint_anger)
    critics = s_weight * first_join
    if critics.sum() == 0.0:
        return 0.0
    critics = critics / critics.sum()
    hours, hour_weight = _quadrature(0.0, p.time_horizon)
    left = np.array([rules.noticed_by(p, mass, p.time_horizon - hour) for hour in hours])
    at_once = float(rules.noticed_by(p, mass, p.time_horizon))
    total = 0.0
    for a, weight in zip(anger, critics, strict=True):
        if weight < 1e-9:
            continue
        later = a * 2.0 ** (-hours / p.anger_half_life)
        for b, b_weight in zip(shield, shield_weight, strict=True):
            base = share * b * s
            now = on_page * at_once * np.minimum(1.0, base * np.exp(p.joining_arousal * (a - 0.5)))
            then = np.minimum(1.0, base[:, None] * np.exp(p.joining_arousal * (later - 0.5))[None, :])
            more = on_page * p.anger_repeat_rate * (then * (later * left * hour_weight)[None, :]).sum(axis=1)
            won = now + more if repeats_apart else 1.0 - (1.0 - now) * np.exp(-more)
            total += weight * b_weight * float((s_weight * won).sum())
    return total


def _susceptibility(shape: float) -> tuple[Floats, Floats]:
    """Give points and weights of the law of susceptibility (gamma, mean 1)."""
    if shape >= 1e9:
        return np.ones(1), np.ones(1)
    u, weight = _quadrature(0.0, 1.0)
    u, weight = u**2 * (3 - 2 * u), weight * 6 * u * (1 - u)  # denser at both ends, where the quantiles are steep
    return special.gammaincinv(shape, u) / shape, weight / weight.sum()


def _shields(p: Any) -> tuple[Floats, Floats]:
    """Give points and weights of the loyalty shield after one critical notice."""
    luck, weight = (np.full(1, 0.5), np.ones(1)) if p.crowd_attitude_spread == 0.0 else _quadrature(0.0, 1.0, 16)
    attitude = np.array([rules.first_attitude(p, u) for u in luck])
    attitude = attitude + p.attitude_step * p.attitude_negativity * (-1.0 - attitude)
    return 1.0 - p.joining_loyalty * np.maximum(0.0, attitude), weight


def _quadrature(low: float, high: float, points: int = _POINTS) -> tuple[Floats, Floats]:
    """Give Gauss-Legendre points and weights on an interval."""
    x, weight = np.polynomial.legendre.leggauss(points)
    return low + (high - low) * (x + 1) / 2, weight * (high - low) / 2
