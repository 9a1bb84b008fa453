"""Writing files: each is there whole or not at all."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from buzzsim.errors import OutputError, sentence


def write_whole(path: str | os.PathLike[str], content: bytes) -> None:
    """Write a file of one piece; see `write_pieces`."""
    write_pieces(path, [content])


def write_pieces(path: str | os.PathLike[str], pieces: Iterable[Any]) -> None:
    """Write a file, piece after piece, so that it is there whole or not at all.

    A link stays a link, and what is no plain file (a pipe, a device) is written into, not replaced.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    if not isinstance(path, (str, os.PathLike)) or not os.fspath(path):
        raise OutputError(sentence("arguments", "path", path, "the name of a file"))
    try:
        if _is_stream(Path(path)):
            with open(path, "wb") as file:
                file.writelines(pieces)
        else:
            _replace(Path(os.path.realpath(path)), pieces)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OutputError(f"{path}: cannot be written: {reason}") from None


def create_whole(path: Path, content: bytes) -> bool:
    """Write a file that is not there yet, whole; gives False, and changes nothing, where it is there already.

    Of several processes that do so at once one succeeds. Where the disk knows no links, the last one does.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    try:
        temporary = _beside(path, [content])
        try:
            os.link(temporary, path)
        except FileExistsError:
            return False
        except OSError:
            os.replace(temporary, path)
        finally:
            Path(temporary).unlink(missing_ok=True)
        _settle(path.parent)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from None
    return True


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """Let one process at a time do something short, by a lock that ends with the process; nothing where the system has none."""
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
    """Give the name of a file to write piece by piece; it takes the place of `path` when all went well, and is on the disk.

    Raises
    ------
    OutputError
        When it cannot be written, or `path` is a pipe or a device.
    """
    try:
        if _is_stream(Path(path)):
            raise OutputError(f"{path}: cannot be written: not a plain file")
        target = Path(os.path.realpath(path))
        temporary = _beside(target, [])
        try:
            yield temporary
            with open(temporary, "rb+") as file:
                os.fsync(file.fileno())
            os.replace(temporary, target)
        finally:
            Path(temporary).unlink(missing_ok=True)
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{path}: cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from None


def _is_stream(path: Path) -> bool:
    """Whether something is there that is no plain file: a pipe, a device."""
    return path.exists() and not path.is_file() and not path.is_dir()


def _settle(folder: Path) -> None:
    """Let a new name in a folder survive a power cut, where the system can."""
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _replace(target: Path, pieces: Iterable[Any]) -> None:
    """Write beside the target, and put it in its place when all is on the disk."""
    temporary = _beside(target, pieces)
    try:
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise
    _settle(target.parent)


def _beside(target: Path, pieces: Iterable[Any]) -> str:
    """Write a temporary file beside the target, all of it and on the disk; gives its name."""
    mine = f"{os.getpid()}-{threading.get_ident()}-{time.monotonic_ns()}"
    temporary = str(target.parent / f".{target.name[:40]}.{mine}")
    try:
        with open(temporary, "xb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())
    except FileExistsError:
        raise
    except BaseException:
        with suppress(FileNotFoundError):  # it may never have been made, and why is what counts
            os.unlink(temporary)
        raise
    return temporary
