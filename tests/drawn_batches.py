"""Batches as the three original programs kept them, of pictures that are drawn here."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from python2_pickles import python2_pickle

NAMES = [f"class {number}" for number in range(10)]


def pixels(number: int, side: int) -> NDArray[np.uint8]:
    """Picture `number`, uint8 (side, side, 3): a colour of its own with a little noise."""
    random = np.random.RandomState(number)
    colour = random.randint(0, 200, 3)
    return (colour + random.randint(0, 40, (side, side, 3))).astype(np.uint8)


def jpeg(number: int, side: int) -> bytes:
    """The same as a JPEG file."""
    stream = io.BytesIO()
    Image.fromarray(pixels(number, side)).save(stream, "jpeg", quality=95)
    return stream.getvalue()


def columns(numbers: range, side: int) -> NDArray[np.uint8]:
    """Pictures as the columns of a matrix (3·side², N)."""
    return np.stack([pixels(n, side).transpose(2, 0, 1).reshape(-1) for n in numbers], axis=1)


def mean(numbers: range, side: int) -> NDArray[np.float32]:
    """Their mean as a column."""
    return np.asarray(columns(numbers, side).mean(axis=1, keepdims=True), np.float32)


def write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(python2_pickle(value))


def cifar_batches(folder: Path, side: int = 32, per_batch: int = 4, batches: range = range(1, 7)) -> Path:
    """Raw pixels: picture n of all has the label n % 10 and lies in batch 1 + n // per_batch."""
    for place, number in enumerate(batches):
        chosen = range(place * per_batch, (place + 1) * per_batch)
        batch = {"data": columns(chosen, side), "labels": [n % 10 for n in chosen], "batch_label": "a batch"}
        write(folder / f"data_batch_{number}", batch)
    trained = range((len(batches) - 1) * per_batch)
    meta = {"label_names": NAMES, "num_cases_per_batch": per_batch, "data_mean": mean(trained, side)}
    write(folder / "batches.meta", {**meta, "num_vis": 3 * side**2})
    return folder


def jpeg_tuples(folder: Path, side: int = 20) -> Path:
    """JPEG files of 2012: training 1 and 2, validation 2000, and a test set 3000 without labels."""
    for place, number in enumerate((1, 2, 2000, 3000)):
        chosen = range(place * 3, place * 3 + 3)
        labels = [None if number == 3000 else (f"n{n:08}", n % 10) for n in chosen]
        batch = ([jpeg(n, side) for n in chosen], [(side, side)] * 3, labels)
        write(folder / f"data_batch_{number}", batch)
    write(folder / "batches.meta", {"label_names": NAMES, "data_mean": mean(range(6), side), "batch_size": 3})
    return folder


def jpeg_folders(folder: Path, side: int = 20) -> Path:
    """JPEG files of 2014: batches 0, 1 and 1000 in two parts of two; picture 3 has two labels."""
    for place, number in enumerate((0, 1, 1000)):
        for part in (0, 1):
            chosen = range(4 * place + 2 * part, 4 * place + 2 * part + 2)
            labels = [[n % 10, 9] if n == 3 else [n % 10] for n in chosen]
            batch = {"data": [jpeg(n, side) for n in chosen], "labels": labels}
            write(folder / f"data_batch_{number}" / f"data_batch_{number}.{part}", batch)
    meta = {"label_names": NAMES, "data_mean": mean(range(8), side), "color_pca": (np.ones(3), np.eye(3))}
    write(folder / "batches.meta", {**meta, "batch_size": 4, "num_vis": 3 * side**2})
    return folder
