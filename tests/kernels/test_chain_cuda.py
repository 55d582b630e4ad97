"""Chains on the GPU: the kernel's indexing on the CPU, under sanitizers too; and the operator, where a GPU is."""

from __future__ import annotations

import chain_references
import numpy as np
import pytest
import shim
import torch
from torch import Tensor

from reproduction.kernels import chain, cuda, native, nvrtc
from reproduction.kernels.stages import (
    BIAS,
    RELU,
    Kind,
    Stage,
    decoded,
    dropout_stage,
    encoded,
    output_shape,
)
from reproduction.kernels.tiles import tiling

needs_compiler = pytest.mark.skipif(bool(shim.missing()), reason=shim.missing())
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU for CUDA")

# What the values differ from float64 by, beside the largest: one rounding of the result, and those in float32.
TOLERANCES = {torch.float32: 4e-6, torch.float16: 1e-3, torch.bfloat16: 8e-3}


def norm(kind: Kind, size: int, power: float = 0.75) -> Stage:
    return Stage(kind, size, alpha=0.3, power=power, constant=1.5)


def pool(kind: Kind, size: int, stride: int, start: int, outputs: int) -> Stage:
    return Stage(kind, size, stride, start, outputs)


ACROSS, WITHIN = norm(Kind.ACROSS, 5), norm(Kind.WITHIN, 3)
MAX = pool(Kind.POOL_MAX, 3, 2, 0, 5)  # of 11 pixels, or of 10 the last window hangs over
# name: stages, shape of x, shared memory that a block may have
CHAINS: dict[str, tuple[tuple[Stage, ...], tuple[int, ...], int]] = {
    "layer 1": ((BIAS, ACROSS, MAX, RELU), (2, 13, 11, 11), 12_000),
    "layer 2": ((RELU, ACROSS, norm(Kind.WITHIN, 5), MAX), (2, 9, 10, 10), 24_000),
    "layer 5": ((MAX, RELU), (3, 5, 11, 11), 8_000),
    "bias and relu": ((BIAS, RELU), (3, 37, 5, 4), 48_000),
    "fully connected": ((BIAS, RELU, dropout_stage(0.5, 2.0)), (5, 300), 48_000),
    "average, norm": ((RELU, pool(Kind.POOL_AVERAGE, 3, 2, -1, 5), WITHIN), (2, 10, 9, 9), 48_000),
    "blocked, sum": ((norm(Kind.BLOCKED, 4, 0.5), pool(Kind.POOL_SUM, 4, 3, -2, 4)), (2, 18, 9, 9), 8_000),
    "contrast, magnitude": (
        (norm(Kind.CONTRAST, 4, 1.3), pool(Kind.POOL_MAGNITUDE, 2, 3, 0, 4), dropout_stage(0.7, 1.5)),
        (1, 9, 10, 10),
        16_000,
    ),
    "two pools": ((BIAS, MAX, norm(Kind.ACROSS, 4), pool(Kind.POOL_MAX, 2, 1, 0, 4)), (2, 8, 11, 11), 16_000),
}


@pytest.fixture
def on_the_cpu(monkeypatch: pytest.MonkeyPatch):
    """Runs kernels by the shim: a function that sets how much shared memory there is, and a sanitizer."""

    def set_up(shared_bytes: int, sanitizer: str = "") -> None:
        monkeypatch.setattr(cuda, "available", lambda device: True)
        monkeypatch.setattr(cuda, "shared_bytes_limit", lambda device: shared_bytes)
        monkeypatch.setattr(
            cuda,
            "kernel",
            lambda name, function, device, options=(): shim.host_kernel(
                name, function, tuple(options), sanitizer
            ),
        )

    return set_up


class Case:
    """Inputs of a chain, drawn, and what the references make of them."""

    def __init__(self, stages: tuple[Stage, ...], shape: tuple[int, ...], dtype: torch.dtype) -> None:
        generator = torch.Generator().manual_seed(sum(shape))

        def drawn(shape: tuple[int, ...]) -> Tensor:
            return torch.randn(shape, generator=generator).to(dtype)

        self.stages, self.shape = stages, shape
        self.x, self.g = drawn(shape), drawn(output_shape(shape, stages))
        if stages[0].kind in (Kind.POOL_MAX, Kind.POOL_MAGNITUDE):
            self.x = self.x.round()  # many ties
        self.bias = drawn((shape[1],)) if stages[0] == BIAS else None
        has_dropout = stages[-1].kind is Kind.DROPOUT
        self.uniform = torch.rand(self.g.shape, generator=generator) if has_dropout else None

    def arguments(self, device: str = "cpu") -> list[object]:
        return [
            *(None if t is None else t.to(device) for t in (self.x, self.bias, self.uniform)),
            *encoded(self.stages),
        ]

    def expected(self) -> tuple[Tensor, Tensor, Tensor]:
        def array(values: Tensor | None) -> np.ndarray | None:
            return None if values is None else values.double().numpy()

        def images(values: Tensor | None) -> np.ndarray | None:
            return None if values is None else array(values.view(*(*values.shape, 1, 1)[:4]))

        y, dx, sums = chain_references.chain(
            images(self.x), images(self.g), self.stages, array(self.bias), images(self.uniform)
        )
        y, dx = y.reshape(self.g.shape), dx.reshape(self.shape)
        return torch.from_numpy(y), torch.from_numpy(dx), torch.from_numpy(sums)

    def check(self, y: Tensor, dx: Tensor, sums: Tensor) -> None:
        tolerance = TOLERANCES[self.x.dtype]
        expected_y, expected_dx, expected_sums = self.expected()
        assert y.dtype == dx.dtype == self.x.dtype
        _close(y, expected_y, tolerance)
        _close(dx, expected_dx, tolerance)
        if self.bias is None:
            assert sums.numel() == 0
        else:
            _close(sums, expected_sums, tolerance)


def _close(got: Tensor, expected: Tensor, tolerance: float) -> None:
    scale = max(1.0, float(expected.abs().max()))
    torch.testing.assert_close(got.cpu().double(), expected, rtol=tolerance, atol=tolerance * scale)


def both_passes(case: Case) -> tuple[Tensor, Tensor, Tensor]:
    """The GPU's side of the operator, wherever its kernels run."""
    y = chain._cuda(*case.arguments())
    return y, *chain._cuda_backward(case.g, *case.arguments())


@needs_compiler
@pytest.mark.parametrize("name", CHAINS)
def test_kernels_equal_the_references_forward_and_gradient(name, on_the_cpu) -> None:
    stages, shape, shared_bytes = CHAINS[name]
    on_the_cpu(shared_bytes)
    case = Case(stages, shape, torch.float32)
    case.check(*both_passes(case))
