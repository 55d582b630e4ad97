"""Which pixels a class or a unit owes its answer to: four ways to ask, laid over the picture."""

from __future__ import annotations

from typing import Any

import numpy as np
from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QSlider, QVBoxLayout, QWidget

from app.answers import Arrays, percent
from app.archive_words import decimal
from app.figure import Figure, Table
from app.inside.blending import Bytes, Values, blend, hidden_strength, signed
from app.inside.inquiry import Inquiry
from app.inside.page import Page
from app.pixels import Box, draw_pixels, paint_box
from app.probe_facts import class_names, word_of
from app.theme import TARGET_PX, label
from app.widgets.select import Select
from app.widgets.tile_sheet import image_of

AT_ONCE = 16  # hidden squares a question: an answer comes often enough to be watched
TOP = 5
UNIT = "unit"
LETTERS = 8  # of an entry of a list that are in sight at least


class Picture(QWidget):
    """Pixels as large as they fit, crisp, with a frame around the receptive field."""

    def __init__(self) -> None:
        super().__init__()
        self.pixels: Bytes | None = None
        self.box: Box | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)

    def show_pixels(self, pixels: Bytes | None, box: Box | None = None) -> None:
        """Shows other pixels (h, w, 3), or nothing."""
        self.pixels, self.box = pixels, box
        self.update()

    def paint(self, painter: QPainter, room: QRectF) -> None:
        """Draws them into the middle of a rectangle."""
        if self.pixels is None:
            return
        image = image_of(self.pixels)
        side = min(room.width(), room.height())
        target = QRectF(0, 0, side, side)
        target.moveCenter(room.center())
        draw_pixels(painter, target, image)
        if self.box is not None and self.box != (0, 0, *self.pixels.shape[:2]):
            paint_box(painter, target, image, self.box)

    def sizeHint(self) -> QSize:
        return QSize(300, 300)

    def minimumSizeHint(self) -> QSize:
        return QSize(140, 140)

    def paintEvent(self, _event: QPaintEvent) -> None:
        self.paint(QPainter(self), QRectF(self.rect()))


