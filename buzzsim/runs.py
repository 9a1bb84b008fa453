"""Run a scenario: once with its whole trajectory, or in batches of replicates for their outcomes."""

from __future__ import annotations

import math
import os
import platform
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache, partial
from importlib import metadata
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim import draws, engine, outcomes, rules
from buzzsim.compiled import is_loaded
from buzzsim.errors import ScenarioError, StrategyError, sentence, unknown
from buzzsim.parameters import PRESETS, all_parameters
from buzzsim.pictures import Scene
from buzzsim.result import Record, Result, record_of
from buzzsim.scenario import Scenario, scenarios
from buzzsim.strategy import STRATEGIES, Case, Draw, checked_strategy, decision, lines_of_all, made, number_of, refuse_changed
from buzzsim.workspace import ACTS, ASKED, HORIZON, NOTICES, PEOPLE, POSTS, TICK, Workspace, larger
from buzzsim.world import World

ENGINES = ("compiled", "mesa")
_CHUNK = 64  # replicates between two looks at the progress bar


def run(
    scenario: Scenario | str | os.PathLike[str] = "default",
    *,
    strategy: str = "ignore",
    network: Any = None,
    complainants: Iterable[Any] | None = None,
    rng: Any = None,
    replicate: int = 0,
    engine: str = "compiled",
) -> Result:
    """Run a scenario once under one strategy, keeping the whole trajectory.

    Parameters
    ----------
    scenario : Scenario, str or path
        What is asked for, or its name or file.
    strategy : str
        ``ignore``, ``censor``, ``public_reply`` or ``private_dialogue``.
    network : networkx graph, path, (indptr, indices), Network or None
        Whose posts reach whom; None: the scenario's own.
    complainants : iterable, optional
        Names of the customers who complain; else the scenario says.
    rng : None, int, SeedSequence or Generator
        Where the luck comes from (Scientific Python SPEC 7).
    replicate : int
        Which replicate of that luck, from 0: the same numbers as in `compare`.
    engine : {"compiled", "mesa"}
        Both give the same trajectory; Mesa is for reading and watching.

    Returns
    -------
    Result
        Outcomes, hourly series, customers, cascade.

    Raises
    ------
    BuzzsimError
        When anything asked for is not allowed.

    Examples
    --------
    >>> import buzzsim as bz
    >>> one = bz.run("default", strategy="censor", rng=1)
    >>> two = bz.run("default", strategy="censor", rng=1)
    >>> one.outcomes["volume"] == two.outcomes["volume"]
    True
    """
    wanted = scenario_of(scenario)
    if complainants is not None:
        names = _several(complainants)
        wanted = wanted.replace({"complaint.names": names, "complaint.complainants": len(names)})
    checked_strategy(strategy)
    if not isinstance(engine, str) or engine not in ENGINES:
        raise ScenarioError(unknown("arguments", "engine", engine, ENGINES))
    number = draws.replicate_of(replicate)
    entropy = draws.entropy_of(rng)
    return run_in(World.of(wanted, network), strategy, entropy, number, engine)


def run_in(world: World, strategy: str, entropy: int, replicate: int, engine: str = "compiled") -> Result:
    """Run one replicate in a world, keeping the whole trajectory; everything asked for has been checked."""
    if engine == "mesa":
        from buzzsim.model import BuzzModel

        record, values, hourly = BuzzModel.of(world, strategy, entropy, replicate).finish()
    else:
        record, values, hourly = _one(world, strategy, entropy, replicate)
    network, own = world.network, lines_of_all([strategy])
    return Result(
        world.scenario, strategy, replicate, entropy, network.n_customers, network.names, record, values, hourly, versions(),
        about_network(world), Scene(network, partial(record_until, world, strategy, entropy, replicate, own)),
    )  # fmt: skip


