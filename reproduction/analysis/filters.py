"""Measures of first-layer filters, from their weights alone.

Letters: F filters, C channels (3 = red, green, blue), K kernel size. A filter acts on pictures of 0..255 with
the mean taken off. None of the measures depends on which column is called 0.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]

GREY_ANGLE_DEGREES = 25.0  # colour axes nearer to grey than this are called "light and dark"
# Opposite ends of the colour axis every 30 degrees of hue, from red; hue is known modulo 180 degrees only.
HUE_NAMES = (
    "red and cyan",
    "orange and sky blue",
    "yellow and blue",
    "lime and violet",
    "green and magenta",
    "rose and sea green",
)


def norms(kernels: Values) -> Values:
    """Euclidean length of each filter: kernels (F, C, K, K) -> (F,)."""
    flat = kernels.reshape(len(kernels), -1).astype(np.float64)
    return np.asarray(np.linalg.norm(flat, axis=1))


def colourfulness(kernels: Values) -> Values:
    """Chromatic energy fraction of each filter: kernels (F, 3, K, K) -> (F,) in [0, 1].

    1 - sum_x A(x)^2 / sum_(c,x) W_c(x)^2 with A(x) = sum_c W_c(x) / sqrt(3), the part along the grey axis.
    Grey filters give 0, red minus green gives 1, red alone 2/3. Random weights give 2/3 on average (95 % of
    11x11 kernels lie in 0.595..0.735), so "colourful" means above that band and "grey" means below it.
    A filter of zeros has no colour to speak of: NaN.
    """
    _need_three_channels(kernels)
    weights = kernels.astype(np.float64)
    grey = (weights.sum(axis=1) ** 2).sum(axis=(1, 2)) / 3
    energy = (weights**2).sum(axis=(1, 2, 3))
    return np.where(energy > 0, 1 - grey / np.where(energy > 0, energy, 1), np.nan)


def colour_axis(kernel: Values) -> Values:
    """The colour a filter varies along most: first left singular vector of its 3 x K^2 matrix, unit (3,).

    Its sign is arbitrary: blue beside yellow and yellow beside blue share one axis.
    """
    _need_three_channels(kernel[None])
    left, _, _ = np.linalg.svd(kernel.reshape(3, -1).astype(np.float64), full_matrices=False)
    return np.asarray(left[:, 0])


def hue_degrees(axis: Values) -> float:
    """Hue of a colour axis in [0, 180): atan2(sqrt(3) (G - B), 2 R - G - B); red minus green gives 150."""
    red, green, blue = (float(value) for value in axis)
    angle = np.degrees(np.arctan2(np.sqrt(3) * (green - blue), 2 * red - green - blue))
    return float(angle % 180.0)


def grey_angle_degrees(axis: Values) -> float:
    """Angle between a colour axis and grey, 0 (black and white) to 90 (colour of even brightness)."""
    along_grey = abs(float(np.sum(axis))) / (np.sqrt(3) * float(np.linalg.norm(axis)))
    return float(np.degrees(np.arccos(min(1.0, along_grey))))


def colour_name(kernel: Values) -> str:
    """The two ends of the filter's colour axis in words; "light and dark" when the axis is nearly grey."""
    if not np.any(kernel):
        return "none"
    axis = colour_axis(kernel)
    if grey_angle_degrees(axis) < GREY_ANGLE_DEGREES:
        return "light and dark"
    return HUE_NAMES[round(hue_degrees(axis) / 30) % len(HUE_NAMES)]


def _need_three_channels(kernels: Values) -> None:
    if kernels.ndim != 4 or kernels.shape[1] != 3:
        raise ValueError(f"colour is defined for kernels of shape (F, 3, K, K), not {kernels.shape}")
