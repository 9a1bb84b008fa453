"""Every number that a scenario may set: unit, range, default, grade of evidence, source, meaning.

The sections are those of a scenario file. The rules see the same numbers in one flat record:
`reply.empathy` is `p.reply_empathy` in `rules.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from buzzsim.errors import ScenarioError, sentence, unknown

if TYPE_CHECKING:

    class Numbers:
        """A scenario's numbers as the rules see them: a record of `NUMBERS`."""

        def __getattr__(self, name: str) -> float: ...

else:
    Numbers = np.record

Grade = Literal["measured", "derived", "assumption", "choice"]
INF = math.inf
DEGREES = "whole numbers of 0 or more"

KERNELS = ("exponential", "seismic", "constant", "immediate", "log_logistic")
ORDERS = ("first_come", "most_followed", "angriest")
CHOICES = ("random", "followers", "most_followed")
NETWORKS = (
    "followers", "clustered_scale_free", "scale_free", "small_world", "blocks", "configuration",
    "random", "file",
)  # fmt: skip

PRESETS: dict[str, dict[str, float]] = {
    "deny": {"empathy": 0.1, "explanation": 0.4, "solution": 0.0},
    "diminish": {"empathy": 0.3, "explanation": 0.7, "solution": 0.1},
    "rebuild": {"empathy": 0.9, "explanation": 0.7, "solution": 0.9},
    "bolster": {"empathy": 0.5, "explanation": 0.3, "solution": 0.2},
    "caring": {"empathy": 0.9, "explanation": 0.4, "solution": 0.4},
    "explanatory": {"empathy": 0.4, "explanation": 0.9, "solution": 0.4},
    "solving": {"empathy": 0.4, "explanation": 0.4, "solution": 0.9},
}
"""Ready replies, all assumptions: four named as in Coombs (2007), three as in the column."""


@dataclass(frozen=True)
class Parameter:
    """What is known about one key of a scenario."""

    grade: Grade
    default: Any
    low: float
    high: float
    meaning: str
    source: str = ""
    unit: str = ""
    choices: tuple[str, ...] = ()
    optional: bool = False
    infinite: bool = False

    @property
    def kind(self) -> type:
        """The type of its values: float, int, bool, str or list."""
        kinds: dict[type, type] = {tuple: list, type(None): float}
        return kinds.get(type(self.default), type(self.default))

    @property
    def allowed(self) -> str:
        """The range in words, as an error says it."""
        if self.choices:
            return "one of " + ", ".join(name or '""' for name in self.choices)
        if self.kind is bool:
            return "true or false"
        if self.kind in (str, list):
            return "text" if self.kind is str else f"a list of {self.unit}"
        if self.kind is int:
            return f"a whole number, {self.low} to {self.high}"
        if self.high == INF:
            return f"{self.low:g} or more" + (" (inf is allowed)" if self.infinite else "")
        return f"{self.low:g} to {self.high:g}"

    def checked(self, key: str, value: Any, place: str = "scenario") -> Any:
        """Give the value back in its type, or say what is allowed."""
        if value is None and self.optional:
            return None
        try:
            value = self._read(value)
        except (TypeError, ValueError, OverflowError):
            raise ScenarioError(sentence(place, key, value, self.allowed)) from None
        if self.choices and value not in self.choices:
            raise ScenarioError(unknown(f"{place}: {key}", "value", value, self.choices))
        return value

    def _read(self, value: Any) -> Any:
        if self.kind is list:
            if isinstance(value, (str, bytes, Mapping, Set)):
                raise TypeError
            read = _DEGREE._read if self.unit == DEGREES else _name
            return tuple(read(item) for item in value)
        if self.kind is str:
            return checked_text(value)
        if self.kind is bool:
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError
            return bool(value)
        return self._number(value)

    def _number(self, value: Any) -> float | int:
        no_number = (bool, np.bool_, np.complexfloating, np.ndarray)
        if isinstance(value, no_number) or not hasattr(value, "__float__"):
            raise TypeError
        number = int(value) if self.kind is int else float(value)
        within = self.low <= number <= self.high and (self.infinite or not math.isinf(number))
        if not within or (self.kind is int and number != value):
            raise ValueError
        return number


