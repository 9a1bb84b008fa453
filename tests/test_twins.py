"""Both engines give one trajectory: every column, every outcome, bit for bit, whatever is asked."""

from collections import Counter

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import buzzsim as bz
from buzzsim.agents import Brand, BuzzModel, Customer
from buzzsim.engine import replicates
from buzzsim.model import draws, rules
from buzzsim.model.parameters import all_parameters
from buzzsim.model.strategy import STRATEGIES
from buzzsim.model.tables import BY_FOLLOWERS, FROM_ALL, RECORD, STILL_THERE, TRAITS
from buzzsim.network import Network
from buzzsim.network.complainants import draw_complainants
from buzzsim.network.world import World

# What scenarios are drawn from: a list of words or numbers, or the ends of a range (drawn more
# often than by chance).
ASKED = {
    "complaint.complainants": (1, 4),
    "complaint.choice": ["random", "followers", "most_followed"],
    "complaint.at_fault": [False, True],
    "complaint.anger": (0.0, 1.0),
    "complaint.on_page": [True, True, False],
    "complaint.arrivals": [0.0, 0.0, 3.0, 10.0],
    "complaint.arrival_half_life": (0.5, 12.0),
    "attention.kernel": ["exponential", "seismic", "log_logistic", "constant", "immediate"],
    "attention.view_rate": (0.01, 2.0),
    "attention.half_life": (0.2, 12.0),
    "attention.tail": (0.3, 1.0),
    "attention.pace_sigma": [0.0, 0.0, 1.0, 2.0],
    "attention.dilution": (0.0, 2.0),
    "attention.page_visitors": (0, 8),
    "attention.withdrawal_rate": (0.0, 0.2),
    "joining.share_probability": [0.0, 0.1, 0.2, 0.3, 0.5, 1.0, 3.0],
    "joining.arousal": (0.0, 3.0),
    "joining.reinforcement": (-1.0, 3.0),
    "joining.sides": [1.0, 1.0, 0.7, 0.3],
    "joining.sides_spread": [0.0, 0.0, 0.3, 0.9],
    "joining.cap": (1, 6),
    "joining.loyalty": (0.0, 1.0),
    "joining.page_probability": (0.0, 1.0),
    "crowd.susceptibility_shape": [0.3, 1.0, 2.0, 20.0, np.inf],
    "crowd.vindictive_share": (0.0, 0.8),
    "crowd.attitude": (-1.0, 1.0),
    "crowd.attitude_spread": (0.0, 1.0),
    "crowd.troll_share": [0.0, 0.0, 0.2],
    "crowd.advocate_share": [0.0, 0.0, 0.3],
    "crowd.defence_probability": (0.0, 1.0),
    "crowd.defence_strength": (-1.0, 1.0),
    "anger.gain": (0.0, 1.0),
    "anger.half_life": (0.5, 72.0),
    "anger.repeat_rate": [0.0, 0.05, 0.2, 0.5],
    "attitude.step": (0.0, 0.2),
    "attitude.negativity": (0.0, 5.0),
    "attitude.half_life": [np.inf, np.inf, 1.0, 72.0],
    "attitude.threshold": (0.0, 0.2),
    "brand.coverage": (0.3, 1.0),
    "brand.response_median": (0.0, 5.0),
    "brand.response_sigma": (0.0, 2.5),
    "brand.staff": [1, 2, 3, np.inf],
    "brand.order": ["first_come", "most_followed", "angriest"],
    "brand.reply_time": (0.0, 3.0),
    "brand.round_work": (0.0, 3.0),
    "brand.removal_time": (0.0, 2.0),
    "brand.patience": (0.0, 10.0),
    "brand.resentment": (0.0, 0.5),
    "reply.empathy": (0.0, 1.0),
    "reply.explanation": (0.0, 1.0),
    "reply.solution": (0.0, 1.0),
    "reply.empathy_weight": (-1.0, 2.0),
    "reply.explanation_weight": (-1.0, 2.0),
    "reply.solution_weight": (-1.0, 2.0),
    "reply.fault_empathy_weight": (-1.0, 2.0),
    "reply.fault_explanation_weight": (-1.0, 2.0),
    "reply.fault_solution_weight": (-1.0, 2.0),
    "reply.expectation": (0.0, 1.0),
    "reply.fault_penalty": (0.0, 1.0),
    "reply.potency": (0.0, 5.0),
    "reply.bump": (0.0, 1.0),
    "reply.brand_reach": (0.0, 0.5),
    "reply.audience_effect": (0.0, 3.0),
    "reply.solved_anger": (0.0, 1.0),
    "reply.prior_failures": (0, 3),
    "reply.boomerang": (0.0, 2.0),
    "censor.reactance": (0.0, 1.0),
    "censor.repost_probability": (0.0, 1.0),
    "censor.streisand_multiplier": (0.0, 5.0),
    "censor.protest_probability": (0.0, 1.0),
    "censor.explanation": [0.0, 0.0, 0.3, 1.0],
    "private.accept_probability": (0.0, 1.0),
    "private.rounds": (1, 4),
    "private.round_time": (0.0, 4.0),
    "private.withdraw_probability": (0.0, 1.0),
    "private.resolved_damping": (0.0, 1.0),
    "private.thanks_probability": (0.0, 1.0),
    "private.thanks_effect": (0.0, 5.0),
    "private.disappointment": (0.0, 1.0),
    "private.failed_repost_probability": (0.0, 1.0),
    "private.invite_bump": (0.0, 1.0),
    "private.invite_signal": (-0.5, 0.5),
    "time.horizon": (10.0, 60.0),
    "time.tick": [0.1, 0.25, 0.5, 1.0],
    "measures.firestorm_volume": (1, 100),
}
LIVELY = {
    "attention.view_rate": 0.2,
    "attention.half_life": 6.0,
    "joining.share_probability": 0.5,
    "joining.reinforcement": 0.5,
    "crowd.attitude": -0.2,
    "brand.response_median": 1.0,
    "brand.staff": 3,
    "reply.bump": 1.0,
    "private.invite_bump": 0.8,
}


