"""Layers computed at once: the same numbers, without what lies between."""

from __future__ import annotations

import pytest
import torch

from reproduction.definition import assemble, find_texts
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights

NETWORKS = ["cuda-convnet-18pct", "cuda-convnet-11pct", "cuda-convnet-80sec", "lenet-5"]


def built(name: str, training: bool) -> tuple[NetworkModule, torch.Tensor, torch.Tensor]:
    experiment = assemble(find_texts(name))
    module = NetworkModule(experiment.network, experiment.parameters, 1)
    module.load(initial_weights(experiment.network, 1))
    recipe = experiment.recipe
    torch.manual_seed(1)
    pictures = torch.randn(3, recipe.channels, recipe.input_size, recipe.input_size) * 60
    labels = torch.arange(3) % experiment.network.classes
    return module.on(torch.device("cpu")).train(training), pictures, labels


@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("name", [*NETWORKS, "alexnet-2012"])
def test_the_cost_and_its_gradients_are_the_same_bit_for_bit(name: str, training: bool) -> None:
    module, pictures, labels = built(name, training)
    results = []
    for everything in (True, False):
        draws = torch.Generator().manual_seed(5)
        activations = module(pictures, draws, labels=labels, everything=everything)
        cost, _ = module.objective(activations, labels)
        arrays = [array for array in module.arrays().values() if array.requires_grad]
        results.append([cost, *torch.autograd.grad(cost, arrays)])
    assert all(map(torch.equal, *results))


def test_only_what_the_next_layer_alone_reads_is_left_out() -> None:
    module, pictures, labels = built("alexnet-2012", True)
    draws = torch.Generator()
    whole = module(pictures, draws, labels=labels)
    fused = module(pictures, draws, labels=labels, everything=False)
    left_out = {"conv1", "rnorm1", "conv2", "rnorm2", "cnorm2", "conv5", "fc2048", "fc2048b"}
    assert set(whole) - set(fused) == {name + column for name in left_out for column in "ab"}


def test_random_pools_and_other_neurons_end_a_run() -> None:
    module, *_ = built("lenet-5", True)
    assert not module._runs()
    module, *_ = built("cuda-convnet-18pct", True)
    assert [run.tail.name for run in module._runs().values()] == ["rnorm1", "rnorm2", "pool3"]
