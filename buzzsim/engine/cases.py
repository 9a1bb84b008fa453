"""Phase 5 of a tick: the brand's queue, and what it does with a case."""

from __future__ import annotations

from typing import Any

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.engine.calendar import file_case, schedule
from buzzsim.engine.people import anger_now, set_anger
from buzzsim.engine.posts import is_older
from buzzsim.engine.readers import bump, tell_brand_followers
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.tables import ACTS, ASKED, BACKLOG, CASE_HEAD, PENDING, WAITING

_ALL_BUSY = -1


@compiled
def brand_acts(p: Any, net: Any, run: Any, w: Any, strategy: Any, t: Any) -> Any:
    """Phase 5: cases whose lag has run out, in the order of the queue, while staff is free.

    Gives whether it is done; if not, a strategy of one's own must first decide on the case in `ASKED`.
    """
    k = w.bucket[CASE_HEAD, t]
    w.bucket[CASE_HEAD, t] = -1
    while k >= 0:
        w.n[PENDING] -= 1
        j = w.cases[k].post
        followers = net.indptr[w.posts[j].author + 1] - net.indptr[w.posts[j].author]
        w.cases[k].rank = rules.priority(p, t, followers, w.posts[j].intensity)
        _push_waiting(w, k)
        k = w.cases[k].next
    while w.n[WAITING] > 0:
        desk = _free_desk(w, t)
        if desk == _ALL_BUSY:
            break
        if strategy == rules.OWN and _is_to_decide(w, w.waiting[0], t):
            w.n[ASKED] = w.waiting[0]
            return False
        case = _pop_waiting(w)
        due = w.cases[case].due
        work = _handle(p, net, run, w, strategy, case, t)
        if w.busy_until.size > 0 and work >= 0.0:
            w.busy_until[desk] = rules.work_ends(p, w.busy_until[desk], due, work)
    w.tally[BACKLOG] = max(w.tally[BACKLOG], w.n[WAITING])
    return True


@compiled
def _is_to_decide(w: Any, case: Any, t: Any) -> Any:
    """Whether a strategy of one's own is to be asked about a case."""
    j = w.cases[case].post
    author = w.posts[j].row
    is_open = rules.is_open(
        rules.OWN, w.posts[j].end <= t, w.people[author].stage, w.people[author].talking
    )
    return is_open and w.cases[case].talk_round == 0 and w.cases[case].choice < 0


@compiled
def _free_desk(w: Any, t: Any) -> Any:
    """Give the member of staff who was free first (any where staff is unlimited), or `_ALL_BUSY`."""
    if w.busy_until.size == 0:
        return 0
    desk = w.busy_until.argmin()
    return desk if rules.is_free(w.busy_until[desk], t) else _ALL_BUSY


@compiled
def _comes_first(w: Any, a: Any, b: Any) -> Any:
    """Whether one waiting case is taken before another."""
    e = w.cases
    if e[a].rank != e[b].rank:
        return e[a].rank < e[b].rank
    if e[a].post != e[b].post:
        return is_older(w, e[a].post, e[b].post)
    return e[a].talk_round < e[b].talk_round


