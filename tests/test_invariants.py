"""What can never happen, and what must, whatever is asked for; on random scenarios and networks,
seen in the trajectory.

Both engines give one trajectory (`test_twins.py`), so what holds in the compiled one holds in both.
"""

import networkx as nx
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_twins import NETWORKS, RUNS, SCENARIOS, SEEDS, differences, quick
from yardstick import STANDARD_ERRORS

import buzzsim as bz
from buzzsim.engine import replicates
from buzzsim.model import rules
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.strategy import STRATEGIES
from buzzsim.model.tables import RECORD
from buzzsim.network.world import World

often = settings(quick, max_examples=150)
CHANNEL = {name: number for number, name in enumerate(rules.CHANNELS)}
KIND = {name: number for number, name in enumerate(rules.KINDS)}


def trajectory(scenario, network, strategy, rng, replicate=0, complainants=None):
    found = bz.run(
        scenario,
        network=network,
        strategy=strategy,
        rng=rng,
        replicate=replicate,
        complainants=complainants,
    )
    return found, *(found.record[table] for table in RECORD)


# -------------------------------------------------------------------------------------------- never

# What is checked is said apart from where it holds, so that the last tests can show it records that
# break it.


def assert_sharers_noticed(record):
    posts, notices, customers = record["posts"], record["notices"], record["customers"]
    when = dict(
        zip(zip(notices["customer"], notices["post"], strict=True), notices["tick"], strict=True)
    )
    for author, kind, parent, tick in zip(
        posts["author"], posts["kind"], posts["parent"], posts["tick"], strict=True
    ):
        if parent >= 0 and kind in (KIND["first"], KIND["protest"]):
            assert when.get((author, parent), np.inf) <= tick
    critics = customers["customer"][customers["recruited_by"] >= 0]
    assert set(critics) <= set(notices["customer"])


def assert_noticed_in_time(record):
    posts, notices = record["posts"], record["notices"]
    assert (notices["tick"] > posts["tick"][notices["post"]]).all()
    assert (notices["tick"] <= posts["end"][notices["post"]]).all()
    assert len(set(zip(notices["customer"], notices["post"], strict=True))) == notices["post"].size
    assert (notices["customer"] != posts["author"][notices["post"]]).all()


def assert_readers_had_a_way(record, network, strategy):
    posts, notices = record["posts"], record["notices"]
    for reader, post, channel in zip(
        notices["customer"], notices["post"], notices["channel"], strict=True
    ):
        author = posts["author"][post]
        follows = reader in network.indices[network.indptr[author] : network.indptr[author + 1]]
        assert follows == (channel == CHANNEL["following"])
        assert channel != CHANNEL["page"] or posts["on_page"][post]
        assert channel != CHANNEL["brand"] or strategy == "public_reply"


def assert_deleted_on_the_page_alone(record):
    posts, acts = record["posts"], record["acts"]
    assert posts["on_page"][acts["post"]].all()
    assert (posts["end"][acts["post"]] == acts["tick"]).all()


def assert_staff_suffices(record, p, staff):
    """Somebody could begin each act in its tick, half of one before or after: their work before it
    had ended.
    """
    acts, busy_until = record["acts"], np.zeros(int(staff))
    for tick, act in zip(acts["tick"], acts["act"], strict=True):
        somebody = busy_until.argmin()
        assert busy_until[somebody] < tick + 0.5
        busy_until[somebody] = (
            max(busy_until[somebody], tick - 0.5) + rules.work(p, act) / p.time_tick
        )


@often
@given(**RUNS)
def test_nobody_shares_without_having_noticed(scenario, network, strategy, rng, replicate):
    assert_sharers_noticed(trajectory(scenario, network, strategy, rng, replicate)[0].record)


@often
@given(**RUNS)
def test_nobody_notices_a_post_before_it_is_there_after_it_is_gone_or_twice(
    scenario, network, strategy, rng, replicate
):
    assert_noticed_in_time(trajectory(scenario, network, strategy, rng, replicate)[0].record)


