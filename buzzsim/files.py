"""Writing files: each is there whole or not at all."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from buzzsim.errors import OutputError, sentence


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file of one piece; see `write_pieces`."""
    write_pieces(path, [content])


def write_pieces(path: str | os.PathLike[str], pieces: Iterable[Any]) -> None:
    """Write a file, piece after piece, so that it is there whole or not at all.

    A link stays a link. A pipe or a device is written into, not replaced.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise OutputError(sentence("arguments", "path", path, "the name of a file"))
    with _or_output_error(path):
        place = nullcontext(os.fspath(path)) if _is_stream(Path(path)) else instead_of(path)
        with place as name, open(name, "wb") as file:
            file.writelines(pieces)


def create_whole(path: Path, content: bytes) -> bool:
    """Write a new file, whole; give False, and change nothing, where it is there already.

    Of several processes that do so at once, one succeeds: where the disk knows no links, the last.
    """
    with _or_output_error(path), _beside(path) as temporary:
        with open(temporary, "wb") as file:
            file.write(content)
        _sync_file(temporary)
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:
            os.replace(temporary, path)
        _sync_folder(path.parent)
    return True


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one process at a time do something short, where the system has locks.

    The lock ends with the process.
    """
    try:
        import fcntl

        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except (ImportError, OSError):
        yield
        return
    try:
        with suppress(OSError):
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


@contextmanager
def instead_of(path: str | os.PathLike[str]) -> Iterator[str]:
    """Give the name of a file to write; it takes the place of `path` when all went well.

    A pipe or a device cannot be replaced.
    """
    with _or_output_error(path):
        if _is_stream(Path(path)):
            raise OSError("not a plain file")
        target = Path(os.path.realpath(path))
        with _beside(target) as temporary:
            yield temporary
            _sync_file(temporary)
            os.replace(temporary, target)
            _sync_folder(target.parent)


@contextmanager
def _or_output_error(path: str | os.PathLike[str]) -> Iterator[None]:
    """Turn what the system says into an error that names the file."""
    try:
        yield
    except OutputError:
        raise
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path}: cannot be written: {reason}") from None


@contextmanager
def _beside(target: Path) -> Iterator[str]:
    """Make an empty temporary file beside the target, and remove what is left of it."""
    mine = f"{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
    temporary = target.parent / f".{target.name[:40]}.{mine}"
    open(temporary, "xb").close()
    try:
        yield str(temporary)
    finally:
        temporary.unlink(missing_ok=True)


def _is_stream(path: Path) -> bool:
    """Whether something is there that is no plain file: a pipe, a device."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _sync_file(path: str) -> None:
    with open(path, "rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Let a new name in a folder survive a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
