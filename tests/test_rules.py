"""The rules, one by one: each sentence about the model that can be checked without running it."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

from buzzsim.model import rules, visibility
from buzzsim.model.parameters import KERNELS, NUMBERS, ORDERS, all_parameters, numbers
from buzzsim.model.scenario import Scenario

CHARACTERS = (rules.CONSTRUCTIVE, rules.VINDICTIVE, rules.ADVOCATE, rules.TROLL)
FADING = ("exponential", "seismic", "log_logistic")
LUCK = np.linspace(0.0, 1.0, 2001)[:-1]
WHOLE_SEISMIC_PER_HOUR = (
    0.0006265725 * 3600
)  # the published constant: scales the uncut kernel to mass 1 (science.md V15)

quick = settings(deadline=None, max_examples=200)
unit = st.floats(0, 1)
luck = st.floats(0, 1, exclude_max=True)
attitudes = st.floats(-1, 1)
characters = st.sampled_from(CHARACTERS)
masses = st.floats(1e-6, 1e3)
ages = st.floats(0, 1e4)


def p_of(changes=None, share=0.1):
    """The numbers of the default scenario with some keys changed."""
    return numbers(Scenario().replace(changes or {}), share)


@st.composite
def any_p(draw, kernels=KERNELS):
    """Numbers anywhere in their ranges."""
    p = p_of({"attention.kernel": draw(st.sampled_from(kernels))}, draw(st.floats(0, 1e6)))
    known = {key.replace(".", "_"): parameter for key, parameter in all_parameters()}
    for name in draw(st.lists(st.sampled_from(NUMBERS.names), unique=True, max_size=20)):
        parameter = known.get(name)
        if parameter is None or parameter.choices or name == "attention_kernel":
            continue
        high = min(parameter.high, 1e6)
        p[name] = draw(
            st.floats(parameter.low, high)
            if parameter.kind is float
            else st.integers(int(parameter.low), int(high))
        )
    return p


# ----------------------------------------------------------------------------------- time and anger


def test_durations_are_rounded_up_to_whole_ticks_and_never_to_none():
    p = p_of({"time.tick": 0.25})
    assert [rules.ticks(p, hours) for hours in (0.0, 1e-9, 0.2, 0.25, 0.26, 0.5, 1.0, 72.0)] == [
        1,
        1,
        1,
        1,
        2,
        2,
        4,
        288,
    ]
    tenth = p_of({"time.tick": 0.1})
    assert [rules.ticks(tenth, k * 0.1) for k in range(1, 40)] == list(range(1, 40))


def test_the_brands_lag_is_rounded_to_the_nearest_tick_so_that_it_is_right_on_average():
    p = p_of({"time.tick": 0.25})
    assert [rules.lag_ticks(p, hours) for hours in (0.0, 0.1, 0.13, 0.37, 0.38, 1.0, 1e9)] == [
        0,
        0,
        1,
        1,
        2,
        4,
        582,
    ]
    hours = (np.arange(100_000) + 0.5) / 2000
    rounded = np.array([rules.lag_ticks(p, h) for h in hours]) * 0.25
    assert abs((rounded - hours).mean()) < 1e-4


@pytest.mark.parametrize(
    ("horizon", "tick"), [(72.0, 0.25), (24.5, 24.0), (6.5, 6.0), (24.0, 24.0)]
)
@pytest.mark.parametrize("hours", [1e6, math.inf])
def test_what_never_ends_ends_after_the_run(horizon, tick, hours):
    p = p_of({"time.horizon": horizon, "time.tick": tick})
    last = rules.ticks(p, horizon)
    assert min(rules.ticks(p, hours), rules.lag_ticks(p, hours)) > last
    assert horizon + tick < rules.bounded(p, hours) < math.inf
    assert rules.bounded(p, horizon) == horizon


def test_anger_halves_in_its_half_life():
    p = p_of({"anger.half_life": 6, "time.tick": 0.25})
    assert [rules.decayed(p, anger, 24, rules.CONSTRUCTIVE) for anger in (0.0, 0.8, 1.0)] == [
        0.0,
        0.4,
        0.5,
    ]
    assert rules.decayed(p, 0.8, 0, rules.CONSTRUCTIVE) == 0.8


@quick
@given(any_p(), unit, st.integers(0, 10**6), st.integers(0, 10**6))
def test_anger_fades_the_same_in_one_step_or_two(p, anger, first, second):
    once = rules.decayed(p, anger, first + second, rules.VINDICTIVE)
    twice = rules.decayed(
        p, rules.decayed(p, anger, first, rules.VINDICTIVE), second, rules.VINDICTIVE
    )
    assert twice == pytest.approx(once, rel=1e-9, abs=1e-300)


# --------------------------------------------------------------------------------------- visibility


@pytest.mark.parametrize("kernel", FADING)
def test_kernels_invert(kernel):
    p = p_of({"attention.kernel": kernel})
    shares = np.linspace(0.0, 1.0, 1001)[:-1]
    ages = np.array([visibility.age_when(p, share) for share in shares])
    assert (np.diff(ages) > 0).all()
    np.testing.assert_allclose([visibility.spent(p, age) for age in ages], shares, atol=1e-12)


def test_a_posts_visibility_halves_in_its_half_life():
    p = p_of({"attention.half_life": 1.5})
    assert [visibility.spent(p, age) for age in (0.0, 1.5, 3.0)] == [0.0, 0.5, 0.75]


def test_all_that_is_seen_is_seen_within_the_horizon():
    p = p_of({"attention.kernel": "seismic", "time.horizon": 24})
    assert visibility.spent(p, 24.0) == visibility.spent(p, 1e6) == 1.0
    assert visibility.spent(p, 12.0) < 1.0


@pytest.mark.parametrize("horizon", [72, 1e5])
def test_the_power_law_is_seismic(horizon):
    """science.md V15. The kernel is cut at the horizon and scaled to 1 there (even 100,000 hours
    miss 3 % of the tail), so the published shares of the uncut kernel come out once scaled back by
    its mass within the horizon.
    """
    p = p_of({"attention.kernel": "seismic", "time.horizon": horizon})
    within = visibility.seismic(float(horizon)) * WHOLE_SEISMIC_PER_HOUR
    shares = [visibility.spent(p, hours) * within for hours in (5 / 60, 1, 6, 24)]
    assert shares == pytest.approx([0.188, 0.543, 0.698, 0.781], abs=5e-4)
    assert visibility.age_when(p, 0.5 / within) * 60 == pytest.approx(40.6, abs=0.05)
    assert visibility.seismic(math.inf) * WHOLE_SEISMIC_PER_HOUR == pytest.approx(1.0, abs=1e-6)


def test_half_of_the_followers_notice_at_the_default():
    """science.md V12: 1 - exp(-0.5 * 1 / ln 2)."""
    p = p_of({"attention.view_rate": 0.5, "attention.half_life": 1})
    mass = rules.notice_mass(p, 1.0, 1.0)
    assert mass == pytest.approx(0.7213, abs=5e-5)
    assert rules.noticed_by(p, mass, 1.0, 1e9) == pytest.approx(0.5139, abs=5e-5)
    noticed = [rules.notice_age(p, mass, 1.0, u) != rules.NEVER for u in LUCK]
    assert np.mean(noticed) == pytest.approx(0.5139, abs=1 / len(LUCK))


@pytest.mark.parametrize("kernel", [*FADING, "constant"])
def test_notice_ages_have_the_law_they_claim(kernel):
    p = p_of({"attention.kernel": kernel, "attention.view_rate": 0.5})
    mass = rules.notice_mass(p, 1.0, 1.0)
    ages = np.array([rules.notice_age(p, mass, 1.0, u) for u in LUCK])
    for age in (0.1, 1.0, 5.0, 24.0):
        share = ((ages >= 0) & (ages <= age)).mean()
        assert share == pytest.approx(rules.noticed_by(p, mass, 1.0, age), abs=2 / len(LUCK))


def test_a_slow_complaint_is_seen_as_much_and_later():
    p = p_of({"attention.pace_sigma": 0.5})
    assert rules.pace(p_of(), 3.0) == 1.0
    assert rules.pace(p, 2.0) == pytest.approx(math.e)
    for luck in (0.1, 0.4):
        assert rules.notice_age(p, 0.7, 3.0, luck) == pytest.approx(
            3 * rules.notice_age(p, 0.7, 1.0, luck)
        )
    assert rules.noticed_by(p, 0.7, 3.0, 6.0) == rules.noticed_by(p, 0.7, 1.0, 2.0)
    slow, plain = (rules.second_notice_age(p, 0.7, *of, 1.0, 0.2) for of in ((3, 6.0), (1, 2.0)))
    assert slow == pytest.approx(3 * plain)


def test_half_of_the_looks_of_the_log_logistic_law_come_in_its_half_life():
    p = p_of({"attention.kernel": "log_logistic", "attention.half_life": 2, "attention.tail": 0.5})
    assert visibility.log_logistic(p, 2.0) == 0.5
    assert visibility.log_logistic(p, 18.0) == pytest.approx(0.75)  # odds of 3, as 9 ** 0.5
    assert visibility.log_logistic(p, 0.0) == 0.0
    for share in (0.01, 0.5, 0.99):
        assert visibility.spent(p, visibility.age_when(p, share)) == pytest.approx(share)
    assert visibility.spent(p, p.time_horizon) == 1.0


def test_a_change_of_attitude_halves_in_its_half_life():
    p = p_of({"attitude.half_life": 12.0, "time.tick": 0.5})
    assert rules.recovered(p, -0.6, 0.2, 24) == pytest.approx(-0.2)
    assert rules.recovered(p, -0.6, 0.2, 0) == -0.6
    assert rules.recovered(p_of({"attitude.half_life": math.inf}), -0.6, 0.2, 1000) == -0.6


def test_the_sides_of_readers_have_the_mean_and_the_correlation_asked_for():
    assert not rules.sides_vary(p_of({"joining.sides": 0.4}))
    assert not rules.sides_vary(p_of({"joining.sides_spread": 0.4}))
    p = p_of({"joining.sides": 0.4, "joining.sides_spread": 0.2})
    assert rules.sides_vary(p)
    a, b = rules.siding_law(p)
    assert a / (a + b) == pytest.approx(0.4)
    assert 1 / (a + b + 1) == pytest.approx(0.2)
    assert [bool(rules.sides(0.4, luck)) for luck in (0.39, 0.41)] == [True, False]


def test_who_does_not_side_is_not_angered_and_comes_to_like_the_brand():
    p = p_of({"attitude.step": 0.1, "anger.gain": 0.5})
    anger, attitude = rules.reading(p, 0.2, 0.5, 1.0, rules.CONSTRUCTIVE, False, 0.8, 2, 0, 0)
    assert anger == 0.2
    assert attitude == pytest.approx(0.5 + 2 * 0.1 * 0.5)
    assert not rules.may_join(rules.AWARE, rules.CONSTRUCTIVE, False)
    assert not rules.may_protest(rules.AWARE, rules.CONSTRUCTIVE, False, False)


def test_complaints_that_an_event_brings_get_rarer_by_half_in_a_half_life():
    p = p_of({"complaint.arrivals": 8.0, "complaint.arrival_half_life": 5.0})
    assert rules.arrival_hour(p, 4.0) == pytest.approx(5.0)
    assert rules.arrival_hour(p, 6.0) == pytest.approx(10.0)
    assert rules.arrival_hour(p, 8.0) == rules.NEVER
    assert rules.arrival_hour(p_of(), 0.1) == rules.NEVER
    stages = rules.UNAWARE, rules.AWARE, rules.CRITIC, rules.SILENT, rules.RECONCILED
    assert [bool(rules.may_complain(stage)) for stage in stages] == [True] * 2 + [False] * 3


def test_an_immediate_post_is_noticed_at_once_or_never():
    p = p_of({"attention.kernel": "immediate"})
    ages = {rules.notice_age(p, 0.7, 1.0, u) for u in LUCK}
    assert ages == {0.0, rules.NEVER}


@quick
@given(any_p(), masses, st.floats(1, 100), luck)
def test_more_mass_is_noticed_by_a_superset_and_no_later(p, mass, factor, luck):
    little, more = (
        rules.notice_age(p, mass, 1.0, luck),
        rules.notice_age(p, mass * factor, 1.0, luck),
    )
    if little != rules.NEVER:
        assert 0.0 <= more <= little * (1 + 1e-12)


@quick
@given(any_p(), luck)
def test_without_mass_nothing_is_noticed(p, luck):
    assert rules.notice_age(p, 0.0, 1.0, luck) == rules.NEVER
    assert rules.noticed_by(p, 0.0, 1.0, 1e6) == 0.0


def test_attention_dilution_thins_what_busy_readers_see():
    p, diluted = p_of(), p_of({"attention.dilution": 1.0})
    assert rules.notice_mass(p, 1.0, 4.0) == rules.notice_mass(p, 1.0, 1.0)
    assert rules.notice_mass(diluted, 1.0, 4.0) == pytest.approx(rules.notice_mass(p, 1.0, 1.0) / 4)
    assert rules.notice_mass(p, 1.5, 1.0) == pytest.approx(1.5 * rules.notice_mass(p, 1.0, 1.0))


@pytest.mark.parametrize("kernel", FADING)
@pytest.mark.parametrize(("age", "bump"), [(0.5, 1.0), (2.0, 0.5), (10.0, 0.3)])
def test_the_second_wave_has_the_difference_of_the_visibilities_as_its_mass(kernel, age, bump):
    """In number and in time: its rate is the younger post's less the rate of the post as it was."""
    p = p_of({"attention.kernel": kernel})
    mass, younger = 2.0, (1 - bump) * age
    waits = np.array([rules.second_notice_age(p, mass, 1.0, age, bump, u) for u in LUCK])
    for wait in (0.1, 1.0, 5.0, 60.0):
        before, after = (
            visibility.spent(p, age) - visibility.spent(p, younger),
            visibility.spent(p, age + wait),
        )
        gained = before - after + visibility.spent(p, younger + wait)
        share = ((waits >= 0) & (waits <= wait)).mean()
        assert share == pytest.approx(1 - math.exp(-mass * gained), abs=2 / len(LUCK))
    whole = mass * (visibility.spent(p, age) - visibility.spent(p, younger))
    assert (waits >= 0).mean() == pytest.approx(1 - math.exp(-whole), abs=2 / len(LUCK))


