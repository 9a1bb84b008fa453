"""Putting what will happen into the calendar: notices, what authors do, cases of the brand."""

from __future__ import annotations

from buzzsim.compiled import compiled
from buzzsim.engine.workspace import use, use_stretch
from buzzsim.model.tables import (
    CASE_HEAD,
    CASES,
    EVENT_HEAD,
    EVENTS,
    NOTICE_HEAD,
    NOTICE_TAIL,
    STRETCH,
    Workspace,
)


@compiled
def tell(w: Workspace, j: int, reader: int, tick: int, channel: int, wave: int) -> None:
    """Put a notice of a post into the calendar, unless the run or the post ends before."""
    if tick < 0 or tick > w.setup.horizon or tick > w.posts[j].end:
        return
    tail = w.bucket[NOTICE_TAIL, tick]
    k = tail + 1 if tail >= 0 and (tail + 1) % STRETCH != 0 else use_stretch(w)
    if k < 0:
        return
    notices = w.notices
    notices[k].customer, notices[k].post, notices[k].tick = reader, j, tick
    notices[k].channel, notices[k].wave, notices[k].next = channel, wave, -1
    notices[k].defended = False
    if tail < 0:
        w.bucket[NOTICE_HEAD, tick] = k
    else:
        notices[tail].next = k
    w.bucket[NOTICE_TAIL, tick] = k
    w.state.pending += 1


@compiled
def schedule(w: Workspace, row: int, kind: int, number: int, parent: int, tick: int) -> None:
    """Put what an author will do into the calendar."""
    if tick > w.setup.horizon:
        return
    k = use(w, EVENTS, w.events.size)
    if k < 0:
        return
    events = w.events
    events[k].row, events[k].kind, events[k].number, events[k].parent = row, kind, number, parent
    events[k].next = w.bucket[EVENT_HEAD, tick]
    w.bucket[EVENT_HEAD, tick] = k
    w.state.pending += 1


@compiled
def file_case(w: Workspace, j: int, talk_round: int, tries: int, tick: int) -> None:
    """Put a case into the calendar of the brand."""
    if tick > w.setup.horizon:
        return
    k = use(w, CASES, w.cases.size)
    if k < 0:
        return
    cases = w.cases
    cases[k].post, cases[k].talk_round, cases[k].next = j, talk_round, w.bucket[CASE_HEAD, tick]
    cases[k].tries, cases[k].choice, cases[k].due = tries, -1, tick
    w.bucket[CASE_HEAD, tick] = k
    w.state.pending += 1
