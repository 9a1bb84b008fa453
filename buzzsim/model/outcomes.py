"""What is measured of a run: the exact definition of each outcome, once, for both engines and for the docs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.errors import ResultError, unknown
from buzzsim.model import rules
from buzzsim.model.tables import (
    ACTS,
    BACKLOG,
    DEFENCES,
    EARLY_ANGER,
    LATE_ANGER,
    PEOPLE,
    POSTS,
    ascending,
)


@dataclass(frozen=True)
class Outcome:
    """One measure of a run."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    meaning: str


YES_OR_NO = "yes or no"
ROUNDING = 1e-9  # share of a number that the order of a sum may change

_DEFINITIONS = (
    (
        "volume",
        "posts",
        "lower",
        "critical posts written, the complaint among them; thanks and defences do not count",
    ),
    ("critics", "customers", "lower", "distinct authors of critical posts"),
    ("reach", "share of the crowd", "lower", "customers who noticed at least one critical post"),
    ("firestorm", YES_OR_NO, "lower", "whether the volume reached `measures.firestorm_volume`"),
    ("attack_rate", "share of the crowd", "lower", "critics over customers"),
    ("peak", "posts per hour", "lower", "largest number of critical posts in one hour"),
    ("time_to_peak", "hours", "higher", "from the complaint to the start of the (first) peak hour"),
    (
        "half_life",
        "hours",
        "lower",
        "from the peak hour to the first later whole hour below half of it; undefined, and left out of means, if there is none, or "
        "where a tick is longer than an hour",
    ),
    (
        "duration",
        "hours",
        "lower",
        "between the first and the last hour with at least 5 % of the peak; usually longer if `unfinished`",
    ),
    ("t50", "hours", "higher", "time by which half of all critical posts were written"),
    (
        "unfinished",
        YES_OR_NO,
        "lower",
        "whether a critical post, complaints aside, was written in the last hour before the horizon; the volume may then be a "
        "lower bound",
    ),
    ("deleted_posts", "posts", "lower", "posts that the brand removed"),
    ("replies", "replies", "lower", "public replies of the brand"),
    ("private_talks", "dialogues", "lower", "private dialogues that were accepted"),
    ("solved", "cases", "higher", "cases solved for their authors"),
    ("thanks", "posts", "higher", "public thanks of reconciled authors"),
    ("defences", "defences", "higher", "defences of the brand by advocates"),
    (
        "first_response",
        "hours",
        "lower",
        "mean time from a post to the brand's first act on it; undefined if it acted on none",
    ),
    ("backlog", "cases", "lower", "largest number of cases waiting for staff at the end of a tick"),
    (
        "staff_hours",
        "hours",
        "lower",
        "work on removals, replies, invitations and private rounds; what was begun counts whole, beyond the horizon too",
    ),
    ("attitude_change", "on a scale of -1 to 1", "higher", "mean change of attitude, whole crowd"),
    (
        "attitude_change_reached",
        "on a scale of -1 to 1",
        "higher",
        "the same among those reached; undefined if none",
    ),
    (
        "attitude_change_bystanders",
        "on a scale of -1 to 1",
        "higher",
        "the same among customers who are not critics; undefined if all are",
    ),
    (
        "residual_anger",
        "on a scale of 0 to 1",
        "lower",
        "sum of the anger at the horizon of those whom the buzz touched, over the whole crowd",
    ),
    (
        "author_anger_6h",
        "on a scale of 0 to 1",
        "lower",
        "mean anger of the complainants after 6 hours (beyond the horizon as it decays)",
    ),
    (
        "author_anger_24h",
        "on a scale of 0 to 1",
        "lower",
        "mean anger of the complainants after 24 hours, likewise",
    ),
    ("depth", "generations", "lower", "longest chain from a complainant to a critic"),
    (
        "breadth",
        "critics",
        "lower",
        "largest number of critics in one generation after the complainants",
    ),
    (
        "structural_virality",
        "ties",
        "lower",
        "mean distance over ordered pairs of critics in the same cascade (Goel et al. 2016); 0 without pairs",
    ),
    (
        "root_share",
        "share of critics",
        "higher",
        "critics won directly by a complainant, over all critics won; undefined if none",
    ),
    (
        "reproduction_number",
        "critics",
        "lower",
        "critics of the second generation per critic of the first; undefined if the first is empty",
    ),
)

