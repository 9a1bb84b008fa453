"""A user's whole paths: what the README promises is what continuous integration does."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
INSTALL = {"python -m pip install .", "buzzsim compare"}
TEST = {'python -m pip install ".[test]"', "python -m pytest"}


def lines(file):
    return [line.strip() for line in (ROOT / file).read_text(encoding="utf-8").splitlines()]


def test_the_readme_gives_both_commands():
    assert set(lines("README.md")) >= INSTALL | TEST


def test_continuous_integration_runs_the_readmes_test_command_and_stops_when_it_fails():
    assert set(lines(".ci/run")) >= TEST | {"set -euo pipefail"}


def test_continuous_integration_runs_the_checks_that_contributors_run():
    assert any(".ci/check --no-tests" in line for line in lines(".ci/run"))
    assert ".ci/check" in lines("CONTRIBUTING.md")


@pytest.mark.parametrize("script", ["run", "check"])
@pytest.mark.skipif(os.name != "posix", reason="permissions of scripts are kept on POSIX only")
def test_scripts_can_be_run_as_they_are(script):
    assert os.access(ROOT / ".ci" / script, os.X_OK)
