"""The model and a scenario in words: what is on file is what the code says, and nothing is left out."""

import re
from pathlib import Path

import networkx as nx
import pytest

import buzzsim as bz
from buzzsim.cli.command import main
from buzzsim.errors import BuzzsimError, ScenarioError
from buzzsim.model import parameters, rules
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import Scenario, scenarios
from buzzsim.model.strategy import LABELS
from buzzsim.model.tables import PERSON, POST
from buzzsim.network import open_network, reproduction
from buzzsim.study import describe, protocol

ROOT = Path(__file__).parents[1]
PAGES = {"docs/odd.md": protocol.odd, "docs/parameters.md": protocol.parameter_table}
RULES = [
    name
    for name, value in vars(rules).items()
    if hasattr(value, "py_func") and value.__module__ == "buzzsim.rules"
]
KEYS = [key for key, _ in all_parameters()]


def missing(odd, table):
    """Every rule, parameter and outcome that the pages leave out."""
    told_rules = set(re.findall(r"^\*\*`(\w+)\(", odd, re.MULTILINE))
    told_keys = [
        set(re.findall(r"^\| `(\w+\.\w+)` \|", page, re.MULTILINE)) for page in (odd, table)
    ]
    told_outcomes = set(re.findall(r"^\| `(\w+)` \| .* \| (?:lower|higher) \|", odd, re.MULTILINE))
    return (
        (set(RULES) - told_rules)
        | (set(KEYS) - set.intersection(*told_keys))
        | (set(OUTCOMES) - told_outcomes)
    )


# -------------------------------------------------------------------------------------------- pages


def test_the_pages_on_file_are_what_the_command_writes(tmp_path, capsys):
    """If this fails: `buzzsim describe --odd docs/odd.md --parameters docs/parameters.md`."""
    assert (
        main(
            [
                "describe",
                "--odd",
                str(tmp_path / "odd.md"),
                "--parameters",
                str(tmp_path / "parameters.md"),
            ]
        )
        == 0
    )
    assert capsys.readouterr().out == ""
    for name in ("odd.md", "parameters.md"):
        assert (tmp_path / name).read_text(encoding="utf-8") == (ROOT / "docs" / name).read_text(
            encoding="utf-8"
        ), name


def test_every_rule_parameter_and_outcome_is_described():
    assert len(RULES) > 40
    assert missing(protocol.odd(), protocol.parameter_table()) == set()


def test_a_parameter_that_is_left_out_is_noticed(monkeypatch):
    few = [(key, known) for key, known in all_parameters() if key != "censor.reactance"]
    monkeypatch.setattr(protocol, "all_parameters", lambda: iter(few))
    assert missing(protocol.odd(), protocol.parameter_table()) == {"censor.reactance"}


def test_an_outcome_that_is_left_out_is_noticed(monkeypatch):
    monkeypatch.setattr(
        protocol,
        "OUTCOMES",
        {name: outcome for name, outcome in OUTCOMES.items() if name != "reach"},
    )
    assert missing(protocol.odd(), protocol.parameter_table()) == {"reach"}


def test_a_rule_that_is_left_out_is_noticed(monkeypatch):
    every = protocol.rules_of
    monkeypatch.setattr(
        protocol, "rules_of", lambda file: [rule for rule in every(file) if rule.name != "protests"]
    )
    assert missing(protocol.odd(), protocol.parameter_table()) == {"protests"}


def test_the_order_of_a_tick_is_told_as_the_rules_tell_it():
    assert rules.__doc__.strip() in protocol.odd()


@pytest.mark.parametrize("rule", protocol.rules_of("rules.py"), ids=lambda rule: rule.name)
def test_a_rule_is_told_with_its_words_its_code_and_its_group(rule):
    function = getattr(rules, rule.name).py_func
    assert rule.text.split() == function.__doc__.split()
    assert rule.arguments == function.__code__.co_varnames[: function.__code__.co_argcount]
    compile(
        f"def rule({', '.join(rule.arguments)}):\n"
        + re.sub("^", "    ", rule.code, flags=re.MULTILINE),
        rule.name,
        "exec",
    )
    assert rule.group in (
        "time",
        "visibility",
        "reading",
        "authors",
        "the brand",
        "Deleting",
        "Replying",
    )


