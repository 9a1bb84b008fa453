"""Step 4 of a tick: what authors do."""

from __future__ import annotations

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.engine.people import anger_now, set_anger
from buzzsim.engine.posts import new_post, next_occasion
from buzzsim.model import draws, rules
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import EVENT_HEAD, Workspace, ascending, zeros


@compiled
def authors_act(p: Numbers, w: Workspace) -> None:
    """Step 4: resentment, repeats and posts decided before, by author, kind and number."""
    events, t = w.events, w.state.tick
    while w.bucket[EVENT_HEAD, t] >= 0:  # an occasion may bring the next one in the same tick
        n, k = 0, w.bucket[EVENT_HEAD, t]
        while k >= 0:
            n, k = n + 1, events[k].next
        due, rank = zeros(n), zeros(n)
        n, k = 0, w.bucket[EVENT_HEAD, t]
        while k >= 0:
            author = np.int64(w.people[events[k].row].customer)
            due[n], rank[n] = k, (author << 28) | ((events[k].kind + 1) << 24) | events[k].number
            n, k = n + 1, events[k].next
        w.bucket[EVENT_HEAD, t] = -1
        w.state.pending -= n
        for i in ascending(rank):
            _act(p, w, due[i])


@compiled
def _act(p: Numbers, w: Workspace, k: int) -> None:
    """Do one thing that an author had planned for this tick."""
    t, event = w.state.tick, w.events[k]
    row, kind, number, parent = event.row, event.kind, event.number, event.parent
    person = w.people[row]
    stage = person.stage
    if not rules.still_does(kind, stage):
        return
    if kind == rules.WAITED_IN_VAIN:
        if rules.is_unanswered(w.posts[parent].answered):
            anger = rules.resentful(p, anger_now(p, w, row, t), person.character)
            set_anger(w, row, anger, t)
        return
    if kind == rules.PROTEST and stage == rules.AWARE:
        person.recruited_by = parent
        person.recruited_channel = _channel(w, parent, person.customer)
    if kind == rules.REPEAT:
        luck = draws.occasion(w.state.key, draws.REPEAT_KEEP, person.customer, number)
        if rules.repeats(anger_now(p, w, row, t), luck):
            new_post(p, w, row, kind, number, parent)
        next_occasion(p, w, row)
        return
    new_post(p, w, row, kind, number, parent)


@compiled
def _channel(w: Workspace, j: int, reader: int) -> int:
    """Give through what somebody noticed a post."""
    k = w.posts[j].last_notice
    while w.notices[k].customer != reader:
        k = w.notices[k].previous
    return w.notices[k].channel
