"""Pictures of comparisons: one colour for each strategy everywhere, Axes in and Axes out."""

from __future__ import annotations

import io
import os
import textwrap
import warnings
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from buzzsim.errors import ScenarioError, sentence
from buzzsim.files import write_whole
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import label_of
from buzzsim.pictures.runs import LOOK, slide, style
from buzzsim.pictures.words import number, say

_PAIRS = 400  # lines of pairs that are drawn; more would fill an area
COLOURS = {
    "ignore": "#555555",
    "censor": "#D55E00",
    "public_reply": "#0072B2",
    "private_dialogue": "#009E73",
}
"""Colour of each strategy, apart for the colour-blind (Okabe & Ito 2008)."""

_OTHERS = ("#CC79A7", "#E69F00", "#56B4E9", "#882255", "#44AA99", "#999933")

Volumes = Mapping[str, NDArray[np.float64]]
"""Critical posts of each replicate, by strategy."""


def colours_of(strategies: Iterable[str]) -> dict[str, str]:
    """Give each strategy its colour; one's own take the rest of the palette, in their order."""
    names = list(strategies)
    own = [name for name in names if name not in COLOURS]
    return {name: COLOURS.get(name) or _OTHERS[own.index(name) % len(_OTHERS)] for name in names}


def comparison(
    volumes: Volumes,
    hours: Mapping[str, Sequence[NDArray[np.float64]]],
    baseline: str,
    statistics: Mapping[str, Any],
    scenario: Scenario,
    about: str = "",
    axes: Any = None,
) -> Any:
    """Draw how big complaints get, when, and what each strategy changed; see `Comparison.plot`.

    `hours` holds the mean number of further critical posts in each hour, and the ends of its 95 %
    confidence interval. `about`, the network and the seed, stands under the panels.
    """
    import matplotlib.pyplot as plt

    if axes is not None and np.size(axes) != 3:
        raise ScenarioError(sentence("arguments", "axes", axes, "three Axes"))
    n_complaints = len(scenario.complaint.names) or scenario.complaint.complainants
    with style({**LOOK, "font.size": 12, "axes.titlesize": 13}):
        if axes is None:
            about_each = {"title": scenario.title or scenario.name, "n": _replicates(volumes)}
            if n_complaints == 1:
                title = say("{title}: {n} complaints under each strategy", **about_each)
            else:
                title = say("{title}: {n} runs under each strategy", **about_each)
            layout: Any = {"layout": "constrained", "width_ratios": [1.15, 1, 1]}
            figure, axes = plt.subplots(1, 3, figsize=(15, 5.4), **layout)
            plain: Any = {"x": 0.01, "ha": "left", "parse_math": False}  # a title may hold dollars
            figure.suptitle(title, fontsize=15, **plain)
            figure.supxlabel(textwrap.fill(about, 190), fontsize=10, color="0.35", **plain)
        _distributions(volumes, scenario.measures.firestorm_volume, axes[0])
        _course(hours, n_complaints, axes[1])
        _differences(baseline, statistics, axes[2])
    return axes


def _distributions(volumes: Volumes, firestorm: int, ax: Any) -> None:
    """Draw the share of replicates in classes of volume, in powers of ten: so the few big show."""
    colours, edges = colours_of(volumes), _classes(volumes, firestorm)
    places, line = np.arange(edges.size), int(np.searchsorted(edges, firestorm))
    for k, (strategy, values) in enumerate(volumes.items()):
        share = _shares(values, edges)
        storms = number((values >= firestorm).mean(), ".1%")
        said = {"strategy": say(label_of(strategy)), "share": storms, "least": firestorm}
        label = say("{strategy}: {share} reach {least} posts", **said)
        look = {"color": colours[strategy], "label": label, "baseline": None}
        width = len(volumes) + 1 - k  # so that equal shares all show
        ax.stairs(np.where(share > 0, share, np.nan), places, linewidth=width, **look)
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{number(100 * value)} %"))
    ax.set_xticks(places[:-1], [number(edge) for edge in edges[:-1]], fontsize=10)
    ax.minorticks_off()
    ax.axvline(line, ymax=0.7, color="0.6", linestyle=":", linewidth=1.5)
    place: Any = {"transform": ax.get_xaxis_transform(), "va": "top", "fontsize": 10}
    ax.text(line, 0.7, f" {say('firestorms')}", color="0.35", **place)
    ax.set_xlabel(say("critical posts in all (each class from its number on)"))
    ax.set(ylabel=say("share of complaints"), title=say("How big does it get?"))
    one = 1.0 / _replicates(volumes)
    ax.set_yticks([10.0**-k for k in range(10) if 10.0**-k >= 0.7 * one])
    ax.set_ylim(0.7 * one, 1.3 * (1.0 / one) ** 0.35)  # from one replicate to all, and a legend
    ax.legend(frameon=False, loc="upper right", fontsize=10)


