"""The rules in compiled loops: a calendar of notices over a CSR network, and batches of replicates.

Nothing is decided here: every `rules.` call is what the Mesa model calls too, and `tests/test_twins.py` holds both
to the same trajectory. Cost follows the buzz: customers get a row when they are first touched, and a workspace is
reset only where it was used. Columns and growing arrays are in `workspace.py`.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba import njit

from buzzsim import draws, outcomes, rules
from buzzsim.workspace import (
    ACTS,
    ADVOCATE,
    ANGER,
    ATTITUDE,
    BACKLOG,
    CASE_HEAD,
    CASES,
    DEFENCES,
    EARLY_ANGER,
    EVENT_HEAD,
    EVENTS,
    FULL,
    HORIZON,
    LATE_ANGER,
    NOTICE_HEAD,
    NOTICE_TAIL,
    NOTICES,
    PENDING,
    PEOPLE,
    POSTS,
    SEEN,
    STILL_THERE,
    SUSCEPTIBILITY,
    TROLL,
    VINDICTIVE,
    WAITING,
    ascending,
    clear,
    use,
)

_EARLY, _LATE = 6.0, 24.0  # hours at which the complainants' anger is measured


# ------------------------------------------------------------------------------------------ customers


@njit(cache=True)
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
    character = rules.CONSTRUCTIVE
    if rules.is_a(_share(net, VINDICTIVE, customer, p.crowd_vindictive_share), draws.chance(run, draws.VINDICTIVE, customer)):
        character = rules.VINDICTIVE
    if rules.is_a(_share(net, ADVOCATE, customer, p.crowd_advocate_share), draws.chance(run, draws.ADVOCATE, customer)):
        character = rules.ADVOCATE
    if rules.is_a(_share(net, TROLL, customer, p.crowd_troll_share), draws.chance(run, draws.TROLL, customer)):
        character = rules.TROLL
    susceptibility = _share(net, SUSCEPTIBILITY, customer, -1.0)
    if susceptibility < 0.0:
        susceptibility = draws.gamma(run, draws.SUSCEPTIBILITY, customer, p.crowd_susceptibility_shape)
    attitude = _share(net, ATTITUDE, customer, 2.0)
    if attitude > 1.0:
        attitude = rules.first_attitude(p, draws.chance(run, draws.ATTITUDE, customer))
    c[row].customer, c[row].stage, c[row].character = customer, rules.UNAWARE, character
    c[row].susceptibility, c[row].attitude, c[row].attitude_start = susceptibility, attitude, attitude
    c[row].anger = rules.first_anger(p, character, _share(net, ANGER, customer, -1.0))
    c[row].since, c[row].noticed, c[row].joined = 0, -1, -1
    c[row].first_post, c[row].first_channel, c[row].won_by, c[row].won_channel = -1, -1, -1, -1
    c[row].entry, c[row].critics_seen, c[row].last_seen = -1, 0, -1
    c[row].occasion, c[row].occasion_age, c[row].reposts, c[row].failures = 0, 0.0, 0, 0
    c[row].protested, c[row].talking, c[row].read_tick = False, False, -1
    return row


@njit(cache=True)
def _share(net: Any, trait: Any, customer: Any, otherwise: Any) -> Any:
    """Give a trait that came with the network, or what stands in for it."""
    if net.traits.size == 0 or math.isnan(net.traits[trait, customer]):
        return otherwise
    return net.traits[trait, customer]


@njit(cache=True)
def anger_now(p: Any, w: Any, row: Any, t: Any) -> Any:
    """Give anger decayed to this tick."""
    c = w.people
    return rules.decayed(p, c[row].anger, t - c[row].since, c[row].character)


@njit(cache=True)
def _set_anger(w: Any, row: Any, anger: Any, t: Any) -> None:
    w.people[row].anger = anger
    w.people[row].since = t


# ---------------------------------------------------------------------------------------------- posts


@njit(cache=True)
def new_post(p: Any, net: Any, run: Any, w: Any, strategy: Any, row: Any, kind: Any, number: Any, parent: Any, page_probability: Any, t: Any) -> Any:
    """Write a post, draw its readers, and open a case for it."""
    j = use(w, POSTS, w.posts.size)
    if j < 0:
        return j
    q, c = w.posts, w.people
    key = draws.post_key(run, c[row].customer, kind + 1, number)
    q[j].key, q[j].author, q[j].row, q[j].kind, q[j].number, q[j].tick, q[j].parent = key, c[row].customer, row, kind, number, t, parent
    q[j].on_page = draws.chance(key, draws.ON_PAGE, 0) < page_probability
    q[j].multiplier = p.censor_streisand_multiplier if kind == rules.REPOST or kind == rules.PROTEST else 1.0
    q[j].intensity = anger_now(p, w, row, t)
    q[j].thread, q[j].readers, q[j].joined, q[j].last_notice = 0.0, 0, 0, -1
    q[j].invited, q[j].answered, q[j].bump_tick, q[j].bump = False, -1, -1, 0.0
    life = rules.life(p, draws.chance(key, draws.WITHDRAWAL, 0))
    q[j].end = STILL_THERE if life < 0.0 else t + rules.ticks(p, min(life, 2.0 * p.time_horizon))
    if c[row].entry < 0:
        _enter(p, run, w, row, j, t)
    q[j].entry = c[row].entry
    _draw_readers(p, net, w, j)
    if kind != rules.THANKS:
        _open_case(p, w, strategy, j, t)
    return j


@njit(cache=True)
def _enter(p: Any, run: Any, w: Any, row: Any, j: Any, t: Any) -> None:
    """Make an author a critic from this post on."""
    c = w.people
    c[row].stage, c[row].entry, c[row].joined = rules.CRITIC, j, t
    if p.brand_resentment > 0.0:
        _schedule(p, w, row, rules.RESENTMENT, 0, j, t + rules.ticks(p, p.brand_patience))
    if p.anger_repeat_rate > 0.0:
        _next_occasion(p, run, w, row)


@njit(cache=True)
def _next_occasion(p: Any, run: Any, w: Any, row: Any) -> Any:
    """Put the author's next occasion to post again into the calendar, and give its tick."""
    c = w.people
    number = c[row].occasion
    author = draws.fold(draws.fold(run, draws.REPEAT_GAP), c[row].customer)
    c[row].occasion_age += rules.repeat_gap(p, draws.chance(author, draws.REPEAT_GAP, number))
    c[row].occasion += 1
    if c[row].occasion_age > p.time_horizon:
        return -1
    tick = c[row].joined + rules.ticks(p, c[row].occasion_age)
    _schedule(p, w, row, rules.REPEAT, number, c[row].entry, tick)
    return tick


