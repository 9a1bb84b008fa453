"""The parser, and what several commands ask for: a scenario with changes, names, numbers."""

from __future__ import annotations

import argparse
import tomllib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, NoReturn

from buzzsim.errors import ScenarioError, sentence, shown, unknown

if TYPE_CHECKING:
    from buzzsim.model.scenario import Scenario
    from buzzsim.network import Network


class Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, with the near name; it knows who acts on it."""

    def __init__(self, act: Callable[..., Any] | None = None, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)
        self.set_defaults(act=act or (lambda asked: self.print_help()))

    def option(self, form: str, described: str, **settings: Any) -> None:
        """Add an option by its form in the help, such as "--seed N"; without a value a flag."""
        name, _, value = form.partition(" ")
        settings |= {"metavar": value} if value else {"action": "store_true"}
        self.add_argument(name, help=described, **settings)

    def _get_value(self, action: argparse.Action, text: str) -> Any:
        try:
            return super()._get_value(action, text)
        except argparse.ArgumentError as error:
            said = f"{action.option_strings[0]} is {shown(text)}; expected {error.message}"
            raise ScenarioError(f"{self._place}: {said}") from None

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a word that is none of the choices; argparse would list them all."""
        if action.choices is not None and value not in action.choices:
            place, what = self._place, str(action.metavar).lower()
            if action.option_strings:
                place, what = f"{place}: {action.option_strings[0]}", "value"
            raise ScenarioError(unknown(place, what, value, action.choices))

    def error(self, message: str) -> NoReturn:
        """Refuse what was typed."""
        raise ScenarioError(f"{self._place}: {message.removeprefix('argument ')}")

    @property
    def _place(self) -> str:
        """The words of the command, as errors begin."""
        return self.prog.removeprefix("buzzsim").strip() or "arguments"


def add_run(parser: Parser) -> None:
    """Let a command that simulates take a scenario, a seed, and how to print."""
    add_scenario(parser)
    add = parser.option
    add("--seed N", "source of luck (default: fresh, and printed)", type=whole(0, 2**4096))
    add("--json", "print JSON instead of text")
    add("--quiet", "show no progress")


def add_scenario(parser: Parser) -> None:
    """Let a command take a scenario, with changes and on a network from a file."""
    described = "a packaged scenario, or a .toml file (default: default)"
    parser.add_argument("scenario", nargs="?", help=described)
    add_changes(parser)


def add_changes(parser: Parser) -> None:
    """Let a command change its scenario, or put it on a network from a file."""
    add, edge = parser.option, "an edge 'u v' of the file means"
    add("--network FILE", "edge list, GraphML, GEXF or .buzznet; default: the scenario's own")
    add("--directed", f"{edge} only that v sees u's posts")
    add("--follows", f"{edge} that u follows v (implies --directed)")
    change = "change a key, such as reply.empathy=0.9; may be repeated"
    add("--set KEY=VALUE", change, action="append", default=[])


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


def whole(low: int, high: int) -> Callable[[str], int]:
    """Give the reader of an option that takes a whole number of a range."""

    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError:
            number = low - 1
        if not low <= number <= high:
            has_limit = number > high and high < 2**64
            allowed = f"from {low} to {high:,}" if has_limit else f"of {low} or more"
            raise argparse.ArgumentTypeError(f"a whole number {allowed}")
        return number

    return read
