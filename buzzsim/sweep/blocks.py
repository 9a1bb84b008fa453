"""The files of a sweep: one for each finished block, there whole or not at all, the same bytes whoever computes it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from buzzsim.errors import OutputError, SweepError
from buzzsim.files import write_whole
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.sweep.plan import Block, Plan

RUNS, HOURLY = "blocks", "hourly"
_ABOUT = b"buzzsim"
_WORD = pa.dictionary(pa.int32(), pa.string())
_SCHEMAS = {
    RUNS: pa.schema(
        [("point", _WORD), ("strategy", _WORD), ("replicate", pa.int32()), ("error", pa.string())]
        + [(name, pa.float64()) for name in OUTCOMES]
    ),
    "whole": pa.schema(
        [
            ("point", _WORD),
            ("strategy", _WORD),
            ("replicate", pa.int32()),
            ("volume", pa.list_(pa.int32())),
        ]
    ),
    "bands": pa.schema(
        [
            ("point", _WORD),
            ("strategy", _WORD),
            ("hour", pa.int32()),
            ("volume", pa.int32()),
            ("runs", pa.int32()),
        ]
    ),
}
_STALE = 3600.0  # seconds after which a temporary file has been left by somebody killed
_UNREADABLE = (OSError, pa.ArrowException, KeyError, ValueError)


def path_of(directory: Path, block: Block, folder: str = RUNS) -> Path:
    """Give where a block's file is."""
    return directory / folder / f"{block.point}-{block.first:07d}-{block.last:07d}.parquet"


def prepare(directory: Path) -> None:
    """Make the folders of a sweep, and clear away what was left half written long ago.

    Raises
    ------
    OutputError
        When that is not possible.
    """
    try:
        for folder in (RUNS, HOURLY):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        for pattern in (
            ".sweep.toml.*",
            ".points.parquet.*",
            f"{RUNS}/.*.parquet.*",
            f"{HOURLY}/.*.parquet.*",
        ):
            for left in directory.glob(pattern):
                with suppress(
                    FileNotFoundError
                ):  # somebody else was quicker, or it has got its name
                    if time.time() - left.stat().st_mtime > _STALE:
                        left.unlink()
    except (OSError, ValueError) as error:
        raise OutputError(
            f"{directory}: cannot be written: {getattr(error, 'strerror', None) or error}"
        ) from None


def write_runs(
    directory: Path,
    plan: Plan,
    block: Block,
    values: NDArray[np.float64],
    errors: Sequence[str | None],
) -> None:
    """Write a block: its presence says that it is finished.

    Parameters
    ----------
    values : array of shape (replicates, strategies, outcomes)
        NaN where undefined, and all NaN where a strategy failed.
    errors : sequence of str or None
        For each strategy why it failed.
    """
    n, strategies, _ = values.shape
    flat = values.reshape(n * strategies, -1)
    columns: dict[str, Any] = {
        "point": _words([block.point], np.zeros(len(flat), np.int32)),
        "strategy": _words(plan.strategies, np.tile(np.arange(strategies, dtype=np.int32), n)),
        "replicate": np.repeat(np.arange(block.first, block.last, dtype=np.int32), strategies),
        "error": pa.array(list(errors) * n, pa.string()),
        **{name: flat[:, k] for k, name in enumerate(OUTCOMES)},
    }
    _write(
        path_of(directory, block), pa.table(columns, _SCHEMAS[RUNS]), _about(plan, block, errors)
    )


def write_hourly(
    directory: Path,
    plan: Plan,
    block: Block,
    hourly: NDArray[np.int32],
    errors: Sequence[str | None],
) -> None:
    """Write a block's critical posts by hour, before the block itself.

    ``whole``: a list for each run. ``bands``: how many runs had how many posts in each hour, from which any band follows.

    Parameters
    ----------
    hourly : array of shape (replicates, strategies, hours)
    errors : sequence of str or None
        For each strategy why it failed: it has no series.
    """
    sound = [s for s, error in enumerate(errors) if error is None]
    hourly = hourly[:, sound]
    n, strategies, hours = hourly.shape
    if plan.hourly == "whole":
        ends = np.arange(0, hourly.size + 1, max(1, hours), dtype=np.int32)[: n * strategies + 1]
        columns = {
            "point": _words([block.point], np.zeros(n * strategies, np.int32)),
            "strategy": _words(plan.strategies, np.tile(np.array(sound, np.int32), n)),
            "replicate": np.repeat(np.arange(block.first, block.last, dtype=np.int32), strategies),
            "volume": pa.ListArray.from_arrays(pa.array(ends), pa.array(hourly.ravel())),
        }
    else:
        counts = [
            (s, hour, *found)
            for k, s in enumerate(sound)
            for hour in range(hours)
            for found in zip(*np.unique(hourly[:, k, hour], return_counts=True), strict=True)
        ]
        table = np.array(counts, np.int32).reshape(-1, 4)
        columns = {
            "point": _words([block.point], np.zeros(len(table), np.int32)),
            "strategy": _words(plan.strategies, table[:, 0]),
            "hour": table[:, 1],
            "volume": table[:, 2],
            "runs": table[:, 3],
        }
    _write(
        path_of(directory, block, HOURLY),
        pa.table(columns, _SCHEMAS[plan.hourly]),
        _about(plan, block, errors),
    )


