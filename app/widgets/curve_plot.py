"""Curves over epochs: panels on a common axis, marked moments, a read-out under the pointer.

Painted by hand on any painter: a window, a PNG and an SVG show the same, and no plotting library has to be
imported to watch a run.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QLineF, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.theme import Theme, current
from app.widgets.moment_words import Words, place_words

DOTS_UP_TO = 60  # with more points than this a curve is a plain line
TICKS = 5
LINES_A_PANEL = 13  # of text, as high as a panel is at least
MARGIN_PX = 70.0  # words may run on into the room of the curves' names


@dataclass(frozen=True)
class Curve:
    """One line: `role` is "train" (thin) or "test" (strong, with dots while there are few).

    "other train" and "other test" are those of a run that this one is compared with: dashed.
    """

    name: str
    role: str
    x: NDArray[np.floating]
    y: NDArray[np.floating]


@dataclass(frozen=True)
class Panel:
    """Curves with one vertical axis; `unit` follows the numbers of the axis."""

    title: str
    unit: str
    curves: tuple[Curve, ...]


@dataclass(frozen=True)
class Moment:
    """A vertical line with words."""

    x: float
    words: str


@dataclass(frozen=True)
class Curves:
    """All that is drawn. `x_end`: the axis goes at least this far (the epochs a run is to have)."""

    panels: tuple[Panel, ...]
    moments: tuple[Moment, ...]
    x_title: str
    x_end: float = 0.0

    @property
    def positions(self) -> NDArray[np.float64]:
        """Every x at which a curve has a point, rising."""
        xs = [curve.x for panel in self.panels for curve in panel.curves]
        return np.unique(np.concatenate(xs)) if xs else np.zeros(0)


@dataclass(frozen=True)
class Axes:
    """A panel's place on the paper and what its edges mean."""

    box: QRectF
    x_end: float
    y_end: float

    def point(self, x: float, y: float) -> QPointF:
        """Where a value stands."""
        right = self.box.left() + self.box.width() * x / self.x_end
        return QPointF(right, self.box.bottom() - self.box.height() * min(y / self.y_end, 1.0))


def nice_step(span: float, ticks: int = TICKS) -> float:
    """A step of 1, 2 or 5 times a power of ten that divides `span` into about so many."""
    raw = max(span, 1e-12) / ticks
    power = 10.0 ** math.floor(math.log10(raw))
    return power * next(factor for factor in (1, 2, 5, 10) if raw <= factor * power * 1.0001)


def upper_end(panel: Panel) -> float:
    """The axis' upper end: above almost every point, so that one wild batch does not flatten the rest."""
    values = [curve.y[np.isfinite(curve.y)] for curve in panel.curves]
    everything = np.concatenate(values) if values else np.zeros(0)
    if not len(everything):
        return 1.0
    usual = float(np.percentile(everything, 99.5))
    top = max(usual, *(float(part[-1]) for part in values if len(part)), 1e-9)
    step = nice_step(top)
    return step * math.ceil(top / step * 1.02)


def end_of(figure: Curves) -> float:
    """Where the axis of epochs ends."""
    positions = figure.positions
    return max(figure.x_end, float(positions[-1]) if len(positions) else 0.0, 1e-9)


def words_of(figure: Curves, left: float, across: float, letter_px: float) -> list[Words]:
    """The words of the marked moments over an axis that begins at `left` and is `across` long."""
    x_end = end_of(figure)
    marks = [
        (left + across * moment.x / x_end, moment.words) for moment in figure.moments if 0 < moment.x <= x_end
    ]
    return place_words(marks, 0.0, left + across + MARGIN_PX, lambda text: len(text) * letter_px)


def axes_of(figure: Curves, width: float, height: float, letter_px: float, line_px: float) -> list[Axes]:
    """Places the panels in `width` x `height`, with room for numbers at the left and names at the right."""
    names = [curve.name for panel in figure.panels for curve in panel.curves]
    left, right = 8 * letter_px, (max(map(len, names), default=0) + 2) * letter_px
    x_end = end_of(figure)
    placed = words_of(figure, left, max(1.0, width - left - right), letter_px)
    words = max((one.row + 1 for one in placed), default=0) * line_px
    head, foot = 1.8 * line_px, 2.6 * line_px
    each = (height - foot - words) / max(1, len(figure.panels))
    return [
        Axes(
            QRectF(
                left, words + place * each + head, max(1.0, width - left - right), max(1.0, each - head - 6)
            ),
            x_end,
            upper_end(panel),
        )
        for place, panel in enumerate(figure.panels)
    ]


