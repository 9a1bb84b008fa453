"""Our slow cases: the full model, complaints that die, threads, strategies, each run's cost."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np
from adapters import CRITICS
from work import PLAN, graph_of, scenario_of

import buzzsim as bz
from buzzsim.engine import replicates
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.network.world import World

REACH = list(OUTCOMES).index("reach")
Found = tuple[str, str, float]
"""A case, what was measured (a key of `page.CASES`), and its value."""


def all_cases(repeats: int, small: bool) -> Iterator[Found]:
    """Measure every case, the things compared always in turn."""
    for case in (full, subcritical, threads, strategies, overhead):
        name = case.__name__
        about = dict(PLAN["cases"][name])
        if small:
            about |= {key: value for key, value in PLAN["cases"]["small"].items() if key in about}
        yield from ((name, measure, value) for measure, value in case(about, repeats))


def full(about: dict[str, Any], repeats: int) -> Iterator[tuple[str, float]]:
    """Cost per notice with all rules on, against W1's."""
    network = graph_of(about["customers"]).network
    wanted = {
        "W1": (scenario_of("W1"), "ignore"),
        "all rules": (bz.Scenario().replace(about["changes"]), about["strategy"]),
    }
    times = in_turn({key: batch(World.of(scenario, network), strategy, about["runs"])
                     for key, (scenario, strategy) in wanted.items()}, repeats)  # fmt: skip
    cost = {}
    for key, (scenario, strategy) in wanted.items():
        runs = [
            bz.run(scenario, strategy=strategy, network=network, rng=1, replicate=r)
            for r in range(5)
        ]
        cost[key] = (
            median(times[key])
            / about["runs"]
            / np.mean([len(run.record["notices"]["tick"]) for run in runs])
        )
        yield (
            f"{key}: customers who join",
            float(np.mean([run.outcomes["critics"] for run in runs])),
        )
        yield f"{key}: ns per notice", 1e9 * cost[key]
    yield "all rules / W1, per notice", cost["all rules"] / cost["W1"]


def subcritical(about: dict[str, Any], repeats: int) -> Iterator[tuple[str, float]]:
    """A complaint that most often dies, in a small and in a large crowd."""
    scenario = bz.Scenario().replace(about["changes"])
    worlds = {key: World.of(scenario, graph_of(crowd).network)
              for key, crowd in zip(("small", "large"), about["crowds"], strict=True)}  # fmt: skip
    times = in_turn(
        {key: batch(world, "ignore", about["runs"]) for key, world in worlds.items()}, repeats
    )
    for key, world in worlds.items():
        values, _ = replicates(world, "ignore", 1, about["runs"], threads=1)
        yield (
            f"{key} crowd: customers reached",
            float(values[:, REACH].mean() * world.network.n_customers),
        )
        yield f"{key} crowd: µs per run", 1e6 * median(times[key]) / about["runs"]
    yield "large / small crowd", median(times["large"]) / median(times["small"])


def threads(about: dict[str, Any], repeats: int) -> Iterator[tuple[str, float]]:
    """W1 on two threads against one, on one network."""
    world = World.of(scenario_of("W1"), graph_of(about["customers"]).network)
    times = in_turn({str(n): batch(world, "ignore", about["runs"], n) for n in (1, 2)}, repeats)
    yield "one / two threads", median(times["1"]) / median(times["2"])
    yield "cores of this machine", os.cpu_count() or 1


def strategies(about: dict[str, Any], repeats: int) -> Iterator[tuple[str, float]]:
    """The four strategies through `bz.compare`, on one and on two cores."""
    scenario, network = (
        scenario_of("W1").replace(about["changes"]),
        graph_of(about["customers"]).network,
    )

    def compare(n: int) -> Any:
        return bz.compare(
            scenario, network=network, replicates=about["runs"], rng=1, threads=n, quiet=True
        )

    for name, sizes in compare(1).outcome("critics").items():
        yield f"{name}: customers who join", float(sizes.mean())
    times = in_turn({str(n): lambda n=n: compare(n) for n in (1, 2)}, repeats)
    yield "runs a second, one thread", 4 * about["runs"] / median(times["1"])
    yield "runs a second, two threads", 4 * about["runs"] / median(times["2"])


def overhead(about: dict[str, Any], repeats: int) -> Iterator[tuple[str, float]]:
    """What a run costs in which nobody passes it on."""
    world = World.of(
        scenario_of("W2").replace(about["changes"]), graph_of(about["customers"]).network
    )
    values, _ = replicates(world, "ignore", 1, 2, threads=1)
    (seconds,) = in_turn({"": batch(world, "ignore", about["runs"])}, repeats).values()
    yield "customers who join", float(values[:, CRITICS].mean())
    yield "µs per run", 1e6 * median(seconds) / about["runs"]


def batch(world: World, strategy: str, runs: int, n_threads: int = 1) -> Callable[[], Any]:
    """Give a batch of replicates to time."""
    return lambda: replicates(world, strategy, 1, runs, threads=n_threads)


def in_turn(calls: dict[str, Callable[[], Any]], repeats: int) -> dict[str, list[float]]:
    """Time calls in turn, again and again; the first round compiles and does not count."""
    seconds: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(repeats + 1):
        for name, call in calls.items():
            start = perf_counter()
            call()
            seconds[name].append(perf_counter() - start)
    return {name: found[1:] for name, found in seconds.items()}
