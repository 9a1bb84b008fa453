"""Strategies of users: the same run in both engines, asked at the right time, errors explained."""

import doctest
import random
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from test_twins import NETWORKS, SCENARIOS, SEEDS, assert_twins, differences, quick

import buzzsim as bz
from buzzsim.errors import StrategyError
from buzzsim.model import rules, strategy
from buzzsim.model.strategy import STRATEGIES
from buzzsim.pictures.comparisons import colours_of
from buzzsim.testing import check_strategy


@pytest.fixture(autouse=True)
def nothing_stays_registered():
    before = dict(strategy.OWN)
    yield
    strategy.OWN.clear()
    strategy.OWN.update(before)


class Everything:
    """Does, puts off and leaves by what it is told and by chance."""

    def decide(self, case, draw):
        if case.tries < 2 and draw() < 0.4:
            return 0.3 + 2 * draw()
        if case.on_page and case.anger > 0.6:
            return "censor"
        if case.readers > 3 or case.joined or case.followers > 4:
            return "public_reply"
        return ["ignore", "private_dialogue", "censor", None][int(4 * draw())]


class Counting:
    """Remembers within a run: answers every second case."""

    def __init__(self):
        self.seen = 0

    def decide(self, case, draw):
        self.seen += 1
        return "public_reply" if self.seen % 2 else "private_dialogue"


@pytest.mark.parametrize("maker", [Everything, Counting])
@quick
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS)
def test_both_engines_give_one_trajectory(maker, scenario, network, rng):
    bz.register_strategy("own", maker)
    assert_twins(scenario, network, "own", rng)


@pytest.mark.parametrize("name", ["censor", "public_reply", "private_dialogue", "ignore"])
@quick
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS)
def test_always_the_same_answer_is_the_strategy_of_that_name(name, scenario, network, rng):
    """Where staff is free: a strategy that ignores posts elsewhere does not even queue them."""
    scenario = scenario.replace({"brand.staff": np.inf})
    bz.register_strategy("own", type("Always", (), {"decide": lambda self, case, draw: name}))
    builtin = bz.run(scenario, network=network, strategy=name, rng=rng)
    own = bz.run(scenario, network=network, strategy="own", rng=rng)
    names = list(bz.outcomes.OUTCOMES)
    same = [k for k, outcome in enumerate(names) if outcome != "backlog"]
    assert own.values[same].tobytes() == builtin.values[same].tobytes()
    assert differences(own, (builtin.record, own.values, builtin.hourly_volume)) == []


def test_a_case_tells_what_the_brand_could_see():
    seen = []

    class Watching:
        def decide(self, case, draw):
            seen.append((case, draw(), draw()))
            return 1.0 if case.tries < 2 else "public_reply"

    bz.register_strategy("watching", Watching)
    changes = {
        "brand.coverage": 1.0,
        "brand.response_sigma": 0.0,
        "brand.response_median": 0.5,
        "joining.r0": 0.0,
    }
    result = bz.run(bz.Scenario().replace(changes), strategy="watching", rng=3)
    cases = [case for case, *_ in seen]
    assert [case.tries for case in cases] == [0, 1, 2]
    assert [case.waited for case in cases] == [0.5, 1.5, 2.5]
    assert {case.kind for case in cases} == {"first"}
    assert all(case.on_page and case.anger == 0.8 and case.joined == 0 for case in cases)
    assert cases[0].readers <= cases[2].readers
    luck = [number for _, *numbers in seen for number in numbers]
    assert len(set(luck)) == 6
    assert all(0 <= number < 1 for number in luck)
    assert result.outcomes["first_response"] == 2.5