@njit(cache=True)
def _relative_followees(net: Any, customer: Any) -> Any:
    return net.relative_followees[customer] if net.relative_followees.size > 0 else 1.0


@njit(cache=True)
def first_notice_tick(p: Any, net: Any, w: Any, j: Any, customer: Any) -> Any:
    """Give the tick in which a follower or page visitor would notice a post in its first wave, or -1."""
    q = w.posts
    mass = rules.notice_mass(p, q[j].multiplier, _relative_followees(net, customer))
    age = rules.notice_age(p, mass, draws.chance(q[j].key, draws.NOTICE, customer))
    return -1 if age < 0.0 or age > 2.0 * p.time_horizon else q[j].tick + rules.ticks(p, age)


@njit(cache=True)
def second_notice_tick(p: Any, net: Any, w: Any, j: Any, customer: Any) -> Any:
    """Give the tick in which the second wave, after a bump, would reach them, or -1."""
    q = w.posts
    mass = rules.notice_mass(p, q[j].multiplier, _relative_followees(net, customer))
    age = (q[j].bump_tick - q[j].tick) * p.time_tick
    wait = rules.second_notice_age(p, mass, age, q[j].bump, draws.chance(q[j].key, draws.SECOND_NOTICE, customer))
    return -1 if wait < 0.0 else q[j].bump_tick + rules.ticks(p, wait)


