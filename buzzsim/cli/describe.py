"""`buzzsim describe`: a scenario in the words of a paper, and the model's own pages."""

from __future__ import annotations

import argparse
import textwrap
from typing import Any

from buzzsim.cli import options as asked
from buzzsim.cli.numbers import whole
from buzzsim.errors import ScenarioError, sentence


def add_to(commands: Any) -> None:
    """Add the command to the parser's."""
    describe = commands.add_parser(
        "describe",
        help="a scenario as the methods paragraph of a paper, or the model as an ODD protocol",
        description="Print the methods paragraph of a scenario, or write the pages that describe the model.",
    )
    describe.add_argument(
        "scenario", nargs="?", help="a packaged scenario, or a .toml file (default: default)"
    )
    asked.add_to(describe)
    describe.add_argument(
        "--strategies", metavar="A,B", help="which strategies were compared (default: all)"
    )
    describe.add_argument(
        "--replicates", metavar="N", type=whole(1, 10**9), help="replicates of each strategy"
    )
    describe.add_argument(
        "--odd", metavar="FILE", help="write the model's ODD protocol there, as Markdown"
    )
    describe.add_argument(
        "--parameters", metavar="FILE", help="write the table of all parameters there, as Markdown"
    )
    describe.set_defaults(act=_describe)


def _describe(options: argparse.Namespace) -> None:
    """Write the pages asked for; print the paragraph where a scenario is named, or nothing else is asked for."""
    from buzzsim.files import write_whole
    from buzzsim.study import protocol
    from buzzsim.study.describe import describe

    paged = options.odd is not None or options.parameters is not None
    if paged and options.scenario is None and (options.strategies or options.replicates):
        flag = "--strategies" if options.strategies else "--replicates"
        raise ScenarioError(sentence("describe", flag, "given", "only together with a scenario"))
    if options.scenario is not None or not paged:
        names = (
            None
            if options.strategies is None
            else [name.strip() for name in options.strategies.split(",") if name.strip()]
        )
        scenario = asked.scenario(options)
        said = describe(
            scenario, names, options.replicates, network=asked.network(options, scenario)
        )
        print(textwrap.fill(said, 100, break_on_hyphens=False))
    for path, page in ((options.odd, protocol.odd), (options.parameters, protocol.parameter_table)):
        if path is not None:
            write_whole(path, page().encode())
