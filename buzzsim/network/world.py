"""A scenario placed on a network: R0 is solved, and all is as the rules and engines take it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, ScenarioError, sentence
from buzzsim.model.parameters import Numbers, numbers
from buzzsim.model.rules import ticks
from buzzsim.model.scenario import Scenario
from buzzsim.model.tables import BY_FOLLOWERS, FROM_ALL, GIVEN, Net, Workspace, workspace
from buzzsim.network import Network, generate, open_network, reproduction
from buzzsim.network.complainants import draw_complainants, named_complainants
from buzzsim.network.storage import kept
from buzzsim.network.traits import table_of

_LARGE = 1_000_000  # ties of a generated network that is worth a file


@dataclass(frozen=True, eq=False)
class World:
    """A scenario on a network, ready to run under any strategy."""

    scenario: Scenario
    network: Network
    p: Numbers
    named: NDArray[np.int64]
    is_own: bool
    """Whether the network is the scenario's own, and none that was handed over."""

    @classmethod
    def of(cls, scenario: Scenario, network: Any = None) -> World:
        """Place a scenario on a network: its own, one handed over, or one in a file.

        A ScenarioError says that it does not fit: R0 is out of reach, complainants are too many or
        unknown. A NetworkError says that the network cannot be read or built, or has no ties.
        """
        if not isinstance(scenario, Scenario):
            raise ScenarioError(sentence("arguments", "scenario", scenario, "a Scenario or a name"))
        is_own, network = network is None, network_of(scenario, network)
        if network.n_stored == 0:
            raise NetworkError(f"{network.source}: has no ties; expected at least one")
        named = named_complainants(scenario, network)
        share, r0 = scenario.joining.share_probability, scenario.joining.r0
        if share is None:
            share = reproduction.solve(numbers(scenario, 1.0), network, r0, scenario.name)
        return cls(scenario, network, numbers(scenario, share), named, is_own)

    @cached_property
    def net(self) -> Net:
        """The network as the engine walks it."""
        network, relative = self.network, np.zeros(0)
        if self.p.attention_dilution != 0.0:
            followees = network.followees
            relative = np.maximum(followees, 1) / followees.mean()
        traits = table_of(network.traits, network.n_customers)
        return Net(network.indptr, network.indices, relative, traits)

    @property
    def horizon_ticks(self) -> int:
        """Number of ticks in a run."""
        return int(ticks(self.p, self.p.time_horizon))

    @property
    def n_hours(self) -> int:
        """Number of hours in an hourly series."""
        return max(1, int(np.ceil(self.p.time_horizon - 1e-9)))

    @property
    def n_staff(self) -> int:
        """People on duty, 0 for unlimited."""
        staff = self.scenario.brand.staff
        return 0 if np.isinf(staff) else int(staff)

    @property
    def drawn(self) -> int:
        """How the complainants of a replicate are drawn, if at all."""
        if self.named.size > 0:
            return GIVEN
        return BY_FOLLOWERS if self.scenario.complaint.choice == "followers" else FROM_ALL

    def complainants(self, run: Any) -> NDArray[np.int64]:
        """Give who complains in the replicate of that key."""
        if self.drawn == GIVEN:
            return self.named
        chosen = np.zeros(self.scenario.complaint.complainants, np.int64)
        draw_complainants(self.network.indptr, self.drawn, run, chosen)
        return chosen

    def workspace(self) -> Workspace:
        """Make room for one thread to run in."""
        given = self.drawn == GIVEN
        complainants = (
            self.named if given else np.zeros(self.scenario.complaint.complainants, np.int64)
        )
        visitors, reach = int(self.p.attention_page_visitors), bool(self.p.reply_brand_reach > 0.0)
        w = workspace(self.net, complainants, self.horizon_ticks, self.n_staff, visitors, reach)
        w.setup.drawn = self.drawn
        return w


def network_of(scenario: Scenario, network: Any = None) -> Network:
    """Give the network handed over, or the one that the scenario names."""
    wanted = scenario.network
    if network is not None:
        return open_network(network, directed=wanted.directed)
    if wanted.kind == "file":
        return open_network(wanted.file, directed=wanted.directed)
    if wanted.directed:
        allowed = "false: the kind of a generated network says whether it is directed"
        raise ScenarioError(sentence("scenario", "network.directed", True, allowed))
    options = asdict(wanted)
    del options["file"], options["directed"]
    if wanted.customers * wanted.ties < _LARGE:
        return generate(**options)
    return kept(lambda: generate(**options), options)
