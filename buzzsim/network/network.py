"""The network: whose posts reach whom, as sorted rows of followers, with names and traits."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from html import escape
from itertools import chain, islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import NetworkError, counted, sentence, unknown
from buzzsim.model.tables import TRAITS
from buzzsim.network import checks
from buzzsim.network.ties import are_reciprocal, rows_of
from buzzsim.network.traits import Traits, checked_traits, traits_of_nodes

INTEGER = re.compile(r"-?[0-9]{1,1000}")
_NAMES_SEARCHED = 20_000  # difflib needs about a second for this many


@dataclass(frozen=True, eq=False, repr=False)
class Network:
    """Whose posts reach whom; made by `open_network`, `generate` or one of the `from_` methods.

    Parameters
    ----------
    indptr, indices : numpy.ndarray
        The followers of customer ``u`` (int32, ascending, never ``u``, none twice) are
        ``indices[indptr[u]:indptr[u + 1]]``.
    directed : bool
        Directed, a tie ``u -> v`` means that v sees u's posts; undirected, each tie is stored in
        both rows.
    names : sequence
        The name of each customer; ``range(n)`` when they have only numbers.
    traits : dict of str to numpy.ndarray
        What is known of the customers (float64, NaN where unknown): susceptibility (0 or more),
        anger (0 to 1), attitude (-1 to 1) and the flags vindictive, advocate and troll (0 or 1).
    dropped_loops, dropped_repeats : int
        Ties from a customer to themselves, and ties given again, that were left out.
    source : str
        Where it came from, in words for people.
    note : str
        What people should know of how it was read, such as a line taken for column names.

    Examples
    --------
    >>> network = Network.from_edges([0, 0, 1, 2], [1, 2, 2, 0])
    >>> network
    <Network: edges: 3 customers, 3 ties, undirected, 2.0 followers on average
    (1 repeated tie dropped)>
    >>> network.followers
    array([2, 2, 2])
    """

    indptr: NDArray[np.int64]
    indices: NDArray[np.int32]
    directed: bool = False
    names: Sequence[Any] = ()
    traits: Traits = field(default_factory=dict)
    dropped_loops: int = 0
    dropped_repeats: int = 0
    source: str = "arrays"
    note: str = ""

    @property
    def n_customers(self) -> int:
        """Number of customers."""
        return len(self.indptr) - 1

    @property
    def n_stored(self) -> int:
        """Number of entries in the rows: directed ties, or twice the undirected ones."""
        return len(self.indices)

    @property
    def n_ties(self) -> int:
        """Number of ties; an undirected one counts once."""
        return self.n_stored if self.directed else self.n_stored // 2

    @cached_property
    def followers(self) -> NDArray[np.int64]:
        """How many customers see the posts of each."""
        return np.diff(self.indptr)

    @cached_property
    def followees(self) -> NDArray[np.int64]:
        """How many customers' posts each one sees."""
        if not self.directed:
            return self.followers
        return np.bincount(self.indices, minlength=self.n_customers).astype(np.int64, copy=False)

    @cached_property
    def reciprocal(self) -> int:
        """How many stored ties are answered by the opposite one."""
        return int(self.are_reciprocal.sum())

    @property
    def are_reciprocal(self) -> NDArray[np.bool_]:
        """Whether the opposite tie is stored too, for each stored tie."""
        if not self.directed:
            return np.ones(self.n_stored, np.bool_)
        return are_reciprocal(self.indptr, self.indices)

    @cached_property
    def _numbers(self) -> dict[Any, int]:
        return {name: number for number, name in enumerate(self.names)}

    def _find(self, name: Any) -> int | None:
        """Give the number of the customer whose name is spelt just so."""
        if isinstance(self.names, range):
            is_number = isinstance(name, (int, np.integer)) and 0 <= name < len(self.names)
            return int(name) if is_number else None
        try:
            return self._numbers.get(name)
        except TypeError:  # unhashable, so nobody's name
            return None

    def index_of(self, name: Any) -> int:
        """Find the number of a customer by name; ``"7"`` finds 7 and the other way round.

        Parameters
        ----------
        name : object
            The customer's name as in `names`.

        Raises
        ------
        NetworkError
            When nobody has that name; the sentence gives the nearest one.

        Examples
        --------
        >>> Network.from_edges([0], [1], names=["ann", "bob"]).index_of("bob")
        1
        """
        for spelling in (name, _other_spelling(name)):
            number = self._find(spelling)
            if number is not None:
                return number
        if isinstance(self.names, range):
            allowed = f"0 to {self.n_customers - 1}"
            raise NetworkError(sentence(self.source, "customer", name, allowed))
        names = map(str, islice(self.names, _NAMES_SEARCHED))
        raise NetworkError(unknown(self.source, "customer", name, names))

    def to_networkx(self) -> Any:
        """Give a networkx Graph, or DiGraph if directed, of names with traits as attributes.

        Examples
        --------
        >>> Network.from_edges([0, 1], [1, 2]).to_networkx().number_of_edges()
        2
        """
        import networkx as nx

        graph = nx.DiGraph() if self.directed else nx.Graph()
        graph.add_nodes_from(self.names)
        tails = np.repeat(np.arange(self.n_customers), self.followers)
        heads = self.indices.astype(np.int64)
        if not self.directed:
            once = tails < heads
            tails, heads = tails[once], heads[once]
        ends = (map(self.names.__getitem__, side.tolist()) for side in (tails, heads))
        graph.add_edges_from(zip(*ends, strict=True))
        for trait, values in self.traits.items():
            known = zip(self.names, values.tolist(), strict=True)
            attributes = {name: value for name, value in known if not math.isnan(value)}
            nx.set_node_attributes(graph, attributes, trait)
        return graph

    @property
    def dropped(self) -> str:
        """Which ties were left out, in words; empty where none was."""
        counts = ((self.dropped_loops, "self-tie"), (self.dropped_repeats, "repeated tie"))
        return " and ".join(counted(count, what) for count, what in counts if count)

    def describe(self) -> str:
        """Say in one line how large it is and what was left out.

        Examples
        --------
        >>> Network.from_edges([0, 1, 1], [1, 2, 1], directed=True).describe()
        'edges: 3 customers, 2 ties, directed, 0.7 followers on average (1 self-tie dropped)'
        """
        size = f"{counted(self.n_customers, 'customer')}, {counted(self.n_ties, 'tie')}"
        kind = "directed" if self.directed else "undirected"
        mean = f"{self.n_stored / self.n_customers:.1f} followers on average"
        return (
            f"{self.source}: {size}, {kind}, {mean}"
            + (f" ({self.dropped} dropped)" if self.dropped else "")
            + (f", with {', '.join(self.traits)}" if self.traits else "")
            + (f" ({self.note})" if self.note else "")
        )

    def __repr__(self) -> str:
        return f"<Network: {self.describe()}>"

    def _repr_html_(self) -> str:
        return f"<p><b>Network</b> {escape(self.describe())}</p>"

    @classmethod
    def from_edges(
        cls,
        tails: Any,
        heads: Any,
        *,
        n_customers: int | None = None,
        directed: bool = False,
        names: Sequence[Any] | None = None,
        traits: Mapping[str, Any] | None = None,
        source: str = "edges",
    ) -> Network:
        """Build a network from pairs of customers' numbers; loops and repeats are dropped.

        Parameters
        ----------
        tails, heads : array of int
            Customers 0 to n - 1; directed, the head sees the tail's posts.
        n_customers : int, optional
            How many customers; by default just enough for the largest number.
        directed : bool
            Whether u -> v and v -> u are different ties.
        names : sequence, optional
            One name for each customer, all different.
        traits : mapping, optional
            One value for each customer, by trait; None or NaN where unknown.
        source : str
            Where it came from, in words for people.

        Raises
        ------
        NetworkError
            Usually a number that is negative or too large, or lists of unequal lengths.

        Examples
        --------
        >>> Network.from_edges([0, 1], [1, 2], directed=True).followees
        array([0, 1, 1])
        """
        u = checks.whole_numbers(tails, source, "tails")
        v = checks.whole_numbers(heads, source, "heads")
        if len(u) != len(v):
            allowed = f"{len(u)}, as of tails"
            raise NetworkError(sentence(source, "the number of heads", len(v), allowed))
        n = n_customers
        if n is None:
            n = max(int(u.max()), int(v.max())) + 1 if len(u) else 0
        checks.check_size(n, source)
        tails = checks.numbers_of_customers(u, n, source, "tails")
        heads = checks.numbers_of_customers(v, n, source, "heads")
        names = checks.checked_names(names, n, source)
        rows = rows_of(tails, heads, n, not directed)
        return cls.of_rows(rows, directed, names, source, checked_traits(traits, names, source))

    @classmethod
    def of_rows(
        cls,
        rows: tuple[NDArray[np.int64], NDArray[np.int32], int, int],
        directed: bool,
        names: Sequence[Any],
        source: str,
        traits: Traits | None = None,
        note: str = "",
    ) -> Network:
        """Build a network from what `ties.rows_of` gives."""
        dropped = int(rows[2]), int(rows[3])
        return cls(*rows[:2], bool(directed), names, traits or {}, *dropped, source, note)

    @classmethod
    def from_csr(
        cls,
        indptr: Any,
        indices: Any,
        *,
        directed: bool = False,
        names: Sequence[Any] | None = None,
        source: str = "CSR arrays",
    ) -> Network:
        """Build a network from rows of followers; undirected, a tie may be in one row only.

        Parameters
        ----------
        indptr, indices : array of int
            The followers of customer ``u`` are ``indices[indptr[u]:indptr[u + 1]]``, in any order.
        directed, names, source
            As for `from_edges`.

        Raises
        ------
        NetworkError
            Usually a row that ends before it starts, or a follower who does not exist.

        Examples
        --------
        >>> Network.from_csr([0, 2, 2, 2], [2, 1]).n_ties
        2
        """
        starts = checks.whole_numbers(indptr, source, "indptr")
        ends = checks.whole_numbers(indices, source, "indices")
        n = len(starts) - 1
        checks.check_size(n, source)
        checks.check_starts(starts, len(ends), source)
        heads = checks.numbers_of_customers(ends, n, source, "indices")
        tails = np.repeat(np.arange(n, dtype=np.int32), np.diff(starts))
        rows = rows_of(tails, heads, n, False)
        if not directed and not are_reciprocal(rows[0], rows[1]).all():
            tails = np.repeat(np.arange(n, dtype=np.int32), np.diff(rows[0]))
            rows = (*rows_of(tails, rows[1], n, True)[:2], *rows[2:])
        return cls.of_rows(rows, directed, checks.checked_names(names, n, source), source)

    @classmethod
    def from_networkx(cls, graph: Any, source: str = "networkx graph") -> Network:
        """Build a network from a networkx graph, its customers in the order of the graph.

        Parameters
        ----------
        graph : networkx.Graph
            Or DiGraph, MultiGraph, MultiDiGraph; attributes of nodes become traits if they are.
        source : str
            Where it came from, in words for people.

        Raises
        ------
        NetworkError
            When the graph has no nodes, or a trait has an impossible value.

        Examples
        --------
        >>> import networkx as nx
        >>> Network.from_networkx(nx.path_graph(4)).n_ties
        3
        """
        nodes = list(graph)
        n = len(nodes)
        checks.check_size(n, source)
        rows = [row for _, row in graph.adjacency()]
        lengths = np.fromiter(map(len, rows), np.int64, n)
        neighbours: Iterable[Any] = chain.from_iterable(rows)
        are_numbers = all(type(node) is int and node == k for k, node in enumerate(nodes))
        names: Sequence[Any] = range(n) if are_numbers else tuple(nodes)
        if not are_numbers:
            numbers = {node: number for number, node in enumerate(nodes)}
            neighbours = map(numbers.__getitem__, neighbours)
        heads = np.fromiter(neighbours, np.int32, int(lengths.sum()))
        tails = np.repeat(np.arange(n, dtype=np.int32), lengths)
        indptr, indices, loops, repeats = rows_of(tails, heads, n, False)
        if graph.is_multigraph():
            pairs = zip(nodes, rows, strict=True)
            loops = sum(len(row[node]) for node, row in pairs if node in row)
            n_ties = len(indices) if graph.is_directed() else len(indices) // 2
            repeats = graph.number_of_edges() - loops - n_ties
        traits = traits_of_nodes(graph.nodes(data=True), names, source)
        keys = {str(key) for _, attributes in graph.nodes(data=True) for key in attributes}
        others = sorted(keys - {*TRAITS, "label"})
        note = f"no traits, and left out: {', '.join(others[:5])}" if others else ""
        ties = indptr, indices, loops, repeats
        return cls.of_rows(ties, graph.is_directed(), names, source, traits, note)


def _other_spelling(name: Any) -> Any:
    """Write a whole number as text, or read it from text."""
    if isinstance(name, str):
        return int(name) if INTEGER.fullmatch(name) else name
    return str(int(name)) if isinstance(name, (int, np.integer)) else name
