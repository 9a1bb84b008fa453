"""What a sweep found: tidy tables, an xarray Dataset, summaries, series by hour, and one digest of it all."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xarray as xr
from numpy.typing import NDArray

from buzzsim.errors import SweepError
from buzzsim.files import instead_of
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.parameters import all_parameters
from buzzsim.study.analysis import COLUMNS, Resampling, row, statistics
from buzzsim.sweep import blocks
from buzzsim.sweep.plan import Block, Plan

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)


def rows_of(directory: Path, plan: Plan, name: str, columns: list[str]) -> pa.Table | None:
    """Give the finished rows of a point, by replicate and strategy; None where there are none."""
    parts = []
    for block in finished(directory, plan, name):
        part = blocks.read_runs(directory, block, ["point", "strategy", "replicate", *columns])
        parts.append(
            part.filter(pc.less(part["replicate"], plan.replicates))
            if block.last > plan.replicates
            else part
        )
    return pa.concat_tables(parts).unify_dictionaries() if parts else None


def finished(directory: Path, plan: Plan, name: str) -> list[Block]:
    """Give the finished blocks of a point."""
    every = (Block(name, *span) for span in plan.spans)
    return [block for block in every if blocks.failures(directory, plan, block) is not None]


def tables(
    directory: Path, plan: Plan, outcomes: list[str], at_once: int = 1
) -> Iterator[pd.DataFrame]:
    """Give the tidy table in pieces of some points each, so that memory stays flat; one without rows where nothing is finished."""
    names, nothing = list(plan.points), True
    for first in range(0, len(names), at_once):
        found = [
            rows_of(directory, plan, name, [*outcomes, "error"])
            for name in names[first : first + at_once]
        ]
        parts = [part for part in found if part is not None]
        if parts:
            nothing = False
            yield _with_keys(
                pa.concat_tables(parts).unify_dictionaries().to_pandas(), plan, outcomes
            )
    if nothing:
        yield _with_keys(_empty(outcomes), plan, outcomes)


def table(directory: Path, plan: Plan, outcomes: list[str]) -> pd.DataFrame:
    """Give the whole tidy table."""
    (frame,) = tables(directory, plan, outcomes, at_once=len(plan.points))
    units = {key: parameter.unit for key, parameter in all_parameters() if key in plan.design.keys}
    frame.attrs = {
        "units": units | {name: OUTCOMES[name].unit for name in outcomes},
        **provenance(plan),
    }
    return frame


def save(directory: Path, plan: Plan, outcomes: list[str], path: str) -> None:
    """Write the tidy table into one Parquet file, some rows at a time.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    keys = [
        _column([point.value_of(key) for point in plan.points.values()]) for key in plan.design.keys
    ]
    kinds = [pa.string() if values.dtype == object else pa.array(values).type for values in keys]
    schema = pa.schema(
        [
            ("point", pa.string()),
            *zip(plan.design.keys, kinds, strict=True),
            ("strategy", pa.string()),
            ("replicate", pa.int32()),
        ]
        + [(name, pa.float64()) for name in outcomes]
        + [("error", pa.string())],
        {name: str(value) for name, value in provenance(plan).items()},
    )
    with (
        instead_of(path) as temporary,
        pq.ParquetWriter(temporary, schema, compression="zstd") as writer,
    ):
        for piece in tables(directory, plan, outcomes):
            writer.write_table(pa.Table.from_pandas(piece, schema, preserve_index=False))


def summary(directory: Path, plan: Plan, outcomes: list[str]) -> pd.DataFrame:
    """Give one row for each point, strategy and outcome."""
    rows: list[dict[str, Any]] = []
    for name, point in plan.points.items():
        values = values_of(directory, plan, name, list(OUTCOMES))
        if values is None:
            continue
        keys = {key: point.value_of(key) for key in plan.design.keys}
        by_strategy = {strategy: values[:, s] for s, strategy in enumerate(plan.strategies)}
        for strategy, found in statistics(
            by_strategy, plan.baseline, Resampling(plan.entropy, len(values))
        ).items():
            for outcome in outcomes:
                rows.append(
                    {
                        "point": name,
                        **keys,
                        "strategy": strategy,
                        "outcome": outcome,
                        **row(found[outcome]),
                    }
                )
    return pd.DataFrame(rows, columns=["point", *plan.design.keys, "strategy", "outcome", *COLUMNS])


