"""Colour of first-layer filters, from their weights alone.

Letters: F filters, C channels (3 = red, green, blue), H x W the window. A filter acts on pictures of 0..255
with the mean taken off. None of the measures depends on which column is called 0. A silent filter has no
colour to speak of: NaN.
"""

from __future__ import annotations

import numpy as np

from reproduction.analysis.patterns import Values, decompose, finite, positions

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
COLOURFUL, GREYISH = 0.75, 0.55  # cuts of the chromatic share for 11x11 kernels, outside the noise band
NORMAL_95 = 1.959964
GRATING_ANGLES, GRATING_FREQUENCIES = 18, 16  # the sweep of colour against luminance gratings
LUMINANCE_PREFERRING, COLOUR_PREFERRING = 0.5, 2.0  # cuts of that ratio


def colourfulness(kernels: Values) -> Values:
    """C1, chromatic energy fraction of each filter: kernels (F, 3, H, W) -> (F,) in [0, 1].

    1 - sum_x A(x)^2 / sum_(c,x) W_c(x)^2 with A(x) = sum_c W_c(x) / sqrt(3), the part along the grey axis.
    Grey filters give 0, red minus green gives 1, red alone 2/3. Random weights give 2/3 on average (95 % of
    11x11 kernels lie in 0.595..0.735), so "colourful" means above that band and "grey" means below it.
    """
    need_three_channels(kernels)
    weights = finite(kernels)
    grey = (weights.sum(axis=1) ** 2).sum(axis=(1, 2)) / 3
    energy = (weights**2).sum(axis=(1, 2, 3))
    share = np.clip(1 - grey / np.where(energy > 0, energy, 1), 0, 1)
    return np.where(energy > 0, share, np.nan)


def colour_cuts(pixels: int) -> tuple[float, float]:
    """C1 below which a filter of so many pixels is called grey, above which it is called coloured.

    0.55 and 0.75, or the ends of the band that holds 95 % of random filters where it is wider than that: the
    share of random weights is beta-distributed with parameters `pixels` and `pixels / 2`.
    """
    deviation = np.sqrt(2 / 9 / (1.5 * pixels + 1))
    low, high = (2 / 3 + side * NORMAL_95 * deviation for side in (-1, 1))
    return float(min(GREYISH, low)), float(max(COLOURFUL, high))


def colour_classes(kernels: Values) -> Values:
    """0 grey, 1 mixed, 2 coloured, by `colour_cuts`: (F,), NaN where a filter is silent."""
    low, high = colour_cuts(kernels.shape[2] * kernels.shape[3])
    shares = colourfulness(kernels)
    return np.where(np.isnan(shares), np.nan, (shares >= low).astype(float) + (shares > high))


def colour_axes(kernels: Values) -> Values:
    """C2, the colours each filter varies along most: (F, 3) of unit length.

    The sign is arbitrary: blue beside yellow and yellow beside blue share one axis.
    """
    need_three_channels(kernels)
    return decompose(kernels).axes


def hues_degrees(axes: Values) -> Values:
    """Hue of colour axes (..., 3) in [0, 180): atan2(sqrt(3) (G - B), 2 R - G - B).

    Red minus green gives 150. An axis that is grey has no hue: NaN.
    """
    red, green, blue = np.moveaxis(np.asarray(axes, np.float64), -1, 0)
    up, along = np.sqrt(3) * (green - blue), 2 * red - green - blue
    hue = np.degrees(np.arctan2(up, along)) % 180.0
    return np.where(np.hypot(up, along) > 1e-9, np.where(hue >= 180.0, 0.0, hue), np.nan)


def grey_angles_degrees(axes: Values) -> Values:
    """Angle between colour axes (..., 3) and grey, 0 (black and white) to 90 (colour of even brightness)."""
    lengths = np.linalg.norm(axes, axis=-1)
    along_grey = np.abs(np.sum(axes, axis=-1)) / (np.sqrt(3) * lengths)
    return np.asarray(np.degrees(np.arccos(np.minimum(1.0, along_grey))))


