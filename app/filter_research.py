"""What the filters room asks its workers: measures and fits of filters, and their answers to the picture."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QObject, Signal

from app import questions
from app.document import OpenArchive, VisitorPicture
from app.room import Museum
from app.worker import Arrays

PART = 8  # filters that are fitted, and kept by the service, together
MEASURES, GABOR, SQUARE, ANSWER = "filters-measures", "filters-gabor", "filters-square", "filters-answer"


class FilterResearch(QObject):
    """Asks one question of a kind at a time; the newest of each is answered.

    Signals:
        measured(dict): every measure of all filters by name, (F,) each, with family and partners.
        fitted(int, dict): the number of a filter, and the Gabor fit and measures of it, (1,) each.
        seen(array): what the network sees of the picture (s, s, 3).
        answered(str, int, array): layer, unit and its map (h, w) of bytes for the picture.
        failed(str): one sentence about the picture.
    """

    measured = Signal(object)
    fitted = Signal(int, object)
    seen = Signal(object)
    answered = Signal(str, int, object)
    failed = Signal(str)

    def __init__(self, museum: Museum, parent: QObject) -> None:
        super().__init__(parent)
        self._worker, self._researcher = museum.worker, museum.researcher

    def cancel(self) -> None:
        """Forgets everything that was asked."""
        for kind in (MEASURES, GABOR):
            self._researcher.cancel(kind)
        self.cancel_answers()

    def cancel_answers(self) -> None:
        """Forgets what was asked about the picture."""
        for kind in (SQUARE, ANSWER):
            self._worker.cancel(kind)

    def measure(self, archive: OpenArchive) -> None:
        """Asks for the measures of the weights as they are now."""
        message = {"do": "measures", "archive": str(archive.path)}
        self._researcher.request(
            MEASURES, message, lambda _, arrays: self.measured.emit(arrays), self.failed.emit
        )

    def fit(self, archive: OpenArchive, number: int, total: int, moment: int | None) -> None:
        """Asks for the Gabor fit of one filter of `total`, now or at a snapshot."""
        start = number // PART * PART
        message: dict[str, Any] = {"do": "gabor", "archive": str(archive.path)}
        message |= {"start": start, "stop": min(start + PART, total), "snapshot": moment}

        def answered(_: dict[str, Any], arrays: Arrays) -> None:
            row = slice(number - start, number - start + 1)
            self.fitted.emit(number, {name: values[row] for name, values in arrays.items()})

        self._researcher.request(GABOR, message, answered, self.failed.emit)

    def look(self, archive: OpenArchive, picture: VisitorPicture) -> None:
        """Asks what the network sees of the picture."""
        message, arrays = questions.preview(picture, str(archive.path))
        self._worker.request(
            SQUARE, message, lambda _, found: self.seen.emit(found.get("crop")), self.failed.emit, arrays
        )

    def answer(self, archive: OpenArchive, picture: VisitorPicture, layer: str, unit: int) -> None:
        """Asks what a unit answers to the picture."""
        message, arrays = questions.unit_map(picture, str(archive.path), layer, unit)

        def answered(_: dict[str, Any], found: Arrays) -> None:
            self.answered.emit(layer, unit, found["maps"][0])

        self._worker.request(ANSWER, message, answered, self.failed.emit, arrays)
