"""All that a run is asked for: one frozen object, one TOML file; the scenarios of the package."""

from __future__ import annotations

import dataclasses
import html
import math
import os
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Any

import tomli_w

from buzzsim.errors import ScenarioError, sentence, unknown
from buzzsim.files import write_whole
from buzzsim.model import parameters
from buzzsim.model.parameters import PRESETS, SECTIONS, all_parameters, parameters_of, to_plain

VERSION = 1
"""Version of the scenario format; a file of a newer one is refused."""

_TEXTS = ("name", "title", "story")
_PACKAGED = resources.files("buzzsim.model") / "scenarios"

# Classical models are corners of this one: what no textbook has is off, and all who notice join.
_CLASSICAL: dict[str, Any] = {
    "joining.share_probability": 1.0, "joining.arousal": 0.0, "joining.reinforcement": 0.0,
    "joining.cap": 1, "joining.loyalty": 0.0, "joining.page_probability": 0.0,
    "crowd.susceptibility_shape": math.inf, "crowd.vindictive_share": 0.0,
    "anger.repeat_rate": 0.0, "anger.gain": 0.0, "attention.page_visitors": 0,
    "attitude.step": 0.0, "complaint.on_page": False, "brand.coverage": 0.0, "time.tick": 1.0,
}  # fmt: skip
_AT_ONCE = {"attention.kernel": "immediate", "attention.half_life": 1.0, "time.horizon": 1000.0}


