"""Kernels become tiles and tiles a mosaic, byte by byte."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.filter_mosaic import Grid, best_grid, fraction_of, gap_of, limit_of, mosaic, tiles

KERNELS = np.random.default_rng(3).standard_normal((6, 3, 5, 5)).astype(np.float32)


def test_zero_is_middle_grey_and_the_limit_black_and_white() -> None:
    kernel = np.zeros((1, 3, 2, 2), np.float32)
    kernel[0, 0, 0] = (2.0, -2.0)
    tile = tiles(kernel, limit=2.0)[0]
    assert tile[0, 0].tolist() == [255, 128, 128]
    assert tile[0, 1].tolist() == [0, 128, 128]


def test_common_contrast_keeps_the_ratio_of_two_filters() -> None:
    kernels = np.stack([KERNELS[0], KERNELS[0] / 4])
    strong, weak = tiles(kernels, limit_of([kernels])).astype(float) - 127.5
    assert np.abs(strong / 4 - weak).max() <= 1


def test_own_contrast_makes_a_filter_independent_of_its_strength() -> None:
    assert np.array_equal(tiles(KERNELS), tiles(KERNELS * 0.001))


def test_a_filter_of_zeros_is_grey_under_its_own_contrast() -> None:
    assert np.unique(tiles(np.zeros((1, 3, 5, 5), np.float32))).tolist() == [128]


def test_one_channel_is_grey_and_is_that_channel() -> None:
    limit = limit_of([KERNELS])
    green = tiles(KERNELS, limit, channel=1)
    assert np.array_equal(green[..., 0], tiles(KERNELS, limit)[..., 1])
    assert np.array_equal(green[..., 0], green[..., 2])


def test_five_channels_lie_side_by_side() -> None:
    shown = tiles(np.ones((2, 5, 3, 3), np.float32))
    assert shown.shape == (2, 3, 5 * 3 + 4, 3)
    assert shown[0, 0, :, 0].tolist() == [255, 255, 255, 128] * 4 + [255] * 3


@given(
    count=st.integers(1, 200),
    side=st.integers(1, 11),
    width=st.integers(60, 2000),
    height=st.integers(60, 2000),
)
def test_tiles_fit_the_room_unless_they_are_already_as_small_as_can_be(
    count: int, side: int, width: int, height: int
) -> None:
    scale, grid = best_grid(count, (side, side), width, height)
    assert grid.rows * grid.columns >= count > (grid.rows - 1) * grid.columns
    assert grid.tile_width == grid.tile_height == scale * side
    fits = grid.width <= width and grid.height <= height
    assert fits or (scale == 1 and (side + 2) ** 2 * count > (width - side) * (height - side))


def test_forty_eight_filters_fill_a_wide_room_without_holes() -> None:
    _, grid = best_grid(48, (11, 11), 700, 220)
    assert grid.count % grid.columns == 0


def test_a_point_finds_its_tile_and_outside_finds_none() -> None:
    grid = Grid(count=5, columns=3, tile_width=10, tile_height=10, gap=2)
    assert [grid.place_at(*point) for point in ((0, 0), (25, 3), (13, 13), (25, 13), (-1, 0), (40, 0))] == [
        0, 2, 4, None, None, None,
    ]  # fmt: skip
    assert all(grid.place_at(*grid.corner(place)) == place for place in range(5))


def test_mosaic_repeats_pixels_and_leaves_gaps_transparent() -> None:
    block = tiles(KERNELS)
    grid = Grid(6, 4, 15, 15, gap_of(15))
    canvas = mosaic(block, grid, 3)
    assert canvas.shape == (grid.height, grid.width, 4)
    left, top = grid.corner(5)
    assert np.array_equal(canvas[top : top + 15 : 3, left : left + 15 : 3, :3], block[5])
    assert np.array_equal(canvas[top + 2 : top + 15 : 3, left + 2 : left + 15 : 3, :3], block[5])
    assert canvas[0, 15, 3] == 0
    assert canvas[grid.height - 1, grid.width - 1, 3] == 0, "the places after the last tile are empty"


@pytest.mark.parametrize(
    ("epoch", "text"), [(1 / 16, "1/16"), (0.5, "1/2"), (3, "3"), (2.71828, "2.72"), (10, "10")]
)
def test_epochs_are_said_as_people_say_them(epoch: float, text: str) -> None:
    assert fraction_of(epoch) == text