def checked_text(value: Any) -> str:
    """Give text back if UTF-8 can write it: half a surrogate pair from a file's name it cannot."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return str(value)


def _name(item: Any) -> Any:
    """Give a customer's name: text, a number, or a tuple of these, as the nodes of a grid have."""
    if isinstance(item, (tuple, list)):
        if any(isinstance(part, (tuple, list)) for part in item):
            raise TypeError
        return tuple(_name(part) for part in item)
    if isinstance(item, np.generic):
        item = item.item()
    if isinstance(item, str):
        return checked_text(item)
    if not isinstance(item, (bool, int, float)) or not -(2**63) <= item < 2**64:
        raise TypeError
    return item


def to_plain(value: Any) -> Any:
    """Give a value, such as a customer's name, as JSON and TOML hold it: tuples become lists."""
    if isinstance(value, tuple):
        return [to_plain(part) for part in value]
    value = value.item() if isinstance(value, np.generic) else value
    return value if isinstance(value, (str, int, float)) else str(value)


def from_plain(kept: Any) -> Any:
    """Give a name back as it was before `to_plain`."""
    return tuple(map(from_plain, kept)) if isinstance(kept, list) else kept


_DEGREE = Parameter("choice", 0, 0, 2**31 - 2, "one of `network.degrees`")


def _field(*about: Any, **more: Any) -> Any:
    parameter = Parameter(*about, **more)
    return field(default=parameter.default, metadata={"parameter": parameter})


def _measured(*about: Any, **more: Any) -> Any:
    return _field("measured", *about, **more)


def _derived(*about: Any, **more: Any) -> Any:
    return _field("derived", *about, **more)


def _assumed(*about: Any, **more: Any) -> Any:
    return _field("assumption", *about, **more)


def _chosen(*about: Any, **more: Any) -> Any:
    return _field("choice", *about, **more)


def _word(default: str, choices: tuple[str, ...], meaning: str) -> Any:
    return _field("choice", default, 0, 0, meaning, choices=choices)


def _claim(default: bool, meaning: str) -> Any:
    return _field("choice", default, 0, 1, meaning)


def _several(unit: str, meaning: str) -> Any:
    return _field("choice", (), 0, 0, meaning, unit=unit)


class Section:
    """A frozen group of parameters; checks each value as it enters."""

    def __post_init__(self) -> None:
        for name, parameter in parameters_of(type(self)).items():
            key = f"{section_name(type(self))}.{name}"
            object.__setattr__(self, name, parameter.checked(key, getattr(self, name)))


def parameters_of(section: type) -> dict[str, Parameter]:
    """Give the parameters of one section by name."""
    return {f.name: f.metadata["parameter"] for f in fields(section)}


def section_name(section: type) -> str:
    """Give the word between the brackets in a scenario file."""
    return section.__name__.removesuffix("Section").lower()


