"""The validation page is what its command writes from the last run, and that run knew every check that there is."""

import ast
import re
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


def test_the_page_on_file_is_what_the_command_writes(experiment):
    """If this fails: `python experiments/validation/validation.py`."""
    page = (experiment.ROOT / "docs" / "validation.md").read_text(encoding="utf-8")
    assert page == experiment.page(*experiment.stored())


def test_the_last_run_knew_every_test_and_none_failed(experiment):
    checks, _ = experiment.stored()
    known = {test.partition("[")[0] for test in checks["test"]}
    for name in experiment.FILES:
        for node in ast.parse((experiment.TESTS / name).read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                assert f"{name}::{node.name}" in known
    assert set(checks["outcome"]) <= {"passed", "skipped"}


def test_the_last_run_was_of_these_rules_and_this_engine(experiment):
    """If this fails the numbers on the page may be another model's: run the command."""
    assert tomllib.loads((HERE / "about.toml").read_text(encoding="utf-8"))["sources"] == SOURCES


def test_every_survivor_that_is_explained_quotes_a_line_that_exists():
    """Explanations outlive samples, which are drawn anew, but not the lines that they are about."""
    with modules_of("validation", "mutants") as (mutants,):
        for file, change in mutants.EXPLAINED:
            paths = [path for path in (mutants.ROOT / "buzzsim").rglob("*.py") if path.as_posix().endswith(f"buzzsim/{file}")]
            assert any(mutants.line_before(change) in path.read_text(encoding="utf-8") for path in paths), change


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
