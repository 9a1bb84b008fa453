"""The rules in compiled loops: a calendar of notices over a network, batches of replicates.

Nothing is decided here: `rules.` calls are those of the Mesa model, but for one that only spares
time, and `tests/test_twins.py` holds both to the same trajectory. Cost follows the buzz: customers
get a row when they are first touched, and a workspace is reset only where it was used. The steps of
a tick are `notices`, `authors` and `cases`; `replicates` puts them together; Python enters by
`batches`.
"""

from buzzsim.engine.batches import replicates, trajectory
from buzzsim.engine.replicates import batch

__all__ = ["batch", "replicates", "trajectory"]
