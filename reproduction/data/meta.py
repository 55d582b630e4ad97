"""The file `batches.meta` beside the batches of the original programs: what is known of all of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from reproduction.data.pickles import read_pickle, texts
from reproduction.errors import DataError

NAME = "batches.meta"
MAX_BYTES = 64 << 20  # a mean picture of 256 x 256 and ten thousand names have one


@dataclass(frozen=True)
class Meta:
    """Names of the classes; the mean picture (C, H, W), 0..255; the colours' standard deviations (3,) and
    directions as columns (3, 3); what is added to a stored label. None where the file does not say."""

    labels: list[str]
    mean: npt.NDArray[np.float32] | None = None
    color_pca: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None = None
    label_offset: int = 0
    not_square: bool = False  # pictures were not cropped; the program put them in the middle of the mean


def read_meta(contents: bytes, name: str) -> Meta:
    """The meta file `contents`; DataError names it by `name`."""
    found = read_pickle(contents, name)
    labels, offset = found.get("label_names", []), found.get("label_offset", 0)
    if not isinstance(labels, (list, tuple)) or not all(isinstance(label, (str, bytes)) for label in labels):
        raise DataError(f"{name}: label_names is no list of names")
    if type(offset) is not int or abs(offset) > 1_000_000:
        raise DataError(f"{name}: label_offset is no whole number")
    return Meta(
        texts(labels), _mean(found, name), _color_pca(found, name), offset, bool(found.get("no_crop"))
    )


def read_meta_of(path: Path) -> Meta:
    """The meta file at `path`, or in the folder `path`."""
    file = path / NAME if path.is_dir() else path
    try:
        if file.stat().st_size > MAX_BYTES:
            raise DataError(f"{file}: larger than {MAX_BYTES >> 20} MB, so it is no {NAME}")
        return read_meta(file.read_bytes(), str(file))
    except OSError as error:
        raise DataError(f"{file}: cannot be read ({(error.strerror or str(error)).lower()})") from error


def _mean(found: dict[str, Any], name: str) -> npt.NDArray[np.float32] | None:
    """The mean picture: a column of the channels' planes, as the pictures are."""
    values = found.get("data_mean")
    if values is None:
        return None
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fu":
        raise DataError(f"{name}: data_mean is no array of numbers")
    for channels in (3, 1):
        side = math.isqrt(values.size // channels)
        if values.size and side * side * channels == values.size:
            mean = values.reshape(channels, side, side).astype(np.float32)
            if not np.isfinite(mean).all():
                raise DataError(f"{name}: data_mean holds numbers that are not finite")
            return mean
    raise DataError(f"{name}: data_mean has {values.size} numbers, which make no square picture")


def _color_pca(
    found: dict[str, Any], name: str
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]] | None:
    values = found.get("color_pca")
    if values is None:
        return None
    if not isinstance(values, (tuple, list)) or len(values) != 2:
        raise DataError(f"{name}: color_pca is no pair of deviations and directions")
    parts = [np.asarray(part) for part in values if isinstance(part, np.ndarray) and part.dtype.kind == "f"]
    if [part.size for part in parts] != [3, 9] or not all(np.isfinite(part).all() for part in parts):
        raise DataError(f"{name}: color_pca is no pair of 3 deviations and 3x3 directions")
    return parts[0].reshape(3).astype(np.float64), parts[1].reshape(3, 3).astype(np.float64)
