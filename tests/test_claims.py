"""Each claim of the column is true in one set of parameters and false in another, all else equal.

A claim is put to the test on paired replicates: the same complaint, crowd and luck under each
strategy. It counts as true, or as false, when the paired difference lies at least four standard
errors on that side of zero.

=====  =============================================================================================
claim  what is compared
=====  =============================================================================================
C1     deleting makes the author angrier and more dangerous: the author's anger after 6 and after 24
       hours, and the volume, under censor less under ignore. False: all three lower.
C2     the author is rarely alone: the share of complaints that somebody joins, under ignore.
C3     the chain spreads like a flash fire: the share of complaints past 50 posts, and the time by
       which half of such a fire's posts are written, under ignore.
C4     dialogue is the only relevant answer: of public reply and private dialogue the one with the
       lower mean volume, less ignore and less censor. False: both dialogues lose against one of
       these.
C5     private works better: volume, and the author's anger after 6 and 24 hours, under private
       dialogue less under public reply. False: all three higher.
C6     private does not unsettle the others: change of attitude of those who are not critics, under
       private dialogue less under ignore, and less under public reply. False: lower than under
       both.
C7     caring, explaining and solving each matter, whether the brand erred or not: volume under
       public reply with one of the three at 0.8, less that with it at 0.2. False: one changes
       nothing, or raises the volume.
C8     the image is made there: change of the crowd's mean attitude under ignore.
=====  =============================================================================================
"""

from functools import cache

import numpy as np
import pytest
from yardstick import assert_lower

from buzzsim.engine import replicates
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.scenario import Scenario
from buzzsim.network.world import World
from buzzsim.study.analysis import exact_interval

N = 1000
ENTROPY = 20240521
ANSWERS = ("brand.", "reply.", "censor.", "private.")
ANGERS = ("author_anger_6h", "author_anger_24h")

HERE = {
    "network.customers": 2000,  # quick, and still larger than the fires
    "joining.r0": 0.9,  # the same
    "brand.coverage": 1.0,  # a strategy is judged by what it does, not by how much it oversees
}


@cache
def _silent_world(changes):
    return World.of(Scenario().replace(dict(changes)))


@cache
def _world(changes):
    """R0 is of a crowd nobody answers: scenarios that differ in the answer share it."""
    silent = _silent_world(tuple(change for change in changes if not change[0].startswith(ANSWERS)))
    share = {"joining.share_probability": float(silent.p.share_probability)}
    return World.of(Scenario().replace(dict(changes) | share), silent.network)


@cache
def _values(changes, strategy):
    return replicates(_world(changes), strategy, ENTROPY, N)[0]


def outcome(changes, strategy, name):
    """One outcome, replicate by replicate."""
    return _values(tuple(sorted((HERE | changes).items())), strategy)[:, list(OUTCOMES).index(name)]


# ----------------------------------------------------------------------------------------------- C1

ANGRY_BACKLASH = {
    "censor.reactance": 0.6,  # removal offends
    "censor.repost_probability": 0.8,  # there is somewhere else to post
    "censor.protest_probability": 0.05,  # witnesses do not let it pass
}
EXPLAINED_REMOVAL = {
    # the author learns which rule was broken (Liao et al. 2024, Jhaver et al. 2019)
    "censor.explanation": 0.9,
    "brand.resentment": 0.2,  # while silence offends those who waited
}


def test_deleting_makes_the_author_angrier_and_more_dangerous_where_it_offends():
    for name in (*ANGERS, "volume"):
        assert_lower(
            outcome(ANGRY_BACKLASH, "ignore", name),
            outcome(ANGRY_BACKLASH, "censor", name),
            f"{name}: ignore less censor",
        )


def test_deleting_calms_the_author_and_the_crowd_where_it_is_explained():
    for name in (*ANGERS, "volume"):
        assert_lower(
            outcome(EXPLAINED_REMOVAL, "censor", name),
            outcome(EXPLAINED_REMOVAL, "ignore", name),
            f"{name}: censor less ignore",
        )


def test_deleting_makes_the_author_angrier_and_less_dangerous_at_ordinary_reactance():
    for name in ANGERS:
        assert_lower(
            outcome({}, "ignore", name), outcome({}, "censor", name), f"{name}: ignore less censor"
        )
    assert_lower(
        outcome({}, "censor", "volume"),
        outcome({}, "ignore", "volume"),
        "volume: censor less ignore",
    )


