"""Fully connected products of our own: against plain loops in float64, and against torch's."""

from __future__ import annotations

import numpy as np
import pytest
import references
import torch

from reproduction.kernels import linear as kernel
from reproduction.kernels import native
from reproduction.kernels.linear import linear

# Sums of up to 5,000 products, each rounded in float32: as a part of the largest value.
BOUND = 3e-6


@pytest.fixture(params=["ours", "torch's"], autouse=True)
def product(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which product computes, whatever this machine's processor."""
    monkeypatch.setattr(kernel, "_library_is_slow", lambda: request.param == "ours")
    if request.param == "ours" and native.library("linear") is None:
        pytest.skip(native.trouble("linear"))


def arrays(images: int, inputs: int, outputs: int) -> list[torch.Tensor]:
    torch.manual_seed(images)
    return [
        torch.randn(shape) for shape in ((images, inputs), (outputs, inputs), (outputs,), (images, outputs))
    ]


def deviation(found: torch.Tensor | None, expected: np.ndarray) -> float:
    assert found is not None
    return float(
        np.abs(found.detach().double().numpy() - expected).max() / max(np.abs(expected).max(), 1e-30)
    )


@pytest.mark.parametrize(
    ("images", "inputs", "outputs"),
    [(1, 7, 3), (16, 1, 1), (17, 33, 13), (31, 300, 65), (32, 256, 48), (65, 513, 49), (16, 5000, 2)],
)
def test_values_and_gradients_equal_plain_loops(images: int, inputs: int, outputs: int) -> None:
    x, weights, bias, g = (values.requires_grad_() for values in arrays(images, inputs, outputs))
    y = linear(x, weights, bias)
    y.backward(g)
    wide = [values.detach().double().numpy() for values in (x, weights, bias, g)]
    expected = references.fully_connected(*wide)
    for found, wanted in zip((y, x.grad, weights.grad, bias.grad), expected, strict=True):
        assert deviation(found, wanted) < BOUND


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_results_do_not_depend_on_the_threads(threads: int) -> None:
    x, weights, bias, g = arrays(40, 700, 130)
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        expected = linear(x, weights, bias), *torch.ops.alexnet.linear_backward(g, x, weights)
        torch.set_num_threads(threads)
        found = linear(x, weights, bias), *torch.ops.alexnet.linear_backward(g, x, weights)
    finally:
        torch.set_num_threads(before)
    if kernel._library_is_slow():
        assert all(map(torch.equal, expected, found))


def test_other_strides_dtypes_and_no_images_give_the_same() -> None:
    x, weights, bias, _ = arrays(20, 64, 48)
    expected = linear(x, weights, bias)
    spread = torch.stack([weights, weights], dim=-1)[..., 0]
    torch.testing.assert_close(linear(x.t().contiguous().t(), spread, bias), expected)
    torch.testing.assert_close(linear(x.double(), weights.double(), bias.double()).float(), expected)
    assert linear(x[:0], weights, bias).shape == (0, 48)
    assert linear(x, weights).shape == (20, 48)


def test_what_does_not_fit_is_refused_alike() -> None:
    x, weights, bias, _ = arrays(20, 64, 48)
    with pytest.raises(ValueError, match="inputs of shape"):
        linear(x[:, 1:], weights, bias)
    with pytest.raises(ValueError, match="for 48 outputs"):
        linear(x, weights, bias[1:])


def test_the_gradients_agree_with_finite_differences_and_torch_finds_it_well_made() -> None:
    x, weights, bias, _ = (values.double().requires_grad_() for values in arrays(3, 5, 4))
    assert torch.autograd.gradcheck(linear, (x, weights, bias))
    torch.library.opcheck(
        torch.ops.alexnet.linear.default, tuple(values.requires_grad_() for values in arrays(17, 9, 5)[:3])
    )
