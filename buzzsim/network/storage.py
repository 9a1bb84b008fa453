"""A network in a file that opens at once: its arrays as they are in memory, mapped and not read.

What is mapped is trusted: sizes are checked, the ties themselves are not, for that would be to read them.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError
from buzzsim.files import write_pieces
from buzzsim.network.network import Network

MAGIC = b"buzznet1"
_ALIGNED = 64  # bytes


def save_network(network: Network, path: str | os.PathLike[str]) -> None:
    """Write a network so that `open_network` maps it into memory: at once, however large, and shared by processes.

    Parameters
    ----------
    network : Network
        What to keep, with names and traits.
    path : str or path
        Usually a name that ends in ``.buzznet``; the content, not the name, tells `open_network` what it is.

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
    about: dict[str, Any] = {
        "directed": network.directed, "loops": network.dropped_loops, "repeats": network.dropped_repeats,
        "source": network.source, "names": None if isinstance(network.names, range) else [_plain(name) for name in network.names],
        "arrays": {name: [array.dtype.str, array.size] for name, array in arrays.items()},
    }  # fmt: skip
    header = json.dumps(about).encode()
    pieces: list[Any] = [MAGIC + len(header).to_bytes(8, "little") + header]
    for array in arrays.values():
        pieces += [_padding(sum(map(_length, pieces))), np.ascontiguousarray(array).data]
    write_pieces(path, pieces)


def is_stored(path: Path) -> bool:
    """Whether a file is a network that `save_network` wrote."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except (OSError, ValueError):
        return False


def stored_network(path: Path, place: str) -> Network:
    """Map a stored network into memory.

    Raises
    ------
    NetworkError
        When the file was cut or changed.
    """
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
        names = (
            range(arrays["indptr"].size - 1)
            if about["names"] is None
            else tuple(map(_name, about["names"]))
        )
        traits = {
            name.removeprefix("trait "): values
            for name, values in arrays.items()
            if name.startswith("trait ")
        }
        return _checked(arrays["indptr"], arrays["indices"], names, traits, about, place)
    except OSError as error:
        raise NetworkError(
            f"{place}: the file cannot be read ({error.strerror}); expected a stored network"
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError, IndexError):
        raise NetworkError(
            f"{place}: the stored network is broken; expected a file as save_network wrote it"
        ) from None


def _checked(
    indptr: NDArray[Any],
    indices: NDArray[Any],
    names: Any,
    traits: Any,
    about: dict[str, Any],
    place: str,
) -> Network:
    """Refuse what is no network, looking at the ends only: to look at all would be to read it."""
    whole = indptr.dtype == np.int64 and indices.dtype == np.int32 and indptr.size > 1
    if not whole or indptr[0] != 0 or indptr[-1] != indices.size or len(names) != indptr.size - 1:
        raise ValueError
    if any(values.dtype != np.float64 or values.size != len(names) for values in traits.values()):
        raise ValueError
    return Network(
        indptr,
        indices,
        bool(about["directed"]),
        names,
        traits,
        int(about["loops"]),
        int(about["repeats"]),
        place,
    )


def _length(piece: Any) -> int:
    return memoryview(piece).nbytes


def _padding(at: int) -> bytes:
    return bytes(-at % _ALIGNED)


def _plain(name: Any) -> Any:
    """Give a name as JSON can keep it; tuples become lists."""
    name = name.item() if isinstance(name, np.generic) else name
    return (
        [_plain(part) for part in name]
        if isinstance(name, tuple)
        else name
        if isinstance(name, (int, float))
        else str(name)
    )


def _name(kept: Any) -> Any:
    """Give a name back as it was before `_plain`."""
    return tuple(map(_name, kept)) if isinstance(kept, list) else kept
