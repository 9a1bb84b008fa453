"""The main job from Python: paired replicates, statistics that can be checked by hand, advice,
figure, counterfactual.
"""

import json
import math

import networkx as nx
import numpy as np
import pytest
from scipy import stats

import buzzsim as bz
from buzzsim.model import draws
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.study.advice import advise
from buzzsim.study.analysis import (
    N_RESAMPLES,
    Resampling,
    differences,
    exact_interval,
    pair,
    paired_interval,
    statistics,
    summarise,
)
from buzzsim.sweep.stopping import StoppingRule

SCENARIO = bz.Scenario().replace({"network.customers": 500})


@pytest.fixture(scope="module")
def comparison():
    return bz.compare(SCENARIO, replicates=300, rng=3, quiet=True)


def test_every_replicate_is_the_run_of_that_number(comparison):
    for strategy in comparison.strategies:
        volumes = comparison.outcome("volume")[strategy]
        for replicate in (0, 17, 299):
            assert comparison.run(strategy, replicate).outcomes["volume"] == volumes[replicate]


def test_replicates_do_not_depend_on_how_many_there_are(comparison):
    few = bz.compare(SCENARIO, replicates=40, rng=3, quiet=True, strategies="censor", threads=1)
    for strategy in few.strategies:
        assert np.array_equal(
            few.values[strategy], comparison.values[strategy][:40], equal_nan=True
        )


def test_the_same_complainant_complains_under_every_strategy(comparison):
    for replicate in range(5):
        assert (
            len(
                {
                    comparison.run(strategy, replicate).cascade()["critic"][0]
                    for strategy in comparison.strategies
                }
            )
            == 1
        )


def test_statistics_are_those_of_the_replicates(comparison):
    volumes = comparison.outcome("volume")
    found = comparison.statistics["censor"]["volume"]
    assert found["mean"] == pytest.approx(volumes["censor"].mean(), rel=1e-11)
    assert found["median"] == volumes["censor"].median()
    assert found["p95"] == pytest.approx(np.quantile(volumes["censor"], 0.95))
    delta = volumes["censor"] - volumes["ignore"]
    paired = found["paired"]
    assert paired["difference"] == pytest.approx(delta.mean(), rel=1e-11)
    assert paired["p_better"] == pytest.approx((delta < 0).mean())
    assert paired["p_worse"] == pytest.approx((delta > 0).mean())
    apart = volumes["censor"].var(ddof=0) + volumes["ignore"].var(ddof=0)
    assert paired["variance_reduction"] == pytest.approx(apart / delta.var(ddof=0))
    half = 1.96 * delta.std() / math.sqrt(300)
    assert paired["ci95"][0] == pytest.approx(delta.mean() - half, abs=0.6 * half)
    assert paired["ci95"][1] == pytest.approx(delta.mean() + half, abs=0.6 * half)


def test_pairing_buys_precision(comparison):
    for strategy in comparison.strategies[1:]:
        assert comparison.statistics[strategy]["volume"]["paired"]["variance_reduction"] > 1.5


def test_the_firestorm_has_its_exact_interval(comparison):
    hits = int(comparison.outcome("firestorm")["ignore"].sum())
    exact = stats.binomtest(hits, 300).proportion_ci(0.95, method="exact")
    assert comparison.statistics["ignore"]["firestorm"]["ci95"] == pytest.approx(
        [exact.low, exact.high], rel=1e-9
    )


@pytest.mark.parametrize(("hits", "n"), [(0, 10), (10, 10), (3, 1000), (500, 1000)])
def test_exact_intervals_are_those_of_scipy(hits, n):
    exact = stats.binomtest(hits, n).proportion_ci(0.95, method="exact")
    assert exact_interval(hits, n) == pytest.approx((exact.low, exact.high), abs=1e-12)


def test_resamples_draw_each_replicate_once_on_average():
    counts = draws.resamples(draws.key_of(1), 200, 0, N_RESAMPLES)
    assert counts.shape == (1000, 200)
    assert (counts.sum(axis=1) == 200).all()
    assert abs(counts.mean(axis=0) - 1).max() < 5 / math.sqrt(1000)
    assert counts.var() == pytest.approx(1 - 1 / 200, rel=0.02)


