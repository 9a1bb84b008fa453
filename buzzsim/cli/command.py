"""The `buzzsim` command: which commands there are, and how each of them ends."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Sequence

from buzzsim.cli import compare, describe, options, run, scenario, sweep
from buzzsim.errors import BuzzsimError

EXIT_OK, EXIT_BAD_INPUT, EXIT_INTERRUPTED = 0, 2, 130


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


def _parser() -> options.Parser:
    described = "Simulate how negative buzz spreads, and what the brand's answer changes."
    parser = options.Parser(prog="buzzsim", description=described)
    parser.option("--version", "print the version and leave")
    parser.set_defaults(act=lambda asked: _version() if asked.version else parser.print_help())
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in (compare, run, sweep, describe, scenario):
        command.add_to(commands)
    return parser


def _version() -> None:
    from importlib.metadata import version

    print(f"buzzsim {version('buzzsim')}")
