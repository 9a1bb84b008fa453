"""R0 on a given network, and the share probability that gives a wanted R0.

R0 is the number of new critics that one typical critic makes. A *typical critic* joined on noticing
a complaint, so that their anger is what one notice of it left, and was recruited along a tie. They
face a crowd in which nobody knows anything or answers. Advocates are there, and never join, but
nobody defends the brand.

The expectation over the next readers is exact in continuous time, up to quadrature, for an attitude
that stays as the first notice leaves it. Where several notices move attitudes fast, critics recruit
up to a tenth more. Ticks of a quarter of an hour take some 2 % from it where anger halves within
two hours. One critic's posts are the first one and repeats, which are a Poisson process thinned by
their anger. A reader joins at most once. Readers who do not side with the complaint never do: R0
is the mean over complaints, whatever share of readers sides with each, and at whatever pace.

Each post has its own page visitors, who are strangers and look as the average reader does. In a run
the author, followers and repeated visitors drop out, so that R0 is lower there among few customers,
and as computed among thousands.

The constructive wait for `brand.patience` in vain and resent it. Trolls are critics whose anger
stays. Authors who take their posts back lose readers. Traits that a network brings along, such as a
customer's own susceptibility, are left out: the crowd is as its laws say.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from buzzsim.compiled import compiled
from buzzsim.errors import ScenarioError
from buzzsim.model import rules
from buzzsim.network import Network

if TYPE_CHECKING:
    from buzzsim.model.parameters import Numbers

Floats = NDArray[np.float64]
Law = tuple[Floats, Floats]
"""Points of a quadrature over a law, and their weights."""
_POINTS = 40  # of each quadrature, and of each stretch of time
_CERTAIN = 1e9  # a share probability at which everybody who notices joins


def typical_r0(p: Numbers, network: Network, share_probability: float) -> float:
    """Mean number of new critics that one typical critic makes within the horizon."""
    return _r0(p, _audience(p, network), share_probability)


def solve(p: Numbers, network: Network, r0: float, place: str = "scenario") -> float:
    """Give the share probability at which `typical_r0` is `r0`; a ScenarioError where none is.

    Where there are several, it is one below the first power of two that goes beyond `r0`.
    """
    if r0 == 0.0:
        return 0.0
    audience = _audience(p, network)
    high, highest = 1.0, _r0(p, audience, 1.0)
    while highest < r0 and high < _CERTAIN:
        high *= 2.0
        highest = max(highest, _r0(p, audience, high))
    if highest < r0:
        raise ScenarioError(
            f"{place}: joining.r0 is {r0:g}; expected at most {highest:.4g} on this network "
            f"({network.n_customers} customers, {network.n_ties} ties), "
            "however likely those who notice are to join"
        )
    # Slow to import, and not needed where the share probability is given.
    from scipy.optimize import brentq

    def too_many(share: float) -> float:
        return _r0(p, audience, share) - r0

    return float(brentq(too_many, 0.0, high, xtol=1e-300, rtol=1e-14))


class _Readers(NamedTuple):
    """A class of readers of a typical critic's posts."""

    mass: float  # expected looks of one reader at one post
    n: float  # mean number of them
    shown: float  # chance that a post is where they look
    apart: bool  # whether each post has readers of its own


def _r0(p: Numbers, audience: list[_Readers], share_probability: float) -> float:
    """Add up whom a typical critic recruits among the classes of readers."""
    record: Any = p
    trial = record.copy()
    trial["share_probability"] = share_probability
    laws = _susceptibility(p.crowd_susceptibility_shape), _lucks(p), _hours(p)
    siding = float(p.joining_sides)  # the share of readers who may join, on average
    return siding * sum(  # of all who might join on noticing, and be joined, by character
        weight * share * n * float(_recruits(trial, mass, shown, apart, character, pace, laws))
        for character, share in _characters(p)
        for mass, n, shown, apart in audience
        for pace, weight in _paces(p)
    )