@quick
@given(any_p(), masses, ages, luck)
def test_without_a_bump_there_is_no_second_wave(p, mass, age, luck):
    assert rules.second_notice_age(p, mass, 1.0, age, 0.0, luck) == rules.NEVER


def test_nobody_withdraws_a_post_where_the_rate_is_zero():
    assert {rules.life(p_of(), u) for u in LUCK} == {rules.NEVER}
    p = p_of({"attention.withdrawal_rate": 0.5})
    assert np.mean([rules.life(p, (k + 0.5) / 2000) for k in range(2000)]) == pytest.approx(
        2.0, rel=1e-3
    )


# ------------------------------------------------------------------------------ reading and joining


@quick
@given(
    any_p(),
    unit,
    attitudes,
    st.floats(0, 1e3),
    characters,
    st.floats(0, 1e3),
    st.tuples(*[st.integers(0, 1000)] * 3),
)
def test_reading_keeps_anger_and_attitude_in_range_and_never_calms(
    p, anger, attitude, susceptibility, character, heat, read
):
    after, moved = rules.reading(p, anger, attitude, susceptibility, character, True, heat, *read)
    assert anger <= after <= 1.0
    assert -1.0 <= moved <= 1.0


def test_reading_nothing_changes_nothing():
    assert rules.reading(p_of(), 0.3, -0.2, 2.0, rules.CONSTRUCTIVE, True, 0.0, 0, 0, 0) == (
        0.3,
        -0.2,
    )