def results(directory: Path, plan: Plan, outcomes: list[str], lazy: bool) -> xr.Dataset:
    """Give the outcomes with named dimensions: the keys of a full factorial (else points), strategy, replicate."""
    strategies = list(plan.strategies)
    levels, places = _factors(plan)
    names = (
        [name for _, name in sorted(zip(places, plan.points, strict=True))]
        if levels
        else list(plan.points)
    )
    ends = [
        min(block.last, plan.replicates)
        for name in names
        for block in finished(directory, plan, name)
    ]
    longest = max(ends, default=0)
    arrays = (_later if lazy else _now)(directory, plan, names, outcomes, longest)
    dims = [*levels, "strategy", "replicate"] if levels else ["point", "strategy", "replicate"]
    shape = [*(map(len, levels.values()) if levels else [len(names)]), len(strategies), longest]
    about = dict(all_parameters())
    coords: dict[str, Any] = {"strategy": strategies, "replicate": np.arange(longest)}
    if levels:
        coords |= {key: (key, values, _key_attrs(about[key])) for key, values in levels.items()}
        coords["point_name"] = (list(levels), np.array(names).reshape(shape[:-2]))
    else:
        coords["point"] = names
        for key in plan.design.keys:
            coords[key] = (
                "point",
                _column([point.value_of(key) for point in plan.points.values()]),
                _key_attrs(about[key]),
            )
    variables = {
        name: (
            dims,
            values.reshape(shape),
            {"units": OUTCOMES[name].unit, "long_name": OUTCOMES[name].meaning},
        )
        for name, values in zip(outcomes, arrays, strict=True)
    }
    return xr.Dataset(variables, coords, provenance(plan))


def hourly(directory: Path, plan: Plan) -> pd.DataFrame:
    """Give the critical posts by hour of each point and strategy: mean and bands over replicates."""
    rows: list[tuple[Any, ...]] = []
    for name in plan.points:
        every = finished(directory, plan, name)
        if not every:
            continue
        if plan.hourly == "bands" and every[-1].last > plan.replicates:
            what = f"{directory}: keeps bands of all {every[-1].last:,} replicates, not of {plan.replicates:,} of them"
            raise SweepError(f"{what}; expected as many, or a sweep with hourly='whole'")
        found = pd.concat([blocks.read_hourly(directory, block).to_pandas() for block in every])
        if plan.hourly == "whole":
            found = found[found["replicate"] < plan.replicates]
        counts = _counts(found, plan.hourly)
        for (strategy, hour), found in counts.groupby(
            ["strategy", "hour"], observed=True, sort=True
        ):
            volume, runs = found["volume"].to_numpy(), found["runs"].to_numpy()
            rows.append(
                (
                    name,
                    strategy,
                    hour,
                    runs.sum(),
                    np.average(volume, weights=runs),
                    *_weighted(volume, runs),
                )
            )
    columns = [
        "point",
        "strategy",
        "hour",
        "replicates",
        "mean",
        *(f"p{round(100 * q):02d}" for q in QUANTILES),
    ]
    frame = pd.DataFrame(rows, columns=columns)
    keys = {
        key: [plan.points[name].value_of(key) for name in frame["point"]]
        for key in plan.design.keys
    }
    for k, (key, values) in enumerate(keys.items(), 1):
        frame.insert(k, key, values)
    frame.attrs = {"units": {"hour": "hours", "mean": "posts per hour"}, **provenance(plan)}
    return frame


def digest(directory: Path, plan: Plan) -> str:
    """Give one SHA-256 of every finished row of outcomes, whatever blocks they are in and whoever computed them when."""
    whole = hashlib.sha256()
    for name in sorted(plan.points):
        rows = rows_of(directory, plan, name, [*OUTCOMES, "error"])
        if rows is None:
            continue
        whole.update(f"{name} {rows.num_rows}".encode())
        whole.update("".join(rows["strategy"].to_pylist()).encode())
        whole.update(repr(rows["error"].to_pylist()).encode())
        for column in ("replicate", *OUTCOMES):
            whole.update(np.ascontiguousarray(rows[column].to_numpy()).tobytes())
    return whole.hexdigest()


def provenance(plan: Plan) -> dict[Hashable, Any]:
    """Say where the numbers come from, in words that any file format keeps."""
    about = " ".join(f"{part} {number}" for part, number in plan.versions.items())
    return {
        "scenario": plan.scenario.to_toml(),
        "entropy": str(plan.entropy),
        "baseline": plan.baseline,
        "versions": about,
    }


def values_of(
    directory: Path, plan: Plan, name: str, outcomes: list[str]
) -> NDArray[np.float64] | None:
    """Give a point's outcomes as an array of shape (replicates, strategies, outcomes)."""
    rows = rows_of(directory, plan, name, outcomes)
    return None if rows is None else _by_replicate(rows, plan, outcomes)


def _now(
    directory: Path, plan: Plan, names: list[str], outcomes: list[str], longest: int
) -> NDArray[np.float64]:
    """Read outcomes into an array of shape (outcomes, points, strategies, replicates)."""
    return np.stack([_placed(directory, plan, name, outcomes, longest) for name in names], axis=1)


