import gzip
import io

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from buzzsim.errors import NetworkError
from buzzsim.network import GENERATORS, Network, generate, open_network

SUFFIXES = (".txt", ".csv", ".tsv", ".graphml", ".gexf", ".txt.gz", ".graphml.gz", ".gexf.gz", "")
fuzz = settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def opened(source, **how):
    """Open it: a network that keeps every promise, or None when it was refused in one sentence."""
    try:
        network = open_network(source, **how)
    except NetworkError as error:
        network, words = None, str(error)
    if network is None:
        assert words
        assert "\n" not in words
    else:
        check(network)
    return network


def check(network):
    n = network.n_customers
    assert (network.indptr.dtype, network.indices.dtype) == (np.int64, np.int32)
    assert network.indptr[0] == 0
    assert network.indptr[-1] == network.n_stored
    assert network.n_ties > 0
    tails = np.repeat(np.arange(n), network.followers)
    stored = list(zip(tails.tolist(), network.indices.tolist(), strict=True))
    assert stored == sorted(set(stored))
    assert all(u != v and 0 <= v < n for u, v in stored)
    answered = sum((v, u) in set(stored) for u, v in stored[:200])
    if len(stored) <= 200:
        assert network.reciprocal == answered
    assert network.directed or answered == len(stored[:200])
    assert len(network.names) == n
    assert [network.index_of(name) for name in network.names] == list(range(n))
    assert network.dropped_loops >= 0
    assert network.dropped_repeats >= 0
    assert network.followees.sum() == network.followers.sum()
    network.describe()


def opened_file(folder, suffix, data, packed, **how):
    path = folder / f"network{suffix}"
    path.write_bytes(gzip.compress(data) if packed else data)
    return opened(path, **how)


def xml(kind):
    graph = nx.DiGraph([("ann", "bob"), ("bob", "cem"), (1, 2)])
    graph.nodes["ann"].update(anger=0.5, troll=True, city="Lyon")
    graph.edges["ann", "bob"]["weight"] = 2.5
    buffer = io.BytesIO()
    (nx.write_graphml if kind == ".graphml" else nx.write_gexf)(graph, buffer)
    return buffer.getvalue()


VALID = {
    ".txt": b"# comment\n0 1\n1 2 3.5\n\n2 0\n7\t1\n",
    ".csv": b'\xef\xbb\xbfsource,target,weight\r\nann,bob,1\r\n"Cem, D.",ann,2\r\n',
    ".tsv": b"0\t18446744073709551616\n-5\t3\n",
    ".txt.gz": gzip.compress(b"node_1,node_2\n0,1\n3,1\n" * 3, mtime=0),
    ".graphml": xml(".graphml"),
    ".gexf": xml(".gexf"),
}
TEXT = st.text(st.sampled_from("0123456789-ab\u00e9 \t,;\"'{}#%\r\n\n\n\u00a0\u2028"), max_size=80)
HOW = st.fixed_dictionaries({"directed": st.booleans(), "follows": st.booleans()})


@fuzz
@given(st.sampled_from(SUFFIXES), st.binary(max_size=300), st.booleans(), HOW)
def test_random_bytes_are_a_network_or_refused(folder, suffix, data, packed, how):
    opened_file(folder, suffix, data, packed, **how)


@fuzz
@given(st.sampled_from(SUFFIXES), TEXT, st.booleans(), HOW)
def test_random_text_is_a_network_or_refused(folder, suffix, text, packed, how):
    opened_file(folder, suffix, text.encode(), packed, **how)


@fuzz
@given(st.text(max_size=60), st.sampled_from(",;\t "), st.text(max_size=60))
def test_any_unicode_is_a_name_or_refused(folder, first, separator, second):
    opened_file(folder, ".txt", f"{first}{separator}{second}\n".encode("utf-8", "replace"), False)


@pytest.mark.parametrize("suffix", VALID)
@fuzz
@given(st.data())
def test_a_damaged_file_is_a_network_or_refused(folder, suffix, data):
    content = bytearray(VALID[suffix])
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content)))
        end = data.draw(st.integers(at, min(len(content), at + 30)))
        piece = data.draw(
            st.binary(max_size=3) | TEXT.map(str.encode) | st.just(bytes(content[at:end]) * 2)
        )
        content[at:end] = piece
    opened_file(folder, suffix, bytes(content), False, **data.draw(HOW))


WORDS = (
    "graph",
    "graphml",
    "gexf",
    "node",
    "nodes",
    "edge",
    "edges",
    "key",
    "data",
    "attvalue",
    "attribute",
    "port",
)
KEYS = (
    "id",
    "source",
    "target",
    "key",
    "for",
    "attr.name",
    "attr.type",
    "edgedefault",
    "mode",
    "type",
    "value",
    "start",
)
VALUES = (
    "",
    "a",
    "b",
    "1",
    "x1",
    "node",
    "edge",
    "anger",
    "double",
    "boolean",
    "directed",
    "mutual",
    "dynamic",
    "nan",
)


def element(children):
    attributes = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES), max_size=4)
    return st.builds(
        lambda tag, attrs, inner: (
            f"<{tag} {' '.join(f'{k}={v!r}' for k, v in attrs.items())}>{inner}</{tag}>"
        ),
        st.sampled_from(WORDS),
        attributes,
        st.lists(children, max_size=4).map("".join),
    )


