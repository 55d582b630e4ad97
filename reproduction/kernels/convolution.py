"""The operator `alexnet::convolution`: convolution by kernels of our own, forward and backward.

    convolution(x, weights, stride, padding, groups, outputs, how) -> y
    convolution_image_gradient(g, weights, side, stride, padding, groups, how) -> gradient at x
    convolution_weight_gradient(g, x, kernel, stride, padding, groups, how) -> gradient at the weights

x is (N, C, S, S), y (N, F, M, M), weights are (F, C / groups, k, k), all best in channels_last. `how` is
"direct", the original's way in plain float32 (`convolution.cu`), or "tensor", on the tensor cores
(`convolution_tensor.cu`), where float32 values are rounded to tf32. On the CPU both are the library's
convolution, as is float64 anywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.nn import grad

from reproduction.kernels import operators, products
from reproduction.kernels.filtering import Windows, check_values, empty_images, in_layout

SOURCES = {"direct": "convolution", "tensor": "convolution_tensor"}


def convolution(
    x: Tensor,
    weights: Tensor,
    stride: int,
    padding: int,
    groups: int,
    outputs: int,
    how: str = "library",
) -> Tensor:
    """What the filters say of each of `outputs` x `outputs` windows of the pictures `x`.

    `how` is "library" or one of SOURCES.
    """
    if how != "library":
        result: Tensor = torch.ops.alexnet.convolution(x, weights, stride, padding, groups, outputs, how)
        return result
    windows = _fitting(x, weights, x.shape, weights.shape, stride, padding, groups, outputs)
    missing = max(0, windows.reach - x.shape[-1] - 2 * padding)
    x = F.pad(x, (0, missing, 0, missing)) if missing else x
    return F.conv2d(x, weights, stride=stride, padding=padding, groups=groups)[:, :, :outputs, :outputs]


# ---- what fits


def _fitting(
    one: Tensor,
    other: Tensor,
    images: Sequence[int],
    weights: Sequence[int],
    stride: int,
    padding: int,
    groups: int,
    outputs: int,
) -> Windows:
    """The windows, for operands `one` and `other`. ValueError where something does not fit."""
    check_values(one, other)
    if len(weights) != 4:
        raise ValueError(f"filters (F, C, k, k), not {tuple(weights)}")
    windows = Windows(weights[-1], stride, padding, groups, outputs)
    windows.check(images, weights[0], weights[1:])
    return windows


def _source(how: str) -> str:
    if how not in SOURCES:
        raise ValueError(f"a convolution is computed in one of the ways {', '.join(SOURCES)}, not '{how}'")
    return SOURCES[how]


def _image_windows(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int
) -> tuple[Windows, tuple[int, ...]]:
    """The windows, and the shape of the pictures."""
    shape = (len(g), weights.shape[1] * groups, side, side)
    windows = _fitting(g, weights, shape, weights.shape, stride, padding, groups, g.shape[-1])
    windows.check_answers(g.shape, shape, len(weights))
    return windows, shape


def _weight_windows(
    g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int
) -> tuple[Windows, tuple[int, ...]]:
    """The windows, and the shape of the weights."""
    shape = (g.shape[1], x.shape[1] // max(1, groups), kernel, kernel)
    windows = _fitting(g, x, x.shape, shape, stride, padding, groups, g.shape[-1])
    windows.check_answers(g.shape, x.shape, g.shape[1])
    return windows, shape


# ---- plain torch: the library's convolution of just the square that the windows cover


def _plain(
    x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int, how: str
) -> Tensor:
    _source(how)
    windows = _fitting(x, weights, x.shape, weights.shape, stride, padding, groups, outputs)
    return in_layout(F.conv2d(windows.framed(x), weights, stride=stride, groups=groups))


def _plain_image_gradient(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int, how: str
) -> Tensor:
    _source(how)
    windows, shape = _image_windows(g, weights, side, stride, padding, groups)
    square = (*shape[:2], windows.reach, windows.reach)
    found = grad.conv2d_input(square, weights, g, stride=stride, groups=groups)  # type: ignore[no-untyped-call]
    return in_layout(windows.unframed(found, side))


def _plain_weight_gradient(
    g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int, how: str
) -> Tensor:
    _source(how)
    windows, shape = _weight_windows(g, x, kernel, stride, padding, groups)
    found = grad.conv2d_weight(windows.framed(x), shape, g, stride=stride, groups=groups)  # type: ignore[no-untyped-call]
    return in_layout(found)


# ---- shapes and gradients


def _shapes(
    x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int, how: str
) -> Tensor:
    return empty_images(x, (len(x), len(weights), outputs, outputs))


def _image_shapes(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int, how: str
) -> Tensor:
    return empty_images(g, (len(g), weights.shape[1] * groups, side, side))


def _weight_shapes(
    g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int, how: str
) -> Tensor:
    return empty_images(g, (g.shape[1], x.shape[1] // groups, kernel, kernel))


def _keep(ctx: torch.autograd.function.FunctionCtx, inputs: tuple[object, ...], output: Tensor) -> None:
    x, weights, stride, padding, groups, _, how = inputs
    ctx.save_for_backward(x, weights)  # type: ignore[arg-type]
    ctx.rest = stride, padding, groups, how  # type: ignore[attr-defined]


def _gradients(ctx: torch.autograd.function.FunctionCtx, g: Tensor) -> tuple[Tensor | None, ...]:
    x, weights = ctx.saved_tensors  # type: ignore[attr-defined]
    rest = ctx.rest  # type: ignore[attr-defined]
    at_x = at_weights = None
    if ctx.needs_input_grad[0]:  # type: ignore[attr-defined]
        at_x = torch.ops.alexnet.convolution_image_gradient(g, weights, x.shape[-1], *rest)
    if ctx.needs_input_grad[1]:  # type: ignore[attr-defined]
        at_weights = torch.ops.alexnet.convolution_weight_gradient(g, x, weights.shape[-1], *rest)
    return at_x, at_weights, None, None, None, None, None


# ---- CUDA


def _cuda(
    x: Tensor, weights: Tensor, stride: int, padding: int, groups: int, outputs: int, how: str
) -> Tensor:
    windows = _fitting(x, weights, x.shape, weights.shape, stride, padding, groups, outputs)
    kernel = products.kernel(_source(how), "convolution", x)
    if kernel is None:
        return _plain(x, weights, stride, padding, groups, outputs, how)
    return products.answers(kernel, x, weights, windows)


def _cuda_image_gradient(
    g: Tensor, weights: Tensor, side: int, stride: int, padding: int, groups: int, how: str
) -> Tensor:
    windows, shape = _image_windows(g, weights, side, stride, padding, groups)
    kernel = products.kernel(_source(how), "convolution_image_gradient", g)
    if kernel is None:
        return _plain_image_gradient(g, weights, side, stride, padding, groups, how)
    return products.image_gradient(kernel, g, weights, windows, shape)


def _cuda_weight_gradient(
    g: Tensor, x: Tensor, kernel: int, stride: int, padding: int, groups: int, how: str
) -> Tensor:
    windows, shape = _weight_windows(g, x, kernel, stride, padding, groups)
    function = products.kernel(_source(how), "convolution_weight_gradient", g)
    if function is None:
        return _plain_weight_gradient(g, x, kernel, stride, padding, groups, how)
    return products.weight_gradient(function, g, x, windows, shape).to(g.dtype)


operators.define(
    "convolution",
    "(Tensor x, Tensor weights, int stride, int padding, int groups, int outputs, str how) -> Tensor",
    plain=_plain,
    shapes=_shapes,
    cuda=_cuda,
)
operators.define(
    "convolution_image_gradient",
    "(Tensor g, Tensor weights, int side, int stride, int padding, int groups, str how) -> Tensor",
    plain=_plain_image_gradient,
    shapes=_image_shapes,
    cuda=_cuda_image_gradient,
)
operators.define(
    "convolution_weight_gradient",
    "(Tensor g, Tensor x, int kernel, int stride, int padding, int groups, str how) -> Tensor",
    plain=_plain_weight_gradient,
    shapes=_weight_shapes,
    cuda=_cuda_weight_gradient,
)
operators.differentiable("convolution", _gradients, _keep)
