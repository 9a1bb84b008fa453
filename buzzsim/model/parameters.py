"""Every number a scenario may set: its unit, range, default, grade of evidence and source, in one place.

The sections below are what stands between brackets in a scenario file. The rules see the same numbers
flat, under section and name: `reply.empathy` is `p.reply_empathy` in `rules.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from buzzsim.errors import ScenarioError, sentence, unknown

if TYPE_CHECKING:

    class Numbers:
        """A scenario's numbers as the rules see them (see `NUMBERS`): each attribute is a number."""

        def __getattr__(self, name: str) -> float: ...

else:
    Numbers = np.record

Grade = Literal["measured", "derived", "assumption", "choice"]
INF = math.inf
DEGREES = "whole numbers of 0 or more"

KERNELS = ("exponential", "power_law", "constant", "immediate")
ORDERS = ("first_come", "most_followed", "angriest")
CHOICES = ("random", "followers", "most_followed")
NETWORKS = (
    "clustered_scale_free",
    "scale_free",
    "small_world",
    "blocks",
    "configuration",
    "random",
    "file",
)

PRESETS: dict[str, dict[str, float]] = {
    "deny": {"empathy": 0.1, "explanation": 0.4, "solution": 0.0},
    "diminish": {"empathy": 0.3, "explanation": 0.7, "solution": 0.1},
    "rebuild": {"empathy": 0.9, "explanation": 0.7, "solution": 0.9},
    "bolster": {"empathy": 0.5, "explanation": 0.3, "solution": 0.2},
    "caring": {"empathy": 0.9, "explanation": 0.4, "solution": 0.4},
    "explanatory": {"empathy": 0.4, "explanation": 0.9, "solution": 0.4},
    "solving": {"empathy": 0.4, "explanation": 0.4, "solution": 0.9},
}
"""Ready replies: four in the words of crisis communication (Coombs 2007), three in the column's; assumptions all."""


@dataclass(frozen=True)
class Parameter:
    """What is known about one key of a scenario."""

    default: Any
    kind: type
    low: float
    high: float
    unit: str
    grade: Grade
    source: str
    meaning: str
    choices: tuple[str, ...] = ()
    optional: bool = False
    infinite: bool = False

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
            found = self._read(value)
        except (TypeError, ValueError, OverflowError):
            raise ScenarioError(sentence(place, key, value, self.allowed)) from None
        if self.choices and found not in self.choices:
            raise ScenarioError(unknown(f"{place}: {key}", "value", found, self.choices))
        return found

    def _read(self, value: Any) -> Any:
        if self.kind is list:
            if isinstance(value, (str, bytes, Mapping, Set)):
                raise TypeError
            return tuple(
                _DEGREE._read(item) if self.unit == DEGREES else _name(item) for item in value
            )
        if self.kind is str:
            return checked_text(value)
        if self.kind is bool:
            if not isinstance(value, (bool, np.bool_)):
                raise TypeError
            return bool(value)
        return self._number(value)

    def _number(self, value: Any) -> float | int:
        if isinstance(
            value, (bool, np.bool_, str, complex, np.complexfloating, np.ndarray)
        ) or not hasattr(value, "__float__"):
            raise TypeError
        number = int(value) if self.kind is int else float(value)
        if not (self.low <= number <= self.high) or (math.isinf(number) and not self.infinite):
            raise ValueError
        if self.kind is int and number != value:
            raise ValueError
        return number


def checked_text(value: Any) -> str:
    """Give text back if a file can hold it; half a surrogate pair, from a broken file name say, no file can."""
    if not isinstance(value, str):
        raise TypeError
    value.encode()
    return str(value)


def _name(item: Any) -> Any:
    """Give the name of a customer as a file can hold it: text, a number, or several of these (as grids have)."""
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


_DEGREE = Parameter(0, int, 0, 2**31 - 2, "", "choice", "", "one of `network.degrees`")


def _real(
    default: float, low: float, high: float, unit: str, grade: Grade, source: str, meaning: str
) -> Any:
    return _field(Parameter(default, float, low, high, unit, grade, source, meaning))


