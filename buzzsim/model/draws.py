"""The dice: each draw is a pure function of key, replicate, purpose, and whom and what it is about.

The strategy is no argument, so each customer has the same luck under all strategies. The generator
is SplitMix64 (Steele, Lea & Flood 2014): `fold(state, k)` is its k-th output from that state.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from buzzsim.compiled import compiled
from buzzsim.errors import ScenarioError, sentence, whole_number

Word = int | np.integer[Any]  # a key, a purpose, or the number of a customer, post or replicate

GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31, _S11 = np.uint64(30), np.uint64(27), np.uint64(31), np.uint64(11)
_ONE = np.uint64(1)
_UNIT = 2.0**-53

# Purposes of draws. A number, once given, is never given to another purpose.
POST, COMPLAINANT, SUSCEPTIBILITY, VINDICTIVE, ATTITUDE, TROLL, ADVOCATE = range(1, 8)
NOTICE, SECOND_NOTICE, VISITOR, BRAND_VIEWER, BRAND_NOTICE = range(8, 13)
JOIN, DEFEND, ON_PAGE, WITHDRAWAL, REPEAT_GAP, REPEAT_KEEP = range(13, 19)
COVERAGE, LAG, REPOST, PROTEST, SOLVE, ACCEPT, ROUND, WITHDRAW_SOLVED = range(19, 27)
THANKS, FAILED_POST, BOOTSTRAP, DESIGN, OWN = range(27, 32)
SIDES, SIDE, PACE, ARRIVAL_GAP, ARRIVAL = range(32, 37)

# Within the stream of one `gamma`, where nothing else is drawn.
_GAMMA_NORMAL, _GAMMA_KEEP = 3, 4


@compiled
def fold(state: Word, word: Word) -> np.uint64:
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
def unit(bits: Word) -> float:
    """Turn 64 bits into a number in [0, 1) with 53 of them."""
    return (np.uint64(bits) >> _S11) * _UNIT


@compiled
def post_key(run: Word, author: Word, kind: Word, number: Word) -> np.uint64:
    """Give the key of all draws about a post, named by author, kind and number within the kind."""
    return fold(fold(fold(fold(run, POST), author), kind), number)


@compiled
def chance(key: Word, purpose: Word, who: Word) -> float:
    """Draw uniformly from [0, 1)."""
    return unit(fold(fold(key, purpose), who))


@compiled
def pick(key: Word, purpose: Word, who: Word, n: int) -> np.int64:
    """Draw one of 0 .. n - 1."""
    return np.int64(chance(key, purpose, who) * n)


@compiled
def occasion(run: Word, purpose: Word, customer: Word, number: Word) -> float:
    """Draw uniformly about one occasion of an author to post again."""
    return chance(fold(fold(run, purpose), customer), purpose, number)


@compiled
def normal(key: Word, purpose: Word, who: Word) -> float:
    """Draw from the standard normal law (Box & Muller 1958)."""
    stream = fold(fold(key, purpose), who)
    radius = math.sqrt(-2.0 * math.log(1.0 - unit(fold(stream, 0))))
    return radius * math.cos(2.0 * math.pi * unit(fold(stream, 1)))


@compiled
def gamma(key: Word, purpose: Word, who: Word, shape: float) -> float:
    """Draw from the gamma law of mean 1 (Marsaglia & Tsang 2000); exactly 1 from shape 1e9 on."""
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


@compiled
def beta(key: Word, purpose: Word, a: float, b: float) -> float:
    """Draw from the beta law, as a share of two gamma draws."""
    x, y = a * gamma(key, purpose, 0, a), b * gamma(key, purpose, 1, b)
    return x / (x + y)


def entropy_of(rng: Any) -> int:
    """Give the number that a run's luck starts from, for any `rng` of Scientific Python SPEC 7.

    None takes 53 fresh bits from the system, so that any JSON reader keeps the number whole. A
    generator is advanced by one draw.
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
    """Check the number of a replicate, from 0 to below `count`."""
    return whole_number("arguments", "replicate", replicate, 0, count - 1)


def key_of(entropy: int) -> int:
    """Give the 64-bit key that all draws of a comparison share."""
    return int(np.random.SeedSequence(entropy).generate_state(1, np.uint64)[0])


@compiled
def resamples(key: Word, n: int, first: int, last: int) -> NDArray[np.float64]:
    """Count how often resamples `first` to `last` - 1 of a bootstrap draw each of n replicates."""
    counts = np.zeros((last - first, n), np.float64)
    stream = fold(key, BOOTSTRAP)
    for b in range(first, last):
        resample = fold(stream, b)
        for i in range(n):
            counts[b - first, np.int64(unit(fold(resample, i)) * n)] += 1.0
    return counts
