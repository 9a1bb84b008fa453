"""All that a sweep is: a scenario, the points around it, replicates, strategies and luck, in one file that any process reads."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import tomli_w

from buzzsim.compiled import SOURCES
from buzzsim.errors import (
    BuzzsimError,
    NetworkError,
    ScenarioError,
    SweepError,
    sentence,
    shown,
    unknown,
)
from buzzsim.files import create_whole, write_whole
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import lines_of_all
from buzzsim.study.run import versions
from buzzsim.sweep.design import Design

FORMAT = 2
"""Format of a sweep's directory."""

FILE = "sweep.toml"
BLOCK = 250
"""Replicates in a block at most: some 0.1 to 10 s under four strategies."""

HOURLY = ("", "bands", "whole")
_ATTEMPTS = 10  # to join others who write the same file
_KEYS = (
    "format",
    "replicates",
    "stages",
    "block",
    "entropy",
    "strategies",
    "baseline",
    "hourly",
    "until",
    "versions",
    "sources",
    "networks",
    "own",
)


@dataclass(frozen=True)
class Point:
    """One point of the design: what it sets, the scenario it makes, and a name that says which scenario that is."""

    name: str
    changes: Mapping[str, Any]
    scenario: Scenario

    def value_of(self, key: str) -> Any:
        """Give the value that a key has here, set or not."""
        section, _, leaf = key.partition(".")
        return getattr(getattr(self.scenario, section), leaf)


@dataclass(frozen=True)
class Block:
    """The unit of work: the replicates `first` to `last` - 1 of a point, under all strategies."""

    point: str
    first: int
    last: int


