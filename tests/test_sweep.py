"""Sweeps: designs, one digest whoever computes, extension, stopping rules, tables, the command."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

import buzzsim as bz
from buzzsim.cli.command import main
from buzzsim.errors import NetworkError, OutputError, ResultError, ScenarioError, SweepError
from buzzsim.files import create_whole, write_whole
from buzzsim.model.strategy import OWN
from buzzsim.study.analysis import paired_interval
from buzzsim.sweep import blocks
from buzzsim.sweep import plan as plan_module
from buzzsim.sweep.plan import BLOCK, Block, Plan, open_plan
from buzzsim.sweep.stopping import StoppingRule
from buzzsim.sweep.work import compute

SMALL = bz.Scenario.load("default").replace(
    {"network.customers": 150, "network.ties": 3, "time.horizon": 12}
)
GRID = bz.Design.product({"reply.empathy": [0.2, 0.8], "brand.staff": [1, 5]})
N = 30


def swept(out, scenario=SMALL, design=GRID, replicates=N, rng=7, jobs=1, run=True, **more):
    """A finished sweep."""
    sweep = bz.Sweep(scenario, design, replicates=replicates, rng=rng, out=out, **more)
    if run:
        sweep.run(jobs, quiet=True)
    return sweep


def contents(folder):
    """Every block's bytes and time by name."""
    return {
        file.name: (file.read_bytes(), file.stat().st_mtime_ns)
        for file in (folder / "blocks").iterdir()
    }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Two blocks for each point, computed by one worker; nobody changes it."""
    return swept(tmp_path_factory.mktemp("undisturbed"), replicates=BLOCK + N)


def test_a_product_holds_every_combination_once_and_the_last_key_changes_fastest():
    assert [tuple(point.values()) for point in GRID.points] == [
        (0.2, 1),
        (0.2, 5),
        (0.8, 1),
        (0.8, 5),
    ]


@pytest.mark.parametrize(
    ("text", "python"),
    [
        ("[design]\nreply.empathy = [0.2, 0.8]\nbrand.staff = [1, 5]", GRID),
        (
            '[design]\n"reply.empathy" = [0.2, 0.8]\nbrand.staff = 2',
            bz.Design.product({"reply.empathy": [0.2, 0.8], "brand.staff": 2}),
        ),
        (
            "[[design]]\nreply.empathy = [0.2]\n[[design]]\nnetwork.customers = [100, 200]",
            bz.Design.product({"reply.empathy": [0.2]})
            + bz.Design.product({"network.customers": [100, 200]}),
        ),
        (
            '[design]\nmethod = "latin_hypercube"\nn = 5\nseed = 3\n'
            "joining.r0 = [0.5, 1.0]\nbrand.staff = 2",
            bz.Design.latin_hypercube({"joining.r0": (0.5, 1.0), "brand.staff": 2}, 5, rng=3),
        ),
        (
            '[design]\nmethod = "sobol"\nn = 8\nseed = 3\n'
            "joining.r0 = [0.5, 1.0]\ncomplaint.anger = [0, 1]",
            bz.Design.sobol({"joining.r0": (0.5, 1.0), "complaint.anger": (0, 1)}, 8, rng=3),
        ),
        (
            '[design]\nmethod = "morris"\nn = 4\nseed = 3\n'
            "joining.r0 = [0.5, 1.0]\ncomplaint.anger = [0, 1]",
            bz.Design.morris({"joining.r0": (0.5, 1.0), "complaint.anger": (0, 1)}, 4, rng=3),
        ),
        ('[design]\nmethod = "csv"\nfile = "points.csv"', GRID),
        (
            '[design]\ncomplaint.names = [["a"], ["b", "c"]]',
            bz.Design.product({"complaint.names": [["a"], ["b", "c"]]}),
        ),
    ],
)
def test_the_text_form_equals_the_python_form(tmp_path, text, python):
    GRID.frame().to_csv(tmp_path / "points.csv", index=False)
    assert bz.Design.from_dict(tomllib.loads(text)["design"], tmp_path) == python
    assert bz.Design.from_dict(python.to_dict()) == python


def test_a_latin_hypercube_has_one_point_in_each_slice():
    frame = bz.Design.latin_hypercube(
        {"joining.r0": (0.5, 1.5), "complaint.anger": (0, 1)}, 50, rng=1
    ).frame()
    for key, low in (("joining.r0", 0.5), ("complaint.anger", 0.0)):
        assert sorted(np.floor((frame[key] - low) * 50).astype(int)) == list(range(50))


def test_sobol_is_balanced_and_wants_a_power_of_two():
    frame = bz.Design.sobol({"reply.empathy": (0, 1), "reply.solution": (0, 1)}, 64, rng=1).frame()
    quarters = (frame > 0.5).value_counts()
    assert set(quarters) == {16}
    with pytest.raises(ScenarioError, match="n is 10; expected a power of two"):
        bz.Design.sobol({"reply.empathy": (0, 1)}, 10, rng=1)


def test_morris_changes_one_key_at_a_time_by_two_thirds_and_each_once():
    keys = ["reply.empathy", "reply.solution", "complaint.anger"]
    cube = (
        bz.Design.morris(dict.fromkeys(keys, (0, 1)), 25, rng=1)
        .frame()[keys]
        .to_numpy()
        .reshape(25, 4, 3)
    )
    steps = np.diff(cube, axis=1)
    assert ((np.abs(steps) > 1e-9).sum(axis=2) == 1).all()
    assert ((np.abs(steps) > 1e-9).sum(axis=1) == 1).all()
    assert np.abs(steps[np.abs(steps) > 1e-9]) == pytest.approx(2 / 3)
    assert set(np.round(3 * cube).astype(int).ravel()) == {0, 1, 2, 3}


def test_whole_numbers_stay_whole_and_reach_both_ends():
    frame = bz.Design.latin_hypercube(
        {"brand.staff": (1, 4), "joining.cap": (1, 3)}, 200, rng=1
    ).frame()
    assert set(frame["brand.staff"]) == {1, 2, 3, 4}
    assert set(frame["joining.cap"]) == {1, 2, 3}


def test_a_dataframe_with_empty_cells_gives_points_of_different_keys():
    frame = pd.DataFrame(
        {
            "reply.empathy": [0.2, None],
            "brand.staff": [None, 5],
            "complaint.at_fault": [True, False],
        }
    )
    assert bz.Design.from_dataframe(frame).points == (
        {"reply.empathy": 0.2, "complaint.at_fault": True},
        {"brand.staff": 5.0, "complaint.at_fault": False},
    )


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: bz.Design.product({"reply.empaty": [1]}), "did you mean 'reply.empathy'"),
        (
            lambda: bz.Design.product({"reply.empathy": [0.2, 1.4]}),
            "point 2: reply.empathy is 1.4; expected 0 to 1",
        ),
        (
            lambda: bz.Design.product({"reply.empathy": []}),
            "reply.empathy is .*; expected at least one value",
        ),
        (lambda: bz.Design.product({"title": ["a", "b"]}), "unknown key 'title'"),
        (lambda: bz.Design.latin_hypercube({"reply.empathy": (0.5, 0.5)}, 3), "low below high"),
        (lambda: bz.Design.latin_hypercube({"brand.staff": (1, np.inf)}, 3), "both finite"),
        (
            lambda: bz.Design.latin_hypercube({"brand.order": ("angriest", "first_come")}, 3),
            "a key of numbers",
        ),
        (
            lambda: bz.Design.latin_hypercube({"reply.empathy": (0, 1)}, 0),
            "n is 0; expected a whole number",
        ),
        (lambda: bz.Design.from_dict({"method": "sobl"}), "did you mean 'sobol'"),
        (
            lambda: bz.Design.from_dict({"method": "sobol", "n": 4, "reply.empathy": [0, 1]}),
            "seed is missing",
        ),
        (lambda: bz.Design.from_csv("nowhere.csv"), "nowhere.csv: cannot be read: No such file"),
        (lambda: bz.Design(()), "has no points"),
        (
            lambda: bz.Design.product({"reply.empathy": [0.2, 0.5, 0.2]}),
            "reply.empathy has the level 0.2 twice; expected each once",
        ),
        (
            lambda: bz.Design.product({"reply": {"empathy": [0.1]}, "reply.empathy": [0.2]}),
            "reply.empathy is given twice, in its table and in one word",
        ),
        (
            lambda: bz.Design.from_dict(
                {"method": "csv", "file": "points.csv", "brand.staff": [1, 5]}
            ),
            "brand.staff stands beside method = 'csv'; expected a column of points.csv instead",
        ),
        (
            lambda: bz.Design.from_dataframe(
                pd.DataFrame([[0.5, 0.6]], columns=["joining.r0", "joining.r0"])
            ),
            "two columns are called 'joining.r0'; expected each key once",
        ),
        (lambda: bz.Design.from_dataframe([1]), "expected a pandas DataFrame"),
    ],
)
def test_a_wrong_design_says_what_is_allowed(make, said):
    with pytest.raises(ScenarioError, match=said):
        make()


def test_a_point_has_the_numbers_of_compare(undisturbed):
    changed = SMALL.replace({"reply.empathy": 0.8, "brand.staff": 5})
    comparison = bz.compare(changed, replicates=BLOCK + N, rng=7, quiet=True)
    table = undisturbed.table("volume")
    mine = table[(table["reply.empathy"] == 0.8) & (table["brand.staff"] == 5)].pivot(
        index="replicate", columns="strategy", values="volume"
    )
    assert (mine[comparison.strategies].to_numpy() == comparison.outcome("volume").to_numpy()).all()
    summary = undisturbed.summary("volume").set_index(["reply.empathy", "brand.staff", "strategy"])
    found = comparison.summary("volume").loc["volume"]
    assert (
        summary.loc[(0.8, 5.0, "censor"), "difference_low"] == found.loc["censor", "difference_low"]
    )


def test_replicates_have_the_same_luck_at_every_point_and_strategy(tmp_path):
    silent = bz.Design.product({"reply.potency": [0.0], "reply.bump": [0.0], "brand.staff": [1, 5]})
    volume = swept(tmp_path, design=silent).results("volume")["volume"].to_numpy().reshape(2, 4, N)
    ignore, reply = 0, 2
    assert (volume[0, ignore] == volume[1, ignore]).all()
    assert (volume[:, ignore] == volume[:, reply]).all()


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_digest_and_every_byte_are_the_same_for_any_number_of_threads(
    tmp_path, undisturbed, jobs
):
    sweep = swept(tmp_path, replicates=BLOCK + N, jobs=jobs)
    assert sweep.digest() == undisturbed.digest()
    theirs = contents(undisturbed.directory)
    assert {name: content for name, (content, _) in contents(tmp_path).items()} == {
        name: theirs[name][0] for name in theirs
    }


def test_shards_in_any_order_make_the_whole(tmp_path, undisturbed):
    for i in (3, 1, 2):
        status = swept(tmp_path, replicates=BLOCK + N, run=False).run(1, shard=(i, 3))
    assert status.finished
    assert bz.Sweep.load(tmp_path).digest() == undisturbed.digest()


def test_any_executor_will_do(tmp_path, undisturbed):
    class AtOnce:
        """Computes when asked, and says so later."""

        def submit(self, function, *arguments):
            future = Future()
            future.set_result(function(*arguments))
            return future

    sweep = swept(tmp_path, replicates=BLOCK + N, run=False)
    sweep.run(executor=AtOnce(), quiet=True)
    assert sweep.digest() == undisturbed.digest()


def test_the_digest_tells_a_changed_number(tmp_path, undisturbed):
    assert swept(tmp_path, rng=8, replicates=BLOCK + N).digest() != undisturbed.digest()


def damage_cut(file):
    file.write_bytes(file.read_bytes()[:-100])


def damage_empty(file):
    file.write_bytes(b"")


def damage_bit(file):
    content = bytearray(file.read_bytes())
    content[40] ^= 1  # within the first page; what the end says of names is looked at another way
    file.write_bytes(content)


def damage_name(file):
    content = file.read_bytes()
    place = content.index(
        b"strategy"
    )  # in the list of columns at the end, which no checksum covers
    file.write_bytes(content[:place] + b"t" + content[place + 1 :])


def damage_gone(file):
    file.unlink()


def damage_other(file):
    """Another block's file under this one's name."""
    others = sorted(set(file.parent.iterdir()) - {file})
    shutil.copy(others[0], file)


@pytest.mark.parametrize("hourly", [None, "bands"])
@pytest.mark.parametrize(
    "damage", [damage_cut, damage_empty, damage_bit, damage_name, damage_gone, damage_other]
)
def test_a_damaged_block_is_computed_again_and_no_other(tmp_path, damage, hourly):
    sweep = swept(tmp_path, hourly=hourly)
    digest, before = sweep.digest(), contents(tmp_path)
    file = sorted((tmp_path / ("hourly" if hourly else "blocks")).iterdir())[1]
    good = file.read_bytes()
    damage(file)
    again = swept(tmp_path, hourly=hourly)
    after = contents(tmp_path)
    assert again.digest() == digest
    assert file.read_bytes() == good
    assert {name for name in before if after[name][1] != before[name][1]} == {file.name}


def test_reading_a_damaged_block_says_what_to_do(tmp_path):
    sweep = swept(tmp_path)
    damage_bit(sorted((tmp_path / "blocks").iterdir())[0])
    with pytest.raises(SweepError, match="run the sweep again"):
        sweep.table()


def test_a_block_whose_columns_have_other_names_is_not_finished(tmp_path):
    sweep = swept(tmp_path)
    damage_name(sorted((tmp_path / "blocks").iterdir())[0])
    assert sweep.status().missing == 1
    with pytest.raises(
        SweepError, match="other names or types than they were written with; run the sweep again"
    ):
        blocks.read(tmp_path, Block(min(sweep.plan.points), 0, N))


def test_a_block_that_two_compute_is_never_gone(tmp_path, monkeypatch):
    sweep = swept(tmp_path, hourly="bands")
    block = Block(min(sweep.plan.points), 0, N)
    write = blocks.write_hourly

    def watched(*arguments):
        write(*arguments)
        assert blocks.failures(tmp_path, sweep.plan, block) == 0

    monkeypatch.setattr(blocks, "write_hourly", watched)
    before = contents(tmp_path)
    compute(str(tmp_path), block)
    assert {name: content for name, (content, _) in contents(tmp_path).items()} == {
        name: content for name, (content, _) in before.items()
    }


def test_hours_of_another_try_are_not_taken_for_this_one(tmp_path):
    sweep = swept(tmp_path, hourly="bands")
    block = Block(min(sweep.plan.points), 0, N)
    hours = blocks.read(tmp_path, block, folder=blocks.HOURS)
    blocks.write_hourly(
        tmp_path,
        sweep.plan,
        block,
        np.zeros((N, 4, 12), np.int32),
        [None, "it fell over", None, None],
    )
    assert blocks.failures(tmp_path, sweep.plan, block) is None
    assert sweep.status().missing == 1
    sweep.run(1, quiet=True)
    assert blocks.read(tmp_path, block, folder=blocks.HOURS).equals(hours)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"scenario": SMALL.replace({"reply.bump": 0.1})}, "reply.bump was 0.5 and is 0.1"),
        ({"rng": 8}, "seed was 7 and is 8"),
        ({"strategies": ["censor"]}, "strategies was ignore, censor, .* and is ignore, censor"),
        ({"hourly": "whole"}, "hourly was '' and is 'whole'"),
    ],
)
def test_another_sweep_is_refused_and_the_difference_said(tmp_path, more, said):
    swept(tmp_path)
    with pytest.raises(SweepError, match=f"holds another sweep: {said}; expected the same"):
        swept(tmp_path, **more)


@pytest.mark.parametrize(
    ("key", "said"),
    [("buzzsim", r"buzzsim 9\S* \(sources \w+\)"), ("sources", r"buzzsim \S+ \(sources 9\w+\)")],
)
def test_another_version_is_refused_and_so_are_other_rules_of_the_same(tmp_path, key, said):
    swept(tmp_path)
    file = tmp_path / "sweep.toml"
    file.write_text(file.read_text().replace(f'{key} = "', f'{key} = "9'))
    with pytest.raises(SweepError, match=f"it was begun with {said}, and this is buzzsim"):
        swept(tmp_path)
    begun = bz.Sweep.load(tmp_path)  # it may be looked at, not worked on
    with pytest.raises(SweepError, match=f"it was begun with {said}"):
        begun.run(1)
    with pytest.raises(
        SweepError, match=f"was begun with {said}; expected the same on every machine"
    ):
        compute(str(tmp_path), Block(next(iter(begun.plan.points)), 0, N))
    file.write_text(file.read_text().replace("format = 2", "format = 3"))
    with pytest.raises(SweepError, match="format is 3; expected 2"):
        bz.Sweep.load(tmp_path)


def test_a_network_file_is_known_by_its_content(tmp_path):
    ties = "".join(f"{i} {(i + step) % 60}\n" for i in range(60) for step in (1, 2, 7))
    (tmp_path / "here.txt").write_text(ties)
    scenario = SMALL.replace({"network.kind": "file", "network.file": str(tmp_path / "here.txt")})
    sweep = swept(tmp_path / "out", scenario)
    digest = sweep.digest()
    (tmp_path / "here.txt").rename(tmp_path / "there.txt")
    moved = SMALL.replace({"network.kind": "file", "network.file": str(tmp_path / "there.txt")})
    assert swept(tmp_path / "out", moved).digest() == digest
    (tmp_path / "there.txt").write_text(ties + "0 30\n")
    with pytest.raises(SweepError, match=r"network\.file was"):
        swept(tmp_path / "out", moved)
    with pytest.raises(NetworkError, match="cannot be read"):
        swept(tmp_path / "out", scenario)


def test_a_point_that_cannot_be_simulated_is_rows_with_its_error(tmp_path):
    sweep = swept(tmp_path, design={"joining.r0": [0.9, 1000.0]})
    status, table = sweep.status(), sweep.table()
    assert (status.finished, status.failed) == (True, 1)
    failed = table[table["joining.r0"] == 1000.0]
    assert failed["error"].str.contains("joining.r0").all()
    assert failed["volume"].isna().all()
    assert table.loc[table["joining.r0"] == 0.9, "error"].isna().all()
    before = contents(tmp_path)
    assert swept(tmp_path, design={"joining.r0": [0.9, 1000.0]}).digest() == sweep.digest()
    assert contents(tmp_path) == before


def test_what_failed_is_computed_anew_when_asked(tmp_path):
    class Clumsy:
        mended = False

        def decide(self, case, draw):
            return "public_reply" if Clumsy.mended else "publik_reply"

    bz.register_strategy("clumsy", Clumsy)
    wish = {"network.customers": 200, "brand.coverage": 1.0}
    asked = {"replicates": 4, "rng": 1, "out": tmp_path, "strategies": ["clumsy"]}
    sweep = bz.Sweep(bz.Scenario().replace(wish), {"joining.r0": [0.5, 0.9]}, **asked)
    assert sweep.run(1, quiet=True).failed == 2
    told = sweep.table().set_index("strategy")["error"]
    assert told["clumsy"].str.contains("did you mean 'public_reply'").all()
    assert told["ignore"].isna().all()
    assert sweep.run(1, quiet=True).failed == 2, "finished is finished"
    Clumsy.mended = True
    status = sweep.run(1, retry=True, quiet=True)
    assert (status.failed, status.finished) == (0, True)
    assert sweep.table()["volume"].notna().all()
    del OWN["clumsy"]


def test_a_strategy_with_other_lines_is_another_sweep(tmp_path):
    def go(cls, **how):
        bz.register_strategy("mine", cls)
        wish = bz.Scenario().replace({"network.customers": 200})
        return bz.Sweep(
            wish, {"joining.r0": [0.5]}, replicates=4, rng=1, out=tmp_path, strategies=["mine"]
        ).run(1, quiet=True, **how)

    class Mine:
        def decide(self, case, draw):
            return "ignore"

    first = Mine

    class Mine:
        def decide(self, case, draw):  # a comment is no change
            return "ignore"

    same = Mine

    class Mine:
        def decide(self, case, draw):
            return "censor"

    try:
        go(first)
        assert go(same).finished
        with pytest.raises(
            SweepError,
            match="strategy mine was changed since the sweep began; expected the same lines",
        ):
            go(Mine)
        assert go(Mine, retry=True).finished
        bz.Sweep.load(tmp_path).run(1, quiet=True)
    finally:
        del OWN["mine"]


def test_a_strategy_that_a_process_does_not_know_is_not_the_points_fault(tmp_path):
    bz.register_strategy("mine", type("Mine", (), {"decide": lambda self, case, draw: "ignore"}))
    sweep = bz.Sweep(
        SMALL, {"joining.r0": [0.5]}, replicates=4, rng=1, out=tmp_path, strategies=["mine"]
    )
    blocks.prepare(tmp_path)
    (tmp_path / "sweep.toml").write_text(sweep.plan.to_toml())
    del OWN["mine"]  # as in a process of its own
    with pytest.raises(
        SweepError,
        match="strategy mine is not known in this process; expected threads, or a package",
    ):
        compute(str(tmp_path), Block(*[*sweep.plan.points][:1], 0, 4))
    assert not list(tmp_path.glob("blocks/*.parquet"))


def test_a_directory_that_cannot_be_made_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        swept(tmp_path / "file" / "out")
    with pytest.raises(SweepError, match="expected the directory of a sweep"):
        bz.Sweep.load(tmp_path)


def test_a_damaged_plan_is_one_sentence(tmp_path):
    swept(tmp_path)
    (tmp_path / "sweep.toml").write_text("format = 2\n")
    with pytest.raises(SweepError, match="not the plan of a sweep"):
        bz.Sweep.load(tmp_path)


def test_the_plan_survives_its_file(tmp_path):
    design = (
        GRID
        + bz.Design.product({"brand.staff": [np.inf], "network.kind": ["small_world"]})
        + bz.Design(({}, {}))
    )
    swept(tmp_path, design=design, rng=2**200 + 1, run=False).run(1)
    plan = open_plan(tmp_path)
    assert plan.entropy == 2**200 + 1
    assert Plan.from_toml(plan.to_toml(), "text") == plan
    assert len(plan.points) == 4 + 1 + 1  # the two empty ones are one


def test_more_replicates_levels_and_keys_touch_nothing_that_is_finished(tmp_path):
    swept(tmp_path)
    before = contents(tmp_path)
    wide = bz.Design.product(
        {"reply.empathy": [0.2, 0.5, 0.8], "brand.staff": [1, 5], "complaint.anger": [0.8, 0.4]}
    )
    extended = swept(tmp_path, design=wide, replicates=2 * N)
    after = contents(tmp_path)
    assert {name: after[name] for name in before} == before
    assert len(after) == 12 + 12
    other = swept(tmp_path.parent / "at-once", design=wide, replicates=2 * N)
    assert extended.digest() == other.digest()


def test_fewer_replicates_are_a_view_of_what_is_there(tmp_path):
    digest = swept(tmp_path / "few").digest()
    swept(tmp_path / "many", replicates=3 * N)
    before = contents(tmp_path / "many")
    few = swept(tmp_path / "many")
    assert contents(tmp_path / "many") == before
    assert few.digest() == digest
    assert len(few.table()) == 4 * 4 * N
    assert bz.Sweep.load(tmp_path / "many").plan.replicates == 3 * N


def test_fresh_luck_is_recorded_and_taken_up_again(tmp_path):
    first = swept(tmp_path, rng=None)
    again = swept(tmp_path, rng=None, replicates=2 * N)
    assert first.plan.entropy == again.plan.entropy
    assert swept(tmp_path.parent / "other", rng=None, run=False).plan.entropy != first.plan.entropy


def test_a_rule_stops_each_point_as_soon_as_it_holds(tmp_path):
    design = bz.Design.product({"reply.empathy": [0.3, 1.0], "joining.r0": [0.3, 1.1]})
    sweep = swept(tmp_path, design=design, run=False)
    rule = "ci95 of reach difference < 0.008"
    status = sweep.run(2, until=rule, max_replicates=6 * BLOCK)
    assert status.finished
    used = status.replicates
    assert len(set(used.values())) > 1
    for name, point in sweep.plan.points.items():
        values = (
            bz.compare(point.scenario, replicates=used[name], rng=7, quiet=True)
            .outcome("reach")
            .to_numpy()
        )
        assert used[name] == 6 * BLOCK or StoppingRule.of(rule).holds(values, 7)
        ends = [last for _, last in sweep.plan.spans if last < used[name]]
        assert not any(StoppingRule.of(rule).holds(values[:end], 7) for end in ends)
    digest, before = sweep.digest(), contents(tmp_path)
    again = bz.Sweep.load(tmp_path)
    assert again.run(1).finished
    assert (again.digest(), contents(tmp_path)) == (digest, before)
    shutil.rmtree(tmp_path)
    for i in (2, 1):
        status = swept(tmp_path, design=design, run=False).run(
            1, shard=(i, 2), until=rule, max_replicates=6 * BLOCK
        )
    assert status.finished
    assert bz.Sweep.load(tmp_path).digest() == digest


def test_pairs_that_never_differ_do_not_make_a_rule_sure_at_once():
    assert StoppingRule.of("ci95 of reach difference < 0.01").half_widths(
        np.zeros((250, 2)), 1
    ) == pytest.approx(3 / 250)
    low, high = paired_interval(np.zeros(250))
    assert StoppingRule.of("ci95 of firestorm difference < 0.01").half_widths(
        np.zeros((250, 2)), 1
    ) == pytest.approx((high - low) / 2)
    assert not StoppingRule.of("ci95 of firestorm difference < 0.01").holds(
        np.full((10**4, 2), np.nan), 1
    )


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ("ci95 of reech difference < 0.01", "did you mean 'reach'"),
        ("reach < 0.01", "expected 'ci95 of OUTCOME difference < NUMBER'"),
        ("ci95 of reach difference < -1", "a number above 0"),
        ("ci95 of reach difference < much", "a number above 0"),
    ],
)
def test_a_wrong_rule_says_what_is_allowed(tmp_path, rule, said):
    with pytest.raises(ScenarioError, match=said):
        swept(tmp_path, run=False).run(until=rule)


def test_a_maximum_needs_a_rule(tmp_path):
    with pytest.raises(
        ScenarioError, match="max_replicates is 20; expected only together with until"
    ):
        swept(tmp_path, run=False).run(max_replicates=20)


def test_a_table_saved_with_its_index_says_how_to_leave_it_out(tmp_path):
    pd.DataFrame(GRID.points).to_csv(tmp_path / "points.csv")
    with pytest.raises(
        ScenarioError, match=r"points.csv: the first column has no name; .*index=False"
    ):
        bz.Design.from_csv(tmp_path / "points.csv")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "reply.empathy,brand.staf\n0.5,2\n",
            r"points.csv, row 1: unknown key 'brand.staf'; did you mean 'brand.staff'",
        ),
        (
            "reply.empathy,brand.staff\n0.5,2\n1.5,3\n",
            r"points.csv, row 2: reply.empathy is 1.5; expected 0 to 1",
        ),
        (
            "reply.empathy;brand.staff\n0,5;2\n",
            r"points.csv: the columns are parted by semicolons or tabs; expected commas",
        ),
        (
            "reply.empathy,joining.r0\n0.2,0.9,\n0.8,0.7,\n",
            r"points.csv: its rows have more cells than its header has keys",
        ),
        (
            "reply.empathy,joining.r0\n0.2,0.9,1\n0.8,0.7,1\n",
            r"points.csv: its rows have more cells than its header has keys",
        ),
        (
            "reply.empathy,joining.r0\n0.2,0.9\n,\n",
            r"points.csv, row 2: is empty; expected a value for at least one key",
        ),
        ("reply.empathy,joining.r0\n", r"points.csv: has no rows; expected one for each point"),
        (
            "reply.empathy\tbrand.staff\n0.5\t2\n",
            r"points.csv: the columns are parted by semicolons or tabs; expected commas",
        ),
    ],
)
def test_a_wrong_table_names_its_file_and_row(tmp_path, text, said):
    (tmp_path / "points.csv").write_text(text)
    with pytest.raises(ScenarioError, match=said):
        bz.Design.from_csv(tmp_path / "points.csv")


def test_a_sweep_stays_where_it_was_begun(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sweep = swept("here", run=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert sweep.run(1, quiet=True).finished
    assert (tmp_path / "here" / "sweep.toml").is_file()


def test_a_table_of_points_is_read_back_with_its_names(tmp_path):
    GRID.frame().to_csv(tmp_path / "points.csv")
    assert bz.Design.from_csv(tmp_path / "points.csv") == GRID
    sweep = swept(tmp_path / "sweep")
    assert bz.Design.from_dataframe(pd.read_parquet(sweep.directory / "points.parquet")) == GRID


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        (
            f"replicates = {N}",
            "replicates = -5",
            "replicates is -5; expected a whole number from 1 to",
        ),
        ("block = 250", "block = 0", "replicates is 0; expected a whole number from 1 to"),
        ('entropy = "7"', 'entropy = "-7"', "not the plan of a sweep, or cut off"),
        ('hourly = ""', 'hourly = "x"', "not the plan of a sweep, or cut off"),
        ("stages = [\n    30,\n]", "stages = []", "not the plan of a sweep, or cut off"),
        ("format = 2", "", "not the plan of a sweep, or cut off: format is missing"),
        ("points = 4", "points = 5", "not the plan of a sweep, or cut off: it has 4 of 5 points"),
    ],
)
def test_an_edited_plan_is_checked(tmp_path, was, now, said):
    swept(tmp_path, run=False).run(1, quiet=True, shard=(10_000, 10_000))
    file = tmp_path / "sweep.toml"
    text = file.read_text()
    assert was in text
    file.write_text(text.replace(was, now))
    with pytest.raises((ScenarioError, SweepError), match=said):
        open_plan(tmp_path)


def test_keys_of_one_section_stand_together_in_both_forms():
    ranges = {"reply.empathy": [0, 1], "joining.r0": [0.5, 1.0], "reply.explanation": [0, 1]}
    text = "\n".join(f"{key} = {value}" for key, value in ranges.items())
    file = tomllib.loads(f'method = "latin_hypercube"\nn = 3\nseed = 5\n{text}')
    assert bz.Design.from_dict(file).points == bz.Design.latin_hypercube(ranges, 3, rng=5).points
    assert bz.Design.from_dict(tomllib.loads(text)).points == bz.Design.product(ranges).points


def test_a_point_that_fails_ends_under_a_rule_too(tmp_path):
    sweep = bz.Sweep(SMALL, {"joining.r0": [0.9, 1000.0]}, replicates=20, rng=1, out=tmp_path)
    status = sweep.run(1, until="ci95 of reach difference < 1e-9", max_replicates=600, quiet=True)
    assert sorted(status.replicates.values()) == [20, 600]
    assert status.finished


def test_points_that_end_before_their_rule_holds_are_told(tmp_path):
    sweep = swept(tmp_path, design={"reply.empathy": [0.3, 1.0]}, run=False)
    rule = "ci95 of reach difference < 1e-9"
    for most in (2 * BLOCK, BLOCK):  # the last maximum counts, for `status` too
        status = sweep.run(1, until=rule, max_replicates=most, quiet=True)
        assert status == bz.Sweep.load(tmp_path).status()
        assert status.finished
        assert set(status.unsure) == set(sweep.plan.points)
        assert set(status.replicates.values()) == {most}
        assert f"; 2 of 2 points ended at {most} replicates before the rule held" in str(status)
    kept = contents(tmp_path)
    assert (
        sweep.run(
            1, until="ci95 of reach difference < 1", max_replicates=2 * BLOCK, quiet=True
        ).unsure
        == ()
    )
    assert contents(tmp_path) == kept


def test_a_rule_hides_no_replicates_that_were_asked_for_plainly(tmp_path):
    swept(tmp_path)
    swept(tmp_path, replicates=BLOCK)
    status = swept(tmp_path, run=False).run(
        1, until="ci95 of reach difference < 1e-9", max_replicates=N + 5, quiet=True
    )
    assert set(status.replicates.values()) == {N + 5}
    found = bz.Sweep.load(tmp_path)
    assert (
        found.table("volume").groupby(["point", "strategy"], observed=True).size().eq(BLOCK).all()
    )
    assert set(found.status().replicates.values()) == {BLOCK}


def test_another_rule_keeps_the_maximum_of_the_file(tmp_path):
    file = tmp_path / "s.toml"
    file.write_text(
        'until = "ci95 of reach difference < 0.5"\nmax_replicates = 60\n'
        "replicates = 20\nseed = 1\n[design]\n"
    )
    sweep = bz.Sweep.from_file(file)
    assert sweep.run(1, until="ci95 of reach difference < 1e-9", quiet=True).runs == 4 * 60


def test_fewer_keys_for_the_same_points_leave_the_directory_as_it_reads(tmp_path):
    staff = SMALL.brand.staff
    swept(tmp_path, design={"reply.empathy": [0.2, 0.8], "brand.staff": [staff, 5]})
    before = bz.Sweep.load(tmp_path).results("volume")
    swept(tmp_path, design={"reply.empathy": [0.2, 0.8]})
    assert bz.Sweep.load(tmp_path).results("volume").equals(before)
    points = pd.read_parquet(tmp_path / "points.parquet")
    assert sorted(points["brand.staff"].unique()) == sorted([5.0, staff])


def test_points_of_unequal_designs_have_every_value_in_their_file(tmp_path):
    swept(
        tmp_path,
        design=bz.Design.product({"reply.empathy": [0.2]})
        + bz.Design.product({"brand.staff": [5]}),
    )
    points = pd.read_parquet(tmp_path / "points.parquet")
    assert points["reply.empathy"].tolist() == [0.2, SMALL.reply.empathy]
    assert points["brand.staff"].tolist() == [SMALL.brand.staff, 5.0]


def test_a_level_added_between_others_stands_between_them(tmp_path):
    swept(tmp_path, design={"reply.empathy": [0.2, 0.8]})
    asked = swept(tmp_path, design={"reply.empathy": [0.2, 0.5, 0.8]}).results("volume")
    found = bz.Sweep.load(tmp_path).results("volume")
    assert found.equals(asked)
    assert found.sel({"reply.empathy": slice(0.2, 0.8)}).sizes["reply.empathy"] == 3


def test_rows_of_trajectories_find_their_points(tmp_path):
    design = bz.Design.morris({"reply.empathy": (0, 1), "joining.r0": (0.5, 1.2)}, 6, rng=1)
    sweep = swept(tmp_path, design=design, replicates=5)
    rows = design.frame().merge(sweep.summary("volume"), on=design.keys, how="left")
    assert len(sweep.plan.points) < len(design) == len(rows) / 4
    assert rows["mean"].notna().all()


def test_tables_of_nothing_have_their_columns(tmp_path, capsys):
    sweep = swept(tmp_path, run=False)
    with pytest.raises(ScenarioError):
        sweep.run(until="never")
    sweep.run(1, shard=(10_000, 10_000), quiet=True)
    assert {"outcome", "mean", "p_worse"} <= set(sweep.summary().columns)
    assert main(["sweep", "table", str(tmp_path), "--format", "csv", "--outcomes", "volume"]) == 0
    assert (
        capsys.readouterr().out
        == "point,reply.empathy,brand.staff,strategy,replicate,volume,error\n"
    )


def test_a_plan_is_no_sweep_file(tmp_path):
    swept(tmp_path, run=False).run(1, shard=(10_000, 10_000), quiet=True)
    with pytest.raises(
        SweepError,
        match=r"sweep\.toml: the plan of a sweep, .*; expected its directory instead",
    ):
        bz.Sweep.from_file(tmp_path / "sweep.toml")


def test_results_opened_before_the_end_keep_their_length(tmp_path):
    pytest.importorskip("dask")
    sweep = swept(tmp_path, replicates=2 * BLOCK, run=False)
    sweep.run(1, shard=(1, 2), quiet=True)
    opened = sweep.results("volume", lazy=True)
    sweep.run(1, quiet=True)
    assert opened.sizes["replicate"] == BLOCK
    assert opened["volume"].notnull().all()


def test_a_maximum_below_what_was_asked_for_is_refused(tmp_path):
    with pytest.raises(
        ScenarioError,
        match=r"max_replicates is 5; expected 30 or more, the replicates first asked for",
    ):
        swept(tmp_path, run=False).run(until="ci95 of reach difference < 0.1", max_replicates=5)


def test_fewer_replicates_are_a_view_of_the_hours_too(tmp_path):
    many, few = {"replicates": 40, "hourly": "whole"}, {"replicates": 15, "hourly": "whole"}
    asked = {"rng": 1, "strategies": ["ignore"]}
    bz.Sweep(SMALL, {"joining.r0": [0.9]}, out=tmp_path / "whole", **many, **asked).run(
        1, quiet=True
    )
    view = bz.Sweep(SMALL, {"joining.r0": [0.9]}, out=tmp_path / "whole", **few, **asked)
    alone = bz.Sweep(SMALL, {"joining.r0": [0.9]}, out=tmp_path / "alone", **few, **asked)
    alone.run(1, quiet=True)
    pd.testing.assert_frame_equal(view.hourly(), alone.hourly())
    bz.Sweep(
        SMALL, {"joining.r0": [0.9]}, out=tmp_path / "bands", replicates=40, hourly="bands", **asked
    ).run(1, quiet=True)
    with pytest.raises(SweepError, match="keeps bands of all 40 replicates, not of 15 of them"):
        bz.Sweep(
            SMALL,
            {"joining.r0": [0.9]},
            out=tmp_path / "bands",
            replicates=15,
            hourly="bands",
            **asked,
        ).hourly()


def test_network_files_of_a_design_are_seen_from_the_sweeps_folder(tmp_path, monkeypatch):
    for folder, ties in (("asked", 60), ("elsewhere", 10)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "ties.txt").write_text("".join(f"{k} {k + 1}\n" for k in range(ties)))
    (tmp_path / "asked" / "s.toml").write_text(
        "replicates = 2\nseed = 1\n[scenario]\njoining.share_probability = 0.1\n[design]\n"
        'network.kind = ["file"]\nnetwork.file = ["ties.txt"]\n'
    )
    monkeypatch.chdir(tmp_path / "elsewhere")
    (point,) = bz.Sweep.from_file("../asked/s.toml").plan.points.values()
    assert Path(point.scenario.network.file).resolve() == tmp_path / "asked" / "ties.txt"


def test_names_of_any_kind_may_be_varied(tmp_path):
    ties = tmp_path / "ties.txt"
    ties.write_text("Mara Ben\nBen 3\n3 Mara\n")
    scenario = bz.Scenario().replace(
        {"network.kind": "file", "network.file": str(ties), "joining.share_probability": 0.1}
    )
    sweep = bz.Sweep(
        scenario,
        {"complaint.names": [["Mara"], ["Ben", "Mara"]]},
        replicates=2,
        rng=1,
        out=tmp_path / "out",
    )
    assert sweep.run(1, quiet=True).failed == 0
    assert pd.read_parquet(sweep.directory / "points.parquet")["complaint.names"].tolist() == [
        "['Mara']",
        "['Ben', 'Mara']",
    ]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("replicates = 0", "s.toml: replicates is 0; expected a whole number from 1 to"),
        ('strategies = ["cencor"]', "s.toml: unknown strategy 'cencor'; did you mean 'censor'"),
        ('until = "x"', "s.toml: until is 'x'"),
        ('seed = "x"', "s.toml: seed is 'x'"),
    ],
)
def test_errors_of_a_file_name_the_file(tmp_path, line, said):
    (tmp_path / "s.toml").write_text(f"{line}\n[design]\njoining.r0 = [0.5]\n")
    with pytest.raises(bz.BuzzsimError, match=re.escape(said)):
        bz.Sweep.from_file(tmp_path / "s.toml")


def test_drivers_that_extend_at_the_same_moment_are_joined(tmp_path, monkeypatch):
    """The second looked before the first wrote, and writes after it."""
    swept(tmp_path, run=False, design=bz.Design.product({"joining.r0": [0.5]})).run(1, quiet=True)
    first = swept(tmp_path, run=False, design=bz.Design.product({"joining.r0": [0.5, 0.6]}))
    second = swept(tmp_path, run=False, design=bz.Design.product({"joining.r0": [0.5, 0.7]}))
    write, waiting = plan_module.write_whole, [second.plan.to_toml().encode()]

    def late(path, content):
        write(path, content)
        if waiting:
            write(path, waiting.pop())

    monkeypatch.setattr(plan_module, "write_whole", late)
    assert first.run(1, quiet=True).finished
    joined = open_plan(tmp_path)
    assert sorted(point.changes["joining.r0"] for point in joined.points.values()) == [
        0.5,
        0.6,
        0.7,
    ]


def test_many_drivers_that_extend_at_once_lose_nothing(tmp_path):
    swept(tmp_path, run=False, design=bz.Design.product({"joining.r0": [0.5]})).run(1, quiet=True)
    levels = [0.51, 0.52, 0.53, 0.54, 0.55, 0.56]
    drivers = [
        swept(tmp_path, run=False, design=bz.Design.product({"joining.r0": [0.5, level]}))
        for level in levels
    ]
    with ThreadPoolExecutor(len(drivers)) as pool:
        assert all(
            status.finished
            for status in pool.map(lambda driver: driver.run(1, quiet=True), drivers)
        )
    assert {point.changes["joining.r0"] for point in open_plan(tmp_path).points.values()} == {
        0.5,
        *levels,
    }


def test_threads_leave_the_umask_alone(tmp_path):
    before = os.umask(0o027)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda k: write_whole(tmp_path / f"f{k}", b"x"), range(200)))
        assert os.umask(0o027) == 0o027
    finally:
        os.umask(before)
    assert {file.stat().st_mode & 0o777 for file in tmp_path.iterdir()} == {0o640}


def test_a_key_that_some_points_leave_unset_is_a_column_of_numbers(tmp_path):
    design = bz.Design.product({"joining.share_probability": [0.1]}) + bz.Design.product(
        {"reply.empathy": [0.3]}
    )
    sweep = bz.Sweep(
        SMALL, design, replicates=2, rng=1, out=tmp_path / "out", strategies=["censor"]
    )
    sweep.run(1, quiet=True)
    assert (
        main(
            [
                "sweep",
                "table",
                str(sweep.directory),
                "--format",
                "parquet",
                "--to",
                str(tmp_path / "x.parquet"),
            ]
        )
        == 0
    )
    column = pd.read_parquet(tmp_path / "x.parquet")["joining.share_probability"]
    assert column.dtype == float
    assert column.isna().sum() == len(column) // 2


@pytest.mark.parametrize("outcomes", [[], 5, [["reach"]]])
def test_outcomes_that_are_none_are_refused(undisturbed, outcomes):
    for view in (undisturbed.table, undisturbed.results):
        with pytest.raises(ResultError, match="sweep: "):
            view(outcomes)
    assert list(undisturbed.table(["reach", "reach"]).columns).count("reach") == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: bz.Design.product({"reply.empathy": [[0.2], [0.8]]}),
        lambda: bz.Design.product({"reply.empathy": np.ones((2, 2))}),
        lambda: bz.Design.latin_hypercube({"reply.empathy": [[0], [1, 2]]}, 4, rng=1),
        lambda: bz.Design(None),
        lambda: bz.Design(3),
    ],
)
def test_shapes_that_are_no_design_are_refused(make):
    with pytest.raises(ScenarioError, match="expected"):
        make()


def test_a_rule_needs_something_to_compare(tmp_path):
    sweep = bz.Sweep(
        SMALL, {"joining.r0": [0.5]}, replicates=5, rng=1, out=tmp_path, strategies=["ignore"]
    )
    with pytest.raises(ScenarioError, match="only together with a strategy beside the baseline"):
        sweep.run(until="ci95 of reach difference < 0.1")


def test_a_file_that_cannot_be_made_says_why(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(OutputError, match="Permission denied"):
        write_whole(tmp_path / "x", b"")


class Fragile:
    """Fails where an angry post comes up, else does nothing."""

    def decide(self, case, draw):
        return "ignore" if case.anger < 0.79 else "neverr"


@pytest.fixture
def half_failed(tmp_path):
    bz.register_strategy("fragile", Fragile)
    scenario = bz.Scenario().replace({"network.customers": 200, "brand.coverage": 1.0})
    design = {"complaint.anger": [0.5, 0.8]}
    names = ["ignore", "fragile", "public_reply"]
    sweep = bz.Sweep(
        scenario,
        design,
        replicates=20,
        rng=1,
        out=tmp_path / "out",
        strategies=names,
        hourly="bands",
    )
    sweep.run(1, quiet=True)
    yield sweep
    OWN.pop("fragile", None)


def test_a_table_never_holds_two_strategies_under_one_name(half_failed):
    class Other:
        def decide(self, case, draw):
            return "censor"

    assert (
        half_failed.table("deleted_posts").set_index("strategy")["deleted_posts"]["fragile"].sum()
        == 0
    )
    OWN["fragile"] = Other
    sweep = bz.Sweep.load(half_failed.directory)
    assert sweep.run(1, retry=True, quiet=True).failed == 0
    deleted = sweep.table("deleted_posts").set_index(["point", "strategy"])["deleted_posts"]
    assert (deleted.groupby(level=[0, 1]).sum().xs("fragile", level=1) > 0).all()


def test_a_strategy_that_cannot_be_made_fails_alone(tmp_path):
    def without(self):
        raise FileNotFoundError(2, "No such file or directory", "model.pkl")

    bz.register_strategy(
        "mine", type("Mine", (), {"__init__": without, "decide": lambda self, case, draw: None})
    )
    sweep = bz.Sweep(
        SMALL, {"joining.r0": [0.5]}, replicates=3, rng=1, out=tmp_path, strategies=["mine"]
    )
    sweep.run(1, quiet=True)
    del OWN["mine"]
    told = sweep.table("volume").set_index("strategy")["error"]
    assert told["mine"].str.contains("strategy mine cannot be made: FileNotFoundError").all()
    assert told["ignore"].isna().all()


def test_processes_that_cannot_begin_say_what_they_need(tmp_path):
    script = (
        "import buzzsim as bz\n"
        "small = bz.Scenario().replace({'network.customers': 50})\n"
        "bz.Sweep(small, {'reply.empathy': [0.2]}, replicates=2, rng=1,\n"
        f"    out={str(tmp_path / 'out')!r}).run(2, executor='processes', quiet=True)\n"
    )
    (tmp_path / "script.py").write_text(script)
    done = subprocess.run(
        [sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "no worker could begin; processes need a script that is a file" in done.stderr


def test_a_strategy_that_fails_takes_no_other_with_it(half_failed):
    table = half_failed.table("volume")
    failed = table["error"].notna()
    assert 0 < failed.sum() < 20 * 6
    assert set(table.loc[failed, "strategy"]) == {"fragile"}
    assert table.loc[failed, "volume"].isna().all()
    assert table.loc[~failed, "volume"].notna().all()
    assert half_failed.status().failed > 0


def test_runs_that_failed_have_no_hours(half_failed):
    counted = half_failed.hourly().groupby(["point", "strategy"])["replicates"].first()
    table = half_failed.table("volume")
    sound = table[table["error"].isna()].groupby(["point", "strategy"]).size()
    assert counted.to_dict() == sound.to_dict()


def test_the_digest_of_failures_is_the_same_in_every_process(half_failed):
    ask = "import sys, buzzsim as bz; print(bz.Sweep.load(sys.argv[1]).digest())"
    found = {
        subprocess.run(
            [sys.executable, "-c", ask, half_failed.directory],
            env=os.environ | {"PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in "1234"
    }  # fmt: skip
    assert found == {half_failed.digest()}


def test_shards_that_try_again_leave_each_others_blocks(half_failed):
    before = half_failed.status()
    OWN["fragile"] = type("Fragile", (), {"decide": lambda self, case, draw: "ignore"})
    for part in ((1, 2), (2, 2)):
        bz.Sweep.load(half_failed.directory).run(1, shard=part, retry=True, quiet=True)
    after = bz.Sweep.load(half_failed.directory).status()
    assert before.failed > 0
    assert (after.failed, after.missing) == (0, 0)


@pytest.mark.parametrize("again", ["load", "the same object"])
def test_a_strategy_cannot_be_swapped_under_a_sweep(half_failed, again):
    OWN["fragile"] = type("Fragile", (), {"decide": lambda self, case, draw: "censor"})
    sweep = bz.Sweep.load(half_failed.directory) if again == "load" else half_failed
    with pytest.raises(SweepError, match="strategy fragile was changed since the sweep began"):
        sweep.run(1, quiet=True)
    plan = open_plan(half_failed.directory)
    with pytest.raises(
        SweepError, match="strategy fragile was changed"
    ):  # a worker on a machine with another version of it
        compute(str(half_failed.directory), Block(next(iter(plan.points)), 0, 20))


def test_a_table_goes_into_a_pipe(half_failed, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = subprocess.Popen(["cat", pipe], stdout=subprocess.PIPE, text=True)
    assert (
        main(["sweep", "table", str(half_failed.directory), "--format", "csv", "--to", str(pipe)])
        == 0
    )
    assert reader.communicate(timeout=60)[0].startswith("point,complaint.anger,strategy,replicate,")
    assert pipe.is_fifo()
    assert (
        main(
            ["sweep", "table", str(half_failed.directory), "--format", "parquet", "--to", str(pipe)]
        )
        == 2
    )


def test_what_somebody_else_clears_away_is_no_obstacle(tmp_path, monkeypatch):
    blocks.prepare(tmp_path)
    left = tmp_path / "blocks" / ".x.parquet.abc"
    left.write_text("")
    os.utime(left, (1, 1))
    glob = Path.glob
    monkeypatch.setattr(
        Path,
        "glob",
        lambda self, pattern: [*glob(self, pattern), self / "blocks" / ".gone.parquet.abc"],
    )
    blocks.prepare(tmp_path)
    assert not left.exists()


def test_status_counts_what_is_there(tmp_path):
    sweep = swept(tmp_path, run=False)
    assert sweep.status().missing_runs == 4 * 4 * N
    sweep.run(1, shard=(1, 2))
    status = sweep.status()
    assert (status.done, status.missing, status.runs, status.missing_runs) == (
        2,
        2,
        2 * 4 * N,
        2 * 4 * N,
    )
    assert sorted(status.replicates.values()) == [0, 0, N, N]
    assert "2 of 4 blocks finished, 2 missing" in str(status)


def test_results_have_named_dimensions_units_and_provenance(undisturbed):
    found = undisturbed.results(["volume", "reach"])
    assert found.sizes == {
        "reply.empathy": 2,
        "brand.staff": 2,
        "strategy": 4,
        "replicate": BLOCK + N,
    }
    assert found["reach"].attrs["units"] == "share of the crowd"
    assert found["brand.staff"].attrs["units"] == "people"
    assert found.attrs["entropy"] == "7"
    assert bz.Scenario.from_dict(tomllib.loads(found.attrs["scenario"])) == SMALL
    table = undisturbed.table("volume")
    one = table[
        (table["reply.empathy"] == 0.8)
        & (table["brand.staff"] == 1)
        & (table["strategy"] == "censor")
    ]
    mine = found["volume"].sel({"reply.empathy": 0.8, "brand.staff": 1, "strategy": "censor"})
    assert (mine.to_numpy() == one.sort_values("replicate")["volume"].to_numpy()).all()


def test_results_of_an_unfinished_sweep_stand_at_their_replicates(undisturbed, tmp_path):
    whole = undisturbed.results(["volume", "reach"])
    folder = tmp_path / "unfinished"
    shutil.copytree(undisturbed.directory, folder)
    for first in folder.glob(f"blocks/*-{0:07d}-*.parquet"):
        first.unlink()
    found = bz.Sweep.load(folder).results(["volume", "reach"])
    assert found.sizes == whole.sizes
    assert np.isnan(found["volume"].isel(replicate=slice(BLOCK))).all()
    later = {"replicate": slice(BLOCK, None)}
    assert found.isel(later).identical(whole.isel(later))


def test_results_can_wait_until_somebody_asks(undisturbed):
    pytest.importorskip("dask")
    now, later = (
        undisturbed.results(["volume", "reach"]),
        undisturbed.results(["volume", "reach"], lazy=True),
    )
    assert later.chunks["reply.empathy"] == (1, 1)
    assert later.compute().identical(now)


def test_waiting_results_say_what_they_need(undisturbed, monkeypatch):
    monkeypatch.setitem(sys.modules, "dask", None)
    with pytest.raises(SweepError, match="needs dask; pip install dask"):
        undisturbed.results(lazy=True)


def test_results_keep_their_dimensions_when_a_level_is_added(tmp_path):
    both = {"replicates": 3, "rng": 1, "out": tmp_path}
    bz.Sweep(SMALL, {"reply.empathy": [0.2, 0.8], "brand.staff": [1, 5]}, **both).run(1, quiet=True)
    larger = bz.Sweep(SMALL, {"reply.empathy": [0.2, 0.8], "brand.staff": [1, 5, 9]}, **both)
    larger.run(1, quiet=True)
    found, again = larger.results("volume"), bz.Sweep.load(tmp_path).results("volume")
    assert again.sizes == {"reply.empathy": 2, "brand.staff": 3, "strategy": 4, "replicate": 3}
    assert again["volume"].equals(found["volume"])
    assert (again["point_name"] == found["point_name"]).all()


def test_results_of_unequal_designs_go_by_point(tmp_path):
    found = swept(tmp_path, design=GRID + bz.Design.product({"complaint.anger": [0.1]})).results(
        "reach"
    )
    assert found.sizes == {"point": 5, "strategy": 4, "replicate": N}
    assert found["complaint.anger"].to_numpy().tolist() == [0.8, 0.8, 0.8, 0.8, 0.1]


def test_a_table_of_nothing_has_its_columns(tmp_path):
    sweep = swept(tmp_path, run=False)
    assert list(sweep.table("reach").columns) == [
        "point",
        "reply.empathy",
        "brand.staff",
        "strategy",
        "replicate",
        "reach",
        "error",
    ]
    with pytest.raises(ResultError, match="did you mean 'reach'"):
        sweep.table("reech")


def test_bands_by_hour_equal_those_of_whole_series(tmp_path):
    bands, whole = (
        swept(tmp_path / "bands", hourly="bands"),
        swept(tmp_path / "whole", hourly="whole"),
    )
    pd.testing.assert_frame_equal(bands.hourly(), whole.hourly())
    assert bands.digest() == whole.digest()
    frame = whole.hourly()
    assert len(frame) == 4 * 4 * 12
    volume = bz.compare(SMALL.replace(GRID.points[0]), replicates=N, rng=7, quiet=True).hourly[
        "censor"
    ]
    mine = frame[
        (frame["reply.empathy"] == 0.2)
        & (frame["brand.staff"] == 1)
        & (frame["strategy"] == "censor")
    ]
    assert mine["mean"].to_numpy() == pytest.approx(volume.mean(axis=0))
    assert (
        mine["p95"].to_numpy() == np.quantile(volume, 0.95, axis=0, method="inverted_cdf")
    ).all()
    with pytest.raises(SweepError, match="keeps nothing by hour"):
        swept(tmp_path / "none").hourly()


def test_the_directory_can_be_read_without_buzzsim(undisturbed):
    runs = pq.read_table(undisturbed.directory / "blocks").to_pandas()
    points = pq.read_table(undisturbed.directory / "points.parquet").to_pandas()
    found = (
        runs.merge(points, on="point")
        .groupby(["reply.empathy", "strategy"], observed=True)["reach"]
        .mean()
    )
    assert found[(0.8, "censor")] == pytest.approx(
        undisturbed.results("reach")["reach"]
        .sel({"reply.empathy": 0.8, "strategy": "censor"})
        .mean()
        .item()
    )


def test_a_block_is_named_by_its_scenario_and_replicates_alone(tmp_path):
    one, two = swept(tmp_path / "one"), swept(tmp_path / "two", design=bz.Design(GRID.points[::-1]))
    assert {file: content for file, (content, _) in contents(one.directory).items()} == {
        file: content for file, (content, _) in contents(two.directory).items()
    }
    assert one.digest() == two.digest()


def test_a_file_that_must_be_new_is_created_once(tmp_path):
    assert create_whole(tmp_path / "file", b"first")
    assert not create_whole(tmp_path / "file", b"second")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"first"


def test_what_was_left_half_written_long_ago_is_cleared_away(tmp_path):
    swept(tmp_path)
    old, new = (tmp_path / "blocks" / f".{name}.parquet.xyz" for name in ("old", "new"))
    for file in (old, new):
        file.write_text("half")
    os.utime(old, (0, 0))
    blocks.prepare(tmp_path)
    assert not old.exists()
    assert new.exists()


FILE = """
replicates = 30
seed = 7
out = "results/here"
[scenario]
network.customers = 150
time.horizon = 12
[design]
reply.empathy = [0.2, 0.8]
brand.staff = [1, 5]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "asked.toml"
    path.write_text(FILE)
    return path


