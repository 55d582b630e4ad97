"""Answers to a probe set for the small runs: six pictures, patches of the first layer, some features."""

from __future__ import annotations

import numpy as np

from archive import Activations, Run
from archive.activations import ANSWER_DTYPE, PATCH_DTYPE, UNIT_DTYPE

IMAGES, SIDE = 6, 32


def with_probe(run: Run, pictures: bool = True) -> Run:
    """The run with activations; picture n is of class n, taken for class 0, and n everywhere."""
    layer = run.network["first_layers"][0]
    units = next(entry for entry in run.network["layers"] if entry["name"] == layer)["output_shape"][0]
    channels = run.network["image_shape"][0]
    said = [(10 * number, number, 0, 0.5, 0.1) for number in range(IMAGES)]
    found = [(unit, picture, 16, 16, 7.0 - picture) for unit in range(units) for picture in (1, 2, 3)]
    numbers = np.arange(IMAGES, dtype=np.uint8)[:, None, None, None]
    run.activations = Activations(
        probe={
            "data_name": "small",
            "data_sha256": "0" * 64,
            "split": "test",
            "images": IMAGES,
            "step": 0,
            "levels": [["probs"]],
            "abstention": None,
        },
        answers=np.array(said, ANSWER_DTYPE),
        features={"probs": np.zeros((IMAGES, 10), np.float16)},
        units={layer: np.array([(1.0, 7.0, 0.5, 0.25, 0.5, 1)] * units, UNIT_DTYPE)},
        patches={layer: np.array(found, PATCH_DTYPE)},
        thumbnails=np.broadcast_to(numbers, (IMAGES, channels, SIDE, SIDE)).copy() if pictures else None,
    )
    return run