@often
@given(**RUNS)
def test_who_notices_follows_the_author_or_looks_at_the_page(
    scenario, network, strategy, rng, replicate
):
    assert_readers_had_a_way(
        trajectory(scenario, network, strategy, rng, replicate)[0].record, network, strategy
    )


@often
@given(**{**RUNS, "strategy": st.just("censor")})
def test_nothing_is_deleted_elsewhere(scenario, network, strategy, rng, replicate):
    assert_deleted_on_the_page_alone(
        trajectory(scenario, network, strategy, rng, replicate)[0].record
    )


@often
@given(**RUNS)
def test_staff_is_never_exceeded(scenario, network, strategy, rng, replicate):
    assume(np.isfinite(scenario.brand.staff))
    record = trajectory(scenario, network, strategy, rng, replicate)[0].record
    assert_staff_suffices(record, World.of(scenario, network).p, scenario.brand.staff)


# ------------------------------------------------------------------------------------------- always

# Somebody looks, and nothing comes of it.
NOTHING_ELSE = {
    "complaint.arrivals": 0.0,
    "joining.share_probability": 0.0,
    "anger.repeat_rate": 0.0,
    "crowd.troll_share": 0.0,
}


@often
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS, more=st.floats(1.0, 20.0))
def test_a_more_visible_post_is_noticed_by_a_superset_and_no_later(scenario, network, rng, more):
    assert_superset(scenario.replace(NOTHING_ELSE), network, rng, more)


def assert_superset(scenario, network, rng, more, other_luck=0):
    rate = scenario.attention.view_rate
    seen = []
    for view_rate, luck in ((rate, rng), (min(60.0, rate * more), rng + other_luck)):
        _, _, _, notices, _ = trajectory(
            scenario.replace({"attention.view_rate": view_rate}), network, "ignore", luck
        )
        seen.append(
            dict(
                zip(
                    zip(notices["customer"], notices["post"], strict=True),
                    notices["tick"],
                    strict=True,
                )
            )
        )
    little, much = seen
    assert set(little) <= set(much)
    assert all(much[who] <= tick for who, tick in little.items())


CERTAIN = {
    "attention.kernel": "immediate",
    "attention.view_rate": 60.0,
    "attention.half_life": 12.0,
    "joining.share_probability": 100.0,
    "joining.page_probability": 1.0,
    "joining.loyalty": 0.0,
    "joining.reinforcement": 0.0,
    "attention.page_visitors": 0,
    "anger.repeat_rate": 0.0,
    "crowd.susceptibility_shape": np.inf,
    "crowd.vindictive_share": 0.0,
    "brand.coverage": 1.0,
    "brand.response_median": 0.25,
    "brand.response_sigma": 0.0,
    "censor.repost_probability": 0.0,
    "censor.protest_probability": 0.0,
}


@often
@given(n=st.integers(3, 40), seed=SEEDS, strategy=st.sampled_from(["ignore", "censor"]))
def test_other_names_change_nothing_but_the_names(n, seed, strategy):
    """Luck belongs to a customer's number, so this is exact only where everything is certain."""
    assert_names_are_only_names(bz.Scenario().replace(CERTAIN), n, seed, strategy)


def assert_names_are_only_names(scenario, n, seed, strategy):
    """Renumber everybody, in the order of the nodes too: a name alone would leave each customer
    their number, and their luck.
    """
    graph = nx.gnp_random_graph(n, 2.5 / n, seed=seed, directed=True)
    other = np.random.default_rng(seed).permutation(n).tolist()
    found = []
    for number in (list(range(n)), other):
        renumbered = nx.DiGraph()
        renumbered.add_nodes_from(range(n))
        renumbered.add_edges_from((number[u], number[v]) for u, v in graph.edges)
        network = bz.open_network(renumbered)
        assert network.names == range(n)
        run = bz.run(scenario, network=network, strategy=strategy, rng=1, complainants=[number[0]])
        customers = run.record["customers"]
        assert customers["joined"][list(customers["customer"]).index(number[0])] == 0
        columns = zip(
            *(customers[name].tolist() for name in ("customer", "stage", "noticed", "joined")),
            strict=True,
        )
        found.append({customer: what for customer, *what in columns})
    assert {other[customer]: what for customer, what in found[0].items()} == found[1]


