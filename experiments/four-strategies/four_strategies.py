"""The four strategies on a generated and on a real network, and what would turn the answer round.

`python experiments/four-strategies/four_strategies.py` writes results.csv, a figure for each
network, and every number in README.md. With `--small` it writes nothing and compares a small run
with expected.toml.
"""

from __future__ import annotations

import argparse
import math
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tomli_w

import buzzsim as bz
from buzzsim.errors import BuzzsimError, NetworkError
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import write_whole
from buzzsim.model.strategy import STRATEGIES, label_of
from buzzsim.network import open_network
from buzzsim.study import markdown
from buzzsim.study.analysis import exact_interval

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PLAN = tomllib.loads((HERE / "experiment.toml").read_text(encoding="utf-8"))

MEASURES = ("volume", "critics", "reach", "firestorm", "author_anger_24h", "solved", "staff_hours")
EXPECTED = ("volume", "reach", "firestorm", "author_anger_24h")
TOLERANCE = 1e-9  # luck is keyed: only the last digits are the machine's own
FIRST = "first values"
HALF_A_DAY = 12
INDEX = ["network", "changed", "strategy", "measure"]


@dataclass(frozen=True)
class Job:
    """Some strategies on one network, with at most one key of the scenario changed."""

    network: str
    changes: Mapping[str, float]
    strategies: Sequence[str]
    replicates: int

    @property
    def changed(self) -> str:
        """What was changed, in words."""
        return ", ".join(f"{key} = {value:g}" for key, value in self.changes.items()) or "nothing"