# ---------------------------------------------------------------------------------------- C2 and C3

TINDER = {
    "network.customers": 500,  # quick; most are drawn in
    "joining.r0": 2.0,  # each critic makes two more
    "joining.reinforcement": 1.0,  # and the second critic seen counts double
}
WET_WOOD = {
    "joining.r0": 0.3,  # complaints die out
    "joining.reinforcement": -0.5,  # the second critic seen deters (Johnen et al. 2018)
}


def share(claims):
    """A share and its exact 95 % interval."""
    return float(claims.mean()), exact_interval(int(claims.sum()), claims.size)


def test_the_author_is_rarely_alone_where_critics_breed_critics():
    found, (low, _) = share(outcome(TINDER, "ignore", "critics") > 1)
    assert low > 0.9, (
        f"{found:.3f} of complaints find support, interval from {low:.3f}; expected more than 0.9"
    )


def test_the_author_is_mostly_alone_where_they_do_not():
    found, (_, high) = share(outcome(WET_WOOD, "ignore", "critics") > 1)
    assert high < 0.5, (
        f"{found:.3f} of complaints find support, interval up to {high:.3f}; expected less than 0.5"
    )


def test_the_chain_spreads_like_a_flash_fire_where_critics_breed_critics():
    volume, half = outcome(TINDER, "ignore", "volume"), outcome(TINDER, "ignore", "t50")
    found, (low, _) = share(volume >= 50)
    assert low > 0.5, f"{found:.3f} pass 50 posts, interval from {low:.3f}; expected more than half"
    assert np.median(half[volume >= 50]) < 24, "half of a fire's posts are written within a day"


def test_nine_chains_in_ten_stay_small_where_they_do_not():
    volume = outcome(WET_WOOD, "ignore", "volume")
    found, (low, _) = share(volume <= 10)
    assert low > 0.9, (
        f"{found:.3f} stay at ten posts or fewer, interval from {low:.3f}; expected more than 0.9"
    )
    found, (_, high) = share(volume >= 50)
    assert high < 0.01, (
        f"{found:.4f} pass 50 posts, interval up to {high:.4f}; expected less than 0.01"
    )


# ----------------------------------------------------------------------------------------------- C4

GOOD_ANSWER = {
    "reply.preset": "rebuild",  # better than people expect
    "censor.protest_probability": 0.03,  # while removals are noticed
}
DENIAL = {
    "reply.preset": "deny",  # worse than people expect
    "crowd.vindictive_share": 0.6,  # and most authors cannot be reached (Weitzl 2019)
}
DIALOGUES, OTHERS = ("public_reply", "private_dialogue"), ("ignore", "censor")


def test_dialogue_is_the_only_relevant_answer_where_it_exceeds_expectations():
    best = min(DIALOGUES, key=lambda strategy: outcome(GOOD_ANSWER, strategy, "volume").mean())
    for other in OTHERS:
        assert_lower(
            outcome(GOOD_ANSWER, best, "volume"),
            outcome(GOOD_ANSWER, other, "volume"),
            f"volume: {best} less {other}",
        )


def test_both_dialogues_lose_where_the_answer_denies_and_authors_want_revenge():
    best = min(OTHERS, key=lambda strategy: outcome(DENIAL, strategy, "volume").mean())
    for dialogue in DIALOGUES:
        assert_lower(
            outcome(DENIAL, best, "volume"),
            outcome(DENIAL, dialogue, "volume"),
            f"volume: {best} less {dialogue}",
        )


# ---------------------------------------------------------------------------------------- C5 and C6

QUIET_TALK = {
    # the post lives long enough for a talk to matter (science.md 3.5, rule 3)
    "attention.half_life": 4.0,
    "brand.response_median": 0.25,  # the brand is there
    "private.round_time": 0.25,  # a chat, not an exchange of letters
    "private.accept_probability": 0.9,  # which authors want
    "private.withdraw_probability": 0.8,  # and after which most take the post back
    "crowd.vindictive_share": 0.05,  # hardly anybody only wants revenge
    "reply.bump": 1.0,  # while a public answer shows the thread to everybody again
    "reply.audience_effect": 2.0,  # and the audience spoils it
}
EXCELLENT_IN_PUBLIC = {
    "reply.bump": 0.0,  # the answer draws nobody new
    # and the author does not mind being watched; those who read along are convinced
    "reply.audience_effect": 0.0,
}
EVASIVE_INVITATION = {
    "private.invite_signal": -0.2
}  # an ordinary talk, but bystanders read the invitation as evasion (Liao et al. 2025)


