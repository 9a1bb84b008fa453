"""The staff of a brand is a queue (V11): constant service in public, nearly Erlang's in private.

Every public answer takes `brand.reply_time`, so with posts at random moments the brand is M/D/c.
Erlang C is the law of M/M/c, with service times at random. A private dialogue ends after a round
with the same chance each time, so its work is geometric, which with many short rounds is nearly
exponential: it varies a little less, and mean waits shrink by as much (Pollaczek & Khinchin; Lee &
Longton 1959). Each of the two is the wrong model of the other.
"""

import math

import numpy as np
import pytest
from scipy import stats
from yardstick import assert_mean

from buzzsim.model import rules
from buzzsim.model.scenario import Scenario
from buzzsim.network import Network
from buzzsim.study.run import run

HOURS = 1_000.0
FOLLOWERS = 200_000
RUNS = 24


def erlang_c(servers, load):
    """P(wait) and mean wait, in service times, of M/M/c."""
    tail = load**servers / math.factorial(servers) * servers / (servers - load)
    waits = tail / (sum(load**k / math.factorial(k) for k in range(servers)) + tail)
    return waits, waits / (servers - load)


def constant_service(servers, load, most=400):
    """P(wait) and mean wait, in service times, of M/D/c (Crommelin 1932).

    Whoever is there a service time later was left over, or came since: a Poisson number.
    """
    here = np.arange(most)
    step = stats.poisson.pmf(here[None, :] - np.maximum(here - servers, 0)[:, None], load)
    law = np.full(most, 1.0 / most)
    for _ in range(5_000):
        law = law @ step
    law /= law.sum()
    return law[servers:].sum(), (np.maximum(here - servers, 0) * law).sum() / load


TICK = 0.01
DESK = {
    "complaint.names": [0], "joining.share_probability": 1.0, "joining.arousal": 0.0,
    "joining.page_probability": 1.0, "joining.reinforcement": 0.0, "joining.loyalty": 0.0,
    "crowd.susceptibility_shape": math.inf, "anger.repeat_rate": 0.0, "crowd.vindictive_share": 0.0,
    "attention.kernel": "constant", "attention.page_visitors": 0, "brand.coverage": 1.0,
    "brand.response_median": 1e-9, "brand.response_sigma": 0.0, "time.tick": TICK,
    "time.horizon": HOURS,
}  # fmt: skip
ANSWERS = {"brand.reply_time": 1.0, "reply.potency": 0.0, "private.thanks_probability": 0.0}

# An invitation and rounds take equally long, and follow one upon the other: as all cases have
# equally few followers the older one goes first, so that a talk is not interrupted.
ROUND, SOLVED, MOST = 5 * TICK, 0.05, 100
TALKS = {
    "brand.reply_time": ROUND, "brand.round_work": ROUND, "brand.order": "most_followed",
    "reply.potency": 1.0, "reply.solution": SOLVED, "private.accept_probability": 1.0,
    "private.rounds": MOST, "private.round_time": ROUND, "private.withdraw_probability": 0.0,
    "private.resolved_damping": 0.0, "private.thanks_probability": 0.0,
    "private.failed_repost_probability": 0.0, "private.invite_bump": 0.0,
    "private.invite_signal": 0.0,
}  # fmt: skip


def talk():
    """Mean hours of work on a private dialogue, and their variance over the mean's square."""
    n = np.arange(1, MOST + 1)
    law = SOLVED * (1 - SOLVED) ** (n - 1)
    law[-1] = (1 - SOLVED) ** (MOST - 1)
    mean = (law * (n + 1)).sum()
    return ROUND * mean, (law * (n + 1) ** 2).sum() / mean**2 - 1


def queue(servers, rate, changes, strategy):
    """Runs in which followers of one customer post at random moments, `rate` an hour."""
    star = Network.from_edges(np.zeros(FOLLOWERS, int), np.arange(1, FOLLOWERS + 1), directed=True)
    scenario = Scenario().replace(
        DESK | changes | {"brand.staff": servers, "attention.view_rate": rate / FOLLOWERS}
    )
    for replicate in range(RUNS):
        yield run(scenario, strategy=strategy, network=star, rng=5, replicate=replicate).record


