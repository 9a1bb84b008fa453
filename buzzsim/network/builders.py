"""Compiled loops that build the ties of generated networks, with luck from `draws` by counter.

The ends of tie k are at 2k and 2k + 1. The loops use no random stream of NumPy or numba and only
+ - * / of floats, so that a network is the same on every machine.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled
from buzzsim.model.draws import fold, unit
from buzzsim.network.ties import Ends

Counts = NDArray[np.int64]
Whole = int | np.int32 | np.int64
Lists = NDArray[np.int64]
"""A row (place, length, room) for each customer's list in a pool; the last is the pool's rest."""


@compiled
def shuffled(values: Ends, key: np.uint64) -> Ends:
    """Give the values in a random order (Fisher & Yates)."""
    order = values.copy()
    for last in range(len(order) - 1, 0, -1):
        other = np.int64(unit(fold(key, last)) * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order


@compiled
def preferential(n: int, ties: int, key: np.uint64) -> Ends:
    """Grow by preferential attachment (Batagelj & Brandes 2005)."""
    ends = _clique(n, ties)
    seen_by = np.full(n, -1, np.int32)
    at, draw = (ties + 1) * ties, 0
    for newcomer in range(ties + 1, n):
        n_ends = at
        while at < n_ends + 2 * ties:
            target = ends[np.int64(unit(fold(key, draw)) * n_ends)]
            draw += 1
            if seen_by[target] != newcomer:
                seen_by[target] = newcomer
                ends[at], ends[at + 1] = newcomer, target
                at += 2
    return ends


@compiled
def _clique(n: int, ties: int) -> Ends:
    """Make room for all ends and tie the first `ties` + 1 customers to each other."""
    ends = np.empty((ties + 1) * ties + 2 * ties * (n - ties - 1), np.int32)
    at = 0
    for u in range(ties + 1):
        for v in range(u):
            ends[at], ends[at + 1] = u, v
            at += 2
    return ends


@compiled
def preferential_with_triangles(n: int, ties: int, clustering: float, key: np.uint64) -> Ends:
    """Grow as above, but each tie after the first may close a triangle (Holme & Kim 2002).

    With chance `clustering` it goes to a neighbour of the last customer who was preferred.
    """
    ends = _clique(n, ties)
    seen_by = np.full(n, -1, np.int32)
    at, draw = (ties + 1) * ties, 0
    lists = np.zeros((n + 1, 3), np.int64)
    # Enough: the rooms that a list of L entries had (ties, 2 ties, ...) sum to max(ties, 4 L).
    pool = np.empty(5 * ties * n, np.int32)
    for k in range(at):
        _listed(ends[k], ends[k ^ 1], lists, pool, ties)
    for newcomer in range(ties + 1, n):
        n_ends, hub = at, np.int32(-1)
        while at < n_ends + 2 * ties:
            target = np.int32(-1)
            if hub >= 0 and unit(fold(key, draw)) < clustering:
                luck = fold(key, draw)
                target = _new_neighbour(hub, ends, lists, pool, ties, seen_by, newcomer, luck)
            draw += 1
            while target < 0:
                hub = ends[np.int64(unit(fold(key, draw)) * n_ends)]
                draw += 1
                target = np.int32(-1) if seen_by[hub] == newcomer else hub
            seen_by[target] = newcomer
            ends[at], ends[at + 1] = newcomer, target
            at += 2
        for k in range(n_ends, at, 2):
            _listed(ends[k + 1], ends[k], lists, pool, ties)
    return ends


@compiled
def _listed(own: int, other: int, lists: Lists, pool: Ends, ties: int) -> None:
    """Enter a younger neighbour in a customer's list, which moves to twice the room when full."""
    place, length, room = lists[own, 0], lists[own, 1], lists[own, 2]
    if length == room:
        free = lists[-1, 0]
        for k in range(length):
            pool[free + k] = pool[place + k]
        place, room = free, max(2 * room, ties)
        lists[own, 0], lists[own, 2] = place, room
        lists[-1, 0] = free + room
    pool[place + length] = other
    lists[own, 1] = length + 1


