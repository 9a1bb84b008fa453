"""The validation page is what its command writes from the last run, and that run knew every check that there is."""

import re
import subprocess
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from neighbours import modules_of

from buzzsim.compiled import SOURCES
from buzzsim.model.parameters import all_parameters

HERE = Path(__file__).parents[1] / "experiments" / "validation"


@pytest.fixture(scope="module")
def experiment():
    with modules_of("validation", "validation") as (module,):
        yield module


def test_the_page_on_file_is_what_the_command_writes(experiment):
    """If this fails: `python experiments/validation/validation.py`."""
    page = (experiment.ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert page == experiment.page(*experiment.stored())


def test_no_check_of_the_last_run_failed(experiment):
    assert set(experiment.stored()[0]["outcome"]) <= {"passed", "skipped"}


def test_the_last_run_knew_every_case(experiment):
    found = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "", "-p", "no:cacheprovider",
         *(f"tests/{name}" for name in experiment.FILES)],
        cwd=experiment.ROOT, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    collected = {line.removeprefix("tests/") for line in found.splitlines() if "::" in line}
    assert collected == set(experiment.stored()[0]["test"])


def test_the_last_run_was_of_these_rules_this_engine_and_these_numbers(experiment):
    """If this fails the numbers on the page may be another model's: run the command."""
    ran = tomllib.loads((HERE / "about.toml").read_text(encoding="utf-8"))
    assert ran["sources"] == SOURCES
    assert ran["numbers"] == experiment.numbers()


def test_another_default_would_be_noticed(experiment, monkeypatch):
    changed = [(key, replace(parameter, default=-1)) for key, parameter in all_parameters()]
    before = experiment.numbers()
    monkeypatch.setattr(experiment, "all_parameters", lambda: changed)
    assert experiment.numbers() != before


def test_figures_are_those_of_the_last_page(experiment):
    """If this fails: `python experiments/validation/validation.py --page-only`."""
    assert pd.read_csv(HERE / "figures.csv").equals(experiment.figures())


def test_every_survivor_that_is_explained_quotes_a_line_that_exists():
    """Explanations outlive samples, which are drawn anew, but not the lines that they are about."""
    with modules_of("validation", "mutants") as (mutants,):
        for file, change in mutants.EXPLAINED:
            paths = [
                path
                for path in (mutants.ROOT / "buzzsim").rglob("*.py")
                if path.as_posix().endswith(f"buzzsim/{file}")
            ]
            assert any(
                mutants.line_before(change) in path.read_text(encoding="utf-8") for path in paths
            ), change


def test_every_figure_on_the_page_is_there(experiment):
    page = (experiment.ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    figures = re.findall(r"\]\((validation/[\w-]+\.png)\)", page)
    assert len(figures) >= 6
    for figure in figures:
        assert (experiment.ROOT / "docs" / figure).stat().st_size > 5_000


def test_every_family_has_checks_and_each_check_one_family(experiment):
    checks, measures = experiment.stored()
    for family in experiment.FAMILIES:
        assert not experiment.of_family(checks, family).empty, family["name"]
    without = {test for test in checks["test"] if experiment.family_of(test) is None}
    assert all("yardstick" in test for test in without)
    assert not measures.empty


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


def test_a_failure_is_told(experiment):
    checks, measures = experiment.stored()
    checks.loc[0, "outcome"] = "failed"
    page = experiment.page(checks, measures)
    assert "1 failed" in page
    assert "**1 failed**" in page
