"""Batches of the original programs: `batches.meta` and `data_batch_N`, of raw pixels or of JPEG files.

  raw pixels    a dictionary: data uint8 (channels·side·side, pictures), a picture a column; labels
  JPEG, 2012    a tuple: JPEG files, their sizes before scaling, labels as pairs of name and number
  JPEG, 2014    a dictionary: data, a list of JPEG files; labels, a list of numbers for each picture

A batch may lie in parts: data_batch_N.1, .2 ... are rows of one array, the files in a folder data_batch_N
follow each other. The pictures were shuffled when the batches were made, so their order is kept.
"""

from __future__ import annotations

import math
import re
import threading
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from reproduction.data.meta import NAME, Meta, read_meta
from reproduction.data.pickles import read_batch
from reproduction.data.pictures import decode
from reproduction.data.sources import Source, Split
from reproduction.data.trees import Tree
from reproduction.errors import DataError

Pixels = npt.NDArray[np.uint8]
Targets = npt.NDArray[np.int64]

CIFAR_NUMBERS = 3 * 32 * 32
KEPT_BATCHES = 3  # in memory at a time: threads read a little ahead
_BATCH = re.compile(r"data_batch_(\d{1,9})(?:\.(\d{1,9})|/[^/]+)?")
SQUARE_NOTE = "the program put pictures in the middle of the mean picture; here their middle is cut out"
ORDER_NOTE = "the pictures are in the order of the batches, which were shuffled when they were made"


@dataclass(frozen=True)
class Ranges:
    """First and last number of the batches for training and for testing, as typed; None: not said."""

    train: tuple[int, int] | None = None
    test: tuple[int, int] | None = None


@dataclass(frozen=True)
class Batch:
    """Pictures, uint8 (N, H, W, C) or JPEG files, and labels; -1 for a picture that has none."""

    pictures: Pixels | Sequence[bytes]
    labels: Targets
    several_labels: bool = False


def is_original(names: Sequence[str], root: str) -> bool:
    """Whether `root` holds batches of the original programs; CIFAR-10 as published has a `test_batch`."""
    own = [name[len(root) :] for name in names if name.startswith(root)]
    return NAME in own and "test_batch" not in own and any(_BATCH.fullmatch(name) for name in own)


def original_batches(tree: Tree, root: str, ranges: Ranges) -> Source:
    """The batches in folder `root` of `tree`. Raises DataError."""
    meta = read_meta(tree.read(root + NAME), root + NAME)
    files = _files(tree.names, root)
    numbers = _numbers(files, meta, ranges)
    notes = [ORDER_NOTE, *([SQUARE_NOTE] if meta.not_square else [])]
    splits: dict[str, Split] = {}
    shapes = set()
    for split, members in numbers.items():
        store = BatchStore(tree, [(number, tuple(files[number])) for number in members], meta)
        batches = [
            (batch.labels, batch.several_labels, _shape(batch))
            for batch in map(store.load, range(len(members)))
        ]
        targets = np.concatenate([labels for labels, _, _ in batches])
        shapes |= {shape for _, _, shape in batches}
        if (targets < 0).any():
            notes.append(f"batches {members[0]} to {members[-1]} hold pictures without labels: left out")
            continue
        if any(several for _, several, _ in batches):
            notes.append(f"pictures of the {split} split with several labels have the first of them")
        _check_labels(targets, len(meta.labels), root)
        counts = [len(labels) for labels, _, _ in batches]
        names = [
            f"data_batch_{n}/{row}" for n, count in zip(members, counts, strict=True) for row in range(count)
        ]
        splits[split] = Split(names, targets, BatchPictures(store, _starts(counts)))
    size, channels = _common(shapes, meta, root)
    return Source(
        splits, meta.labels, [""] * len(meta.labels), size, channels, notes, ordered=True, mean=meta.mean
    )


def _files(names: Sequence[str], root: str) -> dict[int, list[str]]:
    """Batch number -> its files, parts in natural order."""
    found: dict[int, list[tuple[list[int], str]]] = {}
    for name in names:
        match = _BATCH.fullmatch(name[len(root) :]) if name.startswith(root) else None
        if match:
            order = [int(digits) for digits in re.findall(r"\d{1,18}", name[len(root) :])]
            found.setdefault(int(match[1]), []).append((order, name))
    return {number: [name for _, name in sorted(found[number])] for number in sorted(found)}


