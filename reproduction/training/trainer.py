"""Trains a network, one minibatch a step, and yields what happened. Knows no file and prints nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import torch

from reproduction.data.augmentation import ColorPca, Mean, training_batch
from reproduction.definition.experiment import Experiment
from reproduction.definition.parameters import UpdateRule
from reproduction.errors import TrainingError
from reproduction.model.costs import CostSums, reported_top_k
from reproduction.model.network_module import NetworkModule
from reproduction.training.batches import Batches
from reproduction.training.randomness import Purpose, numpy_generator, torch_generator
from reproduction.training.update import Momentum

REPORTS_PER_EPOCH = 20


@dataclass(frozen=True)
class Position:
    """How far training is: `epoch` epochs, `batch` minibatches of the next one, `step` minibatches in all."""

    epoch: int = 0
    batch: int = 0
    step: int = 0

    def after(self, batches: int) -> Position:
        """The position one minibatch later, in epochs of `batches`."""
        last = self.batch + 1 == batches
        return Position(self.epoch + last, 0 if last else self.batch + 1, self.step + 1)


@dataclass(frozen=True)
class Progress:
    """What one step did: where training stands after it, its costs, and a report when one is due."""

    position: Position
    epoch: float
    """Epochs completed, with the part of the running one."""
    sums: CostSums
    report: CostSums | None
    """Sums over the images since the last report."""


@dataclass(frozen=True)
class Preprocessing:
    """What the pictures are compared with: the mean picture (C, H, W), 0 ... 255, and the colour PCA."""

    mean: Mean
    color_pca: ColorPca | None


class Trainer:
    """The training loop. Its whole state is the module's weights, `momentum`, `position` and `partial` sums.

    The same state gives the same steps again, bit for bit, on the same machine with the same number of
    threads: every random number is a function of the seed and the position.
    """

    def __init__(
        self,
        experiment: Experiment,
        module: NetworkModule,
        batches: Batches,
        preprocessing: Preprocessing,
        *,
        seed: int,
        device: torch.device,
    ) -> None:
        self.experiment = experiment
        self.module = module
        self.batches = batches
        self.seed = seed
        self.device = device
        self.preprocessing = replace(
            preprocessing, mean=torch.as_tensor(preprocessing.mean, dtype=torch.float32, device=device)
        )
        self.momentum = Momentum(module.arrays(), module.row_divisors())
        self.position = Position()
        self.partial = CostSums()
        cost = experiment.parameters.costs[experiment.network.cost.name]
        self.top_k = reported_top_k(cost.top_k, experiment.network.classes)

    @property
    def epoch(self) -> float:
        """Epochs completed, with the part of the running one."""
        return self.position.epoch + self.position.batch / self.batches.count

    @property
    def finished(self) -> bool:
        """Whether the recipe's epochs are over."""
        return self.position.epoch >= self.experiment.recipe.epochs

    def steps(self) -> Iterator[Progress]:
        """Trains until the recipe's epochs are over, one step for each item taken.

        Raises TrainingError when the cost is no finite number; the weights are those before that step.
        """
        self.module.train()
        settled = -1
        while not self.finished:
            if settled != self.position.epoch:
                settled = self.position.epoch
                self.experiment = self.experiment.at(settled)
                self.module.use(self.experiment.parameters)
            yield self._step()

    def _step(self) -> Progress:
        position = self.position
        labels = self.batches.labels(position.batch).to(self.device)
        pictures = self._pictures(position)
        masks = torch_generator(self.seed, Purpose.DROPOUT, position.epoch, position.batch, self.device)
        activations = self.module(pictures, masks, labels=labels, everything=False)
        objective, measured = self.module.objective(activations, labels)
        sums = self.module.sums(measured.detach(), labels, self.top_k)
        if not (math.isfinite(sums.logprob) and math.isfinite(objective.item())):
            raise TrainingError(
                f"the cost became {sums.logprob / sums.images:g} in step {position.step + 1} "
                f"(epoch {self.epoch:.2f}): the learning rates are too high for this network and these data; "
                "train with smaller ones, for example --set '*.epsW=0.0001'"
            )
        self._update(objective, self._divisor(sums.images))
        self.position = position.after(self.batches.count)
        self.partial += sums
        report = self.partial if self._report_due() else None
        if report is not None:
            self.partial = CostSums()
        return Progress(self.position, self.epoch, sums, report)

    def _pictures(self, position: Position) -> torch.Tensor:
        """The minibatch as the network sees it."""
        recipe = self.experiment.recipe
        return training_batch(
            self.batches.pictures(position.batch).to(self.device),
            self.preprocessing.mean,
            crop_size=recipe.input_size,
            flip=recipe.flip,
            chunk=recipe.crop_chunk,
            color_noise=recipe.color_noise,
            color_pca=self.preprocessing.color_pca,
            generator=numpy_generator(self.seed, Purpose.AUGMENTATION, position.epoch, position.batch),
        )

    def _divisor(self, images: int) -> int:
        """What the gradient is divided by: the images there are (2011, 2012) or there should be (2014)."""
        by_actual_count = self.experiment.network.dialect.divides_by_actual_count
        return images if by_actual_count else self.experiment.recipe.batch_size

    def _update(self, objective: torch.Tensor, divisor: int) -> None:
        arrays = {name: array for name, array in self.module.arrays().items() if array.requires_grad}
        if not arrays or not objective.requires_grad:
            return
        gradients = torch.autograd.grad(objective / divisor, list(arrays.values()), allow_unused=True)
        descents = {
            name: torch.zeros_like(arrays[name]) if gradient is None else gradient
            for name, gradient in zip(arrays, gradients, strict=True)
        }
        self.momentum.step(arrays, descents, self._rules(), self.position.step)

    def _rules(self) -> Mapping[str, UpdateRule]:
        """The update rules of this step: rates with a schedule follow the part of the run that is over."""
        position, recipe = self.position, self.experiment.recipe
        steps = recipe.epochs * self.batches.count
        progress = min(1.0, (position.epoch * self.batches.count + position.batch) / steps)
        noise = numpy_generator(self.seed, Purpose.RATE_NOISE, position.epoch, position.batch)
        return self.experiment.parameters.at_progress(progress, noise.standard_normal).rules

    def _report_due(self) -> bool:
        """Every `report_every` minibatches of an epoch, and at its end: a function of the position alone."""
        every = self.experiment.recipe.report_every or max(1, self.batches.count // REPORTS_PER_EPOCH)
        return self.position.batch % every == 0
