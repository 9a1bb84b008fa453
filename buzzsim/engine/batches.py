"""From Python into compiled code: many replicates over threads, or one trajectory."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import is_loaded
from buzzsim.engine.replicates import ASKING, batch
from buzzsim.engine.workspace import larger
from buzzsim.errors import StrategyError
from buzzsim.model import draws, outcomes, rules
from buzzsim.model.strategy import STRATEGIES, Case, Draw, decision, made, number_of
from buzzsim.model.tables import ACTS, NOTICES, PEOPLE, POSTS, Record, Workspace, record_of
from buzzsim.network.world import World

_CHUNK = 64  # replicates between two looks at the progress bar


def replicates(
    world: World,
    strategy: str,
    entropy: int,
    n: int,
    *,
    start: int = 0,
    threads: int | None = None,
    progress: Callable[[int], Any] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    """Run many replicates of one scenario under one strategy.

    Parameters
    ----------
    world : World
        The scenario on its network.
    strategy : str
        What the brand does.
    entropy : int
        Where the luck comes from; replicate r has the same luck under every strategy.
    n : int
        Number of replicates.
    start : int
        The first of them.
    threads : int, optional
        How many at once; by default one for each core. No result depends on it.
    progress : callable, optional
        Told how many more are done, from time to time.

    Returns
    -------
    values : array of shape (n, outcomes)
        One column for each of `buzzsim.model.outcomes.OUTCOMES`.
    hourly : array of shape (n, hours)
        Critical posts by hour.
    """
    values = np.empty((n, outcomes.N_OUTCOMES))
    hourly = np.zeros((n, world.n_hours), np.int32)
    local = threading.local()

    def chunk(first: int, last: int) -> None:
        done = first
        if not hasattr(local, "workspace"):
            local.workspace = _workspace(world, strategy, entropy)
        while done < last:
            rows = slice(done, last)
            done += _batch(
                world, strategy, local.workspace, start + done, hourly[rows], values[rows]
            )
            if done < last:
                local.workspace = larger(local.workspace)
        if progress is not None:
            progress(last - first)

    workers = max(1, min(threads or os.cpu_count() or 1, n))
    size = max(1, min(_CHUNK, -(-n // (4 * workers))))  # so that no thread waits long for the last
    first = 0
    if workers > 1 and not is_loaded(batch):  # one run compiles before the threads start
        chunk(0, 1)
        first = 1
    starts = range(first, n, size)
    ends = [min(n, start + size) for start in starts]
    if workers == 1:
        for first, last in zip(starts, ends, strict=True):
            chunk(first, last)
        return values, hourly
    with ThreadPoolExecutor(workers) as pool:
        try:
            list(pool.map(chunk, starts, ends))
        except BaseException:  # Ctrl-C too: do not first run all that is waiting
            pool.shutdown(cancel_futures=True)
            raise
    return values, hourly


def trajectory(
    world: World, strategy: str, entropy: int, replicate: int, last: int | None = None
) -> tuple[Record, NDArray[np.float64], NDArray[np.int32]]:
    """Run one replicate, to the horizon or to an earlier tick, and keep everything."""
    w = _workspace(world, strategy, entropy)
    if last is not None:
        w.setup.horizon = last  # rules go on seeing the whole horizon, so that the luck stays
    values, hourly = np.empty((1, outcomes.N_OUTCOMES)), np.zeros((1, world.n_hours), np.int32)
    while _batch(world, strategy, w, replicate, hourly, values) == 0:
        w = larger(w)
    return _record(w), values[0], hourly[0]


def _workspace(world: World, strategy: str, entropy: int) -> Workspace:
    w = world.workspace()
    w.setup.key, w.setup.strategy = draws.key_of(entropy), number_of(strategy)
    return w


def _batch(
    world: World,
    strategy: str,
    w: Workspace,
    first: int,
    hourly: NDArray[np.int32],
    values: NDArray[np.float64],
) -> int:
    """Run replicates until one does not fit the workspace; gives how many were done."""
    if strategy in STRATEGIES:
        return batch(world.p, w, first, False, hourly, outcomes.rows(values))
    for row in range(len(values)):
        own = made(strategy)
        one = hourly[row : row + 1], outcomes.rows(values[row : row + 1])
        done = batch(world.p, w, first + row, False, *one)
        while done == ASKING:
            _decide(world, own, strategy, w, first + row)
            done = batch(world.p, w, first + row, True, *one)
        if done == 0:
            return row
    return len(values)


def _decide(world: World, own: Any, name: str, w: Workspace, replicate: int) -> None:
    """Ask a strategy of one's own about the case that has its turn."""
    asked, now, tick = w.cases[w.state.asked], int(w.state.tick), world.scenario.time.tick
    post, tries = w.posts[asked["post"]], int(asked["tries"])
    case = Case(
        hour=round(now * tick, 9),
        waited=round((now - int(post["tick"])) * tick, 9),
        anger=float(post["intensity"]),
        followers=int(world.network.followers[post["author"]]),
        readers=int(post["readers"]),
        joined=int(post["joined"]),
        on_page=bool(post["on_page"]),
        kind=rules.KINDS[post["kind"]],
        tries=tries,
    )
    try:
        asked["choice"], asked["wait"] = decision(own, name, case, Draw(post["key"], tries))
    except StrategyError as error:
        raise StrategyError(f"{error} (replicate {replicate})") from error


def _record(w: Workspace) -> Record:
    """Copy a trajectory out of a workspace."""
    people, notices = w.people[: w.used[PEOPLE]], w.notices[: w.used[NOTICES]]
    notices = notices[notices["row"] >= 0]
    by = notices["post"], notices["customer"], notices["tick"]
    order = np.lexsort(by)  # np.sort takes five times as long for rows
    tables = {
        "customers": people[np.argsort(people["customer"])],
        "posts": w.posts[: w.used[POSTS]],
        "notices": notices[order],
        "acts": w.acts[: w.used[ACTS]],
    }
    return record_of(tables)
