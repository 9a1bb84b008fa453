"""Numbers as they are typed."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from buzzsim.errors import shown


def whole(low: int, high: int) -> Callable[[str], int]:
    """Give a reader of whole numbers in a range."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            most = (
                f"from {low} to {high:,}" if value > high and high < 2**64 else f"of {low} or more"
            )
            raise argparse.ArgumentTypeError(f"is {shown(text)}; expected a whole number {most}")
        return value

    return read


def share(text: str) -> tuple[int, int]:
    """Read i/n, the i-th of n parts.

    Examples
    --------
    >>> share("2/4")
    (2, 4)
    """
    first, slash, last = text.partition("/")
    if slash and first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last):
        return int(first), int(last)
    raise argparse.ArgumentTypeError(
        f"is {shown(text)}; expected i/n, the i-th of n parts, such as 1/4 to 4/4"
    )
