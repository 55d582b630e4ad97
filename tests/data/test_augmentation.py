"""Crops, flips, colour noise and views, each against a computation in plain NumPy loops."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reproduction.data import augmentation
from reproduction.errors import DataError

# color_pca of the original's input_meta for ImageNet (original-program 12).
DEVIATIONS = np.array([19.72083304915, 37.093888532986, 121.780060992931])
VECTORS = np.array(
    [
        [0.417955131663, -0.712579452874, -0.563510453549],
        [-0.816980618378, -0.0235416713, -0.576184396619],
        [0.397311184226, 0.701196344154, -0.59200296438],
    ]
)
PCA = (DEVIATIONS, VECTORS)


def drawn(count: int, size: int, channels: int = 3) -> tuple[torch.Tensor, np.ndarray]:
    """Random pictures, and a mean picture that is neither flat nor symmetric."""
    generator = np.random.default_rng(7)
    pictures = generator.integers(0, 256, (count, channels, size, size), np.uint8)
    return torch.from_numpy(pictures), generator.uniform(0, 255, (channels, size, size)).astype(np.float32)


def batch(pictures: torch.Tensor, mean: np.ndarray, seed: int = 0, **changes: object) -> np.ndarray:
    settings = {"crop_size": 8, "flip": True, "chunk": 1, "color_noise": 0.0, "color_pca": PCA} | changes
    generator = np.random.default_rng(seed)
    return augmentation.training_batch(pictures, mean, generator=generator, **settings).numpy()


@pytest.mark.parametrize(("chunk", "count"), [(1, 7), (3, 7), (32, 7), (4, 8)])
@pytest.mark.parametrize("flip", [False, True])
def test_a_training_batch_is_what_loops_compute(chunk: int, count: int, flip: bool) -> None:
    pictures, mean = drawn(count, 12)
    found = batch(pictures, mean, seed=5, chunk=chunk, flip=flip, color_noise=0.1)
    draws = np.random.default_rng(5)
    groups = (count + chunk - 1) // chunk
    rows, columns = draws.integers(0, 5, groups), draws.integers(0, 5, groups)
    flips = draws.integers(0, 2, groups) if flip else [0] * groups
    noise = draws.standard_normal((count, 3))
    for n in range(count):
        group = n // chunk
        shift = [sum(VECTORS[c, k] * DEVIATIONS[k] * noise[n, k] for k in range(3)) for c in range(3)]
        for c in range(3):
            for y in range(8):
                for x in range(8):
                    column = columns[group] + (7 - x if flips[group] else x)
                    value = float(pictures[n, c, rows[group] + y, column]) - mean[c, 2 + y, 2 + x]
                    assert found[n, c, y, x] == pytest.approx((value + 0.1 * shift[c]) / 1.1, abs=1e-3)


def test_crops_reach_every_offset_and_flips_both_sides_evenly() -> None:
    size, crop = 10, 7
    marked = torch.arange(size * size, dtype=torch.uint8).reshape(1, 1, size, size).repeat(4000, 1, 1, 1)
    found = batch(marked, np.zeros((1, size, size), np.float32), crop_size=crop, flip=True)
    first = found[:, 0, 0, 0].astype(int)
    flipped = found[:, 0, 0, 1] < first
    offsets = np.where(flipped, first - (crop - 1), first)
    rows, counts = np.unique(offsets // size, return_counts=True)
    assert rows.tolist() == [0, 1, 2, 3] and counts.min() > 850
    columns, counts = np.unique(offsets % size, return_counts=True)
    assert columns.tolist() == [0, 1, 2, 3] and counts.min() > 850
    assert 0.46 < flipped.mean() < 0.54


def test_a_chunk_shares_one_crop_and_flip() -> None:
    pictures = torch.randint(0, 256, (1, 3, 40, 40), dtype=torch.uint8).repeat(96, 1, 1, 1)
    found = batch(pictures, np.zeros((3, 40, 40), np.float32), chunk=32)
    for start in (0, 32, 64):
        assert (found[start : start + 32] == found[start]).all()
    assert (found[0] != found[32]).any() and (found[32] != found[64]).any()


def test_uncropped_pictures_only_lose_their_mean() -> None:
    pictures, mean = drawn(5, 12)
    found = batch(pictures, mean, crop_size=12, flip=False)
    np.testing.assert_array_equal(found, pictures.numpy().astype(np.float32) - mean)


def test_the_same_generator_gives_the_same_batch() -> None:
    pictures, mean = drawn(6, 12)
    first, again = (batch(pictures, mean, seed=3, color_noise=0.1) for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert (first != batch(pictures, mean, seed=4, color_noise=0.1)).any()


class OnesGenerator(np.random.Generator):
    """Draws z = (1, 1, 1) for every picture."""

    def __init__(self) -> None:
        super().__init__(np.random.PCG64(0))

    def standard_normal(self, size: object = None, *_: object, **__: object) -> np.ndarray:
        return np.ones(size)


def test_colour_noise_has_the_value_that_the_original_would_add() -> None:
    flat = torch.full((2, 3, 4, 4), 100, dtype=torch.uint8)
    found = augmentation.training_batch(
        flat,
        np.zeros((3, 4, 4), np.float32),
        crop_size=4,
        flip=False,
        chunk=1,
        color_noise=0.1,
        color_pca=PCA,
        generator=OnesGenerator(),
    )
    shift = found[0, :, 0, 0].double().numpy() * 1.1 - 100
    np.testing.assert_allclose(shift, [-8.681426, -8.715256, -3.824875], atol=2e-5)
    assert (found == found[:1, :, :1, :1]).all()


def test_colour_noise_spreads_as_the_original_says() -> None:
    flat = torch.zeros((20000, 3, 1, 1), dtype=torch.uint8)
    found = batch(flat, np.zeros((3, 1, 1), np.float32), crop_size=1, flip=False, chunk=32, color_noise=0.1)
    np.testing.assert_allclose(found[:, :, 0, 0].std(axis=0) * 1.1, [7.400, 7.200, 7.704], rtol=0.02)


@pytest.mark.parametrize(("channels", "pca"), [(1, None), (1, PCA), (3, None)])
def test_colour_noise_without_colours_is_refused(channels: int, pca: object) -> None:
    pictures, mean = drawn(2, 8, channels)
    with pytest.raises(DataError, match="set color-noise to 0"):
        batch(pictures, mean, color_noise=0.1, color_pca=pca)
    assert batch(pictures, mean, color_noise=0.0, color_pca=pca).shape == (2, channels, 8, 8)


def test_ten_views_come_in_the_order_of_the_original() -> None:
    pictures, mean = drawn(3, 12)
    found = augmentation.test_views(pictures, mean, crop_size=8, views=10)
    corners = [(0, 0), (0, 4), (2, 2), (4, 0), (4, 4)]
    assert found.shape == (10, 3, 3, 8, 8)
    for view, (row, column) in enumerate(corners):
        crop = pictures.numpy()[:, :, row : row + 8, column : column + 8].astype(np.float32)
        np.testing.assert_array_equal(found[view], crop - mean[:, 2:10, 2:10])
        np.testing.assert_array_equal(found[view + 5], crop[..., ::-1] - mean[:, 2:10, 2:10])


def test_nine_views_go_row_by_row_and_are_not_mirrored() -> None:
    pictures, mean = drawn(2, 32)
    found = augmentation.test_views(pictures, mean, crop_size=24, views=9)
    for view in range(9):
        row, column = (view // 3) * 4, (view % 3) * 4
        crop = pictures.numpy()[:, :, row : row + 24, column : column + 24].astype(np.float32)
        np.testing.assert_array_equal(found[view], crop - mean[:, 4:28, 4:28])


def test_one_view_is_the_centre_and_the_third_of_ten() -> None:
    pictures, mean = drawn(2, 12)
    centre = augmentation.test_views(pictures, torch.from_numpy(mean), crop_size=8, views=1)
    ten = augmentation.test_views(pictures, mean, crop_size=8, views=10)
    np.testing.assert_array_equal(centre[0], ten[2])


def test_other_numbers_of_views_are_refused() -> None:
    pictures, mean = drawn(1, 8)
    with pytest.raises(DataError, match="1, 9 or 10 views, not 5"):
        augmentation.test_views(pictures, mean, crop_size=8, views=5)


@pytest.mark.parametrize("crop", [0, 13])
def test_impossible_crops_are_refused(crop: int) -> None:
    pictures, mean = drawn(1, 12)
    with pytest.raises(DataError, match=f"crops of {crop} pixels cannot be cut from pictures of 12"):
        batch(pictures, mean, crop_size=crop)


def test_pictures_that_are_not_square_are_refused() -> None:
    with pytest.raises(DataError, match="packed pictures are square"):
        batch(torch.zeros((1, 3, 8, 9), dtype=torch.uint8), np.zeros((3, 8, 9), np.float32))
