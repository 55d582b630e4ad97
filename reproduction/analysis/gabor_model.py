"""Gabor functions, and their least-squares fit to many patterns at once.

h(x, y) = A exp(-x'^2 / 2 sigma_x^2 - y'^2 / 2 sigma_y^2) cos(2 pi f x' + phi) + B with x', y' the place seen
from (x0, y0), turned by theta (Jones and Palmer 1987). Given the six numbers of the geometry, A cos(phi),
A sin(phi) and B follow by linear least squares; so only the geometry is searched (variable projection), by
Levenberg-Marquardt steps within bounds, and no start needs a phase. Letters: P problems, C channels that
share a geometry, N pixels.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.patterns import Values

X0, Y0, THETA, SIGMA_X, SIGMA_Y, FREQUENCY = range(6)
MAX_STEPS = 60
SETTLED = 1e-7  # a step that lowers the error by less than this share, twice, ends the search
DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-2, 1e-9, 1e6


@dataclass(frozen=True)
class Problem:
    """What to fit: pixel places (N,) and targets (P, C, N), and the lowest and highest geometry (6,)."""

    x: Values
    y: Values
    targets: Values
    lowest: Values
    highest: Values
    offset: bool
    """Whether B is fitted; without it B = 0."""


@dataclass(frozen=True)
class Fitted:
    """geometry (P, 6), weights (P, C, 2 or 3) of the cosine, the sine and 1, squared error (P,)."""

    geometry: Values
    weights: Values
    error: Values


def fit(problem: Problem, starts: Values) -> Fitted:
    """The best geometry that a search from `starts` (P, 6) finds for each target."""
    geometry = np.clip(starts, problem.lowest, problem.highest)
    damping = np.full(len(geometry), DAMPING)
    error = _errors(problem, np.arange(len(geometry)), geometry)
    idle = np.zeros(len(geometry), int)
    for _ in range(MAX_STEPS):
        busy = np.flatnonzero((idle < 2) & (damping < MOST_DAMPING))
        if not len(busy):
            break
        tried = _step(problem, busy, geometry[busy], damping[busy])
        found = _errors(problem, busy, tried)
        better = found < error[busy]
        little = better & (error[busy] - found <= SETTLED * error[busy])
        damping[busy] = np.where(better, np.maximum(damping[busy] / 5, LEAST_DAMPING), damping[busy] * 4)
        idle[busy] = np.where(little, idle[busy] + 1, np.where(better, 0, idle[busy]))
        geometry[busy[better]], error[busy[better]] = tried[better], found[better]
    basis = _basis(problem, geometry)
    return Fitted(geometry, _solve(basis, problem.targets), error)


def evaluate(problem: Problem, fitted: Fitted) -> Values:
    """The fitted functions at the pixels: (P, C, N)."""
    return np.asarray(fitted.weights @ _basis(problem, fitted.geometry))


def _waves(problem: Problem, geometry: Values) -> tuple[Values, ...]:
    """x', y', envelope, cosine and sine at the pixels, each (P, N)."""
    x0, y0, theta, sigma_x, sigma_y, frequency = (column[:, None] for column in geometry.T)
    dx, dy = problem.x - x0, problem.y - y0
    cos, sin = np.cos(theta), np.sin(theta)
    along, across = dx * cos + dy * sin, -dx * sin + dy * cos
    envelope = np.exp(-0.5 * ((along / sigma_x) ** 2 + (across / sigma_y) ** 2))
    phase = 2 * np.pi * frequency * along
    return along, across, envelope, np.cos(phase), np.sin(phase)


def _basis(problem: Problem, geometry: Values) -> Values:
    """The functions that are weighted: (P, 2 or 3, N)."""
    _, _, envelope, cosine, sine = _waves(problem, geometry)
    rows = [envelope * cosine, envelope * sine]
    return np.stack([*rows, np.ones_like(envelope)] if problem.offset else rows, axis=1)


def _orthonormal(basis: Values) -> Values:
    """Gram-Schmidt, twice, over the few rows of each problem; a row that depends on others becomes 0."""
    rows: list[Values] = []
    for index in range(basis.shape[1]):
        row = basis[:, index]
        length = np.linalg.norm(row, axis=1, keepdims=True)
        for _ in range(2):
            for other in rows:
                row = row - (row * other).sum(axis=1, keepdims=True) * other
        left = np.linalg.norm(row, axis=1, keepdims=True)
        rows.append(np.where(left > 1e-7 * length, row / np.where(left > 0, left, 1), 0.0))
    return np.stack(rows, axis=1)


def _solve(basis: Values, targets: Values) -> Values:
    """Weights (P, C, M) of basis (P, M, N) that come closest to targets (P, C, N)."""
    gram = basis @ basis.transpose(0, 2, 1)
    ridge = 1e-12 * np.trace(gram, axis1=1, axis2=2)[:, None, None] * np.eye(basis.shape[1])
    return np.asarray(np.linalg.solve(gram + ridge, basis @ targets.transpose(0, 2, 1)).transpose(0, 2, 1))


def _errors(problem: Problem, which: NDArray[np.intp], geometry: Values) -> Values:
    """Squared error (P,) of `geometry` with the best weights."""
    targets = problem.targets[which]
    frame = _orthonormal(_basis(problem, geometry))
    return np.asarray((targets**2).sum(axis=(1, 2)) - ((targets @ frame.transpose(0, 2, 1)) ** 2).sum((1, 2)))


def _step(problem: Problem, which: NDArray[np.intp], geometry: Values, damping: Values) -> Values:
    """The geometry after one damped Gauss-Newton step; numbers at a bound that push outwards stay there."""
    targets = problem.targets[which]
    basis = _basis(problem, geometry)
    frame = _orthonormal(basis)
    residual = targets - (targets @ frame.transpose(0, 2, 1)) @ frame
    slopes = _slopes(problem, geometry, _solve(basis, targets))
    # Kaufman's simplification: the part of the slopes that the weights take up by themselves is left out.
    slopes = slopes - (slopes @ frame.transpose(0, 2, 1)[:, None]) @ frame[:, None]
    slopes = slopes.transpose(0, 2, 1, 3).reshape(len(which), 6, -1)
    gradient = (slopes @ residual.reshape(len(which), -1, 1))[:, :, 0]
    stuck = ((geometry <= problem.lowest) & (gradient < 0)) | ((geometry >= problem.highest) & (gradient > 0))
    slopes = np.where(stuck[:, :, None], 0.0, slopes)
    curvature = slopes @ slopes.transpose(0, 2, 1)
    scale = np.einsum("pii->pi", curvature)
    lift = damping[:, None] * scale + 1e-12 * scale.max(axis=1, keepdims=True) + 1e-300
    normal = curvature + lift[:, :, None] * np.eye(6)
    move = np.linalg.solve(normal, np.where(stuck, 0.0, gradient)[:, :, None])[:, :, 0]
    return np.clip(geometry + move, problem.lowest, problem.highest)


def _slopes(problem: Problem, geometry: Values, weights: Values) -> Values:
    """How the function changes with each number of the geometry, weights held: (P, C, 6, N)."""
    along, across, envelope, cosine, sine = _waves(problem, geometry)
    theta, sigma_x, sigma_y, frequency = (geometry[:, index, None] for index in range(THETA, 6))
    cos, sin = np.cos(theta), np.sin(theta)
    in_phase, quadrature = weights[:, :, 0, None], weights[:, :, 1, None]
    carried = in_phase * (envelope * cosine)[:, None] + quadrature * (envelope * sine)[:, None]
    turned = quadrature * (envelope * cosine)[:, None] - in_phase * (envelope * sine)[:, None]
    pace = 2 * np.pi * frequency[:, None]
    by_along = turned * pace - carried * (along / sigma_x**2)[:, None]
    by_across = -carried * (across / sigma_y**2)[:, None]
    return np.stack(
        [
            -by_along * cos[:, None] + by_across * sin[:, None],
            -by_along * sin[:, None] - by_across * cos[:, None],
            by_along * across[:, None] - by_across * along[:, None],
            carried * (along**2 / sigma_x**3)[:, None],
            carried * (across**2 / sigma_y**3)[:, None],
            turned * (2 * np.pi * along)[:, None],
        ],
        axis=2,
    )
