"""Opening a network: tell what was handed over, read it, and refuse what is no network."""

from __future__ import annotations

import gzip
import io
import os
import sys
import warnings
import zlib
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np

from buzzsim.errors import NetworkError, sentence
from buzzsim.network.checks import check_size
from buzzsim.network.edgelist import read_edges
from buzzsim.network.network import INTEGER, Network
from buzzsim.network.storage import is_stored, stored_network
from buzzsim.network.ties import rows_of

_GZIP_MAGIC = b"\x1f\x8b"
_XML_READERS = {".graphml": "read_graphml", ".gexf": "read_gexf"}
# networkx walks XML without checking it.
_STUMBLES = AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError


def open_network(
    source: Any, *, directed: bool = False, follows: bool = False, place: str | None = None
) -> Network:
    """Read a network from a file, or take it from a graph or arrays.

    What `save_network` wrote is mapped into memory and not read. A file whose name ends in
    ``.graphml`` or ``.gexf`` is read as such, every other as an edge list. Each may be compressed
    (``.gz``).

    An edge list has a line for each tie: two names separated by a comma, a tab, a semicolon or
    white space. It may have a header, further columns, and comments (``#`` or ``%``). Above names
    of text, a header is known by its words (source, target, from, to, user, friend, follower and
    the like); where that is in doubt, `Network.describe` says how the first line was understood.

    Customers of an edge list are numbered by increasing integer if all names are integers. If not,
    all names are text, and customers are numbered in order of first appearance. Customers of a
    graph are numbered in the order of the graph.

    Parameters
    ----------
    source : Network, networkx graph, tuple of arrays (indptr, indices), str or path
        A Network is returned as it is.
    directed : bool
        Whether a line ``u v``, or a follower v in the row of u, is a tie from u to v only. Graphs
        and their files know this themselves.
    follows : bool
        The source says "u follows v": each tie is turned, so that v's posts reach u. Lines and
        arrays are then directed.
    place : str, optional
        What errors call the source; by default the file's name.

    Raises
    ------
    NetworkError
        With one sentence, usually about a missing file or a line that does not hold two names.

    Examples
    --------
    >>> open_network(([0, 2, 3, 4], [1, 2, 0, 0]))
    <Network: CSR arrays: 3 customers, 2 ties, undirected, 1.3 followers on average>
    """
    if isinstance(source, Network):
        return source
    networkx = sys.modules.get("networkx")  # whoever hands a graph over has imported it
    directed = directed or follows
    if isinstance(source, (str, os.PathLike)):
        path = Path(source)
        name = path.name or str(path)
        network = _read(path, directed, follows, place or name)
    elif isinstance(source, tuple) and len(source) == 2:
        name = "CSR arrays"
        network = Network.from_csr(*source, directed=directed, source=place or name)
    elif networkx is not None and isinstance(source, networkx.Graph):
        name = "networkx graph"
        network = Network.from_networkx(source, place or name)
    else:
        allowed = "a file's name, a networkx graph, a Network or a tuple (indptr, indices)"
        if hasattr(source, "columns"):
            source = type(source).__name__
            example = "networkx.from_pandas_edgelist(frame, 'source', 'target')"
            allowed = f"a file's name or a networkx graph, such as {example}"
        raise NetworkError(sentence(place or "network", "the source", source, allowed))
    if network.n_ties == 0:
        raise NetworkError(sentence(place or name, "the number of ties", 0, "1 or more"))
    network = replace(network, source=name)
    return _turned(network, place or name) if follows else network


def _turned(network: Network, place: str) -> Network:
    """Turn "u follows v" into "v's posts reach u"."""
    if not network.directed:
        raise NetworkError(sentence(place, "follows", True, "a directed graph, or follows = false"))
    tails = np.repeat(np.arange(network.n_customers, dtype=np.int32), network.followers)
    indptr, indices, _, _ = rows_of(network.indices, tails, network.n_customers, False)
    return replace(network, indptr=indptr, indices=indices)


def _read(path: Path, directed: bool, follows: bool, place: str) -> Network:
    """Read a file as its suffix says, or map one that `save_network` wrote."""
    if is_stored(path):
        return stored_network(path, place)
    data = _content(path, place)
    kind = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    if kind.lower() in _XML_READERS:
        return Network.from_networkx(_graph(data, kind.lower(), place), place)
    tails, heads, names, note = read_edges(data, place, directed, follows)
    check_size(len(names), place)
    rows = rows_of(tails.astype(np.int32), heads.astype(np.int32), len(names), not directed)
    return Network.of_rows(rows, directed, names, place, note=note)


def _content(path: Path, place: str) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        allowed = "a network's edge list, .graphml or .gexf"
        raise NetworkError(f"{place}: there is no such file; expected {allowed}") from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        what = f"the file cannot be read ({reason}); expected a readable file"
        raise NetworkError(f"{place}: {what}") from None
    if path.suffix.lower() != ".gz" and not data.startswith(_GZIP_MAGIC):
        return data
    try:
        return gzip.decompress(data)
    except (OSError, EOFError, zlib.error):
        what = "the compressed file is broken; expected a whole .gz file"
        raise NetworkError(f"{place}: {what}") from None


def _graph(data: bytes, kind: str, place: str) -> Any:
    """Read GraphML or GEXF through networkx; whole numbers as names become integers."""
    import networkx as nx

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            graph = getattr(nx, _XML_READERS[kind])(io.BytesIO(data))
            nodes = list(graph)
    except (nx.NetworkXException, ParseError, ArithmeticError, *_STUMBLES) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        what = f"the file is no valid {kind[1:]} ({reason}); expected one graph"
        raise NetworkError(f"{place}: {what}") from None
    if any(not isinstance(node, str) or not node.strip() for node in nodes):
        raise NetworkError(sentence(place, "a node's name", "", "text that is not empty"))
    integers = {node: int(node) for node in nodes if INTEGER.fullmatch(node)}
    if len(set(integers.values())) == len(nodes):
        return nx.relabel_nodes(graph, integers)
    return graph
