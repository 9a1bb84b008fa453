"""The figures of docs/validation.md."""

from __future__ import annotations

import math
import textwrap
import tomllib
from pathlib import Path
from typing import Any

import pandas as pd

ROOT = Path(__file__).resolve().parents[2]
MANY = 50  # rows that a figure can have
COLOURS = ("#000000", "#E69F00", "#56B4E9", "#CC79A7")  # of outcomes: none of a strategy's


def furthest(means: pd.DataFrame) -> pd.DataFrame:
    """Give each wrong model's measure furthest from its target, in standard errors."""
    means = means[means["error"] > 0].reset_index(drop=True)
    means = means.assign(distance=(means["mean"] - means["target"]) / means["error"])
    return means.loc[means["distance"].abs().groupby(means["setting"], sort=False).idxmax()]


def pyplot() -> Any:
    """Give matplotlib, without a screen."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    return plt


def picture(title: str, measures: pd.DataFrame, path: Path) -> None:
    """Draw a family's means in standard errors from their targets, and the wrong values."""
    measures = measures[(measures["error"] > 0) & measures["target"].notna()]
    if measures.empty:
        return
    plt = pyplot()
    edge, names = 12.0, names_of(measures)
    lines = list(dict.fromkeys(names))[::-1]
    rows = [lines.index(name) for name in names]
    off = (measures["mean"] - measures["target"]) / measures["error"]
    wrong = ((measures["wrong"] - measures["target"]) / measures["error"]).clip(-edge, edge)
    figure, ax = plt.subplots(figsize=(10, 1.4 + 0.42 * len(lines)), layout="constrained")
    ax.axvspan(-4, 4, color="#0072B2", alpha=0.12, lw=0)
    ax.axvline(0, color="#444444", lw=1)
    ax.plot(off, rows, "o", color="#0072B2", label="the model")
    ax.plot(wrong, rows, "x", color="#D55E00", label="the wrong value (at the edge: further)")
    ax.set_yticks(range(len(lines)), [wrapped(line) for line in lines], fontsize=8)
    ax.set(
        xlim=(-edge - 0.8, edge + 0.8),
        ylim=(-0.8, len(lines) - 0.2),
        xlabel="standard errors from theory (shaded: four)",
    )
    figure.suptitle(title, fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def names_of(measures: pd.DataFrame) -> list[str]:
    """Name each measure; where there are too many for a row each, those of a setting share one."""
    if len(measures) > MANY:
        return list(measures["setting"])
    return [f"{row.setting}: {row.of}" for row in measures.itertuples()]


def picture_of_refusals(title: str, measures: pd.DataFrame, path: Path) -> None:
    """Draw how far wrong models lie from theory."""
    plt, found = pyplot(), furthest(measures)
    rows = list(range(len(found)))[::-1]
    figure, ax = plt.subplots(figsize=(10, 1.4 + 0.42 * len(rows)), layout="constrained")
    ax.axvspan(1, 4, color="#0072B2", alpha=0.12, lw=0)
    ax.plot(found["distance"].abs(), rows, "x", color="#D55E00")
    ax.set_yticks(rows, [wrapped(name) for name in found["setting"]], fontsize=8)
    ax.set(xscale="log", xlim=(1, None), ylim=(-0.8, len(rows) - 0.2))
    ax.set_xlabel("standard errors from theory (shaded: up to four)")
    figure.suptitle(title, fontsize=11)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def picture_of_trees(title: str, measures: pd.DataFrame, path: Path) -> None:
    """Draw trees whose structural virality is known, with what theory and the model say of it."""
    plt = pyplot()
    around = [(math.cos(2 * math.pi * k / 9), math.sin(2 * math.pi * k / 9)) for k in range(9)]
    levels = [
        ((2 * k + 1) / 2**level * 8, -float(level)) for level in range(4) for k in range(2**level)
    ]
    trees = {
        "star of 10": ([(0.0, 0.0), *around], [0] * 9),
        "path of 10": ([(float(k), 0.0) for k in range(10)], list(range(9))),
        "binary tree of depth 3": (levels, [(k - 1) // 2 for k in range(1, 15)]),
    }
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.2), layout="constrained")
    for ax, (name, (places, parents)) in zip(axes, trees.items(), strict=True):
        row = measures[measures["setting"] == name].iloc[0]
        for child, parent in enumerate(parents, start=1):
            ax.plot(
                *zip(places[parent], places[child], strict=True), color="#999999", lw=1, zorder=0
            )
        ax.scatter(*zip(*places, strict=True), color=["#D55E00", *["#0072B2"] * len(parents)])
        ax.set_title(f"{name}\ntheory {row.target:.6g}, model {row['mean']:.6g}", fontsize=10)
        ax.axis("off")
    figure.suptitle(
        "Structural virality: mean distance between two members of a cascade", fontsize=11
    )
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def picture_of_facts(path: Path) -> None:
    """Draw each stylised fact that has a measured value beside its band, on a scale of its own."""
    plt = pyplot()
    found = pd.read_csv(ROOT / "experiments" / "stylised" / "results.csv")
    plan = tomllib.loads(
        (ROOT / "experiments" / "stylised" / "experiment.toml").read_text(encoding="utf-8")
    )
    what = {fact["name"]: fact["what"] for fact in plan["facts"] if "finding" not in fact}
    found = found[found["name"].isin(what)]
    colours = {"hit": "#0072B2", "put in": "#777777"}
    figure, axes = plt.subplots(
        len(found), 1, figsize=(10, 0.62 * len(found)), layout="constrained"
    )
    for ax, row in zip(axes, found.to_dict("records"), strict=True):
        ends = [
            row[key] for key in ("low", "high", "band_low", "band_high") if math.isfinite(row[key])
        ]
        room = 0.15 * (max(ends) - min(ends))
        left, right = min(ends) - room, max(ends) + room
        ax.axvspan(
            max(row["band_low"], left),
            min(row["band_high"], right),
            color="#0072B2",
            alpha=0.2,
            lw=0,
        )
        colour = colours.get(row["verdict"], "#D55E00")
        ax.plot([row["low"], row["high"]], [0, 0], color=colour, lw=2)
        ax.plot(row["value"], 0, "o" if row["verdict"] in colours else "x", color=colour)
        ax.set(xlim=(left, right), yticks=[])
        ax.tick_params(labelsize=7)
        said = textwrap.fill(f"{row['fact']} {what[row['name']]}: {row['verdict']}", 62)
        ax.set_ylabel(said, rotation=0, ha="right", va="center", fontsize=8)
    figure.suptitle(
        "The default (dot: in its band, grey where put in; cross: miss) beside the measured band "
        "(shaded)",
        fontsize=11,
    )
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def picture_of_intervals(path: Path) -> None:
    """Draw how often 95 % intervals hold the truth, by number of replicates."""
    plt = pyplot()
    found = pd.read_csv(ROOT / "experiments" / "validation" / "intervals.csv")
    figure, axes = plt.subplots(1, 2, figsize=(10, 3.6), sharey=True, layout="constrained")
    for ax, (of, part) in zip(axes, found.groupby("of", sort=False), strict=True):
        ax.axhline(95, color="#444444", lw=1, ls="--")
        for (outcome, each), marker, colour in zip(
            part.groupby("outcome", sort=False), "os^D", COLOURS, strict=True
        ):
            ax.plot(
                each["replicates"],
                100 * each["held"] / each["intervals"],
                f"-{marker}",
                color=colour,
                label=outcome,
            )
        ax.set(
            xscale="log",
            xlabel="replicates of each strategy",
            title=f"of the {'paired ' * (of == 'difference')}{of}",
        )
        sizes = sorted(part["replicates"].unique())
        ax.set_xticks(sizes, [f"{size:,}" for size in sizes])
        ax.minorticks_off()
    axes[0].set_ylabel("intervals that hold the truth (%)")
    axes[1].legend(fontsize=8, loc="lower right")
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


def wrapped(text: str) -> str:
    """Write a long name on as many lines as it takes."""
    return textwrap.fill(text, 76)
