"""The room inside the network: a picture flows through the layers; any map, any unit, why it answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QFrame,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.figure import Figure, Table
from app.inside.excites_page import ExcitesPage
from app.inside.flow_paint import Content
from app.inside.flow_view import FlowArea, FlowView
from app.inside.inquiry import Inquiry
from app.inside.maps_page import MapsPage
from app.inside.page import Page, Pages
from app.inside.sums_page import SumsPage
from app.inside.unit_card import UnitCard, unit_words
from app.inside.why_page import WhyPage
from app.probe_facts import ProbeReader, class_names
from app.room import DEPTHS, Museum, Room
from app.theme import label
from app.widgets.select import Select
from app.widgets.tile_sheet import image_of

SIDE_WIDTH = 316
LETTERS = 12  # of an entry of a list that are in sight at least
LETTERS_BESIDE = 50  # so many letters wide is the narrowest page beside the card
LOWEST_LINES = 15  # of text are as high as the lowest page


class InsideRoom(Room):
    """Layers and units of the network for the current picture; everything computed is the worker's."""

    NAME = "inside"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = museum.document
        self.inquiry = Inquiry(museum.document, museum.worker, self)
        self.flow = FlowView()
        self.card = UnitCard()
        self.layers, self.view = Select(self.tr("Layer"), LETTERS), Select(self.tr("Show"), LETTERS)
        self._sentence = label("", "lead")
        self._below = label("", "muted")
        self.why = WhyPage(self.inquiry)
        self.excites = ExcitesPage(self.inquiry, ProbeReader(museum.document))
        self.sums = SumsPage(self.inquiry)
        self.maps = MapsPage(self.inquiry)
        pages = {"maps": self.maps, "why": self.why, "excites": self.excites, "sums": self.sums}
        self._pages: dict[str, Page] = pages
        self._titles = {
            "flow": self.tr("The picture on its way"),
            "maps": self.tr("All maps of a layer"),
            "why": self.tr("What the answer hangs on"),
            "excites": self.tr("What excites a unit"),
            "sums": self.tr("One number, step by step"),
        }
        self._lay_out()
        self._connect()
        self.set_depth(self.shown_depth)
        self._on_change()

    def _connect(self) -> None:
        self.inquiry.changed.connect(self._on_change)
        self.inquiry.mapsArrived.connect(self._on_maps)
        self.inquiry.unitChanged.connect(self._on_unit)
        self.inquiry.failed.connect(self._on_failure)
        self.flow.chosen.connect(self._document.select_unit)
        self.card.map.placed.connect(self.inquiry.move_to)
        self.view.activated.connect(lambda _place: self._show_page(self.view.currentData()))
        self.layers.activated.connect(lambda _place: self._document.select_layer(self.layers.currentText()))
        self._document.layerChanged.connect(self._on_layer)

    # Layout

    def _lay_out(self) -> None:
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._nothing())
        page = QWidget()
        self._row = row = QBoxLayout(QBoxLayout.Direction.LeftToRight, page)
        row.setContentsMargins(28, 16, 20, 16)
        row.setSpacing(20)
        column = QVBoxLayout()
        column.setSpacing(8)
        column.addWidget(label(self.tr("Inside"), "title", wrap=False))
        column.addWidget(self._sentence)
        pages = Pages()
        self._page_stack = QStackedLayout(pages)  # of a widget from the start: it shows what it is given
        self._page_stack.addWidget(FlowArea(self.flow))
        for shown in self._pages.values():
            self._page_stack.addWidget(shown)
        self._page_area = pages
        column.addWidget(pages, 1)
        column.addWidget(self._below)
        row.addLayout(column, 1)
        self._side_area = self._side()
        row.addWidget(self._side_area)
        whole = QScrollArea()
        whole.setWidget(page)
        whole.setWidgetResizable(True)
        whole.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._stack.addWidget(whole)
        self.from_depth("try", self._side_area)

    def _nothing(self) -> QWidget:
        """What is shown while there is nothing to look at, or with."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(28, 20, 28, 20)
        column.addWidget(label(self.tr("Inside"), "title", wrap=False))
        self._why_nothing = label("", "lead")
        self._help = QPushButton()
        self._help.setProperty("role", "primary")
        self._help.clicked.connect(self._on_help)
        column.addWidget(self._why_nothing)
        column.addWidget(self._help, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(1)
        return page

    def _side(self) -> QScrollArea:
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(16, 14, 16, 14)
        column.setSpacing(8)
        figure = QPushButton(self.tr("Figure"))
        figure.setAccessibleDescription(self.tr("Copy or save the figure, or read it as a table"))
        figure.clicked.connect(lambda: self._offer_figure(figure))
        column.addWidget(label(self.tr("Show"), "small"))
        column.addWidget(self.view)
        column.addWidget(label(self.tr("Layer"), "small"))
        for widget in (self.layers, self.card, figure):
            column.addWidget(widget)
        column.addStretch(1)
        area = QScrollArea()
        area.setWidget(card)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._side_card = card
        return area

    def _fit_side(self) -> None:
        """The side is as wide as its words need; where that leaves no room beside it, it stands below."""
        bar = self._side_area.verticalScrollBar().sizeHint().width()
        needed = max(SIDE_WIDTH, self._side_card.minimumSizeHint().width() + bar)
        beside = self.width() - needed >= LETTERS_BESIDE * self.fontMetrics().averageCharWidth()
        ways = QBoxLayout.Direction.LeftToRight, QBoxLayout.Direction.TopToBottom
        self._row.setDirection(ways[not beside])
        self._side_area.setFixedWidth(needed)
        lowest = LOWEST_LINES * self.fontMetrics().lineSpacing()
        for page in (self._page_area, *self._pages.values()):  # not as high as the highest of all pages wants
            page.setMinimumSize(1, lowest)
        self._side_area.setMinimumHeight(0 if beside else self._side_card.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit_side()

    # Coming and going

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._fit_side()
        self.inquiry.wake()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.inquiry.sleep()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fit_side()

    @property
    def page(self) -> str:
        """What is shown: "flow" or the name of a page."""
        return str(self.view.currentData() or "flow")

    def set_depth(self, depth: str) -> None:
        """Offers the pages of this depth; one that is not there gives way to the flow."""
        super().set_depth(depth)
        shown = self.page
        reached = DEPTHS[: DEPTHS.index(depth) + 1]
        offered = [name for name in self._titles if self._depth_of(name) in reached]
        self.view.clear()
        for name in offered:
            self.view.addItem(self._titles[name], name)
        self._show_page(shown if shown in offered else "flow")

    def _depth_of(self, page: str) -> str:
        return {"flow": "look", "maps": "try"}.get(page, "study")

    def ready(self) -> bool:
        """Whether everything is on the screen that was asked for."""
        return self.inquiry.settled

    # Following what is seen

    def _on_change(self) -> None:
        """Another picture or network, or the first answer about it."""
        document, seen = self._document, self.inquiry.seen
        if document.current is None or document.picture is None:
            self._say_nothing()
            return
        self._stack.setCurrentIndex(1)
        crop = None if seen is None else image_of(seen.crop)
        names = class_names(document)
        self.flow.content = Content(layers=self.inquiry.flow, crop=crop, labels=names)
        self.flow.refresh()
        self._fill_layers()
        self._on_unit()
        self._say_what_is_seen()
        for page in self._pages.values():
            page.refresh()

    def _say_nothing(self) -> None:
        self._stack.setCurrentIndex(0)
        if self._document.current is None:
            self._why_nothing.setText(self.tr("Open an archive to look inside its network."))
            self._help.setText(self.tr("Open an archive…"))
        else:
            sentence = self.tr("The network has no picture to look at yet: choose one, then come back.")
            self._why_nothing.setText(sentence)
            self._help.setText(self.tr("Choose a picture"))

    def _on_help(self) -> None:
        if self._document.current is None:
            self.openWanted.emit()
        else:
            self.visitWanted.emit("try-it")

    def _say_what_is_seen(self) -> None:
        flow = self.tr(
            "Your picture runs through the network from left to right: each small image shows where one"
            " detector answers. Tap one."
        )
        page = self._pages.get(self.page)
        self._sentence.setText(flow if page is None else page.sentence())
        notes = [] if page is not None else [self._flow_caption()]
        if self._document.lesions:
            notes.append(self.tr("Parts of the network are switched off."))
        self._below.setText(" ".join(notes))
        self.flow.setAccessibleDescription(" ".join([flow, self._below.text()]))

    def _flow_caption(self) -> str:
        seen = self.inquiry.seen
        if seen is not None and seen.unit is not None:
            unit = seen.unit
            named = self.tr("{0}, unit {1}:").format(unit.layer, unit.channel)
            return f"{named} {unit_words(unit, seen.layers[unit.layer].flat)}"
        return self.tr(
            "Of each layer the maps with the largest answers; white is the layer's largest answer."
        )

    def _fill_layers(self) -> None:
        seen = self.inquiry.seen
        names = [] if seen is None else list(seen.layers)
        if names and names != [self.layers.itemText(place) for place in range(self.layers.count())]:
            self.layers.clear()
            self.layers.addItems(names)
        self._on_layer()

    def _on_layer(self) -> None:
        place = self.layers.findText(self._document.layer or "")
        self.layers.setCurrentIndex(max(0, place))

    def _on_maps(self, layer: str) -> None:
        if self.inquiry.seen is not None:
            self.flow.content.take(layer, self.inquiry.seen.maps[layer])
            self.flow.update()

    def _on_unit(self) -> None:
        seen, document = self.inquiry.seen, self._document
        unit = None if seen is None else seen.unit
        chosen = None if document.unit is None else (document.layer or "", document.unit)
        self.flow.content.selected = chosen
        self.flow.content.box = None if unit is None else unit.box
        self.flow.update()
        self.card.show_unit(seen)
        self._say_what_is_seen()

    def _on_failure(self, sentence: str) -> None:
        self._below.setText(sentence if sentence.endswith(".") else f"{sentence}.")

    def _show_page(self, name: str) -> None:
        self.view.choose(name)
        self._page_stack.setCurrentIndex(["flow", *self._pages].index(self.page))
        self._say_what_is_seen()
        if self.page in self._pages:
            self._pages[self.page].refresh()

    # Taking home

    def figures(self) -> list[Figure]:
        """The flow, or what the page shows."""
        seen, archive = self.inquiry.seen, self._document.current
        if seen is None or archive is None or self._document.picture is None:
            return []
        page = self._pages.get(self.page)
        if page is not None:
            return page.figures()
        width, height = self.flow.plan(1200, 620).width, self.flow.plan(1200, 620).height
        title = self.tr("{0} on its way through {1}").format(self._document.picture.name, archive.name)
        return [
            Figure(
                name="flow",
                title=title,
                description=self.flow.accessibleDescription(),
                paint=self.flow.paint,
                size=(width, height),
                table=self._table,
                widget=self.flow,
                facts=((self.tr("Picture"), self._document.picture.name),),
            )
        ]

    def _table(self) -> Table:
        """The largest answers of every block that is shown."""
        seen = self.inquiry.seen
        rows = []
        if seen is not None:
            for layer, maps in seen.maps.items():
                column = seen.layers[layer].column
                peaks = zip(maps.channels, (float(values.max()) for values in maps.values), strict=True)
                rows += [(layer, column, channel, peak) for channel, peak in peaks]
        return Table(("layer", "column", "unit", "largest answer"), rows)

    def _offer_figure(self, button: QPushButton) -> None:
        if self.figures():
            self._ask_for_menu(button, self.page)
        else:
            self._document.problem.emit(self.tr("There is nothing on this page to take home yet."))

    # Sessions

    def state(self) -> dict[str, Any]:
        """Which page is shown."""
        return {"page": self.page}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Shows that page again, if this depth has it."""
        if self.view.findData(state.get("page")) >= 0:
            self._show_page(str(state["page"]))
