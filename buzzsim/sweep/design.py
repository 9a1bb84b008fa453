"""Which scenarios a sweep visits: points, each of which sets some keys."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from buzzsim.errors import ScenarioError, counted, sentence, unknown
from buzzsim.model import draws
from buzzsim.model.parameters import Parameter, all_parameters
from buzzsim.model.scenario import flat_keys
from buzzsim.sweep import sampling

METHODS = ("product", "table", "latin_hypercube", "sobol", "morris", "csv")
_WHOLE = ("brand.staff",)  # kept as a float only because it may be inf
_PLACE = "design"


@dataclass(frozen=True)
class Design:
    """Points of a sweep: for each, the keys it sets and their values, in the order in which they are visited.

    Strategies are no part of it: every point is visited under all of them, with the same luck. Two designs, also of
    different keys, are joined with ``+``.

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
        known = dict(all_parameters())
        if not isinstance(self.points, Iterable) or isinstance(self.points, (str, Mapping)):
            raise ScenarioError(
                sentence(_PLACE, "points", self.points, "a sequence of mappings of keys to values")
            )
        points = tuple(
            _checked(point, known, f"{_PLACE}, point {k}") for k, point in enumerate(self.points, 1)
        )
        if not points:
            raise ScenarioError(f"{_PLACE}: has no points; expected at least one")
        object.__setattr__(self, "points", points)

    @classmethod
    def product(cls, levels: Mapping[str, Any]) -> Design:
        """Combine every level of each key with every level of the others; the last key changes fastest.

        Keys of one section stand together, as in the text form, where the first of them stood.

        Parameters
        ----------
        levels : mapping
            Keys of a scenario, dotted or nested, to lists of values; a value that is no list is held.

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
        return cls(
            tuple(
                dict(zip(varied, point, strict=True))
                for point in itertools.product(*varied.values())
            )
        )

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
        >>> len(Design.latin_hypercube({"reply.empathy": (0, 1), "joining.r0": (0.5, 1.2)}, 20, rng=1))
        20
        """
        return cls._spread(ranges, sampling.latin_hypercube, _count("n", n), rng)

    @classmethod
    def sobol(cls, ranges: Mapping[str, Any], n: int, *, rng: Any = None) -> Design:
        """Spread n points, a power of two, as a scrambled Sobol sequence; parameters as for `latin_hypercube`.

        Examples
        --------
        >>> len(Design.sobol({"reply.empathy": (0, 1), "joining.r0": (0.5, 1.2)}, 16, rng=1))
        16
        """
        if _count("n", n) & (n - 1):
            raise ScenarioError(
                sentence(
                    _PLACE, "n", n, "a power of two, since a Sobol sequence is balanced only there"
                )
            )
        return cls._spread(ranges, sampling.sobol, n, rng)

    @classmethod
    def morris(cls, ranges: Mapping[str, Any], n: int, *, rng: Any = None) -> Design:
        """Lay n trajectories that change one key at a time (Morris 1991); each has one point more than there are keys.

        Parameters as for `latin_hypercube`, but n counts trajectories. A point that lies on several of them is computed
        once: ``design.frame().merge(sweep.summary("volume"), on=design.keys, how="left")`` gives every row of the
        trajectories, in their order, what was found there.

        Examples
        --------
        >>> len(Design.morris({"reply.empathy": (0, 1), "joining.r0": (0.5, 1.2)}, 10, rng=1))
        30
        """
        return cls._spread(ranges, sampling.morris, _count("n", n), rng)

    @classmethod
    def from_dataframe(cls, frame: pd.DataFrame) -> Design:
        """Take each row as a point; columns are keys, and an empty cell leaves its key as the scenario has it.

        A column ``point``, the names that `frame` and a sweep's ``points.parquet`` have, is left out.

        Examples
        --------
        >>> import pandas as pd
        >>> len(Design.from_dataframe(pd.DataFrame({"reply.empathy": [0.2, 0.8], "brand.staff": [1, 5]})))
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
        except (
            ValueError,
            TypeError,
        ) as error:  # pandas' ParserError and EmptyDataError, and Unicode's, are ValueErrors
            raise ScenarioError(
                f"{place}: not a table of keys and values: {str(error).strip()}"
            ) from None
        if str(frame.columns[0]).startswith("Unnamed: "):
            raise ScenarioError(
                f"{place}: the first column has no name; expected a key (pandas writes its index unless asked "
                "not to: to_csv(..., index=False))"
            )
        if len(frame.columns) == 1 and set(";\t") & set(str(frame.columns[0])):
            raise ScenarioError(
                f"{place}: the columns are parted by semicolons or tabs; expected commas, and points in numbers (or "
                "pandas.read_csv with sep and decimal, then Design.from_dataframe)"
            )
        if not isinstance(
            frame.index, pd.RangeIndex
        ):  # pandas took the first column for names of rows
            raise ScenarioError(
                f"{place}: its rows have more cells than its header has keys; expected a key above each column"
            )
        if frame.isna().all(axis=1).any():
            row = int(frame.isna().all(axis=1).argmax()) + 1
            raise ScenarioError(
                f"{place}, row {row}: is empty; expected a value for at least one key"
            )
        return cls._of_rows(frame, place)

    @classmethod
    def from_dict(cls, data: Any, folder: str | os.PathLike[str] = "") -> Design:
        """Build a design from its text form: the table ``[design]`` of a sweep file, or several ``[[design]]``.

        A list means: vary this. ``method`` says how, ``product`` if left out; a ``csv`` names a ``file``, and
        ``latin_hypercube``, ``sobol`` and ``morris`` take ranges, ``n`` and ``seed``.

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
            raise ScenarioError(
                sentence(_PLACE, "design", data, "a table of keys to lists of values")
            )
        designs = [_part(dict(part), Path(folder)) for part in parts]
        return cls(tuple(_beside(point, folder) for design in designs for point in design.points))

    def to_dict(self) -> list[dict[str, Any]]:
        """Give the text form: tables of columns, one for each run of points that set the same keys."""
        groups = itertools.groupby(self.points, key=list)
        return [{"method": "table", **_columns(keys, list(points))} for keys, points in groups]

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
        points = counted(len(self), "point")
        return f"<Design: {points} over {', '.join(self.keys) or 'no keys'}>"

    def _repr_html_(self) -> str:
        return str(self.frame().to_html(max_rows=12))

    @classmethod
    def _of_rows(cls, frame: pd.DataFrame, place: str) -> Design:
        """Take each row of a table as a point; errors name the place and the row, the header not counted."""
        twice = frame.columns[frame.columns.duplicated()]
        if len(twice):
            raise ScenarioError(
                f"{place}: two columns are called {twice[0]!r}; expected each key once"
            )
        if frame.empty:
            raise ScenarioError(f"{place}: has no rows; expected one for each point")
        rows = frame.drop(columns="point", errors="ignore").astype(object).to_dict("records")
        known = dict(all_parameters())
        points = [
            {str(key): value for key, value in row.items() if not _is_empty(value)} for row in rows
        ]
        return cls(
            tuple(_checked(point, known, f"{place}, row {k}") for k, point in enumerate(points, 1))
        )

    @classmethod
    def _spread(
        cls, ranges: Mapping[str, Any], spread: Callable[[int, int, int], Any], n: int, rng: Any
    ) -> Design:
        """Stretch points of the unit cube over ranges."""
        known, flat = dict(all_parameters()), _grouped(ranges)
        varied = {key: _range(key, value, known) for key, value in flat.items() if _is_list(value)}
        if not varied:
            raise ScenarioError(
                f"{_PLACE}: no range given; expected at least one key with (low, high)"
            )
        cube = spread(n, len(varied), draws.entropy_of(rng))
        columns = {
            key: _stretched(key, cube[:, d], *varied[key], known) for d, key in enumerate(varied)
        }
        return cls(
            tuple(
                {key: columns[key][k] if key in columns else flat[key] for key in flat}
                for k in range(len(cube))
            )
        )


