"""All maps of one layer, those that answer most first."""

from __future__ import annotations

from math import ceil
from typing import Any

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QScrollArea, QVBoxLayout

from app.answers import Arrays
from app.figure import Figure, Table
from app.filter_figure import figure_size, paint_figure
from app.filter_mosaic import gap_of
from app.inside.inquiry import Inquiry, SeenLayer
from app.inside.page import Page
from app.theme import TARGET_PX
from app.widgets.tile_sheet import PADDING, SheetBlock, TileSheet

MOST, MANY = 4096, 256


class MapsPage(Page):
    """A sheet of the selected layer's maps; one that is selected there is selected everywhere."""

    def __init__(self, inquiry: Inquiry) -> None:
        super().__init__(inquiry)
        self.sheet = TileSheet()
        self.sheet.setAccessibleName(self.tr("All maps of the layer"))
        self._peaks: tuple[tuple[int, float], ...] = ()
        self._shown: tuple[int, str] | None = None
        self._block: SheetBlock | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._area = QScrollArea()
        self._area.setWidget(self.sheet)
        self._area.setWidgetResizable(True)
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.addWidget(self._area)
        self.sheet.selected.connect(self._on_selected)
        inquiry.document.layerChanged.connect(self.refresh)
        inquiry.unitChanged.connect(self._on_unit)

    @property
    def _layer(self) -> SeenLayer | None:
        seen = self.inquiry.seen
        return None if seen is None else seen.layers.get(self.inquiry.document.layer or "")

    def refresh(self) -> None:
        seen, layer = self.inquiry.seen, self._layer
        if not self.isVisible() or seen is None or layer is None or self._shown == (seen.number, layer.name):
            return
        key = seen.number, layer.name

        def answered(message: dict[str, Any], arrays: Arrays) -> None:
            self._shown = key
            self._show(layer, arrays)

        more = {"layer": layer.name, "count": MOST, "exact": True, **self.inquiry.lesions()}
        self.inquiry.request("all maps", answered, do="maps", **more)

    def _show(self, layer: SeenLayer, arrays: Arrays) -> None:
        channels = tuple(int(number) for number in arrays["channels"])
        values = arrays["values"].astype(np.float32)
        self._peaks = tuple(zip(channels, (float(value.max()) for value in values), strict=True))
        tiles = np.repeat(arrays["maps"][..., None], 3, axis=3)
        if layer.flat:
            title = self.tr("{0}: {1} units").format(layer.name, len(channels))
        else:
            title = self.tr("{0}: {1} maps of {2} × {3}").format(layer.name, len(channels), *layer.shape[1:])
        columns = self.inquiry.archive.columns if self.inquiry.archive else 1
        self._block = SheetBlock(title, layer.column if columns > 1 else None, tiles, channels)
        self._make_room()
        self.sheet.set_blocks([self._block])
        caption = self.tr("Largest answers first. Black is {0}, white {1}, for the whole layer.")
        self.sheet.set_caption(caption.format(f"{layer.smallest:.3g}", f"{layer.largest:.3g}"))
        self.sheet.setAccessibleDescription(" ".join([f"{title}.", self.sheet.caption]))
        self._on_unit()

    def _make_room(self) -> None:
        """The sheet is so high that every map can be tapped; of very many, so that they can be told apart."""
        if self._block is None:
            return
        count, height, width, _ = self._block.tiles.shape
        wanted = TARGET_PX if count <= MANY else TARGET_PX // 2
        unit = max(1, ceil(wanted / height))
        gap = gap_of(unit * height)
        bar = self._area.verticalScrollBar().sizeHint().width()
        across = max(1, (self._area.width() - bar - 2 * PADDING) // (unit * width + gap))
        line = self.sheet.fontMetrics().lineSpacing()
        self.sheet.setMinimumHeight(ceil(count / across) * (unit * height + gap) + 5 * line + 4 * PADDING)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._make_room()

    def _on_selected(self, channel: int) -> None:
        layer = self._layer
        if layer is not None and self._block is not None and self.isVisible():
            self.inquiry.document.select_unit(layer.name, channel)

    def _on_unit(self) -> None:
        layer, unit = self._layer, self.inquiry.document.unit
        known = self._shown is not None and layer is not None and self._shown[1] == layer.name
        if known and unit is not None and self._block is not None and unit in self._block.numbers:
            self.sheet.select(unit)
            place = self.sheet.rectangle(unit).center()
            self._area.ensureVisible(place.x(), place.y(), 0, TARGET_PX)

    def sentence(self) -> str:
        return self.tr("Every map of one layer: bright is where that detector found what it looks for.")

    def figures(self) -> list[Figure]:
        block, layer = self._block, self._layer
        if block is None or layer is None:
            return []
        peaks = self._peaks
        return [
            Figure(
                name="maps",
                title=block.title,
                description=self.sheet.accessibleDescription(),
                paint=lambda painter, box: paint_figure(painter, [block], box),
                size=figure_size([block]),
                table=lambda: Table(("unit", "largest answer"), peaks),
                widget=self.sheet,
                facts=((self.tr("Layer"), layer.name),),
            )
        ]
