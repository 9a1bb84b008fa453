"""Pictures of one run, as slides: the network, its hours as a film, and the cascade as a tree."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patheffects import withStroke
from numpy.typing import NDArray

from buzzsim.errors import ResultError, sentence
from buzzsim.model import rules
from buzzsim.model.strategy import label_of
from buzzsim.network import Network
from buzzsim.pictures.layout import places_of
from buzzsim.pictures.words import number, say

SIZE = (12, 7)
"""Inches: a slide, with letters that the last row can read."""

LOOK: Any = {"axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False}
"""Settings of matplotlib for every picture."""
_LETTERS, _TITLE = 14.0, 18.0  # points, on a slide
_NAMED = 80  # customers up to whom names are written beside the dots
_DRAWN = 2000  # customers up to whom a crowd can be drawn at all
_CRITICS_NAMED = 25  # critics of a tree up to whom each has a name and a row of their own
_FRAMES = 10  # pictures of a film: two to four seconds to make
_SIGNS = {
    "fa-minus": "&minus;", "fa-fast-backward": "&#171;", "fa-step-backward": "&#8249;",
    "fa-play fa-flip-horizontal": "&#9664;", "fa-pause": "&#10073;&#10073;", "fa-play": "&#9654;",
    "fa-step-forward": "&#8250;", "fa-fast-forward": "&#187;", "fa-plus": "+",
}  # fmt: skip

# The name of a customer's stage, and its look: marker, size, edge and its width. Anger fills it.
_LOOKS = {
    "unaware": ("has noticed nothing", "o", 0.5, "0.55", 0.6),
    "aware": ("has noticed it", "o", 1.0, "0.35", 0.8),
    "critic": ("critic", "o", 2.6, "black", 2.0),
    "silent": ("critic, now silent", "s", 2.0, "#0072B2", 2.0),
    "reconciled": ("reconciled", "D", 2.0, "#009E73", 2.4),
}
_FIRST = "#D55E00"  # of the ring around who complained first
_PALEST = 0.22  # of the colours of anger: it differs from white


@dataclass(frozen=True)
class Film:
    """Pictures of some hours, as a piece of a web page with buttons; a notebook shows it."""

    html: str = field(repr=False)
    hours: list[float]

    def _repr_html_(self) -> str:
        return self.html


def network_at(result: Any, hour: float | None = None, ax: Any = None) -> Any:
    """Draw the crowd of a run at an hour; see `Result.plot_network`."""
    network, horizon = _scene_of(result).network, result.scenario.time.horizon
    is_number = isinstance(hour, (int, float, np.number)) and not isinstance(hour, bool)
    if hour is None:
        hour, record = horizon, result.record
    elif is_number and 0 <= hour <= horizon:
        record = result.scene.until(float(hour))
    else:
        allowed = f"0 to {horizon:g}, the hours of the run"
        raise ResultError(sentence("plot_network", "hour", hour, allowed))
    places = layout(network)
    with slide(ax) as ax:
        _draw_crowd(network, record, hour, ax, places)
    return ax


def film_of(result: Any) -> Film:
    """Draw the hours of a run as a film; see `Result.animate`."""
    scene, customers = _scene_of(result), result.record["customers"]
    last = float(max(customers["noticed"].max(), customers["joined"].max()))
    hours = frames(result.scenario.time.horizon, last * result.scenario.time.tick)
    places = layout(scene.network)
    figure = Figure(figsize=SIZE, dpi=80)  # a constrained layout would take as long as the drawing
    FigureCanvasAgg(figure)

    def draw(hour: float) -> list[Any]:
        figure.clear()
        with slide(figure.add_axes((0.02, 0.14, 0.96, 0.78))) as ax:
            _draw_crowd(scene.network, scene.until(hour), hour, ax, places)
        return []

    look: Any = {"interval": 600, "init_func": list, "cache_frame_data": False}
    pictures = FuncAnimation(figure, draw, frames=hours, **look)
    return Film(_with_our_buttons(pictures.to_jshtml(default_mode="once")), hours)


def tree_of(result: Any, ax: Any = None) -> Any:
    """Draw the cascade of a run: each critic at the hour of joining, tied to who recruited them."""
    critics = list(result.cascade().itertuples())
    children: dict[Any, list[Any]] = {}
    for row in critics:
        children.setdefault(row.parent if row.generation else None, []).append(row)
    few, rows = len(critics) <= _CRITICS_NAMED, {row.critic: row for row in critics}
    height = _heights(children, own_rows=few)
    hours = [row.hour for row in critics]
    generations = [row.generation for row in critics]
    last, most = max(hours), max(generations)
    with slide(ax) as ax:
        for row in critics:
            if row.generation:
                start, (low, high) = rows[row.parent].hour, (height[row.parent], height[row.critic])
                line: Any = {"color": "0.6", "linewidth": 1.4, "zorder": 1, "clip_on": False}
                ax.plot([start, start, row.hour], [low, high, high], **line)
        look: Any = {"s": 130 if few else 40, "edgecolors": "black", "zorder": 2, "clip_on": False}
        colours: Any = {"c": generations, "cmap": "viridis_r", "vmin": 0, "vmax": max(1, most)}
        dots = ax.scatter(hours, [height[row.critic] for row in critics], **colours, **look)
        if few:
            beside: Any = {"xytext": (9, 0), "textcoords": "offset points", "va": "center"}
            for row in critics:
                ax.annotate(str(row.critic), (row.hour, height[row.critic]), **beside)
        if most:
            steps = range(0, most + 1, 1 + most // 8)
            bar = ax.figure.colorbar(dots, ax=ax, ticks=steps, shrink=0.7)
            bar.set_label(say("steps from the complaint"))
        root = (lambda hour: np.sqrt(np.maximum(hour, 0)), np.square)  # most join early
        ax.set_xscale("function", functions=root)
        end = max(1.0, last)
        ticks = [hour for hour in (0, 0.5, 1, 2, 4, 8, 12, 24, 36, 48, 72) if hour <= end]
        ax.set_xticks([*ticks, *([float(round(last))] if last > 1.2 * ticks[-1] else [])])
        ax.xaxis.set_major_formatter(lambda hour, _: number(hour))
        ax.set(yticks=[], xlabel=say("hours since the complaint (later ones drawn closer)"))
        said = {"critics": _critics(len(critics)), "strategy": say(label_of(result.strategy))}
        ax.set_title(say("Who recruited whom: {critics}, {strategy}", **said))
        ax.set_xlim(-0.002 * end, (1.3 if few else 1.05) * end)
        ax.margins(y=0.06)
        ax.spines["left"].set_visible(False)
    return ax


@contextmanager
def style(settings: Any) -> Iterator[None]:
    """Draw with some settings of matplotlib and leave the others alone.

    The first picture of a notebook loads its backend, which switches `interactive` on.
    `rc_context` alone would switch that off again, and no later picture would show.
    """
    with mpl.rc_context(settings):
        yield
        is_interactive = mpl.is_interactive()
    mpl.interactive(is_interactive)


@contextmanager
def slide(ax: Any = None) -> Iterator[Any]:
    """Draw on the given Axes, with letters that fit their width, or on those of a new slide."""
    import matplotlib.pyplot as plt

    share = 1.0 if ax is None else ax.get_position().width * ax.figure.get_figwidth() / SIZE[0]
    size = min(1.0, max(0.5, 1.25 * share))
    with style({**LOOK, "font.size": size * _LETTERS, "axes.titlesize": size * _TITLE}):
        yield plt.subplots(figsize=SIZE, layout="constrained")[1] if ax is None else ax


def layout(network: Network) -> NDArray[np.float64]:
    """Place customers so that those who are tied are near: from 0 to 1 in both directions.

    Examples
    --------
    >>> from buzzsim.network import generate
    >>> places = layout(generate("small_world", customers=30, ties=2))
    >>> places.shape, float(places.min()), float(places.max())
    ((30, 2), 0.0, 1.0)
    """
    n = network.n_customers
    if n > _DRAWN:
        allowed = f"at most {_DRAWN:,}, as in a smaller crowd (network.customers)"
        raise ResultError(sentence("pictures", "the number of customers", n, allowed))
    tails, heads = np.repeat(np.arange(n), network.followers), network.indices.astype(np.int64)
    return places_of(n, tails, heads, named=n <= _NAMED)


def frames(horizon: float, last: float) -> list[float]:
    """Choose the hours of a film: half of them in the first quarter, where most happens."""
    end = min(horizon, max(1.0, np.ceil(last)))
    hours = {float(np.round(4 * end * (k / _FRAMES) ** 2 + 0.5) / 4) for k in range(1, _FRAMES)}
    return sorted({hour for hour in hours if hour < end} | {float(end)})


def _draw_crowd(
    crowd: Network, record: Any, hour: float, ax: Any, places: NDArray[np.float64]
) -> None:
    """Draw anger as colour, stage as shape, ties in grey, names where there is room for them."""
    n, customers = crowd.n_customers, record["customers"]
    few = n <= _NAMED
    stage, anger = np.zeros(n, int), np.zeros(n)
    stage[customers["customer"]] = customers["stage"]
    anger[customers["customer"]] = customers["anger"]
    tails, heads = np.repeat(np.arange(n), crowd.followers), crowd.indices
    once = (tails < heads) | crowd.directed
    lines: Any = np.stack([places[tails[once]], places[heads[once]]], axis=1)
    grey, width = ("0.65", 1.0) if few else ("0.82", 0.4)
    ax.add_collection(LineCollection(lines, colors=grey, linewidths=width, zorder=1))
    size = 110.0 if few else 22_000.0 / max(n, 250)
    for order, (name, (_, marker, times, edge, width)) in enumerate(_LOOKS.items(), start=2):
        who = np.flatnonzero(stage == rules.STAGES.index(name))
        fill: Any = {"c": anger[who], **_scale_of_anger()}
        look: Any = {"marker": marker, "edgecolors": edge, "linewidths": width, "zorder": order}
        look |= {"c": "white"} if name == "unaware" else fill
        ax.scatter(*places[who].T, s=size * times, **look)
    first = record["posts"]["author"][record["posts"]["parent"] < 0][:1]
    ring: Any = {"facecolors": "none", "edgecolors": _FIRST, "linewidths": 3, "zorder": 9}
    ax.scatter(*places[first].T, s=size * 9, **ring)
    for k in range(n if few else 0):
        below = 9 + 4 * (stage[k] > 1) + 6 * (k in first)  # clear of the dot, and of the ring
        look = {"color": "black" if stage[k] > 0 else "0.45", "ha": "center", "va": "top"}
        look["fontweight"] = "bold" if stage[k] > 1 else "normal"
        look["path_effects"] = [withStroke(linewidth=3, foreground="white")]
        place: Any = {"xytext": (0, -below), "textcoords": "offset points", "zorder": 10}
        ax.annotate(str(crowd.names[k]), places[k], **place, **look)
    _frame(ax, _after(hour, customers), stage)


def _frame(ax: Any, title: str, stage: NDArray[Any]) -> None:
    ax.set(xlim=(-0.04, 1.04), ylim=(-0.08, 1.06), xticks=[], yticks=[])
    ax.set_title(title, parse_math=False)
    for side in ax.spines.values():
        side.set_visible(False)
    handles = []
    for name, (words, marker, _, edge, width) in _LOOKS.items():
        count = int((stage == rules.STAGES.index(name)).sum())
        label = say("{label}: {share}", label=say(words), share=count)
        fill = "white" if name == "unaware" else "#FEB24C"
        look: Any = {"markerfacecolor": fill, "markeredgecolor": edge, "markeredgewidth": width}
        handles.append(Line2D([], [], ls="", marker=marker, markersize=11, label=label, **look))
    look = {"markerfacecolor": "none", "markeredgecolor": _FIRST, "markeredgewidth": 3}
    label = say("complained first")
    handles.append(Line2D([], [], ls="", marker="o", markersize=17, label=label, **look))
    below: Any = {"loc": "upper center", "bbox_to_anchor": (0.5, 0.0), "ncols": 3}
    ax.legend(handles=handles, frameon=False, columnspacing=1.5, **below)
    ticks, scale = [0, 0.1, 0.25, 0.5, 1], ScalarMappable(**_scale_of_anger())
    bar = ax.figure.colorbar(scale, ax=ax, shrink=0.6, pad=0.01, aspect=25, ticks=ticks)
    bar.set_ticklabels([number(anger) for anger in ticks])
    bar.set_label(say("anger"))


def _scale_of_anger() -> Any:
    """Give the colours of anger, on its root, so that a little of it shows."""
    colours = ListedColormap(mpl.colormaps["YlOrRd"](np.linspace(_PALEST, 1.0, 256)))
    return {"cmap": colours, "norm": PowerNorm(0.5, 0, 1)}


def _after(hour: float, customers: Any) -> str:
    """Say the hour, and how many have joined or know by then."""
    n = int((customers["joined"] >= 0).sum())
    others = customers["customer"].size - n
    known = {0: "nobody else knows", 1: "{n} other knows"}.get(others, "{n} others know")
    said = {"critics": _critics(n), "others": say(known, n=others)}
    return say("After {hours} h: {critics}, {others}", hours=hour, **said)


def _critics(n: int) -> str:
    return say("{n} critic", n=n) if n == 1 else say("{n} critics", n=n)


def _with_our_buttons(page: str) -> str:
    """Write signs on the buttons of a film, not icons from the internet, and translate labels."""
    page = re.sub(r"<link[^>]*font-awesome[^>]*>", "", page)
    for icon, sign in _SIGNS.items():
        page = page.replace(f'<i class="fa {icon}"></i>', sign)
    label = r'(title="|aria-label="|>)([A-Z][A-Za-z ]*)("|</label>)'
    return re.sub(label, lambda match: f"{match[1]}{say(match[2])}{match[3]}", page)


def _heights(children: dict[Any, list[Any]], own_rows: bool) -> dict[Any, float]:
    """Give each critic a row above those they recruited, or else a height in their middle."""
    critics, waiting = [], children[None][::-1]
    while waiting:  # no recursion: a chain of critics may be a thousand long
        critics.append(waiting.pop().critic)
        waiting += children.get(critics[-1], [])[::-1]
    with_row = [critic for critic in critics if own_rows or critic not in children]
    height = {critic: -float(row) for row, critic in enumerate(with_row)}
    for critic in reversed(critics):
        if critic not in height:
            height[critic] = float(np.mean([height[each.critic] for each in children[critic]]))
    return height


def _scene_of(result: Any) -> Any:
    """Give what a run was played on, which a file does not hold."""
    if result.scene is None:
        raise ResultError(
            "plot_network: a run that was saved has lost its network; run it again with buzzsim.run"
        )
    return result.scene