def record_until(world: World, strategy: str, entropy: int, replicate: int, own: Mapping[str, str], hour: float) -> Record:
    """Give the trajectory of a run as it stood at an hour: the same run, stopped there, by strategies with the same lines."""
    refuse_changed(own)
    last = min(world.horizon_ticks, max(0, math.floor(hour / world.scenario.time.tick + 1e-9)))
    return _one(world, strategy, entropy, replicate, last)[0]


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
            done += _batch(world, strategy, key, start + done, local.workspace, hourly[done:last], values[done:last])
            if done < last:
                local.workspace = larger(local.workspace)
        if progress is not None:
            progress(last - first)

    workers = max(1, min(threads or os.cpu_count() or 1, n))
    alone = 1 if workers > 1 and not is_loaded(engine.batch) else 0  # one run that compiles, before the threads start
    size = max(1, min(_CHUNK, -(-n // (4 * workers))))  # small enough that no thread waits long for the last one
    chunks = [(0, alone)] * alone + [(first, min(n, first + size)) for first in range(alone, n, size)]
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


def scenario_of(scenario: Any) -> Scenario:
    """Give the scenario itself, or open it by name or path."""
    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, (str, os.PathLike)):
        return Scenario.load(scenario)
    hint = " (its `scenario` is one)" if isinstance(getattr(scenario, "scenario", None), Scenario) else ""
    raise ScenarioError(sentence("arguments", "scenario", scenario, f"a Scenario{hint}, a name or a path"))


def _several(names: Any) -> list[Any]:
    """Take the names of the complainants from any collection."""
    if isinstance(names, (str, bytes)) or not isinstance(names, Iterable):
        raise ScenarioError(sentence("arguments", "complainants", names, "a list of names"))
    found = list(names)
    if not found:
        raise ScenarioError(sentence("arguments", "complainants", found, "at least one name"))
    return found


def about_network(world: World) -> dict[str, Any]:
    """Say which network it was."""
    network = world.network
    return {"customers": network.n_customers, "ties": network.n_ties, "directed": network.directed, "source": network.source}


def changes_of(scenario: Scenario) -> dict[str, Any]:
    """Give the keys in which a scenario differs from the packaged one of its name, or from the defaults if there is none."""
    like = Scenario.load(scenario.name) if scenario.name in scenarios() else Scenario()
    found = {}
    for key, _ in all_parameters():
        section, _, leaf = key.partition(".")
        value = getattr(getattr(scenario, section), leaf)
        if value != getattr(getattr(like, section), leaf):
            found[key] = value
    if found.get("reply.preset"):  # it would set these again
        found |= {f"reply.{leaf}": getattr(scenario.reply, leaf) for leaf in PRESETS[found["reply.preset"]]}
    return found


def plain_changes(scenario: Scenario) -> dict[str, Any]:
    """Give these as JSON carries them; what has no bound is text."""
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in changes_of(scenario).items()}
    return {key: "inf" if isinstance(value, float) and math.isinf(value) else value for key, value in plain.items()}


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    parts = ("buzzsim", "numpy", "numba", "mesa")
    return (("python", platform.python_version()), *((part, metadata.version(part)) for part in parts))


def versions() -> dict[str, str]:
    """Give the versions that a result was made with."""
    return dict(_versions())


def _one(
    world: World, strategy: str, entropy: int, replicate: int, last: int | None = None
) -> tuple[Record, NDArray[np.float64], NDArray[np.int32]]:
    """Run one replicate, to the horizon or to an earlier tick, and keep everything."""
    w = world.workspace()
    if last is not None:
        w.n[HORIZON] = last  # the workspace alone: rules go on seeing the whole horizon, so that the luck stays
    values, hourly = np.empty((1, outcomes.N_OUTCOMES)), np.zeros((1, world.n_hours), np.int32)
    while _batch(world, strategy, draws.key_of(entropy), replicate, w, hourly, values) == 0:
        w = larger(w)
    return _record(w), values[0], hourly[0]


def _batch(world: World, strategy: str, key: int, first: int, w: Workspace, hourly: Any, values: Any) -> int:
    """Run replicates in compiled code until all are done or one does not fit; gives how many were done."""
    if strategy in STRATEGIES:
        return _compiled(world, strategy, key, first, False, w, hourly, values)
    for row in range(len(values)):
        if _deciding(world, strategy, key, first + row, w, hourly[row : row + 1], values[row : row + 1]) == 0:
            return row
    return len(values)


def _deciding(world: World, name: str, key: int, replicate: int, w: Workspace, hourly: Any, values: Any) -> int:
    """Run one replicate under a strategy of one's own, which is asked whenever a case has its turn."""
    own, tick, kinds = made(name), world.scenario.time.tick, rules.KINDS
    done = _compiled(world, name, key, replicate, False, w, hourly, values)
    while done == engine.ASKING:
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


def _compiled(world: World, strategy: str, key: int, first: int, resumed: bool, w: Workspace, hourly: Any, values: Any) -> int:
    """Enter compiled code."""
    complaint = world.scenario.complaint
    return int(
        engine.batch(
            world.p, world.net, world.named, complaint.complainants, complaint.choice == "followers", np.uint64(key),
            number_of(strategy), first, resumed, w, hourly, values,
        )
    )  # fmt: skip


def _record(w: Workspace) -> Record:
    """Copy a trajectory out of a workspace."""
    people, notices = w.people[: w.n[PEOPLE]], w.notices[: w.n[NOTICES]]
    notices = notices[notices["row"] >= 0]
    order = np.lexsort((notices["post"], notices["customer"], notices["tick"]))  # np.sort takes five times as long for rows
    tables = {
        "customers": people[np.argsort(people["customer"])],
        "posts": w.posts[: w.n[POSTS]],
        "notices": notices[order],
        "acts": w.acts[: w.n[ACTS]],
    }
    return record_of(tables)
