"""Scaling agrees with its definition: covered areas when shrinking, four cubic taps when enlarging."""

from __future__ import annotations

import numpy as np
import pytest

from reproduction.data.resampling import resample


def area_by_definition(pixels: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Every target pixel the mean of what it covers, in loops."""
    height, width, channels = pixels.shape
    result = np.zeros((rows, columns, channels))
    for row in range(rows):
        for column in range(columns):
            total = weight = 0.0
            for y in range(height):
                tall = min(y + 1, (row + 1) * height / rows) - max(y, row * height / rows)
                for x in range(width):
                    wide = min(x + 1, (column + 1) * width / columns) - max(x, column * width / columns)
                    if tall > 0 and wide > 0:
                        total = total + tall * wide * pixels[y, x].astype(float)
                        weight += tall * wide
            result[row, column] = total / weight
    return result


def test_shrinking_averages_covered_areas() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (13, 17, 3), np.uint8)
    found = resample(pixels, (5, 7), (0, 0, 5, 7))
    assert np.abs(found - area_by_definition(pixels, 5, 7)).max() <= 0.5 + 1e-4


def test_a_window_is_cut_from_the_whole() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (30, 44, 3), np.uint8)
    for size in ((20, 29), (45, 66)):
        whole = resample(pixels, size, (0, 0, *size))
        np.testing.assert_array_equal(resample(pixels, size, (3, 5, 11, 13)), whole[3:14, 5:18])


def test_shrinking_by_two_is_the_mean_of_four() -> None:
    pixels = np.random.default_rng(2).integers(0, 64, (8, 8, 1), np.uint8) * 4
    expected = pixels.reshape(4, 2, 4, 2, 1).mean(axis=(1, 3))
    np.testing.assert_array_equal(resample(pixels, (4, 4), (0, 0, 4, 4)), np.rint(expected))


def test_enlarging_uses_the_cubic_of_slope_minus_three_quarters() -> None:
    row = np.array([10, 20, 200, 100, 50, 60], np.uint8)
    found = resample(row[None, :, None], (1, 12), (0, 0, 1, 12))[0, :, 0]
    # Target 5 lies at source position 2.25; weights of the cubic with a = -0.75 at 1.25, 0.25, 0.75, 1.75.
    weights = [-0.10546875, 0.87890625, 0.26171875, -0.03515625]
    assert found[5] == round(float(np.dot(weights, [20, 200, 100, 50])))
    assert found[5] == 198


@pytest.mark.parametrize("size", [(3, 3), (40, 40), (16, 9)])
def test_a_plain_surface_stays_plain(size: tuple[int, int]) -> None:
    assert (resample(np.full((16, 9, 3), 201, np.uint8), size, (0, 0, *size)) == 201).all()


def test_overshoot_of_the_cubic_is_clipped() -> None:
    edge = np.repeat(np.array([0, 0, 255, 255], np.uint8)[None, :, None], 4, axis=0)
    found = resample(edge, (16, 16), (0, 0, 16, 16))
    assert found.min() == 0 and found.max() == 255 and (np.diff(found[8, 4:12, 0].astype(int)) >= 0).all()