@pytest.mark.parametrize(
    ("suffix", "root", "space"),
    [
        (".graphml", "graphml", "http://graphml.graphdrawing.org/xmlns"),
        (".gexf", "gexf", "http://www.gexf.net/1.2draft"),
    ],
)
@fuzz
@given(inner=st.recursive(st.sampled_from(VALUES), element, max_leaves=12))
def test_any_xml_is_a_network_or_refused(folder, suffix, root, space, inner):
    for body in (inner, f"<graph edgedefault='directed'>{inner}</graph>"):
        opened_file(
            folder, suffix, f"<{root} xmlns='{space}' version='1.2'>{body}</{root}>".encode(), False
        )


@fuzz
@given(
    st.lists(st.tuples(st.integers(-3, 12), st.integers(-3, 12)), min_size=1, max_size=30),
    st.sampled_from([" ", "\t", ",", ";", " , ", "   "]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "# x", "%", "  "]),
    st.booleans(),
    st.booleans(),
)
def test_integers_are_read_as_a_plain_reader_would(
    folder, ties, gap, ending, aside, header, directed
):
    lines = [
        aside,
        *(["who" + gap + "whom"] if header else []),
        *(f"{u}{gap}{v}" for u, v in ties),
        aside,
    ]
    network = opened_file(folder, ".txt", ending.join(lines).encode(), False, directed=directed)
    wanted = {(u, v) for u, v in ties if u != v}
    if not directed:
        wanted |= {(v, u) for u, v in wanted}
    if not wanted:
        assert network is None
        return
    names = network.names
    tails = np.repeat(np.arange(len(names)), network.followers)
    assert {(names[u], names[v]) for u, v in zip(tails, network.indices, strict=True)} == wanted
    assert list(names) == sorted({name for tie in ties for name in tie})
    loops = sum(u == v for u, v in ties)
    assert (network.dropped_loops, network.dropped_repeats) == (
        loops,
        len(ties) - loops - network.n_ties,
    )


ENTRY = st.integers(-2, 9) | st.sampled_from(
    [0.0, 1.5, np.nan, np.inf, -np.inf, 2**31, 2**63, 2**70, True, None, "1"]
)


@fuzz
@given(st.lists(ENTRY, max_size=8), st.lists(ENTRY, max_size=8), HOW)
def test_random_arrays_are_a_network_or_refused(indptr, indices, how):
    opened((indptr, indices), **how)


@fuzz
@given(st.lists(st.lists(st.integers(0, 6), max_size=6), min_size=7, max_size=7), st.booleans())
def test_random_rows_are_a_network_unless_they_hold_no_tie(rows, directed):
    indptr = np.cumsum([0, *map(len, rows)])
    network = opened((indptr, [v for row in rows for v in row]), directed=directed)
    wanted = {(u, v) for u, row in enumerate(rows) for v in row if u != v}
    assert (network is None) == (not wanted)
    if network is not None:
        assert network.dropped_loops == sum(u in row and row.count(u) for u, row in enumerate(rows))
        assert network.n_ties == len(wanted if directed else {frozenset(tie) for tie in wanted})


NODE = st.integers(0, 5) | st.sampled_from(["a", "b", (1, 2), None, 2.5, "3"])
TRAIT = st.sampled_from(["anger", "troll", "attitude", "susceptibility", "city"])


@fuzz
@given(
    st.sampled_from([nx.Graph, nx.DiGraph, nx.MultiGraph, nx.MultiDiGraph]),
    st.lists(
        st.tuples(NODE.filter(lambda n: n is not None), NODE.filter(lambda n: n is not None)),
        max_size=12,
    ),
    st.dictionaries(
        TRAIT, st.integers(-1, 2) | st.floats() | st.none() | st.text(max_size=2), max_size=2
    ),
    st.booleans(),
)
def test_random_graphs_are_a_network_or_refused(kind, edges, traits, follows):
    graph = kind(edges)
    for node in list(graph)[:1]:
        graph.nodes[node].update(traits)
    network = opened(graph, follows=follows)
    if network is not None:
        dropped = network.dropped_loops + network.dropped_repeats
        assert network.n_ties + dropped == graph.number_of_edges()
        check(Network.from_networkx(network.to_networkx()))


@settings(fuzz, max_examples=100)
@given(
    st.sampled_from(sorted(GENERATORS)),
    st.integers(0, 40),
    st.integers(0, 9),
    st.floats(0, 1),
    st.floats(0, 1),
    st.integers(0, 12),
    st.integers(0, 2**66),
)
def test_any_wish_is_a_network_or_refused(kind, customers, ties, share, mixing, blocks, seed):
    wish = {
        "customers": customers,
        "ties": ties,
        "rewiring": share,
        "clustering": share,
        "blocks": blocks,
    }
    degrees = [ties % max(customers, 1)] * customers
    try:
        network = generate(kind, **wish, mixing=mixing, degrees=degrees, seed=seed)
    except NetworkError:
        return
    if network.n_ties:
        check(network)
    assert network.n_customers == customers