def said(capsys, *arguments):
    status = main([str(argument) for argument in arguments])
    out, err = capsys.readouterr()
    return status, out, err


def test_the_command_runs_tells_and_tabulates(tmp_path, file, capsys):
    assert said(capsys, "sweep", "run", file, "--jobs", 1, "--shard", "2/2")[:2] == (
        0, f"{tmp_path}/results/here: 2 of 4 blocks finished, 2 missing; 240 runs, 240 missing\n",
    )  # fmt: skip
    here = tmp_path / "results" / "here"
    assert said(capsys, "sweep", "run", here, "--shard", "1/2")[0] == 0
    status = json.loads(said(capsys, "sweep", "status", here, "--json")[1])
    assert (status["done"], status["missing"], status["finished"]) == (4, 0, True)
    table = bz.Sweep.load(here).table()
    csv, parquet = tmp_path / "t.csv", tmp_path / "t.parquet"
    assert said(capsys, "sweep", "table", here, "--format", "csv", "--to", csv)[0] == 0
    assert said(capsys, "sweep", "table", here, "--format", "parquet", "--to", parquet)[0] == 0
    for found in (pd.read_csv(csv), pd.read_parquet(parquet)):
        assert list(found.columns) == list(table.columns)
        assert found["volume"].tolist() == table["volume"].tolist()
    markdown = said(capsys, "sweep", "table", here, "--outcomes", "reach")[1].splitlines()
    assert markdown[0].startswith(
        "| reply.empathy | brand.staff | strategy | outcome | replicates | mean |"
    )
    assert len(markdown) == 2 + 4 * 4