def test_bad_news_weighs_negativity_times_more_than_good():
    p = p_of({"attitude.step": 0.02, "attitude.negativity": 2.5, "private.thanks_effect": 1.0})
    worse = rules.reading(p, 0.0, 0.0, 1.0, rules.CONSTRUCTIVE, True, 0.0, 1, 0, 0)[1]
    better = rules.reading(p, 0.0, 0.0, 1.0, rules.CONSTRUCTIVE, True, 0.0, 0, 1, 0)[1]
    assert (worse, better) == (pytest.approx(-0.05), pytest.approx(0.02))


def test_an_invitation_moves_by_its_signal():
    p = p_of({"private.invite_signal": -0.1})
    assert rules.reading(p, 0.0, 0.0, 1.0, rules.CONSTRUCTIVE, True, 0.0, 0, 0, 2)[
        1
    ] == pytest.approx(-0.2)


@quick
@given(
    any_p(),
    unit,
    attitudes,
    st.floats(0, 1e3),
    st.floats(0, 1e3),
    st.tuples(*[st.integers(0, 1000)] * 3),
)
def test_trolls_never_move_in_anger(p, anger, attitude, susceptibility, heat, read):
    assert (
        rules.reading(p, anger, attitude, susceptibility, rules.TROLL, True, heat, *read)[0]
        == anger
    )
    assert rules.decayed(p, anger, 1000, rules.TROLL) == anger
    assert rules.removed_anger(p, anger, rules.TROLL) == anger
    assert rules.resentful(p, anger, rules.TROLL) == anger
    assert rules.calming(p, rules.reply_strength(p), 0.0, rules.TROLL) == 1.0
    assert rules.first_anger(rules.TROLL, 0.2) == 1.0


@quick
@given(any_p(), st.floats(0, 1e3), attitudes, st.integers(0, 100), unit, st.floats(-1e4, 700))
def test_join_is_a_probability(p, susceptibility, attitude, critics, intensity, thread):
    assert (
        0.0
        <= rules.join_probability(p, susceptibility, attitude, critics, intensity, thread)
        <= 1.0
    )