def colour_names(kernels: Values) -> list[str]:
    """The two ends of each filter's colour axis: one of HUE_NAMES, "light and dark" or, if silent, "none"."""
    axes = colour_axes(kernels)
    hues, angles = hues_degrees(axes), grey_angles_degrees(axes)
    return [colour_name(float(hue), float(angle)) for hue, angle in zip(hues, angles, strict=True)]


def colour_name(hue: float, grey_angle: float) -> str:
    """The name of a colour axis with that hue and that angle to grey, in degrees."""
    if np.isnan(grey_angle):
        return "none"
    if grey_angle < GREY_ANGLE_DEGREES or np.isnan(hue):
        return "light and dark"
    return HUE_NAMES[round(hue / 30) % len(HUE_NAMES)]


def chroma_drive(kernels: Values, crops: Values) -> Values:
    """C3, share of the chroma in what pictures do to each filter: (F,).

    Var(chroma drive) / (Var(chroma drive) + Var(luminance drive)) over `crops` (N, 3, H, W): pictures with
    the mean taken off, as large as the kernels. Luminance is the mean of a pixel's channels, chroma what is
    left. Much lower than C1, because pictures hold more luminance than chroma. NaN where nothing drives.
    """
    need_three_channels(kernels)
    if crops.shape[1:] != kernels.shape[1:]:
        raise ValueError(f"crops of shape {crops.shape} do not fit kernels of shape {kernels.shape}")
    pictures = crops.astype(np.float64)
    grey = np.broadcast_to(pictures.mean(axis=1, keepdims=True), pictures.shape)
    weights = finite(kernels).reshape(len(kernels), -1).T
    chroma = ((pictures - grey).reshape(len(crops), -1) @ weights).var(axis=0)
    luminance = (grey.reshape(len(crops), -1) @ weights).var(axis=0)
    total = chroma + luminance
    return np.where(total > 0, chroma / np.where(total > 0, total, 1), np.nan)


def equiluminant_ratio(kernels: Values) -> Values:
    """C5, largest answer to red-green gratings over largest answer to grey ones of equal contrast: (F,).

    18 orientations, 16 frequencies up to 0.5 cycles per pixel, every phase; both kinds of grating have unit
    length in red, green and blue, and the answer is taken before the rectifier. Below 0.5 a filter prefers
    luminance, above 2 colour; random filters lie about 1. Infinite where grey gratings do nothing.
    """
    need_three_channels(kernels)
    weights = finite(kernels)
    red_green = (weights[:, 0] - weights[:, 1]) / np.sqrt(2)
    grey = weights.sum(axis=1) / np.sqrt(3)
    colour, luminance = (_largest_answer(plane) for plane in (red_green, grey))
    ratio = np.where(luminance > 1e-9 * colour, colour / np.where(luminance > 0, luminance, 1), np.inf)
    return np.where((colour > 0) | (luminance > 0), ratio, np.nan)


def _largest_answer(planes: Values) -> Values:
    """Of planes (F, H, W), the largest answer to a grating of any orientation, frequency and phase."""
    angle = np.arange(GRATING_ANGLES)[:, None] * np.pi / GRATING_ANGLES
    frequency = np.arange(1, GRATING_FREQUENCIES + 1) / (2 * GRATING_FREQUENCIES)
    x, y = (side.ravel() for side in positions(*planes.shape[1:]))
    across, up = (frequency * np.cos(angle)).ravel(), (frequency * np.sin(angle)).ravel()
    waves = np.exp(-2j * np.pi * (np.outer(x, across) + np.outer(y, up)))
    return np.asarray(np.abs(planes.reshape(len(planes), -1) @ waves).max(axis=1))


def need_three_channels(kernels: Values) -> None:
    """ValueError unless `kernels` are (F, 3, H, W)."""
    if kernels.ndim != 4 or kernels.shape[1] != 3:
        raise ValueError(f"colour is defined for kernels of shape (F, 3, K, K), not {kernels.shape}")