def test_nothing_is_deleted_elsewhere_and_nobody_works_for_what_is_left():
    bz.register_strategy("own", type("Deleting", (), {"decide": lambda self, case, draw: "censor"}))
    result = bz.run(
        bz.Scenario().replace({"complaint.on_page": False, "brand.coverage": 1.0}),
        strategy="own",
        rng=1,
    )
    assert result.record["posts"]["on_page"][result.record["acts"]["post"]].all()
    assert (result.record["acts"]["act"] == rules.REMOVED).all()


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_whoever_is_reconciled_stays_so_when_another_post_is_removed(engine):
    """The first post is solved; the brand then deletes what its author had written before."""
    bz.register_strategy(
        "own", type("Both", (), {"decide": lambda self, case, draw: BOTH[case.kind != "first"]})
    )
    wish = {
        "network.customers": 300, "joining.share_probability": 0.6, "anger.repeat_rate": 0.5,
        "reply.solution": 1.0,
        "joining.page_probability": 1.0, "brand.response_sigma": 1.5, "brand.coverage": 1.0,
    }  # fmt: skip
    both = 0
    for replicate in range(3 if engine == "mesa" else 20):
        result = bz.run(
            bz.Scenario().replace(wish), strategy="own", rng=1, replicate=replicate, engine=engine
        )
        acts, posts = result.record["acts"], result.record["posts"]
        solved = set(
            posts["author"][acts["post"][(acts["act"] == rules.REPLIED) & (acts["result"] == 1)]]
        )
        removed = set(posts["author"][acts["post"][acts["act"] == rules.REMOVED]])
        stages = dict(
            zip(
                result.record["customers"]["customer"],
                result.record["customers"]["stage"],
                strict=True,
            )
        )
        assert all(stages[author] == rules.RECONCILED for author in solved)
        both += len(solved & removed)
    assert both > 0, "nobody met both"


BOTH = ("public_reply", "censor")


def test_threads_and_larger_workspaces_change_nothing():
    bz.register_strategy("own", Counting)
    scenario = bz.Scenario().replace({"joining.r0": 2.0, "network.customers": 1500})
    found = [
        bz.compare(
            scenario, strategies=["ignore", "own"], replicates=40, rng=1, threads=n, quiet=True
        )
        for n in (1, 3)
    ]
    assert (
        found[0].outcome("volume")["own"].to_numpy().tobytes()
        == found[1].outcome("volume")["own"].to_numpy().tobytes()
    )
    alone = bz.run(scenario, strategy="own", rng=1, replicate=17)
    assert alone.outcomes["volume"] == found[0].outcome("volume")["own"][17]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("public", "did you mean 'public_reply'"), (-1.0, "hours to wait"),
        (float("nan"), "hours to wait"), (True, "hours to wait"), (["censor"], "hours to wait"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("engine", ["compiled", "mesa"])
def test_a_wrong_answer_is_told(answer, told, engine):
    bz.register_strategy("own", type("Wrong", (), {"decide": lambda self, case, draw: answer}))
    with pytest.raises(StrategyError, match="strategy own") as error:
        bz.run(bz.Scenario().replace({"brand.coverage": 1.0}), strategy="own", rng=1, engine=engine)
    assert told in str(error.value)


def test_what_goes_wrong_inside_is_told_with_its_case():
    bz.register_strategy("own", type("Failing", (), {"decide": lambda self, case, draw: 1 / 0}))
    with pytest.raises(
        StrategyError, match=r"strategy own failed on Case\(hour=.*ZeroDivisionError"
    ):
        bz.run(bz.Scenario().replace({"brand.coverage": 1.0}), strategy="own", rng=1)


@pytest.mark.parametrize("name", ["censor", "Censor", "two words", "", 3])
def test_a_name_must_be_free_and_a_word(name):
    with pytest.raises(StrategyError, match="strategy is"):
        bz.register_strategy(name, Everything)


@pytest.mark.parametrize("maker", [3, type("Nothing", (), {}), lambda: Everything(), Everything()])
def test_what_cannot_decide_is_refused(maker):
    with pytest.raises(StrategyError, match="decide"):
        bz.register_strategy("own", maker)


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"decide": lambda case, draw: None}, r"expected decide\(self, case, draw\)"),
        ({"decide": lambda self, case: None}, r"expected decide\(self, case, draw\)"),
        (
            {"decide": lambda self, case, draw: None, "__init__": lambda self, level: None},
            "expected a class that needs no arguments",
        ),
    ],
)
def test_a_class_that_cannot_be_asked_is_refused_when_it_is_named(parts, said):
    with pytest.raises(StrategyError, match=said):
        bz.register_strategy("own", type("Own", (), parts))


