"""The benchmark compares like with like, and its command runs: small, and never by the clock."""

import re
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from neighbours import modules_of

HERE = Path(__file__).parents[1] / "experiments" / "benchmarks"
MODULES = (
    "work",
    "prototype",
    "bookkeeping",
    "adapters",
    "page",
    "cases",
    "alone",
    "benchmarks",
    "guard",
)
STANDARD_ERRORS = 4.0
CUSTOMERS, RUNS = 1_000, 400


@pytest.fixture(scope="module")
def bench():
    """The experiment's modules by name."""
    with modules_of("benchmarks", *MODULES) as modules:
        yield SimpleNamespace(**dict(zip(MODULES, modules, strict=True)))


@pytest.fixture(scope="module")
def graph(bench):
    return bench.work.graph_of(CUSTOMERS)


@pytest.fixture(scope="module")
def results(bench, tmp_path_factory):
    """A small run of the command into a folder; memory would take many processes."""
    folder = tmp_path_factory.mktemp("benchmarks")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            bench.alone, "measure", lambda *_, **__: {"first": 1.0, "before": 1.0, "peak": 1.0}
        )
        assert (
            bench.benchmarks.main(["--small", "--tools", "", "--repeats", "1", "--to", str(folder)])
            == 0
        )
    return folder


def off(one, other):
    """How many standard errors two means are apart."""
    return (one.mean() - other.mean()) / np.sqrt(
        one.var(ddof=1) / one.size + other.var(ddof=1) / other.size
    )


# ------------------------------------------------------------------------------------ the same work


@pytest.mark.parametrize("work", ["W1", "W2"])
def test_the_prototype_and_ours_do_the_same_work(bench, graph, work):
    ours, _ = bench.adapters.buzzsim(graph, work)(RUNS, 1)
    found, _ = bench.adapters.compiled_prototype(graph, work)(RUNS, 2)
    assert abs(off(ours, found)) < STANDARD_ERRORS


@pytest.mark.parametrize("work", ["W1", "W2"])
def test_books_without_rules_do_the_same_work(bench, graph, work):
    books, _ = bench.adapters.books_only(graph, work)(RUNS, 1)
    found, _ = bench.adapters.compiled_prototype(graph, work)(RUNS, 2)
    assert abs(off(books, found)) < STANDARD_ERRORS


@pytest.mark.parametrize("work", ["W1", "W2"])
def test_a_prototype_with_another_probability_is_told(bench, graph, work):
    ours, _ = bench.adapters.buzzsim(graph, work)(RUNS, 1)
    infection, *others = bench.work.probabilities(work)
    kernel = {"W1": bench.prototype.sir, "W2": bench.prototype.cascade}[work]
    wrong = np.empty(RUNS, np.int64)
    kernel(*graph.csr, 1.5 * infection, *others, bench.work.SEEDS, 2, 0, wrong)
    assert abs(off(ours, wrong)) > STANDARD_ERRORS


@pytest.mark.parametrize("work", ["W1", "W2"])
def test_one_run_and_a_batch_do_the_same_work(bench, graph, work):
    one, _ = bench.adapters.buzzsim_once(graph, work)(60, 1)
    many, _ = bench.adapters.buzzsim(graph, work)(RUNS, 2)
    assert abs(off(one, many)) < STANDARD_ERRORS


def test_mesa_does_the_same_work(bench, graph):
    naive, _ = bench.adapters.mesa(graph, "W1")(20, 1)
    del sys.modules["mesa_model"]
    found, _ = bench.adapters.compiled_prototype(graph, "W1")(RUNS, 2)
    assert abs(off(naive, found)) < STANDARD_ERRORS


def test_the_gather_limit_visits_every_tie_of_the_prototypes_epidemic(bench, graph):
    (indptr, indices), chances = graph.csr, bench.work.probabilities("W1")
    order = bench.prototype.order_of(indptr, indices, *chances, bench.work.SEEDS, 3)
    sizes = np.empty(1, np.int64)
    bench.prototype.sir(indptr, indices, *chances, bench.work.SEEDS, 3, 0, sizes)
    assert np.unique(order).size == sizes[0]
    visits = np.diff(indptr)[order].sum()
    assert bench.prototype.gather(indptr, indices, order, np.ones(graph.n, np.uint8)) == visits


