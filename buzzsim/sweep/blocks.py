"""The files of finished blocks: each whole or not there, the same bytes whoever computes it."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Sequence
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
from buzzsim.model.scenario import value_of
from buzzsim.sweep.plan import Block, Plan

RUNS, HOURS = "blocks", "hourly"  # folders: every run's outcomes, and critical posts by hour
Errors = Sequence[str | None]
_ABOUT = b"buzzsim"
_WORD, _WHOLE = pa.dictionary(pa.int32(), pa.string()), pa.int32()
_NAMES = [("point", _WORD), ("strategy", _WORD)]
_OUTCOMES = [(name, pa.float64()) for name in OUTCOMES]
SCHEMAS = {
    RUNS: pa.schema([*_NAMES, ("replicate", _WHOLE), ("error", pa.string()), *_OUTCOMES]),
    "whole": pa.schema([*_NAMES, ("replicate", _WHOLE), ("volume", pa.list_(_WHOLE))]),
    "bands": pa.schema([*_NAMES, *((key, _WHOLE) for key in ("hour", "volume", "runs"))]),
}
_STALE = 3600.0  # seconds after which a temporary file has been left by somebody killed
_UNREADABLE = (OSError, pa.ArrowException, KeyError, ValueError)


def path_of(directory: Path, block: Block, folder: str = RUNS) -> Path:
    """Give where a block's file is."""
    return directory / folder / f"{block.point}-{block.first:07d}-{block.last:07d}.parquet"


def prepare(directory: Path) -> None:
    """Make the folders of a sweep, and clear away what was left half written long ago."""
    left = (".sweep.toml.*", ".points.parquet.*", *(f"{f}/.*.parquet.*" for f in (RUNS, HOURS)))
    try:
        for folder in (RUNS, HOURS):
            (directory / folder).mkdir(parents=True, exist_ok=True)
        for file in (file for pattern in left for file in directory.glob(pattern)):
            with suppress(FileNotFoundError):  # somebody else was quicker, or it has got its name
                if time.time() - file.stat().st_mtime > _STALE:
                    file.unlink()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise OutputError(f"{directory}: cannot be written: {why}") from None


def write_runs(
    directory: Path, plan: Plan, block: Block, values: NDArray[np.float64], errors: Errors
) -> None:
    """Write the outcomes of a block: from then on it is finished.

    `values` has shape (replicates, strategies, outcomes), NaN where undefined or failed, and
    `errors` says for each strategy why it failed.
    """
    n, strategies, _ = values.shape
    flat = values.reshape(n * strategies, -1)
    columns = _columns(plan, block, np.tile(np.arange(strategies, dtype=np.int32), n))
    columns["replicate"] = _replicates(block, strategies)
    columns["error"] = pa.array(list(errors) * n, pa.string())
    columns |= {name: flat[:, k] for k, name in enumerate(OUTCOMES)}
    table = pa.table(columns, SCHEMAS[RUNS])
    write_whole(path_of(directory, block), _written(table, _about(plan, block, errors)))


def write_hourly(
    directory: Path, plan: Plan, block: Block, hourly: NDArray[np.int32], errors: Errors
) -> None:
    """Write a block's critical posts by hour, before the block itself.

    ``whole`` keeps a list for each run, ``bands`` how many runs had how many posts in each hour.
    `hourly` has shape (replicates, strategies, hours); a strategy that failed has no series.
    """
    sound = [s for s, error in enumerate(errors) if error is None]
    hourly = hourly[:, sound]
    n, strategies, hours = hourly.shape
    if plan.hourly == "whole":
        columns = _columns(plan, block, np.tile(np.array(sound, np.int32), n))
        columns["replicate"] = _replicates(block, strategies)
        ends = np.arange(0, hourly.size + 1, max(1, hours), dtype=np.int32)[: n * strategies + 1]
        columns["volume"] = pa.ListArray.from_arrays(pa.array(ends), pa.array(hourly.ravel()))
    else:
        counts = [
            (s, hour, *count)
            for k, s in enumerate(sound)
            for hour in range(hours)
            for count in zip(*np.unique(hourly[:, k, hour], return_counts=True), strict=True)
        ]
        numbers = np.array(counts, np.int32).reshape(-1, 4).T
        columns = _columns(plan, block, numbers[0])
        columns |= dict(zip(("hour", "volume", "runs"), numbers[1:], strict=True))
    table = pa.table(columns, SCHEMAS[plan.hourly])
    write_whole(path_of(directory, block, HOURS), _written(table, _about(plan, block, errors)))


