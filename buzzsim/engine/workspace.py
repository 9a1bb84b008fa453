"""How compiled code takes rows of the tables, and how the last run is forgotten.

Rows are taken one after another and never given back within a run. When a table is full the run
stops, the workspace is made larger, and the same replicate runs again: luck is keyed, so nothing
changes.
"""

from __future__ import annotations

from buzzsim.compiled import compiled
from buzzsim.model.tables import (
    BRAND_FOLLOWERS,
    FULL,
    HORIZON,
    NOTICES,
    PENDING,
    PEOPLE,
    STRETCH,
    TICK,
    Net,
    Workspace,
    workspace,
)


def larger(w: Workspace) -> Workspace:
    """Make a workspace for a run that did not fit: four times what the run filled."""
    tables = (w.people, w.posts, w.notices, w.seen, w.events, w.cases, w.acts)
    rows = [max(table.size, 4 * int(used)) for table, used in zip(tables, w.n, strict=False)]
    net = Net(w.indptr, w.indices, w.relative_followees, w.traits)
    reach = w.brand_followers.size > 0
    made = workspace(
        net, w.complainants, int(w.n[HORIZON]), w.busy_until.size, w.visitors.size, reach, rows
    )
    made.n[HORIZON:], made.key[:] = w.n[HORIZON:], w.key
    return made


@compiled
def use(w: Workspace, table: int, size: int) -> int:
    """Take the next row of a table, or -1 (and say so in `FULL`) when there is none."""
    row = w.n[table]
    if row >= size:
        w.n[FULL] = 1
        return -1
    w.n[table] += 1
    return row


@compiled
def use_stretch(w: Workspace) -> int:
    """Take the next stretch of unread notices; gives its first row, or -1 when there is none."""
    first = w.n[NOTICES]
    if first + STRETCH > w.notices.size:
        w.n[FULL] = 1
        return -1
    w.n[NOTICES] += STRETCH
    for k in range(first, first + STRETCH):
        w.notices[k].row = -1
    return first


@compiled
def clear(w: Workspace) -> None:
    """Forget the last run, touching only what it used."""
    for row in range(w.n[PEOPLE]):
        w.row_of[w.people[row].customer] = -1
    used = (
        w.n[TICK] if w.n[PENDING] == 0 else w.n[HORIZON]
    )  # what is pending stands in a later tick
    for kind in range(w.bucket.shape[0]):
        w.bucket[kind, : used + 1] = -1
    w.n[:HORIZON] = 0
    w.n[BRAND_FOLLOWERS] = -1
    w.tally[:] = 0.0
    w.busy_until[:] = 0
