"""What the room of the two GPUs asks the second worker: tests, measures of a moment, fits, other archives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.document import OpenArchive
from app.worker import Arrays, Worker
from reproduction.analysis.across_runs import AcrossRuns
from reproduction.analysis.findings import Specialisation
from reproduction.analysis.travelling import unpack

PART = 8  # filters that are fitted with one request
BATTERY, MEASURES, FIT, RUNS = "two-gpus-battery", "two-gpus-measures", "two-gpus-fit", "two-gpus-runs"


class HalvesResearch(QObject):
    """Asks one question of a kind at a time; the newest of each is answered.

    Signals:
        found(Specialisation): the battery of tests.
        measured(dict): the measures of a moment by name, (F,) each.
        compared(AcrossRuns, names): several archives, and what they are called.
        fitting: some more filters were fitted, see `fitted`.
        failed(str), notCompared(str): one sentence why there is no answer.
    """

    found = Signal(object)
    measured = Signal(object)
    compared = Signal(object, object)
    fitting = Signal()
    failed = Signal(str)
    notCompared = Signal(str)

    def __init__(self, researcher: Worker, parent: QObject) -> None:
        super().__init__(parent)
        self._researcher = researcher
        self.fitted: int | None = None
        """Filters that were fitted so far; None while nothing is fitted."""

    def cancel(self) -> None:
        """Forgets everything that was asked."""
        self.fitted = None
        for kind in (BATTERY, MEASURES, FIT, RUNS):
            self._researcher.cancel(kind)

    def ask(self, archive: OpenArchive, gabor: bool = False) -> None:
        """Asks for the battery, with the Gabor fits or without."""
        message = {"do": "specialisation", "archive": str(archive.path), "gabor": gabor}
        self._researcher.request(BATTERY, message, self._on_found, self.failed.emit)

    def ask_moment(self, archive: OpenArchive, moment: int | None) -> None:
        """Asks for the measures at a snapshot; None takes back what was asked."""
        self._researcher.cancel(MEASURES)
        if moment is not None:
            message = {"do": "measures", "archive": str(archive.path), "snapshot": moment}
            self._researcher.request(
                MEASURES, message, lambda _, arrays: self.measured.emit(arrays), self.failed.emit
            )

    def fit(self, archive: OpenArchive, total: int) -> None:
        """Fits Gabor functions to `total` filters, a few at a time, then asks for the battery with these."""
        self.fitted = done = self.fitted or 0
        if done >= total:
            self.fitted = None
            self.ask(archive, gabor=True)
        else:
            self.fitted = min(done + PART, total)
            message = {"do": "gabor", "archive": str(archive.path), "start": done, "stop": self.fitted}
            self._researcher.request(FIT, message, lambda *_: self.fit(archive, total), self._on_no_fit)
        self.fitting.emit()

    def compare(self, archives: Sequence[OpenArchive]) -> None:
        """Asks the same of several archives."""
        names = tuple(archive.path.stem for archive in archives)
        message = {"do": "runs", "archives": [str(archive.path) for archive in archives]}

        def answered(answer: dict[str, Any], arrays: Arrays) -> None:
            self.compared.emit(unpack(AcrossRuns, answer["value"], arrays), names)

        self._researcher.request(RUNS, message, answered, self.notCompared.emit)

    def _on_found(self, message: dict[str, Any], arrays: Arrays) -> None:
        self.found.emit(unpack(Specialisation, message["value"], arrays))

    def _on_no_fit(self, sentence: str) -> None:
        self.fitted = None
        self.failed.emit(sentence)
