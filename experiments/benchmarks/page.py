"""What README.md says between its markers, and the figure: from results.csv alone."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import pandas as pd
from work import PLAN

from buzzsim.study.markdown import filled as filled_with
from buzzsim.study.markdown import table

COLOURS = {  # Okabe & Ito 2008, for the colour-blind; markers tell them apart in print
    "buzzsim": "#D55E00", "buzzsim, one run": "#E69F00", "prototype": "#000000",
    "books only": "#7A5C00", "graph-tool": "#0072B2", "cynetdiff": "#56B4E9", "Starsim": "#009E73",
    "EoN": "#CC79A7", "Mesa": "#7F7F7F", "NDlib": "#B8A800",
}  # fmt: skip
MARKERS = dict(zip(COLOURS, "oPsdD^v<>X", strict=True))
CASES = {
    "full": "full model", "subcritical": "complaints that die",
    "threads": "two threads, one network", "strategies": "W1 under four strategies",
    "overhead": "nobody passes it on",
}  # fmt: skip


def stored(folder: Path) -> pd.DataFrame:
    """Read results.csv."""
    return pd.read_csv(folder / "results.csv", dtype={"value": str}, keep_default_na=False)


def filled(text: str, results: pd.DataFrame) -> str:
    """Put what was found between the markers of a text."""
    return filled_with(text, {name: partial(block, results) for name, block in BLOCKS.items()})


def all_tables(results: pd.DataFrame) -> str:
    """Give everything that the page would say."""
    return "\n\n".join(block(results) for block in BLOCKS.values())


def machine(results: pd.DataFrame) -> str:
    """Say where, when and with which versions."""
    about = dict(part(results, "machine")[["measure", "value"]].to_numpy())
    versions = dict(part(results, "versions")[["tool", "value"]].to_numpy())
    versions.pop("buzzsim, one run", None)
    versions.pop("books only", None)
    if "prototype" in versions:
        versions["prototype"] = f"(numba {versions['prototype']})"
    absent = [name for name, version in versions.items() if version == "not there"]
    present = ", ".join(
        f"{name} {version}" for name, version in versions.items() if name not in absent
    )
    where = "{date}: {processor}, {cores} cores, {system}, Python {Python}".format(**about)
    said = f"Measured on {where}; {present}."
    if absent:
        said += f" Not there, and so not in the tables: {', '.join(absent)}."
    for row in part(results, "failed").itertuples():
        said += f" {row.tool} failed on {row.work} with {int(row.customers):,} customers "
        said += f"({row.measure}): {row.value}."
    return said


def sizes(results: pd.DataFrame) -> str:
    """Show whether all tools do the same work."""
    rows = []
    for (work, customers, tool), found in wide(results, "sizes").items():
        mean, sd, n = (float(found[measure]) for measure in ("mean", "sd", "runs"))
        off = float(found["off"]) if "off" in found else None
        told = (
            ""
            if off is None
            else f"{off:+.1f}"
            + (" **other work**" if abs(off) > PLAN["check"]["standard_errors"] else "")
        )
        rows.append(
            [work, f"{customers:,}", tool, f"{int(n):,}", f"{mean:,.1f} ± {sd / n**0.5:,.1f}", told]
        )
    said = table(
        [
            "work",
            "customers",
            "tool",
            "runs",
            "mean final size ± standard error",
            "standard errors off the prototype",
        ],
        rows,
    )
    names = dict.fromkeys(row[2] for row in rows)
    known = {
        name: PLAN["tools"][name]["other_work"]
        for name in names
        if "other_work" in PLAN["tools"][name]
    }
    return said + "".join(f"\n\n{name} does other work: {why}." for name, why in known.items())


def times(results: pd.DataFrame) -> str:
    """Seconds by tool and size, and how many times ours."""
    found, said = wide(results, "times"), []
    fewest = {int(values["timings"]) for values in found.values()}
    most = max(fewest)
    for work in PLAN["works"]:
        crowds = sorted({customers for name, customers, _ in found if name == work})
        tools = dict.fromkeys(tool for name, _, tool in found if name == work)
        rows = [
            [
                tool,
                *(cell for size in crowds for cell in cells(found.get((work, size, tool)), most)),
            ]
            for tool in tools
        ]
        heads = [
            f"{work}: seconds per run",
            *(head for size in crowds for head in (f"{size:,} customers", "times buzzsim's")),
        ]
        said.append(table(heads, rows))
    note = f"Medians of {most} timings in turn with buzzsim's and the prototype's."
    if len(fewest) > 1:
        slow = PLAN["timing"]["slow"]
        note += f" With a star: of {min(fewest)}, for a run takes longer than {slow:g} s."
    return "\n\n".join([*said, note])


def ratios(results: pd.DataFrame) -> str:
    """Set the ratios found beside those wished for, and beside what the books alone would reach."""
    found, sizes, rows, met, asked, beyond = wide(results, "times"), PLAN["sizes"], [], 0, 0, 0

    def ratio_of(work: str, size: int, tool: str) -> float:
        return float(found.get((work, size, tool), {}).get("to_buzzsim", "nan"))

    for work, tools in PLAN["ratios"].items():
        for tool, wishes in tools.items():
            line = [work, tool]
            for size, wish in zip(sizes, wishes, strict=True):
                ratio = ratio_of(work, size, tool)
                limit = ratio / ratio_of(work, size, "books only")
                asked += 1
                met += ratio >= wish
                beyond += limit < wish
                line += [
                    f"{number(ratio)} of {wish:g}" + (" (met)" if ratio >= wish else ""),
                    number(limit),
                ]
            rows.append(line)
    said = table(
        [
            "work",
            "tool",
            *(head for size in sizes for head in (f"{size:,} customers", "books only")),
        ],
        rows,
    )
    return f"{said}\n\n{met} of {asked} are met; {beyond} are more than the books alone reach."


def cells(found: dict[str, str] | None, most: int) -> tuple[str, str]:
    """Write one tool's time at one size, and its ratio to ours."""
    if found is None:
        return "", ""
    star = "\\*" if int(found["timings"]) < most else ""
    return f"{float(found['seconds']):.2g}{star}", number(float(found["to_buzzsim"]))


