"""Simulate how negative buzz about a brand spreads, and what the brand's answer changes."""

from typing import TYPE_CHECKING, Any

from buzzsim.comparison import Comparison, compare
from buzzsim.errors import BuzzsimError, NetworkError, OutputError, ResultError, ScenarioError, StrategyError
from buzzsim.network import Network, generate, open_network
from buzzsim.result import Result
from buzzsim.run import run
from buzzsim.scenario import Scenario, scenarios

__all__ = [
    "BuzzModel",
    "BuzzsimError",
    "Comparison",
    "Network",
    "NetworkError",
    "OutputError",
    "Result",
    "ResultError",
    "Scenario",
    "ScenarioError",
    "StrategyError",
    "compare",
    "generate",
    "open_network",
    "run",
    "scenarios",
]

if TYPE_CHECKING:
    from buzzsim.model import BuzzModel


def __getattr__(name: str) -> Any:
    """Load Mesa only when somebody asks for the Mesa model."""
    if name == "BuzzModel":
        from buzzsim.model import BuzzModel

        return BuzzModel
    raise AttributeError(f"module 'buzzsim' has no attribute {name!r}")
