"""From Python into compiled code: many replicates over threads, or one with its whole trajectory."""

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
from buzzsim.model.tables import (
    ACTS,
    ASKED,
    HORIZON,
    NOTICES,
    PEOPLE,
    POSTS,
    TICK,
    Record,
    Workspace,
    record_of,
)
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
        One column for each of `buzzsim.outcomes.OUTCOMES`.
    hourly : array of shape (n, hours)
        Critical posts by hour.
    """
    values = np.empty((n, outcomes.N_OUTCOMES))
    hourly = np.zeros((n, world.n_hours), np.int32)
    key, local = draws.key_of(entropy), threading.local()

    def chunk(first: int, last: int) -> None:
        done = first
        if not hasattr(local, "workspace"):
            local.workspace = world.workspace()
        while done < last:
            done += _batch(
                world,
                strategy,
                key,
                start + done,
                local.workspace,
                hourly[done:last],
                values[done:last],
            )
            if done < last:
                local.workspace = larger(local.workspace)
        if progress is not None:
            progress(last - first)

    workers = max(1, min(threads or os.cpu_count() or 1, n))
    alone = (
        1 if workers > 1 and not is_loaded(batch) else 0
    )  # one run that compiles, before the threads start
    size = max(
        1, min(_CHUNK, -(-n // (4 * workers)))
    )  # small enough that no thread waits long for the last one
    chunks = [(0, alone)] * alone + [
        (first, min(n, first + size)) for first in range(alone, n, size)
    ]
    if workers == 1:
        for first, last in chunks:
            chunk(first, last)
        return values, hourly
    for first, last in chunks[:alone]:
        chunk(first, last)
    with ThreadPoolExecutor(workers) as pool:
        try:
            list(pool.map(chunk, *zip(*chunks[alone:], strict=True)))
        except BaseException:  # Ctrl-C too: do not first run all that is waiting
            pool.shutdown(cancel_futures=True)
            raise
    return values, hourly


def trajectory(
    world: World, strategy: str, entropy: int, replicate: int, last: int | None = None
) -> tuple[Record, NDArray[np.float64], NDArray[np.int32]]:
    """Run one replicate, to the horizon or to an earlier tick, and keep everything."""
    w = world.workspace()
    if last is not None:
        w.n[HORIZON] = (
            last  # the workspace alone: rules go on seeing the whole horizon, so that the luck stays
        )
    values, hourly = np.empty((1, outcomes.N_OUTCOMES)), np.zeros((1, world.n_hours), np.int32)
    while _batch(world, strategy, draws.key_of(entropy), replicate, w, hourly, values) == 0:
        w = larger(w)
    return _record(w), values[0], hourly[0]


def _batch(
    world: World, strategy: str, key: int, first: int, w: Workspace, hourly: Any, values: Any
) -> int:
    """Run replicates in compiled code until all are done or one does not fit; gives how many were done."""
    if strategy in STRATEGIES:
        return _compiled(world, strategy, key, first, False, w, hourly, values)
    for row in range(len(values)):
        if (
            _deciding(
                world, strategy, key, first + row, w, hourly[row : row + 1], values[row : row + 1]
            )
            == 0
        ):
            return row
    return len(values)


def _deciding(
    world: World, name: str, key: int, replicate: int, w: Workspace, hourly: Any, values: Any
) -> int:
    """Run one replicate under a strategy of one's own, which is asked whenever a case has its turn."""
    own, tick, kinds = made(name), world.scenario.time.tick, rules.KINDS
    done = _compiled(world, name, key, replicate, False, w, hourly, values)
    while done == ASKING:
        asked, now = w.cases[w.n[ASKED]], int(w.n[TICK])
        post, tries = w.posts[asked["post"]], int(asked["tries"])
        case = Case(
            hour=round(now * tick, 9), waited=round((now - int(post["tick"])) * tick, 9), anger=float(post["intensity"]),
            followers=int(world.network.followers[post["author"]]), readers=int(post["readers"]), joined=int(post["joined"]),
            on_page=bool(post["on_page"]), kind=kinds[post["kind"]], tries=tries,
        )  # fmt: skip
        try:
            asked["choice"], asked["wait"] = decision(own, name, case, Draw(post["key"], tries))
        except StrategyError as error:
            raise StrategyError(f"{error} (replicate {replicate})") from error
        done = _compiled(world, name, key, replicate, True, w, hourly, values)
    return done


def _compiled(
    world: World,
    strategy: str,
    key: int,
    first: int,
    resumed: bool,
    w: Workspace,
    hourly: Any,
    values: Any,
) -> int:
    """Enter compiled code."""
    complaint = world.scenario.complaint
    return int(
        batch(
            world.p, world.net, world.named, complaint.complainants, complaint.choice == "followers", np.uint64(key),
            number_of(strategy), first, resumed, w, hourly, values,
        )
    )  # fmt: skip


def _record(w: Workspace) -> Record:
    """Copy a trajectory out of a workspace."""
    people, notices = w.people[: w.n[PEOPLE]], w.notices[: w.n[NOTICES]]
    notices = notices[notices["row"] >= 0]
    order = np.lexsort(
        (notices["post"], notices["customer"], notices["tick"])
    )  # np.sort takes five times as long for rows
    tables = {
        "customers": people[np.argsort(people["customer"])],
        "posts": w.posts[: w.n[POSTS]],
        "notices": notices[order],
        "acts": w.acts[: w.n[ACTS]],
    }
    return record_of(tables)
