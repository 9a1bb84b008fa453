"""Pairs of customers as sorted rows of followers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled

Ends = NDArray[np.int32]
Starts = NDArray[np.int64]


def rows_of(tails: Ends, heads: Ends, n: int, both: bool) -> tuple[Starts, Ends, int, int]:
    """Give (indptr, indices, loops, repeats) of pairs; `both` stores each tie in both rows.

    Ties are sorted as whole numbers: three times as fast as a compiled counting sort of five
    million ties, for twice the memory.
    """
    apart = tails != heads
    loops = int(apart.size - np.count_nonzero(apart))
    tails, heads = tails[apart], heads[apart]
    ties = tails * np.int64(n) + heads
    if both:
        ties = np.concatenate([ties, heads * np.int64(n) + tails])
    ties.sort()
    first = np.ones(ties.size, np.bool_)
    first[1:] = ties[1:] != ties[:-1]
    repeats = int(ties.size - np.count_nonzero(first))
    if repeats > 0:
        ties = ties[first]
    indptr = np.searchsorted(ties, np.arange(n + 1) * np.int64(n))
    ties %= n
    return indptr, ties.astype(np.int32), loops, repeats // 2 if both else repeats


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
