"""Run a scenario: once with its whole trajectory, or in batches of replicates for their outcomes."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping
from functools import lru_cache, partial
from importlib import metadata
from typing import Any

from buzzsim.engine import trajectory
from buzzsim.errors import ScenarioError, sentence, unknown
from buzzsim.model import draws
from buzzsim.model.parameters import PRESETS, all_parameters
from buzzsim.model.scenario import Scenario, scenarios
from buzzsim.model.strategy import checked_strategy, lines_of_all, refuse_changed
from buzzsim.model.tables import Record
from buzzsim.network.world import World
from buzzsim.study.result import Result, Scene

ENGINES = ("compiled", "mesa")


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


def run_in(
    world: World, strategy: str, entropy: int, replicate: int, engine: str = "compiled"
) -> Result:
    """Run one replicate in a world, keeping the whole trajectory; everything asked for has been checked."""
    if engine == "mesa":
        from buzzsim.agents import BuzzModel

        record, values, hourly = BuzzModel.of(world, strategy, entropy, replicate).finish()
    else:
        record, values, hourly = trajectory(world, strategy, entropy, replicate)
    network, own = world.network, lines_of_all([strategy])
    return Result(
        world.scenario, strategy, replicate, entropy, network.n_customers, network.names, record, values, hourly, versions(),
        about_network(world), Scene(network, partial(record_until, world, strategy, entropy, replicate, own)),
    )  # fmt: skip


def record_until(
    world: World, strategy: str, entropy: int, replicate: int, own: Mapping[str, str], hour: float
) -> Record:
    """Give the trajectory of a run as it stood at an hour: the same run, stopped there, by strategies with the same lines."""
    refuse_changed(own)
    last = min(world.horizon_ticks, max(0, math.floor(hour / world.scenario.time.tick + 1e-9)))
    return trajectory(world, strategy, entropy, replicate, last)[0]


def scenario_of(scenario: Any) -> Scenario:
    """Give the scenario itself, or open it by name or path."""
    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, (str, os.PathLike)):
        return Scenario.load(scenario)
    hint = (
        " (its `scenario` is one)"
        if isinstance(getattr(scenario, "scenario", None), Scenario)
        else ""
    )
    raise ScenarioError(
        sentence("arguments", "scenario", scenario, f"a Scenario{hint}, a name or a path")
    )


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
    return {
        "customers": network.n_customers,
        "ties": network.n_ties,
        "directed": network.directed,
        "source": network.source,
    }


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
        found |= {
            f"reply.{leaf}": getattr(scenario.reply, leaf)
            for leaf in PRESETS[found["reply.preset"]]
        }
    return found


def plain_changes(scenario: Scenario) -> dict[str, Any]:
    """Give these as JSON carries them; what has no bound is text."""
    plain = {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in changes_of(scenario).items()
    }
    return {
        key: "inf" if isinstance(value, float) and math.isinf(value) else value
        for key, value in plain.items()
    }


@lru_cache(maxsize=1)
def _versions() -> tuple[tuple[str, str], ...]:
    parts = ("buzzsim", "numpy", "numba", "mesa")
    return (
        ("python", platform.python_version()),
        *((part, metadata.version(part)) for part in parts),
    )


def versions() -> dict[str, str]:
    """Give the versions that a result was made with."""
    return dict(_versions())
