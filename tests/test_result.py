"""What comes out of one run: tables with names, units, and a file that gives everything back."""

import contextlib
import copy
import io
import json
import os
import pickle
import threading
import zipfile

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import buzzsim as bz
from buzzsim.model.tables import RECORD

SMALL = {"network.customers": 400, "joining.r0": 1.5}


@pytest.fixture(scope="module")
def result():
    return bz.run(bz.Scenario().replace(SMALL), strategy="censor", rng=4, replicate=7)


@pytest.fixture(scope="module")
def saved(result, tmp_path_factory):
    path = tmp_path_factory.mktemp("runs") / "one.npz"
    result.save(path)
    return path


def test_outcomes_are_a_mapping_that_suggests_the_near_name(result):
    assert len(result.outcomes) == len(dict(result.outcomes)) == len(bz.outcomes.OUTCOMES)
    with pytest.raises(bz.ResultError, match="did you mean 'volume'"):
        result.outcomes["volum"]


def test_tables_agree_with_the_outcomes(result):
    hourly, people, cascade, posts, cases = (
        result.hourly(),
        result.customers(),
        result.cascade(),
        result.posts(),
        result.cases(),
    )
    outcomes = result.outcomes
    assert outcomes["volume"] > 5, "a run in which nothing happens would show nothing"
    assert hourly["volume"].sum() == outcomes["volume"] == (posts["kind"] != "thanks").sum()
    assert (
        hourly["critics"].sum()
        == outcomes["critics"]
        == len(cascade)
        == people["joined"].notna().sum()
    )
    assert (
        hourly["reached"].sum()
        == people["first_noticed"].notna().sum()
        == round(outcomes["reach"] * 400)
    )
    assert (cases["act"] == "removed").sum() == outcomes["deleted_posts"]
    assert cascade["generation"].max() == outcomes["depth"]
    assert hourly.attrs["units"]["volume"] == "posts"
    assert people.attrs["units"]["joined"] == "hours"


def test_nobody_shares_without_having_noticed_or_complained(result):
    people = result.customers()
    critics = people[people["joined"].notna() & people["recruited_by"].notna()]
    assert (critics["first_noticed"] <= critics["joined"]).all()


def test_everybody_lists_the_untouched_too(result):
    assert len(result.customers(everybody=True)) == 400
    assert (result.customers(everybody=True)["stage"] == "unaware").any()


def test_names_of_the_network_come_back():
    graph = nx.relabel_nodes(nx.complete_graph(12), {i: f"person {i}" for i in range(12)})
    scenario = bz.Scenario().replace(
        {"joining.share_probability": 3.0, "attention.page_visitors": 0}
    )
    result = bz.run(scenario, network=graph, complainants=["person 3"], rng=1)
    assert result.cascade()["critic"][0] == "person 3"
    assert set(result.customers().index) <= set(graph)
    assert set(result.customers()["reached_by"].dropna()) <= set(graph)
    with pytest.raises(bz.NetworkError, match="person"):
        bz.run(scenario, network=graph, complainants=["persn 3"], rng=1)


def test_names_may_be_tuples_as_grids_have_them_and_survive_saving(tmp_path):
    result = bz.run(
        bz.Scenario().replace({"joining.share_probability": 3.0}),
        network=nx.grid_2d_graph(4, 4),
        rng=1,
    )
    everybody = result.customers(everybody=True)
    assert (0, 3) in set(everybody.index)
    assert everybody.index.nlevels == 1
    result.save(tmp_path / "grid.npz")
    assert bz.Result.load(tmp_path / "grid.npz").customers(everybody=True).equals(everybody)


def test_a_run_that_was_read_can_still_be_copied_and_pickled(result):
    assert result.outcomes["volume"] == pickle.loads(pickle.dumps(result)).outcomes["volume"]
    assert copy.deepcopy(result).outcomes["volume"] == result.outcomes["volume"]


