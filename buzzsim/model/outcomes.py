"""What is measured of a run: the exact definition of each outcome, for both engines and docs."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import AHEAD, compiled, fetch, records
from buzzsim.errors import ResultError, unknown
from buzzsim.model import rules, tables
from buzzsim.model.parameters import Numbers


@dataclass(frozen=True)
class Outcome:
    """One measure of a run."""

    name: str
    unit: str
    better: Literal["lower", "higher"]
    meaning: str


YES_OR_NO = "yes or no"
ROUNDING = 1e-9  # share of a number that the order of a sum may change

# fmt: off
_DEFINITIONS = (
    Outcome("volume", "posts", "lower",
            "critical posts written, the complaint among them; thanks and defences do not count"),
    Outcome("critics", "customers", "lower", "distinct authors of critical posts"),
    Outcome("reach", "share of the crowd", "lower",
            "customers who noticed at least one critical post"),
    Outcome("firestorm", YES_OR_NO, "lower",
            "whether the volume reached `measures.firestorm_volume`"),
    Outcome("attack_rate", "share of the crowd", "lower", "critics over customers"),
    Outcome("peak", "posts per hour", "lower", "largest number of critical posts in one hour"),
    Outcome("time_to_peak", "hours", "higher",
            "from the complaint to the start of the (first) peak hour"),
    Outcome("half_life", "hours", "lower",
            "from the peak hour to the first later whole hour below half of it; undefined, and "
            "left out of means, if there is none, or where a tick is longer than an hour"),
    Outcome("duration", "hours", "lower",
            "from first to last hour with 5 % or more of the peak; usually longer if `unfinished`"),
    Outcome("t50", "hours", "higher", "time by which half of all critical posts were written"),
    Outcome("unfinished", YES_OR_NO, "lower",
            "whether a critical post, complaints aside, was written in the last hour before the "
            "horizon; the volume may then be a lower bound"),
    Outcome("deleted_posts", "posts", "lower", "posts that the brand removed"),
    Outcome("replies", "replies", "lower", "public replies of the brand"),
    Outcome("private_talks", "dialogues", "lower", "private dialogues that were accepted"),
    Outcome("solved", "cases", "higher", "cases solved for their authors"),
    Outcome("thanks", "posts", "higher", "public thanks of reconciled authors"),
    Outcome("defences", "defences", "higher", "defences of the brand by advocates"),
    Outcome("first_response", "hours", "lower",
            "mean time from a post to the brand's first act on it; undefined if it acted on none"),
    Outcome("backlog", "cases", "lower",
            "largest number of cases waiting for staff at the end of a tick"),
    Outcome("staff_hours", "hours", "lower",
            "work on removals, replies, invitations and private rounds; what was begun counts "
            "whole, beyond the horizon too"),
    Outcome("attitude_change", "on a scale of -1 to 1", "higher",
            "mean change of attitude, whole crowd"),
    Outcome("attitude_change_reached", "on a scale of -1 to 1", "higher",
            "the same among those reached; undefined if none"),
    Outcome("attitude_change_bystanders", "on a scale of -1 to 1", "higher",
            "the same among customers who are not critics; undefined if all are"),
    Outcome("thinks_less", YES_OR_NO, "lower",
            "whether the mean attitude of those reached fell by more than `attitude.threshold`"),
    Outcome("residual_anger", "on a scale of 0 to 1", "lower",
            "sum of the anger at the horizon of those whom the buzz touched, over the whole crowd"),
    Outcome("author_anger_6h", "on a scale of 0 to 1", "lower",
            "mean anger of the complainants after 6 hours (beyond the horizon as it decays)"),
    Outcome("author_anger_24h", "on a scale of 0 to 1", "lower",
            "mean anger of the complainants after 24 hours, likewise"),
    Outcome("depth", "generations", "lower", "longest chain from a complainant to a critic"),
    Outcome("breadth", "critics", "lower",
            "largest number of critics in one generation after the complainants"),
    Outcome("structural_virality", "ties", "lower",
            "mean distance over ordered pairs of critics in the same cascade (Goel et al. 2016); "
            "0 without pairs"),
    Outcome("root_share", "share of critics", "higher",
            "critics recruited by a complainant, over all critics recruited; undefined if none"),
    Outcome("reproduction_number", "critics", "lower",
            "critics of the second generation per critic of the first; undefined without a first"),
)
# fmt: on
OUTCOMES: dict[str, Outcome] = {outcome.name: outcome for outcome in _DEFINITIONS}
"""Every outcome of a run, in the order of the engine's output."""