def paint(
    painter: QPainter, figure: Curves, theme: Theme, width: float, height: float, at: float | None
) -> None:
    """Paints the figure; `at` is where the read-out line stands."""
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    metrics = painter.fontMetrics()
    letter_px, line_px = metrics.averageCharWidth() * 1.1, float(metrics.lineSpacing())
    placed = axes_of(figure, width, height, letter_px, line_px)
    for place, (panel, axes) in enumerate(zip(figure.panels, placed, strict=True)):
        _paint_grid(painter, panel, axes, theme, line_px)
        box = axes.box
        words = words_of(figure, box.left(), box.width(), letter_px) if place == 0 else []
        _paint_moments(painter, figure.moments, words, axes, theme, line_px)
        _paint_title(painter, panel, axes, theme, line_px)
        for curve in panel.curves:
            _paint_curve(painter, curve, axes, theme)
        _paint_names(painter, panel, axes, theme, line_px)
        if at is not None:
            _paint_cursor(painter, panel, axes, theme, at)
    if placed:
        _paint_epochs(painter, figure.x_title, placed[-1], theme, line_px)


def curve_color(role: str, theme: Theme) -> QColor:
    """Training is quiet, the test stands out; neither looks like a column, and another run like neither."""
    own = {"train": theme.muted, "test": theme.test}
    return QColor(own.get(role, theme.crossing))


def _paint_grid(painter: QPainter, panel: Panel, axes: Axes, theme: Theme, line_px: float) -> None:
    box, step = axes.box, nice_step(axes.y_end)
    digits = max(0, -math.floor(math.log10(step)))
    for number in range(round(axes.y_end / step) + 1):
        y = axes.point(0, number * step).y()
        painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawLine(QPointF(box.left(), y), QPointF(box.right(), y))
        painter.setPen(QColor(theme.muted))
        text = f"{number * step:.{digits}f}{panel.unit}"
        place = QRectF(0, y - line_px / 2, box.left() - 8, line_px)
        painter.drawText(place, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, text)


def _paint_title(painter: QPainter, panel: Panel, axes: Axes, theme: Theme, line_px: float) -> None:
    """The panel's title, on a plate of the ground: the lines of moments may run here."""
    painter.save()
    font = painter.font()
    font.setBold(True)
    painter.setFont(font)
    width = painter.fontMetrics().horizontalAdvance(panel.title) + 4
    painter.fillRect(QRectF(0, axes.box.top() - 1.5 * line_px, width, 1.2 * line_px), QColor(theme.card))
    painter.setPen(QColor(theme.text))
    painter.drawText(QPointF(0, axes.box.top() - 0.6 * line_px), panel.title)
    painter.restore()


def _paint_epochs(painter: QPainter, title: str, axes: Axes, theme: Theme, line_px: float) -> None:
    box, step = axes.box, nice_step(axes.x_end, 8)
    painter.setPen(QColor(theme.muted))
    for number in range(math.floor(axes.x_end / step + 1e-9) + 1):
        x = axes.point(number * step, 0).x()
        painter.drawLine(QPointF(x, box.bottom()), QPointF(x, box.bottom() + 5))
        place = QRectF(x - 60, box.bottom() + 7, 120, line_px)
        painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, f"{number * step:g}")
    place = QRectF(0, box.bottom() + 9 + line_px, box.right() + MARGIN_PX, line_px)
    painter.drawText(place, Qt.AlignmentFlag.AlignHCenter, title)


def _paint_moments(
    painter: QPainter,
    moments: Sequence[Moment],
    words: Sequence[Words],
    axes: Axes,
    theme: Theme,
    line_px: float,
) -> None:
    """Vertical dashed lines; above the first panel their words, in several rows where they would meet."""
    box = axes.box
    rows = max((one.row for one in words), default=0)
    tops = {round(one.x): (rows - one.row) * line_px for one in words}
    painter.setPen(QColor(theme.muted))
    for one in words:
        painter.drawText(QPointF(one.left, (rows - one.row + 0.75) * line_px), one.text)
    painter.setPen(QPen(QColor(theme.edge), 1, Qt.PenStyle.DashLine))
    for moment in moments:
        if 0 < moment.x <= axes.x_end:
            x = axes.point(moment.x, 0).x()
            painter.drawLine(QPointF(x, tops.get(round(x), box.top())), QPointF(x, box.bottom()))


