"""Phase 4 of a tick: what authors do."""

from __future__ import annotations

from typing import Any

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.engine.people import anger_now, set_anger
from buzzsim.engine.posts import new_post, next_occasion
from buzzsim.model import draws, rules
from buzzsim.model.tables import EVENT_HEAD, PENDING, ascending


@compiled
def authors_act(p: Any, net: Any, run: Any, w: Any, strategy: Any, t: Any) -> None:
    """Phase 4: resentment, repeats and posts decided before, by author, kind and number."""
    e = w.events
    while w.bucket[EVENT_HEAD, t] >= 0:  # an occasion may bring the next one in the same tick
        n, k = 0, w.bucket[EVENT_HEAD, t]
        while k >= 0:
            n, k = n + 1, e[k].next
        due, rank = np.empty(n, np.int64), np.empty(n, np.int64)
        n, k = 0, w.bucket[EVENT_HEAD, t]
        while k >= 0:
            due[n], rank[n] = (
                k,
                (np.int64(w.people[e[k].row].customer) << 28)
                | ((e[k].kind + 1) << 24)
                | e[k].number,
            )
            n, k = n + 1, e[k].next
        w.bucket[EVENT_HEAD, t] = -1
        w.n[PENDING] -= n
        for i in ascending(rank):
            k = due[i]
            _act(p, net, run, w, strategy, e[k].row, e[k].kind, e[k].number, e[k].parent, t)


@compiled
def _act(
    p: Any,
    net: Any,
    run: Any,
    w: Any,
    strategy: Any,
    row: Any,
    kind: Any,
    number: Any,
    parent: Any,
    t: Any,
) -> None:
    """Do one thing that an author had planned for this tick."""
    q, c = w.posts, w.people
    stage = c[row].stage
    if not rules.still_does(kind, stage):
        return
    if kind == rules.WAITED_IN_VAIN:
        if rules.is_unanswered(q[parent].answered):
            set_anger(w, row, rules.resentful(p, anger_now(p, w, row, t), c[row].character), t)
        return
    if kind == rules.PROTEST and stage == rules.AWARE:
        c[row].recruited_by, c[row].recruited_channel = parent, _channel(w, parent, c[row].customer)
    if kind == rules.REPEAT:
        luck = draws.occasion(run, draws.REPEAT_KEEP, c[row].customer, number)
        if rules.repeats(anger_now(p, w, row, t), luck):
            new_post(p, net, run, w, strategy, row, kind, number, parent, t)
        next_occasion(p, run, w, row)
        return
    new_post(p, net, run, w, strategy, row, kind, number, parent, t)


@compiled
def _channel(w: Any, j: Any, reader: Any) -> Any:
    """Give through what somebody noticed a post."""
    k = w.posts[j].last_notice
    while w.notices[k].customer != reader:
        k = w.notices[k].previous
    return w.notices[k].channel
