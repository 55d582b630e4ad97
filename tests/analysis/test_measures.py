"""The table of measures holds for any first layer: what is not defined is NaN and nothing warns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from drawn_filters import coloured, gabor, halves_as_weights, random_kernels, two_column_network

from reproduction.analysis import measures
from reproduction.analysis.first_layers import blocks_of
from reproduction.analysis.gabor import fit_gabors
from reproduction.analysis.measures import (
    BY_NAME,
    GABOR_MEASURES,
    MEASURES,
    SPATIAL,
    comparable,
    gabor_table,
    measure,
    measure_blocks,
)

COLOUR = {"colour", "hue", "grey_angle", "equiluminant", "colour_class"}


@pytest.mark.parametrize(
    ("channels", "side", "stride"),
    [(3, 11, 4), (3, 5, 1), (3, 3, 2), (1, 5, 1), (1, 28, 1), (4, 7, 2), (3, 1, 1)],
)
def test_every_first_layer_has_a_table(channels: int, side: int, stride: int) -> None:
    table = measure(random_kernels(1, 6, channels, side), stride)
    assert list(sorted(table)) == sorted(one.name for one in MEASURES)
    for name, values in table.items():
        assert values.shape == (6,), name
        if name in COLOUR:
            assert np.isnan(values).all() == (channels != 3), name
        elif side >= 3 and name not in ("half_width", "bandwidth", "separability"):
            assert np.isfinite(values).all(), name
    assert np.isnan(table["separability"]).all() == (channels == 1)


@pytest.mark.parametrize("broken", [0.0, np.nan])
def test_a_filter_that_is_silent_or_not_finite_has_no_measures_and_spoils_no_other(broken: float) -> None:
    kernels = random_kernels(2, 5)
    whole = measure(kernels, 4)
    kernels[3] = broken
    table = measure(kernels, 4)
    kept = [0, 1, 2, 4]
    for name, values in table.items():
        if name not in ("dead", "norm"):
            assert np.isnan(values[3]), name
            np.testing.assert_allclose(values[kept], whole[name][kept], rtol=1e-9, err_msg=name)


def test_strength_changes_nothing_but_the_norm() -> None:
    kernels = random_kernels(3, 6)
    weak, strong = measure(kernels, 4), measure(1000 * kernels, 4)
    for name, values in weak.items():
        factor = 1000 if name == "norm" else 1
        np.testing.assert_allclose(strong[name], factor * values, rtol=1e-5, atol=1e-6, err_msg=name)


def test_windows_too_large_to_look_into_have_colour_and_length_alone() -> None:
    kernels = random_kernels(1, 2, 3, 70)
    table = measure(kernels, 4)
    assert np.isfinite([table["colour"], table["norm"], table["separability"]]).all()
    assert np.isnan([table[name] for name in SPATIAL]).all()
    assert np.isnan(fit_gabors(kernels).r2).all()


def test_many_filters_are_measured_in_parts_as_they_are_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    kernels = random_kernels(2, 9)
    whole = measure(kernels, 4)
    monkeypatch.setattr(measures, "NUMBERS_AT_ONCE", 2 * 64**2)
    for name, values in measure(kernels, 4).items():
        np.testing.assert_allclose(values, whole[name], rtol=1e-12, err_msg=name)


def test_an_even_filter_has_colour_but_no_orientation() -> None:
    table = measure(coloured(np.ones((11, 11)), 1, -1, 0), 4)
    assert table["colour"][0] == pytest.approx(1)
    for name in ("orientation_amplitude", "bar_angle", "peak_frequency", "mean_frequency", "aliasing"):
        assert np.isnan(table[name][0]), name


def test_blocks_follow_each_other_each_with_its_stride() -> None:
    kernels = random_kernels(4, 20)
    blocks = blocks_of(two_column_network(10), halves_as_weights(kernels))
    blocks[1] = replace(blocks[1], stride=1)
    table = measure_blocks(blocks)
    np.testing.assert_allclose(table["mean_frequency"], measure(kernels)["mean_frequency"], rtol=1e-9)
    assert (table["aliasing"][:10] > 0.5).all() and (table["aliasing"][10:] == 0).all()


def test_only_what_exists_is_compared() -> None:
    kernels = np.concatenate(
        [
            coloured(gabor(angle=0.4, frequency=0.2), *weights)
            for weights in ((1, 1, 1), (1, -1, 0), (1, 0.9, 1))
        ]
        + [random_kernels(5, 1)]
    )
    table = measure(kernels, 4) | gabor_table(fit_gabors(kernels))
    assert np.isfinite(comparable("hue", table)).tolist()[:3] == [False, True, False]
    assert np.isfinite(comparable("bar_angle", table)).tolist()[:3] == [True] * 3
    assert np.isfinite(comparable("gabor_phase", table)).tolist() == [True] * 3 + [False]
    shares = comparable("equiluminant", table)
    assert shares[0] == pytest.approx(0, abs=1e-6) and shares[1] == pytest.approx(1)


def test_every_measure_is_described() -> None:
    assert len(BY_NAME) == len(MEASURES) + len(GABOR_MEASURES)
    assert {one.name for one in GABOR_MEASURES} == set(
        gabor_table(fit_gabors(random_kernels(6, 2), scrambles=0))
    )
