"""A network in a file that opens at once: its arrays are mapped into memory and not read.

Their sizes are checked; the ties themselves are trusted, as to check them would be to read them.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import cache_folder, is_whole, seal
from buzzsim.errors import NetworkError, OutputError
from buzzsim.files import write_pieces
from buzzsim.model.parameters import from_plain, to_plain
from buzzsim.network.network import Network

MAGIC = b"buzznet1"
_ALIGNED = 64  # bytes
_KEPT = 8  # generated networks on disk


def save_network(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network so that `open_network` maps it into memory.

    It then opens at once, however large, and processes share it.

    Parameters
    ----------
    network : Network
        What to keep, with names and traits.
    path : str or path
        Usually a name that ends in ``.buzznet``; `open_network` knows the file by its content.

    Raises
    ------
    OutputError
        When the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from buzzsim.network import generate, open_network
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save_network(generate("random", customers=100, ties=3), f"{folder}/crowd.buzznet")
    ...     open_network(f"{folder}/crowd.buzznet").n_customers
    100
    """
    arrays: dict[str, NDArray[Any]] = {"indptr": network.indptr, "indices": network.indices}
    arrays |= {f"trait {name}": values for name, values in network.traits.items()}
    numbered = isinstance(network.names, range)
    about: dict[str, Any] = {
        "directed": network.directed,
        "loops": network.dropped_loops,
        "repeats": network.dropped_repeats,
        "source": network.source,
        "reciprocal": network.__dict__.get("reciprocal"),  # if it has been counted
        "names": None if numbered else [to_plain(name) for name in network.names],
        "arrays": {name: [array.dtype.str, array.size] for name, array in arrays.items()},
    }
    header = json.dumps(about).encode()
    pieces: list[Any] = [MAGIC + len(header).to_bytes(8, "little") + header]
    for array in arrays.values():
        size = sum(memoryview(piece).nbytes for piece in pieces)
        pieces += [_padding(size), np.ascontiguousarray(array).data]
    write_pieces(path, pieces)


def is_stored(path: Path) -> bool:
    """Whether a file is a network that `save_network` wrote."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def stored_network(path: Path, place: str) -> Network:
    """Map a stored network into memory; a NetworkError where the file was cut or changed."""
    try:
        with path.open("rb") as file:
            start = file.read(len(MAGIC) + 8)
            size = int.from_bytes(start[len(MAGIC) :], "little")
            about: Any = json.loads(file.read(size)) if size < path.stat().st_size else None
        whole = np.memmap(path, np.uint8, "c")  # changes, which nobody makes, would stay in memory
        at, arrays = len(start) + size, {}
        for name, (dtype, count) in about["arrays"].items():
            at += len(_padding(at))
            end = at + count * np.dtype(dtype).itemsize
            arrays[name] = np.asarray(whole[at:end]).view(dtype)
            if end > whole.size or arrays[name].size != count:
                raise ValueError
            at = end
        names = about["names"]
        names = range(arrays["indptr"].size - 1) if names is None else tuple(map(from_plain, names))
        traits = {n.removeprefix("trait "): v for n, v in arrays.items() if n.startswith("trait ")}
        _check(arrays["indptr"], arrays["indices"], names, traits)
        rows = arrays["indptr"], arrays["indices"], int(about["loops"]), int(about["repeats"])
        network = Network.of_rows(rows, about["directed"], names, place, traits)
        if about.get("reciprocal") is not None:
            network.__dict__["reciprocal"] = int(about["reciprocal"])
        return network
    except OSError as error:
        what = f"the file cannot be read ({error.strerror}); expected a stored network"
        raise NetworkError(f"{place}: {what}") from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        what = "the stored network is broken; expected a file as save_network wrote it"
        raise NetworkError(f"{place}: {what}") from None


def kept(make: Callable[[], Network], options: Mapping[str, Any]) -> Network:
    """Give a network that is made once and then mapped from the folder of the compiled code.

    The last eight are kept there; without such a folder each is made anew.
    """
    folder = cache_folder()
    if folder is None:
        return make()
    name = hashlib.sha256(repr(sorted(options.items())).encode()).hexdigest()[:16]
    file = folder / f"{name}.buzznet"
    with suppress(OSError, NetworkError):
        if is_whole(file):
            file.touch()
            return stored_network(file, f"generated network ({options['kind']})")
    network = make()
    _ = network.reciprocal  # counted once, and kept
    with suppress(OSError, OutputError):
        save_network(network, file)
        seal(file)
        files = sorted(folder.glob("*.buzznet"), key=lambda file: file.stat().st_mtime)
        for old in files[:-_KEPT]:
            for part in folder.glob(f"{old.name}*"):  # its checksum too
                part.unlink()
    return network


def _check(indptr: NDArray[Any], indices: NDArray[Any], names: Any, traits: dict[str, Any]) -> None:
    """Refuse what is no network, looking at the ends only: to look at all would be to read it."""
    is_whole = indptr.dtype == np.int64 and indices.dtype == np.int32 and indptr.size > 1
    is_whole = is_whole and indptr[0] == 0 and indptr[-1] == indices.size
    if not is_whole or len(names) != indptr.size - 1:
        raise ValueError
    if any(values.dtype != np.float64 or values.size != len(names) for values in traits.values()):
        raise ValueError


def _padding(at: int) -> bytes:
    return bytes(-at % _ALIGNED)
