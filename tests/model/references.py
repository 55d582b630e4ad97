"""Slow and plain float64 versions of the layers, straight from the formulas: to hold the fast ones to."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def windows(
    side: int, size: int, stride: int, start: int, outputs: int
) -> Iterator[tuple[int, int, slice, slice]]:
    """Output row and column with the part of its window that lies inside the image."""

    def inside(output: int) -> slice:
        first = start + output * stride
        return slice(max(0, first), min(side, first + size))

    for row, column in itertools.product(range(outputs), repeat=2):
        yield row, column, inside(row), inside(column)


def max_pool(x: Array, size: int, stride: int, start: int, outputs: int) -> Array:
    y = np.zeros((*x.shape[:2], outputs, outputs))
    for row, column, rows, columns in windows(x.shape[-1], size, stride, start, outputs):
        y[:, :, row, column] = x[:, :, rows, columns].max(axis=(2, 3))
    return y


def max_pool_gradient(x: Array, g: Array, size: int, stride: int, start: int) -> Array:
    """Every pixel that equals its window's maximum receives the full gradient; overlapping windows add."""
    result = np.zeros_like(x)
    for row, column, rows, columns in windows(x.shape[-1], size, stride, start, g.shape[-1]):
        window = x[:, :, rows, columns]
        winners = window == window.max(axis=(2, 3), keepdims=True)
        result[:, :, rows, columns] += winners * g[:, :, row, column][:, :, None, None]
    return result


def average_pool(x: Array, size: int, stride: int, start: int, outputs: int) -> Array:
    y = np.zeros((*x.shape[:2], outputs, outputs))
    for row, column, rows, columns in windows(x.shape[-1], size, stride, start, outputs):
        y[:, :, row, column] = x[:, :, rows, columns].mean(axis=(2, 3))
    return y


def average_pool_gradient(g: Array, side: int, size: int, stride: int, start: int) -> Array:
    result = np.zeros((*g.shape[:2], side, side))
    for row, column, rows, columns in windows(side, size, stride, start, g.shape[-1]):
        area = (rows.stop - rows.start) * (columns.stop - columns.start)
        result[:, :, rows, columns] += g[:, :, row, column][:, :, None, None] / area
    return result


def neighbours(index: int, count: int, size: int, blocked: bool = False) -> slice:
    """The neighbourhood of `index` among `count`, cut at the borders; even sizes reach one further down."""
    first = index // size * size if blocked else index - size // 2
    return slice(max(0, first), min(count, first + size))


def normalise_across_maps(
    x: Array, size: int, alpha: float, power: float, constant: float, blocked: bool = False
) -> tuple[Array, Array]:
    """Output and denominators D."""
    d = np.empty_like(x)
    for i in range(x.shape[1]):
        d[:, i] = constant + alpha * (x[:, neighbours(i, x.shape[1], size, blocked)] ** 2).sum(axis=1)
    return x * d**-power, d


def normalise_across_maps_gradient(
    x: Array, g: Array, size: int, alpha: float, power: float, constant: float, blocked: bool = False
) -> Array:
    y, d = normalise_across_maps(x, size, alpha, power, constant, blocked)
    result = g * d**-power
    for j in range(x.shape[1]):
        share = (g * y / d)[:, j]
        for i in range(x.shape[1])[neighbours(j, x.shape[1], size, blocked)]:
            result[:, i] -= 2 * alpha * power * x[:, i] * share
    return result


def normalise_within_map(
    x: Array, size: int, alpha: float, power: float, constant: float
) -> tuple[Array, Array]:
    """Output and denominators D."""
    d = np.empty_like(x)
    side = x.shape[-1]
    for row, column in itertools.product(range(side), repeat=2):
        window = x[:, :, neighbours(row, side, size), neighbours(column, side, size)]
        d[:, :, row, column] = constant + alpha * (window**2).sum(axis=(2, 3))
    return x * d**-power, d


def normalise_within_map_gradient(
    x: Array, g: Array, size: int, alpha: float, power: float, constant: float
) -> Array:
    y, d = normalise_within_map(x, size, alpha, power, constant)
    result = g * d**-power
    share = g * y / d
    side = x.shape[-1]
    for row, column in itertools.product(range(side), repeat=2):
        here = (slice(None), slice(None), neighbours(row, side, size), neighbours(column, side, size))
        result[here] -= 2 * alpha * power * x[here] * share[:, :, row, column][:, :, None, None]
    return result


def convolve(x: Array, weights: Array, stride: int, padding: int, groups: int, outputs: int) -> Array:
    """Cross-correlation; zeros outside the image on every side. weights (F, C / groups, k, k)."""
    y = np.zeros((len(x), len(weights), outputs, outputs))
    for row, column in itertools.product(range(outputs), repeat=2):
        y[:, :, row, column] = _filters(_patch(x, weights, stride, padding, row, column), weights, groups)
    return y


def convolve_locally(x: Array, weights: Array, stride: int, padding: int, groups: int, outputs: int) -> Array:
    """As convolve, with filters of its own for every position: weights (M * M, F, C / groups, k, k)."""
    y = np.zeros((len(x), weights.shape[1], outputs, outputs))
    for row, column in itertools.product(range(outputs), repeat=2):
        filters = weights[row * outputs + column]
        y[:, :, row, column] = _filters(_patch(x, filters, stride, padding, row, column), filters, groups)
    return y


def _patch(x: Array, weights: Array, stride: int, padding: int, row: int, column: int) -> Array:
    """What a filter sees at one output (N, C, k, k), zeros outside."""
    size, side = weights.shape[-1], x.shape[-1]
    patch = np.zeros((*x.shape[:2], size, size))
    for i, j in itertools.product(range(size), repeat=2):
        at_row, at_column = row * stride - padding + i, column * stride - padding + j
        if 0 <= at_row < side and 0 <= at_column < side:
            patch[:, :, i, j] = x[:, :, at_row, at_column]
    return patch


def _filters(patch: Array, weights: Array, groups: int) -> Array:
    """Answers of all filters (N, F); group k of the filters sees group k of the channels."""
    answers = []
    for k in range(groups):
        filters = np.split(weights, groups)[k]
        channels = np.split(patch, groups, axis=1)[k]
        answers.append(np.einsum("ncij,fcij->nf", channels, filters))
    return np.concatenate(answers, axis=1)


def fully_connected(x: Array, weights: Array, bias: Array, g: Array) -> tuple[Array, Array, Array, Array]:
    """Output and the gradients at x (N, I), weights (O, I) and bias (O,), one image at a time."""
    y = np.empty((len(x), len(weights)))
    at_x, at_weights, at_bias = np.zeros_like(x), np.zeros_like(weights), np.zeros_like(bias)
    for n, image in enumerate(x):
        for o, filter_ in enumerate(weights):
            y[n, o] = bias[o] + (image * filter_).sum()
            at_x[n] += g[n, o] * filter_
            at_weights[o] += g[n, o] * image
            at_bias[o] += g[n, o]
    return y, at_x, at_weights, at_bias


def numerical_gradient(function: Callable[[Array], float], x: Array, step: float = 1e-5) -> Array:
    """Central differences of `function` at `x`, one value at a time."""
    result = np.zeros_like(x)
    for index in np.ndindex(*x.shape):
        kept = x[index]
        x[index] = kept + step
        above = function(x)
        x[index] = kept - step
        result[index] = (above - function(x)) / (2 * step)
        x[index] = kept
    return result
