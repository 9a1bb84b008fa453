"""Machine code on disk: a changed rule reaches the engine, and nothing damaged is ever run."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit, typeof

import buzzsim
from buzzsim import compiled as compiling
from buzzsim import engine
from buzzsim.compiled import compiled, digest_of, is_warm

RULES = """from tiny.compiled import compiled

@compiled
def rule(x: float) -> float:
    {words}
    return x + {step}
"""
ENGINE = """from tiny.compiled import compiled
from tiny import rules

@compiled
def twice(x):
    return rules.rule(rules.rule(x))
"""


def write_rules(package, step=1, words="pass"):
    (package / "rules.py").write_text(RULES.format(step=step, words=words))


@pytest.fixture
def tiny(tmp_path) -> Path:
    """A tiny package with an engine and a rule."""
    package = tmp_path / "tiny"
    package.mkdir()
    shutil.copy(compiling.__file__, package / "compiled.py")
    (package / "__init__.py").touch()
    (package / "engine.py").write_text(ENGINE)
    write_rules(package)
    return package


def started(package: Path, **more: str) -> subprocess.Popen[str]:
    """Start the tiny engine in a process of its own."""
    command = [sys.executable, "-c", "from tiny.engine import twice; print(twice(0))"]
    beside = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return subprocess.Popen(
        command,
        cwd=package.parent,
        env=beside | more,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def answer(package: Path, **more: str) -> str:
    """Run the tiny engine; a process that dies gives what it said."""
    process = started(package, **more)
    said, errors = process.communicate()
    return said.strip() if process.returncode == 0 else f"{process.returncode}: {errors}"


def code_of(package: Path) -> list[Path]:
    return sorted(package.rglob("*.nbc"))


def test_a_changed_rule_reaches_an_engine_compiled_before(tiny):
    assert answer(tiny) == "2"
    assert code_of(tiny), "nothing was cached, so nothing could go stale"
    write_rules(tiny, step=5)
    assert answer(tiny) == "10"


def test_words_do_not_change_the_name_of_the_sources_and_rules_do():
    rules = (Path(buzzsim.__file__).parent / "model" / "rules.py").read_text(encoding="utf-8")
    name = digest_of({"rules.py": rules})
    reworded = re.sub(r'""".*?"""', '"""In other words."""', rules, flags=re.DOTALL).replace(
        ": float", ": int"
    )
    assert len(reworded) < len(rules)
    assert digest_of({"rules.py": f"# a comment\n\n{reworded}"}) == name
    for before, after in (("1.0 - ", "1.5 - "), ("min(", "max("), (" < ", " <= "), ("not ", "")):
        place = reworded.index(before, reworded.index("@compiled"))
        changed = reworded[:place] + after + reworded[place + len(before) :]
        assert digest_of({"rules.py": changed}) != name


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("if c:\n    x = 1\nelse:\n    y = 2", "if c:\n    x = 1\n    y = 2"),
        ("if c:\n    x = 1\n    y = 2", "if c:\n    x = 1\ny = 2"),
        ("x = min(max(a, b), c)", "x = min(max(a), b, c)"),
        ("x = a or (b and c) or d", "x = a or (b and c or d)"),
    ],
)
def test_a_line_that_leaves_its_block_changes_the_name_of_the_sources(before, after):
    assert digest_of({"rules.py": before}) != digest_of({"rules.py": after})


@pytest.mark.parametrize("ending", ["nbi", "nbc"])
@pytest.mark.parametrize("damage", ["empty", "cut", "flipped"])
def test_what_is_damaged_on_disk_is_compiled_anew(tiny, ending, damage):
    assert answer(tiny) == "2"
    (file,) = tiny.rglob(f"*twice*.{ending}")
    whole = file.read_bytes()
    middle = len(whole) // 2
    flipped = whole[:middle] + bytes([whole[middle] ^ 0xFF]) + whole[middle + 1 :]
    file.write_bytes({"empty": b"", "cut": whole[:-9], "flipped": flipped}[damage])
    assert answer(tiny) == "2"
    assert file.stat().st_size == len(whole), "it is there for the next process"


def test_processes_that_compile_at_once_all_get_right_numbers(tiny):
    processes = [started(tiny) for _ in range(4)]
    assert [process.communicate()[0].strip() for process in processes] == ["2"] * 4
    assert answer(tiny) == "2"
    assert code_of(tiny)


def test_where_the_disk_is_full_nothing_is_kept(tiny):
    (tiny.parent / "sitecustomize.py").write_text(
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (500, 500))\n"
    )
    path = {"PYTHONPATH": str(tiny.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    assert answer(tiny, **path) == "2"
    assert not code_of(tiny)
    assert answer(tiny) == "2"
    assert code_of(tiny)


def test_where_no_folder_can_be_written_the_machine_code_lasts_as_long_as_the_process(tiny):
    (tiny / "__pycache__").touch()
    nowhere = {"HOME": str(tiny / "rules.py"), "PYTHONDONTWRITEBYTECODE": "1"}
    assert answer(tiny, **nowhere) == "2"
    assert not code_of(tiny.parent)


def test_a_function_that_ran_is_warm():
    buzzsim.run("default", rng=1)
    assert is_warm(engine.batch)


def reworded_rules(package: Path, before: str, after: str) -> None:
    """Change the first place of a text in the rules of a copy of the package."""
    file = package / "model" / "rules.py"
    text = file.read_text(encoding="utf-8")
    assert before in text
    file.write_text(text.replace(before, after, 1), encoding="utf-8")


@pytest.mark.slow
def test_a_begun_sweep_goes_on_after_a_reworded_rule_and_refuses_a_changed_one(tmp_path):
    package = tmp_path / "buzzsim"
    shutil.copytree(Path(buzzsim.__file__).parent, package)
    ask = (
        "import buzzsim as bz, sys\n"
        "s = bz.Scenario().replace({'network.customers': 100, 'time.horizon': 5.0})\n"
        "n = int(sys.argv[1])\n"
        "sweep = bz.Sweep(s, {'joining.r0': [0.5, 0.9]}, replicates=n, rng=1, out='o')\n"
        "sweep.run(1, quiet=True)\n"
        "print(sweep.status().missing)\n"
    )

    def run(replicates):
        command = [sys.executable, "-W", "ignore", "-c", ask, str(replicates)]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)

    assert run(20).stdout.strip() == "0"
    reworded_rules(package, '    """', '    """In other words: ')
    assert run(40).stdout.strip() == "0"
    reworded_rules(package, "1.0 - ", "1.5 - ")
    assert "SweepError" in run(60).stderr


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


@compiling.bundle
class Net(NamedTuple):
    """A few arrays."""

    indptr: Any
    indices: Any
    traits: Any


def made_net(step=1):
    numbers = np.arange(8)
    return Net(numbers[: 4 * step : step], numbers[5:], np.arange(6.0).reshape(2, 3))


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


@pytest.mark.slow
def test_a_numba_too_new_for_bundles_takes_tuples_and_says_so(tmp_path):
    ask = (
        "import numba, warnings; numba.__version__ = '99.0.0'\n"
        "import numba.extending as e; e.infer_getattr = None\n"
        "with warnings.catch_warnings(record=True) as said:\n"
        "    warnings.simplefilter('always')\n"
        "    import buzzsim as bz\n"
        "    volume = bz.run('default', rng=1).outcomes['volume']\n"
        "print(volume, sum('numba 99.0.0' in str(one.message) for one in said))"
    )
    environment = os.environ | {"NUMBA_CACHE_DIR": str(tmp_path)}
    said = subprocess.run(
        [sys.executable, "-c", ask], env=environment, capture_output=True, text=True
    )
    assert said.stdout.split() == [str(buzzsim.run("default", rng=1).outcomes["volume"]), "1"], (
        said.stderr
    )


def test_uncompiled_comparisons_and_sweeps_run_too(tmp_path):
    ask = (
        "import buzzsim as bz, sys\n"
        "s = bz.Scenario().replace({'network.customers': 30, 'time.horizon': 5.0})\n"
        "s = s.replace({'joining.share_probability': 0.1})  # no R0 to solve, which takes minutes\n"
        "print(len(bz.compare(s, replicates=2, rng=1, quiet=True).outcome('volume')))\n"
        "sweep = bz.Sweep(s, {'reply.empathy': [0.5]}, replicates=2, rng=1, out=sys.argv[1])\n"
        "print(sweep.run(1, quiet=True).runs)\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", ask, str(tmp_path / "out")],
        env=os.environ | {"NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["2", "8"]


def test_without_a_home_and_with_a_file_that_cannot_go_numbers_are_right(tiny):
    assert answer(tiny) == "2"
    (file,) = tiny.rglob("*twice*.nbc")
    file.unlink()
    file.mkdir()
    (tiny.parent / "sitecustomize.py").write_text(
        "import pathlib\n"
        "def nowhere(): raise RuntimeError('Could not determine home directory.')\n"
        "pathlib.Path.home = nowhere\n"
    )
    path = {"PYTHONPATH": str(tiny.parent), "PYTHONDONTWRITEBYTECODE": "1"}
    assert answer(tiny, **path) == "2"


def test_files_that_are_damaged_while_a_process_runs_are_compiled_anew(tiny):
    assert answer(tiny) == "2"
    (file,) = tiny.rglob("*twice*.nbi")
    code = "from tiny.rules import rule; rule(0.0); from pathlib import Path; "
    code += f"Path({str(file)!r}).write_bytes(b''); from tiny.engine import twice; print(twice(0))"
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=tiny.parent, capture_output=True, text=True
    )
    assert ran.stdout.strip() == "2", ran.stderr
