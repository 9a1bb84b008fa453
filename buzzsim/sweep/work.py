"""What a worker does with one block, in any thread, process or machine."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path

import numpy as np

from buzzsim import engine
from buzzsim.compiled import is_warm
from buzzsim.errors import BuzzsimError, NetworkError, OutputError, StrategyError, SweepError
from buzzsim.model.outcomes import N_OUTCOMES
from buzzsim.model.parameters import NetworkSection
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import checked_strategy, lines_of
from buzzsim.network import Network
from buzzsim.network.world import World, network_of
from buzzsim.sweep import blocks
from buzzsim.sweep.plan import Block, Plan, changed_strategy, digest_of_file, open_plan

_BUILDING = threading.Lock()  # so that threads wait for one network instead of each building it


def compute(directory: str, block: Block) -> None:
    """Compute one block and write its file.

    A point that cannot be simulated (its R0 out of reach, say), or a strategy that fails, is
    finished too: its rows carry the error. What is no fault of the point, such as a full disk,
    another version or an unknown strategy, is an OutputError or a SweepError.
    """
    folder = Path(directory)
    plan = open_plan(folder)
    if not plan.is_of_this_version:
        begun = f"was begun with {plan.begun_with}"
        raise SweepError(f"{directory}: {begun}; expected the same on every machine")
    point = plan.points.get(block.point)
    if point is None:
        hint = "run the sweep again, and it is joined anew"
        raise SweepError(f"{directory}: has no point {block.point} any more; {hint}")
    for strategy in plan.strategies:
        _check_strategy(strategy, plan, directory)
    n, strategies = block.last - block.first, len(plan.strategies)
    errors: list[str | None] = [None] * strategies
    values = np.full((n, strategies, N_OUTCOMES), np.nan)
    hourly = np.zeros((n, strategies, 0), np.int32)
    try:
        world = _world_of(point.scenario, plan)
        if plan.hourly:
            hourly = np.zeros((n, strategies, world.n_hours), np.int32)
        for s, strategy in enumerate(plan.strategies):
            try:
                values[:, s], series = engine.replicates(
                    world, strategy, plan.entropy, n, start=block.first, threads=1
                )
            except StrategyError as failure:  # no fault of the other strategies
                errors[s] = str(failure)
            else:
                if plan.hourly:
                    hourly[:, s] = series
    except (OutputError, SweepError):
        raise
    except BuzzsimError as failure:
        errors = [str(failure)] * strategies
    if plan.hourly:
        blocks.write_hourly(folder, plan, block, hourly, errors)
    blocks.write_runs(folder, plan, block, values, errors)


def warm_up() -> None:
    """Compile everything before workers start, so that they find it on the disk."""
    if not is_warm(engine.batch):
        world = World.of(Scenario().replace({"network.customers": 50}))
        engine.replicates(world, "ignore", 0, 1, threads=1)


def _check_strategy(strategy: str, plan: Plan, directory: str) -> None:
    """Refuse a strategy that is unknown here, or has other lines: no fault of a point."""
    try:
        checked_strategy(strategy)
    except StrategyError:
        unknown = f"strategy {strategy} is not known in this process"
        allowed = "threads, or a package that brings it (entry point buzzsim.strategies)"
        raise SweepError(f"{directory}: {unknown}; expected {allowed} in every process") from None
    if strategy in plan.own and plan.own[strategy] != lines_of(strategy):
        raise changed_strategy(directory, strategy)


def _world_of(scenario: Scenario, plan: Plan) -> World:
    """Place a point on its network, which all points that ask for the same one share."""
    file = scenario.network.file
    digest = plan.networks.get(file, "")
    try:
        is_same = not file or digest_of_file(file) == digest
    except NetworkError as error:  # that a file cannot be read is no fault of the point
        raise SweepError(str(error)) from None
    if not is_same:
        allowed = "expected the same content, or another sweep"
        raise SweepError(f"{file}: is not the network that the sweep was planned with; {allowed}")
    with _BUILDING:
        return _world(scenario, digest)


@lru_cache(maxsize=4)
def _world(scenario: Scenario, digest: str) -> World:
    """Build the world of a point, anew when the content of its network file is another."""
    return World.of(scenario, _network(scenario.network, digest))


@lru_cache(maxsize=2)
def _network(section: NetworkSection, digest: str) -> Network:
    return network_of(Scenario(network=section))
