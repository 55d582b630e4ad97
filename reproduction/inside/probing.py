"""Asks a network about many pictures and keeps what an archive holds of that (FORMAT.md, "activations").

Pictures come in batches and leave only sums behind, and the features of the last hidden layers, so the whole
state is a handful of arrays: it can be put away after any batch and taken up again.

Letters: N pictures, n of them in a batch, U units, P places of a map, K classes, T patches kept of a unit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archive import Activations
from archive.activations import ANSWER_DTYPE, PATCH_DTYPE, UNIT_DTYPE
from reproduction.analysis.responses import class_selectivity, sparseness_of_sums
from reproduction.data.augmentation import test_views
from reproduction.data.resampling import resample
from reproduction.definition.layers import Cost, Data, Dropout, Layer
from reproduction.definition.network import Network
from reproduction.inside.lesions import gathering_layer
from reproduction.inside.looking import noise
from reproduction.model.archived import ArchivedModel
from reproduction.model.layers import has_module

Arrays = dict[str, NDArray[Any]]

PATCHES_KEPT = 9
THUMBNAIL_SIDE = 64
LARGEST_HALF = float(np.finfo(np.float16).max)


def feature_levels(network: Network) -> list[list[str]]:
    """Layers whose answers are kept as features: those that the gathering layer reads, then those before.

    Dropout is looked through. A level further back is kept while all of it is flat: maps are many numbers.
    """
    levels = [_read_by([gathering_layer(network)], network)]
    while all(network[name].weight_shapes for name in levels[-1]):
        before = _read_by([network[name] for name in levels[-1]], network)
        if not before or any(len(network[name].output_shape) != 1 for name in before):
            break
        levels.append(before)
    return levels


def _read_by(layers: list[Layer], network: Network) -> list[str]:
    """What `layers` read, in file order, dropout looked through."""
    found = set()
    for layer in layers:
        for name in layer.inputs:
            while isinstance(network[name], Dropout):
                name = network[name].inputs[0]
            found.add(name)
    return [layer.name for layer in network.layers if layer.name in found and not isinstance(layer, Data)]


def thumbnail(picture: NDArray[np.uint8], size: int, side: int) -> NDArray[np.uint8]:
    """The crop of `size` pixels from the middle of a picture (C, H, H), scaled to (C, side, side)."""
    border = (picture.shape[-1] - size) // 2
    crop = picture[:, border : border + size, border : border + size]
    pixels = np.ascontiguousarray(np.moveaxis(crop, 0, -1))
    return np.moveaxis(resample(pixels, (side, side), (0, 0, side, side)), -1, 0)


@dataclass
class Tally:
    """What is known of the units of one layer: sums over the pictures so far, and their largest answers."""

    places: int
    total: NDArray[np.float64]
    positive: NDArray[np.int64]
    largest: NDArray[np.float32]
    squares: NDArray[np.float64]
    by_class: NDArray[np.float32]
    best: NDArray[Any]

    @classmethod
    def empty(cls, layer: Layer, classes: int, patches: int) -> Tally:
        """Of no picture yet; `patches` are kept of each unit, 0 of layers without weights."""
        units = layer.output_shape[0]
        best = np.zeros((units, patches), PATCH_DTYPE)
        best["picture"], best["value"] = -1, -np.inf
        best["unit"] = np.arange(units)[:, None]
        return cls(
            places=int(np.prod(layer.output_shape[1:], dtype=int)),
            total=np.zeros(units),
            positive=np.zeros(units, np.int64),
            largest=np.full(units, -np.inf, np.float32),
            squares=np.zeros(units),
            by_class=np.zeros((classes, units), np.float32),
            best=best,
        )

    def add(self, answers: torch.Tensor, first: int, labels: NDArray[np.int64]) -> None:
        """Takes in `answers` (n, U, P) to the pictures `first` ... of classes `labels` (n,)."""
        peaks, where = answers.max(dim=2)
        rectified = answers.clamp(min=0).mean(dim=2, dtype=torch.float64).cpu().numpy()
        self.total += answers.sum(dim=(0, 2), dtype=torch.float64).cpu().numpy()
        self.positive += (answers > 0).sum(dim=(0, 2)).cpu().numpy()
        self.largest = np.maximum(self.largest, peaks.amax(dim=0).float().cpu().numpy())
        self.squares += (rectified**2).sum(axis=0)
        np.add.at(self.by_class, labels, rectified.astype(np.float32))
        if self.best.shape[1]:
            self._keep_best(peaks.float().cpu().numpy(), where.cpu().numpy(), first)

    def _keep_best(self, peaks: NDArray[np.float32], where: NDArray[np.int64], first: int) -> None:
        """The largest answers (n, U) at places (n, U) that are among the T largest of their unit."""
        side = round(self.places**0.5)
        offered = np.zeros((len(self.best), len(peaks)), PATCH_DTYPE)
        offered["unit"] = np.arange(len(self.best))[:, None]
        offered["picture"] = first + np.arange(len(peaks))
        offered["row"], offered["column"] = where.T // side, where.T % side
        offered["value"] = peaks.T
        both = np.concatenate([self.best, offered], axis=1)
        order = np.argsort(-both["value"], axis=1, kind="stable")[:, : self.best.shape[1]]
        self.best = np.take_along_axis(both, order, axis=1)

    def units(self, counts: NDArray[np.int64]) -> NDArray[Any]:
        """The table of the units; `counts` (K,) pictures of each class."""
        pictures = int(counts.sum())
        table = np.zeros(len(self.total), UNIT_DTYPE)
        table["mean"] = self.total / (pictures * self.places)
        table["largest"] = self.largest
        table["active"] = self.positive / (pictures * self.places)
        sums = self.by_class.sum(axis=0, dtype=np.float64)
        table["sparseness"] = sparseness_of_sums(sums, self.squares, pictures)
        present = np.flatnonzero(counts)
        means = self.by_class[present] / counts[present, None]
        table["selectivity"] = class_selectivity(means, present)
        table["best_class"] = np.where(means.max(axis=0) > 0, present[means.argmax(axis=0)], -1)
        return table

    def patches(self) -> NDArray[Any]:
        """The table of the strongest answers; of units that answered fewer pictures there are fewer."""
        rows = self.best.reshape(-1)
        return np.ascontiguousarray(rows[rows["picture"] >= 0])


class Probing:
    """Collects the answers of `model` to `count` pictures, whose crops are kept if `pictures` says so."""

    def __init__(self, model: ArchivedModel, count: int, *, pictures: bool) -> None:
        network = model.experiment.network
        self.model = model
        self.done = 0
        self.answers = np.zeros(count, ANSWER_DTYPE)
        self.levels = feature_levels(network)
        self.features = {
            name: np.zeros((count, int(np.prod(network[name].output_shape))), np.float16)
            for level in self.levels
            for name in level
        }
        self.tallies = {
            layer.name: Tally.empty(layer, network.classes, PATCHES_KEPT if layer.weight_shapes else 0)
            for layer in network.layers
            if has_module(layer) and not isinstance(layer, Cost | Data)
        }
        side = min(model.experiment.recipe.input_size, THUMBNAIL_SIDE)
        shape = (count, model.experiment.recipe.channels, side, side)
        self.thumbnails = np.zeros(shape, np.uint8) if pictures else None

    def take(
        self, pictures: NDArray[np.uint8], labels: NDArray[np.int64], numbers: NDArray[np.int64]
    ) -> None:
        """Asks about pictures (n, C, H, W) of classes (n,), which have these numbers (n,) in their split."""
        model, first = self.model, self.done
        rows = slice(first, first + len(pictures))
        with torch.inference_mode():
            stack = torch.from_numpy(pictures).to(model.device)
            view = test_views(stack, model.mean, crop_size=model.experiment.recipe.input_size, views=1)[0]
            seen = model.module(view, noise(model))
            chances = model.module.log_probabilities(seen).exp().float().cpu().numpy()
            for name, tally in self.tallies.items():
                tally.add(seen[name].reshape(len(pictures), -1, tally.places), first, labels)
            for name, kept in self.features.items():
                values = seen[name].flatten(1).clamp(-LARGEST_HALF, LARGEST_HALF)
                kept[rows] = values.cpu().numpy().astype(np.float16)
        self._answer(rows, chances, labels, numbers)
        if self.thumbnails is not None:
            size, side = model.experiment.recipe.input_size, self.thumbnails.shape[-1]
            self.thumbnails[rows] = [thumbnail(picture, size, side) for picture in pictures]
        self.done += len(pictures)

    def _answer(
        self,
        rows: slice,
        chances: NDArray[np.float32],
        labels: NDArray[np.int64],
        numbers: NDArray[np.int64],
    ) -> None:
        table = self.answers[rows]
        ranked = np.argsort(-chances, axis=1, kind="stable")[:, :2]
        best = np.take_along_axis(chances, ranked, axis=1)
        table["picture"], table["label"], table["guess"] = numbers, labels, ranked[:, 0]
        table["probability"] = best[:, 0]
        table["second"] = best[:, 1] if best.shape[1] > 1 else 0

    def state(self) -> Arrays:
        """All that is known so far, to be put away."""
        kept: Arrays = {"done": np.array(self.done), "answers": self.answers}
        kept |= {f"features/{name}": values for name, values in self.features.items()}
        for name, tally in self.tallies.items():
            parts = {part: np.asarray(value) for part, value in vars(tally).items()}
            kept |= {f"tally/{part}/{name}": values for part, values in parts.items()}
        return kept | ({} if self.thumbnails is None else {"thumbnails": self.thumbnails})

    def restore(self, kept: Arrays) -> None:
        """Takes up what `state` put away. ValueError or KeyError when it is of another network."""
        own = self.state()
        if own.keys() != kept.keys() or any(own[name].shape != kept[name].shape for name in own):
            raise ValueError("what was put away belongs to another network")
        self.done, self.answers = int(kept["done"]), kept["answers"]
        self.features = {name: kept[f"features/{name}"] for name in self.features}
        for name, tally in self.tallies.items():
            for part in vars(tally):
                value = kept[f"tally/{part}/{name}"]
                setattr(tally, part, int(value) if part == "places" else value)
        self.thumbnails = kept.get("thumbnails")

    def result(self, facts: dict[str, Any]) -> Activations:
        """What the archive keeps, once every picture was taken; `facts` go into the JSON of the probe."""
        classes = self.model.experiment.network.classes
        counts = np.bincount(self.answers["label"], minlength=classes)
        patches = {name: tally.patches() for name, tally in self.tallies.items()}
        return Activations(
            probe={"images": self.done, "levels": self.levels, "patches": PATCHES_KEPT, **facts},
            answers=self.answers,
            features=self.features,
            units={name: tally.units(counts) for name, tally in self.tallies.items()},
            patches={name: table for name, table in patches.items() if len(table)},
            thumbnails=self.thumbnails,
        )
