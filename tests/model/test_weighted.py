"""Split and tree-shaped layers, random connections and shared weights against plain loops."""

from __future__ import annotations

import numpy as np
import pytest
import references
import torch

from reproduction.definition.layers import (
    Convolution,
    LocallyConnected,
    RandomConnections,
    Shared,
    SplitFullyConnected,
    TreeFullyConnected,
    WindowedLayer,
)
from reproduction.model.connections import connected_channels
from reproduction.model.trees import leaf_counts, paths
from reproduction.model.weighted import (
    ConvolutionModule,
    LocalModule,
    SplitFullyConnectedModule,
    TreeFullyConnectedModule,
    WeightedModule,
)

# 4 classes; 4 is above 0 and 1, 5 above 4 and 2, 6 above 5 and 3.
PARENTS = (4, 4, 5, 6, 5, 6, -1)
ABOVE = {0: [0, 4, 5, 6], 1: [1, 4, 5, 6], 2: [2, 5, 6], 3: [3, 6]}


def drawn(*shape: int, seed: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).standard_normal(shape))


def filled(module: WeightedModule) -> WeightedModule:
    """The module in float64 with drawn weights."""
    module = module.double()
    with torch.no_grad():
        for seed, array in enumerate(module.parameters()):
            array.copy_(drawn(*array.shape, seed=seed))
    return module


def gradients(module: WeightedModule, inputs: list[torch.Tensor], g: np.ndarray) -> list[np.ndarray]:
    """Gradients at inputs, weights and biases, for g at the output."""
    for values in inputs:
        values.requires_grad_()
    arrays = [*inputs, *module.weights, module.biases]
    found = torch.autograd.grad(module(*inputs), arrays, torch.from_numpy(g))
    return [gradient.numpy() for gradient in found]


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize(("parts", "outputs", "sizes"), [(3, 2, (6, 3)), (1, 4, (5,)), (2, 1, (4, 2))])
def test_each_part_of_a_split_layer_sees_its_own_part_of_the_inputs(parts, outputs, sizes) -> None:
    layer = SplitFullyConnected(
        name="split",
        inputs=tuple(f"input{index}" for index in range(len(sizes))),
        input_shapes=tuple((size,) for size in sizes),
        output_shape=(parts * outputs,),
        weight_std=(0.1,) * len(sizes),
        bias_value=0.0,
        parts=parts,
    )
    module = filled(SplitFullyConnectedModule(layer))
    inputs = [drawn(3, size, seed=size) for size in sizes]
    g = drawn(3, parts * outputs, seed=9).numpy()
    y = np.tile(module.biases.detach().numpy(), (3, 1))
    expected = [np.zeros((3, size)) for size in sizes] + [np.zeros((outputs, size)) for size in sizes]
    for i, size in enumerate(sizes):
        w, x, run = module.weights[i].detach().numpy(), inputs[i].numpy(), size // parts
        for n, p, o, c in np.ndindex(3, parts, outputs, run):
            y[n, p * outputs + o] += w[o, p * run + c] * x[n, p * run + c]
            expected[i][n, p * run + c] += w[o, p * run + c] * g[n, p * outputs + o]
            expected[len(sizes) + i][o, p * run + c] += x[n, p * run + c] * g[n, p * outputs + o]
    assert_close(module(*inputs).detach().numpy(), y)
    for found, ours in zip(gradients(module, inputs, g), [*expected, g.sum(axis=0)], strict=True):
        assert_close(found, ours)


def tree_layer() -> TreeFullyConnected:
    return TreeFullyConnected(
        name="tree",
        inputs=("x",),
        input_shapes=((5,),),
        output_shape=(4,),
        weight_std=(0.1,),
        bias_value=0.0,
        outputs=4,
        parents=PARENTS,
    )


