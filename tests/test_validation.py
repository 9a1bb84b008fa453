"""What the validation page tells: its last run was of this model, and nothing failed in it."""

import tomllib
from pathlib import Path

import pytest
from neighbours import modules_of

from buzzsim.compiled import SOURCES

HERE = Path(__file__).parents[1] / "experiments" / "validation"


@pytest.fixture(scope="module")
def experiment():
    with modules_of("validation", "validation") as (module,):
        yield module


def test_the_page_tells_that_every_check_held_and_every_mean_is_where_theory_has_it(experiment):
    checks, measures = experiment.stored("checks"), experiment.stored("measures")
    assert checks["failed"].sum() == 0
    assert (checks["passed"] > 0).all()
    assert f"**{checks['passed'].sum()} checks passed, 0 failed" in experiment.page()
    means = measures[(measures["error"] > 0) & measures["target"].notna()]
    means = means[means["family"] != "wrong-models"]
    assert ((means["mean"] - means["target"]).abs() <= 4 * means["error"]).all()


def test_the_last_run_was_of_these_rules_this_engine_and_these_worlds(experiment):
    """If this fails the numbers on the page may be another model's: run the command."""
    ran = tomllib.loads((HERE / "about.toml").read_text(encoding="utf-8"))
    assert (ran["sources"], ran["worlds"]) == (SOURCES, experiment.worlds())


def test_a_failure_is_told(experiment, monkeypatch):
    checks = experiment.stored("checks")
    checks.loc[0, ["passed", "failed"]] = [8, 1]
    tables = {"checks": checks}
    stored = experiment.stored
    monkeypatch.setattr(experiment, "stored", lambda name: tables.get(name, stored(name)))
    assert "1 failed" in experiment.page()
    assert "Of 9 checks **1 failed**" in experiment.page()


def test_how_often_intervals_hold_the_truth_is_counted(monkeypatch):
    with modules_of("validation", "intervals") as (intervals,):
        for name, value in {"TRUTH": 200, "SAMPLES": 3, "SIZES": (50,)}.items():
            monkeypatch.setattr(intervals, name, value)
        found = intervals.measured().set_index(["outcome", "of"])
        assert (found.loc[(slice(None), "mean"), "intervals"] == 3 * 4).all()
        assert (found.loc[(slice(None), "difference"), "intervals"] == 3 * 3).all()
        assert (found["held"] <= found["intervals"]).all()
        assert found["held"].sum() > 0.6 * found["intervals"].sum()
        assert not intervals.is_in((0.1, 0.2), 0.3)
        assert not intervals.is_in((None, None), 0.0)
