import contextlib
import gzip
import hashlib
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.stats import spearmanr

from buzzsim.errors import NetworkError
from buzzsim.model.parameters import NetworkSection
from buzzsim.model.scenario import Scenario
from buzzsim.network import (
    GENERATORS,
    Network,
    edgelist,
    generate,
    open_network,
    save_network,
    storage,
    world,
)
from buzzsim.network.builders import _log_of_one_minus
from buzzsim.network.world import network_of

REAL_DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"


def pairs(network):
    """All stored ties, by name."""
    tails = np.repeat(np.arange(network.n_customers), network.followers)
    return [
        (network.names[u], network.names[v]) for u, v in zip(tails, network.indices, strict=True)
    ]


def written(folder, content, name="friends.txt"):
    path = folder / name
    data = content if isinstance(content, bytes) else content.encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


def refusal(call, *args, **kwargs):
    with pytest.raises(NetworkError) as caught:
        call(*args, **kwargs)
    text = str(caught.value)
    assert "\n" not in text
    return text


# --- the network itself


def test_undirected_ties_are_stored_in_both_rows():
    network = Network.from_edges([0, 2], [1, 1])
    assert network.indptr.tolist() == [0, 1, 3, 4]
    assert network.indices.tolist() == [1, 0, 2, 1]
    assert (network.indptr.dtype, network.indices.dtype) == (np.int64, np.int32)
    assert (network.n_customers, network.n_ties, network.n_stored) == (3, 2, 4)


def test_rows_are_ascending_whatever_the_order_of_ties():
    rng = np.random.default_rng(1)
    tails, heads = rng.integers(200, size=(2, 5_000))
    tails[:1_000] = 7  # a hub with a long row
    network = Network.from_edges(tails, heads, directed=True)
    wanted = sorted({(u, v) for u, v in zip(tails.tolist(), heads.tolist(), strict=True) if u != v})
    assert pairs(network) == wanted


def test_repeated_ties_are_dropped_and_counted():
    tails, heads = [0, 0, 1, 1, 2], [1, 1, 0, 2, 0]
    assert Network.from_edges(tails, heads).dropped_repeats == 2
    assert Network.from_edges(tails, heads, directed=True).dropped_repeats == 1
    assert Network.from_edges(tails, heads).n_ties == 3
    assert Network.from_edges(tails, heads, directed=True).n_ties == 4


def test_self_ties_are_dropped_and_counted():
    network = Network.from_edges([0, 1, 1], [0, 1, 2])
    assert (network.dropped_loops, network.n_ties) == (2, 1)
    assert (
        network.describe()
        == "edges: 3 customers, 1 tie, undirected, 0.7 followers on average (2 self-ties dropped)"
    )


def test_followers_and_followees_are_out_and_in_degrees():
    network = Network.from_edges([0, 0, 1], [1, 2, 2], directed=True, n_customers=4)
    assert network.followers.tolist() == [2, 1, 0, 0]
    assert network.followees.tolist() == [0, 1, 2, 0]
    undirected = Network.from_edges([0, 0], [1, 2])
    assert undirected.followees is undirected.followers


def test_reciprocal_counts_ties_that_are_answered():
    assert Network.from_edges([0, 1, 1, 2], [1, 0, 2, 0], directed=True).reciprocal == 2
    assert Network.from_edges([0, 1], [1, 2]).reciprocal == 4


def test_a_network_may_be_without_ties_when_its_size_is_given():
    assert Network.from_edges([], [], n_customers=3).followers.tolist() == [0, 0, 0]


def test_customers_are_found_by_name():
    network = Network.from_edges([0, 1], [1, 2], names=["ann", 7, "9"])
    assert [network.index_of(name) for name in ("ann", 7, "7", "9", 9, np.int64(7))] == [
        0,
        1,
        1,
        2,
        2,
        1,
    ]
    numbered = Network.from_edges([0, 1], [1, 2])
    assert [numbered.index_of(name) for name in (2, "2", np.int32(2))] == [2, 2, 2]


def test_an_unknown_name_is_refused_with_the_near_one():
    network = Network.from_edges([0], [1], names=["annabel", "bob"])
    assert (
        refusal(network.index_of, "anabel")
        == "edges: unknown customer 'anabel'; did you mean 'annabel'?"
    )
    assert refusal(network.index_of, ["bob"]).startswith("edges: unknown customer ['bob']")
    numbered = Network.from_edges([0], [1])
    assert refusal(numbered.index_of, 2) == "edges: customer is 2; expected 0 to 1"
    assert "'-1'" in refusal(numbered.index_of, "-1")


def test_a_network_shows_itself_on_one_line():
    network = Network.from_edges([0, 0], [1, 1], source="<friends>")
    assert repr(network) == f"<Network: {network.describe()}>"
    assert "&lt;friends&gt;" in network._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (([0], [1, 2]), "the number of heads is 2; expected 1"),
        (([0], [-1]), "heads[0] is -1; expected a customer's number"),
        (([0, 5], [1, 2], 3), "tails[1] is 5; expected a customer's number, 0 to 2"),
        (([0.5], [1]), "tails[0] is 0.5; expected a whole number"),
        (([0], [np.nan]), "heads[0] is nan"),
        (([0], [2**63]), f"heads[0] is {2**63}"),
        (([0], [2**31]), "the number of customers is 2147483649; expected 1 to 2,147,483,646"),
        ((["a"], ["b"]), "tails is ['a']; expected a flat array of whole numbers"),
        (([[0]], [[1]]), "tails is [[0]]"),
        (([[0], [1, 2]], [1]), "tails is [[0], [1, 2]]"),
        (([], []), "the number of customers is 0"),
    ],
)
def test_impossible_edges_are_refused(arguments, words):
    tails, heads, *n = arguments
    assert words in refusal(Network.from_edges, tails, heads, n_customers=n[0] if n else None)


