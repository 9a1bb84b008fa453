"""Is a strategy of one's own sound? Checks for its author's tests."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from buzzsim.errors import StrategyError, whole_number
from buzzsim.model import draws, rules
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import OWN, Case, Draw, checked_strategy, decision, made
from buzzsim.study.result import Result
from buzzsim.study.run import run

_SMALL = {"network.customers": 150, "joining.r0": 1.5, "time.horizon": 24.0}
# Crowds and brands in which a strategy meets every kind of case.
_SETTINGS: tuple[dict[str, Any], ...] = (
    {"brand.coverage": 1.0, "brand.response_median": 0.5},
    {"brand.coverage": 1.0, "brand.staff": 1, "anger.repeat_rate": 0.3,
     "joining.page_probability": 1.0},
    {"crowd.vindictive_share": 0.5, "crowd.troll_share": 0.1, "attention.half_life": 6.0,
     "complaint.on_page": False},
)  # fmt: skip
_DICE = (random.Random, np.random.Generator, np.random.RandomState)


def check_strategy(name: str, replicates: int = 5, seed: Any = 1) -> None:
    """Check that a registered strategy gives the same runs whenever and wherever it is run.

    It must do so in both engines, again, in any order and beside other runs, and take all its luck
    from the draw it is given. Other dice are noticed where they are the shared ones of Python or
    NumPy, or where a strategy holds them when it is made.

    Parameters
    ----------
    name : str
        Its name.
    replicates : int
        Runs in each of a few small settings, 1 or more.
    seed : None, int, SeedSequence or Generator
        Where their luck comes from.

    Raises
    ------
    StrategyError
        When it is unknown, fails, answers what it must not, or a check fails; the error says which
        and where.

    Examples
    --------
    >>> from buzzsim.testing import check_strategy
    >>> check_strategy("public_reply", replicates=1)
    """
    checked_strategy(name)
    whole_number("arguments", "replicates", replicates, 1, error=StrategyError)
    if _holds_dice(made(name)):
        own = "has dice of its own, the same in every replicate; expected luck from draw() alone"
        raise StrategyError(f"strategy {name} {own}")
    entropy = draws.entropy_of(seed)
    _ask_of_everything(name)
    for changes in _SETTINGS:
        scenario = Scenario().replace(_SMALL | changes)
        first = [_run(scenario, name, entropy, r) for r in range(replicates)]
        for result in reversed(first):
            place = f"strategy {name}, replicate {result.replicate} of {changes}"
            again = "another result when run again; expected no memory from run to run"
            again += ", no other luck"
            _expect_same(result, "compiled", f"{place}: {again}")
            engines = "the engines differ; expected decisions from the case and the draw alone"
            _expect_same(result, "mesa", f"{place}: {engines}")
            with _others_made(name):
                beside = "another result beside other runs; expected no memory but in self"
                _expect_same(result, "compiled", f"{place}: {beside}")


def _ask_of_everything(name: str) -> None:
    """Ask about cases that small crowds hardly bring: many readers, late hours, long waiting."""
    kinds = [kind for number, kind in enumerate(rules.KINDS) if rules.is_critical(number)]
    readers, hours, anger = (0, 3, 40, 100_000), (0.25, 6.0, 72.0, 500.0), (0.05, 0.5, 1.0)
    asked = itertools.product(kinds, readers, hours, anger, (True, False))
    for number, (kind, read, hour, angry, on_page) in enumerate(asked):
        own = made(name)
        for tries in range(6 if own else 0):
            age = hour / 2 + tries
            case = Case(hour + tries, age, angry, 10, read, read // 3, on_page, kind, tries)
            if decision(own, name, case, Draw(np.uint64(number), tries))[0] != rules.WAIT:
                break


def _holds_dice(part: Any, depth: int = 3) -> bool:
    """Whether an object, or what it holds, has dice."""
    if isinstance(part, _DICE) or depth == 0:
        return isinstance(part, _DICE)
    items = part.values() if isinstance(part, dict) else part
    held = items if isinstance(part, (dict, list, tuple, set)) else ()
    slots = [name for kind in type(part).__mro__ for name in getattr(kind, "__slots__", ())]
    own = [getattr(part, name, None) for name in (*getattr(part, "__dict__", {}), *slots)]
    return any(_holds_dice(one, depth - 1) for one in (*held, *own))


@contextmanager
def _others_made(name: str) -> Iterator[None]:
    """Make another object of a strategy before each decision, as runs in other threads do."""
    maker: Any = OWN.get(name)
    if maker is None:  # one that comes with the package remembers nothing
        yield
        return

    class Beside:
        def __init__(self) -> None:
            self.own = maker()

        def decide(self, case: Case, draw: Draw) -> Any:
            maker()
            return self.own.decide(case, draw)

    OWN[name] = Beside
    try:
        yield
    finally:
        OWN[name] = maker


def _expect_same(first: Result, engine: str, otherwise: str) -> None:
    """Run a replicate again, and see that every act and every number is the same."""
    again = _run(first.scenario, first.strategy, first.entropy, first.replicate, engine)
    tables = (
        (first.record[t][c], again.record[t][c]) for t in first.record for c in first.record[t]
    )
    columns = ((first.values, again.values), *tables)
    if any(one.tobytes() != other.tobytes() for one, other in columns):
        raise StrategyError(otherwise)


def _run(
    scenario: Scenario, name: str, entropy: int, replicate: int, engine: str = "compiled"
) -> Result:
    """Run once, and see that the shared dice of Python and NumPy were not thrown."""
    before = _shared_dice()
    result = run(scenario, strategy=name, rng=entropy, replicate=replicate, engine=engine)
    if before != _shared_dice():
        other = "draws from random or numpy.random; expected luck from draw() alone"
        raise StrategyError(f"strategy {name} {other}")
    return result


def _shared_dice() -> str:
    """Give the state of the dice that Python and NumPy share among all."""
    numpy_state: Any = np.random.get_state()  # noqa: NPY002
    return f"{random.getstate()} {numpy_state[1].tobytes()!r} {numpy_state[2]}"
