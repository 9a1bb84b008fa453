"""The Mesa model: a crowd of customers, a brand, and the order of events in a tick."""

from __future__ import annotations

import math
import os
from collections import defaultdict
from itertools import pairwise
from typing import Any, ClassVar

import mesa
import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from buzzsim.agents.brand import Brand
from buzzsim.agents.crowd import Customer, Platform
from buzzsim.agents.trajectory import trajectory
from buzzsim.model import draws, outcomes, rules, tables
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import checked_strategy
from buzzsim.network.complainants import someone
from buzzsim.network.world import World


class BuzzModel(Platform):
    """A complaint, its crowd and its brand as Mesa agents; tick by tick what `run` gives.

    A subclass may name other agents in `customer_class` and `brand_class`. It then runs in Mesa
    only: the compiled engine knows nothing of it.

    Parameters
    ----------
    scenario : Scenario, str, path or World
        What is asked for, or its name or file, or a scenario already placed on a network.
    strategy : str
        ``ignore``, ``censor``, ``public_reply`` or ``private_dialogue``.
    network : networkx graph, path, (indptr, indices), Network or None
        Whose posts reach whom; None: the scenario's own.
    rng : None, int, SeedSequence or Generator
        Where the luck comes from (Scientific Python SPEC 7); Mesa's own generators are not used.
    replicate : int
        Which replicate of that luck, from 0.

    Attributes
    ----------
    tick : int
        The time, in ticks of `time.tick` hours.
    running : bool
        False once nothing can happen any more, or the horizon is reached.
    customers : list of Customer
        The crowd, by number.
    brand : Brand
        The one whom the criticism is about.
    posts : list of Post
        Everything written so far, in the order of time.
    critics, reached : list of Customer
        Who joined the criticism, and who noticed it, in the order of time.
    datacollector : mesa.DataCollector
        By tick: hour, volume (critical posts), critics (customers), reach (share of the crowd),
        anger (mean of the critics').

    Raises
    ------
    BuzzsimError
        When anything asked for is not allowed.

    Notes
    -----
    For many runs take `compare`: it is hundreds of times faster, and Mesa 3.3 keeps every model
    it made in memory.

    Examples
    --------
    >>> model = BuzzModel("default", strategy="censor", rng=1)
    >>> model.step()
    """

    customer_class: ClassVar[type[Customer]] = Customer
    brand_class: ClassVar[type[Brand]] = Brand

    def __init__(
        self,
        scenario: Scenario | World | str | os.PathLike[str] = "default",
        strategy: str = "ignore",
        network: Any = None,
        rng: Any = None,
        replicate: int = 0,
    ) -> None:
        entropy = draws.entropy_of(rng)
        self.strategy = checked_strategy(strategy)
        if isinstance(scenario, (str, os.PathLike)):
            scenario = Scenario.load(scenario)
        world = scenario if isinstance(scenario, World) else World.of(scenario, network)
        super().__init__(world, entropy, draws.replicate_of(replicate))
        crowd = world.network
        self.customers = [self.customer_class(self, k) for k in range(crowd.n_customers)]
        self.brand = self.brand_class(self, self.strategy, world.n_staff)
        for customer, (start, end) in zip(self.customers, pairwise(crowd.indptr), strict=True):
            customer.followers = [self.customers[k] for k in crowd.indices[start:end]]
        numbers = sorted(world.complainants(self.key))
        self.complainants = [self.customers[number] for number in numbers]
        for customer in self.complainants:
            customer.complain()
        self.n_arrivals, self._waited = 0, 0.0  # complainants whom the event brought, and gaps
        self._await_arrival()
        self.brand.act()
        self._watch()
        self.running = not self.is_over
        columns = {"hour": "hours", "volume": "volume", "critics": "n_critics"}
        columns |= {"reach": "reach", "anger": "mean_anger"}
        self.datacollector = mesa.DataCollector(model_reporters=columns)
        self.datacollector.collect(self)

    # A tick

    def step(self) -> None:
        """One tick: customers read, decide, and say what they decided; authors and brand act."""
        if self.is_over:
            return
        self.tick += 1
        readers = self._due(self.reading_days)
        readers.do("read")
        readers.do("decide")
        readers.do("speak")
        while self.next_arrival == self.tick:
            draw = self.world.network.indptr, self.world.drawn, self.key, self.n_arrivals
            self.customers[someone(*draw)].complain()
            self.n_arrivals += 1
            self._await_arrival()
        while authors := self._due(self.acting_days):  # one occasion may bring another at once
            authors.do("act")
        self.brand.act()
        self._watch()
        self.running = not self.is_over
        self.datacollector.collect(self)

    def _await_arrival(self) -> None:
        """Draw when the event brings the next complainant by itself, if before the horizon."""
        self._waited -= math.log(1.0 - self.luck(draws.ARRIVAL_GAP, self.n_arrivals))
        hours = rules.arrival_hour(self.p, self._waited)
        tick = -1 if hours == rules.NEVER else int(rules.ticks(self.p, hours))
        self.next_arrival = tick if tick <= self.horizon else -1

    def _due(self, days: defaultdict[int, set[Customer]]) -> AgentSet:
        """Give those for whom something is due now, by number; the others are left in peace."""
        due = sorted(days.pop(self.tick, ()), key=lambda customer: customer.number)
        return AgentSet(due, random=self.random)

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        waiting = self.reading_days or self.acting_days or self.brand.cases or self.brand.queue
        return self.tick >= self.horizon or not (waiting or self.next_arrival >= 0)

    def finish(self) -> tuple[tables.Record, NDArray[np.float64], NDArray[np.int32]]:
        """Run to the end; give the trajectory, the outcomes, and the critical posts by hour."""
        while not self.is_over:
            self.step()
        rows = trajectory(self.customers, self.posts, self.brand.acts, self.horizon)
        people, posts, acts = rows["customers"], rows["posts"], rows["acts"]
        w = self.world.workspace()._replace(people=people, posts=posts, acts=acts)
        w.used[[tables.PEOPLE, tables.POSTS, tables.ACTS]] = people.size, posts.size, acts.size
        w.row_of[people["customer"]] = np.arange(people.size)
        w.state.backlog = self.brand.backlog
        w.state.defences = sum(post.defences for post in self.posts)
        w.state.early_anger, w.state.late_anger = self.early_anger, self.late_anger
        values, hourly = np.empty((1, outcomes.N_OUTCOMES)), np.zeros(self.world.n_hours, np.int32)
        outcomes.measure(self.p, w, hourly, outcomes.rows(values)[0])
        return tables.record_of(rows), values[0], hourly

    # What there is to see

    @property
    def scenario(self) -> Scenario:
        """The scenario that was asked for."""
        return self.world.scenario

    @property
    def hours(self) -> float:
        """Time since the complaint."""
        return float(self.tick * self.p.time_tick)

    @property
    def volume(self) -> int:
        """Number of critical posts so far."""
        return sum(post.is_critical for post in self.posts)

    @property
    def n_critics(self) -> int:
        """Number of customers who have joined the criticism."""
        return len(self.critics)

    @property
    def reach(self) -> float:
        """Share of the crowd that has noticed a critical post."""
        return len(self.reached) / len(self.customers)

    @property
    def mean_anger(self) -> float:
        """Mean anger of the critics, 0 to 1."""
        return self._mean_anger(self.critics, self.tick)

    def _watch(self) -> None:
        """Measure the complainants' anger after 6 and 24 hours: that of the last tick, decayed."""
        early, late = outcomes.watched_ticks(self.p)
        if self.tick <= int(early):
            self.early_anger = self._mean_anger(self.complainants, early)
        if self.tick <= int(late):
            self.late_anger = self._mean_anger(self.complainants, late)

    @staticmethod
    def _mean_anger(customers: list[Customer], tick: float) -> float:
        total = 0.0
        for customer in customers:  # in turn, as the engine adds: sum() rounds otherwise
            total += customer.anger_at(tick)
        return total / len(customers)

    def __repr__(self) -> str:
        scenario = self.scenario
        return (
            f"<{type(self).__name__} {scenario.name!r}, {self.strategy}: {self.volume} posts by "
            f"{self.n_critics} critics after {self.hours:g} of {scenario.time.horizon:g} hours>"
        )
