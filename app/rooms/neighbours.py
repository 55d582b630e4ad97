"""The room of neighbours: which probe pictures are nearest to the visitor's, by two rulers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app import questions
from app.answers import Arrays
from app.archive_words import count
from app.document import OpenArchive
from app.figure import Figure
from app.filter_figure import figure_size
from app.probe_facts import ProbeReader, class_names, command, word_of
from app.room import Museum, Room
from app.theme import column_name, label
from app.widgets.missing import Missing
from app.widgets.pixel_view import PixelView
from app.widgets.ruler import Neighbour, Ruler, described, paint_rulers, table_of
from app.widgets.select import Select
from app.widgets.tile_sheet import SheetBlock

PICTURE_PX = 128
LETTERS = 10  # of an entry of a list that are in sight at least
LETTERS_BESIDE = 85  # so many letters wide is the narrowest row of all lists
COUNTS = (3, 6, 12, 24)
LEVEL, LAYER = "level", "layer"  # as the protocol calls them


class NeighboursRoom(Room):
    """Compares the current picture with the archive's probe set; all distances are the worker's."""

    NAME = "neighbours"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = document = museum.document
        self._probe = ProbeReader(document)
        self._asked: set[str] = set()
        self._awake, self._stale = False, True
        self.features = Ruler(self.tr("By what the network makes of it"))
        self.pixels = Ruler(self.tr("By its pixels"))
        self.picture = PixelView(PICTURE_PX)
        self.picture.setAccessibleName(self.tr("Your picture, as the network sees it"))
        self.layer = Select(self.tr("Layer"), LETTERS)
        self.distance = Select(self.tr("Distance"), LETTERS)
        self.how_many = Select(self.tr("How many"), 2)
        self.missing = Missing()
        self._sentence = label("", "lead")
        self._fill_choices()
        self._lay_out()
        for pick in (self.layer, self.distance, self.how_many):
            pick.activated.connect(lambda _place: self.ask())
        changes = document.currentChanged, document.pictureChanged, document.lesionsChanged
        for signal in (*changes, document.wordsChanged):
            signal.connect(self._on_change)
        document.archiveUpdated.connect(self._on_update)
        self._on_change()

    def _fill_choices(self) -> None:
        self.distance.addItem(self.tr("Euclidean"), "euclidean")
        self.distance.addItem(self.tr("Cosine (angle)"), "cosine")
        for number in COUNTS:
            self.how_many.addItem(count(number), number)
        self.how_many.choose(6)

    # Layout

    def _lay_out(self) -> None:
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing())
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(28, 16, 20, 16)
        column.setSpacing(10)
        column.addLayout(self._head())
        column.addWidget(self.missing)
        self._card = self._controls()
        column.addWidget(self._card)
        self._rulers = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._rulers.setSpacing(24)
        self._rulers.addWidget(self.features, 1)
        self._rulers.addWidget(self.pixels, 1)
        column.addLayout(self._rulers, 1)
        area = QScrollArea()
        area.setWidget(page)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stack.addWidget(area)

    def _head(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(20)
        words = QVBoxLayout()
        words.addWidget(label(self.tr("Neighbours"), "title", wrap=False))
        words.addWidget(self._sentence)
        words.addStretch(1)
        row.addLayout(words, 1)
        row.addWidget(self.picture, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _controls(self) -> QFrame:
        """From Try on the layer; in Study the distance, how many, and the figures."""
        card = QFrame()
        card.setProperty("role", "card")
        self._control_row = row = QBoxLayout(QBoxLayout.Direction.LeftToRight, card)
        row.setContentsMargins(14, 8, 14, 10)
        row.setSpacing(14)
        for pick in (self.layer, self.distance, self.how_many):
            part = QWidget()
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(2)
            column.addWidget(label(pick.accessibleName(), "small"))
            column.addWidget(pick)
            row.addWidget(part, 1)
            if pick is not self.layer:
                self.from_depth("study", part)
        button = self.figure_button("neighbours")
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignBottom)
        self.from_depth("study", button)
        self.from_depth("try", card)
        return card

    def _nothing(self) -> QWidget:
        """What is shown while there is nothing to compare."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(28, 20, 28, 20)
        column.addWidget(label(self.tr("Neighbours"), "title", wrap=False))
        self._why_nothing = label("", "lead")
        self._help = QPushButton()
        self._help.setProperty("role", "primary")
        self._help.clicked.connect(self._on_help)
        column.addWidget(self._why_nothing)
        column.addWidget(self._help, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return page

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The rulers stand beside each other where there is room for both."""
        super().resizeEvent(event)
        beside = event.size().width() > LETTERS_BESIDE * self.fontMetrics().averageCharWidth()
        ways = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._rulers.setDirection(ways[beside])

        self._control_row.setDirection(ways[beside])

    # Coming and going

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._awake = True
        if self._stale:
            self._on_change()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._awake = False

    def ready(self) -> bool:
        """Whether everything is on the screen that was asked for."""
        return not self._asked and not (self._stale and self._awake)

    # Following the document

    def _on_update(self, archive: OpenArchive) -> None:
        if archive is self._document.current:
            self._on_change()

    def _on_change(self) -> None:
        """Another picture, network or probe set: says what is missing, or asks."""
        self._stale = True
        archive, picture = self._document.current, self._document.picture
        self._stack.setCurrentIndex(int(archive is not None and picture is not None))
        if archive is None or picture is None:
            self._stale = False
            self._say_nothing(archive is None)
        elif self._awake:
            self._stale = False
            self._fill_layers(archive)
            self.ask()

    def _say_nothing(self, no_archive: bool) -> None:
        if no_archive:
            self._why_nothing.setText(self.tr("Open an archive to see what it takes for alike."))
            self._help.setText(self.tr("Open an archive…"))
        else:
            sentence = self.tr("There is no picture to find neighbours of yet: choose one, then come back.")
            self._why_nothing.setText(sentence)
            self._help.setText(self.tr("Choose a picture"))

    def _on_help(self) -> None:
        if self._document.current is None:
            self.openWanted.emit()
        else:
            self.visitWanted.emit("try-it")

    def _fill_layers(self, archive: OpenArchive) -> None:
        """What can be compared: levels of feature layers, each layer and each column of them alone."""
        before, known = self.layer.currentText(), self._probe.current()
        self.layer.clear()
        for number, names in enumerate(known.levels if known is not None else ()):
            self.layer.addItem(", ".join(names), {LEVEL: number})
            columns = {entry["name"]: entry.get("column") for entry in archive.network["layers"]}
            for name in names if len(names) > 1 else ():
                words = self.tr("{0} alone").format(name)
                column = columns.get(name)
                if archive.columns > 1 and column is not None:
                    words = self.tr("{0} alone ({1})").format(name, column_name(column))
                self.layer.addItem(words, {LAYER: name})
        self.layer.setCurrentIndex(max(0, self.layer.findText(before)))

    # Asking

    def ask(self) -> None:
        """Asks for the neighbours by both rulers."""
        archive, picture, known = self._document.current, self._document.picture, self._probe.current()
        for kind in list(self._asked):
            self.museum.worker.cancel((self.NAME, kind))
        self._asked.clear()
        if archive is None or picture is None:
            return
        self._sentence.setText(self._lead())
        for ruler in (self.features, self.pixels):
            ruler.setVisible(known is not None)
        self.missing.setVisible(known is None)
        self.want(self._card, known is not None)
        if known is None:
            sentence = self.tr("This archive was never asked about a set of probe pictures.")
            self.missing.say(sentence, command(archive))
            self._request("preview", lambda message, arrays: self.picture.show_pixels(arrays["crop"]))
            return
        self._request("preview", lambda message, arrays: self.picture.show_pixels(arrays["crop"]))
        more = {"count": self.how_many.currentData(), "metric": self.distance.currentData()}
        lesions = {"lesions": self._document.lesions.to_json()} if self._document.lesions else {}
        chosen = self.layer.currentData() or {LEVEL: 0}
        self._request("neighbours", self._on_features, **more, **chosen, **lesions)
        if known.pictures:
            self._request("pixels", self._on_pixels, by="pixels", **more)
        else:
            sentence = self.tr("The archive does not store its probe pictures, so pixels cannot be compared.")
            self.pixels.say(sentence, command(archive, pictures=True))

    def _lead(self) -> str:
        return self.tr("Two rulers for alike: what the network makes of a picture, and its bare pixels.")

    def _request(self, kind: str, answered: Any, **more: Any) -> None:
        archive, picture = self._document.current, self._document.picture
        if archive is None or picture is None:
            return
        do = "preview" if kind == "preview" else "neighbours"
        message, arrays = questions.about(picture, str(archive.path), do, **more)
        self._asked.add(kind)

        def on_answer(message: dict[str, Any], arrays: Arrays) -> None:
            self._asked.discard(kind)
            answered(message, arrays)

        def on_failure(sentence: str) -> None:
            self._asked.discard(kind)
            self._sentence.setText(sentence if sentence.endswith(".") else f"{sentence}.")

        self.museum.worker.request((self.NAME, kind), message, on_answer, on_failure, arrays)

    def _on_features(self, message: dict[str, Any], arrays: Arrays) -> None:
        words = self.tr("Of {0} pictures, by the answers of {1}.")
        listed = ", ".join(message["layers"])
        self._show(self.features, message, arrays, words.format(count(message["images"]), listed))
        if message["neighbours"] and self.pixels.found:
            self._say_what_differs()

    def _on_pixels(self, message: dict[str, Any], arrays: Arrays) -> None:
        words = self.tr("Of {0} pictures, by the brightness of every pixel.")
        self._show(self.pixels, message, arrays, words.format(count(message["images"])))
        if self.features.found:
            self._say_what_differs()

    def _show(self, ruler: Ruler, message: dict[str, Any], arrays: Arrays, words: str) -> None:
        names = class_names(self._document)
        found = tuple(
            Neighbour(
                int(row["picture"]),
                word_of(names, int(row["label"])),
                word_of(names, int(row["guess"])),
                float(row["distance"]),
            )
            for row in message["neighbours"]
        )
        ruler.show_found(found, arrays.get("thumbnails"), words)

    def _say_what_differs(self) -> None:
        """How much the neighbours agree among themselves by either ruler, from their classes."""
        said = []
        for ruler in (self.features, self.pixels):
            labels = [near.label for near in ruler.found]
            commonest = max(dict.fromkeys(labels), key=labels.count)
            said += [labels.count(commonest), len(labels), commonest]
        words = self.tr("By the network, {0} of {1} neighbours are of class {2}; by pixels, {3} of {4}, {5}.")
        self._sentence.setText(words.format(*said))

    # Taking home

    def figures(self) -> list[Figure]:
        """Both rulers in one figure."""
        rulers = [ruler for ruler in (self.features, self.pixels) if ruler.found]
        picture = self._document.picture
        if not rulers or picture is None:
            return []
        blocks = [
            SheetBlock(ruler.name, None, ruler.block.tiles, ruler.block.numbers)
            for ruler in rulers
            if ruler.block is not None
        ]
        title = self.tr("Nearest to {0}").format(picture.name)
        return [
            Figure(
                name="neighbours",
                title=title,
                description=" ".join([self._sentence.text(), *map(described, rulers)]),
                paint=lambda painter, box: paint_rulers(painter, box, blocks, rulers),
                size=figure_size(blocks) if blocks else (420.0, 24.0 * (len(rulers[0].found) + 1)),
                table=lambda: table_of(rulers),
                widget=self.features.sheet,
                facts=(
                    (self.tr("Layer"), self.layer.currentText()),
                    (self.tr("Distance"), self.distance.currentText()),
                ),
            )
        ]

    # Sessions

    def state(self) -> dict[str, Any]:
        """The choices, by what they stand for."""
        chosen = self.layer.currentText()
        return {"layer": chosen, "metric": self.distance.currentData(), "count": self.how_many.currentData()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Chooses again what this archive offers."""
        for pick, name in ((self.distance, "metric"), (self.how_many, "count")):
            if pick.findData(state.get(name)) >= 0:
                pick.choose(state[name])
        place = self.layer.findText(str(state.get("layer", "")))
        if place >= 0:
            self.layer.setCurrentIndex(place)
        if self._awake:
            self.ask()
