"""The trajectory of a Mesa model, in the tables that the compiled engine fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.agents.brand import Act
from buzzsim.agents.crowd import Customer, Post
from buzzsim.model.tables import ACT, NOTICE, PERSON, POST, RECORD


def trajectory(
    customers: Sequence[Customer], posts: Sequence[Post], acts: Sequence[Act], horizon: int
) -> dict[str, NDArray[Any]]:
    """Give a table for each of `tables.RECORD`; customers whom nothing touched are left out."""
    people = [_person(customer, horizon) for customer in customers if customer.touched]
    looks = [
        (tick, reader.number, post.place, channel)
        for post in posts
        for reader, (tick, channel) in post.readers.items()
    ]
    return {
        "customers": _table("customers", PERSON, people),
        "posts": _table("posts", POST, map(_post, posts)),
        "notices": _table("notices", NOTICE, sorted(looks)),
        "acts": _table("acts", ACT, ((a.tick, a.post.place, a.act, a.result) for a in acts)),
    }


def _person(c: Customer, horizon: int) -> tuple[Any, ...]:
    """Give a customer's row, in the columns of the record."""
    who = c.number, c.stage, c.character, c.sides
    mind = c.susceptibility, c.anger_at(horizon), c.attitude_at(horizon), c.attitude_start
    first = c.noticed, _place(c.first_post), c.first_channel
    recruited = c.joined, _place(c.recruited_by), c.recruited_channel
    return *who, *mind, *first, *recruited, _place(c.entry), len(c.critics_seen)


def _post(q: Post) -> tuple[Any, ...]:
    """Give a post's row, in the columns of the record."""
    name = q.author.number, q.kind, q.number
    origin = q.tick, _place(q.parent), _place(q.entry)
    state = q.on_page, q.intensity, q.thread, q.pace, q.end
    return *name, *origin, *state, len(q.readers), len(q.recruits), q.answered


def _table(name: str, dtype: np.dtype[Any], rows: Iterable[tuple[Any, ...]]) -> NDArray[Any]:
    """Fill the columns of a record's table; the engine's other columns stay empty."""
    listed = list(rows)
    table = np.zeros(len(listed), dtype)
    if listed:
        for column, values in zip(RECORD[name], zip(*listed, strict=True), strict=True):
            table[column] = values
    return table


def _place(post: Post | None) -> int:
    return -1 if post is None else post.place
