"""The sweep itself: what a user asks for, runs, looks at and loads again."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from buzzsim.errors import BuzzsimError, ScenarioError, SweepError, sentence, unknown, whole_number
from buzzsim.files import alone
from buzzsim.model import draws
from buzzsim.model.outcomes import checked_outcomes
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import checked_strategies, checked_strategy, lines_of_all
from buzzsim.study.compare import HEADLINES
from buzzsim.study.run import scenario_of
from buzzsim.sweep import blocks, tables
from buzzsim.sweep.design import Design
from buzzsim.sweep.dispatch import Queue, checked_shard, work_off
from buzzsim.sweep.plan import FILE, HOURLY, MOST, Plan, open_plan, settle
from buzzsim.sweep.status import Status, status_of
from buzzsim.sweep.stopping import StoppingRule

if TYPE_CHECKING:
    import xarray as xr

MOST_REPLICATES = 10_000  # where a rule ends, unless asked otherwise
_ARGUMENTS = ("replicates", "strategies", "baseline", "hourly")
_KEYS = ("scenario", "design", "out", "seed", "until", "max_replicates", *_ARGUMENTS)


class Sweep:
    """A scenario, the points around it, and the directory where every finished block is a file.

    Stop it, or let anything stop it, and run it again: what is finished is kept. A larger design,
    or more replicates, on the same directory computes what is missing. No number depends on who
    computed it, when, or in what order.

    Parameters
    ----------
    scenario : Scenario, str or path
        What all points share, or its name or file.
    design : Design or mapping
        The points; a mapping of keys to lists is a full factorial. Points that make the same
        scenario are one.
    replicates : int
        Replicates of each point and strategy. Replicate r has the same luck at all of them.
    rng : None, int, SeedSequence or Generator
        Where the luck comes from. None takes the directory's luck, in a new directory fresh luck;
        both are recorded.
    out : path
        The directory.
    strategies : iterable of str, optional
        Which; all four if left out. The baseline is always among them, and first.
    baseline : str
        What the others are compared with.
    hourly : {None, "bands", "whole"}
        What is kept of critical posts by hour: nothing, how many runs had how many in each hour,
        or the series of every run.

    Raises
    ------
    BuzzsimError
        When something asked for is not allowed, or the directory holds another sweep.

    Examples
    --------
    >>> import buzzsim as bz
    >>> design = bz.Design.product({"reply.empathy": [0.2, 0.8]})
    >>> sweep = bz.Sweep("default", design, replicates=20, rng=7, out="runs/empathy")
    >>> sweep.run(n_jobs=1).finished
    True
    >>> len(sweep.table()) == 2 * 4 * 20
    True
    """

    def __init__(
        self,
        scenario: Scenario | str | os.PathLike[str],
        design: Design | Mapping[str, Any],
        *,
        replicates: int = 250,
        rng: Any = None,
        out: str | os.PathLike[str],
        strategies: Iterable[str] | str | None = None,
        baseline: str = "ignore",
        hourly: str | None = None,
    ) -> None:
        if not isinstance(out, (str, os.PathLike)) or not os.fspath(out):
            raise ScenarioError(sentence("arguments", "out", out, "the name of a directory"))
        if (hourly or "") not in HOURLY:
            raise ScenarioError(unknown("arguments: hourly", "value", hourly, HOURLY[1:]))
        self.directory = Path(os.path.abspath(out))  # wherever the process goes
        self._takes_luck = rng is None
        names = dict.fromkeys([checked_strategy(baseline), *checked_strategies(strategies)])
        self.plan = Plan.of(
            scenario_of(scenario),
            design if isinstance(design, Design) else Design.product(design),
            replicates=whole_number("arguments", "replicates", replicates, 1, MOST),
            entropy=draws.entropy_of(rng),
            strategies=tuple(names),
            baseline=baseline,
            hourly=hourly or "",
        )
        if (self.directory / FILE).exists():
            begun = open_plan(self.directory)
            self.plan = self.plan.joined_with(begun, self.directory, self._takes_luck)

    @classmethod
    def load(cls, directory: str | os.PathLike[str]) -> Sweep:
        """Open the sweep of a directory, with every point that was asked for so far.

        Each has the most replicates that were ever asked for. Where more than one maximum was
        given to ``until``, the last counts.

        Raises
        ------
        SweepError
            When there is none.
        """
        sweep = cls.__new__(cls)
        sweep.directory, sweep._takes_luck = Path(os.path.abspath(directory)), False
        sweep.plan = open_plan(sweep.directory)
        return sweep

    @classmethod
    def from_file(
        cls, path: str | os.PathLike[str], out: str | os.PathLike[str] | None = None
    ) -> Sweep:
        """Read a sweep from a TOML file.

        It has the arguments of `Sweep` by name, the design as `Design.from_dict` takes it, and
        ``seed`` (instead of rng), ``until`` and ``max_replicates``. Files and directories that it
        names are seen from its own folder. Without ``out`` the directory is the file's name
        without its ending.

        Raises
        ------
        BuzzsimError
            When the file cannot be read, or asks for something that is not allowed.
        """
        place, folder = Path(path).name, Path(path).parent
        try:
            data = tomllib.loads(Path(path).read_text(encoding="utf-8-sig"))
        except OSError as error:
            raise SweepError(f"{path}: cannot be read: {error.strerror or error}") from None
        except (ValueError, RecursionError) as error:
            raise SweepError(f"{place}: not valid TOML: {error}") from None
        if "format" in data:
            plan = "the plan of a sweep, written by buzzsim"
            raise SweepError(f"{place}: {plan}; expected its directory instead, {folder}")
        for key in data:
            if key not in _KEYS:
                raise SweepError(unknown(place, "key", key, _KEYS))
        if "design" not in data:
            allowed = "expected a table [design] of keys to lists of values"
            raise SweepError(f"{place}: design is missing; {allowed}")
        if out is None:
            out = data.get("out", Path(path).stem)
            out = folder / out if out and isinstance(out, str) else out
        given = {key: data[key] for key in _ARGUMENTS if key in data}
        try:
            if "seed" in data:
                whole_number("arguments", "seed", data["seed"], 0)
            scenario = _scenario(data.get("scenario", "default"), folder)
            design = Design.from_dict(data["design"], folder)
            sweep = cls(scenario, design, rng=data.get("seed"), out=out, **given)
            if "until" in data or "max_replicates" in data:
                sweep._ask_until(data.get("until"), data.get("max_replicates"))
        except BuzzsimError as error:
            raise type(error)(f"{place}: {str(error).removeprefix('arguments: ')}") from None
        return sweep

    def run(
        self,
        n_jobs: int | None = None,
        *,
        executor: Executor | str | None = None,
        shard: tuple[int, int] = (1, 1),
        until: str | None = None,
        max_replicates: int | None = None,
        retry: bool = False,
        quiet: bool = False,
    ) -> Status:
        """Compute what is missing.

        Parameters
        ----------
        n_jobs : int, optional
            How many blocks at once; by default one for each core.
        executor : {"threads", "processes"} or Executor
            Who computes: threads of this process if left out, processes (mind
            ``if __name__ == "__main__":``), or anything that has ``submit``, such as Dask's
            ``client.get_executor()`` or mpi4py's ``MPIPoolExecutor``.
        shard : (int, int)
            (i, n): only the i-th of n parts, from 1, as in a job array.
        until : str, optional
            Go on, point by point, until this rule holds, such as
            ``"ci95 of reach difference < 0.01"``: half of the 95 % confidence interval of every
            paired difference to the baseline is narrower than that. Looked at after each block.
        max_replicates : int, optional
            Where `until` ends at the latest; if left out, where the sweep's present rule ends,
            else 10,000.
        retry : bool
            Whether blocks that failed are computed anew, and all blocks of a strategy whose lines
            have changed.
        quiet : bool
            Whether to show no progress.

        Returns
        -------
        Status
            How far the whole sweep is, and how many replicates each point took.

        Raises
        ------
        BuzzsimError
            When a worker died, the disk is full, or the directory holds another sweep; what is
            finished is kept.
        """
        part = checked_shard(shard)
        if until is not None or max_replicates is not None:
            self._ask_until(self.plan.until or None if until is None else until, max_replicates)
        blocks.prepare(self.directory)
        self.plan = replace(self.plan, own=lines_of_all(self.plan.strategies))  # as they now are
        with alone(self.directory / ".plan.lock"):
            self.plan = settle(self.plan, self.directory, self._takes_luck, retry)
        self._takes_luck = False
        blocks.write_points(self.directory, open_plan(self.directory))
        work_off(Queue(self.directory, self.plan, part, retry), executor, n_jobs, quiet)
        return self.status()

    def status(self) -> Status:
        """Tell what is finished, failed and missing, and estimate the time that is left."""
        return status_of(self.directory, self.plan)

    def table(self, outcomes: Iterable[str] | str | None = None) -> pd.DataFrame:
        """Give every finished run as a row.

        Parameters
        ----------
        outcomes : str or iterable of str, optional
            Which, so that only those are read; all if left out.

        Returns
        -------
        DataFrame
            Columns ``point`` (its name), the keys of the design, ``strategy``, ``replicate``, the
            outcomes, and ``error`` (empty where the run did not fail). Points in the order in
            which they were asked for. Units and provenance in ``attrs``.
        """
        return tables.table(self.directory, self.plan, checked_outcomes(outcomes, "sweep"))

    def summary(self, outcomes: Iterable[str] | str | None = HEADLINES) -> pd.DataFrame:
        """Give one row for each point, strategy and outcome.

        The columns are those of `Comparison.summary`, without ``variance_reduction``.
        """
        return tables.summary(self.directory, self.plan, checked_outcomes(outcomes, "sweep"))

    def results(
        self, outcomes: Iterable[str] | str | None = None, *, lazy: bool = False
    ) -> xr.Dataset:
        """Give the outcomes as an xarray Dataset.

        Parameters
        ----------
        outcomes : str or iterable of str, optional
            Which, so that only those are read; all if left out.
        lazy : bool
            Whether files are read only when their numbers are asked for, point by point (needs
            dask): for sweeps larger than memory.

        Returns
        -------
        Dataset
            Dimensions: the keys of the design where it is a full factorial, else ``point``;
            ``strategy``; ``replicate``. What is not finished, or failed, is NaN. Units and
            meanings in the attributes of each variable, provenance in the Dataset's.
        """
        return tables.results(self.directory, self.plan, checked_outcomes(outcomes, "sweep"), lazy)

    def hourly(self) -> pd.DataFrame:
        """Give critical posts by hour: their mean and quantiles over replicates.

        A row for each point, strategy and hour.

        Raises
        ------
        SweepError
            When the sweep was planned without.
        """
        if not self.plan.hourly:
            allowed = "expected a sweep with hourly='bands' or 'whole'"
            raise SweepError(f"{self.directory}: keeps nothing by hour; {allowed}")
        return tables.hourly(self.directory, self.plan)

    def digest(self) -> str:
        """Give the SHA-256 of all finished outcomes.

        It is the same for any workers, threads, shards and interruptions.
        """
        return tables.digest(self.directory, self.plan)

    def __repr__(self) -> str:
        plan = self.plan
        points, replicates = f"{len(plan.points):,} points", f"{plan.replicates:,} replicates"
        about = f"{points}, {len(plan.strategies)} strategies, {replicates}"
        return f"<Sweep {plan.scenario.name!r} in {self.directory}: {about}>"

    def _ask_until(self, until: str | None, most: int | None) -> None:
        if until is None:
            allowed = "only together with until"
            raise ScenarioError(sentence("arguments", "max_replicates", most, allowed))
        StoppingRule.of(until)
        if len(self.plan.strategies) == 1:
            allowed = "only together with a strategy beside the baseline"
            raise ScenarioError(sentence("arguments", "until", until, allowed))
        asked = self.plan.stages[0]
        if most is None:
            most = self.plan.replicates if self.plan.until else max(MOST_REPLICATES, asked)
        most = whole_number("arguments", "max_replicates", most, 1, MOST)
        if most < asked:
            allowed = f"{asked:,} or more, the replicates first asked for"
            raise ScenarioError(sentence("arguments", "max_replicates", most, allowed))
        stages = self.plan.stages + ((most,) if most > self.plan.stages[-1] else ())
        self.plan = replace(self.plan, until=until, replicates=most, stages=stages)


def _scenario(wanted: Any, folder: Path) -> Scenario:
    if isinstance(wanted, Mapping):
        return Scenario.from_dict(wanted).beside(folder)
    if isinstance(wanted, str) and wanted.endswith(".toml"):
        return Scenario.load(folder / wanted)
    return scenario_of(wanted)
