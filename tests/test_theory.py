"""What is known exactly, and what the model must give: old models are corners of this one.

Rules and numbers V1 to V15 are those of section 4 of the project's science notes, repeated here
where they are used. Every check states a target and a wrong value that it can tell from it
(`yardstick.py`). What needs random networks and long queues is in `test_percolation.py` and
`test_queue.py`.
"""

import math
from decimal import Decimal, localcontext
from functools import cache

import networkx as nx
import numpy as np
import pytest
from yardstick import STANDARD_ERRORS, assert_exact, assert_mean, off

from buzzsim.engine import replicates
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.parameters import numbers
from buzzsim.model.rules import lag
from buzzsim.model.scenario import Scenario
from buzzsim.model.visibility import seismic
from buzzsim.network.world import World
from buzzsim.study.run import run

ENTROPY = 7

# Everything that no textbook has is off: one post a customer, all alike, nobody writes on the
# brand's page but the complainant, and the brand comes to every post after the same time.
PLAIN = {
    "complaint.names": [0],
    "joining.share_probability": 1.0,
    "joining.arousal": 0.0,
    "joining.reinforcement": 0.0,
    "joining.loyalty": 0.0,
    "joining.page_probability": 0.0,
    "crowd.susceptibility_shape": math.inf,
    "crowd.vindictive_share": 0.0,
    "anger.repeat_rate": 0.0,
    "anger.half_life": 1e6,
    "attention.page_visitors": 0,
    "brand.coverage": 1.0,
    "brand.response_sigma": 0.0,
}


def star(followers):
    """One customer, number 0, whom the others follow, and whom nobody else follows."""
    return nx.DiGraph((0, k) for k in range(1, followers + 1))


def outcomes_of(changes, network, strategy="ignore", n=2000):
    """Outcomes by name, replicate by replicate."""
    values, hourly = replicates(
        World.of(Scenario().replace(PLAIN | changes), network), strategy, ENTROPY, n
    )
    return dict(zip(OUTCOMES, values.T, strict=True)) | {"hourly": hourly}


# --------------------------------------------------------- noticing, forgetting, waiting (V12, V15)


def test_a_follower_ever_notices_a_post_with_the_probability_of_the_notice_law():
    """V12: 1 - exp(-view_rate * half_life / ln 2), .5139 at 0.5 an hour and one hour."""
    reached = (
        outcomes_of({"joining.r0": 0.0, "joining.share_probability": 0.0}, star(100), n=500)[
            "reach"
        ]
        * 101
        / 100
    )
    assert_mean(reached, 0.5139, 0.5, of="share who notice")


@pytest.mark.parametrize(
    ("kernel", "first_hour"),
    [("exponential", 0.5), ("seismic", 0.543 / 0.830), ("log_logistic", 0.5 / 0.9721)],
)
def test_posts_are_noticed_in_the_first_hour_as_often_as_their_kernel_says(kernel, first_hour):
    """V12 and V15: half the visibility in a half-life; SEISMIC spends .543 in 1 h and .830 in the
    72 h of a run; of the log-logistic law's looks half come in the first hour, .972 in the run."""
    mass = 0.5 / math.log(2)
    joined = outcomes_of({"attention.kernel": kernel}, star(100), n=1000)["hourly"][:, 0] - 1.0
    target, wrong = (1 - math.exp(-mass * share) for share in (first_hour, 1.1 * first_hour))
    assert_mean(joined / 100, target, wrong, of="share who notice within 1 h")


def test_the_power_law_has_the_delays_that_seismic_measured():
    """V15: without a horizon, median 40.6 minutes, 54.3 % within 1 h, 78.1 % within 24 h (Zhao et
    al. 2015)."""
    whole = seismic(1e300)
    for hours, share, words in (
        (40.6 / 60, 0.5, "40.6 min"),
        (1.0, 0.543, "1 h"),
        (24.0, 0.781, "24 h"),
    ):
        assert_exact(seismic(hours) / whole, share, f"share within {words}", within=0.0005)