def test_names_must_be_as_many_as_customers_and_different():
    assert "the number of names is 1; expected 2" in refusal(
        Network.from_edges, [0], [1], names=["a"]
    )
    assert "a name is 'a'; expected each name once" in refusal(
        Network.from_edges, [0], [1], names=["a", "a"]
    )
    assert "something hashable" in refusal(Network.from_edges, [0], [1], names=[["a"], "b"])


# --- arrays


def test_rows_of_followers_are_taken_sorted_and_cleaned():
    network = open_network((np.array([0, 4, 4, 4]), np.array([2, 1, 2, 0])), directed=True)
    assert pairs(network) == [(0, 1), (0, 2)]
    assert (network.dropped_loops, network.dropped_repeats, network.source) == (1, 1, "CSR arrays")


def test_undirected_rows_need_a_tie_only_once():
    once, twice = open_network(([0, 2, 2, 2], [1, 2])), open_network(([0, 2, 3, 4], [1, 2, 0, 0]))
    assert pairs(once) == pairs(twice)
    assert once.dropped_repeats == twice.dropped_repeats == 0


@pytest.mark.parametrize(
    ("indptr", "indices", "words"),
    [
        ([0, 2, 1], [1], "indptr[2] is 1; expected 2 or more"),
        ([1, 2], [0, 0], "indptr[0] is 1; expected 0"),
        ([0, 1, 1], [2], "indices[0] is 2; expected a customer's number, 0 to 1"),
        ([0, 1, 1], [1, 1], "the last indptr is 1; expected 2"),
        ([0, np.inf], [0], "indptr[1] is inf"),
        ([0, 1, 1], [np.nan], "indices[0] is nan"),
        ([0], [], "the number of customers is 0"),
        ([], [], "the number of customers is -1"),
        ([0, 0, 0], [], "the number of ties is 0; expected 1 or more"),
        ("no", "arrays", "indptr is 'no'"),
    ],
)
def test_impossible_rows_are_refused(indptr, indices, words):
    assert words in refusal(open_network, (indptr, indices))


# --- graphs and traits


@pytest.mark.parametrize(
    "graph", [nx.karate_club_graph(), nx.gn_graph(50, seed=1), nx.star_graph(["hub", "b", 3])]
)
def test_a_graph_comes_back_as_it_was(graph):
    back = open_network(graph).to_networkx()
    assert list(back) == list(graph)
    assert back.is_directed() == graph.is_directed()
    assert nx.utils.edges_equal(back.edges(), graph.edges(), directed=graph.is_directed())


@pytest.mark.parametrize("kind", [nx.MultiGraph, nx.MultiDiGraph])
def test_parallel_edges_are_repeats(kind):
    graph = kind([("a", "b"), ("a", "b"), ("b", "a"), ("b", "c"), ("c", "c"), ("c", "c")])
    network = open_network(graph)
    if graph.is_directed():
        assert (network.n_ties, network.dropped_repeats, network.dropped_loops) == (3, 1, 2)
    else:
        assert (network.n_ties, network.dropped_repeats, network.dropped_loops) == (2, 2, 2)


def test_loops_of_a_graph_are_counted():
    network = open_network(nx.Graph([(0, 0), (0, 1)]))
    assert (network.n_ties, network.dropped_loops, network.dropped_repeats) == (1, 1, 0)


def test_views_of_graphs_are_graphs():
    assert open_network(nx.path_graph(5).subgraph([1, 2, 3])).n_ties == 2


def test_traits_come_from_the_nodes_and_go_back():
    graph = nx.path_graph(["ann", "bob", "cem"])
    graph.nodes["ann"].update(anger=0.5, vindictive=True, age=31)
    graph.nodes["cem"].update(anger=1, attitude=-0.25, susceptibility=3.0, troll=0, anger_note="x")
    network = open_network(graph)
    assert set(network.traits) == {"anger", "vindictive", "attitude", "susceptibility", "troll"}
    assert np.array_equal(network.traits["anger"], [0.5, np.nan, 1.0], equal_nan=True)
    assert np.array_equal(network.traits["vindictive"], [1.0, np.nan, np.nan], equal_nan=True)
    again = open_network(network.to_networkx())
    for trait, values in network.traits.items():
        assert np.array_equal(again.traits[trait], values, equal_nan=True)


@pytest.mark.parametrize(
    ("trait", "value", "allowed"),
    [
        ("anger", 1.5, "a number from 0 to 1"),
        ("anger", "0.5", "a number from 0 to 1; a number is written without quotes"),
        ("attitude", float("nan"), "a number from -1 to 1"),
        ("susceptibility", -1, "a number of 0 or more"),
        ("susceptibility", float("inf"), "a number of 0 or more"),
        ("troll", 0.5, "0 or 1"),
    ],
)
def test_an_impossible_trait_is_refused(trait, value, allowed):
    graph = nx.path_graph(["ann", "bob"])
    graph.nodes["bob"][trait] = value
    assert (
        refusal(open_network, graph)
        == f"networkx graph: customer bob: {trait} is {value!r}; expected {allowed}"
    )


def test_a_trait_may_be_missing():
    graph = nx.path_graph(2)
    graph.nodes[0]["anger"] = None
    assert np.isnan(open_network(graph).traits["anger"]).all()
    network = Network.from_edges([0], [1], traits={"anger": np.array([np.nan, 0.5])})
    assert np.array_equal(network.traits["anger"], [np.nan, 0.5], equal_nan=True)


