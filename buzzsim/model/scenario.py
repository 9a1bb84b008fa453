"""All that is asked for: one frozen object, one TOML file, and the scenarios that come with the package."""

from __future__ import annotations

import dataclasses
import html
import math
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from importlib import resources
from operator import attrgetter
from pathlib import Path
from typing import Any

import tomli_w

from buzzsim.errors import ScenarioError, sentence, unknown
from buzzsim.files import write_whole
from buzzsim.model import parameters
from buzzsim.model.parameters import PRESETS, SECTIONS, parameters_of

VERSION = 1
"""Version of the scenario format; a file of a newer one is refused."""

_TEXTS = ("name", "title", "story")

_CLASSICAL: dict[str, Any] = {
    "joining.share_probability": 1.0, "joining.arousal": 0.0, "joining.reinforcement": 0.0, "joining.cap": 1,
    "joining.loyalty": 0.0, "joining.page_probability": 0.0, "crowd.susceptibility_shape": math.inf, "crowd.vindictive_share": 0.0,
    "anger.repeat_rate": 0.0, "anger.gain": 0.0, "attention.page_visitors": 0, "attitude.step": 0.0,
    "complaint.on_page": False, "brand.coverage": 0.0, "time.tick": 1.0,
}  # fmt: skip
_AT_ONCE = {"attention.kernel": "immediate", "attention.half_life": 1.0, "time.horizon": 1000.0}


