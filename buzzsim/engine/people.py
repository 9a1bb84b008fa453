"""Rows of customers: made when somebody is first touched, with traits drawn then; and their anger, decayed when looked at."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.tables import (
    ADVOCATE,
    ANGER,
    ATTITUDE,
    PEOPLE,
    SUSCEPTIBILITY,
    TROLL,
    VINDICTIVE,
)


@compiled
def person_of(p: Any, net: Any, run: Any, w: Any, customer: Any) -> Any:
    """Give a customer's row, drawing the traits when the customer is touched for the first time."""
    row = np.int64(w.row_of[customer])
    if row >= 0:
        return row
    row = use(w, PEOPLE, w.people.size)
    if row < 0:
        return row
    w.row_of[customer] = row
    c = w.people
    character = rules.character(
        _is_a(
            run,
            draws.VINDICTIVE,
            customer,
            _trait(net, VINDICTIVE, customer, p.crowd_vindictive_share),
        ),
        _is_a(
            run, draws.ADVOCATE, customer, _trait(net, ADVOCATE, customer, p.crowd_advocate_share)
        ),
        _is_a(run, draws.TROLL, customer, _trait(net, TROLL, customer, p.crowd_troll_share)),
    )
    susceptibility = _trait(net, SUSCEPTIBILITY, customer, -1.0)
    if susceptibility < 0.0:
        susceptibility = draws.gamma(
            run, draws.SUSCEPTIBILITY, customer, p.crowd_susceptibility_shape
        )
    attitude = _trait(net, ATTITUDE, customer, 2.0)
    if attitude > 1.0:
        attitude = rules.first_attitude(
            p, draws.chance(run, draws.ATTITUDE, customer) if p.crowd_attitude_spread > 0.0 else 0.5
        )
    c[row].customer, c[row].stage, c[row].character = customer, rules.UNAWARE, character
    c[row].susceptibility, c[row].attitude, c[row].attitude_start = (
        susceptibility,
        attitude,
        attitude,
    )
    c[row].anger = rules.first_anger(character, _trait(net, ANGER, customer, -1.0))
    c[row].since, c[row].noticed, c[row].joined = 0, -1, -1
    c[row].first_post, c[row].first_channel, c[row].recruited_by, c[row].recruited_channel = (
        -1,
        -1,
        -1,
        -1,
    )
    c[row].entry, c[row].critics_seen, c[row].last_seen = -1, 0, -1
    c[row].occasion, c[row].occasion_age, c[row].reposts, c[row].failures = 0, 0.0, 0, 0
    c[row].protested, c[row].talking, c[row].read_tick = False, False, -1
    return row


@compiled
def _is_a(run: Any, purpose: Any, customer: Any, share: Any) -> Any:
    """Whether a customer is of a kind; nobody is drawn where there are none."""
    return share > 0.0 and rules.is_a(share, draws.chance(run, purpose, customer))


@compiled
def _trait(net: Any, trait: Any, customer: Any, otherwise: Any) -> Any:
    """Give a trait that came with the network, or what stands in for it."""
    if net.traits.size == 0 or math.isnan(net.traits[trait, customer]):
        return otherwise
    return net.traits[trait, customer]


@compiled
def anger_now(p: Any, w: Any, row: Any, t: Any) -> Any:
    """Give anger decayed to this tick."""
    c = w.people
    return rules.decayed(p, c[row].anger, t - c[row].since, c[row].character)


@compiled
def set_anger(w: Any, row: Any, anger: Any, t: Any) -> None:
    """Keep an anger that belongs to this tick."""
    w.people[row].anger = anger
    w.people[row].since = t
