"""`buzzsim describe`: a scenario in the words of a paper, and the model's own pages."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from buzzsim.cli import options
from buzzsim.errors import ScenarioError, sentence


def add_to(commands: Any) -> None:
    """Add the command to those of the parser."""
    describe = commands.add_parser(
        "describe",
        act=_describe,
        help="a scenario as the methods paragraph of a paper, or the model as an ODD protocol",
        description="Print the methods paragraph of a scenario, or write the pages that describe "
        "the model.",
    )
    options.add_scenario(describe)
    add = describe.option
    add("--strategies A,B", "which strategies were compared (default: all)")
    add("--replicates N", "replicates of each strategy", type=options.whole(1, 10**9))
    add("--odd FILE", "write the model's ODD protocol there, as Markdown")
    add("--parameters FILE", "write the table of all parameters there, as Markdown")


def _describe(asked: argparse.Namespace) -> None:
    """Write the pages asked for; print the paragraph of a named scenario, or where no page is."""
    from buzzsim.files import write_whole
    from buzzsim.study import protocol
    from buzzsim.study.describe import describe

    pages = {asked.odd: protocol.odd, asked.parameters: protocol.parameter_table}
    pages.pop(None, None)
    if pages and asked.scenario is None and (asked.strategies or asked.replicates):
        option = "--strategies" if asked.strategies else "--replicates"
        raise ScenarioError(sentence("describe", option, "given", "only together with a scenario"))
    if asked.scenario is not None or not pages:
        scenario, strategies = options.scenario(asked), options.names(asked.strategies)
        network = options.network(asked, scenario)
        paragraph = describe(scenario, strategies, asked.replicates, network=network)
        print(textwrap.fill(paragraph, 100, break_on_hyphens=False))
    for path, page in pages.items():
        write_whole(path, page().encode())
