"""Slow and plain float64 versions of the layers on pictures that have no weights, straight from the formulas.

Every operation is one loop over single numbers of one map at a time where that can be; x is (N, C, S, S).
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np
from references import Array, windows

Pixel = tuple[int, int, int, int]


def pixels(x: Array) -> Iterator[Pixel]:
    yield from np.ndindex(*x.shape)  # type: ignore[misc]


def pool_windows(x: Array, size: int, stride: int, start: int, outputs: int) -> Iterator[tuple[Pixel, list]]:
    """Each output with the places of its window's pixels in the image, row by row."""
    for picture, channel in itertools.product(range(len(x)), range(x.shape[1])):
        for row, column, rows, columns in windows(x.shape[-1], size, stride, start, outputs):
            inside = itertools.product(range(rows.start, rows.stop), range(columns.start, columns.stop))
            yield (picture, channel, row, column), [(picture, channel, *place) for place in inside]


def sum_pool(x: Array, g: Array, size: int, stride: int, start: int) -> tuple[Array, Array]:
    """Output and input gradient."""
    y, gradient = np.zeros_like(g), np.zeros_like(x)
    for output, places in pool_windows(x, size, stride, start, g.shape[-1]):
        for place in places:
            y[output] += x[place]
            gradient[place] += g[output]
    return y, gradient


def largest_magnitude_pool(x: Array, size: int, stride: int, start: int, outputs: int) -> Array:
    y = np.zeros((*x.shape[:2], outputs, outputs))
    for output, places in pool_windows(x, size, stride, start, outputs):
        best = x[places[0]]
        for place in places:
            best = x[place] if abs(x[place]) >= abs(best) else best
        y[output] = best
    return y


def picked_gradient(x: Array, y: Array, g: Array, size: int, stride: int, start: int) -> Array:
    """Every pixel that equals what its window picked receives the full gradient; windows add."""
    gradient = np.zeros_like(x)
    for output, places in pool_windows(x, size, stride, start, g.shape[-1]):
        for place in places:
            if x[place] == y[output]:
                gradient[place] += g[output]
    return gradient


def mean_of_random_pool(x: Array, size: int, stride: int, start: int, outputs: int) -> Array:
    """Each value above 0 times its probability, which is its share of the sum of such values."""
    y = np.zeros((*x.shape[:2], outputs, outputs))
    for output, places in pool_windows(x, size, stride, start, outputs):
        values = [x[place] for place in places if x[place] > 0]
        y[output] = sum(value * value / sum(values) for value in values)
    return y


def max_over_maps(
    x: Array, g: Array, size: int, stride: int, start: int, outputs: int
) -> tuple[Array, Array]:
    """Output and input gradient; ties as in max pooling."""
    y, gradient = np.zeros_like(g), np.zeros_like(x)
    for picture, output, row, column in pixels(g):
        first = start + output * stride
        maps = [c for c in range(first, first + size) if 0 <= c < x.shape[1]]
        best = max(x[picture, c, row, column] for c in maps)
        y[picture, output, row, column] = best
        for c in maps:
            if x[picture, c, row, column] == best:
                gradient[picture, c, row, column] += g[picture, output, row, column]
    return y, gradient


def contrast_normalise(
    x: Array, g: Array, size: int, alpha: float, power: float, constant: float
) -> tuple[Array, Array, Array]:
    """Output, the original's approximate input gradient, and d, the pixels less their local mean."""
    places = {place: _around(place, x.shape[-1], size) for place in pixels(x)}
    d, denominators = np.zeros_like(x), np.zeros_like(x)
    for place, around in places.items():
        d[place] = x[place] - sum(x[other] for other in around) / len(around)
    for place, around in places.items():
        denominators[place] = constant + alpha * sum(d[other] ** 2 for other in around)
    y = x * denominators**-power
    gradient = g * denominators**-power
    for place, around in places.items():
        share = g[place] * y[place] / denominators[place]
        for other in around:
            gradient[other] -= 2 * alpha * power * d[other] * share
    return y, gradient, d


