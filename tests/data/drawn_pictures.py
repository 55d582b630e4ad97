"""Sources of pictures that the data tests draw for themselves, and the packing of them."""

from __future__ import annotations

import io
import pickle
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

from reproduction.data.packed import PackedData
from reproduction.data.packing import Settings, pack
from reproduction.data.sources import Source


def pixels(seed: int, height: int = 32, width: int = 32) -> np.ndarray:
    """Random colours, different for every seed: uint8 (height, width, 3)."""
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def draw(path: Path, seed: int, height: int = 32, width: int = 32) -> np.ndarray:
    """Writes `pixels(seed)` to `path`, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    drawn = pixels(seed, height, width)
    Image.fromarray(drawn).save(path)
    return drawn


def class_tree(root: Path, per_class: int = 6, splits: tuple[str, ...] = ("train", "test")) -> Path:
    """Folders SPLIT/{cat,dog,eel}/NNNN.png; picture n of class c in split s has the seed 100 s + 10 c + n."""
    for s, split in enumerate(splits):
        for c, name in enumerate(("cat", "dog", "eel")):
            for n in range(per_class):
                draw(root / split / name / f"{n:04}.png", 100 * s + 10 * c + n)
    return root


def zipped(root: Path, target: Path) -> Path:
    """The tree `root` as a .zip in which its own name comes first, as published archives have it."""
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, path.relative_to(root.parent))
    return target


def tarred(root: Path, target: Path) -> Path:
    """The tree `root` as a tar, compressed as the name says."""
    kind = {".gz": "w:gz", ".xz": "w:xz", ".bz2": "w:bz2"}.get(target.suffix, "w")
    with tarfile.open(target, kind) as archive:
        archive.add(root, root.name)
    return target


def _python_batch(data: np.ndarray, labels: list[int], names: list[str]) -> bytes:
    batch = {b"data": data, b"labels": labels, b"filenames": [name.encode() for name in names]}
    return pickle.dumps(batch, 2)


def _binary_batch(data: np.ndarray, labels: list[int], names: list[str]) -> bytes:
    return np.concatenate([np.array(labels, np.uint8)[:, None], data], axis=1).tobytes()


def cifar(root: Path, binary: bool, per_batch: int = 5) -> Path:
    """CIFAR-10 in small: five training batches and a test batch; picture n of all has the seed n."""
    root.mkdir(parents=True)
    write: Callable[[np.ndarray, list[int], list[str]], bytes] = _binary_batch if binary else _python_batch
    ending = ".bin" if binary else ""
    names = [f"data_batch_{number}" for number in range(1, 6)] + ["test_batch"]
    for batch, name in enumerate(names):
        seeds = range(batch * per_batch, (batch + 1) * per_batch)
        data = np.stack([pixels(seed).transpose(2, 0, 1).reshape(-1) for seed in seeds])
        contents = write(data, [seed % 10 for seed in seeds], [f"picture_{seed}.png" for seed in seeds])
        (root / f"{name}{ending}").write_bytes(contents)
    labels = "aeroplane automobile bird cat deer dog frog horse ship truck".split()
    if binary:
        (root / "batches.meta.txt").write_text("\n".join(labels) + "\n\n")
    else:
        (root / "batches.meta").write_bytes(pickle.dumps({"label_names": labels}, 2))
    return root


def digits(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Random pictures (count, 28, 28) and labels like MNIST's."""
    generator = np.random.default_rng(seed)
    return generator.integers(0, 256, (count, 28, 28), np.uint8), np.arange(count, dtype=np.uint8) % 10


def idx(values: np.ndarray) -> bytes:
    """An array of bytes as MNIST's files have it."""
    return struct.pack(f">4B{values.ndim}I", 0, 0, 8, values.ndim, *values.shape) + values.tobytes()


def jpeg(seed: int, height: int = 32, width: int = 32) -> bytes:
    """`pixels(seed)` as a JPEG file."""
    stream = io.BytesIO()
    Image.fromarray(pixels(seed, height, width)).save(stream, "JPEG")
    return stream.getvalue()


class Quiet:
    """A listener that keeps what it is told."""

    def __init__(self) -> None:
        self.problems: list[str] = []
        self.progress: list[tuple[str, int, int]] = []
        self.source: Source | None = None

    def source_found(self, source: Source, size: int) -> None:
        self.source = source

    def packed(self, split: str, done: int, total: int) -> None:
        self.progress.append((split, done, total))

    def skipped(self, problem: str) -> None:
        self.problems.append(problem)


def packed(source: Path, tmp_path: Path, **settings: object) -> PackedData:
    """Packs `source` into packed.h5 in `tmp_path` and opens that."""
    target = tmp_path / "packed.h5"
    pack(source, target, Settings(**settings), Quiet())
    return PackedData(target)
