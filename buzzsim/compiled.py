"""The one way to compile: numba without Python objects or the lock, and a cache that notices every change.

Numba's own cache looks only at the file a function stands in. A rule changed in `rules.py` would then go on unnoticed
in an engine compiled before, so the stamp that numba compares is made here from the sources of the whole package.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from numba import njit


def _stamp() -> tuple[str, int]:
    """Digest all sources that hold compiled functions."""
    sources = sorted((path.name, path.read_bytes()) for path in Path(__file__).parent.rglob("*.py"))
    digest = hashlib.sha256()
    for name, source in sources:
        if b"@compiled" in source:
            digest.update(name.encode() + source)
    return digest.hexdigest(), 0


_STAMP = _stamp()


def compiled(function: Callable[..., Any]) -> Any:
    """Compile a function on first use, keep the machine code on disk, and release the lock while it runs.

    Where no folder can be written (not even the user's cache) the machine code lasts as long as the process.
    """
    try:
        dispatcher: Any = njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return njit(nogil=True)(function)
    dispatcher._cache._cache_file._source_stamp = _STAMP  # numba offers no public way; tests/test_compiled.py watches it
    return dispatcher


def is_warm(dispatcher: Any) -> bool:
    """Whether a function has been compiled before, in this process or in an earlier one."""
    if dispatcher.signatures:
        return True
    folder = dispatcher.stats.cache_path
    return folder is not None and any(Path(folder).glob(f"*{dispatcher.py_func.__name__}-*.nbc"))
