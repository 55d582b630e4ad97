"""A filter comes apart into a pattern and a colour axis, and goes together again."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_filters import coloured, gabor, random_kernels

from reproduction.analysis.patterns import dead, decompose, norms, shuffled_pixels

GABOR = gabor(phase=0.4, angle=0.3)


def test_a_product_filter_gives_its_factors() -> None:
    split = decompose(coloured(GABOR, 0.2, -0.9, 0.4))
    strength = split.patterns[0, 5, 5] / GABOR[5, 5]
    np.testing.assert_allclose(split.patterns[0], strength * GABOR, atol=1e-7)
    axis = np.array([0.2, -0.9, 0.4]) / np.linalg.norm([0.2, -0.9, 0.4])
    np.testing.assert_allclose(split.axes[0] * np.sign(strength), axis, atol=1e-7)


def test_the_largest_weight_of_a_pattern_is_positive() -> None:
    patterns = decompose(random_kernels(1)).patterns.reshape(96, -1)
    assert (patterns.max(axis=1) == np.abs(patterns).max(axis=1)).all()
    np.testing.assert_allclose(np.linalg.norm(patterns, axis=1), 1)


def test_a_grey_kernel_is_its_own_pattern() -> None:
    kernels = random_kernels(2, 5, channels=1)
    patterns = decompose(kernels).patterns
    cosines = (patterns * kernels[:, 0]).sum(axis=(1, 2)) / norms(kernels)
    np.testing.assert_allclose(np.abs(cosines), 1, rtol=1e-6)


@pytest.mark.parametrize("broken", [0.0, np.nan, np.inf])
def test_a_filter_without_a_pattern_spoils_no_other(broken: float) -> None:
    kernels = random_kernels(3, 4)
    whole = decompose(kernels)
    kernels[1] = broken
    split = decompose(kernels)
    assert np.isnan(split.patterns[1]).all() and np.isnan(split.separability[1])
    np.testing.assert_allclose(split.patterns[[0, 2, 3]], whole.patterns[[0, 2, 3]])


def test_norm_is_the_euclidean_length() -> None:
    assert norms(np.full((2, 3, 2, 2), 0.5)) == pytest.approx([np.sqrt(3), np.sqrt(3)])


def test_a_filter_below_a_tenth_of_the_layers_median_is_dead() -> None:
    kernels = np.ones((5, 3, 2, 2))
    kernels[1] *= 0.11
    kernels[3] *= 0.09
    assert dead(kernels).tolist() == [False, False, False, True, False]
    assert dead(np.zeros((2, 1, 2, 2))).all()


def test_shuffled_pixels_keep_their_colours_and_nothing_of_their_places() -> None:
    kernels = random_kernels(4, 3)
    shuffled = shuffled_pixels(kernels, seed=1)
    assert not np.array_equal(shuffled, kernels)
    for before, after in zip(kernels, shuffled, strict=True):
        pixels = [sorted(map(tuple, kernel.reshape(3, -1).T.tolist())) for kernel in (before, after)]
        assert pixels[0] == pixels[1]
    np.testing.assert_array_equal(shuffled, shuffled_pixels(kernels, seed=1))
