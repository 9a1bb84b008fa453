"""Networks made by rule: six textbook families, each a pure function of its numbers and its seed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, sentence, unknown
from buzzsim.model.draws import fold
from buzzsim.network.builders import (
    bernoulli_pairs,
    preferential,
    preferential_with_triangles,
    rewired_ring,
    shuffled,
)
from buzzsim.network.checks import check_size, whole_numbers
from buzzsim.network.network import Network

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]
_PLACE = "network"
_GROWTH, _ORDER, _ACROSS = (np.uint64(purpose) for purpose in (1, 2, 3))


@dataclass(frozen=True)
class Recipe:
    """What a generator is asked for; see `generate`."""

    customers: int
    ties: int
    rewiring: float
    clustering: float
    blocks: int
    mixing: float
    degrees: NDArray[np.int64]
    seed: int

    def key(self, purpose: np.uint64) -> np.uint64:
        """Give the key of the draws for one purpose."""
        key, rest = np.uint64(0), self.seed
        while True:
            key = np.uint64(fold(key, np.uint64(rest & (2**64 - 1))))
            rest >>= 64
            if not rest:
                return np.uint64(fold(key, purpose))


def generate(
    kind: str,
    *,
    customers: int,
    ties: int = 5,
    rewiring: float = 0.1,
    clustering: float = 0.5,
    blocks: int = 4,
    mixing: float = 0.1,
    degrees: Sequence[int] = (),
    seed: int = 1,
) -> Network:
    """Make an undirected network of a family, the same on every machine for the same arguments.

    Parameters
    ----------
    kind : str
        ``scale_free`` (Barabasi & Albert 1999), ``clustered_scale_free`` (Holme & Kim 2002), ``small_world`` (Watts &
        Strogatz 1998), ``blocks`` (planted partition, Condon & Karp 2001), ``random`` (Gilbert 1959) or
        ``configuration`` (erased configuration model); the entries of `GENERATORS` say how each is made.
    customers : int
        Number of customers, 1 or more; for ``configuration`` the number of degrees.
    ties : int
        Ties that each customer brings, 1 or more: the mean number of followers is twice that, exactly for
        ``small_world``, on average for ``blocks`` and ``random``, in the limit for the scale-free families.
    rewiring : float
        Chance, 0 to 1, that a tie of ``small_world`` is rewired.
    clustering : float
        Chance, 0 to 1, that a tie of ``clustered_scale_free`` after a newcomer's first closes a triangle.
    blocks : int
        Number of equal ``blocks``, 1 to customers; their sizes differ by at most 1.
    mixing : float
        Expected share, 0 to 1, of ties between different ``blocks``.
    degrees : sequence of int
        Followers wished for each customer of ``configuration``, with an even sum.
    seed : int
        0 or more; another seed, another network.

    Raises
    ------
    NetworkError
        When the kind is unknown or a number impossible, usually because there are too few customers for the ties.

    Examples
    --------
    >>> generate("small_world", customers=100, ties=2, rewiring=0.0)
    <Network: generated network (small_world): 100 customers, 200 ties, undirected, 4.0 followers on average>
    """
    if kind not in GENERATORS:
        raise NetworkError(unknown(_PLACE, "kind", kind, GENERATORS))
    plan = Recipe(
        customers=_whole("customers", customers, 1),
        ties=_whole("ties", ties, 1),
        rewiring=_share("rewiring", rewiring),
        clustering=_share("clustering", clustering),
        blocks=_whole("blocks", blocks, 1),
        mixing=_share("mixing", mixing),
        degrees=whole_numbers(degrees, _PLACE, "degrees"),
        seed=_whole("seed", seed, 0),
    )
    check_size(plan.customers, _PLACE)
    tails, heads = GENERATORS[kind](plan)
    source = f"generated network ({kind})"
    return Network.from_edges(tails, heads, n_customers=plan.customers, source=source)


def scale_free(plan: Recipe) -> Pairs:
    """Barabasi and Albert: from a clique of `ties` + 1, newcomers tie to `ties` others by degree; then shuffled."""
    _check_ties(plan, plan.customers - 1)
    return _grown(preferential(plan.customers, plan.ties, plan.key(_GROWTH)), plan)


def clustered_scale_free(plan: Recipe) -> Pairs:
    """Holme and Kim: as scale_free, but ties after a newcomer's first close a triangle with chance `clustering`."""
    _check_ties(plan, plan.customers - 1)
    ends = preferential_with_triangles(
        plan.customers, plan.ties, plan.clustering, plan.key(_GROWTH)
    )
    return _grown(ends, plan)


