"""Weighted layers, dropout and activations against plain loops, forward and backward, at awkward sizes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import references
import torch

from reproduction.definition.layers import (
    Activation,
    Convolution,
    Dropout,
    FullyConnected,
    Layer,
    LocallyConnected,
    Neuron,
)
from reproduction.definition.parameters import Parameters
from reproduction.model.layer_module import Pass
from reproduction.model.layers import DropoutModule, FunctionModule, as_read
from reproduction.model.weighted import (
    ConvolutionModule,
    FullyConnectedModule,
    LocalModule,
    WeightedModule,
)

# side, channels, filters, kernel, stride, padding, groups
WINDOWED = [
    (7, 3, 4, 3, 1, 1, 1),
    (8, 3, 2, 3, 2, 0, 1),
    (14, 2, 3, 5, 4, 0, 1),
    (6, 4, 4, 3, 2, 1, 2),
    (5, 2, 3, 5, 3, 2, 1),
    (9, 4, 8, 2, 3, 0, 4),
]


def outputs_of(side: int, kernel: int, stride: int, padding: int) -> int:
    return 1 + math.ceil((side + 2 * padding - kernel) / stride)


def windowed(kind: type, sizes: tuple[int, ...], inputs: int = 1, **more: object) -> Layer:
    """A conv or local layer that reads `inputs` pictures of the same kind."""
    side, channels, filters, kernel, stride, padding, groups = sizes
    outputs = outputs_of(side, kernel, stride, padding)
    layer: Layer = kind(
        name="filters",
        inputs=tuple(f"input{index}" for index in range(inputs)),
        input_shapes=((channels, side, side),) * inputs,
        output_shape=(filters, outputs, outputs),
        out_channels=filters,
        kernel_size=(kernel,) * inputs,
        stride=(stride,) * inputs,
        padding=(padding,) * inputs,
        groups=(groups,) * inputs,
        weight_std=(0.1,) * inputs,
        bias_value=0.0,
        **more,
    )
    return layer


def filled(module: WeightedModule, seed: int = 0) -> WeightedModule:
    """The module in float64 with drawn weights."""
    module = module.double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for array in module.parameters():
            array.copy_(torch.randn(array.shape, generator=generator, dtype=torch.float64))
    return module


def drawn(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def reference(
    module: WeightedModule, inputs: list[np.ndarray], function: Callable, layer: Layer
) -> np.ndarray:
    """Sum over the inputs of the plain version, and the biases once."""
    total = sum(
        function(
            values,
            weights.detach().numpy(),
            layer.stride[index],
            layer.padding[index],
            layer.groups[index],
            layer.output_shape[1],
        )
        for index, (values, weights) in enumerate(zip(inputs, module.weights, strict=True))
    )
    biases = module.biases.detach().numpy()
    return total + (biases if biases.ndim == 3 else biases[:, None, None])


def assert_true_gradients(module: WeightedModule, inputs: list[torch.Tensor]) -> None:
    """Gradients at inputs, weights and biases equal finite differences."""
    arrays = [*inputs, *module.parameters()]
    for array in inputs:
        array.requires_grad_()
    assert torch.autograd.gradcheck(lambda *_: module(*inputs), arrays, eps=1e-6, atol=1e-6, fast_mode=True)


@pytest.mark.parametrize("shared", [True, False])
@pytest.mark.parametrize("sizes", WINDOWED)
def test_convolution_equals_plain_loops(sizes, shared) -> None:
    layer = windowed(Convolution, sizes, shared_biases=shared)
    module = filled(ConvolutionModule(layer))
    x = drawn(2, sizes[1], sizes[0], sizes[0])
    expected = reference(module, [x.numpy()], references.convolve, layer)
    np.testing.assert_allclose(module(x).detach().numpy(), expected, rtol=1e-10, atol=1e-12)
    assert_true_gradients(module, [x])


@pytest.mark.parametrize("sizes", WINDOWED)
def test_local_filters_equal_plain_loops(sizes) -> None:
    layer = windowed(LocallyConnected, sizes)
    module = filled(LocalModule(layer))
    x = drawn(2, sizes[1], sizes[0], sizes[0])
    expected = reference(module, [x.numpy()], references.convolve_locally, layer)
    np.testing.assert_allclose(module(x).detach().numpy(), expected, rtol=1e-10, atol=1e-12)
    assert_true_gradients(module, [x])


@pytest.mark.parametrize(
    ("kind", "module_of", "function", "more"),
    [
        (Convolution, ConvolutionModule, references.convolve, {"shared_biases": True}),
        (LocallyConnected, LocalModule, references.convolve_locally, {}),
    ],
)
def test_several_inputs_are_summed_and_the_bias_is_added_once(kind, module_of, function, more) -> None:
    layer = windowed(kind, WINDOWED[0], inputs=2, **more)
    module = filled(module_of(layer))
    first, second = drawn(2, 3, 7, 7, seed=1), drawn(2, 3, 7, 7, seed=2)
    expected = reference(module, [first.numpy(), second.numpy()], function, layer)
    np.testing.assert_allclose(module(first, second).detach().numpy(), expected, rtol=1e-10, atol=1e-12)
    assert_true_gradients(module, [first, second])


def test_the_last_window_of_a_224_pixel_crop_hangs_over_the_edge() -> None:
    layer = windowed(Convolution, (224, 1, 1, 11, 4, 0, 1), shared_biases=True)
    module = ConvolutionModule(layer)
    with torch.no_grad():
        module.weights[0].fill_(1.0)
    y = module(torch.ones(1, 1, 224, 224))
    assert y.shape == (1, 1, 55, 55)
    assert y[0, 0, 53, 53] == 121
    assert y[0, 0, 54, 54] == 64  # 8 x 8 pixels are left: three implicit rows and columns of zeros


def test_fully_connected_reads_channels_then_rows_then_columns() -> None:
    layer = FullyConnected(
        name="fc",
        inputs=("a", "b"),
        input_shapes=((2, 3, 3), (4,)),
        output_shape=(5,),
        outputs=5,
        weight_std=(0.1, 0.1),
        bias_value=0.0,
    )
    module = filled(FullyConnectedModule(layer))
    a, b = drawn(3, 2, 3, 3), drawn(3, 4)
    expected = a.numpy().reshape(3, 18) @ module.weights[0].detach().numpy().T
    expected = expected + b.numpy() @ module.weights[1].detach().numpy().T + module.biases.detach().numpy()
    spread = a.contiguous(memory_format=torch.channels_last)
    np.testing.assert_allclose(module(spread, b).detach().numpy(), expected, rtol=1e-12)
    assert_true_gradients(module, [a, b])


def test_a_layer_may_read_features_as_maps() -> None:
    layer = FullyConnected(
        name="fc",
        inputs=("a",),
        input_shapes=((4, 2, 2),),
        output_shape=(1,),
        outputs=1,
        weight_std=(1.0,),
        bias_value=0.0,
    )
    features = torch.arange(32.0).view(2, 16)
    (read,) = as_read([features], layer)
    assert read.shape == (2, 4, 2, 2)
    assert read.flatten(1).tolist() == features.tolist()


def dropout(kind: str, keep: float, enabled: bool = True) -> DropoutModule:
    layer = Dropout(name="drop", inputs=("x",), input_shapes=((4,),), output_shape=(4,), kind=kind, keep=keep)
    module = DropoutModule(layer)
    module.use(Parameters(dropout={"drop": enabled}))
    return module


@pytest.mark.parametrize(
    ("kind", "in_training", "at_test"), [("hs", 1.0, 0.25), ("dropout2", 1.0, 0.25), ("dropout", 4.0, 1.0)]
)
def test_dropout_scales_as_its_generation_did(kind, in_training, at_test) -> None:
    module = dropout(kind, keep=0.25)
    values = torch.full((200, 500), 2.0, requires_grad=True)
    kept = module(values, given=Pass(torch.Generator().manual_seed(1)))
    assert set(kept.unique().tolist()) == {0.0, 2 * in_training}
    assert abs((kept != 0).float().mean().item() - 0.25) < 0.005
    kept.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, kept.detach() / 2)
    assert module.eval()(values).unique().tolist() == [2 * at_test]


@pytest.mark.parametrize(("kind", "factor"), [("hs", 0.25), ("dropout2", 0.25), ("dropout", 1.0)])
def test_dropout_that_is_switched_off_does_in_training_what_it_does_at_test(kind, factor) -> None:
    module = dropout(kind, keep=0.25, enabled=False)
    assert module(torch.ones(3, 4)).unique().tolist() == [factor]


def test_dropout_masks_depend_on_the_generator_alone() -> None:
    module = dropout("hs", keep=0.5)
    values = torch.ones(10, 10)
    masks = [module(values, given=Pass(torch.Generator().manual_seed(seed))) for seed in (1, 1, 2)]
    assert torch.equal(masks[0], masks[1])
    assert not torch.equal(masks[0], masks[2])
    with pytest.raises(ValueError, match="generator"):
        module(values)


def with_output_dropout(rate: float) -> FunctionModule:
    layer = Neuron(
        name="n", inputs=("x",), input_shapes=((4,),), output_shape=(4,), activation=Activation("square")
    )
    module = FunctionModule(layer)
    module.use(Parameters(output_dropout={"n": rate}))
    return module


def test_the_output_dropout_of_2011_comes_before_the_activation() -> None:
    module = with_output_dropout(0.75)
    values = torch.full((200, 500), 2.0, requires_grad=True)
    kept = module(values, given=Pass(torch.Generator().manual_seed(1)))
    assert set(kept.unique().tolist()) == {0.0, 4.0}
    assert abs((kept != 0).float().mean().item() - 0.25) < 0.005
    kept.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, (kept.detach() != 0) * 4.0)
    assert module.eval()(values).unique().tolist() == [0.25]  # (2 * (1 - 0.75)) squared
    with pytest.raises(ValueError, match="layer 'n' .* needs a generator"):
        module.train()(values)
