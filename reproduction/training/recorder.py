"""Joins training and archive: rows, tests, snapshots and notes go into the run, the run goes to disk.

The archive on disk is complete at every moment; between two versions progress is in the log beside it.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import torch

from archive import TEST_DTYPE, TRAIN_DTYPE, History, Note, Run, RunLog, Snapshot, write_archive
from reproduction.errors import TrainingError
from reproduction.model.costs import CostSums
from reproduction.training.evaluation import Evaluation
from reproduction.training.milestones import snapshot_due
from reproduction.training.provenance import now
from reproduction.training.randomness import STATEMENT
from reproduction.training.trainer import Position, Progress, Trainer

STATUS_INTERVAL_S = 2.0


def arrays_of(tensors: dict[str, Any]) -> dict[str, Any]:
    """Tensors as float32 arrays of their own, in C order."""
    return {name: tensor.detach().cpu().contiguous().numpy().copy() for name, tensor in tensors.items()}


def identity(path: Path) -> tuple[int, int] | None:
    """What changes with every version of the file at `path`; None when there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_mtime_ns


class Recorder:
    """Keeps `run` up to date with `trainer` and writes it to `path`."""

    def __init__(self, path: Path, run: Run, trainer: Trainer) -> None:
        self.path = path
        self.run = run
        self.trainer = trainer
        self.log = RunLog(path)
        self.written_epoch = trainer.epoch
        self.seconds = float(run.provenance.get("training_seconds", 0.0))
        self._row_seconds = float(run.state.get("partial", {}).get("seconds", 0.0))
        self._last_write_s = self._last_status_s = time.monotonic()
        self._written: tuple[int, int] | None = None

    def minutes_since_write(self) -> float:
        """Age of the archive on disk."""
        return (time.monotonic() - self._last_write_s) / 60

    def stepped(self, progress: Progress, seconds: float) -> None:
        """Takes in one step that took `seconds`: a row when a report is due, a snapshot when one is due."""
        self.seconds += seconds
        self._row_seconds += seconds
        if progress.report is not None:
            self._add_training_row(progress, progress.report)
        position = progress.position
        if snapshot_due(position.epoch, position.batch, self.trainer.batches.count):
            self.keep_snapshot()

    def _add_training_row(self, progress: Progress, report: CostSums) -> None:
        loss, top1, topk = report.means()
        row = {
            "epoch": progress.epoch,
            "step": progress.position.step,
            "images": report.images,
            "loss": loss,
            "top1": top1,
            "topk": topk,
            "seconds": self._row_seconds,
        }
        self._row_seconds = 0.0
        self._append("train", row)

    def tested(self, result: Evaluation) -> None:
        """Takes in a test."""
        self._append("test", result.row(self.trainer.epoch, self.trainer.position.step))

    def _append(self, kind: str, row: dict[str, Any]) -> None:
        """Puts one row into the log and into the run's history."""
        self.log.append(kind, **row)
        self.run.history = self.run.history.with_records([{"kind": kind, **row}])

    def status(self, **fields: Any) -> None:
        """Says in the log, every few seconds, how things go, for whoever watches."""
        if time.monotonic() - self._last_status_s >= STATUS_INTERVAL_S:
            self._last_status_s = time.monotonic()
            position = self.trainer.position
            self.log.append("status", epoch=self.trainer.epoch, step=position.step, time=now(), **fields)

    def note(self, text: str) -> None:
        """Writes into the run's notebook; on disk with the next version."""
        self.run.notebook.append(Note(now(), self.trainer.epoch, text))

    def keep_snapshot(self) -> None:
        """Keeps the first layers' weights as they are now, once a step."""
        step = self.trainer.position.step
        if self.run.snapshots and self.run.snapshots[-1].step == step:
            return
        first = self.trainer.experiment.network.first_layers
        arrays = {
            name: array
            for name, array in self.trainer.module.arrays().items()
            if name.rpartition("/")[0] in first
        }
        self.run.snapshots.append(Snapshot(self.trainer.epoch, step, arrays_of(arrays)))

    def write(self) -> None:
        """Replaces the archive by the run as it stands, and empties the log.

        Raises TrainingError, and leaves the archive alone, when the weights are no finite numbers any more,
        or when the file there is not the version that this run wrote last: another's work would be lost.
        """
        if self._written is not None and identity(self.path) not in (None, self._written):
            raise TrainingError(
                f"{self.path} was written by another program while this run trained; "
                "nothing was overwritten, and this run ends here: train into a file of its own"
            )
        arrays = self.trainer.module.arrays()
        if not all(bool(torch.isfinite(array).all()) for array in arrays.values()):
            raise TrainingError(
                f"the weights are no finite numbers any more at epoch {self.trainer.epoch:.2f}: "
                "the learning rates are too high for this network and these data"
            )
        self.run.weights = arrays_of(dict(arrays))
        self.run.momentum = arrays_of(self.trainer.momentum.velocities)
        self.run.averages = arrays_of(self.trainer.momentum.stacked_averages())
        self.run.state = state_of(self.trainer, self._row_seconds)
        self._drop_old_activations()
        self.run.provenance |= {"updated": now(), "training_seconds": round(self.seconds, 3)}
        write_archive(self.path, self.run)
        self._written = identity(self.path)
        self.log.remove()
        self.written_epoch = self.trainer.epoch
        self._last_write_s = time.monotonic()

    def _drop_old_activations(self) -> None:
        """Leaves out what an earlier network answered to the probe pictures."""
        known, step = self.run.activations, self.trainer.position.step
        if known is not None and known.probe["step"] != step:
            self.run.activations = None
            self.note(
                f"The activations of step {known.probe['step']} are left out: the weights are others now; "
                "`alexnet activations` asks again"
            )


def state_of(trainer: Trainer, row_seconds: float) -> dict[str, Any]:
    """What a resume needs besides weights and momentum."""
    position, partial = trainer.position, trainer.partial
    return {
        "seed": trainer.seed,
        "epoch": position.epoch,
        "batch": position.batch,
        "batches": trainer.batches.count,
        "step": position.step,
        "threads": torch.get_num_threads(),
        "random": STATEMENT,
        "partial": {
            "images": partial.images,
            "logprob": partial.logprob,
            "top1": partial.top1,
            "topk": partial.topk,
            "seconds": row_seconds,
        },
    }


def restore(trainer: Trainer, run: Run) -> None:
    """Brings `trainer` to where `run` stands: weights, momentum, position, partial sums."""
    state = run.state
    trainer.module.load(run.weights)
    with torch.no_grad():
        for name, velocity in trainer.momentum.velocities.items():
            velocity.copy_(torch.from_numpy(np.ascontiguousarray(run.momentum[name])))
    trainer.momentum.take_averages({name: torch.from_numpy(pair) for name, pair in run.averages.items()})
    trainer.position = Position(state["epoch"], state["batch"], state["step"])
    partial = state.get("partial", {})
    trainer.partial = CostSums(
        int(partial.get("images", 0)),
        float(partial.get("logprob", 0.0)),
        float(partial.get("top1", 0.0)),
        float(partial.get("topk", 0.0)),
    )


def empty_history() -> History:
    """A history without rows."""
    return History(np.zeros(0, TRAIN_DTYPE), np.zeros(0, TEST_DTYPE))