@pytest.mark.parametrize(
    "decide",
    [staticmethod(lambda case, draw: "ignore"), classmethod(lambda cls, case, draw: "ignore")],
)
def test_a_method_that_needs_no_object_may_decide(decide):
    bz.register_strategy("own", type("Own", (), {"decide": decide}))
    assert bz.run("default", strategy="own", rng=1).outcomes["replies"] == 0


def test_a_beginners_mistakes_are_told_with_what_would_do():
    with pytest.raises(
        StrategyError, match="strategy Everything has no name; expected @register_strategy"
    ):
        bz.register_strategy(Everything)
    scenario = bz.Scenario().replace({"brand.coverage": 1.0})
    for decide, said in (
        (lambda self, case, draw: draw < 0.5, r"draw\(\) gives the number"),
        (lambda self, case, draw: case.angry, "unknown field 'angry'; did you mean 'anger'"),
        (lambda self, case, draw: 0, "None, or a number of hours to wait, above 0"),
    ):
        bz.register_strategy("own", type("Own", (), {"decide": decide}))
        with pytest.raises(StrategyError, match=said):
            bz.run(scenario, strategy="own", rng=1)


def test_each_answer_is_one_act():
    case, draw = (
        strategy.Case(1.0, 0.5, 0.8, 3, 2, 1, True, "first", 0),
        strategy.Draw(np.uint64(1), 0),
    )

    def act(answer):
        return strategy.decision(
            type("Own", (), {"decide": lambda self, case, draw: answer})(), "own", case, draw
        )

    for name, number in STRATEGIES.items():
        assert act(name) == (number, 0.0)
    assert act(None) == (rules.IGNORE, 0.0)
    assert act(2) == (rules.WAIT, 2.0)
    assert act(0.25) == (rules.WAIT, 0.25)
    assert act(np.int64(3)) == act(np.float32(3.0)) == (rules.WAIT, 3.0)
    assert act(10**400) == (rules.WAIT, 1e9)
    for wrong in (0, -1.0, True, np.inf, np.nan):
        with pytest.raises(StrategyError, match="expected ignore, censor"):
            act(wrong)


def test_a_case_cannot_be_changed():
    case = strategy.Case(1.0, 0.5, 0.8, 3, 2, 1, True, "first", 0)
    with pytest.raises(AttributeError):
        case.anger = 0.0


def test_luck_stays_what_it_was():
    """Later versions replay saved runs, so these numbers may not change; the first is of call 1."""
    draw = strategy.Draw(np.uint64(1), 0)
    assert [round(draw(), 12) for _ in range(3)] == [0.902857108181, 0.695181886229, 0.88192265147]
    again, later = strategy.Draw(np.uint64(1), 0), strategy.Draw(np.uint64(1), 1)
    assert round(again(), 12) == 0.902857108181 != round(later(), 12)


def test_names_of_strategies_are_checked_all_together():
    assert strategy.checked_strategies(None) == list(STRATEGIES)
    assert strategy.checked_strategies("censor") == ["censor"]
    assert strategy.checked_strategies(["censor", "ignore", "censor"]) == ["censor", "ignore"]
    with pytest.raises(StrategyError, match="unknown strategy 5"):
        strategy.checked_strategies(5)
    with pytest.raises(StrategyError, match="no strategy given"):
        strategy.checked_strategies([])


def made(**parts):
    """The digest of a strategy's lines."""
    base = type("Base", (), {"decide": parts.pop("base", lambda self, case, draw: "ignore")})
    bz.register_strategy("own", type("Own", (base,), parts))
    return strategy.lines_of("own")


