"""Simulate how negative buzz about a brand spreads, and what the brand's answer changes."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from buzzsim.agents import BuzzModel
    from buzzsim.errors import (
        BuzzsimError,
        NetworkError,
        OutputError,
        ResultError,
        ScenarioError,
        StrategyError,
        SweepError,
    )
    from buzzsim.model.scenario import Scenario, scenarios
    from buzzsim.model.strategy import register_strategy
    from buzzsim.network import Network, generate, open_network, save_network
    from buzzsim.study.compare import Comparison, compare
    from buzzsim.study.describe import describe
    from buzzsim.study.result import Result
    from buzzsim.study.run import run
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
    "BuzzModel": "agents",
    "BuzzsimError": "errors",
    "Comparison": "study.compare",
    "Design": "sweep",
    "Network": "network",
    "NetworkError": "errors",
    "OutputError": "errors",
    "Result": "study.result",
    "ResultError": "errors",
    "Scenario": "model.scenario",
    "ScenarioError": "errors",
    "StrategyError": "errors",
    "Sweep": "sweep",
    "SweepError": "errors",
    "compare": "study.compare",
    "describe": "study.describe",
    "generate": "network",
    "open_network": "network",
    "register_strategy": "model.strategy",
    "run": "study.run",
    "save_network": "network",
    "scenarios": "model.scenario",
}
_MODULES = {"outcomes": "model.outcomes", "teach": "teach"}


def __getattr__(name: str) -> Any:
    """Load what somebody asks for, and not before: numba, pandas and Mesa take their time."""
    if name in _HOMES:
        return getattr(import_module(f"buzzsim.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"buzzsim.{_MODULES[name]}")
    if name == "__version__":
        return import_module("importlib.metadata").version("buzzsim")
    raise AttributeError(f"module 'buzzsim' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, *_MODULES, "__version__"])
