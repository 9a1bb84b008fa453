"""R0: what `reproduction` computes is what the engine does to a typical critic.

The simulation takes the definition at its word. A tie picks the critic, as likely as it is noticed.
Joining has picked their susceptibility, and one notice of the complaint made their anger. Their
followers, but not who recruited them, are fresh. Only their own posts reach anybody, so that
everybody recruited was recruited by them.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from yardstick import assert_mean

from buzzsim import engine
from buzzsim.errors import ScenarioError
from buzzsim.model import rules
from buzzsim.model.outcomes import N_OUTCOMES, rows
from buzzsim.model.parameters import numbers
from buzzsim.model.scenario import Scenario
from buzzsim.model.tables import PEOPLE, TRAITS, Net, workspace
from buzzsim.network import Network, generate
from buzzsim.network.reproduction import solve, typical_r0
from buzzsim.network.world import World

REPLICATES = 5000
FINE = {
    "time.tick": 0.05,
    "time.horizon": 24,
    "attention.page_visitors": 0,
    "joining.r0": 1.2,
}  # rounding to ticks shifts anger


def ring(customers, degree):
    """A network in which everybody has as many followers."""
    return generate("small_world", customers=customers, ties=degree // 2, rewiring=0.0, seed=1)


regular = {degree: ring(400, degree) for degree in (4, 8)}


def p_of(changes=None, share=1.0):
    return numbers(Scenario().replace(FINE | (changes or {})), share)


def typical_recruits(p, network, replicates=REPLICATES, seed=1):
    """How many each of so many typical critics won, by the compiled engine."""
    rng = np.random.default_rng(seed)
    crowd = network.n_customers
    relative = np.maximum(network.followees, 1) / network.followees.mean()
    tails, heads = np.repeat(np.arange(crowd), network.followers), network.indices
    noticed = np.array(
        [
            rules.noticed_by(p, rules.notice_mass(p, 1.0, share), 1.0, p.time_horizon)
            for share in relative
        ]
    )
    ties = rng.choice(heads.size, replicates, p=noticed[heads] / noticed[heads].sum())
    angers = np.minimum(
        1.0, p.anger_gain * typical_susceptibilities(p, replicates, rng) * p.complaint_anger
    )
    net = Net(
        np.zeros(crowd + 1, np.int64),
        np.zeros(heads.size, np.int32),
        relative if p.attention_dilution else np.zeros(0),
        np.zeros((len(TRAITS), 0)),
    )
    horizon, visitors = int(rules.ticks(p, p.time_horizon)), int(p.attention_page_visitors)
    w = workspace(net, np.zeros(1, np.int64), horizon, 0, visitors, False)
    w.setup.key, w.setup.strategy = seed, rules.IGNORE
    hourly = np.zeros((1, int(np.ceil(p.time_horizon))), np.int32)
    out, own, counts = np.zeros((1, N_OUTCOMES)), p.copy(), []
    for r, tie in enumerate(ties):
        recruiter, critic = tails[tie], heads[tie]
        followers = network.indices[network.indptr[critic] : network.indptr[critic + 1]]
        followers = followers[followers != recruiter]
        w.indptr[: critic + 1], w.indptr[critic + 1 :] = 0, followers.size
        w.indices[: followers.size] = followers
        w.complainants[0], own.complaint_anger = critic, angers[r]
        assert engine.batch(own, w, r, False, hourly, rows(out)) == 1
        recruited_by = w.people[: w.used[PEOPLE]]["recruited_by"]
        counts.append((w.posts["author"][recruited_by[recruited_by >= 0]] == critic).sum())
    return np.array(counts)


def typical_susceptibilities(p, n, rng):
    """Those of customers who joined on one notice of the complaint."""
    if np.isinf(p.crowd_susceptibility_shape):
        return np.ones(n)
    s = rng.gamma(p.crowd_susceptibility_shape, 1 / p.crowd_susceptibility_shape, 60 * n)
    chance = np.minimum(
        1.0, p.share_probability * s * np.exp(p.joining_arousal * (p.complaint_anger - 0.5))
    )
    joined = s[rng.random(s.size) * chance.max() < chance]
    assert joined.size >= n
    return joined[:n]


# ------------------------------------------------------------------------------------ by simulation


@pytest.mark.parametrize(
    "changes",
    [
        {"crowd.susceptibility_shape": float("inf"), "anger.repeat_rate": 0},
        {"crowd.susceptibility_shape": float("inf"), "anger.repeat_rate": 0.5, "anger.gain": 0.5},
        {"crowd.susceptibility_shape": 2, "anger.repeat_rate": 0.5, "anger.gain": 0.4},
        {"crowd.susceptibility_shape": 0.3, "anger.repeat_rate": 0.2, "joining.arousal": 3},
        {"attention.kernel": "seismic", "anger.repeat_rate": 0.5, "anger.gain": 0.4},
        {"attention.kernel": "immediate", "anger.repeat_rate": 0.1},
        {"attention.kernel": "constant", "attention.view_rate": 0.05, "anger.repeat_rate": 0.1},
        {
            "crowd.attitude_spread": 0.8,
            "crowd.attitude": 0.3,
            "joining.loyalty": 1,
            "anger.repeat_rate": 0,
        },
        {"attention.withdrawal_rate": 1.0, "anger.repeat_rate": 0.5, "anger.gain": 0.4},
        {"crowd.advocate_share": 0.4, "crowd.defence_probability": 0.0, "anger.repeat_rate": 0.2},
        {"crowd.troll_share": 0.1, "anger.repeat_rate": 0.1},
        {"brand.resentment": 0.3, "crowd.vindictive_share": 0.0, "anger.repeat_rate": 0.1},
        {"attention.kernel": "log_logistic", "anger.repeat_rate": 0.3, "anger.gain": 0.4},
        {"attention.pace_sigma": 2.0, "attention.kernel": "log_logistic", "time.horizon": 24},
        {"joining.sides": 0.6, "joining.sides_spread": 0.3, "anger.repeat_rate": 0.1},
    ],
    ids=[
        "one post",
        "repeats",
        "unequal people",
        "few very receptive",
        "power law",
        "immediate",
        "constant",
        "loyal",
        "taken back",
        "advocates",
        "trolls",
        "waiting in vain",
        "log-logistic",
        "fast and slow",
        "taking sides",
    ],
)
def test_a_typical_critic_wins_r0_others(changes):
    p = p_of(changes)
    p["share_probability"] = solve(p, regular[8], 1.2)
    assert_mean(typical_recruits(p, regular[8]), 1.2, wrong=1.5, of="recruited by a critic")


@pytest.mark.parametrize(
    ("kind", "directed", "dilution"),
    [
        ("clustered_scale_free", False, 0.0),
        ("clustered_scale_free", False, 1.0),
        ("random", True, 0.0),
        ("random", True, 1.0),
    ],
    ids=["clustered", "clustered and thinned", "one way or both", "one way or both and thinned"],
)
def test_a_typical_critic_wins_r0_others_on_unequal_networks(kind, directed, dilution):
    network = generate(kind, customers=300, ties=4, seed=2)
    if directed:  # some ties go one way, some both
        tails, heads = np.repeat(np.arange(300), network.followers), network.indices
        keep = (tails < heads) | ((tails + heads) % 3 == 0)
        network = Network.from_edges(tails[keep], heads[keep], n_customers=300, directed=True)
    p = p_of({"attention.dilution": dilution, "anger.repeat_rate": 0.1})
    p["share_probability"] = solve(p, network, 1.2)
    assert_mean(typical_recruits(p, network), 1.2, wrong=1.5, of="recruited by a critic")


@pytest.mark.parametrize("dilution", [0.0, 1.0])
def test_a_tie_back_is_not_fresh_where_there_is_one(dilution):
    """Half of the people are in pairs who follow one another and recruit nobody.

    The others are in a circle that goes one way.
    """
    pairs, circle = np.arange(0, 200, 2), np.arange(200, 300)
    tails = np.concatenate([pairs, pairs + 1, np.repeat(circle, 8)])
    heads = np.concatenate(
        [pairs + 1, pairs, *[200 + (k + np.arange(1, 9)) % 100 for k in range(100)]]
    )
    network = Network.from_edges(tails, heads, n_customers=300, directed=True)
    p = p_of({"attention.dilution": dilution, "anger.repeat_rate": 0})
    p["share_probability"] = solve(p, network, 1.0)
    assert_mean(typical_recruits(p, network, 20_000), 1.0, wrong=8 / 7, of="recruited by a critic")


def test_page_visitors_count_among_those_a_typical_critic_wins():
    """Each post has visitors of its own; the network reaches hardly anybody in so large a crowd."""
    network = ring(5000, 4)
    changes = {
        "attention.page_visitors": 8,
        "joining.page_probability": 1,
        "anger.repeat_rate": 0.3,
        "anger.gain": 0.5,
    }
    p = p_of(changes)
    p["share_probability"] = solve(p, network, 0.8)
    assert_mean(typical_recruits(p, network, 3000), 0.8, wrong=1.0, of="recruited by a critic")


def test_an_r0_that_grows_and_falls_again_is_found_on_its_way_up():
    """Where angry posts win many and everybody joins, the meek are the typical critics, and win
    few.
    """
    p = p_of(
        {
            "complaint.anger": 0.05,
            "joining.arousal": 10,
            "anger.gain": 1,
            "crowd.susceptibility_shape": 0.05,
        }
    )
    assert typical_r0(p, regular[8], 3.0) > 1.1 * typical_r0(p, regular[8], 30.0)
    r0 = 1.02 * typical_r0(p, regular[8], 30.0)
    share = solve(p, regular[8], r0)
    assert share < 4.0
    assert typical_r0(p, regular[8], share) == pytest.approx(r0)
    most = max(typical_r0(p, regular[8], 2.0**k) for k in range(31))
    with pytest.raises(ScenarioError, match=f"expected at most {most:.4g} on this network"):
        solve(p, regular[8], 1.01 * most)


# ------------------------------------------------------------------------------------- by reasoning


@pytest.mark.parametrize("r0", [0.01, 0.5, 1.0, 2.5])
def test_solving_undoes_computing(r0):
    p = p_of()
    assert typical_r0(p, regular[8], solve(p, regular[8], r0)) == pytest.approx(r0, rel=1e-9)


@pytest.mark.parametrize(
    "changes", [{}, {"brand.resentment": 0.3}, {"attention.withdrawal_rate": 0.1}]
)
def test_a_horizon_that_nothing_lives_to_see_makes_no_difference(changes):
    """Whatever fades has faded after 1,000 hours, and R0 is what it was."""
    long, longest = (p_of(changes | {"time.horizon": hours}) for hours in (1000, 100_000))
    assert typical_r0(longest, regular[8], 0.2) == pytest.approx(
        typical_r0(long, regular[8], 0.2), rel=1e-6
    )


def test_only_the_constructive_resent_having_waited_in_vain():
    """The more of them are vindictive, the less resentment brings; where all are, it brings
    nothing.
    """
    found = {
        share: [
            typical_r0(
                p_of({"brand.resentment": r, "crowd.vindictive_share": share}), regular[8], 0.2
            )
            for r in (0, 0.3)
        ]
        for share in (0.0, 0.5, 1.0)
    }
    assert found[0.0][1] > found[0.5][1] > found[1.0][1] == pytest.approx(found[1.0][0])
    assert found[0.5][1] == pytest.approx((found[0.0][1] + found[1.0][1]) / 2)


def test_a_wait_that_ends_after_the_horizon_makes_no_difference():
    impatient, patient = (p_of({"brand.resentment": r, "brand.patience": 30}) for r in (0.3, 0))
    assert typical_r0(impatient, regular[8], 0.2) == typical_r0(patient, regular[8], 0.2)


def test_page_visitors_count_as_often_as_posts_stand_on_the_page():
    changes = {"attention.page_visitors": 8, "anger.repeat_rate": 0.3}
    never, sometimes, always = (
        typical_r0(p_of(changes | {"joining.page_probability": shown}), regular[8], 0.2)
        for shown in (0.0, 0.3, 1.0)
    )
    assert sometimes == pytest.approx(0.7 * never + 0.3 * always)
    assert always > 1.1 * never


def test_critics_and_those_they_win_are_trolls_before_they_are_advocates():
    """Half are trolls; of the others half are advocates, who neither join nor are joined."""
    of = {
        shares: typical_r0(
            p_of({"crowd.troll_share": shares[0], "crowd.advocate_share": shares[1]}),
            regular[8],
            0.2,
        )
        for shares in ((0.0, 0.0), (1.0, 0.0), (0.5, 0.5))
    }
    assert of[0.5, 0.5] == pytest.approx(0.5 * of[1.0, 0.0] + 0.25 * of[0.0, 0.0])


def test_waiting_in_vain_takes_whole_ticks():
    """As in a run: 0.12 hours are three ticks of 0.05."""
    short, whole = (
        p_of({"brand.resentment": 0.3, "brand.patience": hours}) for hours in (0.12, 0.15)
    )
    assert typical_r0(short, regular[8], 0.2) == typical_r0(whole, regular[8], 0.2)


def test_an_r0_of_zero_needs_no_sharing():
    assert solve(p_of(), regular[4], 0.0) == 0.0
    assert typical_r0(p_of(), regular[4], 0.0) == 0.0


@settings(deadline=None, max_examples=40)
@given(st.floats(0, 2), st.floats(0, 2))
def test_more_sharing_makes_more_critics(one, other):
    p = p_of()
    low, high = sorted((one, other))
    assert typical_r0(p, regular[8], low) <= typical_r0(p, regular[8], high) * (1 + 1e-12)


@pytest.mark.parametrize(
    ("key", "more"),
    [
        ("attention.view_rate", 1.0),
        ("anger.repeat_rate", 0.5),
        ("attention.page_visitors", 20),
        ("anger.gain", 0.5),
    ],
)
def test_what_brings_more_notices_or_more_anger_makes_more_critics(key, more):
    assert typical_r0(p_of({key: more}), regular[8], 0.2) > typical_r0(p_of(), regular[8], 0.2)


def test_the_size_of_a_regular_network_does_not_matter():
    shares = [solve(p_of(), ring(n, 8), 1.2) for n in (100, 1000, 10_000)]
    assert shares == pytest.approx([shares[0]] * 3, rel=1e-12)


def test_only_fresh_followers_count():
    """A critic of a regular network has one follower fewer to win; one of a star is a leaf as often
    as the centre.
    """
    p = p_of({"anger.repeat_rate": 0})
    star = Network.from_edges([0] * 9, range(1, 10))
    expected = typical_r0(p, regular[4], 0.1) / 3
    assert typical_r0(p, regular[8], 0.1) / 7 == pytest.approx(expected)
    assert typical_r0(p, star, 0.1) / ((9 - 1) / 2) == pytest.approx(expected)
    assert typical_r0(p, Network.from_edges([0], [1]), 0.1) == 0.0


def test_in_a_chain_of_followers_everybody_has_one_fresh_follower():
    p = p_of({"anger.repeat_rate": 0})
    circle = Network.from_edges(range(10), [*range(1, 10), 0], directed=True)
    assert typical_r0(p, circle, 0.1) == pytest.approx(typical_r0(p, regular[8], 0.1) / 7)


def test_an_r0_out_of_reach_is_refused_with_the_highest_there_is():
    p = p_of({"anger.repeat_rate": 0})
    highest = 7 * rules.noticed_by(p, rules.notice_mass(p, 1.0, 1.0), 1.0, p.time_horizon)
    with pytest.raises(ScenarioError) as caught:
        solve(p, regular[8], 100.0, "cafe")
    assert str(caught.value) == (
        f"cafe: joining.r0 is 100; expected at most {highest:.4g} on this network (400 "
        f"customers, {regular[8].n_ties} ties), "
        "however likely those who notice are to join"
    )
    assert typical_r0(p, regular[8], solve(p, regular[8], 0.99 * highest)) == pytest.approx(
        0.99 * highest
    )


def test_nobody_wins_anybody_where_nobody_looks():
    with pytest.raises(ScenarioError, match="expected at most 0 on this network"):
        solve(p_of({"attention.view_rate": 0}), regular[8], 0.5)


def test_a_world_solves_for_r0_unless_the_share_probability_is_given():
    scenario = Scenario().replace(FINE | {"joining.r0": 0.7})
    world = World.of(scenario, regular[8])
    assert typical_r0(world.p, regular[8], world.p.share_probability) == pytest.approx(
        0.7, rel=1e-9
    )
    given = World.of(scenario.replace({"joining.share_probability": 0.123}), regular[8])
    assert given.p.share_probability == 0.123
    with pytest.raises(ScenarioError, match=r"^cafe: joining.r0 is 99; expected at most"):
        World.of(scenario.replace({"joining.r0": 99, "name": "cafe"}), regular[8])
