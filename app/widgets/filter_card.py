"""One filter shown large, its channels beside each other, and its numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QT_TRANSLATE_NOOP, QCoreApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.archive_words import decimal
from app.filter_mosaic import tiles
from app.first_layer import FilterFacts
from app.theme import column_name, label
from app.widgets.pixel_view import PixelView

LARGE, SMALL = 198, 60  # 198 holds 11 x 11 at 18 pixels each; three of 60 fit beside it


# The colours as the measures name them.
COLOURS = (
    QT_TRANSLATE_NOOP("colours", "red and cyan"),
    QT_TRANSLATE_NOOP("colours", "orange and sky blue"),
    QT_TRANSLATE_NOOP("colours", "yellow and blue"),
    QT_TRANSLATE_NOOP("colours", "lime and violet"),
    QT_TRANSLATE_NOOP("colours", "green and magenta"),
    QT_TRANSLATE_NOOP("colours", "rose and sea green"),
    QT_TRANSLATE_NOOP("colours", "light and dark"),
    QT_TRANSLATE_NOOP("colours", "none"),
)


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("filter", text)


def colour_words(name: str) -> str:
    """The name of a colour axis in the visitor's language."""
    return QCoreApplication.translate("colours", name)


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
        self,
        fact: FilterFacts,
        count: int,
        kernel: NDArray[np.float32],
        limit: float | None,
        deep: bool = False,
    ) -> None:
        """Shows filter `fact` of `count`; `limit` is the weight drawn as white, None for the filter's own.

        With `deep` it is what one filter of a later layer reads from one map.
        """
        heading = self.tr("Kernel {0} of {1}") if deep else self.tr("Filter {0} of {1}")
        self._heading.setText(heading.format(fact.number + 1, count))
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
            "colours": colour_words(fact.colours) if fact.colours else "",
            "colourfulness": "" if fact.colourfulness is None else f"{fact.colourfulness:.2f}",
        }


def number_text(value: float) -> str:
    """Three digits with a real minus sign."""
    return f"{value:.3g}".replace("-", "−")


def describe(fact: FilterFacts) -> str:
    """A filter in one sentence, for those who hear rather than see it."""
    channels, height, width = fact.shape
    low, high = number_text(fact.low), number_text(fact.high)
    if fact.column is None:
        sentence = tr("Filter {0}: layer {1}, number {2}; {3} by {4} by {5} weights from {6} to {7}.")
        words = [sentence.format(fact.number + 1, fact.layer, fact.index, height, width, channels, low, high)]
    else:
        sentence = tr("Filter {0}: {1}, layer {2}, number {3}; {4} by {5} by {6} weights from {7} to {8}.")
        place = fact.number + 1, column_name(fact.column), fact.layer, fact.index
        words = [sentence.format(*place, height, width, channels, low, high)]
    if fact.colourfulness is not None and fact.colours is not None:
        colours = tr("Its colours are {0}, its colourfulness is {1}.")
        words.append(colours.format(colour_words(fact.colours), decimal(fact.colourfulness, 2)))
    return " ".join(words)
