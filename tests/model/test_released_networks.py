"""Every network of the three released programs computes: a pass forward and one backward of each.

ALEXNET_RELEASED_SOURCES names the folder with their checkouts; tests/released_files.py says which parameters
go with which definition. Pictures and labels are drawn, two at a time; what should have been copied from a
checkpoint is drawn too. The class trees were never released: ten classes under a node, and all nodes under a
root, stand in for them.
"""

from __future__ import annotations

import gc
from dataclasses import replace

import numpy as np
import pytest
import torch
from released_files import SOURCES, names, parameters_of, side_of, texts

from reproduction.definition import Experiment, assemble
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights

IMAGES, SEED = 2, 1
CLASSES = {"layers-146-2009-tree": 10184, "layers-137-tree": 1000}  # of the definitions with a class tree

pytestmark = pytest.mark.skipif(
    not SOURCES, reason="ALEXNET_RELEASED_SOURCES names no folder with the three released programs"
)


def stand_in_tree(classes: int) -> list[int]:
    """For each node the one above it: ten classes under a node, those under a root."""
    inner = -(-classes // 10)
    return [*(classes + leaf // 10 for leaf in range(classes)), *([classes + inner] * inner), -1]


def experiment(definition: str) -> Experiment:
    read = texts(definition, parameters_of(definition))
    classes = next((count for name, count in CLASSES.items() if name in definition), 0)
    if classes:
        read = replace(read, recipe=f"tree = {stand_in_tree(classes)}\n{read.recipe}")
    return assemble(read, image_size=side_of(definition))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("definition", names("layers*.cfg") if SOURCES else [])
def test_a_released_network_computes_forward_and_backward(definition: str) -> None:
    made = experiment(definition)
    module = NetworkModule(made.network, made.parameters, SEED)
    module.load(initial_weights(made.network, SEED))
    random = np.random.default_rng(SEED)
    pictures = torch.from_numpy(60 * random.standard_normal((IMAGES, *made.network.image_shape)))
    labels = torch.from_numpy(random.integers(0, made.network.classes, IMAGES))
    generator = torch.Generator().manual_seed(SEED)
    activations = module.train()(pictures.float(), generator, labels=labels)
    objective, measured = module.objective(activations, labels)
    assert objective.isfinite() and measured.isfinite().all()
    assert module.sums(measured.detach(), labels, 1).images == IMAGES
    moving = {name: array for name, array in module.arrays().items() if array.requires_grad}
    gradients = torch.autograd.grad(objective, list(moving.values()), allow_unused=True)
    silent = [
        name
        for name, gradient in zip(moving, gradients, strict=True)
        if "/weights" in name and (gradient is None or not gradient.isfinite().all() or not gradient.any())
    ]
    assert not silent
    del module, activations, objective, gradients, moving
    gc.collect()