@pytest.mark.parametrize("sigma", [0.5, 1.5])
def test_complaints_differ_in_pace_by_a_lognormal_law(sigma):
    """Of all looks that come within two hours, those of the first: mean of 1 - 2^(-1 / pace)."""
    changes = {"attention.pace_sigma": sigma, "joining.share_probability": 1.0}
    hourly = outcomes_of(changes, star(100), n=4000)["hourly"] - np.eye(72)[0]
    mass = 0.5 / math.log(2)
    x, weight = np.polynomial.hermite_e.hermegauss(60)
    shares = 1 - np.exp(-mass * (1 - 2.0 ** (-np.exp(-sigma * x))))
    target = float(weight @ shares / weight.sum())
    assert_mean(hourly[:, 0] / 100, target, 0.9 * target, of="share who notice within 1 h")


def test_attitude_recovers_by_half_in_its_half_life():
    changes = {
        "attention.kernel": "immediate", "attitude.half_life": 12.0, "time.horizon": 24.25,
        "attitude.step": 0.1, "attitude.negativity": 2.0, "joining.share_probability": 0.0,
    }  # fmt: skip
    found = outcomes_of(changes, star(20), n=50)
    assert_exact(found["attitude_change_reached"][0], -0.05, "attitude after two half-lives", 1e-12)
    lasting = outcomes_of(changes | {"attitude.half_life": math.inf}, star(20), n=50)
    assert_exact(lasting["attitude_change_reached"][0], -0.2, "attitude that stays", 1e-12)
    assert set(found["thinks_less"]) == {1.0}
    forgiving = outcomes_of(changes | {"attitude.threshold": 0.06}, star(20), n=50)
    assert set(forgiving["thinks_less"]) == {0.0}


SIDES = {"attention.kernel": "immediate", "attention.view_rate": 100.0, "attitude.step": 0.1}


@pytest.mark.parametrize(("mean", "spread"), [(0.5, 0.0), (0.5, 0.2), (0.1, 0.5)])
def test_readers_take_sides_by_a_beta_binomial_law(mean, spread):
    """Mean share, and variance n m (1 - m) (1 + (n - 1) rho): rho correlates two readers."""
    n, changes = 30, SIDES | {"joining.sides": mean, "joining.sides_spread": spread}
    joined = outcomes_of(changes, star(n), n=8000)["volume"] - 1.0
    assert_mean(joined / n, mean, 1.2 * mean, of="share who side with the complaint")
    variance = mean * (1 - mean) / n * (1 + (n - 1) * spread)
    square = (joined / n - mean) ** 2
    assert_mean(square, variance, 1.3 * variance, of="variance of that share")


def test_who_does_not_side_with_a_complaint_moves_towards_the_brand():
    changes = SIDES | {"joining.sides": 0.5, "attitude.half_life": math.inf}
    found = outcomes_of(changes, star(30), n=50)["attitude_change_bystanders"]
    assert_exact(found[0], 0.1, "attitude of those who do not", within=1e-12)


def test_an_event_brings_complaints_at_a_rate_that_halves():
    """Poisson: 6 by the end of time, 1 - 2^-2 of them in two half-lives, half in the first."""
    changes = {
        "complaint.arrivals": 6.0, "complaint.arrival_half_life": 5.0, "time.horizon": 10.0,
        "joining.share_probability": 0.0,
    }  # fmt: skip
    found = outcomes_of(changes, nx.compose(nx.empty_graph(10_000, nx.DiGraph), star(1)), n=8000)
    came = found["volume"] - 1.0
    assert_mean(came, 4.5, 4.9, of="further complaints")
    assert_mean((came - 4.5) ** 2, 4.5, 5.0, of="their variance")
    assert_mean(found["hourly"][:, :5].sum(axis=1) - 1.0, 3.0, 3.3, of="in the first half-life")


def test_anger_halves_in_its_half_life():
    found = outcomes_of({"anger.half_life": 6.0, "joining.share_probability": 0.0}, star(1), n=1)
    assert_exact(found["author_anger_6h"][0], 0.4, "anger after one half-life", within=1e-12)
    assert_exact(found["author_anger_24h"][0], 0.05, "anger after four", within=1e-12)


