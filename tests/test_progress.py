"""Long work says how far it is: in terminals and notebooks at once, in a log line by line."""

import io
import re
import sys
from types import SimpleNamespace

import pytest

import buzzsim as bz
from buzzsim.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def seen(monkeypatch, stream, **look):
    """What is written by a bar of ten runs that takes long enough."""
    monkeypatch.setattr(sys, "stderr", stream)
    with progress(10, compiling=True, **look) as bar:
        bar.update(10)
    return stream.getvalue()


def test_a_terminal_shows_runs_and_what_is_waited_for(monkeypatch):
    said = seen(monkeypatch, Terminal(), quiet=False, keep=True)
    assert "compiling" in said
    assert "run/s" in said


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_a_log_shows_nothing_at_first_and_who_wants_quiet_never_does(monkeypatch, stream, quiet):
    assert seen(monkeypatch, stream, quiet=quiet) == ""


@pytest.mark.parametrize(
    ("total", "said"),
    [
        (2_000, r"buzzsim: 500 of 2\.00k runs \[00:00<00:00, .*run/s\]"),
        (None, r"buzzsim: 500 runs \[00:00, .*run/s\]"),
    ],
)
def test_a_log_has_a_line_from_time_to_time(monkeypatch, total, said):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    monkeypatch.setattr("buzzsim.progress.LOGGED", 0.0)
    with progress(total, quiet=False) as bar:
        bar.update(500)
    lines = log.getvalue().splitlines()
    assert any(re.fullmatch(said, line) for line in lines), lines
    assert "\r" not in log.getvalue()


def test_a_notebook_is_looked_at_though_it_is_no_terminal(monkeypatch):
    kernel = SimpleNamespace(config={"IPKernelApp": {}})
    monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: kernel))
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    assert seen(monkeypatch, io.StringIO(), quiet=False) == ""  # notebooks paint stderr red
    assert "compiling" in stream.getvalue()


def test_without_any_stream_work_goes_on(monkeypatch):
    monkeypatch.setattr(sys, "stderr", None)  # pythonw, and some services
    with progress(1, quiet=False) as bar:
        bar.update(1)


@pytest.mark.parametrize("quiet", [True, False])
def test_a_comparison_and_a_sweep_show_their_bar(monkeypatch, tmp_path, quiet):
    made = []
    spy = lambda total, is_quiet, **look: made.append((total, is_quiet)) or progress(total, True)  # noqa: E731
    monkeypatch.setattr("buzzsim.study.compare.progress", spy)
    monkeypatch.setattr("buzzsim.sweep.dispatch.progress", spy)
    small = bz.Scenario().replace({"network.customers": 60})
    bz.compare(small, replicates=5, rng=1, quiet=quiet)
    bz.Sweep(small, {"reply.empathy": [0.2]}, replicates=5, rng=1, out=tmp_path).run(1, quiet=quiet)
    assert made == [(20, quiet), (20, quiet)]
