"""How far long work is: a bar where somebody looks, in a terminal or a notebook, and now and then a line in a log."""

from __future__ import annotations

import sys
from typing import Any

LOGGED = 30.0
"""Seconds between two lines in a log."""
_LINE = "buzzsim: {n_fmt} of {total_fmt} runs [{elapsed}<{remaining}, {rate_fmt}]"
_OPEN_LINE = "buzzsim: {n_fmt} runs [{elapsed}, {rate_fmt}]"  # nobody knows how many there will be


def progress(total: int | None, quiet: bool, *, compiling: bool = False, keep: bool = False) -> Any:
    """Make a bar of runs with their rate and the time that is left.

    Parameters
    ----------
    total : int or None
        Number of runs, where it is known.
    quiet : bool
        Whether nothing is shown, whoever looks.
    compiling : bool
        Whether the engine must be compiled first, which is said at once; otherwise the bar waits a second.
    keep : bool
        Whether the bar stays when all is done.

    Returns
    -------
    tqdm.tqdm
        A bar of text, in notebooks too, where it needs no widgets.
    """
    from tqdm import tqdm

    notebook = _in_notebook()
    if not (quiet or notebook or sys.stderr is None or sys.stderr.isatty()):
        return tqdm(
            total=total, unit="run", unit_scale=True, file=_Lines(sys.stderr), delay=LOGGED, mininterval=LOGGED, maxinterval=LOGGED,
            smoothing=0.05, bar_format=_LINE if total is not None else _OPEN_LINE,
        )  # fmt: skip
    silent = quiet or sys.stderr is None
    stream = sys.stdout if notebook else sys.stderr  # notebooks paint what comes from stderr red
    delay = 0.0 if compiling else 1.0
    bar = tqdm(
        total=total,
        unit="run",
        unit_scale=True,
        file=stream,
        disable=silent,
        delay=delay,
        mininterval=0.3,
        smoothing=0.05,
        leave=keep,
    )
    if compiling:
        bar.set_description("compiling, this first time only (up to half a minute)")
    return bar


class _Lines:
    """A log to which each state of a bar is a line of its own."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Write a line where there is something to say."""
        said = text.strip()
        if said:
            self._stream.write(f"{said}\n")

    def flush(self) -> None:
        """Let others see it."""
        self._stream.flush()


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs this: its output is no terminal, but somebody looks at it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config
