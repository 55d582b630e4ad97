"""A card that measures damage: what to measure, how far it is, and the errors as bars and in a table."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.archive_words import decimal
from app.damage import Damage, rates
from app.theme import current, label

BAR_PX, SPACE_PX = 12.0, 14.0


def row_height(painter_line: float) -> float:
    """Height of one row of bars: a line of text, the bar, and space."""
    return painter_line + 4 + BAR_PX + SPACE_PX


def paint_damage(
    painter: QPainter, box: QRectF, results: Sequence[Damage], names: Sequence[str], words: Sequence[str]
) -> None:
    """One row for each set of lesions: its name, its figures in words, and the error as a bar.

    The bar's full length is an error of 1; the line across it is where the whole network's error ends.
    """
    theme, line = current(), painter.fontMetrics().height()
    for place, (found, name, said) in enumerate(zip(results, names, words, strict=True)):
        whole, without, *_ = rates(found)
        top = box.top() + place * row_height(line)
        text = QRectF(box.left(), top, box.width(), line + 2)
        painter.setPen(QColor(theme.text))
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, said)
        track = QRectF(box.left(), top + line + 4, box.width(), BAR_PX)
        painter.fillRect(track, QColor(theme.line))
        painter.fillRect(
            QRectF(track.topLeft(), track.size()).adjusted(0, 0, -(1 - without) * track.width(), 0),
            QColor(theme.accent),
        )
        mark = track.left() + whole * track.width()
        painter.setPen(QPen(QColor(theme.text), 3))
        painter.drawLine(round(mark), round(track.top() - 3), round(mark), round(track.bottom() + 3))


class DamageBars(QWidget):
    """Shows results as bars."""

    def __init__(self) -> None:
        super().__init__()
        self._rows: tuple[Sequence[Damage], Sequence[str], Sequence[str]] = ((), (), ())
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(self.tr("Damage over many pictures"))

    def show_results(self, results: Sequence[Damage], names: Sequence[str], words: Sequence[str]) -> None:
        """Shows other rows: results, what was off in each, and its figures in words."""
        self._rows = (tuple(results), tuple(names), tuple(words))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(420, round(len(self._rows[0]) * row_height(self.fontMetrics().height())))

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint_damage(QPainter(self), QRectF(self.rect()).adjusted(2, 0, -2, 0), *self._rows)


class DamageCard(QFrame):
    """Knows no worker. Signals:

    measureWanted(bool): measure what is off now (False), or each lever alone (True).
    stopWanted; dataWanted: another data file is to be chosen.
    """

    measureWanted = Signal(bool)
    stopWanted = Signal()
    dataWanted = Signal()

    def __init__(self, figure_button: QPushButton) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.bars = DamageBars()
        self._heading = label(self.tr("Damage over many pictures"), "heading")
        self._about = label("", "muted")
        self._notice = label("", "lead")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(8)
        self.now_button = QPushButton(self.tr("Measure what is off now"))
        self.each_button = QPushButton(self.tr("Measure each lever"))
        self.stop_button = QPushButton(self.tr("Stop"))
        self.data_button = QPushButton(self.tr("Choose pictures…"))
        self.figure_button = figure_button
        self.data_button.setAccessibleDescription(self.tr("A packed data file with pictures to test on"))
        self.now_button.clicked.connect(lambda: self.measureWanted.emit(False))
        self.each_button.clicked.connect(lambda: self.measureWanted.emit(True))
        self.stop_button.clicked.connect(self.stopWanted)
        self.data_button.clicked.connect(self.dataWanted)
        self._lay_out()
        self.say("")

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(10)
        self._buttons = QHBoxLayout()
        for button in self._all_buttons:
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        for part in (self._heading, self._about):
            column.addWidget(part)
        column.addLayout(self._buttons)
        below: tuple[QWidget, ...] = (self._bar, self._notice, self.bars)
        for widget in below:
            column.addWidget(widget)

    @property
    def _all_buttons(self) -> tuple[QPushButton, ...]:
        return self.now_button, self.each_button, self.stop_button, self.data_button, self.figure_button

    def fold(self, width: int) -> None:
        """The buttons stand one below the other where the card is too narrow for a row of them."""
        needed = sum(button.sizeHint().width() + 8 for button in self._all_buttons)
        beside = needed <= width - 60
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._buttons.setDirection(across if beside else down)

    def say(self, notice: str) -> None:
        """A sentence about what went wrong, or nothing."""
        self._notice.setText(notice)
        self._notice.setVisible(bool(notice))

    def follow(self, running: bool, about: str, done: int, total: int) -> None:
        """Shows how far the measurement is; `about` is what is measured and on which pictures."""
        self._about.setText(about)
        self._bar.setVisible(running)
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(done)
        self.stop_button.setVisible(running)


def figures_of(found: Damage) -> tuple[str, str, str]:
    """Top-1 error of the whole and the lesioned network, and how often the answer changed: per cent."""
    whole, without, *_, changed, _kl = rates(found)
    return decimal(100 * whole, 1), decimal(100 * without, 1), decimal(100 * changed, 1)
