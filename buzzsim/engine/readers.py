"""Who will notice a post, and when: followers, page visitors, the second wave after a bump, followers of the brand."""

from __future__ import annotations

from typing import Any

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.engine.calendar import tell
from buzzsim.model import draws, rules, visibility
from buzzsim.model.tables import BRAND_FOLLOWERS, HORIZON, SIEVE


@compiled
def draw_readers(p: Any, net: Any, w: Any, j: Any) -> None:
    """Draw when each follower, and each visitor of the brand's page, will notice a new post."""
    q = w.posts
    last = min(w.n[HORIZON], q[j].end)
    bound = 1.0
    if net.relative_followees.size == 0:  # a cheap first sieve; the exact test is the tick below
        mass = rules.notice_mass(p, q[j].multiplier, 1.0)
        bound = rules.noticed_by(p, mass, (last - q[j].tick + 0.001) * p.time_tick) + 1e-12
    end = net.indptr[q[j].author + 1]
    for first in range(net.indptr[q[j].author], end, SIEVE):
        for i in range(
            _sieve(
                net, w, draws.fold(q[j].key, draws.NOTICE), first, min(first + SIEVE, end), bound
            )
        ):
            reader = np.int64(w.sieved[i].customer)
            tell(
                w,
                j,
                reader,
                _notice_tick(p, net, w, j, reader, w.sieved[i].luck),
                last,
                rules.FOLLOWING,
                0,
            )
    if q[j].on_page:
        for v in range(_page_visitors(p, net, w, j)):
            reader = w.visitors[v]
            tell(w, j, reader, first_notice_tick(p, net, w, j, reader), last, rules.PAGE, 0)


@compiled
def _sieve(net: Any, w: Any, key: Any, first: Any, last: Any, bound: Any) -> Any:
    """Keep in `w.sieved` which of a few followers have luck below a bound, without a branch; gives how many."""
    n = 0
    for k in range(first, last):
        luck = draws.unit(draws.fold(key, net.indices[k]))
        w.sieved[n].luck, w.sieved[n].customer = luck, net.indices[k]
        n += luck < bound
    return n


@compiled
def first_notice_tick(p: Any, net: Any, w: Any, j: Any, customer: Any) -> Any:
    """Give the tick in which a follower or page visitor would notice a post in its first wave, or -1."""
    return _notice_tick(
        p, net, w, j, customer, draws.chance(w.posts[j].key, draws.NOTICE, customer)
    )


@compiled
def _notice_tick(p: Any, net: Any, w: Any, j: Any, customer: Any, luck: Any) -> Any:
    q = w.posts
    mass = rules.notice_mass(p, q[j].multiplier, _relative_followees(net, customer))
    age = rules.notice_age(p, mass, luck)
    return -1 if age < 0.0 else q[j].tick + rules.ticks(p, age)


@compiled
def second_notice_tick(p: Any, net: Any, w: Any, j: Any, customer: Any) -> Any:
    """Give the tick in which the second wave, after a bump, would reach them, or -1."""
    q = w.posts
    mass = rules.notice_mass(p, q[j].multiplier, _relative_followees(net, customer))
    age = (q[j].bump_tick - q[j].tick) * p.time_tick
    wait = rules.second_notice_age(
        p, mass, age, q[j].bump, draws.chance(q[j].key, draws.SECOND_NOTICE, customer)
    )
    return -1 if wait < 0.0 else q[j].bump_tick + rules.ticks(p, wait)


@compiled
def _relative_followees(net: Any, customer: Any) -> Any:
    return net.relative_followees[customer] if net.relative_followees.size > 0 else 1.0


@compiled
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


@compiled
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


@compiled
def bump(p: Any, net: Any, w: Any, j: Any, bump: Any, t: Any) -> None:
    """Draw the second wave of looks that an answer brings to a thread."""
    q = w.posts
    if bump == 0.0 or not visibility.fades(p):
        return
    q[j].bump_tick, q[j].bump = t, bump
    author, last = q[j].author, min(w.n[HORIZON], q[j].end)
    for k in range(net.indptr[author], net.indptr[author + 1]):
        _tell_again(p, net, w, j, np.int64(net.indices[k]), last, rules.FOLLOWING)
    if q[j].on_page:
        for v in range(_page_visitors(p, net, w, j)):
            _tell_again(p, net, w, j, w.visitors[v], last, rules.PAGE)


@compiled
def _tell_again(p: Any, net: Any, w: Any, j: Any, reader: Any, last: Any, channel: Any) -> None:
    """Add a second-wave notice for a reader whom the first wave has not reached and would not reach sooner."""
    before, again = (
        first_notice_tick(p, net, w, j, reader),
        second_notice_tick(p, net, w, j, reader),
    )
    if rules.comes_sooner(again, before):
        tell(w, j, reader, again, last, channel, 1)


@compiled
def tell_brand_followers(p: Any, net: Any, run: Any, w: Any, j: Any, t: Any) -> None:
    """Show an answered thread to followers of the brand who were not among its readers."""
    if p.reply_brand_reach == 0.0:
        return
    q = w.posts
    if w.n[BRAND_FOLLOWERS] < 0:
        _find_brand_followers(p, run, w)
    last = min(w.n[HORIZON], q[j].end)
    n_visitors = _page_visitors(p, net, w, j) if q[j].on_page else 0
    for i in range(w.n[BRAND_FOLLOWERS]):
        viewer = np.int64(w.brand_followers[i])
        if not _is_reader_already(net, w, q[j].author, viewer, n_visitors):
            mass = rules.notice_mass(p, q[j].multiplier, _relative_followees(net, viewer))
            age = rules.notice_age(p, mass, draws.chance(q[j].key, draws.BRAND_NOTICE, viewer))
            if age >= 0.0:
                tell(w, j, viewer, t + rules.ticks(p, age), last, rules.BRAND_FOLLOWING, 1)


@compiled
def _find_brand_followers(p: Any, run: Any, w: Any) -> None:
    """Draw who follows the brand in this run: once, when first needed."""
    n = 0
    for customer in range(w.row_of.size):
        if rules.follows_brand(p, draws.chance(run, draws.BRAND_VIEWER, customer)):
            w.brand_followers[n] = customer
            n += 1
    w.n[BRAND_FOLLOWERS] = n