N_OUTCOMES = len(OUTCOMES)
_ROW = np.dtype([(name, np.float64) for name in OUTCOMES])


def rows(values: NDArray[np.float64]) -> Any:
    """Give one record for each row of a table whose columns are the `OUTCOMES`."""
    return records(values.view(_ROW).reshape(len(values)))


def checked_outcomes(outcomes: Iterable[str] | str | None, place: str) -> list[str]:
    """Give the names of the outcomes asked for, each once; all if None."""
    if outcomes is None:
        return list(OUTCOMES)
    several = isinstance(outcomes, Iterable) and not isinstance(outcomes, str)
    wanted: list[Any] = list(outcomes) if several else [outcomes]
    for name in wanted:
        if not isinstance(name, str) or name not in OUTCOMES:
            raise ResultError(unknown(place, "outcome", name, OUTCOMES))
    if not wanted:
        raise ResultError(f"{place}: no outcome given; expected some of {', '.join(OUTCOMES)}")
    return list(dict.fromkeys(wanted))


def are_alike(values: Any, others: Any) -> Any:
    """Whether two arrays hold the same numbers, except for a part in 10^9; NaN is never the same.

    Examples
    --------
    >>> values = np.array([0.3, 1e-15, 0.0, np.nan])
    >>> are_alike(values, np.array([0.1 + 0.2, 1.01e-15, 0.0, np.nan])).tolist()
    [True, False, True, False]
    """
    with np.errstate(invalid="ignore"):  # two that are infinite are the same
        rounding = ROUNDING * np.maximum(np.abs(values), np.abs(others))
        return (values == others) | (np.abs(values - others) <= rounding)


@compiled
def watched_ticks(p: Numbers) -> tuple[float, float]:
    """Give the times when the complainants' anger is measured, in ticks: after 6 and 24 hours."""
    return _whole_if_near(6.0 / p.time_tick), _whole_if_near(24.0 / p.time_tick)


@compiled
def _whole_if_near(ticks: float) -> float:
    nearest = float(round(ticks))
    return nearest if abs(ticks - nearest) < 1e-9 * nearest else ticks


@compiled
def count_by_hour(tick: float, ticks: NDArray[Any], n_hours: int) -> NDArray[np.int64]:
    """Count events by hour; `tick` is in hours, `ticks` says when each happened, below 0 never."""
    counts = tables.zeros(n_hours)
    for t in ticks:
        if t >= 0:
            counts[_hour_of(tick, t, n_hours)] += 1
    return counts


@compiled
def _hour_of(tick: float, t: int, n_hours: int) -> int:
    """Give the hour of tick t, the time from t - 1 to t; times after the run are in the last."""
    return min(n_hours - 1, int(max(0, t - 1) * tick + 1e-9))


@compiled
def measure(p: Numbers, w: tables.Workspace, hourly: Any, out: Any) -> None:
    """Fill `hourly` (critical posts by hour) and `out` (the `OUTCOMES`) from a finished run.

    Sums go over customers by increasing number, so the order of the engine's rows does not matter.
    """
    n_customers = w.row_of.size
    people, posts = w.people[: w.used[tables.PEOPLE]], w.posts[: w.used[tables.POSTS]]
    _volumes(p, posts, hourly, out)
    _crowd(n_customers, people, _by_customer(w, people), out)
    out.thinks_less = 1.0 if out.attitude_change_reached < -p.attitude_threshold else 0.0
    _acts(p, posts, w.acts[: w.used[tables.ACTS]], out)
    _cascade(posts, out)
    out.attack_rate = out.critics / n_customers
    out.firestorm = 1.0 if out.volume >= p.measures_firestorm_volume else 0.0
    out.backlog = w.state.backlog
    out.defences = w.state.defences
    out.author_anger_6h = w.state.early_anger
    out.author_anger_24h = w.state.late_anger


