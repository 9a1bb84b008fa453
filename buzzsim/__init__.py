"""Simulate how negative buzz about a brand spreads, and what the brand's answer changes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from buzzsim.comparison import Comparison, compare
    from buzzsim.errors import BuzzsimError, NetworkError, OutputError, ResultError, ScenarioError, StrategyError, SweepError
    from buzzsim.methods import describe
    from buzzsim.model import BuzzModel
    from buzzsim.network import Network, generate, open_network, save_network
    from buzzsim.result import Result
    from buzzsim.runs import run
    from buzzsim.scenario import Scenario, scenarios
    from buzzsim.strategy import register_strategy
    from buzzsim.sweep import Design, Sweep

__all__ = [
    "BuzzModel",
    "BuzzsimError",
    "Comparison",
    "Design",
    "Network",
    "NetworkError",
    "OutputError",
    "Result",
    "ResultError",
    "Scenario",
    "ScenarioError",
    "StrategyError",
    "Sweep",
    "SweepError",
    "compare",
    "describe",
    "generate",
    "open_network",
    "register_strategy",
    "run",
    "save_network",
    "scenarios",
]

_HOMES = {
    "BuzzModel": "model", "BuzzsimError": "errors", "Comparison": "comparison", "Design": "sweep", "Network": "network",
    "NetworkError": "errors", "OutputError": "errors", "Result": "result", "ResultError": "errors", "Scenario": "scenario",
    "ScenarioError": "errors", "StrategyError": "errors", "Sweep": "sweep", "SweepError": "errors", "compare": "comparison",
    "describe": "methods", "generate": "network", "open_network": "network", "register_strategy": "strategy",
    "run": "runs", "save_network": "network", "scenarios": "scenario",
}  # fmt: skip

_MODULES = ("outcomes", "teach")


def __getattr__(name: str) -> Any:
    """Load what somebody asks for, and not before: numba, pandas and Mesa take their time."""
    if name in _HOMES:
        return getattr(import_module(f"buzzsim.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"buzzsim.{name}")
    if name == "__version__":
        return import_module("importlib.metadata").version("buzzsim")
    raise AttributeError(f"module 'buzzsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, *_MODULES, "__version__"])
