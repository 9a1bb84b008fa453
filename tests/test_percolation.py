"""Cascades on random networks are bond percolation: thresholds, giant shares, sizes below the
threshold (V1, V3, V6).

In an independent cascade each tie passes with a probability T, once. From a random customer a
cascade is the cluster of bond percolation that the customer is in (Newman 2002), so on a network of
known degrees nearly everything is known. Networks are drawn anew, and a mean over networks has the
standard error of networks: one network's own luck does not average out.
"""

import math

import numpy as np
import pytest
from yardstick import assert_mean

from buzzsim.engine import replicates
from buzzsim.model.outcomes import OUTCOMES
from buzzsim.model.scenario import Scenario
from buzzsim.network import Network
from buzzsim.network.world import World

CRITICS = list(OUTCOMES).index("critics")
CROWD = 20_000
NETWORKS = 12
RUNS = 100
TAKEN_OFF = 0.1  # share of the crowd; clusters of that size are the giant one, or none are


def poisson(mean):
    """A random network: Poisson degrees. A tenth more pairs are drawn than a coin for each would
    give, for some are the same.
    """

    def made(seed):
        dice = np.random.default_rng(seed)
        wanted = dice.binomial(CROWD * (CROWD - 1) // 2, mean / (CROWD - 1))
        pairs = np.sort(dice.integers(CROWD, size=(2, wanted + wanted // 10)), axis=0)
        different = np.unique(pairs[:, pairs[0] != pairs[1]], axis=1)
        assert different.shape[1] >= wanted
        return Network.from_edges(
            *dice.permutation(different, axis=1)[:, :wanted], n_customers=CROWD
        )

    return made


def regular(degree):
    """A random regular network: stubs are paired until there is no loop and no double tie."""

    def made(seed):
        dice, stubs = np.random.default_rng(seed), np.repeat(np.arange(CROWD), degree)
        while True:
            dice.shuffle(stubs)
            low, high = np.minimum(stubs[0::2], stubs[1::2]), np.maximum(stubs[0::2], stubs[1::2])
            if (low != high).all() and np.unique(low * CROWD + high).size == low.size:
                return Network.from_edges(low, high, n_customers=CROWD)

    return made


def two_degrees(few, many):
    """A configuration network, half its customers with few ties and half with many; loops and
    double ties are dropped.
    """

    def made(seed):
        stubs = np.repeat(np.arange(CROWD), np.where(np.arange(CROWD) % 2, few, many))
        np.random.default_rng(seed).shuffle(stubs)
        return Network.from_edges(stubs[0::2], stubs[1::2], n_customers=CROWD)

    return made


def sizes(network, passes, entropy=3, runs=RUNS):
    """Sizes of cascades from one random customer, on networks of that kind; a row for each network.

    Below the threshold a network has no luck of its own that would show, and each cascade counts by
    itself.
    """
    scenario = Scenario.independent_cascade(probability=passes)
    return np.array(
        [
            replicates(World.of(scenario, network(seed)), "ignore", entropy + seed, runs)[0][
                :, CRITICS
            ]
            for seed in range(NETWORKS)
        ]
    )


def giant_share(degrees, passes):
    """Share of customers in the giant cluster, by generating functions (Newman 2002); `degrees`
    gives their probabilities.
    """
    k, weight = np.array(list(degrees)), np.array(list(degrees.values()))
    mean, u = (k * weight).sum(), 0.0
    for _ in range(10_000):
        u = (k * weight * (1 - passes + passes * u) ** (k - 1)).sum() / mean
    return 1 - (weight * (1 - passes + passes * u) ** k).sum()


def threshold(degrees):
    """Smallest T at which a giant cluster is possible: <k> / (<k^2> - <k>)."""
    k, weight = np.array(list(degrees)), np.array(list(degrees.values()))
    return (k * weight).sum() / ((k**2 - k) * weight).sum()


def mean_below(degrees, passes):
    """Mean size of a cluster below the threshold: 1 + T <k> / (1 - T / T_c)."""
    k, weight = np.array(list(degrees)), np.array(list(degrees.values()))
    return 1 + passes * (k * weight).sum() / (1 - passes / threshold(degrees))


def assert_giant(found, share, wrong):
    """A cascade takes off with the giant cluster's share, and then is that share, on average over
    networks.
    """
    took_off = found > TAKEN_OFF * CROWD
    assert_mean(took_off.mean(axis=1), share, wrong, of="chance to take off")
    final = np.array([row[row > TAKEN_OFF * CROWD].mean() for row in found]) / CROWD
    assert_mean(final, share, wrong, of="share of the crowd then")


POISSON_DEGREES = {k: math.exp(-10) * 10**k / math.factorial(k) for k in range(60)}


@pytest.mark.parametrize(
    ("r0", "final"), [(1.2, 0.313698), (1.5, 0.582812), (2.0, 0.796812), (3.0, 0.940480)]
)
def test_on_a_random_network_epidemics_end_as_in_a_mixed_crowd(r0, final):
    """V1 and V2: z = 1 - exp(-R0 z), the same as the giant cluster's share where degrees are
    Poisson.
    """
    assert giant_share(POISSON_DEGREES, r0 / 10) == pytest.approx(final, abs=1e-6)
    assert_giant(sizes(poisson(10), r0 / 10), final, giant_share(POISSON_DEGREES, 0.8 * r0 / 10))


@pytest.mark.parametrize(
    ("degree", "passes", "share"), [(3, 0.6, 19 / 27), (3, 0.75, 26 / 27), (4, 0.5, 0.854102)]
)
def test_on_a_regular_network_cascades_are_bond_percolation(degree, passes, share):
    """V6: the giant cluster of random regular networks."""
    assert giant_share({degree: 1.0}, passes) == pytest.approx(share, abs=1e-6)
    assert_giant(sizes(regular(degree), passes), share, giant_share({degree: 1.0}, 0.9 * passes))


def test_below_the_threshold_of_a_regular_network_cascades_stay_small():
    """V6: T_c = 1 / 2 where everybody has three ties: a mean of 7 below it at .4, a tenth of the
    crowd and more above it.
    """
    assert threshold({3: 1.0}) == 0.5
    found = sizes(regular(3), 0.4, runs=1000).ravel()
    assert_mean(
        found,
        mean_below({3: 1.0}, 0.4),
        1 + 2 * 0.4 / (1 - 2 * 0.4),
        of="mean size below the threshold",
    )
    assert (sizes(regular(3), 0.45, runs=200) < TAKEN_OFF * CROWD).all()
    assert (sizes(regular(3), 0.55, runs=200) > TAKEN_OFF * CROWD).any(axis=1).all()


TWO_DEGREES = {2: 0.5, 8: 0.5}


def test_the_threshold_of_a_configuration_network_is_set_by_the_spread_of_degrees():
    """Newman 2002: <k> / (<k^2> - <k>), here below 1 / (<k> - 1), what the mean degree alone would
    say.
    """
    critical = threshold(TWO_DEGREES)
    assert critical == pytest.approx(5 / 29)
    below, above = 0.7 * critical, 1.2 * critical
    only_the_mean = 1 + below * 5 / (1 - below * 4)
    found = sizes(two_degrees(2, 8), below, runs=1000).ravel()
    assert_mean(
        found, mean_below(TWO_DEGREES, below), only_the_mean, of="mean size below the threshold"
    )
    assert above < 1 / 4  # by the mean degree alone nothing would take off here
    share = giant_share(TWO_DEGREES, above)
    assert_giant(sizes(two_degrees(2, 8), above), share, 0.0)


@pytest.mark.parametrize(
    ("m", "alone", "mean"),
    [(0.5, 0.606531, 2.0), (0.8, 0.449329, 5.0), (0.9, math.exp(-0.9), 10.0)],
)
def test_below_the_threshold_cascades_have_borel_sizes(m, alone, mean):
    """V3: P(k) = exp(-mk) (mk)^(k - 1) / k!, mean 1 / (1 - m), variance m / (1 - m)^3 (Borel; Otter
    1949).
    """
    tails, heads = np.random.default_rng(5).integers(200_000, size=(2, 2_000_000))
    network = Network.from_edges(
        tails, heads, n_customers=200_000
    )  # so large that hardly any cascade meets itself
    world = World.of(Scenario.independent_cascade(probability=m / 20), network)
    found = replicates(world, "ignore", 3, 20_000)[0][:, CRITICS]
    variance = m / (1 - m) ** 3
    fourth = m * (1 + 8 * m + 6 * m**2) / (1 - m) ** 7  # cumulant
    pair = m * math.exp(-2 * m)
    assert_mean((found == 1).astype(float), alone, alone - 0.02, of="P(1)")
    assert_mean((found == 2).astype(float), pair, alone * (1 - alone), of="P(2)")
    assert_mean(found, mean, 1.1 * mean, of="mean size", spread=math.sqrt(variance))
    assert_mean(
        (found - mean) ** 2,
        variance,
        2 * variance,
        of="variance",
        spread=math.sqrt(fourth + 2 * variance**2),
    )
