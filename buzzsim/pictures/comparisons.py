"""Pictures: one colour for each strategy everywhere, Axes in and Axes out."""

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
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter
from numpy.typing import NDArray

from buzzsim.errors import ScenarioError, sentence
from buzzsim.files import write_whole
from buzzsim.model.scenario import Scenario
from buzzsim.model.strategy import label_of
from buzzsim.pictures.runs import slide, style
from buzzsim.pictures.words import number, say

_PAIRS = 400  # that are drawn; more would be an area
COLOURS = {
    "ignore": "#555555",
    "censor": "#D55E00",
    "public_reply": "#0072B2",
    "private_dialogue": "#009E73",
}
"""Colour of each strategy, apart for the colour-blind (Okabe & Ito 2008)."""

_OTHERS = ("#CC79A7", "#E69F00", "#56B4E9", "#882255", "#44AA99", "#999933")

_TEXT: Any = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
}


def colours_of(strategies: Iterable[str]) -> dict[str, str]:
    """Give each strategy its colour; those of one's own share the rest of the palette, in the order of the comparison."""
    names = list(strategies)
    own = [name for name in names if name not in COLOURS]
    return {name: COLOURS.get(name) or _OTHERS[own.index(name) % len(_OTHERS)] for name in names}


def comparison(
    volumes: Mapping[str, NDArray[np.float64]],
    hours: Mapping[str, Sequence[NDArray[np.float64]]],
    baseline: str,
    statistics: Mapping[str, Any],
    scenario: Scenario,
    about: str = "",
    axes: Any = None,
) -> Any:
    """Draw a comparison: how big complaints get, when, and what each strategy changed for the same complaint.

    Parameters
    ----------
    volumes : mapping of str to array of shape (replicates,)
        Critical posts of each replicate, by strategy.
    hours : mapping of str to three arrays of shape (hours,)
        Mean number of further critical posts in each hour, and the ends of its 95 % confidence interval.
    baseline : str
        The strategy that the others are compared with.
    statistics : mapping
        What `analysis` says of the volume, by strategy.
    scenario : Scenario
        What was compared.
    about : str
        What stands under the title: the network, the seed.
    axes : sequence of three Axes, optional
        Where to draw.

    Returns
    -------
    array of three Axes
    """
    if axes is not None and np.size(axes) != 3:
        raise ScenarioError(sentence("arguments", "axes", axes, "three Axes"))
    complaint = scenario.complaint
    n_complaints = len(complaint.names) or complaint.complainants
    with style(_TEXT):
        if axes is None:
            title, n = scenario.title or scenario.name, next(iter(volumes.values())).size
            head = (
                "{title}: {n} complaints under each strategy"
                if n_complaints == 1
                else "{title}: {n} runs under each strategy"
            )
            axes = _new_axes(say(head, title=title, n=n), about)
        distributions(volumes, scenario.measures.firestorm_volume, axes[0])
        course(hours, n_complaints, axes[1])
        differences(volumes, baseline, statistics, axes[2])
    return axes


def distributions(volumes: Mapping[str, NDArray[np.float64]], firestorm: int, ax: Any) -> Any:
    """Draw how big complaints get: share of replicates in classes of volume, each about three times the one before.

    The classes are cut at the firestorm, so that all to the right of the line are firestorms; shares are drawn in powers of
    ten so that the few big ones show.
    """
    colours = colours_of(volumes)
    edges = _classes(firestorm, max(float(values.max()) for values in volumes.values()))
    places = np.arange(edges.size)
    for k, (strategy, values) in enumerate(volumes.items()):
        share = np.histogram(values, np.append(edges[:-1], np.inf))[0] / values.size
        width = 2.0 + 1.0 * (len(volumes) - 1 - k)  # so that equal shares do not hide each other
        storms = number((values >= firestorm).mean(), ".1%")
        label = say(
            "{strategy}: {share} reach {least} posts",
            strategy=say(label_of(strategy)),
            share=storms,
            least=firestorm,
        )
        ax.stairs(
            np.where(share > 0, share, np.nan),
            places,
            baseline=None,
            color=colours[strategy],
            linewidth=width,
            label=label,
        )
    ax.set_yscale("log")
    ax.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{number(100 * value)} %"))
    ax.set_xticks(places[:-1], [number(edge) for edge in edges[:-1]], fontsize=10)
    ax.minorticks_off()
    line = int(np.searchsorted(edges, firestorm))
    ax.axvline(line, ymax=0.7, color="0.6", linestyle=":", linewidth=1.5)
    ax.text(
        line,
        0.7,
        f" {say('firestorms')}",
        transform=ax.get_xaxis_transform(),
        va="top",
        color="0.35",
        fontsize=10,
    )
    ax.set(
        xlabel=say("critical posts in all (each class from its number on)"),
        ylabel=say("share of complaints"),
        title=say("How big does it get?"),
    )
    one = 1.0 / next(iter(volumes.values())).size
    ax.set_yticks([10.0**-k for k in range(10) if 10.0**-k >= 0.7 * one])
    ax.set_ylim(
        0.7 * one, 1.3 * (1.0 / one) ** 0.35
    )  # from a single replicate to all, with room for the legend
    ax.legend(frameon=False, loc="upper right", fontsize=10)
    return ax


