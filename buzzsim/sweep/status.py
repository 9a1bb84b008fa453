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

    `unsure` names the points that ended at the maximum before their rule held, and `error` is the first of what failed. Of files
    only the ends are looked at: a flipped byte within is noticed by whoever reads or runs the sweep.

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
        said = [f"{self.directory}: {self.done:,} of {self.blocks:,} blocks finished"]
        if self.failed:
            said.append(
                f", {self.failed:,} of them failed (see the column error; `retry` computes them anew), first: {self.error!r}"
            )
        said.append(
            f", {self.missing:,} missing; {self.runs:,} runs, {self.missing_runs:,} missing"
        )
        if self.seconds_left is not None and self.missing:
            said.append(f"; about {_duration(self.seconds_left)} on the workers it had")
        counts = set(self.replicates.values())
        if self.finished and len(counts) > 1:
            said.append(f"; {min(counts):,} to {max(counts):,} replicates of each point")
        if self.unsure:
            most = max(counts)
            said.append(
                f"; {len(self.unsure):,} of {self.points:,} points ended at {most:,} replicates before the rule held"
            )
        return "".join(said)


def status_of(directory: Path, plan: Plan) -> Status:
    """Look at what is in a directory; under a rule, a point is finished when the rule holds, when it failed, or at the maximum."""
    wanted, finished, failed, replicates, unsure = 0, [], [], {}, []
    rule = Rule.of(plan.until) if plan.until else None
    for name in plan.points:
        found = _found(directory, plan, name)
        mine, wrong = [block for block, _ in found], [block for block, count in found if count]
        finished += mine
        failed += wrong
        replicates[name] = sum(min(block.last, plan.replicates) - block.first for block in mine)
        if rule is None:
            wanted += len(plan.spans)
        elif wrong:
            wanted += len(mine)
        else:
            more, is_sure = _wanted(directory, plan, mine, rule)
            wanted += more
            unsure += [name] if len(mine) == more and not is_sure else []
    strategies = len(plan.strategies)
    runs = sum(replicates.values()) * strategies
    missing = wanted - len(finished)
    size = min(plan.block, plan.replicates)
    left = missing * size if rule else len(plan.points) * plan.replicates - sum(replicates.values())
    return Status(
        str(directory), len(plan.points), wanted, len(finished), len(failed), runs, left * strategies, replicates,
        _time_left(directory, finished, missing), tuple(unsure), _error(directory, failed),
    )  # fmt: skip


def _found(directory: Path, plan: Plan, name: str) -> list[tuple[Block, int]]:
    """Give the finished blocks of a point with how many of their runs failed."""
    every = [Block(name, *span) for span in plan.spans]
    looked = [(block, blocks.failures(directory, plan, block)) for block in every]
    return [(block, count) for block, count in looked if count is not None]


def _wanted(directory: Path, plan: Plan, found: list[Block], rule: Rule) -> tuple[int, bool]:
    """Give how many blocks a point needs, and whether the rule holds with them; if it does not, one more than it has."""
    seen: list[np.ndarray] = []
    for k, span in enumerate(plan.spans):
        if k >= len(found) or (found[k].first, found[k].last) != span:
            return max(k + 1, len(found) + 1), False
        seen.append(outcome_of(directory, plan, found[k], rule.outcome))
        if rule.holds(np.concatenate(seen), plan.entropy):
            return len(found), True
    return len(plan.spans), False


def _error(directory: Path, failed: list[Block]) -> str:
    """Give why the first failed run did."""
    if not failed:
        return ""
    errors = blocks.read_runs(directory, failed[0], ["error"]).column("error").drop_null()
    return str(errors[0]) if len(errors) else ""


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
