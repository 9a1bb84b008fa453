"""What came out of one run: its trajectory, its outcomes, and tables with the names of the customers."""

from __future__ import annotations

import html
import io
import json
import lzma
import os
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
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
from buzzsim.model.scenario import Scenario
from buzzsim.model.tables import RECORD, Record
from buzzsim.network import Network

FORMAT = "buzzsim result 3"
"""Format of a saved run; older ones named their columns otherwise."""

ACTS = {
    rules.REMOVED: "removed",
    rules.REPLIED: "replied",
    rules.INVITED: "invited",
    rules.TALKED: "talked",
}
ACT_RESULTS = {
    rules.REMOVED: ("silent", "to post again"),
    rules.REPLIED: ("unsolved", "solved"),
    rules.INVITED: ("declined", "accepted"),
    rules.TALKED: ("unsolved", "solved"),
}

# What NumPy, zipfile and json raise on damaged files.
_DAMAGED = (
    ValueError, KeyError, TypeError, AttributeError, IndexError, EOFError, RuntimeError, MemoryError, OverflowError, SyntaxError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, tokenize.TokenError,
)  # fmt: skip


class Outcomes(Mapping[str, float]):
    """The outcomes of a run by name; asking for one that does not exist suggests the near name."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self._values = dict(zip(OUTCOMES, values.tolist(), strict=True))

    def __getitem__(self, name: str) -> float:
        if name not in self._values:
            raise ResultError(unknown("result", "outcome", name, OUTCOMES))
        return float(self._values[name])

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def __iter__(self) -> Any:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Outcomes({self._values})"


@dataclass(frozen=True)
class Scene:
    """What pictures of a run need besides: its network, and its record at an earlier hour."""

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
    names: Any
    record: Record
    values: NDArray[np.float64]
    hourly_volume: NDArray[np.int32]
    versions: dict[str, str]
    network: dict[str, Any]
    scene: Scene | None = field(default=None, repr=False)  # not saved

    @cached_property
    def outcomes(self) -> Outcomes:
        """Every outcome of `buzzsim.outcomes.OUTCOMES` by name; undefined ones are NaN."""
        return Outcomes(self.values)

    def hourly(self) -> pd.DataFrame:
        """Give the run by hour.

        Returns
        -------
        DataFrame
            Index ``hour`` (from 0); columns ``volume`` (critical posts), ``critics`` (new ones), ``reached``
            (customers who noticed for the first time) and ``acts`` (of the brand). Units in ``attrs``.
        """
        n, tick, customers = (
            self.hourly_volume.size,
            float(self.scenario.time.tick),
            self.record["customers"],
        )
        frame = pd.DataFrame(
            {
                "volume": self.hourly_volume,
                "critics": count_by_hour(tick, customers["joined"], n),
                "reached": count_by_hour(tick, customers["noticed"], n),
                "acts": count_by_hour(tick, self.record["acts"]["tick"], n),
            },
            index=pd.RangeIndex(n, name="hour"),
        )
        frame.attrs["units"] = {
            "hour": "hours",
            "volume": "posts",
            "critics": "customers",
            "reached": "customers",
            "acts": "acts",
        }
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
            Index ``customer`` (names of the network); columns ``stage``, ``character``, ``anger`` (0 to 1, at the
            horizon), ``attitude`` (-1 to 1, at the horizon), ``first_noticed`` and ``joined`` (hours, NaN if never),
            ``reached_by`` (author of the post first noticed), ``channel`` (through what), ``recruited_by`` (author of the
            post that made a critic of them). Units in ``attrs``.
        """
        c, authors, hour = (
            self.record["customers"],
            self.record["posts"]["author"],
            self.scenario.time.tick,
        )
        frame = pd.DataFrame(
            {
                "stage": _words(rules.STAGES, c["stage"]),
                "character": _words(rules.CHARACTERS, c["character"]),
                "anger": c["anger"],
                "attitude": c["attitude"],
                "first_noticed": _hours(c["noticed"], hour),
                "joined": _hours(c["joined"], hour),
                "reached_by": self._named(c["first_post"], authors),
                "channel": [rules.CHANNELS[k] if k >= 0 else None for k in c["first_channel"]],
                "recruited_by": self._named(c["recruited_by"], authors),
            },
            index=self._index(c["customer"]),
        )
        if everybody:
            frame = frame.reindex(self._index(range(self.n_customers)))
            frame["stage"] = frame["stage"].fillna("unaware")
        frame.attrs["units"] = {
            "anger": "0 to 1",
            "attitude": "-1 to 1",
            "first_noticed": "hours",
            "joined": "hours",
        }
        return frame

    def cascade(self) -> pd.DataFrame:
        """Give who told whom: one row for each critic, in the order of joining.

        Returns
        -------
        DataFrame
            Columns ``critic``, ``parent`` (the critic who won them; None for a complainant), ``hour``, ``channel``
            and ``generation`` (0 for a complainant).
        """
        c, posts = self.record["customers"], self.record["posts"]
        critics = np.flatnonzero(c["joined"] >= 0)
        critics = critics[np.argsort(c["entry"][critics], kind="stable")]
        generation: dict[int, int] = {}
        for row in critics:
            parent = c["recruited_by"][row]
            generation[int(c["entry"][row])] = (
                0 if parent < 0 else generation[int(posts["entry"][parent])] + 1
            )
        frame = pd.DataFrame(
            {
                "critic": [self.names[i] for i in c["customer"][critics]],
                "parent": self._named(c["recruited_by"][critics], posts["author"]),
                "hour": c["joined"][critics] * self.scenario.time.tick,
                "channel": [
                    rules.CHANNELS[k] if k >= 0 else None for k in c["recruited_channel"][critics]
                ],
                "generation": [generation[int(entry)] for entry in c["entry"][critics]],
            }
        )
        frame.attrs["units"] = {"hour": "hours", "generation": "steps from a complainant"}
        return frame

    def posts(self) -> pd.DataFrame:
        """Give one row for each post.

        Returns
        -------
        DataFrame
            Index ``post``; columns ``author``, ``kind``, ``hour``, ``on_page``, ``intensity`` (its author's anger, 0 to 1),
            ``readers`` (who noticed it) and ``joined`` (whom it won), ``answered`` (hour of the brand's first act on it,
            NaN if none), and ``parent``, the post that gave rise to it: of a first post the one that won its author, of a
            protest the one that was removed, of the author's further posts an earlier one of theirs; missing for a complaint.
        """
        q, hour = self.record["posts"], self.scenario.time.tick
        return pd.DataFrame(
            {
                "author": [self.names[i] for i in q["author"]],
                "kind": _words(rules.KINDS, q["kind"]),
                "hour": q["tick"] * hour,
                "on_page": q["on_page"],
                "intensity": q["intensity"],
                "readers": q["readers"],
                "joined": q["joined"],
                "answered": _hours(q["answered"], hour),
                "parent": pd.array([None if k < 0 else int(k) for k in q["parent"]], dtype="Int64"),
            },
            index=pd.RangeIndex(q["author"].size, name="post"),
        )

    def cases(self) -> pd.DataFrame:
        """Give one row for each act of the brand.

        Returns
        -------
        DataFrame
            Columns ``hour``, ``post`` (row of `posts`), ``author``, ``act`` (removed, replied, invited, talked) and what
            came of it, ``result``: to post again or silent after a removal, accepted or declined after an invitation,
            solved or unsolved else.
        """
        a = self.record["acts"]
        return pd.DataFrame(
            {
                "hour": a["tick"] * self.scenario.time.tick,
                "post": a["post"],
                "author": self._named(a["post"], self.record["posts"]["author"]),
                "act": [ACTS[int(act)] for act in a["act"]],
                "result": [
                    ACT_RESULTS[int(act)][int(result)]
                    for act, result in zip(a["act"], a["result"], strict=True)
                ],
            }
        )

    def plot_network(self, hour: float | None = None, ax: Any = None) -> Any:
        """Draw the crowd at an hour (the last if left out): anger as colour, stage as shape; gives the Axes."""
        from buzzsim.pictures import runs

        return runs.network_at(self, hour, ax)

    def animate(self) -> Any:
        """Draw the spread hour by hour, as a film that shows in a notebook."""
        from buzzsim.pictures import runs

        return runs.film_of(self)

    def plot_cascade(self, ax: Any = None) -> Any:
        """Draw who won whom, and when, as a tree; gives the Axes."""
        from buzzsim.pictures import runs

        return runs.tree_of(self, ax)

    def _check(self, place: str) -> None:
        """Refuse a record whose parts do not fit each other."""
        customers, posts = self.record["customers"], self.record["posts"]
        fits = (
            isinstance(self.strategy, str)
            and self.strategy.isidentifier()
            and isinstance(self.replicate, int)
            and isinstance(self.entropy, int)
            and self.values.shape == (len(OUTCOMES),)
            and self.hourly_volume.ndim == 1
            and self.hourly_volume.size > 0
            and len(self.names) == self.n_customers
            and all(
                ((part >= 0) & (part < self.n_customers)).all()
                for part in (customers["customer"], posts["author"])
            )
            and all(
                (customers[column] < posts["author"].size).all()
                for column in ("recruited_by", "entry", "first_post")
            )
        )
        if not fits:
            raise ResultError(f"{place}: not a saved buzzsim run: its parts do not fit each other")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the run to one file (a NumPy ``.npz``), all of it or nothing.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        about = {
            "format": FORMAT, "scenario": self.scenario.to_dict(), "strategy": self.strategy,
            "replicate": self.replicate, "entropy": self.entropy, "n_customers": self.n_customers,
            "versions": self.versions, "network": self.network,
            "names": None if isinstance(self.names, range) else [_plain(name) for name in self.names],
        }  # fmt: skip
        arrays = {
            f"{table}.{column}": values
            for table, part in self.record.items()
            for column, values in part.items()
        }
        buffer = io.BytesIO()
        arrays |= {
            "about": np.array(json.dumps(about)),
            "values": self.values,
            "hourly_volume": self.hourly_volume,
        }
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
                about = json.loads(str(data["about"]))
                if about["format"] != FORMAT:
                    raise ResultError(
                        sentence(
                            place,
                            "the format",
                            about["format"],
                            f"{FORMAT!r}; another needs another buzzsim",
                        )
                    )
                record = {
                    table: {name: data[f"{table}.{name}"] for name in columns}
                    for table, columns in RECORD.items()
                }
                if any(
                    len({values.shape for values in part.values()}) != 1 for part in record.values()
                ):
                    raise ResultError(
                        f"{place}: not a saved buzzsim run: columns of different lengths"
                    )
                names = (
                    range(about["n_customers"])
                    if about["names"] is None
                    else [_name(name) for name in about["names"]]
                )
                found = cls(
                    Scenario.from_dict(about["scenario"], place), about["strategy"], about["replicate"], about["entropy"],
                    about["n_customers"], names, record, data["values"], data["hourly_volume"], about["versions"], about["network"],
                )  # fmt: skip
            found._check(place)
            return found
        except OSError as error:
            raise ResultError(f"{place}: cannot be read: {error.strerror or error}") from None
        except BuzzsimError:
            raise
        except _DAMAGED as error:
            why = "" if "pickle" in str(error) else f": {error}"
            raise ResultError(
                f"{place}: not a saved buzzsim run{why}; expected what Result.save wrote"
            ) from None

    def _index(self, customers: Iterable[int]) -> Any:
        """Give customers' names as an index; a name may be a tuple."""
        return pd.Index([self.names[i] for i in customers], name="customer", tupleize_cols=False)

    def _named(self, posts: NDArray[Any], authors: NDArray[Any]) -> NDArray[Any]:
        """Give the names of the authors of posts as they are, None for no post."""
        named = np.empty(len(posts), dtype=object)
        for k, j in enumerate(posts):
            named[k] = None if j < 0 else self.names[authors[j]]
        return named

    def __repr__(self) -> str:
        o = self.outcomes
        return (
            f"<Result {self.scenario.name!r}, {self.strategy}, replicate {self.replicate}: {o['volume']:.0f} posts by "
            f"{o['critics']:.0f} critics, {o['reach']:.1%} reached>"
        )

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{value:.4g}</td><td>{html.escape(OUTCOMES[name].unit)}</td></tr>"
            for name, value in self.outcomes.items()
        )
        return f"<p>{html.escape(repr(self))}</p><table><tr><th>outcome</th><th>value</th><th>unit</th></tr>{rows}</table>"


def _words(words: tuple[str, ...], codes: NDArray[Any]) -> list[str]:
    return [words[code] for code in codes]


def _hours(ticks: NDArray[Any], tick: float) -> NDArray[np.float64]:
    """Turn ticks into hours, -1 into NaN."""
    return np.where(ticks >= 0, ticks * tick, np.nan)


def _plain(name: Any) -> Any:
    """Give a name as JSON can keep it; tuples become lists."""
    if isinstance(name, np.generic):
        name = name.item()
    if isinstance(name, tuple):
        return [_plain(part) for part in name]
    return name if isinstance(name, (str, int, float, bool)) else str(name)


def _name(kept: Any) -> Any:
    """Give a name back as it was before `_plain`."""
    return tuple(map(_name, kept)) if isinstance(kept, list) else kept