@quick
@given(any_p(), st.floats(0, 1e3), attitudes, st.integers(0, 100), unit, st.floats(-1e3, 600))
def test_nobody_joins_when_share_probability_is_zero(
    p, susceptibility, attitude, critics, intensity, thread
):
    p["share_probability"] = 0.0
    assert rules.join_probability(p, susceptibility, attitude, critics, intensity, thread) == 0.0


def test_joining_is_a_chance_however_long_the_thread():
    p = p_of({"joining.loyalty": 1.0}, share=0.0)
    assert rules.join_probability(p, 1.0, 0.0, 1, 0.8, 1e6) == 0.0
    assert rules.join_probability(p_of({"joining.loyalty": 1.0}), 1.0, 1.0, 1, 0.8, 1e6) == 0.0, (
        "wholly loyal"
    )
    assert rules.join_probability(p_of(), 1.0, 0.0, 1, 0.8, 1e6) == 1.0


def test_the_first_critic_seen_gives_the_share_probability():
    assert rules.join_probability(p_of(share=0.1), 1.0, 0.0, 1, 0.5, 0.0) == pytest.approx(0.1)
    assert rules.join_probability(p_of(share=0.1), 2.5, -1.0, 1, 0.5, 0.0) == pytest.approx(0.25)


def test_social_proof_counts_up_to_the_cap_and_may_deter():
    p = p_of({"joining.reinforcement": 0.5, "joining.cap": 3})
    assert [rules.social_proof(p, n) for n in (1, 2, 3, 4, 100)] == [1.0, 1.5, 2.0, 2.0, 2.0]
    deterred = p_of({"joining.reinforcement": -0.6, "joining.cap": 3})
    assert [rules.social_proof(deterred, n) for n in (1, 2, 3)] == [1.0, 0.4, 0.0]


def test_loyalty_shields_only_those_who_like_the_brand():
    p = p_of({"joining.loyalty": 1.0})
    chances = [
        rules.join_probability(p, 1.0, attitude, 1, 0.5, 0.0) for attitude in (-1.0, 0.0, 0.5, 1.0)
    ]
    assert chances == pytest.approx([0.1, 0.1, 0.05, 0.0])


def test_an_angrier_post_wins_more_people():
    p = p_of({"joining.arousal": 1.5})
    angry, calm = (
        rules.join_probability(p, 1.0, 0.0, 1, intensity, 0.0) for intensity in (0.8, 0.2)
    )
    assert angry / calm == pytest.approx(math.exp(1.5 * 0.6))


def test_kinds_of_people_come_in_their_share():
    assert np.mean([rules.is_a(0.2, u) for u in LUCK]) == pytest.approx(0.2, abs=1e-3)
    assert not any(rules.is_a(0.0, u) for u in LUCK)
    assert all(rules.is_a(1.0, u) for u in LUCK)


@quick
@given(any_p(), luck)
def test_people_start_within_the_range_of_attitudes(p, luck):
    assert -1.0 <= rules.first_attitude(p, luck) <= 1.0


def test_whoever_hates_the_brand_from_the_start_does_so_fully():
    assert (
        rules.first_attitude(p_of({"crowd.attitude": -0.97, "crowd.attitude_spread": 0.0}), 0.5)
        == -0.97
    )
    assert (
        rules.first_attitude(p_of({"crowd.attitude": -1.0, "crowd.attitude_spread": 0.5}), 0.1)
        == -1.0
    )


def test_anger_before_any_news_is_what_the_network_gives_or_none():
    assert [rules.first_anger(rules.CONSTRUCTIVE, given) for given in (0.3, -1.0)] == [0.3, 0.0]
    assert rules.first_anger(rules.CONSTRUCTIVE, math.nan) == 0.0


def test_repeats_come_at_the_repeat_rate_times_anger():
    p = p_of({"anger.repeat_rate": 0.1})
    gaps = [rules.repeat_gap(p, (k + 0.5) / 2000) for k in range(2000)]
    assert np.mean(gaps) == pytest.approx(10.0, rel=1e-3)
    assert rules.repeat_gap(p, 0.0) == 0.0  # draws are from 0, but below 1: no gap without an end
    assert gaps == sorted(gaps)
    assert np.mean([rules.repeats(0.3, u) for u in LUCK]) == pytest.approx(0.3, abs=1e-3)
    assert not rules.may_repeat(p_of({"anger.repeat_rate": 0.0}))


def test_where_nobody_would_join_authors_pass_nothing_on_either():
    certain = {
        "censor.repost_probability": 1.0,
        "censor.protest_probability": 1.0,
        "private.failed_repost_probability": 1.0,
    }
    for share, happens in ((0.0, False), (1e-9, True)):
        p = numbers(Scenario().replace(certain), share)
        assert rules.criticism_spreads(p) == happens
        assert rules.may_repeat(p) == happens
        assert rules.reposts(p, rules.CRITIC, 1.0, 0.5) == happens
        assert rules.protests(p, 1.0, 0.5) == happens
        assert rules.posts_after_failure(p, 0.5) == happens


@pytest.mark.parametrize("character", CHARACTERS)
def test_only_the_constructive_resent_having_waited_in_vain(character):
    expected = 0.4 + 0.3 * 0.6 if character == rules.CONSTRUCTIVE else 0.4
    assert rules.resentful(p_of({"brand.resentment": 0.3}), 0.4, character) == pytest.approx(
        expected
    )


# ---------------------------------------------------------------------------------------- the brand


def test_the_brand_sees_what_its_coverage_lets_it():
    assert np.mean(
        [rules.is_handled(p_of({"brand.coverage": 0.53}), u) for u in LUCK]
    ) == pytest.approx(0.53, abs=1e-3)
    assert not any(rules.is_handled(p_of({"brand.coverage": 0}), u) for u in LUCK)


def test_lags_have_their_measured_quantiles():
    """science.md V12: 54.8 % within 1 h, 82.6 % within 6 h, 94.2 % within 24 h."""
    p = p_of()
    lags = np.array(
        [rules.lag(p, normal) for normal in stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)]
    )
    assert np.median(lags) == pytest.approx(46 / 60, rel=1e-3)
    assert [(lags <= hours).mean() for hours in (1, 6, 24)] == pytest.approx(
        [0.548, 0.826, 0.942], abs=6e-4
    )