def test_renumbering_keeps_the_ties(bench, graph):
    wanted = bench.work.PLAN["graph"]
    made = bench.work.bz.generate(
        wanted["kind"], customers=CUSTOMERS, ties=wanted["ties"], seed=wanted["seed"]
    )
    assert sorted(graph.network.followers) == sorted(made.followers)
    assert list(graph.network.followers) != list(made.followers)
    tails, _ = graph.edges
    assert tails.size == graph.network.n_ties


# -------------------------------------------------------------------------------------- the command


def test_the_small_command_shows_sizes_before_times_and_fills_the_page(bench, results):
    stored = bench.page.stored(results)
    order = list(dict.fromkeys(stored[stored["work"] == "W1"]["table"]))
    assert order == ["sizes", "times", "alone"]
    assert set(stored[stored["table"] == "times"]["tool"]) == set(bench.adapters.OURS)
    text = (results / "README.md").read_text(encoding="utf-8")
    assert bench.page.filled(text, stored) == text
    assert "Not run" not in text
    assert (results / "times.png").stat().st_size > 10_000


def test_every_wish_is_for_something_measured(bench, results):
    stored = bench.page.stored(results)
    assert set(bench.work.PLAN["wanted"]) <= set(stored[stored["table"] == "cases"]["measure"])


def test_what_was_measured_before_is_kept_where_it_is_the_same_machine(
    bench, results, monkeypatch, tmp_path
):
    path = tmp_path / "results.csv"
    before = bench.page.stored(results)
    path.write_text(
        before.replace({"customers": {1000: 700}}).to_csv(index=False), encoding="utf-8"
    )
    monkeypatch.setattr(
        bench.alone, "measure", lambda *_, **__: {"first": 1.0, "before": 1.0, "peak": 1.0}
    )
    monkeypatch.setattr(bench.benchmarks, "WORKS", ("W1",))
    asked = [
        "--small",
        "--tools",
        "",
        "--repeats",
        "1",
        "--no-cases",
        "--add",
        "--to",
        str(tmp_path),
    ]
    assert bench.benchmarks.main(asked) == 0
    found = bench.page.stored(tmp_path)
    times = found[
        (found["table"] == "times") & (found["tool"] == "buzzsim") & (found["measure"] == "seconds")
    ]
    assert sorted(zip(times["work"], times["customers"].astype(int), strict=True)) == [
        ("W1", 700),
        ("W1", 1000),
        ("W2", 700),
    ]
    assert (found["table"] == "cases").sum() == (before["table"] == "cases").sum()
    path.write_text(
        path.read_text(encoding="utf-8").replace("prototype,version,", "prototype,version,9"),
        encoding="utf-8",
    )
    with pytest.raises(SystemExit, match="prototype version 9"):
        bench.benchmarks.main(asked)


def test_another_work_is_told_and_marked(bench, graph, monkeypatch, capsys):
    def wrong(graph, work):
        run = bench.adapters.compiled_prototype(graph, work)
        return lambda n, luck: (run(n, luck)[0] * 1.2, 1e-3 * n)

    monkeypatch.setitem(
        bench.adapters.TOOLS, "EoN", bench.adapters.Tool({"W1": wrong}, lambda: "0")
    )
    monkeypatch.setattr(bench.benchmarks, "by_itself", lambda *_: None)
    asked = ["--small", "--tools", "EoN", "--repeats", "1", "--no-cases"]
    monkeypatch.setattr(bench.benchmarks, "WORKS", ("W1",))
    monkeypatch.setattr(bench.page, "all_tables", bench.page.sizes)
    assert bench.benchmarks.main(asked) == 1
    said = capsys.readouterr()
    assert "OTHER WORK: EoN on W1" in said.err
    assert "**other work**" in said.out