def test_the_file_gives_the_sweep_of_the_python_form(file, tmp_path):
    scenario = bz.Scenario().replace({"network.customers": 150, "time.horizon": 12})
    written, python = (
        bz.Sweep.from_file(file),
        bz.Sweep(scenario, GRID, replicates=30, rng=7, out=tmp_path / "other"),
    )
    assert written.plan.design == python.plan.design
    assert list(written.plan.points) == list(python.plan.points)
    assert written.plan.fingerprint == python.plan.fingerprint


@pytest.mark.parametrize(
    ("arguments", "said_"),
    [
        (["run", "nowhere.toml"], "nowhere.toml: cannot be read"),
        (["run", "{file}", "--shard", "3/2"], "expected i/n"),
        (["run", "{file}", "--jobs", "0"], "expected a whole number"),
        (["run", "{file}", "--max-replicates", "9"], "only together with until"),
        (["status", "nowhere"], "expected the directory of a sweep"),
        (["table", "nowhere", "--format", "cvs"], "csv"),
        (["tabel", "nowhere"], "tabel"),
    ],
)
def test_the_command_refuses_with_one_sentence(file, capsys, arguments, said_):
    status, out, err = said(
        capsys, "sweep", *(argument.format(file=file) for argument in arguments)
    )
    assert (status, out) == (2, "")
    assert said_ in err
    assert err.count("\n") == 1


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("seed = 7", "sed = 7"), "asked.toml: unknown key 'sed'; did you mean 'seed'?"),
        (("[design]", "[desing]"), "did you mean 'design'?"),
        (("seed = 7", "seed = "), "asked.toml: not valid TOML"),
        (("replicates = 30", "replicates = 0"), "replicates is 0; expected"),
        (("replicates = 30", "max_replicates = 30"), "only together with until"),
        (('out = "results/here"', "out = 3"), "out is 3; expected the name of a directory"),
        (("replicates = 30", 'hourly = "band"'), "did you mean 'bands'?"),
    ],
)
def test_a_wrong_file_says_what_is_allowed(file, change, told):
    file.write_text(FILE.replace(*change))
    with pytest.raises((ScenarioError, SweepError)) as error:
        bz.Sweep.from_file(file)
    assert told in str(error.value)


ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(shutil.which("sh") is None, reason="there is no shell")
def test_the_slurm_script_computes_everything_in_a_loop_that_stands_for_the_array(
    tmp_path, file, capsys
):
    status, script, _ = said(
        capsys, "sweep", "slurm", file, "--shards", 3, "--cores", 2, "--hours", 5
    )
    assert status == 0
    (tmp_path / "job.sh").write_text(script)
    assert "#SBATCH --array=1-3\n#SBATCH --cpus-per-task=2\n#SBATCH --mem=4G\n" in script
    assert "nowhere.toml: cannot be read" in said(capsys, "sweep", "slurm", "nowhere.toml")[2]
    assert "#SBATCH --mem=16G\n" in said(capsys, "sweep", "slurm", file, "--memory", "16G")[1]
    assert (
        "--memory is '16 GB'; expected a whole number"
        in said(capsys, "sweep", "slurm", file, "--memory", "16 GB")[2]
    )
    assert "#SBATCH --time=5:00:00\n" in script
    for task in (3, 1, 2):
        environment = os.environ | {"SLURM_ARRAY_TASK_ID": str(task), "SLURM_CPUS_PER_TASK": "1"}
        subprocess.run(
            ["sh", tmp_path / "job.sh"], check=True, env=environment, stdout=subprocess.DEVNULL
        )
    found = bz.Sweep.load(tmp_path / "results" / "here")
    assert found.status().finished
    whole = bz.Sweep.from_file(file, out=tmp_path / "whole")
    whole.run(1, quiet=True)
    assert found.digest() == whole.digest()