def test_traits_in_arrays_are_checked():
    assert "customer 1: anger is 2" in refusal(
        Network.from_edges, [0], [1], traits={"anger": [0, 2]}
    )
    assert "unknown trait 'anker'" in refusal(
        Network.from_edges, [0], [1], traits={"anker": [0, 1]}
    )
    assert "2 values" in refusal(Network.from_edges, [0], [1], traits={"anger": [0]})


def test_a_graph_without_nodes_or_ties_is_refused():
    assert refusal(open_network, nx.Graph()) == (
        "networkx graph: the number of customers is 0; expected 1 to 2,147,483,646"
    )
    assert (
        refusal(open_network, nx.empty_graph(3))
        == "networkx graph: the number of ties is 0; expected 1 or more"
    )


def test_a_network_is_opened_as_it_is():
    network = Network.from_edges([0], [1])
    assert open_network(network) is network


def test_something_else_is_refused():
    for source in (None, 3, [(0, 1)], {"a": "b"}, (1, 2, 3)):
        assert "expected a file's name, a networkx graph" in refusal(open_network, source)


def test_importing_loads_no_networkx():
    code = "import sys, buzzsim.network; sys.exit('networkx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


# --- edge lists


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("gap", [" ", "\t", ",", ";", ", ", "   ", " , "])
@pytest.mark.parametrize("third", ["", "9", "x {'weight': 1, 'since': 2011}"])
@pytest.mark.parametrize("names", [("10", "-3", "5"), ("ann", "bob", "cem"), ("ann", "7", "Zoë")])
def test_edge_lists_of_every_layout_are_read(tmp_path, ending, gap, third, names):
    a, b, c = names
    rows = [
        f"{u}{gap}{v}{gap + third if third else ''}" for u, v in ((a, b), (b, c), (b, a), (c, c))
    ]
    lines = ["# a comment", "", "% another", rows[0], "  ", rows[1], "#", *rows[2:], ""]
    network = open_network(written(tmp_path, ending.join(lines)), directed=True)
    integers = names[0] == "10"
    given = [int(name) for name in names] if integers else list(names)
    assert list(network.names) == (sorted(given) if integers else given)
    a, b, c = given
    assert set(pairs(network)) == {(a, b), (b, c), (b, a)}
    assert network.dropped_loops == 1


@pytest.mark.parametrize(
    "header",
    [
        "source,target",
        "Source,Target,weight",
        "from,to",
        "u,v",
        "node_1,node_2",
        "id_1,id_2",
        "tail,head",
        "follower,followee",
        "source_id,target_id",
        "user_id,follower_id",
        "user,friend",
        "node,other",
        "Kunde,Freund",
    ],
)
def test_well_known_headers_are_skipped_above_text(tmp_path, header):
    network = open_network(written(tmp_path, f"# x\n{header}\nann,bob\nbob,cem\n", "friends.csv"))
    assert list(network.names) == ["ann", "bob", "cem"]
    assert f"line '{header}' read as column names" in network.describe()


@pytest.mark.parametrize("header", ["source,target", "user,friend", "follower,followee"])
def test_a_person_called_like_a_column_does_not_undo_the_header(tmp_path, header):
    network = open_network(
        written(tmp_path, f"{header}\nann,Ida\nIda,Freund\nbob,ann\n", "friends.csv")
    )
    assert list(network.names) == ["ann", "Ida", "Freund", "bob"]
    assert open_network(written(tmp_path, "user1,user2\nuser3,user4\n")).n_ties == 2


def test_a_first_line_that_may_be_a_header_is_read_as_a_tie_and_said_so(tmp_path):
    doubtful = open_network(written(tmp_path, "wer wen\nann bob\nbob cem\ncem ann\n"))
    assert doubtful.n_ties == 4
    assert (
        "'wer' and 'wen' of the first line, read as a tie, occur nowhere else"
        in doubtful.describe()
    )
    for content in (
        "ann bob\nbob cem\ncem dan\n",
        "wer wen\nann bob\nbob wer\n",
        "ann bob\n",
        "4 2\n2 9\n9 7\n7 9\n",
    ):
        assert not open_network(written(tmp_path, content)).note


def test_any_header_is_skipped_above_integers(tmp_path):
    assert list(open_network(written(tmp_path, "wer wen\n4 2\n2 9\n")).names) == [2, 4, 9]
    assert list(open_network(written(tmp_path, '"wer","wen"\n"4","2"\n2,9\n')).names) == [2, 4, 9]


def test_customers_called_like_columns_are_customers(tmp_path):
    assert open_network(written(tmp_path, "user1,user2\nuser1,user3\n")).n_ties == 2
    assert open_network(written(tmp_path, "u v\nu w\n")).n_ties == 2
    assert open_network(written(tmp_path, "ann bob\n")).n_ties == 1


def test_an_index_column_is_refused_not_read_as_customers(tmp_path):
    words = refusal(open_network, written(tmp_path, ",source,target\n0,4,2\n1,2,9\n"))
    assert words.startswith(
        "friends.txt: the header is ',source,target'; expected two names separated by a comma"
    )
    assert "the header is" in refusal(
        open_network, written(tmp_path, "\tsource\ttarget\n0\t4\t2\n1\t2\t9\n")
    )


def test_integers_are_numbered_by_size_and_text_by_appearance(tmp_path):
    network = open_network(written(tmp_path, "30 4\n200 30\n"))
    assert list(network.names) == [4, 30, 200]
    assert network.index_of("200") == 2
    assert open_network(written(tmp_path, "1 0\n2 1\n")).names == range(3)
    assert list(open_network(written(tmp_path, "30 d\nb 30\n")).names) == ["30", "d", "b"]