def test_the_queue_takes_the_smallest_priority_first():
    earlier_small_calm, later_large_angry = (3, 10, 0.2), (4, 20, 0.9)
    for order in ORDERS:
        p = p_of({"brand.order": order})
        first = rules.priority(p, *earlier_small_calm) < rules.priority(p, *later_large_angry)
        assert first == (order == "first_come")


@quick
@given(any_p(), unit, characters, luck, st.floats(0, 100))
def test_explaining_a_removal_fully_undoes_reactance(p, anger, character, luck, susceptibility):
    p["censor_explanation"] = 1.0
    assert rules.removed_anger(p, anger, character) == anger
    assert not rules.reposts(p, rules.CRITIC, anger, luck)
    assert not rules.protests(p, susceptibility, luck)


def test_a_removal_angers_and_half_an_explanation_halves_that():
    assert rules.removed_anger(
        p_of({"censor.reactance": 0.4}), 0.5, rules.CONSTRUCTIVE
    ) == pytest.approx(0.7)
    half = p_of({"censor.reactance": 0.4, "censor.explanation": 0.5})
    assert rules.removed_anger(half, 0.5, rules.CONSTRUCTIVE) == pytest.approx(0.6)


def test_the_angrier_the_likelier_a_repost():
    p = p_of({"censor.repost_probability": 0.5})
    shares = [
        np.mean([rules.reposts(p, rules.CRITIC, anger, u) for u in LUCK])
        for anger in (0.0, 0.4, 1.0)
    ]
    assert shares == pytest.approx([0.0, 0.2, 0.5], abs=1e-3)


def test_reply_strength_is_quality_less_expectation():
    p = p_of(
        {
            "reply.empathy": 0.9,
            "reply.explanation": 0.6,
            "reply.solution": 0.3,
            "reply.expectation": 0.4,
        }
    )
    assert rules.reply_strength(p) == pytest.approx(0.6 - 0.4)
    p = p_of(
        {
            "reply.empathy": 0.9,
            "reply.solution": 0.3,
            "reply.explanation_weight": 0,
            "reply.solution_weight": -1,
        }
    )
    assert rules.reply_strength(p) == pytest.approx((0.9 - 0.3) / 2 - 0.4)


def test_a_brand_at_fault_is_measured_by_other_weights_and_more_is_expected():
    keys = {
        "reply.empathy": 1.0,
        "reply.explanation": 0.0,
        "reply.solution": 0.0,
        "complaint.at_fault": True,
    }
    weights = {
        "reply.fault_empathy_weight": 2,
        "reply.fault_explanation_weight": 1,
        "reply.fault_solution_weight": 1,
    }
    p = p_of(keys | weights | {"reply.expectation": 0.4, "reply.fault_penalty": 0.25})
    assert rules.reply_strength(p) == pytest.approx(0.5 - 0.65)


def test_a_reply_without_any_weight_has_no_quality():
    p = p_of(
        dict.fromkeys(
            ["reply.empathy_weight", "reply.explanation_weight", "reply.solution_weight"], 0
        )
    )
    assert rules.reply_strength(p) == -0.4


@quick
@given(any_p())
def test_reply_strength_stays_in_range_whatever_the_weights(p):
    assert -2.2 - 1e-9 <= rules.reply_strength(p) <= 1.0 + 1e-9


@quick
@given(any_p(), st.floats(-2, 1), unit, characters, unit, luck)
def test_a_reply_of_no_potency_leaves_everything_as_it_was_bit_for_bit(
    p, strength, heat, character, anger, luck
):
    p["reply_potency"] = 0.0
    assert rules.calming(p, strength, heat, character) == 1.0
    assert rules.calmed(anger, rules.calming(p, strength, heat, character)) == anger
    assert math.exp(0.3 + rules.thread_effect(p, strength)) == math.exp(0.3)
    assert not rules.is_solved(p, heat, character, luck)


@quick
@given(any_p(), st.floats(-2, 1), unit, luck)
def test_the_vindictive_are_never_calmed_solved_or_won_for_a_talk(p, strength, heat, luck):
    assert rules.calming(p, strength, heat, rules.VINDICTIVE) >= 1.0
    for character in (rules.VINDICTIVE, rules.TROLL):
        assert not rules.is_solved(p, heat, character, luck)
        assert not rules.accepts(p, character, luck)


@quick
@given(any_p(), unit, st.floats(-2, 1), unit, characters)
def test_calming_keeps_anger_in_range(p, anger, strength, heat, character):
    assert 0.0 <= rules.calmed(anger, rules.calming(p, strength, heat, character)) <= 1.0


def test_a_reply_calms_above_expectation_and_inflames_below():
    p = p_of({"reply.potency": 2})
    assert rules.calming(p, 0.3, 0.0, rules.CONSTRUCTIVE) == pytest.approx(math.exp(-0.6))
    assert rules.calming(p, -0.3, 0.0, rules.CONSTRUCTIVE) == pytest.approx(math.exp(0.6))
    assert rules.thread_effect(p, 0.3) == pytest.approx(-0.6)


def test_an_inflamed_audience_spoils_a_good_reply_and_no_poor_one():
    p = p_of({"reply.potency": 2, "reply.audience_effect": 0.5})
    assert rules.calming(p, 0.3, 1.0, rules.CONSTRUCTIVE) == pytest.approx(math.exp(-0.3))
    assert rules.calming(p, -0.3, 1.0, rules.CONSTRUCTIVE) == rules.calming(
        p, -0.3, 0.0, rules.CONSTRUCTIVE
    )
    assert rules.audience(p_of({"reply.audience_effect": 5}), 1.0) == 0.0


