"""One filter shown large, its channels beside each other, and its numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.filter_mosaic import tiles
from app.first_layer import FilterFacts
from app.theme import label
from app.widgets.pixel_view import PixelView

LARGE, SMALL = 198, 60  # 198 holds 11 x 11 at 18 pixels each; three of 60 fit beside it


class FilterCard(QWidget):
    """Shows what `show_filter` is given; knows no sheet and no archive."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = label("", "heading")
        self._large = PixelView(LARGE)
        self._channels = [PixelView(SMALL) for _ in range(3)]
        self._channel_names = [label(name, "small") for name in (self.tr("R"), self.tr("G"), self.tr("B"))]
        self._rows: dict[str, tuple[QLabel, QLabel]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._heading)
        column.addLayout(self._pictures())
        column.addLayout(self._numbers())

    def _pictures(self) -> QHBoxLayout:
        """The filter, and beside it what it reads in each channel."""
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._large)
        channels = QGridLayout()
        channels.setHorizontalSpacing(5)
        channels.setVerticalSpacing((LARGE - 3 * SMALL) // 2)
        for place, (view, name) in enumerate(zip(self._channels, self._channel_names, strict=True)):
            channels.addWidget(name, place, 0)
            channels.addWidget(view, place, 1)
        row.addLayout(channels)
        row.addStretch()
        return row

    def _numbers(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        titles = {
            "place": self.tr("Place"),
            "size": self.tr("Size"),
            "norm": self.tr("Strength"),
            "range": self.tr("Weights"),
            "colours": self.tr("Colours"),
            "colourfulness": self.tr("Colourfulness"),
        }
        for place, (key, title) in enumerate(titles.items()):
            self._rows[key] = label(title, "muted", wrap=False), label("", "value")
            for side, widget in enumerate(self._rows[key]):
                grid.addWidget(widget, place, side)
        tip = self.tr("0: shades of grey only. 0.67: what chance gives. 1: colour differences only.")
        for widget in self._rows["colourfulness"]:
            widget.setToolTip(tip)
        return grid

    def show_filter(
        self, fact: FilterFacts, count: int, kernel: NDArray[np.float32], limit: float | None
    ) -> None:
        """Shows filter `fact` of `count`; `limit` is the weight drawn as white, None for the filter's own."""
        self._heading.setText(self.tr("Filter {0} of {1}").format(fact.number + 1, count))
        self._large.show_pixels(tiles(kernel[None], limit)[0])
        colour = len(kernel) == 3
        for channel, (view, name) in enumerate(zip(self._channels, self._channel_names, strict=True)):
            view.setVisible(colour)
            name.setVisible(colour)
            if colour:
                view.show_pixels(tiles(kernel[None], limit or fact.largest, channel)[0])
        for key, text in self._texts(fact).items():
            title, value = self._rows[key]
            title.setVisible(bool(text))
            value.setVisible(bool(text))
            value.setText(text)
        self._large.setAccessibleName(self._heading.text())
        self._large.setAccessibleDescription(describe(fact))

    def _texts(self, fact: FilterFacts) -> dict[str, str]:
        channels, height, width = fact.shape
        return {
            "place": self.tr("{0}, number {1}").format(fact.layer, fact.index),
            "size": f"{height} × {width} × {channels}",
            "norm": f"{fact.norm:.3g}",
            "range": self.tr("{0} to {1}").format(number_text(fact.low), number_text(fact.high)),
            "colours": fact.colours or "",
            "colourfulness": "" if fact.colourfulness is None else f"{fact.colourfulness:.2f}",
        }


def number_text(value: float) -> str:
    """Three digits with a real minus sign."""
    return f"{value:.3g}".replace("-", "−")


def describe(fact: FilterFacts) -> str:
    """A filter in one sentence, for those who hear rather than see it."""
    channels, height, width = fact.shape
    words = [f"Filter {fact.number + 1}, layer {fact.layer}, number {fact.index}"]
    if fact.column is not None:
        words.append(f"column {fact.column}")
    words.append(f"{height} by {width} by {channels} weights from {fact.low:.3g} to {fact.high:.3g}")
    if fact.colourfulness is not None:
        words.append(f"colours {fact.colours}, colourfulness {fact.colourfulness:.2f}")
    return ", ".join(words) + "."
