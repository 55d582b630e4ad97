"""The layers that join what others made, number by number or one after the other, or add up runs of it.

Letters: N images.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor


def weighted_sum(inputs: Sequence[Tensor], coefficients: Sequence[float]) -> Tensor:
    """Sum of coefficient_i * input_i."""
    total = coefficients[0] * inputs[0]
    for coefficient, values in zip(coefficients[1:], inputs[1:], strict=True):
        total = torch.add(total, values, alpha=coefficient)
    return total


class _LargestOf(torch.autograd.Function):
    """The largest input, number by number; backward, every input equal to it receives the full gradient."""

    @staticmethod
    def forward(ctx: Any, *inputs: Tensor) -> Tensor:
        largest = inputs[0]
        for values in inputs[1:]:
            largest = torch.maximum(largest, values)
        ctx.save_for_backward(*inputs, largest)
        return largest

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, ...]:
        *inputs, largest = ctx.saved_tensors
        return tuple(gradient * (values == largest) for values in inputs)


def largest_of(inputs: Sequence[Tensor]) -> Tensor:
    """The largest of two or more inputs, number by number; torch's maximum splits the gradient of ties."""
    largest: Tensor = _LargestOf.apply(*inputs)  # type: ignore[no-untyped-call]
    return largest


def one_after_the_other(inputs: Sequence[Tensor], output_shape: Sequence[int]) -> Tensor:
    """Inputs as maps behind each other (N, C, S, S), or flat (N, features) where `output_shape` is flat."""
    if len(output_shape) == 3:
        return torch.cat(list(inputs), dim=1)
    return torch.cat([values.flatten(1) for values in inputs], dim=1)


def run_sums(values: Tensor, stride: int) -> Tensor:
    """Sums of `stride` numbers that follow each other in the order (channel, row, column), flat."""
    return values.reshape(len(values), -1, stride).sum(2)
