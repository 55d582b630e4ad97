"""Reads a packed data file: the one HDF5 file that a network is trained and tested from.

Layout, version 1 (N pictures, C channels, H = W pixels):
  pictures/SPLIT  uint8 (N, C, H, W), chunks of about a megabyte with checksums; SPLIT is train, val or test
  targets/SPLIT   int32 (N,), an index into `labels`
  names/SPLIT     UTF-8 (N,), where each picture lay in the source
  labels, label_ids   UTF-8 (classes,): names, and WordNet ids or ""
  mean            float32 (C, H, W), the mean training picture, 0…255
  color_pca/deviations float64 (3,), color_pca/vectors float64 (3, 3), vectors as columns, ascending
  attributes: format, version, name, seed, created, skipped, sha256, notes
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

import h5py
import numpy as np
import numpy.typing as npt

from reproduction.errors import DataError

FORMAT = "alexnet-data"
VERSION = 1
SPLITS = ("train", "val", "test")
# Larger than HDF5's default of one chunk, so that a batch which ends inside a chunk does not read it twice.
CACHE_BYTES = 16 << 20
# No compression that HDF5 brings packs tighter; a file that declares more is lying about its size.
MAX_COMPRESSION = 1100
MAX_CLASSES = 1_000_000

Result = TypeVar("Result")


class Images:
    """The pictures of one split, read as they are sliced: uint8 (N, C, H, W)."""

    def __init__(self, dataset: h5py.Dataset, path: Path) -> None:
        self.shape: tuple[int, int, int, int] = dataset.shape
        self._dataset = dataset
        self._path = path

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, key: int | slice) -> npt.NDArray[np.uint8]:
        return _reading(self._path, lambda: np.asarray(self._dataset[key]))


class PackedData:
    """A packed data file, checked when opened; pictures stay on disk until they are sliced.

    Raises DataError, one sentence, for whatever is wrong with the file, when opened or later.
    """

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._file = _open(self.path)
        try:
            _reading(self.path, self._load)
        except BaseException:
            self.close()
            raise

    def _load(self) -> None:
        attributes = self._file.attrs
        self._require(attributes.get("format") == FORMAT, "it was not made by `alexnet data pack`")
        version = int(attributes.get("version", 0))
        self._require(version == VERSION, f"its version is {version}, this program reads {VERSION}")
        self.name = str(attributes["name"])
        self.seed = int(attributes["seed"])
        self.created = str(attributes["created"])
        self.skipped = int(attributes["skipped"])
        self.sha256 = str(attributes["sha256"])
        self.notes = _strings(attributes["notes"])
        self.labels = self._strings("labels")
        self.label_ids = self._strings("label_ids")
        self._require(len(self.labels) == len(self.label_ids), "labels and label_ids differ in length")
        self._load_splits()
        self._load_statistics()

    def _load_splits(self) -> None:
        self._images: dict[str, Images] = {}
        self._targets: dict[str, npt.NDArray[np.int64]] = {}
        for split in SPLITS:
            if f"pictures/{split}" in self._file:
                self._load_split(split)
        self._require(bool(self._images), "it holds no pictures")
        shapes = {images.shape[1:] for images in self._images.values()}
        self._require(len(shapes) == 1, "its splits differ in picture size")
        self.image_shape: tuple[int, int, int] = shapes.pop()

    def _load_split(self, split: str) -> None:
        pictures = self._dataset(f"pictures/{split}")
        targets = self._dataset(f"targets/{split}")
        good = pictures.ndim == 4 and pictures.dtype == np.uint8 and pictures.shape[1] in (1, 3)
        good = good and pictures.shape[2] == pictures.shape[3] > 0
        self._require(good, f"pictures/{split} is {pictures.dtype} {pictures.shape}")
        good = targets.shape == pictures.shape[:1] and targets.dtype.kind in "iu"
        self._require(good, f"targets/{split} does not fit pictures/{split}")
        values = targets[()].astype(np.int64)
        good = values.size == 0 or (values.min() >= 0 and values.max() < len(self.labels))
        self._require(good, f"targets/{split} names classes that have no label")
        self._images[split] = Images(pictures, self.path)
        self._targets[split] = values

    def _load_statistics(self) -> None:
        self.mean: npt.NDArray[np.float32] = self._dataset("mean")[()].astype(np.float32)
        good = self.mean.shape == self.image_shape and bool(np.isfinite(self.mean).all())
        self._require(good, "its mean picture does not fit the pictures")
        self.color_pca: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None
        if "color_pca" in self._file:
            deviations = self._dataset("color_pca/deviations")[()].astype(np.float64)
            vectors = self._dataset("color_pca/vectors")[()].astype(np.float64)
            good = deviations.shape == (3,) and vectors.shape == (3, 3)
            good = good and bool(np.isfinite(deviations).all() and np.isfinite(vectors).all())
            self._require(good, "its colour PCA is damaged")
            self.color_pca = (deviations, vectors)

    @property
    def classes(self) -> int:
        """How many classes the labels name."""
        return len(self.labels)

    @property
    def counts(self) -> dict[str, int]:
        """Pictures in each split, in the order train, val, test."""
        return {split: len(images) for split, images in self._images.items()}

    @property
    def evaluation_split(self) -> str | None:
        """What error rates are measured on: test if it has pictures, else val, else nothing."""
        return next((split for split in ("test", "val") if self.counts.get(split)), None)

    def images(self, split: str) -> Images:
        """Pictures of `split`; slices are uint8 (n, C, H, W)."""
        self._require_split(split)
        return self._images[split]

    def targets(self, split: str) -> npt.NDArray[np.int64]:
        """Class indices (N,) of `split`."""
        self._require_split(split)
        return self._targets[split]

    def picture_names(self, split: str) -> list[str]:
        """Where each picture of `split` lay in the source."""
        self._require_split(split)
        return _reading(self.path, lambda: self._strings(f"names/{split}", limit=len(self._targets[split])))

    def close(self) -> None:
        """Lets go of the file; slicing is over then."""
        self._file.close()

    def __enter__(self) -> PackedData:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _require_split(self, split: str) -> None:
        if split not in self._images:
            raise DataError(f"{self.path} has no split {split}; it has {', '.join(self._images)}")

    def _require(self, good: bool, what: str) -> None:
        if not good:
            raise DataError(f"{self.path} cannot be used as data: {what}; pack it again")

    def _dataset(self, name: str) -> h5py.Dataset:
        """A dataset that lies in this file and stores about as much as it declares."""
        link = self._file.get(name, getlink=True)
        found = self._file.get(name) if isinstance(link, h5py.HardLink) else None
        self._require(isinstance(found, h5py.Dataset), f"{name} is missing")
        assert found is not None
        self._require(not found.external, f"{name} lies in another file")
        stored = found.id.get_storage_size()
        self._require(found.nbytes <= MAX_COMPRESSION * stored, f"{name} holds less than it declares")
        return found

    def _strings(self, name: str, limit: int = MAX_CLASSES) -> list[str]:
        dataset = self._dataset(name)
        good = dataset.ndim == 1 and len(dataset) <= limit and h5py.check_string_dtype(dataset.dtype)
        self._require(bool(good), f"{name} is no list of names")
        return _strings(dataset[()])


def _open(path: Path) -> h5py.File:
    if not path.exists():
        raise DataError(f"there is no data file {path}; `alexnet data pack` makes one")
    if path.is_dir():
        raise DataError(f"{path} is a folder; `alexnet data pack {path} DATA.h5` makes a data file of it")
    try:
        return h5py.File(path, "r", locking=False, rdcc_nbytes=CACHE_BYTES)
    except PermissionError as error:
        raise DataError(f"{path} cannot be read: permission denied") from error
    except (OSError, RuntimeError, ValueError) as error:
        reason = "truncated" if "truncated" in str(error) else "damaged or not a packed data file"
        raise DataError(f"{path} is {reason}; `alexnet data pack` makes one") from error


def _reading(path: Path, read: Callable[[], Result]) -> Result:
    """What `read` returns; what HDF5 raises on a damaged file becomes one sentence."""
    try:
        return read()
    except (OSError, RuntimeError, KeyError, TypeError, ValueError, AttributeError, MemoryError) as error:
        raise DataError(f"{path} is damaged; pack it again") from error


def _strings(values: Any) -> list[str]:
    """HDF5 hands strings out as bytes (datasets) or str (attributes)."""
    return [value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value) for value in values]