def _numbers(files: Mapping[int, list[str]], meta: Meta, ranges: Ranges) -> dict[str, list[int]]:
    """Which batches are which split: as typed, else as the original programs numbered them."""
    available = list(files)
    if ranges.train or ranges.test:
        test = [n for n in available if ranges.test and ranges.test[0] <= n <= ranges.test[1]]
        train = [n for n in available if n not in test]
        if ranges.train:
            train = [n for n in available if ranges.train[0] <= n <= ranges.train[1]]
        for option, typed, members in (("train", ranges.train, train), ("test", ranges.test, test)):
            if typed and not members:
                raise DataError(
                    f"--{option}-range {typed[0]}-{typed[1]}: the batches are {_listed(available)}"
                )
        if both := sorted(set(train) & set(test)):
            raise DataError(f"--train-range and --test-range both hold batch {both[0]}")
        found = {"train": train, "test": test}
    elif available == [1, 2, 3, 4, 5, 6] and meta.mean is not None and meta.mean.size == CIFAR_NUMBERS:
        found = {"train": available[:5], "test": available[5:]}
    else:
        runs = _runs(available)
        if not 2 <= len(runs) <= 3:
            raise DataError(
                f"the batches are {_listed(available)}, which does not say what is for training; "
                f"say it, such as by --test-range {available[-1]}"
            )
        found = dict(zip(("train", "val", "test"), runs, strict=False))
    return {split: members for split, members in found.items() if members}


def _runs(numbers: list[int]) -> list[list[int]]:
    """The numbers in groups without gaps: training, validation and test began at a thousand each."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs


def _listed(numbers: list[int]) -> str:
    runs = _runs(numbers)
    texts = [f"{run[0]}-{run[-1]}" if len(run) > 1 else str(run[0]) for run in runs]
    return ", ".join(texts[:5]) + (" ..." if len(texts) > 5 else "")


class BatchStore:
    """Reads batches when they are asked for and keeps the last few; may be used from several threads."""

    def __init__(self, tree: Tree, members: Sequence[tuple[int, tuple[str, ...]]], meta: Meta) -> None:
        self._tree = tree
        self._members = members
        self._meta = meta
        self._lock = threading.Lock()
        self._kept: dict[int, Batch] = {}

    def load(self, index: int) -> Batch:
        """Batch `index` of the members. Raises DataError."""
        with self._lock:
            if index not in self._kept:
                while len(self._kept) >= KEPT_BATCHES:
                    del self._kept[next(iter(self._kept))]
                self._kept[index] = self._read(*self._members[index])
            return self._kept[index]

    def name(self, index: int, row: int) -> str:
        """What a picture is called in messages."""
        return f"data_batch_{self._members[index][0]}/{row}"

    def _read(self, number: int, names: tuple[str, ...]) -> Batch:
        parts = [(name, read_batch(self._tree.read(name), name)) for name in names]
        in_folder = names[0].rpartition("/")[0].endswith(f"data_batch_{number}")
        if len(parts) > 1 and not in_folder:
            parts = [(names[0], _joined_rows(parts))]
        batches = [_batch(found, name, self._meta) for name, found in parts]
        if len(batches) == 1:
            return batches[0]
        labels = np.concatenate([batch.labels for batch in batches])
        several = any(batch.several_labels for batch in batches)
        arrays = [batch.pictures for batch in batches if isinstance(batch.pictures, np.ndarray)]
        if len(arrays) == len(batches):
            return Batch(np.concatenate(arrays), labels, several)
        return Batch([picture for batch in batches for picture in batch.pictures], labels, several)


@dataclass(frozen=True)
class BatchPictures:
    """The pictures of one split; `starts` are the numbers of the first picture of each batch."""

    store: BatchStore
    starts: list[int]

    def read(self, index: int, shorter_side: int) -> Pixels:
        place = bisect_right(self.starts, index) - 1
        row = index - self.starts[place]
        pictures = self.store.load(place).pictures
        if isinstance(pictures, np.ndarray):
            picture = pictures[row]
            return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture
        return decode(pictures[row], self.store.name(place, row), 2 * shorter_side).pixels


def _starts(counts: list[int]) -> list[int]:
    return [0, *np.cumsum(counts)[:-1].tolist()]


def _joined_rows(parts: list[tuple[str, Any]]) -> dict[str, Any]:
    """Parts data_batch_N.1, .2 ...: the first has the labels, each has some rows of the pixels."""
    tables = [_table(found, name) for name, found in parts]
    arrays = [table.get("data") for table in tables]
    widths = {array.shape[1:] if isinstance(array, np.ndarray) else None for array in arrays}
    if len(widths) != 1 or None in widths:
        raise DataError(f"{parts[0][0]}: its parts do not fit each other")
    return {**tables[0], "data": np.concatenate([array for array in arrays if array is not None])}


def _table(found: Any, name: str) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise DataError(f"{name} is no batch of the original programs: it holds no dictionary")
    pairs = ((key, value) for key, value in found.items() if isinstance(key, (str, bytes)))
    return {key.decode("latin1") if isinstance(key, bytes) else key: value for key, value in pairs}


def _batch(found: Any, name: str, meta: Meta) -> Batch:
    """A batch in any of the three forms."""
    if isinstance(found, (tuple, list)) and len(found) == 3:
        pictures, labels = found[0], found[2]
    else:
        table = _table(found, name)
        pictures, labels = table.get("data"), table.get("labels")
    numbers, several = _labels(labels, name, meta.label_offset)
    if isinstance(pictures, np.ndarray):
        return Batch(_upright(pictures, len(numbers), name), numbers, several)
    if not isinstance(pictures, (list, tuple)) or not all(isinstance(one, bytes) for one in pictures):
        raise DataError(f"{name}: its pictures are neither pixels nor JPEG files")
    if len(pictures) != len(numbers) or not numbers.size:
        raise DataError(f"{name}: it has {len(pictures)} pictures and {len(numbers)} labels")
    return Batch(pictures, numbers, several)


def _labels(values: Any, name: str, offset: int) -> tuple[Targets, bool]:
    """The number of each picture's class, -1 for none; and whether some picture has several."""
    found = values.reshape(-1).tolist() if isinstance(values, np.ndarray) else values
    if not isinstance(found, (list, tuple)):
        raise DataError(f"{name}: it has no list of labels")
    numbers = [_label(value) for value in found]
    if None in numbers:
        raise DataError(f"{name}: its labels are no whole numbers")
    several = any(isinstance(value, list) and len(value) > 1 for value in found)
    return np.array([n if n is None or n < 0 else n + offset for n in numbers], np.int64), several


