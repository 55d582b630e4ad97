"""Every neuron against its formula and the derivative that the original gave it, kinks included."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from function_references import FORMULAS, FORMULAS_ABOVE_0

from reproduction.definition.layers import ACTIVATIONS, Activation, Neuron
from reproduction.definition.parameters import Parameters
from reproduction.model.activations import apply_activation
from reproduction.model.layer_module import Pass
from reproduction.model.layers import FunctionModule

POINTS = [-30.0, -4.5, -1.5, -0.3, 0.0, 0.2, 1.0, 1.5, 2.0, 3.99, 4.0, 4.01, 30.0]


def both_passes(activation: Activation, points: list[float], owned: bool) -> tuple[np.ndarray, np.ndarray]:
    """f at the points, and what comes back of the gradients 1, 2, 3 ... divided by them."""
    x = torch.tensor(points, dtype=torch.float64, requires_grad=True)
    g = torch.arange(1.0, len(points) + 1, dtype=torch.float64)
    y = apply_activation(x * 1, activation, owned)
    y.backward(g)
    assert x.grad is not None
    return y.detach().numpy(), (x.grad / g).numpy()


@pytest.mark.parametrize("owned", [True, False])
@pytest.mark.parametrize(("name", "parameters", "function", "derivative"), FORMULAS + FORMULAS_ABOVE_0)
def test_every_neuron_is_its_formula_and_has_the_derivative_of_the_original(
    name, parameters, function, derivative, owned
) -> None:
    positive_only = name in ("sqrt", "log")
    points = [point for point in POINTS if point > 0 or not positive_only]
    y, slopes = both_passes(Activation(name, parameters), points, owned)
    expected = [function(point) for point in points]
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-14)
    slopes_expected = [derivative(x, y) for x, y in zip(points, expected, strict=True)]
    np.testing.assert_allclose(slopes, slopes_expected, rtol=1e-10, atol=1e-12)


def test_no_neuron_is_left_out() -> None:
    tested = {name for name, *_ in FORMULAS + FORMULAS_ABOVE_0}
    assert tested | {"ident", "nrelu"} == set(ACTIVATIONS)


def test_no_activation_leaves_the_values_alone() -> None:
    x = torch.randn(5)
    assert apply_activation(x, None) is x
    assert torch.equal(apply_activation(x, Activation("ident")), x)


@pytest.mark.parametrize(("name", "parameters", "function", "derivative"), FORMULAS + FORMULAS_ABOVE_0)
def test_away_from_the_kinks_the_derivative_is_the_true_one(name, parameters, function, derivative) -> None:
    x = torch.linspace(0.1, 3.7, 7, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(
        lambda values: apply_activation(values, Activation(name, parameters)), [x]
    )


def noisy(x: torch.Tensor, seed: int) -> torch.Tensor:
    return apply_activation(x, Activation("nrelu"), generator=torch.Generator().manual_seed(seed))


def test_the_noise_of_nrelu_has_the_standard_deviation_of_what_it_disturbs() -> None:
    x = torch.full((200_000,), 3.0, dtype=torch.float64)
    y = noisy(x, seed=1)
    # relu(3 + 3n): 0 with probability P(n < -1), else the noise as it is.
    assert abs((y == 0).double().mean().item() - 0.158655) < 0.003
    above = y[y > 3] - 3
    assert abs((above**2).mean().sqrt().item() - 3) < 0.03
    assert not noisy(-x, seed=1).any()
    assert not noisy(torch.zeros(9), seed=1).any()


def test_the_gradient_of_nrelu_passes_where_the_output_is_positive_whatever_the_noise() -> None:
    x = torch.tensor([2.0] * 50 + [-2.0] * 5 + [0.0] * 5, requires_grad=True)
    y = noisy(x, seed=3)
    g = torch.arange(1.0, 61)
    y.backward(g)
    assert x.grad is not None
    assert x.grad.tolist() == [float(value) if out > 0 else 0 for value, out in zip(g, y, strict=True)]
    assert 0 < (y[:50] == 0).sum() < 50


def test_nrelu_draws_in_tests_too_and_from_the_generator_alone() -> None:
    shape = (4,)
    module = FunctionModule(
        Neuron(
            name="noise",
            inputs=("x",),
            input_shapes=(shape,),
            output_shape=shape,
            activation=Activation("nrelu"),
        )
    )
    module.use(Parameters())
    module.eval()
    x = torch.ones(100, 4)
    drawn = [module(x, given=Pass(torch.Generator().manual_seed(seed))) for seed in (1, 1, 2)]
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert len(drawn[0].unique()) > 300
    with pytest.raises(ValueError, match="generator"):
        module(x)
