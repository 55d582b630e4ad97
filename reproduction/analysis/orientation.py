"""Orientation of patterns: how selective, how narrow, and whether directions are spread evenly.

All from R, the answer by wave direction theta_k = k pi / 36. Bars stand at right angles to the wave: their
orientation is given, in degrees from horizontal, counter-clockwise.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from reproduction.analysis.patterns import Values
from reproduction.analysis.spectrum import (
    centroid_frequencies,
    peak_places,
    polar_amplitudes,
    power,
    wave_angles,
)

NOISE_BLURS = (0.0, 0.4, 0.7, 1.0, 1.4, 2.0, 3.0)  # standard deviations in pixels of the noise compared with
NOISE_TILES = 400
SELECTIVE_QUANTILE = 0.95


def amplitude_curves(amplitudes: Values) -> Values:
    """R by direction at the frequency of the largest amplitude: (F, 36)."""
    _, frequency = peak_places(amplitudes)
    return np.take_along_axis(amplitudes, frequency[:, None, None], axis=2)[:, :, 0]


def power_curves(amplitudes: Values) -> Values:
    """R by direction as power summed over frequency: (F, 36)."""
    return np.asarray((amplitudes**2).sum(axis=2))


def selectivities(curves: Values) -> Values:
    """O1, one minus circular variance: |sum R e^(2 i theta)| / sum R, 0 (every direction) to 1: (F,).

    An 11x11 window is too small for textbook values: a grating of one cycle reaches about 0.4 by amplitude,
    and random weights reach 0.34 in one of twenty.
    """
    total = curves.sum(axis=1)
    vector = np.abs(curves @ np.exp(2j * wave_angles()))
    return np.where(total > 1e-12, vector / np.where(total > 1e-12, total, 1), np.nan)


def bar_angles_degrees(curves: Values) -> Values:
    """Orientation of the bars in [0, 180), 0 lying and 90 standing: (F,); NaN where none stands out."""
    vector = curves @ np.exp(2j * wave_angles())
    usable = np.abs(vector) > 1e-9 * curves.sum(axis=1)
    angle = (np.degrees(np.angle(vector)) / 2 + 90) % 180
    return np.where(usable, np.where(angle >= 180, 0.0, angle), np.nan)


def half_widths_degrees(curves: Values) -> Values:
    """O3, half of the width of R at 1 / sqrt(2) of its peak, R interpolated to 1 degree: (F,).

    NaN where the curve never falls below that.
    """
    known = np.degrees(wave_angles())
    fine = np.arange(180.0)
    return np.array([_half_width(np.interp(fine, known, curve, period=180)) for curve in curves])


def _half_width(curve: Values) -> float:
    rolled = np.roll(curve, -int(curve.argmax()))
    low = np.flatnonzero(rolled < rolled[0] / np.sqrt(2))
    if not len(low):
        return float("nan")
    return float((low[0] + (180 - low[-1])) / 2)


def coherences(patterns: Values) -> Values:
    """O2, (l1 - l2) / (l1 + l2) of the structure tensor sum grad p grad p^T: (F,), without any transform."""
    if min(patterns.shape[1:]) < 2:
        return np.full(len(patterns), np.nan)
    down, across = np.gradient(patterns, axis=(1, 2))
    xx, yy, xy = ((a * b).sum(axis=(1, 2)) for a, b in ((across, across), (down, down), (across, down)))
    trace = xx + yy
    return np.where(trace > 1e-24, np.hypot(xx - yy, 2 * xy) / np.where(trace > 1e-24, trace, 1), np.nan)


def rayleigh(angles_degrees: Values, draws: int = 9999, seed: int = 0) -> tuple[float, float]:
    """O4, whether orientations are spread evenly: z = n |mean e^(2 i angle)|^2, and p.

    p = (b + 1) / (draws + 1) with b of `draws` sets of n angles, drawn evenly over a half turn, that have as
    large a z. NaN angles are left out; without any, both are NaN.
    """
    angles = np.radians(angles_degrees[np.isfinite(angles_degrees)])
    count = len(angles)
    if not count:
        return float("nan"), float("nan")
    z = count * abs(np.exp(2j * angles).mean()) ** 2
    drawn = np.random.default_rng(seed).uniform(0, 2 * np.pi, (draws, count))
    null = count * np.abs(np.exp(1j * drawn).mean(axis=1)) ** 2
    return float(z), float(((null >= z).sum() + 1) / (draws + 1))


def selective(patterns: Values, selectivity: Values, centroids: Values) -> Values:
    """Which patterns are oriented: 1 or 0, NaN where silent: (F,).

    Those whose selectivity by amplitude is above that of 95 % of smooth noise of the same mean frequency.
    """
    if max(patterns.shape[1:]) < 2:
        return np.full(len(patterns), np.nan)
    frequencies, limits = _noise_limits(patterns.shape[1], patterns.shape[2])
    limit = np.interp(centroids, frequencies, limits)
    return np.where(np.isnan(selectivity), np.nan, (selectivity > limit).astype(float))


@lru_cache(maxsize=16)
def _noise_limits(height: int, width: int) -> tuple[Values, Values]:
    """Mean frequency of noise blurred more and more, ascending, and the selectivity that 95 % stay below."""
    random = np.random.default_rng(0)
    found = []
    for blur in NOISE_BLURS:
        tiles = smooth_noise(random, NOISE_TILES, height, width, blur)
        level = selectivities(amplitude_curves(polar_amplitudes(tiles)))
        found.append(
            (np.nanmean(centroid_frequencies(*power(tiles))), np.nanquantile(level, SELECTIVE_QUANTILE))
        )
    frequencies, limits = np.array(sorted(found)).T
    return frequencies, limits


def smooth_noise(random: np.random.Generator, count: int, height: int, width: int, blur: float) -> Values:
    """Gaussian noise (count, H, W) blurred with a Gaussian of `blur` pixels, cut from larger pictures."""
    reach = int(4 * blur + 0.5)
    tiles = random.standard_normal((count, height + 2 * reach, width + 2 * reach))
    if not reach:
        return tiles
    offsets = np.arange(-reach, reach + 1)
    kernel = np.exp(-(offsets**2) / (2 * blur**2))
    kernel /= kernel.sum()
    for axis in (1, 2):
        windows = np.lib.stride_tricks.sliding_window_view(tiles, len(kernel), axis=axis)
        tiles = windows @ kernel
    return np.asarray(tiles)
