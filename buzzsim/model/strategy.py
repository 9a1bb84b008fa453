"""The brand's strategies: four with acts in `rules.py`; those of users choose among the four."""

from __future__ import annotations

import ast
import hashlib
import inspect
import keyword
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, fields
from decimal import Decimal
from importlib import metadata
from numbers import Number, Real
from typing import Any, Protocol, cast

import numpy as np

from buzzsim.errors import StrategyError, unknown
from buzzsim.model import draws, rules

STRATEGIES: dict[str, int] = {
    "ignore": rules.IGNORE,
    "censor": rules.CENSOR,
    "public_reply": rules.PUBLIC_REPLY,
    "private_dialogue": rules.PRIVATE_DIALOGUE,
}
"""Every strategy that comes with the package, and its number in the rules."""

OWN: dict[str, Callable[[], Strategy]] = {}
"""Strategies that users registered: each name with a function that makes one for a run."""

ENTRY_POINTS = "buzzsim.strategies"
"""The group in which a package names its strategies."""

_LONGEST = 1e9  # hours to wait: longer is beyond any horizon


@dataclass(frozen=True)
class Case:
    """What the brand knows when somebody is free to take a case.

    Attributes
    ----------
    hour : float
        Hours since the complaint.
    waited : float
        Hours since the post appeared.
    anger : float
        Its author's anger when it was written, 0 to 1.
    followers : int
        How many follow its author.
    readers : int
        How many have noticed the post so far.
    joined : int
        How many of these joined the criticism because of it.
    on_page : bool
        Whether it stands on the brand's page; elsewhere nothing can be deleted.
    kind : str
        ``first``, ``repeat``, ``repost``, ``protest`` or ``after_failure``.
    tries : int
        How often the strategy has put this post off.
    """

    hour: float
    waited: float
    anger: float
    followers: int
    readers: int
    joined: int
    on_page: bool
    kind: str
    tries: int

    def __getattr__(self, name: str) -> Any:
        known = [field.name for field in fields(self)]
        raise AttributeError(unknown("a case", "field", name, known))


class Draw:
    """Luck for one decision: each call gives the next number in [0, 1).

    Both engines give the same numbers for the same post and try.
    """

    def __init__(self, post_key: Any, tries: int) -> None:
        self._state = np.uint64(draws.fold(np.uint64(draws.fold(post_key, draws.OWN)), tries))
        self._given = 0

    def __call__(self) -> float:
        """Give the next number."""
        self._given += 1
        return float(draws.chance(self._state, draws.OWN, self._given))


class Strategy(Protocol):
    """What a strategy that a user writes must be able to do."""

    def decide(self, case: Case, draw: Draw) -> str | float | None:
        """Give the name of a strategy to use, a number of hours to wait, or None to do nothing."""


def register_strategy(name: str, maker: Callable[[], Strategy] | None = None) -> Any:
    """Register a strategy of your own by a name, for `run`, `compare`, `Sweep` and `BuzzModel`.

    Parameters
    ----------
    name : str
        The name, an identifier; it may replace one registered before, not one of `STRATEGIES`.
    maker : type, optional
        A class with ``decide(case, draw)`` that needs no arguments. Each run makes one object, and
        another if a large run starts over with larger tables. Without a maker this is a decorator.

    Returns
    -------
    type
        The maker itself.

    Raises
    ------
    StrategyError
        When the name is taken or no identifier, or the maker is no class with ``decide``.

    Examples
    --------
    >>> import buzzsim as bz
    >>> @bz.register_strategy("only_the_angry")
    ... class OnlyTheAngry:
    ...     def decide(self, case, draw):
    ...         return "private_dialogue" if case.anger > 0.5 else "ignore"
    >>> bz.run("default", strategy="only_the_angry", rng=1).strategy
    'only_the_angry'
    """

    def keep(maker: Callable[[], Strategy]) -> Callable[[], Strategy]:
        _check_maker(name, maker)
        OWN[name] = maker
        return maker

    if isinstance(name, type):
        given = f"strategy {name.__name__} has no name"
        raise StrategyError(f'arguments: {given}; expected @register_strategy("a_name")')
    is_word = isinstance(name, str) and name.isidentifier() and not keyword.iskeyword(name)
    if not is_word or name.lower() in STRATEGIES:
        allowed = f"an identifier that is none of {', '.join(STRATEGIES)}"
        raise StrategyError(f"arguments: strategy is {name!r}; expected {allowed}")
    return keep if maker is None else keep(maker)


