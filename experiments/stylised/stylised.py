"""Stylised facts: what was measured of complaints, beside what the default scenario does.

`python experiments/stylised/stylised.py` writes results.csv and every number in README.md.
"""

from __future__ import annotations

import importlib.util
import sys
import textwrap
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import spearmanr

import buzzsim as bz
from buzzsim.engine import replicates
from buzzsim.files import write_whole
from buzzsim.model import rules
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.network.world import World
from buzzsim.study import markdown
from buzzsim.study.analysis import exact_interval
from buzzsim.study.run import run_in

HERE = Path(__file__).resolve().parent
PLAN = tomllib.loads((HERE / "experiment.toml").read_text(encoding="utf-8"))
RESAMPLES = 1000
DAY = 24

Estimate = tuple[float, float, float]


def main() -> int:
    """Run the experiment and write what it found."""
    found = measured(PLAN["replicates"], PLAN["replies"], PLAN["pairs"])
    write_whole(
        HERE / "results.csv",
        found.to_csv(index=False, float_format="%.9g", lineterminator="\n").encode(),
    )
    small = measured(
        PLAN["small"], PLAN["small"] // 10, PLAN["small"] // 10
    )  # for the test, which has seconds
    write_whole(
        HERE / "small.csv",
        small.to_csv(index=False, float_format="%.9g", lineterminator="\n").encode(),
    )
    write_whole(
        HERE / "README.md",
        filled((HERE / "README.md").read_text(encoding="utf-8"), stored()).encode(),
    )
    print(answer(stored()).partition("\n")[0], "The rest stands in README.md and results.csv.")
    return 0


def measured(n: int, n_replies: int, n_pairs: int) -> pd.DataFrame:
    """Measure every fact: on n complaints under silence, some under a public reply, and pairs."""
    world = World.of(bz.Scenario.load(PLAN["scenario"]))
    values, hourly = replicates(world, "ignore", PLAN["seed"], n)
    of = dict(zip(OUTCOMES, values.T, strict=True))
    found = (
        sizes(of)
        | shapes(of)
        | course(of, hourly)
        | answers(world, n_replies)
        | image(of)
        | signs(n_pairs)
    )
    return pd.DataFrame([row(fact, found[fact["name"]]) for fact in PLAN["facts"]])


def row(fact: Mapping[str, Any], estimate: Estimate) -> dict[str, Any]:
    """Set an estimate beside its band: 0 is inside, below and above are how far."""
    (value, low, high), (least, most) = estimate, fact["band"]
    distance = min(0.0, value - least) + max(0.0, value - most)
    fits = "put in" if fact.get("put_in") else "hit"
    verdict = "undefined" if np.isnan(value) else "miss" if distance else fits
    return {
        "fact": fact["fact"], "name": fact["name"], "value": value, "low": low, "high": high,
        "band_low": least, "band_high": most, "distance": distance, "verdict": verdict,
    }  # fmt: skip


def sizes(of: Mapping[str, Any]) -> dict[str, Estimate]:
    """E1, E2: how many complaints become firestorms, and how many nobody joins."""
    return {"base_rate": share(of["firestorm"] > 0), "nobody_joins": share(of["critics"] == 1)}


def shapes(of: Mapping[str, Any]) -> dict[str, Estimate]:
    """E3, E4: the shape of large cascades."""
    large = of["critics"] >= PLAN["large"]
    virality, critics, root = (
        of["structural_virality"][large],
        of["critics"][large],
        of["root_share"][large],
    )
    return {
        "virality_median": resampled(virality.size, lambda i: np.median(virality[i])),
        "virality_p95": resampled(virality.size, lambda i: np.quantile(virality[i], 0.95)),
        "virality_size": resampled(
            virality.size, lambda i: spearmanr(virality[i], critics[i]).statistic
        ),
        "root_share": resampled(root.size, lambda i: np.median(root[i])),
    }


def course(of: Mapping[str, Any], hourly: Any) -> dict[str, Estimate]:
    """E5 to E7: when posts come, over all complaints; and how firestorms die down."""
    later = hourly.sum(axis=1) - 1  # without the complaint, which stands in the first hour
    first, day = hourly[:, 0] - 1, hourly[:, :DAY].sum(axis=1) - 1
    storm = of["firestorm"] > 0
    half_lives = np.nan_to_num(
        of["half_life"][storm], nan=np.inf
    )  # longer than the run is longer than any
    ratios = np.array([hour_ratio(series) for series in hourly[storm]])
    return {
        "first_hour": resampled(later.size, lambda i: first[i].sum() / later[i].sum()),
        "first_day": resampled(later.size, lambda i: day[i].sum() / later[i].sum()),
        "half_life": resampled(half_lives.size, lambda i: np.median(half_lives[i])),
        "ratio": resampled(ratios.size, lambda i: np.median(ratios[i])),
    }


def hour_ratio(series: Any) -> float:
    """Posts in all hours after the peak, over those in the hours just before each of them."""
    fall = series[int(np.argmax(series)) :]
    return float(fall[1:].sum() / fall[:-1].sum()) if fall.size > 1 else np.nan


