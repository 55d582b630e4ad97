"""Receptive fields: held to gradients of the real module, and to what changes when a pixel is changed."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import small_networks
import torch

from reproduction.analysis.receptive import receptive_box, receptive_pixels
from reproduction.definition import assemble, find_texts
from reproduction.definition.description import describe
from reproduction.model.network_module import NetworkModule

sys.path.insert(0, str(Path(__file__).parents[1] / "model"))
import test_layers_in_networks as all_layers  # noqa: E402


def described(experiment):
    return describe(experiment.name, experiment.network, experiment.parameters)


def pixels_with_gradient(module: NetworkModule, layer: str, unit: tuple[int, ...]) -> np.ndarray:
    """Pixels at which the gradient of a unit is not zero for any of many pictures, (H, W)."""
    pictures = small_networks.pictures(60).requires_grad_()
    values = module(pictures)[layer]
    values[(slice(None), *unit)].sum().backward()
    assert pictures.grad is not None
    return (pictures.grad != 0).any(dim=0).any(dim=0).numpy()


UNITS = {
    "conv1a": [(0, 0, 0), (3, 6, 6), (1, 2, 5)],
    "pool1b": [(0, 0, 0), (2, 3, 3), (1, 1, 2)],
    "norm1a": [(0, 0, 0), (2, 3, 3), (1, 2, 1)],
    "conv2": [(0, 0, 0), (5, 3, 3), (2, 0, 3)],
    "local": [(0, 0, 0), (2, 1, 1), (1, 0, 1)],
    "fc": [(0,), (4,)],
}


@pytest.mark.parametrize("pool", ["max", "avg"])
@pytest.mark.parametrize("norm", ["rnorm", "cmrnorm"])
@pytest.mark.parametrize("layer", UNITS)
def test_a_unit_sees_exactly_the_pixels_that_its_gradient_reaches(pool, norm, layer) -> None:
    made = small_networks.experiment(neuron="tanh[1,1]", pool=pool, norm=norm)
    module, network = small_networks.module(made), described(made)
    for unit in UNITS[layer]:
        channel, *place = unit
        found = receptive_pixels(network, layer, *place, channel=channel)
        expected = pixels_with_gradient(module, layer, unit)
        assert np.array_equal(found, expected), (layer, unit)
        rows, columns = np.flatnonzero(expected.any(1)), np.flatnonzero(expected.any(0))
        box = receptive_box(network, layer, *place, channel=channel)
        assert box == (rows[0], columns[0], rows[-1] + 1, columns[-1] + 1)


def pixels_that_matter(module: NetworkModule, layer: str, index: int, side: int) -> np.ndarray:
    """Pixels that, changed alone, change unit `index` (flat) of `layer` in any of several pictures."""
    found = np.zeros(side * side, bool)
    each = torch.eye(side * side).view(-1, 1, side, side)
    for seed in range(6):
        generator = torch.Generator().manual_seed(seed)
        picture = torch.rand(3, side, side, generator=generator)
        change = 3 * torch.randn(3, 1, 1, generator=generator)
        changed = torch.cat([picture[None], picture + each * change])
        with torch.no_grad():
            values = module(changed, generator)[layer].flatten(1)[:, index]
        found |= ((values[1:] - values[0]).abs() > 1e-6).numpy()  # a batch may be rounded otherwise
    return found.reshape(side, side)


# A maximum of a large and a small branch: no change of one pixel lets the small one, which sees more, win.
HIDDEN = ("largest", "summed", "bed", "function", "joined", "half")


@pytest.mark.parametrize("dialect", ["2012", "2014"])
def test_every_type_of_layer_is_followed_to_the_pixels_that_matter(dialect, monkeypatch) -> None:
    sections, *others = all_layers.NETS[dialect]
    still = {name: text.replace("nrelu", "abs") for name, text in sections.items()}  # no noise
    monkeypatch.setitem(all_layers.NETS, dialect, (still, *others))
    made = all_layers.experiment(dialect)
    module = all_layers.module(dialect).eval()
    network = described(made)
    for layer in made.network.layers:
        if layer.name in ("data", "labels", "fc", "probs", "logprob") or layer.activation is not None:
            continue
        shape = layer.output_shape if len(layer.output_shape) == 3 else (layer.output_shape[0], 1, 1)
        for index in {0, int(np.prod(shape)) - 1, int(np.prod(shape)) // 2}:
            channel, row, column = np.unravel_index(index, shape)
            found = receptive_pixels(network, layer.name, int(row), int(column), int(channel))
            matter = pixels_that_matter(module, layer.name, index, 16)
            assert not (matter & ~found).any(), (layer.name, index)  # whatever matters is seen
            if layer.name not in HIDDEN:
                assert found.sum() - matter.sum() <= 0.2 * found.sum(), (layer.name, index)


def test_the_fields_of_the_network_of_2012_are_those_of_its_kernels_and_strides() -> None:
    made = assemble(find_texts("alexnet-2012"))
    network = described(made)
    first = made.network.first_layers[0]
    top, left, bottom, right = receptive_box(network, first, 10, 20)
    assert (bottom - top, right - left) == (11, 11)
    assert receptive_box(network, first, 11, 21)[:2] == (top + 4, left + 4)
    side = network["image_shape"][1]
    assert receptive_box(network, "probs", channel=3) == (0, 0, side, side)


@pytest.mark.parametrize(
    ("layer", "place"),
    [("nothing", (0, 0)), ("logprob", (0, 0)), ("conv2", (4, 0)), ("conv2", (0, -1)), ("fc", (0, 0, 5))],
)
def test_a_unit_that_is_not_there_is_refused(layer, place) -> None:
    with pytest.raises(ValueError, match=layer):
        receptive_pixels(described(small_networks.experiment()), layer, *place)
