"""The entrance: what is loaded, the network drawn to scale, where it comes from, and the doors."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.archive_words import provenance_rows, summary
from app.document import OpenArchive
from app.figure import Figure
from app.room import Museum, Room
from app.theme import current, label
from app.widgets.layer_words import facts, kind_of, layer_table
from app.widgets.network_drawing import NetworkDrawing, paint

MARGIN_PX = 36
NOTES_SHOWN = 4
SCROLL_BAR_PX = 14
LETTERS_BESIDE = 22  # so many letters of text need a place beside the doors; a card four times as many
TALLEST = 0.85  # height of the network's card as a part of the room's width


class EntranceRoom(Room):
    """Shows the archive as a whole; needs no worker."""

    NAME = "entrance"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = document = museum.document
        self._title = label("", "title")
        self._sentence = label("", "lead")
        self.drawing = NetworkDrawing()
        self._facts = label("", "muted")
        self._facts.setTextFormat(Qt.TextFormat.RichText)
        self._facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._provenance = _Rows(self.tr("Where this archive comes from"))
        self._notebook = _Rows(self.tr("From the run's notebook"))
        self._network_card = self._make_network_card()
        self._lay_out()
        self.drawing.layerShown.connect(self._on_layer_shown)
        document.currentChanged.connect(self._on_current_change)
        document.archiveUpdated.connect(self._on_archive_update)
        self._on_current_change()

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN_PX, 30, MARGIN_PX, 30)
        column.setSpacing(10)
        column.addWidget(self._title)
        column.addWidget(self._sentence)
        column.addSpacing(8)
        column.addWidget(self._network_card, 1000)
        column.addSpacing(8)
        self._door_row = self._make_doors()
        column.addWidget(self.open_button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addLayout(self._door_row)
        column.addSpacing(8)
        self._cards = QHBoxLayout()
        self._cards.setSpacing(18)
        self._cards.addWidget(self._provenance, 1)
        self._cards.addWidget(self._notebook, 1)
        column.addLayout(self._cards)
        column.addStretch(1)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(page)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scroll)

    def _make_network_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 14, 20, 14)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("The network, drawn to scale"), "heading"), 1)
        head.addWidget(self.figure_button("network"))
        column.addLayout(head)
        column.addWidget(self.drawing, 1)
        column.addWidget(self._facts)
        return card

    def _make_doors(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(12)
        doors = (
            ("filters", self.tr("See what the first layer learnt")),
            ("try-it", self.tr("Try a picture")),
            ("training", self.tr("Watch it learn")),
        )
        self.doors: dict[str, QPushButton] = {}
        for name, words in doors:
            door = QPushButton(words)
            door.clicked.connect(lambda _checked=False, room=name: self.visitWanted.emit(room))
            door.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            row.addWidget(door)
            self.doors[name] = door
        self.doors["filters"].setProperty("role", "primary")
        self._hint = label(self.tr("Or drop an archive or a picture anywhere in this window."), "muted")
        row.addWidget(self._hint, 1)
        self.open_button = QPushButton(self.tr("Open an archive…"))
        self.open_button.setProperty("role", "primary")
        self.open_button.clicked.connect(self.openWanted)
        return row

    def figures(self) -> list[Figure]:
        """The drawing of the network."""
        archive = self._document.current
        if archive is None:
            return []
        size = float(self.drawing.width()), float(self.drawing.height())
        title = self.tr("The network {0}, drawn to scale").format(archive.name)
        return [
            Figure(
                name="network",
                title=title,
                description=" ".join((title, summary(archive))),
                paint=self._paint_drawing,
                size=size,
                table=lambda: layer_table(archive.network),
                widget=self.drawing,
            )
        ]

    def _paint_drawing(self, painter: QPainter, box: QRectF) -> None:
        drawing = self.drawing.draw(box.width(), box.height())
        if drawing is not None:
            painter.translate(box.topLeft())
            paint(painter, drawing, current())

    def resizeEvent(self, event: QResizeEvent) -> None:
        # In a tall window the drawing stays as wide as a picture on a wall, the rest moves up.
        super().resizeEvent(event)
        self._network_card.setMaximumHeight(
            max(self._network_card.minimumSizeHint().height(), int(TALLEST * event.size().width()))
        )
        self._fold()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fold()

    def _fold(self) -> None:
        """What stands side by side stands one below the other where the room is too narrow for it."""
        room_px = self.width() - 2 * MARGIN_PX - SCROLL_BAR_PX
        doors_px = sum(door.sizeHint().width() + self._door_row.spacing() for door in self.doors.values())
        letter_px = self.fontMetrics().averageCharWidth()
        rows = (
            (self._door_row, doors_px + LETTERS_BESIDE * letter_px),
            (self._cards, LETTERS_BESIDE * 4 * letter_px),
        )
        for row, needed_px in rows:
            beside = needed_px <= room_px
            row.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    def _on_current_change(self) -> None:
        archive = self._document.current
        for part in (self._network_card, self._provenance, self._hint, *self.doors.values()):
            part.setVisible(archive is not None)
        self.open_button.setVisible(archive is None)
        if archive is None:
            self._show_nothing()
        else:
            self.drawing.show_network(archive.network)
            self._on_layer_shown("")
            self._on_archive_update(archive)

    def _show_nothing(self) -> None:
        self._title.setText(self.tr("Nothing is open yet"))
        self._sentence.setText(
            self.tr(
                "An archive holds everything about one trained network. Drop one here or open it; the command"
                " “alexnet train” makes your own."
            )
        )
        self.drawing.show_network(None)
        self._notebook.setVisible(False)

    def _on_archive_update(self, archive: OpenArchive) -> None:
        if archive is not self._document.current:
            return
        self._title.setText(archive.title)
        self._sentence.setText(summary(archive))
        self.drawing.setAccessibleName(self.tr("The network {0}, drawn to scale").format(archive.name))
        self.drawing.setAccessibleDescription(summary(archive))
        self._provenance.show_rows(provenance_rows(archive))
        notes = [(self.tr("Epoch {0}").format(f"{note.epoch:.4g}"), note.text) for note in archive.notebook]
        self._notebook.show_rows(notes[-NOTES_SHOWN:])
        self._notebook.setVisible(bool(notes))

    def _on_layer_shown(self, name: str) -> None:
        archive = self._document.current
        if archive is None:
            return
        layer = next((layer for layer in archive.network["layers"] if layer["name"] == name), None)
        if layer is None:  # nothing is pointed at, or still a layer of the archive that was shown before
            self._facts.setText(self._key(archive.columns))
            return
        words = " · ".join(f"{what} <b>{value}</b>" for what, value in facts(layer, archive.columns))
        head = self.tr("<b>{0}</b>, {1}").format(name, kind_of(layer))
        self._facts.setText(f"{head}<br>{words}")

    def _key(self, columns: int) -> str:
        """How to read the drawing."""
        if columns > 1:
            return self.tr(
                "Boxes are as high and deep as a layer's maps, and the thicker the more maps there are; bars"
                " are as long as a layer has outputs. Dotted lines cross from one GPU to the other. Point at"
                " a layer to see its numbers."
            )
        return self.tr(
            "Boxes are as high and deep as a layer's maps, and the thicker the more maps there are; bars are"
            " as long as a layer has outputs. Point at a layer to see its numbers."
        )


class _Rows(QFrame):
    """A card with a heading and rows of two texts."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(24)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        column.addWidget(label(heading, "heading"))
        column.addLayout(self._grid)
        column.addStretch(1)

    def show_rows(self, rows: list[tuple[str, str]]) -> None:
        """Replaces the rows."""
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.deleteLater()
        for place, (what, value) in enumerate(rows):
            name, text = label(what, "muted", wrap=False), QLabel(value)
            text.setWordWrap(True)
            text.setTextFormat(Qt.TextFormat.PlainText)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._grid.addWidget(name, place, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(text, place, 1)
