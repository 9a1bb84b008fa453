"""Every check against theory refuses a wrong model, which does one thing otherwise.

Each case changes the scenario behind a test's back, calls the test, and demands that it fails.
Those that hold a mean must find it more than four standard errors from its target.
"""

import inspect

import pytest
import test_percolation
import test_queue
import test_reproduction
import test_theory


def changed(monkeypatch, module, changes):
    """Change what a module's scenarios have in common; of R0, what it is solved for."""
    if module is test_reproduction:
        solve = module.solve
        monkeypatch.setattr(
            module, "solve", lambda p, network, r0: solve(other(p, changes), network, r0)
        )
        return
    if module is test_percolation:
        right = module.Scenario.independent_cascade
        monkeypatch.setattr(
            module.Scenario, "independent_cascade", lambda **asked: right(**asked).replace(changes)
        )
        return
    for table in (
        (test_theory.PLAIN, test_theory.SIR) if module is test_theory else (test_queue.DESK,)
    ):
        for key, value in changes.items():
            monkeypatch.setitem(table, key, value)


def other(p, changes):
    """The numbers of a scenario with some changed."""
    changed = p.copy()
    for key, value in changes.items():
        changed[key.replace(".", "_")] = value
    return changed


# What is wrong, in words; the changes; the test that must notice, and its case.
NINE_IN_TEN = ("one in ten who notice does not join", {"joining.share_probability": 0.9})
STRANGERS = (
    "strangers look at the page",
    {"attention.page_visitors": 2, "complaint.on_page": True},
)
UNEQUAL = ("some join much more easily than others", {"crowd.susceptibility_shape": 1.0})
DILUTED = ("who follows many notices less of each", {"attention.dilution": 1.0})
OVERLOOKED = ("the brand overlooks one in ten", {"brand.coverage": 0.9})
OTHER_FADING = ("posts fade as a power law", {"attention.kernel": "seismic"})
LIKED = ("the brand is liked at the start", {"crowd.attitude": 0.3})

MEANS = [
    (*NINE_IN_TEN, test_theory.test_reed_frost_epidemics_end_as_enumerated,
     (10, 0.2, 7.08781, None, 0.26729)),
    (*UNEQUAL, test_theory.test_reed_frost_epidemics_end_as_enumerated, (2, 0.5, 1.25, 0.25, 0.50)),
    (*NINE_IN_TEN, test_theory.test_an_epidemic_in_a_small_crowd_has_the_law_of_ball,
     (10, 0.08, 0.4)),
    (*UNEQUAL, test_theory.test_an_epidemic_that_takes_off_reaches_the_final_size_of_the_mean_field,
     (1.5, 0.582812)),
    (*UNEQUAL,
     test_theory.test_an_epidemic_with_chance_recovery_dies_out_as_a_birth_and_death_process, ()),
    (*UNEQUAL, test_theory.test_a_subcritical_chain_has_the_total_size_of_a_branching_process,
     (0.8, 0.449329, 5.0)),
    (*NINE_IN_TEN, test_theory.test_an_independent_cascade_on_a_triangle_has_its_exact_mean, ()),
    (*STRANGERS, test_theory.test_an_independent_cascade_gets_as_far_down_a_path_as_a_row_of_coins,
     ()),
    (*NINE_IN_TEN, test_theory.test_an_independent_cascade_on_a_star_wins_a_share_of_the_leaves,
     ()),
    ("a half-life too long by a tenth", {"attention.half_life": 1.1},
     test_theory.test_a_follower_ever_notices_a_post_with_the_probability_of_the_notice_law, ()),
    ("authors take their posts back", {"attention.withdrawal_rate": 0.2},
     test_theory.test_posts_are_noticed_in_the_first_hour_as_often_as_their_kernel_says,
     ("exponential", 0.5)),
    (*NINE_IN_TEN,
     test_theory.test_posts_are_noticed_in_the_first_hour_as_often_as_their_kernel_says,
     ("seismic", 0.543 / 0.830)),
    ("a median lag of an hour", {"brand.response_median": 1.0},
     test_theory.test_the_brand_comes_as_late_as_was_measured, ()),
    (*OTHER_FADING,
     test_theory.test_deleting_breaks_even_where_a_witness_protests_as_likely_as_a_viewer_shared,
     ()),
    ("the brand overlooks one in two", {"brand.coverage": 0.5},
     test_theory.test_deleting_backfires_above_that_and_helps_below, (1.2, 1)),
    ("everybody is enraged by a removal", {"censor.reactance": 1.0},
     test_theory.test_a_repost_brings_back_what_deleting_took_away, ()),
    ("followers of the brand see the thread too", {"reply.brand_reach": 0.2},
     test_theory.test_a_public_reply_breaks_even_where_it_outweighs_its_own_audience,
     (1.0, 0.3968)),
    ("authors take their posts back", {"attention.withdrawal_rate": 0.5},
     test_theory.test_complaints_differ_in_pace_by_a_lognormal_law, (1.5,)),
    (*NINE_IN_TEN, test_theory.test_readers_take_sides_by_a_beta_binomial_law, (0.5, 0.2)),
    ("two complain at the start", {"complaint.names": [0, 1]},
     test_theory.test_an_event_brings_complaints_at_a_rate_that_halves, ()),
    ("the brand is at fault", {"complaint.at_fault": True},
     test_theory.test_a_public_reply_helps_above_that_and_hurts_below, (0.5, 0.15)),
    (*NINE_IN_TEN, test_percolation.test_on_a_random_network_epidemics_end_as_in_a_mixed_crowd,
     (1.2, 0.313698)),
    (*NINE_IN_TEN, test_percolation.test_on_a_regular_network_cascades_are_bond_percolation,
     (3, 0.6, 19 / 27)),
    (*NINE_IN_TEN,
     test_percolation.test_below_the_threshold_of_a_regular_network_cascades_stay_small, ()),
    (*DILUTED,
     test_percolation.test_the_threshold_of_a_configuration_network_is_set_by_the_spread_of_degrees,
     ()),
    (*DILUTED, test_percolation.test_below_the_threshold_cascades_have_borel_sizes,
     (0.8, 0.449329, 5.0)),
    (*OVERLOOKED, test_queue.test_cases_wait_as_in_a_queue_of_constant_service, (1, 0.5)),
    (*OVERLOOKED, test_queue.test_private_dialogues_wait_as_erlang_says, (2, 1.5)),
    ("R0 knows nothing of repeats", {"anger.repeat_rate": 0.0},
     test_reproduction.test_a_typical_critic_wins_r0_others,
     ({"crowd.susceptibility_shape": 2, "anger.repeat_rate": 0.5, "anger.gain": 0.4},)),
    ("R0 knows nothing of thinned attention", {"attention.dilution": 0.0},
     test_reproduction.test_a_typical_critic_wins_r0_others_on_unequal_networks,
     ("clustered_scale_free", False, 1.0)),
    ("R0 knows nothing of thinned attention", {"attention.dilution": 0.0},
     test_reproduction.test_a_tie_back_is_not_fresh_where_there_is_one, (1.0,)),
    ("R0 knows half of the page's visitors", {"attention.page_visitors": 4},
     test_reproduction.test_page_visitors_count_among_those_a_typical_critic_wins, ()),
]  # fmt: skip
OTHERS = [
    (*NINE_IN_TEN, test_theory.test_certain_spread_down_a_tree_has_the_tree_s_own_shape,
     (test_theory.star(9), 1.8, 1, 9, 1.0)),
    ("everybody is a troll, whose anger stays", {"crowd.troll_share": 1.0},
     test_theory.test_anger_halves_in_its_half_life, ()),
    (*LIKED, test_theory.test_attitude_recovers_by_half_in_its_half_life, ()),
    (*LIKED, test_theory.test_who_does_not_side_with_a_complaint_moves_towards_the_brand, ()),
    ("the brand comes half an hour late", {"brand.response_median": 0.5},
     test_queue.test_every_case_begins_when_the_first_desk_is_free,
     (1, test_queue.ANSWERS, "public_reply")),
]  # fmt: skip


