"""How far a sweep is: finished, failed and missing blocks, replicates of each point, and the time that is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from buzzsim.sweep import blocks
from buzzsim.sweep.dispatch import outcome_of
from buzzsim.sweep.plan import Block, Plan
from buzzsim.sweep.until import Rule


@dataclass(frozen=True)
class Status:
    """What is finished and what is not; runs count every strategy.

    Examples
    --------
    >>> print(Status("runs/empathy", 6, 24, 18, 0, 18000, 6000, {}, 42.0))
    runs/empathy: 18 of 24 blocks finished, 6 missing; 18,000 runs, 6,000 missing; about 42 s on the workers it had
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

    @property
    def missing(self) -> int:
        """Number of blocks that are not finished."""
        return self.blocks - self.done

    @property
    def finished(self) -> bool:
        """Whether nothing is missing."""
        return self.missing == 0

    def __str__(self) -> str:
        said = [f"{self.directory}: {self.done:,} of {self.blocks:,} blocks finished"]
        if self.failed:
            said.append(f", {self.failed:,} of them failed (see the column error; `retry` computes them anew)")
        said.append(f", {self.missing:,} missing; {self.runs:,} runs, {self.missing_runs:,} missing")
        if self.seconds_left is not None and self.missing:
            said.append(f"; about {_duration(self.seconds_left)} on the workers it had")
        counts = set(self.replicates.values())
        if self.finished and len(counts) > 1:
            said.append(f"; {min(counts):,} to {max(counts):,} replicates of each point")
        return "".join(said)


def status_of(directory: Path, plan: Plan) -> Status:
    """Look at what is in a directory; under a rule, a point is finished when the rule holds, when it failed, or at the maximum."""
    wanted, finished, failed, replicates = 0, [], 0, {}
    for name in plan.points:
        found = _found(directory, plan, name)
        finished += [block for block, _ in found]
        failed += sum(count > 0 for _, count in found)
        replicates[name] = sum(min(block.last, plan.replicates) - block.first for block, _ in found)
        wanted += len(found) if plan.until and any(count for _, count in found) else _wanted(directory, plan, [b for b, _ in found])
    strategies = len(plan.strategies)
    runs = sum(replicates.values()) * strategies
    missing = wanted - len(finished)
    size = min(plan.block, plan.replicates)
    left = missing * size if plan.until else len(plan.points) * plan.replicates - sum(replicates.values())
    return Status(
        str(directory), len(plan.points), wanted, len(finished), failed, runs, left * strategies, replicates,
        _time_left(directory, finished, missing),
    )  # fmt: skip


def _found(directory: Path, plan: Plan, name: str) -> list[tuple[Block, int]]:
    """Give the finished blocks of a point with how many of their runs failed."""
    every = [Block(name, *span) for span in plan.spans]
    looked = [(block, blocks.failures(directory, plan, block)) for block in every]
    return [(block, count) for block, count in looked if count is not None]


def _wanted(directory: Path, plan: Plan, found: list[Block]) -> int:
    """Give how many blocks a point needs; under a rule that does not hold yet, one more than it has, as far as known."""
    if not plan.until or len(found) == len(plan.spans):
        return len(plan.spans)
    rule = Rule.of(plan.until)
    seen: list[np.ndarray] = []
    for k, span in enumerate(plan.spans):
        if k >= len(found) or (found[k].first, found[k].last) != span:
            return max(k + 1, len(found) + 1)
        seen.append(outcome_of(directory, plan, found[k], rule.outcome))
        if rule.holds(np.concatenate(seen), plan.entropy):
            return len(found)
    return len(plan.spans)


def _time_left(directory: Path, finished: list[Block], missing: int) -> float | None:
    """Estimate from the usual time between two files, which no pause in between changes."""
    times = np.sort([blocks.path_of(directory, block).stat().st_mtime for block in finished])
    if len(times) < 3:
        return None
    recent = np.diff(times)[-200:]
    return float(np.mean(recent[recent <= 10 * np.median(recent) + 1e-3]) * missing)


def _duration(seconds: float) -> str:
    """Write a duration as people say it."""
    for unit, size in (("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
