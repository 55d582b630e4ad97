"""What an archive holds of its probe set, read once while the file stays the same."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive import Archive
from archive.errors import ArchiveError
from reproduction.errors import UserError

SMALL_SIDE = 32


class Probe:
    """The activations of one version of an archive; `facts` is None where it has none."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read: dict[tuple[str, str], Any] = {}
        with Archive(path) as archive:
            found = archive.activations
            self.facts = None if found is None else found.probe

    @property
    def abstention(self) -> Mapping[str, Any] | None:
        """The rule that says when the network should not answer."""
        rule = (self.facts or {}).get("abstention")
        return rule if isinstance(rule, Mapping) else None

    def require(self) -> dict[str, Any]:
        """The facts. ArchiveError, with the command that helps, where there are none."""
        if self.facts is None:
            raise ArchiveError(
                f"{self._path}: its network was not asked about a probe set; "
                f"`alexnet activations {self._path.name} --data DATA` does that"
            )
        return self.facts

    def answers(self) -> NDArray[Any]:
        """The table of what the network said of each picture."""
        table: NDArray[Any] = self._part("answers")
        return table

    def features(self, layer: str) -> NDArray[np.float32]:
        """Features of a layer, float32 (N, numbers)."""
        values: NDArray[np.float32] = self._part("features", layer)
        return values

    def patches(self, layer: str) -> NDArray[Any]:
        """The table of the strongest answers of a layer's units. UserError where there is none."""
        self.require()
        with Archive(self._path) as archive:
            assert archive.activations is not None
            known = archive.activations.names("patches")
            if layer not in known:
                raise UserError(f"no patches of a layer '{layer}' are kept, only of {', '.join(known)}")
            return archive.activations.patches(layer)

    def thumbnails(self) -> NDArray[np.uint8]:
        """The pictures, uint8 (N, C, s, s). ArchiveError where they were not stored."""
        self.require()
        found = self._part("thumbnails")
        if found is None:
            raise ArchiveError(
                f"{self._path}: holds no pixels of its probe pictures; `alexnet activations "
                f"{self._path.name} --data DATA --store-pictures` adds them, if they may be kept"
            )
        pictures: NDArray[np.uint8] = found
        return pictures

    @property
    def has_pictures(self) -> bool:
        """Whether pixels of the probe pictures are stored."""
        return self.facts is not None and self._part("thumbnails") is not None

    def pixels(self) -> NDArray[np.float32]:
        """Pixels for comparing pictures, float32 (N, numbers): of thumbnails, or of their blocks of means."""
        if ("pixels", "") not in self._read:
            self._read["pixels", ""] = comparable(self.thumbnails())
        found: NDArray[np.float32] = self._read["pixels", ""]
        return found

    def means(self) -> dict[str, NDArray[np.float32]]:
        """Mean answers of the units to the probe pictures, by layer; empty where nothing is known."""
        if self.facts is None:
            return {}
        if ("means", "") not in self._read:
            with Archive(self._path) as archive:
                found = archive.activations
                assert found is not None
                self._read["means", ""] = {name: found.units(name)["mean"] for name in found.names("units")}
        means: dict[str, NDArray[np.float32]] = self._read["means", ""]
        return means

    def _part(self, part: str, layer: str = "") -> Any:
        self.require()
        if (part, layer) not in self._read:
            with Archive(self._path) as archive:
                read = getattr(archive.activations, part)
                values = read(layer) if layer else read()
            self._read[part, layer] = values.astype(np.float32) if layer else values
        return self._read[part, layer]


def comparable(pictures: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Pictures (N, C, s, s) as rows of numbers: means of blocks where s is a multiple of 32."""
    count, channels, side, _ = pictures.shape
    block = side // SMALL_SIDE if side % SMALL_SIDE == 0 else 1
    small = side // block
    blocks = pictures.reshape(count, channels, small, block, small, block)
    return np.ascontiguousarray(blocks.mean(axis=(3, 5), dtype=np.float32).reshape(count, -1))
