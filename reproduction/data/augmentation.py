"""What a network is shown of a picture: random crops, flips and colour noise to train, fixed views to test.

Behaviour of the original's data providers: paper section 4.1, with the departures its program has from that
text. Letters: N pictures, C channels, H x W stored size, S crop size, b = (H - S) / 2 the border.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from reproduction.errors import DataError
from reproduction.kernels.crops import augment

ColorPca = tuple[npt.NDArray[np.floating], npt.NDArray[np.floating]]
Mean = npt.NDArray[np.float32] | torch.Tensor

VIEW_COUNTS = (1, 9, 10)


def training_batch(
    pictures: torch.Tensor,
    mean: Mean,
    *,
    crop_size: int,
    flip: bool,
    chunk: int,
    color_noise: float,
    color_pca: ColorPca | None,
    generator: np.random.Generator,
) -> torch.Tensor:
    """One batch as the network sees it: uint8 (N, C, H, W) -> float32 (N, C, S, S), the mean subtracted.

    Every run of `chunk` consecutive pictures shares one crop, its offsets uniform over 0 … 2b on each axis,
    and one flip with probability 1/2. Of the mean picture (C, H, W) it is always the centre, never flipped.
    Drawn from `generator`, in this order: rows, columns (if S < H), flips (if `flip`), noise (if above 0).
    """
    border = _border(pictures, crop_size)
    groups = -(-len(pictures) // chunk)
    rows, columns = np.zeros(groups, np.int64), np.zeros(groups, np.int64)
    if border > 0:
        rows = generator.integers(0, border + 1, groups)
        columns = generator.integers(0, border + 1, groups)
    flips = generator.integers(0, 2, groups) if flip else np.zeros(groups, np.int64)
    rows, columns, flips = (np.repeat(drawn, chunk)[: len(pictures)] for drawn in (rows, columns, flips))
    shift = _color_shift(len(pictures), pictures.shape[1], color_noise, color_pca, generator)
    return augment(
        pictures,
        _centre_crop(mean, crop_size, pictures.device),
        (torch.from_numpy(rows), torch.from_numpy(columns), torch.from_numpy(flips)),
        crop_size,
        None if shift is None else shift.to(pictures.device),
        1 + color_noise if color_noise > 0 else 1,
    )


def _color_shift(
    count: int, channels: int, strength: float, color_pca: ColorPca | None, generator: np.random.Generator
) -> torch.Tensor | None:
    """c V (sigma z) in x <- (x + c V (sigma z)) / (1 + c), (N, C), one z ~ N(0, I) for each picture.

    As the program does it: sigma is the standard deviation where the paper's text has the eigenvalue, and the
    division keeps the scale near that of the test data, which are not divided.
    """
    if strength <= 0:
        return None
    if channels != 3 or color_pca is None:
        raise DataError("colour noise needs colour pictures with a colour PCA; set color-noise to 0")
    deviations, vectors = color_pca
    draws = generator.standard_normal((count, 3))
    shifts = strength * (draws * deviations) @ np.asarray(vectors).T
    return torch.from_numpy(shifts.astype(np.float32))


def test_views(pictures: torch.Tensor, mean: Mean, *, crop_size: int, views: int) -> torch.Tensor:
    """The fixed views of a test batch: uint8 (N, C, H, W) -> float32 (views, N, C, S, S), mean subtracted.

    1: the centre. 10: top left, top right, centre, bottom left, bottom right, then the same five mirrored.
    9: offsets (0, b, 2b) on both axes, row by row and not mirrored, as the 2012 program tested CIFAR.
    """
    border = _border(pictures, crop_size)
    positions, mirrored = view_positions(border, views)
    corners = torch.tensor([(*place, side) for side in range(1 + mirrored) for place in positions])
    rows, columns, flips = corners.repeat_interleave(len(pictures), dim=0).unbind(dim=1)
    centre = _centre_crop(mean, crop_size, pictures.device)
    stack = augment(pictures, centre, (rows, columns, flips), crop_size)
    return stack.view(views, len(pictures), *stack.shape[1:])


def view_positions(border: int, views: int) -> tuple[list[tuple[int, int]], bool]:
    """Top left corners (row, column) of the crops of `test_views`, and whether each is mirrored as well.

    `border` = 2b = H - S.
    """
    middle = border // 2
    if views == 1:
        return [(middle, middle)], False
    if views == 10:
        return [(0, 0), (0, border), (middle, middle), (border, 0), (border, border)], True
    if views == 9:
        steps = (0, middle, border)
        return [(row, column) for row in steps for column in steps], False
    raise DataError(f"a picture is tested with 1, 9 or 10 views, not {views}")


def _border(pictures: torch.Tensor, crop_size: int) -> int:
    """2b = H - S, the largest offset of a crop."""
    height, width = pictures.shape[2:]
    if height != width:
        raise DataError(f"packed pictures are square, these are {height} x {width}")
    if not 0 < crop_size <= height:
        raise DataError(f"crops of {crop_size} pixels cannot be cut from pictures of {height}; set crop-size")
    return int(height) - crop_size


def _centre_crop(mean: Mean, size: int, device: torch.device) -> torch.Tensor:
    """(C, S, S) float32 from the middle of the mean picture."""
    whole = torch.as_tensor(mean, dtype=torch.float32, device=device)
    middle = (whole.shape[-1] - size) // 2
    return whole[:, middle : middle + size, middle : middle + size]
