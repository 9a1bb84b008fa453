"""What is typed: the `buzzsim` command."""

from __future__ import annotations

import argparse
import io
import json
import math
import os
import re
import sys
import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from buzzsim.cli import describe, sweep
from buzzsim.cli import options as asked
from buzzsim.cli.numbers import whole
from buzzsim.errors import BuzzsimError, OutputError, ScenarioError, sentence, unknown

EXIT_OK, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 0, 2, 130
FIGURE_FORMATS = (".png", ".svg", ".pdf")
_SCALES = {  # by the unit of outcomes whose numbers would be too small to read
    "yes or no": (100.0, "% of runs"),
    "share of the crowd": (100.0, "% of the crowd"),
    "on a scale of -1 to 1": (1000.0, "thousandths, on a scale of -1 to 1"),
}


_WRONG_WORD = re.compile(
    r"argument (?P<what>\w+): invalid choice: '(?P<word>.*)' \(choose from (?P<allowed>.*)\)",
    re.DOTALL,
)


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, with the near name."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **options})

    def error(self, message: str) -> NoReturn:
        place = self.prog.removeprefix("buzzsim").strip() or "arguments"
        wrong = _WRONG_WORD.fullmatch(message)
        if wrong:
            raise ScenarioError(
                unknown(
                    place,
                    wrong["what"].lower(),
                    wrong["word"],
                    re.findall(r"[\w-]+", wrong["allowed"]),
                )
            )
        raise ScenarioError(
            f"{place}: {message.removeprefix('argument ').replace(': is ', ' is ', 1)}"
        )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status: 0 done, 2 bad input, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(
                errors="backslashreplace"
            )  # names and titles hold letters that a terminal may not know
    try:
        options = _parser().parse_args(argv)
        status = int(options.act(options) or EXIT_OK)
        sys.stdout.flush()
        return status
    except BuzzsimError as error:
        said = str(error)
    except KeyboardInterrupt:
        print("buzzsim: interrupted; each file is whole, or was not written", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _leave_output()
        return EXIT_OK
    except OSError as error:
        _leave_output()
        said = f"the output cannot be written: {error.strerror or error}"
    except MemoryError:
        said = "there is not enough memory for that many customers, replicates or hours"
    print(f"buzzsim: {said}", file=sys.stderr)
    return EXIT_BAD_INPUT


def _leave_output() -> None:
    """Let what is still to be printed go nowhere, so that Python does not complain on leaving."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="buzzsim",
        description="Simulate how negative buzz spreads, and what the brand's answer changes.",
    )
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    parser.set_defaults(act=lambda options: _version() if options.version else parser.print_help())
    commands = parser.add_subparsers(metavar="COMMAND")

    compare = commands.add_parser(
        "compare",
        help="the four strategies on the same crowd with the same luck",
        description="Compare strategies: a table, a figure, and a sentence of advice.",
    )
    _add_common(compare)
    compare.add_argument(
        "--replicates",
        metavar="N",
        type=whole(1, 10**9),
        help="replicates of each strategy (default: 4000)",
    )
    compare.add_argument(
        "--strategies",
        metavar="A,B",
        help="which strategies, separated by commas; the baseline is always among them (default: all)",
    )
    compare.add_argument(
        "--baseline",
        metavar="NAME",
        default="ignore",
        help="what the others are compared with (default: ignore)",
    )
    compare.add_argument(
        "--outcomes", metavar="A,B", help="which outcomes the table shows, or 'all'"
    )
    compare.add_argument(
        "--figure",
        metavar="FILE",
        help="where to draw the figure: .png, .svg or .pdf, overwritten "
        "(default: buzzsim-SCENARIO[-NETWORK][-CHANGES].png; with --json none)",
    )
    compare.add_argument("--no-figure", action="store_true", help="draw no figure")
    compare.add_argument(
        "--threads",
        metavar="N",
        type=whole(1, 1024),
        help="how many runs at once (no result depends on it)",
    )
    compare.set_defaults(act=_compare)

    run = commands.add_parser(
        "run",
        help="one run, with its whole trajectory",
        description="Run a scenario once under one strategy.",
    )
    _add_common(run)
    run.add_argument(
        "--strategy",
        metavar="NAME",
        default="ignore",
        help="ignore, censor, public_reply or private_dialogue",
    )
    run.add_argument(
        "--replicate",
        metavar="N",
        type=whole(0, 2**63 - 1),
        default=0,
        help="which replicate (default: 0)",
    )
    run.add_argument(
        "--engine", metavar="NAME", default="compiled", help="compiled or mesa: the same numbers"
    )
    run.add_argument(
        "--save", metavar="FILE", help="keep the whole run in a file that buzzsim.Result.load reads"
    )
    run.set_defaults(act=_run)

    sweep.add_to(commands)
    describe.add_to(commands)

    scenario = commands.add_parser(
        "scenario",
        help="show, check or list scenarios",
        description="Show, check or list scenarios.",
    )
    actions = scenario.add_subparsers(metavar="ACTION")
    scenario.set_defaults(act=lambda options: scenario.print_help())
    listing = actions.add_parser("list", help="list the scenarios that come with buzzsim")
    listing.set_defaults(act=_scenario_list)
    for name, act, text in (
        ("show", _scenario_show, "print a scenario's file"),
        ("check", _scenario_check, "say whether a scenario is valid"),
    ):
        action = actions.add_parser(name, help=text)
        action.add_argument("scenario", help="a packaged scenario, or a .toml file")
        if name == "check":
            asked.add_to(action)
        action.set_defaults(act=act)
    return parser


def _add_common(parser: argparse.ArgumentParser) -> None:
    """Add what `compare` and `run` share."""
    parser.add_argument(
        "scenario",
        nargs="?",
        default="default",
        help="a packaged scenario, or a .toml file (default: default)",
    )
    asked.add_to(parser)
    parser.add_argument(
        "--seed",
        metavar="N",
        type=whole(0, 2**4096),
        help="source of luck (default: fresh, and printed)",
    )
    parser.add_argument("--json", action="store_true", help="print JSON instead of text")
    parser.add_argument("--quiet", action="store_true", help="show no progress")


def _compare(options: argparse.Namespace) -> None:
    """Do the main job."""
    from buzzsim.study.compare import REPLICATES, compare, said

    scenario = asked.scenario(options)
    figure = _figure(options, scenario.name)
    names = _names(options.strategies)
    outcomes = _outcomes(options.outcomes)
    comparison = compare(
        scenario,
        strategies=names,
        network=asked.network(options, scenario),
        replicates=options.replicates or REPLICATES,
        rng=options.seed,
        baseline=options.baseline,
        threads=options.threads,
        quiet=options.quiet,
    )
    network = comparison.world.network
    if options.json:
        if network.note and not options.quiet:
            print(f"buzzsim: {network.describe()}", file=sys.stderr)
        if figure is not None:
            _draw(comparison, figure)
        print(comparison.to_json())
        return
    print(f"{scenario.title or scenario.name}: {network.describe()}")
    if comparison.changes:
        print(textwrap.fill(f"changed: {said(comparison.changes)}", 100))
    print(f"{comparison.replicates:,} replicates of each strategy, seed {comparison.entropy}\n")
    print(_table(comparison, outcomes))
    print(
        f"\ndifference: from {comparison.baseline}, on the same complaint with the same luck; p95: one in twenty has more;"
        f"\nbetter, worse: share of complaints in which it did better, or worse, than {comparison.baseline};"
        "\nreplicate: one complaint, under every strategy; bootstrap sample: as many of them drawn again, some twice,"
        "\nothers not at all, which shows what hangs on chance\n"
    )
    print(textwrap.fill(comparison.advice(), 100))
    if figure is not None:
        _draw(comparison, figure)
        print(f"Figure: {figure}")


def _table(comparison: Any, outcomes: Sequence[str] | None) -> str:
    """Write the summary for a terminal, in at most 100 columns."""
    from buzzsim.model.outcomes import OUTCOMES, YES_OR_NO
    from buzzsim.study.compare import HEADLINES

    titles, rows = (
        [""],
        [
            (
                "",
                "mean",
                "95 % interval",
                "median",
                "p95",
                "difference",
                "95 % interval",
                "better",
                "worse",
            )
        ],
    )
    for name in HEADLINES if outcomes is None else outcomes:
        scale, unit = _SCALES.get(OUTCOMES[name].unit, (1.0, OUTCOMES[name].unit))
        limit = (
            f" of {comparison.scenario.measures.firestorm_volume} posts or more"
            if name == "firestorm"
            else ""
        )
        for strategy in comparison.strategies:
            found = comparison.statistics[strategy][name]
            paired = found.get("paired", {})
            titles.append(
                f"{name}{limit} ({unit}; {OUTCOMES[name].better} is better)"
                if strategy == comparison.strategies[0]
                else ""
            )
            middle = (
                ("", "") if OUTCOMES[name].unit == YES_OR_NO else (found["median"], found["p95"])
            )
            level = (
                _number(found["mean"], scale),
                _span(found["ci95"], scale),
                *(_number(value, scale) for value in middle),
            )
            change = (
                _number(paired.get("difference"), scale, "+"),
                _span(paired.get("ci95"), scale, "+"),
            )
            defined = f", {found['n']:,} runs" if found["n"] < comparison.replicates else ""
            rows.append(
                (
                    strategy + defined,
                    *level,
                    *change,
                    _share(paired.get("p_better")),
                    _share(paired.get("p_worse")),
                )
            )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    text = []
    for title, (first, *others) in zip(titles, rows, strict=True):
        if title:
            text.append(title)
        cells = [
            first.ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(others, widths[1:], strict=True)),
        ]
        text.append((" " + "  ".join(cells)).rstrip())
    return "\n".join(text)


def _number(value: float | str | None, scale: float = 1.0, sign: str = "") -> str:
    """Write a number with three digits that count."""
    if value is None or isinstance(value, str):
        return ""
    return "0" if value == 0.0 else f"{value * scale:{sign}.3g}"


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.0%}"


def _span(ci: Sequence[float | None] | None, scale: float, sign: str = "") -> str:
    return (
        ""
        if ci is None or ci[0] is None
        else f"[{_number(ci[0], scale, sign)}, {_number(ci[1], scale, sign)}]"
    )


def _run(options: argparse.Namespace) -> None:
    """Run once."""
    from buzzsim.study.run import plain_changes, run

    scenario = asked.scenario(options)
    result = run(
        scenario, strategy=options.strategy, network=asked.network(options, scenario), rng=options.seed,
        replicate=options.replicate, engine=options.engine,
    )  # fmt: skip
    if options.save:
        result.save(options.save)
    hourly = result.hourly()
    outcomes = {
        name: None if math.isnan(value) else value for name, value in result.outcomes.items()
    }
    if options.json:
        document = {
            "scenario": scenario.name, "changes": plain_changes(scenario), "strategy": result.strategy,
            "replicate": result.replicate, "entropy": result.entropy,
            "network": {key: result.network[key] for key in ("customers", "ties", "directed")}, "versions": result.versions,
            "outcomes": outcomes, "hourly": {column: hourly[column].tolist() for column in hourly},
        }  # fmt: skip
        print(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))
        return
    from buzzsim.model.outcomes import OUTCOMES

    print(
        f"{scenario.title or scenario.name}, {result.strategy}, seed {result.entropy}, replicate {result.replicate}\n"
    )
    width = max(map(len, outcomes))
    for name, value in outcomes.items():
        print(
            f"  {name.ljust(width)}  {'undefined' if value is None else f'{value:.4g}':>10}  {OUTCOMES[name].unit}"
        )
    busy = hourly[(hourly != 0).any(axis=1)]
    print(f"\nby hour (hours without news left out)\n{busy.to_string()}")


def _scenario_list(options: argparse.Namespace) -> None:
    """List the packaged scenarios with their titles."""
    from buzzsim.model.scenario import Scenario, scenarios

    width = max(map(len, scenarios()))
    for name in scenarios():
        print(f"{name.ljust(width)}  {Scenario.load(name).title}")


def _scenario_show(options: argparse.Namespace) -> None:
    """Print the file of a scenario, comments and all."""
    from buzzsim.model.scenario import Scenario, packaged_text, scenarios

    if options.scenario in scenarios():
        print(packaged_text(options.scenario), end="")
    else:
        Scenario.load(options.scenario)
        print(Path(options.scenario).read_text(encoding="utf-8"), end="")


def _scenario_check(options: argparse.Namespace) -> None:
    """Check a scenario, and that it can be placed on its network."""
    from buzzsim.network.world import World
    from buzzsim.study.describe import idle_keys

    scenario = asked.scenario(options)
    try:
        world = World.of(scenario, asked.network(options, scenario))
    except BuzzsimError as error:
        raise ScenarioError(f"{Path(options.scenario).name}: {error}") from None
    idle = idle_keys(world)
    if idle:
        print(f"{scenario.name}: without effect here: {', '.join(idle)}")
    print(
        f"{scenario.name}: valid; {world.network.describe()}; share probability {float(world.p.share_probability):.4g}"
    )


def _version() -> None:
    from importlib.metadata import version

    print(f"buzzsim {version('buzzsim')}")


def _names(text: str | None) -> list[str] | None:
    return None if text is None else [name.strip() for name in text.split(",") if name.strip()]


def _outcomes(text: str | None) -> list[str] | None:
    """Read the names of outcomes."""
    from buzzsim.model.outcomes import OUTCOMES

    names = list(OUTCOMES) if text == "all" else _names(text)
    if names == []:
        raise ScenarioError(
            sentence("arguments", "--outcomes", text, "at least one outcome, or 'all'")
        )
    for name in names or []:
        if name not in OUTCOMES:
            raise ScenarioError(unknown("arguments: --outcomes", "outcome", name, OUTCOMES))
    return names


def _figure(options: argparse.Namespace, name: str) -> Path | None:
    """Give where the figure goes, before anything is computed; None for no figure."""
    if options.no_figure or (options.json and options.figure is None):
        return None
    crowd = f"-{Path(options.network).name.split('.')[0]}" if options.network else ""
    changed = "".join(
        f"-{change}" for change in options.set
    )  # variants do not overwrite each other
    own = re.sub(r"[^\w.=-]+", "-", f"{name}{crowd}{changed}")[
        :100
    ]  # a scenario's name may hold anything
    path = Path(f"buzzsim-{own}.png" if options.figure is None else options.figure)
    if path.suffix.lower() not in FIGURE_FORMATS:
        raise ScenarioError(
            sentence(
                "arguments", "--figure", str(path), "a file ending in " + ", ".join(FIGURE_FORMATS)
            )
        )
    folder = path.absolute().parent
    try:
        reason = (
            "is a directory"
            if path.is_dir()
            else "no such directory"
            if not folder.is_dir()
            else ""
        )
    except OSError as error:
        reason = str(error.strerror or error).lower()
    if not reason and not os.access(folder, os.W_OK):
        reason = "permission denied"
    if reason:
        raise OutputError(f"{path}: cannot be written: {reason}")
    return path


def _draw(comparison: Any, path: Path) -> None:
    """Draw the figure into a file."""
    import matplotlib as mpl

    mpl.use("agg")
    from buzzsim.pictures import comparisons

    comparisons.save(comparison.plot(), path)


if __name__ == "__main__":
    sys.exit(main())
