"""What came out of a sweep: tidy tables, an xarray Dataset, summaries, hours, and one digest."""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from buzzsim.errors import SweepError
from buzzsim.files import instead_of
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import value_of
from buzzsim.study.analysis import COLUMNS, Resampling, row, statistics
from buzzsim.sweep import blocks
from buzzsim.sweep.plan import Plan
from buzzsim.sweep.status import finished_of

if TYPE_CHECKING:
    import xarray as xr

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
_PARAMETERS = dict(all_parameters())


def rows_of(directory: Path, plan: Plan, point: str, columns: list[str]) -> pa.Table:
    """Give the finished rows of a point, by replicate and strategy."""
    names = ["point", "strategy", "replicate", *columns]
    parts = [blocks.SCHEMAS[blocks.RUNS].empty_table().select(names)]
    for block in finished_of(directory, plan, point):
        part = blocks.read(directory, block, names)
        parts.append(part.filter(pc.less(part["replicate"], plan.replicates)))
    return pa.concat_tables(parts).unify_dictionaries()


def pieces(
    directory: Path, plan: Plan, outcomes: list[str], at_once: int
) -> Iterator[pd.DataFrame]:
    """Give the tidy table in pieces of some points each, so that memory stays flat."""
    keys = {key: _values(plan, key) for key in plan.design.keys}
    index, points = pd.Index(plan.points), list(plan.points)
    for first in range(0, len(points), at_once):
        some = points[first : first + at_once]
        rows = [rows_of(directory, plan, point, [*outcomes, "error"]) for point in some]
        frame = pa.concat_tables(rows).unify_dictionaries().to_pandas()
        frame = frame[["point", "strategy", "replicate", *outcomes, "error"]]
        of_row = index.get_indexer(pd.Index(frame["point"].astype(str)))
        for k, (key, values) in enumerate(keys.items(), 1):
            frame.insert(k, key, values[of_row])
        yield frame


def table(directory: Path, plan: Plan, outcomes: list[str]) -> pd.DataFrame:
    """Give the whole tidy table."""
    (frame,) = pieces(directory, plan, outcomes, at_once=len(plan.points))
    units = {key: _PARAMETERS[key].unit for key in _PARAMETERS if key in plan.design.keys}
    units |= {name: OUTCOMES[name].unit for name in outcomes}
    frame.attrs = {"units": units, **provenance(plan)}
    return frame


