"""Launches the three products of matrices that a layer of filters is made of on a GPU (`products.h`).

Each function is given the kernel, so that the tests launch the same on the CPU.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import Any, Protocol

import torch
from torch import Tensor

from reproduction.kernels import cuda
from reproduction.kernels.filtering import Windows, empty_images, in_layout

# `block.h` has the same numbers.
TILE_ROWS, TILE_COLUMNS, THREADS = 128, 64, 256
# Each value of a convolution's weight gradient is a sum over all windows of all pictures. It is cut into
# parts until there are so many blocks, a few for each multiprocessor of a large GPU, but no part is shorter
# than this. The cuts hang on the shapes alone, so every GPU adds up in the same order.
BLOCKS_WANTED, SHORTEST_PART = 512, 1024


class Kernel(Protocol):
    """One function of a source, as `cuda.Kernel`."""

    def launch(
        self, grid: cuda.Dimensions, block: cuda.Dimensions, arguments: Sequence[Any], shared_bytes: int = 0
    ) -> None: ...


def kernel(source: str, function: str, like: Tensor) -> Kernel | None:
    """`function` of `SOURCE.cu` for values such as `like`; None where plain torch has to compute them."""
    if like.dtype not in cuda.SCALARS:
        return None
    return cuda.kernel(source, function, like.device, (f"-DSCALAR={cuda.SCALARS[like.dtype]}",))


def answers(kernel: Kernel, x: Tensor, weights: Tensor, windows: Windows) -> Tensor:
    """What the filters say (N, F, M, M) of pictures `x` (N, C, S, S)."""
    filters, positions = weights.shape[-4], windows.outputs**2
    y = empty_images(x, (len(x), filters, windows.outputs, windows.outputs))
    rows, slices = (len(x), positions) if _is_local(weights) else (len(x) * positions, 1)
    blocks = _blocks(rows, filters, windows.groups, slices)
    _launch(kernel, blocks, in_layout(x), _in_layout(weights), y, windows.struct(x.shape, filters))
    return y


def image_gradient(
    kernel: Kernel, g: Tensor, weights: Tensor, windows: Windows, shape: Sequence[int]
) -> Tensor:
    """The gradient at pictures of `shape` (N, C, S, S) for `g` at the answers."""
    result = empty_images(g, shape)
    rows, slices = (len(g), shape[-1] ** 2) if _is_local(weights) else (len(g) * shape[-1] ** 2, 1)
    blocks = _blocks(rows, shape[1], windows.groups, slices)
    _launch(kernel, blocks, in_layout(g), _in_layout(weights), result, windows.struct(shape, g.shape[1]))
    return result


def weight_gradient(kernel: Kernel, g: Tensor, x: Tensor, windows: Windows, shape: Sequence[int]) -> Tensor:
    """The gradient at weights of `shape` for `g` at the answers; in float32, as it is added up."""
    filters, channels, size, _ = shape[-4:]
    columns = channels * size**2
    described = windows.struct(x.shape, filters)
    if len(shape) == 5:
        result = torch.empty(tuple(shape), dtype=torch.float32, device=g.device)
        blocks = _tiles(filters, columns, windows.groups) * shape[0]
        _launch(kernel, blocks, in_layout(g), in_layout(x), result, described)
        return result
    tiles, count = _tiles(filters, columns, windows.groups), len(g) * windows.outputs**2
    part = _part(count, tiles)
    parts = _ceil(count, part)
    sums = torch.empty((parts, filters, size, size, channels), dtype=torch.float32, device=g.device)
    _launch(kernel, tiles * parts, in_layout(g), in_layout(x), sums, described, ctypes.c_int(part))
    return sums.sum(0).permute(0, 3, 1, 2)


def _part(count: int, tiles: int) -> int:
    """How many of `count` windows one block adds up where there are `tiles` tiles."""
    parts = max(1, min(BLOCKS_WANTED // tiles, count // SHORTEST_PART))
    return max(1, _ceil(count, parts))


def _blocks(rows: int, columns: int, groups: int, slices: int) -> int:
    """Blocks for products of `rows` x `columns`, in groups of columns."""
    return _ceil(rows, TILE_ROWS) * _ceil(columns // groups, TILE_COLUMNS) * groups * slices


def _tiles(filters: int, columns: int, groups: int) -> int:
    """Tiles of the weights' gradient, filters by what they see, in groups of filters."""
    return _ceil(filters // groups, TILE_ROWS) * _ceil(columns, TILE_COLUMNS) * groups


def _ceil(count: int, part: int) -> int:
    return -(-count // part)


def _is_local(weights: Tensor) -> bool:
    return weights.dim() == 5


def _in_layout(weights: Tensor) -> Tensor:
    """A convolution's filters with a pixel's channels next to each other, local ones as their shape says."""
    return weights.contiguous() if _is_local(weights) else in_layout(weights)


def _launch(kernel: Kernel, blocks: int, *arguments: Any) -> None:
    kernel.launch((blocks, 1, 1), (THREADS, 1, 1), arguments)