def test_the_brand_comes_as_late_as_was_measured():
    """V12: with median 46 minutes and mean 8 h 24, 54.8 % within 1 h, 82.6 % within 6 h, 94.2 %
    within 24 h."""
    measured = Scenario().brand
    changes = {
        "joining.share_probability": 0.0,
        "brand.response_sigma": measured.response_sigma,
        "time.tick": 0.02,
    }
    waited = outcomes_of(changes, star(1), "public_reply", n=8000)["first_response"]
    for hours, share in ((1, 0.548), (6, 0.826), (24, 0.942)):
        assert_mean(
            (waited <= hours).astype(float), share, share - 0.03, of=f"share within {hours} h"
        )  # NaN: later than the horizon
    p = numbers(Scenario(), 1.0)
    normal = np.random.default_rng(1).normal(size=200_000)
    assert np.mean([lag(p, z) for z in normal]) == pytest.approx(8.4, rel=0.1)


# -------------------------------------------------- first-generation rules (science notes 3.5, V13)

FOLLOWERS = 100
DELAY = 46 / 60
MASS = 0.5 / math.log(2)  # E
LATER = 2.0**-DELAY  # share of a post's visibility that is left when the brand comes
NOTICED = 1 - math.exp(-MASS * (1 - LATER))  # e
EVER = 1 - math.exp(-MASS)  # T
FIRST_GENERATION = {"brand.response_median": DELAY, "time.tick": 1 / 60, "time.horizon": 24.0}


def extra_posts(changes, strategy, n):
    """Volume under a strategy less volume under silence, on the same luck."""
    found = [
        outcomes_of(FIRST_GENERATION | changes, star(FOLLOWERS), name, n)["volume"]
        for name in (strategy, "ignore")
    ]
    return found[0] - found[1]


def protesting(share, ratio):
    """A crowd that shares with one probability and protests `ratio` times as likely."""
    return {
        "joining.share_probability": share,
        "censor.protest_probability": share * ratio,
        "censor.repost_probability": 0.0,
    }


BREAK_EVEN = (EVER - NOTICED) / NOTICED


def test_deleting_breaks_even_where_a_witness_protests_as_likely_as_a_viewer_shared():
    """Rule 1: it backfires where protest / share exceeds (T - e) / e, .998 at 46 minutes."""
    assert pytest.approx(0.998, abs=0.0005) == BREAK_EVEN
    extra = extra_posts(protesting(0.3, BREAK_EVEN), "censor", 4000)
    assert_mean(extra, 0.0, FOLLOWERS * NOTICED * 0.3 * 0.05, of="extra posts")


@pytest.mark.parametrize(("ratio", "sign"), [(0.8, -1), (1.2, 1)])
def test_deleting_backfires_above_that_and_helps_below(ratio, sign):
    """The whole of rule 1, not only its sign: F e protest - F share (T - e) posts more."""
    expected = FOLLOWERS * 0.3 * (ratio * NOTICED - (EVER - NOTICED))
    extra = extra_posts(protesting(0.3, ratio), "censor", 2000)
    assert_mean(extra, expected, 0.5 * expected, of="extra posts")
    assert sign * off(extra, 0.0) > STANDARD_ERRORS


def test_a_repost_brings_back_what_deleting_took_away():
    """Rule 1 with reposts: seen anew by all, more visibly; who saw both could share twice."""
    share, multiplier = 0.2, 1.5
    again = 0.5 * (0.8 + 0.3 * (1 - 0.8))  # repost_probability times the anger that reactance left
    twice = 1 - (1 - share * NOTICED) * (1 - share * (1 - math.exp(-MASS * multiplier)))
    expected = again * (1 + FOLLOWERS * (twice - share * NOTICED)) - FOLLOWERS * share * (
        EVER - NOTICED
    )
    changes = protesting(share, 0.0) | {
        "censor.repost_probability": 0.5,
        "censor.streisand_multiplier": multiplier,
    }
    assert_mean(extra_posts(changes, "censor", 4000), expected, expected - 0.8, of="extra posts")


