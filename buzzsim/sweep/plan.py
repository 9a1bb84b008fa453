"""What a sweep is: scenario, points, replicates, strategies, luck; one file for all workers."""

from __future__ import annotations

import hashlib
import json
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import KW_ONLY, dataclass, field, fields, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import tomli_w

from buzzsim.compiled import SOURCES
from buzzsim.errors import BuzzsimError, NetworkError, SweepError, sentence, shown, whole_number
from buzzsim.files import create_whole, write_whole
from buzzsim.model.scenario import Scenario, flat_keys
from buzzsim.model.strategy import lines_of_all
from buzzsim.study.run import versions
from buzzsim.sweep.design import Design

FORMAT = 2  # of a sweep's directory
FILE = "sweep.toml"
BLOCK = 250  # replicates in a block at most: some 0.1 to 10 s under four strategies
MOST = 10**9  # replicates of a point
_HEAD = "# The plan of a buzzsim sweep: written by buzzsim, read by every process that works on it."
HOURLY = ("", "bands", "whole")  # what may be kept of critical posts by hour
_ATTEMPTS = 10  # to join others who write the same file


@dataclass(frozen=True)
class Point:
    """One point: its name (a digest of its scenario), the keys it sets, and its scenario."""

    name: str
    changes: Mapping[str, Any]
    scenario: Scenario


@dataclass(frozen=True)
class Block:
    """The unit of work: replicates `first` to `last` - 1 of a point, under all strategies."""

    point: str
    first: int
    last: int


