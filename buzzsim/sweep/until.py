"""When a point has been simulated often enough: rules such as `ci95 of reach difference < 0.01`."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.analysis import Resampling, interval, paired_interval
from buzzsim.errors import ScenarioError, sentence, unknown
from buzzsim.outcomes import OUTCOMES, YES_OR_NO

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
            That of the sweep; the bootstrap is that of `compare`.
        """
        return bool((self.half_widths(values, entropy) < self.width).all())

    def half_widths(self, values: NDArray[np.float64], entropy: int) -> NDArray[np.float64]:
        """Give half the width of each interval; infinite where nothing can be said.

        The intervals are those of `compare`. Where no pair differs the bootstrap knows nothing, and three over their
        number stands in: the 95 % bound for what has not happened once (the rule of three), each such pair counted as one unit.
        """
        difference = values[:, 1:] - values[:, :1]
        lows, highs = interval(Resampling(entropy, len(values)).means(difference))
        widths = np.full(difference.shape[1], math.inf)
        for k, column in enumerate(difference.T):
            defined = column[np.isfinite(column)]
            if defined.size < 2:
                continue
            if OUTCOMES[self.outcome].unit == YES_OR_NO:
                low, high = paired_interval(defined)
                widths[k] = (high - low) / 2
            else:
                widths[k] = (highs[k] - lows[k]) / 2 if np.ptp(defined) > 0 else 3.0 / defined.size
        return widths