def answered(excess, bump):
    """A reply that beats expectation by potency times strength, and shows the thread anew."""
    quality = 0.4 + excess / 2.0
    return {
        "joining.share_probability": 0.4, "reply.potency": 2.0, "reply.expectation": 0.4,
        "reply.bump": bump, "reply.empathy": quality, "reply.explanation": quality,
        "reply.solution": quality,
    }  # fmt: skip


def excess_needed(bump):
    """Rule 2: by how much potency times strength must exceed 0 for a public reply to help."""
    younger = 2.0 ** (-(1 - bump) * DELAY)
    return math.log((1 - math.exp(-MASS * younger)) / (1 - math.exp(-MASS * LATER)))


@pytest.mark.parametrize(("bump", "needed"), [(1.0, 0.3968), (0.5, 0.2064), (0.0, 0.0)])
def test_a_public_reply_breaks_even_where_it_outweighs_its_own_audience(bump, needed):
    """Rule 2: .3968 with a full bump at 46 minutes, .2064 with half of one, nothing without."""
    assert excess_needed(bump) == pytest.approx(needed, abs=0.0001)
    extra = extra_posts(answered(needed, bump), "public_reply", 4000)
    if bump == 0.0:
        assert not extra.any()
    else:
        assert_mean(extra, 0.0, 1.0, of="extra posts")


@pytest.mark.parametrize("bump", [1.0, 0.5, 0.0])
@pytest.mark.parametrize("better", [-0.15, 0.15])
def test_a_public_reply_helps_above_that_and_hurts_below(bump, better):
    """The whole of rule 2: new readers come with the younger post's mass, and share less."""
    excess = excess_needed(bump) + better
    younger = 2.0 ** (-(1 - bump) * DELAY)
    after = math.exp(-excess) * (1 - math.exp(-MASS * younger)) - (1 - math.exp(-MASS * LATER))
    expected = FOLLOWERS * 0.4 * (1 - NOTICED) * after
    extra = extra_posts(answered(excess, bump), "public_reply", 2000)
    assert_mean(extra, expected, 0.5 * expected, of="extra posts")
    assert math.copysign(1, better) * off(extra, 0.0) < -STANDARD_ERRORS


# ---------------------------------------------------- independent cascades and epidemics (V1 to V5)


def at_once(probability):
    """A follower notices, and joins, in the next tick or never."""
    return {
        "attention.kernel": "immediate",
        "attention.half_life": math.log(2),
        "attention.view_rate": -math.log1p(-probability),
    }


def test_an_independent_cascade_on_a_triangle_has_its_exact_mean():
    """V5: 1 + 2 (p + p^2 - p^3), 2.25 at one half (Kempe, Kleinberg & Tardos 2003)."""
    assert_mean(
        outcomes_of(at_once(0.5), nx.complete_graph(3), n=8000)["critics"],
        2.25,
        2.0,
        of="mean size",
    )


def test_an_independent_cascade_gets_as_far_down_a_path_as_a_row_of_coins():
    """V5: p^k."""
    depth = outcomes_of(at_once(0.7), nx.path_graph(6), n=8000)["depth"]
    for k in range(1, 6):
        assert_mean((depth >= k).astype(float), 0.7**k, 0.7**k - 0.04, of=f"P(reaches {k})")


def test_an_independent_cascade_on_a_star_wins_a_share_of_the_leaves():
    """V5: 1 + n p."""
    assert_mean(
        outcomes_of(at_once(0.3), nx.star_graph(10), n=4000)["critics"], 4.0, 3.8, of="mean size"
    )