def test_undefined_outcomes_are_left_out_and_counted():
    values = np.zeros((4, len(OUTCOMES)))
    values[:, 0] = [1.0, math.nan, 3.0, math.nan]
    values[:, 1] = math.nan
    found = summarise(values, Resampling(1, 4))
    names = list(OUTCOMES)
    assert (found[names[0]]["mean"], found[names[0]]["n"]) == (2.0, 2)
    assert found[names[1]] == {
        "mean": None,
        "median": None,
        "p95": None,
        "ci95": [None, None],
        "n": 0,
    }
    paired = pair(values, values, Resampling(1, 4))
    assert paired[names[0]]["difference"] == 0.0
    assert paired[names[0]]["variance_reduction"] is None
    assert paired[names[1]]["difference"] is None


def test_json_is_stable_and_strict(comparison):
    text = comparison.to_json()
    assert text == bz.compare(SCENARIO, replicates=300, rng=3, quiet=True, threads=1).to_json()

    def refuse(word):
        raise AssertionError(word)

    json.loads(text, parse_constant=refuse)


def test_fresh_entropy_is_recorded_and_replays():
    one = bz.compare(SCENARIO, replicates=20, quiet=True, strategies=["censor"])
    two = bz.compare(SCENARIO, replicates=20, quiet=True, strategies=["censor"], rng=one.entropy)
    assert one.to_json() == two.to_json()
    assert (
        one.entropy
        != bz.compare(SCENARIO, replicates=20, quiet=True, strategies=["censor"]).entropy
    )


def test_the_summary_has_units_and_rows_for_each_strategy(comparison):
    table = comparison.summary(["volume", "reach"])
    assert table.attrs["units"]["reach"] == "share of the crowd"
    assert list(table["replicates"]) == [comparison.replicates] * 8
    assert table.shape[0] == 8
    assert (
        table.loc[("volume", "ignore"), "difference"]
        != table.loc[("volume", "ignore"), "difference"]
    )
    assert comparison.summary(None).shape[0] == 4 * len(OUTCOMES)
    with pytest.raises(bz.ResultError, match="did you mean 'reach'"):
        comparison.summary(["reech"])


def statistics_of(**means):
    """Make statistics of normal samples with those means."""
    noise = np.random.default_rng(1).normal(size=400)
    noise -= noise.mean()
    values = {
        name: np.repeat((mean + 0.1 * noise)[:, None], len(OUTCOMES), axis=1)
        for name, mean in means.items()
    }
    resampling = Resampling(1, 400)
    found = statistics(values, "ignore", resampling)
    return found, {name: resampling.means(column[:, [0]])[:, 0] for name, column in values.items()}


def test_advice_names_the_best_and_flags_what_did_worse_than_nothing():
    found, resampled = statistics_of(ignore=5.0, censor=7.0, public_reply=3.0)
    text = advise("volume", "ignore", found, resampled, 400)
    assert text.startswith("Within this model, public reply has the lowest mean volume, 3 posts")
    assert "; 2 to 2 fewer posts than doing nothing; " in text
    assert (
        "WORSE than doing nothing: censor (2 to 2 more posts); angrier authors after a day "
        "than doing nothing: censor" in text
    )
    assert "public reply" not in text.split("WORSE")[1]


def test_advice_says_when_volumes_are_lower_bounds():
    found, resampled = statistics_of(ignore=5.0, censor=7.0)
    for share, spoken in ((0.0, False), (0.3, True)):
        found["ignore"]["unfinished"]["mean"], found["censor"]["unfinished"]["mean"] = 0.0, share
        text = advise("volume", "ignore", found, resampled, 400)
        assert ("in up to 30% of runs the criticism was still going on" in text) == spoken