def test_lines_of_a_strategy_are_those_of_its_class_and_of_what_it_inherits():
    same = made(level=0.5)
    assert made(level=0.5) == same
    assert made(level=0.5, __doc__="Says what it does.") == same
    assert made(level=0.5, known={0, 8}) == made(level=0.5, known={8, 0}), "sets have no order"
    assert made(level=0.5, helper=Path("a")) == made(level=0.5, helper=Path("b")), (
        "only plain values are looked at"
    )
    others = [
        made(level=0.6),
        made(other=0.5),
        made(level=0.5, base=lambda self, case, draw: "censor"),
        made(level=0.5, decide=lambda self, case, draw: "censor"),
        made(level=0.5, __init__=lambda self: None),
        made(level=0.5, lines=[1, "censor"]),
        made(level=0.5, lines=[2, "censor"]),
        made(level=0.5, helper=staticmethod(lambda case: 1)),
        made(level=0.5, helper=staticmethod(lambda case: 2)),
        made(level=0.5, table={"first": 1.0}),
        made(level=0.5, known={"first", "repeat"}),
        made(level=0.5, asked=property(lambda self: 3)),
    ]
    assert same not in others
    assert len(set(others)) == len(others)


def typed(answer):
    """A strategy as somebody types it in a console, where no lines can be read."""
    space = {}
    exec(f"class Own:\n    def decide(self, case, draw):\n        return {answer}", space)
    bz.register_strategy("own", space["Own"])
    return strategy.lines_of("own")


def test_what_was_typed_in_a_console_is_known_by_what_it_does():
    assert typed(1) == typed(1)
    assert typed(1) != typed(2)


def test_a_signature_that_nobody_knows_is_left_to_the_run():
    class Own:
        decide = staticmethod(max)

        def __init__(self, need):
            self.need = need

    with pytest.raises(StrategyError, match="expected a class that needs no arguments"):
        bz.register_strategy("own", Own)


def test_only_a_draw_taken_for_a_number_is_explained():
    class Own:
        def decide(self, case, draw):
            return 1 + "1"

    bz.register_strategy("own", Own)
    with pytest.raises(StrategyError) as refused:
        bz.run("default", strategy="own", rng=1)
    assert "draw() gives" not in str(refused.value)


def test_an_installed_package_can_bring_a_strategy(monkeypatch):
    point = metadata.EntryPoint("brought", "test_strategies:Counting", "buzzsim.strategies")
    monkeypatch.setattr(
        strategy.metadata,
        "entry_points",
        lambda group: [point] if group == "buzzsim.strategies" else [],
    )
    assert bz.run("default", strategy="brought", rng=1).strategy == "brought"
    with pytest.raises(StrategyError, match="did you mean 'brought'"):
        bz.run("default", strategy="brougt", rng=1)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("test_strategies:Nope", "cannot be loaded from test_strategies:Nope: AttributeError: "),
        (
            "nowhere_at_all:Nope",
            "cannot be loaded from nowhere_at_all:Nope: ModuleNotFoundError: No module named",
        ),
    ],
)
def test_a_package_whose_strategy_cannot_be_loaded_is_named(monkeypatch, value, said):
    point = metadata.EntryPoint("brought", value, "buzzsim.strategies")
    monkeypatch.setattr(strategy.metadata, "entry_points", lambda group: [point])
    with pytest.raises(StrategyError, match=f"strategy brought {said}"):
        bz.run("default", strategy="brought", rng=1)


def test_an_error_of_several_lines_is_told_in_one():
    def decide(self, case, draw):
        raise ValueError("one\ntwo")

    bz.register_strategy("own", type("Wordy", (), {"decide": decide}))
    with pytest.raises(StrategyError, match=r"ValueError: one two \(replicate 0\)$"):
        bz.run(bz.Scenario().replace({"brand.coverage": 1.0}), strategy="own", rng=1)


def test_strategies_of_ones_own_have_colours_of_their_own_and_are_described():
    for k in range(8):
        bz.register_strategy(f"own{k}", Counting if k else Everything)
    for names in (["own0", "own3"], ["own1", "ignore", "own7", "own4", "own2"]):
        colours = colours_of(names)
        assert len(set(colours.values())) == len(names)
    text = bz.describe("default", strategies=["ignore", "own1"])
    assert (
        'The strategy "own1" is of our own: "Remembers within a run: answers every second case".'
        in text
    )
    bz.register_strategy(
        "own", type("Silent", (), {"decide": lambda self, case, draw: None, "__doc__": None})
    )
    said = 'The strategy "own" is of our own: [say what it does].'
    assert said in bz.describe("default", strategies=["ignore", "own"])
    assert said in bz.describe("default", strategies="own")
    parts = {
        "decide": lambda self, case, draw: None,
        "__annotations__": {"patience": float},
        "patience": 1.0,
    }
    bz.register_strategy("data", dataclass(type("Data", (), parts)))
    assert 'The strategy "data" is of our own: [say what it does].' in bz.describe(
        "default", strategies="data"
    )


