"""The main job: compare strategies on the same crowd with the same luck."""

from __future__ import annotations

import html
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from buzzsim import engine
from buzzsim.compiled import is_warm
from buzzsim.engine import replicates as run_replicates
from buzzsim.errors import StrategyError, shown, unknown, whole_number
from buzzsim.model import draws
from buzzsim.model.outcomes import OUTCOMES, checked_outcomes
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import (
    checked_strategies,
    checked_strategy,
    label_of,
    lines_of_all,
    refuse_changed,
)
from buzzsim.network.world import World
from buzzsim.progress import progress
from buzzsim.study.advice import advise
from buzzsim.study.analysis import Resampling, interval, row, statistics
from buzzsim.study.result import Result
from buzzsim.study.run import about_network, plain_changes, run_in, scenario_of, versions

REPLICATES = 4000
"""Default number: near criticality fewer leave the order of the strategies to luck."""

HEADLINES = (
    *("volume", "critics", "reach", "firestorm"),
    *("solved", "staff_hours", "attitude_change_bystanders", "author_anger_24h"),
)
"""Outcomes that a summary shows unless others are asked for."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """Strategies on the same replicates; made by `compare`."""

    world: World
    entropy: int
    baseline: str
    values: Mapping[str, NDArray[np.float64]]
    hourly: Mapping[str, NDArray[np.int32]]
    own: Mapping[str, str] = field(default_factory=dict)

    @property
    def scenario(self) -> Scenario:
        """The scenario that was compared."""
        return self.world.scenario

    @property
    def strategies(self) -> list[str]:
        """The strategies, the baseline first."""
        return list(self.values)

    @property
    def replicates(self) -> int:
        """Number of replicates of each strategy."""
        return int(next(iter(self.values.values())).shape[0])

    def outcome(self, name: str) -> pd.DataFrame:
        """Give one outcome: a row for each replicate, a column for each strategy."""
        k = _column(name)
        frame = pd.DataFrame({strategy: values[:, k] for strategy, values in self.values.items()})
        frame.index.name = "replicate"
        frame.attrs["units"] = {name: OUTCOMES[name].unit}
        return frame

    @property
    def changes(self) -> dict[str, Any]:
        """The keys that differ from the packaged scenario of that name, or from the defaults."""
        return plain_changes(self.scenario)

    @cached_property
    def resampling(self) -> Resampling:
        """The bootstrap that intervals of means come from."""
        return Resampling(self.entropy, self.replicates)

    @cached_property
    def statistics(self) -> dict[str, dict[str, dict[str, Any]]]:
        """Every statistic by strategy and outcome, as in the JSON."""
        return statistics(self.values, self.baseline, self.resampling)

    def summary(self, outcomes: Iterable[str] | str | None = HEADLINES) -> pd.DataFrame:
        """Summarise as a table.

        Parameters
        ----------
        outcomes : str or iterable of str, optional
            Which outcomes; None for all.

        Returns
        -------
        DataFrame
            Index (outcome, strategy). Columns ``replicates`` (in how many the outcome is defined),
            ``mean``, ``low`` and ``high`` (95 % confidence interval of the mean), ``median``,
            ``p95``; and against the baseline, over the replicates in which both are defined,
            ``difference``, ``difference_low``, ``difference_high``, ``p_better``, ``p_worse`` and
            ``variance_reduction``. Units in ``attrs``.

        Examples
        --------
        >>> import buzzsim as bz
        >>> table = bz.compare("default", replicates=50, rng=1).summary()
        >>> bool(table.loc[("volume", "ignore"), "mean"] >= 1)
        True
        """
        wanted = checked_outcomes(outcomes, "comparison")
        rows = {}
        for name in wanted:
            for strategy in self.strategies:
                summary = self.statistics[strategy][name]
                gain = summary.get("paired", {}).get("variance_reduction")
                rows[name, strategy] = row(summary) | {"variance_reduction": gain}
        frame = pd.DataFrame.from_dict(rows, orient="index").astype(float)
        frame.index = pd.MultiIndex.from_tuples(rows, names=["outcome", "strategy"])
        frame.attrs["units"] = {name: OUTCOMES[name].unit for name in wanted}
        return frame

    def advice(self, outcome: str = "volume") -> str:
        """Say in one sentence which strategy did best, how sure that is, and which did harm.

        Examples
        --------
        >>> import buzzsim as bz
        >>> sentence = bz.compare("default", replicates=50, rng=1).advice()
        """
        k = _column(outcome)
        resampled = {
            name: self.resampling.means(values[:, [k]])[:, 0]
            for name, values in self.values.items()
        }
        return advise(outcome, self.baseline, self.statistics, resampled, self.replicates)

    def counterfactual(
        self, strategy: str, against: str | None = None, replicate: int = 0
    ) -> pd.DataFrame:
        """List customers who are critics under one strategy and not under the other.

        Parameters
        ----------
        strategy, against : str
            The two strategies; `against` is the baseline if left out.
        replicate : int
            Which replicate, from 0.

        Returns
        -------
        DataFrame
            Index ``customer``; columns ``critic_under`` (the strategy under which the customer is a
            critic), ``recruited_by`` (author of the post that made them one), ``channel``,
            ``joined`` (hours) and ``otherwise`` (the customer's stage under the other strategy).
            Empty where the same customers are critics under both.
        """
        against = self.baseline if against is None else against
        runs = {name: self.run(name, replicate) for name in (strategy, against)}
        rows = []
        for here, there in ((strategy, against), (against, strategy)):
            critics = set(runs[there].cascade()["critic"])
            stages = runs[there].customers()["stage"].to_dict()
            for critic, parent, hour, channel, _ in runs[here].cascade().itertuples(index=False):
                if critic not in critics:
                    otherwise = stages.get(critic, "unaware")
                    rows.append((critic, here, parent, channel, hour, otherwise))
        columns = ["customer", "critic_under", "recruited_by", "channel", "joined", "otherwise"]
        frame = pd.DataFrame(rows, columns=columns, dtype=object)
        frame = frame.astype({"joined": float}).set_index("customer")
        frame.attrs["units"] = {"joined": "hours"}
        return frame

    def run(self, strategy: str, replicate: int) -> Result:
        """Run one of the replicates again, keeping its whole trajectory."""
        number = draws.replicate_of(replicate, self.replicates)
        refuse_changed(self.own)
        return run_in(self.world, checked_strategy(strategy), self.entropy, number)

    def to_dict(self) -> dict[str, Any]:
        """Give the whole comparison as plain values; the README says what each key means."""
        about = about_network(self.world)
        return {
            "scenario": self.scenario.name,
            "changes": self.changes,
            "network": {key: about[key] for key in ("customers", "ties", "directed")},
            "replicates": self.replicates,
            "entropy": self.entropy,
            "baseline": self.baseline,
            "firestorm_volume": self.scenario.measures.firestorm_volume,
            "versions": versions(),
            "strategies": self.statistics,
        }

    def to_json(self) -> str:
        """Write the comparison as JSON: the same bytes for the same seed, `versions` aside."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False, allow_nan=False)

    def plot(self, axes: Any = None) -> Any:
        """Draw the distributions, the criticism by hour and the paired differences.

        Parameters
        ----------
        axes : sequence of three matplotlib Axes, optional
            Where to draw; a new figure if left out.

        Returns
        -------
        array of three Axes
        """
        from buzzsim.pictures import comparisons

        about = f"{self.world.network.describe()}; seed {self.entropy}"
        if self.changes:
            about += f"; changed: {said(self.changes)}"
        volume = {name: summaries["volume"] for name, summaries in self.statistics.items()}
        return comparisons.comparison(
            self._volumes, self._hours(), self.baseline, volume, self.scenario, about, axes
        )

    def _hours(self) -> dict[str, tuple[NDArray[np.float64], ...]]:
        """Give the mean of further critical posts by hour, and the ends of its 95 % interval."""
        complaint = self.scenario.complaint
        hours: dict[str, tuple[NDArray[np.float64], ...]] = {}
        for strategy, series in self.hourly.items():
            further = series.astype(float)
            further[:, 0] -= len(complaint.names) or complaint.complainants
            hours[strategy] = (further.mean(axis=0), *interval(self.resampling.means(further)))
        return hours

    def plot_distribution(self, ax: Any = None) -> Any:
        """Draw how many complaints stay small and how many become firestorms; gives the Axes."""
        from buzzsim.pictures import comparisons

        return comparisons.humps(self._volumes, self.scenario.measures.firestorm_volume, ax)

    def plot_pairs(self, strategy: str, against: str | None = None, ax: Any = None) -> Any:
        """Draw each replicate as a line between its volumes under two strategies; gives the Axes.

        Parameters
        ----------
        strategy, against : str
            The two strategies; `against` is the baseline if left out.
        ax : matplotlib Axes, optional
            Where to draw; a new figure if left out.

        Examples
        --------
        >>> import buzzsim as bz
        >>> ax = bz.compare("default", replicates=50, rng=1).plot_pairs("censor")
        >>> [label.get_text() for label in ax.get_xticklabels()]
        ['ignore', 'censor']
        """
        from buzzsim.pictures import comparisons

        against = self.baseline if against is None else against
        for name in (strategy, against):
            if checked_strategy(name) not in self.values:
                raise StrategyError(unknown("plot_pairs", "strategy", name, self.strategies))
        return comparisons.pairs(self._volumes, strategy, against, ax)

    @property
    def _volumes(self) -> dict[str, NDArray[np.float64]]:
        return {name: values[:, 0] for name, values in self.values.items()}

    def __repr__(self) -> str:
        about = f"{self.replicates} replicates, entropy {self.entropy}"
        return f"<Comparison {self.scenario.name!r}: {', '.join(self.strategies)}; {about}>"

    def _repr_html_(self) -> str:
        table = self.summary().to_html(float_format=lambda value: f"{value:.4g}")
        return f"<p>{html.escape(self.advice())}</p>{table}"


def compare(
    scenario: Scenario | str | os.PathLike[str] = "default",
    *,
    strategies: Iterable[str] | str | None = None,
    network: Any = None,
    replicates: int = REPLICATES,
    rng: Any = None,
    baseline: str = "ignore",
    threads: int | None = None,
    quiet: bool = False,
) -> Comparison:
    """Compare strategies on the same crowd with the same luck.

    Parameters
    ----------
    scenario : Scenario, str or path
        The scenario, or its name or file.
    strategies : iterable of str, optional
        Which strategies; all four if left out. The baseline is always among them.
    network : networkx graph, path, (indptr, indices), Network or None
        Whose posts reach whom; None: the scenario's own network.
    replicates : int
        Number of replicates of each strategy, 1 or more.
    rng : None, int, SeedSequence or Generator
        Source of all random draws (Scientific Python SPEC 7); the entropy is recorded.
    baseline : str
        The strategy that the others are compared with.
    threads : int, optional
        Number of threads; no result depends on it.
    quiet : bool
        Whether to show no progress.

    Returns
    -------
    Comparison

    Raises
    ------
    BuzzsimError
        When an argument is not allowed.

    Examples
    --------
    >>> import buzzsim as bz
    >>> comparison = bz.compare("default", replicates=50, rng=1)
    >>> comparison.strategies
    ['ignore', 'censor', 'public_reply', 'private_dialogue']
    """
    names = checked_strategies(strategies)
    names = list(dict.fromkeys([checked_strategy(baseline), *names]))
    replicates = whole_number("arguments", "replicates", replicates, 1, 10**9)
    if threads is not None:
        whole_number("arguments", "threads", threads, 1, 10**9)
    entropy = draws.entropy_of(rng)
    world = World.of(scenario_of(scenario), network)
    values, hourly = {}, {}
    with progress(len(names) * replicates, quiet, compiling=not is_warm(engine.batch)) as bar:
        for name in names:
            bar.set_description(label_of(name), refresh=False)
            values[name], hourly[name] = run_replicates(
                world, name, entropy, replicates, threads=threads, progress=bar.update
            )
    return Comparison(world, entropy, baseline, values, hourly, lines_of_all(names))


def said(changes: Mapping[str, Any]) -> str:
    """Write changes of a scenario for people: `reply.empathy = 0.9, brand.staff = 2`."""
    return ", ".join(
        f"{key} = {shown(value) if isinstance(value, (str, list)) else value}"
        for key, value in changes.items()
    )


def _column(outcome: str) -> int:
    (name,) = checked_outcomes([outcome], "comparison")
    return list(OUTCOMES).index(name)
