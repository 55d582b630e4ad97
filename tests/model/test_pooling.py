"""Pooling against plain loops: windows over the edge, ties, overlaps, borders."""

from __future__ import annotations

import math

import numpy as np
import pytest
import references
import torch

from reproduction.model.pooling import Windows, average_pool, max_pool

# side, size, stride, start
SHAPES = [
    (5, 2, 2, 0),
    (6, 3, 2, 0),
    (7, 3, 2, 0),
    (8, 3, 2, -1),
    (7, 3, 3, -2),
    (9, 4, 3, 2),
    (5, 5, 5, 0),
    (4, 1, 1, 0),
    (11, 4, 2, 1),
    (32, 3, 2, 0),
]


def outputs_of(side: int, size: int, stride: int, start: int) -> int:
    return 1 + math.ceil((side - start - size) / stride)


def drawn(side: int, maps: int = 3, levels: int = 0) -> np.ndarray:
    """Pictures (2, maps, side, side); with `levels` only so many different values, hence many ties."""
    random = np.random.default_rng(side)
    shape = (2, maps, side, side)
    return random.integers(0, levels, shape).astype(float) if levels else random.standard_normal(shape)


def gradients(pool, x: np.ndarray, g: np.ndarray, windows: Windows, layout) -> tuple[np.ndarray, np.ndarray]:
    """Output and input gradient of `pool` in float64."""
    images = torch.from_numpy(x).contiguous(memory_format=layout).requires_grad_()
    y = pool(images, windows)
    y.backward(torch.from_numpy(g))
    assert images.grad is not None
    return y.detach().numpy(), images.grad.numpy()


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SHAPES)
def test_max_pooling_gives_every_maximum_the_full_gradient(side, size, stride, start, levels, layout) -> None:
    x = drawn(side, levels=levels)
    outputs = outputs_of(side, size, stride, start)
    g = np.random.default_rng(1).standard_normal((2, 3, outputs, outputs))
    y, gradient = gradients(max_pool, x, g, Windows(size, stride, start, outputs), layout)
    np.testing.assert_array_equal(y, references.max_pool(x, size, stride, start, outputs))
    np.testing.assert_allclose(
        gradient, references.max_pool_gradient(x, g, size, stride, start), rtol=1e-12, atol=1e-14
    )


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize(("side", "size", "stride", "start"), SHAPES)
def test_average_pooling_divides_by_the_pixels_inside(side, size, stride, start, layout) -> None:
    x = drawn(side)
    outputs = outputs_of(side, size, stride, start)
    g = np.random.default_rng(1).standard_normal((2, 3, outputs, outputs))
    y, gradient = gradients(average_pool, x, g, Windows(size, stride, start, outputs), layout)
    np.testing.assert_allclose(y, references.average_pool(x, size, stride, start, outputs), rtol=1e-12)
    np.testing.assert_allclose(
        gradient, references.average_pool_gradient(g, side, size, stride, start), rtol=1e-12, atol=1e-14
    )


def test_fewer_windows_than_fit_leave_the_rest_of_the_image_out() -> None:
    x = drawn(9)
    g = np.ones((2, 3, 2, 2))
    windows = Windows(size=3, stride=2, start=0, outputs=2)
    y, gradient = gradients(max_pool, x, g, windows, torch.contiguous_format)
    np.testing.assert_array_equal(y, references.max_pool(x, 3, 2, 0, 2))
    assert not gradient[:, :, 5:].any()
    y, gradient = gradients(average_pool, x, g, windows, torch.contiguous_format)
    np.testing.assert_allclose(y, references.average_pool(x, 3, 2, 0, 2))
    assert not gradient[:, :, :, 5:].any()


def test_a_flat_image_sends_the_gradient_to_all_pixels() -> None:
    images = torch.zeros(1, 1, 4, 4, requires_grad=True)
    max_pool(images, Windows(size=2, stride=2, start=0, outputs=2)).sum().backward()
    assert images.grad is not None
    assert images.grad.tolist() == torch.ones(1, 1, 4, 4).tolist()


def test_a_large_batch_is_pooled_in_pieces_with_the_same_result() -> None:
    x = torch.randn(70, 8, 24, 24, generator=torch.Generator().manual_seed(3))
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_()
    windows = Windows(size=3, stride=2, start=0, outputs=12)
    y = max_pool(x, windows)
    g = torch.randn(y.shape, generator=torch.Generator().manual_seed(4))
    (gradient,) = torch.autograd.grad(y, x, g)
    expected = references.max_pool_gradient(x.detach().double().numpy(), g.double().numpy(), 3, 2, 0)
    np.testing.assert_allclose(gradient.numpy(), expected, rtol=1e-5, atol=1e-5)
