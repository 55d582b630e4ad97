"""The operator `alexnet::linear_int8`: fully connected layers whose weights are numbers of one byte.

A row of weights W[o] is kept as round(W[o] / s) with s = max |W[o]| / 127, and s beside it: a quarter of the
bytes, which is what the answer to a single picture waits for. Inputs and sums stay float32. An approximation
that has to be asked for by name, to look at pictures and never to train; so it has no gradient.
"""

from __future__ import annotations

import ctypes

import torch
import torch.nn.functional as F
from torch import Tensor

from reproduction.kernels import native, operators

LARGEST = 127
MOST_IMAGES = 32
"""More images than these are multiplied with the weights as floats: those are then used often enough."""


def linear_int8(x: Tensor, weights: Tensor, scales: Tensor, bias: Tensor | None = None) -> Tensor:
    """x (W * scales)^T + b for x (N, I), int8 W (O, I), scales (O,): (N, O)."""
    result: Tensor = torch.ops.alexnet.linear_int8(x, weights, scales, bias)
    return result


def quantised(weights: Tensor) -> tuple[Tensor, Tensor]:
    """int8 weights and scales of float `weights` (O, I)."""
    scales = weights.abs().amax(1).div_(LARGEST)
    safe = torch.where(scales > 0, scales, 1)
    return (weights / safe[:, None]).round_().to(torch.int8), scales


def _checked(x: Tensor, weights: Tensor, scales: Tensor, bias: Tensor | None) -> None:
    """ValueError where the arguments do not fit each other."""
    if x.dim() != 2 or weights.dim() != 2 or x.shape[1] != weights.shape[1] or weights.dtype != torch.int8:
        raise ValueError(
            f"inputs of shape {tuple(x.shape)} for {weights.dtype} weights of shape {tuple(weights.shape)}"
        )
    for other in (scales, bias):
        if other is not None and other.shape != weights.shape[:1]:
            raise ValueError(f"{tuple(other.shape)} scales or biases for {len(weights)} outputs")


def _plain(x: Tensor, weights: Tensor, scales: Tensor, bias: Tensor | None) -> Tensor:
    _checked(x, weights, scales, bias)
    wide = weights.to(x.dtype) * scales.to(x.dtype)[:, None]
    return F.linear(x, wide, bias)


def _shapes(x: Tensor, weights: Tensor, scales: Tensor, bias: Tensor | None) -> Tensor:
    _checked(x, weights, scales, bias)
    return x.new_empty(len(x), len(weights))


def _cpu(x: Tensor, weights: Tensor, scales: Tensor, bias: Tensor | None) -> Tensor:
    compiled = native.library("linear_int8")
    if compiled is None or x.dtype != torch.float32 or len(x) > MOST_IMAGES:
        return _plain(x, weights, scales, bias)
    _checked(x, weights, scales, bias)
    arrays = [x.contiguous(), weights.contiguous(), scales.float().contiguous()]
    added = None if bias is None else bias.float().contiguous()
    y = x.new_empty(len(x), len(weights))
    pointers = native.pointers(*arrays, added, y)
    sizes = [ctypes.c_int64(size) for size in (len(x), x.shape[1], len(weights))]
    compiled.linear_int8(*pointers, *sizes, ctypes.c_int(torch.get_num_threads()))
    return y


operators.define(
    "linear_int8",
    "(Tensor x, Tensor weights, Tensor scales, Tensor? bias) -> Tensor",
    plain=_plain,
    shapes=_shapes,
    cpu=_cpu,
)
operators.without_gradient("linear_int8")