@pytest.mark.parametrize("far", [10**17, 10**18, 2**63 - 1, 2**64, 10**30])
def test_integers_may_be_far_apart_and_huge(tmp_path, far):
    network = open_network(written(tmp_path, f"{far} -{far}\n7 {far}\n"), directed=True)
    assert list(network.names) == [-far, 7, far]
    assert pairs(network) == [(7, far), (far, -far)]


def test_quotes_protect_separators(tmp_path):
    network = open_network(written(tmp_path, '"Ann, A.",bob\nbob,"Cem ""C"" D"\n', "friends.csv"))
    assert list(network.names) == ["Ann, A.", "bob", 'Cem "C" D']
    assert list(open_network(written(tmp_path, '"Ann A" "bob"\nbob  "Cem D"\n')).names) == [
        "Ann A",
        "bob",
        "Cem D",
    ]


def test_a_byte_order_mark_is_no_name(tmp_path):
    assert list(open_network(written(tmp_path, b"\xef\xbb\xbfann,bob\n")).names) == ["ann", "bob"]
    assert open_network(written(tmp_path, b"\xef\xbb\xbf0,1\n")).names == range(2)


def test_compressed_files_are_read_by_content(tmp_path):
    assert open_network(written(tmp_path, "a b\n", "friends.csv.gz")).source == "friends.csv.gz"
    path = tmp_path / "packed.txt"
    path.write_bytes(gzip.compress(b"a b\n"))
    assert open_network(str(path)).n_ties == 1


def test_follower_files_are_turned(tmp_path):
    path = written(tmp_path, "follower,followee\nann,bob\ncem,bob\n", "follows.csv")
    turned = open_network(path, follows=True)
    assert turned.directed
    assert pairs(turned) == [("bob", "ann"), ("bob", "cem")]
    assert turned.followers[turned.index_of("bob")] == 2
    bare = written(tmp_path, "ann,bob\ncem,bob\n", "bare.csv")
    assert pairs(open_network(bare, directed=True)) == [("ann", "bob"), ("cem", "bob")]


@pytest.mark.parametrize(
    ("header", "asked", "said"),
    [
        ("follower,followee", {"directed": True}, "`follows` (--follows): u is said to follow v"),
        ("followee,follower", {"follows": True}, "no `follows`: here v is said to see u's posts"),
        (
            "target,source",
            {"directed": True},
            "source before target: in a line `u v`, v sees u's posts",
        ),
        ("To,From", {"directed": True}, "from before to"),
        ("id,source,target", {}, "two names separated by a comma, without a column before them"),
    ],
)
def test_a_header_that_says_the_opposite_is_refused(tmp_path, header, asked, said):
    more = ",x" * (header.count(",") - 1)
    path = written(tmp_path, f"{header}\nann,bob{more}\nann,cem{more}\ndan,bob{more}\n", "n.csv")
    assert said in refusal(lambda source: open_network(source, **asked), path)


@pytest.mark.parametrize(
    ("header", "asked"),
    [
        ("follower,followee", {"follows": True}),
        ("followee,follower", {"directed": True}),
        ("source,target", {"directed": True}),
        ("source,target", {"follows": True}),
        ("target,source", {}),
        ("source,target,weight", {}),
        ("user,friend,from", {}),
    ],
)
def test_a_header_that_fits_is_read(tmp_path, header, asked):
    more = ",x" * (header.count(",") - 1)
    path = written(tmp_path, f"{header}\nann,bob{more}\nann,cem{more}\ndan,bob{more}\n", "n.csv")
    if header.startswith("user"):
        assert "without a column before" in refusal(open_network, path)
    else:
        assert open_network(path, **asked).n_ties == 3


def test_graphs_are_turned_too_and_keep_their_traits():
    graph = nx.DiGraph([("ann", "bob")])
    graph.nodes["bob"]["anger"] = 0.5
    network = open_network(graph, follows=True)
    assert pairs(network) == [("bob", "ann")]
    assert network.traits["anger"][1] == 0.5


def test_following_makes_no_sense_in_an_undirected_network():
    words = refusal(open_network, nx.path_graph(3), follows=True)
    assert words == "networkx graph: follows is True; expected a directed graph, or follows = false"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "friends.txt: there are no ties; expected lines of two names"),
        ("\n \n# nothing\n%\n", "there are no ties"),
        ("source,target\n", "there are no ties"),
        ("3 3\n", "the number of ties is 0; expected 1 or more"),
        ("a b\n\nc\n", "friends.txt: line 3 is 'c'; expected two names separated by white space"),
        ("1\n2\n", "line 1 is '1'"),
        ("1 2\r\n3\r\n", "line 2 is '3'"),
        (
            "source;target\na;b\nc;\n",
            "line 3 is 'c;'; expected two names separated by a semicolon, neither",
        ),
        (",b\nc,d\n", "line 1 is ',b'"),
        ('"",b\nc,d\n', "neither of them empty"),
        ("who\twhom\n1\t2\n1\t\t5\n", "line 3 is '1\\t\\t5'"),
        ("ann\tbob\n\tbob\tcem\n", "neither of them empty"),
        ('"' + "a" * 200_000 + " b\n", "expected two names"),
        ("source,target\n\u00a0\n", "there are no ties"),
        (b"1 2\n\x00\x01\x02 3\n", "line 2 is b'\\x00'; expected text, not binary data"),
        (b"a b\nZo\xeb c\n", "line 2 is b'\\xeb'; expected text in UTF-8"),
        ("a b\n".encode("utf-16"), "the encoding is 'UTF-16'; expected plain text in UTF-8"),
    ],
)
def test_impossible_edge_lists_are_refused(tmp_path, content, words):
    assert words in refusal(open_network, written(tmp_path, content))


