"""What several commands ask for: a scenario with changes, its network, names, whole numbers."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from buzzsim.errors import ScenarioError, sentence, shown

if TYPE_CHECKING:
    from buzzsim.model.scenario import Scenario
    from buzzsim.network import Network


def add_run(parser: argparse.ArgumentParser) -> None:
    """Let a command that simulates take a scenario, a seed, and how to print."""
    add_scenario(parser)
    add, described = parser.add_argument, "source of luck (default: fresh, and printed)"
    add("--seed", metavar="N", action=whole(0, 2**4096), help=described)
    add("--json", action="store_true", help="print JSON instead of text")
    add("--quiet", action="store_true", help="show no progress")


def add_scenario(parser: argparse.ArgumentParser) -> None:
    """Let a command take a scenario, with changes and on a network from a file."""
    described = "a packaged scenario, or a .toml file (default: default)"
    parser.add_argument("scenario", nargs="?", help=described)
    add_changes(parser)


def add_changes(parser: argparse.ArgumentParser) -> None:
    """Let a command change its scenario, or put it on a network from a file."""
    add = parser.add_argument
    source = "edge list, GraphML, GEXF or .buzznet; default: the scenario's own"
    add("--network", metavar="FILE", help=source)
    edge = "an edge 'u v' of the file means"
    add("--directed", action="store_true", help=f"{edge} only that v sees u's posts")
    add("--follows", action="store_true", help=f"{edge} that u follows v (implies --directed)")
    change = "change a key, such as reply.empathy=0.9; may be repeated"
    add("--set", metavar="KEY=VALUE", action="append", default=[], help=change)


def scenario(asked: argparse.Namespace) -> Scenario:
    """Load the scenario asked for, with its changes."""
    from buzzsim.model.scenario import Scenario

    changes: dict[str, Any] = {}
    for change in asked.set:
        key, equals, text = change.partition("=")
        if not equals:
            allowed = "KEY=VALUE, such as reply.empathy=0.9"
            raise ScenarioError(sentence("arguments", "--set", change, allowed))
        try:
            changes[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except ValueError:  # no TOML: a word
            changes[key.strip()] = text.strip()
    return Scenario.load(asked.scenario or "default").replace(changes)


def network(asked: argparse.Namespace, scenario: Scenario) -> Network | None:
    """Open the network asked for; None for the scenario's own."""
    if asked.network is None:
        if asked.directed or asked.follows:
            option = "--directed" if asked.directed else "--follows"
            allowed = "only together with --network"
            raise ScenarioError(sentence("arguments", option, "given", allowed))
        return None
    for change in asked.set:
        if change.startswith("network.") and not change.startswith("network.directed"):
            allowed = "no key of a generated network together with --network"
            raise ScenarioError(sentence("arguments", "--set", change, allowed))
    from buzzsim.network import open_network

    directed = asked.directed or asked.follows or scenario.network.directed
    return open_network(asked.network, directed=directed, follows=asked.follows)


def names(text: str | None) -> list[str] | None:
    """Read names separated by commas; None where nothing was asked for."""
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def outcomes(text: str | None, usual: Sequence[str] | None) -> list[str]:
    """Read the names of outcomes, or "all"; the usual ones where nothing was asked for."""
    from buzzsim.model.outcomes import checked_outcomes

    wanted = usual if text is None else None if text == "all" else names(text)
    if wanted == []:
        allowed = "at least one outcome, or 'all'"
        raise ScenarioError(sentence("arguments", "--outcomes", text, allowed))
    return checked_outcomes(wanted, "arguments: --outcomes")


def place(parser: argparse.ArgumentParser) -> str:
    """Give the words of the command, as errors begin."""
    return parser.prog.removeprefix("buzzsim").strip() or "arguments"


def refusal(
    parser: argparse.ArgumentParser, option: str | None, text: object, allowed: str
) -> ScenarioError:
    """Say what an option takes instead of what was typed."""
    return ScenarioError(f"{place(parser)}: {option} is {shown(text)}; expected {allowed}")


def whole(low: int, high: int) -> type[argparse.Action]:
    """Give the action of an option that takes a whole number of a range."""

    class Whole(argparse.Action):
        def __call__(self, parser: Any, asked: Any, text: Any, option: str | None = None) -> None:
            try:
                number = int(text)
            except ValueError:
                number = low - 1
            if not low <= number <= high:
                has_limit = number > high and high < 2**64
                allowed = f"from {low} to {high:,}" if has_limit else f"of {low} or more"
                raise refusal(parser, option, text, f"a whole number {allowed}")
            setattr(asked, self.dest, number)

    return Whole
