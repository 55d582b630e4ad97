"""The operator `alexnet::linear`: fully connected layers, y = x W^T + b for x (N, I), W (O, I), b (O,).

The library that torch multiplies matrices with serves some processors at half their speed (MKL on AMD: see
`alexnet bench kernels`); on those, minibatches go through a product of our own. Elsewhere, and for few
images, in other dtypes and on other devices, this is torch's own `linear`.
"""

from __future__ import annotations

import ctypes
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from reproduction.kernels import native, operators

# Below, what counts is to read the weights once, and the library does that as fast as memory gives them.
FEWEST_IMAGES = 16


def linear(x: Tensor, weights: Tensor, bias: Tensor | None = None) -> Tensor:
    """x W^T + b, (N, I) -> (N, O)."""
    result: Tensor = torch.ops.alexnet.linear(x, weights, bias)
    return result


def _checked(x: Tensor, weights: Tensor, bias: Tensor | None) -> None:
    """ValueError where the arguments do not fit each other."""
    if x.dim() != 2 or weights.dim() != 2 or x.shape[1] != weights.shape[1]:
        raise ValueError(f"inputs of shape {tuple(x.shape)} for weights of shape {tuple(weights.shape)}")
    if bias is not None and bias.shape != weights.shape[:1]:
        raise ValueError(f"a bias of shape {tuple(bias.shape)} for {len(weights)} outputs")


def _plain(x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
    _checked(x, weights, bias)
    return F.linear(x, weights, bias)


def _plain_backward(gradient: Tensor, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    return gradient @ weights, gradient.t() @ x


def _shapes(x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
    _checked(x, weights, bias)
    return x.new_empty(len(x), len(weights))


def _shapes_backward(gradient: Tensor, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    return x.new_empty(x.shape), weights.new_empty(weights.shape)


def _cpu(x: Tensor, weights: Tensor, bias: Tensor | None) -> Tensor:
    compiled = _ours(x, weights)
    if compiled is None:
        return _plain(x, weights, bias)
    _checked(x, weights, bias)
    x, weights = x.contiguous(), weights.contiguous()
    y = x.new_empty(len(x), len(weights))
    added = None if bias is None else bias.contiguous()
    compiled.linear_forward(*native.pointers(x, weights, added, y), *_sizes(x, weights))
    return y


def _cpu_backward(gradient: Tensor, x: Tensor, weights: Tensor) -> tuple[Tensor, Tensor]:
    compiled = _ours(x, weights)
    if compiled is None:
        return _plain_backward(gradient, x, weights)
    gradient, x, weights = gradient.contiguous(), x.contiguous(), weights.contiguous()
    at_x, at_weights = torch.empty_like(x), torch.empty_like(weights)
    compiled.linear_image_gradient(*native.pointers(gradient, weights, at_x), *_sizes(x, weights))
    compiled.linear_weight_gradient(*native.pointers(gradient, x, at_weights), *_sizes(x, weights))
    return at_x, at_weights


def _ours(x: Tensor, weights: Tensor) -> ctypes.CDLL | None:
    """Our own product, where it is the faster one."""
    if len(x) < FEWEST_IMAGES or x.dtype != torch.float32 or weights.dtype != torch.float32:
        return None
    return native.library("linear") if _library_is_slow() else None


@cache
def _library_is_slow() -> bool:
    """Whether this is an AMD processor that torch's MKL holds back."""
    try:
        described = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    has_mkl: bool = torch.backends.mkl.is_available()  # type: ignore[no-untyped-call]
    return "AuthenticAMD" in described and has_mkl


def _sizes(x: Tensor, weights: Tensor) -> list[ctypes.c_int64 | ctypes.c_int]:
    """Images, inputs, outputs and threads."""
    sizes = [ctypes.c_int64(size) for size in (len(x), x.shape[1], len(weights))]
    return [*sizes, ctypes.c_int(torch.get_num_threads())]


def _keep(ctx: torch.autograd.function.FunctionCtx, inputs: tuple[object, ...], output: Tensor) -> None:
    x, weights, _ = inputs
    ctx.save_for_backward(x, weights)  # type: ignore[arg-type]


def _gradients(ctx: torch.autograd.function.FunctionCtx, gradient: Tensor) -> tuple[Tensor | None, ...]:
    x, weights = ctx.saved_tensors  # type: ignore[attr-defined]
    at_x, at_weights = torch.ops.alexnet.linear_backward(gradient, x, weights)
    return at_x, at_weights, gradient.sum(0) if ctx.needs_input_grad[2] else None  # type: ignore[attr-defined]


operators.define(
    "linear",
    "(Tensor x, Tensor weights, Tensor? bias) -> Tensor",
    plain=_plain,
    shapes=_shapes,
    cpu=_cpu,
)
operators.define(
    "linear_backward",
    "(Tensor g, Tensor x, Tensor weights) -> (Tensor, Tensor)",
    plain=_plain_backward,
    shapes=_shapes_backward,
    cpu=_cpu_backward,
)
operators.differentiable("linear", _gradients, _keep)