@njit(cache=True)
def _draw_readers(p: Any, net: Any, w: Any, j: Any) -> None:
    """Draw when each follower, and each visitor of the brand's page, will notice a new post."""
    q = w.posts
    author, last = q[j].author, min(w.n[HORIZON], q[j].end)
    luck_key = draws.fold(q[j].key, draws.NOTICE)
    bound = 1.0
    if net.relative_followees.size == 0:  # a cheap first sieve; the exact test is the tick below
        mass = rules.notice_mass(p, q[j].multiplier, 1.0)
        bound = rules.noticed_by(p, mass, (last - q[j].tick + 0.001) * p.time_tick) + 1e-12
    for k in range(net.indptr[author], net.indptr[author + 1]):
        reader = np.int64(net.indices[k])
        if draws.unit(draws.fold(luck_key, reader)) < bound:
            _tell(w, j, reader, first_notice_tick(p, net, w, j, reader), last, rules.FOLLOWING, 0)
    if q[j].on_page:
        for v in range(_page_visitors(p, net, w, j)):
            reader = w.visitors[v]
            _tell(w, j, reader, first_notice_tick(p, net, w, j, reader), last, rules.PAGE, 0)


@njit(cache=True)
def _page_visitors(p: Any, net: Any, w: Any, j: Any) -> Any:
    """Fill `w.visitors` with the distinct page visitors of a post who do not follow its author; give their number."""
    q, n = w.posts, 0
    for number in range(p.attention_page_visitors):
        visitor = draws.pick(q[j].key, draws.VISITOR, number, w.row_of.size)
        if _is_reader_already(net, w, q[j].author, visitor, n):
            continue
        w.visitors[n] = visitor
        n += 1
    return n


@njit(cache=True)
def _is_reader_already(net: Any, w: Any, author: Any, customer: Any, n_visitors: Any) -> Any:
    """Whether somebody is the author, a follower of the author, or among the first visitors."""
    if customer == author:
        return True
    for v in range(n_visitors):
        if w.visitors[v] == customer:
            return True
    low, high = net.indptr[author], net.indptr[author + 1]
    while low < high:
        middle = (low + high) // 2
        if net.indices[middle] < customer:
            low = middle + 1
        else:
            high = middle
    return low < net.indptr[author + 1] and net.indices[low] == customer


@njit(cache=True)
def _tell(w: Any, j: Any, reader: Any, tick: Any, last: Any, channel: Any, wave: Any) -> None:
    """Put a notice into the calendar unless it comes too late."""
    if tick < 0 or tick > last:
        return
    k = use(w, NOTICES, w.notices.size)
    if k < 0:
        return
    m = w.notices
    m[k].customer, m[k].post, m[k].tick, m[k].channel, m[k].wave, m[k].next = reader, j, tick, channel, wave, -1
    m[k].read, m[k].defended = False, False
    if w.bucket[NOTICE_HEAD, tick] < 0:
        w.bucket[NOTICE_HEAD, tick] = k
    else:
        m[w.bucket[NOTICE_TAIL, tick]].next = k
    w.bucket[NOTICE_TAIL, tick] = k
    w.n[PENDING] += 1


@njit(cache=True)
def _bump(p: Any, net: Any, w: Any, j: Any, bump: Any, t: Any) -> None:
    """Draw the second wave of looks that an answer brings to a thread."""
    q = w.posts
    if bump == 0.0 or p.attention_kernel == rules.CONSTANT:
        return
    q[j].bump_tick, q[j].bump = t, bump
    author, last = q[j].author, min(w.n[HORIZON], q[j].end)
    for k in range(net.indptr[author], net.indptr[author + 1]):
        _tell_again(p, net, w, j, np.int64(net.indices[k]), last, rules.FOLLOWING)
    if q[j].on_page:
        for v in range(_page_visitors(p, net, w, j)):
            _tell_again(p, net, w, j, w.visitors[v], last, rules.PAGE)


@njit(cache=True)
def _tell_again(p: Any, net: Any, w: Any, j: Any, reader: Any, last: Any, channel: Any) -> None:
    """Add a second-wave notice for a reader whom the first wave has not reached and would not reach sooner."""
    before, again = first_notice_tick(p, net, w, j, reader), second_notice_tick(p, net, w, j, reader)
    if before >= 0 and (before <= w.posts[j].bump_tick or before <= again):
        return
    _tell(w, j, reader, again, last, channel, 1)