def _label(value: Any) -> int | None:
    """A number, the first of a list, the second of a pair of name and number; -1 for None."""
    if value is None:
        return -1
    if isinstance(value, list) and value:
        value = value[0]
    elif isinstance(value, tuple) and len(value) == 2:
        value = value[1]
    whole = isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    return int(value) if whole and 0 <= value < 2**31 else None


def _upright(values: npt.NDArray[Any], count: int, name: str) -> Pixels:
    """Columns of colour planes (rows, as CIFAR-10 was published, too) -> (N, side, side, channels)."""
    if values.dtype == np.uint8 and values.ndim == 2 and count in values.shape:
        rows = values.T if values.shape[1] == count else values
        for channels in (3, 1):
            side = math.isqrt(rows.shape[1] // channels)
            if side and side * side * channels == rows.shape[1]:
                return rows.reshape(-1, channels, side, side).transpose(0, 2, 3, 1)
    raise DataError(
        f"{name}: its data is {values.dtype} {values.shape}, no columns of square pictures for {count} labels"
    )


def _shape(batch: Batch) -> tuple[int, int] | None:
    """Side and channels of raw pixels; None for JPEG files."""
    return (
        (batch.pictures.shape[1], batch.pictures.shape[3]) if isinstance(batch.pictures, np.ndarray) else None
    )


def _common(shapes: set[tuple[int, int] | None], meta: Meta, root: str) -> tuple[int | None, int]:
    """Side (None: not all the same before they are scaled) and channels of all pictures."""
    if len(shapes) != 1:
        raise DataError(f"{root or 'the batches'}: hold pictures of several forms")
    shape = shapes.pop()
    if shape is not None:
        return shape
    return (None if meta.mean is None else meta.mean.shape[-1]), 3


def _check_labels(targets: Targets, classes: int, root: str) -> None:
    if targets.size and targets.max() >= classes:
        raise DataError(
            f"the labels in {root or 'the batches'} go up to {targets.max()}, beyond the {classes} classes "
            "that batches.meta names"
        )