def test_another_work_that_the_plan_explains_is_no_error(bench, graph, monkeypatch, capsys):
    monkeypatch.setitem(bench.work.PLAN["tools"]["EoN"], "other_work", "it counts differently")
    run = bench.adapters.compiled_prototype(graph, "W1")
    other = bench.adapters.Tool(
        {"W1": lambda *_: lambda n, luck: (run(n, luck)[0] * 1.2, 1e-3 * n)}, lambda: "0"
    )
    monkeypatch.setitem(bench.adapters.TOOLS, "EoN", other)
    monkeypatch.setattr(bench.benchmarks, "by_itself", lambda *_: None)
    monkeypatch.setattr(bench.benchmarks, "WORKS", ("W1",))
    monkeypatch.setattr(bench.page, "all_tables", bench.page.sizes)
    assert bench.benchmarks.main(["--small", "--tools", "EoN", "--repeats", "1", "--no-cases"]) == 0
    assert "EoN does other work: it counts differently." in capsys.readouterr().out


def test_a_tool_that_is_not_there_is_skipped_and_said(bench, capsys):
    bench.adapters.SYSTEM_PYTHON, before = "/nowhere/python", bench.adapters.SYSTEM_PYTHON
    assert bench.benchmarks.there(bench.benchmarks.Rows(), ["prototype", "graph-tool"]) == [
        "prototype"
    ]
    bench.adapters.SYSTEM_PYTHON = before
    assert "graph-tool: SKIPPED" in capsys.readouterr().err


def test_a_tool_that_fails_is_told_and_the_others_go_on(bench, capsys):
    rows = bench.benchmarks.Rows("W1", 10)

    def measure(name):
        if name == "EoN":
            raise MemoryError

    assert bench.benchmarks.each(rows, ["EoN", "Mesa"], "sizes", measure) == ["Mesa"]
    assert [row["table"] for row in rows.found] == ["failed"]
    assert "EoN: FAILED, MemoryError" in capsys.readouterr().err
    with pytest.raises(MemoryError):  # ours must not
        bench.benchmarks.each(rows, ["buzzsim"], "sizes", lambda name: measure("EoN"))


def test_a_process_of_its_own_tells_its_own_memory(bench, graph, tmp_path):
    graph.save(tmp_path / "graph.npz")
    found = bench.alone.measure("prototype", "W1", tmp_path / "graph.npz", "")
    assert 10 < found["before"] <= found["peak"]
    assert found["first"] > 0


def test_no_number_on_the_page_is_written_by_hand():
    text = (HERE / "README.md").read_text(encoding="utf-8")
    text = re.sub(
        r"<!-- \w+ -->.*?<!-- end -->|```.*?```|\]\([^)]*\)|`[^`]*`", "", text, flags=re.DOTALL
    )
    assert re.findall(r"[^\s]*\d[^\s]*", re.sub(r"\bW[12]\b", "", text)) == []


def test_the_page_says_what_the_results_say(bench):
    if not (HERE / "results.csv").is_file():
        pytest.skip("not run yet")
    text = (HERE / "README.md").read_text(encoding="utf-8")
    assert bench.page.filled(text, bench.page.stored(HERE)) == text


# ---------------------------------------------------------------------------------------- the guard


def test_the_guard_keeps_a_short_history_and_fails_nothing(bench, monkeypatch, tmp_path, capsys):
    found = {"commit": "abc", "date": "2026-01-01", "limit_ms": "1", "w1": "1000", "compare": "1"}
    monkeypatch.setattr(bench.guard, "measured", lambda repeats: found)
    history = tmp_path / "history.csv"
    for _ in range(bench.guard.KEPT + 1):
        assert bench.guard.main(["--history", str(history)]) == 0
    assert len(bench.guard.read(history)) == bench.guard.KEPT
    found["w1"] = "2000"
    assert bench.guard.main(["--history", str(history), "--look"]) == 0
    assert (
        "a run of W1: 2e+03 times the gather limit of one W1; median of the last 30: 1e+03 (+100 %)"
        in capsys.readouterr().out
    )
    assert len(bench.guard.read(history)) == bench.guard.KEPT
