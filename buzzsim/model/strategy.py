"""The brand's strategies by name: the four whose acts are in `rules.py`, and one's own, which choose among these acts."""

from __future__ import annotations

import ast
import hashlib
import inspect
import keyword
import math
import textwrap
from collections.abc import Callable, Iterable, Mapping
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
"""Every strategy that comes with the package, and the number the rules know it by."""

LABELS = {
    "ignore": "ignore",
    "censor": "censor",
    "public_reply": "public reply",
    "private_dialogue": "private dialogue",
}

OWN: dict[str, Callable[[], Strategy]] = {}
"""Strategies that somebody registered, and how one is made for a run."""

ENTRY_POINTS = "buzzsim.strategies"
"""The group in which a package names its strategies."""

_LONGEST = 1e9  # hours to wait: longer is beyond any horizon
ANSWERS = f"{', '.join(STRATEGIES)}, None, or a number of hours to wait, above 0"


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
        One of `buzzsim.rules.KINDS`: ``first``, ``repeat``, ``repost``, ``protest``, ``after_failure``.
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
        raise AttributeError(
            unknown("a case", "field", name, [field.name for field in fields(self)])
        )


class Draw:
    """Luck for one decision: each call gives the next number in [0, 1), the same for the same post and try in both engines."""

    def __init__(self, post_key: Any, tries: int) -> None:
        self._state = np.uint64(draws.fold(np.uint64(draws.fold(post_key, draws.OWN)), tries))
        self._given = 0

    def __call__(self) -> float:
        """Give the next number."""
        self._given += 1
        return float(draws.chance(self._state, draws.OWN, self._given))


class Strategy(Protocol):
    """What a strategy of one's own must be able to do."""

    def decide(self, case: Case, draw: Draw) -> str | float | None:
        """Say what to do with a case: a strategy's name, a number of hours to wait, or None to let it be."""


def register_strategy(name: str, maker: Callable[[], Strategy] | None = None) -> Any:
    """Make a strategy of one's own known by a name, for `run`, `compare`, `Sweep` and `BuzzModel`.

    Parameters
    ----------
    name : str
        The name, an identifier; it may replace one registered before, not one of `STRATEGIES`.
    maker : type, optional
        A class with ``decide(case, draw)`` that needs no arguments; one object is made for each run, and another where a large
        run is started over because it outgrew its tables. Without it this is a decorator.

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
        raise StrategyError(
            f'arguments: strategy {name.__name__} has no name; expected @register_strategy("a_name")'
        )
    if (
        not isinstance(name, str)
        or not name.isidentifier()
        or keyword.iskeyword(name)
        or name.lower() in STRATEGIES
    ):
        raise StrategyError(
            f"arguments: strategy is {name!r}; expected an identifier that is none of {', '.join(STRATEGIES)}"
        )
    return keep if maker is None else keep(maker)


def _check_maker(name: str, maker: Any) -> None:
    """Refuse what cannot be made and asked: told now, not in the middle of a run."""
    if not isinstance(maker, type) or not callable(getattr(maker, "decide", None)):
        raise StrategyError(
            f"arguments: strategy {name!r} is {maker!r}; expected a class with decide(self, case, draw)"
        )
    bound = isinstance(inspect.getattr_static(maker, "decide"), (staticmethod, classmethod))
    decide = cast(Any, maker).decide
    for what, given, wanted in (
        (decide, 2 if bound else 3, "decide(self, case, draw)"),
        (maker, 0, "a class that needs no arguments"),
    ):
        try:
            inspect.signature(what).bind(*[None] * given)
        except TypeError:
            found = f"{what.__qualname__}{inspect.signature(what)}"
            raise StrategyError(
                f"arguments: strategy {name!r} is {found}; expected {wanted}"
            ) from None
        except ValueError:  # something compiled, whose signature nobody knows
            continue


def lines_of(name: str) -> str:
    """Give a digest of the lines of a strategy of one's own, comments apart.

    Values that its functions have from around them count; what it calls outside its class does not, nor do objects that are no
    plain values.
    """
    kinds = cast(type, OWN[name]).__mro__
    parts = {f"{kind.__name__}.{key}": part for kind in kinds for key, part in vars(kind).items()}
    said = {
        key: _lines(part)
        for key, part in parts.items()
        if inspect.isfunction(part) or ".__" not in key
    }
    return hashlib.sha256(repr(sorted(said.items())).encode()).hexdigest()[:16]


def refuse_changed(own: Mapping[str, str]) -> None:
    """Stop where a strategy of one's own has other lines than those kept of it: what is run now would not be what was run.

    Parameters
    ----------
    own : mapping
        Digests by name, as `lines_of_all` gave them.

    Raises
    ------
    StrategyError
        When one was registered again with other lines.
    """
    for name, lines in own.items():
        if lines_of_all([name]).get(name) != lines:
            raise StrategyError(
                f"strategy {name} was changed since this was run; expected the same lines, or run it again"
            )


def lines_of_all(names: Iterable[str]) -> dict[str, str]:
    """Give the digests of those strategies that are somebody's own."""
    return {name: lines_of(name) for name in names if name in OWN}


