"""Spatial frequency: known patterns have known spectra; the references were simulated on 11x11 windows."""

from __future__ import annotations

import numpy as np
import pytest
from drawn_filters import gabor, grating, noise

from reproduction.analysis.spectrum import (
    FREQUENCIES,
    aliasing_shares,
    bandwidths_octaves,
    centroid_frequencies,
    flatness,
    gabor_bandwidth_octaves,
    peak_frequencies,
    polar_amplitudes,
    power,
    wave_angles,
)


def test_amplitudes_are_the_fourier_sum_at_each_direction_and_frequency() -> None:
    pattern = noise(1, count=1, side=5)
    found = polar_amplitudes(pattern)
    centred = pattern[0] - pattern[0].mean()
    for angle, frequency in ((0, 3), (7, 20), (30, 31)):
        u = FREQUENCIES[frequency] * np.cos(wave_angles()[angle])
        v = FREQUENCIES[frequency] * np.sin(wave_angles()[angle])
        total = sum(
            centred[row, column] * np.exp(-2j * np.pi * (u * (column - 2) + v * (2 - row)))
            for row in range(5)
            for column in range(5)
        )
        assert found[0, angle, frequency] == pytest.approx(abs(total))


@pytest.mark.parametrize("frequency", [0.125, 0.25, 0.375])
def test_the_peak_of_a_wave_is_its_frequency(frequency: float) -> None:
    drawn = gabor(21, frequency=frequency, sigma=(5, 5), angle=0.7)[None]
    assert peak_frequencies(polar_amplitudes(drawn))[0] == pytest.approx(frequency, abs=1 / 64)
    assert centroid_frequencies(*power(drawn))[0] == pytest.approx(frequency, abs=0.01)


@pytest.mark.parametrize(("n_x", "octaves"), [(0.3, 2.11), (0.4, 1.47), (0.5, 1.14), (0.6, 0.93)])
def test_bandwidth_of_gabor_functions_in_closed_form(n_x: float, octaves: float) -> None:
    assert gabor_bandwidth_octaves(np.array([n_x]))[0] == pytest.approx(octaves, abs=0.005)
    # In a window that holds all of it, the measured one is the same; the fewer the waves, the more the two
    # halves of the spectrum overlap.
    drawn = gabor(61, frequency=0.1875, sigma=(n_x / 0.1875, 4), phase=np.pi / 4)[None]
    measured = bandwidths_octaves(drawn, polar_amplitudes(drawn))[0]
    assert measured == pytest.approx(octaves, abs=0.12 if n_x < 0.4 else 0.03)


def test_a_blob_is_low_pass() -> None:
    drawn = gabor(frequency=0.0, sigma=(3, 3))[None]
    assert np.isnan(bandwidths_octaves(drawn, polar_amplitudes(drawn))[0])
    assert np.isnan(gabor_bandwidth_octaves(np.array([0.1]))[0])


@pytest.mark.parametrize(
    ("frequency", "share"), [(0.06, 0.37), (0.10, 0.49), (0.125, 0.62), (0.18, 0.91), (0.25, 1.00)]
)
def test_share_that_stride_4_cannot_carry(frequency: float, share: float) -> None:
    drawn = gabor(frequency=frequency)[None]
    assert aliasing_shares(*power(drawn), 4)[0] == pytest.approx(share, abs=0.005)


def test_noise_is_nearly_all_lost_to_stride_4_and_nothing_to_stride_1() -> None:
    powers = power(noise(2))
    assert np.median(aliasing_shares(*powers, 4)) == pytest.approx(0.96, abs=0.005)
    by_stride = [np.median(aliasing_shares(*powers, stride)) for stride in (1, 2, 3, 4)]
    assert by_stride[0] == 0 and by_stride == sorted(by_stride)


def test_noise_is_flat_and_a_wave_is_not() -> None:
    assert np.median(flatness(*power(noise(3)))) == pytest.approx(np.exp(-np.euler_gamma), abs=0.02)
    assert flatness(*power(grating(2)[None]))[0] < 0.1


def test_a_pattern_without_change_has_no_frequency() -> None:
    even = np.full((1, 11, 11), 1 / 11)
    assert np.isnan(peak_frequencies(polar_amplitudes(even))[0])
    assert np.isnan(centroid_frequencies(*power(even))[0])
    assert np.isnan(aliasing_shares(*power(even), 4)[0])
    assert np.isnan(flatness(*power(even))[0])


@pytest.mark.parametrize("shape", [(1, 1), (3, 3), (5, 5), (28, 28), (40, 40)])
def test_windows_of_any_size_have_spectra(shape: tuple[int, int]) -> None:
    drawn = np.random.default_rng(0).standard_normal((2, *shape))
    powers, radii = power(drawn)
    assert powers.shape == (2, *radii.shape) and len(radii) >= 2 * shape[0]
    assert polar_amplitudes(drawn).shape == (2, 36, 32)
