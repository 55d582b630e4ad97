"""A run from beginning to end: data, trainer, tests and archive joined.

The archive exists before the first step, and is replaced at every test and at least every archive-minutes.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from archive import ArchiveError, Note, Run, Snapshot
from reproduction.data.packed import PackedData
from reproduction.definition.experiment import Experiment
from reproduction.errors import TrainingError
from reproduction.model.network_module import NetworkModule
from reproduction.stopping import Stopped
from reproduction.training.batches import Batches
from reproduction.training.display import Display
from reproduction.training.evaluation import evaluate, pictures_at_once
from reproduction.training.initial_weights import initial_weights
from reproduction.training.interrupts import Interrupts
from reproduction.training.milestones import test_due
from reproduction.training.provenance import now, provenance
from reproduction.training.recorder import Recorder, empty_history, restore
from reproduction.training.trainer import Preprocessing, Trainer


def new_run(
    experiment: Experiment, data: PackedData, *, seed: int, device: torch.device, command: str
) -> Run:
    """A run before its first step: initial weights, zero momentum, the first snapshot."""
    weights = initial_weights(experiment.network, seed)
    first = experiment.network.first_layers
    kept = {name: array for name, array in weights.items() if name.rpartition("/")[0] in first}
    return Run(
        texts=experiment.texts.to_mapping(),
        network=experiment.to_json(),
        weights=weights,
        momentum={name: array * 0 for name, array in weights.items()},
        state={"seed": seed, "epoch": 0, "batch": 0, "step": 0},
        history=empty_history(),
        snapshots=[Snapshot(0.0, 0, kept)],
        notebook=[Note(now(), 0.0, f"Training begins: {command}")],
        labels=list(data.labels),
        label_ids=list(data.label_ids),
        mean=data.mean,
        color_pca=data.color_pca,
        provenance=provenance(data, seed=seed, device=device, command=command),
    )


@dataclass(frozen=True)
class Outcome:
    """How a session ended: `finished` when the epochs are over, `reason` when somebody stopped it."""

    finished: bool
    reason: str
    epoch: float
    step: int


class Session:
    """Training of one run in this process, from where it stands."""

    def __init__(
        self,
        path: Path,
        run: Run,
        experiment: Experiment,
        data: PackedData,
        *,
        device: torch.device,
        display: Display,
    ) -> None:
        recipe = experiment.recipe
        module = NetworkModule(experiment.network, experiment.parameters, run.state["seed"]).on(device)
        self.trainer = Trainer(
            experiment,
            module,
            Batches(data, "train", recipe.batch_size),
            Preprocessing(run.mean, run.color_pca),
            seed=run.state["seed"],
            device=device,
        )
        restore(self.trainer, run)
        self.run = run
        self.recorder = Recorder(path, run, self.trainer)
        self.recipe = recipe
        self.display = display
        self.views = experiment.view_count(recipe.test_views == "multi")
        self.split = data.evaluation_split
        self.tests = Batches(data, self.split, pictures_at_once(self.views)) if self.split else None

    def train(self, max_steps: int | None = None) -> Outcome:
        """Trains until the epochs are over, `max_steps` are done, or somebody asks it to stop."""
        with Interrupts() as interrupts:
            self.recorder.write()
            try:
                self._train(interrupts, max_steps)
            except TrainingError as error:
                raise TrainingError(f"{error} ({self._kept()})") from error
            except ArchiveError as error:
                raise ArchiveError(f"{error}; {self._kept()}") from error
            except KeyboardInterrupt as error:
                raise Stopped(self._kept()) from error
        stopped = "" if self.trainer.finished else interrupts.reason
        position = self.trainer.position
        return Outcome(self.trainer.finished, stopped, self.trainer.epoch, position.step)

    def _train(self, interrupts: Interrupts, max_steps: int | None) -> None:
        steps_left = max_steps
        self._test_if_due(interrupts)
        steps = self.trainer.steps()
        while not interrupts.reason and (steps_left is None or steps_left > 0):
            began_s = time.monotonic()
            progress = next(steps, None)
            if progress is None:
                break
            seconds = time.monotonic() - began_s
            steps_left = None if steps_left is None else steps_left - 1
            self.recorder.stepped(progress, seconds)
            self.display.stepped(progress, seconds)
            self._keep(interrupts)
        if not interrupts.reason:
            self.recorder.keep_snapshot()
            self._test(interrupts)
        self.recorder.write()

    def _keep(self, interrupts: Interrupts) -> None:
        """Tests when it is time to, and sees that the archive on disk does not grow old."""
        if (
            self._test_if_due(interrupts)
            or self.recorder.minutes_since_write() >= self.recipe.archive_minutes
        ):
            self.recorder.write()
        self.recorder.status(pictures_per_second=round(self.display.pictures_per_second, 1))

    def _test_if_due(self, interrupts: Interrupts) -> bool:
        position = self.trainer.position
        due = test_due(position.epoch, position.batch, self.trainer.batches.count, self.recipe.test_every)
        if due:
            self._test(interrupts)
        return due

    def _test(self, interrupts: Interrupts) -> None:
        """Tests, unless this position was tested or nothing can be tested on; gives up when asked to stop."""
        rows = self.run.history.test
        if self.tests is None or (len(rows) and rows["step"][-1] == self.trainer.position.step):
            return

        def watch(done: int, total: int) -> bool:
            self.display.testing(done, total)
            return not interrupts.reason

        result = evaluate(
            self.trainer.module,
            self.tests,
            self.trainer.preprocessing.mean,
            split=self.split or "",
            crop_size=self.recipe.input_size,
            views=self.views,
            top_k=self.trainer.top_k,
            watch=watch,
        )
        if result is not None:
            self.recorder.tested(result)
            self.display.tested(result, self.trainer.epoch)

    def _kept(self) -> str:
        return f"the archive stands as it was at epoch {self.recorder.written_epoch:.2f}"
