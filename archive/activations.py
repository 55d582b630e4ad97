"""The part of an archive that says how the trained network answers a set of probe pictures.

Letters: N probe pictures, U units of a layer (maps of a layer of maps), n patches kept of a unit. A picture's
number is its row in `answers`, `features` and `thumbnails`. No number in here is a pixel but `thumbnails`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive import elements
from archive.errors import ArchiveError

ANSWER_DTYPE = np.dtype(
    [("picture", "<i4"), ("label", "<i4"), ("guess", "<i4"), ("probability", "<f4"), ("second", "<f4")]
)
"""One probe picture: its number in the split, its class, the most probable class, how probable that and the
next one are."""

UNIT_DTYPE = np.dtype(
    [
        ("mean", "<f4"),
        ("largest", "<f4"),
        ("active", "<f4"),
        ("sparseness", "<f4"),
        ("selectivity", "<f4"),
        ("best_class", "<i4"),
    ]
)
"""One unit over all probe pictures: mean and largest answer; at how many places, as a share, it is above 0;
sparseness, class selectivity and the class with the largest mean, of the rectified answers averaged over the
places of each picture (NaN, and -1, where the unit never answers above 0)."""

PATCH_DTYPE = np.dtype(
    [("unit", "<i4"), ("picture", "<i4"), ("row", "<i4"), ("column", "<i4"), ("value", "<f4")]
)
"""One of the strongest answers of a unit: to which picture, where in its map, how much. At most one a
picture; units in order, the largest answer of each first."""

Arrays = dict[str, NDArray[Any]]
FACTS: dict[str, type] = {"images": int, "split": str, "step": int, "levels": list}
"""What the JSON of `probe` must hold."""


@dataclass(frozen=True)
class Activations:
    """How a network answers N probe pictures, by layer name."""

    probe: dict[str, Any]
    """data_name, data_sha256, split, images (N), step (of training), levels (names of feature layers, those
    before the output first), abstention (None, or the calibrated rule), created, ..."""
    answers: NDArray[Any]
    features: Arrays = field(default_factory=dict)
    """float16 (N, numbers of the layer, flat)."""
    units: Arrays = field(default_factory=dict)
    patches: Arrays = field(default_factory=dict)
    thumbnails: NDArray[np.uint8] | None = None
    """(N, C, s, s): the crops, reduced; None where pictures may not be kept."""

    def problem(self) -> str:
        """What contradicts itself, in words; "" when nothing does."""
        count = self.probe.get("images")
        if count != len(self.answers):
            return f"{len(self.answers)} answers to {count} pictures"
        for name, values in self.features.items():
            if values.ndim != 2 or len(values) != count:
                return f"features of {name} of shape {values.shape} for {count} pictures"
        for name, table in self.patches.items():
            units = len(self.units.get(name, ()))
            if not _below(table["unit"], units) or not _below(table["picture"], len(self.answers)):
                return f"patches of {name} are of units or pictures that are not there"
        if self.thumbnails is not None and len(self.thumbnails) != count:
            return f"{len(self.thumbnails)} thumbnails of {count} pictures"
        return ""


def _below(numbers: NDArray[Any], limit: int) -> bool:
    return not len(numbers) or (int(numbers.min()) >= 0 and int(numbers.max()) < limit)


class ActivationsReader:
    """The activations in an open archive, read as they are asked for; every trouble is an `ArchiveError`."""

    def __init__(self, path: Path, file: Any) -> None:
        self._path, self._file = path, file
        self.probe: dict[str, Any] = elements.read_json(path, file, "activations/probe", dict)
        for name, kind in FACTS.items():
            value = self.probe.get(name)
            if not isinstance(value, kind) or isinstance(value, bool):
                raise ArchiveError(f"{path}: /activations/probe has no {kind.__name__} '{name}'")
        levels = self.probe["levels"]
        if not all(isinstance(level, list) and all(isinstance(n, str) for n in level) for level in levels):
            raise ArchiveError(f"{path}: /activations/probe has levels that are no lists of layers")
        if not isinstance(self.probe.get("abstention"), dict | None):
            raise ArchiveError(f"{path}: /activations/probe has an abstention that is no JSON object")

    def names(self, part: str) -> list[str]:
        """Names of the layers in `part` ("features", "units", "patches")."""
        return elements.member_names(self._path, self._file, f"activations/{part}")

    def answers(self) -> NDArray[Any]:
        """What the network said of each picture: a table of `ANSWER_DTYPE`."""
        return elements.read_table(self._path, self._file, "activations/answers", ANSWER_DTYPE)

    def features(self, layer: str) -> NDArray[Any]:
        """Features of a layer, float16 (N, numbers)."""
        shape = (int(self.probe["images"]), None)
        return elements.read_array(self._path, self._file, f"activations/features/{layer}", "f2", shape)

    def units(self, layer: str) -> NDArray[Any]:
        """Statistics of the units of a layer: a table of `UNIT_DTYPE`."""
        return elements.read_table(self._path, self._file, f"activations/units/{layer}", UNIT_DTYPE)

    def patches(self, layer: str) -> NDArray[Any]:
        """The strongest answers of the units of a layer: a table of `PATCH_DTYPE`."""
        return elements.read_table(self._path, self._file, f"activations/patches/{layer}", PATCH_DTYPE)

    def thumbnails(self) -> NDArray[np.uint8] | None:
        """The probe pictures, uint8 (N, C, s, s); None where they were not to be stored."""
        name = "activations/thumbnails"
        if elements.member(self._path, self._file, name) is None:
            return None
        shape = (int(self.probe["images"]), None, None, None)
        return elements.read_array(self._path, self._file, name, "u1", shape)

    @property
    def has_thumbnails(self) -> bool:
        """Whether the probe pictures were stored."""
        return elements.member(self._path, self._file, "activations/thumbnails") is not None

    def everything(self) -> Activations:
        """All of it, in memory."""
        return Activations(
            probe=self.probe,
            answers=self.answers(),
            features={name: self.features(name) for name in self.names("features")},
            units={name: self.units(name) for name in self.names("units")},
            patches={name: self.patches(name) for name in self.names("patches")},
            thumbnails=self.thumbnails(),
        )


def read_activations(path: Path, file: Any) -> ActivationsReader | None:
    """The activations of an open archive; None where it has none."""
    if elements.member(path, file, "activations/probe") is None:
        return None
    return ActivationsReader(path, file)


def write_activations(writer: Any, found: Activations) -> None:
    """Puts the elements of `found` into an archive that is being written."""
    writer.json("activations/probe", found.probe)
    writer.table("activations/answers", found.answers)
    for name, values in found.features.items():
        writer.array(f"activations/features/{name}", values, "f2", "picture, number")
    for name, table in found.units.items():
        writer.table(f"activations/units/{name}", table)
    for name, table in found.patches.items():
        writer.table(f"activations/patches/{name}", table)
    if found.thumbnails is not None:
        axes = "picture, channels, height, width"
        writer.array("activations/thumbnails", found.thumbnails, "u1", axes, "brightness, 0 to 255")


def activation_problems(path: Path, found: Activations, layers: dict[str, list[int]]) -> Iterator[str]:
    """What breaks the rules of the format; `layers` are the network's output shapes."""
    problem = found.problem()
    if problem:
        yield f"{path}: /activations contradicts itself: {problem}"
    for part in ("features", "units", "patches"):
        for name, values in getattr(found, part).items():
            if name not in layers:
                yield f"{path}: /activations/{part}/{name} belongs to no layer of the network"
            elif part == "units" and len(values) != layers[name][0]:
                yield f"{path}: /activations/units/{name} has {len(values)} rows for {layers[name][0]} units"
    for name, values in found.features.items():
        if not np.isfinite(values).all():
            yield f"{path}: /activations/features/{name} holds numbers that are not finite"
    for name in [name for level in found.probe["levels"] for name in level]:
        if name not in found.features:
            yield f"{path}: /activations/features/{elements.printable(name)} is missing"
