"""One replicate from the complaint to the horizon, and batches of them in one compiled call."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled
from buzzsim.engine.authors import authors_act
from buzzsim.engine.cases import brand_acts
from buzzsim.engine.notices import join, read
from buzzsim.engine.people import anger_now, attitude_now, person_of, set_anger
from buzzsim.engine.posts import new_post
from buzzsim.engine.workspace import clear
from buzzsim.model import draws, outcomes, rules
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import GIVEN, PEOPLE, Workspace, ascending
from buzzsim.network.complainants import draw_complainants, someone

ASKING = -2  # what a batch gives instead of a number


@compiled
def begin(p: Numbers, w: Workspace) -> None:
    """Forget the last run and let the complainants complain."""
    clear(w)
    w.state.sides = p.joining_sides
    if rules.sides_vary(p):
        a, b = rules.siding_law(p)
        w.state.sides = draws.beta(w.state.key, draws.SIDES, a, b)
    for i in ascending(w.complainants):
        _complain(p, w, w.complainants[i])
    _await_arrival(p, w)


@compiled
def _complain(p: Numbers, w: Workspace, customer: draws.Word) -> None:
    """Let a customer write a complaint, unless they are a critic already."""
    row = person_of(p, w, customer)
    if row >= 0 and rules.may_complain(w.people[row].stage):
        person = w.people[row]
        person.sides = True
        anger = rules.first_anger(person.character, p.complaint_anger)
        set_anger(w, row, anger, w.state.tick)
        new_post(p, w, row, rules.FIRST, 0, -1)


@compiled
def _arrive(p: Numbers, w: Workspace) -> None:
    """Let those complain whom the event itself brings in this tick."""
    while w.state.arrival == w.state.tick:
        _complain(p, w, someone(w.indptr, w.setup.drawn, w.state.key, w.state.arrivals))
        w.state.arrivals += 1
        _await_arrival(p, w)


@compiled
def _await_arrival(p: Numbers, w: Workspace) -> None:
    """Draw when the event brings the next complainant, if it does so before the horizon."""
    luck = draws.chance(w.state.key, draws.ARRIVAL_GAP, w.state.arrivals)
    w.state.waited -= math.log(1.0 - luck)
    hours = rules.arrival_hour(p, w.state.waited)
    tick = -1 if hours == rules.NEVER else rules.ticks(p, hours)
    w.state.arrival = tick if tick <= w.setup.horizon else -1


@compiled
def _watch(p: Numbers, w: Workspace, is_over: bool) -> None:
    """Measure the complainants' anger at the hours of `outcomes.watched_ticks`."""
    early, late = outcomes.watched_ticks(p)
    if w.state.tick == int(early) or (is_over and w.state.tick < int(early)):
        w.state.early_anger = _mean_anger(p, w, early)
    if w.state.tick == int(late) or (is_over and w.state.tick < int(late)):
        w.state.late_anger = _mean_anger(p, w, late)


@compiled
def _mean_anger(p: Numbers, w: Workspace, t: float) -> float:
    """Give the complainants' mean anger at a time in ticks, without news until then."""
    total = 0.0
    for i in ascending(w.complainants):
        total += anger_now(p, w, int(w.row_of[w.complainants[i]]), t)
    return total / w.complainants.size


@compiled
def batch(
    p: Numbers,
    w: Workspace,
    first: int,
    resumed: bool,
    hourly: NDArray[np.int32],
    out: Any,
) -> int:
    """Run replicates from `first` on into the rows of `out` and `hourly`; gives how many fitted.

    `resumed` goes on with the first of them, from the brand's step of a tick. Gives `ASKING` where
    a strategy of one's own must decide; its runs come one by one.
    """
    for r in range(out.shape[0]):
        if not resumed:
            w.state.key = draws.fold(w.setup.key, first + r)
            if w.setup.drawn != GIVEN:
                draw_complainants(w.indptr, w.setup.drawn, w.state.key, w.complainants)
            begin(p, w)
        while brand_acts(p, w):
            _watch(p, w, False)
            nothing_left = w.state.pending + w.state.waiting == 0 and w.state.arrival < 0
            if w.state.tick >= w.setup.horizon or nothing_left or w.state.full:
                break
            w.state.tick += 1
            join(p, w, read(p, w))
            _arrive(p, w)
            authors_act(p, w)
        else:
            return ASKING
        if w.state.full:
            return r
        _watch(p, w, True)
        for row in range(w.used[PEOPLE]):
            set_anger(w, row, anger_now(p, w, row, w.setup.horizon), w.setup.horizon)
            w.people[row].attitude = attitude_now(p, w, row, w.setup.horizon)
        outcomes.measure(p, w, hourly[r], out[r])
    return out.shape[0]
