"""Compiled loops that turn pairs of customers into sorted rows of followers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled

Ends = NDArray[np.int32]
Starts = NDArray[np.int64]


@compiled
def rows_of(tails: Ends, heads: Ends, n: int, both: bool) -> tuple[Starts, Ends, int, int]:
    """Give (indptr, indices, loops, repeats) of pairs; `both` stores each tie in both rows.

    One counting sort by tail, then each row is sorted on its own while it is in the cache. That
    takes half the time of two counting sorts, and less memory than NumPy's sort of whole ties
    (experiments/benchmarks/large.py: a hundred million stored ties).
    """
    starts, loops = _starts(tails, heads, n, both)
    entries = np.empty(starts[n], np.int32)
    free = starts[:n].copy()
    for k in range(len(tails)):
        u, v = tails[k], heads[k]
        if u != v:
            entries[free[u]] = v
            free[u] += 1
            if both:
                entries[free[v]] = u
                free[v] += 1
    indptr = _sorted_rows(starts, entries)
    repeats = len(entries) - indptr[n]
    if repeats > 0:
        entries = entries[: indptr[n]].copy()
    return indptr, entries, loops, (repeats // 2 if both else repeats)


@compiled
def _starts(tails: Ends, heads: Ends, n: int, both: bool) -> tuple[Starts, int]:
    """Give the places where the rows start, and how many pairs are loops."""
    starts = np.zeros(n + 1, np.int64)
    loops = 0
    for k in range(len(tails)):
        if tails[k] == heads[k]:
            loops += 1
        else:
            starts[tails[k] + 1] += 1
            if both:
                starts[heads[k] + 1] += 1
    for u in range(n):
        starts[u + 1] += starts[u]
    return starts, loops


@compiled
def _sorted_rows(starts: Starts, entries: Ends) -> Starts:
    """Sort each row in place, drop repeats, close the gaps; give where the rows start now."""
    indptr = np.zeros(len(starts), np.int64)
    end = 0
    for u in range(len(starts) - 1):
        _sort(entries[starts[u] : starts[u + 1]])
        last = -1
        for k in range(starts[u], starts[u + 1]):
            v = entries[k]
            if v != last:
                entries[end] = last = v
                end += 1
        indptr[u + 1] = end
    return indptr


@compiled
def _sort(row: Ends) -> None:
    """Sort in place (Shell's sort is plain insertion on short rows; np.sort compiles slowly)."""
    gap = 1
    while gap < len(row) // 9:
        gap = 3 * gap + 1
    while gap > 0:
        for k in range(gap, len(row)):
            value, hole = row[k], k
            while hole >= gap and row[hole - gap] > value:
                row[hole] = row[hole - gap]
                hole -= gap
            row[hole] = value
        gap //= 3


@compiled
def are_reciprocal(indptr: Starts, indices: Ends) -> NDArray[np.bool_]:
    """Tell of each stored tie whether the opposite one is stored too."""
    reciprocal = np.zeros(len(indices), np.bool_)
    for u in range(len(indptr) - 1):
        for k in range(indptr[u], indptr[u + 1]):
            reciprocal[k] = _is_stored(indptr, indices, indices[k], u)
    return reciprocal


@compiled
def _is_stored(indptr: Starts, indices: Ends, tail: int, head: int) -> bool:
    """Whether a tie is stored, by a binary search in its row."""
    low, high = indptr[tail], indptr[tail + 1]
    while low < high:
        middle = (low + high) // 2
        if indices[middle] < head:
            low = middle + 1
        else:
            high = middle
    return bool(low < indptr[tail + 1] and indices[low] == head)
