"""Ten million customers: built, saved, opened again and run, each in a process of its own.

`python experiments/benchmarks/large.py` adds what it finds to results.csv and to README.md. It
takes some minutes, as much memory as the page says, and disk for two copies of the network.
`--small` asks for a small network, prints, and writes nothing.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import benchmarks
import numpy as np
import page
from alone import peak_of
from cases import REACH
from work import HERE, PLAN, SEEDS, scenario_of

import buzzsim as bz
from buzzsim.engine import replicates
from buzzsim.network import Network, open_network, save_network
from buzzsim.network.world import World

Found = tuple[str, float]
"""What was measured, and its value."""
ABOUT = PLAN["large"]


def main(argv: Sequence[str] | None = None) -> None:
    """Measure all steps one after the other."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--small", action="store_true", help="a small network, to see that it works: writes nothing"
    )
    parser.add_argument(
        "--folder", help="where the network may lie meanwhile; by default where temporary files do"
    )
    options = parser.parse_args(argv)
    customers = ABOUT["small"] if options.small else ABOUT["customers"]
    rows = benchmarks.Rows()
    benchmarks.about_machine(rows)
    rows.customers = customers
    with TemporaryDirectory(dir=options.folder) as folder:
        for name in STEPS:
            benchmarks.say(f"{customers:,} customers: {name}")
            command = [sys.executable, str(HERE / "large.py"), name, str(customers), folder]
            lines = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, check=True
            ).stdout.splitlines()
            for measure, value in (line.rsplit(" ", 1) for line in lines):
                rows.add("large", name, measure, float(value))
    if options.small:
        print(page.large(rows.table()))
    else:
        benchmarks.write(
            benchmarks.with_earlier(rows.table(), benchmarks.earlier(rows, HERE)), HERE
        )


def build(customers: int, folder: Path) -> Iterator[Found]:
    """Generate the network, and save it."""
    wanted = PLAN["graph"]
    network, seconds = timed(
        lambda: bz.generate(
            wanted["kind"], customers=customers, ties=wanted["ties"], seed=wanted["seed"]
        )
    )
    yield "ties stored", network.indices.size
    yield "seconds to generate it", seconds
    yield (
        "bytes per stored tie, customers included",
        (network.indices.nbytes + network.indptr.nbytes) / network.indices.size,
    )
    yield "seconds to save it", timed(lambda: save_network(network, folder / "crowd.buzznet"))[1]
    tails = np.repeat(np.arange(customers, dtype=np.int32), np.diff(network.indptr))
    once = tails < network.indices
    np.savez(folder / "edges.npz", tails=tails[once], heads=network.indices[once])


def read(customers: int, folder: Path) -> Iterator[Found]:
    """Make it from an array of ties, each standing once."""
    with np.load(folder / "edges.npz") as file:
        tails, heads = file["tails"], file["heads"]
    yield (
        "seconds to make it from an array of ties",
        timed(lambda: Network.from_edges(tails, heads, n_customers=customers))[1],
    )


def complain(customers: int, folder: Path) -> Iterator[Found]:
    """Open it, and run complaints that most often die."""
    about = PLAN["cases"]["subcritical"]
    network, seconds = timed(lambda: open_network(folder / "crowd.buzznet"))
    yield "seconds to open it", seconds
    world = World.of(bz.Scenario().replace(about["changes"]), network)
    replicates(world, "ignore", 1, 2, threads=1)  # compiles, and reads what is needed of the file
    (values, _), seconds = timed(lambda: replicates(world, "ignore", 1, about["runs"], threads=1))
    yield "customers reached", float(values[:, REACH].mean() * customers)
    yield "µs per run", 1e6 * seconds / about["runs"]


def epidemic(customers: int, folder: Path) -> Iterator[Found]:
    """Open it, and run W1 once."""
    world = World.of(scenario_of("W1"), open_network(folder / "crowd.buzznet"))
    (values, _), seconds = timed(lambda: replicates(world, "ignore", 1, 1, threads=1))
    yield "customers who join", float(values[0, 1])
    yield "seconds, compiled code loaded and memory found", seconds
    yield (
        "seconds once there is memory",
        timed(lambda: replicates(world, "ignore", 1, 1, threads=1))[1],
    )
    assert values[0, 1] > SEEDS


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Give what a call gives, and its seconds."""
    start = perf_counter()
    found = call()
    return found, perf_counter() - start


STEPS = {
    "build and save": build,
    "make from ties": read,
    "open, complaints": complain,
    "open, W1": epidemic,
}

if __name__ == "__main__":
    if len(sys.argv) > 1 and sys.argv[1] in STEPS:
        for found in STEPS[sys.argv[1]](int(sys.argv[2]), Path(sys.argv[3])):
            print(*found)
        print("peak memory, MB", peak_of("self"))
    else:
        main()
