"""Slow and plain float64 versions of the costs, image by image: the value, and minus the original's gradient
(the program climbed, here the value is minimised)."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def softmax(scores: Array) -> Array:
    y = np.zeros_like(scores)
    for n, row in enumerate(scores):
        powers = [math.exp(score - max(row)) for score in row]
        y[n] = [power / sum(powers) for power in powers]
    return y


def cross_entropy(scores: Array, labels: NDArray[np.int64]) -> tuple[Array, Array]:
    y = softmax(scores)
    values, gradient = np.zeros(len(y)), y.copy()
    for n, label in enumerate(labels):
        values[n] = -math.log(y[n, label])
        gradient[n, label] -= 1
    return values, gradient


def class_cross_entropy(scores: Array, t: Array) -> tuple[Array, Array]:
    y = softmax(scores)
    values, gradient = np.zeros(len(y)), np.zeros_like(y)
    for n, k in np.ndindex(*y.shape):
        values[n] -= t[n, k] * math.log(y[n, k])
        gradient[n, k] = y[n, k] * sum(t[n]) - t[n, k]
    return values, gradient


def binary_cross_entropy_over_logistic(scores: Array, t: Array, weight: float) -> tuple[Array, Array]:
    """The gradient is that at the input of the logistic function."""
    values, gradient = np.zeros(len(t)), np.zeros_like(t)
    for n, k in np.ndindex(*t.shape):
        y = 1 / (1 + math.exp(-scores[n, k]))
        values[n] -= weight * t[n, k] * math.log(y) + (1 - t[n, k]) * math.log(1 - y)
        gradient[n, k] = -(weight * t[n, k] * (1 - y) + (t[n, k] - 1) * y)
    return values, gradient


def binary_cross_entropy(y: Array, t: Array, weight: float) -> tuple[Array, Array]:
    values, gradient = np.zeros(len(t)), np.zeros_like(t)
    for n, k in np.ndindex(*t.shape):
        values[n] -= weight * t[n, k] * math.log(y[n, k]) + (1 - t[n, k]) * math.log(1 - y[n, k])
        gradient[n, k] = -(weight * t[n, k] / y[n, k] + (t[n, k] - 1) / (1 - y[n, k]))
    return values, gradient


def sum_of_squares(x: Array) -> tuple[Array, Array]:
    values = np.array([sum(number**2 for number in image.ravel()) for image in x])
    return values, 2 * x


def gated_sum_of_squares(gate: Array, x: Array) -> tuple[Array, Array, Array]:
    """The value, and the gradients of the gate (N, 1) and of x."""
    squares = np.array([[sum(number**2 for number in image.ravel())] for image in x])
    return (gate * squares)[:, 0], squares, 2 * gate * x


def robust_squares(y: Array, t: Array) -> tuple[Array, Array]:
    values, gradient = np.zeros(len(y)), np.zeros_like(y)
    for n, k in np.ndindex(*y.shape):
        d = y[n, k] - t[n, k]
        values[n] += math.log(1 + d**2)
        gradient[n, k] = 2 * d / (1 + d**2)
    return values, gradient


def topographic(x: Array, size: int) -> tuple[Array, Array]:
    side = x.shape[-1]
    s = np.zeros_like(x)
    for n, c, row, column in np.ndindex(*x.shape):
        s[n, c, row, column] = 1 / (0.001 + math.sqrt(sum(v**2 for v in _around(x[n, c], row, column, size))))
    gradient = np.zeros_like(x)
    for n, c, row, column in itertools.product(range(len(x)), range(x.shape[1]), range(side), range(side)):
        gradient[n, c, row, column] = x[n, c, row, column] * sum(_around(s[n, c], row, column, size))
    return s.sum(axis=(1, 2, 3)), gradient


def _around(image: Array, row: int, column: int, size: int) -> list[float]:
    first_row, first_column = row - size // 2, column - size // 2
    places = itertools.product(range(first_row, first_row + size), range(first_column, first_column + size))
    side = len(image)
    return [float(image[r, c]) for r, c in places if 0 <= r < side and 0 <= c < side]


def set_chances(energies: Array, members: int) -> dict[tuple[int, ...], float]:
    """The probability of every set of so many classes, for the energies of one image."""
    sets = list(itertools.combinations(range(len(energies)), members))
    powers = [math.exp(sum(energies[list(chosen)])) for chosen in sets]
    return {chosen: power / sum(powers) for chosen, power in zip(sets, powers, strict=True)}


def marginals(energies: Array, members: int) -> Array:
    """How likely each class is in the set (N, C), over all sets one by one."""
    result = np.zeros_like(energies)
    for n, row in enumerate(energies):
        for chosen, chance in set_chances(row, members).items():
            result[n, list(chosen)] += chance
    return result


def multi_softmax(energies: Array, labels: NDArray[np.int64], members: int) -> tuple[Array, Array]:
    """-log of the label's marginal; marginals less marginals given that the label is in the set."""
    values, gradient = np.zeros(len(labels)), marginals(energies, members)
    for n, label in enumerate(labels):
        chances = set_chances(energies[n], members)
        with_label = {chosen: chance for chosen, chance in chances.items() if label in chosen}
        total = sum(with_label.values())
        values[n] = -math.log(total)
        for chosen, chance in with_label.items():
            gradient[n, list(chosen)] -= chance / total
    return values, gradient