CHANGED = {
    "another format": {"format": "buzzsim result 99"},
    "no name of a strategy": {"strategy": "no name"},
    "no number": {"replicate": "x"},
    "too few names": {"names": ["a"]},
    "a smaller crowd": {"n_customers": 1},
}


@pytest.mark.parametrize("case", CHANGED)
def test_a_run_whose_parts_do_not_fit_is_refused_when_it_is_read(saved, tmp_path, case):
    with np.load(saved) as data:
        parts = dict(data)
    parts["about"] = np.array(json.dumps(json.loads(str(parts["about"])) | CHANGED[case]))
    np.savez(tmp_path / "changed.npz", **parts)
    with pytest.raises(bz.ResultError, match=r"changed\.npz"):
        bz.Result.load(tmp_path / "changed.npz")


def test_saving_writes_through_links_and_into_pipes(result, tmp_path):
    (tmp_path / "real.npz").touch()
    (tmp_path / "link.npz").symlink_to("real.npz")
    result.save(tmp_path / "link.npz")
    assert (tmp_path / "link.npz").is_symlink()
    assert bz.Result.load(tmp_path / "real.npz").outcomes["volume"] == result.outcomes["volume"]
    os.mkfifo(tmp_path / "pipe")
    reader = threading.Thread(target=(tmp_path / "pipe").read_bytes, daemon=True)
    reader.start()
    result.save(tmp_path / "pipe")
    reader.join(10)
    assert (tmp_path / "pipe").is_fifo()


def test_a_saved_run_comes_back_as_it_was(result, saved):
    again = bz.Result.load(saved)
    assert again.scenario == result.scenario
    assert (again.strategy, again.replicate, again.entropy) == (
        result.strategy,
        result.replicate,
        result.entropy,
    )
    assert (again.versions, again.network, again.n_customers) == (
        result.versions,
        result.network,
        result.n_customers,
    )
    assert np.array_equal(again.values, result.values, equal_nan=True)
    for table, columns in RECORD.items():
        for column in columns:
            assert np.array_equal(again.record[table][column], result.record[table][column])
            assert again.record[table][column].dtype == result.record[table][column].dtype
    assert again.customers().equals(result.customers())


def test_a_run_that_cannot_be_saved_says_so(result, tmp_path):
    with pytest.raises(bz.OutputError, match="cannot be written"):
        result.save(tmp_path / "no" / "where.npz")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_run_says_so(tmp_path):
    (tmp_path / "text.npz").write_text("no run")
    np.savez(tmp_path / "other.npz", a=np.zeros(3))
    np.save(tmp_path / "array.npy", np.zeros(3))
    for name in ("text.npz", "other.npz", "array.npy", "missing.npz", "."):
        with pytest.raises(bz.ResultError):
            bz.Result.load(tmp_path / name)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_damaged_run_is_read_or_refused_and_nothing_else(saved, tmp_path_factory, data):
    content = bytearray(saved.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path_factory.getbasetemp() / "damaged.npz"
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))])
    with contextlib.suppress(bz.BuzzsimError):
        bz.Result.load(path)


def test_a_run_with_a_table_of_another_shape_is_refused(saved, tmp_path):
    with np.load(saved) as data:
        parts = dict(data)
    parts["posts.author"] = parts["posts.author"][:-1]
    np.savez(tmp_path / "short.npz", **parts)
    with pytest.raises(bz.ResultError):
        bz.Result.load(tmp_path / "short.npz")


def test_a_saved_run_holds_no_pickles(saved):
    with zipfile.ZipFile(saved) as archive:
        for name in archive.namelist():
            np.load(io.BytesIO(archive.read(name)), allow_pickle=False)


def test_the_notebook_view_escapes_what_people_wrote():
    scenario = bz.Scenario().replace({"title": "<script>", "story": "<b>", **SMALL})
    assert "<script>" not in scenario._repr_html_()
    assert "outcome" in bz.run(scenario, rng=1)._repr_html_()