def test_a_class_answers_with_the_sum_of_the_rows_above_it_and_nodes_receive_what_their_classes_do() -> None:
    module = filled(TreeFullyConnectedModule(tree_layer()))
    w, b, x = module.weights[0].detach().numpy(), module.biases.detach().numpy(), drawn(3, 5)
    g = drawn(3, 4, seed=4).numpy()
    y, at_x, at_w = np.tile(b, (3, 1)), np.zeros((3, 5)), np.zeros((7, 5))
    for n, leaf, c in np.ndindex(3, 4, 5):
        for node in ABOVE[leaf]:
            y[n, leaf] += w[node, c] * x[n, c].item()
            at_x[n, c] += w[node, c] * g[n, leaf]
            at_w[node, c] += x[n, c].item() * g[n, leaf]
    assert_close(module(x).detach().numpy(), y)
    for found, ours in zip(gradients(module, [x], g), [at_x, at_w, g.sum(axis=0)], strict=True):
        assert_close(found, ours)


def test_the_update_of_a_node_is_divided_by_its_classes() -> None:
    assert leaf_counts(PARENTS, 4).ravel().tolist() == [1, 1, 1, 1, 2, 3, 4]
    assert paths(PARENTS, 4).to_dense().sum(dim=1).tolist() == [4, 4, 3, 2]
    divisors = TreeFullyConnectedModule(tree_layer()).row_divisors()
    assert divisors["tree/weights_0"].shape == (7, 1)


def test_without_a_tree_every_class_stands_for_itself() -> None:
    assert paths((-1, -1, -1), 3).to_dense().tolist() == torch.eye(3).tolist()
    assert leaf_counts((-1, -1, -1), 3).ravel().tolist() == [1, 1, 1]


def connected(
    kind: type, name: str = "sparse", source: Shared | None = None, **more: object
) -> WindowedLayer:
    """6 groups of 2 filters, each seeing 2 of 4 channels: three permutations of the channels."""
    layer: WindowedLayer = kind(
        name=name,
        inputs=("x",),
        input_shapes=((4, 5, 5),),
        output_shape=(12, 3, 3),
        out_channels=12,
        kernel_size=(3,),
        stride=(2,),
        padding=(1,),
        groups=(6,),
        weight_std=(0.1,),
        bias_value=0.0,
        connections=(RandomConnections(2, 3, source=source),),
        **more,
    )
    return layer


def test_connections_are_whole_permutations_that_follow_seed_layer_and_input() -> None:
    layer = connected(LocallyConnected)
    channels = connected_channels(layer, 0, seed=3)
    assert len(channels) == 12
    assert [sorted(channels[first : first + 4]) for first in (0, 4, 8)] == [[0, 1, 2, 3]] * 3
    assert channels == connected_channels(layer, 0, seed=3)
    others = [connected_channels(layer, 0, 4), connected_channels(connected(LocallyConnected, "b"), 0, 3)]
    assert channels not in others
    shared = connected(LocallyConnected, "b", Shared("sparse", 0))
    assert connected_channels(shared, 0, 3) == channels


def test_connections_are_the_same_for_ever() -> None:
    # An archive's meaning hangs on these numbers.
    expected = (1, 2, 3, 0, 2, 3, 0, 1, 1, 3, 0, 2)
    assert connected_channels(connected(LocallyConnected), 0, seed=3) == expected


@pytest.mark.parametrize(
    ("kind", "module_of", "function", "more"),
    [
        (Convolution, ConvolutionModule, references.convolve, {"shared_biases": True}),
        (LocallyConnected, LocalModule, references.convolve_locally, {}),
    ],
)
def test_each_group_sees_the_channels_that_were_drawn(kind, module_of, function, more) -> None:
    layer = connected(kind, **more)
    module = module_of(layer)
    module.connect(seed=3)
    module = filled(module)
    channels, x = list(connected_channels(layer, 0, 3)), drawn(2, 4, 5, 5)
    weights, biases = module.weights[0].detach().numpy(), module.biases.detach().numpy()
    expected = function(x.numpy()[:, channels], weights, 2, 1, 6, 3)
    expected += biases if biases.ndim == 3 else biases[:, None, None]
    assert_close(module(x).detach().numpy(), expected)
    x.requires_grad_()
    arrays = [x, *module.parameters()]
    assert torch.autograd.gradcheck(lambda *_: module(x), arrays, eps=1e-6, atol=1e-6, fast_mode=True)


def test_random_connections_without_a_seed_are_refused() -> None:
    with pytest.raises(ValueError, match="'sparse' need the run's seed"):
        LocalModule(connected(LocallyConnected)).connect(None)
