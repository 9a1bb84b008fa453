"""`buzzsim scenario`: list the scenarios that come with buzzsim, show one, or check one."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from buzzsim.cli import options
from buzzsim.errors import BuzzsimError, ScenarioError


def add_to(commands: Any) -> None:
    """Add the command to those of the parser."""
    described = "show, check or list scenarios"
    scenario = commands.add_parser(
        "scenario", help=described, description="Show, check or list scenarios."
    )
    actions = scenario.add_subparsers(metavar="ACTION")
    for name, act, described in (
        ("list", _list, "list the scenarios that come with buzzsim"),
        ("show", _show, "print a scenario's file"),
        ("check", _check, "say whether a scenario is valid"),
    ):
        action = actions.add_parser(name, act=act, help=described)
        if name != "list":
            action.add_argument("scenario", help="a packaged scenario, or a .toml file")
        if name == "check":
            options.add_changes(action)


def _list(asked: argparse.Namespace) -> None:
    from buzzsim.model.scenario import Scenario, scenarios

    width = max(map(len, scenarios()))
    for name in scenarios():
        print(f"{name.ljust(width)}  {Scenario.load(name).title}")


def _show(asked: argparse.Namespace) -> None:
    from buzzsim.model.scenario import Scenario, packaged_text, scenarios

    if asked.scenario in scenarios():
        print(packaged_text(asked.scenario), end="")
    else:
        Scenario.load(asked.scenario)  # refuses what is no scenario
        print(Path(asked.scenario).read_text(encoding="utf-8"), end="")


def _check(asked: argparse.Namespace) -> None:
    """Check a scenario, and that it can be placed on its network."""
    from buzzsim.network.world import World
    from buzzsim.study.describe import idle_keys

    scenario = options.scenario(asked)
    try:
        world = World.of(scenario, options.network(asked, scenario))
    except BuzzsimError as error:
        raise ScenarioError(f"{Path(asked.scenario).name}: {error}") from None
    idle = idle_keys(world)
    if idle:
        print(f"{scenario.name}: without effect here: {', '.join(idle)}")
    share = f"share probability {float(world.p.share_probability):.4g}"
    print(f"{scenario.name}: valid; {world.network.describe()}; {share}")
