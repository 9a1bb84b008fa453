"""Rows of customers, made and drawn when somebody is first touched; and their anger."""

from __future__ import annotations

import math
from typing import Any

from buzzsim.compiled import compiled
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import (
    ADVOCATE,
    ANGER,
    ATTITUDE,
    PEOPLE,
    SUSCEPTIBILITY,
    TROLL,
    VINDICTIVE,
    Workspace,
)


@compiled
def person_of(p: Numbers, w: Workspace, customer: Any) -> int:
    """Give a customer's row, drawing the traits when the customer is touched for the first time."""
    row = int(w.row_of[customer])
    if row >= 0:
        return row
    row = use(w, PEOPLE, w.people.size)
    if row < 0:
        return row
    w.row_of[customer] = row
    people, run = w.people, w.state.key
    vindictive = _trait(w, VINDICTIVE, customer, p.crowd_vindictive_share)
    advocate = _trait(w, ADVOCATE, customer, p.crowd_advocate_share)
    troll = _trait(w, TROLL, customer, p.crowd_troll_share)
    character = rules.character(
        _is_a(w, draws.VINDICTIVE, customer, vindictive),
        _is_a(w, draws.ADVOCATE, customer, advocate),
        _is_a(w, draws.TROLL, customer, troll),
    )
    susceptibility, shape = _trait(w, SUSCEPTIBILITY, customer, -1.0), p.crowd_susceptibility_shape
    if susceptibility < 0.0:
        susceptibility = draws.gamma(run, draws.SUSCEPTIBILITY, customer, shape)
    attitude = _trait(w, ATTITUDE, customer, 2.0)
    if attitude > 1.0:
        is_drawn = p.crowd_attitude_spread > 0.0
        luck = draws.chance(run, draws.ATTITUDE, customer) if is_drawn else 0.5
        attitude = rules.first_attitude(p, luck)
    person = people[row]
    person.customer, person.stage, person.character = customer, rules.UNAWARE, character
    person.susceptibility = susceptibility
    person.attitude, person.attitude_start = attitude, attitude
    person.anger = rules.first_anger(character, _trait(w, ANGER, customer, -1.0))
    person.since, person.noticed, person.joined, person.entry = 0, -1, -1, -1
    person.first_post, person.first_channel = -1, -1
    person.recruited_by, person.recruited_channel = -1, -1
    person.critics_seen, person.last_seen, person.read_tick = 0, -1, -1
    person.occasion, person.occasion_age, person.reposts, person.failures = 0, 0.0, 0, 0
    person.protested, person.talking = False, False
    luck = draws.chance(run, draws.SIDE, customer) if w.state.sides < 1.0 else 0.0
    person.sides = rules.sides(w.state.sides, luck)
    return row


@compiled
def _is_a(w: Workspace, purpose: int, customer: int, share: float) -> bool:
    """Whether a customer is of a kind; nobody is drawn where there are none."""
    return share > 0.0 and rules.is_a(share, draws.chance(w.state.key, purpose, customer))


@compiled
def _trait(w: Workspace, trait: int, customer: int, otherwise: float) -> float:
    """Give a trait that came with the network, or what stands in for it."""
    if w.traits.size == 0 or math.isnan(w.traits[trait, customer]):
        return otherwise
    return w.traits[trait, customer]


@compiled
def anger_now(p: Numbers, w: Workspace, row: int, t: float) -> float:
    """Give anger decayed to a time in ticks."""
    person = w.people[row]
    return rules.decayed(p, person.anger, t - person.since, person.character)


@compiled
def attitude_now(p: Numbers, w: Workspace, row: int, t: float) -> float:
    """Give attitude recovered to a time in ticks; news moved it when the customer last read."""
    person = w.people[row]
    elapsed = t - person.read_tick if person.read_tick >= 0 else 0
    return rules.recovered(p, person.attitude, person.attitude_start, elapsed)


@compiled
def set_anger(w: Workspace, row: int, anger: float, t: int) -> None:
    """Keep an anger that belongs to a tick."""
    w.people[row].anger = anger
    w.people[row].since = t
