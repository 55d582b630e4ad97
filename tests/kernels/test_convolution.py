"""Convolutions of our own and their gradients against plain loops: the operator, and its CUDA sources on the CPU."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import pytest
import references
import shim
import torch

from reproduction.kernels import cuda, products
from reproduction.kernels.convolution import SOURCES, convolution
from reproduction.kernels.filtering import Windows

# images, channels, side, filters, kernel, stride, padding, groups, outputs
SHAPES = [
    (2, 3, 5, 4, 3, 1, 1, 1, 5),
    (3, 4, 7, 6, 3, 2, 1, 2, 4),
    (1, 1, 1, 1, 1, 1, 0, 1, 1),
    (2, 3, 13, 5, 5, 4, 0, 1, 3),
    (2, 6, 8, 9, 2, 3, 0, 3, 3),  # the last windows hang over at right and bottom
    (1, 2, 6, 3, 3, 1, 3, 1, 10),  # with a padding of the kernel's size some windows see nothing
    (2, 3, 9, 2, 3, 2, 0, 1, 3),  # fewer windows than fit
    (0, 3, 5, 4, 3, 1, 1, 1, 5),
]
# For the kernels alone: more than a tile of rows, of columns, of the depth; runs that are whole and such that are not.
LARGER = [
    (3, 16, 7, 72, 3, 1, 1, 1, 7),
    (2, 32, 6, 16, 3, 2, 1, 2, 3),
    (5, 5, 6, 67, 3, 1, 0, 1, 4),
    (1, 80, 5, 8, 2, 1, 0, 1, 4),
    (1, 3, 4, 130, 3, 1, 1, 1, 4),
]
# The largest error relative to the largest value that rounding in the dtype explains; tf32 keeps 11 bits.
BOUNDS = {torch.float64: 1e-12, torch.float32: 2e-6, torch.bfloat16: 1e-2, torch.float16: 2e-3}
TF32_BOUND = 2e-3


def drawn(shape, dtype=torch.float64) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pictures, weights and a gradient at the answers, rounded to `dtype`."""
    images, channels, side, filters, kernel, _, _, groups, outputs = shape
    random = torch.Generator().manual_seed(side)
    x = torch.randn(images, channels, side, side, generator=random)
    weights = torch.randn(filters, channels // groups, kernel, kernel, generator=random)
    g = torch.randn(images, filters, outputs, outputs, generator=random)
    return x.to(dtype), weights.to(dtype), g.to(dtype)


@lru_cache(maxsize=4)
def plain_loops(shape, dtype) -> tuple[tuple[torch.Tensor, ...], list[np.ndarray]]:
    """What `drawn` gives, and answers and both gradients in float64."""
    drawing = drawn(shape, dtype)
    x, weights, g = (values.double().numpy() for values in drawing)
    y = references.convolve(x, weights, *shape[5:])
    return drawing, [y, *references.convolve_gradients(x, weights, g, *shape[5:8])]


def computed(x, weights, g, shape, how: str) -> list[torch.Tensor]:
    """Answers and both gradients."""
    x, weights = x.clone().requires_grad_(), weights.clone().requires_grad_()
    y = convolution(x, weights, *shape[5:], how)
    return [y.detach(), *torch.autograd.grad(y, (x, weights), g)]


def on_the_cpu(x, weights, g, shape, how: str, sanitizer: str = "") -> list[torch.Tensor]:
    """The same by the CUDA source for `how`, through the shim."""
    windows = Windows(weights.shape[-1], *shape[5:])
    options = (f"-DSCALAR={cuda.SCALARS[x.dtype]}",)

    def kernel(name: str) -> products.Kernel:
        return shim.host_kernel(SOURCES[how], name, options, sanitizer)

    return [
        products.answers(kernel("convolution"), x, weights, windows),
        products.image_gradient(kernel("convolution_image_gradient"), g, weights, windows, x.shape),
        products.weight_gradient(kernel("convolution_weight_gradient"), g, x, windows, weights.shape),
    ]


def assert_within(found: torch.Tensor, wanted: np.ndarray, bound: float) -> None:
    assert found.shape == wanted.shape
    scale = np.abs(wanted).max(initial=1e-300)
    assert np.abs(found.double().numpy() - wanted).max(initial=0) <= bound * scale


def bound_of(how: str, dtype: torch.dtype) -> float:
    return TF32_BOUND if how == "tensor" and dtype == torch.float32 else BOUNDS[dtype]


@pytest.mark.parametrize("how", ["library", *SOURCES])
@pytest.mark.parametrize("dtype", BOUNDS, ids=str)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_answers_and_gradients_equal_plain_loops(shape, dtype, how) -> None:
    drawing, expected = plain_loops(shape, dtype)
    for found, wanted in zip(computed(*drawing, shape, how), expected, strict=True):
        assert found.dtype == dtype
        assert_within(found, wanted, BOUNDS[dtype])


needs_shim = pytest.mark.skipif(bool(shim.missing()), reason=shim.missing())


@needs_shim
@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize("dtype", cuda.SCALARS, ids=str)
@pytest.mark.parametrize("shape", [*SHAPES, *LARGER], ids=str)
def test_the_cuda_sources_equal_plain_loops_on_the_cpu(shape, dtype, how) -> None:
    drawing, expected = plain_loops(shape, dtype)
    for found, wanted in zip(on_the_cpu(*drawing, shape, how), expected, strict=True):
        assert_within(found, wanted, bound_of(how, dtype))


@needs_shim
@pytest.mark.parametrize("how", SOURCES)
def test_a_weight_gradient_in_parts_is_the_same(how, monkeypatch) -> None:
    monkeypatch.setattr(products, "SHORTEST_PART", 7)
    shape = (3, 16, 7, 10, 3, 1, 1, 1, 7)
    drawing, expected = plain_loops(shape, torch.float16)
    assert products._part(3 * 49, 3) == 7
    for found, wanted in zip(on_the_cpu(*drawing, shape, how), expected, strict=True):
        assert_within(found, wanted, bound_of(how, torch.float16))
