"""The trajectory and the outcomes of a Mesa model, in the tables that the compiled engine fills."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.model import outcomes
from buzzsim.model.tables import (
    ACT,
    ACTS,
    BACKLOG,
    DEFENCES,
    EARLY_ANGER,
    LATE_ANGER,
    NOTICE,
    PEOPLE,
    PERSON,
    POST,
    POSTS,
    RECORD,
)

if TYPE_CHECKING:
    from buzzsim.agents.model import BuzzModel
    from buzzsim.agents.post import Post


def trajectory(model: BuzzModel) -> dict[str, NDArray[Any]]:
    """Give a table for each of `result.RECORD`."""
    customers = [
        (
            c.number, c.stage, c.character, c.susceptibility, c.anger_at(model.horizon), c.attitude, c.attitude_start, c.noticed,
            _place(c.first_post), c.first_channel, c.joined, _place(c.recruited_by), c.recruited_channel, _place(c.entry), len(c.critics_seen),
        )
        for c in model.customers
        if c.touched
    ]  # fmt: skip
    posts = [
        (
            q.author.number, q.kind, q.number, q.tick, _place(q.parent), _place(q.entry), q.on_page, q.intensity, q.thread, q.end,
            len(q.readers), len(q.recruits), q.answered,
        )
        for q in model.posts
    ]  # fmt: skip
    acts = [(a.tick, a.post.place, a.act, a.result) for a in model.brand.acts]
    return {
        "customers": _table("customers", PERSON, customers),
        "posts": _table("posts", POST, posts),
        "notices": _table("notices", NOTICE, sorted(model.looks)),
        "acts": _table("acts", ACT, acts),
    }


def measured(
    model: BuzzModel, tables: dict[str, NDArray[Any]]
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Give the outcomes of a finished model, and its critical posts by hour, measured as the engine's are."""
    w = model.world.workspace()._replace(
        people=tables["customers"], posts=tables["posts"], acts=tables["acts"]
    )
    w.n[PEOPLE], w.n[POSTS], w.n[ACTS] = w.people.size, w.posts.size, w.acts.size
    w.row_of[w.people["customer"]] = np.arange(w.people.size)
    w.tally[BACKLOG], w.tally[DEFENCES] = model.brand.backlog, model.defences
    w.tally[EARLY_ANGER], w.tally[LATE_ANGER] = model.early_anger, model.late_anger
    values, hourly = np.empty(outcomes.N_OUTCOMES), np.zeros(model.world.n_hours, np.int32)
    outcomes.measure(model.p, w, hourly, values)
    return values, hourly


def _table(name: str, dtype: np.dtype[Any], rows: Sequence[Iterable[Any]]) -> NDArray[Any]:
    """Fill the columns of a record's table; the engine's other columns stay empty."""
    table = np.zeros(len(rows), dtype)
    if rows:
        for column, values in zip(RECORD[name], zip(*rows, strict=True), strict=True):
            table[column] = values
    return table


def _place(post: Post | None) -> int:
    return -1 if post is None else post.place