# ----------------------------------------------------------------------------------- check_strategy


@pytest.mark.parametrize("maker", [Everything, Counting])
def test_sound_strategies_pass(maker):
    bz.register_strategy("own", maker)
    check_strategy("own", replicates=2)


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_four_pass(name):
    check_strategy(name, replicates=1)


def test_foreign_luck_is_found():
    for throw in (random.random, np.random.random):
        bz.register_strategy(
            "own",
            type(
                "Gambling",
                (),
                {"decide": lambda self, case, draw, throw=throw: str(throw()) and None},
            ),
        )
        with pytest.raises(StrategyError, match=r"luck from draw\(\) alone"):
            check_strategy("own")


@pytest.mark.parametrize(
    "make",
    [
        lambda: np.random.default_rng(0),
        lambda: random.Random(1),
        lambda: _Dice({"inside": [random]}),
    ],
)
def test_dice_of_ones_own_are_found(make):
    class Gambler:
        def __init__(self):
            self.dice = make()

        def decide(self, case, draw):
            return "censor" if self.dice.random() < 0.5 else "ignore"

    bz.register_strategy("own", Gambler)
    with pytest.raises(StrategyError, match="has dice of its own, the same in every replicate"):
        check_strategy("own", replicates=1)


class _Dice(dict):
    """Dice in a dictionary in a list."""

    def __init__(self, _):
        super().__init__(inside=[random.Random(1)])

    def random(self):
        return self["inside"][0].random()


@pytest.mark.parametrize(
    "what",
    [
        lambda case: case.readers > 30,
        lambda case: case.hour > 24,
        lambda case: case.kind == "protest",
    ],
)
def test_cases_that_small_crowds_do_not_bring_are_asked_about(what):
    bz.register_strategy(
        "own",
        type("Seldom", (), {"decide": lambda self, case, draw: "nonsense" if what(case) else None}),
    )
    with pytest.raises(StrategyError, match="unknown decision 'nonsense'"):
        check_strategy("own", replicates=1)


def made_with(threshold, extra=None):
    class Thresholded:
        def decide(self, case, draw, more=extra):
            return "censor" if case.anger > threshold else None

    return Thresholded


def test_a_strategy_may_name_what_has_no_value_yet():
    """A function's variable from around it may still be empty when the lines are read."""

    def family():
        class Later:
            def decide(self, case, draw):
                return answer

        bz.register_strategy("own", Later)
        empty = strategy.lines_of("own")
        answer = "ignore"
        return empty, strategy.lines_of("own")

    empty, full = family()
    assert empty != full


def asking(limit):
    """A way to decide and a property: the same lines with other defaults and surroundings."""
    return lambda self, case, draw, *, most=limit: "ignore", property(lambda self: limit)


def test_what_a_family_of_strategies_holds_is_part_of_its_lines():
    def lines(maker):
        bz.register_strategy("own", maker)
        return strategy.lines_of("own")

    family = [
        made_with(0.0),
        made_with(2.0),
        made_with(np.float32(0.5)),
        made_with(0.0, np.arange(3)),
        made_with(0.0, np.arange(4)),
    ]
    assert len({lines(maker) for maker in family}) == len(family)
    assert lines(made_with(0.0)) == lines(made_with(0.0))
    asked = [type("Asking", (), {"decide": asking(limit)[0]}) for limit in (1, 2)]
    asked += [
        type("Asking", (), {"decide": Counting.decide, "limit": asking(limit)[1]})
        for limit in (1, 2)
    ]
    assert len({lines(maker) for maker in asked}) == len(asked)
    held = [
        type("Holding", (), {"decide": Counting.decide, "x": x})
        for x in (np.float32(1), np.int64(2), np.bool_(True), np.ones(2))
    ]
    assert len({lines(maker) for maker in held}) == len(held)


