"""The probe pictures nearest to a picture by one ruler: on a sheet, or where none are stored, in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.archive_words import decimal
from app.figure import Table
from app.filter_figure import paint_figure
from app.probe_facts import pixels_of
from app.theme import label
from app.widgets.missing import Missing
from app.widgets.tile_sheet import SheetBlock, TileSheet

LOWEST_PX = 240


@dataclass(frozen=True)
class Neighbour:
    """One probe picture: its number in the split, its class, the network's guess, how far it is."""

    picture: int
    label: str
    guess: str
    distance: float


class _Sheet(TileSheet):
    """A sheet that is content with little height, so that both rulers are in sight."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), LOWEST_PX)


class Ruler(QWidget):
    """The neighbours by one ruler: a sheet of pictures, or where none are stored, words."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.found: tuple[Neighbour, ...] = ()
        self.block: SheetBlock | None = None
        self.sheet = _Sheet()
        self.sheet.setAccessibleName(name)
        self.words = label("", "muted")
        self.missing = Missing()
        self._said = label("", "muted")
        self._list = QGridLayout()
        self._list.setHorizontalSpacing(16)
        self._rows = QWidget()
        self._rows.setLayout(self._list)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label(name, "heading"))
        column.addWidget(self.words)
        column.addWidget(self._said)
        column.addWidget(self.sheet, 1)
        column.addWidget(self._rows)
        column.addWidget(self.missing)
        column.addStretch(0)
        self.sheet.shown.connect(self._on_shown)
        self.say("")

    def show_found(
        self, found: tuple[Neighbour, ...], pictures: NDArray[np.uint8] | None, words: str
    ) -> None:
        """Shows neighbours, the nearest first, with their pictures (n, s, s, C) where there are some."""
        self.found, self.block = found, None
        self.words.setText(words)
        self.missing.setVisible(False)
        self.sheet.setVisible(pictures is not None)
        self._rows.setVisible(pictures is None)
        self._said.setVisible(pictures is not None)
        if pictures is not None:
            tiles = np.stack([pixels_of(picture) for picture in pictures])
            self.block = SheetBlock(self.tr("nearest first"), None, tiles, tuple(range(len(tiles))))
            self.sheet.set_blocks([self.block])
            self._on_shown(self.sheet.selection or 0)
        else:
            self._list_words()
        self.sheet.setAccessibleDescription(" ".join(map(self.describe, range(len(found)))))

    def say(self, what: str, words: str = "") -> None:
        """Says what is missing in place of neighbours; nothing while they are awaited."""
        self.found, self.block = (), None
        for part in (self.sheet, self._rows, self._said):
            part.setVisible(False)
        self.words.setText("")
        self.missing.say(what, words)
        self.missing.setVisible(bool(what))

    def describe(self, number: int) -> str:
        """One neighbour in a sentence."""
        if number >= len(self.found):
            return ""
        near = self.found[number]
        words = self.tr("Number {0}: {1}, at distance {2}; the network says {3}.")
        return words.format(number + 1, near.label, decimal(near.distance, 2), near.guess)

    def _on_shown(self, number: int) -> None:
        self._said.setText(self.describe(number))

    def _list_words(self) -> None:
        while (item := self._list.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for place, near in enumerate(self.found):
            self._list.addWidget(label(near.label, "value"), place, 0)
            self._list.addWidget(label(decimal(near.distance, 2), "muted"), place, 1)


def described(ruler: Ruler) -> str:
    sentences = " ".join(map(ruler.describe, range(len(ruler.found))))
    return f"{ruler.name}: {sentences}"


def table_of(rulers: list[Ruler]) -> Table:
    rows = [
        (ruler.name, place + 1, near.picture, near.label, near.guess, near.distance)
        for ruler in rulers
        for place, near in enumerate(ruler.found)
    ]
    return Table(("ruler", "rank", "picture", "class", "guess", "distance"), rows)


def paint_rulers(painter: QPainter, box: QRectF, blocks: list[SheetBlock], rulers: list[Ruler]) -> None:
    """The pictures, or where none are stored, the sentences."""
    if blocks:
        paint_figure(painter, blocks, box)
    else:
        flags = Qt.AlignmentFlag.AlignTop | Qt.TextFlag.TextWordWrap
        painter.drawText(box, int(flags), "\n".join(map(described, rulers)))
