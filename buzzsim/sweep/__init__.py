"""Many scenarios, each under every strategy with the same luck, in a directory that survives."""

from buzzsim.sweep.design import Design
from buzzsim.sweep.sweep import Sweep

__all__ = ["Design", "Sweep"]
