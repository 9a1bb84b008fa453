"""Writing a post: its identity and luck, its readers, its case, and what it makes of its author."""

from __future__ import annotations

from typing import Any

from buzzsim.compiled import compiled
from buzzsim.engine.calendar import file_case, schedule
from buzzsim.engine.people import anger_now
from buzzsim.engine.readers import draw_readers
from buzzsim.engine.workspace import use
from buzzsim.model import draws, rules
from buzzsim.model.tables import POSTS, STILL_THERE


@compiled
def new_post(
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
) -> Any:
    """Write a post, draw its readers, and open a case for it."""
    j = use(w, POSTS, w.posts.size)
    if j < 0:
        return j
    q, c = w.posts, w.people
    key = draws.post_key(run, c[row].customer, kind + 1, number)
    q[j].key, q[j].author, q[j].row, q[j].kind, q[j].number, q[j].tick, q[j].parent = (
        key,
        c[row].customer,
        row,
        kind,
        number,
        t,
        parent,
    )
    on_page = rules.page_probability(p, kind, parent < 0)
    q[j].on_page = on_page > 0.0 and draws.chance(key, draws.ON_PAGE, 0) < on_page
    q[j].multiplier = rules.prominence(p, kind)
    q[j].intensity = anger_now(p, w, row, t)
    q[j].thread, q[j].readers, q[j].joined, q[j].last_notice = 0.0, 0, 0, -1
    q[j].invited, q[j].answered, q[j].bump_tick, q[j].bump = False, -1, -1, 0.0
    life = rules.life(
        p, draws.chance(key, draws.WITHDRAWAL, 0) if p.attention_withdrawal_rate > 0.0 else 0.0
    )
    q[j].end = STILL_THERE if life < 0.0 else t + rules.ticks(p, life)
    if c[row].entry < 0:
        _enter(p, run, w, row, j, t)
    q[j].entry = c[row].entry
    draw_readers(p, net, w, j)
    if rules.is_critical(kind):
        _open_case(p, w, strategy, j, t)
    return j


@compiled
def _enter(p: Any, run: Any, w: Any, row: Any, j: Any, t: Any) -> None:
    """Make an author a critic from this post on."""
    c = w.people
    c[row].stage, c[row].entry, c[row].joined = rules.CRITIC, j, t
    if p.brand_resentment > 0.0:
        schedule(w, row, rules.WAITED_IN_VAIN, 0, j, t + rules.ticks(p, p.brand_patience))
    if rules.may_repeat(p):
        next_occasion(p, run, w, row)


@compiled
def next_occasion(p: Any, run: Any, w: Any, row: Any) -> None:
    """Put the author's next occasion to post again into the calendar."""
    c = w.people
    number = c[row].occasion
    c[row].occasion_age += rules.repeat_gap(
        p, draws.occasion(run, draws.REPEAT_GAP, c[row].customer, number)
    )
    c[row].occasion += 1
    if c[row].occasion_age <= p.time_horizon:
        schedule(
            w,
            row,
            rules.REPEAT,
            number,
            c[row].entry,
            c[row].joined + rules.ticks(p, c[row].occasion_age),
        )


@compiled
def _open_case(p: Any, w: Any, strategy: Any, j: Any, t: Any) -> None:
    """Let the brand find a critical post, after its lag, if its strategy has any use for it."""
    q = w.posts
    if rules.concerns(strategy, q[j].on_page) and rules.is_handled(
        p, draws.chance(q[j].key, draws.COVERAGE, 0)
    ):
        file_case(
            w, j, 0, 0, t + rules.lag_ticks(p, rules.lag(p, draws.normal(q[j].key, draws.LAG, 0)))
        )


@compiled
def is_older(w: Any, j: Any, other: Any) -> Any:
    """Whether a post is older than another (ties: smaller author number, then the one written first)."""
    q = w.posts
    if q[j].tick != q[other].tick:
        return q[j].tick < q[other].tick
    if q[j].author != q[other].author:
        return q[j].author < q[other].author
    return j < other
