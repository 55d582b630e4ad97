"""Goes on with a run that an archive holds; what is changed on the way is written into its notebook."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch

from archive import ArchiveError, Note, Run, absorb, read_run
from reproduction.data.packed import PackedData
from reproduction.definition import Experiment, Texts, assemble
from reproduction.errors import DataError, DefinitionError, TrainingError
from reproduction.model.archived import position_in_epochs
from reproduction.training.preparation import check_classes_learnt
from reproduction.training.provenance import data_facts, machine, now

# Facts of the machine that may change the last bits of a result.
MACHINE_FACTS = ("device", "processor", "torch", "threads")


def read_resumable(path: Path) -> Run:
    """The run in the archive at `path`, with the notes of its log. ArchiveError when it cannot go on."""
    run = read_run(path)
    if run.provenance.get("exhibited"):
        raise ArchiveError(
            f"{path}: is an exhibition copy, made to be looked at and tested; "
            "training goes on from the archive that it was made of"
        )
    if not run.momentum:
        raise ArchiveError(f"{path}: holds no momentum, so training cannot go on from it; it can be tested")
    absorb(path, run)
    return run


def changed_experiment(path: Path, run: Run, changes: Sequence[str]) -> Experiment:
    """The experiment of `run` with `changes` (KEY=VALUE), which go into its texts and its notebook."""
    try:
        before = assemble(Texts.from_mapping(run.texts))
    except DefinitionError as error:
        raise ArchiveError(f"{path}: its definition cannot be used: {error}") from error
    if not changes:
        return before
    experiment = assemble(before.texts.with_overrides(changes))
    if experiment.network.array_shapes != before.network.array_shapes:
        raise DefinitionError(
            f"--set {' '.join(changes)}: changes the shapes of weights, which have been learnt"
        )
    same_batches = experiment.recipe.batch_size == before.recipe.batch_size
    if not same_batches and run.state["batch"] != 0:
        raise TrainingError(
            f"{path}: the minibatch size can be changed where an epoch ends, "
            f"and this run stands at epoch {position_in_epochs(run.state):.2f}"
        )
    run.texts = experiment.texts.to_mapping()
    run.network = experiment.to_json()
    _note(run, f"Changed: {', '.join(changes)}")
    return experiment


def accept_data(path: Path, run: Run, experiment: Experiment, data: PackedData) -> list[str]:
    """Warnings; other pictures than before are accepted when they are of the same kind, and noted.

    Another number of them only where an epoch ends: within one, the minibatches done were others.
    """
    if data.image_shape != run.mean.shape:
        raise DataError(
            f"{data.path} holds pictures of shape {data.image_shape}, "
            f"{path.name} was trained on {tuple(run.mean.shape)}"
        )
    if data.sha256 == run.provenance.get("data_sha256"):
        return []
    check_classes_learnt(path, run.labels, run.label_ids, data, "train anew, or go on with")
    batches = -(-data.counts.get("train", 0) // experiment.recipe.batch_size)
    done, known_batches = run.state["batch"], run.state.get("batches", batches)
    if done and (batches != known_batches or done >= batches):
        raise DataError(
            f"{data.path} makes epochs of {batches} minibatches and {path.name} stands at {done} of "
            f"{known_batches}; finish the epoch with the pictures it was begun with"
        )
    known = run.provenance.get("data_name")
    change = f"Other pictures: {data.name} ({data.path.name}) instead of {known}"
    _note(run, change)
    run.provenance |= data_facts(data)
    return [f"{change}; the mean picture stays that of the first ones"]


def accept_machine(run: Run, device: torch.device) -> list[str]:
    """Warnings where the machine is another one: the results are not the same to the last bit then."""
    here = machine(device)
    changed = [
        f"{fact} {run.provenance[fact]} is now {here[fact]}"
        for fact in MACHINE_FACTS
        if fact in run.provenance and run.provenance[fact] != here[fact]
    ]
    run.provenance |= here
    if not changed:
        return []
    _note(run, f"Goes on elsewhere: {'; '.join(changed)}")
    return [f"{'; '.join(changed)}: the last digits may differ from an uninterrupted run"]


def _note(run: Run, text: str) -> None:
    run.notebook.append(Note(now(), position_in_epochs(run.state), text))
