"""How much the network loses by what is switched off: measured over many pictures, part by part."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.answers import Arrays
from app.figure import Cell, Table
from app.questions import damage
from app.selected import Lesions
from app.worker import Worker

KIND = "plug-damage"


@dataclass(frozen=True)
class Errors:
    """Sums over pictures: wrong best class, class not among the best k, loss in nats."""

    top1: float = 0.0
    topk: float = 0.0
    loss: float = 0.0

    def plus(self, more: Mapping[str, Any]) -> Errors:
        """With the sums of another part."""
        return Errors(
            self.top1 + float(more["top1"]), self.topk + float(more["topk"]), self.loss + float(more["loss"])
        )


@dataclass(frozen=True)
class Damage:
    """What one set of lesions does, summed over `images` of `total` pictures of a data file's split.

    `kl`: divergence of the lesioned from the whole answer, nats; `changed`: another best class; `counts`,
    `whole_right`, `right`: pictures of each class, and how many the whole and the lesioned network named.
    """

    lesions: Lesions
    images: int = 0
    total: int = 0
    k: int = 5
    whole: Errors = field(default_factory=Errors)
    lesioned: Errors = field(default_factory=Errors)
    kl: float = 0.0
    changed: int = 0
    replaced_by: str = ""
    data_name: str = ""
    split: str = ""
    counts: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    whole_right: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))
    right: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))

    def plus(self, message: Mapping[str, Any], arrays: Arrays, classes: int) -> Damage:
        """With what a reply to `damage` says of the next part."""
        labels = np.asarray(arrays.get("labels", ()), np.int64)
        tallies = [np.bincount(labels, minlength=classes)]
        for name in ("whole", "lesioned"):
            found = labels[np.asarray(arrays.get(name, ()), np.int64) == labels]
            tallies.append(np.bincount(found, minlength=classes))
        if len(self.counts):
            before = self.counts, self.whole_right, self.right
            tallies = [old + new for old, new in zip(before, tallies, strict=True)]
        return Damage(
            self.lesions,
            self.images + int(message["images"]),
            int(message["total"]),
            int(message["k"]),
            self.whole.plus(message["whole"]),
            self.lesioned.plus(message["lesioned"]),
            self.kl + float(message["kl"]),
            self.changed + int(message["changed"]),
            str(message["lesions"]["replaced_by"]),
            str(message["data_name"]),
            str(message["split"]),
            *tallies,
        )

    @property
    def complete(self) -> bool:
        """Whether all pictures were looked at."""
        return 0 < self.total <= self.images


class DamageTest(QObject):
    """Measures lesions one after the other, in parts, on the researcher; `results` are the last word of each.

    Signals: advanced (more pictures are counted), ended (all measured, or stopped), failed(str).
    """

    advanced = Signal()
    ended = Signal()
    failed = Signal(str)

    def __init__(self, researcher: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._researcher = researcher
        self._archive, self._data, self._classes = "", "", 0
        self._queue: list[Lesions] = []
        self.results: list[Damage] = []
        self.running = False

    def start(self, archive: str, classes: int, data: str, wanted: Sequence[Lesions]) -> None:
        """Measures `wanted`; earlier results of others stay. `data`: a file, or "" for the run's own."""
        self._researcher.cancel(KIND)
        self._archive, self._classes, self._data = archive, classes, data
        self._queue = list(wanted)
        self.results = [found for found in self.results if found.complete and found.lesions not in wanted]
        self.running = True
        self._begin_next()

    def stop(self) -> None:
        """Stops; what was counted so far stays and says of how many pictures."""
        if self.running:
            self._researcher.cancel(KIND)
            self.running = False
            self.ended.emit()

    def forget(self) -> None:
        """Stops and forgets: the network or the pictures are others now."""
        self.stop()
        self.results = []
        self.advanced.emit()

    def _begin_next(self) -> None:
        if self._queue:
            self.results.append(Damage(self._queue.pop(0)))
            self._ask()
        else:
            self.running = False
            self.ended.emit()

    def _ask(self) -> None:
        latest = self.results[-1]
        message, arrays = damage(self._archive, latest.lesions, self._data, latest.images)
        self._researcher.request(KIND, message, self._on_part, self._on_failure, arrays)

    def _on_part(self, message: dict[str, Any], arrays: Arrays) -> None:
        self.results[-1] = self.results[-1].plus(message, arrays, self._classes)
        self.advanced.emit()
        if not self.running:
            return
        if self.results[-1].complete or not message["images"]:
            self._begin_next()
        else:
            self._ask()

    def _on_failure(self, sentence: str) -> None:
        self.results = [found for found in self.results if found.images]
        self.running = False
        self.failed.emit(sentence)
        self.ended.emit()


def rates(found: Damage) -> tuple[float, ...]:
    """Of one picture: top-1 whole and lesioned, top-k likewise, loss likewise, changed, KL."""
    sums = (
        *(found.whole.top1, found.lesioned.top1, found.whole.topk, found.lesioned.topk),
        *(found.whole.loss, found.lesioned.loss, found.changed, found.kl),
    )
    return tuple(value / max(1, found.images) for value in sums)


def damage_table(results: Sequence[Damage], names: Sequence[str]) -> Table:
    """One row for each set of lesions, called by `names`."""
    columns = (
        *("switched off", "replaced by", "pictures", "data", "split", "k"),
        *("top-1 error whole", "top-1 error without", "top-k error whole", "top-k error without"),
        *("loss whole (nats)", "loss without (nats)", "best class changed", "KL divergence (nats)"),
    )
    rows: list[tuple[Cell, ...]] = [
        (name, found.replaced_by, found.images, found.data_name, found.split, found.k, *rates(found))
        for name, found in zip(names, results, strict=True)
    ]
    return Table(columns, rows)


def class_table(found: Damage, labels: Sequence[str]) -> Table:
    """One row for each class: how many of its pictures the whole and the lesioned network named rightly."""
    rows: list[tuple[Cell, ...]] = [
        (label, int(count), int(whole), int(right))
        for label, count, whole, right in zip(
            labels, found.counts, found.whole_right, found.right, strict=False
        )
        if count
    ]
    return Table(("class", "pictures", "right whole", "right without"), rows)
