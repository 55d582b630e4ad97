"""Sources that are batches of raw pixels: CIFAR-10 (binary and Python) and MNIST's idx files."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import PurePosixPath

import numpy as np
import numpy.typing as npt

from reproduction.data.pickles import read_pickle, texts
from reproduction.data.sources import ArrayPictures, Source, Split
from reproduction.data.trees import MAX_MEMBER_BYTES, Tree
from reproduction.errors import DataError

Pixels = npt.NDArray[np.uint8]
Batch = tuple[Pixels, npt.NDArray[np.int64], list[str]]

CIFAR_SIDE = 32
CIFAR_CLASSES = "airplane automobile bird cat deer dog frog horse ship truck".split()
MNIST_FILES = {"train": ("train-images", "train-labels"), "test": ("t10k-images", "t10k-labels")}
# LeNet-5 saw 28 x 28 digits in the middle of 32 x 32: small even margins are filled with zeros, not scaled.
MAX_MNIST_MARGIN = 8


def cifar_binary(tree: Tree, root: str) -> Source:
    """CIFAR-10's data_batch_N.bin and test_batch.bin: records of a label byte and 3 x 32 x 32 pixel bytes."""
    name = f"{root}batches.meta.txt"
    labels = tree.read(name).decode("utf-8", "replace").split() if name in tree.names else CIFAR_CLASSES
    return _cifar(tree, root, ".bin", labels, _binary_batch)


def cifar_python(tree: Tree, root: str) -> Source:
    """CIFAR-10's pickled data_batch_N and test_batch; read without running anything in them."""
    name = f"{root}batches.meta"
    labels = CIFAR_CLASSES
    if name in tree.names:
        labels = texts(read_pickle(tree.read(name), name).get("label_names", CIFAR_CLASSES))
    return _cifar(tree, root, "", labels, _python_batch)


def _cifar(
    tree: Tree, root: str, ending: str, labels: list[str], read: Callable[[bytes, str], Batch]
) -> Source:
    names = [name[len(root) :] for name in tree.names if name.startswith(root)]
    batches = [name for name in names if name.startswith("data_batch_") and name.endswith(ending)]
    files = {"train": sorted(batches), "test": [n for n in names if n == f"test_batch{ending}"]}
    splits = {}
    for split, members in files.items():
        found = [read(tree.read(root + member), root + member) for member in members]
        if found:
            values = np.concatenate([pixels for pixels, _, _ in found])
            targets = np.concatenate([batch for _, batch, _ in found])
            named = [name for _, _, batch in found for name in batch]
            splits[split] = _split(ArrayPictures(values), targets, named, len(labels), root)
    return Source(splits, labels, [""] * len(labels), CIFAR_SIDE)


def _binary_batch(contents: bytes, name: str) -> Batch:
    width = 1 + 3 * CIFAR_SIDE**2
    if not contents or len(contents) % width:
        raise DataError(f"{name} is truncated: {len(contents):,} bytes are no multiple of {width}")
    records = np.frombuffer(contents, np.uint8).reshape(-1, width)
    return _upright(records[:, 1:]), records[:, 0].astype(np.int64), _numbered(name, len(records))


def _python_batch(contents: bytes, name: str) -> Batch:
    batch = read_pickle(contents, name)
    data, labels = np.asarray(batch.get("data")), np.asarray(batch.get("labels"))
    good = data.dtype == np.uint8 and data.ndim == 2 and data.shape[1] == 3 * CIFAR_SIDE**2
    if not good or labels.shape != data.shape[:1] or labels.dtype.kind not in "iu":
        raise DataError(f"{name} is no CIFAR-10 batch: it needs data (N, 3072) and labels (N,)")
    names = texts(batch.get("filenames", _numbered(name, len(data))))
    return (
        _upright(data),
        labels.astype(np.int64),
        names if len(names) == len(data) else _numbered(name, len(data)),
    )


def _upright(rows: Pixels) -> Pixels:
    """Rows of red, green and blue planes -> (N, 32, 32, 3)."""
    return rows.reshape(-1, 3, CIFAR_SIDE, CIFAR_SIDE).transpose(0, 2, 3, 1)


def mnist(tree: Tree, root: str, size: int | None) -> Source:
    """MNIST's idx files, gzipped or not; one channel. `size` a little above 28 adds a margin of zeros."""
    splits, notes = {}, []
    side = 0
    for split, (pictures, labels) in MNIST_FILES.items():
        if found := _idx_name(tree, root, pictures):
            values = _idx(tree, found, 3)
            targets = _idx(tree, _idx_name(tree, root, labels) or f"{root}{labels}-idx1-ubyte", 1)
            if len(values) != len(targets) or values.shape[1] != values.shape[2]:
                raise DataError(f"{found} does not fit its labels: {values.shape} and {targets.shape}")
            margin = ((size or values.shape[1]) - values.shape[1]) / 2
            if 0 < margin <= MAX_MNIST_MARGIN / 2 and margin == int(margin):
                edge = int(margin)
                values = np.pad(values, ((0, 0), (edge, edge), (edge, edge)))
                notes = [f"a margin of {edge} zero pixels added on each side"]
            side = values.shape[1]
            names = _numbered(found, len(values))
            splits[split] = _split(
                ArrayPictures(values[..., None]), targets.astype(np.int64), names, 10, root
            )
    digits = [str(digit) for digit in range(10)]
    return Source(splits, digits, [""] * 10, side, channels=1, notes=notes)


def _idx_name(tree: Tree, root: str, stem: str) -> str | None:
    """The file of `tree` that holds idx `stem`, under any of the names it is published as."""
    return next((name for name in tree.names if name.startswith(f"{root}{stem}") and "ubyte" in name), None)


def _idx(tree: Tree, name: str, dimensions: int) -> Pixels:
    """The bytes of an idx file: a magic number, the sizes as big-endian 32-bit numbers, the values."""
    if name not in tree.names:
        raise DataError(f"{name} is missing beside its pictures")
    contents = tree.read(name)
    if contents.startswith(b"\x1f\x8b"):
        contents = _gunzip(contents, name)
    header = 4 + 4 * dimensions
    if len(contents) < header or contents[:4] != bytes((0, 0, 8, dimensions)):
        raise DataError(f"{name} is no idx file of bytes with {dimensions} dimensions")
    shape = np.frombuffer(contents, ">u4", dimensions, 4).astype(np.int64)
    values = np.frombuffer(contents, np.uint8, offset=header)
    if len(values) != shape.prod():
        raise DataError(f"{name} is truncated: {len(values):,} values where {shape.prod():,} are declared")
    return values.reshape(shape)


def _gunzip(contents: bytes, name: str) -> bytes:
    inflater = zlib.decompressobj(wbits=31)
    try:
        plain = inflater.decompress(contents, MAX_MEMBER_BYTES)
    except zlib.error as error:
        raise DataError(f"{name} is damaged: {error}") from error
    if not inflater.eof:
        raise DataError(f"{name} is truncated, or larger than {MAX_MEMBER_BYTES >> 20} MB")
    return plain


def _split(
    pictures: ArrayPictures, targets: npt.NDArray[np.int64], names: list[str], classes: int, root: str
) -> Split:
    if targets.size and not 0 <= targets.min() <= targets.max() < classes:
        raise DataError(f"the labels in {root or 'the batches'} go beyond the {classes} classes it names")
    return Split(names, targets, pictures)


def _numbered(name: str, count: int) -> list[str]:
    """Names for pictures that have none: batch file and position."""
    stem = PurePosixPath(name).name
    return [f"{stem}/{position}" for position in range(count)]