def _checked(point: Any, known: Mapping[str, Parameter], place: str) -> dict[str, Any]:
    """Give a point with every value in its type, or say what is allowed."""
    found = {}
    for key, value in flat_keys(point, place).items():
        if key not in known:
            raise ScenarioError(unknown(place, "key", key, known))
        if value is None:
            raise ScenarioError(sentence(place, key, value, known[key].allowed))
        found[key] = known[key].checked(key, value, place)
    return found


def _grouped(data: Mapping[str, Any]) -> dict[str, Any]:
    """Give dotted keys in the order that TOML gives them: those of one section together, where the first of them stood."""
    flat = flat_keys(data, _PLACE)
    sections = list(dict.fromkeys(key.partition(".")[0] for key in flat))
    return {
        key: flat[key]
        for key in sorted(flat, key=lambda key: sections.index(key.partition(".")[0]))
    }


def _beside(point: Mapping[str, Any], folder: str | os.PathLike[str]) -> dict[str, Any]:
    """Give a point with its network file seen from a folder."""
    file = point.get("network.file")
    return {**point, "network.file": os.path.join(folder, file)} if file else dict(point)


def _is_list(value: Any) -> bool:
    return (
        isinstance(value, Iterable)
        and not isinstance(value, (str, bytes, Mapping))
        and getattr(value, "ndim", 1) != 0
    )