OUTCOMES: dict[str, Outcome] = {row[0]: Outcome(*row) for row in _DEFINITIONS}  # type: ignore[arg-type]
"""Every outcome of a run, in the order of the engine's output."""

N_OUTCOMES = len(OUTCOMES)
_I = {name: i for i, name in enumerate(OUTCOMES)}
_VOLUME, _CRITICS, _REACH, _FIRESTORM, _ATTACK = (
    _I["volume"],
    _I["critics"],
    _I["reach"],
    _I["firestorm"],
    _I["attack_rate"],
)
_PEAK, _TO_PEAK, _HALF_LIFE, _DURATION, _T50 = (
    _I["peak"],
    _I["time_to_peak"],
    _I["half_life"],
    _I["duration"],
    _I["t50"],
)
_UNFINISHED = _I["unfinished"]
_DELETED, _REPLIES, _TALKS, _SOLVED, _THANKS = (
    _I["deleted_posts"],
    _I["replies"],
    _I["private_talks"],
    _I["solved"],
    _I["thanks"],
)
_DEFENCES, _RESPONSE, _BACKLOG, _STAFF = (
    _I["defences"],
    _I["first_response"],
    _I["backlog"],
    _I["staff_hours"],
)
_ATTITUDE, _ATTITUDE_REACHED = _I["attitude_change"], _I["attitude_change_reached"]
_ATTITUDE_BYSTANDERS, _RESIDUAL = _I["attitude_change_bystanders"], _I["residual_anger"]
_ANGER_6, _ANGER_24, _DEPTH, _BREADTH = (
    _I["author_anger_6h"],
    _I["author_anger_24h"],
    _I["depth"],
    _I["breadth"],
)
_VIRALITY, _ROOT_SHARE, _REPRODUCTION = (
    _I["structural_virality"],
    _I["root_share"],
    _I["reproduction_number"],
)


def checked_outcomes(outcomes: Iterable[str] | str | None, place: str) -> list[str]:
    """Give the names of the outcomes asked for, each once; all if None.

    Raises
    ------
    ResultError
        When one is unknown, or none is named; the error suggests the near name.
    """
    if outcomes is not None and not isinstance(outcomes, Iterable):
        raise ResultError(unknown(place, "outcome", outcomes, OUTCOMES))
    wanted = (
        list(OUTCOMES)
        if outcomes is None
        else [outcomes]
        if isinstance(outcomes, str)
        else list(outcomes)
    )
    for name in wanted:
        if not isinstance(name, str) or name not in OUTCOMES:
            raise ResultError(unknown(place, "outcome", name, OUTCOMES))
    if not wanted:
        raise ResultError(f"{place}: no outcome given; expected some of {', '.join(OUTCOMES)}")
    return list(dict.fromkeys(wanted))


def are_alike(values: Any, others: Any) -> Any:
    """Whether numbers are the same, but for what the order of a sum changes in the last digits.

    Parameters
    ----------
    values, others : arrays of one shape
        In whatever unit, the same for both.

    Returns
    -------
    array of bool of that shape
        Whether both differ by no more than a part in 10^9 of the larger; never where one is NaN.

    Examples
    --------
    >>> are_alike(np.array([0.3, 1e-15, 0.0, np.nan]), np.array([0.1 + 0.2, 1.01e-15, 0.0, np.nan])).tolist()
    [True, False, True, False]
    """
    with np.errstate(invalid="ignore"):  # two that are infinite are the same
        return (values == others) | (
            np.abs(values - others) <= ROUNDING * np.maximum(np.abs(values), np.abs(others))
        )


@compiled
def watched_ticks(p: Any) -> Any:
    """Give when the complainants' anger is measured, in ticks: after 6 and after 24 hours, between two ticks if need be."""
    return _whole_if_near(6.0 / p.time_tick), _whole_if_near(24.0 / p.time_tick)


@compiled
def _whole_if_near(ticks: Any) -> Any:
    nearest = float(round(ticks))
    return nearest if abs(ticks - nearest) < 1e-9 * nearest else ticks


