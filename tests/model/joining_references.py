"""The largest of several inputs by plain loops: independent of torch and of the program."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def largest(inputs: list[Array], g: Array) -> tuple[Array, list[Array]]:
    """Largest value at each place (N, features); to every input that equals it the full gradient `g`."""
    result, gradients = np.zeros_like(g), [np.zeros_like(g) for _ in inputs]
    for place in np.ndindex(*g.shape):
        result[place] = max(values[place] for values in inputs)
        for values, gradient in zip(inputs, gradients, strict=True):
            if values[place] == result[place]:
                gradient[place] = g[place]
    return result, gradients
