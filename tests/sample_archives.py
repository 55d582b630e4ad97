"""A small run for tests: two columns, a fully connected layer, a softmax; every part of an archive filled."""

from __future__ import annotations

from typing import Any

import numpy as np

from archive import TEST_DTYPE, TRAIN_DTYPE, Activations, History, Note, Run, Snapshot
from archive.activations import ANSWER_DTYPE, PATCH_DTYPE, UNIT_DTYPE

SHAPES = {
    "conv1a/weights_0": (2, 3, 3, 3),
    "conv1a/biases": (2,),
    "conv1b/weights_0": (2, 3, 3, 3),
    "conv1b/biases": (2,),
    "fc/weights_0": (4, 32),
    "fc/weights_1": (4, 32),
    "fc/biases": (4,),
}


def small_network() -> dict[str, Any]:
    """The resolved network, as `Experiment.to_json` gives it."""
    layers: list[dict[str, Any]] = [
        {"name": "data", "type": "data", "inputs": [], "column": None, "output_shape": [3, 6, 6]},
        {"name": "labels", "type": "data", "inputs": [], "column": None, "output_shape": [1]},
    ]
    for column, name in enumerate(("conv1a", "conv1b")):
        layers.append(
            {
                "name": name,
                "type": "conv",
                "inputs": ["data"],
                "column": column,
                "activation": "relu",
                "output_shape": [2, 4, 4],
                "weights": {f"{name}/weights_0": [2, 3, 3, 3]},
                "biases": [2],
            }
        )
    layers.append(
        {
            "name": "fc",
            "type": "fc",
            "inputs": ["conv1a", "conv1b"],
            "column": 0,
            "output_shape": [4],
            "weights": {"fc/weights_0": [4, 32], "fc/weights_1": [4, 32]},
            "biases": [4],
        }
    )
    layers.append({"name": "probs", "type": "softmax", "inputs": ["fc"], "output_shape": [4]})
    layers.append({"name": "cost", "type": "cost.logreg", "inputs": ["labels", "probs"], "output_shape": [1]})
    return {
        "name": "two-columns",
        "dialect": "2012",
        "columns": 2,
        "image_shape": [3, 6, 6],
        "classes": 4,
        "parameters": sum(int(np.prod(shape)) for shape in SHAPES.values()),
        "multiply_adds": 1984,
        "by_column": [{"parameters": 316, "multiply_adds": 1120}, {"parameters": 56, "multiply_adds": 864}],
        "first_layers": ["conv1a", "conv1b"],
        "probabilities": "probs",
        "cost": "cost",
        "layers": layers,
    }


def small_run(seed: int = 1, step: int = 20) -> Run:
    """A run that stands at `step`; its numbers come from `seed`."""
    generator = np.random.RandomState(seed)  # its stream is fixed for ever, the golden archive relies on it
    draw = {name: generator.randn(*shape).astype(np.float32) for name, shape in SHAPES.items()}
    first = [name for name in SHAPES if name.startswith("conv1")]
    train = [(index / 10, index, 128, 2.0 / (1 + index), 0.5, 0.25, 0.125) for index in range(5, step + 1, 5)]
    test = [(1.0, step, 40, 1, 1.25, 0.5, 0.25, 2, 0.5, b"test")]
    return Run(
        texts={
            "definition": "[data]\ntype=data\n",
            "parameters": "[conv1a]\nepsW=0.001\n",
            "recipe": 'definition = "two-columns.cfg"\n',
            "definition_name": "two-columns.cfg",
            "parameters_name": "two-columns.params.cfg",
            "recipe_name": "two-columns.toml",
            "overrides": "",
        },
        network=small_network(),
        weights=draw,
        momentum={name: values * np.float32(0.1) for name, values in draw.items()},
        state={"seed": seed, "epoch": 1, "batch": 0, "step": step, "loss_sum": 1.5},
        history=History(np.array(train, TRAIN_DTYPE), np.array(test, TEST_DTYPE)),
        snapshots=[
            Snapshot(index / 2, index * 10, {name: draw[name] * np.float32(index) for name in first})
            for index in range(3)
        ],
        notebook=[Note("2012-12-03T09:00:00Z", 0.0, "training begins: Größe, 学習, 🐱")],
        labels=["tabby", "tench", "goldfish", "cock"],
        label_ids=["n02123045", "n01440764", "n01443537", ""],
        mean=generator.uniform(0, 255, (3, 8, 8)).astype(np.float32),
        color_pca=(np.array([40.0, 12.0, 6.0]), np.eye(3)),
        provenance={
            "created": "2012-12-03T09:00:00Z",
            "program_version": "0.1.0",
            "seed": seed,
            "device": "cpu",
        },
    )


def small_activations(step: int = 20, pictures: bool = True) -> Activations:
    """Answers of the small run's network to six probe pictures, drawn."""
    draw = np.random.RandomState(7)
    answers = [(number, number % 4, number % 3, 0.5 + number / 20, 0.1) for number in range(6)]
    units = [(0.5, 2.0 + unit, 0.25, 0.75, np.nan if unit else 0.5, unit) for unit in range(2)]
    patches = [(unit, picture, 1, 2, 3.0 - picture) for unit in range(2) for picture in range(3)]
    names = ("conv1a", "conv1b")
    return Activations(
        probe={
            "images": 6,
            "split": "test",
            "step": step,
            "levels": [["conv1a", "conv1b"]],
            "patches": 3,
            "abstention": None,
        },
        answers=np.array(answers, ANSWER_DTYPE),
        features={name: draw.randn(6, 32).astype(np.float16) for name in names},
        units={name: np.array(units, UNIT_DTYPE) for name in names},
        patches={name: np.array(patches, PATCH_DTYPE) for name in names},
        thumbnails=draw.randint(0, 256, (6, 3, 6, 6)).astype(np.uint8) if pictures else None,
    )
