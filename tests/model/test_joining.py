"""Layers that join what others made, against plain loops over numbers, forward and backward."""

from __future__ import annotations

import joining_references
import numpy as np
import pytest
import torch

from reproduction.definition.layers import Concatenation, ElementwiseMax, ElementwiseSum, Layer, RunSum
from reproduction.definition.parameters import Parameters
from reproduction.model.joining import largest_of
from reproduction.model.layer_module import LayerModule
from reproduction.model.layers import build

Shape = tuple[int, ...]


def joiner(layer: type[Layer], shapes: list[Shape], output_shape: Shape, **more: object) -> LayerModule:
    """The module of a layer that reads inputs of these shapes."""
    names = tuple(f"input{index}" for index in range(len(shapes)))
    made = build(
        layer(name="join", inputs=names, input_shapes=tuple(shapes), output_shape=output_shape, **more)
    )
    made.use(Parameters())
    return made


def drawn(shapes: list[Shape], levels: int = 0) -> list[torch.Tensor]:
    """Inputs (3, *shape) in float64, pictures with their channels last; with `levels` many ties."""
    random = np.random.default_rng(len(shapes))
    made = []
    for shape in shapes:
        numbers = random.integers(0, levels, (3, *shape)) if levels else random.standard_normal((3, *shape))
        values = torch.from_numpy(numbers.astype(float))
        layout = torch.channels_last if len(shape) == 3 else torch.contiguous_format
        made.append(values.contiguous(memory_format=layout).requires_grad_())
    return made


def both_passes(made: LayerModule, inputs: list[torch.Tensor]) -> tuple[np.ndarray, np.ndarray, list]:
    """Output, its gradient as drawn, and the input gradients, each flat (3, features)."""
    y = made(*inputs)
    assert y.shape[1:] == made.layer.output_shape
    g = torch.from_numpy(np.random.default_rng(9).standard_normal(y.shape))
    gradients = torch.autograd.grad(y, inputs, g)
    return flat(y), flat(g), [flat(gradient) for gradient in gradients]


def flat(values: torch.Tensor) -> np.ndarray:
    return values.detach().numpy().reshape(len(values), -1)


SHAPES = [
    ([(4, 3, 3)] * 3, (4, 3, 3)),
    ([(7,)] * 2, (7,)),
    ([(2, 3, 3), (18,)], (18,)),
    ([(5, 1, 1)], (5, 1, 1)),
]


@pytest.mark.parametrize(("shapes", "output_shape"), SHAPES)
def test_a_sum_weighs_its_inputs(shapes, output_shape) -> None:
    coefficients = (0.5, -2.0, 3.0)[: len(shapes)]
    inputs = drawn(shapes)
    made = joiner(ElementwiseSum, shapes, output_shape, coefficients=coefficients)
    y, g, gradients = both_passes(made, inputs)
    for picture, place in np.ndindex(*y.shape):
        expected = sum(c * flat(x)[picture, place] for c, x in zip(coefficients, inputs, strict=True))
        assert y[picture, place] == pytest.approx(expected, rel=1e-12)
    for coefficient, gradient in zip(coefficients, gradients, strict=True):
        np.testing.assert_allclose(gradient, coefficient * g, rtol=1e-12)
    assert torch.autograd.gradcheck(made, inputs)


@pytest.mark.parametrize("levels", [0, 3])
@pytest.mark.parametrize(("shapes", "output_shape"), SHAPES[:3])
def test_every_input_that_is_the_largest_receives_the_full_gradient(shapes, output_shape, levels) -> None:
    inputs = drawn(shapes, levels)
    y, g, gradients = both_passes(joiner(ElementwiseMax, shapes, output_shape), inputs)
    largest, sent_back = joining_references.largest([flat(x) for x in inputs], g)
    np.testing.assert_array_equal(y, largest)
    for gradient, expected in zip(gradients, sent_back, strict=True):
        np.testing.assert_array_equal(gradient, expected)


def test_the_operator_alone_does_the_same_at_an_awkward_layout() -> None:
    inputs = [torch.randint(0, 3, (5, 7), dtype=torch.float64).T.requires_grad_() for _ in range(4)]
    y = largest_of(inputs)
    g = torch.arange(35.0, dtype=torch.float64).reshape(7, 5)
    gradients = torch.autograd.grad(y, inputs, g)
    largest, sent_back = joining_references.largest([x.detach().numpy() for x in inputs], g.numpy())
    np.testing.assert_array_equal(y.detach().numpy(), largest)
    for gradient, expected in zip(gradients, sent_back, strict=True):
        np.testing.assert_array_equal(gradient.numpy(), expected)


def test_away_from_ties_the_gradient_of_the_maximum_is_the_true_one() -> None:
    shapes, output_shape = SHAPES[0]
    assert torch.autograd.gradcheck(joiner(ElementwiseMax, shapes, output_shape), drawn(shapes))


@pytest.mark.parametrize("kind", ["concat", "pass"])
@pytest.mark.parametrize(
    ("shapes", "output_shape"),
    [
        ([(2, 3, 3), (1, 3, 3), (4, 3, 3)], (7, 3, 3)),
        ([(2, 3, 3), (5,)], (23,)),
        ([(2, 3, 3), (2, 2, 2)], (26,)),
        ([(3,), (4,)], (7,)),
    ],
)
def test_inputs_follow_each_other_in_their_order(shapes, output_shape, kind) -> None:
    inputs = drawn(shapes)
    y, g, gradients = both_passes(joiner(Concatenation, shapes, output_shape, kind=kind), inputs)
    for picture in range(3):
        at = 0
        for values, gradient in zip(inputs, gradients, strict=True):
            for value, sent_back in zip(flat(values)[picture], gradient[picture], strict=True):
                assert (y[picture, at], g[picture, at]) == (value, sent_back)
                at += 1


@pytest.mark.parametrize(("shape", "stride"), [((12,), 4), ((12,), 1), ((2, 3, 3), 6), ((5,), 5)])
def test_numbers_that_follow_each_other_are_summed(shape, stride) -> None:
    inputs = drawn([shape])
    count = int(np.prod(shape)) // stride
    made = joiner(RunSum, [(count * stride,)], (count,), stride=stride)
    y, g, (gradient,) = both_passes(made, inputs)
    for picture, place in np.ndindex(3, count * stride):
        assert gradient[picture, place] == g[picture, place // stride]
    for picture, run in np.ndindex(3, count):
        first = run * stride
        assert y[picture, run] == pytest.approx(sum(flat(inputs[0])[picture, first : first + stride]))