def is_whole(directory: Path, plan: Plan, block: Block) -> bool:
    """Whether a block is finished: its files are there, this plan's, and every page of them can be read."""
    return failures(directory, plan, block, every_page=True) is not None


def failures(directory: Path, plan: Plan, block: Block, *, every_page: bool = False) -> int | None:
    """Give how many runs of a block failed, None where it is not finished; looks at the ends of files only, unless asked for more.

    Its files must tell of the same failures: a worker stopped between the two, when it tried again what had failed, leaves one
    of each time.
    """
    told = [
        _told_by(path_of(directory, block, folder), every_page)
        for folder in ((RUNS, HOURLY) if plan.hourly else (RUNS,))
    ]
    first = told[0] or {}
    if any(
        about is None
        or {**about, **_about(plan, block)} != about
        or about["failed"] != first["failed"]
        for about in told
    ):
        return None
    return int(first["failed"])


def read_runs(directory: Path, block: Block, columns: Sequence[str] | None = None) -> pa.Table:
    """Read some columns of a finished block, all of them by default.

    Raises
    ------
    SweepError
        When the file is damaged.
    """
    return _read(path_of(directory, block), columns)


def read_hourly(directory: Path, block: Block) -> pa.Table:
    """Read a finished block's series by hour."""
    return _read(path_of(directory, block, HOURLY), None)


def nothing() -> pa.Table:
    """Give a table of runs without rows."""
    return _SCHEMAS[RUNS].empty_table()


def write_points(directory: Path, plan: Plan) -> None:
    """Write which point is which, for whoever reads the files without buzzsim: its name and the value of every key that varies."""
    keys = plan.design.keys
    names = pa.array(list(plan.points), pa.string())
    columns = [
        pa.array([_plain(point.value_of(key)) for point in plan.points.values()], from_pandas=True)
        for key in keys
    ]
    path, table = (
        directory / "points.parquet",
        pa.Table.from_arrays([names, *columns], ["point", *keys]),
    )
    if not path.is_file() or path.read_bytes() != _written(
        table, {}
    ):  # a finished sweep may be read-only
        _write(path, table, {})


def _about(plan: Plan, block: Block, errors: Sequence[str | None] | None = None) -> dict[str, Any]:
    """What a block's file says of itself, and how many of its runs failed, where that is known."""
    about = {
        "sweep": plan.fingerprint,
        "own": dict(plan.own),
        "point": block.point,
        "first": block.first,
        "last": block.last,
    }
    if errors is None:
        return about
    return about | {
        "failed": (block.last - block.first) * sum(error is not None for error in errors)
    }


def _write(path: Path, table: pa.Table, about: dict[str, Any]) -> None:
    """Write a table with checksums, and what it is about."""
    write_whole(path, _written(table, about))


def _written(table: pa.Table, about: dict[str, Any]) -> bytes:
    buffer = io.BytesIO()
    named = table.replace_schema_metadata({_ABOUT: json.dumps(about).encode()})
    pq.write_table(named, buffer, compression="zstd", write_page_checksum=True)
    return buffer.getvalue()


def _told_by(path: Path, every_page: bool) -> dict[str, Any] | None:
    """Give what a file says of itself, None where it is damaged, as far as looked at."""
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            about = json.loads(file.schema_arrow.metadata[_ABOUT])
            is_ours = _is_ours(file.schema_arrow) and isinstance(about, dict) and "failed" in about
            if every_page:
                file.read()
    except (*_UNREADABLE, TypeError):
        return None
    return about if is_ours else None


def _read(path: Path, columns: Sequence[str] | None) -> pa.Table:
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not _is_ours(file.schema_arrow):
                raise ValueError(
                    "its columns have other names or types than they were written with"
                )
            return file.read(columns=None if columns is None else list(columns))
    except _UNREADABLE as error:
        said = str(error).strip().splitlines()[0]
        raise SweepError(
            f"{path}: cannot be read: {said}; run the sweep again, and it is computed anew"
        ) from None


def _is_ours(schema: pa.Schema) -> bool:
    """Whether columns are named and typed as they were written: no checksum covers that part of a file."""
    return any(schema.equals(known) for known in _SCHEMAS.values())


def _words(words: Iterable[str], codes: Any) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(
        pa.array(codes, pa.int32()), pa.array(list(words), pa.string())
    )


def _plain(value: Any) -> Any:
    """Give a value as a column can hold it; a list is text, for its members may be of any kind."""
    return str(list(value)) if isinstance(value, tuple) else value
