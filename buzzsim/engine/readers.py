"""Who will notice a post, and when: followers, visitors, followers of the brand, a second wave."""

from __future__ import annotations

from buzzsim.compiled import compiled
from buzzsim.engine.calendar import tell
from buzzsim.model import draws, rules, visibility
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import SIEVE, Workspace


@compiled
def draw_readers(p: Numbers, w: Workspace, j: int) -> None:
    """Draw when each follower, and each visitor of the brand's page, will notice a new post."""
    post = w.posts[j]
    bound = 1.0
    if w.relative_followees.size == 0:  # a cheap first sieve; the exact test is the tick below
        mass = rules.notice_mass(p, post.multiplier, 1.0)
        ticks = min(w.setup.horizon, int(post.end)) - post.tick
        bound = rules.noticed_by(p, mass, post.pace, (ticks + 0.001) * p.time_tick) + 1e-12
    end, key = w.indptr[post.author + 1], draws.fold(post.key, draws.NOTICE)
    for first in range(w.indptr[post.author], end, SIEVE):
        for i in range(_sieve(w, key, first, min(first + SIEVE, end), bound)):
            reader = int(w.sieved[i].customer)
            tell(w, j, reader, _notice_tick(p, w, j, reader, w.sieved[i].luck), rules.FOLLOWING, 0)
    if post.on_page:
        for v in range(_page_visitors(p, w, j)):
            reader = w.visitors[v]
            tell(w, j, reader, first_notice_tick(p, w, j, reader), rules.PAGE, 0)


@compiled
def _sieve(w: Workspace, key: draws.Word, first: int, last: int, bound: float) -> int:
    """Keep in `w.sieved` the followers whose luck is below a bound; gives how many."""
    n = 0
    for k in range(first, last):
        luck = draws.unit(draws.fold(key, w.indices[k]))
        w.sieved[n].luck, w.sieved[n].customer = luck, w.indices[k]
        n += luck < bound  # no branch: the processor could not guess it
    return n


@compiled
def first_notice_tick(p: Numbers, w: Workspace, j: int, customer: int) -> int:
    """Give the tick in which the first wave would reach a follower or page visitor, or -1."""
    luck = draws.chance(w.posts[j].key, draws.NOTICE, customer)
    return _notice_tick(p, w, j, customer, luck)


@compiled
def _notice_tick(p: Numbers, w: Workspace, j: int, customer: int, luck: float) -> int:
    mass = rules.notice_mass(p, w.posts[j].multiplier, _relative_followees(w, customer))
    age = rules.notice_age(p, mass, w.posts[j].pace, luck)
    return -1 if age < 0.0 else w.posts[j].tick + rules.ticks(p, age)


@compiled
def second_notice_tick(p: Numbers, w: Workspace, j: int, customer: int) -> int:
    """Give the tick in which the second wave, after a bump, would reach them, or -1."""
    post = w.posts[j]
    mass = rules.notice_mass(p, post.multiplier, _relative_followees(w, customer))
    age = (post.bump_tick - post.tick) * p.time_tick
    luck = draws.chance(post.key, draws.SECOND_NOTICE, customer)
    wait = rules.second_notice_age(p, mass, post.pace, age, post.bump, luck)
    return -1 if wait < 0.0 else post.bump_tick + rules.ticks(p, wait)


@compiled
def _relative_followees(w: Workspace, customer: int) -> float:
    return w.relative_followees[customer] if w.relative_followees.size > 0 else 1.0


@compiled
def _page_visitors(p: Numbers, w: Workspace, j: int) -> int:
    """Fill `w.visitors` with page visitors who do not follow the author; gives how many."""
    post, n = w.posts[j], 0
    for number in range(int(p.attention_page_visitors)):
        visitor = int(draws.pick(post.key, draws.VISITOR, number, w.row_of.size))
        if not _is_reader_already(w, post.author, visitor, n):
            w.visitors[n] = visitor
            n += 1
    return n


@compiled
def _is_reader_already(w: Workspace, author: int, customer: int, n_visitors: int) -> bool:
    """Whether somebody is the author, a follower of the author, or among the first visitors."""
    if customer == author:
        return True
    for v in range(n_visitors):
        if w.visitors[v] == customer:
            return True
    low, high = w.indptr[author], w.indptr[author + 1]
    while low < high:
        middle = (low + high) // 2
        if w.indices[middle] < customer:
            low = middle + 1
        else:
            high = middle
    return low < w.indptr[author + 1] and w.indices[low] == customer


@compiled
def bump(p: Numbers, w: Workspace, j: int, strength: float) -> None:
    """Draw the second wave of looks that an answer brings to a thread."""
    if strength == 0.0 or not visibility.fades(p):
        return
    post = w.posts[j]
    post.bump_tick, post.bump = w.state.tick, strength
    for k in range(w.indptr[post.author], w.indptr[post.author + 1]):
        _tell_again(p, w, j, int(w.indices[k]), rules.FOLLOWING)
    if post.on_page:
        for v in range(_page_visitors(p, w, j)):
            _tell_again(p, w, j, w.visitors[v], rules.PAGE)


@compiled
def _tell_again(p: Numbers, w: Workspace, j: int, reader: int, channel: int) -> None:
    """Add a second-wave notice for a reader whom the first wave would not reach sooner."""
    again = second_notice_tick(p, w, j, reader)
    if rules.comes_sooner(again, first_notice_tick(p, w, j, reader)):
        tell(w, j, reader, again, channel, 1)


@compiled
def tell_brand_followers(p: Numbers, w: Workspace, j: int) -> None:
    """Show an answered thread to followers of the brand who were not among its readers."""
    if p.reply_brand_reach == 0.0:
        return
    post = w.posts[j]
    if w.state.brand_followers < 0:
        _draw_brand_followers(p, w)
    n_visitors = _page_visitors(p, w, j) if post.on_page else 0
    for i in range(w.state.brand_followers):
        viewer = int(w.brand_followers[i])
        if not _is_reader_already(w, post.author, viewer, n_visitors):
            mass = rules.notice_mass(p, post.multiplier, _relative_followees(w, viewer))
            luck = draws.chance(post.key, draws.BRAND_NOTICE, viewer)
            age = rules.notice_age(p, mass, post.pace, luck)
            if age >= 0.0:
                tell(w, j, viewer, w.state.tick + rules.ticks(p, age), rules.BRAND_FOLLOWING, 1)


@compiled
def _draw_brand_followers(p: Numbers, w: Workspace) -> None:
    """Draw who follows the brand in this run: once, when first needed."""
    n = 0
    for customer in range(w.row_of.size):
        if rules.follows_brand(p, draws.chance(w.state.key, draws.BRAND_VIEWER, customer)):
            w.brand_followers[n] = customer
            n += 1
    w.state.brand_followers = n