@njit(cache=True)
def _tell_brand_followers(p: Any, net: Any, w: Any, j: Any, t: Any) -> None:
    """Show an answered thread to followers of the brand who were not among its readers."""
    q, crowd = w.posts, w.row_of.size
    n_viewers = int(math.floor(p.reply_brand_reach * crowd + 0.5))
    if n_viewers == 0:
        return
    viewers = np.empty(n_viewers, np.int64)
    for number in range(n_viewers):
        viewers[number] = draws.pick(q[j].key, draws.BRAND_VIEWER, number, crowd)
    last = min(w.n[HORIZON], q[j].end)
    n_visitors = _page_visitors(p, net, w, j) if q[j].on_page else 0
    before = np.int64(-1)
    for i in ascending(viewers):
        viewer = viewers[i]
        if viewer != before and not _is_reader_already(net, w, q[j].author, viewer, n_visitors):
            mass = rules.notice_mass(p, q[j].multiplier, _relative_followees(net, viewer))
            age = rules.notice_age(p, mass, draws.chance(q[j].key, draws.BRAND_NOTICE, viewer))
            if age >= 0.0:
                _tell(w, j, viewer, t + rules.ticks(p, age), last, rules.BRAND_FOLLOWING, 1)
        before = viewer


# -------------------------------------------------------------------------------------------- reading


@njit(cache=True)
def _read(p: Any, net: Any, run: Any, w: Any, t: Any) -> Any:
    """Phase 2: all notices due now are read; gives the number of readers."""
    m, q, c = w.notices, w.posts, w.people
    n_readers = 0
    k = w.bucket[NOTICE_HEAD, t]
    while k >= 0:
        w.n[PENDING] -= 1
        j = m[k].post
        gone = q[j].end < t
        if m[k].wave == 0 and q[j].bump_tick >= 0 and t > q[j].bump_tick:
            again = second_notice_tick(p, net, w, j, m[k].customer)
            gone = gone or 0 <= again < t  # the second wave was there first
        row = -1 if gone else person_of(p, net, run, w, m[k].customer)
        if row >= 0:
            m[k].read = True
            m[k].previous, q[j].last_notice = q[j].last_notice, k
            if c[row].read_tick != t:
                c[row].read_tick, c[row].best = t, -1
                c[row].heat, c[row].complaints, c[row].thanks, c[row].invitations = 0.0, 0, 0, 0
                w.readers[n_readers] = row
                n_readers += 1
            _take_in(p, w, row, j, t, m[k].channel)
        k = m[k].next
    for r in range(n_readers):
        row = w.readers[r]
        anger, attitude = rules.reading(
            p, anger_now(p, w, row, t), c[row].attitude, c[row].susceptibility, c[row].character,
            c[row].heat, c[row].complaints, c[row].thanks, c[row].invitations,
        )  # fmt: skip
        _set_anger(w, row, anger, t)
        c[row].attitude = attitude
    return n_readers


@njit(cache=True)
def _take_in(p: Any, w: Any, row: Any, j: Any, t: Any, channel: Any) -> None:
    """Add one post to what a customer reads in this tick."""
    q, c = w.posts, w.people
    q[j].readers += 1
    if q[j].invited:
        c[row].invitations += 1
    if q[j].kind == rules.THANKS:
        c[row].thanks += 1
        return
    c[row].complaints += 1
    c[row].heat += q[j].intensity
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


@njit(cache=True)
def _join(p: Any, net: Any, run: Any, w: Any, strategy: Any, t: Any) -> None:
    """Phase 3: each notice is one chance to join, or to defend the brand."""
    m, q, c = w.notices, w.posts, w.people
    n_new = 0
    k = w.bucket[NOTICE_HEAD, t]
    while k >= 0:
        j, row = m[k].post, np.int64(w.row_of[m[k].customer])
        if m[k].read and q[j].kind != rules.THANKS and c[row].stage == rules.AWARE:
            if c[row].character == rules.ADVOCATE:
                m[k].defended = rules.defends(p, draws.chance(q[j].key, draws.DEFEND, m[k].customer))
            else:
                chance = rules.join_probability(p, c[row].susceptibility, c[row].attitude, c[row].critics_seen, q[j].intensity, q[j].thread)
                if draws.chance(q[j].key, draws.JOIN, m[k].customer) < chance:
                    best = c[row].best
                    if best < 0:
                        w.newcomers[n_new] = m[k].customer
                        n_new += 1
                    if best < 0 or _is_older(w, j, best):
                        c[row].best, c[row].won_channel = j, m[k].channel
        k = m[k].next
    k = w.bucket[NOTICE_HEAD, t]
    while k >= 0:  # what is written under a post counts from the next tick on
        if m[k].defended:
            m[k].defended = False
            w.tally[DEFENCES] += 1
            q[m[k].post].thread += rules.thread_effect(p, p.crowd_defence_strength)
        k = m[k].next
    for i in ascending(w.newcomers[:n_new]):
        customer = w.newcomers[i]
        row = np.int64(w.row_of[customer])
        best = c[row].best
        c[row].won_by = best
        q[best].joined += 1
        new_post(p, net, run, w, strategy, row, rules.FIRST, 0, best, p.joining_page_probability, t)


