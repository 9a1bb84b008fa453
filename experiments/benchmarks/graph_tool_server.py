"""graph-tool's side, for the system's Python: told seed and start, gives size and seconds.

    /usr/bin/python3 graph_tool_server.py GRAPH.npz INFECTION RECOVERY

It needs nothing of buzzsim, which that Python does not have.
"""

import sys
from time import perf_counter

import numpy as np


def main(path, infection, recovery):
    """Read the graph, say the version, then run whatever is asked for, a line each."""
    import graph_tool
    from graph_tool.dynamics import SIRState

    graph_tool.openmp_set_num_threads(1)
    with np.load(path) as file:
        indptr, indices = file["indptr"], file["indices"]
    tails = np.repeat(np.arange(indptr.size - 1), np.diff(indptr))
    once = tails < indices
    graph = graph_tool.Graph(directed=False)
    graph.add_vertex(indptr.size - 1)
    graph.add_edge_list(np.column_stack([tails[once], indices[once]]))
    print(graph_tool.__version__.split()[0], flush=True)
    for line in sys.stdin:
        luck, *seeds = map(int, line.split())
        graph_tool.seed_rng(luck)
        infected = graph.new_vp("int32_t")
        infected.a[seeds] = 1
        state = SIRState(graph, beta=infection, gamma=recovery, r=0, s=infected)
        start = perf_counter()
        while (state.s.a == 1).any():
            state.iterate_sync(niter=1)
        seconds = perf_counter() - start
        print(int((state.s.a > 0).sum()), seconds, flush=True)


if __name__ == "__main__":
    main(sys.argv[1], float(sys.argv[2]), float(sys.argv[3]))