# fmt: off
@dataclass(frozen=True)
class NetworkSection(Section):
    """Whose posts reach whom, where no network is handed over."""

    kind: str = _word("clustered_scale_free", NETWORKS, "how the network is made, or `file`")
    file: str = _word("", (),
        "an edge list, GraphML or GEXF file, for kind `file`; from the scenario file's folder")
    directed: bool = _claim(False, "whether an edge u v of a file means only that v sees u's posts")
    customers: int = _chosen(5000, 1, 2**31 - 2, "size of the generated crowd", unit="customers")
    ties: int = _chosen(5, 1, 10**6, unit="ties", meaning=
        "ties that each customer brings: mean followers (followers), else half the mean degree")
    exponent: float = _measured(2.3, 2.01, 5, "exponent of the law of followers (followers)",
        "De Domenico et al. 2013, Rozemberczki et al. 2021; range 2.1 to 2.5")
    largest: float = _assumed(0.2, 0, 0.5, "most followers, as a share of the crowd (followers)")
    correlation: float = _assumed(0.5, -1, 1,
        "rank correlation of numbers of followers and followees (followers)")
    mutual: float = _assumed(0.0, 0, 0.9,
        "share of mutual ties among people without many followers (followers)")
    clustering: float = _assumed(0.5, 0, 1, "chance a tie closes a triangle", "Holme & Kim 2002")
    rewiring: float = _assumed(0.1, 0, 1, "rewired share (small_world)", "Watts & Strogatz 1998")
    blocks: int = _chosen(4, 1, 10**6, "number of communities (blocks)", unit="blocks")
    mixing: float = _assumed(0.1, 0, 1, "share of ties that leave their community (blocks)")
    degrees: tuple[int, ...] = _several(DEGREES, "the degree of each customer (configuration)")
    seed: int = _chosen(1, 0, 2**63 - 1, "which network of its kind; not part of a run's luck")


@dataclass(frozen=True)
class Complaint(Section):
    """The first post and its author."""

    complainants: int = _chosen(1, 1, 2**31 - 2, "how many complain at the start", unit="customers")
    choice: str = _word("random", CHOICES,
        "who complains: anybody, in proportion to followers, or the most followed")
    names: tuple[Any, ...] = _several("names, text or numbers",
        "who complains, by name in the network; empty: see `choice`")
    at_fault: bool = _claim(False, "whether the brand erred")
    anger: float = _assumed(0.8, 0, 1, "anger of a complainant at the start")
    on_page: bool = _claim(True,
        "whether the complaint stands on the brand's own page, where it can be deleted")
    arrivals: float = _assumed(0.0, 0, 1e6, unit="customers", meaning=
        "mean number of customers who later complain about the same thing by themselves")
    arrival_half_life: float = _assumed(5.0, 1e-3, 1e6,
        "time in which the rate of such complaints halves", "range 0.5 to 12", unit="hours")


@dataclass(frozen=True)
class Attention(Section):
    """When, and by how many, a post is noticed."""

    kernel: str = _word("exponential", KERNELS, "how a post's visibility fades")
    view_rate: float = _assumed(0.5, 0, 1e6, "rate at which a follower notices a fresh post",
        "range 0.05 to 2", unit="per hour")
    half_life: float = _measured(1.0, 1e-3, 1e6,
        "time by which half of a post's looks have come; for `seismic` and `immediate` it only "
        "scales how many look, for `constant` it does nothing",
        "Graffius 2018, bit.ly 2011; range 0.35 to 24", unit="hours")
    tail: float = _measured(0.83, 0.05, 1, "how fast looks get rare (log_logistic): as age^-tail",
        "Ma et al. 2017 (experiments/delays); range 0.6 to 1")
    pace_sigma: float = _measured(0.0, 0, 5,
        "how far complaints differ in pace: spread of the lognormal factor on the ages at which "
        "the posts of a cascade are seen", "Ma et al. 2017 (experiments/delays); range 0 to 2.5")
    dilution: float = _derived(0.0, 0, 2, "how much following many thins attention; 1 fully",
        "Feng et al. 2015; Hodas & Lerman 2014")
    page_visitors: int = _assumed(5, 0, 10**6, unit="customers", meaning=
        "people who may come by each post on the brand's page, whoever they follow")
    withdrawal_rate: float = _assumed(0.0, 0, 1e6,
        "rate at which authors take their posts back by themselves", unit="per hour")