def _course(hours: Mapping[str, Sequence[NDArray[np.float64]]], n_complaints: int, ax: Any) -> None:
    """Draw the mean number of further critical posts by hour, with its 95 % confidence interval."""
    ends, tops, colours = [], [], colours_of(hours)
    for strategy, (mean, low, high) in hours.items():
        middle, colour = np.arange(mean.size) + 0.5, colours[strategy]
        ax.fill_between(middle, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(middle, mean, color=colour, linewidth=2.2, label=say(label_of(strategy)))
        busy = np.flatnonzero(mean > 0.02 * mean.max())
        ends.append(busy[-1] + 1 if busy.size else 1)
        tops.append(high.max())
    ax.set_xlim(0, max(4, *ends))
    ax.set_ylim(0, max(1.05 * max(tops), 0.05))
    one, several = say("hours since the complaint"), say("hours since the complaints")
    ax.set(xlabel=one if n_complaints == 1 else several, title=say("When?"))
    ax.set_ylabel(say("further critical posts per hour\n(mean and its 95 % interval)"))


def _differences(baseline: str, statistics: Mapping[str, Any], ax: Any) -> None:
    """Draw the mean paired difference of each strategy to the baseline, with its 95 % interval."""
    colours = colours_of(statistics)
    others = [strategy for strategy in statistics if strategy != baseline]
    ax.axvline(0, color="0.3", linewidth=1)
    notes, ends = [], [0.0]
    for row, strategy in enumerate(others):
        paired, colour = statistics[strategy]["paired"], colours[strategy]
        ends.append(paired["difference"])
        if paired["ci95"][0] is not None:  # one pair has no interval
            ends += paired["ci95"]
            bar: Any = {"linewidth": 5, "solid_capstyle": "round"}
            ax.plot(paired["ci95"], [row, row], color=colour, **bar)
        dot: Any = {"color": "white", "markersize": 9, "markeredgewidth": 2.5}
        ax.plot(paired["difference"], row, "o", markeredgecolor=colour, **dot)
        fewer, more = number(paired["p_better"], ".0%"), number(paired["p_worse"], ".0%")
        said = {"strategy": say(label_of(strategy)), "fewer": fewer, "more": more}
        notes.append(say("{strategy}\nfewer posts: {fewer}\nmore posts: {more}", **said))
    ax.set_ylim(max(1, len(others)) - 0.5, -0.5)
    ax.set_yticks(range(len(others)), notes, fontsize=10)
    for tick, strategy in zip(ax.get_yticklabels(), others, strict=True):
        tick.set_color(colours[strategy])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    margin = 0.15 * (max(ends) - min(ends)) or 1.0
    ax.set_xlim(min(ends) - margin, max(ends) + margin)
    ax.locator_params(axis="x", nbins=5)
    against = "critical posts, against {baseline!r}\n(same luck; mean and its 95 % interval)"
    ax.set_xlabel(say(against, baseline=say(label_of(baseline))))
    ax.set_title(say("What does it change?"))


def humps(volumes: Volumes, firestorm: int, ax: Any = None) -> Any:
    """Draw a row for each strategy: how many complaints die small, how many become firestorms.

    A bar is as high as the root of its share, so that a few in a hundred show beside the many; the
    share is written above.
    """
    colours, edges = colours_of(volumes), _classes(volumes, firestorm)
    places, line = np.arange(edges.size - 1), int(np.searchsorted(edges, firestorm))
    rows = list(volumes)[::-1]
    with slide(ax) as ax:
        for row, strategy in enumerate(rows):
            share = _shares(volumes[strategy], edges)
            heights = 0.72 * np.sqrt(share)
            fills = [(colours[strategy], 0.5 if place < line else 1.0) for place in places]
            ax.bar(places, heights, 0.8, bottom=row, color=fills)
            ax.axhline(row, color="0.3", linewidth=1)
            for place in np.flatnonzero(share):
                text = number(share[place], ".0%" if share[place] >= 0.01 else ".1%")
                ax.text(place, row + heights[place] + 0.02, text, ha="center")
        ax.axvline(line - 0.5, color="0.5", linestyle=":", linewidth=2)
        ax.text(line - 0.4, len(rows) + 0.02, say("firestorms"), color="0.35", va="top")
        ax.set_yticks(np.arange(len(rows)) + 0.3, [say(label_of(name)) for name in rows])
        ax.set_xticks(places, _spans(edges))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set_ylim(0, len(rows) + 0.05)
        ax.set_xlabel(say("critical posts in all (a bar's height is the root of its share)"))
        ax.set_title(say("How big do {n} complaints get?", n=_replicates(volumes)))
    return ax


def pairs(volumes: Volumes, strategy: str, against: str, ax: Any = None) -> Any:
    """Draw each replicate as a line between its volumes under two strategies."""
    every = volumes[against].size
    before, after = volumes[against][:_PAIRS], volumes[strategy][:_PAIRS]
    kinds = (
        (say("more posts"), np.greater, "#D55E00"),
        (say("as many"), np.equal, "0.6"),
        (say("fewer posts"), np.less, "#0072B2"),
    )
    shares = [float(how(volumes[strategy], volumes[against]).mean()) for _, how, _ in kinds]
    ranks = np.argsort(np.argsort(before, kind="stable"), kind="stable")
    nudge = np.linspace(-0.03, 0.03, before.size)[ranks]  # so that equal volumes all show
    start, end = np.stack([nudge, before], axis=1), np.stack([1 + nudge, after], axis=1)
    alpha = float(np.clip(60 / max(1, before.size), 0.15, 0.8))
    with slide(ax) as ax:
        for k in sorted(range(3), key=lambda k: -shares[k]):  # the rarer on top
            label, how, colour = kinds[k]
            ends: Any = np.stack([start, end], axis=1)[how(after, before)]
            label = say("{label}: {share}", label=label, share=number(shares[k], ".0%"))
            look: Any = {"alpha": alpha, "linewidths": 1.5, "label": label}
            ax.add_collection(LineCollection(ends, colors=colour, **look))
            dots: Any = {"s": 18, "alpha": min(1.0, 2 * alpha), "linewidths": 0}
            ax.scatter(*ends.reshape(-1, 2).T, color=colour, **dots)
        means = [volumes[against].mean(), volumes[strategy].mean()]
        first, second = (number(mean, ".1f") for mean in means)
        label = say("mean: {before} to {after}", before=first, after=second)
        ax.plot([0, 1], means, "o-", color="black", linewidth=4, markersize=12, label=label)
        ax.set_yscale("log")
        whole = FuncFormatter(lambda value, _: number(round(value)) if value > 0.9 else "")
        ax.yaxis.set_major_formatter(whole)
        ax.set_xticks([0, 1], [say(label_of(against)), say(label_of(strategy))])
        ax.set(xlim=(-0.15, 1.15), ylabel=say("critical posts in all"))
        title = say("{n} complaints, each with the same luck twice", n=every)
        ax.set_title(title + (say(" (the first {n} drawn)", n=_PAIRS) if every > _PAIRS else ""))
        legend = ax.legend(frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
        for handle in legend.legend_handles:
            handle.set_alpha(1)
    return ax


def save(axes: Any, path: str | os.PathLike[str]) -> None:
    """Write the figure of some Axes to a PNG, SVG or PDF file, all of it or nothing.

    Raises
    ------
    OutputError
        When the file cannot be written.
    """
    kind = Path(path).suffix.lstrip(".").lower() or "png"
    undated: Any = {"png": {"Software": None}, "svg": {"Date": None}}.get(kind)
    buffer = io.BytesIO()
    with warnings.catch_warnings():  # an emoji in a title is drawn as a box
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        np.ravel(axes)[0].figure.savefig(buffer, format=kind, dpi=150, metadata=undated)
    write_whole(path, buffer.getvalue())


def _replicates(volumes: Volumes) -> int:
    return next(iter(volumes.values())).size


def _shares(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Give the share of values in each class; the last class has no upper end."""
    return np.histogram(values, np.append(edges[:-1], np.inf))[0] / values.size


def _spans(edges: NDArray[np.float64]) -> list[str]:
    """Write the classes between some edges: `1`, `2`, `3 to 5`, and so on."""
    spans = [(int(low), int(high) - 1) for low, high in pairwise(edges)]
    texts = [number(a) if a == b else say("{low}\nto {high}", low=a, high=b) for a, b in spans]
    low, high = spans[-1]
    return texts if low < high else [*texts[:-1], say("{low}\nor more", low=low)]


def _classes(volumes: Volumes, firestorm: int) -> NDArray[np.float64]:
    """Give the lower edges of classes of volume, and the end of the last.

    Each class is about three times as wide as the one before; one begins at the firestorm.
    """
    top = max(float(values.max()) for values in volumes.values())
    below = {1, 2} | {round(firestorm / 3**k) for k in range(1, 30) if firestorm / 3**k >= 3}
    above = {firestorm * 3**k for k in range(30) if k == 0 or firestorm * 3**k <= top}
    edges = sorted({edge for edge in below if edge < firestorm} | above)
    return np.array([*edges, max(top + 1, edges[-1] + 1)])
