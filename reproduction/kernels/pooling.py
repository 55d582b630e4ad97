"""Pooling as the original does it: windows that hang over the edge, and its own rules for ties and borders.

Window o covers the input coordinates start + o * stride ... + size - 1 on both axes, of which only those
inside the image count. The number of windows is given by the layer (it rounds up), never guessed here.
Where a window's value is one of its pixels, every pixel that equals it receives the window's full gradient,
and windows that overlap add; torch's own pooling picks one of the tied pixels instead.
This is the plain torch of the operator `chain`, and what that has not: random pools, and pools over maps.
Letters: N images, C channels, S input side, M output side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F

from reproduction.kernels.chunks import channels_first, channels_last, for_each_chunk


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


def max_pooled(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Largest value of each window (N, C, M, M); torch's own pooling where it places the windows as we do."""
    before, after = windows.margins(images.shape[-1])
    if before == 0 and 0 <= after < windows.stride:
        return F.max_pool2d(images, windows.size, windows.stride, ceil_mode=True)
    padded = F.pad(images, (before, after, before, after), value=-torch.inf)
    return F.max_pool2d(padded, windows.size, windows.stride)


def picking_gradient(
    images: torch.Tensor, pooled: torch.Tensor, gradient: torch.Tensor, windows: Windows
) -> torch.Tensor:
    """Gradient at the pixels (N, C, S, S): ties are not split, overlapping windows add."""
    everything = channels_last(images), channels_last(pooled), channels_last(gradient)
    result = torch.zeros_like(everything[0])
    row_parts = [windows.reached(offset, images.shape[-2]) for offset in range(windows.size)]
    column_parts = [windows.reached(offset, images.shape[-1]) for offset in range(windows.size)]

    def send_back(chunk: slice) -> None:
        pixels, picked, incoming = (tensor[chunk] for tensor in everything)
        equal = torch.empty_like(picked)
        for rows, output_rows in row_parts:
            for columns, output_columns in column_parts:
                here = (slice(None), output_rows, output_columns)
                there = (slice(None), rows, columns)
                torch.eq(pixels[there], picked[here], out=equal[here])
                result[chunk][there].addcmul_(equal[here], incoming[here])

    for_each_chunk(everything[0], send_back)
    return channels_first(result)


