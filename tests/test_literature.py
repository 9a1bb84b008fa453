"""The literature experiment: the model can be on either side, and its page says so."""

from pathlib import Path

import pandas as pd
import pytest
from neighbours import modules_of

HERE = Path(__file__).parents[1] / "experiments" / "literature"


@pytest.fixture(scope="module")
def experiment():
    with modules_of("literature", "literature") as (module,):
        yield module


def test_the_page_on_file_is_what_the_command_writes(experiment):
    """If this fails: `python experiments/literature/literature.py`."""
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert text == experiment.filled(text, experiment.stored())


def test_every_finding_is_on_file_in_every_setting(experiment):
    found = experiment.stored()
    wanted = [
        (finding["id"], setting)
        for finding in experiment.PLAN["findings"]
        for setting in experiment.SETTINGS
    ]
    assert list(zip(found["id"], found["setting"], strict=True)) == wanted
    assert len({finding["id"] for finding in experiment.PLAN["findings"]}) * 3 == len(found)


def test_every_claim_has_a_finding_or_a_reason(experiment):
    claims = {finding["claim"] for finding in experiment.PLAN["findings"]}
    assert claims | {row.get("claim") for row in experiment.PLAN["cannot"]} >= {
        f"C{k}" for k in range(1, 9)
    }
    assert all(row["why"] for row in experiment.PLAN["cannot"])


def test_what_is_on_file_agrees_with_its_own_interval(experiment):
    for row in experiment.stored().itertuples():
        assert row.low <= row.difference <= row.high
        assert row.found == ("lower" if row.high < 0 else "higher" if row.low > 0 else "same")


def test_a_small_run_gives_the_numbers_on_file(experiment):
    """Luck is keyed: only a change of the model or of the plan gives others; run the command."""
    filed = pd.read_csv(HERE / "small.csv")
    pd.testing.assert_frame_equal(experiment.measured(experiment.PLAN["small"]), filed, rtol=1e-7)


def test_sides_that_do_not_differ_do_not_differ(experiment):
    side = {"strategy": "ignore"}
    finding = {"left": side, "right": side, "outcome": "volume"}
    assert experiment.compared(finding, {}, 50) == (0.0, 0.0, 0.0)


def test_advocates_stand_where_they_were_put(experiment):
    for where in ("near", "hubs"):
        world = experiment.world_of({"complaint.names": [100], "network.customers": 300}, where)
        assert world.network.traits["advocate"].sum() == experiment.ADVOCATES
    assert world.network.traits["advocate"][world.network.followers.argmax()] == 1.0
