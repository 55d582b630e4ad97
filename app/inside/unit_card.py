"""One unit beside the pages of the room: its map at full size, where it looks in the picture, its numbers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.archive_words import decimal
from app.inside.inquiry import Seen, Unit
from app.inside.place_view import PlaceView
from app.theme import label
from app.widgets.pixel_view import PixelView

MAP_PX, PICTURE_PX = 264, 160


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("inside", text)


class UnitCard(QWidget):
    """Shows what `show_unit` is given; its `map` says where in it somebody wants to look."""

    def __init__(self) -> None:
        super().__init__()
        self.heading = label("", "heading")
        self.sentence = label("", "muted")
        self.map = PlaceView(MAP_PX)
        self.map.setAccessibleName(self.tr("The unit's map"))
        self.picture = PixelView(PICTURE_PX)
        self.numbers = Rows()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.heading, self.map, self.sentence, self.picture, self.numbers):
            column.addWidget(part)

    def show_unit(self, seen: Seen | None) -> None:
        """Shows the selected unit of what is seen, or says how to select one."""
        unit = None if seen is None else seen.unit
        for part in (self.map, self.picture):
            part.setVisible(unit is not None)
        self.picture.show_pixels(None if seen is None else seen.crop)
        if seen is None or unit is None:
            self.heading.setText(self.tr("No unit selected"))
            self.sentence.setText(self.tr("Tap a map to see it large, and where in the picture it looks."))
            return
        layer = seen.layers[unit.layer]
        self.heading.setText(self.tr("{0}, unit {1}").format(unit.layer, unit.channel))
        self.map.setVisible(not layer.flat)
        self.map.show_map(grey(unit.values, layer.smallest, layer.largest), unit.row, unit.column)
        self.picture.mark(unit.box)
        self.sentence.setText(unit_words(unit, layer.flat))
        self.map.setAccessibleDescription(self.sentence.text())


class Rows(QWidget):
    """Names and values below each other."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(14)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(1, 1)
        self.rows: tuple[tuple[str, str], ...] = ()

    def show_rows(self, rows: Sequence[tuple[str, str]]) -> None:
        """Replaces the rows."""
        if tuple(rows) == self.rows:
            return
        self.rows = tuple(rows)
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for place, (what, value) in enumerate(rows):
            self._grid.addWidget(label(what, "muted"), place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(label(value, "value"), place, 1, Qt.AlignmentFlag.AlignTop)


def grey(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Values as bytes: black at `low`, white at `high`."""
    span = high - low if high > low else 1.0
    return np.asarray(np.rint(255 * np.clip((values - low) / span, 0, 1)), np.uint8)


def unit_words(unit: Unit, flat: bool) -> str:
    """What a unit answers and where, in sentences."""
    answer = decimal(unit.answer, 2)
    if flat:
        words = [tr("It answers {0}.").format(answer)]
    else:
        words = [tr("At row {0}, column {1} it answers {2}.").format(unit.row, unit.column, answer)]
    if unit.box is not None:
        top, left, bottom, right = unit.box
        words.append(tr("There it sees {0} × {1} pixels of the picture.").format(right - left, bottom - top))
    return " ".join(words)
