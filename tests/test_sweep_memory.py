"""The driver is told which block is done and nothing else: its memory stays flat.

`python -m pytest -m slow -s tests/test_sweep_memory.py` prints what it took.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not Path("/proc/self/status").is_file(),
        reason="this system does not tell the memory of a process",
    ),
]

POINTS, REPLICATES = 1_000, 25  # of four strategies: 100,000 runs in 1,000 blocks
FLAT = 16.0  # MB; the outcomes alone are 25 MB
DRIVER = """
import json, sys, threading
from pathlib import Path
import numpy as np
import buzzsim as bz


def taken():
    lines = Path("/proc/self/status").read_text().splitlines()
    (line,) = (line for line in lines if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def watch():
    while not over.wait(0.1):
        seen.append((sum(1 for _ in Path(out, "blocks").glob("[!.]*")), taken()))


if __name__ == "__main__":
    out, points, replicates, executor = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    small = bz.Scenario().replace({"network.customers": 200, "time.horizon": 24})
    levels = np.linspace(0.0, 1.0, points).tolist()
    sweep = bz.Sweep(small, {"reply.empathy": levels}, replicates=replicates, rng=1, out=out)
    seen, over = [], threading.Event()
    watcher = threading.Thread(target=watch)
    watcher.start()
    status = sweep.run(2, executor=executor, quiet=True)
    over.set()
    watcher.join()
    print(json.dumps([status.runs, seen]))
"""


@pytest.mark.parametrize("executor", ["processes", "threads"])
def test_the_drivers_memory_stays_flat_over_a_hundred_thousand_runs(tmp_path, executor):
    (tmp_path / "driver.py").write_text(DRIVER)
    command = [
        sys.executable,
        tmp_path / "driver.py",
        tmp_path / "out",
        str(POINTS),
        str(REPLICATES),
        executor,
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    runs, seen = json.loads(done.stdout)
    assert runs == 100_000
    early = max(memory for blocks, memory in seen if blocks < POINTS / 10)
    late = max(memory for blocks, memory in seen if blocks >= POINTS / 10)
    print(f"{executor}: at most {early:.0f} MB in the first tenth of blocks, then {late:.0f} MB")
    assert late - early < FLAT