def jobs(size: str, networks: Mapping[str, Any]) -> Iterator[Job]:
    """Give the plan's jobs on networks that are there; `size` is ``replicates`` or ``small``."""
    for name in networks:
        yield Job(name, {}, tuple(STRATEGIES), PLAN["networks"][name][size])
        for variation in PLAN["variations"]:
            if variation["network"] == name:
                for value in variation["values"]:
                    yield Job(
                        name, {variation["key"]: value}, variation["strategies"], variation[size]
                    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run the experiment; gives 1 where a small run differs from expected.toml, 2 on bad input."""
    parser = argparse.ArgumentParser(description=PLAN["question"])
    parser.add_argument(
        "--network", metavar="FILE", type=Path, help="where the Facebook network is"
    )
    parser.add_argument(
        "--small",
        action="store_true",
        help="a small run: write nothing, compare with expected.toml",
    )
    parser.add_argument(
        "--update-expected",
        metavar="REASON",
        help="write a small run to expected.toml, and why it changed",
    )
    options = parser.parse_args(argv)
    try:
        networks = open_networks(options.network)
        if options.small or options.update_expected:
            found = expected_of(measured(networks, "small"))
            return (
                update(found, options.update_expected) if options.update_expected else report(found)
            )
        write(measured(networks, "replicates", draw=True))
    except BuzzsimError as error:
        print(f"four_strategies: {error}", file=sys.stderr)
        return 2
    return 0


def open_networks(file: Path | None) -> dict[str, Any]:
    """Give the networks that are there by name; None stands for the scenario's own."""
    about = PLAN["networks"]["facebook"]
    path = file or ROOT / about["file"]
    if file is None and not path.is_file():
        say(f"facebook: SKIPPED, no {path.name} (give it with --network FILE); its results stay")
        return {"generated": None}
    network = open_network(path)
    if (network.n_customers, network.n_ties) != (about["customers"], about["ties"]):
        found = f"{network.n_customers} customers and {network.n_ties} ties"
        expected = f"{about['customers']} and {about['ties']}, as in ego-Facebook"
        raise NetworkError(f"{path.name}: {found}; expected {expected}")
    return {"generated": None, "facebook": network}


def measured(networks: Mapping[str, Any], size: str, draw: bool = False) -> pd.DataFrame:
    """Run all jobs; gives a row for each network, change, strategy and measure."""
    scenario, rows = bz.Scenario.load(PLAN["scenario"]), []
    for job in jobs(size, networks):
        where = f"{job.network} (changed: {job.changed})"
        say(f"{where}, {job.replicates:,} complaints under each strategy")
        comparison = bz.compare(
            scenario.replace(job.changes),
            strategies=job.strategies,
            network=networks[job.network],
            replicates=job.replicates,
            rng=PLAN["seed"],
        )
        rows += rows_of(comparison, job)
        if draw and not job.changes:
            picture(comparison, HERE / f"{job.network}.png")
    return pd.DataFrame(rows).set_index(INDEX)


def rows_of(comparison: bz.Comparison, job: Job) -> Iterator[dict[str, Any]]:
    """Tell what came out: outcomes, and shares that only this experiment asks for."""
    volumes = comparison.outcome("volume")
    means = {
        name: comparison.resampling.means(volumes[[name]].to_numpy())[:, 0] for name in volumes
    }
    for name in comparison.strategies:
        row = {
            "network": job.network,
            "changed": job.changed,
            "strategy": name,
            "replicates": job.replicates,
        }
        for measure in MEASURES:
            found = comparison.statistics[name][measure]
            paired = found.get("paired", {})
            low, high = paired.get("ci95", (None, None))
            yield {
                **row, "measure": measure, "mean": found["mean"], "low": found["ci95"][0],
                "high": found["ci95"][1], "median": found["median"], "p95": found["p95"],
                "difference": paired.get("difference"), "difference_low": low,
                "difference_high": high, "better": paired.get("p_better"),
                "worse": paired.get("p_worse"),
            }  # fmt: skip
        yield {
            **row,
            "measure": "lowest",
            "mean": float(
                np.all([means[name] <= other for other in means.values()], axis=0).mean()
            ),
        }
        for measure, claims in shares(comparison, name).items():
            if claims.size:
                low, high = exact_interval(int(claims.sum()), claims.size)
                yield {
                    **row,
                    "measure": measure,
                    "mean": float(claims.mean()),
                    "low": low,
                    "high": high,
                }


def shares(comparison: bz.Comparison, strategy: str) -> dict[str, Any]:
    """Tell storms apart: those reaching half of the crowd, the others, those still going on."""
    storm = comparison.outcome("firestorm")[strategy].to_numpy() > 0
    everywhere = comparison.outcome("reach")[strategy].to_numpy() > 0.5
    hourly = comparison.hourly[strategy]
    half_days = (
        hourly[:, : hourly.shape[1] // HALF_A_DAY * HALF_A_DAY]
        .reshape(len(hourly), -1, HALF_A_DAY)
        .sum(axis=2)
    )
    going_on = 2 * half_days[:, -1] >= half_days.max(axis=1)
    return {"everywhere": everywhere, "between": storm & ~everywhere, "going_on": going_on[storm]}


def picture(comparison: bz.Comparison, path: Path) -> None:
    """Draw a comparison, and say on which network."""
    import matplotlib as mpl

    mpl.use("agg")
    from buzzsim.pictures import comparisons

    axes = comparison.plot()
    comparisons.save(axes, path)


def write(found: pd.DataFrame) -> None:
    """Write results.csv and the numbers in README.md; what was skipped keeps its former results."""
    if (HERE / "results.csv").is_file():
        former = stored()
        found = pd.concat(
            [
                found,
                former[
                    ~former.index.get_level_values("network").isin(
                        found.index.get_level_values("network")
                    )
                ],
            ]
        )
    write_whole(
        HERE / "results.csv", found.to_csv(float_format="%.12g", lineterminator="\n").encode()
    )
    write_whole(
        HERE / "README.md",
        filled((HERE / "README.md").read_text(encoding="utf-8"), stored()).encode(),
    )


def stored() -> pd.DataFrame:
    """Read results.csv."""
    return pd.read_csv(HERE / "results.csv").set_index(INDEX)


# What README.md says between its markers, from results.csv alone.


def filled(text: str, results: pd.DataFrame) -> str:
    """Put the numbers between the markers of a text."""
    asked = {
        "generated": outcomes,
        "facebook": outcomes,
        "storms": storms,
        "ending": ending,
        "protest": protest,
    }
    blocks: dict[str, Callable[[], str]] = {
        name: partial(block, results, name) for name, block in asked.items()
    }
    if "facebook" not in there(results):
        blocks |= dict.fromkeys(
            ("facebook", "ending"), lambda: "Not run yet: the Facebook network was not there."
        )
    return markdown.filled(text, blocks | {"assumptions": assumptions})


def outcomes(results: pd.DataFrame, network: str) -> str:
    """Tell what each strategy did on one network."""
    found = part(results, network)
    volume, rows = found.xs("volume", level="measure"), []
    for name, row in volume.iterrows():
        other = {
            measure: found.loc[(name, measure), "mean"]
            for measure in ("firestorm", "author_anger_24h", "solved", "staff_hours")
        }
        rows.append([
            label_of(name), number(row["mean"]), number(row["median"]), number(row["p95"]),
            percent(other["firestorm"]), difference(row), percent(row["better"]),
            percent(row["worse"]), number(other["author_anger_24h"]), number(other["solved"]),
            number(other["staff_hours"]),
        ])  # fmt: skip
    best = volume["mean"].idxmin()
    sure = found.loc[(best, "lowest"), "mean"]
    heads = [
        "", "posts, mean", "median", "95th percentile", "firestorms", "against ignore",
        "fewer posts", "more posts", "author's anger after 24 h", "cases solved", "staff hours",
    ]  # fmt: skip
    n = int(volume["replicates"].iloc[0])
    return f"""{n:,} complaints under each strategy. *Posts* are critical posts per complaint;
*against ignore* is the mean difference for the same complaint with the same luck, and its 95 %
confidence interval.

{markdown.table(heads, rows)}

Lowest mean: {label_of(best)}, in {percent(sure)} of resamples of the complaints."""


def storms(results: pd.DataFrame, _: str) -> str:
    """Tell the humps apart."""
    firestorm, rows = bz.Scenario.load(PLAN["scenario"]).measures.firestorm_volume, []
    for network in there(results):
        found = part(results, network)
        for name in STRATEGIES:
            rows.append(
                [
                    network,
                    label_of(name),
                    *(
                        interval(found, name, measure)
                        for measure in ("between", "everywhere", "going_on")
                    ),
                ]
            )
    heads = [
        "network",
        "",
        f"{firestorm} posts or more, but at most half the crowd reached",
        "more than half the crowd reached",
    ]
    return (
        markdown.table([*heads, f"of all with {firestorm} posts or more: still going on"], rows)
        + f"""

*Still going on*: the last {HALF_A_DAY} hours have at least half as many posts as the busiest
{HALF_A_DAY}. In brackets exact 95 % confidence intervals."""
    )


def ending(results: pd.DataFrame, _: str) -> str:
    """Tell what ends the storms of the dense network under silence."""
    rows = []
    for changed in dict.fromkeys(
        changed for network, changed, *_ in results.index if network == "facebook"
    ):
        found = part(results, "facebook", changed)
        volume = found.loc[("ignore", "volume")]
        shown = [
            interval(found, "ignore", measure)
            for measure in ("firestorm", "everywhere", "going_on")
        ]
        said = f"`{changed}`" if "=" in changed else changed
        rows.append([said, f"{int(volume['replicates']):,}", number(volume["mean"]), *shown])
    return markdown.table(
        [
            "changed",
            "complaints",
            "posts, mean",
            "firestorms",
            "more than half the crowd reached",
            "firestorms still going on",
        ],
        rows,
    )


def protest(results: pd.DataFrame, _: str) -> str:
    """Tell whether deleting beats silence, as witnesses protest more."""
    (about,) = (
        variation for variation in PLAN["variations"] if variation["strategies"] == ["censor"]
    )
    rows = []
    for value in about["values"]:
        row = results.loc[(about["network"], f"{about['key']} = {value:g}", "censor", "volume")]
        answer = (
            "deleting"
            if row["difference_high"] < 0
            else "silence"
            if row["difference_low"] > 0
            else "cannot be told apart"
        )
        rows.append(
            [
                f"{value:g}",
                number(row["mean"]),
                difference(row),
                percent(row["better"]),
                percent(row["worse"]),
                answer,
            ]
        )
    return markdown.table(
        [
            f"`{about['key']}`",
            "posts, mean",
            "against ignore",
            "fewer posts",
            "more posts",
            "fewer posts on average",
        ],
        rows,
    )


def assumptions() -> str:
    """List the numbers that nobody has measured and that the answers hang on."""
    known, scenario = dict(all_parameters()), bz.Scenario.load(PLAN["scenario"]).to_dict()
    rows = []
    for key in PLAN["readme"]["assumptions"]:
        section, _, leaf = key.partition(".")
        rows.append(
            [
                f"`{key}`",
                f"{scenario[section][leaf]:g}",
                known[key].meaning,
                known[key].grade,
                known[key].source or "none",
            ]
        )
    return markdown.table(["key", "here", "what", "grade", "source of the guess"], rows)


def part(results: pd.DataFrame, network: str, changed: str = "nothing") -> pd.DataFrame:
    """Give the rows of one job, by strategy and measure."""
    levels = results.index.get_level_values
    return results[(levels("network") == network) & (levels("changed") == changed)].droplevel(
        ["network", "changed"]
    )


def there(results: pd.DataFrame) -> list[str]:
    """Give the networks that there are results for."""
    return [name for name in PLAN["networks"] if name in results.index.get_level_values("network")]


def number(value: float) -> str:
    """Write three digits."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def percent(value: float) -> str:
    """Write a share; empty where there is nothing to compare with."""
    return (
        ""
        if math.isnan(value)
        else f"{100 * value:.2g} %"
        if value < 0.0995
        else f"{value:.0%}".replace("%", " %")
    )


def difference(row: pd.Series) -> str:
    """Write a paired difference with its interval."""
    if math.isnan(row["difference"]):
        return ""
    return "{} [{}, {}]".format(
        *(f"{row[key]:+.3g}" for key in ("difference", "difference_low", "difference_high"))
    )


def interval(found: pd.DataFrame, strategy: str, measure: str) -> str:
    """Write a share with its interval; a dash where there are no such complaints."""
    if (strategy, measure) not in found.index:
        return "-"
    row = found.loc[(strategy, measure)]
    return f"{percent(row['mean'])} [{percent(row['low'])}, {percent(row['high'])}]"


# What a small run is compared with.


def expected_of(found: pd.DataFrame) -> dict[str, Any]:
    """Pick the means that are on file: network, change, strategy, measure."""
    values: dict[str, Any] = {}
    for (network, changed, strategy, measure), row in found.iterrows():
        if measure in EXPECTED:
            values.setdefault(network, {}).setdefault(changed, {}).setdefault(strategy, {})[
                measure
            ] = row["mean"]
    return values


def differences(found: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """Say what differs from what is on file, a sentence each."""
    one, other, tolerance = flat(found), flat(expected["values"]), expected["relative_tolerance"]
    other = {key: value for key, value in other.items() if key[0] in found}
    said = [
        f"{', '.join(key)}: only {'found' if key in one else 'on file'}"
        for key in sorted(one.keys() ^ other.keys())
    ]
    for key in one.keys() & other.keys():
        if not math.isclose(one[key], other[key], rel_tol=tolerance):
            expected = f"{other[key]:.12g} within {tolerance:g}"
            said.append(f"{', '.join(key)}: {one[key]:.12g}; expected {expected}")
    return sorted(said)


def flat(values: Mapping[str, Any], above: tuple[str, ...] = ()) -> dict[tuple[str, ...], float]:
    """Give nested numbers under the path to each."""
    found: dict[tuple[str, ...], float] = {}
    for key, value in values.items():
        found |= (
            flat(value, (*above, key)) if isinstance(value, Mapping) else {(*above, key): value}
        )
    return found


def on_file() -> dict[str, Any]:
    """Read expected.toml."""
    return tomllib.loads((HERE / "expected.toml").read_text(encoding="utf-8"))


def report(found: Mapping[str, Any]) -> int:
    """Say how a small run compares; gives 1 where it differs."""
    said = differences(found, on_file())
    print("\n".join(said) or f"as expected: {len(flat(found))} means on {' and '.join(found)}")
    return 1 if said else 0


def update(found: Mapping[str, Any], reason: str) -> int:
    """Write expected.toml and why it changed; networks that were skipped keep their values."""
    former = on_file()["values"] if (HERE / "expected.toml").is_file() else {}
    about = {"because": reason, "relative_tolerance": TOLERANCE, "values": {**former, **found}}
    head = "# Means of the small run, written by four_strategies.py --update-expected REASON.\n\n"
    write_whole(HERE / "expected.toml", (head + tomli_w.dumps(about)).encode())
    if reason != FIRST:
        print(f"Now say so in CHANGELOG.md, in one line: - *Changes results*: {reason}")
    return 0


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
