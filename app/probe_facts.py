"""What the archive itself says of a unit: its statistics over the probe set, and whether there are any."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isnan
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication

from app.answers import class_words
from app.archive_words import count, decimal
from app.document import Document, OpenArchive, Version
from archive import Archive


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("probe", text)


@dataclass(frozen=True)
class ProbeFacts:
    """Of an archive that was asked about a probe set: the facts, the tables of its units, what it stores."""

    facts: Mapping[str, Any]
    units: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    levels: tuple[tuple[str, ...], ...] = ()
    pictures: bool = False


class ProbeReader:
    """Reads them once per version of a file; small tables only."""

    def __init__(self, document: Document) -> None:
        self._document = document
        self._read: tuple[OpenArchive, Version | None, ProbeFacts | None] | None = None

    def current(self) -> ProbeFacts | None:
        """Those of the current archive; None where it was never asked, or cannot be read."""
        archive = self._document.current
        if archive is None:
            return None
        known = self._read
        if known is None or known[0] is not archive or known[1] != archive.version:
            found = self._document.attempt(lambda: read_facts(archive), None)
            self._read = known = (archive, archive.version, found)
        return known[2]


def read_facts(archive: OpenArchive) -> ProbeFacts | None:
    """What an archive holds of its probe set. Raises ArchiveError."""
    with Archive(archive.path) as file:
        found = file.activations
        if found is None:
            return None
        return ProbeFacts(
            facts=found.probe,
            units={name: found.units(name) for name in found.names("units")},
            levels=tuple(tuple(level) for level in found.probe["levels"]),
            pictures=found.has_thumbnails,
        )


def command(archive: OpenArchive, pictures: bool = False) -> str:
    """The command that fills an archive with answers to a probe set."""
    words = f"alexnet activations {archive.path.name} --data DATA"
    return f"{words} --store-pictures" if pictures else words


def unit_rows(document: Document, known: ProbeFacts, layer: str, unit: int) -> list[tuple[str, str]]:
    """The statistics of one unit over the probe set: (what, value)."""
    table = known.units.get(layer)
    if table is None or unit >= len(table):
        return []
    row = table[unit]
    rows = [
        (tr("Probe pictures"), count(known.facts["images"])),
        (tr("Mean answer"), decimal(row["mean"], 3)),
        (tr("Largest answer"), decimal(row["largest"], 2)),
        (tr("Above zero"), tr("at {0} % of the places").format(decimal(100 * row["active"], 1))),
    ]
    if not isnan(row["sparseness"]):
        rows.append((tr("Sparseness"), decimal(row["sparseness"], 2)))
    best = int(row["best_class"])
    if not isnan(row["selectivity"]) and best >= 0:
        named = word_of(class_names(document), best)
        said = tr("{0}, most for {1}").format(decimal(row["selectivity"], 2), named)
        rows.append((tr("Class selectivity"), said))
    return rows


def class_names(document: Document) -> tuple[str, ...]:
    """What the classes of the current archive are called."""
    archive = document.current
    return () if archive is None else class_words(archive.labels, archive.label_ids, document.unnamed)


def word_of(names: Sequence[str], number: int) -> str:
    """The name of a class; its number where it has none."""
    return names[number] if 0 <= number < len(names) else str(number)


def pixels_of(found: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Pixels (h, w, C) as (h, w, 3): grey ones in grey, of more channels the first three."""
    return np.repeat(found[..., :1], 3, axis=2) if found.shape[2] < 3 else found[..., :3]
