"""A figure of the museum: what is drawn, the numbers behind it, and the words for who cannot see it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QWidget

Cell = str | int | float | bool | None


@dataclass(frozen=True)
class Table:
    """Numbers under headings; every row is as long as `columns`. Headings name the unit, as in "loss"."""

    columns: tuple[str, ...]
    rows: Sequence[Sequence[Cell]]


@dataclass(frozen=True)
class Figure:
    """One figure that can be looked at, read as a table, copied and exported.

    Attributes:
        name: the stem of its file's name, the same at every time and in every language ("filters").
        title: one line in the visitor's language; paper has it below the figure, so `paint` draws none.
        description: the text alternative, whole sentences generated from the numbers.
        paint: draws it into a rectangle of any size, in the colours of `theme.current()`; the painter comes
            with the museum's font and the rectangle's ground already painted. Images of few pixels are drawn
            with `pixels.draw_pixels`, so that they stay crisp in every format.
        size: natural (width, height) in pixels at 100 %, which are points on paper.
        table: the numbers; called only when somebody asks for them.
        widget: where it is shown; its context menu and the focus find the figure by it.
        facts: what belongs on its provenance card besides the archive: (what, value), such as the layer, the
            contrast rule and the epoch.
    """

    name: str
    title: str
    description: str
    paint: Callable[[QPainter, QRectF], None]
    size: tuple[float, float]
    table: Callable[[], Table]
    widget: QWidget | None = None
    facts: tuple[tuple[str, str], ...] = ()
