"""A room's main part with a card at its side; below it where there is no room for both."""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLayout, QScrollArea, QVBoxLayout, QWidget

SIDE_PX = 340
NARROWEST_LETTERS = 45  # where a line beside the side holds fewer, the side goes below
NO_LIMIT_PX = 16_777_215  # what Qt takes for no limit


class WithSide(QWidget):
    """Beside each other, the side scrolls for itself; one below the other, all scrolls together.

    Signal: folded(bool): the side went below (True), or beside again.
    """

    folded = Signal(bool)

    def __init__(self, main: QLayout, side: QWidget) -> None:
        super().__init__()
        self._side, self._area = side, scrolled(side)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        page = QWidget()
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        self._body.setContentsMargins(28, 20, 20, 20)
        self._body.setSpacing(20)
        self._body.addLayout(main, 1)
        self._body.addWidget(self._area)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(page))

    def _fold(self) -> None:
        """The side is as wide as its words need: they grow with the text size."""
        bar = self._area.verticalScrollBar().sizeHint().width()
        wide = max(SIDE_PX, self._side.minimumSizeHint().width() + bar)
        beside = self.width() >= wide + NARROWEST_LETTERS * self.fontMetrics().averageCharWidth()
        across, down = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._body.setDirection(across if beside else down)
        self._area.setMinimumSize(*((wide, 0) if beside else (0, self._side.sizeHint().height())))
        self._area.setMaximumWidth(wide if beside else NO_LIMIT_PX)
        self.folded.emit(not beside)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fold()


def scrolled(widget: QWidget) -> QScrollArea:
    """A scroll area without a focus of its own: what is in it takes the focus and is scrolled to."""
    area = QScrollArea()
    area.setWidget(widget)
    area.setWidgetResizable(True)
    area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
    return area