@dataclass(frozen=True)
class Joining(Section):
    """Who joins the criticism on noticing it."""

    r0: float = _derived(1.0, 0, 1e6,
        "mean number of critics that a typical critic recruits in a fresh crowd, nobody "
        "answering or defending; at 0 nobody posts again or protests either",
        "chosen for Herhausen et al. 2019 (3.33 % viral)", unit="critics")
    share_probability: float | None = _chosen(None, 0, 1e6, optional=True, meaning=
        "chance to join at a first critical post of anger 0.5, for a reader of mean susceptibility "
        "without a good attitude; cut at 1; normally left out and solved from r0")
    arousal: float = _derived(1.5, 0, 10, "how much more an angrier post recruits",
        "Berger & Milkman 2012; Brady et al. 2017; range 0 to 3")
    reinforcement: float = _assumed(0.5, -1, 10, "change in chance to join per further critic seen",
        "Bao et al. 2013, Romero et al. 2011, Johnen et al. 2018 (sign contested); range -0.5 to 2")
    sides: float = _assumed(1.0, 1e-3, 1, "mean share of readers who side with a complaint; the "
        "others never join, and move towards the brand", "range 0.3 to 1")
    sides_spread: float = _assumed(0.0, 0, 0.9,
        "how far complaints differ in that share (beta law): 0 not at all, near 1 all or nobody; "
        "the correlation of two readers")
    cap: int = _measured(2, 1, 64, "number of critics seen beyond which more make no difference",
        "Bao et al. 2013", unit="critics")
    loyalty: float = _assumed(0.5, 0, 1, "how far a good attitude shields from joining")
    page_probability: float = _assumed(0.5, 0, 1,
        "chance that a critic's post stands on the brand's page rather than elsewhere")


@dataclass(frozen=True)
class Crowd(Section):
    """What the customers are like."""

    susceptibility_shape: float = _assumed(2.0, 0.05, INF,
        "shape of the gamma law (mean 1) of susceptibility; inf: all equal", infinite=True)
    vindictive_share: float = _assumed(0.2, 0, 1,
        "of customers who are neither trolls nor advocates, the share who, as authors, want "
        "revenge and cannot be reached", "Weitzl 2019 (sign); range 0 to 0.8")
    attitude: float = _chosen(0.0, -1, 1,
        "middle of the law of attitudes towards the brand at the start, which is cut at -1 and 1")
    attitude_spread: float = _assumed(0.0, 0, 1, "half width of the uniform law of first attitudes")
    troll_share: float = _assumed(0.0, 0, 1, "share whose anger is always 1", "range 0 to 0.02")
    advocate_share: float = _assumed(0.0, 0, 1,
        "of all but trolls, the share who defend the brand and never join", "range 0 to 0.1")
    defence_probability: float = _assumed(0.3, 0, 1, "chance that an advocate defends on a notice")
    defence_strength: float = _assumed(0.3, -1, 1,
        "strength, as of a reply; negative where it does not fit", "Weitzl et al. 2018 (sign)")


@dataclass(frozen=True)
class Anger(Section):
    """How anger comes and goes."""

    gain: float = _assumed(0.1, 0, 1, "share of a post's anger passed to readers", "range 0 to 0.5")
    half_life: float = _assumed(12.0, 0.01, 1e6, "time in which anger halves", "range 2 to 72",
        unit="hours")
    repeat_rate: float = _assumed(0.1, 0, 100, "rate at which a critic of anger 1 posts again",
        "range 0 to 0.5", unit="per hour")


@dataclass(frozen=True)
class Attitude(Section):
    """How noticing posts moves the attitude towards the brand."""

    step: float = _assumed(0.02, 0, 0.5, "move towards good news on one notice", "range 0 to 0.1")
    negativity: float = _derived(2.0, 0, 10, "how many times more bad news moves",
        "airline tweets 2015, ratio 2.0")
    half_life: float = _assumed(INF, 0.01, INF, "time in which a change of attitude halves",
        "range 3 to 365 days", unit="hours", infinite=True)
    threshold: float = _assumed(0.025, 0, 2,
        "fall of the mean attitude of those reached from which they think less of the brand")


