"""Both engines against a third program, written after the ODD page (`naive.py`): equal means."""

import math
import random
from functools import cache

import networkx as nx
import numpy as np
import pytest
from naive import Naive
from yardstick import STANDARD_ERRORS, assert_mean

from buzzsim.engine import replicates
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import STRATEGIES
from buzzsim.network.world import World

RUNS, NAIVE_RUNS, SEED = 20_000, 1500, 3
CROWD = nx.powerlaw_cluster_graph(200, 4, 0.4, seed=3)
FOLLOWERS = [sorted(CROWD[i]) for i in range(200)]
WORLDS = {
    "200 customers": {},
    "few hands": {
        "brand.staff": 1, "brand.coverage": 1.0, "brand.response_median": 0.2,
        "brand.order": "angriest",
    },
    "all kinds": {
        "crowd.troll_share": 0.05, "crowd.advocate_share": 0.2, "crowd.attitude": 0.3,
        "crowd.attitude_spread": 1.0, "brand.resentment": 0.2, "brand.coverage": 0.9,
        "censor.protest_probability": 0.2, "censor.explanation": 0.2, "private.invite_bump": 0.4,
        "private.invite_signal": -0.1, "private.thanks_probability": 0.5, "reply.brand_reach": 0.05,
        "reply.audience_effect": 1.0, "attention.withdrawal_rate": 0.02, "attention.dilution": 0.5,
        "complaint.complainants": 2, "time.tick": 0.4, "reply.solution": 0.3,
        "joining.loyalty": 1.0,
    },
    "complaints that differ": {
        "joining.sides": 0.5, "joining.sides_spread": 0.3, "attention.pace_sigma": 1.0,
        "complaint.arrivals": 4.0, "attitude.half_life": 12.0, "attitude.step": 0.05,
        "censor.protest_probability": 0.2,
    },
}  # fmt: skip
BUSY = {"joining.share_probability": 0.08, "brand.coverage": 0.9, "brand.response_median": 0.2}
TALKS = {  # what only happens in some talks, made to happen in most
    "talks that fail": BUSY | {
        "reply.solution": 0.1, "private.accept_probability": 0.9, "private.rounds": 1,
        "private.round_time": 0.5, "private.disappointment": 1.0,
        "private.failed_repost_probability": 0.5, "joining.share_probability": 0.05,
    },
    "talks that end well": BUSY | {
        "reply.solution": 0.8, "private.accept_probability": 1.0, "private.round_time": 0.25,
        "private.withdraw_probability": 0.5, "private.resolved_damping": 0.95,
        "private.thanks_probability": 1.0, "private.thanks_effect": 5.0,
    },
}  # fmt: skip
REPLIES = {
    "a brand at fault": BUSY | {
        "complaint.at_fault": True, "reply.empathy": 0.2, "reply.fault_empathy_weight": 3.0,
        "reply.fault_explanation_weight": 0.5, "reply.fault_penalty": 0.1,
        "reply.audience_effect": 5.0, "joining.share_probability": 0.2, "reply.solution": 1.0,
    },
    "a brand that failed before": BUSY | {
        "reply.prior_failures": 2, "reply.boomerang": 1.5, "reply.potency": 1.0,
    },
}  # fmt: skip
ALL = WORLDS | TALKS | REPLIES
CASES = [
    *(
        (world, strategy)
        for world in WORLDS
        for strategy in STRATEGIES
        if (world, strategy) != ("few hands", "ignore")
    ),
    *((world, "private_dialogue") for world in TALKS),
    *((world, "public_reply") for world in REPLIES),
]
COUNTED = (
    "volume",
    "reach",
    "critics",
    "attitude_change",
    "residual_anger",
    "deleted_posts",
    "replies",
    "private_talks",
    "solved",
    "thanks",
)


def scenario(world):
    """R0 has tests of its own: here the chance to join is given."""
    return Scenario().replace({"joining.share_probability": 0.2} | ALL[world])


@cache
def engine(world, strategy):
    """What the compiled engine counts, run by run."""
    values, _ = replicates(World.of(scenario(world), CROWD), strategy, SEED, RUNS)
    return dict(zip(OUTCOMES, values.T, strict=True))


def naive(world, strategy, of=Naive, **blind):
    """What the third program counts, blind to some keys' values."""
    rng, wish = random.Random(SEED), scenario(world).replace(blind)
    found = [of(FOLLOWERS, wish, strategy, rng).outcomes() for _ in range(NAIVE_RUNS)]
    return {name: np.array([run[name] for run in found], float) for name in COUNTED}


def spread(here, there):
    """Standard deviation of one run of the first, where the second's mean has an error too."""
    return math.sqrt(here.var() + there.var() * here.size / there.size)


