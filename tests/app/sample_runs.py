"""Small runs for the tests of rooms: first layers of any shape, with or without a past."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from near_researcher import NearResearcher
from PySide6.QtWidgets import QWidget

from app.actions import Actions
from app.document import Document
from app.room import Museum
from app.settings import Settings
from app.worker import Worker
from archive import Run, Snapshot, write_archive

Layers = dict[str, tuple[int | None, tuple[int, ...]]]  # name -> (column, kernel shape)

TWO_COLUMNS: Layers = {"conv1a": (0, (48, 3, 11, 11)), "conv1b": (1, (48, 3, 11, 11))}
ONE_COLUMN: Layers = {"conv1": (0, (32, 3, 5, 5))}
ONE_CHANNEL: Layers = {"conv1": (0, (6, 1, 5, 5))}
FIVE_CHANNELS: Layers = {"conv1": (0, (7, 5, 3, 3))}


def layer_json(
    name: str, kind: str, column: int | None, inputs: Sequence[str], shape: Sequence[int]
) -> dict[str, Any]:
    """A layer of the resolved network without weights."""
    return {
        "name": name,
        "type": kind,
        "column": column,
        "inputs": list(inputs),
        "activation": None,
        "output_shape": list(shape),
        "parameters": 0,
        "multiply_adds": 0,
        "weights": {},
        "biases": None,
    }


def network_json(layers: Layers) -> dict[str, Any]:
    """A network that ends after its first layers."""
    channels = next(iter(layers.values()))[1][1]
    image = (channels, 32, 32)
    described = [layer_json("data", "data", None, [], image)]
    for name, (column, shape) in layers.items():
        first = layer_json(name, "conv", column, ["data"], (shape[0], 32, 32))
        first |= {
            "weights": {f"{name}/weights_0": list(shape)},
            "biases": [shape[0]],
            "kernel_size": [shape[-1]],
        }
        first |= {"stride": [1], "padding": [0], "groups": [1], "parameters": int(np.prod(shape)) + shape[0]}
        described.append(first)
    described.append(layer_json("probs", "softmax", 0, list(layers), (10,)))
    columns = len({column for column, _ in layers.values()})
    total = sum(layer["parameters"] for layer in described)
    return {
        "name": "sample",
        "dialect": "2012",
        "columns": columns,
        "image_shape": list(image),
        "classes": 10,
        "parameters": total,
        "multiply_adds": 0,
        "by_column": [{"parameters": total // columns, "multiply_adds": 0}] * columns,
        "first_layers": list(layers),
        "probabilities": "probs",
        "cost": "logprob",
        "layers": described,
    }


def sample_run(layers: Layers, epochs: Sequence[float] = (), seed: int = 0) -> Run:
    """A run with random weights and a snapshot at each of `epochs`, weaker the earlier it is."""
    draw = np.random.default_rng(seed)
    weights = {f"{name}/weights_0": draw.standard_normal(shape) for name, (_, shape) in layers.items()}
    weights |= {f"{name}/biases": np.zeros(shape[0]) for name, (_, shape) in layers.items()}
    arrays = {name: array.astype(np.float32) for name, array in weights.items()}
    return Run(
        texts={"definition": "", "parameters": "", "recipe": ""},
        network=network_json(layers),
        weights=arrays,
        snapshots=[
            Snapshot(epoch, step, {name: array * (step + 1) / 100 for name, array in arrays.items()})
            for step, epoch in enumerate(epochs)
        ],
        state={"seed": seed, "epoch": 0, "batch": 0, "step": len(epochs)},
        labels=[f"class {number}" for number in range(10)],
        label_ids=[""] * 10,
        mean=np.full(network_json(layers)["image_shape"], 120, np.float32),
        provenance={"program_version": "0.1.0"},
    )


def document_on(folder: Path, run: Run | None) -> Document:
    """A document that shows `run` (or nothing), its settings in the same folder."""
    document = Document(Settings(folder / "museum.ini"))
    if run is not None:
        write_archive(folder / "sample.h5", run)
        assert document.open(folder / "sample.h5", remember=False)
    return document


def museum_on(document: Document, worker: Worker | None = None, researcher: Worker | None = None) -> Museum:
    """What a room is given, without a window; the worker starts when it is asked, the researcher is mute."""
    mute = NearResearcher(holding=True)
    return Museum(document, worker or Worker(), researcher or mute, Actions(QWidget()))
