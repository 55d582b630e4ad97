"""A strip of small pictures to tap, each with its best guess: the visitor's own, then those that ship."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QImage, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QScrollArea, QToolButton, QWidget

WIDTH, HEIGHT = 112, 84
WIDEST = "automobile 100 %"
LIMIT = 40  # of the visitor's own; the oldest go first


class Thumbnails(QScrollArea):
    """Each picture has a key. Signals: chosen(str): the key of the picture that was tapped."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._buttons: dict[str, QToolButton] = {}
        self._names: dict[str, str] = {}
        self._guesses: dict[str, str] = {}
        self._own: list[str] = []
        content = QWidget()
        self._row = QHBoxLayout(content)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(8)
        self._row.addStretch()
        self.setWidget(content)
        self.setWidgetResizable(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(self.tr("Pictures to tap"))

    @property
    def keys(self) -> list[str]:
        """The pictures from left to right."""
        return [*reversed(self._own), *(key for key in self._buttons if key not in self._own)]

    def add(self, key: str, image: QImage, name: str, own: bool) -> None:
        """Adds a picture; the visitor's own go to the front. A key that is there already stays."""
        if key in self._buttons:
            return
        button = QToolButton()
        button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextUnderIcon)
        button.setIcon(QIcon(_cropped(image)))
        button.setStyleSheet("padding: 6px 4px;")
        button.clicked.connect(lambda: self.chosen.emit(key))
        self._buttons[key], self._names[key] = button, name
        self._row.insertWidget(0 if own else self._row.count() - 1, button)
        if own:
            self._own.append(key)
        self._drop_oldest()
        self._fit(key)

    def say(self, key: str, guess: str) -> None:
        """Writes the best guess under a picture: before there is one, its name."""
        button = self._buttons.get(key)
        if button is not None:
            self._guesses[key] = guess
            text = guess or self._names[key]
            room = button.iconSize().width()
            button.setText(button.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, room))
            button.setToolTip(f"{self._names[key]}: {guess}" if guess else self._names[key])
            button.setAccessibleName(button.toolTip())

    def forget_guesses(self) -> None:
        """Shows the names again: the network is another now, or other words are used."""
        self._guesses.clear()
        for key in self._buttons:
            self.say(key, "")

    def _fit(self, key: str) -> None:
        """A picture is as wide as the words below it need: they grow with the text size."""
        button = self._buttons[key]
        width = max(WIDTH, button.fontMetrics().horizontalAdvance(WIDEST))
        button.setIconSize(QSize(width, width * HEIGHT // WIDTH))
        self.say(key, self._guesses.get(key, ""))
        bar = self.horizontalScrollBar().sizeHint().height()
        self.setFixedHeight(button.sizeHint().height() + bar + 4)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            for key in self._buttons:
                self._fit(key)

    def text(self, key: str) -> str:
        """What is said of a picture in full."""
        return self._buttons[key].toolTip()

    def _drop_oldest(self) -> None:
        while len(self._own) > LIMIT:
            key = self._own.pop(0)
            self._buttons.pop(key).deleteLater()
            del self._names[key]
            self._guesses.pop(key, None)


def _cropped(image: QImage) -> QPixmap:
    """The middle of an image, filling the thumbnail; drawn at twice the size for dense displays."""
    size = QSize(2 * WIDTH, 2 * HEIGHT)
    filling = image.scaled(
        size, Qt.AspectRatioMode.KeepAspectRatioByExpanding, Qt.TransformationMode.SmoothTransformation
    )
    left, top = (filling.width() - size.width()) // 2, (filling.height() - size.height()) // 2
    return QPixmap.fromImage(filling.copy(left, top, size.width(), size.height()))
