"""The same comparisons on several Pythons, and whether their outcomes agree to the last bit.

`python experiments/validation/matrix.py PYTHON PYTHON ...` asks interpreters that have buzzsim and writes matrix.csv.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd

from buzzsim.files import write_whole

HERE = Path(__file__).resolve().parent

ASK = """
import hashlib, sys
from importlib import metadata
import buzzsim as bz
from buzzsim.engine import replicates
from buzzsim.model.strategy import STRATEGIES
from buzzsim.network.world import World

digest = hashlib.sha256()
for name in bz.scenarios():
    world = World.of(bz.Scenario.load(name))
    for strategy in STRATEGIES:
        values, hourly = replicates(world, strategy, 1, 200)
        digest.update(values.tobytes() + hourly.tobytes())
    run = bz.BuzzModel.of(World.of(bz.Scenario.load(name).replace({"network.customers": 300})), "public_reply", 1, 0).finish()
    digest.update(run[1].tobytes())
versions = [metadata.version(part) for part in ("mesa", "numpy", "numba")]
print(sys.version.split()[0], *versions, digest.hexdigest()[:16])
"""


def main(interpreters: list[str]) -> int:
    """Ask each interpreter; gives 1 where digests differ, from those on file of other Pythons too."""
    rows = []
    for interpreter in interpreters:
        done = subprocess.run([interpreter, "-c", ASK], capture_output=True, text=True, check=True)
        rows.append(done.stdout.split())
        print(*rows[-1], file=sys.stderr)
    found = pd.DataFrame(rows, columns=["Python", "Mesa", "NumPy", "numba", "digest"])
    if (HERE / "matrix.csv").is_file():
        found = pd.concat([pd.read_csv(HERE / "matrix.csv", dtype=str), found]).drop_duplicates(
            "Python", keep="last"
        )
        found = found.sort_values("Python")
    write_whole(HERE / "matrix.csv", found.to_csv(index=False, lineterminator="\n").encode())
    return int(found["digest"].nunique() != 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [sys.executable]))
