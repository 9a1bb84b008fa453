"""How long people wait before they pass a post on: which law the delays of real cascades have.

`python experiments/delays/delays.py` writes results.csv, trees.csv and the tables of README.md. It
needs the rumour cascades of Twitter, which are not part of this repository.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.polynomial.hermite_e import hermegauss
from numpy.typing import NDArray
from scipy import stats
from scipy.optimize import minimize

from buzzsim.files import write_whole
from buzzsim.model.visibility import SEISMIC_SHOULDER, SEISMIC_THETA
from buzzsim.study import markdown

HERE = Path(__file__).resolve().parent
DATA = HERE.parents[2] / "shared" / "data"
WEEK = 168.0  # hours: later delays are left out, and the laws are cut there
PER_TREE = 60  # delays taken of each tree, so that a few large ones do not rule the fit
FEWEST = 20  # delays of a tree that is used
SEED = 1
NORMAL, WEIGHT = hermegauss(25)  # quadrature over the pace of trees
WEIGHT = np.log(WEIGHT / WEIGHT.sum())

Floats = NDArray[np.float64]


class Law(NamedTuple):
    """A law of delays in hours."""

    start: tuple[float, ...]  # logarithms of its parameters, to begin the search with
    log_density: Callable[..., Floats]
    within: Callable[..., Floats]  # share of delays up to a time


class Delays(NamedTuple):
    """Delays in hours, and the tree of each."""

    hours: Floats
    tree: NDArray[np.int64]


def seismic_density(x: Floats, shoulder: float, theta: float = SEISMIC_THETA) -> Floats:
    """Flat up to the shoulder, then a power law (Zhao et al. 2015)."""
    flat = np.log(theta / (shoulder * (1 + theta)))
    return flat - (1 + theta) * np.log(np.maximum(x, shoulder) / shoulder)


def seismic_within(x: Floats, shoulder: float, theta: float = SEISMIC_THETA) -> Floats:
    """Share of its delays up to a time."""
    flat = theta / (shoulder * (1 + theta))
    tail = 1 - (np.maximum(x, shoulder) / shoulder) ** -theta
    return flat * np.minimum(x, shoulder) + tail / (1 + theta)


def of_scipy(law: object, start: tuple[float, ...], named: Callable[..., dict[str, float]]) -> Law:
    """Give a law of scipy; `named` says how its parameters are called there."""
    return Law(
        start,
        lambda x, *q: law.logpdf(x, **named(*q)),
        lambda x, *q: law.cdf(x, **named(*q)),
    )


LAWS = {
    "exponential": of_scipy(stats.expon, (0.0,), lambda scale: {"scale": scale}),
    "Weibull": of_scipy(stats.weibull_min, (0.0, -0.7), lambda s, c: {"scale": s, "c": c}),
    "SEISMIC, scaled": Law((np.log(SEISMIC_SHOULDER),), seismic_density, seismic_within),
    "power law, own shoulder": Law((np.log(0.1), np.log(0.3)), seismic_density, seismic_within),
    "lognormal": of_scipy(stats.lognorm, (-0.5, 0.8), lambda m, s: {"scale": m, "s": s}),
    "power law, smooth shoulder": of_scipy(
        stats.lomax, (-1.0, -0.5), lambda s, c: {"scale": s, "c": c}
    ),
    "log-logistic": of_scipy(stats.fisk, (-0.4, -0.2), lambda m, c: {"scale": m, "c": c}),
}
"""Laws of a delay, those with a half-life of their own last."""


def read(name: str) -> Delays:
    """Read the delays between a post and its parent, of trees that stand in no other set."""
    nodes = pd.read_parquet(DATA / "rumour-cascades.parquet")
    index = pd.read_csv(DATA / "rumour-cascades-index.csv")
    trees = index.loc[(index["set"] == name) & (index["repeat"] == 0), "cascade"]
    dice, hours, tree = np.random.default_rng(SEED), [], []
    for number, (_, posts) in enumerate(nodes[nodes["cascade"].isin(trees)].groupby("cascade")):
        minutes, parent = posts["delay_min"].to_numpy(float), posts["parent"].to_numpy()
        waited = (minutes - minutes[np.maximum(parent, 0)])[parent >= 0] / 60
        waited = np.maximum(waited[(waited >= 0) & (waited <= WEEK)], 0.5 / 3600)
        if waited.size >= FEWEST:
            some = dice.permutation(waited)[:PER_TREE]
            hours.append(some)
            tree += [number] * some.size
    return Delays(np.concatenate(hours), np.unique(tree, return_inverse=True)[1])


def log_likelihood(law: Law, parameters: Floats, sigma: float, delays: Delays) -> float:
    """Mean over delays; each tree has a pace of its own, lognormal, integrated out."""
    if sigma == 0.0:
        known = law.log_density(delays.hours, *parameters)
        return float(known.mean() - np.log(law.within(np.array(WEEK), *parameters)))
    by_pace = []
    for normal in NORMAL:
        pace = np.exp(sigma * normal)
        log = law.log_density(delays.hours / pace, *parameters) - np.log(pace)
        log -= np.log(law.within(np.array(WEEK / pace), *parameters))
        by_pace.append(np.bincount(delays.tree, log))
    of_tree = np.logaddexp.reduce(np.array(by_pace) + WEIGHT[:, None], axis=0)
    return float(of_tree.sum() / delays.hours.size)


def fitted(law: Law, delays: Delays, paced: bool) -> tuple[Floats, float]:
    """Give the parameters of greatest likelihood, and the sigma of pace."""

    def misfit(q: Floats) -> float:
        sigma = float(np.exp(q[-1])) if paced else 0.0
        return -log_likelihood(law, np.exp(q[: len(law.start)]), sigma, delays)

    start = np.array([*law.start, 0.0][: len(law.start) + paced])
    options = {"xatol": 1e-3, "fatol": 1e-6, "maxiter": 400}
    with np.errstate(all="ignore"):
        found = minimize(misfit, start, method="Nelder-Mead", options=options).x
    return np.exp(found[: len(law.start)]), float(np.exp(found[-1])) if paced else 0.0


def compared(fit: Delays, held_out: Delays) -> pd.DataFrame:
    """Fit every law, with one pace for all trees and with a pace for each."""
    rows = []
    for name, law in LAWS.items():
        for paced in (False, True):
            parameters, sigma = fitted(law, fit, paced)
            with np.errstate(all="ignore"):
                scores = [log_likelihood(law, parameters, sigma, set_) for set_ in (fit, held_out)]
            rows.append([name, *scores, sigma, " ".join(f"{value:.3g}" for value in parameters)])
            print(*rows[-1], flush=True)
    columns = ["law", "fitted", "held_out", "pace_sigma", "parameters"]
    return pd.DataFrame(rows, columns=columns)


def trees(delays: Delays, half_life: float, tail: float, sigma: float) -> pd.DataFrame:
    """Set trees beside trees of the log-logistic law: quantiles of their shares within a time."""
    dice, sizes = np.random.default_rng(SEED), np.bincount(delays.tree)
    made = []
    for size in np.repeat(sizes, 10):
        pace = np.exp(sigma * dice.normal())
        within = stats.fisk.cdf(WEEK / pace, tail, scale=half_life)
        made.append(pace * stats.fisk.ppf(dice.random(size) * within, tail, scale=half_life))
    rows = []
    for hours in (0.25, 1.0, 6.0, 24.0):
        real = np.bincount(delays.tree, delays.hours <= hours) / sizes
        like = np.array([(tree <= hours).mean() for tree in made])
        for whose, shares in (("real", real), ("of the law", like)):
            rows.append([hours, whose, *np.quantile(shares, [0.05, 0.25, 0.5, 0.75, 0.95])])
    return pd.DataFrame(rows, columns=["hours", "trees", "5 %", "25 %", "50 %", "75 %", "95 %"])


def main() -> int:
    """Fit, compare, and write what was found."""
    if not (DATA / "rumour-cascades.parquet").exists():
        print("The rumour cascades are not here; results.csv stands as it is.")
        return 0
    fit, held_out = read("twitter15"), read("twitter16")
    results = compared(fit, held_out)
    best = results[results["law"] == "log-logistic"].iloc[-1]
    half_life, tail = map(float, best["parameters"].split())
    shares = trees(held_out, half_life, tail, best["pace_sigma"])
    for name, table in (("results", results), ("trees", shares)):
        text = table.to_csv(index=False, float_format="%.4g", lineterminator="\n")
        write_whole(HERE / f"{name}.csv", text.encode())
    page = HERE / "README.md"
    write_whole(page, filled(page.read_text(encoding="utf-8"), stored()).encode())
    return 0


def stored() -> dict[str, pd.DataFrame]:
    """Read both tables from their files."""
    return {name: pd.read_csv(HERE / f"{name}.csv", dtype=str) for name in ("results", "trees")}


def filled(text: str, tables: Mapping[str, pd.DataFrame]) -> str:
    """Write both tables into the page."""

    def written(table: pd.DataFrame) -> str:
        heads = [head.replace("_", " ") for head in table]
        return markdown.table(heads, table.to_numpy().tolist())

    return markdown.filled(text, {name: partial(written, table) for name, table in tables.items()})


if __name__ == "__main__":
    sys.exit(main())
