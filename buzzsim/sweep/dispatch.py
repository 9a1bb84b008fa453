"""Which blocks are missing, and who computes them: threads, processes, or any executor."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator
from concurrent import futures
from concurrent.futures import Executor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim import engine
from buzzsim.compiled import is_warm
from buzzsim.errors import ScenarioError, SweepError, sentence, whole_number
from buzzsim.progress import progress
from buzzsim.sweep import blocks
from buzzsim.sweep.plan import Block, Plan
from buzzsim.sweep.stopping import StoppingRule
from buzzsim.sweep.work import compute, warm_up

_AT_ONCE = 512  # blocks handed to an executor of unknown size
_FOR_EACH = 2  # blocks waiting for each worker of our own


class Queue:
    """The missing blocks of a shard, in the order of the plan; with a rule, as many as it wants.

    With `retry` a block that failed counts as missing.
    """

    def __init__(
        self, directory: Path, plan: Plan, shard: tuple[int, int], retry: bool = False
    ) -> None:
        self.directory, self.plan, self._retry = directory, plan, retry
        self.rule = StoppingRule.of(plan.until) if plan.until else None
        self.total: int | None = None  # with a rule nobody knows how many runs it will want
        i, n = shard
        if self.rule:
            blocks_of_shard = [plan.blocks_of(point)[0] for point in list(plan.points)[i - 1 :: n]]
        else:
            every = [block for point in plan.points for block in plan.blocks_of(point)]
            blocks_of_shard = [block for block in every[i - 1 :: n] if not self._is_done(block)]
            self.total = sum(map(self.runs, blocks_of_shard))
        self._todo = blocks_of_shard[::-1]  # the next one is the last
        self.is_begun = False
        self._values: dict[str, list[NDArray[np.float64]]] = {}

    def runs(self, block: Block) -> int:
        """Give the number of runs in a block."""
        return (block.last - block.first) * len(self.plan.strategies)

    def _is_done(self, block: Block) -> bool:
        failed = blocks.failures(self.directory, self.plan, block, every_page=True)
        return failed is not None and not (self._retry and failed)

    def next(self) -> Block | None:
        """Give a block to compute; None while there is none."""
        while True:
            block = self._todo.pop() if self._todo else None
            if block is None or self.rule is None or not self._is_done(block):
                return block
            self.finished(block)

    def finished(self, block: Block) -> None:
        """Take note of a finished block; while a rule wants more, the point's next one is ready.

        A point that failed ends there: no number of replicates would make the rule hold.
        """
        self.is_begun = True
        if self.rule is None:
            return
        values = self._values.setdefault(block.point, [])
        values.append(outcome_of(self.directory, self.plan, block, self.rule.outcome))
        every = self.plan.blocks_of(block.point)
        following = every[every.index(block) + 1 :]
        failed = blocks.failures(self.directory, self.plan, block)
        if failed or not following or self.rule.holds(np.concatenate(values), self.plan.entropy):
            del self._values[block.point]
        else:
            self._todo.append(following[0])


def outcome_of(directory: Path, plan: Plan, block: Block, outcome: str) -> NDArray[np.float64]:
    """Give an outcome of a finished block: a row for each replicate, a column for each strategy."""
    column = blocks.read(directory, block, [outcome]).column(outcome)
    return np.asarray(column.to_numpy()).reshape(-1, len(plan.strategies))


def work_off(
    queue: Queue, executor: Executor | str | None, n_jobs: int | None, quiet: bool
) -> None:
    """Compute what a queue holds; a SweepError where a worker died."""
    compiling = queue.total != 0 and not hasattr(executor, "submit") and not is_warm(engine.batch)
    with (
        progress(queue.total, quiet, compiling=compiling, keep=True) as bar,
        _workers(executor, n_jobs) as (workers, at_once),
    ):
        bar.set_description("", refresh=False)
        waiting: dict[futures.Future[None], Block] = {}
        try:
            while True:
                while len(waiting) < at_once and (block := queue.next()) is not None:
                    waiting[workers.submit(compute, str(queue.directory), block)] = block
                if not waiting:
                    return
                for future in futures.wait(waiting, return_when=futures.FIRST_COMPLETED).done:
                    block = waiting.pop(future)
                    future.result()
                    queue.finished(block)
                    bar.update(queue.runs(block))
        except futures.BrokenExecutor:
            why = "a worker died (killed, or out of memory); finished blocks are kept, and the "
            why += "same command goes on from there"
            if not queue.is_begun:
                why = "no worker could begin; processes need a script that is a file and has "
                why += '`if __name__ == "__main__":`'
            raise SweepError(f"{queue.directory}: {why}") from None
        finally:
            for future in waiting:
                future.cancel()


def checked_shard(shard: Any) -> tuple[int, int]:
    """Give which part of the work is asked for: (i, n), the i-th of n, from 1."""
    try:
        i, n = shard
        n = whole_number("arguments", "shard", n, 1)
        return whole_number("arguments", "shard", i, 1, n), n
    except (TypeError, ValueError):
        allowed = "(i, n), the i-th of n parts, i from 1 to n"
        raise ScenarioError(sentence("arguments", "shard", shard, allowed)) from None


@contextmanager
def _workers(executor: Executor | str | None, n_jobs: int | None) -> Iterator[tuple[Executor, int]]:
    """Give who computes, and how many blocks they are handed at once."""
    if hasattr(executor, "submit"):
        yield executor, _AT_ONCE  # type: ignore[misc]
        return
    if executor not in (None, "threads", "processes"):
        allowed = "'threads', 'processes' or an Executor"
        raise ScenarioError(sentence("arguments", "executor", executor, allowed))
    n = os.cpu_count() or 1
    if n_jobs is not None:
        n = whole_number("arguments", "n_jobs", n_jobs, 1, 1024)
    warm_up()
    pool: Executor
    if executor == "processes":
        pool = futures.ProcessPoolExecutor(n, multiprocessing.get_context("spawn"), _begin_work)
    else:
        pool = futures.ThreadPoolExecutor(n)
    try:
        yield pool, _FOR_EACH * n
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