@dataclass(frozen=True)
class Scenario:
    """One complaint, its crowd and its brand.

    Each section is a class of `buzzsim.model.parameters`; one left out has its defaults. A preset
    sets its numbers in `replace` and in files, not in a class.

    Raises
    ------
    ScenarioError
        When a value is out of range or two values contradict each other.

    Examples
    --------
    >>> scenario = Scenario.load("default")
    >>> calmer = scenario.replace({"complaint.anger": 0.4, "reply.preset": "rebuild"})
    >>> calmer.complaint.anger, calmer.reply.empathy
    (0.4, 0.9)
    """

    name: str = "default"
    title: str = ""
    story: str = ""
    network: parameters.NetworkSection = field(default_factory=parameters.NetworkSection)
    complaint: parameters.Complaint = field(default_factory=parameters.Complaint)
    attention: parameters.Attention = field(default_factory=parameters.Attention)
    joining: parameters.Joining = field(default_factory=parameters.Joining)
    crowd: parameters.Crowd = field(default_factory=parameters.Crowd)
    anger: parameters.Anger = field(default_factory=parameters.Anger)
    attitude: parameters.Attitude = field(default_factory=parameters.Attitude)
    brand: parameters.Brand = field(default_factory=parameters.Brand)
    reply: parameters.Reply = field(default_factory=parameters.Reply)
    censor: parameters.Censor = field(default_factory=parameters.Censor)
    private: parameters.Private = field(default_factory=parameters.Private)
    time: parameters.Time = field(default_factory=parameters.Time)
    measures: parameters.Measures = field(default_factory=parameters.Measures)

    def __post_init__(self) -> None:
        for part in fields(self):
            value, wanted = getattr(self, part.name), SECTIONS.get(part.name, str)
            if wanted is str:
                try:
                    parameters.checked_text(value)
                except (TypeError, ValueError):
                    raise ScenarioError(sentence("scenario", part.name, value, "text")) from None
            elif not isinstance(value, wanted):
                raise ScenarioError(sentence("scenario", part.name, value, f"a {wanted.__name__}"))
        for key, is_possible, allowed in self._conditions():
            if not is_possible:
                value = to_plain(value_of(self, key))
                raise ScenarioError(sentence("scenario", key, value, allowed))

    def _conditions(self) -> Iterator[tuple[str, bool, str]]:
        """Give each key whose range depends on others: key, whether it is possible, the range."""
        horizon, tick, staff = self.time.horizon, self.time.tick, self.brand.staff
        names, network = self.complaint.names, self.network
        yield "time.horizon", horizon >= tick, f"at least one tick, {tick:g} hours"
        yield "time.tick", horizon / tick <= 1e7, "at most ten million ticks in the horizon"
        is_right = not names or self.complaint.complainants in (1, len(names))
        many = f"{len(names)}, as many as complaint.names has (or leave it out)"
        yield "complaint.complainants", is_right, many
        yield "complaint.names", len(set(map(str, names))) == len(names), "each name once"
        is_whole = math.isinf(staff) or (staff % 1 == 0 and staff <= 1e6)
        yield "brand.staff", is_whole, "a whole number up to a million, or inf"
        is_there = (network.kind == "file") == (network.file != "")
        yield "network.file", is_there, "a path where network.kind is 'file', else nothing"

    @classmethod
    def sir(cls, *, infection: float, recovery: float) -> Scenario:
        """Give the discrete-time SIR epidemic (Kermack & McKendrick 1927).

        In each tick (an hour) each critic reaches each unaware follower with probability
        `infection`, who joins; then the critic falls silent with probability `recovery`. The run
        lasts 400 mean infectious periods. The outcome `critics` is the final size.

        Parameters
        ----------
        infection : float
            0 to 1, but not 1.
        recovery : float
            0.004 to 1, but not 1.

        Raises
        ------
        ScenarioError
            When a probability is out of range.

        Examples
        --------
        >>> import buzzsim as bz
        >>> epidemic, pair = bz.Scenario.sir(infection=0.3, recovery=0.5), ([0, 1, 2], [1, 0])
        >>> bz.run(epidemic, network=pair, complainants=[0], rng=1).outcomes["critics"] <= 2
        True
        """
        rates = {
            "attention.kernel": "constant",
            "attention.view_rate": _rate("infection", infection, 0.0),
            "attention.withdrawal_rate": _rate("recovery", recovery, 0.004),
            "time.horizon": math.ceil(400.0 / recovery),
        }
        return cls(name="sir", title="SIR epidemic").replace(_CLASSICAL | rates)

    @classmethod
    def independent_cascade(cls, *, probability: float) -> Scenario:
        """Give the independent cascade (Kempe, Kleinberg & Tardos 2003).

        Each critic has one chance to recruit each follower.

        Parameters
        ----------
        probability : float
            Chance that a tie passes the criticism on, 0 to 1, but not 1.

        Raises
        ------
        ScenarioError
            When the probability is out of range.

        Examples
        --------
        >>> import buzzsim as bz
        >>> cascade, pair = bz.Scenario.independent_cascade(probability=0.5), ([0, 1, 2], [1, 0])
        >>> bz.run(cascade, network=pair, complainants=[0], rng=1).outcomes["critics"] <= 2
        True
        """
        looks = {"attention.view_rate": _rate("probability", probability, 0.0) * math.log(2.0)}
        cascade = cls(name="independent_cascade", title="Independent cascade")
        return cascade.replace(_CLASSICAL | _AT_ONCE | looks)

    @classmethod
    def branching(cls, *, offspring: float) -> Scenario:
        """Give a branching process: each critic recruits `offspring` others on average.

        The crowd must be fresh. On its own network, a random one, the number of offspring is nearly
        Poisson; on another network its law follows the ties.

        Parameters
        ----------
        offspring : float
            Mean number of critics that a critic recruits, 0 or more; `joining.r0`.

        Raises
        ------
        ScenarioError
            When the number is out of range; on running, when the network cannot reach it.

        Examples
        --------
        >>> import buzzsim as bz
        >>> bz.run(bz.Scenario.branching(offspring=0.0), rng=1).outcomes["critics"]
        1.0
        """
        r0 = parameters_of(parameters.Joining)["r0"].checked("offspring", offspring, "arguments")
        wish = {"network.kind": "random", "network.customers": 100_000, "attention.view_rate": 30.0}
        chain = _CLASSICAL | _AT_ONCE | wish | {"joining.r0": r0}
        del chain["joining.share_probability"]
        return cls(name="branching", title="Branching process").replace(chain)

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> Scenario:
        """Open a packaged scenario by name, or a TOML file by path.

        A `network.file` named in the file is looked for in the file's own folder.

        Raises
        ------
        ScenarioError
            When there is no such scenario, or the file is not a valid one.

        Examples
        --------
        >>> Scenario.load("restaurant").name
        'restaurant'
        """
        place, text = _text_of(source)
        try:
            data = tomllib.loads(text)
        except (ValueError, RecursionError) as error:  # also numbers of thousands of digits
            reason = "nested too deeply" if isinstance(error, RecursionError) else error
            raise ScenarioError(f"{place}: not valid TOML: {reason}") from None
        data.setdefault("name", Path(place).stem.encode(errors="replace").decode())
        return cls.from_dict(data, place).beside(Path(source).parent)

    def beside(self, folder: Path) -> Scenario:
        """Take the network's file from a folder, unless its path is absolute."""
        file = self.network.file
        if not file or folder == Path():
            return self
        return self.replace({"network.file": str(folder / file)})

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], place: str = "scenario") -> Scenario:
        """Build a scenario from nested or dotted keys.

        Examples
        --------
        >>> Scenario.from_dict({"reply": {"empathy": 0.2}}).reply.empathy
        0.2
        """
        return cls()._with(flat_keys(data, place), place)

    def replace(self, changes: Mapping[str, Any], place: str = "arguments") -> Scenario:
        """Give a copy with some keys changed.

        Parameters
        ----------
        changes : mapping
            Dotted keys, such as ``"reply.empathy"``, to values.
        place : str
            Where the changes come from, for errors.

        Examples
        --------
        >>> Scenario().replace({"brand.staff": 2}).brand.staff
        2.0
        """
        flat = flat_keys(changes, place)
        r0, is_given = flat.get("joining.r0"), self.joining.share_probability is not None
        if "joining.r0" in flat and "joining.share_probability" not in flat and is_given:
            allowed = "joining.share_probability, which decides here"
            raise ScenarioError(sentence(place, "joining.r0", r0, allowed))
        return self._with(flat, place)

    def _with(self, changes: dict[str, Any], place: str) -> Scenario:
        parts: dict[str, Any] = {}
        sections: dict[str, dict[str, Any]] = {}
        name = changes.get("reply.preset")  # sets what is not set beside it
        preset = PRESETS.get(name, {}) if isinstance(name, str) else {}
        ready = {f"reply.{key}": value for key, value in preset.items()}
        for key, value in (ready | changes).items():
            name, _, leaf = key.partition(".")
            if leaf:
                sections.setdefault(name, {})[leaf] = value
            else:
                parts[name] = value
        try:
            for name, values in sections.items():
                parts[name] = dataclasses.replace(getattr(self, name), **values)
            return dataclasses.replace(self, **parts)
        except ScenarioError as error:
            raise ScenarioError(str(error).replace("scenario:", f"{place}:", 1)) from None

    def to_dict(self) -> dict[str, Any]:
        """Give the whole scenario as nested plain values."""
        data: dict[str, Any] = {"version": VERSION, **{key: getattr(self, key) for key in _TEXTS}}
        for name in SECTIONS:
            values = vars(getattr(self, name)).items()
            data[name] = {key: to_plain(value) for key, value in values if value is not None}
        return data

    def to_toml(self) -> str:
        """Write the whole scenario as TOML; reading it back gives an equal scenario.

        Examples
        --------
        >>> import tomllib
        >>> Scenario.from_dict(tomllib.loads(Scenario().to_toml())) == Scenario()
        True
        """
        return tomli_w.dumps(self.to_dict())

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the scenario to a TOML file, all of it or nothing.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        write_whole(path, self.to_toml().encode())

    def _repr_html_(self) -> str:
        default, rows = Scenario(), ""
        for key, _ in all_parameters():
            value = value_of(self, key)
            if value != value_of(default, key):
                rows += f"<tr><td>{key}</td><td>{html.escape(str(to_plain(value)))}</td></tr>"
        head = f"<b>{html.escape(self.title or self.name)}</b><p>{html.escape(self.story)}</p>"
        heads = "<tr><th>key</th><th>value</th></tr>"
        return head + (f"<table>{heads}{rows}</table>" if rows else "")