@dataclass(frozen=True)
class Brand(Section):
    """How much the brand sees, how fast, and with how many people."""

    coverage: float = _measured(0.53, 0, 1, "chance that a critical post is handled at all",
        "Einwiller & Steilen 2015")
    response_median: float = _measured(46 / 60, 0, 1e6, "median lag until the brand gets to a post",
        "Einwiller & Steilen 2015", unit="hours")
    response_sigma: float = _derived(2.19, 0, 10, "spread of the lognormal lag",
        "Einwiller & Steilen 2015: sqrt(2 ln(504/46))")
    staff: float = _assumed(INF, 1, INF, "people on duty", unit="people", infinite=True)
    order: str = _word("first_come", ORDERS, "which waiting case is taken first")
    reply_time: float = _assumed(0.25, 0, 1000, "work on a reply or invitation", unit="hours")
    round_work: float = _assumed(0.5, 0, 1000, "work on one private round", unit="hours")
    removal_time: float = _assumed(0.05, 0, 1000, "work on a removal", unit="hours")
    patience: float = _measured(1.0, 0, 1e6, "time after which an author has waited in vain",
        "Lithium 2013 (72 % want an answer in an hour)", unit="hours")
    resentment: float = _derived(0.0, 0, 1, "anger gained by having waited in vain",
        "Lithium 2013; range 0 to 0.3")


@dataclass(frozen=True)
class Reply(Section):
    """What the brand says, in public or in private, and how it is heard."""

    preset: str = _word("", ("", *PRESETS), "a ready reply; sets empathy, explanation and solution")
    empathy: float = _assumed(0.7, 0, 1, "how caring the reply is")
    explanation: float = _assumed(0.7, 0, 1, "how much it explains")
    solution: float = _assumed(0.7, 0, 1, "how far it solves the problem")
    empathy_weight: float = _assumed(1.0, -10, 10,
        "what empathy counts for; the three weights are scaled to one")
    explanation_weight: float = _assumed(1.0, -10, 10, "what explanation counts for")
    solution_weight: float = _assumed(1.0, -10, 10, "what the solution counts for",
        "Herhausen et al. 2019 (may be negative)")
    fault_empathy_weight: float = _assumed(1.0, -10, 10, "the same where the brand erred")
    fault_explanation_weight: float = _assumed(1.0, -10, 10, "the same where the brand erred")
    fault_solution_weight: float = _assumed(1.0, -10, 10, "the same where the brand erred")
    expectation: float = _assumed(0.4, 0, 1, "quality that people expect of a reply")
    fault_penalty: float = _assumed(0.2, 0, 1, "how much more they expect of a brand that erred",
        "Coombs 2007 (sign)")
    potency: float = _assumed(2.0, 0, 20, "how much a reply weighs; 0: not at all", "range 0 to 4")
    bump: float = _derived(0.5, 0, 1, "how far a reply makes the thread young again",
        "Golmohammadi et al. 2021 (sign)")
    brand_reach: float = _assumed(0.0, 0, 1,
        "share of the crowd that follows the brand and may see the thread", "range 0 to 0.2")
    audience_effect: float = _assumed(0.5, 0, 5,
        "how much readers who joined spoil a public reply for the author", "the column's claim C5")
    solved_anger: float = _assumed(0.1, 0, 1, "share of anger left when the case is solved")
    prior_failures: int = _chosen(0, 0, 1000, "failures the public remembers", unit="failures")
    boomerang: float = _derived(0.5, 0, 5,
        "how much a reply works backwards from two failures on", "Hutzinger & Weitzl 2023 (sign)")


