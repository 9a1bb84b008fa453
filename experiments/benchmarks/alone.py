"""One tool in a process of its own: its peak of memory, and the time to its first result.

`python alone.py TOOL WORK GRAPH.npz SYSTEM_PYTHON` prints seconds to the first result, and two
peaks in MB.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

HERE = Path(__file__).resolve().parent


def measure(
    tool: str, work: str, graph: Path, system_python: str, *, cold: bool = False
) -> dict[str, float]:
    """Run a tool in a new process; `cold`: with nothing compiled before."""
    with TemporaryDirectory() as folder:
        place = {"NUMBA_CACHE_DIR": folder} if cold else {}
        command = [sys.executable, str(HERE / "alone.py"), tool, work, str(graph), system_python]
        path = os.pathsep.join(
            part for part in (str(HERE.parents[1]), os.environ.get("PYTHONPATH")) if part
        )
        environment = os.environ | place | {"PYTHONPATH": path}
        done = subprocess.run(
            command, env=environment, stdout=subprocess.PIPE, text=True, check=True
        )
    first, before, peak = map(float, done.stdout.split()[-3:])
    return {"first": first, "before": before, "peak": peak}


def main(tool: str, work: str, graph: str, system_python: str) -> None:
    """Run once; the first peak is of loading numpy, numba, buzzsim and the graph alone."""
    start = perf_counter()
    import adapters  # importing is part of the first result
    from work import opened

    adapters.SYSTEM_PYTHON = system_python
    ties = opened(Path(graph))
    before = peak_of("self")
    run = adapters.TOOLS[tool].works[work](ties, work)
    run(1, 1)
    first = perf_counter() - start
    server = getattr(run, "server", None)
    print(first, before, peak_of("self" if server is None else server.pid))


def peak_of(process: int | str) -> float:
    """Give the most memory that a running process held, in MB."""
    status = Path(f"/proc/{process}/status")
    if status.is_file():  # else `getrusage`, which remembers the parent before exec
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1024**2 if sys.platform == "darwin" else 1024)


if __name__ == "__main__":
    main(*sys.argv[1:])