def _check_maker(name: str, maker: Any) -> None:
    """Refuse now, not in the middle of a run, what cannot be made and asked."""
    place = f"arguments: strategy {name!r}"
    if not isinstance(maker, type) or not callable(getattr(maker, "decide", None)):
        raise StrategyError(f"{place} is {maker!r}; expected a class with decide(self, case, draw)")
    bound = isinstance(inspect.getattr_static(maker, "decide"), (staticmethod, classmethod))
    for function, n_arguments, allowed in (
        (cast(Any, maker).decide, 2 if bound else 3, "decide(self, case, draw)"),
        (maker, 0, "a class that needs no arguments"),
    ):
        try:
            signature = inspect.signature(function)
        except ValueError:  # something compiled, whose signature nobody knows
            continue
        try:
            signature.bind(*[None] * n_arguments)
        except TypeError:
            given = f"{function.__qualname__}{signature}"
            raise StrategyError(f"{place} is {given}; expected {allowed}") from None


def lines_of(name: str) -> str:
    """Give a digest of the code of a registered strategy, without its comments.

    Plain values that its functions use from their surroundings count; functions outside the class
    and other objects do not.
    """
    kinds = cast(type, OWN[name]).__mro__
    parts = {f"{kind.__name__}.{key}": part for kind in kinds for key, part in vars(kind).items()}
    own = [key for key, part in parts.items() if inspect.isfunction(part) or ".__" not in key]
    lines = [(key, _lines(parts[key])) for key in sorted(own)]
    return hashlib.sha256(repr(lines).encode()).hexdigest()[:16]


def lines_of_all(names: Iterable[str]) -> dict[str, str]:
    """Give the digests of those strategies that users registered."""
    return {name: lines_of(name) for name in names if name in OWN}


def refuse_changed(own: Mapping[str, str]) -> None:
    """Stop where a strategy has other code than its digest of `lines_of_all` says."""
    for name, lines in own.items():
        if lines_of_all([name]).get(name) != lines:
            changed = f"strategy {name} was changed since this was run"
            raise StrategyError(f"{changed}; expected the same lines, or run it again")


def _lines(part: Any, above: tuple[Any, ...] = ()) -> str:
    """Write what a part of a class says and holds; `above` is what the part belongs to."""
    if any(part is one for one in above):  # a function that calls itself
        return ""
    above = (*above, part)

    def several(parts: Iterable[Any]) -> list[str]:
        return [_lines(one, above) for one in parts]

    if isinstance(part, (staticmethod, classmethod)):
        part = part.__func__
    if isinstance(part, property):
        return repr(several((part.fget, part.fset, part.fdel)))
    if isinstance(part, dict):
        return repr(list(zip(several(part), several(part.values()), strict=True)))
    if isinstance(part, (list, tuple)):
        return repr(several(part))
    if isinstance(part, (set, frozenset)):
        return repr(sorted(several(part)))
    if isinstance(part, np.ndarray):
        return repr((part.dtype.str, part.shape, part.tolist()))
    if part is None or isinstance(part, (Number, np.generic, str, bytes)):
        return repr(part)
    if not inspect.isfunction(part):
        return ""
    values: list[Any] = []
    for cell in part.__closure__ or ():
        with suppress(ValueError):  # a variable that has no value yet
            values.append(cell.cell_contents)
    held = several([*values, *(part.__defaults__ or ()), *(part.__kwdefaults__ or {}).values()])
    try:
        return repr((ast.dump(ast.parse(textwrap.dedent(inspect.getsource(part)))), held))
    except (OSError, SyntaxError):  # typed into a console, or a piece of a line
        code = part.__code__
        constants = [one for one in code.co_consts if not inspect.iscode(one)]
        return repr((code.co_code, code.co_names, constants, held))