@compiled
def count_by_hour(tick: Any, ticks: Any, n_hours: Any) -> Any:
    """Count by hour what happened in some ticks.

    Parameters
    ----------
    tick : float
        Hours of a tick.
    ticks : array of int
        When things happened, 0 or later; below 0: never.
    n_hours : int
        Hours of the run; what is later counts in the last.

    Returns
    -------
    array of int64 of shape (n_hours,)
        How many fell into each hour; tick t stands for the time from t - 1 to t, tick 0 for the start.
    """
    counts = np.zeros(n_hours, np.int64)
    for t in ticks:
        if t >= 0:
            counts[_hour_of(tick, t, n_hours)] += 1
    return counts


@compiled
def _hour_of(tick: Any, t: Any, n_hours: Any) -> Any:
    """Give the hour that tick t falls into; it stands for the time from t - 1 to t, tick 0 for the start."""
    return min(n_hours - 1, int(max(0, t - 1) * tick + 1e-9))


@compiled
def measure(p: Any, w: Any, hourly: Any, out: Any) -> None:
    """Fill `hourly` (critical posts by hour) and `out` (one number for each of `OUTCOMES`) from a finished run.

    Floats are summed over customers in increasing number, so that the engine's order of touching them is no matter.
    """
    n_customers = w.row_of.size
    people, posts, acts = w.people[: w.n[PEOPLE]], w.posts[: w.n[POSTS]], w.acts[: w.n[ACTS]]
    order = _by_customer(w, people)
    tally = w.tally
    _volumes(p, posts, hourly, out)
    _crowd(n_customers, people, order, out)
    _acts(p, posts, acts, out)
    _cascade(posts, out)
    out[_ATTACK] = out[_CRITICS] / n_customers
    out[_FIRESTORM] = 1.0 if out[_VOLUME] >= p.measures_firestorm_volume else 0.0
    out[_BACKLOG], out[_DEFENCES], out[_ANGER_6], out[_ANGER_24] = (
        tally[BACKLOG],
        tally[DEFENCES],
        tally[EARLY_ANGER],
        tally[LATE_ANGER],
    )


@compiled
def _by_customer(w: Any, people: Any) -> Any:
    """Give the rows of the people by increasing customer: sorted where they are few, else as they stand in the crowd."""
    if 16 * people.size > w.row_of.size:
        order, n = np.empty(people.size, np.int64), 0
        for row in w.row_of:
            if row >= 0:
                order[n] = row
                n += 1
        return order
    customers = np.empty(people.size, np.int64)
    for row in range(people.size):
        customers[row] = people[row].customer
    return ascending(customers)


@compiled
def _volumes(p: Any, posts: Any, hourly: Any, out: Any) -> None:
    """Measure volume and its course by hour."""
    hourly[:] = 0
    volume, thanks, latest = 0, 0, 0
    for j in range(posts.size):
        if not rules.is_critical(posts[j].kind):
            thanks += 1
        else:
            volume += 1
            latest = posts[j].tick
            hourly[_hour_of(p.time_tick, posts[j].tick, hourly.size)] += 1
    peak_hour = 0
    for hour in range(hourly.size):
        if hourly[hour] > hourly[peak_hour]:
            peak_hour = hour
    peak = hourly[peak_hour]
    after, horizon = peak_hour + 1, rules.ticks(p, p.time_horizon) * p.time_tick
    whole_hours = (
        int(horizon + 1e-9) if p.time_tick <= 1.0 else 0
    )  # longer ticks leave hours empty between them
    while after < whole_hours and hourly[after] >= 0.5 * peak:
        after += 1
    first, last = -1, 0
    for hour in range(hourly.size):
        if hourly[hour] >= 0.05 * peak and hourly[hour] > 0:
            first = hour if first < 0 else first
            last = hour
    seen, half = 0, 0
    for j in range(posts.size):  # posts are in the order of time
        if rules.is_critical(posts[j].kind):
            seen += 1
            if 2 * seen >= volume:
                half = posts[j].tick
                break
    out[_VOLUME], out[_THANKS], out[_PEAK] = volume, thanks, peak
    out[_TO_PEAK], out[_DURATION] = peak_hour, last - first
    out[_HALF_LIFE] = after - peak_hour if after < whole_hours else math.nan
    out[_T50] = half * p.time_tick
    out[_UNFINISHED] = 1.0 if latest > 0 and latest * p.time_tick > horizon - 1.0 + 1e-9 else 0.0


