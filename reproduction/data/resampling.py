"""Scaling as the original's data makers did it: area averages when shrinking, cubic when enlarging.

Letters: H, W rows and columns of the source, C channels, T taps (source pixels that make one target pixel).
Written out instead of borrowed from Pillow, whose box filter takes every source pixel whole or not at all
and whose cubic has another slope (-0.5; OpenCV's, which the original used, is -0.75).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Pixels = npt.NDArray[np.uint8]
Taps = tuple[npt.NDArray[np.intp], npt.NDArray[np.float32]]

CUBIC_SLOPE = -0.75  # OpenCV's INTER_CUBIC


def resample(pixels: Pixels, size: tuple[int, int], window: tuple[int, int, int, int]) -> Pixels:
    """The part `window` = (top, left, height, width) of `pixels` (H, W, C) scaled to `size` (rows, columns).

    Only the window is computed, so a picture of 1 x 100,000 pixels costs no more than a square one.
    """
    top, left, height, width = window
    rows = _taps(pixels.shape[0], size[0], top, height)
    columns, weights = _taps(pixels.shape[1], size[1], left, width)
    first, last = int(columns.min()), int(columns.max()) + 1
    channels = pixels.shape[2]
    seen = np.ascontiguousarray(pixels[:, first:last])
    tall = _combine(seen.reshape(len(seen), -1), rows).reshape(height, last - first, channels)
    # Columns become rows, so that both passes add up whole rows of contiguous memory.
    turned = np.ascontiguousarray(tall.transpose(1, 2, 0)).reshape(last - first, -1)
    scaled = _combine(turned, (columns - first, weights)).reshape(width, channels, height)
    np.clip(np.rint(scaled, out=scaled), 0, 255, out=scaled)
    return np.ascontiguousarray(scaled.astype(np.uint8).transpose(2, 0, 1))


def _combine(source: npt.NDArray[np.uint8] | npt.NDArray[np.float32], taps: Taps) -> npt.NDArray[np.float32]:
    """Weighted sums of rows: (rows, values) -> float32 (targets, values)."""
    indices, weights = taps
    total: npt.NDArray[np.float32] = source[indices[:, 0]] * weights[:, 0, None]
    for tap in range(1, indices.shape[1]):
        total += source[indices[:, tap]] * weights[:, tap, None]
    return total


def _taps(source: int, target: int, start: int, count: int) -> Taps:
    """Indices and weights (count, T) of the targets start … start + count - 1 of one axis."""
    positions = np.arange(start, start + count, dtype=np.float64)
    scale = source / target
    if scale > 1:
        return _area_taps(positions, scale, source)
    if scale < 1:
        return _cubic_taps(positions, scale, source)
    return positions.astype(np.intp)[:, None], np.ones((count, 1), np.float32)


def _area_taps(positions: npt.NDArray[np.float64], scale: float, source: int) -> Taps:
    """Each target pixel covers `scale` source pixels; a pixel weighs as much as is covered of it."""
    begin, end = positions * scale, (positions + 1) * scale
    indices = np.floor(begin)[:, None] + np.arange(int(np.ceil(scale)) + 1)
    covered = np.minimum(indices + 1, end[:, None]) - np.maximum(indices, begin[:, None])
    weights = np.maximum(covered, 0) / scale
    return np.minimum(indices, source - 1).astype(np.intp), weights.astype(np.float32)


def _cubic_taps(positions: npt.NDArray[np.float64], scale: float, source: int) -> Taps:
    """Cubic convolution over the four nearest source pixels; beyond the border the outermost is repeated."""
    centre = (positions + 0.5) * scale - 0.5
    indices = np.floor(centre)[:, None] + np.arange(-1, 3)
    distance = np.abs(centre[:, None] - indices)
    a = CUBIC_SLOPE
    near = (a + 2) * distance**3 - (a + 3) * distance**2 + 1
    far = a * (distance**3 - 5 * distance**2 + 8 * distance - 4)
    weights = np.where(distance <= 1, near, far)
    return np.clip(indices, 0, source - 1).astype(np.intp), weights.astype(np.float32)
