"""Writing a post: its identity and luck, its readers, its case, and what it makes of its author."""

from __future__ import annotations

from buzzsim.compiled import compiled
from buzzsim.engine.calendar import file_case, schedule
from buzzsim.engine.people import anger_now
from buzzsim.engine.readers import draw_readers
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.parameters import Numbers
from buzzsim.model.tables import POSTS, STILL_THERE, Workspace


@compiled
def new_post(p: Numbers, w: Workspace, row: int, kind: int, number: int, parent: int) -> None:
    """Write a post, draw its readers, and open a case for it."""
    j = use(w, POSTS, w.posts.size)
    if j < 0:
        return
    post, author, t = w.posts[j], w.people[row].customer, w.state.tick
    key = draws.post_key(w.state.key, author, kind + 1, number)
    post.key, post.author, post.row, post.kind, post.number = key, author, row, kind, number
    post.tick, post.parent = t, parent
    page = rules.page_probability(p, kind, parent < 0)
    post.on_page = page > 0.0 and draws.chance(key, draws.ON_PAGE, 0) < page
    post.multiplier = rules.prominence(p, kind)
    post.pace = w.posts[parent].pace if parent >= 0 else _pace(p, key)
    post.intensity = anger_now(p, w, row, t)
    post.thread, post.readers, post.joined, post.last_notice = 0.0, 0, 0, -1
    post.invited, post.answered, post.bump_tick, post.bump = False, -1, -1, 0.0
    is_withdrawn = p.attention_withdrawal_rate > 0.0
    life = rules.life(p, draws.chance(key, draws.WITHDRAWAL, 0) if is_withdrawn else 0.0)
    post.end = STILL_THERE if life < 0.0 else t + rules.ticks(p, life)
    if w.people[row].entry < 0:
        _enter(p, w, row, j)
    post.entry = w.people[row].entry
    draw_readers(p, w, j)
    if rules.is_critical(kind):
        _open_case(p, w, j)


@compiled
def _pace(p: Numbers, key: draws.Word) -> float:
    """Draw the pace of a complaint, where complaints differ."""
    return rules.pace(p, draws.normal(key, draws.PACE, 0) if p.attention_pace_sigma > 0.0 else 0.0)


@compiled
def _enter(p: Numbers, w: Workspace, row: int, j: int) -> None:
    """Make an author a critic from this post on."""
    person, t = w.people[row], w.state.tick
    person.stage, person.entry, person.joined = rules.CRITIC, j, t
    if p.brand_resentment > 0.0:
        schedule(w, row, rules.WAITED_IN_VAIN, 0, j, t + rules.ticks(p, p.brand_patience))
    if rules.may_repeat(p):
        next_occasion(p, w, row)


@compiled
def next_occasion(p: Numbers, w: Workspace, row: int) -> None:
    """Put the author's next occasion to post again into the calendar."""
    person = w.people[row]
    number = person.occasion
    luck = draws.occasion(w.state.key, draws.REPEAT_GAP, person.customer, number)
    person.occasion_age += rules.repeat_gap(p, luck)
    person.occasion += 1
    if person.occasion_age <= p.time_horizon:
        tick = person.joined + rules.ticks(p, person.occasion_age)
        schedule(w, row, rules.REPEAT, number, person.entry, tick)


@compiled
def _open_case(p: Numbers, w: Workspace, j: int) -> None:
    """Let the brand see a critical post, after its lag, if its strategy handles such posts."""
    post = w.posts[j]
    if rules.concerns(w.setup.strategy, post.on_page):
        if rules.is_handled(p, draws.chance(post.key, draws.COVERAGE, 0)):
            lag = rules.lag_ticks(p, rules.lag(p, draws.normal(post.key, draws.LAG, 0)))
            file_case(w, j, 0, 0, w.state.tick + lag)


@compiled
def is_older(w: Workspace, j: int, other: int) -> bool:
    """Whether a post is older than another (ties: smaller author number, then written first)."""
    posts = w.posts
    if posts[j].tick != posts[other].tick:
        return posts[j].tick < posts[other].tick
    if posts[j].author != posts[other].author:
        return posts[j].author < posts[other].author
    return j < other