@njit(cache=True)
def _is_older(w: Any, j: Any, other: Any) -> Any:
    """Whether a post is older than another (ties: smaller author number, then the one written first)."""
    q = w.posts
    if q[j].tick != q[other].tick:
        return q[j].tick < q[other].tick
    if q[j].author != q[other].author:
        return q[j].author < q[other].author
    return j < other


# -------------------------------------------------------------------------------------------- authors


@njit(cache=True)
def _schedule(p: Any, w: Any, row: Any, kind: Any, number: Any, parent: Any, tick: Any) -> None:
    """Put what an author will do into the calendar."""
    if tick > w.n[HORIZON]:
        return
    k = use(w, EVENTS, w.events.size)
    if k < 0:
        return
    e = w.events
    e[k].row, e[k].kind, e[k].number, e[k].parent, e[k].next = row, kind, number, parent, w.bucket[EVENT_HEAD, tick]
    w.bucket[EVENT_HEAD, tick] = k
    w.n[PENDING] += 1


@njit(cache=True)
def _authors_act(p: Any, net: Any, run: Any, w: Any, strategy: Any, t: Any) -> None:
    """Phase 4: resentment, repeats and posts decided before, by author, kind and number."""
    e = w.events
    while w.bucket[EVENT_HEAD, t] >= 0:  # an occasion may bring the next one in the same tick
        n, k = 0, w.bucket[EVENT_HEAD, t]
        while k >= 0:
            n, k = n + 1, e[k].next
        due, rank = np.empty(n, np.int64), np.empty(n, np.int64)
        n, k = 0, w.bucket[EVENT_HEAD, t]
        while k >= 0:
            due[n], rank[n] = k, (np.int64(w.people[e[k].row].customer) << 28) | ((e[k].kind + 1) << 24) | e[k].number
            n, k = n + 1, e[k].next
        w.bucket[EVENT_HEAD, t] = -1
        w.n[PENDING] -= n
        for i in ascending(rank):
            k = due[i]
            _act(p, net, run, w, strategy, e[k].row, e[k].kind, e[k].number, e[k].parent, t)


@njit(cache=True)
def _act(p: Any, net: Any, run: Any, w: Any, strategy: Any, row: Any, kind: Any, number: Any, parent: Any, t: Any) -> None:
    """Do one thing that an author had planned for this tick."""
    q, c = w.posts, w.people
    stage = c[row].stage
    if kind == rules.RESENTMENT:
        if stage == rules.CRITIC and q[parent].answered < 0:
            _set_anger(w, row, rules.resentful(p, anger_now(p, w, row, t), c[row].character), t)
        return
    if kind == rules.THANKS:
        new_post(p, net, run, w, strategy, row, kind, number, parent, p.joining_page_probability, t)
        return
    if kind == rules.PROTEST and stage == rules.AWARE:
        c[row].won_by, c[row].won_channel = parent, c[row].first_channel
        stage = rules.CRITIC
    if stage != rules.CRITIC:
        return
    if kind == rules.REPEAT:
        author = draws.fold(draws.fold(run, draws.REPEAT_KEEP), c[row].customer)
        if rules.repeats(anger_now(p, w, row, t), draws.chance(author, draws.REPEAT_KEEP, number)):
            new_post(p, net, run, w, strategy, row, kind, number, parent, p.joining_page_probability, t)
        _next_occasion(p, run, w, row)
        return
    page_probability = p.joining_page_probability if kind == rules.AFTER_FAILURE else 0.0
    new_post(p, net, run, w, strategy, row, kind, number, parent, page_probability, t)


# ------------------------------------------------------------------------------------------ the brand


