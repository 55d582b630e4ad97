"""Exhibition copies of runs: small enough to be shipped, for looking and testing, not for training on.

A copy has neither momentum nor sums under way, its weights are rounded to float16, and its classes are called
by words a visitor knows. What the rounding changes is measured on the test pictures and stands in the copy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from archive import TEST_DTYPE, ArchiveError, History, Note, Run, Snapshot
from archive.contents import Arrays
from reproduction.data.packed import PackedData
from reproduction.definition import Experiment, Texts, assemble
from reproduction.errors import DataError
from reproduction.labels import visitor_words
from reproduction.model.archived import loaded_module, position_in_epochs
from reproduction.model.costs import reported_top_k
from reproduction.model.losses import judges_classes
from reproduction.training.batches import Batches
from reproduction.training.evaluation import Evaluation, evaluate, pictures_at_once

LEAST_AGREEMENT = 0.995
"""Share of the test pictures for which full archive and copy must name the same best classes."""
STATE_KEPT = ("seed", "epoch", "batch", "batches", "step", "threads")

Watch = Callable[[int, int], bool]


def exhibition_copy(run: Run, time: str, remarks: Sequence[str] = ()) -> Run:
    """What is shipped of `run`; `remarks` go into its notebook. ArchiveError when float16 cannot hold it."""
    labels, label_ids = visitor_words(run.labels, run.label_ids)
    epoch = position_in_epochs(run.state)
    facts = {"exhibited": time, "weights_rounded_to": "float16"}
    return replace(
        run,
        weights=_rounded(run.weights),
        momentum={},
        averages={},
        state={name: run.state[name] for name in STATE_KEPT if name in run.state},
        snapshots=[Snapshot(kept.epoch, kept.step, _rounded(kept.weights)) for kept in run.snapshots],
        notebook=[*run.notebook, *(Note(time, epoch, remark) for remark in remarks)],
        labels=labels,
        label_ids=label_ids,
        provenance=run.provenance | facts,
    )


def _rounded(arrays: Arrays) -> Arrays:
    """The arrays as float32 numbers that float16 can hold."""
    with np.errstate(over="ignore"):
        found = {name: values.astype(np.float16).astype(np.float32) for name, values in arrays.items()}
    for name, values in found.items():
        if not np.isfinite(values).all():
            raise ArchiveError(f"{name} holds numbers that float16 cannot hold; no exhibition copy was made")
    return found


@dataclass(frozen=True)
class Comparison:
    """The same test of a full archive and of its copy; `agreement` is the share of pictures for which both
    name the same `top_k` best classes, in whatever order."""

    full: Evaluation
    copy: Evaluation
    agreement: float

    def sentence(self) -> str:
        """What stands in the notebook."""
        full, copy = (_figures(result) for result in (self.full, self.copy))
        return (
            f"Exhibition copy, weights rounded to float16. On {self.full.sums.images:,} {self.full.split} "
            f"pictures, {self.full.views} view{'s' * (self.full.views > 1)} of each: full archive {full}; "
            f"copy {copy}; the same {self.full.top_k} best classes for {self.agreement:.2%} of the pictures."
        )


def _figures(result: Evaluation) -> str:
    loss, top1, topk = result.sums.means()
    return f"logprob {loss:.4f}, top-1 error {top1:.2%}, top-{result.top_k} error {topk:.2%}"


def compare(
    run: Run, copy: Run, data: PackedData, path: Path, *, multiview: bool, device: torch.device, watch: Watch
) -> Comparison:
    """Tests both on the test pictures of `data`; `path` names the archive in errors."""
    experiment = assemble(Texts.from_mapping(run.texts))
    if not judges_classes(experiment.network.cost):
        raise ArchiveError(f"{path}: its cost judges no classes, so there is nothing to compare on --data")
    if data.evaluation_split is None:
        raise DataError(f"{data.path} has neither test nor val pictures to compare the copy on")
    views = experiment.view_count(multiview)
    (full, best), (rounded, best_of_copy) = (
        _tested(experiment, kept, data, path, views=views, device=device, watch=watch) for kept in (run, copy)
    )
    return Comparison(full, rounded, float((best == best_of_copy).all(axis=1).mean()))


def _tested(
    experiment: Experiment,
    run: Run,
    data: PackedData,
    path: Path,
    *,
    views: int,
    device: torch.device,
    watch: Watch,
) -> tuple[Evaluation, NDArray[Any]]:
    """A test, and the best classes (N, k) of each picture, sorted by number."""
    split = data.evaluation_split or ""
    cost = experiment.parameters.costs[experiment.network.cost.name]
    top_k = reported_top_k(cost.top_k, experiment.network.classes)
    best: list[NDArray[Any]] = []
    result = evaluate(
        loaded_module(experiment, run.weights, run.state, device, path),
        Batches(data, split, pictures_at_once(views)),
        torch.from_numpy(run.mean).to(device),
        split=split,
        crop_size=experiment.recipe.input_size,
        views=views,
        top_k=top_k,
        watch=watch,
        answers=lambda together: best.append(together.topk(top_k).indices.sort().values.cpu().numpy()),
    )
    assert result is not None  # nobody says to stop
    return result, np.concatenate(best)


def with_comparisons(copy: Run, comparisons: Sequence[Comparison], time: str) -> Run:
    """The copy with its tests, as rows of its history and notes; the last row is the copy's own.

    Raises ArchiveError when full archive and copy agree on too few pictures.
    """
    epoch, step = position_in_epochs(copy.state), copy.state["step"]
    rows = list[tuple[Any, ...]]()
    for comparison in comparisons:
        if comparison.agreement < LEAST_AGREEMENT:
            raise ArchiveError(
                f"full archive and copy name the same best classes for {comparison.agreement:.2%} of the "
                f"pictures, {LEAST_AGREEMENT:.1%} are asked for; no exhibition copy was made"
            )
        for result in (comparison.full, comparison.copy):
            rows.append(tuple(result.row(epoch, step)[name] for name in TEST_DTYPE.names or ()))
    tests = np.concatenate([copy.history.test, np.array(rows, TEST_DTYPE)])
    notes = [Note(time, epoch, comparison.sentence()) for comparison in comparisons]
    return replace(copy, history=History(copy.history.train, tests), notebook=[*copy.notebook, *notes])
