"""The colour measures give the values that their formulas promise."""

from __future__ import annotations

import numpy as np
import pytest

from reproduction.analysis.filters import (
    colour_axis,
    colour_name,
    colourfulness,
    grey_angle_degrees,
    hue_degrees,
    norms,
)

Y, X = np.mgrid[-5:6, -5:6]
GABOR = np.exp(-(X**2 + Y**2) / 12) * np.cos(0.9 * X)


def coloured(*weights: float) -> np.ndarray:
    """One filter (1, 3, 11, 11): the same pattern in each channel, times that channel's weight."""
    return np.stack([weight * GABOR for weight in weights])[None].astype(np.float32)


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
    assert colour_name(silent[0]) == "none"


def test_colour_needs_three_channels() -> None:
    with pytest.raises(ValueError, match=r"\(2, 1, 5, 5\)"):
        colourfulness(np.zeros((2, 1, 5, 5)))


def test_norm_is_the_euclidean_length() -> None:
    assert norms(np.full((2, 3, 2, 2), 0.5)) == pytest.approx([np.sqrt(3), np.sqrt(3)])


def test_colour_axis_is_the_channel_mixture_up_to_sign() -> None:
    axis = colour_axis(coloured(1, -1, 0)[0])
    assert np.abs(axis) == pytest.approx([np.sqrt(0.5), np.sqrt(0.5), 0], abs=1e-6)


@pytest.mark.parametrize(
    ("axis", "hue"), [((1, -1, 0), 150), ((-1, 1, 0), 150), ((1, 1, -1), 60), ((2, 0, 0), 0)]
)
def test_hue_is_known_modulo_half_a_turn(axis: tuple[float, ...], hue: float) -> None:
    assert hue_degrees(np.array(axis)) == pytest.approx(hue, abs=1e-6)


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
    assert colour_name(coloured(*weights)[0]) == name


def test_grey_angle_runs_from_grey_to_even_brightness() -> None:
    assert grey_angle_degrees(np.array([1.0, 1.0, 1.0])) == pytest.approx(0, abs=1e-4)
    assert grey_angle_degrees(np.array([1.0, -1.0, 0.0])) == pytest.approx(90)