@dataclass(frozen=True)
class Scenario:
    """One complaint, its crowd and its brand.

    Every section may be given as its class in `buzzsim.parameters` or left out; what is left out has the default. A preset
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
        for section in fields(self):
            value, wanted = getattr(self, section.name), SECTIONS.get(section.name, str)
            if wanted is str:
                _check_text(value, section.name, "scenario")
            elif not isinstance(value, wanted):
                raise ScenarioError(
                    sentence("scenario", section.name, value, f"a {wanted.__name__}")
                )
        self._check_together()

    def _check_together(self) -> None:
        """Refuse values that are fine alone and contradict each other."""
        time, complaint = self.time, self.complaint
        if time.horizon < time.tick:
            raise ScenarioError(
                sentence(
                    "scenario",
                    "time.horizon",
                    time.horizon,
                    f"at least one tick, {time.tick:g} hours",
                )
            )
        if time.horizon / time.tick > 1e7:
            raise ScenarioError(
                sentence(
                    "scenario", "time.tick", time.tick, "at most ten million ticks in the horizon"
                )
            )
        if complaint.names and complaint.complainants not in (1, len(complaint.names)):
            allowed = f"{len(complaint.names)}, as many as complaint.names has (or leave it out)"
            raise ScenarioError(
                sentence("scenario", "complaint.complainants", complaint.complainants, allowed)
            )
        if len(set(map(str, complaint.names))) != len(complaint.names):
            raise ScenarioError(
                sentence("scenario", "complaint.names", list(complaint.names), "each name once")
            )
        if not math.isinf(self.brand.staff) and (
            self.brand.staff % 1 != 0 or self.brand.staff > 1e6
        ):
            raise ScenarioError(
                sentence(
                    "scenario",
                    "brand.staff",
                    self.brand.staff,
                    "a whole number up to a million, or inf",
                )
            )
        if (self.network.kind == "file") != (self.network.file != ""):
            allowed = "a path where network.kind is 'file', else nothing"
            raise ScenarioError(sentence("scenario", "network.file", self.network.file, allowed))

    # Classical models are corners of this one: what no textbook has is off, and everybody who notices joins.

    @classmethod
    def sir(cls, *, infection: float, recovery: float) -> Scenario:
        """Give the discrete-time SIR epidemic (Kermack & McKendrick 1927): the outcome `critics` is its final size.

        In each tick (an hour) each critic reaches each unaware follower with probability `infection`, who joins; then
        the critic falls silent with probability `recovery`. Simulated for 400 mean infectious periods.

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
        >>> epidemic = bz.Scenario.sir(infection=0.3, recovery=0.5)
        >>> bz.run(epidemic, network=([0, 1, 2], [1, 0]), complainants=[0], rng=1).outcomes["critics"] <= 2
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
        """Give the independent cascade (Kempe, Kleinberg & Tardos 2003): each critic has one chance at each follower.

        Parameters
        ----------
        probability : float
            Chance that a tie passes it on, 0 to 1, but not 1.

        Raises
        ------
        ScenarioError
            When the probability is out of range.

        Examples
        --------
        >>> import buzzsim as bz
        >>> cascade = bz.Scenario.independent_cascade(probability=0.5)
        >>> bz.run(cascade, network=([0, 1, 2], [1, 0]), complainants=[0], rng=1).outcomes["critics"] <= 2
        True
        """
        looks = {"attention.view_rate": _rate("probability", probability, 0.0) * math.log(2.0)}
        return cls(name="independent_cascade", title="Independent cascade").replace(
            _CLASSICAL | _AT_ONCE | looks
        )

    @classmethod
    def branching(cls, *, offspring: float) -> Scenario:
        """Give a branching process: each critic wins that many others on average, as long as the crowd is fresh.

        On its own network, a random one, offspring is all but Poisson; on another it is as the ties are.

        Parameters
        ----------
        offspring : float
            Mean number of new critics per critic, 0 or more; `joining.r0`.

        Raises
        ------
        ScenarioError
            When the number is out of range; and when run, where the network cannot reach it.

        Examples
        --------
        >>> import buzzsim as bz
        >>> bz.run(bz.Scenario.branching(offspring=0.0), rng=1).outcomes["critics"]
        1.0
        """
        offspring = dict(parameters.all_parameters())["joining.r0"].checked(
            "offspring", offspring, "arguments"
        )
        wish = {"network.kind": "random", "network.customers": 100_000, "attention.view_rate": 30.0}
        chain = {
            key: value for key, value in _CLASSICAL.items() if key != "joining.share_probability"
        }
        return cls(name="branching", title="Branching process").replace(
            chain | _AT_ONCE | wish | {"joining.r0": offspring}
        )

    @classmethod
    def load(cls, source: str | os.PathLike[str]) -> Scenario:
        """Open a packaged scenario by name, or a TOML file by path.

        A `network.file` that the file names is taken from the file's own folder.

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
        except tomllib.TOMLDecodeError as error:
            raise ScenarioError(f"{place}: not valid TOML: {error}") from None
        except RecursionError:
            raise ScenarioError(f"{place}: not valid TOML: nested too deeply") from None
        except ValueError as error:  # numbers of thousands of digits
            raise ScenarioError(f"{place}: not valid TOML: {error}") from None
        data.setdefault("name", Path(place).stem.encode(errors="replace").decode())
        return cls.from_dict(data, place).beside(Path(source).parent)

    def beside(self, folder: Path) -> Scenario:
        """Take the network's file from a folder, where the wish names it without saying from where."""
        file = self.network.file
        return (
            self.replace({"network.file": str(folder / file)})
            if file and folder != Path()
            else self
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], place: str = "scenario") -> Scenario:
        """Build a scenario from nested or dotted keys.

        Examples
        --------
        >>> Scenario.from_dict({"reply": {"empathy": 0.2}}) == Scenario.from_dict({"reply.empathy": 0.2})
        True
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
        if (
            "joining.r0" in flat
            and "joining.share_probability" not in flat
            and self.joining.share_probability is not None
        ):
            raise ScenarioError(
                sentence(
                    place,
                    "joining.r0",
                    flat["joining.r0"],
                    "joining.share_probability, which decides here",
                )
            )
        return self._with(flat, place)

    def _with(self, changes: Mapping[str, Any], place: str) -> Scenario:
        """Put checked values into their sections."""
        changes = _with_preset(changes)
        texts: dict[str, Any] = {}
        sections: dict[str, dict[str, Any]] = {}
        for key, value in changes.items():
            if key in _TEXTS:
                _check_text(value, key, place)
                texts[key] = value
                continue
            section, _, leaf = key.partition(".")
            sections.setdefault(section, {})[leaf] = parameters_of(SECTIONS[section])[leaf].checked(
                key, value, place
            )
        for section, values in sections.items():
            texts[section] = dataclasses.replace(getattr(self, section), **values)
        try:
            return dataclasses.replace(self, **texts)
        except ScenarioError as error:
            raise ScenarioError(str(error).replace("scenario:", f"{place}:", 1)) from None

    def to_dict(self) -> dict[str, Any]:
        """Give the whole scenario as nested plain values."""
        data: dict[str, Any] = {"version": VERSION, **{key: getattr(self, key) for key in _TEXTS}}
        for name in SECTIONS:
            data[name] = {
                key: _plain(value)
                for key, value in vars(getattr(self, name)).items()
                if value is not None
            }
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
        default = Scenario().to_dict()
        rows = [
            f"<tr><td>{section}.{key}</td><td>{html.escape(str(value))}</td></tr>"
            for section, values in self.to_dict().items()
            if isinstance(values, dict)
            for key, value in values.items()
            if default[section].get(key) != value
        ]
        head = f"<b>{html.escape(self.title or self.name)}</b><p>{html.escape(self.story)}</p>"
        return head + (
            f"<table><tr><th>key</th><th>value</th></tr>{''.join(rows)}</table>" if rows else ""
        )


def value_of(scenario: Scenario, key: str) -> Any:
    """Give the value of a key.

    Examples
    --------
    >>> value_of(Scenario(), "reply.empathy")
    0.7
    """
    return attrgetter(key)(scenario)


def scenarios() -> list[str]:
    """List the scenarios that come with the package.

    Examples
    --------
    >>> "restaurant" in scenarios()
    True
    """
    folder = resources.files("buzzsim.model") / "scenarios"
    return sorted(
        entry.name.removesuffix(".toml")
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    )


def packaged_text(name: str) -> str:
    """Give the file of a packaged scenario as it is, comments and all."""
    if name not in scenarios():
        raise ScenarioError(unknown("arguments", "scenario", name, scenarios()))
    return (resources.files("buzzsim.model") / "scenarios" / f"{name}.toml").read_text(
        encoding="utf-8"
    )


def _check_text(value: Any, key: str, place: str) -> None:
    """Refuse what is no text, or text that no file can hold."""
    try:
        parameters.checked_text(value)
    except (TypeError, ValueError):
        raise ScenarioError(sentence(place, key, value, "text")) from None


def _plain(value: Any) -> Any:
    """Give a value with lists for tuples, as files have them."""
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _text_of(source: str | os.PathLike[str]) -> tuple[str, str]:
    """Give the place (for errors) and the text of a scenario."""
    if not isinstance(source, (str, os.PathLike)) or not os.fspath(source):
        raise ScenarioError(
            sentence(
                "arguments",
                "scenario",
                source,
                "the name of a packaged scenario, or of a .toml file",
            )
        )
    if isinstance(source, str) and source in scenarios():
        return source, packaged_text(source)
    path = Path(source)
    if path.suffix != ".toml" and not os.path.exists(path):
        raise ScenarioError(
            unknown("arguments", "scenario", str(source), scenarios()) + " (or give a .toml file)"
        )
    try:
        return path.name, path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise ScenarioError(f"{path.name}: not a text file in UTF-8") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise ScenarioError(f"{path}: cannot be read: {reason}") from None


def flat_keys(data: Mapping[str, Any], place: str) -> dict[str, Any]:
    """Turn nested tables into dotted keys, refusing what no scenario has."""
    if not isinstance(data, Mapping):
        raise ScenarioError(
            sentence(
                place, "the changes", data, "a mapping of keys, such as 'reply.empathy', to values"
            )
        )
    given: list[tuple[str, Any]] = []
    known = [*_TEXTS, *(key for key, _ in parameters.all_parameters())]
    for key, value in data.items():
        if key == "version":
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= VERSION:
                newer = (
                    "at most {}; a newer file needs a newer buzzsim"
                    if isinstance(value, int) and value > VERSION
                    else "{}"
                )
                raise ScenarioError(sentence(place, key, value, newer.format(VERSION)))
        elif key in SECTIONS:
            if not isinstance(value, Mapping):
                meant = [
                    f", or did you mean {name!r}?" for name in known if name.endswith(f".{key}")
                ]
                raise ScenarioError(
                    sentence(place, key, value, f"a table, [{key}]" + "".join(meant[:1]))
                )
            given += [(f"{key}.{leaf}", inner) for leaf, inner in value.items()]
        else:
            given.append((str(key), value))
    flat = dict(given)
    for key, _ in given:
        if key not in known:
            section = f"{key.partition('.')[0]}."  # whose keys are offered first
            raise ScenarioError(
                unknown(
                    place,
                    "key",
                    key,
                    [*sorted(known, key=lambda k: not k.startswith(section)), *SECTIONS],
                )
            )
        if sum(key == other for other, _ in given) > 1:
            raise ScenarioError(
                f"{place}: {key} is given twice, in its table and in one word; expected once"
            )
    return flat


def _with_preset(changes: Mapping[str, Any]) -> dict[str, Any]:
    """Let a reply preset set what is not set beside it."""
    preset = (
        PRESETS.get(changes.get("reply.preset", ""))
        if isinstance(changes.get("reply.preset", ""), str)
        else None
    )
    return {**{f"reply.{key}": value for key, value in (preset or {}).items()}, **changes}


def _rate(key: str, probability: Any, low: float) -> float:
    """Give the hourly rate at which something happens within an hour with that probability."""
    if (
        isinstance(probability, bool)
        or not hasattr(probability, "__float__")
        or not low <= probability < 1.0
    ):
        raise ScenarioError(sentence("arguments", key, probability, f"{low:g} to 1, but not 1"))
    return -math.log1p(-float(probability))
