"""Each tool behind one verb: made ready for a work on a graph, it runs and is timed.

A tool gives the final sizes of its runs and the seconds they took.

What a tool must build before it can run is not in its seconds, even if it is built for each run.
"""

from __future__ import annotations

import gc
import importlib.util
import random
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from math import log, log1p
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import bookkeeping
import numpy as np
import prototype
from work import HERE, PLAN, SEEDS, Graph, probabilities, scenario_of, seeds_of

import buzzsim as bz
from buzzsim.engine import replicates
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.network.world import World

Run = Callable[[int, int], tuple[Any, float]]
"""Takes a number of runs and their luck; gives their final sizes and seconds together."""

CRITICS = list(OUTCOMES).index("critics")
SYSTEM_PYTHON = "/usr/bin/python3"  # Debian's packages are for this one


@dataclass(frozen=True)
class Tool:
    """One tool: for which works, how to make it ready, and how to ask for its version."""

    works: dict[str, Callable[[Graph, str], Run]]
    version: Callable[[], str]


def one_by_one(prepare: Callable[[int, int], Callable[[], int]]) -> Run:
    """Time what runs once: `prepare` takes luck, and gives what to time."""

    def run(n: int, luck: int) -> tuple[Any, float]:
        sizes, seconds = np.empty(n), 0.0
        for i in range(n):
            once = prepare(luck * 100_003 + i)
            start = perf_counter()
            sizes[i] = once()
            seconds += perf_counter() - start
            del once
        gc.collect()
        return sizes, seconds

    return run


# Ours, and the prototype.


def buzzsim(graph: Graph, work: str) -> Run:
    """Many replicates in one batch, on one thread."""
    world = World.of(scenario_of(work), graph.network)

    def run(n: int, luck: int) -> tuple[Any, float]:
        start = perf_counter()
        values, _ = replicates(world, "ignore", luck, n, threads=1)
        return values[:, CRITICS], perf_counter() - start

    return run


def buzzsim_once(graph: Graph, work: str) -> Run:
    """`bz.run`, with its whole trajectory."""
    scenario = scenario_of(work)
    return one_by_one(
        lambda luck: lambda: bz.run(scenario, network=graph.network, rng=luck).outcomes["critics"]
    )


def compiled_prototype(graph: Graph, work: str) -> Run:
    """Prototype A."""
    return in_one_call(
        prototype.sir if work == "W1" else prototype.cascade, graph, probabilities(work)
    )


def books_only(graph: Graph, work: str) -> Run:
    """Buzzsim's books without its rules; in a cascade all recover after one step."""
    infection, *recovery = probabilities(work)
    return in_one_call(bookkeeping.sir, graph, (infection, *(recovery or [1.0])))


def in_one_call(kernel: Callable[..., None], graph: Graph, chances: tuple[float, ...]) -> Run:
    """Many runs in one call of compiled loops."""

    def run(n: int, luck: int) -> tuple[Any, float]:
        sizes = np.empty(n, np.int64)
        start = perf_counter()
        kernel(*graph.csr, *chances, SEEDS, luck, 0, sizes)
        return sizes, perf_counter() - start

    return run


# Other tools, imported when they are made ready.


def graph_tool(graph: Graph, work: str) -> Run:
    """Its SIR state, in the system's Python, which times itself."""
    folder = TemporaryDirectory()
    graph.save(Path(folder.name) / "graph.npz")
    command = [
        SYSTEM_PYTHON,
        str(HERE / "graph_tool_server.py"),
        f"{folder.name}/graph.npz",
        *map(str, probabilities(work)),
    ]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    server.stdout.readline()  # the version: it is ready

    def run(n: int, luck: int) -> tuple[Any, float]:
        found = np.empty((n, 2))
        for i in range(n):
            seed = luck * 100_003 + i
            print(seed, *seeds_of(graph.n, seed), file=server.stdin, flush=True)
            found[i] = [float(part) for part in server.stdout.readline().split()]
        return found[:, 0], found[:, 1].sum()

    run.server, run.folder = server, folder  # it ends with its input, when the run is forgotten
    return run


def cynetdiff(graph: Graph, work: str) -> Run:
    """Its independent cascade, from the same rows of neighbours."""
    import array

    from cynetdiff.models import IndependentCascadeModel

    indptr, indices = graph.csr
    starts, edges = (
        array.array("I", indptr[:-1].astype("u4").tobytes()),
        array.array("I", indices.astype("u4").tobytes()),
    )
    (probability,) = probabilities(work)
    model = IndependentCascadeModel(
        starts, edges, activation_prob=probability, rng=np.random.default_rng(1)
    )

    def prepare(luck: int) -> Callable[[], int]:
        seeds = seeds_of(graph.n, luck)

        def once() -> int:
            model.set_seeds(seeds)
            model.reset_model()
            model.advance_until_completion()
            return model.get_num_activated_nodes()

        return once

    return one_by_one(prepare)


