"""The model and a scenario in words: the facts on the pages are those of the code."""

import re
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest

import buzzsim as bz
from buzzsim.cli.command import main
from buzzsim.errors import BuzzsimError, ScenarioError
from buzzsim.model import parameters, rules
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.parameters import all_parameters
from buzzsim.model.scenario import Scenario, scenarios, value_of
from buzzsim.model.strategy import STRATEGIES, label_of
from buzzsim.model.tables import PERSON, POST
from buzzsim.network import open_network
from buzzsim.study import describe, protocol

ROOT = Path(__file__).parents[1]
RULES = [
    name
    for name, value in vars(rules).items()
    if callable(value) and value.__module__ == rules.__name__
]
KNOWN = dict(all_parameters())
SPARSE = Scenario().replace({"network.kind": "random", "network.customers": 300, "joining.r0": 0.5})


def rows_of(page):
    """The rows of all tables of a page, as lists of cells."""
    return [
        [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in page.splitlines()
        if line.startswith("| ")
    ]


# ------------------------------------------------------------------------------------------ pages


def test_the_pages_on_file_are_those_that_the_command_writes(tmp_path, capsys):
    """If this fails: `python docs/build.py`."""
    odd, table = tmp_path / "odd.md", tmp_path / "parameters.md"
    assert main(["describe", "--odd", str(odd), "--parameters", str(table)]) == 0
    assert capsys.readouterr().out == ""
    assert odd.read_text(encoding="utf-8") == (ROOT / "docs/odd.md").read_text(encoding="utf-8")
    assert table.read_text("utf-8") == (ROOT / "docs/parameters.md").read_text("utf-8")


def test_every_parameter_has_a_row_with_its_default_range_and_grade():
    rows = {row[0].strip("`"): row for row in rows_of(protocol.parameter_table()) if "." in row[0]}
    assert rows.keys() == KNOWN.keys()
    for key, parameter in KNOWN.items():
        assert rows[key][5] == parameter.grade
        if parameter.kind in (int, float) and parameter.default is not None:
            assert float(rows[key][2].replace(",", "")) == pytest.approx(parameter.default)


def rules_of(odd):
    """Give what the protocol says of each rule, on one line."""
    part = odd[odd.index("### Rules") : odd.index("### Networks")]
    return dict(re.findall(r"- \*\*(\w+)\*\*(.*)", part))


def test_the_protocol_has_every_parameter_rule_and_outcome():
    odd = protocol.odd()
    first = {row[0].strip("`") for row in rows_of(odd)}
    assert KNOWN.keys() <= first
    assert OUTCOMES.keys() <= first
    assert len(RULES) > 40
    assert rules_of(odd).keys() == set(RULES)
    assert all(f"**{kind}.**" in odd for kind in parameters.NETWORKS if kind != "file")
    assert all(kernel in odd for kernel in parameters.KERNELS)


def test_a_rule_names_the_keys_that_it_uses():
    rules = rules_of(protocol.odd())
    used = {name: set(re.findall(r"`(\w+\.\w+)` \(", line)) for name, line in rules.items()}
    assert used["lag"] == {"brand.response_median", "brand.response_sigma"}
    assert used["join_probability"] == {
        "joining.share_probability",
        "joining.arousal",
        "joining.loyalty",
    }
    assert used["calmed"] == set()


def test_names_of_keys_variables_and_files_on_the_pages_exist():
    odd = protocol.odd()
    for section, leaf in re.findall(r"`([a-z]+)\.([a-z_0-9]+)`", odd + protocol.parameter_table()):
        assert section not in parameters.SECTIONS or f"{section}.{leaf}" in KNOWN
    entities = odd[odd.index("## 2.") : odd.index("## 3.")]
    variables = {row[0].strip("`") for row in rows_of(entities)} - {"variable", "---"}
    assert variables <= {*PERSON.names, *POST.names}
    for link in re.findall(r"\]\(([^)#:]+)\)", odd):
        assert (ROOT / "docs" / link).exists(), link


def test_rows_have_as_many_cells_as_their_heads():
    for page in (protocol.odd(), protocol.parameter_table()):
        for block in page.split("\n\n"):
            if block.startswith("| "):
                assert len({len(row) for row in rows_of(block)}) == 1, block


@pytest.mark.slow
def test_one_command_says_which_pages_are_stale():
    check = [sys.executable, str(ROOT / "docs/build.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


# ------------------------------------------------------------------------------ methods paragraph


@pytest.mark.parametrize("name", scenarios())
def test_every_key_that_differs_is_named_with_its_value(name):
    text, scenario = bz.describe(name), Scenario.load(name)
    for key, parameter in KNOWN.items():
        value = value_of(scenario, key)
        assert (f" {key} = " in text) == (value != parameter.default), key
        if f" {key} = " in text and isinstance(value, (int, float)) and not isinstance(value, bool):
            told = re.search(rf" {re.escape(key)} = ([\w.,+-]+) \(", text)[1]
            assert float(told.replace(",", "")) == pytest.approx(value, rel=1e-5)


def test_the_paragraph_tells_what_was_run():
    changes = {"network.ties": 4, "joining.r0": 0.7, "attention.half_life": 2.5}
    changes |= {"time.horizon": 48.0, "time.tick": 0.5, "complaint.anger": 0.55}
    text = bz.describe(SPARSE.replace(changes), "censor", 12)
    for told in (
        "300 customers",
        "ties = 4",
        "R0 = 0.7",
        "half-life 2.5 hours",
        "anger 0.55",
        "48 hours in ticks of 0.5 hours",
        "12 replicates of each strategy (censor)",
    ):
        assert told in text
    assert "\n" not in text


@pytest.mark.parametrize("kernel", parameters.KERNELS)
def test_the_kernel_is_named_and_no_half_life_where_it_does_nothing(kernel):
    text = bz.describe(SPARSE.replace({"attention.kernel": kernel}))
    assert f"the {kernel} kernel" in text
    assert ("half-life" in text.partition("A run covers")[0]) == (kernel != "constant")


@pytest.mark.parametrize("kind", [kind for kind in parameters.NETWORKS if kind != "file"])
def test_every_kind_of_network_is_named(kind):
    degrees = {"network.degrees": [4] * 300} if kind == "configuration" else {}
    text = bz.describe(SPARSE.replace({"network.kind": kind, **degrees}))
    assert "300 customers" in text
    assert describe.GENERATED[kind][0] in text


def test_a_network_from_a_file_is_named_and_counted(tmp_path):
    file = tmp_path / "ring.txt"
    file.write_text("".join(f"{i} {(i + 1) % 50}\n{i} {(i + 2) % 50}\n" for i in range(50)))
    scenario = SPARSE.replace({"network.kind": "file", "network.file": str(file)})
    text = bz.describe(scenario)
    counts = "50 customers with 100 undirected ties, 4.0 followers on average and at most 4"
    assert f"{counts}: the network in ring.txt." in text


def test_all_strategies_are_named_unless_some_are_asked_for():
    assert all(label_of(name) in bz.describe() for name in STRATEGIES)
    assert "each strategy (ignore and censor)" in bz.describe(strategies=["ignore", "censor"])


def test_it_is_cited_as_the_citation_file_says():
    cff = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    title, version, author = (
        re.search(rf"^ *-? ?{field}: \"?(.*?)\"?$", cff, re.MULTILINE)[1]
        for field in ("title", "version", "name")
    )
    cited = describe.CITATION.format(version=version)
    assert cited.startswith(f"{author}: ")
    assert title.replace(":", ",") in cited
    assert cited.rstrip(".") in bz.describe()


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
    asked = ["describe", "restaurant", "--strategies", "ignore,censor", "--replicates", "500"]
    assert main(asked) == 0
    out = capsys.readouterr().out
    assert out.split() == bz.describe("restaurant", ["ignore", "censor"], 500).split()
    assert max(map(len, out.splitlines())) <= 100


def test_the_command_refuses_what_would_be_ignored(tmp_path, capsys):
    assert main(["describe", "--odd", str(tmp_path / "odd.md"), "--replicates", "5"]) == 2
    assert "only together with a scenario" in capsys.readouterr().err
    assert not (tmp_path / "odd.md").exists()


@pytest.fixture
def friends(tmp_path):
    file = tmp_path / "friends.csv"
    nx.write_edgelist(nx.watts_strogatz_graph(200, 6, 0.1, seed=1), file, delimiter=",", data=False)
    return file


def test_a_comparison_is_described_as_it_was_made(friends):
    scenario = Scenario.load("restaurant").replace({"reply.empathy": 0.1})
    done = bz.compare(
        scenario, network=friends, strategies="censor", replicates=30, rng=5, quiet=True
    )
    text = bz.describe(done)
    assert "The crowd has 200 customers with 600 undirected ties" in text
    assert "the network in friends.csv" in text
    compared = "30 replicates of each strategy (ignore and censor, compared with ignore)"
    assert f"{compared} from seed 5" in text
    assert bz.describe(scenario, network=friends) != bz.describe(scenario)
    with pytest.raises(ScenarioError, match="expected nothing beside it"):
        bz.describe(done, replicates=5)


def test_the_command_describes_what_was_asked_for(friends, capsys):
    asked = ["describe", "restaurant", "--network", str(friends), "--set", "reply.empathy=0.1"]
    assert main(asked) == 0
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


def test_a_generated_network_that_was_handed_over_is_not_the_scenarios_own():
    handed = bz.generate("random", customers=200, ties=2, seed=9)
    text = bz.describe(SPARSE, network=handed)
    assert "a network of our own (generated network (random))" in text
    assert "ties = 5" not in text
    assert "Without effect here: network.kind, network.customers." in text
    assert "random (Gilbert 1959), with ties = 5, seed = 1" in bz.describe(SPARSE)


def test_a_run_covers_whole_ticks():
    text = bz.describe(SPARSE.replace({"time.horizon": 24.5, "time.tick": 24.0}))
    assert "A run covers 48 hours in ticks of 24 hours." in text


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, "+0.3 on expectation"),
        ({"complaint.at_fault": True}, "+0.1 on expectation"),
        ({"reply.expectation": 0.9}, "-0.2 on expectation"),
        ({"censor.repost_probability": 0.15}, "repost_probability 0.15"),
        ({"brand.coverage": 0.0}, "chance 0 (coverage)"),
        ({"private.rounds": 1}, "rounds 1 round;"),
        ({"joining.share_probability": 50.0}, "is set to 50"),
    ],
)
def test_numbers_are_told_as_they_are_set(changes, told):
    assert told in bz.describe(SPARSE.replace(changes))


def test_only_the_numbers_of_what_was_compared_are_told():
    text = bz.describe(SPARSE, ["ignore", "censor"])
    assert "protest_probability" in text
    assert "accept_probability" not in text
    assert "empathy" not in text


def test_a_network_file_that_was_not_used_is_without_effect(tmp_path):
    file = tmp_path / "ring.txt"
    file.write_text("".join(f"{i} {(i + 1) % 50}\n" for i in range(50)))
    scenario = SPARSE.replace({"network.kind": "file", "network.file": str(file)})
    told = bz.describe(scenario, network=nx.random_regular_graph(4, 100, seed=1)).partition(
        "Without effect here: "
    )[2]
    assert {"network.kind", "network.file"} <= set(told.partition(". We ran")[0].split(", "))
    assert "network.file" not in bz.describe(scenario).partition("Without effect here")[2]