def volumes(graph, complainant, n=3000):
    scenario = bz.Scenario().replace(
        {"complaint.names": [complainant], "joining.share_probability": 0.2}
    )
    values, _ = replicates(World.of(scenario, bz.open_network(graph)), "public_reply", 1, n)
    return values[:, list(OUTCOMES).index("volume")]


def apart(one, other):
    return abs(one.mean() - other.mean()) / np.hypot(one.std(), other.std()) * np.sqrt(one.size)


def test_other_numbers_bring_other_luck_and_the_same_law():
    """Where chance rules, renumbering gives other runs with the same mean; another complainant
    gives another one.
    """
    graph = nx.gnp_random_graph(80, 0.1, seed=3)
    start = max(graph, key=graph.degree)
    number = np.random.default_rng(3).permutation(80).tolist()
    renumbered = nx.Graph()
    renumbered.add_nodes_from(range(80))
    renumbered.add_edges_from((number[u], number[v]) for u, v in graph.edges)
    usual, other = volumes(graph, start), volumes(renumbered, number[start])
    assert (usual != other).mean() > 0.3
    assert apart(usual, other) <= STANDARD_ERRORS
    assert apart(usual, volumes(graph, min(graph, key=graph.degree))) > STANDARD_ERRORS


@often
@given(scenario=SCENARIOS, network=NETWORKS, strategy=st.sampled_from(list(STRATEGIES)), rng=SEEDS)
def test_an_isolated_complainant_reaches_those_who_look_at_the_page_and_nobody_else(
    scenario, network, strategy, rng
):
    graph = network.to_networkx()
    graph.add_node("alone")
    scenario = scenario.replace(
        NOTHING_ELSE | {"reply.brand_reach": 0.0, "censor.protest_probability": 0.0}
    )
    assert_page_alone(scenario, graph, strategy, rng)


def test_page_visitors_do_reach_the_page():
    """What bounds them from above elsewhere would hold if nobody ever came."""
    graph = nx.path_graph([str(k) for k in range(30)])
    graph.add_node("alone")
    scenario = bz.Scenario().replace(
        {
            "attention.page_visitors": 5,
            "attention.view_rate": 50.0,
            "complaint.on_page": True,
            "joining.share_probability": 0.0,
        }
    )
    seen = [
        trajectory(scenario, bz.open_network(graph), "ignore", rng, complainants=["alone"])[3][
            "post"
        ].size
        for rng in range(20)
    ]
    assert max(seen) == 5
    assert min(seen) >= 1


def assert_page_alone(scenario, graph, strategy, rng):
    for visitors in (0, 5):
        asked = scenario.replace({"attention.page_visitors": visitors})
        _, _, posts, notices, _ = trajectory(
            asked, bz.open_network(graph), strategy, rng, complainants=["alone"]
        )
        assert set(notices["channel"]) <= {CHANNEL["page"]}
        assert notices["post"].size <= visitors * posts["on_page"].sum()


AT_ONCE = {
    "brand.coverage": 1.0,
    "brand.response_median": 0.0,
    "brand.response_sigma": 0.0,
    "brand.staff": np.inf,
    "complaint.on_page": True,
    "censor.repost_probability": 0.0,
    "anger.repeat_rate": 0.0,
}


@often
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS)
def test_deleting_before_anybody_looks_reaches_nobody(scenario, network, rng):
    assert_nobody_reached(scenario.replace(AT_ONCE), network, rng)


def assert_nobody_reached(scenario, network, rng):
    found, _, posts, notices, _ = trajectory(scenario, network, "censor", rng)
    assert notices["post"].size == 0
    assert found.outcomes["reach"] == 0.0
    assert posts["author"].size == found.outcomes["deleted_posts"] == found.outcomes["volume"]


