"""The methods paragraph of a paper: what was simulated, with every number from the scenario."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from importlib import metadata
from typing import Any

from buzzsim.errors import ScenarioError, counted, shown, whole_number
from buzzsim.model import rules, visibility
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import Scenario, value_of
from buzzsim.model.strategy import OWN, checked_strategies, label_of
from buzzsim.network.world import World
from buzzsim.study.analysis import N_RESAMPLES
from buzzsim.study.compare import Comparison
from buzzsim.study.markdown import listed
from buzzsim.study.run import ENGINES, scenario_of

CITATION = (
    "The buzzsim authors: buzzsim, how negative buzz about a brand spreads, "
    "and what its answer changes. Version {version}"
)
"""How to cite it; `CITATION.cff` says the same in a form for machines."""

GENERATED: dict[str, tuple[str, tuple[str, ...]]] = {
    "followers": (
        "follower network (Pareto followers, lognormal followees)",
        ("ties", "exponent", "largest", "correlation", "mutual"),
    ),
    "clustered_scale_free": ("clustered scale-free (Holme & Kim 2002)", ("ties", "clustering")),
    "scale_free": ("scale-free (Barabasi & Albert 1999)", ("ties",)),
    "small_world": ("small-world (Watts & Strogatz 1998)", ("ties", "rewiring")),
    "blocks": ("planted partition (Condon & Karp 2001)", ("ties", "blocks", "mixing")),
    "configuration": ("erased configuration model", ("degrees",)),
    "random": ("random (Gilbert 1959)", ("ties",)),
}
"""Kinds of generated networks: who described them, and the keys that they use."""

_TOLD = {  # keys that the paragraph tells for each strategy
    "censor": ("censor.explanation", "censor.repost_probability", "censor.protest_probability"),
    "public_reply": ("reply.empathy", "reply.explanation", "reply.solution"),
    "private_dialogue": ("private.accept_probability", "private.rounds", "private.round_time"),
}


def describe(
    scenario: Scenario | str | os.PathLike[str] | Comparison = "default",
    strategies: Iterable[str] | str | None = None,
    replicates: int | None = None,
    *,
    network: Any = None,
) -> str:
    """Describe a scenario as the methods paragraph of a paper.

    Parameters
    ----------
    scenario : Scenario, str, path or Comparison
        What was simulated, or its name or file. Its network is made or opened, and R0 solved on it,
        as for a run. A Comparison brings its network, strategies, baseline, replicates and seed.
    strategies : iterable of str, or str, optional
        Which strategies were compared; None: all four.
    replicates : int, optional
        Replicates of each strategy, 1 or more; None: a placeholder.
    network : networkx graph, path, (indptr, indices), Network or None
        The network that was handed over; None: the scenario's own.

    Returns
    -------
    str
        One paragraph in English: network, complaint, R0, attention, brand, time, every key that
        differs from its default, strategies, random numbers, outcomes, evidence, version, citation.

    Raises
    ------
    BuzzsimError
        When the scenario, a strategy or the number of replicates is not allowed, or the network
        cannot be read.

    Examples
    --------
    >>> import buzzsim as bz
    >>> text = bz.describe("restaurant", ["ignore", "public_reply"], replicates=4000)
    >>> "4,000 replicates of each strategy (ignore and public reply)" in text
    True
    """
    comparison = scenario if isinstance(scenario, Comparison) else None
    if comparison is None:
        names = checked_strategies(strategies)
        world = World.of(scenario_of(scenario), network)
    elif strategies is None and replicates is None and network is None:
        world, names, replicates = comparison.world, comparison.strategies, comparison.replicates
    else:
        raise ScenarioError(
            "arguments: strategies, replicates and network are those of the comparison; "
            "expected nothing beside it"
        )
    if replicates is not None:
        replicates = whole_number("arguments", "replicates", replicates, 1)
    parts = [
        _opening(world),
        _network(world),
        _complaint(world),
        _attention(world),
        _brand(world, names),
        _differences(world),
        _compared(names, replicates, comparison),
        _evidence(world),
    ]
    return " ".join(parts)


def idle_keys(world: World) -> list[str]:
    """Give the keys that differ from their defaults and change nothing in this world."""
    scenario, network = world.scenario, world.scenario.network
    used = {"directed"}
    if world.is_own:
        used |= {"kind", "file"}
    if _is_generated(world):
        used |= {"customers", "seed", *GENERATED[network.kind][1]}
    idle = {f"network.{leaf}" for leaf in vars(network) if leaf not in used}
    if scenario.joining.share_probability is not None:
        idle.add("joining.r0")
    if scenario.complaint.names:
        idle.add("complaint.choice")
    if scenario.attention.kernel == "constant":
        idle.add("attention.half_life")
    if not visibility.fades(world.p):
        idle |= {"reply.bump", "private.invite_bump"}
    return [key for key, value, default in _values(scenario) if key in idle and value != default]


def _opening(world: World) -> str:
    scenario = world.scenario
    title = f" ({scenario.title})" if scenario.title else ""
    return (
        f'We simulated the scenario "{scenario.name}"{title} with buzzsim '
        f"{metadata.version('buzzsim')}, an agent-based model of how complaints about a brand "
        "spread; its ODD protocol (Grimm et al. 2020) is docs/odd.md in its repository."
    )


def _network(world: World) -> str:
    section, network = world.scenario.network, world.network
    if _is_generated(world):
        words, keys = GENERATED[section.kind]
        numbers = [
            f"{key} = {getattr(section, key)}" for key in (*keys, "seed") if key != "degrees"
        ]
        made = f"a generated network, {words}, with {', '.join(numbers)}"
    else:
        traits = f", which gives their {', '.join(network.traits)}" if network.traits else ""
        is_file = "." in network.source
        what = "the network in {}" if is_file else "a network of our own ({})"
        made = what.format(network.source) + traits
    ties = counted(network.n_ties, f"{'directed' if network.directed else 'undirected'} tie")
    dropped = f" Left out of the ties: {network.dropped}." if network.dropped else ""
    return (
        f"The crowd has {network.n_customers:,} customers with {ties}, "
        f"{network.n_stored / network.n_customers:.1f} followers on average and at most "
        f"{int(network.followers.max()):,}: {made}. Ties have no weights; the network is the same "
        f"in every replicate.{dropped}"
    )


def _complaint(world: World) -> str:
    complaint, joining = world.scenario.complaint, world.scenario.joining
    chosen = "names given" if complaint.names else f"choice {complaint.choice}"
    share = float(world.p.share_probability)
    solved = f"is set to {share:g}"
    if joining.share_probability is None:
        solved = (
            f"is {share:.4g}, solved on this network for R0 = {joining.r0:g} new critics per "
            "typical critic, in a fresh crowd as the scenario's laws draw it, nobody answering"
        )
    return (
        f"Complaints at the start: {len(complaint.names) or complaint.complainants:,} ({chosen}), "
        f"{'on' if complaint.on_page else 'off'} the brand's own page, with anger "
        f"{complaint.anger:g} of 1 (trolls 1); the brand is "
        f"{'' if complaint.at_fault else 'not '}at fault. The share probability (the chance to "
        "join of a reader of mean susceptibility at a first critical post of anger 0.5; 1 or more "
        f"is certain) {solved}."
    )


def _attention(world: World) -> str:
    attention, tick = world.scenario.attention, world.scenario.time.tick
    half_life = f", half-life {counted(attention.half_life, 'hour')}"
    return (
        f"Attention is set to the {attention.kernel} kernel, view rate {attention.view_rate:g} per "
        f"hour{'' if attention.kernel == 'constant' else half_life}. A run covers "
        f"{counted(world.horizon_ticks * tick, 'hour')} in ticks of {counted(tick, 'hour')}."
    )


def _brand(world: World, names: list[str]) -> str:
    known, scenario, brand = dict(all_parameters()), world.scenario, world.scenario.brand
    acts = _TOLD if OWN.keys() & names else [name for name in names if name in _TOLD]
    told = [
        f"{key} {as_written(value_of(scenario, key), known[key].unit)}"
        for name in acts
        for key in _TOLD[name]
    ]
    if "public_reply" in acts:
        strength = float(rules.reply_strength(world.p))
        told.append(f"quality of a reply {strength:+.3g} on expectation")
    return (
        f"The brand sees a critical post with chance {brand.coverage:g} (coverage), after a "
        f"lognormal lag (median {counted(brand.response_median, 'hour', '.3g')}, sigma "
        f"{brand.response_sigma:g}); staff {brand.staff:g}, order {brand.order}"
        f"{''.join(f'; {each}' for each in told)}."
    )


def _differences(world: World) -> str:
    """List the keys that differ from their defaults, apart from those without effect."""
    idle = idle_keys(world)
    changed = [
        f"{key} = {as_written(value)} ({as_written(default)})"
        for key, value, default in _values(world.scenario)
        if value != default and key not in idle
    ]
    but = f" but these (defaults in brackets): {', '.join(changed)}" if changed else ""
    without = f" Without effect here: {', '.join(idle)}." if idle else ""
    return f"All parameters in use have their defaults{but}.{without}"


def _compared(names: list[str], replicates: int | None, comparison: Comparison | None) -> str:
    each = "[N] replicates" if replicates is None else counted(replicates, "replicate")
    seed = f"seed {comparison.entropy}" if comparison else "seed [S]"
    against = f", compared with {label_of(comparison.baseline)}" if comparison else ""
    own = "".join(_of_our_own(name) for name in names if name in OWN)
    return (
        f"We ran {each} of each strategy ({listed(map(label_of, names))}{against}) from {seed} "
        "with common random numbers: every draw is keyed by replicate, purpose and customer "
        "(SplitMix64, Steele, Lea & Flood 2014) and never by the strategy, so that strategies are "
        "compared replicate by replicate on the same complaint with the same luck. Intervals are "
        "95 % confidence intervals: exact for shares of replicates (Clopper & Pearson 1934), from "
        "the discordant pairs for paired differences of shares (Bonett & Price 2012), else from "
        f"the percentile bootstrap over replicates ({N_RESAMPLES:,} resamples).{own}"
    )


def _of_our_own(name: str) -> str:
    """Quote the first line of a strategy's docstring, unless a dataclass wrote it."""
    doc = (OWN[name].__doc__ or "").strip().partition("\n")[0].rstrip(".")
    is_written = doc and not doc.startswith(f"{getattr(OWN[name], '__name__', name)}(")
    what = f'"{doc}"' if is_written else "[say what it does]"
    return f' The strategy "{label_of(name)}" is of our own: {what}.'