def save(directory: Path, plan: Plan, outcomes: list[str], path: str) -> None:
    """Write the tidy table into one Parquet file, some rows at a time."""
    columns = [("point", pa.string())]
    for key in plan.design.keys:
        values = _values(plan, key)
        columns.append((key, pa.string() if values.dtype == object else pa.array(values).type))
    columns += [("strategy", pa.string()), ("replicate", pa.int32())]
    columns += [*((name, pa.float64()) for name in outcomes), ("error", pa.string())]
    schema = pa.schema(columns, {name: str(value) for name, value in provenance(plan).items()})
    with (
        instead_of(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for piece in pieces(directory, plan, outcomes, at_once=1):
            if len(piece):
                writer.write_table(pa.Table.from_pandas(piece, schema, preserve_index=False))


def summary(directory: Path, plan: Plan, outcomes: list[str]) -> pd.DataFrame:
    """Give one row for each point, strategy and outcome."""
    rows: list[dict[str, Any]] = []
    for name, point in plan.points.items():
        values = _by_replicate(rows_of(directory, plan, name, list(OUTCOMES)), plan, list(OUTCOMES))
        if not len(values):
            continue
        about = {"point": name} | {key: value_of(point.scenario, key) for key in plan.design.keys}
        by_strategy = {strategy: values[:, s] for s, strategy in enumerate(plan.strategies)}
        resampling = Resampling(plan.entropy, len(values))
        for strategy, by_outcome in statistics(by_strategy, plan.baseline, resampling).items():
            for outcome in outcomes:
                named = {"strategy": strategy, "outcome": outcome}
                rows.append({**about, **named, **row(by_outcome[outcome])})
    return pd.DataFrame(rows, columns=["point", *plan.design.keys, "strategy", "outcome", *COLUMNS])


def results(directory: Path, plan: Plan, outcomes: list[str], lazy: bool) -> xr.Dataset:
    """Give the outcomes by the keys of a full factorial (else points), strategy and replicate."""
    import xarray as xr

    levels, points = _factorial(plan)
    done = [block for point in points for block in finished_of(directory, plan, point)]
    longest = max((min(block.last, plan.replicates) for block in done), default=0)
    attributes = {
        key: {"units": _PARAMETERS[key].unit or "1", "long_name": _PARAMETERS[key].meaning}
        for key in plan.design.keys
    }
    coords: dict[str, Any] = {"strategy": list(plan.strategies), "replicate": np.arange(longest)}
    if levels:
        coords |= {key: (key, values, attributes[key]) for key, values in levels.items()}
        shape = [len(values) for values in levels.values()]
        coords["point_name"] = (list(levels), np.array(points).reshape(shape))
    else:
        coords["point"], shape = points, [len(points)]
        for key in plan.design.keys:
            coords[key] = ("point", _values(plan, key), attributes[key])
    dims = [*(levels or ["point"]), "strategy", "replicate"]
    shape += [len(plan.strategies), longest]
    if lazy:
        arrays = _later(directory, plan, points, outcomes, longest)
    else:
        placed = [_placed(directory, plan, point, outcomes, longest) for point in points]
        arrays = list(np.stack(placed, axis=1))
    variables = {}
    for name, values in zip(outcomes, arrays, strict=True):
        about = {"units": OUTCOMES[name].unit, "long_name": OUTCOMES[name].meaning}
        variables[name] = (dims, values.reshape(shape), about)
    return xr.Dataset(variables, coords, provenance(plan))


def hourly(directory: Path, plan: Plan) -> pd.DataFrame:
    """Give the critical posts by hour: mean and bands over replicates."""
    bands = [f"p{round(100 * q):02d}" for q in QUANTILES]
    rows: list[dict[str, Any]] = []
    for name, point in plan.points.items():
        done = list(finished_of(directory, plan, name))
        if not done:
            continue
        if plan.hourly == "bands" and done[-1].last > plan.replicates:
            n, wanted = done[-1].last, plan.replicates
            kept = f"keeps bands of all {n:,} replicates, not of {wanted:,} of them"
            allowed = "expected as many, or a sweep with hourly='whole'"
            raise SweepError(f"{directory}: {kept}; {allowed}")
        parts = [blocks.read(directory, block, folder=blocks.HOURS) for block in done]
        about = {"point": name} | {key: value_of(point.scenario, key) for key in plan.design.keys}
        counts = _counts(pd.concat([part.to_pandas() for part in parts]), plan)
        for (strategy, hour), count in counts.groupby(["strategy", "hour"], observed=True):
            volume, runs = count["volume"].to_numpy(), count["runs"].to_numpy()
            numbers = {"replicates": runs.sum(), "mean": np.average(volume, weights=runs)}
            at = np.searchsorted(np.cumsum(runs) / runs.sum(), np.array(QUANTILES) - 1e-12)
            numbers |= dict(zip(bands, volume[at].tolist(), strict=True))  # the first to reach it
            rows.append({**about, "strategy": strategy, "hour": hour, **numbers})
    columns = ["point", *plan.design.keys, "strategy", "hour", "replicates", "mean", *bands]
    frame = pd.DataFrame(rows, columns=columns)
    frame.attrs = {"units": {"hour": "hours", "mean": "posts per hour"}, **provenance(plan)}
    return frame


def digest(directory: Path, plan: Plan) -> str:
    """Give one SHA-256 of every finished row, whatever blocks they are in and who computed them."""
    whole = hashlib.sha256()
    for point in sorted(plan.points):
        rows = rows_of(directory, plan, point, [*OUTCOMES, "error"])
        if not rows.num_rows:
            continue
        whole.update(f"{point} {rows.num_rows}".encode())
        whole.update("".join(rows["strategy"].to_pylist()).encode())
        whole.update(repr(rows["error"].to_pylist()).encode())
        for column in ("replicate", *OUTCOMES):
            whole.update(np.ascontiguousarray(rows[column].to_numpy()).tobytes())
    return whole.hexdigest()


def provenance(plan: Plan) -> dict[Hashable, Any]:
    """Say where the numbers come from, in words that any file format keeps."""
    return {
        "scenario": plan.scenario.to_toml(),
        "entropy": str(plan.entropy),
        "baseline": plan.baseline,
        "versions": " ".join(f"{part} {number}" for part, number in plan.versions.items()),
    }


def _later(
    directory: Path, plan: Plan, points: list[str], outcomes: list[str], longest: int
) -> list[Any]:
    """Give for each outcome a dask array of shape (points, strategies, replicates).

    It reads a point's files when somebody asks for its numbers.
    """
    try:
        import dask
        import dask.array as da
    except ImportError:
        raise SweepError(f"{directory}: results(lazy=True) needs dask; pip install dask") from None
    read, shape = dask.delayed(_placed, pure=False), (1, len(plan.strategies), longest)
    arrays = []
    for outcome in outcomes:
        parts = [read(directory, plan, point, [outcome], longest) for point in points]
        arrays.append(da.concatenate([da.from_delayed(part, shape, float) for part in parts]))
    return arrays


def _placed(
    directory: Path, plan: Plan, point: str, outcomes: list[str], longest: int
) -> NDArray[np.float64]:
    """Give a point's outcomes as an array of shape (outcomes, strategies, replicates)."""
    placed = np.full((len(outcomes), len(plan.strategies), longest), np.nan)
    rows = rows_of(directory, plan, point, outcomes)
    replicates = rows["replicate"].to_numpy()[:: len(plan.strategies)]
    there = replicates < longest  # others may have been finished since
    placed[..., replicates[there]] = _by_replicate(rows, plan, outcomes)[there].transpose(2, 1, 0)
    return placed


def _by_replicate(rows: pa.Table, plan: Plan, outcomes: list[str]) -> NDArray[np.float64]:
    """Give rows as an array of shape (replicates, strategies, outcomes)."""
    values = np.stack([rows[outcome].to_numpy() for outcome in outcomes], axis=1)
    return values.reshape(-1, len(plan.strategies), len(outcomes))


def _values(plan: Plan, key: str) -> NDArray[Any]:
    """Give the value of a key at each point; a list as text, a number that is not set as NaN."""
    values = [value_of(point.scenario, key) for point in plan.points.values()]
    if any(isinstance(value, tuple) for value in values):
        return np.array([str(list(value)) for value in values], object)
    if None in values and all(isinstance(value, (int, float, type(None))) for value in values):
        return np.array(values, float)
    return np.array(values)


def _factorial(plan: Plan) -> tuple[dict[str, list[Any]], list[str]]:
    """Give the levels of each key of a full factorial, and its points, the last key fastest.

    Of other designs there are no levels, and the points come as they were asked for.
    """
    keys, points = plan.design.keys, list(plan.points.values())
    values = {tuple(value_of(point.scenario, key) for key in keys): point.name for point in points}
    has_all = bool(keys) and all(len(point.changes) == len(keys) for point in points)
    if not has_all or any(isinstance(value, tuple) for value in next(iter(values))):
        return {}, list(plan.points)
    columns = [list(dict.fromkeys(column)) for column in zip(*values, strict=True)]
    if math.prod(map(len, columns)) != len(points):
        return {}, list(plan.points)
    levels = dict(zip(keys, columns, strict=True))
    for column in columns:  # of numbers are sorted, so that a slice holds what lies between
        if all(isinstance(level, (int, float)) for level in column):
            column.sort()
    return levels, [values[row] for row in itertools.product(*levels.values())]


def _counts(hours: pd.DataFrame, plan: Plan) -> pd.DataFrame:
    """Give how many runs had how many posts in each hour."""
    if plan.hourly == "whole":
        hours = hours[hours["replicate"] < plan.replicates]
        hours = hours.explode("volume").reset_index(drop=True)
        hours["hour"] = hours.groupby(["strategy", "replicate"], observed=True).cumcount()
        hours["runs"] = 1
    grouped = hours.groupby(["strategy", "hour", "volume"], observed=True, sort=True)["runs"].sum()
    return grouped.reset_index().astype({"volume": float})
