"""Each experiment, at a small size, gives the values on file; its page says what results say."""

import copy
import re
from pathlib import Path

import numpy as np
import pytest
from neighbours import modules_of

HERE = Path(__file__).parents[1] / "experiments" / "four-strategies"


@pytest.fixture(scope="module")
def experiment():
    with modules_of("four-strategies", "four_strategies") as (module,):
        yield module


@pytest.fixture(scope="module")
def results(experiment):
    return experiment.stored()


@pytest.fixture(scope="module")
def found(experiment):
    """A small run, on the networks that are there."""
    return experiment.expected_of(experiment.measured(experiment.open_networks(None), "small"))


def mean(results, network, strategy, measure, changed="nothing"):
    return results.loc[(network, changed, strategy, measure), "mean"]


# ----------------------------------------------------------------------------------- values on file


@pytest.mark.parametrize("network", ["generated", "facebook"])
def test_a_small_run_gives_the_values_on_file(experiment, found, network):
    if network not in found:
        pytest.skip("the Facebook network is not there")
    assert experiment.differences({network: found[network]}, experiment.on_file()) == []


def test_values_on_file_are_there_for_every_job(experiment):
    values = experiment.on_file()["values"]
    for job in experiment.jobs("small", dict.fromkeys(experiment.PLAN["networks"])):
        assert {"ignore", *job.strategies} == set(values[job.network][job.changed])


def test_another_value_is_told(experiment, found):
    wrong = copy.deepcopy(found)
    wrong["generated"]["nothing"]["censor"]["volume"] *= 1 + 1e-8
    (said,) = experiment.differences(wrong, experiment.on_file())
    assert said.startswith("generated, nothing, censor, volume: ")
    del wrong["generated"]["nothing"]["censor"]["volume"]
    assert experiment.differences(wrong, experiment.on_file()) == [
        "generated, nothing, censor, volume: only on file"
    ]


def test_the_small_command_writes_nothing_and_says_how_it_went(
    experiment, monkeypatch, capsys, found
):
    before = {path.name: path.read_bytes() for path in HERE.iterdir() if path.is_file()}
    monkeypatch.setattr(experiment, "open_networks", lambda file: {"generated": None})
    assert experiment.main(["--small"]) == 0
    assert capsys.readouterr().out.startswith("as expected: ")
    monkeypatch.setattr(
        experiment, "on_file", lambda: {"relative_tolerance": 1e-9, "values": {"generated": {}}}
    )
    assert experiment.main(["--small"]) == 1
    assert {path.name: path.read_bytes() for path in HERE.iterdir() if path.is_file()} == before


def test_another_network_is_refused_in_one_sentence(experiment, tmp_path, capsys):
    (tmp_path / "friends.txt").write_text("0 1\n1 2\n")
    assert experiment.main(["--small", "--network", str(tmp_path / "friends.txt")]) == 2
    assert capsys.readouterr().err.startswith(
        "four_strategies: friends.txt: 3 customers and 2 ties; expected 4039 and 88234"
    )


