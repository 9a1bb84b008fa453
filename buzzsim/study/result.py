"""What came out of one run: outcomes, trajectory, and tables with the names of the customers."""

from __future__ import annotations

import html
import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from buzzsim.errors import BuzzsimError, ResultError, sentence, unknown
from buzzsim.files import write_whole
from buzzsim.model import rules
from buzzsim.model.outcomes import OUTCOMES, count_by_hour
from buzzsim.model.parameters import from_plain, to_plain
from buzzsim.model.scenario import Scenario
from buzzsim.model.tables import RECORD, Record
from buzzsim.network import Network

FORMAT = "buzzsim result 4"
"""Format of a saved run; another one is refused."""

_ABOUT = ("strategy", "replicate", "entropy", "n_customers", "versions", "network")

ACTS = {
    rules.REMOVED: ("removed", ("silent", "to post again")),
    rules.REPLIED: ("replied", ("unsolved", "solved")),
    rules.INVITED: ("invited", ("declined", "accepted")),
    rules.TALKED: ("talked", ("unsolved", "solved")),
}
"""What the brand does with a case, and what may come of it."""


class Outcomes(dict[str, float]):
    """The outcomes of a run by name; an unknown name is an error that suggests the near one."""

    def __missing__(self, name: str) -> float:
        raise ResultError(unknown("result", "outcome", name, OUTCOMES))


@dataclass(frozen=True)
class Scene:
    """What pictures of a run need besides: its network, and its record up to an earlier hour."""

    network: Network
    until: Callable[[float], Record]