def test_the_fast_and_the_careful_reader_agree(tmp_path):
    rng = np.random.default_rng(2)
    lines = [f"{u}, {v},0.5" for u, v in rng.integers(-50, 1_000, (500, 2))]
    fast = open_network(written(tmp_path, "\n".join(lines)), directed=True)
    lines[-1] = '"' + lines[-1].replace(",", '",', 1)  # quotes are for the careful one
    careful = open_network(written(tmp_path, "\n".join(lines)), directed=True)
    assert list(fast.names) == list(careful.names)
    assert pairs(fast) == pairs(careful)


@pytest.mark.parametrize("line", ["# a remark", "  % another", "7, 8, +01:00"])
def test_what_stands_beside_the_ties_does_not_make_reading_slow(tmp_path, monkeypatch, line):
    """Ten seconds a million ties instead of one."""
    monkeypatch.setattr(edgelist, "_named_pairs", None)
    network = open_network(written(tmp_path, f"1, 2, 3\n{line}\n3, 4, 5\n"), directed=True)
    assert {(1, 2), (3, 4)} <= set(pairs(network))


@pytest.mark.parametrize("line", ["+7, 8", "8, +7", " +7 , 8", "7.0, 8", "7e0, 8", "1_0, 8"])
def test_what_only_looks_like_a_whole_number_is_a_name(tmp_path, line):
    network = open_network(written(tmp_path, f"1, 2\n{line}\n"))
    assert {name.strip() for name in line.split(",")} <= set(network.names)


def test_missing_and_unreadable_files_are_refused(tmp_path):
    assert refusal(open_network, tmp_path / "no.txt").startswith("no.txt: there is no such file")
    assert "is a directory" in refusal(open_network, tmp_path)
    assert "cannot be read" in refusal(open_network, "a\0b")
    assert "cannot be read" in refusal(open_network, "x" * 10_000)
    refusal(open_network, "")


def test_a_broken_compressed_file_is_refused(tmp_path):
    whole = gzip.compress(b"1 2\n" * 1_000)
    for data in (whole[:-9], whole[:30], b"1 2\n", whole[:20] + b"x" + whole[21:]):
        (tmp_path / "f.gz").write_bytes(data)
        assert refusal(open_network, tmp_path / "f.gz") == (
            "f.gz: the compressed file is broken; expected a whole .gz file"
        )


def test_errors_name_the_place_they_are_told(tmp_path):
    words = refusal(open_network, written(tmp_path, "a\n"), place="restaurant.toml: network.file")
    assert words.startswith("restaurant.toml: network.file: line 1 is 'a'")
    assert open_network(written(tmp_path, "a b\n"), place="restaurant.toml").source == "friends.txt"


# --- GraphML and GEXF


@pytest.mark.parametrize("name", ["n.graphml", "n.gexf", "n.graphml.gz", "N.GEXF.gz"])
@pytest.mark.parametrize("directed", [False, True])
def test_graph_files_keep_names_traits_and_direction(tmp_path, name, directed):
    graph = (
        nx.DiGraph([("ann", "bob"), ("cem", "bob")])
        if directed
        else nx.Graph([("ann", "bob"), ("cem", "bob")])
    )
    graph.nodes["bob"].update(anger=0.5, advocate=True, city="Lyon")
    write = nx.write_gexf if "gexf" in name.lower() else nx.write_graphml
    write(graph, tmp_path / "plain")
    network = open_network(written(tmp_path, (tmp_path / "plain").read_bytes(), name))
    assert network.directed == directed
    assert list(network.names) == ["ann", "bob", "cem"]
    assert network.n_ties == 2
    assert np.array_equal(network.traits["anger"], [np.nan, 0.5, np.nan], equal_nan=True)
    assert np.array_equal(network.traits["advocate"], [np.nan, 1.0, np.nan], equal_nan=True)
    assert network.source == name


def test_integers_in_graph_files_stay_integers(tmp_path):
    nx.write_graphml(nx.path_graph(4), tmp_path / "path.graphml")
    assert open_network(tmp_path / "path.graphml").names == range(4)


@pytest.mark.parametrize("name", ["n.graphml", "n.gexf"])
@pytest.mark.parametrize(
    "content",
    [
        "",
        "no xml",
        "<a/>",
        "<graphml>",
        "<gexf></gexf>",
        b"\xff\xfe\x00",
        "<graphml><graph/></graphml>",
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph><node/></graph></graphml>',
        '<graphml xmlns="http://graphml.graphdrawing.org/xmlns"><graph><edge source="" '
        'target="b"/></graph></graphml>',
    ],
)
def test_impossible_graph_files_are_refused(tmp_path, name, content):
    assert refusal(open_network, written(tmp_path, content, name)).startswith(f"{name}: ")


def test_an_impossible_trait_in_a_file_names_the_file(tmp_path):
    graph = nx.path_graph(["ann", "bob"])
    graph.nodes["ann"]["anger"] = 7
    nx.write_graphml(graph, tmp_path / "n.graphml")
    assert refusal(open_network, tmp_path / "n.graphml") == (
        "n.graphml: customer ann: anger is 7; expected a number from 0 to 1"
    )


# --- generators


def digest(network):
    joined = network.indptr.astype("<i8").tobytes() + network.indices.astype("<i4").tobytes()
    return hashlib.sha256(joined).hexdigest()[:16]


