"""Dots in rows along one axis: how the values of two groups lie, or what many random deals gave.

Painted by hand on any painter. Groups are told apart by colour, shape (circle, diamond), line and word.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.archive_words import decimal
from app.theme import Theme, column_pen, current
from app.widgets.curve_plot import nice_step

Values = NDArray[np.floating]

RADIUS = 3.6
LARGE = 2.0  # times the radius: a single value that matters
EDGE_PX = 26.0  # left and right of the axis, for half of a number


@dataclass(frozen=True)
class Strip:
    """One row: `values` (n,), NaN left out; `numbers` (n,) name the dots so that one can be pointed out."""

    name: str
    values: Values
    column: int | None
    numbers: NDArray[np.int64]
    mean: bool = False
    large: bool = False


@dataclass(frozen=True)
class Strips:
    """All rows and their axis from `low` to `high`."""

    strips: tuple[Strip, ...]
    title: str
    low: float
    high: float


def nice_range(values: Values) -> tuple[float, float]:
    """Ends of an axis that holds all finite values, on whole steps."""
    known = values[np.isfinite(values)]
    if not len(known):
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    step = nice_step(high - low if high > low else max(abs(high), 1.0))
    return step * math.floor(low / step + 1e-9), step * math.ceil(high / step - 1e-9) + (
        step if low == high else 0
    )


def places(x: NDArray[np.float64], height: float, radius: float) -> NDArray[np.float64]:
    """How far above or below the middle of a row each dot goes, so that neighbours do not hide each other."""
    offsets = np.zeros(len(x))
    bins = np.floor(x / (2 * radius)).astype(int)
    for place in np.unique(bins):
        here = np.flatnonzero(bins == place)
        step = min(2 * radius, (height - 2 * radius) / max(1, len(here) - 1))
        order = np.arange(len(here))
        offsets[here] = step * ((order + 1) // 2) * np.where(order % 2, 1, -1)
    return offsets


def paint(painter: QPainter, figure: Strips, theme: Theme, box: QRectF, pointed: int | None = None) -> None:
    """Paints the rows into `box`, the dot of the number `pointed` with a ring around it."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    line_px = float(painter.fontMetrics().lineSpacing())
    foot = 2.3 * line_px
    each = max(1.0, (box.height() - foot) / max(1, len(figure.strips)))
    axis = QRectF(box.left() + EDGE_PX, box.top(), box.width() - 2 * EDGE_PX, box.height() - foot)
    _paint_axis(painter, figure, theme, axis, line_px)
    for row, strip in enumerate(figure.strips):
        top = box.top() + row * each
        painter.setPen(theme.column_text(strip.column))
        name = QRectF(box.left(), top, box.width(), line_px)
        painter.drawText(name, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, strip.name)
        inside = QRectF(axis.left(), top + line_px, axis.width(), each - line_px - 4)
        _paint_strip(painter, figure, strip, theme, inside, pointed)


def _paint_axis(painter: QPainter, figure: Strips, theme: Theme, axis: QRectF, line_px: float) -> None:
    step = nice_step(figure.high - figure.low, max(2, min(6, int(axis.width() / (3 * line_px)))))
    digits = max(0, -math.floor(math.log10(step) + 1e-9))
    first, last = math.ceil(figure.low / step - 1e-9), math.floor(figure.high / step + 1e-9)
    for number in range(first, last + 1):
        x = _x(figure, axis, number * step)
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawLine(QPointF(x, axis.top() + 1), QPointF(x, axis.bottom()))
        painter.setPen(QColor(theme.muted))
        place = QRectF(x - 60, axis.bottom() + 3, 120, line_px)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, decimal(number * step, digits))
    title = QRectF(axis.left() - EDGE_PX, axis.bottom() + 3 + line_px, axis.width() + 2 * EDGE_PX, line_px)
    painter.setPen(QColor(theme.muted))
    painter.drawText(title, Qt.AlignmentFlag.AlignHCenter, figure.title)


def _x(figure: Strips, axis: QRectF, value: float) -> float:
    span = figure.high - figure.low
    return axis.left() + axis.width() * (value - figure.low) / (span if span > 0 else 1.0)


def _paint_strip(
    painter: QPainter, figure: Strips, strip: Strip, theme: Theme, box: QRectF, pointed: int | None
) -> None:
    known = np.isfinite(strip.values)
    values, numbers = strip.values[known], strip.numbers[known]
    radius = RADIUS * (LARGE if strip.large else 1)
    x = np.array([_x(figure, box, value) for value in values.tolist()])
    if strip.mean and len(values):
        at = _x(figure, box, float(values.mean()))
        painter.setPen(column_pen(strip.column))
        painter.drawLine(QPointF(at, box.top()), QPointF(at, box.bottom()))
    middle = box.center().y()
    for left, offset, number in zip(
        x.tolist(), places(x, box.height(), radius), numbers.tolist(), strict=True
    ):
        centre = QPointF(left, middle + float(offset))
        painter.setPen(QPen(QColor(theme.card), 0.8))
        painter.setBrush(QColor(theme.accent) if strip.large else theme.column(strip.column))
        _paint_dot(painter, centre, radius, strip.column)
        if number == pointed:
            painter.setPen(QPen(QColor(theme.text), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawEllipse(centre, radius + 3.5, radius + 3.5)


def _paint_dot(painter: QPainter, centre: QPointF, radius: float, column: int | None) -> None:
    """A circle, or for column 1 a diamond."""
    if column == 1:
        reach = 1.25 * radius
        steps = ((0, -reach), (reach, 0), (0, reach), (-reach, 0))
        painter.drawPolygon(QPolygonF([centre + QPointF(*step) for step in steps]))
    else:
        painter.drawEllipse(centre, radius, radius)


class StripPlot(QWidget):
    """Shows strips; whoever sets them says in words what they show."""

    def __init__(self, row_lines: float = 3.5) -> None:
        """`row_lines` is the least height of a row in lines of text."""
        super().__init__()
        self.figure = Strips((), "", 0.0, 1.0)
        self._row_lines = row_lines
        self._pointed: int | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.MinimumExpanding)

    def show_figure(self, figure: Strips) -> None:
        """Draws other strips."""
        self.figure = figure
        self.updateGeometry()
        self.update()

    def point_out(self, number: int | None) -> None:
        """Puts a ring around the dot of that number."""
        self._pointed = number
        self.update()

    def minimumSizeHint(self) -> QSize:
        line_px = self.fontMetrics().lineSpacing()
        rows = max(1, len(self.figure.strips))
        return QSize(12 * line_px, round((rows * self._row_lines + 2.3) * line_px))

    def sizeHint(self) -> QSize:
        return self.minimumSizeHint()

    def paintEvent(self, _event: QPaintEvent) -> None:
        paint(QPainter(self), self.figure, current(), QRectF(self.rect()), self._pointed)
