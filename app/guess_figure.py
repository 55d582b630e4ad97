"""The guesses for one picture as a figure: what the network saw, and bars."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication, QRectF, Qt
from PySide6.QtGui import QColor, QPainter
from PySide6.QtWidgets import QWidget

from app.answers import Answer, Bytes, Guess, percent
from app.figure import Figure, Table
from app.lesion_words import switched_off
from app.pixels import draw_pixels
from app.selected import Lesions
from app.theme import current
from app.widgets.tile_sheet import image_of

SIZE = (640.0, 260.0)
BAR_PX = 8.0


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("guesses", text)


def guess_figure(
    title: str, name: str, answer: Answer, crop: Bytes, lesions: Lesions, widget: QWidget
) -> Figure:
    """The figure of an answer about the picture called `name`; `crop` (s, s, 3) is what was seen of it."""
    said = [tr("{0}, {1}").format(guess.label, percent(guess.probability)) for guess in answer.guesses]
    facts = (
        (tr("Picture"), name),
        (tr("Looks"), str(answer.looks or answer.views)),
        (tr("Switched off"), switched_off(lesions)),
    )

    def drawn(painter: QPainter, box: QRectF) -> None:
        paint_guesses(painter, box, answer.guesses, crop)

    return Figure(
        name="guesses",
        title=title,
        description=tr("Best guesses: {0}.").format("; ".join(said)),
        paint=drawn,
        size=SIZE,
        table=lambda: guess_table(answer),
        widget=widget,
        facts=tuple((what, value) for what, value in facts if value),
    )


def guess_table(answer: Answer) -> Table:
    """Place, class and probability of every guess."""
    rows = [(place + 1, guess.label, guess.probability) for place, guess in enumerate(answer.guesses)]
    return Table(("place", "class", "probability"), rows)


def paint_guesses(painter: QPainter, box: QRectF, guesses: Sequence[Guess], crop: Bytes) -> None:
    """The picture at the left as the network saw it, the guesses at the right as bars."""
    theme, line = current(), painter.fontMetrics().height()
    side = min(box.height(), 0.4 * box.width())
    draw_pixels(painter, QRectF(box.left(), box.top(), side, side), image_of(crop))
    left, width = box.left() + side + 20, box.width() - side - 20
    step = box.height() / max(1, len(guesses))
    for place, guess in enumerate(guesses):
        top = box.top() + place * step
        text = QRectF(left, top, width, line + 2)
        share = percent(guess.probability)
        painter.setPen(QColor(theme.text))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight, share)
        room = round(width) - painter.fontMetrics().horizontalAdvance(share) - 12
        name = painter.fontMetrics().elidedText(guess.short, Qt.TextElideMode.ElideRight, room)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft, name)
        track = QRectF(left, top + line + 4, width, BAR_PX)
        painter.fillRect(track, QColor(theme.line))
        bar = QRectF(track.left(), track.top(), width * guess.probability, BAR_PX)
        painter.fillRect(bar, QColor(theme.accent if place == 0 else theme.shared))