def _whole(
    default: int, low: int, high: float, unit: str, grade: Grade, source: str, meaning: str
) -> Any:
    return _field(Parameter(default, int, low, high, unit, grade, source, meaning))


def _word(default: str, choices: tuple[str, ...], meaning: str) -> Any:
    return _field(Parameter(default, str, 0, 0, "", "choice", "", meaning, choices))


def _claim(default: bool, meaning: str) -> Any:
    return _field(Parameter(default, bool, 0, 1, "", "choice", "", meaning))


def _several(unit: str, meaning: str) -> Any:
    return _field(Parameter((), list, 0, 0, unit, "choice", "", meaning))


def _field(parameter: Parameter) -> Any:
    return field(default=parameter.default, metadata={"parameter": parameter})


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
    file: str = _word("", (), "an edge list, GraphML or GEXF file, for kind `file`; taken from the scenario file's folder")
    directed: bool = _claim(False, "whether an edge u v of the file means only that v sees u's posts")
    customers: int = _whole(5000, 1, 2**31 - 2, "customers", "choice", "", "size of the generated crowd")
    ties: int = _whole(5, 1, 10**6, "ties", "choice", "", "ties that each newcomer makes; half the mean degree")
    clustering: float = _real(0.5, 0, 1, "", "assumption", "Holme & Kim 2002", "chance that a tie closes a triangle")
    rewiring: float = _real(0.1, 0, 1, "", "assumption", "Watts & Strogatz 1998", "share of rewired ties (small_world)")
    blocks: int = _whole(4, 1, 10**6, "blocks", "choice", "", "number of communities (blocks)")
    mixing: float = _real(0.1, 0, 1, "", "assumption", "", "share of ties that leave their community (blocks)")
    degrees: tuple[int, ...] = _several(DEGREES, "the degree of each customer (configuration)")
    seed: int = _whole(1, 0, 2**63 - 1, "", "choice", "", "which network of its kind; not part of a run's luck")


@dataclass(frozen=True)
class Complaint(Section):
    """The first post and its author."""

    complainants: int = _whole(1, 1, 2**31 - 2, "customers", "choice", "", "how many complain at the start")
    choice: str = _word("random", CHOICES, "who complains: anybody, in proportion to followers, or the most followed")
    names: tuple[Any, ...] = _several("names, text or numbers", "who complains, by name in the network; empty: see `choice`")
    at_fault: bool = _claim(False, "whether the brand erred")
    anger: float = _real(0.8, 0, 1, "", "assumption", "", "anger of a complainant at the start")
    on_page: bool = _claim(True, "whether the complaint stands on the brand's own page, where it can be deleted")


@dataclass(frozen=True)
class Attention(Section):
    """When, and by how many, a post is noticed."""

    kernel: str = _word("exponential", KERNELS, "how a post's visibility fades")
    view_rate: float = _real(0.5, 0, 1e6, "per hour", "assumption", "range 0.05 to 2", "rate at which a follower notices a fresh post")
    half_life: float = _real(1.0, 1e-3, 1e6, "hours", "measured", "Graffius 2018, bit.ly 2011; range 0.35 to 24", "time in which a post's visibility halves; for `power_law` and `immediate` it only scales how many look, for `constant` it does nothing")
    dilution: float = _real(0.0, 0, 2, "", "derived", "Feng et al. 2015; Hodas & Lerman 2014", "how much following many people thins the attention for each; 0 none, 1 fully")
    page_visitors: int = _whole(5, 0, 10**6, "customers", "assumption", "", "people who may come by each post on the brand's page, whoever they follow")
    withdrawal_rate: float = _real(0.0, 0, 1e6, "per hour", "assumption", "", "rate at which authors take their posts back by themselves")


