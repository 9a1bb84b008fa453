"""Traits of customers that a network may bring along: what each may be, and how a run gets them."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, sentence, unknown
from buzzsim.model.tables import TRAITS

Traits = dict[str, NDArray[np.float64]]
"""One value for each customer, by trait; NaN where it is unknown."""

# What each trait may be: its smallest and largest value, in words too. A flag has none between.
_FLAG = (0.0, 1.0, "0 or 1")
_RANGES = {
    "susceptibility": (0.0, sys.float_info.max, "a number of 0 or more"),
    "anger": (0.0, 1.0, "a number from 0 to 1"),
    "attitude": (-1.0, 1.0, "a number from -1 to 1"),
    "vindictive": _FLAG,
    "advocate": _FLAG,
    "troll": _FLAG,
}
_NUMBERS = bool, int, float, np.bool_, np.integer, np.floating


def checked_traits(traits: Mapping[str, Any] | None, names: Sequence[Any], place: str) -> Traits:
    """Give the traits of all customers, NaN where unknown; a NetworkError names what cannot be."""
    given = (traits or {}).items()
    return {trait: _checked(trait, values, names, place) for trait, values in given}


def traits_of_nodes(
    nodes: Iterable[tuple[Any, Mapping[Any, Any]]], names: Sequence[Any], place: str
) -> Traits:
    """Give the traits among the attributes of a graph's nodes; other attributes are ignored."""
    values: defaultdict[str, list[Any]] = defaultdict(lambda: [None] * len(names))
    for number, (_, attributes) in enumerate(nodes):
        for trait in attributes.keys() & _RANGES.keys():
            values[trait][number] = attributes[trait]
    return checked_traits({t: values[t] for t in TRAITS if t in values}, names, place)


def table_of(traits: Traits, n_customers: int) -> NDArray[np.float64]:
    """Give a row for each of `TRAITS`, as compiled code takes them; no columns without traits."""
    if not traits:
        return np.empty((len(TRAITS), 0))
    unknown_everywhere = np.full(n_customers, np.nan)
    return np.array([traits.get(trait, unknown_everywhere) for trait in TRAITS])


def _checked(trait: str, values: Any, names: Sequence[Any], place: str) -> NDArray[np.float64]:
    if trait not in _RANGES:
        raise NetworkError(unknown(place, "trait", trait, TRAITS))
    if not isinstance(values, Iterable) or len(listed := list(values)) != len(names):
        allowed = f"{len(names)} values, one for each customer"
        raise NetworkError(sentence(place, trait, values, allowed))
    is_array = isinstance(values, np.ndarray) and values.dtype.kind == "f"
    checked = np.full(len(names), np.nan)
    for number, value in enumerate(listed):
        if value is None or (is_array and np.isnan(value)):  # NaN elsewhere is a slip
            continue
        low, high, allowed = _RANGES[trait]
        if isinstance(value, _NUMBERS):
            with suppress(OverflowError):  # one too large stays NaN, like what is no number
                checked[number] = float(value)
        is_between = _RANGES[trait] is _FLAG and checked[number] % 1
        if not low <= checked[number] <= high or is_between:
            key = f"customer {names[number]}: {trait}"
            raise NetworkError(sentence(place, key, value, allowed))
    return checked