@dataclass(frozen=True)
class Plan:
    """A sweep as it stands in its file, field by field.

    Blocks end at multiples of `block`, and at `stages`: the numbers of replicates that were asked
    for so far, in increasing order. So all processes cut alike, and asking for more replicates
    cuts no finished block. `networks` and `own` are digests of the files of networks, and of the
    strategies that do not come with buzzsim.
    """

    scenario: Scenario
    design: Design
    _: KW_ONLY
    replicates: int
    stages: tuple[int, ...] = ()
    block: int = BLOCK
    entropy: int
    strategies: tuple[str, ...]
    baseline: str
    hourly: str = ""
    until: str = ""
    versions: Mapping[str, str] = field(default_factory=versions)
    sources: str = SOURCES
    networks: Mapping[str, str] = field(default_factory=dict)
    own: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, scenario: Scenario, design: Design, **asked: Any) -> Plan:
        """Make the plan of a new sweep; files of networks are named in full."""
        scenario = scenario.replace(_with_full_path({"network.file": scenario.network.file}))
        plan = cls(scenario, Design(tuple(map(_with_full_path, design.points))), **asked)
        files = {point.scenario.network.file for point in plan.points.values()} - {""}
        networks = {file: digest_of_file(file) for file in sorted(files)}
        own = lines_of_all(plan.strategies)
        return replace(plan, networks=networks, own=own, stages=(plan.replicates,))

    @cached_property
    def points(self) -> dict[str, Point]:
        """The points by name, each once."""
        points: dict[str, Point] = {}
        for k, changes in enumerate(self.design.points, 1):
            scenario = self.scenario.replace(changes, f"design, point {k}")
            name = self._digest_of(scenario)
            points.setdefault(name, Point(name, changes, scenario))
        return points

    @cached_property
    def spans(self) -> list[tuple[int, int]]:
        """The first replicate of each block, and the one after its last."""
        ends = sorted({*range(self.block, self.stages[-1], self.block), *self.stages})
        spans = zip([0, *ends[:-1]], ends, strict=True)
        return [(first, last) for first, last in spans if first < self.replicates]

    def blocks_of(self, point: str) -> list[Block]:
        """Give the blocks of a point."""
        return [Block(point, first, last) for first, last in self.spans]

    @cached_property
    def fingerprint(self) -> str:
        """A digest of all that the finished blocks of one sweep have in common."""
        code = [FORMAT, self.versions["buzzsim"], self.sources]
        luck = [str(self.entropy), list(self.strategies), self.hourly]
        return _digest([*code, *luck, self._digest_of(self.scenario)])

    @property
    def is_of_this_version(self) -> bool:
        """Whether the sweep was begun with this version of buzzsim, and with the same rules."""
        return (self.versions.get("buzzsim"), self.sources) == (versions()["buzzsim"], SOURCES)

    @property
    def begun_with(self) -> str:
        """The buzzsim that the sweep was begun with, as errors name it."""
        return f"buzzsim {self.versions.get('buzzsim')} (sources {self.sources})"

    def _digest_of(self, scenario: Scenario) -> str:
        data = scenario.to_dict()
        file = scenario.network.file
        data["network"]["file"] = file and (self.networks.get(file) or digest_of_file(file))
        return _digest(data)

    def to_toml(self) -> str:
        """Write the plan, its scenario in full, as TOML."""
        data = {"format": FORMAT} | {key: getattr(self, key) for key in _KEYS}
        data["entropy"] = str(self.entropy)  # longer than the numbers of other TOML readers
        data["points"] = len(self.points)  # tells a file that was cut
        data |= {"scenario": self.scenario.to_dict(), "design": self.design.to_dict()}
        return f"{_HEAD}\n{tomli_w.dumps(data)}"

    @classmethod
    @lru_cache(maxsize=4)
    def from_toml(cls, text: str, place: str) -> Plan:
        """Read a plan back; a SweepError where it is none, is cut off, or of another version."""
        try:
            data = tomllib.loads(text)
            if data["format"] != FORMAT:
                allowed = f"{FORMAT}; another needs another buzzsim"
                raise SweepError(sentence(place, "format", data["format"], allowed))
            values: dict[str, Any] = {key: data[key] for key in _KEYS}
            values["strategies"] = tuple(data["strategies"])
            values["stages"] = tuple(data["stages"])
            values["entropy"] = int(data["entropy"])
            for number in (data["replicates"], data["block"], *data["stages"]):
                whole_number("arguments", "replicates", number, 1, MOST)
            if values["entropy"] < 0 or not data["stages"] or data["hourly"] not in HOURLY:
                raise ValueError("its entropy, stages or hourly cannot be right")
            scenario = Scenario.from_dict(data["scenario"], place)
            plan = cls(scenario, Design.from_dict(data["design"]), **values)
            if len(plan.points) != data["points"]:
                raise ValueError(f"it has {len(plan.points):,} of {data['points']:,} points")
        except BuzzsimError:
            raise
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            why = f"{error.args[0]} is missing" if isinstance(error, KeyError) else error
            raise SweepError(f"{place}: not the plan of a sweep, or cut off: {why}") from None
        return plan

    def joined_with(self, begun: Plan, directory: Path, takes_luck: bool) -> Plan:
        """Give this plan as an extension of the one that the directory was begun with.

        `takes_luck` says that nobody chose the entropy: the directory's is taken. A SweepError
        says in what they differ that cannot be extended.
        """
        asked = replace(self, entropy=begun.entropy) if takes_luck else self
        differences = list(asked._differences(begun))
        if differences:
            more = f" (and {len(differences) - 3} more)" if len(differences) > 3 else ""
            said = f"{'; '.join(differences[:3])}{more}"
            allowed = "expected the same, or another directory"
            raise SweepError(f"{directory} holds another sweep: {said}; {allowed}")
        stages = begun.stages + tuple(stage for stage in self.stages if stage > begun.stages[-1])
        return replace(asked, stages=stages, block=begun.block, versions=begun.versions)

    def _differences(self, begun: Plan) -> Iterator[str]:
        if not begun.is_of_this_version:
            yield f"it was begun with {begun.begun_with}, and this is {self.begun_with}"
        for key in ("entropy", "strategies", "baseline", "hourly"):
            was, now = getattr(begun, key), getattr(self, key)
            if was != now:
                name = "seed" if key == "entropy" else key
                yield f"{name} was {_said(was)} and is {_said(now)}"
        before = _flat(begun)
        for key, value in _flat(self).items():
            if before.get(key) != value:
                yield f"{key} was {shown(before.get(key))} and is {shown(value)}"

    def union(self, begun: Plan) -> Plan:
        """Give what the directory's file says from now on.

        It has every point so far, each with all keys that were ever named (of two that make one
        scenario the later names the files of networks); and the most replicates that were asked
        for, but of two rules the maximum of the later one.
        """
        points = {name: point.changes for name, point in begun.points.items()}
        for name, point in self.points.items():
            points[name] = {**points.get(name, {}), **point.changes}
        has_more = self.replicates > begun.replicates
        return replace(
            self,
            design=Design(tuple(points.values())),
            replicates=(self if has_more or (self.until and begun.until) else begun).replicates,
            until=(self if has_more or self.until else begun).until,
            networks={**begun.networks, **self.networks},
        )


