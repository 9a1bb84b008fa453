"""What was simulated, in the words of a paper: every number from the scenario and from its network.

The model itself is described by `protocol.py`.
"""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from buzzsim.errors import ScenarioError, counted, sentence, shown
from buzzsim.model import rules, visibility
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import OWN, checked_strategies, label_of
from buzzsim.network.world import World
from buzzsim.study.analysis import N_RESAMPLES
from buzzsim.study.run import ENGINES, scenario_of

CITATION = "The buzzsim authors: buzzsim, how negative buzz about a brand spreads, and what its answer changes. Version {version}"
"""How to cite it; `CITATION.cff` says the same in a form for machines."""

_KINDS = {  # of generated networks: who described them, and which keys make them
    "clustered_scale_free": (
        "clustered scale-free network (Holme & Kim 2002)",
        ("ties", "clustering"),
    ),
    "scale_free": ("scale-free network (Barabasi & Albert 1999)", ("ties",)),
    "small_world": ("small-world network (Watts & Strogatz 1998)", ("ties", "rewiring")),
    "blocks": (
        "network of equal communities (planted partition, Condon & Karp 2001)",
        ("ties", "blocks", "mixing"),
    ),
    "configuration": ("network of given degrees (erased configuration model)", ()),
    "random": ("random network (Gilbert 1959)", ("ties",)),
}
_CHOICES = {
    "random": "drawn at random in each replicate",
    "followers": "drawn in proportion to followers in each replicate",
    "most_followed": "the most followed",
}
_ORDERS = {
    "first_come": "cases taken in the order in which their lag runs out",
    "most_followed": "cases of the most followed authors taken first",
    "angriest": "cases of the angriest posts taken first",
}


def describe(
    scenario: Scenario | str | os.PathLike[str] | Any = "default",
    strategies: Iterable[str] | str | None = None,
    replicates: int | None = None,
    *,
    network: Any = None,
) -> str:
    """Describe a scenario as the methods paragraph of a paper.

    Parameters
    ----------
    scenario : Scenario, str, path or Comparison
        What was simulated, or its name or file; its network is made or opened, and R0 solved on it, as for a run. Of a
        Comparison everything is known: its network, strategies, baseline, replicates and seed.
    strategies : iterable of str, or str, optional
        Which strategies were compared; None: all four.
    replicates : int, optional
        Replicates of each strategy, 1 or more; None: their number is left out.
    network : networkx graph, path, (indptr, indices), Network or None
        The network that was handed over; None: the scenario's own.

    Returns
    -------
    str
        One paragraph in English: network, complaint, R0, attention, the brand and what it does, time, every key that differs
        from its default, strategies, luck, outcomes, what the parameters rest on, engine, version, and how to cite it.

    Raises
    ------
    BuzzsimError
        When the scenario, a strategy or the number of replicates is not allowed, or the network cannot be read.

    Examples
    --------
    >>> import buzzsim as bz
    >>> text = bz.describe("restaurant", strategies=["ignore", "public_reply"], replicates=4000)
    >>> "4,000 replicates of each of 2 strategies (ignore and public reply)" in text
    True
    >>> "200 replicates of each of 4 strategies" in bz.describe(bz.compare("restaurant", replicates=200, rng=1))
    True
    """
    done: Any = (
        scenario if hasattr(scenario, "statistics") else None
    )  # a Comparison, which stands no lower than this
    names = list(done.strategies) if done else checked_strategies(strategies)
    if done and not (strategies is None and replicates is None and network is None):
        raise ScenarioError(
            "arguments: strategies, replicates and network are those of the comparison; expected nothing beside it"
        )
    if replicates is not None and (
        isinstance(replicates, bool) or not isinstance(replicates, int) or replicates < 1
    ):
        raise ScenarioError(
            sentence("arguments", "replicates", replicates, "a whole number of 1 or more")
        )
    world = done.world if done else World.of(scenario_of(scenario), network)
    found = world.scenario
    parts = [
        _opening(found), _network(world), _complaint(world), _spread(world), _attention(world), _brand(world, names), _time(world),
        _differences(world), _compared(names, done.replicates if done else replicates, done), _evidence(found), _citation(),
    ]  # fmt: skip
    return " ".join(parts)