def test_after_two_failures_a_good_reply_works_backwards_and_a_poor_one_stays_poor():
    wanted = {"reply.potency": 2, "reply.boomerang": 0.5}
    for strength, expected in ((0.3, [-0.6, -0.6, 0.3, 0.3]), (-0.3, [0.6, 0.6, 0.6, 0.6])):
        counts = [p_of(wanted | {"reply.prior_failures": n}) for n in (0, 1, 2, 9)]
        assert [rules.thread_effect(p, strength) for p in counts] == pytest.approx(expected)
        assert [
            math.log(rules.calming(p, strength, 0.0, rules.CONSTRUCTIVE)) for p in counts
        ] == pytest.approx(expected)
    remembered = p_of({"reply.prior_failures": 2, "reply.solution": 1})
    assert not rules.is_solved(remembered, 0.0, rules.CONSTRUCTIVE, 0.0)
    assert rules.is_solved(
        p_of({"reply.prior_failures": 1, "reply.solution": 1}), 0.0, rules.CONSTRUCTIVE, 0.0
    )
    assert (
        rules.reply_effect(p_of({"reply.prior_failures": 2, "reply.boomerang": 0}), 0.3) == 0.0
    ), "useless, as at a boomerang of 0"


def test_a_defence_weighs_as_a_reply_whatever_the_brand_did_before():
    for failures in (0, 2):
        p = p_of(
            {"reply.potency": 2, "crowd.defence_strength": 0.3, "reply.prior_failures": failures}
        )
        assert rules.defence_effect(p) == pytest.approx(-0.6)


def test_posts_about_a_removal_stand_out_and_stand_elsewhere():
    p = p_of(
        {
            "censor.streisand_multiplier": 3,
            "joining.page_probability": 0.7,
            "complaint.on_page": True,
        }
    )
    kinds = (
        rules.FIRST,
        rules.REPEAT,
        rules.REPOST,
        rules.PROTEST,
        rules.AFTER_FAILURE,
        rules.THANKS,
    )
    assert [rules.prominence(p, kind) for kind in kinds] == [1, 1, 3, 3, 1, 1]
    assert [rules.page_probability(p, kind, False) for kind in kinds] == [0.7, 0.7, 0, 0, 0.7, 0.7]
    assert rules.page_probability(p, rules.FIRST, True) == 1.0
    assert rules.page_probability(p_of({"complaint.on_page": False}), rules.FIRST, True) == 0.0


def test_nothing_is_deleted_elsewhere_and_ignoring_does_nothing():
    strategies = (rules.IGNORE, rules.CENSOR, rules.PUBLIC_REPLY, rules.PRIVATE_DIALOGUE)
    assert [bool(rules.concerns(strategy, True)) for strategy in strategies] == [
        False,
        True,
        True,
        True,
    ]
    assert [bool(rules.concerns(strategy, False)) for strategy in strategies] == [
        False,
        False,
        True,
        True,
    ]


def test_who_may_protest_and_who_is_who():
    stages = (rules.UNAWARE, rules.AWARE, rules.CRITIC, rules.SILENT, rules.RECONCILED)
    assert [
        bool(rules.may_protest(stage, rules.CONSTRUCTIVE, True, False)) for stage in stages
    ] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert not rules.may_protest(rules.AWARE, rules.ADVOCATE, True, False)
    assert not rules.may_protest(rules.AWARE, rules.CONSTRUCTIVE, True, True)
    assert [
        rules.character(*flags) for flags in ((0, 0, 0), (1, 0, 0), (1, 1, 0), (1, 1, 1))
    ] == list(CHARACTERS)


def test_the_heat_of_a_thread_is_who_joined_among_who_read():
    assert [rules.heat_of(*counts) for counts in ((0, 0), (1, 4), (3, 3))] == [0.0, 0.25, 1.0]


def test_cases_are_solved_as_often_as_the_reply_solves():
    p = p_of({"reply.solution": 0.8, "reply.audience_effect": 0.5})
    for heat, expected in ((0.0, 0.8), (0.5, 0.6)):
        assert np.mean(
            [rules.is_solved(p, heat, rules.CONSTRUCTIVE, u) for u in LUCK]
        ) == pytest.approx(expected, abs=1e-3)


def test_the_chances_of_a_dialogue_are_those_of_the_scenario():
    p = p_of(
        {
            "private.accept_probability": 0.6,
            "private.withdraw_probability": 0.2,
            "private.thanks_probability": 0.1,
        }
    )
    p["private_failed_repost_probability"], p["crowd_defence_probability"] = 0.3, 0.4
    shares = [np.mean([rules.accepts(p, rules.CONSTRUCTIVE, u) for u in LUCK])]
    shares += [
        np.mean([rule(p, u) for u in LUCK])
        for rule in (rules.withdraws, rules.thanks, rules.posts_after_failure, rules.defends)
    ]
    assert shares == pytest.approx([0.6, 0.2, 0.1, 0.3, 0.4], abs=1e-3)


@quick
@given(any_p(), unit, characters)
def test_disappointment_removal_and_resentment_anger_and_never_beyond_one(p, anger, character):
    for after in (
        rules.failed_anger(p, anger),
        rules.removed_anger(p, anger, character),
        rules.resentful(p, anger, character),
    ):
        assert anger <= after <= 1.0


@pytest.mark.parametrize(("share", "left"), [(0.0, 0.0), (0.25, 0.2), (1.0, 0.8)])
def test_a_solved_case_leaves_its_share_of_the_authors_anger(share, left):
    assert rules.solved_anger(p_of({"reply.solved_anger": share}), 0.8) == pytest.approx(
        left, abs=1e-15
    )


@pytest.mark.parametrize(("damping", "factor"), [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)])
def test_a_solved_mark_damps_joining_by_its_share(damping, factor):
    p = p_of({"private.resolved_damping": damping})
    chance = rules.join_probability(p, 1.0, 0.0, 1, 0.5, rules.solved_mark(p))
    assert chance == pytest.approx(0.1 * factor, abs=1e-15)