_KEYS = [key.name for key in fields(Plan) if key.name not in ("scenario", "design")]


def open_plan(directory: Path) -> Plan:
    """Read the plan of a directory; a SweepError where there is none."""
    file = directory / FILE
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        allowed = "expected the directory of a sweep"
        raise SweepError(f"{file}: cannot be read: {why}; {allowed}") from None
    return Plan.from_toml(text, str(file))


def settle(plan: Plan, directory: Path, takes_luck: bool, retry: bool = False) -> Plan:
    """Write the plan into its directory, or join it with what is there; give it as it then stands.

    `takes_luck` is as for `Plan.joined_with`; `retry` says that strategies may have been mended.
    """
    file = directory / FILE
    if not file.exists() and create_whole(file, plan.to_toml().encode()):
        return plan
    for _ in range(_ATTEMPTS):
        begun = open_plan(directory)
        joined = plan.joined_with(begun, directory, takes_luck)
        for name, lines in plan.own.items():
            if not retry and begun.own.get(name, lines) != lines:
                raise changed_strategy(directory, name)
        text = joined.union(begun).to_toml()
        if text != file.read_text(encoding="utf-8"):
            write_whole(file, text.encode())
        if text == file.read_text(encoding="utf-8"):
            break  # else somebody wrote at the same moment, who is joined in turn
    return joined


def changed_strategy(directory: str | Path, strategy: str) -> SweepError:
    """Say that a strategy of one's own is no longer what it was."""
    changed = f"{directory}: strategy {strategy} was changed since the sweep began"
    allowed = "expected the same lines, another directory, or retry, which computes everything anew"
    return SweepError(f"{changed}; {allowed} that the old lines left")


def digest_of_file(file: str) -> str:
    """Give the SHA-256 of a network's file, read once as long as it stays as it is."""
    try:
        status = os.stat(file)
        return _digest_of_content(file, status.st_mtime_ns, status.st_size)
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise NetworkError(f"{file}: cannot be read: {why}") from None


@lru_cache(maxsize=64)
def _digest_of_content(file: str, changed: int, size: int) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _digest(data: object) -> str:
    return hashlib.sha256(json.dumps(data, sort_keys=True).encode()).hexdigest()[:16]


def _with_full_path(changes: Mapping[str, Any]) -> dict[str, Any]:
    file = changes.get("network.file")
    return {**changes, "network.file": os.path.abspath(file)} if file else dict(changes)


def _flat(plan: Plan) -> dict[str, Any]:
    """Give a plan's scenario by dotted keys, its network file by content."""
    values = flat_keys(plan.scenario.to_dict(), "scenario")
    file = values["network.file"]
    return values | {"network.file": file and plan.networks.get(file, file)}


def _said(value: object) -> str:
    return ", ".join(value) if isinstance(value, tuple) else shown(value)