def drawn(asked, dice):
    """Draw a value for one key."""
    if isinstance(asked, list):
        return asked[dice.integers(len(asked))]
    low, high = asked
    if dice.random() < 0.2:
        return asked[dice.integers(2)]
    return (
        int(dice.integers(low, high + 1))
        if isinstance(low, int)
        else float(dice.uniform(low, high))
    )


def some_scenario(seed, lively):
    """Draw a scenario from a seed: of eighty values Hypothesis would mostly repeat its last."""
    dice = np.random.default_rng(seed)
    wish = {key: drawn(asked, dice) for key, asked in ASKED.items()}
    return bz.Scenario().replace(wish | (LIVELY if lively else {}))


def some_network(n, degree, directed, with_traits, seed):
    """Give a random network with a ring of four, and perhaps what its customers are like."""
    graph = nx.gnp_random_graph(n, min(1.0, degree / n), seed=seed, directed=directed)
    graph.add_edges_from([(0, 1), (1, 2), (2, 3), (3, 0)])
    if with_traits:
        dice = np.random.default_rng(seed)
        for node in graph:
            known = [trait for trait in TRAITS if dice.random() < 0.4]
            for trait in known:
                graph.nodes[node][trait] = (
                    float(dice.integers(2))
                    if trait in ("vindictive", "advocate", "troll")
                    else dice.random()
                )
    return bz.open_network(graph)


SEEDS = st.integers(0, 2**32)
SCENARIOS = st.builds(some_scenario, SEEDS, st.booleans())
NETWORKS = st.builds(
    some_network, st.integers(10, 60), st.floats(0.5, 6.0), st.booleans(), st.booleans(), SEEDS
)
RUNS = {
    "scenario": SCENARIOS,
    "network": NETWORKS,
    "strategy": st.sampled_from(list(STRATEGIES)),
    "rng": st.integers(0, 2**80),
    "replicate": st.integers(0, 2**31),
}