def memory(results: pd.DataFrame) -> str:
    """Peak of a process that does a work once, and how long the first result takes."""
    found = wide(results, "alone")
    crowds = sorted({customers for _, customers, _ in found})

    def line(said: str, work: str, tool: str, measure: str) -> list[str]:
        return [
            said,
            *(
                number(float(found.get((work, size, tool), {}).get(measure, "nan")))
                for size in crowds
            ),
        ]

    first = next(iter(PLAN["works"]))
    rows = [line("*nothing but the graph*", first, "buzzsim", "before")]
    rows += [
        line(f"{tool}, {work}", work, tool, "peak")
        for work, tool in dict.fromkeys((work, tool) for work, _, tool in found)
    ]
    said = table(
        ["peak memory of a process, MB", *(f"{size:,} customers" for size in crowds)], rows
    )
    rows = [
        [f"{tool}, {work}", number(float(values["first"])), number(float(values["first_ever"]))]
        for (work, customers, tool), values in found.items()
        if customers == crowds[0] and "first" in values
    ]
    return (
        said
        + "\n\n"
        + table(
            [
                "seconds to the first result, importing included",
                "compiled before",
                "nothing compiled",
            ],
            rows,
        )
    )


def cases(results: pd.DataFrame) -> str:
    """Our slow cases."""
    rows = [
        [
            CASES[row.tool],
            row.measure,
            number(float(row.value)),
            PLAN["wanted"].get(row.measure, ""),
        ]
        for row in part(results, "cases").itertuples()
    ]
    return table(["case", "measured", "found", "wanted"], rows) if rows else "Not run."


def large(results: pd.DataFrame) -> str:
    """What the largest network takes, step by step."""
    found = part(results, "large")
    rows = [[row.tool, row.measure, number(float(row.value))] for row in found.itertuples()]
    if not rows:
        return "Not measured."
    return table(
        [
            "step, each in a process of its own",
            "measured",
            f"{int(found['customers'].iloc[0]):,} customers",
        ],
        rows,
    )


BLOCKS = {
    "machine": machine,
    "sizes": sizes,
    "times": times,
    "ratios": ratios,
    "memory": memory,
    "cases": cases,
    "large": large,
}


def picture(results: pd.DataFrame, path: Path) -> None:
    """Draw seconds per run by size, a line for each tool."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    found = wide(results, "times")
    figure, axes = plt.subplots(1, len(PLAN["works"]), figsize=(11, 4.5), layout="constrained")
    for panel, (work, about) in zip(axes, PLAN["works"].items(), strict=True):
        for tool in dict.fromkeys(tool for name, _, tool in found if name == work):
            points = [
                (size, float(values["seconds"]))
                for (name, size, who), values in found.items()
                if (name, who) == (work, tool)
            ]
            style = {
                "color": COLOURS[tool],
                "marker": MARKERS[tool],
                "linewidth": 2.5 if tool == "buzzsim" else 1.2,
            }
            panel.loglog(*zip(*points, strict=True), label=tool, **style)
        panel.set(title=f"{work}: {about['title']}", xlabel="customers", ylabel="seconds per run")
        panel.grid(alpha=0.3)
        if panel.lines:
            panel.legend(fontsize="small", frameon=False)
    figure.savefig(path, dpi=120, metadata={"Software": None})
    plt.close(figure)


def part(results: pd.DataFrame, name: str) -> pd.DataFrame:
    """Give the lines of one table."""
    return results[results["table"] == name]


def wide(results: pd.DataFrame, name: str) -> dict[tuple[str, int, str], dict[str, str]]:
    """Give the measures of one table by work, customers and tool."""
    found: dict[tuple[str, int, str], dict[str, str]] = {}
    for row in part(results, name).itertuples():
        found.setdefault((row.work, int(row.customers), row.tool), {})[row.measure] = row.value
    return dict(
        sorted(
            found.items(),
            key=lambda item: (item[0][0], item[0][1], list(COLOURS).index(item[0][2])),
        )
    )


def number(value: float) -> str:
    """Write two digits, or whole hundreds and more; nothing where there is nothing."""
    if math.isnan(value):
        return ""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.2g}"