def course(hours: Mapping[str, Sequence[NDArray[np.float64]]], n_complaints: int, ax: Any) -> Any:
    """Draw the mean number of further critical posts by hour, with the 95 % confidence interval of that mean."""
    ends, tops, colours = [], [], colours_of(hours)
    for strategy, (mean, low, high) in hours.items():
        middle = np.arange(mean.size) + 0.5
        ax.fill_between(middle, low, high, color=colours[strategy], alpha=0.2, linewidth=0)
        ax.plot(middle, mean, color=colours[strategy], linewidth=2.2, label=say(label_of(strategy)))
        busy = np.flatnonzero(mean > 0.02 * mean.max())
        ends.append(busy[-1] + 1 if busy.size else 1)
        tops.append(high.max())
    ax.set_xlim(0, max(4, *ends))
    ax.set_ylim(0, max(1.05 * max(tops), 0.05))
    since = (
        say("hours since the complaint") if n_complaints == 1 else say("hours since the complaints")
    )
    ax.set(
        xlabel=since,
        ylabel=say("further critical posts per hour\n(mean and its 95 % interval)"),
        title=say("When?"),
    )
    return ax


def differences(
    volumes: Mapping[str, NDArray[np.float64]],
    baseline: str,
    statistics: Mapping[str, Any],
    ax: Any,
) -> Any:
    """Draw what each strategy changed against the baseline: mean paired difference with its 95 % interval."""
    colours = colours_of(volumes)
    others = [strategy for strategy in volumes if strategy != baseline]
    ax.axvline(0, color="0.3", linewidth=1)
    notes = []
    for row, strategy in enumerate(others):
        paired = statistics[strategy]["paired"]
        if paired["ci95"][0] is not None:  # one pair has no interval
            ax.plot(
                paired["ci95"],
                [row, row],
                color=colours[strategy],
                linewidth=5,
                solid_capstyle="round",
            )
        ax.plot(
            paired["difference"],
            row,
            "o",
            color="white",
            markeredgecolor=colours[strategy],
            markersize=9,
            markeredgewidth=2.5,
        )
        fewer, more = number(paired["p_better"], ".0%"), number(paired["p_worse"], ".0%")
        note = "{strategy}\nfewer posts: {fewer}\nmore posts: {more}"
        notes.append(say(note, strategy=say(label_of(strategy)), fewer=fewer, more=more))
    ax.set_ylim(max(1, len(others)) - 0.5, -0.5)
    ax.set_yticks(range(len(others)), notes, fontsize=10)
    for tick, strategy in zip(ax.get_yticklabels(), others, strict=True):
        tick.set_color(colours[strategy])
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    told = [statistics[strategy]["paired"] for strategy in others]
    span = [
        value
        for paired in told
        for value in (paired["difference"], *paired["ci95"])
        if value is not None
    ] + [0.0]
    margin = 0.15 * (max(span) - min(span)) or 1.0
    ax.set_xlim(min(span) - margin, max(span) + margin)
    ax.locator_params(axis="x", nbins=5)
    against = "critical posts, against {baseline!r}\n(same luck; mean and its 95 % interval)"
    ax.set(xlabel=say(against, baseline=say(label_of(baseline))))
    ax.set_title(say("What does it change?"))
    return ax


def humps(volumes: Mapping[str, NDArray[np.float64]], firestorm: int, ax: Any = None) -> Any:
    """Draw both humps of a distribution, a row for each strategy: how many complaints die small, how many become firestorms.

    Bars are as high as the root of the share, so that a few in a hundred show beside the many; the share is written above.
    """
    colours = colours_of(volumes)
    edges = _classes(firestorm, max(float(values.max()) for values in volumes.values()))
    places, line = np.arange(edges.size - 1), int(np.searchsorted(edges, firestorm))
    with slide(ax) as ax:
        for row, (strategy, values) in enumerate(reversed(list(volumes.items()))):
            share = np.histogram(values, np.append(edges[:-1], np.inf))[0] / values.size
            heights = 0.72 * np.sqrt(share)
            ax.bar(
                places,
                heights,
                0.8,
                bottom=row,
                color=[(colours[strategy], 0.5 if place < line else 1.0) for place in places],
            )
            ax.axhline(row, color="0.3", linewidth=1)
            for place in np.flatnonzero(share):
                text = number(share[place], ".0%" if share[place] >= 0.01 else ".1%")
                ax.text(place, row + heights[place] + 0.02, text, ha="center")
        ax.axvline(line - 0.5, color="0.5", linestyle=":", linewidth=2)
        ax.text(line - 0.4, len(volumes) + 0.02, say("firestorms"), color="0.35", va="top")
        ax.set_yticks(
            np.arange(len(volumes)) + 0.3,
            [say(label_of(strategy)) for strategy in reversed(list(volumes))],
        )
        ax.set_xticks(places, _spans(edges))
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set(
            xlabel=say("critical posts in all (a bar's height is the root of its share)"),
            ylim=(0, len(volumes) + 0.05),
        )
        ax.set_title(say("How big do {n} complaints get?", n=next(iter(volumes.values())).size))
    return ax