def waits_of(runs):
    """P(wait) and mean wait of the cases of a run, in hours; a row for each run."""
    found = []
    for record in runs:
        first = record["acts"]["act"] != rules.TALKED
        posted = record["posts"]["tick"][record["acts"]["post"][first]]
        waited = (record["acts"]["tick"][first] - posted)[
            posted > 20 / TICK
        ] * TICK  # not while the queue still fills
        found.append(((waited > 0).mean(), waited.mean()))
    return np.array(found)


def starts(arrivals, work, servers):
    """Ticks at which cases begin, first come, first served (Kiefer & Wolfowitz 1955)."""
    free, found = np.zeros(servers, int), []
    for arrival, needed in zip(arrivals, work, strict=True):
        desk = free.argmin()
        found.append(max(arrival, free[desk]))
        free[desk] = found[-1] + needed
    return np.array(found)


def test_erlang_c_and_the_queue_of_constant_service_have_their_known_values():
    """V11's numbers; with one server constant service halves the wait (Pollaczek & Khinchin)."""
    assert erlang_c(2, 1.5) == pytest.approx((0.642857, 1.285714), abs=1e-6)
    assert erlang_c(1, 0.5) == pytest.approx((0.5, 1.0))
    assert constant_service(1, 0.5) == pytest.approx((0.5, 0.5), abs=1e-6)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 1.5)])
def test_cases_wait_as_in_a_queue_of_constant_service(servers, load):
    """V11: mean wait of M/D/c; Erlang C, for random service times, says nearly twice as much."""
    found = waits_of(queue(servers, load, ANSWERS, "public_reply"))
    exact, erlang = constant_service(servers, load), erlang_c(servers, load)
    assert_mean(found[:, 1], exact[1], erlang[1], of="mean wait")
    assert_mean(found[:, 0], exact[0], 0.9 * exact[0], of="P(wait)")


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 1.5)])
def test_private_dialogues_wait_as_erlang_says(servers, load):
    """V11: Erlang C, where a talk may end after each of many short rounds; with constant service
    they would wait half as long."""
    hours, variation = talk()
    found = waits_of(queue(servers, load / hours, TALKS, "private_dialogue"))
    erlang, constant = erlang_c(servers, load), constant_service(servers, load)
    assert 0.8 < variation < 1.0  # 1 where service is exponential
    assert_mean(found[:, 1] / hours, (1 + variation) / 2 * erlang[1], constant[1], of="mean wait")
    assert_mean(found[:, 0], erlang[0], 0.9 * erlang[0], of="P(wait)")


@pytest.mark.parametrize("servers", [1, 2, 3])
@pytest.mark.parametrize(
    ("changes", "strategy"), [(ANSWERS, "public_reply"), (TALKS, "private_dialogue")]
)
def test_every_case_begins_when_the_first_desk_is_free(servers, changes, strategy):
    """V11, case by case and to the tick: each has the wait that its forerunners leave, and another
    with one desk more."""
    record = next(queue(servers, 0.8 * servers, changes, strategy))
    acts, posts = record["acts"], record["posts"]
    first = acts["act"] != rules.TALKED
    cases = acts["post"][first]
    rounds = np.bincount(acts["post"][~first], minlength=posts["tick"].size)[cases]
    work = (
        (rounds + 1) * round(ROUND / TICK)
        if strategy == "private_dialogue"
        else np.full(cases.size, round(1 / TICK))
    )
    ended = (
        acts["tick"][first] + work < HOURS / TICK
    )  # a talk that the end of the run cut short has rounds to come
    n = int(np.argmin(ended)) if not ended.all() else ended.size
    order = np.lexsort((posts["author"][cases[:n]], posts["tick"][cases[:n]]))
    arrivals, began = posts["tick"][cases[:n]][order], acts["tick"][first][:n][order]
    assert n > 500
    assert (began == starts(arrivals, work[:n][order], servers)).all()
    assert (began != starts(arrivals, work[:n][order], servers + 1)).any()
