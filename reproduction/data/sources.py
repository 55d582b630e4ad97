"""What a source of pictures is, whatever it is made of: splits of named, labelled pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import numpy.typing as npt

from reproduction.data.pictures import decode, picture_size
from reproduction.data.trees import Tree
from reproduction.errors import DataError

Pixels = npt.NDArray[np.uint8]

# Headers read to see whether all pictures have one square size already.
SIZE_PROBES = 200


class Readings(Protocol):
    """How the pictures of one split are had; `read` may be called from several threads."""

    def read(self, index: int, shorter_side: int) -> Pixels:
        """Pixels (H, W, 3) of picture `index`. Raises DataError; may be reduced to twice `shorter_side`."""


@dataclass(frozen=True)
class Split:
    """Names (relative to the source) and class indices of pictures, and how to read them."""

    names: Sequence[str]
    targets: npt.NDArray[np.int64]
    pictures: Readings

    def chosen(self, numbers: npt.NDArray[np.intp]) -> Split:
        """The split that has only the pictures `numbers`."""
        names = [self.names[number] for number in numbers]
        return Split(names, self.targets[numbers], ChosenPictures(self.pictures, numbers))


@dataclass(frozen=True)
class ChosenPictures:
    """Some of the pictures of another split."""

    pictures: Readings
    numbers: npt.NDArray[np.intp]

    def read(self, index: int, shorter_side: int) -> Pixels:
        return self.pictures.read(int(self.numbers[index]), shorter_side)


@dataclass(frozen=True)
class Source:
    """Everything `alexnet data pack` needs to know of a source.

    `size`: the side all pictures have already, or None. `channels`: 1 for grey sources.
    `notes`: what a person should know of how it was read; they are kept in the packed file.
    `ordered`: the training pictures were shuffled when the source was made, so their order is kept.
    `mean`: the mean picture (C, H, W) that the source states, 0..255, to compare with that of the pictures.
    """

    splits: dict[str, Split]
    labels: list[str]
    label_ids: list[str]
    size: int | None
    channels: int = 3
    notes: list[str] = field(default_factory=list)
    ordered: bool = False
    mean: npt.NDArray[np.float32] | None = None


@dataclass(frozen=True)
class FilePictures:
    """Pictures that are files of a tree."""

    tree: Tree
    names: Sequence[str]

    def read(self, index: int, shorter_side: int) -> Pixels:
        name = self.names[index]
        # Decoded at no less than twice the size, so that the area filter does at least the last halving.
        return decode(self.tree.source(name), name, 2 * shorter_side).pixels


@dataclass(frozen=True)
class ArrayPictures:
    """Pictures that came together in arrays, uint8 (N, H, W, C)."""

    values: Pixels

    def read(self, index: int, shorter_side: int) -> Pixels:
        picture = self.values[index]
        return np.repeat(picture, 3, axis=2) if picture.shape[2] == 1 else picture


def file_split(tree: Tree, members: Iterable[tuple[str, int]]) -> Split:
    """A split of picture files, sorted by name; `members` are (name, class index)."""
    ordered = sorted(members)
    names = [name for name, _ in ordered]
    targets = np.array([target for _, target in ordered], np.int64)
    return Split(names, targets, FilePictures(tree, names))


def common_size(tree: Tree, splits: dict[str, Split]) -> int | None:
    """The side that the pictures have if an even sample of them is square and alike, else None."""
    names = [name for split in splits.values() for name in split.names]
    sizes = set()
    for position in np.linspace(0, len(names) - 1, min(len(names), SIZE_PROBES)).astype(int):
        try:
            size = picture_size(tree.source(names[position]))
        except DataError:
            continue  # unreadable: the packer skips it by name later
        if size is not None:
            sizes.add(size)
        if len(sizes) > 1:
            return None
    width, height = sizes.pop() if sizes else (0, 1)
    return width if width == height else None
