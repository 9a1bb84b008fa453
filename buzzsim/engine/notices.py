"""Phases 2 and 3 of a tick: what is due is read, then readers join or defend."""

from __future__ import annotations

from typing import Any

from buzzsim.compiled import AHEAD, compiled, fetch, fetch_rest
from buzzsim.engine.people import anger_now, person_of, set_anger
from buzzsim.engine.posts import is_older, new_post
from buzzsim.engine.readers import second_notice_tick
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.tables import DEFENCES, NOTICE_HEAD, PENDING, SEEN, ascending

NEAR = AHEAD // 2  # what the fetch ahead brought leads on to the rest


@compiled
def read(p: Any, net: Any, run: Any, w: Any, t: Any) -> Any:
    """Phase 2: all notices due now are read; gives how many were due, or 0 where nobody reads any."""
    m, q, c = w.notices, w.posts, w.people
    n_due, n_readers = _due(w, t), 0
    for i in range(n_due):
        if i + AHEAD < n_due:
            fetch(q, m[w.due[i + AHEAD]].post)
            fetch(w.row_of, m[w.due[i + AHEAD]].customer)
        if i + NEAR < n_due:
            fetch(c, max(0, w.row_of[m[w.due[i + NEAR]].customer]))
        k = w.due[i]
        j = m[k].post
        gone = q[j].end < t
        if m[k].wave == 0 and q[j].bump_tick >= 0 and t > q[j].bump_tick:
            again = second_notice_tick(p, net, w, j, m[k].customer)
            gone = gone or rules.comes_sooner(again, t)
        row = -1 if gone else person_of(p, net, run, w, m[k].customer)
        if row >= 0:
            m[k].row = row
            m[k].previous, q[j].last_notice = q[j].last_notice, k
            if c[row].read_tick != t:
                c[row].read_tick, c[row].best = t, -1
                c[row].intensities, c[row].complaints, c[row].thanks, c[row].invitations = (
                    0.0,
                    0,
                    0,
                    0,
                )
                w.readers[n_readers] = row
                n_readers += 1
            _take_in(p, w, row, j, t, m[k].channel)
    for r in range(n_readers):
        if r + AHEAD < n_readers:
            fetch(c, w.readers[r + AHEAD])
        row = w.readers[r]
        anger, attitude = rules.reading(
            p, anger_now(p, w, row, t), c[row].attitude, c[row].susceptibility, c[row].character,
            c[row].intensities, c[row].complaints, c[row].thanks, c[row].invitations,
        )  # fmt: skip
        set_anger(w, row, anger, t)
        c[row].attitude = attitude
    return n_due if n_readers > 0 else 0


@compiled
def _due(w: Any, t: Any) -> Any:
    """List in `w.due` the notices of a tick; gives how many."""
    n, k = 0, w.bucket[NOTICE_HEAD, t]
    while k >= 0:
        w.due[n] = k
        n, k = n + 1, w.notices[k].next
    w.n[PENDING] -= n
    return n


@compiled
def _take_in(p: Any, w: Any, row: Any, j: Any, t: Any, channel: Any) -> None:
    """Add one post to what a customer reads in this tick."""
    q, c = w.posts, w.people
    q[j].readers += 1
    if q[j].invited:
        c[row].invitations += 1
    if not rules.is_critical(q[j].kind):
        c[row].thanks += 1
        return
    c[row].complaints += 1
    c[row].intensities += q[j].intensity
    if c[row].noticed < 0:
        c[row].noticed, c[row].first_post, c[row].first_channel = t, j, channel
        if c[row].stage == rules.UNAWARE:
            c[row].stage = rules.AWARE
    if c[row].critics_seen < p.joining_cap:
        k = c[row].last_seen
        while k >= 0:
            if w.seen[k].author == q[j].author:
                return
            k = w.seen[k].previous
        k = use(w, SEEN, w.seen.size)
        if k >= 0:
            w.seen[k].author, w.seen[k].previous = q[j].author, c[row].last_seen
            c[row].last_seen = k
            c[row].critics_seen += 1


@compiled
def join(p: Any, net: Any, run: Any, w: Any, strategy: Any, n_due: Any, t: Any) -> None:
    """Phase 3: each notice is one chance to join, or to defend the brand."""
    m, q, c = w.notices, w.posts, w.people
    n_new, n_defences = 0, 0
    for i in range(n_due):
        if i + AHEAD < n_due:
            fetch(q, m[w.due[i + AHEAD]].post)
            fetch(c, max(0, m[w.due[i + AHEAD]].row))
        k = w.due[i]
        j, row = m[k].post, m[k].row
        if row >= 0 and rules.is_critical(q[j].kind):
            if rules.may_defend(c[row].stage, c[row].character):
                m[k].defended = rules.defends(
                    p, draws.chance(q[j].key, draws.DEFEND, m[k].customer)
                )
                n_defences += m[k].defended
            elif rules.may_join(c[row].stage, c[row].character):
                chance = rules.join_probability(
                    p,
                    c[row].susceptibility,
                    c[row].attitude,
                    c[row].critics_seen,
                    q[j].intensity,
                    q[j].thread,
                )
                if chance >= 1.0 or (
                    chance > 0.0 and draws.chance(q[j].key, draws.JOIN, m[k].customer) < chance
                ):
                    best = c[row].best
                    if best < 0:
                        w.newcomers[n_new], w.newcomer_rows[n_new] = m[k].customer, row
                        n_new += 1
                    if best < 0 or is_older(w, j, best):
                        c[row].best, c[row].recruited_channel = j, m[k].channel
    for i in range(
        n_due if n_defences > 0 else 0
    ):  # what is written under a post counts from the next tick on
        k = w.due[i]
        if m[k].defended:
            m[k].defended = False
            w.tally[DEFENCES] += 1
            q[m[k].post].thread += rules.defence_effect(p)
    order = ascending(w.newcomers[:n_new])
    for i in range(n_new):
        if i + AHEAD < n_new:
            _fetch_author(net, w, order[i + AHEAD])
        if i + NEAR < n_new:
            fetch(q, c[w.newcomer_rows[order[i + NEAR]]].best)
            _fetch_followers(net, w.newcomers[order[i + NEAR]])
        row = w.newcomer_rows[order[i]]
        best = c[row].best
        c[row].recruited_by = best
        q[best].joined += 1
        new_post(p, net, run, w, strategy, row, rules.FIRST, 0, best, t)


@compiled
def _fetch_author(net: Any, w: Any, newcomer: Any) -> None:
    """Fetch ahead what is needed to write a newcomer's post."""
    fetch(w.people, w.newcomer_rows[newcomer])
    fetch_rest(w.people, w.newcomer_rows[newcomer])
    fetch(net.indptr, w.newcomers[newcomer])


@compiled
def _fetch_followers(net: Any, customer: Any) -> None:
    """Fetch ahead the first and the last of somebody's followers."""
    fetch(net.indices, min(net.indptr[customer], net.indices.size - 1))
    fetch(net.indices, max(0, net.indptr[customer + 1] - 1))