def test_the_seismic_mass_is_the_integral_of_its_density():
    def density(hours):
        return (
            1.0
            if hours <= visibility.SEISMIC_SHOULDER
            else (hours / visibility.SEISMIC_SHOULDER) ** -(1 + visibility.SEISMIC_THETA)
        )

    for age in (0.05, 0.5, 10.0):
        mass = integrate.quad(density, 0, age, points=[visibility.SEISMIC_SHOULDER], limit=200)[0]
        assert visibility.seismic(age) == pytest.approx(mass, rel=1e-6)


# -------------------------------------------------------- what mutation testing found nobody to ask


@pytest.mark.parametrize(
    "names",
    [
        ("UNAWARE", "AWARE", "CRITIC", "SILENT", "RECONCILED"),
        ("CONSTRUCTIVE", "VINDICTIVE", "ADVOCATE", "TROLL"),
        ("WAITED_IN_VAIN", "FIRST", "REPEAT", "REPOST", "PROTEST", "AFTER_FAILURE", "THANKS"),
        ("FOLLOWING", "PAGE", "BRAND_FOLLOWING"),
        ("IGNORE", "CENSOR", "PUBLIC_REPLY", "PRIVATE_DIALOGUE", "OWN", "WAIT"),
        ("REMOVED", "REPLIED", "INVITED", "TALKED"),
        ("FIRST_COME", "MOST_FOLLOWED", "ANGRIEST"),
    ],
)
def test_each_name_has_a_number_of_its_own_in_order(names):
    numbers = [getattr(rules, name) for name in names]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_each_act_takes_its_own_time():
    p = p_of({"brand.removal_time": 0.25, "brand.reply_time": 1.5, "brand.round_work": 3.0})
    acts = (rules.REMOVED, rules.REPLIED, rules.INVITED, rules.TALKED)
    assert [rules.work(p, act) for act in acts] == [0.25, 1.5, 1.5, 3.0]


@pytest.mark.parametrize("anger", [0.2, 0.9])
def test_reposting_is_as_likely_as_its_probability_unexplained_times_anger(anger):
    p = p_of({"censor.repost_probability": 0.8, "censor.explanation": 0.25})
    chance = 0.8 * 0.75 * anger
    assert rules.reposts(p, rules.CRITIC, anger, chance - 1e-9)
    assert not rules.reposts(p, rules.CRITIC, anger, chance + 1e-9)


@pytest.mark.parametrize("susceptibility", [0.4, 1.3])
def test_protest_is_as_likely_as_its_probability_unexplained_times_susceptibility(susceptibility):
    p = p_of({"censor.protest_probability": 0.5, "censor.explanation": 0.25})
    chance = 0.5 * 0.75 * susceptibility
    assert rules.protests(p, susceptibility, chance - 1e-9)
    assert not rules.protests(p, susceptibility, chance + 1e-9)


@pytest.mark.parametrize(("luck", "attitude"), [(0.0, -0.2), (0.5, 0.1), (1.0, 0.4)])
def test_first_attitudes_are_spread_evenly_around_the_crowd_s(luck, attitude):
    p = p_of({"crowd.attitude": 0.1, "crowd.attitude_spread": 0.3})
    assert rules.first_attitude(p, luck) == pytest.approx(attitude)
    assert (
        rules.first_attitude(p_of({"crowd.attitude": 0.9, "crowd.attitude_spread": 0.3}), 1.0)
        == 1.0
    )


def test_a_case_is_open_to_each_strategy_as_it_can_use_it():
    every = [
        (strategy, gone, stage, talking)
        for strategy in (rules.CENSOR, rules.PUBLIC_REPLY, rules.PRIVATE_DIALOGUE, rules.OWN)
        for gone in (False, True)
        for stage in range(5)
        for talking in (False, True)
    ]
    for strategy, gone, stage, talking in every:
        answers = strategy in (rules.PUBLIC_REPLY, rules.PRIVATE_DIALOGUE)
        wanted = not gone and (not answers or (stage == rules.CRITIC and not talking))
        assert rules.is_open(strategy, gone, stage, talking) == wanted


@pytest.mark.parametrize("kind", range(6))
def test_what_is_about_a_removal_stands_elsewhere(kind):
    p = p_of({"joining.page_probability": 0.3, "complaint.on_page": True})
    about_removal = kind in (rules.REPOST, rules.PROTEST)
    assert rules.page_probability(p, kind, False) == (0.0 if about_removal else 0.3)
    assert rules.page_probability(p, kind, True) == 1.0


@pytest.mark.parametrize("character", range(4))
def test_reading_angers_everybody_but_trolls(character):
    p = p_of({"anger.gain": 0.5})
    anger, _ = rules.reading(p, 0.2, 0.0, 1.0, character, True, 0.8, 1, 0, 0)
    assert (anger > 0.2) == (character != rules.TROLL)


@pytest.mark.parametrize("stage", range(5))
def test_only_a_critic_posts_again_or_falls_silent(stage):
    p = p_of({"censor.repost_probability": 1.0, "censor.explanation": 0.0})
    assert rules.reposts(p, stage, 1.0, 0.5) == (stage == rules.CRITIC)
    assert rules.stage_after_removal(stage, True) == stage
    assert rules.stage_after_removal(stage, False) == (
        rules.SILENT if stage == rules.CRITIC else stage
    )
    assert rules.stage_after_removal(stage, False) >= stage, "a stage is never left for a lower one"


@pytest.mark.parametrize(
    ("again", "first", "sooner"),
    [
        (5, 7, True),
        (7, 7, False),
        (8, 7, False),
        (5, -1, True),
        (-1, 7, False),
        (-1, -1, False),
        (0, 1, True),
    ],
)
def test_the_second_wave_counts_where_it_comes_sooner(again, first, sooner):
    assert rules.comes_sooner(again, first) == sooner


def test_any_act_is_an_answer_and_thanks_are_no_criticism():
    assert rules.is_unanswered(-1)
    assert not rules.is_unanswered(0)
    assert not rules.is_unanswered(7)
    assert [rules.is_critical(kind) for kind in range(6)] == [True] * 5 + [False]


# ------------------------------------------------------------------------------ rules, case by case

STAGES, CHARACTERS = range(5), range(4)


