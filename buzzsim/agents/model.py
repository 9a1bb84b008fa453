"""The Mesa model: a crowd of customers, a brand, and the order of events in a tick."""

from __future__ import annotations

import os
from collections import defaultdict
from functools import cached_property
from typing import Any, ClassVar

import mesa
import numpy as np
from mesa.agent import AgentSet
from numpy.typing import NDArray

from buzzsim.agents.brand import Brand
from buzzsim.agents.customer import Customer
from buzzsim.agents.post import Post
from buzzsim.agents.trajectory import measured, trajectory
from buzzsim.model import draws, outcomes, rules
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import checked_strategy
from buzzsim.model.tables import Record, record_of
from buzzsim.network.world import World


class BuzzModel(mesa.Model):  # type: ignore[misc]
    """A complaint, its crowd and its brand as Mesa agents; the same trajectory as `run` gives, tick by tick.

    A subclass may name other agents in `customer_class` and `brand_class`. It then runs in Mesa only: the compiled
    engine knows nothing of it.

    Parameters
    ----------
    scenario : Scenario, str, path or World
        What is asked for, or its name or file, or a scenario already placed on a network.
    strategy : str
        ``ignore``, ``censor``, ``public_reply`` or ``private_dialogue``.
    network : networkx graph, path, (indptr, indices), Network or None
        Whose posts reach whom; None: the scenario's own.
    rng : None, int, SeedSequence or Generator
        Where the luck comes from (Scientific Python SPEC 7); Mesa's own generators are never drawn from.
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
        The one whom it is about.
    posts : list of Post
        Everything written so far, in the order of time.
    critics, reached : list of Customer
        Who joined the criticism, and who noticed it, in the order of time.
    datacollector : mesa.DataCollector
        By tick: hour, volume (critical posts), critics (customers), reach (share of the crowd), anger (mean of the critics').

    Raises
    ------
    BuzzsimError
        When anything asked for is not allowed.

    Notes
    -----
    For many runs take `compare`: it is hundreds of times faster, and Mesa 3.3 keeps every model it made in memory.

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
        self.entropy = draws.entropy_of(rng)
        super().__init__(rng=self.entropy % 2**32)
        self.strategy = checked_strategy(strategy)
        self.world = _world_of(scenario, network)
        self.p = self.world.p
        self.replicate = draws.replicate_of(replicate)
        self.key = _key_of(self.entropy, self.replicate)
        self.tick = 0
        self.horizon = self.world.horizon_ticks

        self.reading_days: defaultdict[int, set[Customer]] = defaultdict(
            set
        )  # who will read, and act, in which tick
        self.acting_days: defaultdict[int, set[Customer]] = defaultdict(set)
        self.posts: list[Post] = []
        self.looks: list[tuple[int, int, int, int]] = []  # tick, customer, post, channel
        self.critics: list[Customer] = []
        self.reached: list[Customer] = []
        self.defences = 0

        self.customers = [
            self.customer_class(self, number) for number in range(self.world.network.n_customers)
        ]
        self.brand = self.brand_class(self, self.strategy, self.world.n_staff)
        self._introduce()
        self.complainants = [
            self.customers[number] for number in sorted(self.world.complainants(self.key).tolist())
        ]
        for customer in self.complainants:
            customer.complain()
        self.brand.act()
        self._watch()
        self.running = not self.is_over
        self.datacollector = mesa.DataCollector(
            model_reporters={
                "hour": "hours",
                "volume": "volume",
                "critics": "n_critics",
                "reach": "reach",
                "anger": "mean_anger",
            }
        )
        self.datacollector.collect(self)

    @classmethod
    def of(cls, world: World, strategy: str, entropy: int, replicate: int) -> BuzzModel:
        """Give the model of one run in a world."""
        return cls(world, strategy, rng=entropy, replicate=replicate)

    def _introduce(self) -> None:
        """Tell all customers who follows them."""
        starts, followers = self.world.network.indptr.tolist(), self.world.network.indices.tolist()
        for customer in self.customers:
            numbers = followers[starts[customer.number] : starts[customer.number + 1]]
            customer.followers = [self.customers[number] for number in numbers]
            customer.follower_numbers = frozenset(numbers)

    # A tick

    def step(self) -> None:
        """One tick: customers read, decide, and say what they decided; authors act; the brand acts."""
        if self.is_over:
            return
        self.tick += 1
        readers = self._due(self.reading_days)
        readers.do("read")
        readers.do("decide")
        readers.do("speak")
        while authors := self._due(
            self.acting_days
        ):  # an occasion may bring the next one in the same tick
            authors.do("act")
        self.brand.act()
        self._watch()
        self.running = not self.is_over
        self.datacollector.collect(self)

    def _due(self, days: defaultdict[int, set[Customer]]) -> Any:
        """Give those for whom something is due now, by number; the others are left in peace."""
        due = sorted(days.pop(self.tick, ()), key=lambda customer: customer.number)
        return AgentSet(due, random=self.random)

    @property
    def is_over(self) -> bool:
        """Whether nothing can happen any more."""
        waiting = self.reading_days or self.acting_days or self.brand.cases or self.brand.queue
        return self.tick >= self.horizon or not waiting

    def finish(self) -> tuple[Record, NDArray[np.float64], NDArray[np.int32]]:
        """Run to the end; give the trajectory, the outcomes, and the critical posts by hour."""
        while not self.is_over:
            self.step()
        tables = trajectory(self)
        return record_of(tables), *measured(self, tables)

    # What there is to see

    @property
    def wish(self) -> Scenario:
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
        """Measure the complainants' anger after 6 and 24 hours: the state of the last tick by then, decayed to the hour."""
        early, late = outcomes.watched_ticks(self.p)
        if self.tick <= int(early):
            self.early_anger = self._mean_anger(self.complainants, early)
        if self.tick <= int(late):
            self.late_anger = self._mean_anger(self.complainants, late)

    @staticmethod
    def _mean_anger(customers: list[Customer], tick: float) -> float:
        total = 0.0
        for customer in customers:
            total += customer.anger_at(tick)
        return total / len(customers)

    @cached_property
    def brand_followers(self) -> list[Customer]:
        """Who follows the brand, and may come to see the threads that it answers."""
        if self.p.reply_brand_reach == 0.0:
            return []
        return [
            c
            for c in self.customers
            if rules.follows_brand(self.p, self.luck(draws.BRAND_VIEWER, c.number))
        ]

    # What customers need to know

    def luck(self, purpose: int, who: int) -> float:
        """Draw uniformly from [0, 1) for a purpose about one customer."""
        return float(draws.chance(self.key, purpose, who))

    def relative_followees(self, number: int) -> float:
        """How many people a customer follows, over the mean; 1 where attention is not diluted."""
        relative = self.world.net.relative_followees
        return float(relative[number]) if relative.size else 1.0

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} {self.wish.name!r}, {self.strategy}: {self.volume} posts by {self.n_critics} critics "
            f"after {self.hours:g} of {self.wish.time.horizon:g} hours>"
        )


def _world_of(scenario: Any, network: Any) -> World:
    """Place a scenario on a network, unless it is on one already."""
    if isinstance(scenario, World):
        return scenario
    if isinstance(scenario, (str, os.PathLike)):
        scenario = Scenario.load(scenario)
    return World.of(scenario, network)


def _key_of(entropy: int, replicate: int) -> Any:
    """Give the key of all draws in one run, as the 64 bits that compiled functions take without asking."""
    return np.uint64(draws.fold(np.uint64(draws.key_of(entropy)), replicate))
