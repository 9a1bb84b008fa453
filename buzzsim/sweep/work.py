"""What a worker does with one block, in whatever thread, process or machine: read the plan, run, write the file."""

from __future__ import annotations

import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from buzzsim import engine
from buzzsim.compiled import is_warm
from buzzsim.errors import BuzzsimError, OutputError, StrategyError, SweepError
from buzzsim.model.outcomes import N_OUTCOMES
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import checked_strategy, lines_of
from buzzsim.network import Network
from buzzsim.network.world import World, network_of
from buzzsim.sweep import blocks
from buzzsim.sweep.plan import Block, Plan, changed, digest_of_file, open_plan

_BUILDING = threading.Lock()  # so that threads wait for one network instead of each building it


class Done(NamedTuple):
    """What a worker tells of a finished block; its numbers are in its file."""

    block: Block
    failed: bool


def compute(directory: str, block: Block) -> Done:
    """Compute one block and write its file.

    A point that cannot be simulated (its R0 out of reach, say), or a strategy that fails, is finished too: its rows carry the
    error.

    Raises
    ------
    OutputError
        When the file cannot be written: the disk is full.
    SweepError
        When the plan is not there or another version's, a strategy is not known here, or a network file is no longer what
        it was.
    """
    folder = Path(directory)
    plan = open_plan(folder)
    if not plan.is_of_this_version:
        raise SweepError(
            f"{directory}: was begun with {plan.begun_with}; expected the same on every machine"
        )
    point = plan.points.get(block.point)
    if point is None:
        raise SweepError(
            f"{directory}: has no point {block.point} any more; run the sweep again, and it is joined anew"
        )
    for strategy in plan.strategies:
        _known(strategy, plan, directory)
    n = block.last - block.first
    errors: list[str | None] = [None] * len(plan.strategies)
    values = np.full((n, len(plan.strategies), N_OUTCOMES), np.nan)
    hourly = np.zeros((n, len(plan.strategies), 0), np.int32)
    try:
        world = _world_of(point.scenario, plan)
        if plan.hourly:
            hourly = np.zeros((n, len(plan.strategies), world.n_hours), np.int32)
        for s, strategy in enumerate(plan.strategies):
            errors[s] = _computed(world, strategy, plan, block, values[:, s], hourly[:, s])
    except (OutputError, SweepError):
        raise
    except BuzzsimError as failure:
        errors = [str(failure)] * len(plan.strategies)
    if plan.hourly:
        blocks.write_hourly(folder, plan, block, hourly, errors)
    blocks.write_runs(folder, plan, block, values, errors)
    return Done(block, any(errors))


def _computed(
    world: World, strategy: str, plan: Plan, block: Block, values: Any, hourly: Any
) -> str | None:
    """Run a block's replicates under one strategy; gives why it failed, which is no fault of the others."""
    n = block.last - block.first
    try:
        values[:], series = engine.replicates(
            world, strategy, plan.entropy, n, start=block.first, threads=1
        )
        if plan.hourly:
            hourly[:] = series
    except StrategyError as failure:
        return str(failure)
    return None


def _known(strategy: str, plan: Plan, directory: str) -> None:
    """Refuse to work where a strategy is not known, or has other lines: that is the process's fault, not the point's."""
    try:
        checked_strategy(strategy)
    except StrategyError:
        raise SweepError(
            f"{directory}: strategy {strategy} is not known in this process; expected threads, or a package that brings it "
            "(entry point buzzsim.strategies) in every process"
        ) from None
    if strategy in plan.own and plan.own[strategy] != lines_of(strategy):
        raise SweepError(changed(directory, strategy))


def warm_up() -> bool:
    """Compile everything before workers start, so that they find it on the disk; gives whether that was needed."""
    if is_warm(engine.batch):
        return False
    world = World.of(Scenario().replace({"network.customers": 50}))
    engine.replicates(world, "ignore", 0, 1, threads=1)
    return True


def _world_of(scenario: Scenario, plan: Plan) -> World:
    """Place a point on its network, which all points that ask for the same one share."""
    file = scenario.network.file
    if file and digest_of_file_or_stop(file) != plan.networks.get(file):
        raise SweepError(
            f"{file}: is not the network that the sweep was planned with; expected the same content, or another sweep"
        )
    with _BUILDING:
        return _world(scenario, plan.networks.get(file, ""))


def digest_of_file_or_stop(file: str) -> str:
    """Give a network file's digest; that it cannot be read is no fault of the point."""
    try:
        return digest_of_file(file)
    except BuzzsimError as error:
        raise SweepError(str(error)) from None


@lru_cache(maxsize=4)
def _world(scenario: Scenario, digest: str) -> World:
    """Build the world of a point; `digest` is that of its network file."""
    bare = Scenario().replace(
        {f"network.{key}": value for key, value in vars(scenario.network).items()}
    )
    return World.of(scenario, _network(bare, digest))


@lru_cache(maxsize=2)
def _network(bare: Scenario, digest: str) -> Network:
    """Open or build a network; `bare` is a scenario of which only the network matters."""
    return network_of(bare)
