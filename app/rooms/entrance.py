"""The entrance: what is loaded, a picture flowing through the network drawn to scale, and the doors."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QEvent, QRectF, Qt
from PySide6.QtGui import QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.archive_words import provenance_rows, summary
from app.document import OpenArchive, Version, VisitorPicture, picture_of
from app.figure import Figure
from app.flow import Flow
from app.room import Museum, Room
from app.room_list import ROOMS
from app.shipped import shipped_pictures
from app.theme import current, label
from app.widgets.drop_zone import DropZone
from app.widgets.flow_paint import Flowing
from app.widgets.layer_words import facts, kind_of, layer_table
from app.widgets.network_drawing import NetworkDrawing, paint
from app.widgets.recent_card import RecentCard, ShippedCard
from app.widgets.rows_card import RowsCard

MARGIN_PX = 36
NOTES_SHOWN = 4
SCROLL_BAR_PX = 14
LETTERS_BESIDE = 22  # so many letters of text need a place beside the doors; a card four times as many
TALLEST = 0.85  # height of the network's card as a part of the room's width


class EntranceRoom(Room):
    """Shows the archive as a whole; what the layers answer to a picture comes when the worker is awake."""

    NAME = "entrance"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = museum.document
        self._asked: tuple[OpenArchive, Version | None, VisitorPicture, object] | None = None
        self.flow = Flow(museum.worker)
        self._title = label("", "title")
        self._sentence = label("", "lead")
        self.drawing = NetworkDrawing()
        self._facts = label("", "muted")
        self._facts.setTextFormat(Qt.TextFormat.RichText)
        self._facts.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._flowing = label("", "muted")
        self._provenance = RowsCard(self.tr("Where this archive comes from"))
        self._notebook = RowsCard(self.tr("From the run's notebook"))
        self.recent = RecentCard(self._document.settings)
        self.shipped, self.drop_zone = ShippedCard(), DropZone()
        self._network_card = self._make_network_card()
        self._lay_out()
        self._connect()
        self._on_current_change()

    def _connect(self) -> None:
        document = self._document
        self.drawing.layerShown.connect(self._on_layer_shown)
        self.drawing.layerOpened.connect(self._on_layer_opened)
        self.flow.arrived.connect(self._show_flow)
        self.flow.failed.connect(self._flowing.setText)
        self.drop_zone.open_button.clicked.connect(self.openWanted)
        for card in (self.recent, self.shipped):
            card.chosen.connect(document.open)
        self.museum.worker.available.connect(self._on_available)
        document.currentChanged.connect(self._on_current_change)
        document.archiveUpdated.connect(self._on_archive_update)
        document.pictureChanged.connect(self._let_flow)
        document.lesionsChanged.connect(self._let_flow)

    def ready(self) -> bool:
        """Whether the picture has come through."""
        return not self.flow.running

    # Layout

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(MARGIN_PX, 24, MARGIN_PX, 30)
        column.setSpacing(10)
        column.addWidget(self._title)
        column.addWidget(self._sentence)
        column.addWidget(self._network_card, 1000)
        column.addSpacing(4)
        self._door_row = self._make_doors()
        column.addLayout(self._door_row)
        column.addWidget(self.drop_zone)
        column.addWidget(self.shipped)
        column.addWidget(self.recent)
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
        self.from_depth("try", self._facts)
        self.from_depth("study", self._provenance, self._notebook, self._figure_button)

    def _make_network_card(self) -> QFrame:
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(20, 14, 20, 14)
        head = QHBoxLayout()
        head.addWidget(label(self.tr("The network, drawn to scale"), "heading"), 1)
        self._figure_button = self.figure_button("network")
        head.addWidget(self._figure_button)
        column.addLayout(head)
        column.addWidget(self.drawing, 1)
        column.addWidget(self._flowing)
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
        row.addStretch(1)
        return row

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
        rows = ((self._door_row, doors_px), (self._cards, LETTERS_BESIDE * 4 * letter_px))
        for row, needed_px in rows:
            beside = needed_px <= room_px
            row.setDirection(QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom)

    # Following the document

    def _on_current_change(self) -> None:
        archive = self._document.current
        for part in (self._network_card, self._provenance, *self.doors.values()):
            self.want(part, archive is not None)
        self.want(self.shipped, archive is None and bool(self.shipped.buttons))
        self.recent.follow()
        self.want(self.recent, bool(self.recent.rows))
        self.flow.clear()
        self._asked = None
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
        self.want(self._notebook, False)

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
        self.want(self._notebook, bool(notes))
        self._let_flow()

    # The picture that flows through

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.recent.follow()
        self.want(self.recent, bool(self.recent.rows))
        self._let_flow()

    def _on_available(self, available: bool) -> None:
        self._asked = None
        if available:
            self._let_flow()

    def _picture(self) -> VisitorPicture | None:
        """The visitor's, or one that ships."""
        shipped = shipped_pictures()
        return self._document.picture or (picture_of(shipped[0]) if shipped else None)

    def _let_flow(self) -> None:
        """Shows the picture to the network, once the worker is awake and while somebody looks."""
        archive, picture, lesions = self._document.current, self._picture(), self._document.lesions
        if archive is None or picture is None or not self.museum.worker.awake or not self.isVisible():
            return
        asked = (archive, archive.version, picture, lesions)
        if asked != self._asked:
            self._asked = asked
            self.flow.start(archive, picture, lesions, self.drawing.layers)

    def _show_flow(self) -> None:
        picture = self._picture()
        flowing = Flowing(self.flow.maps, self.flow.crop)
        self.drawing.show_flow(flowing if self.flow.crop is not None else None)
        sentence = self.tr(
            "{0} flows through it: each box shows what its layer answers, the strongest first."
        )
        shown = self.flow.crop is not None and picture is not None
        self._flowing.setText(sentence.format(picture.name) if shown and picture is not None else "")

    # Layers

    def _on_layer_shown(self, name: str) -> None:
        archive = self._document.current
        if archive is None:
            return
        if not name:
            self._facts.setText(self._key(archive.columns))
            return
        layer = layer_named(archive, name)
        if layer is None:
            return
        words = " · ".join(f"{what} <b>{value}</b>" for what, value in facts(layer, archive.columns))
        head = self.tr("<b>{0}</b>, {1}").format(name, kind_of(layer))
        self._facts.setText(f"{head}<br>{words}")

    def _on_layer_opened(self, name: str) -> None:
        """Goes to the room where this layer is looked at."""
        archive = self._document.current
        if archive is None:
            return
        layer = layer_named(archive, name)
        if layer is None:
            return
        rooms = {room.name for room in ROOMS}
        wanted = ["try-it"] if layer["type"] == "data" else ["inside"]
        if name in archive.network["first_layers"]:
            wanted.insert(0, "filters")
        room = next((room for room in wanted if room in rooms), None)
        if room is not None:
            self._document.select_layer(name)
            self.visitWanted.emit(room)

    def _key(self, columns: int) -> str:
        """How to read the drawing."""
        if columns > 1:
            return self.tr(
                "Boxes are as high and deep as a layer's maps, and the thicker the more maps there are; bars"
                " are as long as a layer has outputs. Dotted lines cross from one GPU to the other. Point at"
                " a layer to see its numbers, tap it to go there."
            )
        return self.tr(
            "Boxes are as high and deep as a layer's maps, and the thicker the more maps there are; bars are"
            " as long as a layer has outputs. Point at a layer to see its numbers, tap it to go there."
        )

    # Taking it home

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
            flowing = Flowing(self.flow.maps, self.flow.crop) if self.flow.crop is not None else None
            paint(painter, drawing, current(), flowing=flowing)


def layer_named(archive: OpenArchive, name: str) -> dict[str, Any] | None:
    """The layer as the archive defines it; None where the archive before had one of that name."""
    layers: list[dict[str, Any]] = archive.network["layers"]
    return next((layer for layer in layers if layer["name"] == name), None)
