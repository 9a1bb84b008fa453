"""Putting what will happen into the calendar: notices, what authors do, cases of the brand."""

from __future__ import annotations

from typing import Any

from buzzsim.compiled import compiled
from buzzsim.engine.workspace import use, use_stretch
from buzzsim.model.tables import (
    CASE_HEAD,
    CASES,
    EVENT_HEAD,
    EVENTS,
    HORIZON,
    NOTICE_HEAD,
    NOTICE_TAIL,
    PENDING,
    STRETCH,
)


@compiled
def tell(w: Any, j: Any, reader: Any, tick: Any, last: Any, channel: Any, wave: Any) -> None:
    """Put a notice into the calendar unless it comes too late."""
    if tick < 0 or tick > last:
        return
    tail = w.bucket[NOTICE_TAIL, tick]
    k = tail + 1 if tail >= 0 and (tail + 1) % STRETCH != 0 else use_stretch(w)
    if k < 0:
        return
    m = w.notices
    m[k].customer, m[k].post, m[k].tick, m[k].channel, m[k].wave, m[k].next = (
        reader,
        j,
        tick,
        channel,
        wave,
        -1,
    )
    m[k].defended = False
    if tail < 0:
        w.bucket[NOTICE_HEAD, tick] = k
    else:
        m[tail].next = k
    w.bucket[NOTICE_TAIL, tick] = k
    w.n[PENDING] += 1


@compiled
def schedule(w: Any, row: Any, kind: Any, number: Any, parent: Any, tick: Any) -> None:
    """Put what an author will do into the calendar."""
    if tick > w.n[HORIZON]:
        return
    k = use(w, EVENTS, w.events.size)
    if k < 0:
        return
    e = w.events
    e[k].row, e[k].kind, e[k].number, e[k].parent, e[k].next = (
        row,
        kind,
        number,
        parent,
        w.bucket[EVENT_HEAD, tick],
    )
    w.bucket[EVENT_HEAD, tick] = k
    w.n[PENDING] += 1


@compiled
def file_case(w: Any, j: Any, talk_round: Any, tries: Any, tick: Any) -> None:
    """Put a case into the calendar of the brand."""
    if tick > w.n[HORIZON]:
        return
    k = use(w, CASES, w.cases.size)
    if k < 0:
        return
    w.cases[k].post, w.cases[k].talk_round, w.cases[k].next = (
        j,
        talk_round,
        w.bucket[CASE_HEAD, tick],
    )
    w.cases[k].tries, w.cases[k].choice, w.cases[k].due = tries, -1, tick
    w.bucket[CASE_HEAD, tick] = k
    w.n[PENDING] += 1