@compiled
def _by_customer(w: tables.Workspace, people: Any) -> Any:
    """Give the rows of the people by increasing customer: few are sorted, many looked up."""
    if 16 * people.size > w.row_of.size:
        order, n = tables.zeros(people.size), 0
        for row in w.row_of:
            if row >= 0:
                order[n] = row
                n += 1
        return order
    customers = tables.zeros(people.size)
    for row in range(people.size):
        customers[row] = people[row].customer
    return tables.ascending(customers)


@compiled
def _volumes(p: Numbers, posts: Any, hourly: Any, out: Any) -> None:
    """Measure volume and its course by hour."""
    hourly[:] = 0
    volume, thanks, latest = 0, 0, 0
    for j in range(posts.size):
        if rules.is_critical(posts[j].kind):
            volume += 1
            latest = posts[j].tick
            hourly[_hour_of(p.time_tick, latest, hourly.size)] += 1
        else:
            thanks += 1
    peak_hour = 0
    for hour in range(hourly.size):
        if hourly[hour] > hourly[peak_hour]:
            peak_hour = hour
    peak = hourly[peak_hour]
    after, horizon = peak_hour + 1, rules.ticks(p, p.time_horizon) * p.time_tick
    whole_hours = int(horizon + 1e-9) if p.time_tick <= 1.0 else 0  # longer ticks leave hours empty
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
    out.volume, out.thanks, out.peak = volume, thanks, peak
    out.time_to_peak, out.duration = peak_hour, last - first
    out.half_life = after - peak_hour if after < whole_hours else math.nan
    out.t50 = half * p.time_tick
    out.unfinished = 1.0 if latest > 0 and latest * p.time_tick > horizon - 1.0 + 1e-9 else 0.0


@compiled
def _crowd(n_customers: int, people: Any, order: Any, out: Any) -> None:
    """Measure reach, anger and attitude over the crowd."""
    reached, critics = 0, 0
    all_change, reached_change, bystander_change, anger = 0.0, 0.0, 0.0, 0.0
    for i in range(order.size):
        if i + AHEAD < order.size:
            fetch(people, order[i + AHEAD])
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
    out.critics = critics
    out.reach = reached / n_customers
    out.attitude_change = all_change / n_customers
    out.attitude_change_reached = reached_change / reached if reached > 0 else math.nan
    bystanders = n_customers - critics
    out.attitude_change_bystanders = bystander_change / bystanders if bystanders else math.nan
    out.residual_anger = anger / n_customers


@compiled
def _acts(p: Numbers, posts: Any, acts: Any, out: Any) -> None:
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
    out.deleted_posts, out.replies = removed, replied
    out.private_talks, out.solved = accepted, solved
    out.first_response = waited * p.time_tick / answered if answered > 0 else math.nan
    answers = (replied + invited) * rules.work(p, rules.REPLIED)
    out.staff_hours = removed * rules.work(p, rules.REMOVED) + answers
    out.staff_hours += talked * rules.work(p, rules.TALKED)


@compiled
def _cascade(posts: Any, out: Any) -> None:
    """Measure the tree of who was recruited by whom; its nodes are the critics' first posts.

    A critic's first post stands after the post that recruited them: parents come before children.
    """
    n_posts = posts.size
    parent = tables.zeros(n_posts)  # -2: not its author's first post; -1: a complainant's
    root, depth = tables.zeros(n_posts), tables.zeros(n_posts)
    for j in range(n_posts):
        parent[j] = -2
        if posts[j].entry == j:
            parent[j] = posts[posts[j].parent].entry if posts[j].parent >= 0 else -1
    width = tables.zeros(n_posts + 1)
    size = tables.zeros(n_posts)  # of the branch
    recruited = 0
    for j in range(n_posts):
        size[j] = 1
        if parent[j] == -2:
            continue
        if parent[j] == -1:
            root[j] = j
        else:
            recruited += 1
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
    out.depth, out.breadth = deepest, widest
    out.structural_virality = distance / pairs if pairs > 0 else 0.0
    out.root_share = width[1] / recruited if recruited > 0 else math.nan
    some = n_posts >= 2 and width[1] > 0
    out.reproduction_number = width[2] / width[1] if some else math.nan
