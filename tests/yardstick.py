"""How a mean is held against theory: it must agree with the target, and would not agree with a wrong value.

A check that could not tell the two apart fails as well. What was measured is kept for the validation page.
"""

import math
import os

STANDARD_ERRORS = 4.0
MEASURED = []  # test, mean, standard error, target, wrong value; in the order of the checks


def off(sample, target):
    """How many standard errors a sample's mean lies from a target."""
    error = sample.std(ddof=1) / math.sqrt(sample.size)
    return (sample.mean() - target) / error


def assert_mean(sample, target, wrong):
    """The mean agrees with the target, and would not agree with the wrong value."""
    test = os.environ.get("PYTEST_CURRENT_TEST", "").removesuffix(" (call)")
    MEASURED.append((test, float(sample.mean()), float(sample.std(ddof=1) / math.sqrt(sample.size)), float(target), float(wrong)))
    assert abs(off(sample, target)) <= STANDARD_ERRORS, (
        f"mean {sample.mean():.5g} is {off(sample, target):+.1f} s.e. from {target:.5g}"
    )
    assert abs(off(sample, wrong)) > STANDARD_ERRORS, f"{sample.size} replicates cannot tell {target:.5g} from {wrong:.5g}"


def brief(value):
    """Name a test's case by four digits of its numbers."""
    return f"{value:.4g}" if isinstance(value, float) else None