def named(case):
    words, _, test, _ = case
    return f"{words}: {test.__name__.removeprefix('test_').replace('_', ' ')}"


@pytest.mark.parametrize("case", MEANS, ids=named)
def test_a_mean_of_a_wrong_model_is_told_from_theory(case, monkeypatch):
    _, changes, test, arguments = case
    changed(monkeypatch, __import__(test.__module__), changes)
    with pytest.raises(AssertionError, match=r"s\.e\. from"):
        test(*arguments)


@pytest.mark.parametrize("case", OTHERS, ids=named)
def test_a_wrong_model_is_told_where_every_run_must_agree(case, monkeypatch):
    _, changes, test, arguments = case
    changed(monkeypatch, __import__(test.__module__), changes)
    with pytest.raises(AssertionError):
        test(*arguments)


def test_another_law_of_fading_does_not_have_the_delays_that_seismic_measured(monkeypatch):
    monkeypatch.setattr(test_theory, "seismic", lambda age: 1.0 - 2.0 ** -min(age, 1e4))
    with pytest.raises(AssertionError):
        test_theory.test_the_power_law_has_the_delays_that_seismic_measured()


def test_every_check_against_theory_has_a_wrong_model_that_it_refuses():
    """Whoever adds a check says here what it can tell; of R0, of those checks that hold a mean."""
    refuse = {test for *_, test, _ in MEANS + OTHERS}
    exempt = {
        "test_the_power_law_has_the_delays_that_seismic_measured",  # above
        "test_erlang_c_and_the_queue_of_constant_service_have_their_known_values",  # no model
        "test_the_yardstick_rejects_a_shifted_target_and_a_blunt_sample",
    }
    for module in (test_theory, test_percolation, test_queue):
        for name, test in vars(module).items():
            assert not name.startswith("test_") or test in refuse or name in exempt, (
                f"{module.__name__}.{name}"
            )
    for name, test in vars(test_reproduction).items():
        holds_a_mean = name.startswith("test_") and "assert_mean(" in inspect.getsource(test)
        assert not holds_a_mean or test in refuse, f"test_reproduction.{name}"
