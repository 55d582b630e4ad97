"""Weights of one byte: exact for what is kept, close to the weights they stand for, and for looking only."""

from __future__ import annotations

import numpy as np
import pytest
import references
import torch

from reproduction.kernels import native
from reproduction.kernels.linear_int8 import LARGEST, MOST_IMAGES, linear_int8, quantised


@pytest.fixture(params=["compiled", "plain"], autouse=True)
def backend(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "plain":
        monkeypatch.setattr(native, "library", lambda name: None)
    elif native.library("linear_int8") is None:
        pytest.skip(native.trouble("linear_int8"))


@pytest.mark.parametrize("images", [1, 2, 4, 5, MOST_IMAGES + 1])
@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (7, 3), (32, 16), (69, 33), (1000, 17)])
def test_the_products_are_those_of_the_widened_weights(images: int, inputs: int, outputs: int) -> None:
    torch.manual_seed(inputs)
    x, bias = torch.randn(images, inputs), torch.randn(outputs)
    weights, scales = quantised(torch.randn(outputs, inputs))
    wide = weights.double().numpy() * scales.double().numpy()[:, None]
    nothing = np.zeros((images, outputs))
    expected = references.fully_connected(x.double().numpy(), wide, bias.double().numpy(), nothing)[0]
    found = linear_int8(x, weights, scales, bias).double().numpy()
    np.testing.assert_allclose(found, expected, atol=2e-6 * np.abs(expected).max() + 1e-7)


def test_a_weight_is_off_by_half_a_step_at_most_and_rows_of_zeros_stay_zero() -> None:
    weights = torch.randn(40, 300) * torch.logspace(-6, 3, 40)[:, None]
    weights[3] = 0
    kept, scales = quantised(weights)
    assert int(kept.abs().max()) == LARGEST and torch.equal(scales[3], torch.tensor(0.0))
    wide = kept.float() * scales[:, None]
    assert bool(((wide - weights).abs() <= 0.5001 * weights.abs().amax(1, keepdim=True) / LARGEST).all())


def test_it_has_no_gradient_and_torch_finds_it_well_made() -> None:
    weights, scales = quantised(torch.randn(5, 9))
    arguments = torch.randn(2, 9), weights, scales, torch.randn(5)
    torch.library.opcheck(torch.ops.alexnet.linear_int8.default, arguments)
    x = torch.randn(2, 9, requires_grad=True)
    with pytest.raises(RuntimeError, match="alexnet::linear_int8 has no gradient"):
        linear_int8(x, weights, scales).sum().backward()


def test_what_does_not_fit_is_refused_alike() -> None:
    weights, scales = quantised(torch.randn(5, 9))
    with pytest.raises(ValueError, match="inputs of shape"):
        linear_int8(torch.randn(2, 8), weights, scales)
    with pytest.raises(ValueError, match="weights of shape"):
        linear_int8(torch.randn(2, 9), weights.float(), scales)
    with pytest.raises(ValueError, match="scales or biases"):
        linear_int8(torch.randn(2, 9), weights, scales[1:])