def _opening(scenario: Scenario) -> str:
    title = f" ({scenario.title})" if scenario.title else ""
    return (
        f'We simulated the scenario "{scenario.name}"{title} with buzzsim {metadata.version("buzzsim")}, an agent-based model of '
        f"how complaints about a brand spread; its ODD protocol (Grimm et al. 2020) is docs/odd.md in its repository."
    )


def _network(world: World) -> str:
    """Say what the network is, and how large it came out."""
    wanted, found = world.scenario.network, world.network
    if not _is_generated(world):
        traits = f", which gives their {', '.join(found.traits)}" if found.traits else ""
        made = (
            f"the network in {found.source}{traits}"
            if "." in found.source
            else f"a network of our own ({found.source}){traits}"
        )
    else:
        words, keys = _KINDS[wanted.kind]
        made = f"a generated {words} with " + ", ".join(
            f"{key} = {getattr(wanted, key)}" for key in (*keys, "seed")
        )
    ties = counted(found.n_ties, f"{'directed' if found.directed else 'undirected'} tie")
    followers = f"{found.n_stored / found.n_customers:.1f} followers on average"
    most = int(found.followers.max()) if found.n_customers else 0
    left = f" Left out of the ties: {found.dropped}." if found.dropped else ""
    return (
        f"The crowd has {found.n_customers:,} customers with {ties}, {followers} and at most {most:,}: {made}. Ties have no "
        f"weights; the network is the same in every replicate.{left}"
    )


def _complaint(world: World) -> str:
    """Say who complains, how and where."""
    scenario, complaint = world.scenario, world.scenario.complaint
    n = len(complaint.names) or complaint.complainants
    who = "named in the scenario" if complaint.names else _CHOICES[complaint.choice]
    several = f"{who} customers" if who == _CHOICES["most_followed"] else f"customers {who}"
    some = (
        f"There are {n:,} complaints, by {several}," if n > 1 else f"One customer, {who}, complains"
    )
    where = "on the brand's own page" if complaint.on_page else "elsewhere than on the brand's page"
    trolls = (
        " (1 where the author is a troll)"
        if scenario.crowd.troll_share > 0 or "troll" in world.network.traits
        else ""
    )
    fault = f"the brand is {'' if complaint.at_fault else 'not '}at fault"
    return f"{some} {where} with anger {complaint.anger:g} of 1{trolls}; {fault}."


def _spread(world: World) -> str:
    """Say what R0 is, and what it makes of the chance to join."""
    joining, share = world.scenario.joining, float(world.p.share_probability)
    certain = "; from 1 on, joining is certain for such a reader" if share >= 1.0 else ""
    meant = (
        "the chance to join of a reader of mean susceptibility, without a good attitude, who notices a first critical post, of "
        "anger 0.5"
    )
    if joining.share_probability is not None:
        return f"The share probability, {meant}, is set to {share:g}{certain}."
    won = joining.r0 > 0 and joining.page_probability > 0
    visited = (
        won and world.scenario.attention.page_visitors > 0 and world.network.n_customers < _FEW
    )
    few = (
        ", page visitors counted as strangers without end (among so few customers they are not, and R0 is less)"
        if visited
        else ""
    )
    lawful = (
        ", were the crowd as the scenario's laws say (what the network gives is left out)"
        if world.network.traits
        else ""
    )
    return (
        f"One typical critic wins R0 = {joining.r0:g} new critics on average in a fresh crowd, nobody answering or "
        f"defending{lawful}{few}; solved on this network, the share probability, {meant}, is {share:.4g}{certain}."
    )


def _attention(world: World) -> str:
    """Say how posts are noticed and forgotten."""
    attention = world.scenario.attention
    rate, half_life = f"{attention.view_rate:g} per hour", counted(attention.half_life, "hour")
    looks = f"{float(rules.notice_mass(world.p, 1.0, 1.0)):.3g}"
    said = {
        "exponential": f"a follower notices a fresh post at a rate of {rate}, which fades with a half-life of {half_life}",
        "power_law": f"a follower looks {looks} times on average at a post, at a rate that falls as a power law (Zhao et al. 2015: "
        f"flat for {visibility.SEISMIC_SHOULDER * 60:g} minutes, then with exponent {1 + visibility.SEISMIC_THETA:.3g})",
        "constant": f"a follower notices a post at a constant rate of {rate}",
        "immediate": f"a follower notices a post at once or never, with {looks} looks on average",
    }
    return f"Attention: {said[attention.kernel]} (kernel {attention.kernel})."