@dataclass(frozen=True)
class Plan:
    """A sweep as it stands in its file.

    Blocks end at multiples of `block` and at `stages`, the numbers of replicates that the directory was asked for so
    far, in increasing order. So every process cuts alike, and asking for more cuts nothing that is finished.
    """

    scenario: Scenario
    design: Design
    replicates: int
    entropy: int
    strategies: tuple[str, ...]
    baseline: str
    hourly: str = ""
    until: str = ""
    stages: tuple[int, ...] = ()
    block: int = BLOCK
    versions: Mapping[str, str] = field(default_factory=versions)
    sources: str = SOURCES
    networks: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, design: Design, **asked: Any) -> Plan:
        """Make the plan of a new sweep; network files, named in full, and strategies of one's own are known by content."""
        plan = cls(
            _with_full_path(scenario),
            Design(tuple(map(_point_with_full_path, design.points))),
            **asked,
        )
        files = {point.scenario.network.file for point in plan.points.values()} - {""}
        networks = {file: digest_of_file(file) for file in sorted(files)}
        return replace(
            plan, networks=networks, own=lines_of_all(plan.strategies), stages=(plan.replicates,)
        )

    @cached_property
    def points(self) -> dict[str, Point]:
        """The points by name, each once."""
        found: dict[str, Point] = {}
        for k, changes in enumerate(self.design.points, 1):
            scenario = self.scenario.replace(changes, f"design, point {k}")
            name = self._known_by(scenario)
            found.setdefault(name, Point(name, changes, scenario))
        return found

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The first replicate of each block, and the one after its last."""
        ends = sorted({*range(self.block, self.stages[-1], self.block), *self.stages})
        starts = [0, *ends[:-1]]
        return [
            (first, last)
            for first, last in zip(starts, ends, strict=True)
            if first < self.replicates
        ]

    @cached_property
    def fingerprint(self) -> str:
        """What a block must have in common with this plan."""
        about = [
            FORMAT,
            self.versions["buzzsim"],
            self.sources,
            str(self.entropy),
            list(self.strategies),
            self.hourly,
            self._known_by(self.scenario),
        ]
        return hashlib.sha256(json.dumps(about).encode()).hexdigest()[:16]

    @property
    def is_of_this_version(self) -> bool:
        """Whether the buzzsim at hand is the one that the sweep was begun with, to the letter of its rules."""
        return (self.versions.get("buzzsim"), self.sources) == (versions()["buzzsim"], SOURCES)

    @property
    def begun_with(self) -> str:
        """The buzzsim that the sweep was begun with, as errors name it."""
        return f"buzzsim {self.versions.get('buzzsim')} (sources {self.sources})"

    def _known_by(self, scenario: Scenario) -> str:
        """Name a scenario by its content, that of its network file included, wherever the file is."""
        data = scenario.to_dict()
        file = scenario.network.file
        data["network"]["file"] = file and (self.networks.get(file) or digest_of_file(file))
        return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]

    def to_toml(self) -> str:
        """Write the plan, the scenario resolved, as TOML."""
        data: dict[str, Any] = {"format": FORMAT}
        for key in _KEYS[1:]:
            value = getattr(self, key)
            data[key] = (
                list(value)
                if isinstance(value, tuple)
                else dict(value)
                if isinstance(value, Mapping)
                else value
            )
        data["entropy"] = str(self.entropy)  # longer than the numbers of other TOML readers
        data["points"] = len(self.points)  # tells a file that was cut
        tables = {"scenario": self.scenario.to_dict(), "design": self.design.to_dict()}
        return (
            "# The plan of a buzzsim sweep: written by buzzsim, read by every process that works on it.\n"
            + tomli_w.dumps(data | tables)
        )

    @classmethod
    def from_toml(cls, text: str, place: str) -> Plan:
        """Read a plan back.

        Raises
        ------
        SweepError
            When it is none, or another version's.
        """
        try:
            data = tomllib.loads(text)
            if data["format"] != FORMAT:
                raise SweepError(
                    sentence(
                        place, "format", data["format"], f"{FORMAT}; another needs another buzzsim"
                    )
                )
            kept: dict[str, Any] = {
                key: tuple(data[key]) if isinstance(data[key], list) else data[key]
                for key in _KEYS[1:]
            }
            kept["entropy"] = int(data["entropy"])
            for number in (kept["replicates"], kept["block"], *kept["stages"]):
                checked_replicates("replicates", number)
            if kept["entropy"] < 0 or not kept["stages"] or kept["hourly"] not in HOURLY:
                raise ValueError("its entropy, stages or hourly are none")
            plan = cls(
                Scenario.from_dict(data["scenario"], place),
                Design.from_dict(data["design"]),
                **kept,
            )
            if len(plan.points) != data["points"]:
                raise ValueError(f"it has {len(plan.points):,} of {data['points']:,} points")
        except BuzzsimError:
            raise
        except KeyError as error:
            raise SweepError(
                f"{place}: not the plan of a sweep, or cut off: {error.args[0]} is missing"
            ) from None
        except (ValueError, TypeError, AttributeError) as error:
            raise SweepError(f"{place}: not the plan of a sweep, or cut off: {error}") from None
        return plan

    def joined_with(self, found: Plan, place: str) -> Plan:
        """Give this plan as an extension of the one found in the directory.

        Raises
        ------
        SweepError
            When they differ in what cannot be extended; the error says in what.
        """
        differences = list(self._differences(found))
        if differences:
            more = f" (and {len(differences) - 3} more)" if len(differences) > 3 else ""
            said = "; ".join(differences[:3])
            raise SweepError(
                f"{place} holds another sweep: {said}{more}; expected the same, or another directory"
            )
        stages = found.stages + tuple(stage for stage in self.stages if stage > found.stages[-1])
        return replace(
            self, entropy=found.entropy, stages=stages, block=found.block, versions=found.versions
        )

    def _differences(self, found: Plan) -> Any:
        """Say in what the plan found differs from this one."""
        if not found.is_of_this_version:
            yield f"it was begun with {found.begun_with}, and this is {self.begun_with}"
        for key in ("entropy", "strategies", "baseline", "hourly"):
            was, now = getattr(found, key), getattr(self, key)
            if was != now:
                yield f"{'seed' if key == 'entropy' else key} was {_said(was)} and is {_said(now)}"
        was, now = _flat(found), _flat(self)
        for key in now:
            if was.get(key) != now[key]:
                yield f"{key} was {shown(was.get(key))} and is {shown(now[key])}"

    def union(self, found: Plan) -> Plan:
        """Give what the directory's file says from now on: every point so far, and most replicates (or a rule's last maximum)."""
        points = {name: point.changes for name, point in found.points.items()}
        for (
            name,
            point,
        ) in (
            self.points.items()
        ):  # the same scenario: network files where they are now, and every key named so far
            points[name] = {**points.get(name, {}), **point.changes}
        return replace(
            self,
            design=Design(tuple(points.values())),
            replicates=self.replicates
            if self.until and found.until
            else max(found.replicates, self.replicates),
            until=self.until if self.until or self.replicates > found.replicates else found.until,
            networks={**found.networks, **self.networks},
        )

    def asked_until(self, until: str, most: int) -> Plan:
        """Give the plan that goes on until a rule holds, with a maximum of replicates."""
        stages = self.stages + ((most,) if most > self.stages[-1] else ())
        return replace(self, until=until, replicates=most, stages=stages)


def open_plan(directory: Path) -> Plan:
    """Read the plan of a directory.

    Raises
    ------
    SweepError
        When there is none.
    """
    file = directory / FILE
    try:
        status = file.stat()
    except (OSError, ValueError) as error:
        raise SweepError(
            f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}; expected the directory of a sweep"
        ) from None
    return _opened(str(file), status.st_mtime_ns, status.st_size)


@lru_cache(maxsize=4)
def _opened(file: str, changed: int, size: int) -> Plan:
    """Read a plan once, as long as its file stays as it is."""
    try:
        return Plan.from_toml(Path(file).read_text(encoding="utf-8"), file)
    except (OSError, UnicodeDecodeError) as error:
        raise SweepError(f"{file}: cannot be read: {error}") from None


def settle(plan: Plan, directory: Path, fresh_luck: bool, retry: bool = False) -> Plan:
    """Write the plan into its directory, or join it with what is there; gives it as it then stands.

    `fresh_luck` says that nobody chose the entropy, so that the directory's is taken; `retry`, that strategies may have
    been mended.
    """
    file = directory / FILE
    if not file.exists() and create_whole(file, plan.to_toml().encode()):
        return plan
    text = ""
    for _ in range(_ATTEMPTS):  # whoever writes at the same moment is joined in turn
        if text and file.read_text(encoding="utf-8") == text:
            break
        found = open_plan(directory)
        joined = agreed(plan, found, directory, fresh_luck)
        for name, lines in plan.own.items():
            if not retry and found.own.get(name, lines) != lines:
                raise SweepError(changed(directory, name))
        text = joined.union(found).to_toml()
        if text != file.read_text(encoding="utf-8"):
            write_whole(file, text.encode())
    return joined


def changed(directory: str | Path, strategy: str) -> str:
    """Say that a strategy of one's own is no longer what it was."""
    return (
        f"{directory}: strategy {strategy} was changed since the sweep began; expected the same lines, another directory, "
        "or retry, which computes everything anew that the old lines left"
    )


