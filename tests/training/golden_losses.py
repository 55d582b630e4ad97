"""Ten losses of small trainings, which no change of the kernels may change. Run as a program, it prints them.

`tests/golden/losses.json` holds what plain torch gave before there were kernels of our own.
"""

from __future__ import annotations

import json

import numpy as np
import small_training
import torch

from reproduction.definition import Experiment, assemble, find_texts
from reproduction.model.network_module import NetworkModule
from reproduction.training.initial_weights import initial_weights
from reproduction.training.trainer import Preprocessing, Trainer

STEPS, IMAGES, BATCH = 10, 64, 16
SMALL = "small"
NAMES = [SMALL, "cuda-convnet-18pct", "cuda-convnet-11pct", "cuda-convnet-80sec", "lenet-5"]


class DrawnBatches:
    """Pictures of coloured ramps with some noise; the class is in their direction."""

    def __init__(self, channels: int, side: int, classes: int) -> None:
        random = np.random.Generator(np.random.PCG64(7))
        targets = np.arange(IMAGES) % classes
        angle = 2 * np.pi * targets / classes
        across = np.linspace(-1, 1, side)
        ramps = np.cos(angle)[:, None, None] * across + np.sin(angle)[:, None, None] * across[:, None]
        colours = random.uniform(0.5, 1.0, (IMAGES, channels, 1, 1))
        pixels = 128 + 90 * ramps[:, None] * colours + random.normal(0, 12, (IMAGES, channels, side, side))
        self._pictures = torch.from_numpy(pixels.clip(0, 255).astype(np.uint8))
        self._labels = torch.from_numpy(targets.astype(np.int64))
        self.images, self.size, self.count = IMAGES, BATCH, IMAGES // BATCH

    def pictures(self, index: int) -> torch.Tensor:
        return self._pictures[index * BATCH : (index + 1) * BATCH]

    def labels(self, index: int) -> torch.Tensor:
        return self._labels[index * BATCH : (index + 1) * BATCH]


def experiment(name: str) -> Experiment:
    if name == SMALL:
        return small_training.experiment(f"batch-size={BATCH}")
    return assemble(find_texts(name).with_overrides([f"batch-size={BATCH}"]))


def losses(name: str) -> list[float]:
    """Mean loss of each of the first ten minibatches."""
    found = experiment(name)
    recipe, network = found.recipe, found.network
    batches = DrawnBatches(recipe.channels, recipe.image_size, network.classes)
    module = NetworkModule(network, found.parameters, 1)
    module.load(initial_weights(network, 1))
    mean = batches._pictures.float().mean(0).numpy()
    noise = (np.array([60.0, 20.0, 8.0]), np.eye(3)) if recipe.channels == 3 else None
    device = torch.device("cpu")
    trainer = Trainer(found, module.on(device), batches, Preprocessing(mean, noise), seed=1, device=device)
    steps = trainer.steps()
    return [next(steps).sums.logprob / BATCH for _ in range(STEPS)]


if __name__ == "__main__":
    print(json.dumps({name: losses(name) for name in NAMES}, indent=1))
