"""Studies for and against each claim: what makes the model agree, what makes it disagree.

`python experiments/literature/literature.py` writes results.csv, the figure and every number in
README.md.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import networkx as nx
import pandas as pd

import buzzsim as bz
from buzzsim.engine import replicates
from buzzsim.files import write_whole
from buzzsim.network.world import World
from buzzsim.study import markdown
from buzzsim.study.analysis import Resampling, pair

HERE = Path(__file__).resolve().parent
PLAN = tomllib.loads((HERE / "experiment.toml").read_text(encoding="utf-8"))
SETTINGS = ("agree", "disagree", "default")
ADVOCATES = 20
WORDS = {"higher": "higher", "lower": "lower", "same": "no difference"}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the experiment and write what it found."""
    parser = argparse.ArgumentParser(description=PLAN["question"])
    parser.add_argument(
        "--small", action="store_true", help="a quick run that prints and writes nothing"
    )
    options = parser.parse_args(argv)
    if options.small:
        print(answer(measured(PLAN["small"])))
        return 0
    found = measured(PLAN["replicates"])
    write_whole(
        HERE / "results.csv",
        found.to_csv(index=False, float_format="%.6g", lineterminator="\n").encode(),
    )
    small = measured(PLAN["small"])  # for the test, which has seconds
    write_whole(
        HERE / "small.csv",
        small.to_csv(index=False, float_format="%.9g", lineterminator="\n").encode(),
    )
    write_whole(
        HERE / "README.md",
        filled((HERE / "README.md").read_text(encoding="utf-8"), stored()).encode(),
    )
    picture(stored(), HERE / "literature.png")
    return 0


def measured(n: int) -> pd.DataFrame:
    """Measure every finding in every setting; a row for each."""
    rows = []
    for finding in PLAN["findings"]:
        for setting in SETTINGS:
            difference, low, high = compared(finding, finding.get(setting, {}), n)
            found = "lower" if high < 0 else "higher" if low > 0 else "same"
            rows.append({
                "id": finding["id"], "setting": setting, "difference": difference, "low": low,
                "high": high, "found": found, "agrees": found == finding["direction"],
            })  # fmt: skip
    return pd.DataFrame(rows)


def compared(
    finding: Mapping[str, Any], changes: Mapping[str, Any], n: int
) -> tuple[float, float, float]:
    """Give how far the left side lies from the right one on the same luck, with its interval."""
    asked = {
        side: {**changes, **without(finding[side], "strategy", "advocates")}
        for side in ("left", "right")
    }
    if finding.get("same_share"):  # as on the right side, where nobody defends
        plain = World.of(scenario_of({**asked["right"], "crowd.advocate_share": 0.0}))
        asked = {
            side: {**own, "joining.share_probability": float(plain.p.share_probability)}
            for side, own in asked.items()
        }
    sides = []
    for side, own in asked.items():
        world = world_of(own, finding[side].get("advocates"))
        sides.append(replicates(world, finding[side]["strategy"], PLAN["seed"], n)[0])
    found = pair(sides[0], sides[1], Resampling(PLAN["seed"], n))[finding["outcome"]]
    return found["difference"], *found["ci95"]