@pytest.mark.parametrize(
    ("n", "p", "mean", "alone", "everybody"),
    [
        (2, 0.5, 1.25, 0.25, 0.50),
        (10, 0.1, 2.52790, 0.34868, None),
        (10, 0.2, 7.08781, None, 0.26729),
    ],
)
def test_reed_frost_epidemics_end_as_enumerated(n, p, mean, alone, everybody):
    """V4: infected beyond the first, and the chance of none and of all, by exact recursion."""
    won = outcomes_of(at_once(p), nx.complete_graph(n + 1), n=8000)["critics"] - 1
    assert_mean(won, mean, 1.1 * mean, of="mean number infected")
    if alone is not None:
        assert_mean((won == 0).astype(float), alone, alone - 0.03, of="P(nobody)")
    if everybody is not None:
        assert_mean((won == n).astype(float), everybody, everybody - 0.03, of="P(everybody)")


def final_sizes(n, escapes):
    """Law of the number infected beyond the first (Ball 1986): a triangle of linear equations.

    `escapes(many)`: the chance that one critic reaches none of so many. Large crowds need its
    numbers as `Decimal`.
    """
    law = []
    for some in range(n + 1):
        lower = sum(
            math.comb(n - k, some - k) * law[k] / escapes(n - some) ** (k + 1) for k in range(some)
        )
        law.append((math.comb(n, some) - lower) * escapes(n - some) ** (some + 1))
    return law


def of_steps(p, recovery):
    """One critic, who recovers with that chance after each step, reaches none of so many."""

    def escapes(many):
        step = (1 - p) ** many
        return recovery * step / (1 - (1 - recovery) * step)

    return escapes


def taken_off(n, escapes):
    """Chance that more than a quarter of a crowd is infected, and the mean share then, exactly."""
    with localcontext(prec=700):
        law = np.array([float(chance) for chance in final_sizes(n, cache(escapes))])
    assert law.min() >= 0.0
    assert law.sum() == pytest.approx(1.0)
    share = np.arange(1, n + 2) / (n + 1)
    large = share > 0.25
    return law[large].sum(), law[large] @ share[large] / law[large].sum()


def assert_takes_off(found, exact, mean_field, wrong):
    """An epidemic takes off as often, and infects as many, as the small crowd's law says."""
    (chance, share), (rate, size) = exact, mean_field
    assert (chance, share) == pytest.approx(
        (rate, size), abs=0.02
    )  # a finite crowd's bias is of order 1 / crowd
    took_off = found > 0.25
    assert_mean(took_off.astype(float), chance, chance + wrong, of="chance to take off")
    assert_mean(found[took_off], share, 0.95 * share, of="share of the crowd then")


@pytest.mark.parametrize(("r0", "final"), [(1.5, 0.582812), (2.0, 0.796812)])
def test_an_epidemic_that_takes_off_reaches_the_final_size_of_the_mean_field(r0, final):
    """V1 and V2: z = 1 - exp(-R0 z); with everybody infectious for one tick it takes off with the
    same probability. Exact is the law of so small a crowd, within 0.02 of that.
    """
    crowd = 400
    p = Decimal(r0) / (crowd - 1)
    exact = taken_off(crowd - 1, lambda many: (1 - p) ** many)
    found = outcomes_of(at_once(r0 / (crowd - 1)), nx.complete_graph(crowd), n=1000)["attack_rate"]
    assert_takes_off(found, exact, (final, final), wrong=-0.08)


@pytest.mark.parametrize(("n", "p", "recovery"), [(2, 0.3, 0.5), (10, 0.08, 0.4)])
def test_an_epidemic_in_a_small_crowd_has_the_law_of_ball(n, p, recovery):
    """V1 and V4 for `Scenario.sir`; Reed-Frost with ties as likely is the wrong model: here one
    critic's ties hang together."""
    exact, tie = final_sizes(n, of_steps(p, recovery)), 1 - final_sizes(1, of_steps(p, recovery))[0]
    reed_frost = final_sizes(n, of_steps(tie, 1.0))
    assert sum(exact) == pytest.approx(1.0)
    assert final_sizes(10, of_steps(0.2, 1.0))[10] == pytest.approx(0.26729, abs=1e-5)
    scenario = Scenario.sir(infection=p, recovery=recovery).replace({"complaint.names": [0]} | SIR)
    values, _ = replicates(World.of(scenario, nx.complete_graph(n + 1)), "ignore", ENTROPY, 20_000)
    won = values[:, list(OUTCOMES).index("critics")] - 1
    mean, wrong = (np.dot(law, range(n + 1)) for law in (exact, reed_frost))
    assert_mean((won == 0).astype(float), exact[0], reed_frost[0], of="P(nobody)")
    assert_mean((won == n).astype(float), exact[n], 0.9 * exact[n], of="P(everybody)")
    assert_mean(won, mean, wrong if n > 2 else 1.1 * mean, of="mean number infected")