class WhyPage(Page):
    """Target, rule and blend can be chosen; occlusion grows square by square."""

    def __init__(self, inquiry: Inquiry) -> None:
        super().__init__(inquiry)
        self.rules = {
            "gradient": self.tr("Gradient"),
            "guided": self.tr("Guided gradient"),
            "deconvolution": self.tr("Deconvolution"),
            "occlusion": self.tr("Hide parts of it"),
        }
        self.target, self.rule = (
            Select(self.tr("Whose answer"), LETTERS),
            Select(self.tr("How it is asked"), LETTERS),
        )
        self.blending = QSlider(Qt.Orientation.Horizontal)
        self.laid_over, self.signal = Picture(), Picture()
        self._said = label("", "muted")
        self._strength: Values | None = None
        self._answers: Values | None = None
        self._box: Box | None = None
        self._whole = 0.0
        self._shown: object = None
        self._make_controls()
        self._lay_out()
        inquiry.mapsArrived.connect(self._fill_targets)
        inquiry.unitChanged.connect(self._on_unit)

    def _make_controls(self) -> None:
        for key, words in self.rules.items():
            self.rule.addItem(words, key)
        self.blending.setAccessibleName(self.tr("How much of the map lies over the picture"))
        self.blending.setRange(0, 100)
        self.blending.setValue(65)
        self.blending.setMinimumHeight(TARGET_PX)
        self.laid_over.setAccessibleName(self.tr("The picture and what counts in it"))
        self.signal.setAccessibleName(self.tr("The signal at the pixels"))
        self.target.activated.connect(lambda _place: self.ask())
        self.rule.activated.connect(lambda _place: self.ask())
        self.blending.valueChanged.connect(lambda _value: self._draw())

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        controls = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        for part in (self.target, self.rule):
            controls.addWidget(part, 1)
        column.addLayout(controls)
        pictures = QHBoxLayout()
        pictures.setSpacing(14)
        pictures.addWidget(self.laid_over, 1)
        pictures.addWidget(self.signal, 1)
        column.addLayout(pictures, 1)
        column.addWidget(self.blending)
        column.addWidget(self._said)

    # What is asked

    def _fill_targets(self, layer: str) -> None:
        """The best classes, as soon as they are known, and the unit that is selected."""
        seen, archive = self.inquiry.seen, self.inquiry.archive
        if seen is None or archive is None or layer != archive.network["probabilities"]:
            return
        maps, before = seen.maps[layer], self.target.currentData()
        names = class_names(self.inquiry.document)
        self.target.clear()
        for channel, values in list(zip(maps.channels, maps.values, strict=True))[:TOP]:
            words = self.tr("{0}, {1}").format(word_of(names, channel), percent(float(values.max())))
            self.target.addItem(words, channel)
        self._name_unit()
        self.target.setCurrentIndex(max(0, self.target.findData(before) if before == UNIT else 0))
        self.refresh()

    def _name_unit(self) -> None:
        """The last of the targets is the selected unit, where there is one."""
        seen = self.inquiry.seen
        unit = None if seen is None else seen.unit
        place = self.target.findData(UNIT)
        if unit is None:
            if place >= 0:
                self.target.removeItem(place)
            return
        words = self.tr("{0}, unit {1}").format(unit.layer, unit.channel)
        if place >= 0:
            self.target.setItemText(place, words)
        else:
            self.target.addItem(words, UNIT)

    def _on_unit(self) -> None:
        self._name_unit()
        if self.target.currentData() == UNIT:
            self.refresh()

    def _about(self) -> dict[str, Any] | None:
        """The class or unit that is asked about, in the words of the protocol."""
        seen, target = self.inquiry.seen, self.target.currentData()
        if seen is None or target is None:
            return None
        if target != UNIT:
            return {"class": int(target)}
        unit = seen.unit
        if unit is None:
            return None
        place = {"row": unit.row, "column": unit.column}
        return {"layer": unit.layer, "channel": unit.channel, **place}

    def refresh(self) -> None:
        if self.isVisible() and self._about() is not None and self._key() != self._shown:
            self.ask()

    def _key(self) -> object:
        """What is another for another question."""
        seen = self.inquiry.seen
        return seen and seen.number, repr(self._about()), self.rule.currentData()

    def ask(self) -> None:
        """Asks anew, by the rule that is chosen."""
        about = self._about()
        if about is None:
            return
        self._shown = self._key()
        self._strength = self._answers = self._box = None
        for kind in ("attribution", "occlusion"):
            self.inquiry.cancel(kind)
        if self.rule.currentData() == "occlusion":
            self._ask_for_squares(about, 0)
        else:
            more = {"rule": self.rule.currentData(), **about}
            self.inquiry.request("attribution", self._on_signal, do="attribution", **more)

    def _ask_for_squares(self, about: dict[str, Any], first: int) -> None:
        def answered(message: dict[str, Any], arrays: Arrays) -> None:
            self._on_squares(message, arrays["answers"])
            if first + AT_ONCE < int(message["total"]):
                self._ask_for_squares(about, first + AT_ONCE)

        more = {"first": first, "count": AT_ONCE, **about, **self.inquiry.lesions()}
        self.inquiry.request("occlusion", answered, do="occlusion", **more)

    # What is answered

    def _on_signal(self, message: dict[str, Any], arrays: Arrays) -> None:
        self._strength = arrays["strength"].astype(np.float32) / np.float32(255)
        top, left, bottom, right = (int(edge) for edge in message["field"])
        self._box = (top, left, bottom, right)
        self.signal.show_pixels(signed(arrays["map"].astype(np.float32)), self._box)
        if float(message["largest"]) == 0:
            self._said.setText(self.tr("It does not answer here, so nothing comes back to the pixels."))
        else:
            self._said.setText(self._words())
        self._draw()

    def _on_squares(self, message: dict[str, Any], answers: Values) -> None:
        total, first = int(message["total"]), int(message["first"])
        if self._answers is None or len(self._answers) != total:
            self._answers = np.full(total, np.nan, np.float32)
        self._answers[first : first + len(answers)] = answers
        self._whole = float(message["answer"])
        seen = self.inquiry.seen
        if seen is None:
            return
        sizes = seen.crop.shape[0], int(message["size"]), int(message["stride"])
        self._strength = hidden_strength(self._answers, self._whole, *sizes)
        known = np.where(np.isnan(self._answers), self._whole, self._answers).astype(np.float32)
        grid = known.reshape(int(message["places"]), -1)
        span = float(np.abs(grid - self._whole).max()) or 1.0
        self.signal.show_pixels(signed((grid - self._whole)[None] / span))
        words = self.tr("{0} of {1} squares were hidden. Whole, it answers {2}; at worst {3}.")
        lowest = float(np.nanmin(self._answers))
        done = int((~np.isnan(self._answers)).sum())
        answers_said = decimal(self._whole, 3), decimal(lowest, 3)
        self._said.setText(words.format(done, total, *answers_said))
        self._draw()

    def _words(self) -> str:
        said = {
            "gradient": self.tr(
                "Bright: a small change of this pixel would change the answer most. Right: which way."
            ),
            "guided": self.tr(
                "As the gradient, but only what raises the answer all the way through every rectifier."
            ),
            "deconvolution": self.tr(
                "The answer sent back through the layers: what in the picture it could have come from."
            ),
        }
        return said.get(str(self.rule.currentData()), "")

    def _draw(self) -> None:
        seen = self.inquiry.seen
        if seen is None or self._strength is None:
            self.laid_over.show_pixels(None if seen is None else seen.crop)
            return
        pixels = blend(seen.crop, self._strength, self.blending.value() / 100)
        self.laid_over.show_pixels(pixels, self._box)
        for part in (self.laid_over, self.signal):
            part.setAccessibleDescription(self._title())

    def _title(self) -> str:
        named = self.target.currentText(), self.rule.currentText()
        return self.tr("{0}: {1}. {2}").format(*named, self._said.text())

    def sentence(self) -> str:
        return self.tr("Which pixels the answer hangs on: the brighter, the more. Ask in four ways.")

    def figures(self) -> list[Figure]:
        strength = self._strength
        if strength is None or self.inquiry.seen is None:
            return []
        rows = [tuple(round(float(value), 4) for value in row) for row in strength]
        columns = tuple(str(place) for place in range(strength.shape[1]))
        return [
            Figure(
                name="why",
                title=self.tr("{0}, {1}").format(self.target.currentText(), self.rule.currentText()),
                description=self._title(),
                paint=self.paint,
                size=(640.0, 320.0),
                table=lambda: Table(columns, rows),
                widget=self.laid_over,
                facts=((self.tr("Rule"), self.rule.currentText()),),
            )
        ]

    def paint(self, painter: QPainter, box: QRectF) -> None:
        """Both pictures side by side."""
        half = box.width() / 2
        self.laid_over.paint(painter, QRectF(box.left(), box.top(), half - 6, box.height()))
        self.signal.paint(painter, QRectF(box.left() + half + 6, box.top(), half - 6, box.height()))
