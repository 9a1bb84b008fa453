"""The compiled part of the generators: loops that give ties, with luck from `draws` by counter.

Nothing here depends on NumPy's or numba's random streams, and only on + - * / of floats, so that a network is the
same on every machine.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.model.draws import fold, unit


@compiled
def shuffled(values: Any, key: Any) -> Any:
    """Give the values in a random order (Fisher & Yates)."""
    order = values.copy()
    for last in range(len(order) - 1, 0, -1):
        other = np.int64(unit(fold(key, last)) * (last + 1))
        order[last], order[other] = order[other], order[last]
    return order


@compiled
def preferential(n: Any, ties: Any, key: Any) -> Any:
    """Grow by preferential attachment (Batagelj & Brandes 2005); the ends of tie k are at 2k and 2k + 1."""
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
def _clique(n: Any, ties: Any) -> Any:
    """Make room for all ends and tie the first `ties` + 1 customers to each other."""
    ends = np.empty((ties + 1) * ties + 2 * ties * (n - ties - 1), np.int32)
    at = 0
    for u in range(ties + 1):
        for v in range(u):
            ends[at], ends[at + 1] = u, v
            at += 2
    return ends


@compiled
def preferential_with_triangles(n: Any, ties: Any, clustering: Any, key: Any) -> Any:
    """Grow as above, but each tie after the first goes with that chance to a neighbour of the last preferred one."""
    ends = _clique(n, ties)
    seen_by = np.full(n, -1, np.int32)
    at, draw = (ties + 1) * ties, 0
    lists = np.zeros((n + 1, 3), np.int64)
    pool = np.empty(
        5 * ties * n, np.int32
    )  # enough: rooms of ties, 2 ties, ... for L entries sum to max(ties, 4 L)
    for k in range(at):
        _listed(ends[k], ends[k ^ 1], lists, pool, ties)
    for newcomer in range(ties + 1, n):
        n_ends, hub = at, np.int32(-1)
        while at < n_ends + 2 * ties:
            target = np.int32(-1)
            if hub >= 0 and unit(fold(key, draw)) < clustering:
                target = _new_neighbour(
                    hub, ends, lists, pool, ties, seen_by, newcomer, fold(key, draw)
                )
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
def _listed(own: Any, other: Any, lists: Any, pool: Any, ties: Any) -> Any:
    """Enter a younger neighbour in a customer's list (place, length, room), which moves to twice the room when full.

    The last of the lists is the free part of the pool.
    """
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
    hub: Any, ends: Any, lists: Any, pool: Any, ties: Any, seen_by: Any, newcomer: Any, key: Any
) -> Any:
    """Pick uniformly among the neighbours not yet tied to the newcomer; -1 if there are none."""
    n_older = (
        ties if hub > ties else 0
    )  # those it tied to itself when it came; the clique has lists only
    n = n_older + lists[hub, 1]
    for attempt in range(4):  # nearly always enough, and exact: a rejected pick is drawn again
        candidate = _neighbour(
            hub, np.int64(unit(fold(key, attempt)) * n), n_older, ends, lists, pool
        )
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
def _neighbour(hub: Any, k: Any, n_older: Any, ends: Any, lists: Any, pool: Any) -> Any:
    if (
        k < n_older
    ):  # the ties of customer u > ties lie behind those of the clique and of all before u
        return ends[(n_older + 1) * n_older + 2 * n_older * (hub - n_older - 1) + 2 * k + 1]
    return pool[lists[hub, 0] + k - n_older]


@compiled
def rewired_ring(n: Any, ties: Any, rewiring: Any, key: Any) -> Any:
    """Rewire a ring (Watts & Strogatz 1998); row u holds the customers that u's own ties lead to."""
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
def _tied(own: Any, u: Any, v: Any) -> Any:
    for j in range(own.shape[1]):  # noqa: SIM110 (numba knows no any())
        if own[u, j] == v or own[v, j] == u:
            return True
    return False


@compiled
def bernoulli_pairs(low: Any, high: Any, probability: Any, key: Any) -> Any:
    """Tie each v to each of low[v] .. high[v] - 1 independently, skipping over gaps (Batagelj & Brandes 2005)."""
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
def _log_of_one_minus(x: Any) -> Any:
    """Give ln(1 - x) to about 1e-15, for 0 <= x < 1, the same on every machine (libraries' logarithms differ)."""
    exponent, s = 0, -x / (2.0 - x)
    if x > 0.25:
        mantissa, exponent = math.frexp(1.0 - x)
        if mantissa < 0.7071067811865476:
            mantissa, exponent = 2.0 * mantissa, exponent - 1
        s = (mantissa - 1.0) / (mantissa + 1.0)
    square, series = s * s, 0.0
    for k in range(12, -1, -1):
        series = series * square + 1.0 / (2 * k + 1)
    return 2.0 * s * series + exponent * 0.6931471805599453