def differences(run, other):
    """List what differs, to the bit and the type, between a result and another run."""
    record, values, hourly = other
    pairs = {
        f"{table}.{column}": (run.record[table][column], record[table][column])
        for table in RECORD
        for column in RECORD[table]
    }
    pairs |= {"outcomes": (run.values, values), "hourly": (run.hourly_volume, hourly)}
    return [
        name
        for name, (a, b) in pairs.items()
        if a.dtype != b.dtype or a.shape != b.shape or a.tobytes() != b.tobytes()
    ]


def assert_twins(scenario, network, strategy, rng=0, replicate=0, complainants=None):
    asked = {
        "strategy": strategy,
        "network": network,
        "rng": rng,
        "replicate": replicate,
        "complainants": complainants,
    }
    compiled = bz.run(scenario, engine="compiled", **asked)
    mesa = bz.run(scenario, engine="mesa", **asked)
    assert differences(compiled, (mesa.record, mesa.values, mesa.hourly_volume)) == []
    return mesa


quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(**RUNS)
def test_both_engines_give_one_trajectory(scenario, network, strategy, rng, replicate):
    assert_twins(scenario, network, strategy, rng, replicate)


@pytest.mark.slow
@settings(quick, max_examples=1500)
@given(**RUNS)
def test_both_engines_give_one_trajectory_in_thousands_of_scenarios(
    scenario, network, strategy, rng, replicate
):
    assert_twins(scenario, network, strategy, rng, replicate)


@pytest.mark.slow
@pytest.mark.parametrize("strategy", STRATEGIES)
@pytest.mark.parametrize("scenario", bz.scenarios())
def test_both_engines_give_one_trajectory_in_the_packaged_scenarios(scenario, strategy):
    smaller = bz.Scenario.load(scenario).replace({"network.customers": 600})
    for replicate in range(4):
        assert_twins(smaller, None, strategy, 8, replicate)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_named_complainants_in_any_order(strategy):
    network = some_network(40, 4.0, True, True, 5)
    for replicate in range(3):
        run = assert_twins(
            bz.Scenario().replace({"joining.share_probability": 1.0}),
            network,
            strategy,
            1,
            replicate,
            [7, 0, 30],
        )
        assert set(run.record["posts"]["author"][:3]) == {0, 7, 30}


def test_a_run_that_ends_in_the_tick_it_began_in_is_a_whole_run():
    graph = nx.complete_graph(5)
    graph.add_node("alone")
    said = {
        "complaint.names": ["alone"],
        "complaint.on_page": False,
        "joining.share_probability": 0.0,
    }
    world = World.of(bz.Scenario().replace(said), graph)
    values, hourly = replicates(world, "ignore", 1, 3)
    for replicate in range(3):
        run = assert_twins(bz.Scenario().replace(said), graph, "ignore", 1, replicate)
        assert (values[replicate].tobytes(), hourly[replicate].tobytes()) == (
            run.values.tobytes(),
            run.hourly_volume.tobytes(),
        )
        assert run.outcomes["volume"] == 1


@pytest.mark.parametrize("by_followers", [False, True])
def test_complainants_are_drawn_within_their_table(by_followers):
    """Uncompiled, where a step beyond the end is an error."""
    world = World.of(bz.Scenario(), some_network(40, 4.0, True, True, 5))
    drawn, how = np.full(7, -1), BY_FOLLOWERS if by_followers else FROM_ALL
    draw_complainants.py_func(world.net.indptr, how, np.uint64(1), drawn)
    assert len(set(drawn)) == drawn.size == 7