def failures(directory: Path, plan: Plan, block: Block, *, every_page: bool = False) -> int | None:
    """Give how many runs of a block failed, None where it is not finished.

    A block is finished when its files are there, belong to this plan, and can be read: their ends,
    or every page. They must tell of the same failures, for a worker that is stopped between the
    two, while it tries anew what had failed, leaves one file of each time.
    """
    folders = (RUNS, HOURS) if plan.hourly else (RUNS,)
    told = [_told_by(path_of(directory, block, folder), every_page) for folder in folders]
    expected = _about(plan, block) | {"failed": (told[0] or {}).get("failed")}
    is_finished = all(about is not None and about == about | expected for about in told)
    return int(expected["failed"]) if is_finished else None


def read(
    directory: Path, block: Block, columns: Sequence[str] | None = None, folder: str = RUNS
) -> pa.Table:
    """Read some columns of a finished block, or all; a SweepError where the file is damaged."""
    path = path_of(directory, block, folder)
    try:
        with pq.ParquetFile(path, page_checksum_verification=True) as file:
            if not _is_ours(file.schema_arrow):
                raise ValueError(
                    "its columns have other names or types than they were written with"
                )
            return file.read(columns=columns)
    except _UNREADABLE as error:
        why = f"{path}: cannot be read: {str(error).strip().splitlines()[0]}"
        raise SweepError(f"{why}; run the sweep again, and it is computed anew") from None


def write_points(directory: Path, plan: Plan) -> None:
    """Write the name of each point and its value of every key that varies, for other readers."""
    columns: dict[str, Any] = {"point": pa.array(list(plan.points), pa.string())}
    for key in plan.design.keys:
        values = [value_of(point.scenario, key) for point in plan.points.values()]
        plain = [str(list(value)) if isinstance(value, tuple) else value for value in values]
        columns[key] = pa.array(plain, from_pandas=True)
    path, content = directory / "points.parquet", _written(pa.table(columns), {})
    if not path.is_file() or path.read_bytes() != content:  # a finished sweep may be read-only
        write_whole(path, content)


def _columns(plan: Plan, block: Block, strategies: NDArray[np.int32]) -> dict[str, Any]:
    """Give the columns of names: one point, and the strategies by number."""
    point = pa.array(np.zeros(len(strategies), np.int32))
    return {
        "point": pa.DictionaryArray.from_arrays(point, pa.array([block.point])),
        "strategy": pa.DictionaryArray.from_arrays(strategies, pa.array(plan.strategies)),
    }


def _replicates(block: Block, strategies: int) -> NDArray[np.int32]:
    return np.repeat(np.arange(block.first, block.last, dtype=np.int32), strategies)


def _about(plan: Plan, block: Block, errors: Errors | None = None) -> dict[str, Any]:
    """Give what a block's file says of itself, with the number of failed runs where it is known."""
    about = {"sweep": plan.fingerprint, "own": dict(plan.own), **vars(block)}
    if errors is not None:
        failed = sum(error is not None for error in errors)
        about["failed"] = (block.last - block.first) * failed
    return about


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


def _is_ours(schema: pa.Schema) -> bool:
    """Whether columns have the names and types that buzzsim writes: no checksum covers these."""
    return any(schema.equals(known) for known in SCHEMAS.values())