def _is_empty(value: Any) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))


def _levels(key: str, values: Any) -> list[Any]:
    """Give the levels of a key; a key whose value is itself a list is varied by a list of lists."""
    if isinstance(values, np.ndarray):
        values = values.tolist()  # a number, where it has no dimension
    if isinstance(values, (range, pd.Series)):
        values = list(values)
    if not isinstance(values, (list, tuple)):
        return [values]
    kind = dict(all_parameters())[key].kind if key in dict(all_parameters()) else None
    if kind is list and not (values and all(isinstance(value, (list, tuple)) for value in values)):
        return [values]
    if not values:
        raise ScenarioError(sentence(_PLACE, key, values, "at least one value"))
    if kind is list or not all(isinstance(value, Hashable) for value in values):
        return list(values)
    twice = [value for k, value in enumerate(values) if value in values[:k]]
    if twice:
        raise ScenarioError(f"{_PLACE}: {key} has the level {twice[0]!r} twice; expected each once")
    return list(values)


def _range(key: str, value: Any, known: Mapping[str, Parameter]) -> tuple[float, float]:
    """Give a checked range of numbers."""
    parameter = known.get(key)
    if parameter is None or parameter.kind not in (int, float):
        raise ScenarioError(
            sentence(_PLACE, key, value, "a key of numbers; others are varied by Design.product")
        )
    ends = list(value)
    if len(ends) != 2:
        raise ScenarioError(sentence(_PLACE, key, value, "a range (low, high)"))
    low, high = (parameter.checked(key, end, _PLACE) for end in ends)
    if not low < high or np.isinf(high):
        raise ScenarioError(
            sentence(_PLACE, key, value, "a range (low, high), low below high and both finite")
        )
    return low, high


def _stretched(
    key: str, unit: Any, low: float, high: float, known: Mapping[str, Parameter]
) -> list[Any]:
    """Map [0, 1] to a range; whole numbers are equally likely."""
    if known[key].kind is int or key in _WHOLE:
        return [int(value) for value in np.minimum(high, low + np.floor(unit * (high - low + 1)))]
    return [float(value) for value in low + unit * (high - low)]


def _count(key: str, n: Any) -> int:
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or not 1 <= n <= 10**7:
        raise ScenarioError(sentence(_PLACE, key, n, "a whole number from 1 to 10,000,000"))
    return int(n)


def _columns(keys: Sequence[str], points: list[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the points as columns; a point that sets nothing is told by their number."""
    if not keys:
        return {"n": len(points)}
    return {
        key: [list(point[key]) if isinstance(point[key], tuple) else point[key] for point in points]
        for key in keys
    }


def _part(part: dict[str, Any], folder: Path) -> Design:
    """Read one table of the text form."""
    method = part.pop("method", "product")
    if method not in METHODS:
        raise ScenarioError(unknown(f"{_PLACE}: method", "value", method, METHODS))
    if method == "product":
        return Design.product(part)
    if method == "csv":
        file = folder / str(_taken(part, "file", method))
        if part:
            raise ScenarioError(
                f"{_PLACE}: {next(iter(part))} stands beside method = 'csv'; expected a column of {file.name} instead"
            )
        return Design.from_csv(file)
    if method == "table":
        return _table(part)
    n, seed = _taken(part, "n", method), _taken(part, "seed", method)
    samplers = {
        "latin_hypercube": Design.latin_hypercube,
        "sobol": Design.sobol,
        "morris": Design.morris,
    }
    return samplers[method](part, n, rng=seed)


def _taken(part: dict[str, Any], key: str, method: str) -> Any:
    """Take what a method cannot do without."""
    if key not in part:
        raise ScenarioError(f"{_PLACE}: {key} is missing; expected beside method = {method!r}")
    return part.pop(key)


def _table(part: dict[str, Any]) -> Design:
    """Read columns, all of one length."""
    if set(part) == {"n"}:
        return Design(tuple({} for _ in range(_count("n", part["n"]))))
    columns = flat_keys(part, _PLACE)
    if (
        not all(isinstance(values, list) for values in columns.values())
        or len(set(map(len, columns.values()))) != 1
    ):
        raise ScenarioError(sentence(_PLACE, "the table", list(columns), "lists of one length"))
    return Design(
        tuple(dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True))
    )