def _later(
    directory: Path, plan: Plan, names: list[str], outcomes: list[str], longest: int
) -> list[Any]:
    """Give arrays of shape (points, strategies, replicates) that read a point's files when somebody asks for its numbers."""
    try:
        import dask
        import dask.array as da
    except ImportError:
        raise SweepError(f"{directory}: results(lazy=True) needs dask; pip install dask") from None
    read, shape = dask.delayed(_placed, pure=False), (1, len(plan.strategies), longest)
    arrays = []
    for outcome in outcomes:
        parts = [
            da.from_delayed(read(directory, plan, name, [outcome], longest), shape, float)
            for name in names
        ]
        arrays.append(da.concatenate(parts))
    return arrays


def _placed(
    directory: Path, plan: Plan, name: str, outcomes: list[str], longest: int
) -> NDArray[np.float64]:
    """Give a point's outcomes, each at its replicate, as an array of shape (outcomes, strategies, replicates)."""
    placed = np.full((len(outcomes), len(plan.strategies), longest), np.nan)
    rows = rows_of(directory, plan, name, outcomes)
    if rows is not None:
        replicates = rows["replicate"].to_numpy()[:: len(plan.strategies)]
        there = replicates < longest  # others may have been finished since
        placed[..., replicates[there]] = _by_replicate(rows, plan, outcomes)[there].transpose(
            2, 1, 0
        )
    return placed


def _by_replicate(rows: pa.Table, plan: Plan, outcomes: list[str]) -> NDArray[np.float64]:
    """Give rows as an array of shape (replicates, strategies, outcomes)."""
    return np.stack([rows[outcome].to_numpy() for outcome in outcomes], axis=1).reshape(
        -1, len(plan.strategies), len(outcomes)
    )


def _with_keys(frame: pd.DataFrame, plan: Plan, outcomes: list[str]) -> pd.DataFrame:
    """Put the values of the keys beside the names of the points."""
    names = frame["point"].astype(str)
    of = pd.Index(plan.points).get_indexer(pd.Index(names))
    frame = frame[["point", "strategy", "replicate", *outcomes, "error"]]
    for k, key in enumerate(plan.design.keys, 1):
        values = _column([point.value_of(key) for point in plan.points.values()])
        frame.insert(k, key, values[of])
    return frame


def _empty(outcomes: list[str]) -> pd.DataFrame:
    frame: pd.DataFrame = blocks.nothing().to_pandas()
    return frame[["point", "strategy", "replicate", *outcomes, "error"]]


def _column(values: list[Any]) -> NDArray[Any]:
    """Give values as an array; lists stay one value each, and a number that is not set is NaN."""
    if any(value is None for value in values) and all(
        value is None or isinstance(value, (int, float)) for value in values
    ):
        return np.array([np.nan if value is None else value for value in values], float)
    if any(isinstance(value, tuple) for value in values):
        column = np.empty(len(values), object)
        column[:] = [str(list(value)) for value in values]
        return column
    return np.array(values)


def _factors(plan: Plan) -> tuple[dict[str, list[Any]], list[int]]:
    """Give the levels of each key where the points are a full factorial, and where in it each point stands; else nothing."""
    points = list(plan.points.values())
    keys = plan.design.keys
    if not keys or any(len(point.changes) != len(keys) for point in points):
        return {}, []
    values = [tuple(point.value_of(key) for key in keys) for point in points]
    if any(isinstance(value, tuple) for value in values[0]):
        return {}, []
    levels = [_ordered(list(dict.fromkeys(column))) for column in zip(*values, strict=True)]
    grid = np.stack(
        [axis.ravel() for axis in np.meshgrid(*map(np.arange, map(len, levels)), indexing="ij")],
        axis=1,
    )
    if len(grid) != len(values):
        return {}, []
    places = {
        tuple(levels[k][i] for k, i in enumerate(row)): place for place, row in enumerate(grid)
    }
    return (
        (dict(zip(keys, levels, strict=True)), [places[value] for value in values])
        if places.keys() == set(values)
        else ({}, [])
    )


def _ordered(levels: list[Any]) -> list[Any]:
    """Sort numbers, so that a slice holds what lies between; words stay as they were asked for."""
    return sorted(levels) if all(isinstance(level, (int, float)) for level in levels) else levels


def _key_attrs(parameter: Any) -> dict[str, str]:
    return {"units": parameter.unit or "1", "long_name": parameter.meaning}


def _counts(found: pd.DataFrame, kept: str) -> pd.DataFrame:
    """Give how many runs had how many posts in each hour."""
    if kept == "whole":
        found = found.explode("volume").reset_index(drop=True)
        found["hour"] = found.groupby(["strategy", "replicate"], observed=True).cumcount()
        found["runs"] = 1
    grouped = found.groupby(["strategy", "hour", "volume"], observed=True, sort=True)["runs"].sum()
    return grouped.reset_index().astype({"volume": float})


def _weighted(volume: NDArray[Any], runs: NDArray[Any]) -> list[float]:
    """Give quantiles of sorted values that each count so many times (the smallest value with that share at or below it)."""
    share = np.cumsum(runs) / runs.sum()
    return [float(volume[np.searchsorted(share, q - 1e-12)]) for q in QUANTILES]
