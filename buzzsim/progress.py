"""Progress of long work: a bar in a terminal or a notebook, a line now and then in a log."""

from __future__ import annotations

import sys
from typing import Any

LOGGED = 30.0
"""Seconds between two lines in a log."""
_LINE = "buzzsim: {n_fmt} of {total_fmt} runs [{elapsed}<{remaining}, {rate_fmt}]"
_OPEN_LINE = "buzzsim: {n_fmt} runs [{elapsed}, {rate_fmt}]"  # for an unknown number of runs


def progress(total: int | None, quiet: bool, *, compiling: bool = False, keep: bool = False) -> Any:
    """Make a bar of runs, with their rate and the time that is left, unless it must be quiet.

    The bar appears after a second; where the engine must be compiled first, it says so at once.
    `keep` leaves it there when all is done. It is of text, in notebooks too, and needs no widgets.
    `total` is None where nobody knows the number of runs.
    """
    from tqdm import tqdm

    notebook = _in_notebook()
    look: dict[str, Any] = {"total": total, "unit": "run", "unit_scale": True, "smoothing": 0.05}
    if not (quiet or notebook or sys.stderr is None or sys.stderr.isatty()):
        look |= {"delay": LOGGED, "mininterval": LOGGED, "maxinterval": LOGGED}
        line = _LINE if total is not None else _OPEN_LINE
        return tqdm(file=_Lines(sys.stderr), bar_format=line, **look)
    look |= {"delay": 0.0 if compiling else 1.0, "mininterval": 0.3, "leave": keep}
    stream = sys.stdout if notebook else sys.stderr  # notebooks paint what comes from stderr red
    bar = tqdm(file=stream, disable=quiet or sys.stderr is None, **look)
    if compiling:
        bar.set_description("compiling, this first time only (up to a minute)")
    return bar


class _Lines:
    """A log to which each state of a bar is a line of its own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write a line where there is something to say."""
        if line := text.strip():
            self._stream.write(f"{line}\n")

    def flush(self) -> None:
        """Flush the log."""
        self._stream.flush()


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs this."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config