def small_world(plan: Recipe) -> Pairs:
    """Watts and Strogatz: a ring of 2 `ties` neighbours, one end of each tie moved with chance `rewiring`."""
    _check_ties(plan, (plan.customers - 1) // 2)
    own = rewired_ring(plan.customers, plan.ties, plan.rewiring, plan.key(_GROWTH))
    return np.repeat(np.arange(plan.customers, dtype=np.int32), plan.ties), own.ravel()


def blocks(plan: Recipe) -> Pairs:
    """Planted partition: each pair is tied independently, with one chance inside blocks and another across them."""
    if plan.blocks > plan.customers:
        raise NetworkError(
            sentence(
                _PLACE, "blocks", plan.blocks, f"1 to {plan.customers}, the number of customers"
            )
        )
    customer = np.arange(plan.customers)
    block = customer * plan.blocks // plan.customers
    start = np.searchsorted(block, block)
    n_inside, n_across = int((customer - start).sum()), int(start.sum())
    n_ties = plan.customers * plan.ties
    inside = _probability(plan, (1 - plan.mixing) * n_ties, n_inside, "inside blocks")
    across = _probability(plan, plan.mixing * n_ties, n_across, "across blocks")
    ends = np.concatenate(
        (
            bernoulli_pairs(start, customer, inside, plan.key(_GROWTH)),
            bernoulli_pairs(np.zeros_like(start), start, across, plan.key(_ACROSS)),
        )
    )
    return ends[0::2], ends[1::2]


def random(plan: Recipe) -> Pairs:
    """Gilbert (often called Erdos and Renyi): each pair is tied independently, with the same chance."""
    _check_ties(plan, (plan.customers - 1) // 2)
    customer = np.arange(plan.customers)
    ends = bernoulli_pairs(
        np.zeros_like(customer), customer, 2 * plan.ties / (plan.customers - 1), plan.key(_GROWTH)
    )
    return ends[0::2], ends[1::2]


def configuration(plan: Recipe) -> Pairs:
    """Configuration model: stubs of given `degrees` matched at random; loops and repeats are dropped and counted."""
    degrees = plan.degrees
    if len(degrees) != plan.customers:
        allowed = f"{plan.customers}, one for each customer"
        raise NetworkError(sentence(_PLACE, "the number of degrees", len(degrees), allowed))
    wrong = np.flatnonzero((degrees < 0) | (degrees >= plan.customers))
    if len(wrong):
        allowed = f"a whole number from 0 to {plan.customers - 1}"
        raise NetworkError(sentence(_PLACE, f"degrees[{wrong[0]}]", degrees[wrong[0]], allowed))
    total = int(degrees.sum())
    if total == 0 or total % 2:
        raise NetworkError(
            sentence(_PLACE, "the sum of degrees", total, "an even number of 2 or more")
        )
    stubs = np.repeat(np.arange(plan.customers, dtype=np.int32), degrees)
    ends = shuffled(stubs, plan.key(_GROWTH))
    return ends[0::2], ends[1::2]


GENERATORS: dict[str, Callable[[Recipe], Pairs]] = {
    "scale_free": scale_free,
    "clustered_scale_free": clustered_scale_free,
    "small_world": small_world,
    "blocks": blocks,
    "random": random,
    "configuration": configuration,
}


def _grown(ends: NDArray[np.int32], plan: Recipe) -> Pairs:
    """Number customers at random, so that a small number does not mean an old customer."""
    numbers = shuffled(np.arange(plan.customers, dtype=np.int32), plan.key(_ORDER))
    return numbers[ends[0::2]], numbers[ends[1::2]]


def _probability(plan: Recipe, n_ties: float, n_pairs: int, where: str) -> float:
    if n_ties > n_pairs:
        allowed = (
            f"{n_pairs:,} or less, the number of pairs (ties {plan.ties}, mixing {plan.mixing})"
        )
        raise NetworkError(sentence(_PLACE, f"the number of ties {where}", n_ties, allowed))
    return n_ties / n_pairs if n_pairs else 0.0


def _check_ties(plan: Recipe, most: int) -> None:
    if plan.ties > most:
        allowed = f"1 to {most} with {plan.customers:,} customers" if most else "more customers"
        raise NetworkError(sentence(_PLACE, "ties", plan.ties, allowed))


def _whole(key: str, value: Any, low: int) -> int:
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool) and value >= low:
        return int(value)
    raise NetworkError(sentence(_PLACE, key, value, f"a whole number of {low} or more"))


def _share(key: str, value: Any) -> float:
    if (
        isinstance(value, (int, float, np.integer, np.floating))
        and not isinstance(value, bool)
        and 0 <= value <= 1
    ):
        return float(value)
    raise NetworkError(sentence(_PLACE, key, value, "0 to 1"))