def test_who_complains_is_drawn_evenly_or_by_followers_or_is_the_most_followed():
    """Nine of ten follow the first, who follows the second; the sixth follows three more."""
    network = Network.from_edges(
        [0] * 9 + [1, 2, 3, 4], [*range(1, 10), 0, 5, 5, 5], n_customers=10, directed=True
    )
    assert network.followers.tolist() == [9, 1, 1, 1, 1, 0, 0, 0, 0, 0]
    laws = {
        "random": np.full(10, 0.1),
        "followers": network.followers / 13,
        "most_followed": np.eye(10)[0],
    }
    n = 4000
    for choice, law in laws.items():
        world = World.of(
            bz.Scenario().replace({"complaint.choice": choice, "joining.share_probability": 0.1}),
            network,
        )
        drawn = (
            np.bincount(
                [world.complainants(np.uint64(draws.fold(np.uint64(3), k)))[0] for k in range(n)],
                minlength=10,
            )
            / n
        )
        assert (np.abs(drawn - law) <= 4 * np.sqrt(law * (1 - law) / n)).all(), choice


# What happens in the runs that are compared


class Watched(Customer):
    """A customer who counts, for the test below, what no record tells."""

    def read(self):
        due = self.feed[self.model.tick]
        super().read()
        happened = self.model.happened
        happened["second waves read"] += sum(
            n.wave == 1 and n.channel != rules.BRAND_FOLLOWING for n in self.reading
        )
        happened["looks at posts gone"] += sum(n.post.end < self.model.tick for n in due)
        happened["first waves overtaken"] += sum(n.post.end >= self.model.tick for n in due) - len(
            self.reading
        )

    def join(self, notice):
        super().join(notice)
        won = [
            n
            for n in self.reading
            if n.post.is_critical and n.post.luck(draws.JOIN, self.number) < self.chances[n.post]
        ]
        self.model.happened["recruited by several posts at once"] += len(won) > 1
        self.model.happened["recruited by a post noticed later in the tick"] += notice is not won[0]

    def join_probability(self, post):
        chance = super().join_probability(post)
        self.chances = getattr(self, "chances", {}) | {post: chance}
        return chance

    def act(self):
        now = self.model.tick
        kinds = [plan.kind for plan in self.intentions[now]]
        anger = self.anger
        super().act()
        self.model.happened["resentments"] += kinds == [rules.WAITED_IN_VAIN] and self.anger > anger
        self.model.happened["two occasions in one tick"] += bool(self.intentions.get(now))


class WatchedBrand(Brand):
    def talk(self, post, talk_round):
        last = talk_round == self.model.p.private_rounds
        hours = super().talk(post, talk_round)
        self.model.happened["failed dialogues"] += last and not self.acts[-1].result
        self.model.happened["posts withdrawn after a dialogue"] += post.end == self.model.tick
        return hours


class WatchedModel(BuzzModel):
    customer_class = Watched
    brand_class = WatchedBrand

    def __init__(self, *args, **kwargs):
        self.happened = Counter()
        super().__init__(*args, **kwargs)


