"""How compiled code takes rows of the tables, and how the last run is forgotten.

Rows are taken one after another and never given back within a run. When a table is full the run
stops, the workspace is made larger, and the same replicate runs again: luck is keyed, so nothing
changes.
"""

from __future__ import annotations

from buzzsim.compiled import compiled
from buzzsim.model.tables import NOTICES, PEOPLE, STRETCH, Net, Workspace, workspace


def larger(w: Workspace) -> Workspace:
    """Make a workspace for a run that did not fit: four times what the run filled."""
    tables = (w.people, w.posts, w.notices, w.seen, w.events, w.cases, w.acts)
    rows = [max(table.size, 4 * int(used)) for table, used in zip(tables, w.used, strict=True)]
    net = Net(w.indptr, w.indices, w.relative_followees, w.traits)
    reach = w.brand_followers.size > 0
    made = workspace(
        net, w.complainants, int(w.setup.horizon), w.busy_until.size, w.visitors.size, reach, rows
    )
    return made._replace(setup=w.setup)


@compiled
def use(w: Workspace, table: int, size: int) -> int:
    """Take the next row of a table, or -1 (and say so in `state.full`) when there is none."""
    row = w.used[table]
    if row >= size:
        w.state.full = True
        return -1
    w.used[table] += 1
    return row


@compiled
def use_stretch(w: Workspace) -> int:
    """Take the next stretch of unread notices; gives its first row, or -1 when there is none."""
    first = w.used[NOTICES]
    if first + STRETCH > w.notices.size:
        w.state.full = True
        return -1
    w.used[NOTICES] += STRETCH
    for k in range(first, first + STRETCH):
        w.notices[k].row = -1
    return first


@compiled
def clear(w: Workspace) -> None:
    """Forget the last run, touching only what it used."""
    for row in range(w.used[PEOPLE]):
        w.row_of[w.people[row].customer] = -1
    last = w.state.tick if w.state.pending == 0 else w.setup.horizon  # pending: in a later tick
    for kind in range(w.bucket.shape[0]):
        w.bucket[kind, : last + 1] = -1
    w.used[:] = 0
    w.busy_until[:] = 0
    state = w.state
    state.tick, state.pending, state.waiting, state.asked, state.full = 0, 0, 0, 0, False
    state.brand_followers, state.arrivals, state.arrival, state.waited = -1, 0, -1, 0.0
    state.backlog, state.defences, state.early_anger, state.late_anger = 0.0, 0.0, 0.0, 0.0