def _lines(part: Any, above: tuple[Any, ...] = ()) -> str:
    """Give what a part of a class says and holds, the same in every process; `above` is what it is part of."""
    if any(part is one for one in above):  # a function that calls itself
        return ""
    above = (*above, part)
    if isinstance(part, (staticmethod, classmethod)):
        part = part.__func__
    if isinstance(part, property):
        return repr([_lines(one, above) for one in (part.fget, part.fset, part.fdel)])
    if isinstance(part, dict):
        return repr([(_lines(key, above), _lines(value, above)) for key, value in part.items()])
    if isinstance(part, (list, tuple)):
        return repr([_lines(one, above) for one in part])
    if isinstance(part, (set, frozenset)):
        return repr(sorted(_lines(one, above) for one in part))
    if isinstance(part, np.ndarray):
        return repr((part.dtype.str, part.shape, part.tolist()))
    if part is None or isinstance(part, (Number, np.generic, str, bytes)):
        return repr(part)
    if not inspect.isfunction(part):
        return ""
    held = [
        _lines(cell.cell_contents, above) for cell in part.__closure__ or () if not _is_empty(cell)
    ]
    held += [
        _lines(value, above)
        for value in (*(part.__defaults__ or ()), *(part.__kwdefaults__ or {}).values())
    ]
    try:
        return repr((ast.dump(ast.parse(textwrap.dedent(inspect.getsource(part)))), held))
    except (OSError, SyntaxError):  # typed into a console, or a piece of a line
        code = part.__code__
        return repr(
            (
                code.co_code,
                code.co_names,
                [one for one in code.co_consts if not inspect.iscode(one)],
                held,
            )
        )


def _is_empty(cell: Any) -> bool:
    """Whether a variable around a function has no value yet."""
    try:
        cell.cell_contents  # noqa: B018
    except ValueError:
        return True
    return False


def number_of(name: str) -> int:
    """Give the number that the rules know a strategy by."""
    return STRATEGIES.get(name, rules.OWN)


def label_of(name: str) -> str:
    """Give a strategy's name as a person would write it."""
    return LABELS.get(name, name.replace("_", " "))


def made(name: str) -> Any:
    """Make a strategy of one's own for a run; None for one that comes with the package."""
    if checked_strategy(name) in STRATEGIES:
        return None
    try:
        return OWN[name]()
    except Exception as error:
        raise StrategyError(f"strategy {name} cannot be made: {_in_a_line(error)}") from error


def decision(own: Strategy, name: str, case: Case, draw: Draw) -> tuple[int, float]:
    """Ask a strategy what to do with a case; gives the number of an act, and how many hours to wait.

    Raises
    ------
    StrategyError
        When it fails, or gives something else.
    """
    try:
        answer = own.decide(case, draw)
    except Exception as error:
        hint = (
            "; draw() gives the number"
            if isinstance(error, TypeError) and "'Draw'" in str(error)
            else ""
        )
        raise StrategyError(
            f"strategy {name} failed on {case}: {_in_a_line(error)}{hint}"
        ) from error
    if answer is None:
        return rules.IGNORE, 0.0
    if isinstance(answer, str) and answer in STRATEGIES:
        return STRATEGIES[answer], 0.0
    if (
        isinstance(answer, (Real, Decimal))
        and not isinstance(answer, bool)
        and 0 < answer < math.inf
    ):
        return rules.WAIT, float(min(answer, _LONGEST))
    if isinstance(answer, str):
        raise StrategyError(unknown(f"strategy {name}", "decision", answer, STRATEGIES))
    raise StrategyError(f"strategy {name}: decision is {answer!r}; expected {ANSWERS}")


def _in_a_line(error: Exception) -> str:
    """Say what went wrong in somebody else's lines."""
    return " ".join(f"{type(error).__name__}: {error}".split())


def checked_strategy(name: object, place: str = "arguments") -> str:
    """Give the name back if there is such a strategy; one that an installed package names is loaded now.

    Raises
    ------
    StrategyError
        When there is none; the error suggests the near name.

    Examples
    --------
    >>> checked_strategy("censor")
    'censor'
    """
    if isinstance(name, str) and (name in STRATEGIES or name in OWN):
        return name
    offered = {point.name: point for point in metadata.entry_points(group=ENTRY_POINTS)}
    if isinstance(name, str) and name in offered:
        try:
            register_strategy(name, offered[name].load())
        except StrategyError:
            raise
        except Exception as error:  # whatever a package may raise when it is imported
            raise StrategyError(
                f"strategy {name} cannot be loaded from {offered[name].value}: {_in_a_line(error)}"
            ) from error
        return name
    if isinstance(name, type) or hasattr(name, "decide"):
        kind = name if isinstance(name, type) else type(name)
        raise StrategyError(
            f'{place}: strategy is the class {kind.__name__}; expected the name it has from @buzzsim.register_strategy("a_name")'
        )
    raise StrategyError(unknown(place, "strategy", name, [*STRATEGIES, *OWN, *offered]))


def checked_strategies(names: Iterable[object] | str | None, place: str = "arguments") -> list[str]:
    """Give the strategies to compare, the four that come with the package by default, each once.

    Raises
    ------
    StrategyError
        When one is unknown, or there is none.
    """
    if names is not None and not isinstance(names, Iterable):
        raise StrategyError(unknown(place, "strategy", names, [*STRATEGIES, *OWN]))
    wanted = (
        list(STRATEGIES) if names is None else [names] if isinstance(names, str) else list(names)
    )
    if not wanted:
        raise StrategyError(
            f"{place}: no strategy given; expected some of {', '.join([*STRATEGIES, *OWN])}"
        )
    return list(dict.fromkeys(checked_strategy(name, place) for name in wanted))