def agreed(plan: Plan, found: Plan, directory: Path, fresh_luck: bool) -> Plan:
    """Join a plan with the one found in its directory."""
    return replace(plan, entropy=found.entropy if fresh_luck else plan.entropy).joined_with(
        found, str(directory)
    )


def digest_of_file(file: str) -> str:
    """Give the SHA-256 of a file, read once as long as it stays as it is.

    Raises
    ------
    NetworkError
        When it cannot be read.
    """
    try:
        status = os.stat(file)
        return _digest(file, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError) as error:
        raise NetworkError(
            f"{file}: cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from None


@lru_cache(maxsize=64)
def _digest(file: str, changed: int, size: int) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def checked_hourly(hourly: Any) -> str:
    """Give what is kept by hour: nothing, bands or the whole series."""
    if hourly in (None, False, ""):
        return ""
    if hourly not in HOURLY:
        raise ScenarioError(unknown("arguments: hourly", "value", hourly, HOURLY[1:]))
    return str(hourly)


def checked_replicates(key: str, value: Any) -> int:
    """Give a number of replicates, or say what is allowed."""
    if (
        isinstance(value, bool)
        or not isinstance(value, (int, np.integer))
        or not 1 <= value <= 10**9
    ):
        raise ScenarioError(
            sentence("arguments", key, value, "a whole number from 1 to 1,000,000,000")
        )
    return int(value)


def _with_full_path(scenario: Scenario) -> Scenario:
    file = scenario.network.file
    return scenario.replace({"network.file": os.path.abspath(file)}) if file else scenario


def _point_with_full_path(point: Mapping[str, Any]) -> dict[str, Any]:
    file = point.get("network.file")
    return {**point, "network.file": os.path.abspath(file)} if file else dict(point)


def _flat(plan: Plan) -> dict[str, Any]:
    """Give a plan's scenario by dotted keys, its network file by content."""
    flat: dict[str, Any] = {}
    for key, value in plan.scenario.to_dict().items():
        flat.update(
            {f"{key}.{leaf}": inner for leaf, inner in value.items()}
            if isinstance(value, dict)
            else {key: value}
        )
    file = flat["network.file"]
    flat["network.file"] = file and plan.networks.get(file, file)
    return flat


def _said(value: Any) -> str:
    return ", ".join(value) if isinstance(value, tuple) else shown(value)
