"""Runs: one replicate from the complaint to the horizon, and batches of them in one compiled call."""

from __future__ import annotations

from typing import Any

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.engine.authors import authors_act
from buzzsim.engine.cases import brand_acts
from buzzsim.engine.notices import join, read
from buzzsim.engine.people import anger_now, person_of, set_anger
from buzzsim.engine.posts import new_post
from buzzsim.engine.workspace import clear
from buzzsim.model import draws, outcomes, rules
from buzzsim.model.tables import (
    EARLY_ANGER,
    FULL,
    HORIZON,
    LATE_ANGER,
    PENDING,
    PEOPLE,
    TICK,
    WAITING,
    ascending,
)
from buzzsim.network.complainants import choose_complainants

ASKING, TOO_SMALL = -2, -1  # what a run gives instead of its last tick


@compiled
def simulate(p: Any, net: Any, complainants: Any, run: Any, strategy: Any, w: Any) -> Any:
    """Run one replicate into the workspace; gives what `go_on` gives."""
    clear(w)
    c = w.people
    for i in ascending(complainants):
        row = person_of(p, net, run, w, complainants[i])
        if row >= 0:
            set_anger(w, row, rules.first_anger(c[row].character, p.complaint_anger), 0)
            new_post(p, net, run, w, strategy, row, rules.FIRST, 0, -1, 0)
    return go_on(p, net, complainants, run, strategy, w)


@compiled
def go_on(p: Any, net: Any, complainants: Any, run: Any, strategy: Any, w: Any) -> Any:
    """Go on with a run from the brand's phase of a tick.

    Gives the last tick in which anything happened, `TOO_SMALL` when the workspace is full, or `ASKING` when a strategy of one's
    own must decide before the run can go on.
    """
    t = w.n[TICK]
    early, late = outcomes.watched_ticks(p)
    while True:
        if not brand_acts(p, net, run, w, strategy, t):
            return ASKING
        _watch(p, w, complainants, t, early, late)
        if t >= w.n[HORIZON] or w.n[PENDING] + w.n[WAITING] == 0 or w.n[FULL] > 0:
            break
        t += 1
        w.n[TICK] = t
        join(p, net, run, w, strategy, read(p, net, run, w, t), t)
        authors_act(p, net, run, w, strategy, t)
    if w.n[FULL] > 0:
        return TOO_SMALL
    if t < int(early):
        w.tally[EARLY_ANGER] = _mean_anger(p, w, complainants, early)
    if t < int(late):
        w.tally[LATE_ANGER] = _mean_anger(p, w, complainants, late)
    for row in range(w.n[PEOPLE]):
        set_anger(w, row, anger_now(p, w, row, w.n[HORIZON]), w.n[HORIZON])
    return t


@compiled
def _watch(p: Any, w: Any, complainants: Any, t: Any, early: Any, late: Any) -> None:
    """Measure the complainants' anger in the last tick before an hour asked for, decayed to that hour."""
    if t == int(early):
        w.tally[EARLY_ANGER] = _mean_anger(p, w, complainants, early)
    if t == int(late):
        w.tally[LATE_ANGER] = _mean_anger(p, w, complainants, late)


@compiled
def _mean_anger(p: Any, w: Any, customers: Any, t: Any) -> Any:
    """Give the mean anger of some customers at a time in ticks, without news until then."""
    total = 0.0
    for i in ascending(customers):
        total += anger_now(p, w, np.int64(w.row_of[customers[i]]), t)
    return total / customers.size


@compiled
def batch(
    p: Any,
    net: Any,
    named: Any,
    n_complainants: Any,
    by_followers: Any,
    key: Any,
    strategy: Any,
    first: Any,
    resumed: Any,
    w: Any,
    hourly: Any,
    out: Any,
) -> Any:
    """Run replicates `first`, `first + 1`, ... into the rows of `out` and `hourly`; gives how many fitted the workspace.

    `resumed` goes on with the first of them. Gives `ASKING` where a strategy of one's own must decide; its runs come one by one.
    """
    for r in range(out.shape[0]):
        run = draws.fold(key, first + r)
        who = choose_complainants(net, named, n_complainants, by_followers, run)
        last = (
            go_on(p, net, who, run, strategy, w)
            if resumed
            else simulate(p, net, who, run, strategy, w)
        )
        if last < 0:
            return ASKING if last == ASKING else r
        outcomes.measure(p, w, hourly[r], out[r])
    return out.shape[0]