def _around(place: Pixel, side: int, size: int) -> list[Pixel]:
    """The window of `size` about a pixel; an even size reaches one further to the left and up."""
    picture, channel, row, column = place
    offsets = range(-(size // 2), size - size // 2)
    return [
        (picture, channel, row + down, column + right)
        for down, right in itertools.product(offsets, offsets)
        if 0 <= row + down < side and 0 <= column + right < side
    ]


def linear_gradient(operation: Callable[[Array], Array], x: Array, g: Array) -> Array:
    """Input gradient of a linear operation: g times the answer to every single pixel alone."""
    gradient = np.zeros_like(x)
    for place in pixels(x):
        single = np.zeros_like(x)
        single[place] = 1
        gradient[place] = (operation(single) * g).sum()
    return gradient


def blur(x: Array, size: int, stdev: float) -> Array:
    """A Gaussian over the pixels about each, zeros outside."""
    weights = [math.exp(-((size // 2 - i) ** 2) / (2 * stdev**2)) for i in range(size)]
    y = np.zeros_like(x)
    side = x.shape[-1]
    for picture, channel, row, column in pixels(x):
        for i, j in itertools.product(range(size), repeat=2):
            at_row, at_column = row + i - size // 2, column + j - size // 2
            if 0 <= at_row < side and 0 <= at_column < side:
                share = weights[i] * weights[j] / sum(weights) ** 2
                y[picture, channel, row, column] += share * x[picture, channel, at_row, at_column]
    return y


def nailbed(x: Array, stride: int, start: int, outputs: int) -> Array:
    y = np.zeros((*x.shape[:2], outputs, outputs))
    for picture, channel, row, column in pixels(y):
        y[picture, channel, row, column] = x[picture, channel, start + row * stride, start + column * stride]
    return y


def mirror(x: Array) -> Array:
    y = np.zeros_like(x)
    for picture, channel, row, column in pixels(x):
        y[picture, channel, row, x.shape[-1] - 1 - column] = x[picture, channel, row, column]
    return y


def crop(x: Array, top: int, left: int, side: int) -> Array:
    y = np.zeros((*x.shape[:2], side, side))
    for picture, channel, row, column in pixels(y):
        y[picture, channel, row, column] = x[picture, channel, top + row, left + column]
    return y


def source_position(target: int, scale: float, side: int, target_side: int) -> float:
    return min(max(target * scale + side / 2 - target_side * scale / 2, 0.0), side - 1.01)


def resize(x: Array, scale: float, target_side: int) -> Array:
    y = np.zeros((*x.shape[:2], target_side, target_side))
    for picture, channel, row, column in pixels(y):
        down = source_position(row, scale, x.shape[-1], target_side)
        right = source_position(column, scale, x.shape[-1], target_side)
        above, left = math.floor(down), math.floor(right)
        for i, j in itertools.product(range(2), repeat=2):
            share = abs(1 - i - (down - above)) * abs(1 - j - (right - left))
            y[picture, channel, row, column] += share * x[picture, channel, above + i, left + j]
    return y


def to_yuv(x: Array) -> Array:
    y = np.zeros_like(x)
    for picture, row, column in np.ndindex(len(x), *x.shape[2:]):
        red, green, blue = x[picture, :, row, column]
        y[picture, 0, row, column] = 0.2126 * red + 0.7152 * green + 0.0722 * blue
        y[picture, 1, row, column] = -0.09991 * red - 0.33609 * green + 0.436 * blue
        y[picture, 2, row, column] = 0.615 * red - 0.55861 * green - 0.05639 * blue
    return y


def to_lab(x: Array, center: bool) -> Array:
    def phi(t: float) -> float:
        return t**0.3333 if t > 0.0088564517 else 7.787037 * t + 0.13793103

    result = np.zeros_like(x)
    for picture, row, column in np.ndindex(len(x), *x.shape[2:]):
        red, green, blue = x[picture, :, row, column]
        x_phi = phi(0.49 * red + 0.31 * green + 0.2 * blue)
        y_phi = phi(0.17697 * red + 0.8124 * green + 0.01063 * blue)
        z_phi = phi(0.01 * green + 0.99 * blue)
        lightness = 116 * y_phi - 16 - (50 if center else 0)
        result[picture, :, row, column] = lightness, 500 * (x_phi - y_phi), 200 * (y_phi - z_phi)
    return result