@compiled
def _push_waiting(w: Any, case: Any) -> None:
    """Add to the queue, a binary heap."""
    i = w.n[WAITING]
    w.n[WAITING] += 1
    w.waiting[i] = case
    while i > 0 and _comes_first(w, w.waiting[i], w.waiting[(i - 1) // 2]):
        above = (i - 1) // 2
        w.waiting[i], w.waiting[above] = w.waiting[above], w.waiting[i]
        i = above


@compiled
def _pop_waiting(w: Any) -> Any:
    """Take the first case out of the queue."""
    first = w.waiting[0]
    w.n[WAITING] -= 1
    n = w.n[WAITING]
    w.waiting[0] = w.waiting[n]
    i = 0
    while 2 * i + 1 < n:
        below = 2 * i + 1
        if below + 1 < n and _comes_first(w, w.waiting[below + 1], w.waiting[below]):
            below += 1
        if not _comes_first(w, w.waiting[below], w.waiting[i]):
            break
        w.waiting[i], w.waiting[below] = w.waiting[below], w.waiting[i]
        i = below
    return first


@compiled
def _handle(p: Any, net: Any, run: Any, w: Any, strategy: Any, case: Any, t: Any) -> Any:
    """Do with one case what the strategy says; gives the hours of work, or -1 where there was nothing left to do."""
    q, c = w.posts, w.people
    j, talk_round = w.cases[case].post, w.cases[case].talk_round
    row = q[j].row
    if talk_round > 0:
        return _talk(p, w, j, talk_round, t)
    if strategy == rules.OWN:
        strategy = w.cases[case].choice
        if strategy == rules.WAIT:
            file_case(w, j, 0, w.cases[case].tries + 1, t + rules.ticks(p, w.cases[case].wait))
            return -1.0
    open_still = rules.is_open(strategy, q[j].end <= t, c[row].stage, c[row].talking)
    if not open_still or not rules.concerns(strategy, q[j].on_page):
        return -1.0
    if strategy == rules.CENSOR:
        return _remove(p, w, j, t)
    if strategy == rules.PUBLIC_REPLY:
        return _reply(p, net, run, w, j, t)
    return _invite(p, net, w, j, t)


@compiled
def _note(w: Any, j: Any, act: Any, result: Any, t: Any) -> None:
    """Keep what the brand did."""
    k = use(w, ACTS, w.acts.size)
    if k >= 0:
        w.acts[k].tick, w.acts[k].post, w.acts[k].act, w.acts[k].result = t, j, act, result
        if w.posts[j].answered < 0:
            w.posts[j].answered = t


@compiled
def _remove(p: Any, w: Any, j: Any, t: Any) -> Any:
    """Delete a post from the page; the author and the witnesses may not take it quietly."""
    q, c, m = w.posts, w.people, w.notices
    row = q[j].row
    q[j].end = t
    anger = rules.removed_anger(p, anger_now(p, w, row, t), c[row].character)
    set_anger(w, row, anger, t)
    again = rules.reposts(p, c[row].stage, anger, draws.chance(q[j].key, draws.REPOST, 0))
    c[row].stage = rules.stage_after_removal(c[row].stage, again)
    _note(w, j, rules.REMOVED, int(again), t)
    if again:
        schedule(w, row, rules.REPOST, c[row].reposts, j, t + 1)
        c[row].reposts += 1
    k = q[j].last_notice
    while k >= 0:
        witness = np.int64(m[k].row)
        if rules.may_protest(c[witness].stage, c[witness].character, c[witness].protested):
            if rules.protests(
                p, c[witness].susceptibility, draws.chance(q[j].key, draws.PROTEST, m[k].customer)
            ):
                c[witness].protested = True
                schedule(w, witness, rules.PROTEST, 0, j, t + 1)
        k = m[k].previous
    return rules.work(p, rules.REMOVED)


@compiled
def _reply(p: Any, net: Any, run: Any, w: Any, j: Any, t: Any) -> Any:
    """Answer under the post, before its audience."""
    q, c = w.posts, w.people
    row = q[j].row
    strength = rules.reply_strength(p)
    heat = rules.heat_of(q[j].joined, q[j].readers)
    q[j].thread += rules.thread_effect(p, strength)
    _calm(p, w, row, rules.calming(p, strength, heat, c[row].character), t)
    solved = rules.is_solved(p, heat, c[row].character, draws.chance(q[j].key, draws.SOLVE, 0))
    if solved:
        _reconcile(p, w, j, t)
    _note(w, j, rules.REPLIED, int(solved), t)
    bump(p, net, w, j, p.reply_bump, t)
    tell_brand_followers(p, net, run, w, j, t)
    return rules.work(p, rules.REPLIED)


@compiled
def _invite(p: Any, net: Any, w: Any, j: Any, t: Any) -> Any:
    """Ask the author to talk in private; everybody can see that."""
    q, c = w.posts, w.people
    row = q[j].row
    accepted = rules.accepts(p, c[row].character, draws.chance(q[j].key, draws.ACCEPT, 0))
    _note(w, j, rules.INVITED, int(accepted), t)
    q[j].invited = True
    if accepted:
        c[row].talking = True
        file_case(w, j, 1, 0, t + rules.ticks(p, p.private_round_time))
    bump(p, net, w, j, p.private_invite_bump, t)
    return rules.work(p, rules.INVITED)


@compiled
def _talk(p: Any, w: Any, j: Any, talk_round: Any, t: Any) -> Any:
    """Hold one round of a private dialogue."""
    q, c = w.posts, w.people
    row = q[j].row
    _calm(
        p, w, row, rules.calming(p, rules.reply_strength(p), rules.NO_AUDIENCE, c[row].character), t
    )
    solved = rules.is_solved(
        p, rules.NO_AUDIENCE, c[row].character, draws.chance(q[j].key, draws.ROUND, talk_round)
    )
    _note(w, j, rules.TALKED, int(solved), t)
    if solved:
        c[row].talking = False
        _reconcile(p, w, j, t)
        if rules.withdraws(p, draws.chance(q[j].key, draws.WITHDRAW_SOLVED, 0)):
            q[j].end = min(q[j].end, t)
        else:
            q[j].thread += rules.solved_mark(p)
    elif rules.goes_on(p, talk_round):
        file_case(w, j, talk_round + 1, 0, t + rules.ticks(p, p.private_round_time))
    else:
        c[row].talking = False
        set_anger(w, row, rules.failed_anger(p, anger_now(p, w, row, t)), t)
        if rules.posts_after_failure(p, draws.chance(q[j].key, draws.FAILED_POST, 0)):
            schedule(w, row, rules.AFTER_FAILURE, c[row].failures, j, t + 1)
            c[row].failures += 1
    return rules.work(p, rules.TALKED)


@compiled
def _calm(p: Any, w: Any, row: Any, factor: Any, t: Any) -> None:
    """Calm (or anger) an author; a factor of one leaves no trace, bit for bit."""
    if factor != 1.0:
        set_anger(w, row, rules.calmed(anger_now(p, w, row, t), factor), t)


@compiled
def _reconcile(p: Any, w: Any, j: Any, t: Any) -> None:
    """The case is solved: the author is no critic any more, and may say thanks."""
    row = w.posts[j].row
    set_anger(w, row, rules.solved_anger(p, anger_now(p, w, row, t)), t)
    w.people[row].stage = rules.RECONCILED
    if rules.thanks(p, draws.chance(w.posts[j].key, draws.THANKS, 0)):
        schedule(w, row, rules.THANKS, 0, j, t + 1)