def answers(world: World, n: int) -> dict[str, Estimate]:
    """E8: how late and how often the brand answers in public; whole complaints are resampled."""
    tick, lags, posts = world.scenario.time.tick, [], np.zeros(n)
    for replicate in range(n):
        written = run_in(world, "public_reply", PLAN["seed"], replicate).record["posts"]
        answered = written["answered"] >= 0
        posts[replicate] = (written["kind"] != rules.KINDS.index("thanks")).sum()
        lags.append((written["answered"] - written["tick"])[answered] * tick)
    counts = np.array([found.size for found in lags])
    return {
        "lag_median": resampled(n, lambda i: np.median(np.concatenate([lags[k] for k in i]))),
        "lag_mean": resampled(n, lambda i: np.concatenate([lags[k] for k in i]).mean()),
        "coverage": resampled(n, lambda i: counts[i].sum() / posts[i].sum()),
    }


def image(of: Mapping[str, Any]) -> dict[str, Estimate]:
    """E9: whether a firestorm leaves the brand thought less of; here nothing recovers later."""
    worse = share(of["attitude_change_reached"][of["firestorm"] > 0] < 0.0)
    return {"image_short": worse, "image_long": worse}


def signs(n: int) -> dict[str, Estimate]:
    """E10 to E14: how far the two sides of a finding lie apart, on the same luck."""
    literature = neighbour("literature")
    findings = {finding["id"]: finding for finding in literature.PLAN["findings"]}
    asked = {
        fact["name"]: (findings[fact["finding"]], fact.get("setting", "default"))
        for fact in PLAN["facts"]
        if "finding" in fact
    }
    return {
        name: literature.compared(finding, finding.get(setting, {}), n)
        for name, (finding, setting) in asked.items()
    }


def neighbour(name: str) -> Any:
    """Load the experiment next door."""
    spec = importlib.util.spec_from_file_location(
        name, Path(__file__).resolve().parents[1] / name / f"{name}.py"
    )
    if spec is None or spec.loader is None:
        raise ImportError(name)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def share(claims: Any) -> Estimate:
    """Give a share and its exact interval."""
    low, high = exact_interval(int(claims.sum()), claims.size)
    return float(claims.mean()), low, high


def resampled(n: int, statistic: Callable[[Any], float]) -> Estimate:
    """Give a statistic of n things and its bootstrap interval; undefined for fewer than three."""
    if n < 3:
        return np.nan, np.nan, np.nan
    generator = np.random.default_rng(PLAN["seed"])
    found = [statistic(generator.integers(n, size=n)) for _ in range(RESAMPLES)]
    low, high = np.nanquantile(found, [0.025, 0.975])
    return float(statistic(np.arange(n))), float(low), float(high)


def stored() -> pd.DataFrame:
    """Read results.csv."""
    return pd.read_csv(HERE / "results.csv")


# What README.md says between its markers, from results.csv alone.


def filled(text: str, results: pd.DataFrame) -> str:
    """Put the numbers between the markers of a text."""
    return markdown.filled(
        text, {"answer": lambda: answer(results), "facts": lambda: facts(results)}
    )


def answer(results: pd.DataFrame) -> str:
    """Count the hits, and name the misses."""
    hit = dict(zip(results["name"], results["verdict"] == "hit", strict=True))
    measured = [fact for fact in PLAN["facts"] if "finding" not in fact]
    free = [hit[fact["name"]] for fact in measured if not fact.get("put_in")]
    signs = [
        hit[fact["name"]] for fact in PLAN["facts"] if "finding" in fact and "setting" not in fact
    ]
    apart = [hit[fact["name"]] for fact in PLAN["facts"] if "setting" in fact]
    said = textwrap.fill(
        f"Of {len(free)} measured values that were not put in, {sum(free)} lie in their bands "
        f"({len(measured) - len(free)} more were put in). The default has the sign that was found "
        f"in {sum(signs)} of {len(signs)} cases; in {len(apart)} more the model was asked under "
        f"parameters of their own kind, and shows it in {sum(apart)}.",
        100,
    )
    words = {fact["name"]: f"{fact['what']} ({fact['fact']})" for fact in PLAN["facts"]}
    missed = results[results["verdict"] == "miss"]
    sides = [
        f"- {words[name]}: too {'low' if out < 0 else 'high'}"
        for name, out in zip(missed["name"], missed["distance"], strict=True)
    ]
    return said + ("\n\nMissed:\n\n" + "\n".join(sides) if sides else "")


def facts(results: pd.DataFrame) -> str:
    """Write the table: each fact with its band, value, distance and verdict."""
    known = {fact["name"]: fact for fact in PLAN["facts"]}
    default = (
        neighbour("literature").stored().query("setting == 'default'").set_index("id")["difference"]
    )
    rows = []
    for found in results.to_dict("records"):
        fact = known[found["name"]]
        value = f"{number(found['value'])} [{number(found['low'])}, {number(found['high'])}]"
        distance = f"{found['distance']:+.3g}" if found["distance"] else "0"
        kind = (
            f"of its kind; default {default[fact['finding']]:+.3g}"
            if "setting" in fact
            else "default"
        )
        rows.append(
            [
                found["fact"],
                fact["what"],
                kind,
                band(found),
                value,
                distance,
                found["verdict"],
                fact["source"],
            ]
        )
    return markdown.table(
        ["", "what", "parameters", "band", "value", "distance", "verdict", "source"], rows
    )


def band(found: Mapping[str, Any]) -> str:
    """Write a band."""
    low, high = found["band_low"], found["band_high"]
    if np.isinf(low):
        return f"at most {high:g}"
    return f"at least {low:g}" if np.isinf(high) else f"{low:g} to {high:g}"


def number(value: float) -> str:
    """Write three digits."""
    return f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