@njit(cache=True)
def _open_case(p: Any, w: Any, strategy: Any, j: Any, t: Any) -> None:
    """Let the brand find a critical post, after its lag, if its strategy has any use for it."""
    q = w.posts
    if strategy == rules.IGNORE or (strategy == rules.CENSOR and not q[j].on_page):
        return
    if rules.is_handled(p, draws.chance(q[j].key, draws.COVERAGE, 0)):
        lag = min(rules.lag(p, draws.normal(q[j].key, draws.LAG, 0)), 2.0 * p.time_horizon)
        _file_case(w, j, 0, t + rules.ticks(p, lag))


@njit(cache=True)
def _file_case(w: Any, j: Any, talk_round: Any, tick: Any) -> None:
    """Put a case into the calendar of the brand."""
    if tick > w.n[HORIZON]:
        return
    k = use(w, CASES, w.cases.size)
    if k < 0:
        return
    w.cases[k].post, w.cases[k].round, w.cases[k].next = j, talk_round, w.bucket[CASE_HEAD, tick]
    w.bucket[CASE_HEAD, tick] = k
    w.n[PENDING] += 1


@njit(cache=True)
def _brand_acts(p: Any, net: Any, w: Any, strategy: Any, t: Any) -> None:
    """Phase 5: cases whose lag has run out, in the order of the queue, while staff is free."""
    k = w.bucket[CASE_HEAD, t]
    while k >= 0:
        w.n[PENDING] -= 1
        j = w.cases[k].post
        followers = net.indptr[w.posts[j].author + 1] - net.indptr[w.posts[j].author]
        w.cases[k].rank = rules.priority(p, t, followers, w.posts[j].intensity)
        _push_waiting(w, k)
        k = w.cases[k].next
    while w.n[WAITING] > 0:
        desk = _free_desk(w, t)
        if desk == -2:
            break
        k = _pop_waiting(w)
        work = _handle(p, net, w, strategy, w.cases[k].post, w.cases[k].round, t)
        if desk >= 0 and work >= 0.0:
            w.busy_until[desk] = t + rules.ticks(p, work)
    w.tally[BACKLOG] = max(w.tally[BACKLOG], w.n[WAITING])


@njit(cache=True)
def _free_desk(w: Any, t: Any) -> Any:
    """Give a member of staff who is free, -1 where staff is unlimited, -2 where all are busy."""
    if w.busy_until.size == 0:
        return -1
    for desk in range(w.busy_until.size):
        if w.busy_until[desk] <= t:
            return desk
    return -2


@njit(cache=True)
def _comes_first(w: Any, a: Any, b: Any) -> Any:
    """Whether one waiting case is taken before another."""
    e, q = w.cases, w.posts
    if e[a].rank != e[b].rank:
        return e[a].rank < e[b].rank
    if e[a].post != e[b].post:
        return _is_older(w, e[a].post, e[b].post)
    return e[a].round < e[b].round


