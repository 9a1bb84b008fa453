"""The rules in compiled loops: a calendar of notices over a CSR network, and batches of replicates.

Nothing is decided here: every `rules.` call is what the Mesa model calls too, and `tests/test_twins.py` holds both
to the same trajectory. Cost follows the buzz: customers get a row when they are first touched, and a workspace is
reset only where it was used. The phases of a tick are `notices`, `authors` and `cases`; `replicates` puts them together, and `batches` is the door to it.
"""

from buzzsim.engine.batches import replicates, trajectory
from buzzsim.engine.replicates import batch, begin, go_on

__all__ = ["batch", "begin", "go_on", "replicates", "trajectory"]