SMALL = {"customers": 60, "ties": 3, "degrees": [1, 2, 3, 4, 5, 9] * 10, "seed": 2**70 + 5}
DIGESTS = {
    "followers": "7f0c1379aa5bdcd0",
    "scale_free": "817b62f9f400a49e",
    "clustered_scale_free": "ced8f3a8b7a464d1",
    "small_world": "d6a67c50f8112b0e",
    "blocks": "fe5acfc12fd96fb6",
    "random": "c3cd94e8bec9a733",
    "configuration": "f4c27e0c06b1bf9a",
}


def test_every_family_has_a_digest_on_file():
    assert DIGESTS.keys() == GENERATORS.keys()


@pytest.mark.parametrize("kind", GENERATORS)
def test_a_generated_network_is_the_one_on_file(kind):
    assert digest(generate(kind, **SMALL)) == DIGESTS[kind]


@pytest.mark.parametrize("kind", GENERATORS)
def test_the_seed_decides(kind):
    same, again, other = (digest(generate(kind, **{**SMALL, "seed": seed})) for seed in (3, 3, 4))
    assert same == again != other


@pytest.mark.parametrize("kind", GENERATORS)
def test_numpys_generator_is_left_alone(kind):
    np.random.seed(1)  # noqa: NPY002
    before = np.random.get_state()[1].tolist()  # noqa: NPY002
    generate(kind, **SMALL)
    assert np.random.get_state()[1].tolist() == before  # noqa: NPY002


@pytest.mark.parametrize("kind", ["scale_free", "clustered_scale_free"])
@pytest.mark.parametrize("ties", [1, 2, 5])
def test_each_newcomer_to_a_scale_free_network_makes_its_ties(kind, ties):
    network = generate(kind, customers=3_000, ties=ties)
    assert network.n_ties == ties * (ties + 1) // 2 + ties * (3_000 - ties - 1)
    assert network.followers.min() == ties
    assert network.dropped_repeats == network.dropped_loops == 0
    assert nx.is_connected(network.to_networkx())


def test_scale_free_degrees_follow_the_law_of_preferential_attachment():
    # P(k) = 2 m (m + 1) / (k (k + 1) (k + 2)); P(degree >= k) = m (m + 1) / (k (k + 1)).
    n, m = 100_000, 5
    followers = generate("scale_free", customers=n, ties=m).followers
    for k in (5, 6, 8, 10, 20, 40, 80):
        expected = m * (m + 1) / (k * (k + 1))
        error = (
            4 * np.sqrt(expected / n) + 0.01 * expected
        )  # sampling, and what the finite start adds
        assert abs((followers >= k).mean() - expected) < error


def test_customers_are_numbered_whatever_their_age():
    followers = generate("scale_free", customers=20_000).followers
    assert abs(np.corrcoef(followers, np.arange(20_000))[0, 1]) < 0.03


@pytest.mark.parametrize(("exponent", "largest"), [(2.1, 0.3), (2.3, 0.2), (3.5, 0.05)])
def test_numbers_of_followers_follow_a_pareto_law_that_is_cut(exponent, largest):
    n, mean = 20_000, 20
    asked = {"exponent": exponent, "largest": largest}
    network = generate("followers", customers=n, ties=mean, **asked)
    assert network.directed
    assert network.dropped_loops == network.dropped_repeats == 0
    followers, most = network.followers, largest * n
    assert abs(followers.max() - most) <= 1
    assert abs(followers.mean() / mean - 1) < 0.02
    # P(F >= k) = ((k / least)^-a - c) / (1 - c), with a = exponent - 1 and c = (most / least)^-a;
    # `least` is what gives the mean.
    a = exponent - 1

    def excess(least):
        r = least / most
        return most * a / (1 - a) * (1 - r ** (1 - a)) / (r**-a - 1) - mean

    least = brentq(excess, 1e-3, mean)
    cut = (most / least) ** -a

    def share(k):
        return min(1.0, ((k / least) ** -a - cut) / (1 - cut))

    for k in (10, 20, 50, 200, int(most / 2)):  # whole numbers: a remainder goes to the next
        measured = (followers >= k).mean()
        assert 0.99 * share(k) - 1 / n <= measured <= 1.01 * share(k - 1) + 1 / n


@pytest.mark.parametrize("correlation", [-0.5, 0.0, 0.5, 1.0])
def test_followers_and_followees_are_correlated_as_asked(correlation):
    network = generate("followers", customers=20_000, ties=30, correlation=correlation)
    measured = spearmanr(network.followers, network.followees).statistic
    assert abs(measured - correlation) < 0.05  # whole numbers, drawn
    spread = np.log(np.maximum(1, network.followees)).std()
    assert abs(spread - 1) < 0.1  # lognormal, sigma 1


@pytest.mark.parametrize("mutual", [0.1, 0.5])
def test_ordinary_people_follow_back_as_asked(mutual):
    network = generate("followers", customers=20_000, ties=20, mutual=mutual)
    assert abs(network.followers.mean() / 20 - 1) < 0.02
    ordinary = network.followers < 150
    tails = np.repeat(np.arange(20_000), network.followers)
    between = ordinary[tails] & ordinary[network.indices]
    assert abs(network.are_reciprocal[between].mean() - mutual) < 0.03


def test_a_large_generated_network_is_made_once_and_mended_if_damaged(tmp_path, monkeypatch):
    monkeypatch.setattr(storage, "cache_folder", lambda: tmp_path)
    section = NetworkSection(kind="random", customers=200_000, ties=5)
    scenario = Scenario(network=section)
    first = network_of(scenario)
    (file,) = tmp_path.glob("*.buzznet")
    monkeypatch.setattr(world, "generate", None)  # from now on nothing can be made
    again = network_of(scenario)
    assert again.source == first.source
    assert again.reciprocal == first.reciprocal
    assert np.array_equal(again.indices, first.indices)
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(TypeError):  # so it would have been made anew
        network_of(scenario)


