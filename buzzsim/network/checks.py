"""What may enter a network: arrays of whole numbers, names, and traits of customers, each checked once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, sentence, unknown

MOST_CUSTOMERS = 2**31 - 2
FLAG = "0 or 1"
TRAITS: dict[str, tuple[float, float, str]] = {
    "susceptibility": (0.0, np.inf, "a number of 0 or more"),
    "anger": (0.0, 1.0, "a number from 0 to 1"),
    "attitude": (-1.0, 1.0, "a number from -1 to 1"),
    "vindictive": (0.0, 1.0, FLAG),
    "advocate": (0.0, 1.0, FLAG),
    "troll": (0.0, 1.0, FLAG),
}


def whole_numbers(values: Any, place: str, key: str) -> NDArray[np.int64]:
    """Turn what was handed over into a flat int64 array, or say which value is none."""
    allowed = "a flat array of whole numbers"
    try:
        array = np.asarray(values)
    except (ValueError, TypeError, OverflowError):
        raise NetworkError(sentence(place, key, values, allowed)) from None
    if array.ndim != 1 or array.dtype.kind not in "iuf":
        if array.size == 0 and array.ndim == 1:
            return np.empty(0, np.int64)
        raise NetworkError(sentence(place, key, values, allowed))
    if array.dtype.kind == "i":
        return array.astype(np.int64, copy=False)
    wrong = array >= 2**63 if array.dtype.kind == "u" else _no_whole_number(array)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise NetworkError(sentence(place, f"{key}[{at}]", array[at], "a whole number"))
    return array.astype(np.int64)


def _no_whole_number(array: NDArray[Any]) -> NDArray[np.bool_]:
    inside = np.isfinite(array) & (np.abs(array) < 2.0**62)
    wrong: NDArray[np.bool_] = ~inside | (np.where(inside, array, 0) % 1 != 0)
    return wrong


def numbers_of_customers(
    array: NDArray[np.int64], n: int, place: str, key: str
) -> NDArray[np.int32]:
    """Give customers' numbers as int32 after checking that each is one of 0 .. n - 1."""
    wrong = (array < 0) | (array >= n)
    if wrong.any():
        at = int(np.argmax(wrong))
        raise NetworkError(
            sentence(place, f"{key}[{at}]", array[at], f"a customer's number, 0 to {n - 1}")
        )
    return array.astype(np.int32)


def check_size(n: int, place: str) -> None:
    """Refuse an empty crowd and one too large for 32-bit numbers."""
    if not 1 <= n <= MOST_CUSTOMERS:
        raise NetworkError(
            sentence(place, "the number of customers", n, f"1 to {MOST_CUSTOMERS:,}")
        )


def check_starts(starts: NDArray[np.int64], n_entries: int, place: str) -> None:
    """Refuse `indptr` that does not lead from 0 to the number of entries without turning back."""
    falls = np.flatnonzero(starts[1:] < starts[:-1])
    if starts[0] != 0:
        raise NetworkError(sentence(place, "indptr[0]", starts[0], "0"))
    if len(falls):
        at = int(falls[0]) + 1
        raise NetworkError(
            sentence(
                place,
                f"indptr[{at}]",
                starts[at],
                f"{starts[at - 1]} or more, as rows cannot end before they start",
            )
        )
    if starts[-1] != n_entries:
        raise NetworkError(
            sentence(place, "the last indptr", starts[-1], f"{n_entries}, the length of indices")
        )


def checked_names(names: Sequence[Any] | None, n: int, place: str) -> Sequence[Any]:
    """Give one name for each customer, all different; their numbers when there are no names."""
    if names is None or (isinstance(names, range) and names == range(n)):
        return range(n)
    listed = names.tolist() if isinstance(names, np.ndarray) else list(names)
    if len(listed) != n:
        raise NetworkError(
            sentence(place, "the number of names", len(listed), f"{n}, one for each customer")
        )
    seen: set[Any] = set()
    for name in listed:
        try:
            repeated = name in seen
            seen.add(name)
        except TypeError:
            raise NetworkError(
                sentence(place, "a name", name, "something hashable, such as text")
            ) from None
        if repeated:
            raise NetworkError(sentence(place, "a name", name, "each name once"))
    return tuple(listed)


def checked_traits(
    traits: Mapping[str, Any] | None, names: Sequence[Any], place: str
) -> dict[str, NDArray[np.float64]]:
    """Give each trait as one float64 per customer, NaN where missing."""
    return {
        name: _trait_array(name, values, names, place) for name, values in (traits or {}).items()
    }


def traits_of_nodes(
    nodes: Iterable[tuple[Any, Mapping[Any, Any]]], names: Sequence[Any], place: str
) -> dict[str, NDArray[np.float64]]:
    """Collect the traits among the attributes of a graph's nodes; other attributes are ignored."""
    found: dict[str, list[Any]] = {}
    for number, (_, attributes) in enumerate(nodes):
        if attributes:
            for trait in TRAITS.keys() & attributes.keys():
                found.setdefault(trait, [None] * len(names))[number] = attributes[trait]
    return {
        trait: _trait_array(trait, found[trait], names, place) for trait in TRAITS if trait in found
    }


def _trait_array(trait: str, values: Any, names: Sequence[Any], place: str) -> NDArray[np.float64]:
    if trait not in TRAITS:
        raise NetworkError(unknown(place, "trait", trait, TRAITS))
    if isinstance(values, np.ndarray) and values.dtype.kind == "f":  # NaN in an array means missing
        values = [
            None if missing else value
            for value, missing in zip(values, np.isnan(values), strict=True)
        ]
    listed = list(values) if isinstance(values, Iterable) else None
    if listed is None or len(listed) != len(names):
        raise NetworkError(
            sentence(place, trait, values, f"{len(names)} values, one for each customer")
        )
    return np.array(
        [
            _trait_value(trait, value, name, place)
            for value, name in zip(listed, names, strict=True)
        ],
        np.float64,
    )


def _trait_value(trait: str, value: Any, name: Any, place: str) -> float:
    if value is None:
        return np.nan
    low, high, allowed = TRAITS[trait]
    if (
        isinstance(value, (bool, int, float, np.bool_, np.integer, np.floating))
        and low <= value <= high
    ):
        number = _as_float(value)
        if np.isfinite(number) and (allowed != FLAG or number in (0.0, 1.0)):
            return number
    raise NetworkError(sentence(place, f"customer {name}: {trait}", value, f"{allowed}"))


def _as_float(value: Any) -> float:
    try:
        return float(value)
    except OverflowError:
        return np.inf
