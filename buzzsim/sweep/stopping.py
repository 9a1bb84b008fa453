"""When a point has replicates enough: rules such as `ci95 of reach difference < 0.01`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import ScenarioError, sentence, unknown
from buzzsim.model.outcomes import OUTCOMES, YES_OR_NO, are_alike
from buzzsim.study.analysis import Resampling, change_intervals, differences

_FORM = re.compile(r"\s*ci95\s+of\s+(\S+)\s+difference\s*<\s*(\S+)\s*")
_EXAMPLE = "'ci95 of OUTCOME difference < NUMBER', such as 'ci95 of reach difference < 0.01'"


@dataclass(frozen=True)
class StoppingRule:
    """Stop when half of each 95 % interval of a paired difference to the baseline is below `width`.

    The width is in the unit of the outcome.
    """

    outcome: str
    width: float

    @classmethod
    def of(cls, text: object) -> StoppingRule:
        """Read a rule."""
        parts = _FORM.fullmatch(text) if isinstance(text, str) else None
        if parts is None:
            raise ScenarioError(sentence("arguments", "until", text, _EXAMPLE))
        if parts[1] not in OUTCOMES:
            raise ScenarioError(unknown("arguments: until", "outcome", parts[1], OUTCOMES))
        try:
            width = float(parts[2])
        except ValueError:
            width = math.nan
        if not 0 < width < math.inf:
            raise ScenarioError(sentence("arguments", "until", text, "a number above 0 after '<'"))
        return cls(parts[1], width)

    def holds(self, values: NDArray[np.float64], entropy: int) -> bool:
        """Whether the replicates so far are enough.

        `values` has shape (replicates, strategies), the baseline in the first column.
        """
        return bool((self.half_widths(values, entropy) < self.width).all())

    def half_widths(self, values: NDArray[np.float64], entropy: int) -> NDArray[np.float64]:
        """Give half the width of the interval that `compare` has of each difference.

        The bootstrap knows nothing where all pairs differ by the same. There three over the number
        of pairs stands in, the 95 % bound for what has not happened once (the rule of three), with
        a pair counted as one unit. Outcomes that are yes or no have an interval of their own.
        Where there are fewer than two pairs the width is infinite.
        """
        difference = differences(values[:, 1:], values[:, :1])
        is_share = OUTCOMES[self.outcome].unit == YES_OR_NO
        shares = [is_share] * difference.shape[1]
        low, high = change_intervals(difference, Resampling(entropy, len(values)), shares)
        widths = np.where(np.isfinite(low), (high - low) / 2, math.inf)
        for k, column in enumerate(difference.T):
            defined = column[np.isfinite(column)]
            if not is_share and defined.size > 1 and are_alike(defined.min(), defined.max()):
                widths[k] = 3.0 / defined.size
        return widths