@dataclass(frozen=True)
class Censor(Section):
    """What removing a post sets off."""

    reactance: float = _assumed(0.3, 0, 1, "anger the author gains",
        "Jhaver et al. 2019 (29 % frustrated); range 0 to 0.8")
    repost_probability: float = _assumed(0.3, 0, 1,
        "chance that an author of anger 1 posts the removed post again elsewhere")
    streisand_multiplier: float = _assumed(1.5, 0, 100,
        "how much more a post marked as censored is seen", "range 1 to 4")
    protest_probability: float = _assumed(0.01, 0, 1,
        "chance that a witness of mean susceptibility protests", "range 0 to 0.3")
    explanation: float = _derived(0.0, 0, 1, "how well a removal is explained; scales it all down",
        "Liao et al. 2024; Jhaver et al. 2019 (sign)")


@dataclass(frozen=True)
class Private(Section):
    """How a private dialogue goes."""

    accept_probability: float = _assumed(0.6, 0, 1, "chance that a constructive author accepts",
        "range 0.1 to 0.9")
    rounds: int = _assumed(3, 1, 100, "rounds before the brand gives up", unit="rounds")
    round_time: float = _assumed(2.0, 0, 1e6, "time from one round to the next", unit="hours")
    withdraw_probability: float = _assumed(0.2, 0, 1,
        "chance that a satisfied author takes the post back")
    resolved_damping: float = _assumed(0.5, 0, 1, "how much less a post marked as solved recruits")
    thanks_probability: float = _assumed(0.1, 0, 1,
        "chance that an author whose case is solved, in public too, thanks the brand")
    thanks_effect: float = _derived(0.1, 0, 10, "weight of such thanks among good news",
        "de Matos et al. 2007 (n.s.)")
    disappointment: float = _assumed(0.2, 0, 1, "anger gained when the dialogue fails")
    failed_repost_probability: float = _assumed(0.3, 0, 1, "chance of a new post when it fails")
    invite_bump: float = _assumed(0.0, 0, 1, "how far the invitation makes the thread young again")
    invite_signal: float = _derived(0.0, -1, 1, "how an invitation moves its readers' attitude",
        "Liao et al. 2025 (sign); range -0.3 to 0.1")


@dataclass(frozen=True)
class Time(Section):
    """How long a run lasts and in what steps."""

    horizon: float = _chosen(72.0, 0.01, 1e5, "time that is simulated, in whole ticks: rounded up",
        unit="hours")
    tick: float = _chosen(0.25, 1e-4, 24,
        "the time step; an hour, by which peaks and half-lives are counted, should be a whole "
        "number of ticks", unit="hours")


@dataclass(frozen=True)
class Measures(Section):
    """Where a measure needs a threshold."""

    firestorm_volume: int = _chosen(50, 1, 10**9,
        "number of posts from which a run counts as a firestorm", unit="posts")

# fmt: on

SECTIONS: dict[str, type] = {section_name(section): section for section in Section.__subclasses__()}
"""The sections of a scenario file, in their order."""


def all_parameters() -> Iterator[tuple[str, Parameter]]:
    """Give every key of a scenario with what is known about it."""
    for name, section in SECTIONS.items():
        for leaf, parameter in parameters_of(section).items():
            yield f"{name}.{leaf}", parameter


_CODES = {"attention.kernel": KERNELS, "brand.order": ORDERS}
_FLAT = {
    key: np.float64 if parameter.kind is float else np.int64
    for key, parameter in all_parameters()
    if not key.startswith("network.")
    and (parameter.kind in (int, float, bool) or key in _CODES)
    and key != "joining.share_probability"
}
NUMBERS = np.dtype(
    [(key.replace(".", "_"), kind) for key, kind in _FLAT.items()]
    + [("share_probability", np.float64)]
)
"""A scenario's numbers for the rules: words as codes, and the share probability solved from R0."""


def numbers(scenario: Any, share_probability: float) -> Numbers:
    """Flatten a scenario for the rules, as one record of `NUMBERS`."""
    flat = np.zeros(1, NUMBERS).view(np.recarray)
    for key in _FLAT:
        value = attrgetter(key)(scenario)
        flat[key.replace(".", "_")] = _CODES[key].index(value) if key in _CODES else value
    flat["share_probability"] = share_probability
    record: Numbers = flat[0]
    return record
