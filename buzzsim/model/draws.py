"""The dice: every draw is a pure function of the key, the replicate, a purpose, and whom and what it is about.

The strategy is never among the arguments, so the same customer is equally lucky under each. The generator is
SplitMix64 (Steele, Lea & Flood 2014) used by counter: `fold(state, k)` is its k-th output from that state.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from buzzsim.compiled import compiled
from buzzsim.errors import ScenarioError, sentence

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_ONE = np.uint64(1)
_UNIT = 2.0**-53

# What a draw is for. A number, once given, is never given to anything else.
POST = 1
COMPLAINANT = 2
SUSCEPTIBILITY = 3
VINDICTIVE = 4
ATTITUDE = 5
TROLL = 6
ADVOCATE = 7
NOTICE = 8
SECOND_NOTICE = 9
VISITOR = 10
BRAND_VIEWER = 11
BRAND_NOTICE = 12
JOIN = 13
DEFEND = 14
ON_PAGE = 15
WITHDRAWAL = 16
REPEAT_GAP = 17
REPEAT_KEEP = 18
COVERAGE = 19
LAG = 20
REPOST = 21
PROTEST = 22
SOLVE = 23
ACCEPT = 24
ROUND = 25
WITHDRAW_SOLVED = 26
THANKS = 27
FAILED_POST = 28
BOOTSTRAP = 29
DESIGN = 30
OWN = 31

# Within the stream of one `gamma`, where nothing else is drawn.
_GAMMA_NORMAL, _GAMMA_KEEP = 3, 4


@compiled
def fold(state: Any, word: Any) -> Any:
    """Mix one more word into a 64-bit state.

    Examples
    --------
    >>> int(fold(1234567, 0)), int(fold(1234567, 1))
    (6457827717110365317, 3203168211198807973)
    """
    z = np.uint64(state) + GOLDEN * (np.uint64(word) + _ONE)
    z = (z ^ (z >> _S30)) * _MIX1
    z = (z ^ (z >> _S27)) * _MIX2
    return z ^ (z >> _S31)


@compiled
def unit(bits: Any) -> Any:
    """Turn 64 bits into a number in [0, 1) with 53 of them."""
    return (np.uint64(bits) >> _S11) * _UNIT


@compiled
def post_key(run: Any, author: Any, kind: Any, number: Any) -> Any:
    """Give the key of all draws about one post, named by author, kind and number within the kind."""
    return fold(fold(fold(fold(run, POST), author), kind), number)


@compiled
def chance(key: Any, purpose: Any, who: Any) -> Any:
    """Draw uniformly from [0, 1)."""
    return unit(fold(fold(key, purpose), who))


@compiled
def pick(key: Any, purpose: Any, who: Any, n: Any) -> Any:
    """Draw one of 0 .. n - 1."""
    return np.int64(chance(key, purpose, who) * n)


@compiled
def occasion(run: Any, purpose: Any, customer: Any, number: Any) -> Any:
    """Draw uniformly about one of the occasions on which an author may post again."""
    return chance(fold(fold(run, purpose), customer), purpose, number)


@compiled
def normal(key: Any, purpose: Any, who: Any) -> Any:
    """Draw from the standard normal law (Box & Muller 1958)."""
    stream = fold(fold(key, purpose), who)
    radius = math.sqrt(-2.0 * math.log(1.0 - unit(fold(stream, 0))))
    return radius * math.cos(2.0 * math.pi * unit(fold(stream, 1)))


@compiled
def gamma(key: Any, purpose: Any, who: Any, shape: Any) -> Any:
    """Draw from the gamma law of that shape and mean 1 (Marsaglia & Tsang 2000); exactly 1 from shape 1e9 on."""
    if shape >= 1e9:
        return 1.0
    stream = fold(fold(key, purpose), who)
    boost = 1.0
    d = shape - 1.0 / 3.0
    if shape < 1.0:
        boost = (1.0 - unit(fold(stream, 0))) ** (1.0 / shape)
        d += 1.0
    c = 1.0 / math.sqrt(9.0 * d)
    step = 1
    while True:
        attempt = fold(stream, step)
        step += 1
        x = normal(attempt, _GAMMA_NORMAL, 0)
        v = (1.0 + c * x) ** 3
        if v <= 0.0:
            continue
        u = 1.0 - unit(fold(attempt, _GAMMA_KEEP))
        if math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v / shape


def entropy_of(rng: Any) -> int:
    """Give the whole number that a run's luck starts from, for any `rng` that Scientific Python SPEC 7 allows.

    Parameters
    ----------
    rng : None, int, numpy.random.SeedSequence, BitGenerator or Generator
        None takes 53 fresh bits from the system, which any JSON reader keeps whole; a generator is advanced by one draw.

    Raises
    ------
    ScenarioError
        When `rng` is negative or something else altogether.

    Examples
    --------
    >>> entropy_of(1)
    1
    """
    allowed = (
        "None, a whole number from 0 to 2**4096, or a NumPy SeedSequence, BitGenerator or Generator"
    )
    if rng is None:
        return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> _S11)
    if isinstance(rng, np.random.BitGenerator):
        rng = np.random.Generator(rng)
    if isinstance(rng, np.random.Generator):
        return int(rng.integers(2**63 - 1))
    if isinstance(rng, np.random.SeedSequence):
        high, low = rng.generate_state(2, np.uint64)
        return (int(high) << 64) | int(low)
    if isinstance(rng, (int, np.integer)) and not isinstance(rng, bool) and 0 <= rng <= 2**4096:
        return int(rng)
    raise ScenarioError(sentence("arguments", "rng", rng, allowed))


def replicate_of(replicate: Any, count: int = 2**63) -> int:
    """Check the number of a replicate, from 0 to below `count`.

    Raises
    ------
    ScenarioError
        When it is something else.
    """
    if (
        isinstance(replicate, bool)
        or not isinstance(replicate, (int, np.integer))
        or not 0 <= replicate < count
    ):
        raise ScenarioError(
            sentence("arguments", "replicate", replicate, f"a whole number from 0 to {count - 1}")
        )
    return int(replicate)


def key_of(entropy: int) -> int:
    """Give the 64-bit key that all draws of a comparison share."""
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])


@compiled
def resamples(key: Any, n: Any, first: Any, last: Any) -> Any:
    """Count how often each of n replicates is drawn in bootstrap resamples `first` to `last` - 1; a row for each."""
    counts = np.zeros((last - first, n), np.float64)
    stream = fold(key, BOOTSTRAP)
    for b in range(first, last):
        resample = fold(stream, b)
        for i in range(n):
            counts[b - first, np.int64(unit(fold(resample, i)) * n)] += 1.0
    return counts