def _characters(p: Numbers) -> list[tuple[int, float]]:
    """Give the characters that differ here, and their shares.

    Without resentment the vindictive are as the constructive.
    """
    trolls = float(p.crowd_troll_share)
    others = (1.0 - trolls) * (1.0 - float(p.crowd_advocate_share))
    vindictive = others * float(p.crowd_vindictive_share) if p.brand_resentment > 0.0 else 0.0
    shares = {rules.TROLL: trolls, rules.VINDICTIVE: vindictive}
    shares[rules.CONSTRUCTIVE] = others - vindictive
    return [(character, share) for character, share in shares.items() if share > 0.0]


def _audience(p: Numbers, network: Network) -> list[_Readers]:
    """Give the followers of a typical critic who know nothing yet, and the page visitors."""
    followers, followees = network.followers.astype(float), network.followees.astype(float)
    ties, mass = followees.sum(), float(rules.notice_mass(p, 1.0, 1.0))
    if p.attention_dilution == 0.0:
        n = float((followees * followers).sum() - network.reciprocal) / ties
        readers = [_Readers(mass, n, 1.0, False)]
    else:
        readers = _diluted_readers(p, network, followees, float(ties / network.n_customers))
    shown = float(rules.page_probability(p, rules.FIRST, False))
    return [*readers, _Readers(mass, float(p.attention_page_visitors), shown, True)]


def _diluted_readers(
    p: Numbers, network: Network, followees: Floats, mean: float
) -> list[_Readers]:
    """Give the followers in classes by how many people they follow, which thins their attention.

    The tie along which the critic was recruited counts by its chance to be noticed.
    """
    degrees = np.unique(followees[followees > 0])
    masses = np.array([rules.notice_mass(p, 1.0, degree / mean) for degree in degrees])
    noticed = np.zeros(masses.size)
    for pace, part in _paces(p):
        noticed += [part * rules.noticed_by(p, mass, pace, p.time_horizon) for mass in masses]
    place = np.searchsorted(degrees, followees)
    chance = np.zeros(network.n_customers)
    chance[followees > 0] = noticed[place[followees > 0]]
    tails, heads = np.repeat(np.arange(network.n_customers), network.followers), network.indices
    reached = followees * chance  # how likely each customer is to be a typical critic
    if not reached.any():  # nobody looks at anything
        return []
    weight = np.bincount(place[heads], weights=reached[tails], minlength=degrees.size)
    back = network.are_reciprocal * chance[tails]  # the recruiter knows already
    weight -= np.bincount(place[heads], weights=back, minlength=degrees.size)
    means = (weight / reached.sum()).tolist()
    return [_Readers(*of, 1.0, False) for of in zip(masses.tolist(), means, strict=True)]


@compiled
def _recruits(
    p: Numbers,
    mass: float,
    shown: float,
    apart: bool,
    character: int,
    pace: float,
    laws: tuple[Law, Law, Law],
) -> float:
    """Chance that a typical critic recruits one reader, over the laws of both.

    With `apart` it is the mean number of recruits where each post has readers of its own.
    """
    (s, s_weight), (luck, luck_weight), (hour, hour_weight) = laws
    total, critics = 0.0, 0.0
    later, repeats = np.empty(hour.size), np.empty(hour.size)
    at_once = _noticed(p, mass, pace, p.time_horizon, hour, hour_weight)
    for c in range(s.size):
        start, said = rules.first_attitude(p, 0.5), p.complaint_anger
        before = rules.first_anger(character, -1.0)
        anger, attitude = rules.reading(p, before, start, s[c], character, True, said, 1, 0, 0)
        weight = s_weight[c] * rules.join_probability(p, s[c], attitude, 1, said, 0.0)
        critics += weight
        for t in range(hour.size):
            later[t] = _unanswered_anger(p, anger, hour[t] / p.time_tick, character)
            left = p.time_horizon - hour[t]
            noticed = shown * _noticed(p, mass, pace, left, hour, hour_weight)
            repeats[t] = p.anger_repeat_rate * later[t] * noticed * hour_weight[t]
        for r in range(s.size):
            for k in range(luck.size):
                liking = rules.first_attitude(p, luck[k])
                _, shielded = rules.reading(
                    p, 0.0, liking, s[r], rules.CONSTRUCTIVE, True, anger, 1, 0, 0
                )
                now = shown * at_once * rules.join_probability(p, s[r], shielded, 1, anger, 0.0)
                more = 0.0
                for t in range(hour.size):
                    more += repeats[t] * rules.join_probability(p, s[r], shielded, 1, later[t], 0.0)
                won = now + more if apart else 1.0 - (1.0 - now) * math.exp(-more)
                total += weight * s_weight[r] * luck_weight[k] * won
    return total / critics if critics > 0.0 else 0.0


