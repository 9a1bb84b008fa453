"""Who computes which block when: threads, processes, any executor, shards; and what is left to do."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    Executor,
    Future,
    ProcessPoolExecutor,
    ThreadPoolExecutor,
    wait,
)
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim import engine
from buzzsim.compiled import is_warm
from buzzsim.errors import ScenarioError, SweepError, sentence
from buzzsim.progress import progress
from buzzsim.sweep import blocks
from buzzsim.sweep.plan import Block, Plan
from buzzsim.sweep.until import Rule
from buzzsim.sweep.work import Done, compute, warm_up

_AT_ONCE = 512  # blocks handed to an executor of unknown size
_DONE = 2  # blocks waiting for each worker of our own


class Queue:
    """The blocks of a shard that are missing, in the order of the plan; with a rule, as long as it wants more.

    With `retry` what failed counts as missing.
    """

    def __init__(
        self, directory: Path, plan: Plan, shard: tuple[int, int], retry: bool = False
    ) -> None:
        self.directory, self.plan, self._retry = directory, plan, retry
        self.rule = Rule.of(plan.until) if plan.until else None
        self.total: int | None
        i, n = shard
        if self.rule:
            mine = list(plan.points)[i - 1 :: n]
            self._todo = iter([Block(point, *plan.spans[0]) for point in mine])
            self.total = None  # nobody knows how many the rule will want
        else:
            every = [Block(point, *span) for point in plan.points for span in plan.spans][
                i - 1 :: n
            ]
            missing = [block for block in every if not self._is_done(block)]
            self._todo = iter(missing)
            self.total = sum(map(self.runs, missing))
        self._ready: list[Block] = []
        self.is_begun = False
        self._values: dict[str, list[NDArray[np.float64]]] = {}

    def runs(self, block: Block) -> int:
        """Give the number of runs in a block."""
        return (block.last - block.first) * len(self.plan.strategies)

    def _is_done(self, block: Block) -> bool:
        """Whether a block is there, and good enough."""
        whole = blocks.is_whole(self.directory, self.plan, block)
        return whole and not (self._retry and blocks.failures(self.directory, self.plan, block))

    def next(self) -> Block | None:
        """Give a block to compute; None while there is none."""
        while True:
            block = self._ready.pop() if self._ready else next(self._todo, None)
            if block is None or self.rule is None or not self._is_done(block):
                return block
            self.finished(block)

    def finished(self, block: Block) -> None:
        """Take note of a finished block: where a rule is not content yet, the point's next one is ready.

        A point that failed ends there: no number of replicates would make the rule hold.
        """
        self.is_begun = True
        if self.rule is None:
            return
        spans = self.plan.spans
        seen = self._values.setdefault(block.point, [])
        seen.append(outcome_of(self.directory, self.plan, block, self.rule.outcome))
        following = spans.index((block.first, block.last)) + 1
        failed = blocks.failures(self.directory, self.plan, block)
        if (
            failed
            or following == len(spans)
            or self.rule.holds(np.concatenate(seen), self.plan.entropy)
        ):
            del self._values[block.point]
        else:
            self._ready.append(Block(block.point, *spans[following]))


def outcome_of(directory: Path, plan: Plan, block: Block, outcome: str) -> NDArray[np.float64]:
    """Give one outcome of a finished block, a row for each replicate, a column for each strategy."""
    column = blocks.read_runs(directory, block, [outcome]).column(outcome)
    return np.asarray(column.to_numpy()).reshape(-1, len(plan.strategies))


def work_off(
    queue: Queue, executor: Executor | str | None, n_jobs: int | None, quiet: bool
) -> None:
    """Compute what a queue holds.

    Raises
    ------
    SweepError
        When a worker died.
    OutputError
        When a file cannot be written.
    """
    directory = os.path.abspath(queue.directory)
    compiling = queue.total != 0 and not hasattr(executor, "submit") and not is_warm(engine.batch)
    with (
        progress(queue.total, quiet, compiling=compiling, keep=True) as bar,
        _workers(executor, n_jobs) as (workers, at_once),
    ):
        bar.set_description("", refresh=False)
        waiting: dict[Future[Done], Block] = {}
        try:
            while True:
                while len(waiting) < at_once and (block := queue.next()) is not None:
                    waiting[workers.submit(compute, directory, block)] = block
                if not waiting:
                    return
                for future in wait(waiting, return_when=FIRST_COMPLETED).done:
                    block = waiting.pop(future)
                    future.result()
                    queue.finished(block)
                    bar.update(queue.runs(block))
        except BrokenExecutor:
            said = "a worker died (killed, or out of memory); finished blocks are kept, and the same command goes on from there"
            if not queue.is_begun:
                said = 'no worker could begin; processes need a script that is a file and has `if __name__ == "__main__":`'
            raise SweepError(f"{queue.directory}: {said}") from None
        finally:
            for future in waiting:
                future.cancel()


def checked_shard(shard: Any) -> tuple[int, int]:
    """Give which part of the work is asked for: (i, n), the i-th of n, from 1."""
    try:
        i, n = shard
        fine = (
            all(
                isinstance(value, (int, np.integer)) and not isinstance(value, bool)
                for value in (i, n)
            )
            and 1 <= i <= n
        )
    except (TypeError, ValueError):
        fine = False
    if not fine:
        raise ScenarioError(
            sentence("arguments", "shard", shard, "(i, n), the i-th of n parts, i from 1 to n")
        )
    return int(i), int(n)


@contextmanager
def _workers(executor: Executor | str | None, n_jobs: int | None) -> Iterator[tuple[Executor, int]]:
    """Give who computes, and how many blocks they are handed at once."""
    if isinstance(executor, Executor) or hasattr(executor, "submit"):
        yield executor, _AT_ONCE  # type: ignore[misc]
        return
    if executor not in (None, "threads", "processes"):
        raise ScenarioError(
            sentence("arguments", "executor", executor, "'threads', 'processes' or an Executor")
        )
    if n_jobs is not None and (
        isinstance(n_jobs, bool)
        or not isinstance(n_jobs, (int, np.integer))
        or not 1 <= n_jobs <= 1024
    ):
        raise ScenarioError(
            sentence("arguments", "n_jobs", n_jobs, "a whole number from 1 to 1024")
        )
    warm_up()
    n = int(n_jobs or os.cpu_count() or 1)
    if executor == "processes":
        pool: Executor = ProcessPoolExecutor(
            n, multiprocessing.get_context("spawn"), initializer=_begin_work
        )
    else:
        pool = ThreadPoolExecutor(n)
    try:
        yield pool, _DONE * n
    finally:
        pool.shutdown(cancel_futures=True)


def _begin_work() -> None:
    """Let Ctrl-C be the driver's affair, and leave when the driver is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    driver = multiprocessing.parent_process()

    def watch() -> None:
        if driver is not None:
            driver.join()
            os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