def _brand(world: World, names: list[str]) -> str:
    """Say what the brand sees and who works there, and what each strategy that was compared does, with its main numbers."""
    brand = world.scenario.brand
    if names == ["ignore"]:
        return "The brand does nothing."
    if brand.coverage == 0:
        return "The brand sees no post (coverage 0), so that no strategy does anything."
    does = {
        "ignore": "ignoring does nothing",
        "censor": _censoring(world),
        "public_reply": _replying(world),
        "private_dialogue": _talking(world),
    }
    acts = "; ".join(does[name] for name in names if name in does)
    staff = (
        "without a limit of staff"
        if math.isinf(brand.staff)
        else f"with a staff of {brand.staff:g} ({_ORDERS[brand.order]})"
    )
    return (
        f"The brand sees a critical post with probability {brand.coverage:g} and comes to it after a lognormal lag (median "
        f"{counted(brand.response_median, 'hour', '.3g')}, sigma {brand.response_sigma:g}), {staff}{': ' if acts else ''}{acts}."
    )


def _censoring(world: World) -> str:
    censor, felt = world.scenario.censor, 1.0 - world.scenario.censor.explanation
    again, protest = censor.repost_probability * felt, censor.protest_probability * felt
    if not rules.criticism_spreads(world.p) or again == protest == 0:
        return "censoring deletes what is on the page (nobody reposts or protests)"
    return (
        f"censoring deletes what is on the page (an author who is still a critic reposts with probability {again:.4g} times their "
        f"anger, a witness protests with {protest:.4g} times their susceptibility)"
    )


def _replying(world: World) -> str:
    reply, strength = world.scenario.reply, float(rules.reply_strength(world.p))
    beside = (
        "neither above nor below"
        if abs(strength) < 1e-9
        else f"{abs(strength):.3g} {'above' if strength > 0 else 'below'}"
    )
    back = (
        f", and brings the thread back into view (bump {reply.bump:g})"
        if reply.bump > 0 and visibility.fades(world.p)
        else ""
    )
    return (
        f"a public reply has empathy {reply.empathy:g}, explanation {reply.explanation:g} and solution {reply.solution:g}, "
        f"weighted {beside} what is expected{back}"
    )


def _talking(world: World) -> str:
    private, p = world.scenario.private, world.p
    hours = float(rules.ticks(p, private.round_time)) * world.scenario.time.tick
    apart = f", {counted(hours, 'hour')} apart" if private.rounds > 1 else ""
    return (
        f"a private dialogue is accepted with probability {private.accept_probability:g} by those who are neither vindictive nor "
        f"trolls, and has up to {counted(private.rounds, 'round')}{apart}"
    )


def _evidence(scenario: Scenario) -> str:
    """Say what is measured, and what the numbers rest on."""
    grades = Counter(parameter.grade for _, parameter in all_parameters())
    return (
        "Main outcomes are volume (critical posts), reach (share of the crowd that noticed criticism) and firestorms (volume "
        f"{scenario.measures.firestorm_volume:,} or more) [name yours]. Of the {grades.total()} defaults {grades['measured']} are "
        f"measured, {grades['derived']} derived from measurements or from the direction of an effect, "
        f"{grades['assumption']} assumptions and {grades['choice']} choices (docs/parameters.md); that of "
        "joining.r0 was chosen for a share of firestorms near the 3.33 % of Herhausen et al. 2019. "
        "What the model was held against, and what it misses, is in docs/validation.md."
    )


def _time(world: World) -> str:
    """Say how long a run is: whole ticks."""
    horizon, tick = world.scenario.time.horizon, world.scenario.time.tick
    covered = world.horizon_ticks * tick
    cut = (
        ""
        if math.isclose(covered, horizon)
        else f" (a horizon of {counted(horizon, 'hour')}, in whole ticks)"
    )
    return f"A run covers {counted(covered, 'hour')}{cut} in ticks of {counted(tick, 'hour')}."