def test_a_missing_network_is_skipped_and_said(experiment, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(experiment, "ROOT", tmp_path)
    assert list(experiment.open_networks(None)) == ["generated"]
    assert "facebook: SKIPPED" in capsys.readouterr().err


# ----------------------------------------------------------------------------------------- the page


def test_the_page_says_what_the_results_say(experiment, results):
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert experiment.filled(text, results) == text


def test_the_page_says_what_was_not_run(experiment, results):
    text = (HERE / "README.md").read_text(encoding="utf-8")
    told = experiment.filled(
        text, results[results.index.get_level_values("network") == "generated"]
    )
    assert told.count("Not run yet") == 2
    assert "| facebook |" not in told


def test_no_number_on_the_page_is_written_by_hand(experiment):
    text = (HERE / "README.md").read_text(encoding="utf-8")
    text = re.sub(
        r"<!-- \w+ -->.*?<!-- end -->|```.*?```|\]\([^)]*\)|`[^`]*`", "", text, flags=re.DOTALL
    )
    assert re.findall(r"[^\s]*\d[^\s]*", re.sub(r"\bR0\b|\b20\d\d\b", "", text)) == []


def test_results_are_there_for_every_job_at_full_size(experiment, results):
    for job in experiment.jobs("replicates", dict.fromkeys(experiment.PLAN["networks"])):
        row = results.loc[(job.network, job.changed, job.strategies[-1], "volume")]
        assert row["replicates"] == job.replicates


@pytest.mark.parametrize("network", ["generated", "facebook"])
def test_the_answer_on_the_page_holds_on_both_networks(results, network):
    volumes = {
        name: mean(results, network, name, "volume")
        for name in ("ignore", "censor", "public_reply", "private_dialogue")
    }
    assert min(volumes, key=volumes.get) == "public_reply"
    assert max(volumes, key=volumes.get) == "ignore"
    assert results.loc[(network, "nothing", "censor", "volume"), "difference_high"] < 0
    assert results.loc[(network, "nothing", "censor", "volume"), "worse"] > 0.1
    assert mean(results, network, "censor", "solved") == 0


def test_deleting_leaves_its_author_angrier_than_silence_on_the_generated_network_alone(results):
    assert results.loc[("generated", "nothing", "censor", "author_anger_24h"), "difference_low"] > 0
    assert (
        results.loc[("facebook", "nothing", "censor", "author_anger_24h"), "difference_low"] < 0.01
    )
    silence = [
        mean(results, network, "ignore", "author_anger_24h")
        for network in ("generated", "facebook")
    ]
    assert silence[1] > 1.2 * silence[0]


def test_there_are_two_humps_on_the_facebook_network_and_one_on_the_generated(results):
    for name in ("ignore", "censor", "public_reply", "private_dialogue"):
        assert (
            mean(results, "facebook", name, "between")
            < 0.05
            < mean(results, "facebook", name, "everywhere")
        )
        assert mean(results, "generated", name, "everywhere") == 0


def test_storms_end_once_anger_feeds_on_nothing_and_not_by_waiting(results):
    for changed in ("nothing", "time.horizon = 240"):
        assert results.loc[("facebook", changed, "ignore", "going_on"), "low"] > 0.5
    for changed in ("anger.gain = 0", "anger.repeat_rate = 0"):
        assert results.loc[("facebook", changed, "ignore", "going_on"), "high"] < 0.1
        assert results.loc[("facebook", changed, "ignore", "everywhere"), "high"] < 0.05
        low, high = results.loc[("facebook", "nothing", "ignore", "firestorm"), ["low", "high"]]
        assert results.loc[("facebook", changed, "ignore", "firestorm"), "high"] > low
        assert results.loc[("facebook", changed, "ignore", "firestorm"), "low"] < high


def test_whether_deleting_beats_silence_turns_round_as_witnesses_protest(results):
    row = [
        results.loc[("generated", f"censor.protest_probability = {p:g}", "censor", "volume")]
        for p in (0, 0.15)
    ]
    assert row[0]["difference_high"] < 0 < row[1]["difference_low"]


# ------------------------------------------------------------------------------------------- delays


def test_the_log_logistic_law_fits_delays_best_held_out_too():
    with modules_of("delays", "delays") as (delays,):
        results = delays.stored()["results"].set_index("law")
    paced = results[results["pace_sigma"] != "0"]
    for column in ("fitted", "held_out"):
        assert paced[column].astype(float).idxmax() == "log-logistic"


def test_a_law_is_found_again_in_delays_that_it_made():
    with modules_of("delays", "delays") as (delays,):
        dice, tree = np.random.default_rng(2), np.repeat(np.arange(150), 40)
        pace = np.exp(dice.normal(size=150))[tree]
        hours = pace * delays.stats.fisk.ppf(dice.random(tree.size), 0.9, scale=0.7)
        made = delays.Delays(hours[hours < 168], tree[hours < 168])
        (half_life, tail), sigma = delays.fitted(delays.LAWS["log-logistic"], made, paced=True)
    assert half_life == pytest.approx(0.7, rel=0.25)
    assert tail == pytest.approx(0.9, rel=0.1)
    assert sigma == pytest.approx(1.0, rel=0.25)
