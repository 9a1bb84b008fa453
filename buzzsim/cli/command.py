"""The `buzzsim` command: which commands there are, and how each of them ends."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from buzzsim.cli import compare, describe, options, run, scenario, sweep
from buzzsim.errors import BuzzsimError, ScenarioError, unknown

EXIT_OK, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 0, 2, 130


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one sentence, with the near name."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        """Refuse a word that is none of the choices; argparse would list them all."""
        if action.choices is not None and value not in action.choices:
            place, what = options.place(self), str(action.metavar).lower()
            if action.option_strings:
                place, what = f"{place}: {action.option_strings[0]}", "value"
            raise ScenarioError(unknown(place, what, value, action.choices))

    def error(self, message: str) -> NoReturn:
        raise ScenarioError(f"{options.place(self)}: {message.removeprefix('argument ')}")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status: 0 done, 2 bad input, 130 interrupted."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # names may hold letters that no terminal knows
            stream.reconfigure(errors="backslashreplace")
    try:
        asked = _parser().parse_args(argv)
        status = int(asked.act(asked) or EXIT_OK)
        sys.stdout.flush()
        return status
    except BuzzsimError as error:
        said = str(error)
    except KeyboardInterrupt as stop:
        kept = str(stop) or "each file is whole, or was not written"
        print(f"buzzsim: interrupted; {kept}", file=sys.stderr)
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
    described = "Simulate how negative buzz spreads, and what the brand's answer changes."
    parser = _Parser(prog="buzzsim", description=described)
    parser.add_argument("--version", action="store_true", help="print the version and leave")
    parser.set_defaults(act=lambda asked: _version() if asked.version else parser.print_help())
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in (compare, run, sweep, describe, scenario):
        command.add_to(commands)
    return parser


def _version() -> None:
    from importlib.metadata import version

    print(f"buzzsim {version('buzzsim')}")
