"""The stock twin computes what our network computes, and learns what it learns, or the race is unfair.

Bounds are for float32: of scores 2e-6 of the largest, of weights after three steps 2e-5 of the largest.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import torch.nn.functional as F
import two_columns
from torch import nn

from reproduction.benchmarks import stock
from reproduction.benchmarks.columns import Rank
from reproduction.benchmarks.step import scores_of
from reproduction.benchmarks.updating import sgd
from reproduction.definition import Experiment, assemble, find_texts
from reproduction.definition.layers import Pool
from reproduction.errors import UserError
from reproduction.model.network_module import NetworkModule
from reproduction.training.update import Momentum


def pair(experiment: Experiment) -> tuple[NetworkModule, nn.Sequential]:
    """Our network with random weights, large enough that all layers matter, and its twin with the same."""
    network = experiment.network
    drawing = np.random.default_rng(0)
    arrays = {
        name: drawing.normal(0, np.prod(shape[1:]) ** -0.5 if len(shape) > 1 else 0.1, shape)
        for name, shape in network.array_shapes.items()
    }
    module = NetworkModule(network, experiment.parameters, 0).on(torch.device("cpu"))
    module.load(arrays)
    twin = stock.twin(network, experiment.parameters)
    stock.load(twin, network, module.arrays())
    stock.keep_columns_apart(twin)
    return module, twin


def drawn_pictures(experiment: Experiment, count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(count, *experiment.network.image_shape, generator=generator)


def distance(values: torch.Tensor, other: torch.Tensor) -> float:
    """Largest difference, as a part of the largest value."""
    return float((values - other).abs().max() / other.abs().max())


SHIPPED = ["cuda-convnet-18pct", "cuda-convnet-11pct", "cuda-convnet-80sec", "lenet-5"]
EXPERIMENTS = {
    "two columns": two_columns.experiment,
    **{name: lambda name=name: assemble(find_texts(name)) for name in SHIPPED},
}


@pytest.mark.parametrize("layout", [torch.contiguous_format, torch.channels_last])
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_scores_are_those_of_our_network(name: str, layout: torch.memory_format) -> None:
    experiment = EXPERIMENTS[name]()
    module, twin = pair(experiment)
    pictures = drawn_pictures(experiment, 3)
    twin = stock.placed(twin.eval(), torch.device("cpu"), layout)
    with torch.no_grad():
        ours = module.eval()(pictures)[scores_of(experiment.network)]
        theirs = twin(pictures.to(memory_format=layout))
    assert theirs.shape == (3, experiment.network.classes)
    assert distance(theirs, ours) < 2e-6


def test_what_everybody_writes_differs_only_in_sums_that_reach_over_the_border_of_two_columns() -> None:
    experiment = two_columns.experiment()
    numbers = experiment.parameters.norms["rnorm1a"]
    images = torch.randn(2, 12, 4, 4)
    norm = stock.AcrossMaps(5, numbers, columns=2)
    joined = norm(images)
    stock.keep_columns_apart(norm)
    differing = (norm(images) != joined).flatten(2).any(2).any(0).nonzero().flatten().tolist()
    assert differing == [4, 5, 6, 7]


def trained(experiment: Experiment, steps: int) -> tuple[list[float], list[float], float]:
    """Costs of both sides in a few steps, and how far apart the first layer's filters are in the end."""
    module, twin = pair(experiment)
    pictures, labels = drawn_pictures(experiment, 6), torch.arange(6) % experiment.network.classes
    rules = experiment.parameters.rules
    optimiser = sgd(stock.parameters_by_array(twin, experiment.network), rules)
    momentum = Momentum(module.arrays())
    ours, theirs = [], []
    for step in range(steps):
        objective, _ = module.objective(module(pictures, labels=labels), labels)
        arrays = module.arrays()
        gradients = torch.autograd.grad(objective / len(labels), list(arrays.values()))
        momentum.step(arrays, dict(zip(arrays, gradients, strict=True)), rules, step)
        ours.append(objective.item() / len(labels))
        optimiser.zero_grad()
        loss = F.cross_entropy(twin(pictures), labels)
        loss.backward()
        optimiser.step()
        theirs.append(loss.item())
    first = [module.arrays()[f"{name}/weights_0"] for name in experiment.network.first_layers]
    convolution = next(part for part in twin if isinstance(part, nn.Conv2d))
    with torch.no_grad():
        return ours, theirs, distance(convolution.weight, torch.cat(first))


def test_both_sides_learn_the_same_in_a_few_steps() -> None:
    ours, theirs, apart = trained(two_columns.experiment(dropout=False), steps=3)
    assert ours == pytest.approx(theirs, rel=1e-5)
    assert ours[0] != pytest.approx(ours[-1], rel=1e-3)  # something was learnt
    assert apart < 2e-5


def test_layers_behind_dropout_have_the_scale_that_torchs_dropout_wants() -> None:
    experiment = two_columns.experiment()
    module, twin = pair(experiment)
    pictures = drawn_pictures(experiment, 2)
    (dropout,) = (part for part in twin if isinstance(part, nn.Dropout))
    assert dropout.p == pytest.approx(0.4)
    # Everything kept: 2012's masks are all one, torch's divide by the part that is kept.
    last = [part for part in twin if isinstance(part, nn.Linear)][-1]
    own = [module.arrays()[f"fc3/weights_{index}"] for index in range(2)]
    assert torch.equal(last.weight, torch.cat(own, dim=1) * 0.6)
    assert twin.eval()(pictures).shape == (2, 3)


def test_a_layer_that_stock_torch_has_not_is_named() -> None:
    experiment = two_columns.experiment()
    pool = experiment.network["pool1a"]
    assert isinstance(pool, Pool)
    odd = dataclasses.replace(pool, kind="maxabs")
    with pytest.raises(UserError, match="layer 'pool1a' of type pool has no stock twin"):
        stock.parts(Rank((odd,)), experiment.parameters)