@dataclass(frozen=True)
class Joining(Section):
    """Who joins the criticism on noticing it."""

    r0: float = _real(1.0, 0, 1e6, "critics", "derived", "chosen for Herhausen et al. 2019 (3.33 % viral)", "mean number of new critics that one typical critic makes in a fresh crowd, nobody answering or defending; at 0 nobody posts again or protests either")
    share_probability: float | None = field(default=None, metadata={"parameter": Parameter(None, float, 0, 1e6, "", "choice", "", "chance to join at a first critical post of anger 0.5, for a reader of mean susceptibility without a good attitude; cut at 1; normally left out and solved from r0", (), True)})
    arousal: float = _real(1.5, 0, 10, "", "derived", "Berger & Milkman 2012; Brady et al. 2017; range 0 to 3", "how much an angrier post wins more people")
    reinforcement: float = _real(0.5, -1, 10, "", "assumption", "Bao et al. 2013, Romero et al. 2011, Johnen et al. 2018 (sign contested); range -0.5 to 2", "social proof: change in the chance to join per further critic seen")
    cap: int = _whole(2, 1, 64, "critics", "measured", "Bao et al. 2013", "number of critics seen beyond which more make no difference")
    loyalty: float = _real(0.5, 0, 1, "", "assumption", "", "how far a good attitude shields from joining")
    page_probability: float = _real(0.5, 0, 1, "", "assumption", "", "chance that a critic's post stands on the brand's page rather than elsewhere")


@dataclass(frozen=True)
class Crowd(Section):
    """What the customers are like."""

    susceptibility_shape: float = field(default=2.0, metadata={"parameter": Parameter(2.0, float, 0.05, INF, "", "assumption", "", "shape of the gamma law (mean 1) of susceptibility; inf: all equal", infinite=True)})
    vindictive_share: float = _real(0.2, 0, 1, "", "assumption", "Weitzl 2019 (sign); range 0 to 0.8", "of customers who are neither trolls nor advocates, the share who, as authors, want revenge and cannot be reached")
    attitude: float = _real(0.0, -1, 1, "", "choice", "", "middle of the law of attitudes towards the brand at the start, which is cut at -1 and 1")
    attitude_spread: float = _real(0.0, 0, 1, "", "assumption", "", "half width of the uniform law of attitudes at the start")
    troll_share: float = _real(0.0, 0, 1, "", "assumption", "range 0 to 0.02", "share of customers whose anger is always 1")
    advocate_share: float = _real(0.0, 0, 1, "", "assumption", "range 0 to 0.1", "of customers who are no trolls, the share who defend the brand instead of joining")
    defence_probability: float = _real(0.3, 0, 1, "", "assumption", "", "chance that an advocate defends the brand on a notice")
    defence_strength: float = _real(0.3, -1, 1, "", "assumption", "Weitzl et al. 2018 (sign)", "strength of a defence, as of a reply; negative where it does not fit")


@dataclass(frozen=True)
class Anger(Section):
    """How anger comes and goes."""

    gain: float = _real(0.1, 0, 1, "", "assumption", "range 0 to 0.5", "how much of a post's anger passes to its reader")
    half_life: float = _real(12.0, 0.01, 1e6, "hours", "assumption", "range 2 to 72", "time in which anger halves")
    repeat_rate: float = _real(0.1, 0, 100, "per hour", "assumption", "range 0 to 0.5", "rate at which a critic of anger 1 posts again")


@dataclass(frozen=True)
class Attitude(Section):
    """How noticing posts moves the attitude towards the brand."""

    step: float = _real(0.02, 0, 0.5, "", "assumption", "range 0 to 0.1", "move towards good news on one notice")
    negativity: float = _real(2.0, 0, 10, "", "derived", "airline tweets 2015, ratio 2.0", "how many times more bad news moves")


@dataclass(frozen=True)
class Brand(Section):
    """How much the brand sees, how fast, and with how many people."""

    coverage: float = _real(0.53, 0, 1, "", "measured", "Einwiller & Steilen 2015", "chance that a critical post is handled at all")
    response_median: float = _real(46 / 60, 0, 1e6, "hours", "measured", "Einwiller & Steilen 2015", "median lag until the brand gets to a post")
    response_sigma: float = _real(2.19, 0, 10, "", "derived", "Einwiller & Steilen 2015: sqrt(2 ln(504/46))", "spread of the lognormal lag")
    staff: float = field(default=INF, metadata={"parameter": Parameter(INF, float, 1, INF, "people", "assumption", "", "people on duty", infinite=True)})
    order: str = _word("first_come", ORDERS, "which waiting case is taken first")
    reply_time: float = _real(0.25, 0, 1000, "hours", "assumption", "", "work on a public reply or an invitation")
    round_work: float = _real(0.5, 0, 1000, "hours", "assumption", "", "work on one private round")
    removal_time: float = _real(0.05, 0, 1000, "hours", "assumption", "", "work on a removal")
    patience: float = _real(1.0, 0, 1e6, "hours", "measured", "Lithium 2013 (72 % want an answer in an hour)", "time after which an author has waited in vain")
    resentment: float = _real(0.0, 0, 1, "", "derived", "Lithium 2013; range 0 to 0.3", "anger gained by having waited in vain")


