"""`buzzsim sweep`: run a sweep, tell how far it is, give its table, or a script for a cluster."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from buzzsim.cli import options
from buzzsim.errors import ScenarioError, sentence
from buzzsim.files import write_pieces
from buzzsim.study import markdown

if TYPE_CHECKING:
    from buzzsim.sweep import Sweep

_POINTS_AT_ONCE = 32  # of a table that is written piece by piece
_SLURM = """\
#!/bin/sh
#SBATCH --job-name=buzzsim-sweep
#SBATCH --array=1-{shards}
#SBATCH --cpus-per-task={cores}
#SBATCH --mem={memory}
#SBATCH --time={hours}:00:00
#SBATCH --requeue
set -eu
exec {command} --quiet --jobs "${{SLURM_CPUS_PER_TASK:-{cores}}}" \
--shard "$SLURM_ARRAY_TASK_ID/{shards}\""""


def add_to(commands: Any) -> None:
    """Add the command to those of the parser."""
    described = "many scenarios, in a directory that survives"
    sweep = commands.add_parser("sweep", help=described, description="Run a sweep, or look at one.")
    actions = sweep.add_subparsers(metavar="ACTION")
    whole = options.whole
    help_ = "compute what is missing"
    described = "Compute what is missing; stop it, and run it again."
    run = actions.add_parser("run", act=_run, help=help_, description=described)
    described = "a sweep's .toml file, or the directory of one that was begun"
    run.add_argument("sweep", metavar="FILE", help=described)
    add = run.option
    add("--out DIR", "its directory (default: `out` of the file, else the file's name)")
    add("--jobs N", "how many blocks at once (default: one for each core)", type=whole(1, 1024))
    add("--processes", "compute in processes instead of threads")
    described = "only the I-th of N parts, as in a job array"
    add("--shard I/N", described, type=_shard, default=(1, 1))
    add("--until RULE", "go on until it holds, such as 'ci95 of reach difference < 0.01'")
    described = "where --until ends at the latest (default: the file's, else 10000)"
    add("--max-replicates N", described, type=whole(1, 10**9))
    add("--retry", "compute anew what failed")
    add("--quiet", "show no progress")
    described = "what is finished, failed and missing"
    status = actions.add_parser("status", act=_status, help=described)
    status.add_argument("directory", metavar="DIR")
    status.option("--json", "print JSON, with the replicates of each point")
    described = "csv, parquet: a row for each run; markdown: a summary."
    help_ = "every finished run, or a summary"
    table = actions.add_parser("table", act=_table, help=help_, description=described)
    table.add_argument("directory", metavar="DIR")
    add, formats = table.option, ("csv", "parquet", "markdown")
    described = "csv, parquet or markdown (default)"
    add("--format NAME", described, choices=formats, default="markdown")
    add("--outcomes A,B", "which outcomes (default: all; markdown: volume, reach, firestorm)")
    add("--to FILE", "where to (default: printed; parquet needs a file)")
    described = "print the script of a Slurm job array that computes it in shards"
    slurm = actions.add_parser("slurm", act=_slurm, help=described)
    slurm.add_argument("sweep", metavar="FILE", help="as for `sweep run`")
    add = slurm.option
    add("--out DIR", "as for `sweep run`")
    add("--shards N", "tasks of the array (default: 10)", type=whole(1, 10_000), default=10)
    add("--cores N", "cores of each task (default: 4)", type=whole(1, 1024), default=4)
    add("--memory SIZE", "memory of each task, as Slurm writes it (default: 4G)", default="4G")
    add("--hours N", "time of each task (default: 1)", type=whole(1, 999), default=1)


def _shard(text: str) -> tuple[int, int]:
    i, _, n = text.partition("/")
    if not (i.isdecimal() and n.isdecimal() and 1 <= int(i) <= int(n)):
        raise argparse.ArgumentTypeError("i/n, the i-th of n parts, such as 1/4 to 4/4")
    return int(i), int(n)