def idle_keys(world: World) -> list[str]:
    """Give the keys that differ from their defaults and change nothing here: of other networks, or outweighed by another key."""
    scenario, generated = world.scenario, _is_generated(world)
    used = (
        {"kind", "customers", "seed", "file", "directed", *_KINDS[scenario.network.kind][1]}
        if generated
        else {"directed"}
    )
    if generated and scenario.network.kind == "configuration":
        used |= {"degrees"}
    if scenario.network.kind == "file" and world.is_own:
        used |= {"kind", "file"}
    idle = {f"network.{leaf}" for leaf in vars(scenario.network) if leaf not in used}
    if scenario.joining.share_probability is not None:
        idle |= {"joining.r0"}
    if scenario.complaint.names:
        idle |= {"complaint.choice"}
    if scenario.attention.kernel == "constant":
        idle |= {"attention.half_life"}
    if not visibility.fades(world.p):
        idle |= {"reply.bump", "private.invite_bump"}
    return [
        key
        for key, parameter in all_parameters()
        if key in idle and _of(scenario, key) != parameter.default
    ]


def _is_generated(world: World) -> bool:
    return world.is_own and world.scenario.network.kind != "file"


def _of(scenario: Scenario, key: str) -> Any:
    section, _, leaf = key.partition(".")
    return getattr(getattr(scenario, section), leaf)


def _differences(world: World) -> str:
    """List the keys that differ from their defaults, apart from those without effect."""
    scenario, idle = world.scenario, idle_keys(world)
    changed = []
    for key, parameter in all_parameters():
        value = _of(scenario, key)
        if value != parameter.default and key not in idle:
            changed.append(f"{key} = {_value(value)} ({_value(parameter.default)})")
    without = f" Without effect here: {', '.join(idle)}." if idle else ""
    if not changed:
        return f"All {'other ' * bool(idle)}parameters have their defaults.{without}"
    return f"All parameters have their defaults but these (defaults in brackets): {', '.join(changed)}.{without}"


_FEW = 1000  # customers among whom visitors of a page are often followers, or doubles
_OF_MEANS = (
    "Intervals are of 95 %: of how often something happened (firestorms) exact (Clopper & Pearson 1934), of other means from the "
    f"percentile bootstrap over replicates ({N_RESAMPLES:,} resamples)"
)
_OF_DIFFERENCES = "; of paired differences from the same bootstrap, but of how often from the pairs that differ (Bonett & Price 2012)"


def _compared(names: list[str], replicates: int | None, done: Any) -> str:
    """Say what was run, and whose luck it was; `done` is the comparison, where there is one."""
    labels = [label_of(name) for name in names]
    each = "[N] replicates" if replicates is None else counted(replicates, "replicate")
    seed = f" from seed {done.entropy}" if done else " from seed [S]"
    keyed = "keyed by replicate, purpose and customer (SplitMix64, Steele, Lea & Flood 2014)"
    own = "".join(_of_our_own(name) for name in names if name in OWN)
    if len(labels) == 1:
        return f"We ran {each} of one strategy ({labels[0]}){seed}. Every draw is {keyed}. {_OF_MEANS}.{own}"
    against = f", compared with {label_of(done.baseline)}" if done else ""
    return (
        f"We ran {each} of each of {len(labels)} strategies ({', '.join(labels[:-1])} and {labels[-1]}{against}){seed} with common "
        f"random numbers: every draw is {keyed} and never by the strategy, so that strategies are compared on the same complaint "
        f"with the same luck, replicate by replicate. {_OF_MEANS}{_OF_DIFFERENCES}.{own}"
    )


def _of_our_own(name: str) -> str:
    """Say what a strategy of one's own does: the first line of its docstring, unless a dataclass wrote that itself."""
    doc = (OWN[name].__doc__ or "").strip().partition("\n")[0].rstrip(".")
    said = "" if doc.startswith(f"{getattr(OWN[name], '__name__', name)}(") else doc
    return f' The strategy "{label_of(name)}" is of our own: ' + (
        f'"{said}".' if said else "[say what it does]."
    )


def _citation() -> str:
    version = metadata.version("buzzsim")
    return (
        f"The {ENGINES[0]} engine was used; the {ENGINES[1].title()} engine gives the same trajectories. "
        f"Cite: {CITATION.format(version=version)}."
    )


def _value(value: Any) -> str:
    """Write a value as a scenario file has it; what is long, cut."""
    if value is None:
        return "solved"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, tuple)):
        return shown(value if isinstance(value, str) else list(value)) if value else "none"
    return (
        f"{value:,}" if isinstance(value, int) else "inf" if math.isinf(value) else f"{value:.6g}"
    )
