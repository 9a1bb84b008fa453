"""Where to put dots that are tied, so that a picture can be read: geometry, and no people."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_STEPS = 80  # more steps move the dots by less than one sees


def places_of(
    n: int, tails: NDArray[Any], heads: NDArray[Any], *, named: bool = False
) -> NDArray[np.float64]:
    """Place n dots so that those who are tied are near: the same places every time, without luck.

    `tails` and `heads` are both ends of each tie. Places are from 0 to 1 in both directions; names
    below the dots need room. Forces between all pairs (Fruchterman & Reingold 1991), as two
    products of matrices a step: half a second for 1,000 dots.
    """
    angle = np.arange(n) * np.pi * (3 - np.sqrt(5))  # a sunflower: even, and no two in one place
    radius = np.sqrt((np.arange(n) + 0.5) / n)[:, None]
    places = (radius * np.stack([np.cos(angle), np.sin(angle)], axis=1)).astype(np.float32)
    near, least = np.float32(1.6 / np.sqrt(n)), np.float32(1e-4)
    for step in range(_STEPS):
        square = (places**2).sum(axis=1)
        apart = np.maximum(square[:, None] + square[None, :] - 2 * places @ places.T, least)
        push = near**2 / apart
        np.fill_diagonal(push, 0.0)
        force = push.sum(axis=1)[:, None] * places - push @ places
        along = places[heads] - places[tails]
        pull = along * (np.linalg.norm(along, axis=1) / near)[:, None]
        for axis in (0, 1):
            pulled = np.bincount(tails, pull[:, axis], n) - np.bincount(heads, pull[:, axis], n)
            force[:, axis] += pulled
        force -= 0.5 * places  # what has no ties stays in the picture
        length = np.maximum(np.linalg.norm(force, axis=1), 1e-9)
        share = np.minimum(length, 0.2 * (1 - step / _STEPS)) / length
        places += (force * share[:, None]).astype(np.float32)
    wide = places.astype(float)
    ranks = np.argsort(np.argsort(wide, axis=0, kind="stable"), axis=0, kind="stable")
    thinned = 0.5 * _scaled(wide) + 0.5 * ranks / max(1, n - 1)  # the middle is crowded else
    return _scaled(_room_for_names(thinned) if named else thinned)


def _scaled(places: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = places.min(axis=0), places.max(axis=0)
    scaled: NDArray[np.float64] = (places - low) / np.maximum(high - low, 1e-9)
    return scaled


def _room_for_names(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Push dots apart until no name stands on another."""
    box = np.array([0.085, 0.095])  # a name of seven letters with its dot, of the whole picture
    order = np.sign(np.subtract.outer(range(len(places)), range(len(places))))
    places = places.copy()
    for _ in range(300):
        for axis in (0, 1):
            gap = places[:, None, :] - places[None, :, :]
            overlap = np.maximum(1 - np.abs(gap) / box, 0.0)
            both = overlap.prod(axis=2)
            np.fill_diagonal(both, 0.0)
            easier = both * (overlap[..., axis] <= overlap[..., 1 - axis] + 0.2)
            side = np.where(gap[..., axis] == 0, order, np.sign(gap[..., axis]))
            places[:, axis] += 0.25 * box[axis] * np.clip((easier * side).sum(axis=1), -1, 1)
        places = np.clip(places, 0, 1)
    return places
