"""What a run keeps: tables of customers, posts, notices and cases, and the network it walks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import LINE, bundle, compiled, records

STILL_THERE = 2**30  # last tick of a post that nobody removed

# Where `Workspace.used` counts the rows of which table.
PEOPLE, POSTS, NOTICES, SEEN, EVENTS, CASES, ACTS = range(7)
# Rows of `Workspace.bucket`: the first and last notice of a tick, its first event, its first case.
NOTICE_HEAD, NOTICE_TAIL, EVENT_HEAD, CASE_HEAD = range(4)
# How complainants are drawn (`Workspace.setup.drawn`): not, from all customers, by followers.
GIVEN, FROM_ALL, BY_FOLLOWERS = 0, 1, 2
# Rows of `Net.traits`.
TRAITS = ("susceptibility", "anger", "attitude", "vindictive", "advocate", "troll")
SUSCEPTIBILITY, ANGER, ATTITUDE, VINDICTIVE, ADVOCATE, TROLL = range(6)

# As narrow as they can be: fetching rows takes most of the time. What is read together stands
# together.
_REAL, _WHOLE, _CODE, _CLAIM = np.float64, np.int32, np.int8, np.bool_


def _in_lines(fields: list[tuple[str, Any]]) -> np.dtype[Any]:
    """Give the type of a row that fills whole lines of the processor's cache."""
    plain = np.dtype(fields, align=True)
    places: Any = plain.fields
    names = list(places)
    formats, offsets = [places[name][0] for name in names], [places[name][1] for name in names]
    itemsize = -(-plain.itemsize // LINE) * LINE
    return np.dtype(
        {"names": names, "formats": formats, "offsets": offsets, "itemsize": itemsize}, align=True
    )


PERSON = _in_lines(
    [
        ("anger", _REAL),
        ("attitude", _REAL),  # at the tick `read_tick`, if they read anything
        ("susceptibility", _REAL),
        ("intensities", _REAL),  # of what is read in `read_tick`; so are the four after it
        ("read_tick", _WHOLE),
        ("best", _WHOLE),
        ("complaints", _WHOLE),
        ("thanks", _WHOLE),
        ("invitations", _WHOLE),
        ("since", _WHOLE),  # tick to which `anger` belongs
        ("noticed", _WHOLE),  # tick of the first critical notice, or -1
        ("stage", _CODE),
        ("character", _CODE),
        ("critics_seen", _CODE),  # distinct ones, counted up to the cap
        ("first_channel", _CODE),
        ("first_post", _WHOLE),  # critical post noticed first, or -1
        ("last_seen", _WHOLE),  # chain of the critics seen, in `Workspace.seen`
        ("customer", _WHOLE),
        ("joined", _WHOLE),  # tick of becoming a critic, or -1
        ("entry", _WHOLE),  # their own first critical post, or -1
        ("recruited_by", _WHOLE),  # post that recruited them, or -1
        ("recruited_channel", _CODE),
        ("protested", _CLAIM),
        ("talking", _CLAIM),  # in a private dialogue
        ("sides", _CLAIM),  # with the complaint
        ("attitude_start", _REAL),
        ("occasion_age", _REAL),  # age (hours) and number of the next occasion to post again
        ("occasion", _WHOLE),
        ("reposts", _WHOLE),
        ("failures", _WHOLE),
    ],
)
POST = _in_lines(
    [
        ("intensity", _REAL),
        ("thread", _REAL),
        ("key", np.uint64),
        ("author", _WHOLE),
        ("tick", _WHOLE),
        ("end", _WHOLE),  # last tick in which it could be read
        ("bump_tick", _WHOLE),
        ("readers", _WHOLE),
        ("last_notice", _WHOLE),  # chain of its readers in `Workspace.notices`
        ("joined", _WHOLE),
        ("row", _WHOLE),  # the author's row among the people
        ("kind", _CODE),
        ("on_page", _CLAIM),
        ("invited", _CLAIM),  # carries a visible invitation to talk in private
        ("number", _WHOLE),  # within author and kind
        ("multiplier", _REAL),
        ("pace", _REAL),  # how many times slower than the median its cascade is seen
        ("bump", _REAL),
        ("parent", _WHOLE),
        ("entry", _WHOLE),  # the post with which its author became a critic
        ("answered", _WHOLE),  # tick of the brand's first act on it, or -1
    ],
)
NOTICE = np.dtype(
    [
        ("customer", _WHOLE),
        ("post", _WHOLE),
        ("next", _WHOLE),  # of the same tick
        ("previous", _WHOLE),  # of the same post, once read
        ("tick", _WHOLE),
        ("row", _WHOLE),  # the reader's row among the people, or -1 while unread
        ("channel", _CODE),
        ("wave", _CODE),
        ("defended", _CLAIM),
    ],
    align=True,
)
_FEW, _DIGIT_BITS = 32, 8  # how `ascending` sorts
_DIGITS = 1 << _DIGIT_BITS
STRETCH = 16  # notices of one tick that stand together
SIEVE = 64  # followers sieved at once
CANDIDATE = np.dtype([("luck", _REAL), ("customer", _WHOLE)], align=True)
SIGHT = np.dtype([("author", _WHOLE), ("previous", _WHOLE)])
EVENT = np.dtype(
    [("row", _WHOLE), ("kind", _WHOLE), ("number", _WHOLE), ("parent", _WHOLE), ("next", _WHOLE)]
)
CASE = np.dtype(
    [
        ("post", _WHOLE),
        ("talk_round", _WHOLE),
        ("rank", _REAL),
        ("due", _WHOLE),  # tick in which it came up
        ("next", _WHOLE),
        ("tries", _WHOLE),  # how often a strategy of one's own put it off
        ("choice", _CODE),  # what such a strategy wants, or -1
        ("wait", _REAL),  # hours, where it wants to wait
    ],
    align=True,
)
ACT = np.dtype([("tick", _WHOLE), ("post", _WHOLE), ("act", _WHOLE), ("result", _WHOLE)])
SETUP = np.dtype(
    [
        ("horizon", np.int64),  # last tick
        ("strategy", np.int64),
        ("drawn", np.int64),
        ("key", np.uint64),  # of the luck of all replicates
    ]
)
"""What stays the same from run to run."""
STATE = np.dtype(
    [
        ("key", np.uint64),  # of the luck of this replicate
        ("tick", np.int64),
        ("pending", np.int64),  # notices, events and cases in the calendar
        ("waiting", np.int64),  # cases in the brand's queue
        ("asked", np.int64),  # case on which a strategy of one's own must decide
        ("brand_followers", np.int64),  # -1 until somebody asked
        ("sides", _REAL),  # share of readers who side with the complaint
        ("arrivals", np.int64),  # customers who complained later by themselves, or were asked to
        ("arrival", np.int64),  # tick of the next of them, or -1
        ("waited", _REAL),  # sum of the gaps between them
        ("full", np.bool_),  # whether a table had no row left
        ("backlog", _REAL),  # this and the rest: what `outcomes.measure` cannot see in the tables
        ("defences", _REAL),
        ("early_anger", _REAL),
        ("late_anger", _REAL),
    ],
    align=True,
)
"""Where a run stands."""


class Net(NamedTuple):
    """A network as a run walks it."""

    indptr: NDArray[Any]
    """Where the followers of each customer begin in `indices`."""
    indices: NDArray[Any]
    relative_followees: NDArray[Any]
    """Followees over their mean; empty without attention dilution."""
    traits: NDArray[Any]
    """A row for each of `TRAITS`, NaN where unknown; empty where the network brought none."""


@bundle
class Workspace(NamedTuple):
    """All that one thread needs to run replicates: the network, the keys of luck, the tables."""

    indptr: NDArray[Any]
    indices: NDArray[Any]
    relative_followees: NDArray[Any]
    traits: NDArray[Any]
    complainants: NDArray[Any]
    setup: Any
    state: Any
    used: NDArray[Any]
    """Rows in use, of each table from `PEOPLE` to `ACTS`."""
    row_of: NDArray[Any]
    """The row of a customer in `people`, or -1."""
    people: NDArray[Any]
    posts: NDArray[Any]
    notices: NDArray[Any]
    seen: NDArray[Any]
    events: NDArray[Any]
    cases: NDArray[Any]
    acts: NDArray[Any]
    bucket: NDArray[Any]
    sieved: NDArray[Any]
    due: NDArray[Any]
    readers: NDArray[Any]
    newcomers: NDArray[Any]
    newcomer_rows: NDArray[Any]
    waiting: NDArray[Any]
    busy_until: NDArray[Any]
    visitors: NDArray[Any]
    brand_followers: NDArray[Any]


# Rows of each table to begin with, from `PEOPLE` to `ACTS`: room for a few hundred posts.
FEW_ROWS = (8_192, 256, 16_384, 16_384, 4_096, 1_024, 1_024)


def workspace(
    net: Net,
    complainants: NDArray[np.int64],
    horizon_ticks: int,
    n_staff: int,
    n_visitors: int,
    brand_reach: bool,
    rows: Sequence[int] = FEW_ROWS,
) -> Workspace:
    """Make a workspace whose tables, from `PEOPLE` to `ACTS`, have so many rows."""
    n_customers = net.indptr.size - 1
    people, posts, notices, seen, events, cases, acts = rows
    people = min(n_customers, people)
    w = Workspace(
        *net,
        complainants=complainants.copy(),
        setup=np.zeros(1, SETUP).view(np.recarray)[0],
        state=np.zeros(1, STATE).view(np.recarray)[0],
        used=np.zeros(len(rows), np.int64),
        row_of=np.full(n_customers, -1, np.int32),
        people=_rows(people, PERSON),
        posts=_rows(posts, POST),
        notices=_rows(notices, NOTICE),
        seen=_rows(seen, SIGHT),
        events=_rows(events, EVENT),
        cases=_rows(cases, CASE),
        acts=_rows(acts, ACT),
        bucket=np.full((4, horizon_ticks + 1), -1, np.int64),
        sieved=_rows(SIEVE, CANDIDATE),
        due=np.zeros(notices, np.int32),
        readers=np.zeros(people, np.int64),
        newcomers=np.zeros(people, np.int64),
        newcomer_rows=np.zeros(people, np.int64),
        waiting=np.zeros(cases, np.int64),
        busy_until=np.zeros(n_staff),
        visitors=np.zeros(max(1, n_visitors), np.int64),
        brand_followers=np.zeros(n_customers if brand_reach else 0, np.int32),
    )
    w.setup.horizon = horizon_ticks
    return w


def _rows(n: int, dtype: np.dtype[Any]) -> Any:
    """Make an empty table that begins where a line of the processor's cache does."""
    raw = np.zeros(n * dtype.itemsize + LINE, np.uint8)
    start = -raw.ctypes.data % LINE
    return records(raw[start : start + n * dtype.itemsize].view(dtype))


RECORD: dict[str, tuple[str, ...]] = {
    "customers": (
        "customer", "stage", "character", "sides", "susceptibility", "anger", "attitude",
        "attitude_start", "noticed", "first_post", "first_channel", "joined", "recruited_by",
        "recruited_channel", "entry", "critics_seen",
    ),
    "posts": (
        "author", "kind", "number", "tick", "parent", "entry", "on_page", "intensity", "thread",
        "pace", "end", "readers", "joined", "answered",
    ),
    "notices": ("tick", "customer", "post", "channel"),
    "acts": ("tick", "post", "act", "result"),
}  # fmt: skip
"""The trajectory of a run: tables of columns, the same from both engines."""

Record = dict[str, dict[str, NDArray[Any]]]


def record_of(tables: Mapping[str, NDArray[Any]]) -> Record:
    """Take the columns of a record out of an engine's tables."""
    return {
        table: {column: tables[table][column].copy() for column in columns}
        for table, columns in RECORD.items()
    }


@compiled
def zeros(n: int) -> NDArray[np.int64]:
    """Give so many zeros, in one place: numba compiles each np.zeros anew."""
    return np.zeros(n, np.int64)


@compiled
def ascending(numbers: Any) -> Any:
    """Give the order in which whole numbers from 0 on increase, equal ones as they stand.

    np.argsort does the same but takes a second to compile.
    """
    n = numbers.size
    order = zeros(n)
    if n <= _FEW:
        for i in range(n):
            k = i
            while k > 0 and numbers[order[k - 1]] > numbers[i]:
                order[k] = order[k - 1]
                k -= 1
            order[k] = i
        return order
    largest = 0
    for i in range(n):
        order[i] = i
        largest = max(largest, numbers[i])
    other, start = zeros(n), zeros(_DIGITS + 1)
    shift = 0
    while largest >> shift > 0:  # digit by digit, the lowest first
        start[:] = 0
        for i in range(n):
            start[((numbers[i] >> shift) & (_DIGITS - 1)) + 1] += 1
        for digit in range(_DIGITS):
            start[digit + 1] += start[digit]
        for i in order:
            digit = (numbers[i] >> shift) & (_DIGITS - 1)
            other[start[digit]] = i
            start[digit] += 1
        order, other = other, order
        shift += _DIGIT_BITS
    return order
