"""Who complains: customers named, chosen by their followers, or drawn anew in each replicate."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled
from buzzsim.errors import ScenarioError, sentence
from buzzsim.model import draws
from buzzsim.model.draws import Word
from buzzsim.model.scenario import Scenario
from buzzsim.model.tables import BY_FOLLOWERS
from buzzsim.network.network import Network


def named_complainants(scenario: Scenario, network: Network) -> NDArray[np.int64]:
    """Give the customers who always complain; none where each replicate draws its own."""
    place, complaint, crowd = scenario.name, scenario.complaint, network.n_customers
    n = len(complaint.names) or complaint.complainants
    if n > crowd:
        allowed = f"at most {crowd}, the customers of {network.source}"
        raise ScenarioError(sentence(place, "complaint.complainants", n, allowed))
    if complaint.names:
        named = np.array([network.index_of(name) for name in complaint.names], np.int64)
        if np.unique(named).size < named.size:  # "7" and "07" are one customer
            names = list(complaint.names)
            raise ScenarioError(sentence(place, "complaint.names", names, "each customer once"))
        return named
    if complaint.choice == "most_followed":
        return np.argsort(-network.followers, kind="stable")[:n].astype(np.int64)
    if complaint.choice == "followers" and n > int((network.followers > 0).sum()):
        allowed = "at most the number of customers with followers"
        raise ScenarioError(sentence(place, "complaint.complainants", n, allowed))
    return np.zeros(0, np.int64)


@compiled
def draw_complainants(
    indptr: NDArray[np.int64], how: int, run: Word, chosen: NDArray[np.int64]
) -> None:
    """Fill `chosen` with distinct customers, drawn from all or in proportion to their followers."""
    n, attempt = 0, 0
    customer: Word
    while n < chosen.size:
        customer = _picked(indptr, how, run, draws.COMPLAINANT, attempt)
        attempt += 1
        fresh = True
        for k in range(n):
            fresh = fresh and chosen[k] != customer
        if fresh:
            chosen[n] = customer
            n += 1


@compiled
def someone(indptr: NDArray[np.int64], how: int, run: Word, number: int) -> Word:
    """Draw who complains next by themselves: by followers if the first did so, else anybody."""
    return _picked(indptr, how, run, draws.ARRIVAL, number)


@compiled
def _picked(indptr: NDArray[np.int64], how: int, run: Word, purpose: int, number: int) -> Word:
    if how == BY_FOLLOWERS:
        return _owner(indptr, draws.pick(run, purpose, number, indptr[-1]))
    return draws.pick(run, purpose, number, indptr.size - 1)


@compiled
def _owner(indptr: NDArray[np.int64], tie: Word) -> Word:
    """Give in whose row a tie stands (by halving: np.searchsorted takes long to compile)."""
    low, high = 0, indptr.size - 1
    while high - low > 1:
        middle = (low + high) // 2
        if indptr[middle] <= tie:
            low = middle
        else:
            high = middle
    return low
