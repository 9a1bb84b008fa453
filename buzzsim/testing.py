"""Is a strategy of one's own sound? Checks for its author's tests."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import numpy as np

from buzzsim.errors import StrategyError, sentence
from buzzsim.model import draws, rules
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import OWN, Case, Draw, checked_strategy, decision, made
from buzzsim.study.result import Result
from buzzsim.study.run import run

# Crowds and brands in which a strategy meets every kind of case.
_SETTINGS: tuple[dict[str, Any], ...] = (
    {"brand.coverage": 1.0, "brand.response_median": 0.5},
    {
        "brand.coverage": 1.0,
        "brand.staff": 1,
        "anger.repeat_rate": 0.3,
        "joining.page_probability": 1.0,
    },
    {
        "crowd.vindictive_share": 0.5,
        "crowd.troll_share": 0.1,
        "attention.half_life": 6.0,
        "complaint.on_page": False,
    },
)
_DICE = (random.Random, np.random.Generator, np.random.RandomState)
_SMALL = {"network.customers": 150, "joining.r0": 1.5, "time.horizon": 24.0}


def check_strategy(name: str, replicates: int = 5, seed: Any = 1) -> None:
    """Check a registered strategy: same runs in both engines, again, in any order and beside others, with no luck but that given.

    Dice are found where they are the shared ones of Python or NumPy, or held by a strategy when it is made; others are not.

    Parameters
    ----------
    name : str
        Its name.
    replicates : int
        Runs in each of a few small settings.
    seed : None, int, SeedSequence or Generator
        Where their luck comes from.

    Raises
    ------
    StrategyError
        When it is unknown, fails, answers what it must not, or a check fails; the error says which and where.

    Examples
    --------
    >>> from buzzsim.testing import check_strategy
    >>> check_strategy("public_reply", replicates=1)
    """
    checked_strategy(name)
    if isinstance(replicates, bool) or not isinstance(replicates, int) or replicates < 1:
        raise StrategyError(
            sentence("arguments", "replicates", replicates, "a whole number of 1 or more")
        )
    if _holds_dice(made(name)):
        raise StrategyError(
            f"strategy {name} has dice of its own, the same in every replicate; expected luck from draw() alone"
        )
    entropy = draws.entropy_of(seed)
    _ask_of_everything(name)
    for changes in _SETTINGS:
        scenario = Scenario().replace(_SMALL | changes)
        first = [_run(scenario, name, entropy, r, "compiled") for r in range(replicates)]
        for r in reversed(range(replicates)):
            where = f"strategy {name}, replicate {r} of {changes}"
            if _differs(first[r], _run(scenario, name, entropy, r, "compiled")):
                raise StrategyError(
                    f"{where}: another result when run again; expected no memory from run to run, no other luck"
                )
            if _differs(first[r], _run(scenario, name, entropy, r, "mesa")):
                raise StrategyError(
                    f"{where}: the engines differ; expected decisions from the case and the draw alone"
                )
            with _others_made(name):
                if _differs(first[r], _run(scenario, name, entropy, r, "compiled")):
                    raise StrategyError(
                        f"{where}: another result beside other runs; expected no memory but in self"
                    )


def _ask_of_everything(name: str) -> None:
    """Ask about cases that small crowds hardly bring: many readers, late hours, every kind of post, put off again and again."""
    kinds = [kind for number, kind in enumerate(rules.KINDS) if rules.is_critical(number)]
    asked = itertools.product(
        kinds, (0, 3, 40, 100_000), (0.25, 6.0, 72.0, 500.0), (0.05, 0.5, 1.0), (True, False)
    )
    for number, (kind, readers, hour, anger, on_page) in enumerate(asked):
        own = made(name)
        for tries in range(6 if own else 0):
            case = Case(
                hour + tries,
                hour / 2 + tries,
                anger,
                10,
                readers,
                readers // 3,
                on_page,
                kind,
                tries,
            )
            if decision(own, name, case, Draw(np.uint64(number), tries))[0] != rules.WAIT:
                break


def _holds_dice(part: Any, depth: int = 3) -> bool:
    """Whether an object, or what it holds, has dice."""
    if isinstance(part, _DICE):
        return True
    held = (
        list(part.values())
        if isinstance(part, dict)
        else part
        if isinstance(part, (list, tuple, set))
        else ()
    )
    return depth > 0 and any(
        _holds_dice(one, depth - 1) for one in (*held, *getattr(part, "__dict__", {}).values())
    )


@contextmanager
def _others_made(name: str) -> Iterator[None]:
    """Make another object of a strategy before each decision, as runs in other threads do."""
    maker = OWN.get(name)

    class Beside:
        def __init__(self) -> None:
            self.own = cast(Any, maker)()

        def decide(self, case: Case, draw: Draw) -> Any:
            cast(Any, maker)()
            return self.own.decide(case, draw)

    if maker is None:  # one that comes with the package remembers nothing
        yield
        return
    OWN[name] = Beside
    try:
        yield
    finally:
        OWN[name] = maker


def _run(scenario: Scenario, name: str, entropy: int, replicate: int, engine: str) -> Result:
    """Run once, and see that nobody else's dice were thrown."""
    before = _other_dice()
    result = run(scenario, strategy=name, rng=entropy, replicate=replicate, engine=engine)
    if before != _other_dice():
        raise StrategyError(
            f"strategy {name} draws from random or numpy.random; expected luck from draw() alone"
        )
    return result


def _other_dice() -> str:
    """Give the state of everybody's dice but ours."""
    others: Any = np.random.get_state()  # noqa: NPY002
    return f"{random.getstate()} {others[1].tobytes()!r} {others[2]}"


def _differs(one: Result, other: Result) -> bool:
    """Whether two runs are not the same in every act and every number."""
    tables = ((one.record[t][c], other.record[t][c]) for t in one.record for c in one.record[t])
    return one.values.tobytes() != other.values.tobytes() or any(
        a.tobytes() != b.tobytes() for a, b in tables
    )