def test_advice_says_what_complaints_are_like_where_the_mean_is_of_few_large_ones():
    found, resampled = statistics_of(ignore=5.0, censor=3.0)
    assert "half of the complaints" not in advise("volume", "ignore", found, resampled, 400)
    found["censor"]["volume"] |= {"median": 2.0, "p95": 21.0}
    assert "; half of the complaints then end at 2 posts or fewer, 1 in 20 at 21 or more" in advise(
        "volume", "ignore", found, resampled, 400
    )
    found["censor"]["solved"] |= {"median": 0.0}
    assert "half of the complaints" not in advise("solved", "ignore", found, resampled, 400)


def test_advice_turns_round_where_higher_is_better():
    found, resampled = statistics_of(ignore=5.0, censor=7.0)
    assert advise("solved", "ignore", found, resampled, 400).startswith(
        "Within this model, censor has the highest mean solved"
    )


@pytest.mark.parametrize(
    ("coverage", "seed", "said"),
    [(0.005, 4, "too close to call"), (0.005, 11, "too close to call")],
)
def test_one_pair_of_forty_that_differs_is_no_difference_to_be_sure_of(coverage, seed, said):
    scarcely = SCENARIO.replace(
        {"network.customers": 200, "time.horizon": 24.0, "brand.coverage": coverage}
    )
    comparison = bz.compare(
        scarcely, strategies=["ignore", "public_reply"], replicates=40, rng=seed, quiet=True
    )
    differ = (
        comparison.outcome("volume")["ignore"] != comparison.outcome("volume")["public_reply"]
    ).sum()
    assert 1 <= differ <= 2
    assert said in comparison.advice()
    assert "100%" not in comparison.advice()


def test_all_that_are_the_same_are_named():
    found, resampled = statistics_of(ignore=5.0, censor=5.0, public_reply=5.0, private_dialogue=7.0)
    text = advise("volume", "ignore", found, resampled, 400)
    assert (
        "400 replicates show no difference between ignore, censor and public reply: mean "
        "volume 5 posts" in text
    )


def test_what_is_or_is_not_so_is_told_in_shares():
    comparison = bz.compare("telecom", replicates=100, rng=1, quiet=True)
    said = comparison.advice("firestorm")
    assert (
        "100 replicates show no difference between censor, public reply and private dialogue: "
        "share of complaints counted as" in said
    )
    assert "yes or no" not in said
    hits = {
        "ignore": np.arange(400) < 200,
        "censor": np.arange(400) % 5 == 0,
    }  # 40 of the 80 are among the 200
    values = {
        name: np.repeat(hit[:, None] * 1.0, len(OUTCOMES), axis=1) for name, hit in hits.items()
    }
    resampling = Resampling(1, 400)
    resampled = {name: resampling.means(column[:, [0]])[:, 0] for name, column in values.items()}
    said = advise("firestorm", "ignore", statistics(values, "ignore", resampling), resampled, 400)
    assert (
        "censor has the lowest share of complaints counted as firestorm, 20 % (best in 100%" in said
    )
    assert "; 24 to 36 percentage points lower than doing nothing" in said


def test_sums_in_another_order_are_no_difference():
    """Where everybody moves alike strategies differ in the last bit alone: nothing is better, and
    nothing too close to call.
    """
    scenario = bz.Scenario().replace(
        {
            "network.customers": 300,
            "joining.r0": 0.0,
            "brand.coverage": 1.0,
            "brand.response_sigma": 0.0,
            "anger.gain": 0.0,
        }
    )
    comparison = bz.compare(scenario, replicates=100, rng=3, quiet=True)
    found = comparison.statistics["censor"]["attitude_change_reached"]["paired"]
    values = comparison.outcome("attitude_change_reached")[["ignore", "censor"]]
    pairs = values.dropna()  # a complaint deleted before anybody looked reached nobody
    assert (pairs["censor"] != pairs["ignore"]).any(), "they do differ in the last bit"
    assert (found["p_better"], found["p_worse"], found["variance_reduction"]) == (0.0, 0.0, None)
    assert "show no difference between" in comparison.advice("attitude_change_reached")
    rule = StoppingRule.of("ci95 of attitude_change_reached difference < 0.001")
    assert rule.half_widths(values.to_numpy(), 3) == pytest.approx(3 / len(pairs))


