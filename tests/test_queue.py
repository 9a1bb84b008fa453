"""The staff of a brand is a queue with servers who need the same time for each case (V11).

Every answer takes `brand.reply_time`, so with posts at random moments the brand is M/D/c. Erlang C is the law of M/M/c, with
service times at random: it waits longer, and is here the wrong model that the check must be able to tell.
"""

import math

import numpy as np
import pytest
from scipy import stats
from yardstick import assert_mean

from buzzsim.network import Network
from buzzsim.runs import run
from buzzsim.scenario import Scenario

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


def waits_of(servers, load):
    """P(wait) and mean wait of the cases of a run, a row for each run: followers of one customer post at random moments."""
    star = Network.from_edges(np.zeros(FOLLOWERS, int), np.arange(1, FOLLOWERS + 1), directed=True)
    scenario = Scenario().replace({
        "complaint.names": [0], "joining.share_probability": 1.0, "joining.arousal": 0.0, "joining.page_probability": 1.0,
        "joining.reinforcement": 0.0, "joining.loyalty": 0.0, "crowd.susceptibility_shape": math.inf, "anger.repeat_rate": 0.0,
        "attention.kernel": "constant", "attention.view_rate": load / FOLLOWERS, "attention.page_visitors": 0,
        "brand.coverage": 1.0, "reply.potency": 0.0, "private.thanks_probability": 0.0,
        "brand.response_median": 1e-9, "brand.response_sigma": 0.0, "brand.staff": servers,
        "brand.reply_time": 1.0, "time.tick": 0.01, "time.horizon": HOURS,
    })  # fmt: skip
    found = []
    for replicate in range(RUNS):
        record = run(scenario, strategy="public_reply", network=star, rng=5, replicate=replicate).record
        posted = record["posts"]["tick"][record["acts"]["post"]]
        waited = (record["acts"]["tick"] - posted)[posted > 20 / 0.01] * 0.01  # not while the queue still fills
        found.append(((waited > 0).mean(), waited.mean()))
    return np.array(found)


def test_erlang_c_and_the_queue_of_constant_service_have_their_known_values():
    """V11's own numbers; with one server a constant service halves the wait (Pollaczek & Khinchin)."""
    assert erlang_c(2, 1.5) == pytest.approx((0.642857, 1.285714), abs=1e-6)
    assert erlang_c(1, 0.5) == pytest.approx((0.5, 1.0))
    assert constant_service(1, 0.5) == pytest.approx((0.5, 0.5), abs=1e-6)


@pytest.mark.parametrize(("servers", "load"), [(1, 0.5), (2, 1.5)])
def test_cases_wait_as_in_a_queue_of_constant_service(servers, load):
    """V11: mean wait of M/D/c; Erlang C, which expects random service times, says nearly twice as much."""
    found = waits_of(servers, load)
    exact, erlang = constant_service(servers, load), erlang_c(servers, load)
    assert_mean(found[:, 1], exact[1], erlang[1])
    assert_mean(found[:, 0], exact[0], 0.9 * exact[0])
