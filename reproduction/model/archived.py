"""A trained network out of an archive, ready to look at pictures: for `test`, `predict` and the service."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archive import Archive, ArchiveError
from reproduction.data.augmentation import test_views
from reproduction.data.pictures import Picture, square
from reproduction.definition import Experiment, Texts, assemble
from reproduction.definition.layers import RobustSquares
from reproduction.errors import DefinitionError
from reproduction.model.costs import log_mean_probabilities
from reproduction.model.losses import judges_classes
from reproduction.model.network_module import NetworkModule

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Guess:
    """One class a picture may belong to."""

    label: str
    label_id: str
    index: int
    probability: float


@dataclass(frozen=True)
class Seen:
    """What the network sees of a picture.

    `square`: uint8 (C, S, S) at the size of the packed pictures; `crop`: uint8 (s, s, 3), its centre, what a
    single view shows; `box`: left, top and side of that crop in the upright picture's own pixels.
    """

    square: Pixels
    crop: Pixels
    box: tuple[int, int, int]


@dataclass(frozen=True)
class ArchivedModel:
    """The network of one archive with its weights, in test mode."""

    experiment: Experiment
    module: NetworkModule
    mean: torch.Tensor
    labels: list[str]
    label_ids: list[str]
    epoch: float
    threads: int | None
    data_sha256: str

    @cached_property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.mean.device

    def see(self, picture: Picture) -> Seen:
        """Scales and cuts a picture as packing does, then as the central view does."""
        recipe = self.experiment.recipe
        pixels, (left, top, side) = square(picture.pixels, recipe.image_size, recipe.channels)
        border = (recipe.image_size - recipe.input_size) // 2
        inner = slice(border, border + recipe.input_size)
        crop = np.moveaxis(pixels[:, inner, inner], 0, -1)
        scale = side / recipe.image_size
        box = (left + round(border * scale), top + round(border * scale), round(recipe.input_size * scale))
        return Seen(pixels, np.ascontiguousarray(np.broadcast_to(crop, (*crop.shape[:2], 3))), box)

    def probabilities(
        self, pictures: Pixels, views: int, everything: bool = False, only: int | None = None
    ) -> NDArray[np.float32]:
        """Class probabilities (N, K) of uint8 (N, C, S, S), averaged over `views`, or of one of them `only`.

        `everything`: every layer is computed for itself, for those who change what a layer answers. Raises
        ArchiveError where the network's cost judges no classes.
        """
        self.require_classes()
        with torch.inference_mode():
            stack = test_views(
                torch.from_numpy(pictures).to(self.device),
                self.mean,
                crop_size=self.experiment.recipe.input_size,
                views=views,
            )
            # Only noisy neurons draw here; a picture is always given the same answer.
            noise = torch.Generator(self.device).manual_seed(0)
            logs = log_mean_probabilities(
                [
                    self.module.log_probabilities(
                        self.module(view, noise, multi_view=views > 1, everything=everything)
                    )
                    for view in (stack if only is None else stack[only : only + 1])
                ]
            )
            return logs.exp().cpu().numpy()

    def guesses(self, seen: Seen, *, views: int, top: int) -> list[Guess]:
        """The `top` most probable classes, best first."""
        return self.ranked(self.probabilities(seen.square[None], views)[0], top)

    def require_classes(self) -> None:
        """ArchiveError where the network's cost judges no classes."""
        cost = self.experiment.network.cost
        if not (judges_classes(cost) or isinstance(cost, RobustSquares)):
            raise ArchiveError(f"{self.experiment.name} names no classes: its cost is of type {cost.type}")

    def ranked(self, probabilities: NDArray[np.float32], top: int) -> list[Guess]:
        """The `top` most probable classes of one picture's probabilities (K,), best first."""
        order = np.argsort(-probabilities, kind="stable")[:top]
        return [self._guess(int(index), float(probabilities[index])) for index in order]

    def _guess(self, index: int, probability: float) -> Guess:
        named = index < len(self.labels)
        label = self.labels[index] if named else f"class {index}"
        return Guess(label, self.label_ids[index] if named else "", index, probability)


def open_model(path: Path, device: torch.device, weights_kept: str = "float32") -> ArchivedModel:
    """Reads the archive at `path`. Raises ArchiveError when it does not hold what its network needs.

    `weights_kept`: float32, or int8, which narrows the fully connected layers and answers sooner.
    """
    with Archive(path) as archive:
        try:
            experiment = assemble(Texts.from_mapping(archive.texts))
        except DefinitionError as error:
            raise ArchiveError(f"{path}: its definition cannot be used: {error}") from error
        weights = {name: archive.weights(name) for name in archive.weight_names}
        mean, state, provenance = archive.mean, archive.state, archive.provenance
        labels, label_ids = archive.labels, archive.label_ids
    module = loaded_module(experiment, weights, state, device, path).eval()
    if weights_kept == "int8":
        module.narrow()
    recipe = experiment.recipe
    if mean.shape != (recipe.channels, recipe.image_size, recipe.image_size):
        raise ArchiveError(f"{path}: its mean picture {mean.shape} does not fit its network")
    return ArchivedModel(
        experiment=experiment,
        module=module,
        mean=torch.from_numpy(mean).to(device),
        labels=labels,
        label_ids=label_ids,
        epoch=position_in_epochs(state),
        threads=state.get("threads"),
        data_sha256=str(provenance.get("data_sha256", "")),
    )


def loaded_module(
    experiment: Experiment,
    weights: dict[str, NDArray[Any]],
    state: dict[str, Any],
    device: torch.device,
    path: Path,
) -> NetworkModule:
    """The network of `experiment` with `weights`, on `device`; `state` holds the run's seed."""
    module = NetworkModule(experiment.network, experiment.parameters, int(state["seed"]))
    try:
        module.load(weights)
    except ValueError as error:
        raise ArchiveError(f"{path}: its weights do not fit its definition: {error}") from error
    return module.on(device)


def position_in_epochs(state: dict[str, Any]) -> float:
    """Epochs completed, with the part of the running one, from the state of training in an archive."""
    return float(state["epoch"] + state["batch"] / max(1, int(state.get("batches", 1))))
