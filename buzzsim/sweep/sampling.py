"""Points of the unit cube, spread as a Latin hypercube, a Sobol sequence, or Morris trajectories.

The first two are scipy's, with scipy's luck: another version may give other points for the same
seed. A sweep's file therefore holds the points, and a sweep once begun never depends on scipy.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from buzzsim.model import draws

MORRIS_LEVELS = 4


def latin_hypercube(n: int, dimensions: int, entropy: int) -> NDArray[np.float64]:
    """Give n points, one in each of n slices of every dimension (McKay et al. 1979)."""
    return np.asarray(qmc.LatinHypercube(dimensions, seed=entropy).random(n))


def sobol(n: int, dimensions: int, entropy: int) -> NDArray[np.float64]:
    """Give the first n points, a power of two, of a scrambled Sobol sequence (Owen 1998)."""
    return np.asarray(qmc.Sobol(dimensions, seed=entropy).random(n))


def morris(trajectories: int, dimensions: int, entropy: int) -> NDArray[np.float64]:
    """Give trajectories of dimensions + 1 points on a grid of four levels (Morris 1991).

    Each step moves one dimension by two thirds, each dimension once, in random order.
    """
    key, step = np.uint64(draws.key_of(entropy)), MORRIS_LEVELS / (2 * (MORRIS_LEVELS - 1))
    points = np.empty((trajectories, dimensions + 1, dimensions))
    for t in range(trajectories):
        luck = np.uint64(draws.fold(key, t))
        place, order = np.empty(dimensions), np.empty(dimensions)
        for d in range(dimensions):
            level = int(draws.pick(luck, draws.DESIGN, 2 * d, MORRIS_LEVELS))
            place[d] = level / (MORRIS_LEVELS - 1)
            order[d] = draws.chance(luck, draws.DESIGN, 2 * d + 1)
        points[t, 0] = place
        for row, d in enumerate(np.argsort(order, kind="stable")):
            place[d] += step if place[d] < 0.5 else -step
            points[t, row + 1] = place
    return np.clip(points.reshape(-1, dimensions), 0.0, 1.0)
