"""Spatial frequency of patterns: where their energy lies, how widely, and what a stride cannot carry.

Letters: F filters, H x W the window. Frequencies are in cycles per pixel; 0.5 is the finest a picture has.
Patterns are padded with zeros to 64 x 64 (larger windows to more) after their mean is taken off.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.patterns import Values, positions

SIDE = 64  # of the padded window; also the finest step of frequency is 1 / SIDE
LARGEST_WINDOW = 64  # pixels a side; nothing of space is measured in larger ones
ANGLES = 36  # wave directions, every 5 degrees of a half turn
FREQUENCIES = np.arange(1, SIDE // 2 + 1) / SIDE
FLOOR = 1e-12  # of the largest power: what is less counts as this when logarithms are taken


def wave_angles() -> Values:
    """The directions (36,) in which waves travel, radians from the x axis, counter-clockwise."""
    return np.arange(ANGLES) * np.pi / ANGLES


def polar_amplitudes(patterns: Values) -> Values:
    """Fourier amplitude by direction and frequency: patterns (F, H, W) -> (F, 36, 32).

    ValueError for windows of more than 64 pixels a side.
    """
    height, width = patterns.shape[1:]
    if max(height, width) > LARGEST_WINDOW:
        raise ValueError(f"windows of {height} x {width} pixels are larger than {LARGEST_WINDOW}")
    centred = patterns - patterns.mean(axis=(1, 2), keepdims=True)
    amplitudes = np.abs(centred.reshape(len(patterns), -1) @ _polar_waves(height, width))
    return np.asarray(amplitudes.reshape(-1, ANGLES, len(FREQUENCIES)))


@lru_cache(maxsize=8)
def _polar_waves(height: int, width: int) -> NDArray[np.complexfloating]:
    """Waves (H W, 36 * 32) of every direction and frequency. Not to be written to."""
    angles = wave_angles()[:, None]
    across, up = FREQUENCIES * np.cos(angles), FREQUENCIES * np.sin(angles)
    x, y = (side.ravel() for side in positions(height, width))
    waves = np.exp(-2j * np.pi * (np.outer(x, across) + np.outer(y, up)))
    waves.flags.writeable = False
    return np.asarray(waves)


def power(patterns: Values) -> tuple[Values, Values]:
    """Power (F, S, S) of patterns whose mean is taken off, and each place's distance from 0 (S, S)."""
    side = max(SIDE, 2 ** int(np.ceil(np.log2(2 * max(patterns.shape[1:])))))
    centred = patterns - patterns.mean(axis=(1, 2), keepdims=True)
    steps = np.fft.fftfreq(side)
    return np.abs(np.fft.fft2(centred, (side, side))) ** 2, np.hypot(steps[:, None], steps)


def peak_places(amplitudes: Values) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Direction and frequency, as places in `polar_amplitudes`, of the largest amplitude of each filter."""
    flat = amplitudes.reshape(len(amplitudes), -1).argmax(axis=1)
    return flat // amplitudes.shape[2], flat % amplitudes.shape[2]


def peak_frequencies(amplitudes: Values) -> Values:
    """F1, frequency of the largest amplitude in any direction, 0 left out: (F,)."""
    _, place = peak_places(amplitudes)
    return np.where(_alive(amplitudes), FREQUENCIES[place], np.nan)


def centroid_frequencies(powers: Values, radii: Values) -> Values:
    """F2, mean frequency weighted by power: (F,)."""
    total = powers.sum(axis=(1, 2))
    return _share((powers * radii).sum(axis=(1, 2)), total)


def bandwidths_octaves(patterns: Values, amplitudes: Values) -> Values:
    """F3, log2(f_high / f_low) at half the peak amplitude, in the direction of the peak: (F,).

    The mean is left in, so a pattern whose amplitude does not fall to half below its peak is low-pass: NaN;
    NaN too where it does not fall to half before 0.5.
    """
    directions, peaks = peak_places(amplitudes)
    grid = np.concatenate([[0.0], FREQUENCIES])
    x, y = (side.ravel() for side in positions(*patterns.shape[1:]))
    found = np.full(len(patterns), np.nan)
    for direction in np.unique(directions):
        angle = wave_angles()[direction]
        waves = np.exp(-2j * np.pi * np.outer(np.cos(angle) * x + np.sin(angle) * y, grid))
        chosen = np.flatnonzero(directions == direction)
        curves = np.abs(patterns[chosen].reshape(len(chosen), -1) @ waves)
        found[chosen] = [
            _octaves(curve, grid, peak + 1) for curve, peak in zip(curves, peaks[chosen], strict=True)
        ]
    return found


def _octaves(curve: Values, grid: Values, peak: int) -> float:
    """log2 of the frequencies on both sides of `peak` where the curve has fallen to half."""
    half = curve[peak] / 2
    below = [k for k in range(peak) if curve[k] <= half]
    above = [k for k in range(peak + 1, len(curve)) if curve[k] <= half]
    if not below or not above:
        return float("nan")
    low, high = below[-1], above[0]
    f_low = np.interp(half, curve[[low, low + 1]], grid[[low, low + 1]])
    f_high = np.interp(half, curve[[high, high - 1]], grid[[high, high - 1]])
    return float(np.log2(f_high / f_low)) if f_low > 0 else float("nan")


def gabor_bandwidth_octaves(n_x: Values) -> Values:
    """The same of a Gabor function with n_x = sigma_x f; NaN where it is low-pass (n_x up to 0.187)."""
    k = np.sqrt(2 * np.log(2)) / (2 * np.pi)
    return np.where(n_x > k, np.log2((n_x + k) / np.where(n_x > k, n_x - k, 1)), np.nan)


def aliasing_shares(powers: Values, radii: Values, stride: int) -> Values:
    """F4, share of the power above 1 / (2 stride), which steps of `stride` pixels cannot carry: (F,).

    With stride 1 every pixel is seen: 0.
    """
    total = powers.sum(axis=(1, 2))
    lost = (powers * (radii > 1 / (2 * stride))).sum(axis=(1, 2)) if stride > 1 else 0 * total
    return _share(lost, total)


def flatness(powers: Values, radii: Values) -> Values:
    """F5, geometric over arithmetic mean of the power, 0 left out: (F,); white noise 0.56, a wave near 0."""
    kept = powers[:, radii > 0]
    largest = kept.max(axis=1, keepdims=True, initial=0)
    raised = np.maximum(kept, FLOOR * largest)
    logs = np.log(np.where(raised > 0, raised, np.nan)).mean(axis=1)
    return _share(np.exp(logs), raised.mean(axis=1))


def _alive(amplitudes: Values) -> NDArray[np.bool_]:
    """Which filters vary at all over space."""
    return np.asarray(amplitudes.max(axis=(1, 2), initial=0) > 1e-12)


def _share(part: Values, whole: Values) -> Values:
    """part / whole; NaN where there is nothing to share (a pattern that is even, or silent)."""
    usable = whole > 1e-24
    return np.where(usable, part / np.where(usable, whole, 1), np.nan)