def test_a_rule_names_the_keys_that_it_uses():
    used = {rule.name: rule.keys for rule in protocol.rules_of("rules.py")}
    assert used["lag"] == ("brand.response_median", "brand.response_sigma")
    assert used["join_probability"] == (
        "joining.share_probability",
        "joining.arousal",
        "joining.loyalty",
    )
    assert used["calmed"] == ()


def test_names_in_the_sentences_written_by_hand_exist():
    sections = [
        protocol.PURPOSE,
        protocol.ENTITIES,
        protocol.ORDER,
        *protocol.CONCEPTS.values(),
        protocol.INITIALISATION,
    ]
    texts = [
        *sections,
        protocol.SCALES,
        protocol.INPUT,
        protocol.SUBMODELS,
        protocol.PARAMETERS,
        *protocol.CUSTOMER.values(),
    ]
    texts += [protocol.AROUND, protocol.NETWORKS, protocol.R0_SOLVED]
    others = {
        "p",
        "measure",
        "rules",
        *PERSON.names,
        *POST.names,
        *reproduction._recruits.py_func.__code__.co_varnames,
    }
    for name in re.findall(r"`([^`]+)`", "\n".join(texts)):
        flat = name.removeprefix("p.").replace("_", ".", 1) if name.startswith("p.") else name
        known = flat in KEYS or name in RULES or name in others or (ROOT / name).is_file()
        assert known, name
    assert set(protocol.CUSTOMER) <= set(PERSON.names)
    assert set(protocol.POST) <= set(POST.names)


def test_rows_have_as_many_cells_as_their_heads():
    for page in PAGES.values():
        for block in page().split("\n\n"):
            if block.startswith("| "):
                assert len({line.count("|") for line in block.splitlines()}) == 1, block


def test_the_seven_elements_of_the_protocol_are_there_in_order():
    assert re.findall(r"^## (\d)\. ", protocol.odd(), re.MULTILINE) == list("1234567")


# -------------------------------------------------------------------------------------------- the methods paragraph


@pytest.mark.parametrize("name", scenarios())
def test_every_key_that_differs_is_named_with_its_value(name):
    text, scenario, default = bz.describe(name), Scenario.load(name).to_dict(), Scenario().to_dict()
    for key in KEYS:
        section, _, leaf = key.partition(".")
        value = scenario[section].get(leaf)
        assert (f" {key} = " in text) == (value != default[section].get(leaf)), key
        if f" {key} = " in text and isinstance(value, (int, float)) and not isinstance(value, bool):
            said = re.search(rf" {re.escape(key)} = ([\w.,+-]+) \(", text)[1]
            assert float(said.replace(",", "")) == pytest.approx(value, rel=1e-5)


def test_the_paragraph_tells_what_was_run():
    scenario = Scenario().replace({"network.customers": 300, "network.ties": 4, "joining.r0": 0.7, "attention.half_life": 2.5,
                                   "time.horizon": 48.0, "time.tick": 0.5, "complaint.anger": 0.55})  # fmt: skip
    text = bz.describe(scenario, "censor", 12)
    for said in ("300 customers", "ties = 4", "R0 = 0.7", "half-life of 2.5 hours", "48 hours in ticks of 0.5 hours",
                 "anger 0.55", "12 replicates of one strategy (censor)", "compiled engine"):  # fmt: skip
        assert said in text
    assert "\n" not in text


@pytest.mark.parametrize("kernel", parameters.KERNELS)
def test_every_kernel_has_its_words(kernel):
    text = bz.describe(
        Scenario().replace(
            {"attention.kernel": kernel, "network.customers": 300, "joining.r0": 0.5}
        )
    )
    assert f"(kernel {kernel})" in text


@pytest.mark.parametrize("kind", [kind for kind in parameters.NETWORKS if kind != "file"])
def test_every_network_has_its_words(kind):
    degrees = {"network.degrees": [4] * 300} if kind == "configuration" else {}
    text = bz.describe(
        Scenario().replace(
            {"network.kind": kind, "network.customers": 300, "joining.r0": 0.5, **degrees}
        )
    )
    assert "300 customers" in text
    assert f"a generated {describe._KINDS[kind][0]}" in text


