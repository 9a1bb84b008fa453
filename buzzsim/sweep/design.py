"""Which scenarios a sweep visits: points, each of which sets some keys."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from buzzsim.errors import ScenarioError, counted, sentence, unknown, whole_number
from buzzsim.model import draws
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import flat_keys
from buzzsim.sweep import sampling

METHODS = ("product", "table", "latin_hypercube", "sobol", "morris", "csv")
_PARAMETERS = dict(all_parameters())
_WHOLE = ("brand.staff",)  # kept as a float only because it may be inf
_PLACE = "design"


@dataclass(frozen=True)
class Design:
    """Points of a sweep, in the order of visits: for each the keys it sets, and their values.

    Strategies are no part of a design: every point is visited under all of them, with the same
    luck. ``+`` joins two designs, also of different keys.

    Examples
    --------
    >>> design = Design.product({"reply.empathy": [0.2, 0.8], "brand.staff": [1, 5]})
    >>> design.points[0]
    {'reply.empathy': 0.2, 'brand.staff': 1.0}
    >>> len(design + Design.product({"network.customers": [500]}))
    5
    """

    points: tuple[Mapping[str, Any], ...]

    def __post_init__(self) -> None:
        if not isinstance(self.points, Iterable) or isinstance(self.points, (str, Mapping)):
            allowed = "a sequence of mappings of keys to values"
            raise ScenarioError(sentence(_PLACE, "points", self.points, allowed))
        points = [_checked(point, f"{_PLACE}, point {k}") for k, point in enumerate(self.points, 1)]
        if not points:
            raise ScenarioError(f"{_PLACE}: has no points; expected at least one")
        object.__setattr__(self, "points", tuple(points))

    @classmethod
    def product(cls, levels: Mapping[str, Any]) -> Design:
        """Combine every level of each key with every level of the others.

        The last key varies fastest. Keys of one section stand together, as in the text form, where
        the first of them stood.

        Parameters
        ----------
        levels : mapping
            Keys of a scenario, dotted or nested, to lists of values; a single value is held.

        Raises
        ------
        ScenarioError
            When a key is unknown, a value out of range, or a list empty.

        Examples
        --------
        >>> len(Design.product({"reply": {"empathy": [0.2, 0.5, 0.8]}, "brand.staff": [1, 5]}))
        6
        """
        varied = {key: _levels(key, values) for key, values in _grouped(levels).items()}
        return cls(_rows(varied, itertools.product(*varied.values())))

    @classmethod
    def latin_hypercube(cls, ranges: Mapping[str, Any], n: int, *, rng: Any = None) -> Design:
        """Spread n points so that each n-th part of every range holds one (McKay et al. 1979).

        Parameters
        ----------
        ranges : mapping
            Keys of numbers to (low, high); a single value is held.
        n : int
            Number of points.
        rng : None, int, SeedSequence or Generator
            Where the luck comes from (Scientific Python SPEC 7).

        Examples
        --------
        >>> ranges = {"reply.empathy": (0, 1), "joining.r0": (0.5, 1.2)}
        >>> len(Design.latin_hypercube(ranges, 20, rng=1))
        20
        """
        return cls._spread(ranges, sampling.latin_hypercube, n, rng)

    @classmethod
    def sobol(cls, ranges: Mapping[str, Any], n: int, *, rng: Any = None) -> Design:
        """Spread n points, a power of two, as a scrambled Sobol sequence.

        The parameters are as for `latin_hypercube`.

        Examples
        --------
        >>> len(Design.sobol({"reply.empathy": (0, 1), "joining.r0": (0.5, 1.2)}, 16, rng=1))
        16
        """
        if _checked_count(n) & (n - 1):
            allowed = "a power of two, since a Sobol sequence is balanced only there"
            raise ScenarioError(sentence(_PLACE, "n", n, allowed))
        return cls._spread(ranges, sampling.sobol, n, rng)

    @classmethod
    def morris(cls, ranges: Mapping[str, Any], n: int, *, rng: Any = None) -> Design:
        """Lay n trajectories that change one key at a time (Morris 1991).

        Each has one point more than there are keys. The parameters are as for `latin_hypercube`,
        but n counts trajectories. A point that lies on several of them is computed once:
        ``design.frame().merge(sweep.summary("volume"), on=design.keys, how="left")`` gives the
        summary of every point of the trajectories, in their order.

        Examples
        --------
        >>> len(Design.morris({"reply.empathy": (0, 1), "joining.r0": (0.5, 1.2)}, 10, rng=1))
        30
        """
        return cls._spread(ranges, sampling.morris, n, rng)

    @classmethod
    def from_dataframe(cls, frame: pd.DataFrame) -> Design:
        """Take each row as a point; an empty cell leaves its key as the scenario has it.

        The columns are keys. A column ``point``, which `frame` and the file ``points.parquet`` of
        a sweep have for names, is left out.

        Examples
        --------
        >>> import pandas as pd
        >>> frame = pd.DataFrame({"reply.empathy": [0.2, 0.8], "brand.staff": [1, 5]})
        >>> len(Design.from_dataframe(frame))
        2
        """
        if not isinstance(frame, pd.DataFrame):
            raise ScenarioError(sentence(_PLACE, "the table", frame, "a pandas DataFrame"))
        return cls._of_rows(frame, _PLACE)

    @classmethod
    def from_csv(cls, path: str | os.PathLike[str]) -> Design:
        """Read a table with keys as its header, a row for each point.

        Raises
        ------
        ScenarioError
            When the file cannot be read, or is no such table.
        """
        place = Path(path).name
        try:
            frame = pd.read_csv(path)
        except OSError as error:
            raise ScenarioError(f"{path}: cannot be read: {error.strerror or error}") from None
        except (ValueError, TypeError) as error:  # of pandas, or of text that is not UTF-8
            why = str(error).strip()
            raise ScenarioError(f"{place}: not a table of keys and values: {why}") from None
        head, is_empty = str(frame.columns[0]), frame.isna().all(axis=1)
        wrong = ""
        if head.startswith("Unnamed: "):
            wrong = "the first column has no name; expected a key (pandas writes its index "
            wrong += "unless asked not to: to_csv(..., index=False))"
        elif len(frame.columns) == 1 and set(";\t") & set(head):
            wrong = "the columns are parted by semicolons or tabs; expected commas, and points in "
            wrong += "numbers (or pandas.read_csv with sep and decimal, then Design.from_dataframe)"
        elif not isinstance(frame.index, pd.RangeIndex):  # made of the first column
            wrong = "its rows have more cells than its header has keys; expected a key above each"
        if wrong:
            raise ScenarioError(f"{place}: {wrong}")
        if is_empty.any():
            row = f"{place}, row {int(is_empty.argmax()) + 1}"
            raise ScenarioError(f"{row}: is empty; expected a value for at least one key")
        return cls._of_rows(frame, place)

    @classmethod
    def from_dict(cls, data: Any, folder: str | os.PathLike[str] = "") -> Design:
        """Build a design from the table ``[design]`` of a sweep file, or several ``[[design]]``.

        A list means: vary this. ``method`` says how, ``product`` if left out; a ``csv`` names a
        ``file``, and ``latin_hypercube``, ``sobol`` and ``morris`` take ranges, ``n`` and ``seed``.

        Parameters
        ----------
        data : mapping or list of mappings
            What the file has; the points of several are visited one after the other.
        folder : path
            Where a ``file``, and a ``network.file`` of a point, is looked for.

        Examples
        --------
        >>> python = Design.product({"reply.empathy": [0.2, 0.8]})
        >>> Design.from_dict({"reply": {"empathy": [0.2, 0.8]}}) == python
        True
        """
        parts = data if isinstance(data, list) else [data]
        if not parts or not all(isinstance(part, Mapping) for part in parts):
            allowed = "a table of keys to lists of values"
            raise ScenarioError(sentence(_PLACE, "design", data, allowed))
        designs = [_part(dict(part), Path(folder)) for part in parts]
        points = [dict(point) for design in designs for point in design.points]
        for point in points:
            if point.get("network.file"):
                point["network.file"] = os.path.join(folder, point["network.file"])
        return cls(tuple(points))

    def to_dict(self) -> list[dict[str, Any]]:
        """Give the text form: a table for each group of successive points that set the same keys.

        A table of points that set nothing has only their number ``n``.
        """
        tables: list[dict[str, Any]] = []
        for keys, points in itertools.groupby(self.points, key=list):
            rows = list(points)
            columns: dict[str, Any] = {key: [_plain(row[key]) for row in rows] for key in keys}
            tables.append({"method": "table"} | (columns or {"n": len(rows)}))
        return tables

    def frame(self) -> pd.DataFrame:
        """Give the points as a table, a row for each; what a point does not set is empty."""
        frame = pd.DataFrame([dict(point) for point in self.points], columns=self.keys)
        frame.index.name = "point"
        return frame

    @cached_property
    def keys(self) -> list[str]:
        """Every key that some point sets."""
        return list(dict.fromkeys(key for point in self.points for key in point))

    def __add__(self, other: Design) -> Design:
        if not isinstance(other, Design):
            return NotImplemented
        return Design(self.points + other.points)

    def __len__(self) -> int:
        return len(self.points)

    def __repr__(self) -> str:
        return f"<Design: {counted(len(self), 'point')} over {', '.join(self.keys) or 'no keys'}>"

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(max_rows=12))

    @classmethod
    def _of_rows(cls, frame: pd.DataFrame, place: str) -> Design:
        """Take each row of a table as a point; errors name the place and the row."""
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            said = f"two columns are called {twice[0]!r}"
            raise ScenarioError(f"{place}: {said}; expected each key once")
        if frame.empty:
            raise ScenarioError(f"{place}: has no rows; expected one for each point")
        rows = frame.drop(columns="point", errors="ignore").astype(object).to_dict("records")
        points = []
        for k, row in enumerate(rows, 1):
            filled = {str(key): value for key, value in row.items() if pd.isna(value) is not True}
            points.append(_checked(filled, f"{place}, row {k}"))
        return cls(tuple(points))

    @classmethod
    def _spread(
        cls, ranges: Mapping[str, Any], spread: Callable[[int, int, int], Any], n: int, rng: Any
    ) -> Design:
        """Stretch points of the unit cube over ranges."""
        columns = _grouped(ranges)
        limits = {key: _range(key, value) for key, value in columns.items() if _is_list(value)}
        if not limits:
            allowed = "expected at least one key with (low, high)"
            raise ScenarioError(f"{_PLACE}: no range given; {allowed}")
        cube = spread(_checked_count(n), len(limits), draws.entropy_of(rng))
        columns = {key: [value] * len(cube) for key, value in columns.items()}
        for (key, ends), unit in zip(limits.items(), cube.T, strict=True):
            columns[key] = _stretched(key, unit, *ends)
        return cls(_rows(columns, zip(*columns.values(), strict=True)))


def _checked(point: Any, place: str) -> dict[str, Any]:
    """Give a point with every value in its type, or say what is allowed."""
    checked = {}
    for key, value in flat_keys(point, place).items():
        if key not in _PARAMETERS:
            raise ScenarioError(unknown(place, "key", key, _PARAMETERS))
        if value is None:
            raise ScenarioError(sentence(place, key, value, _PARAMETERS[key].allowed))
        checked[key] = _PARAMETERS[key].checked(key, value, place)
    return checked


def _grouped(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give dotted keys in the order of TOML: a section's keys together, where its first stood."""
    flat = flat_keys(data, _PLACE)
    sections = list(dict.fromkeys(key.partition(".")[0] for key in flat))
    keys = sorted(flat, key=lambda key: sections.index(key.partition(".")[0]))
    return {key: flat[key] for key in keys}


