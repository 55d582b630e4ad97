"""Pooling as the original does it: windows that hang over the edge, and its own rules for ties and borders.

Window o covers the input coordinates start + o * stride ... + size - 1 on both axes, of which only those
inside the image count. The number of windows is given by the layer (it rounds up), never guessed here.
Letters: N images, C channels, S input side, M output side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from reproduction.model.chunks import channels_first, channels_last, for_each_chunk


@dataclass(frozen=True)
class Windows:
    """Where the windows of a pooling layer lie: `size`, `stride` and `start` in pixels, `outputs` of them."""

    size: int
    stride: int
    start: int
    outputs: int

    def margins(self, side: int) -> tuple[int, int]:
        """Pixels by which the windows reach beyond an image of `side`, before and after it; or negative."""
        end = self.start + (self.outputs - 1) * self.stride + self.size
        return -self.start, end - side

    def reached(self, offset: int, side: int) -> tuple[slice, slice]:
        """Input pixels at `offset` in their window, and the outputs they belong to: two slices."""
        at = self.start + offset
        first = max(0, -(at // self.stride))
        last = min(self.outputs - 1, (side - 1 - at) // self.stride)
        if last < first:
            return slice(0, 0), slice(0, 0)
        begin = at + first * self.stride
        pixels = slice(begin, at + last * self.stride + 1, self.stride)
        return pixels, slice(first, last + 1)


class _MaxPool(torch.autograd.Function):
    """Maximum of each window; backward, every pixel that equals the maximum receives the full gradient."""

    @staticmethod
    def forward(ctx: Any, images: torch.Tensor, windows: Windows) -> torch.Tensor:
        pooled = _window_maxima(images, windows)
        ctx.save_for_backward(images, pooled)
        ctx.windows = windows
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        images, pooled = ctx.saved_tensors
        return _to_every_maximum(images, pooled, gradient, ctx.windows), None


def _window_maxima(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """The values of max pooling (N, C, M, M); torch's own where it places the windows as we do."""
    before, after = windows.margins(images.shape[-1])
    if before == 0 and 0 <= after < windows.stride:
        return F.max_pool2d(images, windows.size, windows.stride, ceil_mode=True)
    padded = F.pad(images, (before, after, before, after), value=-torch.inf)
    return F.max_pool2d(padded, windows.size, windows.stride)


def _to_every_maximum(
    images: torch.Tensor, pooled: torch.Tensor, gradient: torch.Tensor, windows: Windows
) -> torch.Tensor:
    """Gradient of max pooling at its input (N, C, S, S): ties are not split, overlapping windows add."""
    everything = channels_last(images), channels_last(pooled), channels_last(gradient)
    result = torch.zeros_like(everything[0])
    row_parts = [windows.reached(offset, images.shape[-2]) for offset in range(windows.size)]
    column_parts = [windows.reached(offset, images.shape[-1]) for offset in range(windows.size)]

    def send_back(chunk: slice) -> None:
        pixels, maxima, incoming = (tensor[chunk] for tensor in everything)
        equal = torch.empty_like(maxima)
        for rows, output_rows in row_parts:
            for columns, output_columns in column_parts:
                here = (slice(None), output_rows, output_columns)
                there = (slice(None), rows, columns)
                torch.eq(pixels[there], maxima[here], out=equal[here])
                result[chunk][there].addcmul_(equal[here], incoming[here])

    for_each_chunk(everything[0], send_back)
    return channels_first(result)


def max_pool(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Largest value of each window, (N, C, S, S) -> (N, C, M, M).

    Backward, every pixel that equals the maximum of its window receives that window's full gradient, and
    windows that overlap add. torch's own pooling picks one of the tied pixels instead.
    """
    pooled: torch.Tensor = _MaxPool.apply(images, windows)  # type: ignore[no-untyped-call]
    return pooled


def average_pool(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Mean over the pixels of each window that are really inside the image, (N, C, S, S) -> (N, C, M, M)."""
    before, after = windows.margins(images.shape[-1])
    if before == 0 and 0 <= after < windows.stride:
        return F.avg_pool2d(images, windows.size, windows.stride, ceil_mode=True, count_include_pad=False)
    padded = F.pad(images, (before, after, before, after))
    sums = F.avg_pool2d(padded, windows.size, windows.stride, divisor_override=1)
    inside = _pixels_inside(windows, images.shape[-1]).to(sums)
    return sums / (inside[:, None] * inside[None, :])


def _pixels_inside(windows: Windows, side: int) -> torch.Tensor:
    """How many pixels of each window lie inside an image of `side`, along one axis (M,)."""
    first = windows.start + windows.stride * torch.arange(windows.outputs)
    return (first + windows.size).clamp(max=side) - first.clamp(min=0)
