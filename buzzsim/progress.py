"""How far long work is: a bar where somebody looks, in a terminal or a notebook, and nothing in a log."""

from __future__ import annotations

import sys
from typing import Any


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
    silent = quiet or sys.stderr is None or not (notebook or sys.stderr.isatty())
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


def _in_notebook() -> bool:
    """Whether a notebook's kernel runs this: its output is no terminal, but somebody looks at it."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    return shell is not None and "IPKernelApp" in shell.config
