"""Run a scenario once, keeping its whole trajectory; and what a report says of how it was run."""

from __future__ import annotations

import math
import os
import platform
from collections.abc import Iterable, Mapping
from functools import cache, partial
from importlib import metadata
from typing import Any

from buzzsim.engine import trajectory
from buzzsim.errors import ScenarioError, sentence, unknown
from buzzsim.model import draws
from buzzsim.model.parameters import PRESETS, all_parameters
from buzzsim.model.scenario import Scenario, scenarios, value_of
from buzzsim.model.strategy import checked_strategy, lines_of_all, refuse_changed
from buzzsim.model.tables import Record
from buzzsim.network.world import World
from buzzsim.study.result import Result, Scene

ENGINES = ("compiled", "mesa")
_VERSION = cache(metadata.version)


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
        The scenario, or its name or file.
    strategy : str
        ``ignore``, ``censor``, ``public_reply``, ``private_dialogue``, or the name of your own.
    network : networkx graph, path, (indptr, indices), Network or None
        Whose posts reach whom; None: the scenario's own network.
    complainants : iterable, optional
        Names of the customers who complain; None: as the scenario says.
    rng : None, int, SeedSequence or Generator
        Source of all random draws (Scientific Python SPEC 7).
    replicate : int
        Which replicate of that source, from 0: the same numbers as in `compare`.
    engine : {"compiled", "mesa"}
        Both give the same trajectory; Mesa is for reading and watching.

    Returns
    -------
    Result
        Outcomes, hourly series, customers, cascade.

    Raises
    ------
    BuzzsimError
        When an argument is not allowed.

    Examples
    --------
    >>> import buzzsim as bz
    >>> one = bz.run("default", strategy="censor", rng=1)
    >>> two = bz.run("default", strategy="censor", rng=1)
    >>> one.outcomes["volume"] == two.outcomes["volume"]
    True
    """
    scenario = scenario_of(scenario)
    if complainants is not None:
        no_list = isinstance(complainants, (str, bytes)) or not isinstance(complainants, Iterable)
        if no_list or not (names := list(complainants)):
            allowed = "a list of names, at least one"
            raise ScenarioError(sentence("arguments", "complainants", complainants, allowed))
        asked = {"complaint.names": names, "complaint.complainants": len(names)}
        scenario = scenario.replace(asked)
    checked_strategy(strategy)
    if not isinstance(engine, str) or engine not in ENGINES:
        raise ScenarioError(unknown("arguments", "engine", engine, ENGINES))
    replicate, entropy = draws.replicate_of(replicate), draws.entropy_of(rng)
    return run_in(World.of(scenario, network), strategy, entropy, replicate, engine)


def run_in(
    world: World, strategy: str, entropy: int, replicate: int, engine: str = "compiled"
) -> Result:
    """Run one replicate in a world, keeping the whole trajectory; the arguments are not checked."""
    if engine == "mesa":
        from buzzsim.agents import BuzzModel

        model = BuzzModel(world, strategy, rng=entropy, replicate=replicate)
        record, values, hourly = model.finish()
    else:
        record, values, hourly = trajectory(world, strategy, entropy, replicate)
    until = partial(record_until, world, strategy, entropy, replicate, lines_of_all([strategy]))
    return Result(
        scenario=world.scenario,
        strategy=strategy,
        replicate=replicate,
        entropy=entropy,
        n_customers=world.network.n_customers,
        names=world.network.names,
        record=record,
        values=values,
        hourly_volume=hourly,
        versions=versions(),
        network=about_network(world),
        scene=Scene(world.network, until),
    )


def record_until(
    world: World, strategy: str, entropy: int, replicate: int, own: Mapping[str, str], hour: float
) -> Record:
    """Give the trajectory of a run up to an hour; refused if a strategy in `own` was edited."""
    refuse_changed(own)
    last = min(world.horizon_ticks, max(0, math.floor(hour / world.scenario.time.tick + 1e-9)))
    return trajectory(world, strategy, entropy, replicate, last)[0]


def scenario_of(scenario: Any) -> Scenario:
    """Give the scenario itself, or open it by name or path."""
    if isinstance(scenario, Scenario):
        return scenario
    if isinstance(scenario, (str, os.PathLike)):
        return Scenario.load(scenario)
    has_one = isinstance(getattr(scenario, "scenario", None), Scenario)
    allowed = f"a Scenario{' (its `scenario` is one)' if has_one else ''}, a name or a path"
    raise ScenarioError(sentence("arguments", "scenario", scenario, allowed))


def about_network(world: World) -> dict[str, Any]:
    """Give the size and the source of the network."""
    network = world.network
    return {
        "customers": network.n_customers,
        "ties": network.n_ties,
        "directed": network.directed,
        "source": network.source,
    }


def changes_of(scenario: Scenario) -> dict[str, Any]:
    """Give the keys that differ from the packaged scenario of that name, or from the defaults."""
    packaged = Scenario.load(scenario.name) if scenario.name in scenarios() else Scenario()
    values = {key: value_of(scenario, key) for key, _ in all_parameters()}
    changes = {key: value for key, value in values.items() if value != value_of(packaged, key)}
    if changes.get("reply.preset"):  # the preset would set its numbers again
        for leaf in PRESETS[scenario.reply.preset]:
            changes[f"reply.{leaf}"] = values[f"reply.{leaf}"]
    return changes


def plain_changes(scenario: Scenario) -> dict[str, Any]:
    """Give `changes_of` with values that JSON can hold: a tuple as a list, infinity as "inf"."""
    return {
        key: list(value) if isinstance(value, tuple) else "inf" if value == math.inf else value
        for key, value in changes_of(scenario).items()
    }


def versions() -> dict[str, str]:
    """Give the versions that a result was made with."""
    packages = ("buzzsim", "numpy", "numba", "mesa")
    return {"python": platform.python_version()} | {name: _VERSION(name) for name in packages}