def code_of(page, language):
    """The code of a page, block by block."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"```{language}\n(.*?)```", text, flags=re.DOTALL)


@pytest.mark.parametrize("reader", ["duckdb", "polars"])
def test_what_the_docs_read_the_directory_with_gives_the_numbers_of_the_table(
    tmp_path, undisturbed, monkeypatch, reader
):
    pytest.importorskip(reader)
    (code,) = [code for code in code_of("docs/clusters.md", "python") if f"import {reader}" in code]
    (tmp_path / "runs").mkdir()
    shutil.copytree(undisturbed.directory, tmp_path / "runs" / "empathy")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(code, names)
    rows = names["table"].rows() if reader == "polars" else names["table"].fetchall()
    means = undisturbed.table("reach").groupby(["reply.empathy", "strategy"])["reach"].mean()
    assert len(rows) == len(means)
    for empathy, strategy, reach in rows:
        assert reach == pytest.approx(means[(empathy, strategy)])


HERE = ROOT / "experiments" / "empathy-staff"


def test_the_experiments_page_says_what_its_results_say():
    found = pd.read_csv(HERE / "results.csv")
    volume = found[
        (found["outcome"] == "volume")
        & found["strategy"].isin(["public_reply", "private_dialogue"])
    ]
    keys = ["network.kind", "joining.r0", "strategy"]
    one = volume[volume["brand.staff"] == 1].pivot(
        index=keys, columns="reply.preset", values="difference_low"
    )
    assert (one["deny"] > 0).all()
    high = volume[volume["brand.staff"] == 1].pivot(
        index=keys, columns="reply.preset", values="difference_high"
    )
    assert (high["rebuild"] < 0).all()
    size = volume[volume["brand.staff"] == 1].pivot(
        index=keys[::2], columns=["reply.preset", "joining.r0"], values="difference"
    )
    assert (size["deny"].diff(axis=1).iloc[:, 1:] > 0).all(axis=None)
    assert (size["rebuild"].diff(axis=1).iloc[:, 1:] < 0).all(axis=None)
    hands = volume.pivot(index=[*keys, "reply.preset"], columns="brand.staff", values="mean").xs(
        1.2, level="joining.r0"
    )
    more = hands[5] / hands[1] - 1
    assert (more.xs("rebuild", level="reply.preset").abs() < 0.1).all()
    assert (more.xs("deny", level="reply.preset") > 0.05).all()
    deny = more.xs("deny", level="reply.preset").unstack("strategy")
    assert (deny["private_dialogue"] > deny["public_reply"]).all()


def test_a_part_of_the_experiment_gives_its_results(tmp_path):
    sweep = bz.Sweep.from_file(HERE / "sweep.toml", out=tmp_path)
    point = sweep.plan.design.points[0]
    part = bz.Sweep("default", bz.Design((point,)), replicates=250, rng=1, out=tmp_path)
    part.run(1, quiet=True)
    stored = (
        pd.read_csv(HERE / "results.csv").set_index([*point, "strategy", "outcome"]).sort_index()
    )
    mine = part.summary(["volume"])
    for row in mine.itertuples():
        assert stored.loc[(*point.values(), row.strategy, "volume"), "mean"] == pytest.approx(
            row.mean, rel=1e-8
        )
