"""The whole network: activations by name, arrays by name, loading, freezing, several columns."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from reproduction.definition import Experiment, Texts, assemble, find_texts
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights

TEXT = """
[data]
type=data
dataIdx=0
[labels]
type=data
dataIdx=1
[conv1.a]
type=conv
inputs=data
channels=3
filters=4
filterSize=3
initW=0.1
gpu=0
[conv1-b]
type=conv
inputs=data
channels=3
filters=4
filterSize=3
initW=0.2
neuron=relu
gpu=1
[local]
type=local
inputs=conv1.a,conv1-b
channels=4,4
filters=2,2
filterSize=3,3
stride=2,2
initW=0.1,0.2
initB=0.5
gpu=0
[fc]
type=fc
inputs=local
outputs=5
initW=0.3
[probs]
type=softmax
inputs=fc
[logprob]
type=cost.logreg
inputs=labels,probs
"""
ONE = "epsW={}\nepsB=0.1\nmomW=0.9\nmomB=0.9\nwc=0\n"
TWO = "epsW=0.1,0.1\nepsB=0.1\nmomW=0.9,0.9\nmomB=0.9\nwc=0,0\n"
RULES = f"[conv1.a]\n{ONE.format(0.1)}[conv1-b]\n{ONE.format(0)}[local]\n{TWO}[fc]\n{ONE.format(0.1)}"


def experiment(coefficient: float = 1.0) -> Experiment:
    parameters = f"{RULES}[logprob]\ncoeff={coefficient}\n"
    return assemble(Texts(TEXT, parameters, "image-size = 8\n", "n.cfg", "p.cfg", "r.toml"))


def module(coefficient: float = 1.0) -> NetworkModule:
    made = experiment(coefficient)
    network = NetworkModule(made.network, made.parameters)
    network.load(initial_weights(made.network, 1))
    return network


def pictures(count: int = 3) -> torch.Tensor:
    return torch.randn(count, 3, 8, 8, generator=torch.Generator().manual_seed(0))


def test_every_layer_has_its_activation_by_name() -> None:
    activations = module()(pictures())
    shapes = {name: tuple(values.shape) for name, values in activations.items()}
    assert shapes == {
        "data": (3, 3, 8, 8),
        "conv1.a": (3, 4, 6, 6),
        "conv1-b": (3, 4, 6, 6),
        "local": (3, 2, 3, 3),
        "fc": (3, 5),
        "probs": (3, 5),
    }
    assert (activations["conv1-b"] >= 0).all() and (activations["conv1.a"] < 0).any()
    torch.testing.assert_close(activations["probs"].sum(dim=1), torch.ones(3))


def test_arrays_have_the_definitions_names_and_shapes() -> None:
    shapes = {name: tuple(array.shape) for name, array in module().arrays().items()}
    assert shapes == dict(experiment().network.array_shapes)
    assert list(shapes)[:3] == ["conv1.a/weights_0", "conv1.a/biases", "conv1-b/weights_0"]


def test_arrays_of_other_names_or_shapes_are_refused() -> None:
    network = module()
    arrays = initial_weights(network.network, 1)
    with pytest.raises(ValueError, match="fc/biases"):
        network.load({name: array for name, array in arrays.items() if name != "fc/biases"})
    with pytest.raises(ValueError, match="fc/biases is"):
        network.load({**arrays, "fc/biases": np.zeros(7, np.float32)})


def test_an_array_without_a_rate_needs_no_gradient() -> None:
    needed = {name: array.requires_grad for name, array in module().arrays().items()}
    assert [name for name, wanted in needed.items() if not wanted] == ["conv1-b/weights_0"]


def test_the_objective_is_the_cost_times_its_coefficient() -> None:
    labels = torch.tensor([0, 4, 2])
    for coefficient in (1.0, 0.5, 0.0):
        network = module(coefficient)
        total, log_probs = network.objective(network(pictures()), labels)
        expected = -coefficient * log_probs.gather(1, labels[:, None]).sum()
        torch.testing.assert_close(total, expected)


def test_the_gradient_of_the_whole_network_is_the_true_one() -> None:
    network = module().double()
    images, labels = pictures().double(), torch.tensor([0, 4, 2])
    arrays = [array for array in network.arrays().values() if array.requires_grad]

    def cost(*_: torch.Tensor) -> torch.Tensor:
        return network.objective(network(images), labels)[0]

    assert torch.autograd.gradcheck(cost, arrays, eps=1e-6, atol=1e-5, fast_mode=True)


def test_layout_on_a_device_changes_no_number() -> None:
    network = module()
    before = network(pictures())["fc"]
    torch.testing.assert_close(network.on(torch.device("cpu"))(pictures())["fc"], before)


@pytest.mark.parametrize("name", ["alexnet-2012", "cuda-convnet-11pct", "lenet-5"])
def test_built_in_networks_compute(name) -> None:
    made = assemble(find_texts(name))
    network = NetworkModule(made.network, made.parameters).eval()
    network.load(initial_weights(made.network, 0))
    with torch.inference_mode():
        activations = network(torch.rand(1, *made.network.image_shape))
    for layer in made.network.layers:
        if layer.name in activations:
            assert tuple(activations[layer.name].shape[1:]) == layer.output_shape, layer.name
