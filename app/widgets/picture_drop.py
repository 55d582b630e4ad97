"""The place for the visitor's picture: takes drops, and dims all but the square that the network sees."""

from __future__ import annotations

from PySide6.QtCore import QMimeData, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.answers import Look
from app.theme import current
from app.widgets.tile_sheet import image_of

MARGIN = 14
DIM = 150  # how dark it is outside of the square, of 255


class PictureDrop(QWidget):
    """Shows a look at a picture, or a sentence. Knows neither worker nor document.

    Signals:
        dropped(QMimeData): something was let go here.
    """

    dropped = Signal(QMimeData)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._look: Look | None = None
        self._image: QImage | None = None
        self._view: tuple[float, float, float] | None = None
        self._sentence = ""
        self._inviting = False
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(self.tr("Your picture"))

    @property
    def look(self) -> Look | None:
        """The picture that is shown."""
        return self._look

    @property
    def sentence(self) -> str:
        """What is said instead of a picture; empty when there is one."""
        return self._sentence

    def show_look(self, look: Look) -> None:
        """Shows a picture and the square."""
        self._look, self._image, self._sentence, self._view = look, image_of(look.pixels), "", None
        left, top, side = (round(value) for value in look.box)
        seen = self.tr("{0} by {1} pixels; the network sees a square of {2} from {3}, {4}.")
        self.setAccessibleDescription(seen.format(*look.size, side, left, top))
        self.update()

    def show_view(self, view: tuple[float, float, float] | None) -> None:
        """Marks the view (left, top, side) that was just looked at, in the picture's pixels; or none."""
        self._view = view
        self.update()

    def show_sentence(self, text: str) -> None:
        """Says something in place of the picture: what is being waited for, or what went wrong."""
        self._look, self._image, self._sentence, self._view = None, None, text, None
        self.setAccessibleDescription(text)
        self.update()

    def picture_rectangle(self) -> QRectF:
        """Where the picture is drawn: as large as it fits, at most eight times its size."""
        if self._look is None:
            return QRectF()
        room = QRectF(self.rect()).adjusted(MARGIN, MARGIN, -MARGIN, -MARGIN)
        width, height = self._look.size
        scale = min(room.width() / width, room.height() / height, 8.0)
        target = QRectF(0, 0, width * scale, height * scale)
        target.moveCenter(room.center())
        return target

    def box_rectangle(self) -> QRectF:
        """Where the square is that the network sees."""
        return QRectF() if self._look is None else self._on_screen(self._look, self._look.box)

    def _on_screen(self, look: Look, square: tuple[float, float, float]) -> QRectF:
        """A square in the picture's own pixels, in the widget's."""
        target = self.picture_rectangle()
        scale = target.width() / look.size[0]
        left, top, side = square
        return QRectF(target.left() + left * scale, target.top() + top * scale, side * scale, side * scale)

    # What Qt calls

    def sizeHint(self) -> QSize:
        return QSize(560, 160)  # what it must have; it takes what there is

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 120)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasImage() or mime.hasUrls():
            self._invite(True)
            event.acceptProposedAction()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self._invite(False)
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        self._invite(False)
        event.acceptProposedAction()
        self.dropped.emit(event.mimeData())

    def _invite(self, on: bool) -> None:
        self._inviting = on
        self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_ground(painter)
        if self._image is not None:
            self._paint_picture(painter, self._image)
        else:
            self._paint_text(painter)

    def _paint_ground(self, painter: QPainter) -> None:
        """An open frame while there is no picture; a highlighted one while something hovers over it."""
        theme = current()
        painter.setBrush(QColor(theme.selected if self._inviting else theme.card))
        if self._inviting:
            painter.setPen(QPen(QColor(theme.focus), 3))
        elif self._image is None:
            painter.setPen(QPen(QColor(theme.edge), 2, Qt.PenStyle.DashLine))
        else:
            painter.setPen(QPen(QColor(theme.line), 1))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(2, 2, -2, -2), 10, 10)

    def _paint_picture(self, painter: QPainter, image: QImage) -> None:
        target, box = self.picture_rectangle(), self.box_rectangle()
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, target.width() < 2 * image.width())
        painter.drawImage(target, image)
        outside = QPainterPath()
        outside.addRect(target)
        inside = QPainterPath()
        inside.addRect(box)
        painter.fillPath(outside.subtracted(inside), QColor(0, 0, 0, DIM))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        for width, color in ((4.0, QColor(0, 0, 0, 150)), (2.0, QColor("white"))):
            painter.setPen(
                QPen(color, width, Qt.PenStyle.SolidLine, Qt.PenCapStyle.SquareCap, Qt.PenJoinStyle.MiterJoin)
            )
            painter.drawRect(box.adjusted(1, 1, -1, -1))
        if self._view is not None and self._look is not None:
            painter.setPen(QPen(QColor(current().accent), 3, Qt.PenStyle.DashLine))
            painter.drawRect(self._on_screen(self._look, self._view))

    def _paint_text(self, painter: QPainter) -> None:
        """What is said, or the invitation: a large line and a smaller one below it."""
        room = QRectF(self.rect()).adjusted(40, 20, -40, -20)
        flags = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
        font, size = self.font(), self.font().pointSizeF()
        lines = (
            [(1.15, self._sentence)]
            if self._sentence
            else [
                (1.8, self.tr("Drop a picture here")),
                (1.0, self.tr("or several, or a folder; open or paste one; or tap one below")),
            ]
        )
        if self.height() < 200:  # no room for more than the invitation itself
            lines = lines[:1]
        top = room.center().y() - len(lines) * 0.9 * painter.fontMetrics().height()
        painter.setPen(QColor(current().text if self._sentence else current().muted))
        for factor, text in lines:
            font.setPointSizeF(size * factor)
            painter.setFont(font)
            line = QRectF(room.left(), top, room.width(), room.bottom() - top)
            painter.drawText(line, int(flags), text)
            top = painter.boundingRect(line, int(flags), text).bottom() + 8