def test_a_network_from_a_file_is_named_and_counted(tmp_path):
    file = tmp_path / "ring.txt"
    file.write_text("".join(f"{i} {(i + 1) % 50}\n{i} {(i + 2) % 50}\n" for i in range(50)))
    text = bz.describe(
        Scenario().replace({"network.kind": "file", "network.file": str(file), "joining.r0": 0.3})
    )
    assert (
        "50 customers with 100 undirected ties, 4.0 followers on average and at most 4: the network in ring.txt."
        in text
    )


def test_all_strategies_are_named_unless_some_are_asked_for():
    assert all(label in bz.describe() for label in LABELS.values())
    assert "2 strategies (ignore and censor)" in bz.describe(strategies=["ignore", "censor"])


def test_it_is_cited_as_the_citation_file_says():
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    title, version = (
        re.search(r'^title: "(.*)"$', cff, re.MULTILINE)[1],
        re.search(r"^version: (.*)$", cff, re.MULTILINE)[1],
    )
    author = re.search(r"^  - name: (.*)$", cff, re.MULTILINE)[1]
    said = describe.CITATION.format(version=version)
    assert said.startswith(f"{author}: ")
    assert title.replace(":", ",") in said
    assert said.rstrip(".") in bz.describe()


@pytest.mark.parametrize(
    "wrong",
    [
        {"replicates": 0},
        {"replicates": True},
        {"replicates": 2.5},
        {"strategies": ["pray"]},
        {"scenario": "nowhere"},
    ],
)
def test_what_cannot_be_described_is_refused(wrong):
    with pytest.raises(BuzzsimError):
        bz.describe(**wrong)


def test_the_command_prints_the_paragraph(capsys):
    assert (
        main(["describe", "restaurant", "--strategies", "ignore,censor", "--replicates", "500"])
        == 0
    )
    out = capsys.readouterr().out
    assert out.split() == bz.describe("restaurant", ["ignore", "censor"], 500).split()
    assert max(map(len, out.splitlines())) <= 100


def test_the_command_refuses_what_would_be_ignored(tmp_path, capsys):
    assert main(["describe", "--odd", str(tmp_path / "odd.md"), "--replicates", "5"]) == 2
    assert "only together with a scenario" in capsys.readouterr().err
    assert not (tmp_path / "odd.md").exists()


def test_a_comparison_is_described_as_it_was_made(tmp_path):
    file = tmp_path / "friends.csv"
    nx.write_edgelist(nx.watts_strogatz_graph(200, 6, 0.1, seed=1), file, delimiter=",", data=False)
    scenario = Scenario.load("restaurant").replace({"reply.empathy": 0.1})
    done = bz.compare(scenario, network=file, strategies="censor", replicates=30, rng=5, quiet=True)
    text = bz.describe(done)
    assert "The crowd has 200 customers with 600 undirected ties" in text
    assert "the network in friends.csv" in text
    assert (
        "30 replicates of each of 2 strategies (ignore and censor, compared with ignore) from seed 5"
        in text
    )
    assert bz.describe(scenario, network=file) != bz.describe(scenario)
    assert "a network of our own (a street of sixty)" in bz.describe(
        "default", network=bz.teach.street()
    )
    with pytest.raises(ScenarioError, match="expected nothing beside it"):
        bz.describe(done, replicates=5)
    assert "We ran [N] replicates of each of 4" in bz.describe()
    assert "We ran 1 replicate of each" in bz.describe(replicates=1)


def test_the_command_describes_what_was_asked_for(tmp_path, capsys):
    file = tmp_path / "friends.csv"
    nx.write_edgelist(nx.watts_strogatz_graph(200, 6, 0.1, seed=1), file, delimiter=",", data=False)
    assert (
        main(["describe", "restaurant", "--network", str(file), "--set", "reply.empathy=0.1"]) == 0
    )
    out = " ".join(capsys.readouterr().out.split())
    assert "the network in friends.csv" in out
    assert "reply.empathy = 0.1" in out


