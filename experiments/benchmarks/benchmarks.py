"""Time buzzsim, a prototype and other tools, once they have shown that they do the same work.

`python experiments/benchmarks/benchmarks.py` writes results.csv, the tables in README.md and
times.png.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import adapters
import alone
import cases
import numpy as np
import page
import pandas as pd
from adapters import OURS, TOOLS, Run, gets
from work import HERE, PLAN, WORKS, Graph, graph_of

from buzzsim.files import write_whole

CHECK, TIMING = PLAN["check"], PLAN["timing"]


@dataclass
class Rows:
    """What was found, a line of results.csv each."""

    work: str = ""
    customers: int = 0
    found: list[dict[str, Any]] = field(default_factory=list)

    def add(self, table: str, tool: str, measure: str, value: Any) -> None:
        """Write down one value."""
        self.found.append(
            {
                "table": table,
                "work": self.work,
                "customers": self.customers,
                "tool": tool,
                "measure": measure,
                "value": value,
            }
        )

    def table(self) -> pd.DataFrame:
        """Give all lines, values as they stand in the file."""
        frame = pd.DataFrame(self.found)
        frame["value"] = [
            f"{value:.6g}" if isinstance(value, float) else str(value) for value in frame["value"]
        ]
        return frame


def main(argv: Sequence[str] | None = None) -> int:
    """Run the benchmark; gives 1 where a tool failed or does other work, and no plan says why."""
    options = parsed(argv)
    adapters.SYSTEM_PYTHON = options.system_python
    rows = Rows()
    about_machine(rows)
    names = there(rows, options.tools)
    before = earlier(rows, options.to) if options.add else pd.DataFrame()
    for customers in options.sizes:
        graph = graph_of(customers)
        for work in WORKS:
            rows.work, rows.customers = work, customers
            compared(
                rows, graph, work, [name for name in names if gets(name, work, customers)], options
            )
            if options.to is not None:
                write(
                    with_earlier(rows.table(), before), options.to
                )  # whoever stops it here keeps what was measured
        del graph
        gc.collect()
    rows.work, rows.customers = "", 0
    if not options.no_cases:
        say("our slow cases")
        for name, measure, value in cases.all_cases(options.repeats, options.small):
            rows.add("cases", name, measure, value)
    found = with_earlier(rows.table(), before)
    if options.to is None:
        print(page.all_tables(found))
    else:
        write(found, options.to)
    wrong = [
        row
        for row in rows.found
        if row["measure"] == "off" and abs(row["value"]) > CHECK["standard_errors"]
    ]
    for row in wrong:
        where = "{tool} on {work}, {customers:,} customers".format(**row)
        say(f"OTHER WORK: {where}: {row['value']:.1f} standard errors off")
    unforeseen = [row for row in wrong if "other_work" not in PLAN["tools"][row["tool"]]]
    return 1 if unforeseen or any(row["table"] == "failed" for row in rows.found) else 0


def parsed(argv: Sequence[str] | None) -> argparse.Namespace:
    """Read what is asked for."""
    parser = argparse.ArgumentParser(description=PLAN["question"])
    parser.add_argument("--sizes", help="numbers of customers, with commas between", type=numbers)
    parser.add_argument("--repeats", type=int, help="timings of each tool, in turn with ours")
    parser.add_argument("--tools", help="which other tools, with commas between; '' for none")
    parser.add_argument(
        "--small",
        action="store_true",
        help="a small run, to see that it works: writes nothing without --to",
    )
    parser.add_argument("--no-cases", action="store_true", help="leave our slow cases out")
    parser.add_argument(
        "--add",
        action="store_true",
        help="keep what results.csv says of other sizes, tools and cases",
    )
    parser.add_argument("--to", type=Path, metavar="FOLDER", help="where to write instead of here")
    parser.add_argument(
        "--system-python", default=adapters.SYSTEM_PYTHON, help="a Python that has graph-tool"
    )
    options = parser.parse_args(argv)
    options.sizes = options.sizes or PLAN["small" if options.small else "sizes"]
    options.repeats = options.repeats or (3 if options.small else TIMING["repeats"])
    options.tools = (
        list(TOOLS) if options.tools is None else [*OURS, *filter(None, options.tools.split(","))]
    )
    unknown = set(options.tools) - set(TOOLS)
    if unknown:
        others = ", ".join(name for name in TOOLS if name not in OURS)
        parser.error(f"unknown tools {', '.join(sorted(unknown))}; expected {others}")
    if options.to is None and not options.small:
        options.to = HERE
    if options.add and options.to is None:
        parser.error("--add with --small needs --to: a small run writes nothing here")
    return options


def numbers(text: str) -> list[int]:
    """Read whole numbers with commas between."""
    return [int(part) for part in text.split(",")]


def about_machine(rows: Rows) -> None:
    """Say where and when, as the machine gives it."""
    model = platform.processor() or platform.machine()
    if Path("/proc/cpuinfo").is_file():
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        model = next(
            (line.partition(":")[2].strip() for line in lines if line.startswith("model name")),
            model,
        )
    for measure, value in {
        "processor": model, "cores": os.cpu_count(), "system": f"{platform.system()} "
                                                               f"{platform.machine()}",
        "Python": platform.python_version(), "date": time.strftime("%Y-%m-%d"),
    }.items():  # fmt: skip
        rows.add("machine", "", measure, value)


def earlier(rows: Rows, folder: Path) -> pd.DataFrame:
    """Read what was measured before; another machine or version is an error."""
    before = page.stored(folder)
    known = before[before["table"].isin(["machine", "versions"]) & (before["measure"] != "date")]
    for row in known.itertuples():
        now = {(found["tool"], found["measure"]): str(found["value"]) for found in rows.found}.get(
            (row.tool, row.measure)
        )
        if now not in (None, row.value):
            what = f"{row.tool} {row.measure}".strip()
            before = f"{folder / 'results.csv'} was measured with {what} {row.value}"
            sys.exit(f"--add: {before}, here it is {now}; measure all anew")
    return before


def with_earlier(found: pd.DataFrame, before: pd.DataFrame) -> pd.DataFrame:
    """Join what was found to what was measured before, without what was measured again."""

    def subject(row: Any) -> tuple[str, ...]:
        if row.table in ("machine", "cases", "large"):
            return (row.table,)
        return (
            (row.table, row.tool)
            if row.table == "versions"
            else (row.work, str(row.customers), row.tool)
        )

    anew = {subject(row) for row in found.itertuples()}
    old = [subject(row) not in anew for row in before.itertuples()]
    return pd.concat([found, before[old]], ignore_index=True) if any(old) else found


def there(rows: Rows, wanted: Sequence[str]) -> list[str]:
    """Give the tools that are there, and write down their versions; say which are not."""
    names = []
    for name in TOOLS:
        if name in wanted:
            version = TOOLS[name].version()
            rows.add("versions", name, "version", version or "not there")
            if version:
                names.append(name)
            else:
                say(f"{name}: SKIPPED, not there ({how_to_get(name)})")
    return names


def how_to_get(name: str) -> str:
    """Say how a tool is installed."""
    package = PLAN["tools"][name].get("package")
    return (
        f"pip install {package}"
        if package
        else "apt install python3-graph-tool, or --system-python"
    )


def compared(
    rows: Rows, graph: Graph, work: str, names: Sequence[str], options: argparse.Namespace
) -> None:
    """Let tools do one work on one graph: all sizes first, then time and memory."""
    pace: dict[str, float] = {}
    ready: dict[str, Run] = {}

    def sizes(name: str) -> None:
        run = TOOLS[name].works[work](graph, work)
        found, pace[name] = checked(run, options.small)
        if name in OURS:
            ready[name] = run
        for measure, value in {
            "runs": found.size,
            "mean": float(found.mean()),
            "sd": float(found.std(ddof=1)),
        }.items():
            rows.add("sizes", name, measure, value)

    def seconds(name: str) -> None:
        repeats = (
            min(options.repeats, TIMING["slow_repeats"])
            if pace[name] > TIMING["slow"]
            else options.repeats
        )
        timed(
            rows,
            name,
            ready.get(name) or TOOLS[name].works[work](graph, work),
            ready,
            pace,
            repeats,
        )

    names = each(rows, names, "sizes", sizes)
    compare_sizes(rows)
    names = each(rows, names, "seconds", seconds)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "graph.npz"
        graph.save(path)
        each(
            rows,
            names,
            "memory",
            lambda name: by_itself(rows, name, work, path, options.system_python),
        )


def each(rows: Rows, names: Sequence[str], what: str, measure: Callable[[str], None]) -> list[str]:
    """Measure something of each tool; gives those that could do it, and tells what failed."""
    able = []
    for name in names:
        say(f"{rows.work}, {rows.customers:,} customers, {name}: {what}")
        try:
            measure(name)
            able.append(name)
        except Exception as error:
            if name in OURS:
                raise
            rows.add("failed", name, what, f"{type(error).__name__}: {error}")
            say(f"{name}: FAILED, {type(error).__name__}: {error}")
        gc.collect()
    return able


def checked(run: Run, small: bool) -> tuple[Any, float]:
    """Run as often as time allows; gives final sizes, and seconds per run after the first."""
    run(1, 1)
    sizes, spent, luck = np.empty(0), 0.0, 2
    limit, most = (0.2, 200) if small else (CHECK["seconds"], CHECK["most"])
    while sizes.size < CHECK["least"] or (spent < limit and sizes.size < most):
        pace = spent / sizes.size if sizes.size else 0.0
        n = min(
            max(1, sizes.size), most - sizes.size, int((limit - spent) / pace) + 1 if pace else 1
        )
        found, seconds = run(max(1, n), luck)
        sizes, spent, luck = np.append(sizes, found), spent + seconds, luck + 1
    return sizes, spent / sizes.size


def compare_sizes(rows: Rows) -> None:
    """Write down how many standard errors each tool's mean is from the prototype's.

    Few runs of a heavy tail show too little of it, so a tool's spread counts as at least the
    prototype's.
    """
    mine = [
        row
        for row in rows.found
        if (row["table"], row["work"], row["customers"]) == ("sizes", rows.work, rows.customers)
    ]
    found = {(row["tool"], row["measure"]): row["value"] for row in mine}
    n, mean, sd = (found["prototype", measure] for measure in ("runs", "mean", "sd"))
    for name in dict.fromkeys(tool for tool, _ in found if tool != "prototype"):
        error = math.sqrt(sd**2 / n + max(sd, found[name, "sd"]) ** 2 / found[name, "runs"])
        rows.add("sizes", name, "off", (found[name, "mean"] - mean) / error)


def timed(
    rows: Rows, name: str, run: Run, ready: dict[str, Run], pace: dict[str, float], repeats: int
) -> None:
    """Time a tool, the prototype and ours in turn; gives medians and ratios."""
    turn = {"prototype": ready["prototype"], "buzzsim": ready["buzzsim"], name: run}
    often = {key: max(1, math.ceil(TIMING["seconds"] / pace[key])) for key in turn}
    seconds: dict[str, list[float]] = {key: [] for key in turn}
    for number in range(repeats + 1):
        for key, one in turn.items():
            _, spent = one(often[key], 1_000 + number)
            seconds[key].append(spent / often[key])
    middle = {
        key: median(found[1:]) for key, found in seconds.items()
    }  # the first only warms the caches
    rows.add("times", name, "seconds", middle[name])
    rows.add("times", name, "lowest", min(seconds[name][1:]))
    rows.add("times", name, "highest", max(seconds[name][1:]))
    rows.add("times", name, "timings", repeats)
    rows.add("times", name, "to_buzzsim", middle[name] / middle["buzzsim"])
    rows.add("times", name, "to_prototype", middle[name] / middle["prototype"])


def by_itself(rows: Rows, name: str, work: str, graph: Path, system_python: str) -> None:
    """Write down a tool's peak of memory, and what a first result takes to compile."""
    found = alone.measure(name, work, graph, system_python)
    rows.add("alone", name, "peak", found["peak"])
    rows.add("alone", name, "before", found["before"])
    if name in OURS:
        rows.add(
            "alone", name, "first", alone.measure(name, work, graph, system_python)["first"]
        )  # all is compiled by now
        rows.add(
            "alone",
            name,
            "first_ever",
            alone.measure(name, work, graph, system_python, cold=True)["first"],
        )


def write(found: pd.DataFrame, folder: Path) -> None:
    """Write results.csv, the page and the figure."""
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "results.csv", found.to_csv(index=False, lineterminator="\n").encode())
    text = (HERE / "README.md").read_text(encoding="utf-8")
    write_whole(folder / "README.md", page.filled(text, page.stored(folder)).encode())
    page.picture(found, folder / "times.png")


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
