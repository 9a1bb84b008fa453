"""The same comparisons on several Pythons, and whether their outcomes agree to the last bit.

`python experiments/validation/matrix.py PYTHON PYTHON ...` runs digest.py under each, which must
have buzzsim installed, and writes matrix.csv.
"""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pandas as pd

from buzzsim.files import write_whole

HERE = Path(__file__).resolve().parent
VERSIONS = """
import sys; from importlib.metadata import version
print(sys.version.split()[0], *map(version, ("mesa", "numpy", "numba")))
"""


def main(interpreters: list[str]) -> int:
    """Ask each interpreter; gives 1 where digests differ."""
    rows = []
    for interpreter in interpreters:
        digests = output(interpreter, str(HERE / "digest.py"))
        digest = hashlib.sha256(digests.encode()).hexdigest()[:16]
        rows.append([*output(interpreter, "-c", VERSIONS).split(), digest])
        print(*rows[-1], file=sys.stderr)
    table = pd.DataFrame(rows, columns=["Python", "Mesa", "NumPy", "numba", "digest"])
    write_whole(HERE / "matrix.csv", table.to_csv(index=False, lineterminator="\n").encode())
    return int(table["digest"].nunique() != 1)


def output(*command: str) -> str:
    """Give what a command prints."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or [sys.executable]))