def test_a_difference_counts_however_small_the_numbers_are():
    """A thousandth of nearly nothing is no sum in another order; last digits are."""
    values, baseline = (
        np.array([[1.001e-15, 0.1 + 0.2, 1.0 + 3e-9, 0.0]]),
        np.array([[1e-15, 0.3, 1.0, 0.0]]),
    )
    assert (differences(values, baseline) != 0.0).tolist() == [[True, False, True, False]]
    fading = bz.compare(
        bz.Scenario().replace({"anger.half_life": 2.0}), replicates=200, rng=1, quiet=True
    )
    means = {name: fading.statistics[name]["residual_anger"] for name in ("ignore", "public_reply")}
    assert 0.0 < means["public_reply"]["mean"] < means["ignore"]["mean"] < 1e-12
    assert means["public_reply"]["paired"]["p_better"] > 0.3


def test_the_advice_says_of_how_many_replicates_means_are():
    """Storms that never fall to half have no half-life; whoever has many of them must not look
    better for it in silence.
    """
    growing = bz.Scenario().replace(
        {"network.customers": 1000, "network.ties": 15, "joining.r0": 2.5, "time.horizon": 12.0}
    )
    comparison = bz.compare(growing, replicates=60, rng=1, quiet=True)
    defined = [comparison.statistics[name]["half_life"]["n"] for name in comparison.strategies]
    few, many = min(defined), max(defined)
    of = f"{few} to {many} of 60 replicates of each strategy in which half life is defined"
    assert f"means are of the {of}" in comparison.advice("half_life")
    assert "is defined" not in comparison.advice("volume")


def test_numbers_of_the_advice_have_no_exponents():
    found, resampled = statistics_of(ignore=1e-5, censor=2e16)
    assert "0.00001 posts" in advise("volume", "ignore", found, resampled, 400)
    assert "e+16" not in advise("volume", "ignore", found, resampled, 400)


def test_where_all_are_critics_no_bystander_has_changed_their_mind():
    keys = {
        "joining.share_probability": 3.0,
        "attention.view_rate": 2.0,
        "joining.page_probability": 1.0,
        "brand.coverage": 1.0,
    }
    hot = bz.Scenario().replace({"network.customers": 8, "network.ties": 4, **keys})
    comparison = bz.compare(
        hot, strategies=["ignore", "public_reply"], replicates=60, rng=1, quiet=True
    )
    everybody = comparison.outcome("critics") == 8
    assert 0 < everybody.to_numpy().sum() < everybody.size
    assert (comparison.outcome("attitude_change_bystanders").isna() == everybody).all(axis=None)


def test_a_single_replicate_is_drawn_too():
    assert len(bz.compare(SCENARIO, replicates=1, rng=1, quiet=True).plot()) == 3


@pytest.mark.parametrize(
    ("asked", "said"), [([], "no outcome given; expected some of volume"), (5, "unknown outcome 5")]
)
def test_a_summary_of_nothing_says_what_there_is(comparison, asked, said):
    with pytest.raises(bz.ResultError, match=said):
        comparison.summary(asked)


def test_advice_admits_that_it_is_too_close_to_call():
    close = bz.compare(
        SCENARIO, replicates=20, rng=1, quiet=True, strategies=["private_dialogue"]
    ).advice("peak")
    assert close.startswith(
        (
            "Within this model, it is too close to call",
            "Within this model, 20 replicates show no difference",
        )
    )


@pytest.mark.parametrize(
    ("n", "said"), [(1, "1 replicate is too few"), (19, "19 replicates are too few")]
)
def test_few_replicates_advise_nothing(n, said):
    few = bz.compare(SCENARIO, replicates=n, rng=1, quiet=True, strategies=["censor"])
    assert few.advice().startswith(said)
    ends = (
        few.statistics["censor"]["volume"]["ci95"],
        few.statistics["censor"]["volume"]["paired"]["ci95"],
    )
    assert (ends == ([None, None], [None, None])) == (n == 1)


