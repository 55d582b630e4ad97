"""Crops as a network sees them, in plain loops over numbers of double precision: to hold the operator to."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def augmented(
    pictures: NDArray[np.uint8],
    mean: Array,
    places: list[tuple[int, int, int]],
    shift: Array | None,
    divisor: float,
) -> Array:
    """(crop - mean + shift) / divisor, (M, C, S, S): crop m of picture m mod N, from (row, column, flip)."""
    channels, size, _ = mean.shape
    result = np.zeros((len(places), channels, size, size))
    for m, (row, column, flip) in enumerate(places):
        picture = pictures[m % len(pictures)]
        for c in range(channels):
            added = 0.0 if shift is None else float(shift[m, c])
            for y in range(size):
                for x in range(size):
                    beside = size - 1 - x if flip else x
                    pixel = float(picture[c, row + y, column + beside])
                    result[m, c, y, x] = (pixel - float(mean[c, y, x]) + added) / divisor
    return result