def without(side: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """Give what a side changes in the scenario."""
    return {key: value for key, value in side.items() if key not in keys}


def scenario_of(changes: Mapping[str, Any]) -> bz.Scenario:
    """Give the packaged scenario with some changes."""
    return bz.Scenario.load(PLAN["scenario"]).replace(dict(changes))


def world_of(changes: Mapping[str, Any], advocates: str | None) -> World:
    """Place the scenario on its network, with advocates at chosen places if wanted."""
    scenario = scenario_of(changes)
    if advocates is None:
        return World.of(scenario)
    graph = World.of(scenario).network.to_networkx()
    start = scenario.complaint.names[0] if scenario.complaint.names else 0
    nearest = nx.single_source_shortest_path_length(graph, start, cutoff=2)
    order = {"near": lambda node: nearest.get(node, 9), "hubs": lambda node: -graph.degree[node]}[
        advocates
    ]
    chosen = sorted(
        (node for node in graph if node != start), key=lambda node: (order(node), node)
    )[:ADVOCATES]
    nx.set_node_attributes(graph, {node: float(node in chosen) for node in graph}, "advocate")
    return World.of(scenario, graph)


def stored() -> pd.DataFrame:
    """Read results.csv."""
    return pd.read_csv(HERE / "results.csv")


# What README.md says between its markers, and the figure: from results.csv alone.


def filled(text: str, results: pd.DataFrame) -> str:
    """Put the numbers between the markers of a text."""
    return markdown.filled(
        text,
        {
            "answer": lambda: answer(results),
            "findings": lambda: findings(results),
            "cannot": cannot,
        },
    )


def answer(results: pd.DataFrame) -> str:
    """Count what the model agrees with, and what it can show the opposite of."""
    found = results.set_index(["id", "setting"])
    expected = {finding["id"]: finding["direction"] for finding in PLAN["findings"]}
    agrees, opposite, nothing, against = [], [], [], []
    for name, direction in expected.items():
        other = found.loc[(name, "disagree"), "found"]
        if found.loc[(name, "agree"), "agrees"]:
            agrees.append(name)
        if other != direction:
            (opposite if other != "same" else nothing).append(name)
        if not found.loc[(name, "default"), "agrees"]:
            against.append(name)
    said = (
        f"By parameters alone the model can agree with {len(agrees)} of {len(expected)} findings. "
        f"It can show the opposite of {len(opposite)}, and only the absence of an effect for "
        f"{len(nothing)} ({', '.join(nothing)}). "
        f"The default agrees with {len(expected) - len(against)}"
    )
    said += f", not with: {', '.join(against)}." if against else "."
    return textwrap.fill(said, 100, break_on_hyphens=False)


def findings(results: pd.DataFrame) -> str:
    """Tell each finding, and what the model does in each setting."""
    parts = []
    for finding in PLAN["findings"]:
        rows = results[results["id"] == finding["id"]].set_index("setting")
        why = {
            "agree": finding["agree_why"],
            "disagree": finding["disagree_why"],
            "default": finding.get("default_why", "as packaged"),
        }
        lines = []
        for setting, row in rows.iterrows():
            difference = f"{row.difference:+.3g} ({row.low:+.3g} to {row.high:+.3g})"
            lines.append(
                [
                    setting,
                    why[setting],
                    difference,
                    WORDS[row.found],
                    "agrees" if row.agrees else "does not",
                ]
            )
        head = f"### {finding['claim']}, {finding['id']}: {finding['says'].lower()}"
        expected = WORDS[finding["direction"]]
        said = f"{finding['who']}. Outcome: `{finding['outcome']}`; expected: {expected}."
        table = markdown.table(
            ["setting", "because", "left less right (95 %)", "found", "the model"], lines
        )
        parts.append(f"{head}\n\n{said}\n\n{table}")
    return "\n\n".join(parts)


def cannot() -> str:
    """List what the model has no lever for."""
    lines = (f"- {row['says']} ({row['who']}): {row['why']}." for row in PLAN["cannot"])
    return "\n".join(textwrap.fill(line, 100, subsequent_indent="  ") for line in lines)


def picture(results: pd.DataFrame, path: Path) -> None:
    """Draw each finding's three differences, in half-widths of their own intervals."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    looks = {"agree": ("#56B4E9", "o"), "disagree": ("#E69F00", "X"), "default": ("#000000", "D")}
    expected = {
        "higher": "expected: right",
        "lower": "expected: left",
        "same": "expected: at the line",
    }
    figure, ax = plt.subplots(figsize=(10, 8.5), layout="constrained")
    ax.axvspan(-1, 1, color="0.9", lw=0, zorder=0)
    for place, finding in enumerate(PLAN["findings"]):
        rows = results[results["id"] == finding["id"]].set_index("setting")
        ax.axhline(-place - 0.5, color="0.9", lw=0.8, zorder=0)
        for k, setting in enumerate(SETTINGS):
            row, (colour, marker) = rows.loc[setting], looks[setting]
            half = (float(row["high"]) - float(row["low"])) / 2
            at = float(row["difference"]) / half if half else 0.0
            name = setting if place == 0 else None
            ax.plot(at, -place - 0.22 * (k - 1), marker, color=colour, ms=7, label=name, ls="")
        said = expected[finding["direction"]]
        ax.text(
            1.03,
            -place,
            said,
            va="center",
            fontsize=9,
            color="0.35",
            transform=ax.get_yaxis_transform(),
        )
    ax.axvline(0, color="0.3", lw=1)
    ax.set_yticks(
        [-k for k in range(len(PLAN["findings"]))],
        [f"{f['claim']}  {f['id']}" for f in PLAN["findings"]],
    )
    ax.set_xscale("symlog", linthresh=1.0)
    ticks = [-100, -10, -1, 0, 1, 10, 100]
    ax.set_xticks(ticks, [f"{tick:+d}" if tick else "0" for tick in ticks])
    ax.set(xlim=(-400, 400), ylim=(-len(PLAN["findings"]) + 0.5, 0.5))
    ax.set_xlabel(
        "left less right, same luck, over half of its 95 % interval "
        "(shaded: no difference can be told)"
    )
    ax.set_title(
        "Each finding where the model agrees, where it does not, and at the default",
        loc="left",
        fontsize=11,
    )
    figure.legend(loc="outside lower center", ncols=3, frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})
    plt.close(figure)


if __name__ == "__main__":
    sys.exit(main())