def test_reading_adds_up_what_was_read_number_by_number():
    p = p_of({"anger.gain": 0.3, "attitude.step": 0.2, "attitude.negativity": 1.5,
              "private.thanks_effect": 0.6, "private.invite_signal": -0.03})  # fmt: skip
    anger, attitude = rules.reading(p, 0.4, 0.25, 0.7, rules.CONSTRUCTIVE, True, 1.9, 3, 2, 4)
    assert anger == pytest.approx(0.4 + 0.3 * 0.7 * 1.9 * 0.6)
    assert attitude == pytest.approx(
        max(-1.0, 0.25 + 2 * 0.2 * 0.6 * 0.75 - 3 * 0.2 * 1.5 * 1.25 - 4 * 0.03)
    )


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("character", CHARACTERS)
def test_only_the_aware_join_or_defend_and_only_advocates_defend(stage, character):
    aware, advocate = stage == rules.AWARE, character == rules.ADVOCATE
    assert rules.may_join(stage, character, True) == (aware and not advocate)
    assert rules.may_defend(stage, character) == (aware and advocate)


@pytest.mark.parametrize("stage", STAGES)
def test_what_an_author_still_does(stage):
    does = {kind for kind in range(-1, 6) if rules.still_does(kind, stage)}
    always = {rules.THANKS}
    assert does == (
        set(range(-1, 6))
        if stage == rules.CRITIC
        else always | ({rules.PROTEST} if stage == rules.AWARE else set())
    )


def test_heat_counts_from_the_first_reader_on():
    assert rules.heat_of(1, 1) == 1.0
    assert rules.heat_of(0, 1) == 0.0


@pytest.mark.parametrize("strength", [-0.6, -0.2])
def test_a_poor_reply_angers_the_vindictive_as_it_does_others_and_no_troll(strength):
    p = p_of({"reply.potency": 1.5})
    angered = rules.calming(p, strength, 0.5, rules.CONSTRUCTIVE)
    assert angered == pytest.approx(math.exp(-1.5 * strength))
    assert rules.calming(p, strength, 0.5, rules.VINDICTIVE) == angered
    assert rules.calming(p, strength, 0.5, rules.TROLL) == 1.0
    assert rules.calming(p, -strength, 0.0, rules.VINDICTIVE) == 1.0


def test_a_talk_goes_on_until_its_last_round():
    p = p_of({"private.rounds": 3})
    assert [bool(rules.goes_on(p, talk_round)) for talk_round in (1, 2, 3)] == [True, True, False]


def test_whoever_follows_the_brand_or_is_seen_by_it_is_a_share_of_all():
    p = p_of({"reply.brand_reach": 0.3, "brand.coverage": 0.6})
    assert [bool(rules.follows_brand(p, luck)) for luck in (0.0, 0.299, 0.301, 0.99)] == [
        True,
        True,
        False,
        False,
    ]
    assert [bool(rules.is_handled(p, luck)) for luck in (0.0, 0.599, 0.601, 0.99)] == [
        True,
        True,
        False,
        False,
    ]


def test_anger_is_multiplied_and_never_beyond_one():
    assert rules.calmed(0.4, 0.5) == pytest.approx(0.2)
    assert rules.calmed(0.4, 1.5) == pytest.approx(0.6)
    assert rules.calmed(0.8, 2.0) == 1.0


def test_somebody_is_free_in_the_tick_nearest_to_the_end_of_their_work():
    ends = (0.0, 7.0, 7.4, 7.6, 8.0, 30.0)
    assert [bool(rules.is_free(end, 7)) for end in ends] == [True, True, True, False, False, False]
    assert not rules.is_free(7.5, 7), "half a tick belongs to the next"
    assert rules.is_free(7.5, 8)
    assert not rules.is_free(7.5 - 1e-12, 7), (
        "what three tenths of a tick and two make is half a tick"
    )


def test_work_takes_its_own_time_from_when_both_the_case_and_somebody_were_there():
    p = p_of({"time.tick": 0.25})
    assert rules.work_ends(p, 0.0, 12, 0.05) == pytest.approx(12.2)
    assert rules.work_ends(p, 12.2, 12, 0.05) == pytest.approx(12.4), (
        "five removals of three minutes fill a quarter of an hour"
    )
    assert rules.work_ends(p, 3.0, 12, 1.0) == pytest.approx(16.0)
    assert rules.work_ends(p, 20.0, 12, 1.0) == pytest.approx(24.0)


def test_what_has_no_chance_never_happens_even_at_the_smallest_luck():
    p = p_of({
        "private.withdraw_probability": 0.0, "private.thanks_probability": 0.0,
        "private.failed_repost_probability": 0.0,
        "private.accept_probability": 0.0, "crowd.defence_probability": 0.0, "brand.coverage": 0.0,
        "reply.brand_reach": 0.0,
        "reply.solution": 0.0, "censor.repost_probability": 0.0, "censor.protest_probability": 0.0,
    })  # fmt: skip
    for happens in (
        rules.withdraws,
        rules.thanks,
        rules.posts_after_failure,
        rules.defends,
        rules.is_handled,
        rules.follows_brand,
    ):
        assert not happens(p, 0.0)
    assert not rules.accepts(p, rules.CONSTRUCTIVE, 0.0)
    assert not rules.is_solved(p, 0.0, rules.CONSTRUCTIVE, 0.0)
    assert not rules.reposts(p, rules.CRITIC, 1.0, 0.0)
    assert not rules.protests(p, 1.0, 0.0)
    assert not rules.repeats(0.0, 0.0)
    assert not rules.is_a(0.0, 0.0)


@pytest.mark.parametrize("character", CHARACTERS)
def test_who_takes_the_call_and_whose_case_can_be_solved(character):
    p = p_of(
        {
            "private.accept_probability": 1.0,
            "reply.solution": 1.0,
            "reply.potency": 1.0,
            "reply.prior_failures": 0,
        }
    )
    reasonable = character in (rules.CONSTRUCTIVE, rules.ADVOCATE)
    assert bool(rules.accepts(p, character, 0.5)) == reasonable
    assert bool(rules.is_solved(p, 0.0, character, 0.5)) == reasonable
