"""Every exception that buzzsim raises, and the sentences that they say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from numbers import Integral
from typing import Any


class BuzzsimError(Exception):
    """Any error of buzzsim; its text is one sentence for the person who asked.

    Examples
    --------
    >>> issubclass(ScenarioError, BuzzsimError)
    True
    """


class ScenarioError(BuzzsimError, ValueError):
    """A scenario, or a value handed over beside it, asks for something that is not allowed."""


class StrategyError(BuzzsimError, ValueError):
    """There is no strategy of that name, or it failed, or gave an answer that is not allowed."""


class NetworkError(BuzzsimError, ValueError):
    """A network cannot be read, built, or used for what was asked."""


class ResultError(BuzzsimError, ValueError):
    """A saved result cannot be read, or has not what a table, a picture or a guess asks for."""


class SweepError(BuzzsimError, ValueError):
    """A sweep's plan is not possible, or its directory holds something else."""


class OutputError(BuzzsimError, OSError):
    """A file cannot be written."""


def sentence(place: str, key: str, value: object, allowed: str) -> str:
    """Say what is wrong: place, key, value and what is allowed.

    Examples
    --------
    >>> sentence("restaurant.toml", "reply.empathy", 1.4, "0 to 1")
    'restaurant.toml: reply.empathy is 1.4; expected 0 to 1'
    """
    text = value if isinstance(value, str) and "name" not in allowed else ""
    is_quoted = re.fullmatch(r"\s*[-+]?\d+([.,]\d*)?\s*", text)
    hint = "; a number is written without quotes" if is_quoted else ""
    return f"{place}: {key} is {shown(value)}; expected {allowed}{hint}"


def whole_number(
    place: str,
    key: str,
    value: Any,
    low: int,
    high: int | None = None,
    error: type[BuzzsimError] = ScenarioError,
) -> int:
    """Give the value back if it is a whole number from `low` to `high`, else raise the error."""
    allowed = f"of {low:,} or more" if high is None else f"from {low:,} to {high:,}"
    is_whole = isinstance(value, Integral) and not isinstance(value, bool)
    if not is_whole or value < low or (high is not None and value > high):
        raise error(sentence(place, key, value, f"a whole number {allowed}"))
    return int(value)


def unknown(place: str, what: str, word: object, known: Iterable[str]) -> str:
    """Say that a name is unknown, and which one was probably meant.

    Examples
    --------
    >>> unknown("restaurant.toml", "key", "reply.empaty", ["reply.empathy", "brand.staff"])
    "restaurant.toml: unknown key 'reply.empaty'; did you mean 'reply.empathy'?"
    """
    names = [str(name) for name in known]
    same = [name for name in names if name.casefold() == str(word).casefold()]
    near = same or get_close_matches(str(word), names, n=1, cutoff=0.6)
    some = ", ".join(name or "''" for name in names[:12]) + ", ..." * (len(names) > 12)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {some}"
    return f"{place}: unknown {what} {shown(word)}; {hint}"


def counted(count: float, what: str, form: str = ",.10g") -> str:
    """Write a number of things, of one without the s: `1 tie`, `2,500 ties`, `0.25 hours`."""
    text = f"{count:{form}}"
    return f"{text} {what}" if text == "1" else f"{text} {what}s"


def shown(value: Any, limit: int = 60) -> str:
    """Write a value as a person typed it, cut to a readable length."""
    is_scalar = hasattr(value, "item") and getattr(value, "ndim", 1) == 0
    try:
        text = repr(value.item() if is_scalar else value)
    except (RecursionError, ValueError):  # nested by the thousand; more digits than Python writes
        return f"a {type(value).__name__} too large to show"
    return text if len(text) <= limit else text[:limit] + "..."
