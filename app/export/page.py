"""A figure as it goes on paper: the drawing in the light theme, below it its title and its card.

Lengths are points, which are pixels of the screen at 100 %.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QPainter

from app.document import OpenArchive
from app.figure import Figure
from app.theme import LIGHT, drawn_in
from reproduction.version import program_version

Card = tuple[tuple[str, str], ...]

MARGIN, GAP = 16.0, 10.0
TEXT_PX, TITLE_PX, CARD_PX = 13, 13, 9
SMALLEST_WIDTH = 360.0  # of a page, so that the card stays readable
WRAP = Qt.TextFlag.TextWordWrap | Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop
ANY_HEIGHT = 1e6


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("export", text)


def card_of(figure: Figure, archive: OpenArchive | None, fingerprint: str) -> Card:
    """Where the figure comes from: archive, weights, what it shows of them, programs, day; (what, value)."""
    rows: list[tuple[str, str]] = []
    if archive is not None:
        made_by = str(archive.provenance.get("program_version") or "?")
        rows += [
            (tr("Archive"), archive.path.name),
            (tr("Network"), archive.name),
            (tr("Weights (SHA-256)"), fingerprint),
            (tr("Archive made by version"), made_by),
        ]
    rows += figure.facts
    rows += [
        (tr("Figure made by"), tr("AlexNet Archive {0}").format(program_version())),
        (tr("On"), datetime.now(UTC).strftime("%Y-%m-%d")),
    ]
    return tuple(rows)


@dataclass(frozen=True)
class Page:
    """A figure with its card, ready to be drawn or written."""

    figure: Figure
    card: Card

    @property
    def card_line(self) -> str:
        """The card in one line."""
        return "  ·  ".join(tr("{0}: {1}").format(what, value) for what, value in self.card)

    @property
    def card_json(self) -> str:
        """The card for programs."""
        return json.dumps(dict(self.card), ensure_ascii=False)

    @property
    def width(self) -> float:
        """Width in points."""
        return max(SMALLEST_WIDTH, self.figure.size[0] + 2 * MARGIN)

    @property
    def height(self) -> float:
        """Height in points: the figure, its title, its card."""
        return self.figure.size[1] + 3 * MARGIN + self._title_height + GAP + self._card_height

    @property
    def _title_height(self) -> float:
        return self._text_height(self.figure.title, _font(TITLE_PX, bold=True))

    @property
    def _card_height(self) -> float:
        return self._text_height(self.card_line, _font(CARD_PX))

    def _text_height(self, text: str, font: QFont) -> float:
        box = QRectF(0, 0, self.width - 2 * MARGIN, ANY_HEIGHT)
        return QFontMetricsF(font).boundingRect(box, WRAP, text).height() * 1.1

    def paint(self, painter: QPainter) -> None:
        """Draws the page into (0, 0, width, height) of the painter's points."""
        with drawn_in(LIGHT):
            painter.fillRect(QRectF(0, 0, self.width, self.height), QColor(LIGHT.card))
            width, height = self.figure.size
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setFont(_font(TEXT_PX))
            painter.setPen(QColor(LIGHT.text))
            self.figure.paint(painter, QRectF((self.width - width) / 2, MARGIN, width, height))
            painter.restore()
            top = height + 2 * MARGIN
            self._write(painter, top, self.figure.title, _font(TITLE_PX, bold=True), LIGHT.text)
            top += self._title_height + GAP
            self._write(painter, top, self.card_line, _font(CARD_PX), LIGHT.muted)

    def _write(self, painter: QPainter, top: float, text: str, font: QFont, color: str) -> None:
        painter.setFont(font)
        painter.setPen(QColor(color))
        painter.drawText(QRectF(MARGIN, top, self.width - 2 * MARGIN, self.height - top), int(WRAP), text)


def _font(pixels: int, bold: bool = False) -> QFont:
    """A font that is as large on every device: its size is in the painter's own units."""
    font = QFont()
    font.setPixelSize(pixels)
    font.setBold(bold)
    return font