@compiled
def _unanswered_anger(p: Numbers, anger: float, age: float, character: int) -> float:
    """Anger of a critic whom nobody answers, so many ticks after joining."""
    waited = rules.ticks(p, p.brand_patience)
    if age < waited:
        return float(rules.decayed(p, anger, age, character))
    resentful = rules.resentful(p, rules.decayed(p, anger, waited, character), character)
    return float(rules.decayed(p, resentful, age - waited, character))


@compiled
def _noticed(
    p: Numbers, mass: float, pace: float, left: float, hour: Floats, hour_weight: Floats
) -> float:
    """Chance that a reader notices a post in the time left, before its author takes it back."""
    rate = p.attention_withdrawal_rate
    if rate == 0.0:
        return float(rules.noticed_by(p, mass, pace, left))
    scale = left / p.time_horizon  # the points of the horizon, drawn together
    total = math.exp(-rate * left) * rules.noticed_by(p, mass, pace, left)
    for k in range(hour.size):
        life = hour[k] * scale
        noticed = rules.noticed_by(p, mass, pace, life)
        total += hour_weight[k] * scale * rate * math.exp(-rate * life) * noticed
    return float(total)


@lru_cache(maxsize=8)
def _susceptibility(shape: float) -> Law:
    """Give points and weights of the law of susceptibility (gamma, mean 1)."""
    if shape >= 1e9:
        return np.ones(1), np.ones(1)
    u, weight = _quadrature(0.0, 1.0)
    # Denser at both ends, where the quantiles are steep.
    u, weight = u**2 * (3 - 2 * u), weight * 6 * u * (1 - u)
    return special.gammaincinv(shape, u) / shape, weight / weight.sum()


def _paces(p: Numbers) -> list[tuple[float, float]]:
    """Give points and weights of the law of the pace of complaints."""
    if p.attention_pace_sigma == 0.0:
        return [(1.0, 1.0)]
    x, weight = np.polynomial.hermite_e.hermegauss(7)
    paces = [float(rules.pace(p, normal)) for normal in x]
    return list(zip(paces, (weight / weight.sum()).tolist(), strict=True))


def _lucks(p: Numbers) -> Law:
    """Give points and weights of the luck that attitudes at the start come from."""
    if p.crowd_attitude_spread == 0.0:
        return np.full(1, 0.5), np.ones(1)
    return _quadrature(0.0, 1.0, 16)


def _hours(p: Numbers) -> Law:
    """Give points and weights of the hours after joining: before, and after, the wait in vain.

    They are Gauss-Legendre points of log(1 + hours / shortest), where shortest is the shortest time
    in which anything fades: so they suffice however long the horizon.
    """
    horizon, waited = float(p.time_horizon), float(rules.ticks(p, p.brand_patience) * p.time_tick)
    scales = [horizon, float(p.anger_half_life), float(p.attention_half_life)]
    if p.attention_withdrawal_rate > 0.0:
        scales.append(1.0 / float(p.attention_withdrawal_rate))
    if p.brand_resentment == 0.0 or waited >= horizon:
        return _graded(0.0, horizon, min(scales))
    before, after = _graded(0.0, waited, min(scales)), _graded(waited, horizon, min(scales))
    return np.append(before[0], after[0]), np.append(before[1], after[1])


@lru_cache(maxsize=8)
def _graded(low: float, high: float, scale: float) -> Law:
    """Give points and weights on an interval, denser at its beginning."""
    x, weight = _quadrature(0.0, math.log1p((high - low) / scale))
    return low + scale * np.expm1(x), weight * scale * np.exp(x)


@lru_cache(maxsize=8)
def _quadrature(low: float, high: float, points: int = _POINTS) -> Law:
    """Give Gauss-Legendre points and weights on an interval."""
    x, weight = np.polynomial.legendre.leggauss(points)
    return low + (high - low) * (x + 1) / 2, weight * (high - low) / 2
