"""From packed pictures to what a network is shown, ours beside a transform for each picture."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from reproduction.benchmarks import machine
from reproduction.benchmarks.measuring import Clock, Contender, Stopwatch
from reproduction.benchmarks.results import OURS, Row, Work
from reproduction.benchmarks.setting import Setting
from reproduction.data.augmentation import ColorPca, training_batch
from reproduction.definition import Experiment
from reproduction.definition.recipe import Recipe

COLOR_PCA: ColorPca = (np.array([3.0, 10.0, 60.0]), np.eye(3))


def augmented(pictures: Tensor, mean: Tensor, recipe: Recipe, drawing: np.random.Generator) -> Tensor:
    """A minibatch as our trainer makes it of uint8 (N, C, H, W)."""
    return training_batch(
        pictures,
        mean,
        crop_size=recipe.input_size,
        flip=recipe.flip,
        chunk=recipe.crop_chunk,
        color_noise=recipe.color_noise,
        color_pca=COLOR_PCA if recipe.color_noise else None,
        generator=drawing,
    )


def one_augmented(picture: Tensor, mean: Tensor, recipe: Recipe) -> Tensor:
    """One picture (C, H, W) as a transform in front of a loader does it, with draws of its own."""
    side = recipe.input_size
    border = picture.shape[-1] - side
    highest = border + 1, border + 1, 2 if recipe.flip else 1
    row, column, mirrored = (int(torch.randint(high, ())) for high in highest)
    crop = picture[:, row : row + side, column : column + side]
    middle = border // 2
    values = (crop.flip(-1) if mirrored else crop).float()
    values = values - mean[:, middle : middle + side, middle : middle + side]
    if recipe.color_noise:
        deviations, vectors = (torch.from_numpy(part).float() for part in COLOR_PCA)
        shift = recipe.color_noise * (vectors @ (torch.randn(3) * deviations))
        values = (values + shift.to(values.device)[:, None, None]) / (1 + recipe.color_noise)
    return values


def mean_picture(recipe: Recipe, device: torch.device) -> Tensor:
    """Grey, (C, H, W): what is subtracted takes the same time whatever it is."""
    return torch.full((recipe.channels, recipe.image_size, recipe.image_size), 127.0, device=device)


def row(experiment: Experiment, setting: Setting, stopwatch: Stopwatch) -> Row:
    """One minibatch of pictures that are in memory already."""
    recipe = experiment.recipe
    shape = recipe.channels, recipe.image_size, recipe.image_size
    drawing = np.random.default_rng(setting.seed)
    drawn = drawing.integers(0, 256, (recipe.batch_size, *shape), np.uint8)
    pictures = torch.from_numpy(drawn).to(setting.device)
    mean = mean_picture(recipe, setting.device)
    values = recipe.batch_size * recipe.channels * recipe.input_size**2
    racing = [
        Contender(OURS, lambda: augmented(pictures, mean, recipe, drawing), ours=True),
        Contender("stock", lambda: torch.stack([one_augmented(p, mean, recipe) for p in pictures])),
        machine.copying(setting.device, 4 * values),
    ]
    title = f"{experiment.name}: augmentation, {'x'.join(map(str, shape))} to {recipe.input_size} a side"
    found = stopwatch.measure(title, racing, clock=Clock(setting.device, cold=True))
    return found.row(
        "one minibatch",
        "Crop, flip, mean and colour noise from uint8; stock does it picture by picture, as transforms do.",
        pictures=recipe.batch_size,
        work=Work(bytes=(1 + 4) * values),  # a byte read, a float32 written
        group=title,
    )
