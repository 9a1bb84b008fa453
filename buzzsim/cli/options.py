"""What is asked for: a scenario with changes, on its own network or on one from a file."""

from __future__ import annotations

import argparse
import tomllib
from typing import Any

from buzzsim.errors import ScenarioError, sentence


def add_to(parser: argparse.ArgumentParser) -> None:
    """Add the options to the parser of a command that takes a scenario."""
    parser.add_argument(
        "--network",
        metavar="FILE",
        help="edge list, GraphML, GEXF or .buzznet; default: the scenario's own",
    )
    parser.add_argument(
        "--directed",
        action="store_true",
        help="an edge 'u v' of the file means only that v sees u's posts",
    )
    parser.add_argument(
        "--follows",
        action="store_true",
        help="an edge 'u v' of the file means that u follows v (implies --directed)",
    )
    parser.add_argument(
        "--set",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        help="change a key, such as reply.empathy=0.9; may be repeated",
    )


def scenario(options: argparse.Namespace) -> Any:
    """Load the scenario asked for, with its changes."""
    from buzzsim.model.scenario import Scenario

    changes = {}
    for change in options.set:
        key, equals, text = change.partition("=")
        if not equals:
            raise ScenarioError(
                sentence("arguments", "--set", change, "KEY=VALUE, such as reply.empathy=0.9")
            )
        try:
            changes[key.strip()] = tomllib.loads(f"value = {text}")["value"]
        except ValueError:  # no TOML: a word
            changes[key.strip()] = text.strip()
    return Scenario.load(options.scenario or "default").replace(changes)


def network(options: argparse.Namespace, scenario: Any) -> Any:
    """Open the network asked for; None for the scenario's own."""
    if options.network is None:
        if options.directed or options.follows:
            raise ScenarioError(
                sentence(
                    "arguments",
                    "--directed" if options.directed else "--follows",
                    "given",
                    "only together with --network",
                )
            )
        return None
    for change in options.set:
        if change.startswith("network.") and not change.startswith("network.directed"):
            raise ScenarioError(
                sentence(
                    "arguments",
                    "--set",
                    change,
                    "no key of a generated network together with --network",
                )
            )
    from buzzsim.network import open_network

    return open_network(
        options.network,
        directed=options.directed or options.follows or scenario.network.directed,
        follows=options.follows,
    )