def value_of(scenario: Scenario, key: str) -> Any:
    """Give the value of a key, such as `reply.empathy`."""
    return attrgetter(key)(scenario)


def scenarios() -> list[str]:
    """List the scenarios that come with the package.

    Examples
    --------
    >>> "restaurant" in scenarios()
    True
    """
    return sorted(path.name.removesuffix(".toml") for path in _PACKAGED.iterdir())


def packaged_text(name: str) -> str:
    """Give the file of a packaged scenario as it is, comments and all."""
    if name not in scenarios():
        raise ScenarioError(unknown("arguments", "scenario", name, scenarios()))
    return (_PACKAGED / f"{name}.toml").read_text(encoding="utf-8")


def _text_of(source: str | os.PathLike[str]) -> tuple[str, str]:
    if not isinstance(source, (str, os.PathLike)) or not os.fspath(source):
        allowed = "the name of a packaged scenario, or of a .toml file"
        raise ScenarioError(sentence("arguments", "scenario", source, allowed))
    if isinstance(source, str) and source in scenarios():
        return source, packaged_text(source)
    path = Path(source)
    if path.suffix != ".toml" and not os.path.exists(path):
        hint = unknown("arguments", "scenario", str(source), scenarios())
        raise ScenarioError(f"{hint} (or give a .toml file)")
    try:
        return path.name, path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError(f"{path.name}: not a text file in UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ScenarioError(f"{path}: cannot be read: {reason}") from None


def flat_keys(data: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Turn nested tables into dotted keys; refuse keys that no scenario has."""
    if not isinstance(data, Mapping):
        allowed = "a mapping of keys, such as 'reply.empathy', to values"
        raise ScenarioError(sentence(place, "the changes", data, allowed))
    known = [*_TEXTS, *(key for key, _ in all_parameters())]
    flat: dict[str, Any] = {}
    for key, value in _pairs(data, known, place):
        if key not in known:
            section = f"{key.partition('.')[0]}."  # whose keys are offered first
            offered = [*sorted(known, key=lambda k: not k.startswith(section)), *SECTIONS]
            raise ScenarioError(unknown(place, "key", key, offered))
        if key in flat:
            twice = "is given twice, in its table and in one word; expected once"
            raise ScenarioError(f"{place}: {key} {twice}")
        flat[key] = value
    return flat


def _pairs(data: Mapping[str, Any], known: list[str], place: str) -> Iterator[tuple[str, Any]]:
    """Give the keys of a file, dotted, with their values; check its version."""
    for key, value in data.items():
        if key == "version":
            is_whole = type(value) is int
            if not is_whole or not 1 <= value <= VERSION:
                newer = f"at most {VERSION}; a newer file needs a newer buzzsim"
                allowed = newer if is_whole and value > VERSION else str(VERSION)
                raise ScenarioError(sentence(place, key, value, allowed))
        elif key not in SECTIONS:
            yield str(key), value
        elif isinstance(value, Mapping):
            yield from ((f"{key}.{leaf}", inner) for leaf, inner in value.items())
        else:
            meant = next((name for name in known if name.endswith(f".{key}")), "")
            hint = f", or did you mean {meant!r}?" if meant else ""
            raise ScenarioError(sentence(place, key, value, f"a table, [{key}]{hint}"))


def _rate(key: str, probability: Any, low: float) -> float:
    """Give the hourly rate at which something happens within an hour with that probability."""
    is_number = hasattr(probability, "__float__") and not isinstance(probability, bool)
    if not is_number or not low <= probability < 1.0:
        raise ScenarioError(sentence("arguments", key, probability, f"{low:g} to 1, but not 1"))
    return -math.log1p(-float(probability))
