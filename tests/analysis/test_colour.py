"""The colour measures give the values that their formulas promise."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_filters import coloured as tinted
from drawn_filters import gabor, noise

from reproduction.analysis.colour import (
    chroma_drive,
    colour_axes,
    colour_classes,
    colour_cuts,
    colour_names,
    colourfulness,
    equiluminant_ratio,
    grey_angles_degrees,
    hues_degrees,
)
from reproduction.analysis.patterns import decompose

GABOR = gabor(frequency=0.9 / (2 * np.pi), sigma=(6**0.5, 6**0.5))


def coloured(*weights: float) -> np.ndarray:
    """One filter (1, 3, 11, 11) of one pattern."""
    return tinted(GABOR, *weights)


@pytest.mark.parametrize(
    ("weights", "expected"), [((1, 1, 1), 0), ((1, -1, 0), 1), ((1, 0, 0), 2 / 3), ((0, 0, -2), 2 / 3)]
)
def test_colourfulness_of_pure_patterns(weights: tuple[float, ...], expected: float) -> None:
    assert colourfulness(coloured(*weights))[0] == pytest.approx(expected, abs=1e-6)


def test_random_filters_are_two_thirds_colour() -> None:
    values = colourfulness(np.random.default_rng(5).standard_normal((4000, 3, 11, 11)))
    assert values.mean() == pytest.approx(2 / 3, abs=0.005)
    low, high = np.quantile(values, [0.025, 0.975])
    assert (low, high) == (pytest.approx(0.595, abs=0.01), pytest.approx(0.735, abs=0.01))


def test_colourfulness_does_not_depend_on_strength() -> None:
    kernel = np.random.default_rng(1).standard_normal((1, 3, 5, 5))
    assert colourfulness(kernel * 1e-4) == pytest.approx(colourfulness(kernel))


def test_a_filter_of_zeros_has_no_colour() -> None:
    silent = np.zeros((1, 3, 5, 5), np.float32)
    assert np.isnan(colourfulness(silent)[0])
    assert np.isnan(colour_classes(silent)[0])
    assert colour_names(silent) == ["none"]


def test_colour_needs_three_channels() -> None:
    with pytest.raises(ValueError, match=r"\(2, 1, 5, 5\)"):
        colourfulness(np.zeros((2, 1, 5, 5)))


def test_colour_axis_is_the_channel_mixture_up_to_sign() -> None:
    axis = colour_axes(coloured(1, -1, 0))[0]
    assert np.abs(axis) == pytest.approx([np.sqrt(0.5), np.sqrt(0.5), 0], abs=1e-6)


@pytest.mark.parametrize(
    ("axis", "hue"), [((1, -1, 0), 150), ((-1, 1, 0), 150), ((1, 1, -1), 60), ((2, 0, 0), 0)]
)
def test_hue_is_known_modulo_half_a_turn(axis: tuple[float, ...], hue: float) -> None:
    assert float(hues_degrees(np.array(axis, float))) == pytest.approx(hue, abs=1e-6)


@pytest.mark.parametrize(
    ("weights", "name"),
    [
        ((1, 1, 1), "light and dark"),
        ((-1, -1, -1), "light and dark"),
        ((1, -1, 0), "rose and sea green"),
        ((0.5, 0.5, -1), "yellow and blue"),
        ((-1, 0.5, 0.5), "red and cyan"),
    ],
)
def test_colour_names(weights: tuple[float, ...], name: str) -> None:
    assert colour_names(coloured(*weights)) == [name]


def test_grey_angle_runs_from_grey_to_even_brightness() -> None:
    assert grey_angles_degrees(np.array([1.0, 1.0, 1.0])) == pytest.approx(0, abs=1e-4)
    assert grey_angles_degrees(np.array([1.0, -1.0, 0.0])) == pytest.approx(90)


def test_one_colour_times_one_pattern_is_separable() -> None:
    drawn = np.concatenate([coloured(1, -1, 0), coloured(0.2, 0.9, -0.4)])
    assert decompose(drawn).separability == pytest.approx([1, 1], abs=1e-6)


def test_a_grey_axis_has_no_hue() -> None:
    assert np.isnan(hues_degrees(np.array([1.0, 1.0, 1.0])))


def test_filters_are_called_coloured_only_above_what_random_ones_reach() -> None:
    assert colour_cuts(121) == (0.55, 0.75)
    for side in (3, 5, 7):
        low, high = colour_cuts(side * side)
        shares = colourfulness(np.random.default_rng(side).standard_normal((4000, 3, side, side)))
        assert ((shares < low) | (shares > high)).mean() == pytest.approx(0.05, abs=0.02)
    drawn = np.concatenate([coloured(1, 1, 1), coloured(1, -1, 0), coloured(1, 0, 0)])
    assert colour_classes(drawn).tolist() == [0, 2, 1]


def test_pictures_with_little_chroma_drive_a_filter_by_their_luminance() -> None:
    random = np.random.default_rng(3)
    grey = random.standard_normal((400, 1, 11, 11)).repeat(3, axis=1)
    chroma = random.standard_normal((400, 3, 11, 11))
    chroma -= chroma.mean(axis=1, keepdims=True)
    red_only = coloured(1, 0, 0)
    assert chroma_drive(red_only, grey)[0] == pytest.approx(0)
    assert chroma_drive(red_only, chroma)[0] == pytest.approx(1)
    mixed = chroma_drive(red_only, grey + 0.2 * chroma)[0]
    # Of a red filter's drive, chroma of unit channels has variance 2/3, luminance 1.
    assert mixed == pytest.approx(0.2**2 * 2 / 3 / (1 + 0.2**2 * 2 / 3), rel=0.3)


def test_gratings_of_colour_against_grey_ones() -> None:
    assert equiluminant_ratio(coloured(1, 1, 1))[0] == pytest.approx(0, abs=1e-6)
    assert equiluminant_ratio(coloured(1, -1, 0))[0] > 1e6
    assert equiluminant_ratio(coloured(1, 0, 0))[0] == pytest.approx(np.sqrt(3 / 2), rel=1e-6)
    random = equiluminant_ratio(noise(1, 900).reshape(300, 3, 11, 11))
    assert np.median(random) == pytest.approx(1, abs=0.05)