def _run(asked: argparse.Namespace) -> int:
    sweep = _opened(asked)
    try:
        status = sweep.run(
            asked.jobs,
            executor="processes" if asked.processes else None,
            shard=asked.shard,
            until=asked.until,
            max_replicates=asked.max_replicates,
            retry=asked.retry,
            quiet=asked.quiet,
        )
    except KeyboardInterrupt:
        kept = "what is finished is kept, and the same command goes on from there"
        raise KeyboardInterrupt(kept) from None
    print(status)
    return 1 if status.failed else 0


def _opened(asked: argparse.Namespace) -> Sweep:
    from buzzsim.sweep import Sweep

    if not Path(asked.sweep).is_dir():
        return Sweep.from_file(asked.sweep, asked.out)
    if asked.out is not None:
        raise ScenarioError(sentence("sweep", "--out", asked.out, "only beside a .toml file"))
    return Sweep.load(asked.sweep)


def _status(asked: argparse.Namespace) -> None:
    from buzzsim.sweep import Sweep

    status = Sweep.load(asked.directory).status()
    if asked.json:
        counts = {**vars(status), "missing": status.missing, "finished": status.finished}
        print(json.dumps(counts, indent=2))
    else:
        print(status)


def _table(asked: argparse.Namespace) -> None:
    from buzzsim.sweep import Sweep, tables

    sweep = Sweep.load(asked.directory)
    status = sweep.status()
    if not status.finished:
        none = sum(count == 0 for count in status.replicates.values())
        missing = f"{status.missing:,} of {status.blocks:,} blocks are missing"
        points = f"{none:,} of {status.points:,} points have no run yet"
        print(f"buzzsim: {missing}; {points}", file=sys.stderr)
    usual = ["volume", "reach", "firestorm"] if asked.format == "markdown" else None
    outcomes = options.outcomes(asked.outcomes, usual)
    if asked.format == "markdown":
        summary = sweep.summary(outcomes).drop(columns="point")
        rows = [[_cell(value) for value in row] for row in summary.itertuples(index=False)]
        table = markdown.table(summary.columns.tolist(), rows)
        _put([f"{table}\n" if rows else "Nothing is finished yet.\n"], asked.to)
    elif asked.format == "csv":
        pieces = tables.pieces(sweep.directory, sweep.plan, outcomes, _POINTS_AT_ONCE)
        texts = (
            piece.to_csv(index=False, header=k == 0, lineterminator="\n")
            for k, piece in enumerate(pieces)
        )
        _put(texts, asked.to)
    elif asked.to is None:
        allowed = "the name of a file, since Parquet is no text"
        raise ScenarioError(sentence("sweep table", "--to", None, allowed))
    else:
        tables.save(sweep.directory, sweep.plan, outcomes, asked.to)


def _slurm(asked: argparse.Namespace) -> None:
    """Print the script of a job array; a task that is stopped is queued again, and goes on."""
    _opened(asked)  # a mistake is told here, not by each task
    words = [sys.executable, "-m", "buzzsim", "sweep", "run", os.path.abspath(asked.sweep)]
    if asked.out is not None:
        words += ["--out", os.path.abspath(asked.out)]
    if not re.fullmatch(r"[0-9]+[KMGT]?", asked.memory):
        allowed = "a whole number with K, M, G or T, such as 16G"
        raise ScenarioError(sentence("sweep slurm", "--memory", asked.memory, allowed))
    print(_SLURM.format(command=shlex.join(words), **vars(asked)))


def _put(pieces: Iterable[str], to: str | None) -> None:
    if to is None:
        sys.stdout.writelines(pieces)
    else:
        write_pieces(to, (piece.encode() for piece in pieces))


def _cell(value: object) -> str:
    """Write a value for people: numbers with three digits that count."""
    if value is None or value != value:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
