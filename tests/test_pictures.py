"""Pictures show what the run says: counts, places that stay, the same run at an earlier hour."""

import matplotlib as mpl
import numpy as np
import pytest

import buzzsim as bz
from buzzsim.pictures import runs

mpl.use("agg")


@pytest.fixture(scope="module")
def result():
    scenario = bz.Scenario.load("default").replace({"complaint.names": ["Mara"]})
    return bz.run(scenario, network=bz.teach.street(), rng=1)


@pytest.fixture(autouse=True)
def _no_figure_is_left():
    yield
    import matplotlib.pyplot as plt

    plt.close("all")


def test_places_are_the_same_every_time_and_nobody_stands_on_another():
    street = bz.teach.street()
    places = runs.layout(street)
    assert np.array_equal(places, runs.layout(street))
    apart = np.abs(places[:, None] - places[None]) / (0.06, 0.06)
    # names have room beside each other or below
    assert (apart.max(axis=2) + 9 * np.eye(60)).min() > 1


def test_neighbours_are_nearer_than_strangers():
    network = bz.generate("small_world", customers=400, ties=3, seed=1)
    places = runs.layout(network)
    tails = np.repeat(np.arange(400), network.followers)
    near = np.linalg.norm(places[tails] - places[network.indices], axis=1).mean()
    far = np.linalg.norm(places[:, None] - places[None], axis=2).mean()
    assert near < 0.6 * far


def test_a_crowd_that_cannot_be_drawn_says_so():
    with pytest.raises(bz.ResultError, match="at most 2,000"):
        runs.layout(bz.generate("random", customers=2001, ties=2))


def test_the_network_at_the_end_is_the_record_itself(result):
    last = result.scene.until(result.scenario.time.horizon)
    for table, columns in result.record.items():
        for column, values in columns.items():
            assert np.array_equal(values, last[table][column], equal_nan=True), (table, column)


@pytest.mark.parametrize("strategy", ["censor", "private_dialogue"])
@pytest.mark.parametrize("scenario", ["default", "airline"])
def test_an_earlier_hour_is_the_same_run_stopped_there(scenario, strategy):
    whole = bz.run(scenario, strategy=strategy, rng=3, replicate=2)
    early, ticks = whole.scene.until(2.0), 2.0 / whole.scenario.time.tick
    posts = whole.record["posts"]
    assert np.array_equal(early["posts"]["author"], posts["author"][posts["tick"] <= ticks])
    notices = whole.record["notices"]
    assert np.array_equal(
        early["notices"]["customer"], notices["customer"][notices["tick"] <= ticks]
    )


def test_the_picture_counts_what_the_run_has(result):
    ax = result.plot_network()
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    stages = result.customers(everybody=True)["stage"].value_counts()
    assert f"critic: {stages['critic']}" in labels
    assert f"has noticed nothing: {stages['unaware']}" in labels
    assert {text.get_text() for text in ax.texts} >= set(bz.teach.street().names)
    title = result.plot_network(hour=0).get_title(loc="left")
    assert title == "After 0 h: 1 critic, nobody else knows"


@pytest.mark.parametrize("hour", [-1, 73, "six", True])
def test_an_hour_outside_the_run_is_an_error(result, hour):
    with pytest.raises(bz.ResultError, match="expected 0 to 72, the hours of the run"):
        result.plot_network(hour=hour)


def test_the_tree_has_a_dot_for_each_critic_and_a_line_for_each_recruit(result):
    ax = result.plot_cascade()
    n = len(result.cascade())
    assert len(ax.collections[0].get_offsets()) == n
    assert len(ax.lines) == n - 1


def test_the_film_shows_itself_in_a_notebook(result):
    film = result.animate()
    assert film._repr_html_().count("data:image/png;base64") == len(film.hours)
    assert film.hours == sorted(set(film.hours))


def test_a_saved_run_says_that_it_has_no_network(result, tmp_path):
    result.save(tmp_path / "run.npz")
    loaded = bz.Result.load(tmp_path / "run.npz")
    with pytest.raises(bz.ResultError, match="run it again"):
        loaded.plot_network()
    assert len(loaded.plot_cascade().lines) == len(result.cascade()) - 1


def test_shares_of_both_humps_are_written_above_the_bars():
    comparison = bz.compare("restaurant", replicates=100, rng=1, quiet=True)
    ax = comparison.plot_distribution()
    volume = comparison.outcome("volume")["ignore"]
    said = [text.get_text() for text in ax.texts]
    assert f"{(volume == 1).mean():.0%}" in said
    assert len(ax.patches) % 4 == 0 < len(ax.patches)


def test_pairs_are_counted_as_they_are():
    comparison = bz.compare("restaurant", replicates=100, rng=1, quiet=True)
    ax = comparison.plot_pairs("censor")
    delta = comparison.outcome("volume")["censor"] - comparison.outcome("volume")["ignore"]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert f"fewer posts: {(delta < 0).mean():.0%}" in labels
    lines = [lines for lines in ax.collections if hasattr(lines, "get_segments")]
    assert sum(len(some.get_segments()) for some in lines) == 100
    with pytest.raises(bz.StrategyError, match="did you mean 'censor'"):
        comparison.plot_pairs("censer")


def test_a_picture_between_two_ticks_shows_no_later_one():
    slow = {"network.customers": 300, "joining.r0": 2.0, "time.tick": 24.0, "time.horizon": 720.0}
    result = bz.run(bz.Scenario().replace(slow), rng=4)
    joined = result.cascade()["hour"]
    assert (joined == 24).any()
    known = result.scene.until(13)["customers"]
    assert (known["joined"] >= 0).sum() == (joined <= 13).sum()
    assert (result.scene.until(24)["customers"]["joined"] >= 0).sum() == (joined <= 24).sum()