@compiled
def _crowd(n_customers: Any, people: Any, order: Any, out: Any) -> None:
    """Measure reach, anger and attitude over the crowd."""
    reached, critics = 0, 0
    all_change, reached_change, bystander_change, anger = 0.0, 0.0, 0.0, 0.0
    for i in range(order.size):
        row = order[i]
        change = people[row].attitude - people[row].attitude_start
        all_change += change
        anger += people[row].anger
        if people[row].noticed >= 0:
            reached += 1
            reached_change += change
        if people[row].joined >= 0:
            critics += 1
        else:
            bystander_change += change
    out[_CRITICS] = critics
    out[_REACH] = reached / n_customers
    out[_ATTITUDE] = all_change / n_customers
    out[_ATTITUDE_REACHED] = reached_change / reached if reached > 0 else math.nan
    out[_ATTITUDE_BYSTANDERS] = (
        bystander_change / (n_customers - critics) if critics < n_customers else math.nan
    )
    out[_RESIDUAL] = anger / n_customers


@compiled
def _acts(p: Any, posts: Any, acts: Any, out: Any) -> None:
    """Count what the brand did and what it cost."""
    removed, replied, invited, accepted, talked, solved = 0, 0, 0, 0, 0, 0
    waited, answered = 0, 0
    for k in range(acts.size):
        act, result = acts[k].act, acts[k].result
        if act == rules.REMOVED:
            removed += 1
        elif act == rules.REPLIED:
            replied += 1
            solved += result
        elif act == rules.INVITED:
            invited += 1
            accepted += result
        else:
            talked += 1
            solved += result
        if act != rules.TALKED:
            answered += 1
            waited += acts[k].tick - posts[acts[k].post].tick
    out[_DELETED], out[_REPLIES], out[_TALKS], out[_SOLVED] = removed, replied, accepted, solved
    out[_RESPONSE] = waited * p.time_tick / answered if answered > 0 else math.nan
    out[_STAFF] = removed * rules.work(p, rules.REMOVED) + (replied + invited) * rules.work(
        p, rules.REPLIED
    )
    out[_STAFF] += talked * rules.work(p, rules.TALKED)


@compiled
def _cascade(posts: Any, out: Any) -> None:
    """Measure the tree of who won whom; its nodes are the critics, each at the post they entered with.

    A critic's first post always stands after the post that won them, so parents come before children.
    """
    n_posts = posts.size
    parent = np.empty(
        n_posts, np.int64
    )  # -2: not the post its author entered with; -1: a complainant's
    root, depth = np.zeros(n_posts, np.int64), np.zeros(n_posts, np.int64)
    for j in range(n_posts):
        parent[j] = -2
        if posts[j].entry == j:
            parent[j] = posts[posts[j].parent].entry if posts[j].parent >= 0 else -1
    width = np.zeros(n_posts + 1, np.int64)
    size = np.empty(n_posts, np.int64)  # of the branch
    critics, roots = 0, 0
    for j in range(n_posts):
        size[j] = 1
        if parent[j] == -2:
            continue
        critics += 1
        if parent[j] == -1:
            root[j] = j
            roots += 1
        else:
            root[j] = root[parent[j]]
            depth[j] = depth[parent[j]] + 1
            width[depth[j]] += 1
    for j in range(n_posts - 1, -1, -1):
        if parent[j] >= 0:
            size[parent[j]] += size[j]
    distance, pairs = 0.0, 0.0
    for j in range(n_posts):
        if parent[j] >= 0:
            distance += 2.0 * size[j] * (size[root[j]] - size[j])
        elif parent[j] == -1:
            pairs += size[j] * (size[j] - 1.0)
    deepest, widest = 0, width[0]
    while deepest < n_posts and width[deepest + 1] > 0:
        deepest += 1
        widest = max(widest, width[deepest])
    won = critics - roots
    out[_DEPTH], out[_BREADTH] = deepest, widest
    out[_VIRALITY] = distance / pairs if pairs > 0 else 0.0
    out[_ROOT_SHARE] = width[1] / won if won > 0 else math.nan
    out[_REPRODUCTION] = width[2] / width[1] if width[1] > 0 and n_posts >= 2 else math.nan
