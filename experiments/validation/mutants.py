"""Faults put in on purpose, and which of them make a test fail; needs `pip install cosmic-ray`.

`python experiments/validation/mutants.py run FOLDER` draws a sample of faults for each module, tries them one by one on a copy of
the repository, and can be stopped and called again; `--modules` takes some of them alone. `collect FOLDER FOLDER ...` writes
mutants.csv from what was tried so far; each module from the last folder that has it.
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

import pandas as pd

from buzzsim.files import write_whole

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
_PYTEST = f"{sys.executable} -W ignore -m pytest -x -q -p no:cacheprovider -W ignore"
# What is changed, how often, and which tests are asked. Rules are tried uncompiled: nothing else would be quick enough.
MODULES = {
    "rules": (
        "buzzsim/rules.py",
        110,
        f"env NUMBA_DISABLE_JIT=1 PYTHONPATH=. {_PYTEST} tests/test_rules.py",
    ),
    "engine": (
        "buzzsim/engine",
        40,
        f"env PYTHONPATH=. {_PYTEST} tests/test_twins.py tests/test_strategies.py",
    ),
    "strategy": (
        "buzzsim/strategy.py",
        60,
        f"env PYTHONPATH=. {_PYTEST} tests/test_strategies.py -k 'not engines and not docu'",
    ),
    "analysis": ("buzzsim/analysis.py", 60, f"env PYTHONPATH=. {_PYTEST} tests/test_comparison.py"),
}
# Why a survivor is harmless, by file and exact change, written down by whoever looked at it.
EXPLAINED = {
    (row["file"], row["change"]): row
    for row in tomllib.loads((HERE / "survivors.toml").read_text("utf-8"))["survivors"]
}


def main(argv: Sequence[str] | None = None) -> int:
    """Try faults, or collect what was found."""
    parser = argparse.ArgumentParser(description="Which faults put in on purpose make a test fail?")
    parser.add_argument("act", choices=["run", "collect"])
    parser.add_argument("folders", type=Path, nargs="+", metavar="FOLDER")
    parser.add_argument("--modules", nargs="+", choices=MODULES, default=list(MODULES))
    options = parser.parse_args(argv)
    if options.act == "run":
        folder = options.folders[-1]
        folder.mkdir(parents=True, exist_ok=True)
        for module in options.modules:
            tried(module, folder)
        return 0
    found = pd.concat(
        [
            collected(module, home)
            for module in MODULES
            if (home := home_of(module, options.folders))
        ],
        ignore_index=True,
    )
    write_whole(HERE / "mutants.csv", found.to_csv(index=False, lineterminator="\n").encode())
    return 0


def home_of(module: str, folders: Sequence[Path]) -> Path | None:
    """Give the last folder in which a module was tried."""
    return next(
        (folder for folder in reversed(folders) if (folder / f"cr-{module}.sqlite").is_file()), None
    )


def tried(module: str, folder: Path) -> None:
    """Draw a sample of a module's faults, unless that has been done, and try those not tried yet."""
    path, sample, tests = MODULES[module]
    copy, session = folder / "copy", folder / f"cr-{module}.sqlite"
    if not copy.is_dir():
        subprocess.run(["git", "clone", "-q", str(ROOT), str(copy)], check=True)
    config = folder / f"cr-{module}.toml"
    config.write_text(
        f'[cosmic-ray]\nmodule-path = "{path}"\ntimeout = 300.0\nexcluded-modules = []\ntest-command = "{tests}"\n'
        '[cosmic-ray.distributor]\nname = "local"\n',
        encoding="utf-8",
    )
    if not session.is_file():
        subprocess.run(
            ["cosmic-ray", "init", str(config.resolve()), str(session.resolve())],
            cwd=copy,
            check=True,
        )
        with sqlite3.connect(session) as base:
            for job, *place in base.execute(
                "select job_id, module_path, start_pos_row, start_pos_col from mutation_specs"
            ).fetchall():
                if is_left_out(copy, *place):
                    for table in ("mutation_specs", "work_items"):
                        base.execute(f"delete from {table} where job_id = ?", [job])
            kept = "(select job_id from work_items order by substr(job_id, 3) limit ?)"  # job numbers are random
            for table in ("mutation_specs", "work_items"):
                base.execute(f"delete from {table} where job_id not in {kept}", [sample])
    subprocess.run(
        ["cosmic-ray", "exec", str(config.resolve()), str(session.resolve())], cwd=copy, check=True
    )


@cache
def left_out(path: Path) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Give where nothing stands that a result could show, from and to: types, which mypy reads, and fetches ahead, which only
    save time.
    """  # noqa: D205
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
    """Whether a statement does no more than ask the processor for what will be needed, or say how far ahead."""
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


def collected(module: str, folder: Path) -> pd.DataFrame:
    """Give what was tried of a module: where and in which commit, what was changed, and whether a test failed."""
    session = folder / f"cr-{module}.sqlite"
    ask = (
        "select s.module_path, s.start_pos_row, s.operator_name, r.diff, r.test_outcome"
        " from work_results r join mutation_specs s using (job_id) order by s.module_path, s.start_pos_row, s.operator_name, r.diff"
    )
    with sqlite3.connect(session) as base:
        rows = [
            row
            for row in base.execute(ask).fetchall()
            if not row[-1].upper().endswith("INCOMPETENT")
        ]  # could not be tried
    asked = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=folder / "copy",
        capture_output=True,
        text=True,
        check=True,
    )
    return pd.DataFrame([row_of(*row, asked.stdout.strip()) for row in rows])


def line_before(change: str) -> str:
    """Give the line that a change was made to, as it stands in the source."""
    return change.partition(" -> ")[0]


def row_of(
    path: str, line: int, operator: str, diff: str, outcome: str, commit: str
) -> dict[str, object]:
    """Give a fault as a line of mutants.csv."""
    changed = [
        text[1:].strip()
        for text in diff.splitlines()
        if text[:1] in "+-" and text[:3] not in ("+++", "---")
    ]
    said = " -> ".join(filter(None, changed))
    alive = outcome.upper().endswith("SURVIVED")
    file = path.removeprefix("buzzsim/")
    return {
        "module": file.partition("/")[0] if "/" in file else file,
        "file": file,
        "line": line,
        "commit": commit,
        "operator": operator.rpartition("/")[2],
        "change": said if alive else "",
        "outcome": "survived" if alive else "killed",
    }


if __name__ == "__main__":
    sys.exit(main())