@dataclass(frozen=True)
class Reply(Section):
    """What the brand says, in public or in private, and how it is heard."""

    preset: str = _word("", ("", *PRESETS), "a ready reply; sets empathy, explanation and solution")
    empathy: float = _real(0.7, 0, 1, "", "assumption", "", "how caring the reply is")
    explanation: float = _real(0.7, 0, 1, "", "assumption", "", "how much it explains")
    solution: float = _real(0.7, 0, 1, "", "assumption", "", "how far it solves the problem")
    empathy_weight: float = _real(1.0, -10, 10, "", "assumption", "", "what empathy counts for; the three weights are scaled to one")
    explanation_weight: float = _real(1.0, -10, 10, "", "assumption", "", "what explanation counts for")
    solution_weight: float = _real(1.0, -10, 10, "", "assumption", "Herhausen et al. 2019 (may be negative)", "what the solution counts for")
    fault_empathy_weight: float = _real(1.0, -10, 10, "", "assumption", "", "the same where the brand erred")
    fault_explanation_weight: float = _real(1.0, -10, 10, "", "assumption", "", "the same where the brand erred")
    fault_solution_weight: float = _real(1.0, -10, 10, "", "assumption", "", "the same where the brand erred")
    expectation: float = _real(0.4, 0, 1, "", "assumption", "", "quality that people expect of a reply")
    fault_penalty: float = _real(0.2, 0, 1, "", "assumption", "Coombs 2007 (sign)", "how much more they expect of a brand that erred")
    potency: float = _real(2.0, 0, 20, "", "assumption", "range 0 to 4", "how much a reply weighs; 0: it is not heard")
    bump: float = _real(0.5, 0, 1, "", "derived", "Golmohammadi et al. 2021 (sign)", "how far a reply makes the thread young again")
    brand_reach: float = _real(0.0, 0, 1, "", "assumption", "range 0 to 0.2", "share of the crowd that follows the brand and may come to see the thread")
    audience_effect: float = _real(0.5, 0, 5, "", "assumption", "the column's claim C5", "how much readers who joined in spoil a public reply for the author")
    solved_anger: float = _real(0.1, 0, 1, "", "assumption", "", "share of the author's anger left when the case is solved")
    prior_failures: int = _whole(0, 0, 1000, "failures", "choice", "", "earlier failures the public remembers")
    boomerang: float = _real(0.5, 0, 5, "", "derived", "Hutzinger & Weitzl 2023 (sign)", "how much a reply works backwards after two or more earlier failures")


@dataclass(frozen=True)
class Censor(Section):
    """What removing a post sets off."""

    reactance: float = _real(0.3, 0, 1, "", "assumption", "Jhaver et al. 2019 (29 % frustrated); range 0 to 0.8", "anger the author gains")
    repost_probability: float = _real(0.3, 0, 1, "", "assumption", "", "chance that an author of anger 1 posts the removed post again elsewhere")
    streisand_multiplier: float = _real(1.5, 0, 100, "", "assumption", "range 1 to 4", "how much more a post marked as censored is seen")
    protest_probability: float = _real(0.01, 0, 1, "", "assumption", "range 0 to 0.3", "chance that a witness of mean susceptibility protests")
    explanation: float = _real(0.0, 0, 1, "", "derived", "Liao et al. 2024; Jhaver et al. 2019 (sign)", "how well the removal is explained; scales all of it down")


