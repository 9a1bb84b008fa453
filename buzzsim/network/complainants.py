"""Who complains: customers named, chosen by their followers, or drawn anew in each replicate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled
from buzzsim.errors import ScenarioError, sentence
from buzzsim.model import draws
from buzzsim.model.scenario import Scenario
from buzzsim.network.network import Network


def named_complainants(scenario: Scenario, network: Network) -> NDArray[np.int64]:
    """Give the customers who always complain; none where each replicate draws its own."""
    complaint, crowd = scenario.complaint, network.n_customers
    n = len(complaint.names) or complaint.complainants
    if n > crowd:
        raise ScenarioError(
            sentence(
                scenario.name,
                "complaint.complainants",
                n,
                f"at most {crowd}, the customers of {network.source}",
            )
        )
    if complaint.names:
        found = np.array([network.index_of(name) for name in complaint.names], np.int64)
        if np.unique(found).size < found.size:  # "7" and "07" are one customer
            raise ScenarioError(
                sentence(
                    scenario.name, "complaint.names", list(complaint.names), "each customer once"
                )
            )
        return found
    if complaint.choice == "most_followed":
        return np.argsort(-network.followers, kind="stable")[:n].astype(np.int64)
    if complaint.choice == "followers" and n > int((network.followers > 0).sum()):
        raise ScenarioError(
            sentence(
                scenario.name,
                "complaint.complainants",
                n,
                "at most the number of customers with followers",
            )
        )
    return np.zeros(0, np.int64)


@compiled
def choose_complainants(net: Any, named: Any, n: Any, by_followers: Any, run: Any) -> Any:
    """Give who complains in a replicate: those named, or distinct ones drawn at random or in proportion to followers."""
    if named.size > 0:
        return named
    chosen = np.empty(n, np.int64)
    found, attempt = 0, 0
    crowd = net.indptr.size - 1
    while found < n:
        if by_followers:
            tie = draws.pick(run, draws.COMPLAINANT, attempt, net.indices.size)
            customer = _owner(net.indptr, tie)
        else:
            customer = draws.pick(run, draws.COMPLAINANT, attempt, crowd)
        attempt += 1
        fresh = True
        for k in range(found):
            fresh = fresh and chosen[k] != customer
        if fresh:
            chosen[found] = customer
            found += 1
    return chosen


@compiled
def _owner(indptr: Any, tie: Any) -> Any:
    """Give in whose row a tie stands (by halving: np.searchsorted takes long to compile)."""
    low, high = 0, indptr.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if indptr[middle] <= tie:
            low = middle
        else:
            high = middle
    return low
