"""The operator `alexnet::local`: filters of their own at every position of the picture, forward and backward.

    local(x, weights, stride, padding, groups, outputs) -> y
    local_image_gradient(g, weights, side, stride, padding, groups) -> gradient at x
    local_weight_gradient(g, x, kernel, stride, padding, groups) -> gradient at the weights

x is (N, C, S, S), best in channels_last, y (N, F, M, M) in channels_last, weights are (M * M, F, C / groups,
k, k).
float32, bfloat16 and float16 are computed in float32, float64 in plain torch.
Letters further: P = M * M positions, q = C / groups * k * k values that a filter sees.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from reproduction.kernels import native, operators, products
from reproduction.kernels.filtering import Windows, check_values, empty_images, in_layout


def local(x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int) -> Tensor:
    """What the filters of each of `outputs` x `outputs` windows say of the pictures `x`."""
    result: Tensor = torch.ops.alexnet.local(x, weights, stride, padding, groups, outputs)
    return result


# ---- what fits


def _forward_windows(
    x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int
) -> Windows:
    check_values(x, weights)
    return _fitting(x.shape, weights.shape, stride, padding, groups, outputs)


def _image_windows(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int
) -> tuple[Windows, tuple[int, ...]]:
    """The windows, and the shape of the pictures."""
    check_values(g, weights)
    shape = (len(g), weights.shape[2] * groups, side, side) if weights.dim() == 5 else ()
    return _backward_windows(g, shape, weights.shape, stride, padding, groups), shape


def _weight_windows(
    g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int
) -> tuple[Windows, tuple[int, ...]]:
    """The windows, and the shape of the weights."""
    check_values(g, x)
    shape = (g.shape[-1] ** 2, g.shape[1], x.shape[1] // max(1, groups), kernel, kernel)
    return _backward_windows(g, x.shape, shape, stride, padding, groups), shape


def _backward_windows(
    g: Tensor, images: Sequence[int], weights: Sequence[int], stride: int, padding: int, groups: int
) -> Windows:
    windows = _fitting(images, weights, stride, padding, groups, g.shape[-1])
    windows.check_answers(g.shape, images, weights[1])
    return windows


def _fitting(
    images: Sequence[int], weights: Sequence[int], stride: int, padding: int, groups: int, outputs: int
) -> Windows:
    if len(weights) != 5 or weights[0] != outputs**2:
        raise ValueError(f"local filters of shape {tuple(weights)} for {outputs} x {outputs} windows")
    windows = Windows(weights[-1], stride, padding, groups, outputs)
    windows.check(images, weights[1], weights[2:])
    return windows


# ---- plain torch, for any device and dtype


def _plain(x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int) -> Tensor:
    windows = _forward_windows(x, weights, stride, padding, groups, outputs)
    answers = _patches(x, windows) @ _filters(weights, groups).transpose(2, 3)  # (P, groups, N, F / groups)
    # Copied, for a view could not be written over, and what is in the layout already would stay one.
    result = empty_images(x, (len(x), weights.shape[1], outputs, outputs))
    return result.copy_(answers.permute(2, 1, 3, 0).reshape(result.shape))


def _plain_image_gradient(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int
) -> Tensor:
    windows, shape = _image_windows(g, weights, side, stride, padding, groups)
    if g.numel() == 0:
        return empty_images(g, shape)
    patches = _answers(g, groups) @ _filters(weights, groups)  # (P, groups, N, q)
    patches = patches.permute(2, 1, 3, 0).flatten(1, 2)  # (N, C * k * k, P)
    return in_layout(windows.unframed(F.fold(patches, windows.reach, windows.kernel, stride=stride), side))


def _plain_weight_gradient(
    g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int
) -> Tensor:
    windows, shape = _weight_windows(g, x, kernel, stride, padding, groups)
    return (_answers(g, groups).transpose(2, 3) @ _patches(x, windows)).reshape(shape)


def _patches(x: Tensor, windows: Windows) -> Tensor:
    """What the filters see (P, groups, N, q)."""
    pieces = windows.framed(x)
    for axis in (2, 3):
        pieces = pieces.unfold(axis, windows.kernel, windows.stride)
    count, channels, *sides = pieces.shape  # sides: M, M, k, k
    pieces = pieces.reshape(count, windows.groups, channels // windows.groups, *sides)
    return pieces.permute(3, 4, 1, 0, 2, 5, 6).flatten(4).flatten(0, 1)


def _answers(g: Tensor, groups: int) -> Tensor:
    """(N, F, M, M) -> (P, groups, N, F / groups)."""
    count, filters, rows, columns = g.shape
    return g.reshape(count, groups, filters // groups, rows * columns).permute(3, 1, 0, 2)


def _filters(weights: Tensor, groups: int) -> Tensor:
    """(P, F, C / groups, k, k) -> (P, groups, F / groups, q)."""
    positions, filters, *seen = weights.shape
    return weights.reshape(positions, groups, filters // groups, math.prod(seen))


# ---- shapes and gradients


def _shapes(x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int) -> Tensor:
    return empty_images(x, (len(x), weights.shape[1], outputs, outputs))


def _image_shapes(g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int) -> Tensor:
    return empty_images(g, (len(g), weights.shape[2] * groups, side, side))


def _weight_shapes(g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int) -> Tensor:
    return g.new_empty((g.shape[-1] ** 2, g.shape[1], x.shape[1] // groups, kernel, kernel))


def _keep(ctx: torch.autograd.function.FunctionCtx, inputs: tuple[object, ...], output: Tensor) -> None:
    x, weights, stride, padding, groups, _ = inputs
    ctx.save_for_backward(x, weights)  # type: ignore[arg-type]
    ctx.windows = stride, padding, groups  # type: ignore[attr-defined]


def _gradients(ctx: torch.autograd.function.FunctionCtx, g: Tensor) -> tuple[Tensor | None, ...]:
    x, weights = ctx.saved_tensors  # type: ignore[attr-defined]
    at_x = at_weights = None
    if ctx.needs_input_grad[0]:  # type: ignore[attr-defined]
        at_x = torch.ops.alexnet.local_image_gradient(g, weights, x.shape[-1], *ctx.windows)  # type: ignore[attr-defined]
    if ctx.needs_input_grad[1]:  # type: ignore[attr-defined]
        at_weights = torch.ops.alexnet.local_weight_gradient(g, x, weights.shape[-1], *ctx.windows)  # type: ignore[attr-defined]
    return at_x, at_weights, None, None, None, None


# ---- C++ on the CPU


def _cpu(x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int) -> Tensor:
    compiled = native.library("local")
    if compiled is None or x.dtype == torch.float64:
        return _plain(x, weights, stride, padding, groups, outputs)
    windows = _forward_windows(x, weights, stride, padding, groups, outputs)
    y = empty_images(x, (len(x), weights.shape[1], outputs, outputs), torch.float32)
    described = windows.struct(x.shape, weights.shape[1])
    _run(compiled.local_forward, in_layout(x.float()), weights.float().contiguous(), y, described)
    return y.to(x.dtype)


def _cpu_image_gradient(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int
) -> Tensor:
    compiled = native.library("local")
    if compiled is None or g.dtype == torch.float64:
        return _plain_image_gradient(g, weights, side, stride, padding, groups)
    windows, shape = _image_windows(g, weights, side, stride, padding, groups)
    result = empty_images(g, shape, torch.float32)
    described = windows.struct(shape, weights.shape[1])
    incoming, filters = in_layout(g.float()), weights.float().contiguous()
    _run(compiled.local_image_gradient, incoming, filters, result, described)
    return result.to(g.dtype)


def _cpu_weight_gradient(g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int) -> Tensor:
    compiled = native.library("local")
    if compiled is None or g.dtype == torch.float64:
        return _plain_weight_gradient(g, x, kernel, stride, padding, groups)
    windows, shape = _weight_windows(g, x, kernel, stride, padding, groups)
    result = torch.empty(shape)
    described = windows.struct(x.shape, g.shape[1])
    _run(compiled.local_weight_gradient, in_layout(g.float()), in_layout(x.float()), result, described)
    return result.to(g.dtype)


def _run(
    function: ctypes._NamedFuncPointer,
    one: Tensor,
    other: Tensor,
    result: Tensor,
    described: ctypes.Structure,
) -> None:
    """Calls a function of `local.cpp`; the tensors live at least until it has returned."""
    function(*native.pointers(one, other, result), ctypes.byref(described), torch.get_num_threads())


# ---- CUDA


def _cuda(x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int) -> Tensor:
    windows = _forward_windows(x, weights, stride, padding, groups, outputs)
    kernel = products.kernel("local", "local", x)
    if kernel is None:
        return _plain(x, weights, stride, padding, groups, outputs)
    return products.answers(kernel, x, weights, windows)


def _cuda_image_gradient(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int
) -> Tensor:
    windows, shape = _image_windows(g, weights, side, stride, padding, groups)
    kernel = products.kernel("local", "local_image_gradient", g)
    if kernel is None:
        return _plain_image_gradient(g, weights, side, stride, padding, groups)
    return products.image_gradient(kernel, g, weights, windows, shape)


def _cuda_weight_gradient(
    g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int
) -> Tensor:
    windows, shape = _weight_windows(g, x, kernel, stride, padding, groups)
    function = products.kernel("local", "local_weight_gradient", g)
    if function is None:
        return _plain_weight_gradient(g, x, kernel, stride, padding, groups)
    return products.weight_gradient(function, g, x, windows, shape).to(g.dtype)


operators.define(
    "local",
    "(Tensor x, Tensor weights, int stride, int padding, int groups, int outputs) -> Tensor",
    plain=_plain,
    shapes=_shapes,
    cpu=_cpu,
    cuda=_cuda,
)
operators.define(
    "local_image_gradient",
    "(Tensor g, Tensor weights, int side, int stride, int padding, int groups) -> Tensor",
    plain=_plain_image_gradient,
    shapes=_image_shapes,
    cpu=_cpu_image_gradient,
    cuda=_cuda_image_gradient,
)
operators.define(
    "local_weight_gradient",
    "(Tensor g, Tensor x, int kernel, int stride, int padding, int groups) -> Tensor",
    plain=_plain_weight_gradient,
    shapes=_weight_shapes,
    cpu=_cpu_weight_gradient,
    cuda=_cuda_weight_gradient,
)
operators.differentiable("local", _gradients, _keep)