@compiled
def _new_neighbour(
    hub: np.int32,
    ends: Ends,
    lists: Lists,
    pool: Ends,
    ties: int,
    seen_by: Ends,
    newcomer: int,
    key: np.uint64,
) -> np.int32:
    """Pick uniformly among the neighbours not yet tied to the newcomer; -1 if there are none."""
    n_older = ties if hub > ties else 0  # whom it tied to when it came; the clique has lists only
    n = n_older + lists[hub, 1]
    for attempt in range(4):  # nearly always enough, and exact: a rejected pick is drawn again
        place = np.int64(unit(fold(key, attempt)) * n)
        candidate = _neighbour(hub, place, n_older, ends, lists, pool)
        if seen_by[candidate] != newcomer:
            return candidate
    n_new = 0
    for k in range(n):
        n_new += seen_by[_neighbour(hub, k, n_older, ends, lists, pool)] != newcomer
    wanted = np.int64(unit(fold(key, 4)) * n_new)
    for k in range(n):
        candidate = _neighbour(hub, k, n_older, ends, lists, pool)
        if seen_by[candidate] != newcomer:
            if wanted == 0:
                return candidate
            wanted -= 1
    return np.int32(-1)


@compiled
def _neighbour(
    hub: np.int32, k: Whole, n_older: int, ends: Ends, lists: Lists, pool: Ends
) -> np.int32:
    """Give a neighbour: first those the hub tied to, behind the ties of all who came before it."""
    if k < n_older:
        place = (n_older + 1) * n_older + 2 * n_older * (hub - n_older - 1) + 2 * k + 1
        neighbour: np.int32 = ends[place]
    else:
        neighbour = pool[lists[hub, 0] + k - n_older]
    return neighbour


@compiled
def rewired_ring(n: int, ties: int, rewiring: float, key: np.uint64) -> Ends:
    """Rewire a ring (Watts & Strogatz 1998); row u holds the customers that u's ties lead to."""
    own = np.empty((n, ties), np.int32)
    for u in range(n):
        for j in range(ties):
            own[u, j] = (u + j + 1) % n
    degree = np.full(n, 2 * ties, np.int64)
    for j in range(ties):
        for u in range(n):
            luck = fold(key, j * n + u)
            if unit(fold(luck, 0)) < rewiring and degree[u] < n - 1:
                attempt = 1
                target = np.int64(unit(fold(luck, attempt)) * n)
                while target == u or _tied(own, u, target):
                    attempt += 1
                    target = np.int64(unit(fold(luck, attempt)) * n)
                degree[own[u, j]] -= 1
                degree[target] += 1
                own[u, j] = target
    return own


@compiled
def _tied(own: Ends, u: Whole, v: Whole) -> bool:
    for j in range(own.shape[1]):  # noqa: SIM110 (numba knows no any())
        if own[u, j] == v or own[v, j] == u:
            return True
    return False


@compiled
def bernoulli_pairs(
    low: NDArray[np.int64], high: NDArray[np.int64], probability: float, key: np.uint64
) -> Ends:
    """Tie each v to each of low[v] .. high[v] - 1 with the same chance, independently.

    The loop skips over the gaps between ties (Batagelj & Brandes 2005).
    """
    if probability <= 0.0:
        return np.empty(0, np.int32)
    left = np.int64(0)
    for v in range(len(low)):
        left += high[v] - low[v]
    ends = np.empty(2 * np.int64(1.1 * probability * left + 100), np.int32)
    at, draw, v, u = 0, 0, 0, np.int64(low[0] - 1)
    scale = 0.0 if probability >= 1.0 else 1.0 / _log_of_one_minus(probability)
    while True:
        gap = _log_of_one_minus(unit(fold(key, draw))) * scale
        draw += 1
        if gap >= left:
            break
        left -= np.int64(gap) + 1
        u += np.int64(gap) + 1
        while u >= high[v]:
            u += low[v + 1] - high[v]
            v += 1
        if at == len(ends):
            ends = np.concatenate((ends, np.empty_like(ends)))
        ends[at], ends[at + 1] = v, u
        at += 2
    return ends[:at]