def plain_holme_kim(n, ties, clustering, rng):
    graph = nx.complete_graph(ties + 1)
    stubs = [u for edge in graph.edges for u in edge]
    for newcomer in range(ties + 1, n):
        old_stubs, hub = list(stubs), None
        graph.add_node(newcomer)
        while graph.degree(newcomer) < ties:
            near = []
            if hub is not None and rng.random() < clustering:
                near = [u for u in graph[hub] if u != newcomer and not graph.has_edge(newcomer, u)]
            target = rng.choice(near) if near else None
            while target is None:
                hub = old_stubs[rng.integers(len(old_stubs))]
                target = None if graph.has_edge(newcomer, hub) else hub
            graph.add_edge(newcomer, target)
            stubs += [newcomer, target]
    return graph


def test_triangles_are_closed_as_often_as_in_a_plain_holme_kim():
    rng = np.random.default_rng(3)
    for clustering in (0.0, 0.5, 1.0):
        plain = [nx.average_clustering(plain_holme_kim(250, 4, clustering, rng)) for _ in range(8)]
        ours = [
            nx.average_clustering(
                generate(
                    "clustered_scale_free", customers=250, ties=4, clustering=clustering, seed=seed
                ).to_networkx()
            )
            for seed in range(8)
        ]
        error = np.sqrt((np.var(plain) + np.var(ours)) / 7)
        assert abs(np.mean(plain) - np.mean(ours)) < 4 * error


@pytest.mark.parametrize("ties", [1, 3, 6])
def test_an_unrewired_small_world_is_a_ring_lattice(ties):
    network = generate("small_world", customers=200, ties=ties, rewiring=0.0)
    assert set(network.followers) == {2 * ties}
    # Clustering of a ring of K = 2 ties neighbours: 3 (K - 2) / (4 (K - 1)).
    expected = 3 * (2 * ties - 2) / (4 * (2 * ties - 1))
    assert nx.average_clustering(network.to_networkx()) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rewiring", [0.1, 1.0])
def test_rewiring_keeps_the_number_of_ties_and_moves_the_asked_share(rewiring):
    n, ties = 20_000, 5
    network = generate("small_world", customers=n, ties=ties, rewiring=rewiring)
    assert network.n_ties == n * ties
    assert network.followers.min() >= ties
    tails = np.repeat(np.arange(n), network.followers)
    apart = np.abs(tails - network.indices)
    moved = (np.minimum(apart, n - apart) > ties).mean()
    by_luck_near = 2 * ties / n  # a moved tie may end near again
    error = 4 * np.sqrt(rewiring * (1 - rewiring) / (n * ties)) + by_luck_near
    assert abs(moved - rewiring) <= error
    # Degree = ties + those not moved away + a Poisson number of moved ends, variance r (2 - r) ties
    # (Barrat & Weigt).
    variance = ties * rewiring * (2 - rewiring)
    assert network.followers.var() == pytest.approx(variance, rel=0.06)


def test_a_small_world_may_be_complete():
    assert generate("small_world", customers=7, ties=3, rewiring=1.0).n_ties == 21


@pytest.mark.parametrize(("n", "ties"), [(20_000, 5), (400, 60)])
def test_random_degrees_are_binomial(n, ties):
    network = generate("random", customers=n, ties=ties)
    p = 2 * ties / (n - 1)
    n_pairs = n * (n - 1) / 2
    assert abs(network.n_ties - n_pairs * p) < 4 * np.sqrt(n_pairs * p * (1 - p))
    variance = (n - 1) * p * (1 - p)
    assert network.followers.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / n))
    assert network.dropped_repeats == network.dropped_loops == 0


def test_every_pair_of_a_random_network_is_equally_likely():
    n, repeats = 6, 4_000
    counts = np.zeros((n, n))
    for seed in range(repeats):
        network = generate("random", customers=n, ties=1, seed=seed)
        counts[np.repeat(np.arange(n), network.followers), network.indices] += 1
    above = counts[np.triu_indices(n, 1)]
    p = 2 / (n - 1)
    chi2 = ((above - repeats * p) ** 2).sum() / (repeats * p * (1 - p))
    assert chi2 < 15 + 5 * np.sqrt(30)  # 15 pairs


def test_the_generators_own_logarithm_is_a_logarithm():
    for x in (0.0, 1e-300, 1e-12, 1e-3, 0.2499, 0.25, 0.2501, 0.5, 0.9, 1 - 2**-53):
        assert _log_of_one_minus(x) == pytest.approx(np.log1p(-x), rel=1e-14, abs=0)


def test_a_random_network_may_be_complete():
    assert generate("random", customers=11, ties=5).n_ties == 55


@pytest.mark.parametrize(
    ("blocks", "mixing"), [(4, 0.1), (7, 0.5), (2, 0.0), (2, 1.0), (1_000, 0.9)]
)
def test_blocks_mix_as_asked(blocks, mixing):
    n, ties = 10_003, 5 if blocks < 100 else 4
    network = generate("blocks", customers=n, ties=ties, blocks=blocks, mixing=mixing)
    block = np.arange(n) * blocks // n
    sizes = np.bincount(block)
    assert sizes.max() - sizes.min() <= 1
    assert abs(network.n_ties - n * ties) < 4 * np.sqrt(n * ties)
    across = (np.repeat(block, network.followers) != block[network.indices]).mean()
    assert abs(across - mixing) <= 4 * np.sqrt(mixing * (1 - mixing) / (n * ties))
    assert network.dropped_repeats == network.dropped_loops == 0


