"""When a point has been simulated often enough: rules such as `ci95 of reach difference < 0.01`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.errors import ScenarioError, sentence, unknown
from buzzsim.model.outcomes import OUTCOMES, YES_OR_NO, are_alike
from buzzsim.study.analysis import Resampling, change_intervals, differences

_RULE = re.compile(r"\s*ci95\s+of\s+(\S+)\s+difference\s*<\s*(\S+)\s*")
_FORM = "'ci95 of OUTCOME difference < NUMBER', such as 'ci95 of reach difference < 0.01'"


@dataclass(frozen=True)
class Rule:
    """Stop when half of the 95 % interval of every paired difference to the baseline is narrower than that."""

    outcome: str
    width: float

    @classmethod
    def of(cls, text: Any) -> Rule:
        """Read a rule.

        Raises
        ------
        ScenarioError
            When the text is none, or names no outcome.

        Examples
        --------
        >>> Rule.of("ci95 of reach difference < 0.01")
        Rule(outcome='reach', width=0.01)
        """
        found = _RULE.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            raise ScenarioError(sentence("arguments", "until", text, _FORM))
        if found[1] not in OUTCOMES:
            raise ScenarioError(unknown("arguments: until", "outcome", found[1], OUTCOMES))
        try:
            width = float(found[2])
        except ValueError:
            width = math.nan
        if not 0 < width < math.inf:
            raise ScenarioError(sentence("arguments", "until", text, "a number above 0 after '<'"))
        return cls(found[1], width)

    def holds(self, values: NDArray[np.float64], entropy: int) -> bool:
        """Whether the replicates so far are enough.

        Parameters
        ----------
        values : array of shape (replicates, strategies)
            The outcome, the baseline's in the first column.
        entropy : int
            That of the sweep; the intervals are those of `compare`.
        """
        return bool((self.half_widths(values, entropy) < self.width).all())

    def half_widths(self, values: NDArray[np.float64], entropy: int) -> NDArray[np.float64]:
        """Give half the width of each interval; infinite where nothing can be said.

        The intervals are those of `compare`. Where all pairs differ by the same the bootstrap knows nothing, and of outcomes that
        are not yes or no three over the number of pairs stands in: the 95 % bound for what has not happened once (the rule of
        three), each such pair counted as one unit.
        """
        difference = differences(values[:, 1:], values[:, :1])
        is_share = OUTCOMES[self.outcome].unit == YES_OR_NO
        low, high = change_intervals(
            difference, Resampling(entropy, len(values)), [is_share] * difference.shape[1]
        )
        widths = np.where(np.isfinite(low), (high - low) / 2, math.inf)
        for k, column in enumerate(difference.T):
            defined = column[np.isfinite(column)]
            if not is_share and defined.size > 1 and are_alike(defined.min(), defined.max()):
                widths[k] = 3.0 / defined.size
        return widths
