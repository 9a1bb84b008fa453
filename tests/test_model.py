"""The Mesa model as its reader uses it: stepped, watched, changed."""

import mesa
import networkx as nx
import numpy as np
import pytest

import buzzsim as bz
from buzzsim.agents import Brand, BuzzModel, Customer
from buzzsim.model import rules

LIVELY = bz.Scenario().replace(
    {
        "joining.share_probability": 1.0,
        "network.customers": 120,
        "network.ties": 3,
        "brand.coverage": 1.0,
        "time.horizon": 24.0,
    }
)


def test_a_step_is_a_tick():
    model = BuzzModel(LIVELY, rng=1)
    assert (model.tick, model.hours, model.running) == (0, 0.0, True)
    for tick in range(1, 6):
        model.step()
        assert (model.tick, model.hours) == (tick, 0.25 * tick)


def test_it_stops_at_the_horizon_and_steps_beyond_change_nothing():
    model = BuzzModel(LIVELY, rng=1)
    model.run_model()
    assert not model.running
    assert model.tick == model.horizon == 96
    before = len(model.posts), len(model.datacollector.get_model_vars_dataframe())
    model.step()
    assert model.tick == 96
    assert (len(model.posts), len(model.datacollector.get_model_vars_dataframe())) == before


def test_it_stops_as_soon_as_nothing_can_happen():
    model = BuzzModel(LIVELY.replace({"joining.share_probability": 0.0}), rng=1)
    model.run_model()
    assert model.tick < model.horizon
    assert model.volume == 1


def test_stepping_by_hand_first_makes_no_difference():
    by_hand, at_once = (BuzzModel(LIVELY, "censor", rng=3, replicate=1) for _ in range(2))
    for _ in range(20):
        by_hand.step()
    record, values, hourly = by_hand.finish()
    again = at_once.finish()
    assert all(
        np.array_equal(record[table][column], again[0][table][column])
        for table in record
        for column in record[table]
    )
    assert np.array_equal(values, again[1], equal_nan=True)
    assert np.array_equal(hourly, again[2])
    assert np.array_equal(by_hand.finish()[1], values, equal_nan=True), (
        "finishing twice changed something"
    )


def test_the_frame_grows_to_what_the_outcomes_say():
    model = BuzzModel(LIVELY, "public_reply", rng=2)
    _, values, _ = model.finish()
    outcomes = dict(zip(bz.outcomes.OUTCOMES, values, strict=True))
    frame = model.datacollector.get_model_vars_dataframe()
    assert list(frame.columns) == ["hour", "volume", "critics", "reach", "anger"]
    assert len(frame) == model.tick + 1
    assert list(frame.loc[0])[:4] == [0.0, 1, 1, 0.0]
    assert (frame["hour"].diff()[1:] == model.scenario.time.tick).all()
    assert frame["volume"].is_monotonic_increasing
    assert frame["reach"].is_monotonic_increasing
    last = frame.iloc[-1]
    assert (last["volume"], last["critics"], last["reach"]) == (
        outcomes["volume"],
        outcomes["critics"],
        outcomes["reach"],
    )
    assert outcomes["critics"] > 10, "a run in which nothing happens would show nothing"


def test_agents_are_found_as_mesa_users_look_for_them():
    model = BuzzModel(LIVELY, rng=1)
    assert isinstance(model, mesa.Model)
    assert len(model.agents_by_type[Customer]) == 120
    assert list(model.agents_by_type[Brand]) == [model.brand]
    critics = model.agents.select(
        lambda agent: isinstance(agent, Customer) and agent.stage == rules.CRITIC
    )
    assert list(critics) == model.complainants == model.critics


def test_customers_carry_the_names_of_the_network():
    graph = nx.Graph([("Ann", "Bob"), ("Bob", "Cem")])
    scenario = LIVELY.replace({"complaint.names": ["Bob"]})
    model = BuzzModel(scenario, network=graph, rng=1)
    assert [customer.name for customer in model.complainants] == ["Bob"]
    assert sorted(follower.name for follower in model.complainants[0].followers) == ["Ann", "Cem"]
    assert repr(model.complainants[0]) == "<Customer 'Bob', stage 2, anger 0.80>"
    assert repr(model) == "<BuzzModel 'default', ignore: 1 posts by 1 critics after 0 of 24 hours>"


def test_an_isolated_complainant_reaches_page_visitors_only():
    graph = nx.complete_graph(30)
    graph.add_node("alone")
    alone = LIVELY.replace(
        {
            "complaint.names": ["alone"],
            "joining.share_probability": 0.0,
            "attention.view_rate": 50.0,
        }
    )
    record, *_ = BuzzModel(alone, network=graph, rng=1).finish()
    assert 0 < record["notices"]["channel"].size <= 5
    assert set(record["notices"]["channel"]) == {rules.PAGE}
    elsewhere = BuzzModel(alone.replace({"complaint.on_page": False}), network=graph, rng=1)
    assert not elsewhere.running
    assert elsewhere.finish()[0]["notices"]["tick"].size == 0


def test_mesa_generators_are_never_drawn_from():
    model = BuzzModel(LIVELY, "private_dialogue", rng=1)
    before = model.random.getstate(), model.rng.bit_generator.state
    model.run_model()
    assert (model.random.getstate(), model.rng.bit_generator.state) == before


@pytest.mark.parametrize("rng", [None, 2**70, np.random.default_rng(1), np.random.SeedSequence(5)])
def test_any_rng_is_taken_and_its_entropy_kept(rng):
    model = BuzzModel(LIVELY, rng=rng)
    again = BuzzModel(LIVELY, rng=model.entropy)
    assert [c.number for c in model.complainants] == [c.number for c in again.complainants]
    assert model.key == again.key


class Ant(Customer):
    """A customer who joins whatever they notice."""

    def join_probability(self, post):
        return 1.0


class Mute(Brand):
    """A brand whose staff never gets round to anything."""

    def handle(self, post):
        return None


class AntHill(BuzzModel):
    customer_class = Ant
    brand_class = Mute


def test_a_subclass_with_other_agents_behaves_otherwise():
    usual, ants = BuzzModel(LIVELY, "censor", rng=5), AntHill(LIVELY, "censor", rng=5)
    usual.run_model()
    ants.run_model()
    assert usual.brand.acts
    assert not ants.brand.acts
    assert len(ants.agents_by_type[Ant]) == 120
    assert all(c.stage == rules.CRITIC for c in ants.customers if c.noticed >= 0)
    assert ants.n_critics > usual.n_critics


def test_what_is_not_allowed_is_refused_in_words():
    with pytest.raises(bz.StrategyError, match="did you mean 'censor'"):
        BuzzModel(LIVELY, "censer")
    with pytest.raises(bz.ScenarioError, match="replicate"):
        BuzzModel(LIVELY, replicate=-1)
    with pytest.raises(bz.ScenarioError, match="scenario"):
        BuzzModel(3)
    with pytest.raises(bz.ScenarioError, match="rng"):
        BuzzModel(LIVELY, rng=-1)


@pytest.mark.parametrize("engine", ["compiled", "mesa"])
@pytest.mark.parametrize("tick", [1.0, 12.0, 24.0])
def test_the_complainants_anger_is_measured_however_long_a_tick(tick, engine):
    scenario = bz.Scenario().replace({"network.customers": 50, "time.tick": tick})
    outcomes = bz.run(scenario, rng=1, engine=engine).outcomes
    assert outcomes["author_anger_6h"] > 0.1
    assert outcomes["author_anger_24h"] > 0.05
