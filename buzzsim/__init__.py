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

_ROOMS = {
    "agents": ("BuzzModel",),
    "errors": tuple(name for name in __all__ if name.endswith("Error")),
    "model.scenario": ("Scenario", "scenarios"),
    "model.strategy": ("register_strategy",),
    "network": ("Network", "generate", "open_network", "save_network"),
    "study.compare": ("Comparison", "compare"),
    "study.describe": ("describe",),
    "study.result": ("Result",),
    "study.run": ("run",),
    "sweep": ("Design", "Sweep"),
}
_HOMES = {name: room for room, names in _ROOMS.items() for name in names}
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