@pytest.mark.parametrize(
    ("changes", "idle"),
    [
        ({"network.blocks": 9, "network.rewiring": 0.5}, ["network.rewiring", "network.blocks"]),
        ({"network.kind": "small_world", "network.rewiring": 0.5}, []),
        (
            {"network.kind": "blocks", "network.mixing": 0.5, "network.clustering": 0.1},
            ["network.clustering"],
        ),
        ({"joining.r0": 0.3, "joining.share_probability": 0.1}, ["joining.r0"]),
        ({"complaint.choice": "followers", "complaint.names": [5]}, ["complaint.choice"]),
        (
            {
                "attention.kernel": "constant",
                "attention.view_rate": 0.01,
                "attention.half_life": 5.0,
                "joining.share_probability": 0.1,
            },
            ["attention.half_life"],
        ),
        (
            {
                "attention.kernel": "immediate",
                "joining.r0": 0.5,
                "reply.bump": 1.0,
                "private.invite_bump": 0.3,
            },
            ["reply.bump", "private.invite_bump"],
        ),
        ({}, []),
    ],
)
def test_keys_without_effect_are_told_apart(changes, idle, tmp_path, capsys):
    scenario = Scenario().replace({"network.customers": 300, **changes})
    text = bz.describe(scenario)
    told = text.partition(" Without effect here: ")[2].partition(". ")[0]
    assert [key for key in told.split(", ") if key] == idle
    before = text.partition("Without effect")[0]
    assert not any(f"{key} =" in before.partition("All parameters")[2] for key in idle)
    at_defaults = {key: dict(all_parameters())[key].default for key in idle}
    alike = bz.compare(
        Scenario().replace({"network.customers": 300, **changes, **at_defaults}),
        replicates=30,
        rng=1,
        quiet=True,
    )
    assert alike.outcome("volume").equals(
        bz.compare(scenario, replicates=30, rng=1, quiet=True).outcome("volume")
    )


def test_what_a_network_brings_is_told():
    graph = nx.path_graph(6)
    nx.set_node_attributes(graph, {0: {"anger": 0.5, "Troll": 1, "age": 7}})
    text = open_network(graph).describe()
    assert ", with anger (no traits, and left out: Troll, age)" in text


SPARSE = Scenario().replace({"network.kind": "random", "network.customers": 300, "joining.r0": 0.5})


def test_a_generated_network_that_was_handed_over_is_not_the_scenarios_own():
    handed = bz.generate("random", customers=200, ties=2, seed=9)
    text = bz.describe(SPARSE, network=handed)
    assert "a network of our own (generated network (random))" in text
    assert "ties = 5" not in text
    assert "Without effect here: network.kind, network.customers." in text
    assert "a generated random network (Gilbert 1959) with ties = 5, seed = 1" in bz.describe(
        SPARSE
    )


def test_a_share_probability_beyond_one_is_told_as_certain():
    certain = "from 1 on, joining is certain for such a reader"
    assert f"is set to 50; {certain}." in bz.describe(
        SPARSE.replace({"joining.share_probability": 50.0})
    )
    assert certain not in bz.describe(SPARSE)


def test_r0_is_told_without_what_the_network_gives():
    graph = nx.random_regular_graph(8, 200, seed=1)
    nx.set_node_attributes(graph, 3.0, "susceptibility")
    said = "were the crowd as the scenario's laws say (what the network gives is left out)"
    assert said in bz.describe(SPARSE, network=graph)
    assert said not in bz.describe(SPARSE)


def test_a_run_covers_whole_ticks():
    text = bz.describe(SPARSE.replace({"time.horizon": 24.5, "time.tick": 24.0}))
    assert (
        "A run covers 48 hours (a horizon of 24.5 hours, in whole ticks) in ticks of 24 hours."
        in text
    )
    assert "A run covers 72 hours in ticks of 0.25 hours." in bz.describe(SPARSE)


@pytest.mark.parametrize("order", parameters.ORDERS)
def test_every_order_of_the_queue_has_its_words(order):
    said = describe._ORDERS[order]
    assert f"with a staff of 2 ({said})" in bz.describe(
        SPARSE.replace({"brand.order": order, "brand.staff": 2})
    )
    assert said not in bz.describe(SPARSE.replace({"brand.order": order}))


