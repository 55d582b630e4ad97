"""Makes a run of an original checkpoint: texts from its layers, weights, history, and what it was shown."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive import TEST_DTYPE, TRAIN_DTYPE, ArchiveError, History, Note, Run, Snapshot
from archive.exchange.checkpoints import Checkpoint
from reproduction.data.meta import read_meta_of
from reproduction.data.packed import PackedData
from reproduction.definition import Experiment, Texts, assemble
from reproduction.definition.conversion import (
    definition_text,
    parameters_text,
    picture_channels,
    picture_numbers,
    recipe_text,
)
from reproduction.errors import DataError

Options = Mapping[str, Any]
ColorPca = tuple[NDArray[np.float64], NDArray[np.float64]]


@dataclass(frozen=True)
class Shown:
    """What is known of the pictures a checkpoint was trained on: mean (C, H, W), labels, colours."""

    mean: NDArray[np.float32] | None = None
    labels: tuple[str, ...] = ()
    label_ids: tuple[str, ...] = ()
    color_pca: ColorPca | None = None
    facts: Mapping[str, Any] | None = None


def shown_by(path: Path) -> Shown:
    """Out of a packed data file, or the `batches.meta` of original batches (the file or its folder)."""
    if path.is_dir() or path.name == "batches.meta":
        meta = read_meta_of(path)
        return Shown(meta.mean, tuple(meta.labels), ("",) * len(meta.labels), meta.color_pca)
    with PackedData(path) as data:
        facts = {
            "data_name": data.name,
            "data_file": data.path.name,
            "data_sha256": data.sha256,
            "data_counts": dict(data.counts),
        }
        return Shown(data.mean, tuple(data.labels), tuple(data.label_ids), data.color_pca, facts)


def imported_run(
    checkpoint: Checkpoint,
    shown: Shown | None,
    image_size: int | None,
    created: str,
    facts: Mapping[str, Any],
) -> tuple[Run, list[str]]:
    """The run that `checkpoint` holds, and what had to be assumed, one sentence each.

    `image_size` is the side of the pictures before the crop; `created` the time of the import, `facts` more
    for the provenance. Raises ArchiveError, DataError or DefinitionError.
    """
    shown = shown or Shown()
    experiment, assumed = _experiment(checkpoint, shown, image_size)
    recipe = experiment.recipe
    shape = (recipe.channels, recipe.image_size, recipe.image_size)
    mean = shown.mean
    if mean is None:
        mean = np.zeros(shape, np.float32)
        assumed.append("no mean picture is known, so nothing is subtracted; name the data with --data")
    elif mean.shape != shape:
        raise DataError(
            f"the mean picture of the data is {mean.shape}, the checkpoint's pictures are {shape}"
        )
    if len(shown.labels) > experiment.network.classes:
        raise DataError(
            f"the data has {len(shown.labels)} classes, "
            f"and the checkpoint has {experiment.network.classes} outputs"
        )
    epochs, steps = _position(checkpoint, recipe.batch_size)
    weights = _fitted(checkpoint.weights, experiment, checkpoint.name)
    first = {n: a for n, a in weights.items() if n.rpartition("/")[0] in experiment.network.first_layers}
    if epochs != int(epochs):
        assumed.append(
            f"the checkpoint stands at {epochs:.2f} epochs; a resume begins the last of them again"
        )
    notes = [f"Imported from the checkpoint {checkpoint.name} of the {checkpoint.dialect} program.", *assumed]
    run = Run(
        texts=experiment.texts.to_mapping(),
        network=experiment.to_json(),
        weights=weights,
        momentum=_fitted(checkpoint.momentum, experiment, checkpoint.name),
        state={
            "seed": 0,
            "epoch": int(epochs),
            "batch": 0,
            "batches": 1,
            "step": steps,
            "random": "an imported run: its draws before this point are not known",
        },
        history=_history(checkpoint, experiment),
        snapshots=[Snapshot(epochs, steps, first)],
        notebook=[Note(created, epochs, note) for note in notes],
        labels=list(shown.labels),
        label_ids=list(shown.label_ids),
        mean=mean,
        color_pca=shown.color_pca,
        provenance={"created": created, "updated": created, **facts, **(shown.facts or {})},
    )
    return run, assumed


def _experiment(checkpoint: Checkpoint, shown: Shown, image_size: int | None) -> tuple[Experiment, list[str]]:
    layers, dialect, options = checkpoint.layers, checkpoint.dialect, checkpoint.options
    channels = picture_channels(layers)
    crop = math.isqrt(picture_numbers(layers) // channels)
    size = image_size or (shown.mean.shape[-1] if shown.mean is not None else _size(options, crop))
    if size < crop:
        raise DataError(f"the checkpoint reads pictures of {crop} pixels a side, so {size} are too few")
    provider = str(options.get("dp_type") or "")
    values = {
        "description": f"imported from the checkpoint {checkpoint.name}",
        "dialect": dialect,
        "image-size": size,
        "crop-size": crop,
        "channels": channels,
        "flip": size > crop,
        "color-noise": _number(options, "color_noise"),
        # The readers of ImageNet gave 32 pictures in a row one crop and one flip.
        "crop-chunk": 32 if provider.startswith("inet-lr-cropped") else 1,
        "batch-size": int(_number(options, "minibatch_size") or 128),
        "epochs": int(_number(options, "num_epochs") or 90),
    }
    texts = Texts(
        definition=definition_text(layers, dialect),
        parameters=parameters_text(layers, dialect),
        recipe=recipe_text(values),
        definition_name="imported.cfg",
        parameters_name="imported.params.cfg",
        recipe_name="imported.toml",
    )
    experiment = assemble(texts)
    assumed = [] if options else ["the checkpoint names no options, so the minibatch is taken to be 128"]
    return experiment, [*assumed, *experiment.warnings]


def _size(options: Options, crop: int) -> int:
    """The side of the pictures before the crop, as the options tell it."""
    if "cropped" in str(options.get("dp_type") or ""):
        return crop + 2 * int(_number(options, "crop_border") or 0)
    return crop


def _number(options: Options, name: str) -> float:
    value = options.get(name)
    return float(value) if isinstance(value, (int, float)) and math.isfinite(value) and value > 0 else 0.0


def _fitted(arrays: Mapping[str, NDArray[Any]], experiment: Experiment, name: str) -> dict[str, NDArray[Any]]:
    """The arrays of the network out of `arrays`, in its shapes (shared matrices once)."""
    found = {}
    for array, shape in experiment.network.array_shapes.items():
        value = arrays.get(array)
        # Only the biases may differ in form: (F,) where each position has its own of one position.
        fits = value is not None and value.size == math.prod(shape)
        if value is None or not fits or (array.rpartition("/")[2] != "biases" and value.shape != shape):
            have = "is missing" if value is None else f"has the shape {value.shape}"
            raise ArchiveError(f"{name}: {array} {have}, and the layers say {shape}")
        found[array] = np.ascontiguousarray(value.reshape(shape))
    return found


def _batches_per_epoch(checkpoint: Checkpoint) -> int:
    """Data batches of the training range; where the options do not tell, as many as the count allows."""
    batches = checkpoint.options.get("train_batch_range")
    if isinstance(batches, list) and batches:
        return len(batches)
    return max(1, len(checkpoint.train) // max(1, checkpoint.epoch))


def _position(checkpoint: Checkpoint, batch_size: int) -> tuple[float, int]:
    """Epochs completed, and minibatches."""
    count = _batches_per_epoch(checkpoint)
    batches = checkpoint.options.get("train_batch_range")
    numbers = batches if isinstance(batches, list) else []
    place = numbers.index(checkpoint.batch) + 1 if checkpoint.batch in numbers else count
    epochs = max(0, checkpoint.epoch - 1) + place / count
    return epochs, sum(math.ceil(cases / batch_size) for _, cases in checkpoint.train)


def _history(checkpoint: Checkpoint, experiment: Experiment) -> History:
    """One row a data batch, and one a test, each test after as many batches as the options say."""
    cost = experiment.network.cost.name
    count = _batches_per_epoch(checkpoint)
    batch_size = experiment.recipe.batch_size
    steps = np.cumsum([0, *(math.ceil(cases / batch_size) for _, cases in checkpoint.train)])
    train = [
        ((index + 1) / count, int(steps[index + 1]), cases, *figures, 0.0)
        for index, (costs, cases) in enumerate(checkpoint.train)
        if (figures := _figures(costs, cost))
    ]
    every = int(_number(checkpoint.options, "testing_freq"))
    every = every or max(1, len(checkpoint.train) // max(1, len(checkpoint.test)))
    top_k = experiment.parameters.costs[cost].top_k
    test = []
    for index, (costs, cases) in enumerate(checkpoint.test):
        place = min((index + 1) * every, len(checkpoint.train))
        if figures := _figures(costs, cost):
            test.append((place / count, int(steps[place]), cases, 1, *figures, top_k, 0.0, b"test"))
    return History(np.array(train, TRAIN_DTYPE), np.array(test, TEST_DTYPE))


def _figures(costs: Mapping[str, list[float]], cost: str) -> tuple[float, float, float] | None:
    """Log probability, top-1 and top-k error (2011 reported no top-k); None where they are no figures."""
    values = costs.get(cost, [])[:3]
    if len(values) < 2 or not all(math.isfinite(value) for value in values):
        return None
    return values[0], values[1], values[-1]
