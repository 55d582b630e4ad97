"""What of a filter is space and what is colour: kernels split into a spatial pattern and a colour axis.

Letters: F filters, C channels (3 = red, green, blue; 1 = grey), H x W the window. A filter that is silent
(all zeros) or not finite has no pattern: NaN here and in everything that is made from it. Positions count
from the window's centre, x to the right and y upwards, in pixels, so that angles turn as in a drawing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]

DEAD_SHARE = 0.1  # a filter shorter than this share of the layer's median length is dead


@dataclass(frozen=True)
class Decomposition:
    """M = sum_k s_k a_k v_k^T, the singular value decomposition of each filter's C x (H W) matrix."""

    axes: Values
    """(F, C): the colours a filter varies along most, a_1, unit length."""
    patterns: Values
    """(F, H, W): v_1, unit length; the weight of largest size is positive, which fixes a_1's sign."""
    separability: Values
    """(F,): s_1^2 / sum s_k^2; 1 where the filter is one colour axis times one pattern."""


def decompose(kernels: Values) -> Decomposition:
    """Splits kernels (F, C, H, W) of any number of channels."""
    weights = finite(kernels)
    count, channels, height, width = weights.shape
    left, strengths, right = np.linalg.svd(weights.reshape(count, channels, -1), full_matrices=False)
    pattern, axis = right[:, 0], left[:, :, 0]
    largest = np.take_along_axis(pattern, np.abs(pattern).argmax(axis=1)[:, None], axis=1)
    sign = np.where(largest < 0, -1.0, 1.0)
    energy = (strengths**2).sum(axis=1)
    silent = (energy == 0)[:, None]
    return Decomposition(
        axes=np.where(silent, np.nan, axis * sign),
        patterns=np.where(silent, np.nan, pattern * sign).reshape(count, height, width),
        separability=np.where(energy > 0, strengths[:, 0] ** 2 / np.where(energy > 0, energy, 1), np.nan),
    )


def norms(kernels: Values) -> Values:
    """Euclidean length of each filter: kernels (F, C, H, W) -> (F,)."""
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    return np.asarray(np.linalg.norm(flat, axis=1))


def dead(kernels: Values) -> NDArray[np.bool_]:
    """Which filters are shorter than a tenth of the layer's median length (F6 by weights)."""
    lengths = norms(kernels)
    return np.asarray((lengths < DEAD_SHARE * np.median(lengths)) | (lengths == 0))


def shuffled_pixels(kernels: Values, seed: int = 0) -> Values:
    """A surrogate: each filter's pixels in random places, colours staying together."""
    random = np.random.default_rng(seed)
    count, channels, height, width = kernels.shape
    order = random.permuted(np.tile(np.arange(height * width), (count, 1)), axis=1)
    flat = kernels.reshape(count, channels, -1)
    return np.take_along_axis(flat, order[:, None, :], axis=2).reshape(kernels.shape)


def finite(kernels: Values) -> Values:
    """The kernels in float64; a filter with weights that are not finite becomes silent."""
    if kernels.ndim != 4:
        raise ValueError(f"filters are arrays of shape (F, C, H, W), not {kernels.shape}")
    weights = kernels.astype(np.float64)
    broken = ~np.isfinite(weights).all(axis=(1, 2, 3))
    weights[broken] = 0
    return weights


def positions(height: int, width: int) -> tuple[Values, Values]:
    """x and y (H, W) of each pixel from the window's centre, y upwards."""
    rows, columns = np.mgrid[0:height, 0:width]
    return columns - (width - 1) / 2, (height - 1) / 2 - rows
