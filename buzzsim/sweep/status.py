"""How far a sweep is: finished, failed and missing blocks, and the time that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from buzzsim.sweep import blocks
from buzzsim.sweep.dispatch import outcome_of
from buzzsim.sweep.plan import Block, Plan
from buzzsim.sweep.stopping import StoppingRule


@dataclass(frozen=True)
class Status:
    """What is finished and what is not; runs count every strategy.

    `unsure` names the points that ended at the maximum before their rule held, and `error` says
    why the first failed run did. Only the ends of files are looked at: a flipped byte within is
    noticed by whoever reads or runs the sweep.

    Examples
    --------
    >>> print(Status("runs/empathy", 6, 24, 18, 0, 18000, 6000, {}, 42.0))  # doctest: +ELLIPSIS
    runs/empathy: 18 of 24 blocks finished, 6 missing; 18,000 runs, 6,000 missing; about 42 s ...
    """

    directory: str
    points: int
    blocks: int
    done: int
    failed: int
    runs: int
    missing_runs: int
    replicates: Mapping[str, int]
    seconds_left: float | None
    unsure: tuple[str, ...] = ()
    error: str = ""

    @property
    def missing(self) -> int:
        """Number of blocks that are not finished."""
        return self.blocks - self.done

    @property
    def finished(self) -> bool:
        """Whether nothing is missing."""
        return self.missing == 0

    def __str__(self) -> str:
        said = f"{self.directory}: {self.done:,} of {self.blocks:,} blocks finished"
        if self.failed:
            hint = "see the column error; `retry` computes them anew"
            said += f", {self.failed:,} of them failed ({hint}), first: {self.error!r}"
        said += f", {self.missing:,} missing; {self.runs:,} runs, {self.missing_runs:,} missing"
        if self.seconds_left is not None and self.missing:
            said += f"; about {_duration(self.seconds_left)} on the workers it had"
        counts = set(self.replicates.values())
        if self.finished and len(counts) > 1:
            said += f"; {min(counts):,} to {max(counts):,} replicates of each point"
        if self.unsure:
            said += f"; {len(self.unsure):,} of {self.points:,} points ended at "
            said += f"{max(counts):,} replicates before the rule held"
        return said


def status_of(directory: Path, plan: Plan) -> Status:
    """Look at what is in a directory.

    Under a rule, a point is finished when the rule holds, when it failed, or at the maximum.
    """
    wanted, finished, failed, replicates, unsure = 0, [], [], {}, []
    rule = StoppingRule.of(plan.until) if plan.until else None
    for point in plan.points:
        failures = finished_of(directory, plan, point)
        done, wrong = list(failures), [block for block, count in failures.items() if count]
        finished += done
        failed += wrong
        replicates[point] = sum(min(block.last, plan.replicates) - block.first for block in done)
        if rule is None:
            wanted += len(plan.spans)
        elif wrong:
            wanted += len(done)
        else:
            n, holds = _wanted(directory, plan, point, done, rule)
            wanted += n
            unsure += [point] if n == len(done) and not holds else []
    runs, missing = sum(replicates.values()), wanted - len(finished)
    missing_runs = len(plan.points) * plan.replicates - runs
    if rule:
        missing_runs = missing * min(plan.block, plan.replicates)
    errors = blocks.read(directory, failed[0], ["error"])["error"].drop_null() if failed else []
    return Status(
        str(directory),
        len(plan.points),
        wanted,
        len(finished),
        len(failed),
        runs * len(plan.strategies),
        missing_runs * len(plan.strategies),
        replicates,
        _time_left(directory, finished, missing),
        tuple(unsure),
        str(errors[0]) if len(errors) else "",
    )


def finished_of(directory: Path, plan: Plan, point: str) -> dict[Block, int]:
    """Give the finished blocks of a point, and how many of their runs failed."""
    failures = {block: blocks.failures(directory, plan, block) for block in plan.blocks_of(point)}
    return {block: count for block, count in failures.items() if count is not None}


def _wanted(
    directory: Path, plan: Plan, point: str, done: list[Block], rule: StoppingRule
) -> tuple[int, bool]:
    """Give how many blocks a point needs, and whether the rule holds with those that it has."""
    values: list[np.ndarray] = []
    for k, block in enumerate(plan.blocks_of(point)):
        if block not in done:
            return max(k, len(done)) + 1, False
        values.append(outcome_of(directory, plan, block, rule.outcome))
        if rule.holds(np.concatenate(values), plan.entropy):
            return len(done), True
    return len(plan.spans), False


def _time_left(directory: Path, finished: list[Block], missing: int) -> float | None:
    """Estimate from the usual time between two files, which no pause in between changes."""
    times = np.sort([blocks.path_of(directory, block).stat().st_mtime for block in finished])
    if len(times) < 3:
        return None
    recent = np.diff(times)[-200:]
    return float(np.mean(recent[recent <= 10 * np.median(recent) + 1e-3]) * missing)


def _duration(seconds: float) -> str:
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