@dataclass(frozen=True, eq=False)
class Result:
    """One run: a scenario under one strategy, in one replicate.

    Examples
    --------
    >>> import buzzsim as bz
    >>> result = bz.run("default", strategy="ignore", rng=1)
    >>> result.outcomes["critics"] >= 1
    True
    """

    scenario: Scenario
    strategy: str
    replicate: int
    entropy: int
    n_customers: int
    names: Sequence[Any]
    record: Record
    values: NDArray[np.float64]
    hourly_volume: NDArray[np.int32]
    versions: dict[str, str]
    network: dict[str, Any]
    scene: Scene | None = field(default=None, repr=False)  # not saved

    @cached_property
    def outcomes(self) -> Outcomes:
        """Every outcome of `buzzsim.model.outcomes.OUTCOMES` by name; undefined ones are NaN."""
        return Outcomes(zip(OUTCOMES, self.values.tolist(), strict=True))

    def hourly(self) -> pd.DataFrame:
        """Give the run by hour.

        Returns
        -------
        DataFrame
            Index ``hour`` (from 0); columns ``volume`` (critical posts), ``critics`` (new ones),
            ``reached`` (customers who noticed for the first time) and ``acts`` (of the brand).
            Units in ``attrs``.
        """
        n, tick = self.hourly_volume.size, float(self.scenario.time.tick)
        customers = self.record["customers"]
        frame = pd.DataFrame(
            {
                "volume": self.hourly_volume,
                "critics": count_by_hour(tick, customers["joined"], n),
                "reached": count_by_hour(tick, customers["noticed"], n),
                "acts": count_by_hour(tick, self.record["acts"]["tick"], n),
            },
            index=pd.RangeIndex(n, name="hour"),
        )
        units = ("posts", "customers", "customers", "acts")
        frame.attrs["units"] = {"hour": "hours"} | dict(zip(frame, units, strict=True))
        return frame

    def customers(self, everybody: bool = False) -> pd.DataFrame:
        """Give one row for each customer whom the buzz touched.

        Parameters
        ----------
        everybody : bool
            Whether to list the untouched as well, as ``unaware``.

        Returns
        -------
        DataFrame
            Index ``customer`` (names of the network); columns ``stage``, ``character``, ``anger``
            (0 to 1, at the horizon), ``attitude`` (-1 to 1, at the horizon), ``first_noticed`` and
            ``joined`` (hours, NaN if never), ``reached_by`` (author of the post first noticed),
            ``channel`` (how they came to see it), ``recruited_by`` (author of the post that made
            them a critic). Units in ``attrs``.
        """
        people, authors = self.record["customers"], self.record["posts"]["author"]
        frame = pd.DataFrame(
            {
                "stage": [rules.STAGES[k] for k in people["stage"]],
                "character": [rules.CHARACTERS[k] for k in people["character"]],
                "anger": people["anger"],
                "attitude": people["attitude"],
                "first_noticed": self._hours(people["noticed"]),
                "joined": self._hours(people["joined"]),
                "reached_by": self._named(people["first_post"], authors),
                "channel": _channels(people["first_channel"]),
                "recruited_by": self._named(people["recruited_by"], authors),
            },
            index=self._index(people["customer"]),
        )
        if everybody:
            frame = frame.reindex(self._index(range(self.n_customers)))
            frame["stage"] = frame["stage"].fillna("unaware")
        units = {"anger": "0 to 1", "attitude": "-1 to 1"}
        frame.attrs["units"] = units | dict.fromkeys(["first_noticed", "joined"], "hours")
        return frame

    def cascade(self) -> pd.DataFrame:
        """Give who recruited whom: one row for each critic, in the order of joining.

        Returns
        -------
        DataFrame
            Columns ``critic``, ``parent`` (the critic who recruited them; None for a complainant),
            ``hour``, ``channel`` and ``generation`` (0 for a complainant).
        """
        people, posts = self.record["customers"], self.record["posts"]
        critics = np.flatnonzero(people["joined"] >= 0)
        critics = critics[np.argsort(people["entry"][critics], kind="stable")]
        generation: dict[int, int] = {}
        for row in critics:
            post = people["recruited_by"][row]
            before = -1 if post < 0 else generation[int(posts["entry"][post])]
            generation[int(people["entry"][row])] = before + 1
        frame = pd.DataFrame(
            {
                "critic": [self.names[i] for i in people["customer"][critics]],
                "parent": self._named(people["recruited_by"][critics], posts["author"]),
                "hour": people["joined"][critics] * self.scenario.time.tick,
                "channel": _channels(people["recruited_channel"][critics]),
                "generation": [generation[int(entry)] for entry in people["entry"][critics]],
            }
        )
        frame.attrs["units"] = {"hour": "hours", "generation": "steps from a complainant"}
        return frame

    def posts(self) -> pd.DataFrame:
        """Give one row for each post.

        Returns
        -------
        DataFrame
            Index ``post``; columns ``author``, ``kind``, ``hour``, ``on_page``, ``intensity`` (its
            author's anger, 0 to 1), ``readers`` (customers who noticed it), ``joined`` (critics it
            recruited), ``answered`` (hour of the brand's first act on it, NaN if none), and
            ``parent``, the post that led to it: for a first post the one that recruited its author,
            for a protest the removed one, for the author's further posts an earlier one of theirs;
            missing for a complaint.
        """
        posts = self.record["posts"]
        parents = [None if k < 0 else int(k) for k in posts["parent"]]
        return pd.DataFrame(
            {
                "author": [self.names[i] for i in posts["author"]],
                "kind": [rules.KINDS[k] for k in posts["kind"]],
                "hour": posts["tick"] * self.scenario.time.tick,
                "on_page": posts["on_page"],
                "intensity": posts["intensity"],
                "readers": posts["readers"],
                "joined": posts["joined"],
                "answered": self._hours(posts["answered"]),
                "parent": pd.array(parents, dtype="Int64"),
            },
            index=pd.RangeIndex(posts["author"].size, name="post"),
        )

    def cases(self) -> pd.DataFrame:
        """Give one row for each act of the brand.

        Returns
        -------
        DataFrame
            Columns ``hour``, ``post`` (row of `posts`), ``author``, ``act`` (removed, replied,
            invited, talked) and ``result``: to post again or silent after a removal, accepted or
            declined after an invitation, else solved or unsolved.
        """
        acts = self.record["acts"]
        pairs = zip(acts["act"], acts["result"], strict=True)
        return pd.DataFrame(
            {
                "hour": acts["tick"] * self.scenario.time.tick,
                "post": acts["post"],
                "author": self._named(acts["post"], self.record["posts"]["author"]),
                "act": [ACTS[int(act)][0] for act in acts["act"]],
                "result": [ACTS[int(act)][1][int(result)] for act, result in pairs],
            }
        )

    def plot_network(self, hour: float | None = None, ax: Any = None) -> Any:
        """Draw the crowd at an hour (None: the last): anger as colour, stage as shape."""
        from buzzsim.pictures import runs

        return runs.network_at(self, hour, ax)

    def animate(self) -> Any:
        """Draw the spread hour by hour, as a film that shows in a notebook."""
        from buzzsim.pictures import runs

        return runs.film_of(self)

    def plot_cascade(self, ax: Any = None) -> Any:
        """Draw who recruited whom, and when, as a tree; gives the Axes."""
        from buzzsim.pictures import runs

        return runs.tree_of(self, ax)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to one file (a NumPy ``.npz``), all of it or nothing.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        names = None if isinstance(self.names, range) else [to_plain(name) for name in self.names]
        about = {"format": FORMAT, "scenario": self.scenario.to_dict(), "names": names}
        about |= {name: getattr(self, name) for name in _ABOUT}
        arrays = {
            f"{table}.{column}": values
            for table, part in self.record.items()
            for column, values in part.items()
        }
        arrays["about"] = np.array(json.dumps(about))
        arrays |= {"values": self.values, "hourly_volume": self.hourly_volume}
        buffer = io.BytesIO()
        np.savez_compressed(buffer, **arrays)  # type: ignore[arg-type]
        write_whole(path, buffer.getvalue())

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Result:
        """Read a run back; everything in it is as it was saved.

        Raises
        ------
        ResultError
            When the file is missing, damaged, or not a saved run.
        """
        if not isinstance(path, (str, os.PathLike)):
            raise ResultError(sentence("arguments", "path", path, "the name of a file"))
        place = Path(path).name or str(path)
        try:
            with open(path, "rb") as file, np.load(file, allow_pickle=False) as data:
                return cls._read(data, place)
        except OSError as error:
            raise ResultError(f"{place}: cannot be read: {error.strerror or error}") from None
        except BuzzsimError:
            raise
        except Exception as error:  # a damaged file makes NumPy, zipfile and json raise anything
            why = "" if "pickle" in str(error) else f": {error}"
            wanted = "expected what Result.save wrote"
            raise ResultError(f"{place}: not a saved buzzsim run{why}; {wanted}") from None

    @classmethod
    def _read(cls, data: Mapping[str, NDArray[Any]], place: str) -> Result:
        about = json.loads(str(data["about"]))
        if about["format"] != FORMAT:
            allowed = f"{FORMAT!r}; another needs another buzzsim"
            raise ResultError(sentence(place, "the format", about["format"], allowed))
        names = about["names"]
        result = cls(
            **{name: about[name] for name in _ABOUT},
            scenario=Scenario.from_dict(about["scenario"], place),
            names=range(about["n_customers"]) if names is None else list(map(from_plain, names)),
            record={
                table: {column: data[f"{table}.{column}"] for column in columns}
                for table, columns in RECORD.items()
            },
            values=data["values"],
            hourly_volume=data["hourly_volume"],
        )
        if not result._fits():
            raise ResultError(f"{place}: not a saved buzzsim run: its parts do not fit each other")
        return result

    def _fits(self) -> bool:
        customers, posts = self.record["customers"], self.record["posts"]
        people = np.concatenate([customers["customer"], posts["author"]])
        known = [customers[column] for column in ("recruited_by", "entry", "first_post")]
        shapes = [{values.shape for values in part.values()} for part in self.record.values()]
        return (
            all(len(shape) == 1 for shape in shapes)
            and isinstance(self.strategy, str)
            and self.strategy.isidentifier()
            and isinstance(self.replicate, int)
            and isinstance(self.entropy, int)
            and self.values.shape == (len(OUTCOMES),)
            and self.hourly_volume.ndim == 1
            and self.hourly_volume.size > 0
            and len(self.names) == self.n_customers
            and bool(((people >= 0) & (people < self.n_customers)).all())
            and all((numbers < posts["author"].size).all() for numbers in known)
        )

    def _index(self, customers: Iterable[int]) -> pd.Index[Any]:
        names = [self.names[i] for i in customers]
        index: pd.Index[Any] = pd.Index(names, name="customer", tupleize_cols=False)
        return index

    def _named(self, posts: NDArray[Any], authors: NDArray[Any]) -> NDArray[np.object_]:
        """Give the names of the authors of posts, None for no post."""
        named = np.empty(len(posts), dtype=object)
        for k, post in enumerate(posts):  # one by one: a name may be a tuple
            named[k] = None if post < 0 else self.names[authors[post]]
        return named

    def _hours(self, ticks: NDArray[Any]) -> NDArray[np.float64]:
        return np.where(ticks >= 0, ticks * self.scenario.time.tick, np.nan)

    def __repr__(self) -> str:
        o = self.outcomes
        return (
            f"<Result {self.scenario.name!r}, {self.strategy}, replicate {self.replicate}: "
            f"{o['volume']:.0f} posts by {o['critics']:.0f} critics, {o['reach']:.1%} reached>"
        )

    def _repr_html_(self) -> str:
        units = [outcome.unit for outcome in OUTCOMES.values()]
        table = pd.DataFrame({"outcome": list(OUTCOMES), "value": self.values, "unit": units})
        text = table.to_html(index=False, float_format=lambda value: f"{value:.4g}")
        return f"<p>{html.escape(repr(self))}</p>{text}"


def _channels(codes: NDArray[Any]) -> list[str | None]:
    return [rules.CHANNELS[k] if k >= 0 else None for k in codes]