def test_a_configuration_has_its_degrees_but_for_what_was_dropped():
    rng = np.random.default_rng(4)
    degrees = rng.integers(1, 30, 5_000)
    degrees[0] += degrees.sum() % 2
    network = generate("configuration", customers=5_000, degrees=degrees)
    assert (network.followers <= degrees).all()
    assert degrees.sum() == 2 * (network.n_ties + network.dropped_loops + network.dropped_repeats)
    # Expected loops: nu / 2, repeats: nu^2 / 4, with nu = <k (k - 1)> / <k> (van der Hofstad 2016,
    # prop. 7.13).
    nu = (degrees * (degrees - 1)).mean() / degrees.mean()
    assert abs(network.dropped_loops - nu / 2) < 4 * np.sqrt(nu / 2)
    assert abs(network.dropped_repeats - nu**2 / 4) < 4 * nu / 2 + 2


@pytest.mark.parametrize(
    ("kind", "asked", "words"),
    [
        ("scalefree", {}, "network: unknown kind 'scalefree'; did you mean 'scale_free'?"),
        (
            "random",
            {"customers": 0},
            "network: customers is 0; expected a whole number of 1 or more",
        ),
        ("random", {"customers": 10.0}, "customers is 10.0"),
        ("random", {"customers": 2**31}, "expected 1 to 2,147,483,646"),
        ("random", {"customers": 10}, "network: ties is 5; expected 1 to 4 with 10 customers"),
        ("random", {"customers": 1}, "ties is 5; expected more customers"),
        ("small_world", {"customers": 10}, "ties is 5; expected 1 to 4"),
        ("scale_free", {"customers": 5}, "ties is 5; expected 1 to 4"),
        ("clustered_scale_free", {"ties": 0}, "ties is 0"),
        ("clustered_scale_free", {"clustering": 1.1}, "clustering is 1.1; expected 0 to 1"),
        ("small_world", {"rewiring": float("nan")}, "rewiring is nan"),
        ("small_world", {"rewiring": "0.1"}, "rewiring is '0.1'"),
        ("blocks", {"blocks": 101}, "blocks is 101; expected 1 to 100"),
        (
            "blocks",
            {"blocks": 50},
            "the number of ties inside blocks is 450.0; expected 50 or less",
        ),
        ("blocks", {"blocks": 1}, "the number of ties across blocks is 50.0; expected 0 or less"),
        ("configuration", {}, "the number of degrees is 0; expected 100"),
        (
            "configuration",
            {"degrees": [1] * 99 + [2]},
            "the sum of degrees is 101; expected an even number",
        ),
        ("configuration", {"degrees": [0] * 100}, "the sum of degrees is 0"),
        (
            "configuration",
            {"degrees": [100] * 100},
            "degrees[0] is 100; expected a whole number from 0 to 99",
        ),
        ("configuration", {"degrees": [1.5] * 100}, "degrees[0] is 1.5"),
        ("followers", {"ties": 20}, "ties is 20; expected less than 20, the followers of the"),
        ("followers", {"exponent": 2}, "exponent is 2; expected 2.01 to 5"),
        ("followers", {"largest": 0.6}, "largest is 0.6; expected 0 to 0.5"),
        ("followers", {"correlation": 2}, "correlation is 2; expected -1 to 1"),
        ("followers", {"mutual": True}, "mutual is True; expected 0 to 0.9"),
        ("random", {"seed": -1}, "seed is -1"),
        ("random", {"seed": True}, "seed is True"),
    ],
)
def test_impossible_wishes_are_refused(kind, asked, words):
    assert words in refusal(generate, kind, **{"customers": 100, **asked})


# --- real data, where it is at hand


@pytest.mark.parametrize(
    ("name", "directed", "customers", "ties"),
    [
        ("ego-facebook.txt.gz", False, 4_039, 88_234),
        ("deezer-europe.csv.gz", False, 28_281, 92_752),
        ("github-social.csv.gz", False, 37_700, 289_003),
        ("higgs-retweet.txt.gz", True, 256_491, 328_132),
    ],
)
def test_real_networks_are_read_whole(name, directed, customers, ties):
    path = REAL_DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand")
    network = open_network(path, directed=directed)
    drops = network.dropped_loops + network.dropped_repeats
    assert (network.n_customers, network.n_ties + drops) == (customers, ties)


# ---------------------------------------------------------------------------------- stored networks


def test_a_stored_network_comes_back_as_it_was(tmp_path):
    graph = nx.relabel_nodes(
        nx.gnp_random_graph(30, 0.2, seed=1, directed=True), {k: (k, f"n{k}") for k in range(30)}
    )
    for k, node in enumerate(graph):
        graph.nodes[node]["anger"] = k / 30
    for network in (open_network(graph), generate("random", customers=50, ties=2)):
        save_network(network, tmp_path / "crowd")
        again = open_network(tmp_path / "crowd")
        assert np.array_equal(again.indptr, network.indptr)
        assert np.array_equal(again.indices, network.indices)
        assert (again.directed, list(again.names)) == (network.directed, list(network.names))
        assert {name: values.tolist() for name, values in again.traits.items()} == {
            name: values.tolist() for name, values in network.traits.items()
        }


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_damaged_stored_network_is_opened_or_refused_and_nothing_else(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "damaged.buzznet"
    save_network(generate("random", customers=20, ties=2), path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(8, min(400, len(content) - 1)))] = data.draw(
            st.integers(0, 255)
        )
    path.write_bytes(content[: data.draw(st.integers(8, len(content)))])
    with contextlib.suppress(NetworkError):
        open_network(path)
