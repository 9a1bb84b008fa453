"""Compiled loops that read edge lists whose lines begin with two whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled

Bytes = NDArray[np.uint8]
Integers = NDArray[np.int64]

_TAB, _LINE_FEED, _RETURN, _SPACE = 9, 10, 13, 32
_HASH, _PERCENT, _MINUS, _ZERO, _NINE = 35, 37, 45, 48, 57
_MOST_DIGITS = 18  # always fits an int64
WHITESPACE = 0


@compiled
def number_pairs(data: Bytes, at: int, separator: int) -> tuple[Integers, Integers, bool]:
    """Give (tails, heads, understood) of the bytes from `at` on.

    `separator` is a byte or WHITESPACE. What is not understood is left to the slower reader of
    text: names, numbers of 19 digits, control bytes.
    """
    n_lines = 1
    for k in range(at, len(data)):
        if data[k] == _LINE_FEED or data[k] == _RETURN:
            n_lines += 1
    tails, heads = np.empty(n_lines, np.int64), np.empty(n_lines, np.int64)
    count = 0
    while at < len(data):
        at = _after_blanks(data, at, separator)
        if at == len(data):
            break
        if data[at] == _HASH or data[at] == _PERCENT:
            at = _line_end(data, at, False)
        elif data[at] != _LINE_FEED and data[at] != _RETURN:
            tails[count], at = _number(data, at)
            at = _after_separator(data, at, separator)
            heads[count], at = _number(data, at)
            at = _line_end(data, at, True) if _field_ends(data, at, separator) else -1
            if at < 0:
                return tails[:count], heads[:count], False
            count += 1
        at += 1
    return tails[:count], heads[:count], True


@compiled
def _number(data: Bytes, at: int) -> tuple[int | np.int64, int]:
    """Read a whole number; the place is -1 when there is none."""
    if at < 0 or at >= len(data):
        return 0, -1
    negative = data[at] == _MINUS
    if negative:
        at += 1
    first, value = at, np.int64(0)
    while at < len(data) and _ZERO <= data[at] <= _NINE:
        value = value * 10 + np.int64(data[at]) - _ZERO
        at += 1
        if at - first > _MOST_DIGITS:
            return 0, -1
    if at == first:
        return 0, -1
    return (-value if negative else value), at


@compiled
def _after_separator(data: Bytes, at: int, separator: int) -> int:
    """Give the place of the second field, or -1."""
    if at < 0:
        return -1
    field = _after_blanks(data, at, separator)
    if separator == WHITESPACE:
        return field if field > at else -1
    if field < len(data) and data[field] == separator:
        return _after_blanks(data, field + 1, separator)
    return -1


@compiled
def _field_ends(data: Bytes, at: int, separator: int) -> bool:
    """Tell whether the second field ends where its digits do."""
    if at < 0:
        return False
    rest = _after_blanks(data, at, separator)
    if rest == len(data) or data[rest] == _LINE_FEED or data[rest] == _RETURN:
        return True
    if separator == WHITESPACE:
        return rest > at
    return bool(data[rest] == separator)


@compiled
def _after_blanks(data: Bytes, at: int, separator: int) -> int:
    while at < len(data) and (data[at] == _SPACE or (data[at] == _TAB and separator != _TAB)):
        at += 1
    return at


@compiled
def _line_end(data: Bytes, at: int, strict: bool) -> int:
    """Give the end of the line; if strict, -1 when a byte on the way is not plain text."""
    while at < len(data) and data[at] != _LINE_FEED and data[at] != _RETURN:
        if strict and ((data[at] < _SPACE and data[at] != _TAB) or data[at] > 126):
            return -1
        at += 1
    return at
