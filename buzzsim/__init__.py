"""Simulate how negative buzz about a brand spreads, and what the brand's answer changes."""

from buzzsim.network import Network, generate, open_network
from buzzsim.run import run
from buzzsim.scenario import Scenario, scenarios

__all__ = ["Network", "Scenario", "generate", "open_network", "run", "scenarios"]