def _rows(keys: Iterable[str], rows: Iterable[Iterable[Any]]) -> tuple[dict[str, Any], ...]:
    return tuple(dict(zip(keys, row, strict=True)) for row in rows)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _is_list(value: Any) -> bool:
    is_single = isinstance(value, (str, bytes, Mapping)) or getattr(value, "ndim", 1) == 0
    return isinstance(value, Iterable) and not is_single


def _levels(key: str, values: Any) -> list[Any]:
    """Give the levels of a key; a key whose value is itself a list is varied by a list of lists."""
    if isinstance(values, (np.ndarray, pd.Series)):
        values = values.tolist()  # a number, where it has no dimension
    if not isinstance(values, (list, tuple, range)):
        return [values]
    if key in _PARAMETERS and _PARAMETERS[key].kind is list:
        has_lists = bool(values) and all(isinstance(value, (list, tuple)) for value in values)
        return list(values) if has_lists else [values]
    if not values:
        raise ScenarioError(sentence(_PLACE, key, values, "at least one value"))
    if all(isinstance(value, Hashable) for value in values):
        for k, value in enumerate(values):
            if value in values[:k]:
                twice = f"{key} has the level {value!r} twice; expected each once"
                raise ScenarioError(f"{_PLACE}: {twice}")
    return list(values)


