"""The common work: the same ties for every tool, and what is to be done on them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import buzzsim as bz
from buzzsim.network import Network

HERE = Path(__file__).resolve().parent
PLAN = tomllib.loads((HERE / "experiment.toml").read_text(encoding="utf-8"))
WORKS = tuple(PLAN["works"])
SEEDS = PLAN["seeds"]


@dataclass(frozen=True)
class Graph:
    """One network as each tool wants it."""

    network: Network

    @property
    def n(self) -> int:
        """Number of customers."""
        return self.network.n_customers

    @property
    def csr(self) -> tuple[Any, Any]:
        """Where each customer's neighbours begin, and all neighbours."""
        return self.network.indptr, self.network.indices

    @cached_property
    def edges(self) -> tuple[Any, Any]:
        """Both ends of each tie, once."""
        tails = np.repeat(np.arange(self.n, dtype=np.int32), np.diff(self.network.indptr))
        once = tails < self.network.indices
        return tails[once], self.network.indices[once]

    @cached_property
    def networkx(self) -> Any:
        """The same for tools in plain Python."""
        return self.network.to_networkx()

    def save(self, path: Path) -> None:
        """Write it for a tool in another process."""
        indptr, indices = self.csr
        np.savez(path, indptr=indptr, indices=indices)


def graph_of(customers: int) -> Graph:
    """Generate the common graph of a size."""
    wanted = PLAN["graph"]
    network = bz.generate(
        wanted["kind"], customers=customers, ties=wanted["ties"], seed=wanted["seed"]
    )
    number = np.random.default_rng(wanted["shuffle"]).permutation(customers)
    tails = number[np.repeat(np.arange(customers), np.diff(network.indptr))]
    return Graph(Network.from_edges(tails, number[network.indices], n_customers=customers))


def opened(path: Path) -> Graph:
    """Read what `Graph.save` wrote."""
    with np.load(path) as file:
        return Graph(Network.from_csr(file["indptr"], file["indices"]))


def scenario_of(work: str) -> bz.Scenario:
    """Say the common work in our words."""
    wanted = PLAN["works"][work]
    if work == "W1":
        scenario = bz.Scenario.sir(infection=wanted["infection"], recovery=wanted["recovery"])
    else:
        scenario = bz.Scenario.independent_cascade(probability=wanted["probability"])
    return scenario.replace({"complaint.complainants": SEEDS})


def probabilities(work: str) -> tuple[float, ...]:
    """Give the chances of the work: of infection and recovery, or of passing it on."""
    wanted = PLAN["works"][work]
    return (wanted["infection"], wanted["recovery"]) if work == "W1" else (wanted["probability"],)


def seeds_of(n: int, luck: int) -> list[int]:
    """Draw who has it in the beginning, for tools that do not draw it themselves."""
    return np.random.default_rng(luck).choice(n, SEEDS, replace=False).tolist()
