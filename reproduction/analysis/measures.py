"""Every measure of first-layer filters that is quick to compute, in one table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from reproduction.analysis import colour, orientation, spectrum
from reproduction.analysis.first_layers import Block
from reproduction.analysis.gabor import GaborFits
from reproduction.analysis.patterns import Values, dead, decompose, norms
from reproduction.analysis.symmetry import even_shares

Table = dict[str, Values]
"""Name of a measure to its values (F,), NaN where it is not defined."""


@dataclass(frozen=True)
class Measure:
    """What the values of a measure are."""

    name: str
    unit: str = ""
    """"", "degrees", "cycles per pixel", "octaves", "pixels" or "radians"."""
    circular: bool = False
    """Angles modulo 180 degrees: compared as directions."""
    tested: bool = True
    """Whether the halves of a network are compared in it; flags are for sorting and badges alone."""


MEASURES = (
    Measure("colour"),  # C1
    Measure("separability"),  # C2
    Measure("hue", "degrees", circular=True),
    Measure("grey_angle", "degrees"),
    Measure("equiluminant"),  # C5
    Measure("orientation_amplitude"),  # O1
    Measure("orientation_power"),
    Measure("coherence"),  # O2
    Measure("half_width", "degrees"),  # O3
    Measure("bar_angle", "degrees", circular=True),
    Measure("peak_frequency", "cycles per pixel"),  # F1
    Measure("mean_frequency", "cycles per pixel"),  # F2
    Measure("bandwidth", "octaves"),  # F3
    Measure("aliasing"),  # F4
    Measure("flatness"),  # F5
    Measure("even_share"),  # P1
    Measure("norm"),
    Measure("colour_class", tested=False),  # 0 grey, 1 mixed, 2 coloured
    Measure("oriented", tested=False),  # 1 above 95 % of noise of the same mean frequency
    Measure("dead", tested=False),  # F6
)
GABOR_MEASURES = (
    Measure("gabor_r2"),  # adjusted
    Measure("gabor_frequency", "cycles per pixel"),
    Measure("gabor_n_x"),
    Measure("gabor_n_y"),
    Measure("gabor_phase", "radians"),  # P2, folded
    Measure("gabor_like", tested=False),
)
SPATIAL = (
    "orientation_amplitude",
    "orientation_power",
    "coherence",
    "half_width",
    "bar_angle",
    "peak_frequency",
    "mean_frequency",
    "bandwidth",
    "aliasing",
    "flatness",
    "even_share",
    "oriented",
)
NUMBERS_AT_ONCE = 2**22  # in the padded windows in memory together
BY_NAME = {measure.name: measure for measure in (*MEASURES, *GABOR_MEASURES)}


def measure(kernels: Values, stride: int = 1) -> Table:
    """All of MEASURES for kernels (F, C, H, W) that step over the picture by `stride` pixels.

    Measures of colour are NaN unless there are three channels, measures of space in windows of more than 64
    pixels a side. Every filter is measured by itself but for "dead", which compares lengths within `kernels`.
    """
    count, channels, height, width = kernels.shape
    split = decompose(kernels)
    most = max(1, NUMBERS_AT_ONCE // (4 * max(height, width, spectrum.SIDE // 2) ** 2))
    parts = [_spatial(split.patterns[k : k + most], stride) for k in range(0, max(count, 1), most)]
    return {
        **_colours(kernels, split.axes),
        "separability": split.separability if channels > 1 else np.full(count, np.nan),
        **{name: np.concatenate([part[name] for part in parts]) for name in parts[0]},
        "norm": norms(kernels),
        "dead": dead(kernels).astype(np.float64),
    }


def _spatial(patterns: Values, stride: int) -> Table:
    """Measures of patterns (F, H, W)."""
    if max(patterns.shape[1:]) > spectrum.LARGEST_WINDOW:
        return {name: np.full(len(patterns), np.nan) for name in SPATIAL}
    alive = np.nan_to_num(spectrum.polar_amplitudes(patterns))
    powers, radii = spectrum.power(patterns)
    of_peak, of_power = orientation.amplitude_curves(alive), orientation.power_curves(alive)
    centroids = spectrum.centroid_frequencies(powers, radii)
    selectivity = orientation.selectivities(of_peak)
    values = (
        selectivity,
        orientation.selectivities(of_power),
        orientation.coherences(patterns),
        orientation.half_widths_degrees(of_peak),
        orientation.bar_angles_degrees(of_power),
        spectrum.peak_frequencies(alive),
        centroids,
        spectrum.bandwidths_octaves(patterns, alive),
        spectrum.aliasing_shares(powers, radii, stride),
        spectrum.flatness(powers, radii),
        even_shares(patterns),
        orientation.selective(patterns, selectivity, centroids),
    )
    return dict(zip(SPATIAL, values, strict=True))


def _colours(kernels: Values, axes: Values) -> Table:
    names = ("colour", "hue", "grey_angle", "equiluminant", "colour_class")
    if kernels.shape[1] != 3:
        return {name: np.full(len(kernels), np.nan) for name in names}
    values = (
        colour.colourfulness(kernels),
        colour.hues_degrees(axes),
        colour.grey_angles_degrees(axes),
        colour.equiluminant_ratio(kernels),
        colour.colour_classes(kernels),
    )
    return dict(zip(names, values, strict=True))


def gabor_table(fits: GaborFits) -> Table:
    """GABOR_MEASURES of fits."""
    return {
        "gabor_r2": fits.adjusted_r2,
        "gabor_frequency": fits.frequency,
        "gabor_n_x": fits.n_x,
        "gabor_n_y": fits.n_y,
        "gabor_phase": fits.folded_phase,
        "gabor_like": fits.gabor_like,
    }


def measure_blocks(blocks: Sequence[Block]) -> Table:
    """All of MEASURES, block after block: (F,) each."""
    tables = [measure(block.kernels, block.stride) for block in blocks]
    return {name.name: np.concatenate([table[name.name] for table in tables]) for name in MEASURES}


def comparable(name: str, table: Mapping[str, Values]) -> Values:
    """The values of a measure that two halves may be compared in: (F,), others NaN.

    Hue only where the colour axis is not nearly grey, the angle of bars and a Gabor function's numbers only
    where there are bars; the equiluminant ratio as a share of 1, so that infinity counts.
    """
    values = table[name]
    if name == "hue":
        return np.where(table["grey_angle"] >= colour.GREY_ANGLE_DEGREES, values, np.nan)
    if name == "bar_angle":
        return np.where(table["oriented"] == 1, values, np.nan)
    if name in ("gabor_frequency", "gabor_n_x", "gabor_n_y", "gabor_phase"):
        return np.where(table["gabor_like"] == 1, values, np.nan)
    if name == "equiluminant":
        return 1 - 1 / (1 + values)
    return values
