"""The compiled part of a network: pairs of customers become sorted rows of followers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit


@njit(cache=True)
def rows_of(tails: Any, heads: Any, n: Any, both: Any) -> Any:
    """Give (indptr, indices, loops, repeats) of int32 pairs; `both` stores each tie in both rows.

    Two counting sorts, by head and then by tail, leave each row ascending in O(customers + ties).
    """
    by_head, loops = _starts(heads, tails, n, both)
    buckets = np.empty(by_head[n], np.int32)
    free = by_head[:n].copy()
    for k in range(len(tails)):
        u, v = tails[k], heads[k]
        if u != v:
            buckets[free[v]] = u
            free[v] += 1
            if both:
                buckets[free[u]] = v
                free[u] += 1
    indptr = by_head if both else _starts(tails, heads, n, False)[0]
    indices = np.empty(len(buckets), np.int32)
    ends = indptr[:n].copy()
    for v in range(n):
        for k in range(by_head[v], by_head[v + 1]):
            u = buckets[k]
            end = ends[u]
            if end == indptr[u] or indices[end - 1] != v:
                indices[end] = v
                ends[u] = end + 1
    return _closed_up(indptr, ends, indices, loops, both)


@njit(cache=True)
def _starts(own: Any, other: Any, n: Any, both: Any) -> Any:
    """Count the pairs of each customer, loops apart, into the places where their rows start."""
    starts = np.zeros(n + 1, np.int64)
    loops = 0
    for k in range(len(own)):
        if own[k] == other[k]:
            loops += 1
        else:
            starts[own[k] + 1] += 1
            if both:
                starts[other[k] + 1] += 1
    for u in range(n):
        starts[u + 1] += starts[u]
    return starts, loops


@njit(cache=True)
def _closed_up(indptr: Any, ends: Any, indices: Any, loops: Any, both: Any) -> Any:
    """Close the gaps that repeated ties left at the ends of rows."""
    closed = np.zeros(len(indptr), np.int64)
    at = 0
    for u in range(len(ends)):
        if at < indptr[u]:
            for k in range(indptr[u], ends[u]):
                indices[at + k - indptr[u]] = indices[k]
        at += ends[u] - indptr[u]
        closed[u + 1] = at
    repeats = len(indices) - at
    if both:
        repeats //= 2
    if at < len(indices):
        indices = indices[:at].copy()
    return closed, indices, loops, repeats


@njit(cache=True)
def n_reciprocal(indptr: Any, indices: Any) -> Any:
    """Count the stored ties whose opposite is stored too; a binary search each."""
    found = 0
    for u in range(len(indptr) - 1):
        for k in range(indptr[u], indptr[u + 1]):
            v = indices[k]
            low, high = indptr[v], indptr[v + 1]
            while low < high:
                middle = (low + high) // 2
                if indices[middle] < u:
                    low = middle + 1
                else:
                    high = middle
            if low < indptr[v + 1] and indices[low] == u:
                found += 1
    return found