def test_a_failure_names_its_replicate():
    bz.register_strategy("own", type("Failing", (), {"decide": lambda self, case, draw: 1 / 0}))
    with pytest.raises(
        StrategyError, match=r"ZeroDivisionError: division by zero \(replicate \d+\)$"
    ):
        bz.compare("default", strategies=["own"], replicates=20, rng=1, quiet=True)


def test_memory_that_runs_share_is_found_though_each_begins_anew():
    class Three:
        served = {"n": 0}  # noqa: RUF012

        def __init__(self):
            self.served["n"] = 0

        def decide(self, case, draw):
            self.served["n"] += 1
            return "public_reply" if self.served["n"] <= 3 else "ignore"

    bz.register_strategy("own", Three)
    with pytest.raises(
        StrategyError, match="another result beside other runs; expected no memory but in self"
    ):
        check_strategy("own")


def test_whatever_can_be_made_is_checked_and_what_cannot_is_told():
    class Slotted:
        __slots__ = ("n",)

        def decide(self, case, draw):
            return "public_reply" if draw() < 0.5 else None

    bz.register_strategy("own", Slotted)
    check_strategy("own", replicates=1, seed=None)
    check_strategy("own", replicates=1, seed=np.random.default_rng(1))
    bz.register_strategy("own", type("Broken", (Slotted,), {"__init__": lambda self: 1 / 0}))
    with pytest.raises(StrategyError, match="strategy own cannot be made: ZeroDivisionError"):
        check_strategy("own", replicates=1)


@pytest.mark.parametrize("look", [
    lambda comparison, result: comparison.run("own", 0),
    lambda comparison, result: comparison.counterfactual("own"),
    lambda comparison, result: result.plot_network(hour=3),
    lambda comparison, result: result.animate(),
])  # fmt: skip
def test_what_was_run_with_other_lines_is_not_run_again(look):
    small = bz.Scenario().replace({"network.customers": 100})
    bz.register_strategy("own", Counting)
    comparison, result = (
        bz.compare(small, strategies=["own"], replicates=3, rng=1, quiet=True),
        bz.run(small, strategy="own", rng=1),
    )
    look(comparison, result)
    bz.register_strategy("own", Everything)
    with pytest.raises(
        StrategyError, match="strategy own was changed since this was run; expected the same lines"
    ):
        look(comparison, result)


def test_a_class_in_place_of_its_name_says_where_names_come_from():
    for asked in (Counting, Counting()):
        with pytest.raises(
            StrategyError,
            match="strategy is the class Counting; expected the name it has from @buzzsim",
        ):
            bz.run("default", strategy=asked, rng=1)


def test_a_check_that_would_ask_nothing_is_refused():
    with pytest.raises(
        StrategyError, match="replicates is 0; expected a whole number of 1 or more"
    ):
        check_strategy("ignore", replicates=0)


def test_memory_from_run_to_run_is_found():
    class Remembering:
        asked = 0

        def decide(self, case, draw):
            Remembering.asked += 1
            return "public_reply" if Remembering.asked % 3 else "ignore"

    bz.register_strategy("own", Remembering)
    with pytest.raises(StrategyError, match="no memory from run to run"):
        check_strategy("own")


# -------------------------------------------------------------------------------- the documentation


def test_the_examples_of_the_documentation_run():
    page = Path(__file__).parents[1] / "docs" / "strategies.md"
    found = doctest.testfile(
        str(page), module_relative=False, optionflags=doctest.NORMALIZE_WHITESPACE
    )
    assert found.attempted >= 10
    assert found.failed == 0


def test_a_saved_run_is_read_where_its_strategy_is_not_known(tmp_path):
    bz.register_strategy("own", Counting)
    result = bz.run("default", strategy="own", rng=1)
    result.save(tmp_path / "run.npz")
    strategy.OWN.clear()
    read = bz.Result.load(tmp_path / "run.npz")
    assert (read.strategy, read.outcomes["volume"]) == ("own", result.outcomes["volume"])
    assert "own" in repr(read)