def _evidence(world: World) -> str:
    grades = Counter(parameter.grade for _, parameter in all_parameters())
    firestorm = world.scenario.measures.firestorm_volume
    cited = CITATION.format(version=metadata.version("buzzsim"))
    return (
        "Main outcomes are volume (critical posts), reach (share of the crowd that noticed "
        f"criticism) and firestorms (volume {firestorm:,} or more) [name "
        f"yours]. Of the {grades.total()} defaults {grades['measured']} are measured, "
        f"{grades['derived']} derived from measurements or from the direction of an effect, "
        f"{grades['assumption']} assumptions and {grades['choice']} choices (docs/parameters.md); "
        "the default of joining.r0 was chosen for a share of firestorms near the 3.33 % of "
        "Herhausen et al. 2019. What the model was compared with, and what it misses, is in "
        f"docs/validation.md. The {ENGINES[0]} engine was used; the {ENGINES[1].title()} engine "
        f"gives the same trajectories. Cite: {cited}."
    )


def _is_generated(world: World) -> bool:
    return world.is_own and world.scenario.network.kind != "file"


def _values(scenario: Scenario) -> list[tuple[str, Any, Any]]:
    return [(key, value_of(scenario, key), known.default) for key, known in all_parameters()]


def as_written(value: Any, unit: str = "") -> str:
    """Write a value for people, with its unit: `1 hour`, `5,000`, `none`; a long one is cut."""
    if value is None:
        return "solved"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, tuple)):
        return shown(value if isinstance(value, str) else list(value)) if value else "none"
    number = f"{value:,}" if isinstance(value, int) else f"{value:.6g}"
    return f"{number} {unit.removesuffix('s') if value == 1 else unit}".strip()
