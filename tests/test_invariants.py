"""What can never happen, and what must, whatever is asked for; on random scenarios and networks, seen in the trajectory.

Both engines give one trajectory (`test_twins.py`), so what holds in the compiled one holds in both.
"""

import networkx as nx
import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_twins import NETWORKS, RUNS, SCENARIOS, SEEDS, differences, quick

import buzzsim as bz
from buzzsim import rules
from buzzsim.result import RECORD
from buzzsim.strategy import STRATEGIES
from buzzsim.world import World

often = settings(quick, max_examples=150)
CHANNEL = {name: number for number, name in enumerate(rules.CHANNELS)}
KIND = {name: number for number, name in enumerate(rules.KINDS)}


def trajectory(scenario, network, strategy, rng, replicate=0, complainants=None):
    found = bz.run(scenario, network=network, strategy=strategy, rng=rng, replicate=replicate, complainants=complainants)
    return found, *(found.record[table] for table in RECORD)


# --------------------------------------------------------------------------------------------- never


@often
@given(**RUNS)
def test_nobody_shares_without_having_noticed(scenario, network, strategy, rng, replicate):
    _, customers, posts, notices, _ = trajectory(scenario, network, strategy, rng, replicate)
    when = dict(zip(zip(notices["customer"], notices["post"], strict=True), notices["tick"], strict=True))
    for author, kind, parent, tick in zip(posts["author"], posts["kind"], posts["parent"], posts["tick"], strict=True):
        if parent >= 0 and kind in (KIND["first"], KIND["protest"]):
            assert when[author, parent] <= tick
    critics = customers["customer"][customers["won_by"] >= 0]
    assert set(critics) <= set(notices["customer"])


@often
@given(**RUNS)
def test_nobody_notices_a_post_before_it_is_there_after_it_is_gone_or_twice(scenario, network, strategy, rng, replicate):
    _, _, posts, notices, _ = trajectory(scenario, network, strategy, rng, replicate)
    assert (notices["tick"] > posts["tick"][notices["post"]]).all()
    assert (notices["tick"] <= posts["end"][notices["post"]]).all()
    assert len(set(zip(notices["customer"], notices["post"], strict=True))) == notices["post"].size
    assert (notices["customer"] != posts["author"][notices["post"]]).all()


@often
@given(**RUNS)
def test_who_notices_follows_the_author_or_looks_at_the_page(scenario, network, strategy, rng, replicate):
    _, _, posts, notices, _ = trajectory(scenario, network, strategy, rng, replicate)
    for reader, post, channel in zip(notices["customer"], notices["post"], notices["channel"], strict=True):
        author = posts["author"][post]
        follows = reader in network.indices[network.indptr[author] : network.indptr[author + 1]]
        assert follows == (channel == CHANNEL["following"])
        assert channel != CHANNEL["page"] or posts["on_page"][post]
        assert channel != CHANNEL["brand"] or strategy == "public_reply"


@often
@given(**{**RUNS, "strategy": st.just("censor")})
def test_nothing_is_deleted_elsewhere(scenario, network, strategy, rng, replicate):
    _, _, posts, _, acts = trajectory(scenario, network, strategy, rng, replicate)
    assert posts["on_page"][acts["post"]].all()
    assert (posts["end"][acts["post"]] == acts["tick"]).all()


@often
@given(**RUNS)
def test_staff_is_never_exceeded(scenario, network, strategy, rng, replicate):
    assume(np.isfinite(scenario.brand.staff))
    _, _, _, _, acts = trajectory(scenario, network, strategy, rng, replicate)
    p = World.of(scenario, network).p
    busy = np.zeros(acts["tick"].max(initial=0) + 10_000)
    for tick, act in zip(acts["tick"], acts["act"], strict=True):
        busy[tick : tick + rules.ticks(p, rules.work(p, act))] += 1
    assert busy.max() <= scenario.brand.staff


# -------------------------------------------------------------------------------------------- always

# Somebody looks, and nothing comes of it.
NOTHING_ELSE = {"joining.share_probability": 0.0, "anger.repeat_rate": 0.0, "crowd.troll_share": 0.0}