@pytest.mark.parametrize(("world", "strategy"), CASES)
def test_a_third_program_counts_the_same(world, strategy):
    """Wrong would be a third more."""
    found, known = naive(world, strategy), engine(world, strategy)
    for name, values in found.items():
        if known[name].any():
            target = known[name].mean()
            assert_mean(
                values,
                target,
                wrong=4 / 3 * target,
                of=f"mean {name}",
                spread=spread(values, known[name]),
            )
        else:
            assert not values.any(), f"{name} cannot happen"


@pytest.mark.parametrize(
    "changes",
    [
        {"censor.repost_probability": 1.0, "censor.protest_probability": 1.0},
        {"private.failed_repost_probability": 1.0, "private.accept_probability": 1.0},
    ],
)
def test_a_third_program_knows_that_nobody_passes_criticism_on_without_a_chance_to_join(changes):
    """Not the author either: a complaint stays alone."""
    wish = scenario("200 customers").replace(
        changes | {"joining.share_probability": 0.0, "brand.coverage": 1.0}
    )
    for strategy in STRATEGIES:
        values, _ = replicates(World.of(wish, CROWD), strategy, SEED, 50)
        alone = {
            Naive(FOLLOWERS, wish, strategy, random.Random(seed)).outcomes()["volume"]
            for seed in range(50)
        }
        assert set(values[:, 0]) == alone == {1}


@pytest.mark.parametrize(
    "changes",
    [
        {"crowd.susceptibility_shape": math.inf},
        {"private.resolved_damping": 1.0, "private.accept_probability": 1.0},
        dict.fromkeys(
            ("reply.empathy_weight", "reply.explanation_weight", "reply.solution_weight"), 0.0
        ),
    ],
)
def test_a_third_program_takes_what_is_allowed_at_the_ends(changes):
    wish = scenario("200 customers").replace(changes)
    for strategy in STRATEGIES:
        assert all(
            Naive(FOLLOWERS, wish, strategy, random.Random(seed)).outcomes()["volume"] >= 1
            for seed in range(20)
        )


class NeverForgets(Naive):
    """Anger does not fade."""

    def anger(self, c):
        return c.anger


class OutspokenAuthor(Naive):
    """Who has a post removed goes on as a critic."""

    def delete(self, post, c):
        stage, hours = c.stage, super().delete(post, c)
        c.stage = stage
        return hours


class LateBrand(Naive):
    """The brand comes a tick too late."""

    def file(self, post, talk_round, ticks):
        super().file(post, talk_round, ticks + 1)


class TalkativeAvengers(Naive):
    """The vindictive accept to talk as anybody does."""

    def invite(self, post, c):
        c.kind, kind = "constructive", c.kind
        hours = super().invite(post, c)
        c.kind = kind
        return hours


@pytest.mark.parametrize(
    ("wrong", "world", "strategy"),
    [
        (NeverForgets, "200 customers", "ignore"),
        (OutspokenAuthor, "200 customers", "censor"),
        (LateBrand, "few hands", "public_reply"),
        (TalkativeAvengers, "200 customers", "private_dialogue"),
    ],
)
def test_a_program_that_does_one_thing_otherwise_counts_otherwise(wrong, world, strategy):
    assert furthest(naive(world, strategy, wrong), engine(world, strategy)) > STANDARD_ERRORS


@pytest.mark.parametrize(
    ("world", "strategy", "key", "value"),
    [
        ("talks that fail", "private_dialogue", "private.disappointment", 0.0),
        ("talks that fail", "private_dialogue", "private.failed_repost_probability", 0.0),
        ("talks that end well", "private_dialogue", "private.withdraw_probability", 0.0),
        ("talks that end well", "private_dialogue", "private.resolved_damping", 0.0),
        ("talks that end well", "private_dialogue", "private.thanks_probability", 0.5),
        ("talks that end well", "private_dialogue", "private.thanks_effect", 0.0),
        ("a brand at fault", "public_reply", "complaint.at_fault", False),
        ("a brand at fault", "public_reply", "reply.audience_effect", 0.0),
        ("a brand that failed before", "public_reply", "reply.prior_failures", 1),
        ("a brand that failed before", "public_reply", "reply.boomerang", 0.5),
        ("all kinds", "ignore", "crowd.attitude_spread", 0.0),
    ],
)
def test_a_program_that_is_blind_to_a_key_counts_otherwise(world, strategy, key, value):
    """As if the rule that reads it were not there, or another."""
    assert (
        furthest(naive(world, strategy, **{key: value}), engine(world, strategy)) > STANDARD_ERRORS
    )


def furthest(found, known):
    """How many standard errors the mean lies off that lies furthest off."""
    return max(
        abs(values.mean() - known[name].mean())
        / spread(values, known[name])
        * math.sqrt(NAIVE_RUNS)
        for name, values in found.items()
        if known[name].any()
    )
