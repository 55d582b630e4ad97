"""Many pictures, one after the other, through the worker: what fails is noted, the others go on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.answers import Arrays, Row, answer_of
from app.document import VisitorPicture
from app.questions import WHOLE, predict
from app.selected import Lesions
from app.worker import Worker


class Batch(QObject):
    """A queue of pictures. Only answers are kept, never pixels: a thousand pictures cost no memory.

    Signals:
        answered(int): the place of the picture that has a row now.
        ended: all were asked, or it was cancelled.
    """

    answered = Signal(int)
    ended = Signal()

    def __init__(self, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._archive, self._lesions, self._unnamed = "", WHOLE, ""
        self._pictures: tuple[VisitorPicture, ...] = ()
        self.rows: list[Row] = []
        self.running = False

    @property
    def total(self) -> int:
        """Number of pictures."""
        return len(self._pictures)

    def start(
        self, archive: str, pictures: Sequence[VisitorPicture], lesions: Lesions = WHOLE, unnamed: str = ""
    ) -> None:
        """Forgets what was and asks about these pictures in their order, all with the same network.

        `unnamed`: what is said in place of names that are not for school groups, see `answer_of`.
        """
        self._worker.cancel("batch")
        self._archive, self._lesions, self._unnamed = archive, lesions, unnamed
        self._pictures, self.rows = tuple(pictures), []
        self.running = bool(pictures)
        self._ask_next()

    def cancel(self) -> None:
        """Stops; the rows there are remain."""
        if self.running:
            self._worker.cancel("batch")
            self.running = False
            self.ended.emit()

    def _ask_next(self) -> None:
        if len(self.rows) == len(self._pictures):
            if self.running:
                self.running = False
                self.ended.emit()
            return
        message, arrays = predict(self._pictures[len(self.rows)], self._archive, 1, self._lesions)
        self._worker.request("batch", message, self._on_answer, self._on_failure, arrays)

    def _on_answer(self, message: dict[str, Any], _arrays: Arrays) -> None:
        self._take(Row(self._pictures[len(self.rows)].name, answer_of(message, self._unnamed)))

    def _on_failure(self, sentence: str) -> None:
        self._take(Row(self._pictures[len(self.rows)].name, None, sentence))

    def _take(self, row: Row) -> None:
        self.rows.append(row)
        self.answered.emit(len(self.rows) - 1)
        if self.running:
            self._ask_next()
