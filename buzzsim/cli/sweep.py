"""`buzzsim sweep`: run one, tell how far it is, give its table."""

from __future__ import annotations

import argparse
import json
import os
import re
import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from buzzsim.cli.numbers import share, whole
from buzzsim.errors import ScenarioError, sentence
from buzzsim.files import write_pieces
from buzzsim.study import markdown

FORMATS = ("csv", "parquet", "markdown")
EXIT_INTERRUPTED = 130
_HEADLINES = ["volume", "reach", "firestorm"]
_POINTS_AT_ONCE = 32


def add_to(commands: Any) -> None:
    """Add the commands to the parser's."""
    sweep = commands.add_parser(
        "sweep",
        help="many scenarios, in a directory that survives",
        description="Run a sweep, or look at one.",
    )
    actions = sweep.add_subparsers(metavar="ACTION")
    sweep.set_defaults(act=lambda options: sweep.print_help())

    run = actions.add_parser(
        "run",
        help="compute what is missing",
        description="Compute what is missing; stop it, and run it again.",
    )
    run.add_argument(
        "sweep", metavar="FILE", help="a sweep's .toml file, or the directory of one that was begun"
    )
    run.add_argument(
        "--out",
        metavar="DIR",
        help="its directory (default: `out` of the file, else the file's name)",
    )
    run.add_argument(
        "--jobs",
        metavar="N",
        type=whole(1, 1024),
        help="how many blocks at once (default: one for each core)",
    )
    run.add_argument(
        "--processes", action="store_true", help="compute in processes instead of threads"
    )
    run.add_argument(
        "--shard",
        metavar="I/N",
        type=share,
        default=(1, 1),
        help="only the I-th of N parts, as in a job array",
    )
    run.add_argument(
        "--until",
        metavar="RULE",
        help="go on until it holds, such as 'ci95 of reach difference < 0.01'",
    )
    run.add_argument(
        "--max-replicates",
        metavar="N",
        type=whole(1, 10**9),
        help="where --until ends at the latest (default: the file's, else 10000)",
    )
    run.add_argument("--retry", action="store_true", help="compute anew what failed")
    run.add_argument("--quiet", action="store_true", help="show no progress")
    run.set_defaults(act=_run)

    status = actions.add_parser("status", help="what is finished, failed and missing")
    status.add_argument("directory", metavar="DIR")
    status.add_argument(
        "--json", action="store_true", help="print JSON, with the replicates of each point"
    )
    status.set_defaults(act=_status)

    table = actions.add_parser(
        "table",
        help="every finished run, or a summary",
        description="csv, parquet: a row for each run; markdown: a summary.",
    )
    table.add_argument("directory", metavar="DIR")
    table.add_argument(
        "--format",
        metavar="NAME",
        choices=FORMATS,
        default="markdown",
        help="csv, parquet or markdown (default)",
    )
    table.add_argument(
        "--outcomes",
        metavar="A,B",
        help="which outcomes (default: all; markdown: volume, reach, firestorm)",
    )
    table.add_argument(
        "--to", metavar="FILE", help="where to (default: printed; parquet needs a file)"
    )
    table.set_defaults(act=_table)

    slurm = actions.add_parser(
        "slurm", help="print the script of a Slurm job array that computes it in shards"
    )
    slurm.add_argument("sweep", metavar="FILE", help="as for `sweep run`")
    slurm.add_argument("--out", metavar="DIR", help="as for `sweep run`")
    slurm.add_argument(
        "--shards",
        metavar="N",
        type=whole(1, 10_000),
        default=10,
        help="tasks of the array (default: 10)",
    )
    slurm.add_argument(
        "--cores",
        metavar="N",
        type=whole(1, 1024),
        default=4,
        help="cores of each task (default: 4)",
    )
    slurm.add_argument(
        "--memory",
        metavar="SIZE",
        default="4G",
        help="memory of each task, as Slurm writes it (default: 4G)",
    )
    slurm.add_argument(
        "--hours", metavar="N", type=whole(1, 999), default=1, help="time of each task (default: 1)"
    )
    slurm.set_defaults(act=_slurm)


def _run(options: argparse.Namespace) -> int:
    """Run, and say how far it is; what is finished is kept whatever happens."""
    sweep = _opened(options)
    try:
        status = sweep.run(
            options.jobs,
            executor="processes" if options.processes else None,
            shard=options.shard,
            until=options.until,
            max_replicates=options.max_replicates,
            retry=options.retry,
            quiet=options.quiet,
        )
    except KeyboardInterrupt:
        print(
            "buzzsim: interrupted; what is finished is kept, and the same command goes on from there",
            file=sys.stderr,
        )
        return EXIT_INTERRUPTED
    print(status)
    return 1 if status.failed else 0


