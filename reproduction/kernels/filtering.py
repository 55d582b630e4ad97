"""Filters over the windows of a picture: what local filters and convolutions ask of their arguments alike.

Letters: N images, C channels, S side, F filters, k kernel side, M output side.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from reproduction.kernels.stages import Kind, StageStruct

# Kernels count the values of one image, those of one filter, and the pixels of a batch in 32 bits, and go a
# little further.
MOST_VALUES = 2**31 - 2**10


class FilteringStruct(ctypes.Structure):
    """`Filtering` of `filters.h`."""

    _fields_ = [
        ("images", ctypes.c_longlong),
        *((name, ctypes.c_int) for name in ("channels", "side", "filters", "groups")),
        ("windows", StageStruct),
    ]


@dataclass(frozen=True)
class Windows:
    """Window m covers pixels m * stride - padding ... + kernel - 1 on both axes; outside are zeros.

    The last windows may hang over at right and bottom: the original rounded its output sides up.
    ValueError where the numbers do not fit each other.
    """

    kernel: int
    stride: int
    padding: int
    groups: int
    outputs: int

    def __post_init__(self) -> None:
        if min(self.kernel, self.stride, self.groups, self.outputs) < 1 or self.padding < 0:
            raise ValueError(f"{self}: each must be at least 1, the padding at least 0")

    def __str__(self) -> str:
        return (
            f"{self.outputs} windows of {self.kernel} pixels every {self.stride} with a padding of"
            f" {self.padding}, in {self.groups} groups"
        )

    def check(self, images: Sequence[int], filters: int, filter_shape: Sequence[int]) -> None:
        """ValueError unless `filters` of `filter_shape` (C / groups, k, k) fit `images` (N, C, S, S)."""
        if len(images) != 4 or images[2] != images[3]:
            raise ValueError(f"filters take pictures (N, C, S, S), not {tuple(images)}")
        _, channels, side, _ = images
        if channels % self.groups or filters % self.groups:
            raise ValueError(f"{channels} channels and {filters} filters in {self.groups} groups")
        expected = (channels // self.groups, self.kernel, self.kernel)
        if tuple(filter_shape) != expected:
            raise ValueError(f"filters of shape {tuple(filter_shape)} where {expected} would fit the picture")
        spare = side + 2 * self.padding - self.kernel
        if spare < 0 or self.outputs > 1 - -spare // self.stride:
            raise ValueError(f"{self}: they do not fit a picture of {side} pixels")
        for values in (channels * side**2, filters * self.outputs**2, channels * self.kernel**2):
            if values > MOST_VALUES:
                raise ValueError(f"{self}: {values} values are too many for one image")
        if images[0] * max(side, self.outputs) ** 2 > MOST_VALUES:
            raise ValueError(f"{self}: {images[0]} pictures of {side} x {side} are too many at a time")

    def check_answers(self, answers: Sequence[int], images: Sequence[int], filters: int) -> None:
        """ValueError unless `answers` is the shape of what `filters` say of `images`."""
        expected = (images[0], filters, self.outputs, self.outputs)
        if tuple(answers) != expected:
            raise ValueError(f"gradients of shape {tuple(answers)} at answers of shape {expected}")

    @property
    def reach(self) -> int:
        """Side of the square that all windows cover together."""
        return (self.outputs - 1) * self.stride + self.kernel

    def framed(self, images: Tensor) -> Tensor:
        """That square of `images`, with the zeros around them: the first window begins at its corner."""
        before, after = self.padding, self.reach - self.padding - images.shape[-1]
        return F.pad(images, (before, after, before, after))

    def unframed(self, square: Tensor, side: int) -> Tensor:
        """The pictures of `side` in such a square; zeros where it does not reach."""
        before, after = -self.padding, side + self.padding - self.reach
        return F.pad(square, (before, after, before, after))

    def struct(self, images: Sequence[int], filters: int) -> FilteringStruct:
        """As kernels read it, with `images` (N, C, S, S)."""
        windows = StageStruct(Kind.POOL_SUM, self.kernel, self.stride, -self.padding, self.outputs, 0, 0, 0)
        return FilteringStruct(images[0], images[1], images[2], filters, self.groups, windows)


def check_values(one: Tensor, other: Tensor) -> None:
    """ValueError unless both are of one floating point type and on one device."""
    if not one.is_floating_point() or one.dtype != other.dtype:
        raise ValueError(f"filters take values of one floating point type, not {one.dtype} and {other.dtype}")
    if one.device != other.device:
        raise ValueError(f"filters take values on one device, not on {one.device} and {other.device}")


def in_layout(x: Tensor) -> Tensor:
    """`x` with the channels of a pixel next to each other."""
    return x.contiguous(memory_format=torch.channels_last)


def empty_images(like: Tensor, shape: Sequence[int], dtype: torch.dtype | None = None) -> Tensor:
    """Pictures of `shape` (N, C, S, S) with the channels of a pixel next to each other."""
    return torch.empty(
        shape, dtype=dtype or like.dtype, device=like.device, memory_format=torch.channels_last
    )
