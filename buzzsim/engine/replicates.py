"""One replicate from the complaint to the horizon, and batches of them in one compiled call."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled
from buzzsim.engine.authors import authors_act
from buzzsim.engine.cases import brand_acts
from buzzsim.engine.notices import join, read
from buzzsim.engine.people import anger_now, person_of, set_anger
from buzzsim.engine.posts import new_post
from buzzsim.engine.workspace import clear
from buzzsim.model import draws, outcomes, rules
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import GIVEN, PEOPLE, Workspace, ascending
from buzzsim.network.complainants import draw_complainants

ASKING = -2  # what a batch gives instead of a number


@compiled
def begin(p: Numbers, w: Workspace) -> None:
    """Forget the last run and let the complainants complain."""
    clear(w)
    for i in ascending(w.complainants):
        row = person_of(p, w, w.complainants[i])
        if row >= 0:
            set_anger(w, row, rules.first_anger(w.people[row].character, p.complaint_anger), 0)
            new_post(p, w, row, rules.FIRST, 0, -1)


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
            nothing_left = w.state.pending + w.state.waiting == 0
            if w.state.tick >= w.setup.horizon or nothing_left or w.state.full:
                break
            w.state.tick += 1
            join(p, w, read(p, w))
            authors_act(p, w)
        else:
            return ASKING
        if w.state.full:
            return r
        _watch(p, w, True)
        for row in range(w.used[PEOPLE]):
            set_anger(w, row, anger_now(p, w, row, w.setup.horizon), w.setup.horizon)
        outcomes.measure(p, w, hourly[r], out[r])
    return out.shape[0]