@compiled
def follower_counts(n: int, mean: float, exponent: float, largest: float) -> Counts:
    """Give n numbers of followers, ascending: the quantiles of a Pareto law cut at `largest`.

    Two networks so differ in who is followed by whom, not in how large their hubs are.
    """
    power = 1.0 - exponent
    low, high = 0.0, 1.0  # where the law begins, as a share of the largest
    for _ in range(60):
        r = 0.5 * (low + high)
        ratio = (1.0 - _raised(r, 1.0 + power)) / (_raised(r, power) - 1.0)
        if largest * -power / (1.0 + power) * ratio < mean:
            low = r
        else:
            high = r
    counts, cut, rest = np.empty(n, np.int64), 1.0 - _raised(low, -power), 0.0
    for rank in range(n):
        u = (rank + 0.5) / n if rank < n - 1 else 1.0
        exact = largest * low * _raised(1.0 - u * cut, 1.0 / power) + rest
        counts[rank] = np.int64(exact)
        rest = exact - counts[rank]  # left to the next, so that the mean is right
    return counts


@compiled
def readers(counts: Counts, tickets: Ends, key: np.uint64) -> Ends:
    """Draw for each customer so many different readers, from tickets: one row after the other."""
    ends = np.empty(counts.sum(), np.int32)
    seen_by = np.full(counts.size, -1, np.int32)
    at, draw = 0, 0
    for author in range(counts.size):
        seen_by[author] = author
        row_end = at + counts[author]
        while at < row_end:
            reader = tickets[np.int64(unit(fold(key, draw)) * tickets.size)]
            draw += 1
            if seen_by[reader] != author:
                seen_by[reader] = author
                ends[at] = reader
                at += 1
    return ends


@compiled
def chosen(
    ordinary: NDArray[np.bool_], tails: Ends, heads: Ends, probability: float, key: np.uint64
) -> NDArray[np.bool_]:
    """Choose each tie between two ordinary people with the same chance."""
    are = np.zeros(tails.size, np.bool_)
    for k in range(tails.size):
        if ordinary[tails[k]] and ordinary[heads[k]]:
            are[k] = unit(fold(key, k)) < probability
    return are


@compiled
def normals(n: int, key: np.uint64) -> NDArray[np.float64]:
    """Give n draws of the standard normal law (Marsaglia's polar method)."""
    drawn = np.empty(n)
    for i in range(n):
        stream, attempt, square = fold(key, i), 0, 2.0
        while square >= 1.0 or square == 0.0:
            x = 2.0 * unit(fold(stream, attempt)) - 1.0
            y = 2.0 * unit(fold(stream, attempt + 1)) - 1.0
            attempt, square = attempt + 2, x * x + y * y
        drawn[i] = x * math.sqrt(-2.0 * _logarithm(square) / square)
    return drawn


@compiled
def exponentials(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give exp(x) of each number, the same on every machine."""
    e = np.empty_like(x)
    for i in range(x.size):
        e[i] = _exponential(x[i])
    return e


@compiled
def _raised(base: float, power: float) -> float:
    """Give base ** power, for a base above 0."""
    return _exponential(power * _logarithm(base))


@compiled
def _exponential(x: float) -> float:
    """Give exp(x) to about 1e-15, the same on every machine."""
    halvings = math.floor(x / 0.6931471805599453 + 0.5)
    rest, series = x - halvings * 0.6931471805599453, 1.0
    for k in range(16, 0, -1):
        series = 1.0 + series * rest / k
    return math.ldexp(series, int(halvings))


@compiled
def _log_of_one_minus(x: float) -> float:
    """Give ln(1 - x) to about 1e-15, for 0 <= x < 1.

    It is the same on every machine, which the logarithms of libraries are not.
    """
    return _log_series(-x / (2.0 - x)) if x <= 0.25 else _logarithm(1.0 - x)


@compiled
def _logarithm(x: float) -> float:
    """Give ln(x) to about 1e-15, for x > 0, the same on every machine."""
    mantissa, exponent = math.frexp(x)
    if mantissa < 0.7071067811865476:
        mantissa, exponent = 2.0 * mantissa, exponent - 1
    return _log_series((mantissa - 1.0) / (mantissa + 1.0)) + exponent * 0.6931471805599453


@compiled
def _log_series(s: float) -> float:
    """Give ln((1 + s) / (1 - s)) for s near 0."""
    square, series = s * s, 0.0
    for k in range(12, -1, -1):
        series = series * square + 1.0 / (2 * k + 1)
    return 2.0 * s * series