@often
@given(scenario=SCENARIOS, network=NETWORKS, rng=SEEDS)
def test_where_the_brand_sees_nothing_all_strategies_are_one(scenario, network, rng):
    assert_strategies_are_one(scenario.replace({"brand.coverage": 0.0}), network, rng)


def assert_strategies_are_one(scenario, network, rng):
    silence = bz.run(scenario, network=network, strategy="ignore", rng=rng)
    for strategy in STRATEGIES:
        other = bz.run(scenario, network=network, strategy=strategy, rng=rng)
        assert differences(silence, (other.record, other.values, other.hourly_volume)) == []


# ----------------------------------------- each of these can fail: records and worlds that break it

BUSY = {
    "attention.view_rate": 1.0,
    "attention.half_life": 6.0,
    "attention.page_visitors": 5,
    "joining.share_probability": 0.5,
    "joining.page_probability": 0.7,
    "brand.coverage": 1.0,
    "brand.response_median": 1.0,
    "brand.staff": 2,
    "time.horizon": 48.0,
}


@pytest.fixture(scope="module")
def busy():
    scenario = bz.Scenario().replace(BUSY)
    return scenario, bz.open_network(nx.gnp_random_graph(60, 0.08, seed=1))


def tampered(found, table, column, change):
    """Give a copy of a run's record with one column changed."""
    record = {
        name: {key: values.copy() for key, values in columns.items()}
        for name, columns in found.record.items()
    }
    record[table][column] = change(record[table][column])
    return record


@pytest.mark.parametrize(
    ("broken", "table", "column", "change"),
    [
        (assert_sharers_noticed, "notices", "customer", lambda readers: np.roll(readers, 1)),
        (assert_sharers_noticed, "notices", "tick", lambda ticks: ticks + 1_000),
        (assert_noticed_in_time, "posts", "end", lambda ends: ends * 0),
        (assert_noticed_in_time, "posts", "tick", lambda ticks: ticks + 1),
        (assert_noticed_in_time, "notices", "customer", lambda readers: readers * 0),
        (
            assert_readers_had_a_way,
            "notices",
            "channel",
            lambda channels: np.full_like(channels, CHANNEL["page"]),
        ),
        (assert_readers_had_a_way, "posts", "on_page", lambda places: ~places.astype(bool)),
        (assert_deleted_on_the_page_alone, "posts", "on_page", lambda places: ~places.astype(bool)),
        (assert_deleted_on_the_page_alone, "posts", "end", lambda ends: ends + 1),
        (assert_staff_suffices, "acts", "tick", lambda ticks: ticks * 0),
        (assert_staff_suffices, "acts", "act", lambda acts: np.full_like(acts, rules.INVITED)),
    ],
)
def test_what_must_never_happen_would_be_noticed(busy, broken, table, column, change):
    scenario, network = busy
    found = trajectory(scenario, network, "censor", 1)[0]
    more = {
        assert_readers_had_a_way: (network, "censor"),
        assert_staff_suffices: (World.of(scenario, network).p, scenario.brand.staff),
    }.get(broken, ())
    broken(found.record, *more)
    with pytest.raises(AssertionError):
        broken(tampered(found, table, column, change), *more)


def test_what_must_always_be_so_is_not_so_in_other_worlds(busy):
    scenario, network = busy
    calm = scenario.replace(NOTHING_ELSE)
    assert_superset(calm, network, 1, 1.2)
    connected = network.to_networkx()
    connected.add_edge("alone", 0)
    late = bz.Scenario().replace(BUSY | AT_ONCE | {"brand.response_median": 2.0})
    unsure = bz.Scenario().replace(CERTAIN | {"joining.share_probability": 0.5})
    for broken in (
        lambda: assert_superset(calm, network, 1, 1.2, other_luck=1),
        lambda: assert_page_alone(calm, connected, "ignore", 1),
        lambda: assert_nobody_reached(late, network, 1),
        lambda: assert_names_are_only_names(unsure, 40, 1, "ignore"),
        lambda: assert_strategies_are_one(scenario, network, 1),
    ):
        with pytest.raises(AssertionError):
            broken()
