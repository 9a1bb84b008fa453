"""The command: what it prints, what it writes, and how it refuses."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from buzzsim.cli.command import main
from buzzsim.cli.compare import SCALES
from buzzsim.model.outcomes import OUTCOMES

ASKED = [
    "volume",
    "critics",
    "reach",
    "firestorm",
    "attack_rate",
    "peak",
    "time_to_peak",
    "half_life",
    "duration",
    "deleted_posts",
    "replies",
    "private_talks",
    "solved",
    "staff_hours",
    "attitude_change",
    "residual_anger",
    "author_anger_24h",
    "structural_virality",
    "root_share",
    "reproduction_number",
]
SMALL = ["--set", "network.customers=300", "--quiet"]


def said(capsys, *arguments):
    """Run the command in this process; gives its exit status and what it printed."""
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


@pytest.fixture
def ties(tmp_path):
    path = tmp_path / "friends.txt"
    path.write_text("".join(f"p{i} p{(i + step) % 40}\n" for i in range(40) for step in (1, 2, 5)))
    return path


def test_numbers_that_would_be_too_small_to_read_are_known_by_the_units_that_outcomes_have():
    assert set(SCALES) <= {outcome.unit for outcome in OUTCOMES.values()}


def test_compare_prints_a_table_a_sentence_and_draws_a_figure(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    status, out, err = said(capsys, "compare", "--replicates", 60, "--seed", 1, *SMALL)
    assert status == 0
    assert err == ""
    assert "public_reply" in out
    assert out.rstrip().endswith("Figure: buzzsim-default-network.customers=300.png")
    assert (
        (tmp_path / "buzzsim-default-network.customers=300.png").read_bytes().startswith(b"\x89PNG")
    )


def test_compare_json_has_the_documented_keys(capsys, ties):
    status, out, _ = said(
        capsys, "compare", "--network", ties, "--replicates", 50, "--seed", 1, "--json", "--quiet"
    )
    assert status == 0
    document = json.loads(out)
    documented = (
        "scenario changes network replicates entropy baseline firestorm_volume versions strategies"
    )
    assert list(document) == documented.split()
    assert document["network"] == {"customers": 40, "ties": 120, "directed": False}
    assert (document["replicates"], document["entropy"], document["baseline"]) == (50, 1, "ignore")
    assert list(document["strategies"]) == ["ignore", "censor", "public_reply", "private_dialogue"]
    for strategy, outcomes in document["strategies"].items():
        assert set(ASKED) <= set(outcomes) == set(OUTCOMES)
        for found in outcomes.values():
            assert {"mean", "median", "p95", "ci95"} <= set(found)
            assert len(found["ci95"]) == 2
            assert ("paired" in found) == (strategy != "ignore")
            if strategy != "ignore":
                assert {"difference", "ci95", "p_better", "variance_reduction"} <= set(
                    found["paired"]
                )


def test_the_same_seed_gives_the_same_bytes_for_any_number_of_threads(capsys):
    arguments = ["compare", "--replicates", 200, "--seed", 5, "--json", *SMALL]
    texts = {said(capsys, *arguments, "--threads", threads)[1] for threads in (1, 2, 3)}
    assert len(texts) == 1
    assert said(capsys, *arguments[:4], 6, *arguments[5:])[1] not in texts


def test_both_engines_print_the_same_numbers(capsys, ties):
    texts = [
        said(
            capsys,
            "run",
            "--network",
            ties,
            "--strategy",
            "censor",
            "--seed",
            3,
            "--json",
            "--engine",
            engine,
        )[1]
        for engine in ("compiled", "mesa")
    ]
    assert texts[0] == texts[1]
    document = json.loads(texts[0])
    assert set(document["outcomes"]) == set(OUTCOMES)
    assert sum(document["hourly"]["volume"]) == document["outcomes"]["volume"]


def test_run_saves_what_result_load_reads(tmp_path, capsys):
    from buzzsim import Result

    path = tmp_path / "one.npz"
    status, out, _ = said(capsys, "run", "--seed", 2, "--save", path, *SMALL)
    assert status == 0
    assert "volume" in out
    assert Result.load(path).entropy == 2


def test_scenario_list_show_and_check(capsys):
    assert "restaurant" in said(capsys, "scenario", "list")[1]
    assert said(capsys, "scenario", "show", "restaurant")[1].startswith("#")
    status, out, _ = said(capsys, "scenario", "check", "default")
    assert status == 0
    assert "valid" in out


def test_help_and_version_are_printed(capsys):
    assert "compare" in said(capsys)[1]
    assert said(capsys, "--version")[1].startswith("buzzsim ")
    with pytest.raises(SystemExit) as left:
        main(["compare", "--help"])
    assert left.value.code == 0


BAD = {
    "missing file": (["compare", "--network", "nowhere.txt"], "nowhere.txt"),
    "empty file": (["compare", "--network", "empty.txt"], "empty.txt"),
    "text where numbers belong": (
        ["compare", "--replicates", "many"],
        "--replicates is 'many'; expected a whole number of 1 or more",
    ),
    "no replicates": (["compare", "--replicates", "0"], "--replicates is '0'"),
    "too many replicates": (
        ["compare", "--replicates", "10000000000"],
        "expected a whole number from 1 to 1,000,000,000",
    ),
    "a replicate beyond count": (
        ["run", "--replicate", "99999999999999999999"],
        "--replicate is '99999999999999999999'",
    ),
    "no outcomes": (["compare", "--outcomes", ","], "--outcomes is ','"),
    "figure without a name": (["compare", "--figure", ""], "--figure"),
    "nobody looks": (
        ["run", "--set", "attention.view_rate=0", "--set", "attention.dilution=1"],
        "expected at most 0",
    ),
    "one customer twice": (
        ["run", "--set", 'complaint.names=["7","07"]', "--network", "row.txt"],
        "each customer once",
    ),
    "negative seed": (["compare", "--seed", "-1"], "--seed is '-1'"),
    "unknown key": (["run", "--set", "reply.empaty=1"], "did you mean 'reply.empathy'?"),
    "unknown section": (["run", "--set", "replies.empathy=1"], "unknown key 'replies.empathy'"),
    "unknown strategy": (["run", "--strategy", "censur"], "did you mean 'censor'?"),
    "unknown strategies": (
        ["compare", "--strategies", "ignore,publicreply"],
        "did you mean 'public_reply'?",
    ),
    "no strategies": (["compare", "--strategies", ","], "no strategy given"),
    "unknown baseline": (["compare", "--baseline", "nothing"], "nothing"),
    "unknown engine": (["run", "--engine", "messa"], "did you mean 'mesa'?"),
    "unknown outcome": (["compare", "--outcomes", "volumes"], "did you mean 'volume'?"),
    "unknown scenario": (["run", "restaurnt"], "did you mean 'restaurant'?"),
    "unknown node": (["run", "--set", 'complaint.names=["nobody"]'], "nobody"),
    "out of range": (
        ["run", "--set", "reply.empathy=1.4"],
        "reply.empathy is 1.4; expected 0 to 1",
    ),
    "nan": (["run", "--set", "reply.empathy=nan"], "reply.empathy is nan; expected 0 to 1"),
    "infinity": (["run", "--set", "time.horizon=inf"], "time.horizon is inf"),
    "zero customers": (["run", "--set", "network.customers=0"], "network.customers is 0"),
    "no ties": (
        ["run", "--set", "network.kind=random", "--set", "network.customers=1"],
        "customers",
    ),
    "too many complainants": (
        ["run", "--set", "complaint.complainants=6000"],
        "complaint.complainants is 6000; expected at most 5000",
    ),
    "r0 out of reach": (["run", "--set", "joining.r0=500"], "joining.r0 is 500; expected at most"),
    "newer version": (["run", "newer.toml"], "version is 99"),
    "not toml": (["run", "broken.toml"], "broken.toml: not valid TOML"),
    "output folder missing": (["compare", "--figure", "no/such/place.png"], "cannot be written"),
    "figure of unknown kind": (["compare", "--figure", "place.docx"], ".png, .svg, .pdf"),
    "save to a folder": (["run", "--save", "."], "cannot be written"),
    "unknown option": (["compare", "--replicats", "5"], "--replicats"),
    "unknown command": (["compar"], "compar"),
    "not key=value": (["run", "--set", "reply.empathy"], "KEY=VALUE"),
    "directed without a file": (["run", "--directed"], "--network"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_gets_one_sentence_and_status_two(case, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("empty.txt").touch()
    Path("newer.toml").write_text("version = 99\n")
    Path("row.txt").write_text("".join(f"{k} {k + 1}\n" for k in range(9)))
    Path("broken.toml").write_text("version = = 1\n")
    before = sorted(tmp_path.iterdir())
    arguments, expected = BAD[case]
    status, out, err = said(capsys, *arguments)
    assert status == 2
    assert out == ""
    assert expected in err
    assert err.startswith("buzzsim: ")
    assert err.count("\n") == 1, "one sentence"
    assert sorted(tmp_path.iterdir()) == before, "nothing half written"


def test_what_a_terminal_does_not_know_is_spelt_out_and_not_refused(tmp_path):
    (tmp_path / "mt.toml").write_text('title = "\u65e5\u672c \u00e9"\n', encoding="utf-8")
    beside = os.environ | {"PYTHONIOENCODING": "ascii"}
    command = [sys.executable, "-m", "buzzsim", "scenario", "show", "mt.toml"]
    done = subprocess.run(command, cwd=tmp_path, env=beside, capture_output=True, check=True)
    assert b"\\u65e5" in done.stdout


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
def test_a_full_disk_behind_the_output_gets_one_sentence():
    done = subprocess.run(
        f"{sys.executable} -m buzzsim scenario list > /dev/full",
        shell=True,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 2
    assert done.stderr == "buzzsim: the output cannot be written: No space left on device\n"


def test_any_title_or_name_can_be_drawn(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    name = "a/b" + "c" * 300
    wish = ["--set", f'name="{name}"', "--set", r"title='from $5 to $\foo$ \u65e5'"]
    status, out, err = said(
        capsys, "compare", "--seed", 1, "--replicates", 3, "--quiet", *wish, *SMALL
    )
    assert (status, err) == (0, "")
    assert [path.name for path in tmp_path.iterdir()] == [out.split("Figure: ")[1].strip()]


def test_a_network_file_stands_beside_its_scenario(tmp_path, monkeypatch, capsys):
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "ties.csv").write_text("ann,bob\nbob,cem\n")
    wish = '[network]\nkind = "file"\nfile = "ties.csv"\n[joining]\nr0 = 0.01\n'
    (tmp_path / "sub" / "wish.toml").write_text(wish)
    for folder, path in ((tmp_path, "sub/wish.toml"), (tmp_path / "sub", "wish.toml")):
        monkeypatch.chdir(folder)
        assert said(capsys, "scenario", "check", path)[0] == 0


def test_the_command_is_also_a_module():
    done = subprocess.run(
        [sys.executable, "-m", "buzzsim", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("buzzsim ")


def test_a_closed_pipe_is_no_error():
    command = f"{sys.executable} -m buzzsim scenario show default | head -c 1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_changes_are_recorded_wherever_somebody_looks(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    asked = [
        "compare",
        "--set",
        "brand.staff=2",
        "--set",
        "complaint.at_fault=true",
        "--replicates",
        "20",
        "--seed",
        "1",
    ]
    assert main([*asked, "--quiet", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == {
        "complaint.at_fault": True,
        "brand.staff": 2.0,
    }
    assert main([*asked, "--quiet", "--no-figure"]) == 0
    assert "changed: complaint.at_fault = True, brand.staff = 2.0" in capsys.readouterr().out
    assert main(["run", "--set", "brand.staff=inf", "--seed", "1", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["changes"] == {}, "that is the default"
    assert (
        main(["compare", "restaurant", "--replicates", "20", "--seed", "1", "--quiet", "--json"])
        == 0
    )
    assert json.loads(capsys.readouterr().out)["changes"] == {}


def test_a_check_names_the_file_and_takes_its_network(tmp_path, capsys):
    (tmp_path / "mine.toml").write_text('[complaint]\nnames = ["ann"]\n')
    (tmp_path / "n.csv").write_text("".join(f"ann,b{k}\nb{k},c{k}\n" for k in range(30)))
    assert main(["scenario", "check", str(tmp_path / "mine.toml")]) == 2
    assert capsys.readouterr().err.startswith("buzzsim: mine.toml: generated network (")
    assert (
        main(
            [
                "scenario",
                "check",
                str(tmp_path / "mine.toml"),
                "--network",
                str(tmp_path / "n.csv"),
                "--set",
                "joining.r0=0.5",
            ]
        )
        == 0
    )