def test_advice_says_so_when_nothing_differs():
    still = bz.compare(SCENARIO.replace({"brand.coverage": 0.0}), replicates=20, rng=1, quiet=True)
    assert still.advice().startswith(
        "Within this model, 20 replicates show no difference between ignore, censor, public "
        "reply and private"
    )
    assert "WORSE" not in still.advice()


def test_the_default_advice_is_stable_over_seeds():
    starts = {bz.compare(rng=seed, quiet=True).advice().split(" mean")[0] for seed in range(3)}
    assert len(starts) == 1


def test_the_counterfactual_names_who_differs_and_through_whom(comparison):
    volumes = comparison.outcome("critics")
    replicate = int((volumes["ignore"] - volumes["public_reply"]).idxmax())
    table = comparison.counterfactual("public_reply", replicate=replicate)
    under = table["critic_under"].value_counts()
    difference = under.get("ignore", 0) - under.get("public_reply", 0)
    assert difference == volumes["ignore"][replicate] - volumes["public_reply"][replicate] > 0
    assert set(table["otherwise"]) <= {"unaware", "aware"}
    cascade = comparison.run("ignore", replicate).cascade()
    for customer, row in table[table["critic_under"] == "ignore"].iterrows():
        assert cascade.set_index("critic").loc[customer, "parent"] == row["recruited_by"]


def test_a_strategy_against_itself_changes_nobody(comparison):
    assert comparison.counterfactual("ignore", "ignore").empty


def test_the_figure_has_three_panels_and_every_strategy(comparison, tmp_path):
    from buzzsim.pictures import comparisons

    axes = comparison.plot()
    assert len(axes) == 3
    legend = [text.get_text() for text in axes[0].get_legend().get_texts()]
    assert [entry.split(":")[0] for entry in legend] == [
        comparisons.label_of(s) for s in comparison.strategies
    ]
    for name in ("one.png", "one.svg", "one.pdf"):
        comparisons.save(axes, tmp_path / name)
        assert (tmp_path / name).stat().st_size > 5000
    with pytest.raises(bz.OutputError):
        comparisons.save(axes, tmp_path / "no" / "one.png")


def test_given_axes_are_drawn_on(comparison):
    import matplotlib.pyplot as plt

    _, mine = plt.subplots(1, 3)
    assert comparison.plot(axes=mine) is mine
    assert mine[0].get_xlabel()


def test_one_hour_one_strategy_and_silent_networks_are_drawn(tmp_path):
    short = bz.compare(
        SCENARIO.replace({"time.horizon": 1.0, "joining.r0": 0.0}),
        strategies="ignore",
        replicates=3,
        rng=1,
        quiet=True,
    )
    assert len(short.plot()) == 3


def test_any_kind_of_network_is_taken(tmp_path):
    graph = nx.karate_club_graph()
    path = tmp_path / "karate.graphml"
    plain = nx.empty_graph(34)
    plain.add_edges_from(graph.edges)
    nx.write_graphml(plain, path)
    quiet = {
        "scenario": SCENARIO,
        "replicates": 30,
        "rng": 2,
        "quiet": True,
        "strategies": ["censor"],
    }
    from_graph, from_file = bz.compare(network=graph, **quiet), bz.compare(network=path, **quiet)
    matrix = nx.to_scipy_sparse_array(graph, format="csr")
    from_arrays = bz.compare(network=(matrix.indptr, matrix.indices), **quiet)
    assert from_graph.to_dict()["network"] == {"customers": 34, "ties": 78, "directed": False}
    assert (
        from_graph.to_dict()["strategies"]
        == from_arrays.to_dict()["strategies"]
        == from_file.to_dict()["strategies"]
    )