@often
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS, more=st.floats(1.0, 20.0))
def test_a_more_visible_post_is_noticed_by_a_superset_and_no_later(scenario, network, rng, more):
    scenario = scenario.replace(NOTHING_ELSE)
    rate = scenario.attention.view_rate
    seen = []
    for view_rate in (rate, min(60.0, rate * more)):
        _, _, _, notices, _ = trajectory(scenario.replace({"attention.view_rate": view_rate}), network, "ignore", rng)
        seen.append(dict(zip(zip(notices["customer"], notices["post"], strict=True), notices["tick"], strict=True)))
    little, much = seen
    assert set(little) <= set(much)
    assert all(much[who] <= tick for who, tick in little.items())


CERTAIN = {
    "attention.kernel": "immediate", "attention.view_rate": 60.0, "attention.half_life": 12.0, "joining.share_probability": 100.0,
    "joining.page_probability": 1.0, "joining.loyalty": 0.0, "joining.reinforcement": 0.0, "attention.page_visitors": 0,
    "anger.repeat_rate": 0.0, "crowd.susceptibility_shape": np.inf, "crowd.vindictive_share": 0.0, "brand.coverage": 1.0,
    "brand.response_median": 0.25, "brand.response_sigma": 0.0, "censor.repost_probability": 0.0,
    "censor.protest_probability": 0.0,
}  # fmt: skip


@often
@given(n=st.integers(3, 40), seed=SEEDS, strategy=st.sampled_from(["ignore", "censor"]))
def test_other_names_change_nothing_but_the_names(n, seed, strategy):
    """Luck belongs to a customer's number, so this is exact only where everything is certain."""
    graph = nx.gnp_random_graph(n, 2.5 / n, seed=seed, directed=True)
    other = np.random.default_rng(seed).permutation(n)
    found = []
    for number in (np.arange(n), other):
        network = bz.open_network(nx.relabel_nodes(graph, dict(enumerate(number.tolist()))))
        start = network.names.index(number[0]) if not isinstance(network.names, range) else int(number[0])
        run = bz.run(bz.Scenario().replace(CERTAIN), network=network, strategy=strategy, rng=1, complainants=[int(number[0])])
        customers = run.record["customers"]
        names = [network.names[k] for k in customers["customer"]]
        assert customers["joined"][list(customers["customer"]).index(start)] == 0
        columns = ("stage", "noticed", "joined")
        found.append({name: tuple(customers[c][i] for c in columns) for i, name in enumerate(names)})
    assert {other[name]: what for name, what in found[0].items()} == found[1]


@often
@given(scenario=SCENARIOS, network=NETWORKS, strategy=st.sampled_from(list(STRATEGIES)), rng=SEEDS)
def test_an_isolated_complainant_reaches_those_who_look_at_the_page_and_nobody_else(scenario, network, strategy, rng):
    graph = network.to_networkx()
    graph.add_node("alone")
    scenario = scenario.replace(NOTHING_ELSE | {"reply.brand_reach": 0.0, "censor.protest_probability": 0.0})
    for visitors in (0, 5):
        asked = scenario.replace({"attention.page_visitors": visitors})
        _, _, posts, notices, _ = trajectory(asked, bz.open_network(graph), strategy, rng, complainants=["alone"])
        assert set(notices["channel"]) <= {CHANNEL["page"]}
        assert notices["post"].size <= visitors * posts["on_page"].sum()


AT_ONCE = {
    "brand.coverage": 1.0, "brand.response_median": 0.0, "brand.response_sigma": 0.0, "brand.staff": np.inf,
    "complaint.on_page": True, "censor.repost_probability": 0.0, "anger.repeat_rate": 0.0,
}  # fmt: skip


@often
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS)
def test_deleting_before_anybody_looks_reaches_nobody(scenario, network, rng):
    found, _, posts, notices, _ = trajectory(scenario.replace(AT_ONCE), network, "censor", rng)
    assert notices["post"].size == 0
    assert found.outcomes["reach"] == 0.0
    assert posts["author"].size == found.outcomes["deleted_posts"] == found.outcomes["volume"]


@often
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS)
def test_where_the_brand_sees_nothing_all_strategies_are_one(scenario, network, rng):
    blind = scenario.replace({"brand.coverage": 0.0})
    silence = bz.run(blind, network=network, strategy="ignore", rng=rng)
    for strategy in STRATEGIES:
        other = bz.run(blind, network=network, strategy=strategy, rng=rng)
        assert differences(silence, (other.record, other.values, other.hourly_volume)) == []
