"""Operations on pictures (N, C, S, S) that have no weights: blur, scale, cut, mirror, change of colour space.

The originals sent no gradient through resizing, cutting and changes of colour space and refused them above
weights, so that none was missed. Here every gradient is the true one, for those who ask about the pictures.
Letters: N images, C channels, S input side, T output side.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor


def nailbed(pictures: Tensor, stride: int, start: int) -> Tensor:
    """Every `stride`-th pixel of every `stride`-th row from `start` on."""
    return pictures[..., start::stride, start::stride]


def blur(pictures: Tensor, kernel: Sequence[float]) -> Tensor:
    """Sums weighted with `kernel` along rows, then along columns; zeros outside, so borders grow darker."""
    count, channels, height, width = pictures.shape
    maps = pictures.reshape(count * channels, 1, height, width)
    weights = torch.tensor(kernel, dtype=maps.dtype, device=maps.device)
    along_rows = F.conv2d(maps, weights.view(1, 1, 1, -1), padding=(0, len(kernel) // 2))
    blurred = F.conv2d(along_rows, weights.view(1, 1, -1, 1), padding=(len(kernel) // 2, 0))
    return blurred.view(pictures.shape)


def mirror(pictures: Tensor) -> Tensor:
    """Left and right exchanged."""
    return pictures.flip(-1)


def crop(pictures: Tensor, top: int, left: int, side: int) -> Tensor:
    """The square of `side` pixels whose first is (`top`, `left`)."""
    return pictures[..., top : top + side, left : left + side]


def resize(pictures: Tensor, scale: float, side: int) -> Tensor:
    """Bilinear, to `side` pixels a side: pixel t comes from clamp(t scale + S/2 - side scale/2, 0, S - 1.01).

    So the middle of the picture stays in the middle, and what lies beyond the picture is its border.
    """
    rows = _between_neighbours(pictures, 2, scale, side)
    return _between_neighbours(rows, 3, scale, side)


def _between_neighbours(pictures: Tensor, axis: int, scale: float, side: int) -> Tensor:
    """Linear interpolation along one axis, to `side` places."""
    source_side = pictures.shape[axis]
    targets = torch.arange(side, device=pictures.device, dtype=torch.float64)
    positions = targets * scale + (source_side - side * scale) / 2
    positions = positions.clamp(min=0, max=max(0, source_side - 1.01))
    before = positions.floor().long()
    after = (before + 1).clamp(max=source_side - 1)
    weights = (positions - before).to(pictures.dtype)
    weights = weights[:, None] if axis == 2 else weights
    nearer, farther = pictures.index_select(axis, before), pictures.index_select(axis, after)
    return torch.lerp(nearer, farther, weights)


def random_scale(pictures: Tensor, max_scale: float, side: int, generator: torch.Generator) -> Tensor:
    """A square of `side` pixels from the pictures at a random scale, the same for the whole batch.

    With m = floor(S / max_scale), the scaled picture has side + s pixels a side, s = 0 ... S - m, with a
    probability proportional to (s + 1)^2, the number of squares that fit; the scale is drawn between those of
    this side and the next (but at least 1), then the place of the square.
    """
    source_side = pictures.shape[-1]
    which, between, down, right = torch.rand(
        4, generator=generator, device=generator.device, dtype=torch.float64
    ).tolist()
    surplus = _drawn_surplus(source_side - math.floor(source_side / max_scale) + 1, which)
    scaled_side = side + surplus
    least, most = max(1.0, source_side / (scaled_side + 1)), source_side / scaled_side
    if scaled_side != source_side:
        pictures = resize(pictures, least + between * (most - least), scaled_side)
    return crop(pictures, int(down * (surplus + 1)), int(right * (surplus + 1)), side)


def _drawn_surplus(count: int, uniform: float) -> int:
    """A number below `count`, s with a probability proportional to (s + 1)^2; `uniform` is in 0 ... 1."""
    weights = [(surplus + 1) ** 2 for surplus in range(count)]
    remaining = uniform * sum(weights)
    for surplus, weight in enumerate(weights):
        remaining -= weight
        if remaining < 0:
            return surplus
    return count - 1


def central_square(pictures: Tensor, side: int) -> Tensor:
    """The square of `side` pixels in the middle; of an odd border the larger half is after it."""
    start = (pictures.shape[-1] - side) // 2
    return crop(pictures, start, start, side)


_YUV_OF_RGB = (
    (0.2126, 0.7152, 0.0722),
    (-0.09991, -0.33609, 0.436),
    (0.615, -0.55861, -0.05639),
)
_XYZ_OF_RGB = (  # each divided by that of white
    (0.49, 0.31, 0.2),
    (0.17697, 0.8124, 0.01063),
    (0.0, 0.01, 0.99),
)


def to_yuv(pictures: Tensor) -> Tensor:
    """Red, green and blue to brightness and two differences of colour, pixel by pixel."""
    return _mixed(pictures, _YUV_OF_RGB)


def to_lab(pictures: Tensor, center: bool) -> Tensor:
    """Red, green and blue in 0 ... 1 to CIE Lab, pixel by pixel; `center` takes 50 more from L."""
    x, y, z = _lab_curve(_mixed(pictures, _XYZ_OF_RGB)).unbind(1)
    lightness = 116 * y - (66 if center else 16)
    return torch.stack([lightness, 500 * (x - y), 200 * (y - z)], dim=1)


def _mixed(pictures: Tensor, matrix: Sequence[Sequence[float]]) -> Tensor:
    """Channels as sums of channels (N, 3, S, S)."""
    factors = torch.tensor(matrix, dtype=pictures.dtype, device=pictures.device)
    return torch.einsum("ij,njhw->nihw", factors, pictures)


_CURVE_BEGINS = 0.0088564517  # (6 / 29)^3: below, a straight line in place of the cube root


def _lab_curve(values: Tensor) -> Tensor:
    """The original's cube root, whose exponent is 0.3333, and its line near zero."""
    # The root of what is on the line would be unused but bring a gradient that is not a number.
    root = values.clamp(min=_CURVE_BEGINS) ** 0.3333
    return torch.where(values > _CURVE_BEGINS, root, 7.787037 * values + 0.13793103)
