"""The brand's strategies by name; what each does is in `rules.py`."""

from __future__ import annotations

from collections.abc import Iterable

from buzzsim import rules
from buzzsim.errors import StrategyError, unknown

STRATEGIES: dict[str, int] = {
    "ignore": rules.IGNORE,
    "censor": rules.CENSOR,
    "public_reply": rules.PUBLIC_REPLY,
    "private_dialogue": rules.PRIVATE_DIALOGUE,
}
"""Every strategy, and the number the rules know it by."""

LABELS = {"ignore": "ignore", "censor": "censor", "public_reply": "public reply", "private_dialogue": "private dialogue"}


def checked_strategy(name: object, place: str = "arguments") -> str:
    """Give the name back if there is such a strategy.

    Raises
    ------
    StrategyError
        When there is none; the error suggests the near name.

    Examples
    --------
    >>> checked_strategy("censor")
    'censor'
    """
    if isinstance(name, str) and name in STRATEGIES:
        return name
    raise StrategyError(unknown(place, "strategy", name, STRATEGIES))


def checked_strategies(names: Iterable[object] | str | None, place: str = "arguments") -> list[str]:
    """Give the strategies to compare, all of them by default, each once.

    Raises
    ------
    StrategyError
        When one is unknown, or there is none.
    """
    if names is not None and not isinstance(names, Iterable):
        raise StrategyError(unknown(place, "strategy", names, STRATEGIES))
    wanted = list(STRATEGIES) if names is None else [names] if isinstance(names, str) else list(names)
    if not wanted:
        raise StrategyError(f"{place}: no strategy given; expected some of {', '.join(STRATEGIES)}")
    return list(dict.fromkeys(checked_strategy(name, place) for name in wanted))