def test_a_private_dialogue_works_better_where_an_audience_inflames():
    for name in (*ANGERS, "volume"):
        assert_lower(
            outcome(QUIET_TALK, "private_dialogue", name),
            outcome(QUIET_TALK, "public_reply", name),
            f"{name}: private less public",
        )


def test_a_public_reply_works_better_where_bystanders_are_to_be_convinced():
    at = EXCELLENT_IN_PUBLIC
    for name in (*ANGERS, "volume"):
        assert_lower(
            outcome(at, "public_reply", name),
            outcome(at, "private_dialogue", name),
            f"{name}: public less private",
        )


def test_a_private_dialogue_does_not_unsettle_bystanders_where_it_ends_the_criticism():
    name = "attitude_change_bystanders"
    for other in ("ignore", "public_reply"):
        assert_lower(
            outcome(QUIET_TALK, other, name),
            outcome(QUIET_TALK, "private_dialogue", name),
            f"{name}: {other} less private",
        )


def test_an_invitation_that_looks_evasive_unsettles_bystanders():
    at, name = EVASIVE_INVITATION, "attitude_change_bystanders"
    for other in ("ignore", "public_reply"):
        assert_lower(
            outcome(at, "private_dialogue", name),
            outcome(at, other, name),
            f"{name}: private less {other}",
        )


# ----------------------------------------------------------------------------------------------- C7

HALFWAY = {"reply.empathy": 0.5, "reply.explanation": 0.5, "reply.solution": 0.5}
LOPSIDED = {
    "reply.explanation_weight": 0.0,  # nobody listens to reasons
    # and compensation without a fault looks like guilt (Herhausen et al. 2019)
    "reply.solution_weight": -0.5,
}


def less_and_more(part, fault, weights):
    """Volume under public reply with little and with much of one part of the reply."""
    at = HALFWAY | {"complaint.at_fault": fault} | weights
    return [
        outcome(at | {f"reply.{part}": value}, "public_reply", "volume") for value in (0.2, 0.8)
    ]


@pytest.mark.parametrize("fault", [False, True], ids=["without fault", "at fault"])
@pytest.mark.parametrize("part", ["empathy", "explanation", "solution"])
def test_caring_explaining_and_solving_each_quench_the_fire(part, fault):
    little, much = less_and_more(part, fault, {})
    assert_lower(much, little, f"volume: much less little {part}")


def test_explaining_changes_nothing_where_nobody_listens_to_reasons():
    little, much = less_and_more("explanation", False, LOPSIDED)
    assert np.array_equal(little, much)


def test_a_solution_fuels_the_fire_where_it_looks_like_guilt():
    little, much = less_and_more("solution", False, LOPSIDED)
    assert_lower(little, much, "volume: little less much solution")


def test_the_weights_without_a_fault_say_nothing_about_a_brand_at_fault():
    for plain, lopsided in zip(
        less_and_more("solution", True, {}), less_and_more("solution", True, LOPSIDED), strict=True
    ):
        assert np.array_equal(plain, lopsided)


# ----------------------------------------------------------------------------------------------- C8


def test_the_image_is_made_there_where_news_moves_people():
    change = outcome({"attitude.step": 0.05}, "ignore", "attitude_change")
    assert_lower(change, np.zeros_like(change), "attitude_change: at the end less at the start")


def test_the_image_stays_as_it_was_where_news_moves_nobody():
    assert not outcome({"attitude.step": 0.0}, "ignore", "attitude_change").any()


# ------------------------------------------------------------------------------------ the yardstick


def test_the_yardstick_refuses_a_difference_within_four_standard_errors():
    noise = np.random.default_rng(1).normal(size=N)
    noise = (noise - noise.mean()) / noise.std()
    with pytest.raises(
        AssertionError, match=r"noise: paired difference .*, standard error .*; expected at most"
    ):
        assert_lower(noise - 3.5 / np.sqrt(N), np.zeros(N), "noise")
    assert_lower(noise - 5.0 / np.sqrt(N), np.zeros(N), "noise")


def test_the_yardstick_refuses_a_difference_of_nothing():
    with pytest.raises(AssertionError, match="expected at most"):
        assert_lower(np.ones(N), np.ones(N), "nothing")
