"""The functions applied to a layer's output, with the derivatives the original program gave them.

Where a function has a kink the derivative is a choice, and the original's is kept: 0 at 0 for relu, -1 at 0
for abs, 0 at both ends of brelu. softrelu is exactly x beyond 4; the programs of 2011 and 2012 and this one
switch its derivative to 1 there too (2014's, which knew only y, did so at y = 4, that is x = 3.98).
nrelu's derivative leaves its noise out, though the noise grows with x.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from reproduction.definition.layers import Activation


def apply_activation(
    values: Tensor,
    activation: Activation | None,
    owned: bool = False,
    generator: torch.Generator | None = None,
) -> Tensor:
    """f(values); `owned` allows writing over `values`, which nobody else may need then.

    `generator` draws the noise of nrelu, in training and in tests. ValueError where it is missing.
    """
    if activation is None:
        return values
    if activation.name == "relu":
        return values.relu_() if owned else values.relu()
    if activation.name == "nrelu":
        return _noisy_relu(values, generator)
    return _FORMULAS[activation.name](values, *activation.parameters)


def _absolute(x: Tensor) -> Tensor:
    return torch.where(x > 0, x, -x)


def _bounded_relu(x: Tensor, most: float) -> Tensor:
    positive = x.relu()
    return torch.where(positive < most, positive, most)


def _soft_relu(x: Tensor) -> Tensor:
    return F.softplus(x, threshold=4)


_FORMULAS: dict[str, Callable[..., Tensor]] = {
    "ident": lambda x: x,
    "logistic": torch.sigmoid,
    "abs": _absolute,
    "softrelu": _soft_relu,
    "square": torch.square,
    "sqrt": torch.sqrt,
    "tanh": lambda x, height, steepness: height * torch.tanh(steepness * x),
    "brelu": _bounded_relu,
    "linear": lambda x, factor, constant: factor * x + constant,
    "drelu": lambda x, width: x - width * torch.tanh(x / width),
    "log": lambda x, constant: torch.log(constant + x),
}


def _noisy_relu(values: Tensor, generator: torch.Generator | None) -> Tensor:
    if generator is None:
        raise ValueError("the neuron nrelu needs a generator, in tests too")
    noise = torch.randn(values.shape, generator=generator, device=values.device, dtype=values.dtype)
    noisy: Tensor = _NoisyRelu.apply(values, noise)  # type: ignore[no-untyped-call]
    return noisy


class _NoisyRelu(torch.autograd.Function):
    """relu(r + r * noise) with r = relu(x); backward, the gradient passes where that is positive."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, noise: Tensor) -> Tensor:
        rectified = values.relu()
        noisy = torch.addcmul(rectified, rectified, noise).relu_()
        ctx.save_for_backward(noisy > 0)
        return noisy

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (positive,) = ctx.saved_tensors
        return gradient * positive, None
