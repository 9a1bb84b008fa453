"""Pictures: one colour for each strategy everywhere, Axes in and Axes out."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, PercentFormatter
from numpy.typing import NDArray

from buzzsim.analysis import Resampling
from buzzsim.scenario import Scenario, write_whole
from buzzsim.strategy import LABELS

COLOURS = {"ignore": "#555555", "censor": "#D55E00", "public_reply": "#0072B2", "private_dialogue": "#009E73"}
"""Colour of each strategy, apart for the colour-blind (Okabe & Ito 2008)."""

_TEXT: Any = {
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
}


def comparison(
    volumes: Mapping[str, NDArray[np.float64]],
    hourly: Mapping[str, NDArray[np.int32]],
    baseline: str,
    statistics: Mapping[str, Any],
    scenario: Scenario,
    resampling: Resampling,
    axes: Any = None,
) -> Any:
    """Draw a comparison: how big complaints get, when, and what each strategy changed for the same complaint.

    Parameters
    ----------
    volumes : mapping of str to array of shape (replicates,)
        Critical posts of each replicate, by strategy.
    hourly : mapping of str to array of shape (replicates, hours)
        Critical posts by hour.
    baseline : str
        The strategy that the others are compared with.
    statistics : mapping
        What `analysis` says of the volume, by strategy.
    scenario : Scenario
        What was compared.
    resampling : Resampling
        The bootstrap that the band comes from.
    axes : sequence of three Axes, optional
        Where to draw.

    Returns
    -------
    array of three Axes
    """
    with mpl.rc_context(_TEXT):
        if axes is None:
            axes = _new_axes(scenario, next(iter(volumes.values())).size)
        distributions(volumes, scenario.measures.firestorm_volume, axes[0])
        course(hourly, resampling, axes[1])
        differences(volumes, baseline, statistics, axes[2])
    return axes


def distributions(volumes: Mapping[str, NDArray[np.float64]], firestorm: int, ax: Any) -> Any:
    """Draw how big complaints get: share of replicates by volume, both axes in powers so that the few big ones show."""
    top = max(float(values.max()) for values in volumes.values())
    edges = _log_bins(max(top, 1.5 * firestorm))
    for strategy, values in volumes.items():
        share = np.histogram(values, edges)[0] / values.size
        ax.stairs(
            np.where(share > 0, share, np.nan), edges, baseline=None, color=COLOURS[strategy], linewidth=2.2, label=LABELS[strategy]
        )
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.axvline(firestorm, color="0.6", linestyle=":", linewidth=1.5)
    ax.text(
        firestorm,
        1.0,
        f" firestorm:\n {firestorm} posts or more",
        transform=ax.get_xaxis_transform(),
        va="top",
        color="0.35",
        fontsize=10,
    )
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    ax.set(xlabel="critical posts per complaint", ylabel="share of complaints", title="How big does it get?")
    ax.legend(frameon=False, loc="lower left", fontsize=10)
    return ax


def course(hourly: Mapping[str, NDArray[np.int32]], resampling: Resampling, ax: Any) -> Any:
    """Draw the mean number of critical posts by hour with the 95 % interval of that mean."""
    ends = []
    for strategy, series in hourly.items():
        mean = series.mean(axis=0)
        low, high = np.quantile(resampling.means(series), [0.025, 0.975], axis=0)
        hours = np.arange(mean.size) + 0.5
        ax.fill_between(hours, low, high, color=COLOURS[strategy], alpha=0.2, linewidth=0)
        ax.plot(hours, mean, color=COLOURS[strategy], linewidth=2.2, label=LABELS[strategy])
        busy = np.flatnonzero(mean > 0.02 * mean[1:].max()) if mean.size > 1 else np.zeros(1)
        ends.append(busy[-1] + 1 if busy.size else 1)
    ax.set_xlim(0, max(4, *ends))
    ax.set_ylim(bottom=0)
    tops = [series.mean(axis=0)[1:].max() for series in hourly.values() if series.shape[1] > 1]
    if tops and max(tops) > 0:
        ax.set_ylim(0, max(1.15 * max(tops), 0.05))  # the complaint itself, in the first hour, would dwarf the rest
    ax.set(xlabel="hours since the complaint", ylabel="critical posts per hour (mean)", title="When?")
    return ax


def differences(volumes: Mapping[str, NDArray[np.float64]], baseline: str, statistics: Mapping[str, Any], ax: Any) -> Any:
    """Draw what each strategy changed against the baseline: mean paired difference with its 95 % interval."""
    others = [strategy for strategy in volumes if strategy != baseline]
    ax.axvline(0, color="0.3", linewidth=1)
    for row, strategy in enumerate(others):
        paired = statistics[strategy]["paired"]
        low, high = paired["ci95"]
        ax.plot([low, high], [row, row], color=COLOURS[strategy], linewidth=5, solid_capstyle="round")
        ax.plot(paired["difference"], row, "o", color="white", markeredgecolor=COLOURS[strategy], markersize=9, markeredgewidth=2.5)
        note = f"{LABELS[strategy]}\nfewer posts in {paired['p_better']:.0%} of complaints, more in {paired['p_worse']:.0%}"
        ax.annotate(note, (0.02, row - 0.16), xycoords=("axes fraction", "data"), color=COLOURS[strategy], fontsize=10, va="bottom")
    ax.set_ylim(len(others) - 0.6, -0.75)
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    span = [value for strategy in others for value in statistics[strategy]["paired"]["ci95"]] + [0.0]
    margin = 0.15 * (max(span) - min(span)) or 1.0
    ax.set_xlim(min(span) - margin, max(span) + margin)
    ax.set(xlabel=f"critical posts per complaint, against {LABELS[baseline]!r}\n(same luck; mean and its 95 % interval)")
    ax.set_title("What does it change?")
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
    np.ravel(axes)[0].figure.savefig(buffer, format=kind, dpi=150, metadata=metadata)
    write_whole(path, buffer.getvalue())


def _new_axes(scenario: Scenario, replicates: int) -> Any:
    """Make a figure of three panels; pyplot takes it over only in a notebook or a session that already uses it."""
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 3, figsize=(15, 5.2), layout="constrained", width_ratios=[1.1, 1, 1])
    assert isinstance(figure, Figure)
    figure.suptitle(
        f"{scenario.title or scenario.name}: {replicates:,} complaints under each strategy", fontsize=15, x=0.01, ha="left"
    )
    return axes


def _log_bins(top: float) -> NDArray[np.float64]:
    """Give bin edges that fall between whole numbers: single volumes first, then in equal ratios."""
    edges = [0.5, 1.5, 2.5, 3.5]
    while edges[-1] < top + 1:
        edges.append(np.floor(edges[-1] * 1.35 + 0.5) + 0.5)
    return np.array(edges)