def _opened(options: argparse.Namespace) -> Any:
    """Open the sweep of a directory or a file."""
    from buzzsim.sweep import Sweep

    if not Path(options.sweep).is_dir():
        return Sweep.from_file(options.sweep, options.out)
    if options.out is not None:
        raise ScenarioError(sentence("sweep", "--out", options.out, "only beside a .toml file"))
    return Sweep.load(options.sweep)


def _status(options: argparse.Namespace) -> None:
    """Say how far a sweep is."""
    from buzzsim.sweep import Sweep

    status = Sweep.load(options.directory).status()
    if options.json:
        print(
            json.dumps(
                {**vars(status), "missing": status.missing, "finished": status.finished}, indent=2
            )
        )
    else:
        print(status)


def _table(options: argparse.Namespace) -> None:
    """Write the table where it is wanted."""
    from buzzsim.model.outcomes import checked_outcomes
    from buzzsim.sweep import Sweep, tables

    sweep = Sweep.load(options.directory)
    status = sweep.status()
    if not status.finished:
        none = sum(count == 0 for count in status.replicates.values())
        said = f"{status.missing:,} of {status.blocks:,} blocks are missing; {none:,} of {status.points:,} points have no run yet"
        print(f"buzzsim: {said}", file=sys.stderr)
    wanted = None if options.outcomes in (None, "all") else options.outcomes.split(",")
    if options.format == "parquet" and options.to is None:
        raise ScenarioError(
            sentence("sweep table", "--to", None, "the name of a file, since Parquet is no text")
        )
    if options.format == "parquet":
        tables.save(sweep.directory, sweep.plan, checked_outcomes(wanted, "sweep"), options.to)
    elif options.format == "csv":
        pieces = tables.tables(
            sweep.directory, sweep.plan, checked_outcomes(wanted, "sweep"), _POINTS_AT_ONCE
        )
        _put(
            (
                piece.to_csv(index=False, header=k == 0, lineterminator="\n")
                for k, piece in enumerate(pieces)
            ),
            options.to,
        )
    else:
        asked = checked_outcomes(wanted or (None if options.outcomes else _HEADLINES), "sweep")
        _put([_markdown(tables.summary(sweep.directory, sweep.plan, asked))], options.to)


def _slurm(options: argparse.Namespace) -> None:
    """Print the script of a job array; a task that is stopped is put back into the queue, and goes on."""
    _opened(options)  # a mistake is told here, not by each task
    words = [sys.executable, "-m", "buzzsim", "sweep", "run", os.path.abspath(options.sweep)]
    if options.out is not None:
        words += ["--out", os.path.abspath(options.out)]
    if not re.fullmatch(r"[0-9]+[KMGT]?", options.memory):
        raise ScenarioError(
            sentence(
                "sweep slurm",
                "--memory",
                options.memory,
                "a whole number with K, M, G or T, such as 16G",
            )
        )
    jobs, part = (
        f"${{SLURM_CPUS_PER_TASK:-{options.cores}}}",
        f"$SLURM_ARRAY_TASK_ID/{options.shards}",
    )
    print(
        f"""#!/bin/sh
#SBATCH --job-name=buzzsim-sweep
#SBATCH --array=1-{options.shards}
#SBATCH --cpus-per-task={options.cores}
#SBATCH --mem={options.memory}
#SBATCH --time={options.hours}:00:00
#SBATCH --requeue
set -eu
exec {shlex.join(words)} --quiet --jobs "{jobs}" --shard "{part}\""""
    )


def _put(pieces: Iterable[str], to: str | None) -> None:
    """Print pieces of text, or write them into a file."""
    if to is None:
        for piece in pieces:
            sys.stdout.write(piece)
        return
    write_pieces(to, (piece.encode() for piece in pieces))


def _markdown(frame: Any) -> str:
    """Write a table for people, numbers with three digits that count."""
    if frame.empty:
        return "Nothing is finished yet.\n"
    frame = frame.drop(columns="point")
    return (
        markdown.table(
            list(frame.columns),
            ([_cell(value) for value in row] for row in frame.itertuples(index=False)),
        )
        + "\n"
    )


def _cell(value: Any) -> str:
    if value is None or value != value:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