SIR: dict[str, float] = {}  # what a wrong model would change


def test_an_epidemic_with_chance_recovery_dies_out_as_a_birth_and_death_process():
    """V1 with withdrawal: extinct with 1 / R0 (Kendall 1948), else the same final size."""
    crowd, r0, recovery = 200, 2.0, 0.2
    changes = {
        "attention.kernel": "constant", "attention.view_rate": r0 * recovery / (crowd - 1),
        "attention.withdrawal_rate": recovery, "time.tick": 0.02, "time.horizon": 200.0,
    }  # fmt: skip
    found = outcomes_of(changes, nx.complete_graph(crowd), n=500)["attack_rate"]
    rate, beta = Decimal(recovery), Decimal(r0 * recovery) / (crowd - 1)
    exact = taken_off(crowd - 1, lambda many: rate / (rate + many * beta))
    assert_takes_off(found, exact, (1 - 1 / r0, 0.796812), wrong=0.3)


@pytest.mark.parametrize(("m", "alone", "mean"), [(0.5, 0.606531, 2.0), (0.8, 0.449329, 5.0)])
def test_a_subcritical_chain_has_the_total_size_of_a_branching_process(m, alone, mean):
    """V3 (Borel): with a large complete crowd offspring is all but Poisson."""
    crowd = 2000
    size = outcomes_of(at_once(m / (crowd - 1)), nx.complete_graph(crowd), n=4000)["critics"]
    assert_mean((size == 1).astype(float), alone, alone - 0.04, of="P(1)")
    assert_mean(size, mean, 1.25 * mean, of="mean size")


# --------------------------------------------------------------------- the shape of a cascade (V10)


@pytest.mark.parametrize(
    ("network", "virality", "depth", "breadth", "root_share"),
    [
        (star(9), 1.8, 1, 9, 1.0),
        (nx.path_graph(10, create_using=nx.DiGraph), 11 / 3, 9, 1, 1 / 9),
        (nx.balanced_tree(2, 3, create_using=nx.DiGraph), 3.504762, 3, 8, 2 / 14),
    ],
    ids=["star of 10", "path of 10", "binary tree of depth 3"],
)
def test_certain_spread_down_a_tree_has_the_tree_s_own_shape(
    network, virality, depth, breadth, root_share
):
    """V10: virality 2 (n - 1) / n of a star, (n + 1) / 3 of a path (Goel et al. 2016)."""
    certain = PLAIN | {"attention.kernel": "immediate", "attention.view_rate": 1e6}
    found = run(Scenario().replace(certain), network=network, rng=1).outcomes
    assert found["critics"] == network.number_of_nodes()
    assert_exact(found["structural_virality"], virality, "structural virality")
    assert found["structural_virality"] == pytest.approx(
        nx.average_shortest_path_length(network.to_undirected())
    )
    assert (found["depth"], found["breadth"]) == (depth, breadth)
    assert found["root_share"] == pytest.approx(root_share)


# ------------------------------------------------------------------------------------ the yardstick


def test_the_yardstick_rejects_a_shifted_target_and_a_blunt_sample():
    sample = np.random.default_rng(1).normal(1.0, 1.0, 400)
    assert_mean(sample, 1.0, 1.5)
    with pytest.raises(AssertionError, match=r"s\.e\. from"):
        assert_mean(sample, 1.5, 1.0)
    with pytest.raises(AssertionError, match="cannot tell"):
        assert_mean(sample, 1.0, 1.05)