def _paint_curve(painter: QPainter, curve: Curve, axes: Axes, theme: Theme) -> None:
    good = np.isfinite(curve.y)
    points = [axes.point(x, y) for x, y in zip(curve.x[good].tolist(), curve.y[good].tolist(), strict=True)]
    color = curve_color(curve.role, theme)
    pen = QPen(color, 1.4 if curve.role.endswith("train") else 2.4)
    if curve.role.startswith("other"):
        pen.setStyle(Qt.PenStyle.DashLine)
    painter.setPen(pen)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    painter.drawPolyline(QPolygonF(points))
    if curve.role.endswith("test") and len(points) <= DOTS_UP_TO or len(points) == 1:
        painter.setBrush(QColor(theme.card))
        for point in points:
            painter.drawEllipse(point, 3.4, 3.4)


def _paint_names(painter: QPainter, panel: Panel, axes: Axes, theme: Theme, line_px: float) -> None:
    """The curves' names where the longest of them ends, each at its own height, none over another."""
    ends = [(curve, end) for curve in panel.curves if (end := nearest(curve, math.inf)) is not None]
    x = max((axes.point(*end).x() for _, end in ends), default=0.0) + 10
    lowest = -math.inf
    for curve, end in sorted(ends, key=lambda entry: axes.point(*entry[1]).y()):
        lowest = max(axes.point(*end).y(), lowest + line_px)
        painter.setPen(curve_color(curve.role, theme))
        painter.drawText(QPointF(x, lowest + 0.35 * line_px), curve.name)


def _paint_cursor(painter: QPainter, panel: Panel, axes: Axes, theme: Theme, at: float) -> None:
    x = axes.point(at, 0).x()
    painter.setPen(QPen(QColor(theme.text), 1))
    painter.drawLine(QLineF(x, axes.box.top(), x, axes.box.bottom()))
    for curve in panel.curves:
        near = nearest(curve, at)
        if near is not None:
            painter.setPen(QPen(QColor(theme.card), 2))
            painter.setBrush(curve_color(curve.role, theme))
            painter.drawEllipse(axes.point(*near), 5, 5)


def nearest(curve: Curve, x: float) -> tuple[float, float] | None:
    """The curve's finite point nearest to `x` (the last one for infinity)."""
    good = np.flatnonzero(np.isfinite(curve.y))
    if not len(good):
        return None
    place = good[-1] if math.isinf(x) else good[int(np.argmin(np.abs(curve.x[good] - x)))]
    return float(curve.x[place]), float(curve.y[place])


class CurvePlot(QWidget):
    """Signal: pointed(object): the x that is read out (a float), or None."""

    pointed = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.figure = Curves((), (), "")
        self.at: float | None = None
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_figure(self, figure: Curves) -> None:
        """Draws another figure; the read-out stays where it is."""
        self.figure = figure
        self.updateGeometry()
        self.update()

    def point_at(self, x: float | None) -> None:
        """Reads out at the position nearest to `x`, or nowhere."""
        positions = self.figure.positions
        if x is None or not len(positions):
            self.at = None
        else:
            self.at = float(positions[int(np.argmin(np.abs(positions - x)))])
        self.pointed.emit(self.at)
        self.update()

    def minimumSizeHint(self) -> QSize:
        line_px = self.fontMetrics().lineSpacing()
        return QSize(360, (1 + LINES_A_PANEL * max(1, len(self.figure.panels))) * line_px)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        metrics = self.fontMetrics()
        letter_px, line_px = metrics.averageCharWidth() * 1.1, float(metrics.lineSpacing())
        placed = axes_of(self.figure, self.width(), self.height(), letter_px, line_px)
        if placed:
            box = placed[0].box
            self.point_at((event.position().x() - box.left()) / box.width() * placed[0].x_end)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self.mouseMoveEvent(event)

    def leaveEvent(self, event: QEvent) -> None:
        if not self.hasFocus():
            self.point_at(None)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        positions = self.figure.positions
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -(10**9), Qt.Key.Key_End: 10**9}
        if event.key() not in moves or not len(positions):
            super().keyPressEvent(event)
            return
        place = len(positions) if self.at is None else int(np.searchsorted(positions, self.at))
        place = max(0, min(len(positions) - 1, place + moves[Qt.Key(event.key())]))
        self.point_at(float(positions[place]))

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.point_at(None)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        paint(painter, self.figure, current(), self.width(), self.height(), self.at)
        if self.hasFocus():
            painter.setPen(QPen(QColor(current().focus), 3))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 6, 6)
