"""Outcomes from their written definitions: counted a second time from tables, with other tools."""

import math

import networkx as nx
import numpy as np
import pandas as pd
import pytest

import buzzsim as bz
from buzzsim.model.outcomes import OUTCOMES, count_by_hour
from buzzsim.model.strategy import STRATEGIES

LIVELY = bz.Scenario().replace(
    {
        "network.customers": 600, "complaint.complainants": 2, "joining.r0": 1.1,
        "brand.coverage": 0.9, "reply.solution": 0.6, "private.thanks_probability": 0.5,
        "censor.repost_probability": 0.8, "censor.protest_probability": 0.1, "time.tick": 0.5,
        "joining.page_probability": 0.6, "measures.firestorm_volume": 20, "time.horizon": 24.0,
        "complaint.choice": "followers",
    }
)  # fmt: skip
ELSEWHERE = {"defences", "backlog", "author_anger_6h", "author_anger_24h"}  # in no table
RUNS = 25


@pytest.fixture(scope="module", params=STRATEGIES)
def results(request):
    return [bz.run(LIVELY, strategy=request.param, rng=4, replicate=k) for k in range(RUNS)]


def course(result):
    """What is measured of the posts by hour."""
    posts = result.posts()
    critical = posts[posts["kind"] != "thanks"]
    hours = 24
    begun = (
        np.ceil(critical["hour"] / 0.5).clip(lower=1) * 0.5 - 0.5
    )  # a tick stands for the time before it
    volume = np.bincount(begun.astype(int).clip(upper=hours - 1), minlength=hours)
    at = int(np.argmax(volume))
    below = [hour for hour in range(at, hours) if 2 * volume[hour] < volume[at]]
    much = np.flatnonzero((volume >= 0.05 * volume[at]) & (volume > 0))
    return {
        "volume": len(critical),
        "firestorm": float(len(critical) >= 20),
        "peak": volume[at],
        "time_to_peak": at,
        "half_life": below[0] - at if below else math.nan,
        "duration": much[-1] - much[0],
        "t50": critical["hour"].iloc[math.ceil(len(critical) / 2) - 1],
        "unfinished": float(volume[-1] > 0),
        "thanks": len(posts) - len(critical),
    }


def crowd(result):
    people = result.customers(everybody=True)
    reached, critic = people["first_noticed"].notna(), people["joined"].notna()
    change = people["attitude"].fillna(LIVELY.crowd.attitude) - LIVELY.crowd.attitude
    return {
        "critics": critic.sum(),
        "reach": reached.mean(),
        "attack_rate": critic.mean(),
        "attitude_change": change.mean(),
        "attitude_change_reached": change[reached].mean(),
        "thinks_less": float(change[reached].mean() < -LIVELY.attitude.threshold),
        "attitude_change_bystanders": change[~critic].mean(),
        "residual_anger": people["anger"].fillna(0.0).mean(),
    }


def work(result):
    cases, posts = result.cases(), result.posts()
    first = cases[cases["act"] != "talked"]
    count = (
        cases["act"]
        .value_counts()
        .reindex(["removed", "replied", "invited", "talked"], fill_value=0)
    )
    brand = LIVELY.brand
    return {
        "deleted_posts": count["removed"],
        "replies": count["replied"],
        "private_talks": (cases["result"] == "accepted").sum(),
        "solved": (cases["result"] == "solved").sum(),
        "first_response": (first["hour"] - posts["hour"].reindex(first["post"]).to_numpy()).mean(),
        "staff_hours": count["removed"] * brand.removal_time
        + (count["replied"] + count["invited"]) * brand.reply_time
        + count["talked"] * brand.round_work,
    }


def cascade(result):
    told = result.cascade()
    graph = nx.Graph()
    graph.add_nodes_from(told["critic"])
    graph.add_edges_from(told.loc[told["parent"].notna(), ["critic", "parent"]].to_numpy())
    apart = [
        d for _, ends in nx.all_pairs_shortest_path_length(graph) for d in ends.values() if d > 0
    ]
    width = told["generation"].value_counts()
    won = width.drop(0)
    return {
        "depth": told["generation"].max(),
        "breadth": won.max() if len(won) else 0,
        "structural_virality": np.mean(apart) if apart else 0.0,
        "root_share": width.get(1, 0) / won.sum() if len(won) else math.nan,
        "reproduction_number": width.get(2, 0) / width[1] if 1 in width else math.nan,
    }


def test_every_outcome_that_tables_show_is_what_its_definition_says(results):
    told = set(ELSEWHERE)
    for result in results:
        again = course(result) | crowd(result) | work(result) | cascade(result)
        told |= again.keys()
        for name, value in again.items():
            assert result.outcomes[name] == pytest.approx(value, nan_ok=True, abs=1e-12), name
    assert told == set(OUTCOMES)
    assert pd.DataFrame([dict(result.outcomes) for result in results])["volume"].max() > 20, (
        "where nothing happens nothing shows"
    )


def test_a_storm_that_is_still_at_its_height_has_no_half_life():
    """Its hours to come would decide; to call it short would be to call the worst the best."""
    growing = bz.Scenario().replace(
        {"network.customers": 3000, "network.ties": 20, "joining.r0": 2.5, "time.horizon": 12.0}
    )
    results = [bz.run(growing, strategy="ignore", rng=1, replicate=k) for k in range(60)]
    at_height = [
        r
        for r in results
        if 2 * r.hourly()["volume"].iloc[-1] >= r.outcomes["peak"] and r.outcomes["volume"] > 50
    ]
    assert at_height
    for result in at_height:
        volume = result.hourly()["volume"]
        after = volume.iloc[int(volume.argmax()) :]
        assert math.isnan(result.outcomes["half_life"]) == bool((2 * after >= volume.max()).all())
    assert any(math.isnan(result.outcomes["half_life"]) for result in at_height)
    assert any(math.isfinite(result.outcomes["half_life"]) for result in results)


@pytest.mark.parametrize("tick", [0.25, 0.1, 0.11, 0.4, 0.58, 1.0, 2.0])
@pytest.mark.parametrize("horizon", [11.3, 12.1])
def test_an_hour_that_the_horizon_cuts_ends_no_storm(horizon, tick):
    """A storm that lasts until then is not finished, nor half over as the last bin is short."""
    growing = {
        "network.customers": 2000,
        "network.ties": 20,
        "joining.r0": 2.5,
        "time.horizon": horizon,
        "time.tick": tick,
    }
    for replicate in range(40):
        result = bz.run(
            bz.Scenario().replace(growing), strategy="ignore", rng=1, replicate=replicate
        )
        end = math.ceil(horizon / tick - 1e-9) * tick
        assert result.outcomes["unfinished"] == (result.posts()["hour"].max() > end - 1 + 1e-9)
        volume = result.hourly()["volume"].to_numpy()[: int(end + 1e-9)]
        below = (2 * volume < result.outcomes["peak"])[int(result.outcomes["time_to_peak"]) :]
        assert math.isnan(result.outcomes["half_life"]) == (tick > 1 or not below.any())


def test_what_never_happened_counts_in_no_hour():
    assert count_by_hour(0.58, np.array([51]), 40)[29] == 1, (
        "50 ticks of 0.58 are 29 hours, whatever the last digit"
    )
    assert count_by_hour(0.5, np.array([-1, 0, 1, 2, 3, 48, 60]), 24).tolist() == [
        3,
        1,
        *[0] * 21,
        2,
    ]