@pytest.mark.parametrize(
    "wrong",
    [
        {"replicates": 0},
        {"replicates": 2.5},
        {"threads": 0},
        {"rng": -1},
        {"rng": "x"},
        {"scenario": 5},
        {"network": 5},
    ],
)
def test_wrong_arguments_are_refused_in_one_sentence(wrong):
    with pytest.raises(bz.BuzzsimError) as error:
        bz.compare(**{"scenario": SCENARIO, "quiet": True, "replicates": 2, **wrong})
    assert "\n" not in str(error.value)


def test_resamples_are_the_same_however_many_are_held_at_once(monkeypatch):
    from buzzsim.study import analysis

    values = np.random.default_rng(1).normal(size=(50, 3))
    whole = Resampling(1, 50).means(values)
    monkeypatch.setattr(analysis, "_ROOM", 50 * 7)
    assert np.allclose(Resampling(1, 50).means(values), whole, rtol=1e-12)


# ---------------------------------------------------------------------- intervals, number by number


def outcomes_of(column, n):
    """Values of all outcomes, the same in each, as a run's would stand in an array."""
    return np.repeat(np.asarray(column, float)[:, None], n, axis=1)


def test_a_resample_counts_only_replicates_in_which_an_outcome_is_defined():
    values = np.array([[1.0, 7.0], [np.nan, 7.0], [3.0, 7.0], [np.nan, 7.0], [3.0, 7.0]])
    means = Resampling(3, 5).means(values)
    finite = means[np.isfinite(means[:, 0]), 0]
    assert ((finite >= 1.0) & (finite <= 3.0)).all()
    assert finite.mean() == pytest.approx(7 / 3, abs=0.1)
    assert (means[:, 1] == 7.0).all()


def test_intervals_are_the_middle_of_the_resamples():
    n, width = 60, len(OUTCOMES)
    values = outcomes_of(np.random.default_rng(1).normal(5.0, 2.0, n), width)
    resampling = Resampling(3, n)
    wanted = np.quantile(resampling.means(values)[:, 0], [0.025, 0.975])
    assert summarise(values, resampling)["volume"]["ci95"] == pytest.approx(list(wanted))
    difference = pair(values, np.zeros_like(values), resampling)["volume"]
    assert difference["ci95"] == pytest.approx(list(wanted))


def test_pairs_that_never_differ_have_no_variance_reduction():
    values = outcomes_of([1.0, 2.0, 3.0], len(OUTCOMES))
    found = pair(values, values, Resampling(3, 3))["volume"]
    assert found["variance_reduction"] is None
    assert (found["difference"], found["p_better"], found["p_worse"]) == (0.0, 0.0, 0.0)
    apart = pair(values, values[::-1], Resampling(3, 3))["volume"]
    assert apart["variance_reduction"] == pytest.approx(0.5), "the luck is set against itself"


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [(0, 100, 0.0, 0.036217), (1, 100, 0.000253, 0.054459), (100, 100, 0.963783, 1.0)],
)
def test_exact_intervals_are_those_of_the_tables(hits, n, low, high):
    assert exact_interval(hits, n) == pytest.approx((low, high), abs=1e-6)
    assert exact_interval(np.int64(hits), np.int64(n)) == pytest.approx((low, high), abs=1e-6)


def test_the_paired_interval_of_shares_is_that_of_the_literature():
    """One pair of 21 differs one way and seven the other: Bonett & Price in Fagerland et al. 2014,
    table of their example.
    """
    pairs = np.repeat([1, -1, 0], [1, 7, 13])
    assert paired_interval(pairs) == pytest.approx((-0.508, -0.013), abs=5e-4)
    assert paired_interval(-pairs) == pytest.approx((0.013, 0.508), abs=5e-4)
    assert (paired_interval(np.ones(5))[1], paired_interval(-np.ones(5))[0]) == (1.0, -1.0)
    values, base = (
        outcomes_of((pairs > 0) * 1.0, len(OUTCOMES)),
        outcomes_of((pairs < 0) * 1.0, len(OUTCOMES)),
    )
    found = pair(values, base, Resampling(3, pairs.size))
    assert found["firestorm"]["ci95"] == pytest.approx((-0.508, -0.013), abs=5e-4)
    assert found["volume"]["ci95"] != pytest.approx((-0.508, -0.013), abs=5e-4)


