"""What the network sees of the picture, and beside it where one filter answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.theme import label
from app.widgets.pixel_view import PixelView

SIDE_PX = 132  # two of them stand beside each other in the card


class FilterAnswer(QWidget):
    """Shows what it is given; without a picture, a sentence that says where to hand one in."""

    def __init__(self) -> None:
        super().__init__()
        self.square, self.map = PixelView(SIDE_PX), PixelView(SIDE_PX)
        self.square.setAccessibleName(self.tr("What the network sees"))
        self._words = label("", "small")
        row = QHBoxLayout()
        row.addWidget(self.square)
        row.addWidget(self.map)
        row.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(label(self.tr("Its answer to your picture"), "heading"))
        column.addLayout(row)
        column.addWidget(self._words)
        self.clear()

    def show_square(self, pixels: NDArray[np.uint8] | None) -> None:
        """Shows what the network sees."""
        self.square.show_pixels(pixels)
        self.square.setVisible(pixels is not None)

    def show_map(self, values: NDArray[np.uint8], unit: int) -> None:
        """Shows where unit `unit` answers: bytes (h, w), or (1, 1) of a unit without places."""
        self.map.show_pixels(np.repeat(values[..., None], 3, axis=-1))
        self.map.setVisible(True)
        if values.min() == values.max():
            self.say(self.tr("By its weights now, the filter answers the same everywhere, or not at all."))
        else:
            self.say(self.tr("White where the filter answers most, black where least, by its weights now."))
        self.map.setAccessibleName(self.tr("Map of answers of filter {0}").format(unit))

    @property
    def words(self) -> str:
        """What is said below the pictures."""
        return self._words.text()

    def say(self, sentence: str) -> None:
        """Says something instead of an answer, or below it."""
        self._words.setText(sentence)

    def clear(self) -> None:
        """Shows no picture, and says where to hand one in."""
        self.show_square(None)
        self.map.show_pixels(None)
        self.map.setVisible(False)
        self.say(
            self.tr("Hand in a picture in the room where you try one, to see where this filter answers.")
        )
