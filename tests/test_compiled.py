"""The cache of machine code notices a change in any file that holds compiled functions."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import buzzsim.compiled
from buzzsim import engine, rules
from buzzsim.compiled import is_warm

RULES = "from tiny.compiled import compiled\n\n@compiled\ndef rule(x):\n    return x + {step}\n"
ENGINE = (
    "from tiny.compiled import compiled\nfrom tiny import rules\n\n@compiled\ndef twice(x):\n    return rules.rule(rules.rule(x))\n"
)


def answer(folder: Path) -> str:
    """Run the tiny engine in a process of its own."""
    command = [sys.executable, "-c", "from tiny.engine import twice; print(twice(0))"]
    beside = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    return subprocess.run(command, cwd=folder, env=beside, capture_output=True, text=True, check=True).stdout.strip()


def test_a_changed_rule_reaches_an_engine_compiled_before(tmp_path):
    package = tmp_path / "tiny"
    package.mkdir()
    shutil.copy(buzzsim.compiled.__file__, package / "compiled.py")
    (package / "__init__.py").touch()
    (package / "engine.py").write_text(ENGINE)
    (package / "rules.py").write_text(RULES.format(step=1))
    assert answer(tmp_path) == "2"
    assert list(package.rglob("*.nbc")), "nothing was cached, so nothing could go stale"
    (package / "rules.py").write_text(RULES.format(step=5))
    assert answer(tmp_path) == "10"


def test_every_compiled_function_carries_the_stamp_of_all_sources():
    assert rules.ticks._cache._cache_file._source_stamp == buzzsim.compiled._STAMP
    assert engine.batch._cache._cache_file._source_stamp == buzzsim.compiled._STAMP


def test_a_function_that_ran_is_warm():
    rules.social_proof.py_func  # noqa: B018
    buzzsim.run("default", rng=1)
    assert is_warm(engine.batch)