def test_what_pairing_was_worth_is_told_of_the_pairs_alone():
    """The variances of both, and of their difference, are of the replicates in which both are
    defined.
    """
    one, other = (
        np.array([1.0, 2.0, 4.0, 900.0, math.nan]),
        np.array([1.5, 2.0, 5.0, math.nan, 700.0]),
    )
    found = pair(
        outcomes_of(one, len(OUTCOMES)), outcomes_of(other, len(OUTCOMES)), Resampling(3, 5)
    )
    apart, spread = one[:3].var() + other[:3].var(), (one - other)[:3].var()
    assert found["volume"]["variance_reduction"] == pytest.approx(apart / spread)


@pytest.mark.parametrize("n", [20, 100, 250])
@pytest.mark.parametrize(
    ("here", "there"), [(0.0, 0.0), (0.005, 0.02), (0.02, 0.02), (0.0, 0.03), (0.3, 0.2)]
)
def test_the_paired_interval_of_shares_covers_the_truth_as_often_as_it_says(n, here, there):
    """Within two points, as its authors say; over all that n pairs can show, so that no chance is
    in it.
    """
    less = np.arange(n + 1)
    covered = 0.0
    for more in range(n + 1):
        first = stats.binom.pmf(more, n, here)
        if first < 1e-6:
            continue
        chances = first * stats.binom.pmf(less, n - more, there / (1 - here))
        for k in np.flatnonzero(chances > 1e-6):
            low, high = paired_interval(np.repeat([1, -1, 0], [more, k, n - more - k]))
            covered += chances[k] * (low <= here - there <= high)
    assert covered > 0.93
    if (here, there) == (0.3, 0.2):  # where many differ it is no wider than it must be
        assert covered < 0.97


def test_more_of_what_is_good_is_better_and_small_spreads_count():
    good = next(name for name, outcome in OUTCOMES.items() if outcome.better == "higher")
    base = outcomes_of([0.1, 0.2, 0.3, 0.4], len(OUTCOMES))
    more = base + np.array([0.1, 0.1, 0.2, -0.1])[:, None]
    found = pair(more, base, Resampling(3, 4))
    assert (found[good]["p_better"], found[good]["p_worse"]) == (0.75, 0.25)
    assert (found["volume"]["p_better"], found["volume"]["p_worse"]) == (0.25, 0.75)
    spread = np.var([0.1, 0.1, 0.2, -0.1])
    apart = np.var([0.2, 0.3, 0.5, 0.3]) + np.var([0.1, 0.2, 0.3, 0.4])
    assert found["volume"]["variance_reduction"] == pytest.approx(apart / spread)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_two_pairs_have_an_interval_and_one_has_none(n):
    values = outcomes_of([1.0, 2.0, 4.0][:n], len(OUTCOMES))
    low, high = pair(values, np.zeros_like(values), Resampling(3, n))["volume"]["ci95"]
    assert (low is None, high is None) == (n == 1, n == 1)
    assert n == 1 or (low == 1.0 and high == values.max())


def test_pairs_of_which_none_is_defined_say_nothing():
    values = outcomes_of([1.0, np.nan, 3.0], len(OUTCOMES))
    other = outcomes_of([np.nan, 2.0, np.nan], len(OUTCOMES))
    found = pair(values, other, Resampling(3, 3))["volume"]
    assert found == {
        "difference": None,
        "p_better": None,
        "p_worse": None,
        "variance_reduction": None,
        "ci95": [None, None],
    }


def test_a_comparison_draws_its_resamples_once(monkeypatch):
    drawn, draw = [], draws.resamples
    monkeypatch.setattr(draws, "resamples", lambda *asked: drawn.append(asked) or draw(*asked))
    comparison = bz.compare("default", replicates=30, rng=1, quiet=True)
    comparison.summary()
    comparison.advice()
    comparison.plot()
    assert len(drawn) == 1