def test_a_brand_that_sees_nothing_is_not_said_to_do_anything():
    text = bz.describe(SPARSE.replace({"brand.coverage": 0.0}))
    assert "The brand sees no post (coverage 0), so that no strategy does anything." in text
    assert "a private dialogue is accepted" not in text
    assert "a private dialogue is accepted" in bz.describe(SPARSE)


def test_one_thing_is_told_as_one():
    pair = SPARSE.replace(
        {"joining.share_probability": 0.1, "private.rounds": 1, "brand.response_median": 1.0}
    )
    text = bz.describe(pair, replicates=1, network=nx.path_graph(2))
    for said in (
        "with 1 undirected tie,",
        "and has up to 1 round.",
        "(median 1 hour, sigma",
        "We ran 1 replicate of",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("changes", "said", "unsaid"),
    [
        (
            {},
            "weighted 0.3 above what is expected, and brings the thread back into view (bump 0.5)",
            "nobody reposts",
        ),
        ({"complaint.at_fault": True}, "weighted 0.1 above what is expected", "0.3 above"),
        ({"reply.expectation": 0.9}, "weighted 0.2 below what is expected", "above"),
        (
            {"reply.expectation": 0.7},
            "weighted neither above nor below what is expected",
            "0 above",
        ),
        ({"reply.bump": 0.0}, "above what is expected;", "back into view"),
        ({"attention.kernel": "immediate"}, "above what is expected;", "back into view"),
        (
            {},
            "reposts with probability 0.3 times their anger, a witness protests with 0.01 times their susceptibility",
            "nobody reposts",
        ),
        (
            {"censor.explanation": 0.5},
            "reposts with probability 0.15 times their anger, a witness protests with 0.005",
            "nobody reposts",
        ),
        ({"censor.explanation": 1.0}, "(nobody reposts or protests)", "a witness protests"),
        ({"joining.r0": 0.0}, "(nobody reposts or protests)", "a witness protests"),
        (
            {},
            "accepted with probability 0.6 by those who are neither vindictive nor trolls, and has up to 3 rounds, 2 hours apart",
            "accepted with probability 0.6 and",
        ),
        ({"private.round_time": 0.0}, "up to 3 rounds, 0.25 hours apart", "0 hours apart"),
        ({"joining.page_probability": 0.0}, "R0 = 0.5", "strangers without end"),
        ({}, "strangers without end (among so few customers", "R0 = 1 "),
        (
            {"complaint.choice": "most_followed", "complaint.complainants": 3},
            "3 complaints, by the most followed customers,",
            "customers the most",
        ),
        (
            {"network.kind": "configuration", "network.degrees": [4] * 300},
            "Left out of the ties: 1 repeated tie.",
            "were left",
        ),
    ],
)
def test_numbers_are_told_as_the_rules_use_them(changes, said, unsaid):
    text = bz.describe(SPARSE.replace(changes))
    assert said in text
    assert unsaid not in text


def test_trolls_whom_the_network_names_are_told():
    graph = nx.random_regular_graph(4, 100, seed=1)
    assert "with anger 0.8 of 1;" in bz.describe(SPARSE, network=graph)
    nx.set_node_attributes(graph, 1, "troll")
    assert "with anger 0.8 of 1 (1 where the author is a troll)" in bz.describe(
        SPARSE, network=graph
    )


def test_a_network_file_that_was_not_used_is_without_effect(tmp_path):
    file = tmp_path / "ring.txt"
    file.write_text("".join(f"{i} {(i + 1) % 50}\n" for i in range(50)))
    scenario = SPARSE.replace({"network.kind": "file", "network.file": str(file)})
    told = bz.describe(scenario, network=nx.random_regular_graph(4, 100, seed=1)).partition(
        "Without effect here: "
    )[2]
    assert {"network.kind", "network.file"} <= set(told.partition(". We ran")[0].split(", "))
    assert "network.file" not in bz.describe(scenario).partition("Without effect here")[2]


def test_one_strategy_has_its_words_and_intervals_too():
    text = bz.describe(SPARSE, "censor")
    assert "of other means from the percentile bootstrap" in text
    assert "paired differences" not in text