def eon(graph: Graph, work: str) -> Run:
    """Event by event with geometric delays, which gives W1 exactly; W2 is its discrete SIR."""
    import EoN

    network = graph.networkx

    def prepare(luck: int) -> Callable[[], int]:
        seeds, draw = seeds_of(graph.n, luck), random.Random(luck).random
        if work == "W2":
            chance, rng = probabilities(work)[0], np.random.default_rng(luck)
            return lambda: int(
                EoN.basic_discrete_SIR(network, chance, initial_infecteds=seeds, rng=rng)[-1][-1]
            )
        infects, recovers = (log1p(-chance) for chance in probabilities(work))

        def infection(_: int, __: int) -> int:
            return 1 + int(log(1.0 - draw()) / infects)

        def recovery(_: int) -> int:
            return 1 + int(log(1.0 - draw()) / recovers)

        return lambda: int(
            EoN.fast_nonMarkov_SIR(network, infection, recovery, initial_infecteds=seeds)[-1][-1]
        )

    return one_by_one(prepare)


def ndlib(graph: Graph, work: str) -> Run:
    """Its SIR and its independent cascades, step by step until nobody is infected."""
    from ndlib.models import ModelConfig
    from ndlib.models.epidemics import IndependentCascadesModel, SIRModel

    network = graph.networkx

    def prepare(luck: int) -> Callable[[], int]:
        config = ModelConfig.Configuration()
        config.add_model_initial_configuration("Infected", seeds_of(graph.n, luck))
        if work == "W1":
            model = SIRModel(network, seed=luck % 2**32)
            for name, chance in zip(("beta", "gamma"), probabilities(work), strict=True):
                config.add_model_parameter(name, chance)
        else:
            model = IndependentCascadesModel(network, seed=luck % 2**32)
            for tie in network.edges:
                config.add_edge_configuration("threshold", tie, *probabilities(work))
        model.set_initial_status(config)

        def once() -> int:
            counts = model.iteration(node_status=False)["node_count"]
            while counts[1] > 0:
                counts = model.iteration(node_status=False)["node_count"]
            return graph.n - counts[0]

        return once

    return one_by_one(prepare)


def starsim(graph: Graph, work: str) -> Run:
    """Its SIR on a network of our ties; no deaths, geometric numbers of steps infected."""
    from starsim_model import sim_of

    return one_by_one(
        lambda luck: sim_of(graph, *probabilities(work), seeds_of(graph.n, luck), luck)
    )


def mesa(graph: Graph, work: str) -> Run:
    """The obvious model."""
    from mesa_model import Epidemic

    model = Epidemic(graph.networkx, work, probabilities(work))

    def prepare(luck: int) -> Callable[[], int]:
        model.begin(seeds_of(graph.n, luck), luck)
        return model.finish

    return one_by_one(prepare)


def graph_tool_version() -> str:
    """Ask the system's Python."""
    ask = "import graph_tool; print(graph_tool.__version__.split()[0])"
    try:
        done = subprocess.run(
            [SYSTEM_PYTHON, "-c", ask], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def installed(package: str, *needs: str) -> str:
    """Give the version of a package; empty where it, or something it needs, is missing."""
    there = all(importlib.util.find_spec(name) for name in (package, *needs))
    return metadata.version(package) if there else ""


TOOLS = {
    "buzzsim": Tool({"W1": buzzsim, "W2": buzzsim}, partial(installed, "buzzsim")),
    "buzzsim, one run": Tool(
        {"W1": buzzsim_once, "W2": buzzsim_once}, partial(installed, "buzzsim")
    ),
    "prototype": Tool(
        {"W1": compiled_prototype, "W2": compiled_prototype}, partial(installed, "numba")
    ),
    "books only": Tool({"W1": books_only, "W2": books_only}, partial(installed, "numba")),
    "graph-tool": Tool({"W1": graph_tool}, graph_tool_version),
    "cynetdiff": Tool({"W2": cynetdiff}, partial(installed, "cynetdiff")),
    "Starsim": Tool({"W1": starsim}, partial(installed, "starsim")),
    "EoN": Tool({"W1": eon, "W2": eon}, partial(installed, "EoN")),
    "Mesa": Tool({"W1": mesa, "W2": mesa}, partial(installed, "mesa")),
    "NDlib": Tool(
        {"W1": ndlib, "W2": ndlib}, partial(installed, "ndlib", "six")
    ),  # 6.0.1 does not ask for six
}
OURS = ("buzzsim", "buzzsim, one run", "prototype", "books only")


def gets(name: str, work: str, customers: int) -> bool:
    """Whether a tool can do a work, and gets it at that size."""
    return work in TOOLS[name].works and customers <= PLAN["tools"][name]["largest"]
