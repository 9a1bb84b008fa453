"""Faults put in on purpose, and how many of them make a test fail; needs `pip install cosmic-ray`.

`python experiments/validation/mutants.py run FOLDER` draws a sample of faults for each part of the
source and tries them one by one on a copy of the repository. It can be stopped and called again;
`--parts` takes some parts alone. `collect FOLDER` counts what was tried in mutants.toml and prints
the faults that no test noticed: look at each, and write into mutants.toml why it is harmless.
"""

from __future__ import annotations

import argparse
import ast
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import tomli_w

from buzzsim.files import write_whole

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
RECORD = HERE / "mutants.toml"
PYTEST = f"{sys.executable} -W ignore -m pytest -x -q -p no:cacheprovider -W ignore"
PARTS = {  # what is changed, how often, and which tests are asked
    "model/rules": (110, "tests/test_rules.py"),
    "engine": (40, "tests/test_twins.py tests/test_strategies.py"),
    "model/strategy": (60, "tests/test_strategies.py -k 'not engines and not docu'"),
    "study/analysis": (60, "tests/test_comparison.py"),
}
UNCOMPILED = {"model/rules"}  # nothing else would be quick enough
CONFIG = """[cosmic-ray]
module-path = "{path}"
timeout = 300.0
excluded-modules = []
test-command = "env {settings} {pytest} {tests}"
[cosmic-ray.distributor]
name = "local"
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Try faults, or count what was tried."""
    parser = argparse.ArgumentParser(description="Which faults put in on purpose make a test fail?")
    parser.add_argument("act", choices=["run", "collect"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS))
    options = parser.parse_args(argv)
    options.folder.mkdir(parents=True, exist_ok=True)
    for part in options.parts:
        if options.act == "run":
            tried(part, options.folder)
        elif session_of(part, options.folder).is_file():
            record(collected(part, options.folder))
    return 0


def session_of(part: str, folder: Path) -> Path:
    """Give the file in which a part's faults and their outcomes are kept."""
    return folder / f"{part.replace('/', '-')}.sqlite"


def tried(part: str, folder: Path) -> None:
    """Draw a sample of a part's faults, unless that has been done, and try those not tried yet."""
    sample, tests = PARTS[part]
    path = f"buzzsim/{part}" if (ROOT / "buzzsim" / part).is_dir() else f"buzzsim/{part}.py"
    settings = "PYTHONPATH=." + " NUMBA_DISABLE_JIT=1" * (part in UNCOMPILED)
    copy, session = folder / "copy", session_of(part, folder)
    if not copy.is_dir():
        subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
    config = session.with_suffix(".toml")
    text = CONFIG.format(path=path, settings=settings, pytest=PYTEST, tests=tests)
    config.write_text(text, encoding="utf-8")
    where = [str(config.resolve()), str(session.resolve())]
    if not session.is_file():
        subprocess.run(["cosmic-ray", "init", *where], cwd=copy, check=True)
        with sqlite3.connect(session) as base:
            draw_sample(base, copy, sample)
    subprocess.run(["cosmic-ray", "exec", *where], cwd=copy, check=True)


def draw_sample(base: sqlite3.Connection, copy: Path, sample: int) -> None:
    """Keep that many of all faults, none where no result could show it."""
    ask = "select job_id, module_path, start_pos_row, start_pos_col from mutation_specs"
    silent = [[job] for job, *place in base.execute(ask).fetchall() if is_left_out(copy, *place)]
    kept = "(select job_id from work_items order by substr(job_id, 3) limit ?)"  # these are random
    for table in ("mutation_specs", "work_items"):
        base.executemany(f"delete from {table} where job_id = ?", silent)
    for table in ("mutation_specs", "work_items"):
        base.execute(f"delete from {table} where job_id not in {kept}", [sample])


@cache
def left_out(path: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Give where types and fetches ahead begin and end: no result could show a fault there."""
    nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
    silent: list[Any] = [
        node.annotation
        for node in nodes
        if isinstance(node, (ast.arg, ast.AnnAssign)) and node.annotation
    ]
    silent += [node.returns for node in nodes if isinstance(node, ast.FunctionDef) and node.returns]
    silent += [node for node in nodes if fetches_ahead(node)]
    return [
        ((node.lineno, node.col_offset), (node.end_lineno or 0, node.end_col_offset or 0))
        for node in silent
    ]


def fetches_ahead(node: ast.AST) -> bool:
    """Whether a statement only fetches what will be needed, or says how far ahead."""
    match node:
        case ast.FunctionDef(name=name) | ast.Expr(value=ast.Call(func=ast.Name(id=name))):
            return name.startswith(("fetch", "_fetch"))
        case ast.If(body=body, orelse=[]):
            return all(fetches_ahead(inner) for inner in body)
        case ast.Assign(targets=[ast.Name(id="NEAR")]):
            return True
    return False


def is_left_out(copy: Path, module: str, line: int, column: int) -> bool:
    """Whether a place is within a type or a fetch ahead."""
    return any(first <= (line, column) < last for first, last in left_out(copy / module))


def collected(part: str, folder: Path) -> dict[str, Any]:
    """Count a part's faults, and print those that no test noticed."""
    with sqlite3.connect(session_of(part, folder)) as base:
        rows = base.execute("select diff, upper(test_outcome) from work_results").fetchall()
    outcomes = [outcome.rpartition(".")[2] for _, outcome in rows]
    for (diff, _), outcome in zip(rows, outcomes, strict=True):
        if outcome == "SURVIVED":
            print(diff, end="\n\n")
    asked = ["git", "rev-parse", "--short", "HEAD"]
    done = subprocess.run(asked, cwd=folder / "copy", capture_output=True, text=True, check=True)
    killed, survived = outcomes.count("KILLED"), outcomes.count("SURVIVED")
    return {
        "of": part,
        "commit": done.stdout.strip(),
        "faults": killed + survived,  # others could not be tried
        "killed": killed,
        "survivors": f"{survived}: not looked at yet" if survived else "",
    }


def record(sample: dict[str, Any]) -> None:
    """Write a part's counts in place of its last."""
    samples = tomllib.loads(RECORD.read_text(encoding="utf-8"))["samples"]
    samples = [sample if old["of"] == sample["of"] else old for old in samples]
    write_whole(RECORD, tomli_w.dumps({"samples": samples}, multiline_strings=True).encode())


if __name__ == "__main__":
    sys.exit(main())
