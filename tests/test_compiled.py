"""The cache of machine code notices a change in any file that holds compiled functions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numba import njit, typeof

import buzzsim.compiled
from buzzsim import engine
from buzzsim.compiled import compiled, is_warm
from buzzsim.model import rules
from buzzsim.model.tables import Net

RULES = "from tiny.compiled import compiled\n\n@compiled\ndef rule(x):\n    return x + {step}\n"
ENGINE = "from tiny.compiled import compiled\nfrom tiny import rules\n\n@compiled\ndef twice(x):\n    return rules.rule(rules.rule(x))\n"


def tiny(folder: Path) -> Path:
    """Write a tiny package with an engine and a rule."""
    package = folder / "tiny"
    package.mkdir()
    shutil.copy(buzzsim.compiled.__file__, package / "compiled.py")
    (package / "__init__.py").touch()
    (package / "engine.py").write_text(ENGINE)
    (package / "rules.py").write_text(RULES.format(step=1))
    return package


def answer(folder: Path, **more: str) -> str:
    """Run the tiny engine in a process of its own."""
    command = [sys.executable, "-c", "from tiny.engine import twice; print(twice(0))"]
    beside = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return subprocess.run(
        command, cwd=folder, env=beside | more, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_a_changed_rule_reaches_an_engine_compiled_before(tmp_path):
    package = tiny(tmp_path)
    assert answer(tmp_path) == "2"
    assert list(package.rglob("*.nbc")), "nothing was cached, so nothing could go stale"
    (package / "rules.py").write_text(RULES.format(step=5))
    assert answer(tmp_path) == "10"


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("content", [b"", b"\x80\x05K\x01."])
def test_what_is_damaged_on_disk_is_compiled_anew(tmp_path, ending, content):
    tiny(tmp_path)
    assert answer(tmp_path) == "2"
    (file,) = tmp_path.rglob(f"*twice*.{ending}")
    whole = file.stat().st_size
    file.write_bytes(content)
    assert answer(tmp_path) == "2"
    assert file.stat().st_size == whole, "it is there for the next process"


def test_where_the_disk_is_full_nothing_is_kept(tmp_path):
    tiny(tmp_path)
    (tmp_path / "sitecustomize.py").write_text(
        "import os\nfrom numba.core.caching import IndexDataCacheFile\n"
        "def full(*_):\n    raise OSError(28, os.strerror(28))\nIndexDataCacheFile._save_data = full\n"
    )
    assert answer(tmp_path, PYTHONPATH=str(tmp_path)) == "2"
    assert not list(tmp_path.rglob("*.nbc"))
    assert answer(tmp_path) == "2"
    assert list(tmp_path.rglob("*.nbc"))


def test_every_compiled_function_carries_the_stamp_of_all_sources():
    assert rules.ticks._cache._cache_file._source_stamp == buzzsim.compiled._STAMP
    assert engine.batch._cache._cache_file._source_stamp == buzzsim.compiled._STAMP


def test_a_function_that_ran_is_warm():
    rules.social_proof.py_func  # noqa: B018
    buzzsim.run("default", rng=1)
    assert is_warm(engine.batch)


@compiled
def _larger(a, b):
    return max(a, b)


@compiled
def _ends(net):
    return (
        _larger(net.indptr[0], net.indptr[-1]),
        net.indices.size,
        net.traits.shape[0],
        net.traits[1, 2],
    )


@compiled
def _in_turn(net):
    return _ends(net)


@njit
def _by_another(net):
    return _in_turn(net)


def made_net(step=1):
    numbers = np.arange(8)
    return Net(numbers[: 4 * step : step], numbers[5:], np.zeros(0), np.arange(6.0).reshape(2, 3))


@pytest.mark.parametrize("function", [_ends, _in_turn, _by_another])
def test_tables_reach_compiled_code_whole_and_their_references_come_back(function):
    net = made_net()
    function(net)
    before = [sys.getrefcount(array) for array in net]
    assert [function(net) for _ in range(3)] == [(3, 3, 2, 5.0)] * 3
    assert [sys.getrefcount(array) for array in net] == before


def test_tables_with_gaps_are_taken_too():
    assert _in_turn(made_net(step=2)) == (6, 3, 2, 5.0)


def test_tables_go_as_one_pointer():
    assert _in_turn(made_net()) == (3, 3, 2, 5.0)
    assert str(typeof(made_net())).startswith("Net_")  # one pointer with a short name


def test_uncompiled_comparisons_and_sweeps_run_too(tmp_path):
    ask = (
        "import buzzsim as bz; s = bz.Scenario().replace({'network.customers': 30, 'time.horizon': 5.0});"
        "print(len(bz.compare(s, replicates=2, rng=1, quiet=True).outcome('volume')));"
        f"print(bz.Sweep(s, {{'joining.r0': [0.5]}}, replicates=2, rng=1, out={str(tmp_path / 'out')!r}).run(1, quiet=True).runs)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["2", "8"]