@njit(cache=True)
def _push_waiting(w: Any, case: Any) -> None:
    """Add to the queue, a binary heap."""
    i = w.n[WAITING]
    w.n[WAITING] += 1
    w.waiting[i] = case
    while i > 0 and _comes_first(w, w.waiting[i], w.waiting[(i - 1) // 2]):
        above = (i - 1) // 2
        w.waiting[i], w.waiting[above] = w.waiting[above], w.waiting[i]
        i = above


@njit(cache=True)
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


@njit(cache=True)
def _handle(p: Any, net: Any, w: Any, strategy: Any, j: Any, talk_round: Any, t: Any) -> Any:
    """Do with one case what the strategy says; gives the hours of work, or -1 where there was nothing left to do."""
    q, c = w.posts, w.people
    row = q[j].row
    if talk_round > 0:
        return _talk(p, w, j, talk_round, t)
    if q[j].end <= t:
        return -1.0
    if strategy == rules.CENSOR:
        return _remove(p, w, j, t)
    if c[row].stage != rules.CRITIC or c[row].talking:
        return -1.0
    if strategy == rules.PUBLIC_REPLY:
        return _reply(p, net, w, j, t)
    return _invite(p, net, w, j, t)


@njit(cache=True)
def _note(w: Any, j: Any, act: Any, result: Any, t: Any) -> None:
    """Keep what the brand did."""
    k = use(w, ACTS, w.acts.size)
    if k >= 0:
        w.acts[k].tick, w.acts[k].post, w.acts[k].act, w.acts[k].result = t, j, act, result
        if w.posts[j].answered < 0:
            w.posts[j].answered = t


@njit(cache=True)
def _remove(p: Any, w: Any, j: Any, t: Any) -> Any:
    """Delete a post from the page; the author and the witnesses may not take it quietly."""
    q, c, m = w.posts, w.people, w.notices
    row, author = q[j].row, q[j].author
    q[j].end = t
    anger = rules.removed_anger(p, anger_now(p, w, row, t), c[row].character)
    _set_anger(w, row, anger, t)
    again = c[row].stage == rules.CRITIC and rules.reposts(p, anger, draws.chance(q[j].key, draws.REPOST, 0))
    _note(w, j, rules.REMOVED, int(again), t)
    if again:
        _schedule(p, w, row, rules.REPOST, c[row].reposts, j, t + 1)
        c[row].reposts += 1
    else:
        c[row].stage = rules.SILENT
    k = q[j].last_notice
    while k >= 0:
        witness = np.int64(w.row_of[m[k].customer])
        free = c[witness].stage == rules.AWARE or c[witness].stage == rules.CRITIC
        if free and not c[witness].protested and c[witness].character != rules.ADVOCATE and m[k].customer != author:
            if rules.protests(p, c[witness].susceptibility, draws.chance(q[j].key, draws.PROTEST, m[k].customer)):
                c[witness].protested = True
                _schedule(p, w, witness, rules.PROTEST, 0, j, t + 1)
        k = m[k].previous
    return p.brand_removal_time


@njit(cache=True)
def _reply(p: Any, net: Any, w: Any, j: Any, t: Any) -> Any:
    """Answer under the post, before its audience."""
    q, c = w.posts, w.people
    row = q[j].row
    strength = rules.reply_strength(p)
    heat = q[j].joined / q[j].readers if q[j].readers > 0 else 0.0
    q[j].thread += rules.thread_effect(p, strength)
    _calm(p, w, row, rules.calming(p, strength, heat, c[row].character), t)
    solved = rules.is_solved(p, heat, c[row].character, draws.chance(q[j].key, draws.SOLVE, 0))
    if solved:
        _reconcile(p, w, j, t)
    _note(w, j, rules.REPLIED, int(solved), t)
    _bump(p, net, w, j, p.reply_bump, t)
    _tell_brand_followers(p, net, w, j, t)
    return p.brand_reply_time


@njit(cache=True)
def _invite(p: Any, net: Any, w: Any, j: Any, t: Any) -> Any:
    """Ask the author to talk in private; everybody can see that."""
    q, c = w.posts, w.people
    row = q[j].row
    accepted = rules.accepts(p, c[row].character, draws.chance(q[j].key, draws.ACCEPT, 0))
    _note(w, j, rules.INVITED, int(accepted), t)
    q[j].invited = True
    if accepted:
        c[row].talking = True
        _file_case(w, j, 1, t + rules.ticks(p, p.private_round_time))
    _bump(p, net, w, j, p.private_invite_bump, t)
    return p.brand_reply_time


@njit(cache=True)
def _talk(p: Any, w: Any, j: Any, talk_round: Any, t: Any) -> Any:
    """Hold one round of a private dialogue."""
    q, c = w.posts, w.people
    row = q[j].row
    _calm(p, w, row, rules.calming(p, rules.reply_strength(p), 0.0, c[row].character), t)
    solved = rules.is_solved(p, 0.0, c[row].character, draws.chance(q[j].key, draws.ROUND, talk_round))
    _note(w, j, rules.TALKED, int(solved), t)
    if solved:
        c[row].talking = False
        _reconcile(p, w, j, t)
        if rules.withdraws(p, draws.chance(q[j].key, draws.WITHDRAW_SOLVED, 0)):
            q[j].end = min(q[j].end, t)
        else:
            q[j].thread += rules.solved_mark(p)
    elif talk_round < p.private_rounds:
        _file_case(w, j, talk_round + 1, t + rules.ticks(p, p.private_round_time))
    else:
        c[row].talking = False
        _set_anger(w, row, rules.failed_anger(p, anger_now(p, w, row, t)), t)
        if rules.posts_after_failure(p, draws.chance(q[j].key, draws.FAILED_POST, 0)):
            _schedule(p, w, row, rules.AFTER_FAILURE, c[row].failures, j, t + 1)
            c[row].failures += 1
    return p.brand_round_work


@njit(cache=True)
def _calm(p: Any, w: Any, row: Any, factor: Any, t: Any) -> None:
    """Calm (or anger) an author; a factor of one leaves no trace, bit for bit."""
    if factor != 1.0:
        _set_anger(w, row, rules.calmed(anger_now(p, w, row, t), factor), t)


@njit(cache=True)
def _reconcile(p: Any, w: Any, j: Any, t: Any) -> None:
    """The case is solved: the author is no critic any more, and may say thanks."""
    row = w.posts[j].row
    _set_anger(w, row, anger_now(p, w, row, t) * p.reply_solved_anger, t)
    w.people[row].stage = rules.RECONCILED
    if rules.thanks(p, draws.chance(w.posts[j].key, draws.THANKS, 0)):
        _schedule(p, w, row, rules.THANKS, 0, j, t + 1)


# ------------------------------------------------------------------------------------------------ runs


@njit(cache=True, nogil=True)
def simulate(p: Any, net: Any, complainants: Any, run: Any, strategy: Any, w: Any) -> Any:
    """Run one replicate into the workspace; gives the last tick in which anything happened, or -1 when it is full."""
    clear(w)
    c = w.people
    for i in ascending(complainants):
        row = person_of(p, net, run, w, complainants[i])
        if row >= 0:
            _set_anger(w, row, rules.first_anger(p, c[row].character, p.complaint_anger), 0)
            new_post(p, net, run, w, strategy, row, rules.FIRST, 0, -1, 1.0 if p.complaint_on_page else 0.0, 0)
    t = 0
    early, late = int(round(_EARLY / p.time_tick)), int(round(_LATE / p.time_tick))
    while t < w.n[HORIZON] and w.n[PENDING] + w.n[WAITING] > 0 and w.n[FULL] == 0:
        t += 1
        if _read(p, net, run, w, t) > 0:
            _join(p, net, run, w, strategy, t)
        _authors_act(p, net, run, w, strategy, t)
        _brand_acts(p, net, w, strategy, t)
        if t == early or t == late:
            w.tally[EARLY_ANGER if t == early else LATE_ANGER] = _mean_anger(p, w, complainants, t)
    if w.n[FULL] > 0:
        return -1
    if t < early:
        w.tally[EARLY_ANGER] = _mean_anger(p, w, complainants, early)
    if t < late:
        w.tally[LATE_ANGER] = _mean_anger(p, w, complainants, late)
    for row in range(w.n[PEOPLE]):
        _set_anger(w, row, anger_now(p, w, row, w.n[HORIZON]), w.n[HORIZON])
    return t


@njit(cache=True)
def _mean_anger(p: Any, w: Any, customers: Any, t: Any) -> Any:
    """Give the mean anger of some customers in a tick."""
    total = 0.0
    for i in ascending(customers):
        total += anger_now(p, w, np.int64(w.row_of[customers[i]]), t)
    return total / customers.size


@njit(cache=True)
def choose_complainants(net: Any, named: Any, n: Any, by_followers: Any, run: Any) -> Any:
    """Give who complains in a replicate: those named, or distinct ones drawn at random or in proportion to followers."""
    if named.size > 0:
        return named
    chosen = np.empty(n, np.int64)
    found, attempt = 0, 0
    crowd = net.indptr.size - 1
    while found < n:
        if by_followers:
            tie = draws.pick(run, draws.COMPLAINANT, attempt, net.indices.size)
            customer = np.searchsorted(net.indptr, tie, side="right") - 1
        else:
            customer = draws.pick(run, draws.COMPLAINANT, attempt, crowd)
        attempt += 1
        fresh = True
        for k in range(found):
            fresh = fresh and chosen[k] != customer
        if fresh:
            chosen[found] = customer
            found += 1
    return chosen


@njit(cache=True, nogil=True)
def batch(p: Any, net: Any, named: Any, n_complainants: Any, by_followers: Any, key: Any, strategy: Any, first: Any, w: Any, hourly: Any, out: Any) -> Any:
    """Run replicates `first`, `first + 1`, ... into the rows of `out` and `hourly`; gives how many fitted the workspace."""
    for r in range(out.shape[0]):
        run = draws.fold(key, first + r)
        who = choose_complainants(net, named, n_complainants, by_followers, run)
        if simulate(p, net, who, run, strategy, w) < 0:
            return r
        outcomes.measure(p, w, hourly[r], out[r])
    return out.shape[0]
