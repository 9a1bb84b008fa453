"""Networks made by rule from numbers and a seed: follower networks and six textbook families."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, sentence, unknown, whole_number
from buzzsim.model.draws import fold
from buzzsim.network import builders
from buzzsim.network.checks import check_size, whole_numbers
from buzzsim.network.network import Network
from buzzsim.network.ties import rows_of

Pairs = tuple[NDArray[np.int32], NDArray[np.int32]]
_PLACE = "network"
_GROWTH, _ORDER, _ACROSS, _FAME, _ACTIVITY, _BACK = map(np.uint64, range(1, 7))
_SIGMA = 1.0  # of the lognormal law of how many people customers follow
_TICKETS = 8  # of a customer who follows as many as the average
_ORDINARY = 10  # times the mean number of followers: who has fewer may follow back


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
    exponent: float
    largest: float
    correlation: float
    mutual: float
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
    exponent: float = 2.3,
    largest: float = 0.2,
    correlation: float = 0.5,
    mutual: float = 0.0,
    seed: int = 1,
) -> Network:
    """Make a network of a family, the same on every machine for the same arguments.

    Only ``followers`` is directed.

    Parameters
    ----------
    kind : str
        ``followers`` (numbers of followers as on platforms), ``scale_free`` (Barabasi & Albert
        1999), ``clustered_scale_free`` (Holme & Kim 2002), ``small_world`` (Watts & Strogatz 1998),
        ``blocks`` (planted partition, Condon & Karp 2001), ``random`` (Gilbert 1959) or
        ``configuration`` (erased configuration model); the entries of `GENERATORS` say how each is
        made.
    customers : int
        Number of customers, 1 or more; for ``configuration`` the number of degrees.
    ties : int
        Ties that each customer brings, 1 or more. Of ``followers`` it is the mean number of
        followers. Of the others that mean is twice as large: exactly for ``small_world``, on
        average for ``blocks`` and ``random``, in the limit of many customers for the scale-free
        families.
    rewiring : float
        Chance, 0 to 1, that a tie of ``small_world`` is rewired.
    clustering : float
        Chance, 0 to 1, that a tie of ``clustered_scale_free`` after a newcomer's first closes a
        triangle.
    blocks : int
        Number of equal ``blocks``, 1 to customers; their sizes differ by at most 1.
    mixing : float
        Expected share, 0 to 1, of ties between different ``blocks``.
    degrees : sequence of int
        Followers wished for each customer of ``configuration``, with an even sum.
    exponent : float
        Exponent, above 2 and up to 5, of the law of the number of followers (``followers``).
    largest : float
        Most followers that anybody has, as a share, up to 0.5, of the crowd (``followers``).
    correlation : float
        Rank correlation, -1 to 1, of how many follow customers and how many they follow
        (``followers``).
    mutual : float
        Share, 0 to 0.9, of mutual ties among ordinary people, who have less than ten times the
        mean number of followers (``followers``).
    seed : int
        0 or more; another seed gives another network.

    Raises
    ------
    NetworkError
        When the kind is unknown or a number impossible: usually there are too few customers for
        the ties.

    Examples
    --------
    >>> generate("small_world", customers=100, ties=2, rewiring=0.0)
    <Network: generated network (small_world): 100 customers, 200 ties, undirected,
    4.0 followers on average>
    """
    if kind not in GENERATORS:
        raise NetworkError(unknown(_PLACE, "kind", kind, GENERATORS))
    recipe = Recipe(
        customers=whole_number(_PLACE, "customers", customers, 1, error=NetworkError),
        ties=whole_number(_PLACE, "ties", ties, 1, error=NetworkError),
        rewiring=_between("rewiring", rewiring, 0, 1),
        clustering=_between("clustering", clustering, 0, 1),
        blocks=whole_number(_PLACE, "blocks", blocks, 1, error=NetworkError),
        mixing=_between("mixing", mixing, 0, 1),
        degrees=whole_numbers(degrees, _PLACE, "degrees"),
        exponent=_between("exponent", exponent, 2.01, 5),
        largest=_between("largest", largest, 0, 0.5),
        correlation=_between("correlation", correlation, -1, 1),
        mutual=_between("mutual", mutual, 0, 0.9),
        seed=whole_number(_PLACE, "seed", seed, 0, error=NetworkError),
    )
    check_size(recipe.customers, _PLACE)
    directed, n = kind == "followers", recipe.customers
    rows = rows_of(*GENERATORS[kind](recipe), n, not directed)
    return Network.of_rows(rows, directed, range(n), f"generated network ({kind})")


def followers(recipe: Recipe) -> Pairs:
    """Followers by a Pareto law, followees by a lognormal one, tied at random along both.

    The two are linked by a Gaussian copula. Some of the ties among ordinary people are answered.
    """
    n, mean, most = recipe.customers, float(recipe.ties), recipe.largest * recipe.customers
    if not mean < most:
        allowed = f"less than {most:g}, the followers of the largest hub (largest {recipe.largest})"
        raise NetworkError(sentence(_PLACE, "ties", recipe.ties, allowed))
    fame = builders.normals(n, recipe.key(_FAME))
    link = 2 * math.sin(math.pi / 6 * recipe.correlation)  # of normals with this rank correlation
    rest = math.sqrt(1 - link**2) * builders.normals(n, recipe.key(_ACTIVITY))
    follows = builders.exponentials(_SIGMA * (link * fame + rest) - _SIGMA**2 / 2)
    rank = np.argsort(np.argsort(fame, kind="stable"), kind="stable")

    def drawn(mean: float) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.bool_]]:
        counts = builders.follower_counts(n, mean, recipe.exponent, most)[rank]
        tickets = np.maximum(1, (_TICKETS * follows + 0.5).astype(np.int64))
        return counts, np.repeat(np.arange(n, dtype=np.int32), tickets), counts < _ORDINARY * mean

    counts, tickets, ordinary = drawn(mean)
    answered = recipe.mutual / (2 - recipe.mutual)  # share of ties that get an opposite one
    if answered:
        share = counts[ordinary].sum() / counts.sum() * ordinary[tickets].mean()
        counts, tickets, ordinary = drawn(mean / (1 + answered * share))
    heads = builders.readers(counts, tickets, recipe.key(_GROWTH))
    tails = np.repeat(np.arange(n, dtype=np.int32), counts)
    if not answered:
        return tails, heads
    back = builders.chosen(ordinary, tails, heads, answered, recipe.key(_BACK))
    return np.append(tails, heads[back]), np.append(heads, tails[back])


def scale_free(recipe: Recipe) -> Pairs:
    """Barabasi and Albert: newcomers to a clique tie to `ties` others by degree; then shuffled."""
    _check_ties(recipe, recipe.customers - 1)
    return _grown(builders.preferential(recipe.customers, recipe.ties, recipe.key(_GROWTH)), recipe)


def clustered_scale_free(recipe: Recipe) -> Pairs:
    """Holme and Kim: scale_free, but later ties of a newcomer close triangles (`clustering`)."""
    _check_ties(recipe, recipe.customers - 1)
    numbers = recipe.customers, recipe.ties, recipe.clustering
    return _grown(builders.preferential_with_triangles(*numbers, recipe.key(_GROWTH)), recipe)


def small_world(recipe: Recipe) -> Pairs:
    """Watts and Strogatz: a ring of 2 `ties` neighbours; ties are moved with chance `rewiring`."""
    _check_ties(recipe, (recipe.customers - 1) // 2)
    own = builders.rewired_ring(recipe.customers, recipe.ties, recipe.rewiring, recipe.key(_GROWTH))
    return np.repeat(np.arange(recipe.customers, dtype=np.int32), recipe.ties), own.ravel()


def blocks(recipe: Recipe) -> Pairs:
    """Planted partition: pairs are tied by one chance inside blocks and by another across."""
    if recipe.blocks > recipe.customers:
        allowed = f"1 to {recipe.customers}, the number of customers"
        raise NetworkError(sentence(_PLACE, "blocks", recipe.blocks, allowed))
    customer = np.arange(recipe.customers)
    block = customer * recipe.blocks // recipe.customers
    start = np.searchsorted(block, block)
    n_inside, n_across = int((customer - start).sum()), int(start.sum())
    n_ties = recipe.customers * recipe.ties
    inside = _probability(recipe, (1 - recipe.mixing) * n_ties, n_inside, "inside blocks")
    across = _probability(recipe, recipe.mixing * n_ties, n_across, "across blocks")
    near = builders.bernoulli_pairs(start, customer, inside, recipe.key(_GROWTH))
    far = builders.bernoulli_pairs(np.zeros_like(start), start, across, recipe.key(_ACROSS))
    ends = np.concatenate((near, far))
    return ends[0::2], ends[1::2]


def random(recipe: Recipe) -> Pairs:
    """Gilbert (often called Erdos and Renyi): pairs are tied independently, by the same chance."""
    _check_ties(recipe, (recipe.customers - 1) // 2)
    customer = np.arange(recipe.customers)
    probability = 2 * recipe.ties / (recipe.customers - 1)
    start = np.zeros_like(customer)
    ends = builders.bernoulli_pairs(start, customer, probability, recipe.key(_GROWTH))
    return ends[0::2], ends[1::2]


def configuration(recipe: Recipe) -> Pairs:
    """Configuration model: stubs of `degrees` matched at random; loops and repeats are dropped."""
    degrees = recipe.degrees
    if len(degrees) != recipe.customers:
        allowed = f"{recipe.customers}, one for each customer"
        raise NetworkError(sentence(_PLACE, "the number of degrees", len(degrees), allowed))
    for at in np.flatnonzero((degrees < 0) | (degrees >= recipe.customers)):
        most = recipe.customers - 1
        whole_number(_PLACE, f"degrees[{at}]", degrees[at], 0, most, error=NetworkError)
    total = int(degrees.sum())
    if total == 0 or total % 2:
        allowed = "an even number of 2 or more"
        raise NetworkError(sentence(_PLACE, "the sum of degrees", total, allowed))
    stubs = np.repeat(np.arange(recipe.customers, dtype=np.int32), degrees)
    ends = builders.shuffled(stubs, recipe.key(_GROWTH))
    return ends[0::2], ends[1::2]


_FAMILIES = followers, scale_free, clustered_scale_free, small_world, blocks, random, configuration
GENERATORS: dict[str, Callable[[Recipe], Pairs]] = {make.__name__: make for make in _FAMILIES}


def _grown(ends: NDArray[np.int32], recipe: Recipe) -> Pairs:
    """Number customers at random, so that a small number does not mean an old customer."""
    numbers = builders.shuffled(np.arange(recipe.customers, dtype=np.int32), recipe.key(_ORDER))
    return numbers[ends[0::2]], numbers[ends[1::2]]


def _probability(recipe: Recipe, n_ties: float, n_pairs: int, where: str) -> float:
    if n_ties > n_pairs:
        wishes = f"ties {recipe.ties}, mixing {recipe.mixing}"
        allowed = f"{n_pairs:,} or less, the number of pairs ({wishes})"
        raise NetworkError(sentence(_PLACE, f"the number of ties {where}", n_ties, allowed))
    return n_ties / n_pairs if n_pairs else 0.0


def _check_ties(recipe: Recipe, most: int) -> None:
    if recipe.ties > most:
        allowed = f"1 to {most} with {recipe.customers:,} customers" if most else "more customers"
        raise NetworkError(sentence(_PLACE, "ties", recipe.ties, allowed))


def _between(key: str, value: Any, low: float, high: float) -> float:
    is_number = isinstance(value, (int, float, np.integer, np.floating))
    if is_number and not isinstance(value, bool) and low <= value <= high:
        return float(value)
    raise NetworkError(sentence(_PLACE, key, value, f"{low:g} to {high:g}"))
