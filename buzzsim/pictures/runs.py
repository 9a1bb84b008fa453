"""Pictures of one run, at the size of a projector: the network, its hours as a film, and the cascade as a tree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import ResultError, sentence
from buzzsim.model import rules
from buzzsim.model.strategy import label_of
from buzzsim.network import Network
from buzzsim.pictures.layout import places_of
from buzzsim.pictures.words import number, say

SIZE = (12, 7)
"""Inches: a slide, with fonts that the last row can read."""

_TEXT: Any = {"axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False}
_LETTERS, _TITLE = 14.0, 18.0  # points, on a slide
_NAMED = 80  # customers up to whom names are written beside the dots
_DRAWN = 2000  # customers up to whom a crowd can be drawn at all
_CRITICS_NAMED = 25  # of a tree, each then in a row of their own
_SIGNS = {
    "fa-minus": "&minus;", "fa-fast-backward": "&#171;", "fa-step-backward": "&#8249;", "fa-play fa-flip-horizontal": "&#9664;",
    "fa-pause": "&#10073;&#10073;", "fa-play": "&#9654;", "fa-step-forward": "&#8250;", "fa-fast-forward": "&#187;", "fa-plus": "+",
}  # fmt: skip
_BUTTONS = (
    "Once", "Loop", "Reflect", "Decrease speed", "First frame", "Previous frame", "Play backwards", "Pause", "Play", "Next frame",
    "Last frame", "Increase speed",
)  # fmt: skip
_FRAMES = 10  # of a film: two to four seconds to make

# How a customer's stage looks: marker, size, edge and its width; the filling is the anger.
_LOOKS = {
    "unaware": ("o", 0.5, "0.55", 0.6),
    "aware": ("o", 1.0, "0.35", 0.8),
    "critic": ("o", 2.6, "black", 2.0),
    "silent": ("s", 2.0, "#0072B2", 2.0),
    "reconciled": ("D", 2.0, "#009E73", 2.4),
}
_ANGER = "YlOrRd"  # from a shade that is not white on; drawn on the root of the anger, so that a little of it shows
_PALEST = 0.22
_SAID = {
    "unaware": "has noticed nothing", "aware": "has noticed it", "critic": "critic", "silent": "critic, now silent",
    "reconciled": "reconciled",
}  # fmt: skip


@dataclass(frozen=True)
class Film:
    """Pictures of the hours, one after the other; shows in a notebook by itself.

    Parameters
    ----------
    html : str
        The film with its buttons, as a piece of a web page.
    hours : list of float
        The hour of each picture.
    """

    html: str = field(repr=False)
    hours: list[float]

    def _repr_html_(self) -> str:
        return self.html


def network_at(result: Any, hour: float | None = None, ax: Any = None) -> Any:
    """Draw the crowd of a run at an hour; see `Result.plot_network`."""
    scene, horizon = _scene_of(result), result.scenario.time.horizon
    if hour is None:
        return draw_network(scene, result.record, _at(horizon, result.record), ax)
    if (
        isinstance(hour, bool)
        or not isinstance(hour, (int, float, np.number))
        or not 0 <= hour <= horizon
    ):
        raise ResultError(
            sentence("plot_network", "hour", hour, f"0 to {horizon:g}, the hours of the run")
        )
    record = scene.until(float(hour))
    return draw_network(scene, record, _at(hour, record), ax)


def film_of(result: Any) -> Film:
    """Draw the hours of a run as a film; see `Result.animate`."""
    ticks = [
        result.record["customers"]["noticed"].max(),
        result.record["customers"]["joined"].max(),
    ]
    last = float(max(ticks)) * result.scenario.time.tick
    return film(_scene_of(result), frames(result.scenario.time.horizon, last))


def tree_of(result: Any, ax: Any = None) -> Any:
    """Draw the cascade of a run; see `Result.plot_cascade`."""
    table = result.cascade()
    critics, strategy = len(table), say(label_of(result.strategy))
    if critics == 1:
        return tree(
            table,
            say("Who won whom: {critics} critic, {strategy}", critics=critics, strategy=strategy),
            ax,
        )
    return tree(
        table,
        say("Who won whom: {critics} critics, {strategy}", critics=critics, strategy=strategy),
        ax,
    )


@contextmanager
def style(settings: Any) -> Iterator[None]:
    """Draw with some settings of matplotlib and leave the others alone.

    The first picture of a notebook loads its backend, which switches `interactive` on; `rc_context` alone would switch that
    off again, and no later picture would show.
    """
    import matplotlib as mpl

    with mpl.rc_context(settings):
        yield
        is_interactive = mpl.is_interactive()
    mpl.interactive(is_interactive)


@contextmanager
def slide(ax: Any = None) -> Iterator[Any]:
    """Draw on the Axes handed over, with letters that fit their width, or on those of a new slide; gives the Axes."""
    import matplotlib.pyplot as plt

    share = 1.0 if ax is None else ax.get_position().width * ax.figure.get_figwidth() / SIZE[0]
    size = min(1.0, max(0.5, 1.25 * share))
    with style({**_TEXT, "font.size": size * _LETTERS, "axes.titlesize": size * _TITLE}):
        yield plt.subplots(figsize=SIZE, layout="constrained")[1] if ax is None else ax


def layout(network: Network) -> NDArray[np.float64]:
    """Place customers so that those who are tied are near: the same places every time, without any luck.

    Returns
    -------
    array of shape (customers, 2)
        From 0 to 1 in both directions.

    Examples
    --------
    >>> from buzzsim.network import generate
    >>> places = layout(generate("small_world", customers=30, ties=2))
    >>> places.shape, float(places.min()), float(places.max())
    ((30, 2), 0.0, 1.0)
    """
    n = network.n_customers
    if n > _DRAWN:
        raise ResultError(
            sentence(
                "pictures",
                "the number of customers",
                n,
                f"at most {_DRAWN:,}, as in a smaller crowd (network.customers)",
            )
        )
    tails, heads = np.repeat(np.arange(n), network.followers), network.indices.astype(np.int64)
    return places_of(n, tails, heads, named=n <= _NAMED)


def draw_network(
    scene: Any,
    record: dict[str, dict[str, NDArray[Any]]],
    title: str,
    ax: Any = None,
    places: NDArray[np.float64] | None = None,
) -> Any:
    """Draw the crowd: anger as colour, stage as shape, ties in grey, names where there is room for them."""
    from matplotlib.collections import LineCollection
    from matplotlib.colors import PowerNorm
    from matplotlib.patheffects import withStroke

    crowd, customers = scene.network, record["customers"]
    places = layout(crowd) if places is None else places
    n = crowd.n_customers
    stage, anger = np.zeros(n, int), np.zeros(n)
    stage[customers["customer"]], anger[customers["customer"]] = (
        customers["stage"],
        customers["anger"],
    )
    size = 110.0 if n <= _NAMED else 22_000.0 / max(n, 250)
    with slide(ax) as ax:
        tails, heads = np.repeat(np.arange(n), crowd.followers), crowd.indices
        once = (tails < heads) | crowd.directed
        lines: Any = np.stack([places[tails[once]], places[heads[once]]], axis=1)
        few = n <= _NAMED
        ax.add_collection(
            LineCollection(
                lines, colors="0.65" if few else "0.82", linewidths=1.0 if few else 0.4, zorder=1
            )
        )
        for order, (name, (marker, times, edge, width)) in enumerate(_LOOKS.items(), start=2):
            who = np.flatnonzero(stage == rules.STAGES.index(name))
            if name == "unaware":
                ax.scatter(
                    *places[who].T,
                    s=size * times,
                    c="white",
                    edgecolors=edge,
                    linewidths=width,
                    zorder=order,
                )
            else:
                ax.scatter(
                    *places[who].T, s=size * times, c=anger[who], cmap=_colours_of_anger(), norm=PowerNorm(0.5, 0, 1),
                    marker=marker, edgecolors=edge, linewidths=width, zorder=order,
                )  # fmt: skip
        first = record["posts"]["author"][record["posts"]["parent"] < 0][:1]
        ax.scatter(
            *places[first].T,
            s=size * 9,
            facecolors="none",
            edgecolors="#D55E00",
            linewidths=3,
            zorder=9,
        )
        if n <= _NAMED:
            for number in range(n):
                known = stage[number] > 0
                below = (
                    9 + 4 * (stage[number] > 1) + 6 * (number in first)
                )  # clear of the dot, and of the ring
                ax.annotate(
                    str(crowd.names[number]), places[number], (0, -below), textcoords="offset points",
                    ha="center", va="top", zorder=10, color="black" if known else "0.45",
                    fontweight="bold" if stage[number] > 1 else "normal",
                    path_effects=[withStroke(linewidth=3, foreground="white")],
                )  # fmt: skip
        _frame(ax, title, stage)
    return ax


def film(scene: Any, hours: Iterable[float]) -> Film:
    """Draw the network at several hours and bind the pictures to a film."""
    from matplotlib.animation import FuncAnimation
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    places, seen = layout(scene.network), list(hours)
    figure = Figure(
        figsize=SIZE, dpi=80
    )  # without constrained layout, which takes as long as the drawing
    FigureCanvasAgg(figure)

    def draw(hour: float) -> list[Any]:
        figure.clear()
        record = scene.until(hour)
        draw_network(
            scene, record, _at(hour, record), figure.add_axes((0.02, 0.14, 0.96, 0.78)), places
        )
        return []

    made = FuncAnimation(
        figure, draw, frames=seen, interval=600, init_func=list, cache_frame_data=False
    )
    return Film(_in_words(_without_icons(made.to_jshtml(default_mode="once"))), seen)


def _without_icons(page: str) -> str:
    """Write signs on the buttons of a film instead of icons that come from the internet."""
    page = re.sub(r"<link[^>]*font-awesome[^>]*>", "", page)
    for icon, sign in _SIGNS.items():
        page = page.replace(f'<i class="fa {icon}"></i>', sign)
    return page


def _in_words(page: str) -> str:
    """Label the buttons of a film in the language of pictures."""
    for label in _BUTTONS:
        page = page.replace(f'title="{label}"', f'title="{say(label)}"').replace(
            f'aria-label="{label}"', f'aria-label="{say(label)}"'
        )
        page = page.replace(f">{label}</label>", f">{say(label)}</label>")
    return page


def frames(horizon: float, last: float) -> list[float]:
    """Choose the hours of a film: half of them in the first quarter of what happens, where most of it does.

    Examples
    --------
    >>> hours = frames(72, 20)
    >>> len(hours), hours[-1]
    (10, 20.0)
    """
    end = min(horizon, max(1.0, np.ceil(last)))
    hours = {float(np.round(4 * end * (k / _FRAMES) ** 2 + 0.5) / 4) for k in range(1, _FRAMES)}
    return sorted({hour for hour in hours if hour < end} | {float(end)})


def tree(table: Any, title: str, ax: Any = None) -> Any:
    """Draw who won whom: every critic at the hour of joining, with a line from the one who won them."""
    critics = list(table.itertuples())
    children: dict[Any, list[Any]] = {}
    for row in critics:
        children.setdefault(row.parent if row.generation else None, []).append(row)
    few, rows = len(critics) <= _CRITICS_NAMED, {row.critic: row for row in critics}
    height = _heights(children, own_rows=few)
    with slide(ax) as ax:
        for row in critics:
            if row.generation:
                parent = rows[row.parent]
                here, there = (row.hour, height[row.critic]), (parent.hour, height[row.parent])
                ax.plot(
                    [there[0], there[0], here[0]],
                    [there[1], here[1], here[1]],
                    color="0.6",
                    linewidth=1.4,
                    zorder=1,
                    clip_on=False,
                )
        most = max(row.generation for row in critics)
        dots = ax.scatter(
            [row.hour for row in critics], [height[row.critic] for row in critics], c=[row.generation for row in critics],
            cmap="viridis_r", vmin=0, vmax=max(1, most), s=130 if few else 40, edgecolors="black", zorder=2,
            clip_on=False,
        )  # fmt: skip
        if few:
            for row in critics:
                ax.annotate(
                    str(row.critic),
                    (row.hour, height[row.critic]),
                    (9, 0),
                    textcoords="offset points",
                    va="center",
                )
        if most:
            bar = ax.figure.colorbar(
                dots, ax=ax, ticks=range(0, most + 1, 1 + most // 8), shrink=0.7
            )
            bar.set_label(say("steps from the complaint"))
        last = max(row.hour for row in critics)
        ax.set_xscale(
            "function", functions=(lambda hour: np.sqrt(np.maximum(hour, 0)), np.square)
        )  # most join early
        hours = [
            hour for hour in (0, 0.5, 1, 2, 4, 8, 12, 24, 36, 48, 72) if hour <= max(1.0, last)
        ]
        ax.set_xticks([*hours, *([float(round(last))] if last > 1.2 * hours[-1] else [])])
        ax.xaxis.set_major_formatter(lambda hour, _: number(hour))
        ax.set(
            yticks=[],
            xlabel=say("hours since the complaint (later ones drawn closer)"),
            title=title,
        )
        ax.set_xlim(-0.002 * max(1.0, last), 1.3 * max(1.0, last) if few else 1.05 * max(1.0, last))
        ax.margins(y=0.06)
        ax.spines["left"].set_visible(False)
    return ax


def _heights(children: dict[Any, list[Any]], own_rows: bool) -> dict[Any, float]:
    """Give each critic a height: a row of their own, above those they won, or else the middle of those."""
    height: dict[Any, float] = {}
    row, waiting = 0.0, [(root, False) for root in reversed(children.get(None, []))]
    while waiting:  # no recursion: a chain of critics may be a thousand long
        critic, is_done = waiting.pop()
        won = children.get(critic.critic, [])
        if is_done:
            height[critic.critic] = float(np.mean([height[child.critic] for child in won]))
            continue
        if own_rows or not won:
            height[critic.critic], row = row, row - 1
        if won and not own_rows:
            waiting.append((critic, True))
        waiting += [(child, False) for child in reversed(won)]
    return height


def _frame(ax: Any, title: str, stage: NDArray[Any]) -> None:
    """Put title, legend and the scale of anger around a crowd."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import PowerNorm
    from matplotlib.lines import Line2D

    ax.set(xlim=(-0.04, 1.04), ylim=(-0.08, 1.06), xticks=[], yticks=[])
    ax.set_title(title, parse_math=False)
    for side in ax.spines.values():
        side.set_visible(False)
    handles = []
    for name, (marker, _, edge, width) in _LOOKS.items():
        count = int((stage == rules.STAGES.index(name)).sum())
        colour = "white" if name == "unaware" else "#FEB24C"
        handles.append(
            Line2D([], [], linestyle="", marker=marker, markersize=11, markerfacecolor=colour, markeredgecolor=edge,
                   markeredgewidth=width, label=say("{label}: {share}", label=say(_SAID[name]), share=count))
        )  # fmt: skip
    ring: Any = {
        "markersize": 17,
        "markerfacecolor": "none",
        "markeredgecolor": "#D55E00",
        "markeredgewidth": 3,
    }
    handles.append(Line2D([], [], linestyle="", marker="o", label=say("complained first"), **ring))
    ax.legend(
        handles=handles,
        loc="upper center",
        bbox_to_anchor=(0.5, 0.0),
        ncols=3,
        frameon=False,
        columnspacing=1.5,
    )
    scale = ScalarMappable(PowerNorm(0.5, 0, 1), _colours_of_anger())
    bar = ax.figure.colorbar(
        scale, ax=ax, shrink=0.6, pad=0.01, aspect=25, ticks=[0, 0.1, 0.25, 0.5, 1]
    )
    bar.set_ticklabels([number(anger) for anger in (0, 0.1, 0.25, 0.5, 1)])
    bar.set_label(say("anger"))


def _colours_of_anger() -> Any:
    from matplotlib import colormaps
    from matplotlib.colors import ListedColormap

    return ListedColormap(colormaps[_ANGER](np.linspace(_PALEST, 1.0, 256)))


def _at(hour: float, record: dict[str, dict[str, NDArray[Any]]]) -> str:
    """Say the hour and what has been written until then."""
    critics = int((record["customers"]["joined"] >= 0).sum())
    others = record["customers"]["customer"].size - critics
    joined = say("{n} critic", n=critics) if critics == 1 else say("{n} critics", n=critics)
    known = say("{n} other knows", n=others) if others == 1 else say("{n} others know", n=others)
    return say(
        "After {hours} h: {critics}, {others}",
        hours=hour,
        critics=joined,
        others=known if others else say("nobody else knows"),
    )


def _scene_of(result: Any) -> Any:
    """Give what a run was played on, which a file does not hold."""
    scene = result.scene
    if scene is None:
        raise ResultError(
            "plot_network: a run that was saved has lost its network; run it again with buzzsim.run"
        )
    return scene
