"""The stylised facts: measured as defined, judged by their bands, told as they are on file."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from neighbours import modules_of
from scipy.stats import norm

from buzzsim.model.scenario import Scenario

HERE = Path(__file__).parents[1] / "experiments" / "stylised"


@pytest.fixture(scope="module")
def experiment():
    with modules_of("stylised", "stylised") as (module,):
        yield module


@pytest.fixture(scope="module")
def small(experiment):
    n = experiment.PLAN["small"]
    return experiment.measured(n, n // 10, n // 10)


def test_a_small_run_gives_the_numbers_on_file(small):
    """Luck is keyed: only a change of the model or of the plan gives others; run the command."""
    pd.testing.assert_frame_equal(small, pd.read_csv(HERE / "small.csv"), rtol=1e-7)


def test_most_facts_are_defined_even_in_a_small_run(small):
    assert list(small["fact"].unique()) == [f"E{k}" for k in range(1, 15)]
    assert (small["verdict"] != "undefined").sum() >= len(small) - 3


def test_every_fact_lies_within_its_own_interval(experiment):
    for found in experiment.stored().to_dict("records"):
        assert found["low"] <= found["value"] <= found["high"], found["name"]


@pytest.mark.parametrize(
    ("value", "distance", "verdict"),
    [(0.5, 0.0, "hit"), (1.0, 0.0, "hit"), (0.2, -0.3, "miss"), (1.5, 0.5, "miss")],
)
def test_the_distance_is_how_far_outside_the_band(experiment, value, distance, verdict):
    found = experiment.row({"fact": "E0", "name": "x", "band": [0.5, 1.0]}, (value, value, value))
    assert found["distance"] == pytest.approx(distance)
    assert found["verdict"] == verdict


def test_what_was_put_in_is_no_hit(experiment):
    fact = {"fact": "E0", "name": "x", "band": [0.5, 1.0], "put_in": True}
    assert experiment.row(fact, (0.7, 0.7, 0.7))["verdict"] == "put in"
    assert experiment.row(fact, (0.2, 0.2, 0.2))["verdict"] == "miss"
    assert (experiment.stored()["verdict"] == "put in").sum() == 3


def test_a_band_without_a_bound_and_a_value_that_is_not_there(experiment):
    fact = {"fact": "E0", "name": "x", "band": [-math.inf, 4.0]}
    assert experiment.row(fact, (-1e9, 0.0, 0.0))["verdict"] == "hit"
    assert experiment.row(fact, experiment.resampled(2, len))["verdict"] == "undefined"


def test_the_hourly_ratio_of_a_geometric_fall_is_its_ratio(experiment):
    assert experiment.hour_ratio(np.array([3.0, 64.0, 32.0, 16.0, 8.0])) == pytest.approx(0.5)
    assert math.isnan(experiment.hour_ratio(np.array([1.0, 2.0])))


def test_times_are_those_of_posts_after_the_complaint(experiment):
    """Three complaints alike: two posts at once, one on the first day, two later."""
    hourly = np.zeros((3, 72), np.int64)
    hourly[:, 0], hourly[:, 23], hourly[:, 24] = 2, 1, 2
    of = {"firestorm": np.ones(3), "half_life": np.full(3, 1.0)}
    found = experiment.course(of, hourly)
    assert found["first_hour"] == (0.25, 0.25, 0.25)
    assert found["first_day"] == (0.5, 0.5, 0.5)
    assert found["half_life"] == (1.0, 1.0, 1.0)


def test_shapes_are_those_of_large_cascades_alone(experiment):
    n = experiment.PLAN["large"]
    of = {
        "critics": np.array([n - 1, n, n + 1, n + 2]),
        "structural_virality": np.array([9.0, 2.0, 3.0, 4.0]),
        "root_share": np.array([0.0, 0.6, 0.7, 0.8]),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            experiment, "resampled", lambda size, statistic: (statistic(np.arange(size)),)
        )
        found = experiment.shapes(of)
    assert found["virality_median"] == (3.0,)
    assert found["virality_size"][0] == pytest.approx(1.0)
    assert found["root_share"] == (0.7,)


def test_the_page_says_what_the_results_say(experiment):
    page = (HERE / "README.md").read_text(encoding="utf-8")
    assert experiment.filled(page, experiment.stored()) == page
    assert page.count("| miss |") == (experiment.stored()["verdict"] == "miss").sum()
    other = experiment.stored().assign(value=0.123)
    assert experiment.filled(page, other) != page


def test_results_are_judged_by_the_bands_of_the_plan(experiment):
    for fact, filed in zip(
        experiment.PLAN["facts"], experiment.stored().to_dict("records"), strict=True
    ):
        again = experiment.row(fact, (filed["value"], filed["low"], filed["high"]))
        assert again["verdict"] == filed["verdict"]
        assert again["distance"] == pytest.approx(filed["distance"], rel=1e-6, abs=1e-12)


def test_the_command_writes_results_and_page_together(experiment, small, tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text(
        "a\n\n<!-- facts -->\nold\n<!-- end -->\n", encoding="utf-8"
    )
    monkeypatch.setattr(experiment, "HERE", tmp_path)
    monkeypatch.setattr(experiment, "measured", lambda *_: small)
    assert experiment.main() == 0
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "results.csv"), small, rtol=1e-6)
    assert "old" not in (tmp_path / "README.md").read_text(encoding="utf-8")


def test_half_of_the_mean_lag_lies_beyond_the_horizon():
    """What the page says of the one miss that the horizon makes."""
    default = Scenario.load("default")
    median, sigma = default.brand.response_median, default.brand.response_sigma
    beyond = norm.sf((math.log(default.time.horizon / median) - sigma**2) / sigma)
    assert 8.0 < median * math.exp(sigma**2 / 2) < 9.0
    assert beyond > 0.5
