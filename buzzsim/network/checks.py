"""What may enter a network: arrays of whole numbers, and names; each is checked once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, sentence

MOST_CUSTOMERS = 2**31 - 2


def whole_numbers(values: Any, place: str, key: str) -> NDArray[np.int64]:
    """Turn what was handed over into a flat int64 array, or say which value is no whole number."""
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError):  # rows of unequal length, and the like
        array = np.empty((0, 0))
    if array.ndim == 1 and array.size == 0:
        return np.empty(0, np.int64)
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        raise NetworkError(sentence(place, key, values, "a flat array of whole numbers"))
    if array.dtype.kind == "f":
        is_near = np.abs(array) < 2.0**62  # so not NaN either
        wrong = ~is_near | (np.where(is_near, array, 0) % 1 != 0)
    else:
        wrong = array > np.iinfo(np.int64).max
    if wrong.any():
        at = int(np.argmax(wrong))
        raise NetworkError(sentence(place, f"{key}[{at}]", array[at], "a whole number"))
    return array.astype(np.int64, copy=False)


def numbers_of_customers(
    array: NDArray[np.int64], n: int, place: str, key: str
) -> NDArray[np.int32]:
    """Give customers' numbers as int32 after checking that each is one of 0 .. n - 1."""
    wrong = (array < 0) | (array >= n)
    if wrong.any():
        at = int(np.argmax(wrong))
        allowed = f"a customer's number, 0 to {n - 1}"
        raise NetworkError(sentence(place, f"{key}[{at}]", array[at], allowed))
    return array.astype(np.int32)


def check_size(n: int, place: str) -> None:
    """Refuse an empty crowd and one too large for 32-bit numbers."""
    if not 1 <= n <= MOST_CUSTOMERS:
        allowed = f"1 to {MOST_CUSTOMERS:,}"
        raise NetworkError(sentence(place, "the number of customers", n, allowed))


def check_starts(starts: NDArray[np.int64], n_entries: int, place: str) -> None:
    """Refuse `indptr` that does not rise from 0 to the number of entries."""
    if starts[0] != 0:
        raise NetworkError(sentence(place, "indptr[0]", starts[0], "0"))
    falls = np.flatnonzero(starts[1:] < starts[:-1]) + 1
    if falls.size:
        at = int(falls[0])
        allowed = f"{starts[at - 1]} or more, as rows cannot end before they start"
        raise NetworkError(sentence(place, f"indptr[{at}]", starts[at], allowed))
    if starts[-1] != n_entries:
        allowed = f"{n_entries}, the length of indices"
        raise NetworkError(sentence(place, "the last indptr", starts[-1], allowed))


def checked_names(names: Sequence[Any] | None, n: int, place: str) -> Sequence[Any]:
    """Give one name for each customer, all different; their numbers when there are no names."""
    if names is None or (isinstance(names, range) and names == range(n)):
        return range(n)
    listed = names.tolist() if isinstance(names, np.ndarray) else list(names)
    if len(listed) != n:
        allowed = f"{n}, one for each customer"
        raise NetworkError(sentence(place, "the number of names", len(listed), allowed))
    seen: set[Any] = set()
    for name in listed:
        try:
            allowed = "each name once" if name in seen else ""
            seen.add(name)
        except TypeError:
            allowed = "something hashable, such as text"
        if allowed:
            raise NetworkError(sentence(place, "a name", name, allowed))
    return tuple(listed)