def number_of(name: str) -> int:
    """Give the number of a strategy in the rules."""
    return STRATEGIES.get(name, rules.OWN)


def label_of(name: str) -> str:
    """Give a strategy's name as a person would write it."""
    return name.replace("_", " ")


def made(name: str) -> Any:
    """Make a registered strategy for a run; None for one that comes with the package."""
    if checked_strategy(name) in STRATEGIES:
        return None
    try:
        return OWN[name]()
    except Exception as error:
        raise StrategyError(f"strategy {name} cannot be made: {_in_a_line(error)}") from error


def decision(own: Strategy, name: str, case: Case, draw: Draw) -> tuple[int, float]:
    """Ask a strategy what to do with a case: the number of an act, and the hours to wait."""
    try:
        answer: Any = own.decide(case, draw)
    except Exception as error:
        is_about_draw = isinstance(error, TypeError) and "'Draw'" in str(error)
        hint = "; draw() gives the number" if is_about_draw else ""
        failure = f"strategy {name} failed on {case}: {_in_a_line(error)}{hint}"
        raise StrategyError(failure) from error
    if answer is None:
        return rules.IGNORE, 0.0
    if isinstance(answer, str):
        if answer not in STRATEGIES:
            raise StrategyError(unknown(f"strategy {name}", "decision", answer, STRATEGIES))
        return STRATEGIES[answer], 0.0
    is_number = isinstance(answer, (Real, Decimal)) and not isinstance(answer, bool)
    if not is_number or not 0 < answer < math.inf:
        allowed = f"{', '.join(STRATEGIES)}, None, or a number of hours to wait, above 0"
        raise StrategyError(f"strategy {name}: decision is {answer!r}; expected {allowed}")
    return rules.WAIT, float(min(answer, _LONGEST))


def _in_a_line(error: Exception) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def checked_strategy(name: object, place: str = "arguments") -> str:
    """Give the name back if there is such a strategy; load one that an installed package offers."""
    if isinstance(name, str) and (name in STRATEGIES or name in OWN):
        return name
    offered = {point.name: point for point in metadata.entry_points(group=ENTRY_POINTS)}
    if isinstance(name, str) and name in offered:
        try:
            register_strategy(name, offered[name].load())
        except StrategyError:
            raise
        except Exception as error:  # whatever a package may raise when it is imported
            failure = f"cannot be loaded from {offered[name].value}: {_in_a_line(error)}"
            raise StrategyError(f"strategy {name} {failure}") from error
        return name
    if isinstance(name, type) or hasattr(name, "decide"):
        kind = name if isinstance(name, type) else type(name)
        allowed = 'the name it has from @buzzsim.register_strategy("a_name")'
        raise StrategyError(f"{place}: strategy is the class {kind.__name__}; expected {allowed}")
    raise StrategyError(unknown(place, "strategy", name, [*STRATEGIES, *OWN, *offered]))


def checked_strategies(names: Iterable[object] | str | None, place: str = "arguments") -> list[str]:
    """Give the strategies to compare, each once; by default the four that come with the package."""
    if names is None:
        return list(STRATEGIES)
    several = isinstance(names, Iterable) and not isinstance(names, str)
    wanted: list[Any] = list(names) if several else [names]
    if not wanted:
        allowed = ", ".join([*STRATEGIES, *OWN])
        raise StrategyError(f"{place}: no strategy given; expected some of {allowed}")
    return list(dict.fromkeys(checked_strategy(name, place) for name in wanted))
