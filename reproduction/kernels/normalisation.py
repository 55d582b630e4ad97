"""Local normalisation across maps and within a map (paper section 3.3; original: cmrnorm, rnorm and cnorm).

    D_i = constant + alpha * sum of x_j^2 over the neighbourhood of i,        y_i = x_i * D_i^-power

The neighbourhood of i for size n is i - n//2 ... i - n//2 + n - 1, cut at the borders: an even size reaches
one further down than up. Backward, with g the gradient at y and j all places whose neighbourhood holds i,

    gradient_i = g_i D_i^-power - 2 alpha power x_i * sum of g_j y_j / D_j

Contrast normalisation (cnorm) has the squares of d = x - mean of the neighbourhood in D, and d_i for x_i in
the last term, as the original does: y is still made of x itself, and the gradient leaves out that the mean
depends on x, so it is no true gradient.

Both sums are made of a few shifted additions over a piece of the batch that fits the cache, which is what
makes them fast: torch's LocalResponseNorm goes through a three-dimensional average pooling. Nothing but x is
kept for the backward pass; D is computed again. Letters: N images, C channels, H rows, W columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from reproduction.kernels.chunks import channels_first, channels_last, for_each_chunk

_CHANNELS, _WITHIN_MAP = (3,), (1, 2)  # axes of (N, H, W, C)


@dataclass(frozen=True)
class Normalisation:
    """The constants of one normalisation layer; `alpha` is already divided by the number of neighbours.

    `across_maps` says whether the neighbours are maps at the same pixel or pixels of the same map;
    `blocked` (across maps only) takes blocks of `size` maps instead of a sliding neighbourhood;
    `contrast` (within a map only) squares the distance to the mean of the neighbourhood.
    """

    size: int
    alpha: float
    power: float
    constant: float
    across_maps: bool
    blocked: bool = False
    contrast: bool = False

    def neighbour_sums(self, values: torch.Tensor, transposed: bool = False) -> torch.Tensor:
        """Sums of `values` (N, H, W, C) over each neighbourhood; `transposed`: over all that hold it."""
        if self.blocked:
            return _block_sums(values, self.size)
        below, above = self.size // 2, self.size - 1 - self.size // 2
        if transposed:
            below, above = above, below
        return _shifted_sums(values, _CHANNELS if self.across_maps else _WITHIN_MAP, below, above)

    def measured(self, values: torch.Tensor) -> torch.Tensor:
        """What is squared in D: `values` (N, H, W, C), or their distance to the mean about them."""
        if not self.contrast:
            return values
        neighbours = self.neighbour_sums(values.new_ones(1, *values.shape[1:3], 1))
        return values - self.neighbour_sums(values).div_(neighbours)

    def denominators(self, measured: torch.Tensor) -> torch.Tensor:
        """D of the formula for what is `measured` (N, H, W, C)."""
        return self.neighbour_sums(measured * measured).mul_(self.alpha).add_(self.constant)


def _shifted_sums(values: torch.Tensor, axes: Sequence[int], below: int, above: int) -> torch.Tensor:
    """Sums over `below` places before and `above` after each, along each of `axes`, cut at the borders."""
    for axis in axes:
        side = values.shape[axis]
        sums = values.clone()
        for shift in range(-below, above + 1):
            length = side - abs(shift)
            if shift != 0 and length > 0:
                source = values.narrow(axis, max(0, shift), length)
                sums.narrow(axis, max(0, -shift), length).add_(source)
        values = sums
    return values


def _block_sums(values: torch.Tensor, size: int) -> torch.Tensor:
    """At every map, the sum over its block of `size` maps (the last block may be short)."""
    sums = torch.empty_like(values)
    for first in range(0, values.shape[-1], size):
        block = slice(first, first + size)
        sums[..., block] = values[..., block].sum(dim=-1, keepdim=True)
    return sums


def _negative_power(values: torch.Tensor, power: float) -> torch.Tensor:
    """values ** -power; the paper's 3/4 and the older nets' 1/2 by square roots, which are much faster."""
    if power == 0.75:
        root = torch.rsqrt(values)
        return root.sqrt().mul_(root)
    return torch.rsqrt(values) if power == 0.5 else values.pow(-power)


def normalised(images: torch.Tensor, norm: Normalisation) -> torch.Tensor:
    """y for x = `images` (N, C, H, W), in plain torch."""
    source = channels_last(images)
    result = torch.empty_like(source)

    def forward_piece(chunk: slice) -> None:
        x = source[chunk]
        denominators = norm.denominators(norm.measured(x))
        torch.mul(x, _negative_power(denominators, norm.power), out=result[chunk])

    for_each_chunk(source, forward_piece)
    return channels_first(result)


def norm_gradient(images: torch.Tensor, gradient: torch.Tensor, norm: Normalisation) -> torch.Tensor:
    """The gradient at x = `images` where that at y is `gradient`, in plain torch."""
    source, incoming = channels_last(images), channels_last(gradient)
    result = torch.empty_like(source)

    def backward_piece(chunk: slice) -> None:
        x = source[chunk]
        measured = norm.measured(x)
        denominators = norm.denominators(measured)
        direct = _negative_power(denominators, norm.power).mul_(incoming[chunk])
        shares = norm.neighbour_sums((direct * x).div_(denominators), transposed=True)
        torch.addcmul(direct, measured, shares, value=-2 * norm.alpha * norm.power, out=result[chunk])

    for_each_chunk(source, backward_piece)
    return channels_first(result)
