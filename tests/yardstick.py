"""How a mean is held against theory: it must agree with the target, and not with a wrong value.

A check that could not tell the two apart fails as well. What was measured is kept for the
validation page.
"""

import math
import os

STANDARD_ERRORS = 4.0
MEASURED = []  # of each check: test, what, mean, standard error, target, wrong value (NaN: none)


def off(sample, target, spread=None):
    """How many standard errors a sample's mean lies from a target."""
    error = (spread or sample.std(ddof=1)) / math.sqrt(sample.size)
    return (sample.mean() - target) / error


def assert_lower(one, other, what):
    """One is lower than the other, pair by pair, by four standard errors or more."""
    difference = one - other
    mean, error = (
        float(difference.mean()),
        float(difference.std(ddof=1) / math.sqrt(difference.size)),
    )
    MEASURED.append((running(), what, mean, error, math.nan, math.nan))
    said = f"{what}: paired difference {mean:+.4g}, standard error {error:.2g}; "
    said += f"expected at most {-STANDARD_ERRORS * error:.4g}"
    assert mean <= -STANDARD_ERRORS * error, said
    assert mean != 0, said


def running():
    """Name the test that runs."""
    return os.environ.get("PYTEST_CURRENT_TEST", "").removesuffix(" (call)")


def assert_mean(sample, target, wrong, of="mean", spread=None):
    """The mean agrees with the target, and would not agree with the wrong value.

    `of` says what was measured. `spread` is the standard deviation where theory knows it: that of a
    heavy tail is underestimated by most samples, and their standard errors are too small just where
    their means are too low.
    """
    error = (spread or sample.std(ddof=1)) / math.sqrt(sample.size)
    MEASURED.append(
        (running(), of, float(sample.mean()), float(error), float(target), float(wrong))
    )
    assert abs(off(sample, target, spread)) <= STANDARD_ERRORS, (
        f"{of} {sample.mean():.5g} is {off(sample, target, spread):+.1f} s.e. from {target:.5g}"
    )
    assert abs(off(sample, wrong, spread)) > STANDARD_ERRORS, (
        f"{sample.size} replicates cannot tell {target:.5g} from {wrong:.5g}"
    )


def assert_exact(value, target, of, within=1e-6):
    """A value that no chance touches is the target, but for what was rounded."""
    MEASURED.append((running(), of, float(value), 0.0, float(target), math.nan))
    assert abs(value - target) <= within, f"{of} is {value:.7g}; expected {target:.7g}"
