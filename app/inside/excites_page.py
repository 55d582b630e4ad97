"""What excites a unit most: the parts of the probe pictures that it answered most, and its statistics."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.answers import Arrays
from app.archive_words import decimal
from app.figure import Figure, Table
from app.filter_figure import figure_size, paint_figure
from app.inside.inquiry import Inquiry
from app.inside.page import Page
from app.inside.unit_card import Rows
from app.probe_facts import ProbeReader, class_names, command, pixels_of, unit_rows, word_of
from app.theme import label
from app.widgets.missing import Missing
from app.widgets.tile_sheet import SheetBlock, TileSheet

LETTERS_BESIDE = 80  # a narrower page has the numbers below the patches
GROUND = 128  # around a patch that is smaller than the others, at the border of its picture


class ExcitesPage(Page):
    """Patches come from the archive; without pixels their pictures are named, without answers it says so."""

    def __init__(self, inquiry: Inquiry, probe: ProbeReader) -> None:
        super().__init__(inquiry)
        self._probe = probe
        self.sheet = TileSheet()
        self.sheet.setAccessibleName(self.tr("What excites the unit most"))
        self.rows = Rows()
        self.missing = Missing()
        self._said = label("", "muted")
        self._patches: list[dict[str, Any]] = []
        self._names: tuple[str, ...] = ()
        self._block: SheetBlock | None = None
        self._shown: object = None
        self._content = QWidget()
        self._row = row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self._content)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.sheet, 3)
        row.addWidget(self.rows, 2, Qt.AlignmentFlag.AlignTop)
        area = QScrollArea()
        area.setWidget(self._content)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.missing)
        column.addWidget(area, 1)
        column.addWidget(self._said)
        self.sheet.shown.connect(self._on_shown)
        inquiry.unitChanged.connect(self.refresh)
        inquiry.document.unitChanged.connect(self.refresh)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        beside = event.size().width() > LETTERS_BESIDE * self.fontMetrics().averageCharWidth()
        ways = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._row.setDirection(ways[beside])

    def refresh(self) -> None:
        document, archive = self.inquiry.document, self.inquiry.archive
        key = (archive and (archive.path, archive.version), document.layer, document.unit)
        if not self.isVisible() or key == self._shown or archive is None:
            return
        self._shown = key
        layer, unit, known = document.layer or "", document.unit, self._probe.current()
        self._patches, self._block = [], None
        self.rows.show_rows([] if known is None or unit is None else unit_rows(document, known, layer, unit))
        if known is None:
            self._say_missing(
                self.tr("This archive was never asked about a set of probe pictures."), command(archive)
            )
        elif unit is None:
            self._say_missing(self.tr("Select a unit first: tap one of the maps."))
        elif layer not in known.units:
            self._say_missing(self.tr("Of this layer nothing is kept: choose one with weights of its own."))
        else:
            self._said.setText("")
            self.inquiry.request("patches", self._on_patches, do="patches", layer=layer, channel=unit)

    def _say_missing(self, what: str, words: str = "") -> None:
        self.missing.say(what, words)
        self.missing.setVisible(True)
        self._content.setVisible(bool(self.rows.rows))
        self.sheet.setVisible(False)
        self._said.setText("")

    def _on_patches(self, message: dict[str, Any], arrays: Arrays) -> None:
        archive = self.inquiry.archive
        if archive is None:
            return
        self._patches, self._names = list(message["patches"]), class_names(self.inquiry.document)
        if not message["from"]:
            self._say_missing(
                self.tr("The archive keeps which pictures excite this unit, but not the pictures."),
                command(archive, pictures=True),
            )
            self._said.setText(self._listed())
            return
        self._content.setVisible(True)
        self.missing.setVisible(False)
        self.sheet.setVisible(True)
        tiles = same_size([pixels_of(arrays[f"pixels:{place}"]) for place in range(len(self._patches))])
        document = self.inquiry.document
        title = self.tr("{0}, unit {1}").format(document.layer, document.unit)
        self._block = SheetBlock(title, None, tiles, tuple(range(len(tiles))))
        self.sheet.set_blocks([self._block])
        self.sheet.set_caption(self.tr("Largest answer first; each is what the unit sees of one picture."))
        self.sheet.setAccessibleDescription(self._listed())
        self._said.setText(self._words(0) if self._patches else "")

    def _on_shown(self, number: int) -> None:
        self._said.setText(self._words(number))

    def _words(self, number: int) -> str:
        if number >= len(self._patches):
            return ""
        patch = self._patches[number]
        words = self.tr("Answer {0}: in probe picture {1}, of class {2}, taken for {3}.")
        classes = word_of(self._names, patch["label"]), word_of(self._names, patch["guess"])
        return words.format(decimal(patch["value"], 2), patch["picture"], *classes)

    def _listed(self) -> str:
        return " ".join(self._words(number) for number in range(len(self._patches)))

    def sentence(self) -> str:
        return self.tr("What this unit answered most, of all the probe pictures: see what they share.")

    def figures(self) -> list[Figure]:
        block, patches = self._block, self._patches
        if block is None or not patches:
            return []
        columns = ("answer", "picture", "class", "guess", "row", "column")
        names = ("value", "picture", "label", "guess", "row", "column")
        return [
            Figure(
                name="excites",
                title=self.tr("What excites {0} most").format(block.title),
                description=self._listed(),
                paint=lambda painter, box: paint_figure(painter, [block], box),
                size=figure_size([block]),
                table=lambda: Table(columns, [tuple(patch[name] for name in names) for patch in patches]),
                widget=self.sheet,
            )
        ]


def same_size(patches: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Patches (h, w, 3) of any sizes as tiles (n, H, W, 3), each in the middle of a grey ground."""
    height = max((patch.shape[0] for patch in patches), default=1)
    width = max((patch.shape[1] for patch in patches), default=1)
    tiles = np.full((len(patches), max(1, height), max(1, width), 3), GROUND, np.uint8)
    for tile, patch in zip(tiles, patches, strict=True):
        top, left = (height - patch.shape[0]) // 2, (width - patch.shape[1]) // 2
        tile[top : top + patch.shape[0], left : left + patch.shape[1]] = patch
    return tiles
