"""The best guesses as bars: name above, length and percentage for how sure the network is."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QHelpEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from app.answers import Guess, percent
from app.theme import current

ROWS = 5
BAR_PX = 8
SPACE_PX = 10


class GuessBars(QWidget):
    """Shows up to so many guesses, the first emphasised. Labels end at their first comma; a tip has all."""

    def __init__(self, rows: int = ROWS) -> None:
        super().__init__()
        self._rows = rows
        self._guesses: tuple[Guess, ...] = ()
        self._faded = False
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Best guesses"))

    @property
    def guesses(self) -> tuple[Guess, ...]:
        """What is shown."""
        return self._guesses

    def show_guesses(self, guesses: Sequence[Guess]) -> None:
        """Shows other guesses, or empty tracks."""
        self._guesses, self._faded = tuple(guesses[: self._rows]), False
        said = [
            self.tr("{0}, {1}").format(guess.label, percent(guess.probability)) for guess in self._guesses
        ]
        self.setAccessibleDescription("; ".join(said))
        self.update()

    def fade(self) -> None:
        """The guesses are about to be replaced: shows them paler until then."""
        self._faded = True
        self.update()

    def _row_height(self) -> int:
        return self.fontMetrics().height() + 4 + BAR_PX + SPACE_PX

    def row_at(self, y: float) -> int | None:
        """The place of the guess at that height."""
        row = int(y // self._row_height())
        return row if 0 <= row < len(self._guesses) else None

    def sizeHint(self) -> QSize:
        return QSize(240, self._rows * self._row_height())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, self._rows * self._row_height())

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            row = self.row_at(event.pos().y())
            QToolTip.showText(event.globalPos(), "" if row is None else self._guesses[row].label, self)
            return True
        return super().event(event)

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        for place in range(self._rows):
            self._paint_track(painter, place)
        painter.setOpacity(0.35 if self._faded else 1.0)
        for place, guess in enumerate(self._guesses):
            self._paint_guess(painter, place, guess)

    def _track(self, place: int) -> QRectF:
        top = place * self._row_height() + self.fontMetrics().height() + 4
        return QRectF(0, top, self.width(), BAR_PX)

    def _paint_track(self, painter: QPainter, place: int) -> None:
        painter.setBrush(QColor(current().line))
        painter.drawRoundedRect(self._track(place), BAR_PX / 2, BAR_PX / 2)

    def _paint_guess(self, painter: QPainter, place: int, guess: Guess) -> None:
        theme, track = current(), self._track(place)
        bar = QRectF(track)
        bar.setWidth(max(BAR_PX, track.width() * guess.probability))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(theme.accent if place == 0 else theme.shared))
        painter.drawRoundedRect(bar, BAR_PX / 2, BAR_PX / 2)
        font = QFont(self.font())
        font.setBold(place == 0)
        painter.setFont(font)
        painter.setPen(QColor(theme.text))
        line = QRectF(0, place * self._row_height(), self.width(), self.fontMetrics().height() + 2)
        share = percent(guess.probability)
        painter.drawText(line, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, share)
        metrics = painter.fontMetrics()
        room = round(line.width()) - metrics.horizontalAdvance(share) - 12
        name = metrics.elidedText(guess.short, Qt.TextElideMode.ElideRight, room)
        painter.drawText(line, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