def _range(key: str, value: Any) -> tuple[float, float]:
    parameter, ends = _PARAMETERS.get(key), list(value)
    allowed = "a key of numbers; others are varied by Design.product"
    if parameter is not None and parameter.kind in (int, float):
        allowed = "a range (low, high), low below high and both finite"
        if len(ends) == 2:
            low, high = (parameter.checked(key, end, _PLACE) for end in ends)
            if low < high and not np.isinf(high):
                return low, high
    raise ScenarioError(sentence(_PLACE, key, value, allowed))


def _stretched(key: str, unit: NDArray[np.float64], low: float, high: float) -> list[float]:
    """Map [0, 1] to a range; whole numbers are equally likely."""
    if _PARAMETERS[key].kind is int or key in _WHOLE:
        return [int(value) for value in np.minimum(high, low + np.floor(unit * (high - low + 1)))]
    return [float(value) for value in low + unit * (high - low)]


def _checked_count(n: Any) -> int:
    return whole_number(_PLACE, "n", n, 1, 10**7)


def _part(part: dict[str, Any], folder: Path) -> Design:
    method = part.pop("method", "product")
    if method not in METHODS:
        raise ScenarioError(unknown(f"{_PLACE}: method", "value", method, METHODS))
    if method == "product":
        return Design.product(part)
    if method == "table":
        return _table(part)
    if method == "csv":
        file = folder / str(_taken(part, "file", method))
        if part:
            beside = f"{next(iter(part))} stands beside method = 'csv'"
            raise ScenarioError(f"{_PLACE}: {beside}; expected a column of {file.name} instead")
        return Design.from_csv(file)
    n, seed = _taken(part, "n", method), _taken(part, "seed", method)
    sample: Callable[..., Design] = getattr(Design, method)
    return sample(part, n, rng=seed)


def _taken(part: dict[str, Any], key: str, method: str) -> Any:
    """Take what a method cannot do without."""
    if key not in part:
        raise ScenarioError(f"{_PLACE}: {key} is missing; expected beside method = {method!r}")
    return part.pop(key)


def _table(part: dict[str, Any]) -> Design:
    """Read columns, all of one length, or the number of points that set nothing."""
    if set(part) == {"n"}:
        return Design(({},) * _checked_count(part["n"]))
    columns = flat_keys(part, _PLACE)
    are_lists = all(isinstance(values, list) for values in columns.values())
    if not are_lists or len(set(map(len, columns.values()))) != 1:
        raise ScenarioError(sentence(_PLACE, "the table", list(columns), "lists of one length"))
    return Design(_rows(columns, zip(*columns.values(), strict=True)))