@dataclass(frozen=True)
class Private(Section):
    """How a private dialogue goes."""

    accept_probability: float = _real(0.6, 0, 1, "", "assumption", "range 0.1 to 0.9", "chance that a constructive author accepts")
    rounds: int = _whole(3, 1, 100, "rounds", "assumption", "", "rounds before the brand gives up")
    round_time: float = _real(2.0, 0, 1e6, "hours", "assumption", "", "time from one round to the next")
    withdraw_probability: float = _real(0.2, 0, 1, "", "assumption", "", "chance that a satisfied author takes the post back")
    resolved_damping: float = _real(0.5, 0, 1, "", "assumption", "", "how much less a post marked as solved wins people")
    thanks_probability: float = _real(0.1, 0, 1, "", "assumption", "", "chance that an author whose case is solved, in public too, thanks the brand")
    thanks_effect: float = _real(0.1, 0, 10, "", "derived", "de Matos et al. 2007 (n.s.)", "weight of such thanks among good news")
    disappointment: float = _real(0.2, 0, 1, "", "assumption", "", "anger gained when the dialogue fails")
    failed_repost_probability: float = _real(0.3, 0, 1, "", "assumption", "", "chance of a new post when the dialogue fails")
    invite_bump: float = _real(0.0, 0, 1, "", "assumption", "", "how far the visible invitation makes the thread young again")
    invite_signal: float = _real(0.0, -1, 1, "", "derived", "Liao et al. 2025 (sign); range -0.3 to 0.1", "what readers of an invitation think of the brand for it")


@dataclass(frozen=True)
class Time(Section):
    """How long a run lasts and in what steps."""

    horizon: float = _real(72.0, 0.01, 1e5, "hours", "choice", "", "time that is simulated, in whole ticks: rounded up")
    tick: float = _real(0.25, 1e-4, 24, "hours", "choice", "", "the time step; hours, by which peaks and half-lives are counted, should be whole numbers of it")


@dataclass(frozen=True)
class Measures(Section):
    """Where a measure needs a threshold."""

    firestorm_volume: int = _whole(50, 1, 10**9, "posts", "choice", "", "number of posts from which a run counts as a firestorm")

# fmt: on

SECTIONS: dict[str, type] = {
    section_name(section): section
    for section in (
        NetworkSection,
        Complaint,
        Attention,
        Joining,
        Crowd,
        Anger,
        Attitude,
        Brand,
        Reply,
        Censor,
        Private,
        Time,
        Measures,
    )
}


def all_parameters() -> Iterator[tuple[str, Parameter]]:
    """Give every key of a scenario with what is known about it.

    Examples
    --------
    >>> dict(all_parameters())["reply.empathy"].allowed
    '0 to 1'
    """
    for name, section in SECTIONS.items():
        for leaf, parameter in parameters_of(section).items():
            yield f"{name}.{leaf}", parameter


_CODES = {"attention.kernel": KERNELS, "brand.order": ORDERS}
_FLAT = [
    (name, leaf)
    for name in SECTIONS
    for leaf, parameter in parameters_of(SECTIONS[name]).items()
    if name != "network" and (parameter.kind in (int, float, bool) or f"{name}.{leaf}" in _CODES)
]

NUMBERS = np.dtype(
    [
        (
            f"{name}_{leaf}",
            np.float64 if parameters_of(SECTIONS[name])[leaf].kind is float else np.int64,
        )
        for name, leaf in _FLAT
        if leaf != "share_probability"
    ]
    + [("share_probability", np.float64)]
)
"""A scenario's numbers as the rules see them: section_name, words as codes, and the share probability solved from R0."""


def numbers(scenario: Any, share_probability: float) -> Any:
    """Flatten a scenario for the rules, as one record of `NUMBERS`."""
    flat = np.zeros(1, NUMBERS).view(np.recarray)
    for name, leaf in _FLAT:
        value = getattr(getattr(scenario, name), leaf)
        if leaf != "share_probability":
            codes = _CODES.get(f"{name}.{leaf}")
            flat[f"{name}_{leaf}"] = codes.index(value) if codes else value
    flat["share_probability"] = share_probability
    return flat[0]