def pairs(
    volumes: Mapping[str, NDArray[np.float64]], strategy: str, against: str, ax: Any = None
) -> Any:
    """Draw each replicate as a line from its volume under one strategy to that under another, with the same luck."""
    from matplotlib.collections import LineCollection

    every = volumes[against].size
    before, after = volumes[against][:_PAIRS], volumes[strategy][:_PAIRS]
    kinds = {
        say("more posts"): (np.greater, "#D55E00"),
        say("as many"): (np.equal, "0.6"),
        say("fewer posts"): (np.less, "#0072B2"),
    }
    shares = {
        label: float(how(volumes[strategy], volumes[against]).mean())
        for label, (how, _) in kinds.items()
    }
    nudge = np.linspace(-0.03, 0.03, before.size)[
        np.argsort(np.argsort(before, kind="stable"), kind="stable")
    ]  # so that equal ones show
    with slide(ax) as ax:
        for label in sorted(kinds, key=lambda label: -shares[label]):  # the rarer on top
            how, colour = kinds[label]
            ends: Any = np.stack(
                [np.stack([nudge, before], 1), np.stack([1 + nudge, after], 1)], 1
            )[how(after, before)]
            alpha = float(np.clip(60 / max(1, before.size), 0.15, 0.8))
            said = say("{label}: {share}", label=label, share=number(shares[label], ".0%"))
            ax.add_collection(
                LineCollection(ends, colors=colour, alpha=alpha, linewidths=1.5, label=said)
            )
            ax.scatter(
                *ends.reshape(-1, 2).T, color=colour, s=18, alpha=min(1.0, 2 * alpha), linewidths=0
            )
        means = [volumes[against].mean(), volumes[strategy].mean()]
        label = say(
            "mean: {before} to {after}",
            before=number(means[0], ".1f"),
            after=number(means[1], ".1f"),
        )
        ax.plot([0, 1], means, "o-", color="black", linewidth=4, markersize=12, label=label)
        ax.set_yscale("log")
        ax.yaxis.set_major_formatter(
            FuncFormatter(lambda value, _: number(round(value)) if value > 0.9 else "")
        )
        ax.set_xticks([0, 1], [say(label_of(against)), say(label_of(strategy))])
        ax.set(
            xlim=(-0.15, 1.15),
            ylabel=say("critical posts in all"),
            title=say("{n} complaints, each with the same luck twice", n=every)
            + (say(" (the first {n} drawn)", n=_PAIRS) if every > _PAIRS else ""),
        )
        for handle in ax.legend(
            frameon=False, loc="center left", bbox_to_anchor=(1, 0.5)
        ).legend_handles:
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
    buffer = io.BytesIO()
    metadata = {"Software": None} if kind == "png" else {"Date": None} if kind == "svg" else None
    with warnings.catch_warnings():
        warnings.filterwarnings(
            "ignore", "Glyph .* missing from font"
        )  # an emoji in a title is drawn as a box
        np.ravel(axes)[0].figure.savefig(buffer, format=kind, dpi=150, metadata=metadata)
    write_whole(path, buffer.getvalue())


def _new_axes(title: str, about: str) -> Any:
    """Make a figure of three panels; pyplot takes it over only in a notebook or a session that already uses it."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(
        1, 3, figsize=(15, 5.4), layout="constrained", width_ratios=[1.15, 1, 1]
    )
    assert isinstance(figure, Figure)
    figure.suptitle(
        title, fontsize=15, x=0.01, ha="left", parse_math=False
    )  # a title may hold dollars
    figure.supxlabel(
        textwrap.fill(about, 190), fontsize=10, x=0.01, ha="left", color="0.35", parse_math=False
    )
    return axes


def _spans(edges: NDArray[np.float64]) -> list[str]:
    """Write the classes between some edges: `1`, `2`, `3 to 5`, ...; the last ends with the largest that there is."""
    spans = [(int(low), int(high) - 1) for low, high in pairwise(edges)]
    said = [number(a) if a == b else say("{low}\nto {high}", low=a, high=b) for a, b in spans]
    return (
        said
        if spans[-1][0] < spans[-1][1]
        else [*said[:-1], say("{low}\nor more", low=spans[-1][0])]
    )


def _classes(firestorm: int, top: float) -> NDArray[np.float64]:
    """Give the lower edges of classes of volume in ratios of about three, and the end of the last; one begins at the firestorm."""
    below = {1, 2} | {round(firestorm / 3**k) for k in range(1, 30) if firestorm / 3**k >= 3}
    above = {firestorm * 3**k for k in range(30) if k == 0 or firestorm * 3**k <= top}
    edges = sorted({edge for edge in below if edge < firestorm} | above)
    return np.array([*edges, max(top + 1, edges[-1] + 1)])