def tally(run, scenario, model):
    """Count what happened in one run."""
    posts, acts, notices, people = (
        run.record[table] for table in ("posts", "acts", "notices", "customers")
    )
    deleted = posts["end"][acts["post"][acts["act"] == rules.REMOVED]].size
    gone = (posts["end"] <= model.horizon) & (posts["end"] < STILL_THERE)
    critics = people["joined"] >= 0
    counts = Counter(model.happened)
    counts.update(
        {
            "removals": deleted,
            "reposts": (posts["kind"] == rules.REPOST).sum(),
            "protests of new critics": (
                people["entry"][critics][:, None] == np.flatnonzero(posts["kind"] == rules.PROTEST)
            ).sum(),
            "protests": (posts["kind"] == rules.PROTEST).sum(),
            "repeats": (posts["kind"] == rules.REPEAT).sum(),
            "posts after a failed dialogue": (posts["kind"] == rules.AFTER_FAILURE).sum(),
            "thanks": run.outcomes["thanks"],
            "thanks read": np.isin(
                notices["post"], np.flatnonzero(posts["kind"] == rules.THANKS)
            ).sum(),
            "replies": run.outcomes["replies"],
            "solved in public": ((acts["act"] == rules.REPLIED) & (acts["result"] == 1)).sum(),
            "solved in private": ((acts["act"] == rules.TALKED) & (acts["result"] == 1)).sum(),
            "invitations declined": ((acts["act"] == rules.INVITED) & (acts["result"] == 0)).sum(),
            "talks": run.outcomes["private_talks"],
            "brand followers": (notices["channel"] == rules.BRAND_FOLLOWING).sum(),
            "page visitors": (notices["channel"] == rules.PAGE).sum(),
            "defences": run.outcomes["defences"],
            "withdrawals": gone.sum() if run.strategy == "ignore" else 0,
            "backlogs": run.outcomes["backlog"],
            "trolls": (people["character"][critics] == rules.TROLL).sum(),
            "vindictive critics": (people["character"][critics] == rules.VINDICTIVE).sum(),
            "advocates": (people["character"] == rules.ADVOCATE).sum(),
            "silent": (people["stage"] == rules.SILENT).sum(),
            "reconciled": (people["stage"] == rules.RECONCILED).sum(),
            "firestorms": run.outcomes["firestorm"],
            "third generation": run.outcomes["depth"] >= 3,
        }
    )
    for what in ("attention.kernel", "brand.order"):
        section, leaf = what.split(".")
        counts[getattr(getattr(scenario, section), leaf)] += run.outcomes["critics"] > 3
    return counts


def test_everything_the_rules_know_happens_in_the_runs_that_are_compared():
    happened = Counter()
    for seed in range(224):
        scenario = some_scenario(seed, bool(seed & 1))
        network = some_network(30, 3.0, bool(seed & 4), bool(seed & 8), seed)
        strategy = list(STRATEGIES)[seed // 2 % 4]
        run = bz.run(scenario, strategy=strategy, network=network, rng=3, replicate=seed)
        model = WatchedModel(scenario, strategy, network, rng=3, replicate=seed)
        assert differences(run, model.finish()) == []
        happened.update(tally(run, scenario, model))
    assert [what for what, times in happened.items() if times < 3] == []


# That the comparison can fail


class Calmer(Customer):
    def join_probability(self, post):
        return 0.9 * super().join_probability(post)


class CalmerModel(BuzzModel):
    customer_class = Calmer


class LatecomerBrand(Brand):
    def file(self, post, talk_round, ticks):
        super().file(post, talk_round, ticks + 1)


class LatecomerModel(BuzzModel):
    brand_class = LatecomerBrand


class Forgetful(Customer):
    def hear_out(self, strength, heat):
        super().hear_out(strength, heat)
        self.anger = self.anger * (1.0 + 1e-15)


class ForgetfulModel(BuzzModel):
    customer_class = Forgetful


@pytest.mark.parametrize(
    ("changed", "seen_in"),
    [
        (CalmerModel, "customers.recruited_by"),
        (LatecomerModel, "acts.tick"),
        (ForgetfulModel, "customers.anger"),
    ],
)
def test_one_changed_rule_shows(changed, seen_in):
    scenario = bz.Scenario().replace(
        {"joining.share_probability": 1.0, "brand.response_sigma": 0.5, "reply.potency": 1.0}
    )
    network = some_network(60, 5.0, False, False, 1)
    found = set()
    for replicate in range(8):
        compiled = bz.run(
            scenario, strategy="public_reply", network=network, rng=1, replicate=replicate
        )
        found.update(
            differences(
                compiled,
                changed(scenario, "public_reply", network, rng=1, replicate=replicate).finish(),
            )
        )
    assert seen_in in found


LEFT_OUT = {
    "complaint.names",
    "joining.r0",
    "reply.preset",
}  # people, a target for R0, and a name for three other keys


def test_twins_are_asked_about_every_parameter():
    """Invariants and strategies of one's own draw them too: a parameter needs a line in `ASKED`."""
    every = {key for key, _ in all_parameters() if not key.startswith("network.")}
    assert every - set(ASKED) == LEFT_OUT