def magnitude_pooled(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """The value farthest from zero in each window, with its sign (maxabs); of ties the later pixel's."""
    from_last = _window_pixels(images, windows).flip(-1)
    index = from_last.abs().argmax(-1, keepdim=True)  # the first of ties, hence the last in the window
    return from_last.gather(-1, index).squeeze(-1)


class _RandomPool(torch.autograd.Function):
    """A drawn value of each window; backward, every pixel that equals it receives the full gradient."""

    @staticmethod
    def forward(ctx: Any, images: torch.Tensor, windows: Windows, generator: torch.Generator) -> torch.Tensor:
        pooled = _drawn(images, windows, generator)
        ctx.save_for_backward(images, pooled)
        ctx.windows = windows
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        images, pooled = ctx.saved_tensors
        return picking_gradient(images, pooled, gradient, ctx.windows), None, None


def random_pool(images: torch.Tensor, windows: Windows, generator: torch.Generator) -> torch.Tensor:
    """A value of each window, drawn with a probability proportional to it (rand of 2012).

    The original's kernel was never released; this is stochastic pooling as Zeiler and Fergus published it
    (arXiv 1301.3557, 2013). Values below 0 are never drawn; a window without a value above 0 gives 0.
    """
    pooled: torch.Tensor = _RandomPool.apply(images, windows, generator)  # type: ignore[no-untyped-call]
    return pooled


def _drawn(images: torch.Tensor, windows: Windows, generator: torch.Generator) -> torch.Tensor:
    chances = _window_pixels(images, windows).clamp(min=0)
    heaped = chances.cumsum(-1)
    total = heaped[..., -1:]
    drawn = torch.rand(total.shape, generator=generator, device=images.device, dtype=images.dtype)
    # 1 - drawn is above 0 and at most 1, so a pixel of value 0 is never hit, and some pixel always is.
    index = (heaped < (1 - drawn) * total).sum(-1, keepdim=True)
    return chances.gather(-1, index).squeeze(-1)


def mean_of_random_pool(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """The mean of what `random_pool` draws, which tests take (as published): sum of squares over sum."""
    chances = _window_pixels(images, windows).clamp(min=0)
    total = chances.sum(-1)
    return (chances * chances).sum(-1) / torch.where(total > 0, total, 1)


def _window_pixels(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """The pixels of each window, row by row (N, C, M, M, size * size); 0 outside the image."""
    before, after = windows.margins(images.shape[-1])
    padded = F.pad(images, (before, after, before, after))
    rows = padded.unfold(2, windows.size, windows.stride)
    return rows.unfold(3, windows.size, windows.stride).flatten(-2)


def sum_pooled(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Sum of each window (2014's avg with sum=true), (N, C, S, S) -> (N, C, M, M)."""
    before, after = windows.margins(images.shape[-1])
    padded = F.pad(images, (before, after, before, after))
    return F.avg_pool2d(padded, windows.size, windows.stride, divisor_override=1)


def average_pooled(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Mean over the pixels of each window that are really inside the image, (N, C, S, S) -> (N, C, M, M)."""
    before, after = windows.margins(images.shape[-1])
    if before == 0 and 0 <= after < windows.stride:
        return F.avg_pool2d(images, windows.size, windows.stride, ceil_mode=True, count_include_pad=False)
    sums = sum_pooled(images, windows)
    inside = _pixels_inside(windows, images.shape[-1]).to(sums)
    return sums / (inside[:, None] * inside[None, :])


def spreading_gradient(
    images: torch.Tensor, gradient: torch.Tensor, windows: Windows, average: bool
) -> torch.Tensor:
    """The gradient at the pixels (N, C, S, S): windows send their own, or an average's part."""
    if average:
        inside = _pixels_inside(windows, images.shape[-1]).to(gradient)
        gradient = gradient / (inside[:, None] * inside[None, :])
    incoming = channels_last(gradient)
    result = torch.zeros_like(channels_last(images))
    parts = [windows.reached(offset, images.shape[-1]) for offset in range(windows.size)]

    def send_back(chunk: slice) -> None:
        for rows, output_rows in parts:
            for columns, output_columns in parts:
                result[chunk][:, rows, columns] += incoming[chunk][:, output_rows, output_columns]

    for_each_chunk(result, send_back)
    return channels_first(result)


def _pixels_inside(windows: Windows, side: int) -> torch.Tensor:
    """How many pixels of each window lie inside an image of `side`, along one axis (M,)."""
    first = windows.start + windows.stride * torch.arange(windows.outputs)
    return (first + windows.size).clamp(max=side) - first.clamp(min=0)


class _MaxOverMaps(torch.autograd.Function):
    """Maximum over maps; backward as `_PickingPool`, along the channels."""

    @staticmethod
    def forward(ctx: Any, images: torch.Tensor, windows: Windows) -> torch.Tensor:
        pooled = images.new_full((len(images), windows.outputs, *images.shape[2:]), -torch.inf)
        for offset in range(windows.size):
            maps, outputs = windows.reached(offset, images.shape[1])
            torch.maximum(pooled[:, outputs], images[:, maps], out=pooled[:, outputs])
        ctx.save_for_backward(images, pooled)
        ctx.windows = windows
        return pooled

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None]:
        images, pooled = ctx.saved_tensors
        windows: Windows = ctx.windows
        result = torch.zeros_like(images)
        for offset in range(windows.size):
            maps, outputs = windows.reached(offset, images.shape[1])
            result[:, maps] += gradient[:, outputs] * (images[:, maps] == pooled[:, outputs])
        return result, None


def max_over_maps(images: torch.Tensor, windows: Windows) -> torch.Tensor:
    """Largest value of each window of maps, pixel by pixel (cmpool of 2014), (N, C, S, S) -> (N, M, S, S).

    `windows` lie along the channels and are cut at the first and the last of them.
    """
    pooled: torch.Tensor = _MaxOverMaps.apply(images, windows)  # type: ignore[no-untyped-call]
    return pooled
