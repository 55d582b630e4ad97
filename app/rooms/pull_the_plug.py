"""The room where parts of the network are switched off, beside what the whole network says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import QEvent, QRectF, Qt, QTimer
from PySide6.QtGui import QPainter, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from app.answers import Answer, Arrays, answer_of, look_of, percent
from app.damage_study import DamageStudy
from app.document import OpenArchive, Version, VisitorPicture, picture_of
from app.figure import Figure, Table
from app.first_layer import FilterBlock, blocks_of
from app.lesion_words import switched_off
from app.plugs import Plugs, plugs_of
from app.questions import predict
from app.room import Museum, Room
from app.selected import Lesions
from app.shipped import shipped_pictures, small_images
from app.theme import column_name, current, label
from app.widgets.answer_pair import AnswerPair
from app.widgets.filter_switches import FilterSwitches
from app.widgets.lever_panel import USUAL_COLUMNS, LeverPanel, is_off, toggled
from app.widgets.network_drawing import NetworkDrawing, Off, paint
from app.widgets.thumbnails import Thumbnails
from app.widgets.with_side import scrolled

SIDE_WIDTH = 320
NARROW_LETTERS = 90  # where a line holds fewer, the answers stand below the drawing
Question = tuple[VisitorPicture, Lesions, str, Version | None]


class PullThePlugRoom(Room):
    """Levers change the document's lesions, and everything follows these. The worker computes the answers."""

    NAME = "pull-the-plug"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document, self._worker = museum.document, museum.worker
        self._shipped = [picture_of(path) for path in shipped_pictures()]
        self._plugs = Plugs((), {}, (), False)
        self._filters: list[FilterBlock] = []
        self._asked: Question | None = None  # what was last asked
        self._now: tuple[Question, Answer] | None = None
        self._whole: tuple[Question, Answer] | None = None
        self._trouble = ""
        self.levers = LeverPanel()
        self.drawing, self.answers, self.strip = NetworkDrawing(), AnswerPair(), Thumbnails()
        self.switches = FilterSwitches()
        self.back_button = QPushButton(self.tr("Back to the trained network"))
        self.damage = DamageStudy(museum, self.figure_button("damage"), self.levers.alone)
        self._add_actions()
        self._lay_out()
        self._connect()
        QTimer.singleShot(0, self._fill_strip)
        self._on_archive_change()

    def _add_actions(self) -> None:
        switch = self.tr("Switch {0} off or on")
        texts = {f"column-{column}": switch.format(column_name(column)) for column in range(USUAL_COLUMNS)}
        texts |= {
            "cable": self.tr("Cut the cable, or join it"),
            "colour": self.tr("Switch colour off or on"),
        }
        self._thrown_by_action = tuple(texts)
        for name, text in texts.items():
            self.add_action(name, text, partial(self.throw, name))

    def _connect(self) -> None:
        document = self._document
        self.back_button.clicked.connect(self._restore_trained)
        self.levers.thrown.connect(self.throw)
        self.strip.chosen.connect(self._on_thumbnail)
        self.switches.switched.connect(self._on_filter)
        document.currentChanged.connect(self._on_archive_change)
        document.archiveUpdated.connect(self._on_archive_update)
        document.pictureChanged.connect(self._ask)
        document.wordsChanged.connect(self._on_archive_change)
        document.lesionsChanged.connect(self._on_lesions_change)

    # Layout

    def _lay_out(self) -> None:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(28, 20, 20, 20)
        column.setSpacing(10)
        self.sentence = label("", "lead")
        self._body = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._body.setSpacing(18)
        self._body.addWidget(self.drawing, 1)
        self._body.addWidget(self.answers)
        self._switch_words = label(self.tr("Press a filter of the first layer to do without it."), "heading")
        self.switches.setMinimumHeight(240)
        column.addWidget(label(self.tr("Pull the plug"), "title", wrap=False))
        column.addWidget(self.sentence)
        column.addWidget(self.levers)
        column.addLayout(self._body, 1)
        column.addWidget(self.back_button, 0, Qt.AlignmentFlag.AlignLeft)
        for part in (self.strip, self._switch_words, self.switches, self.damage):
            column.addWidget(part)
        self.back_button.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.from_depth("try", self._switch_words, self.switches)
        self.from_depth("study", self.damage)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(page))

    def _fill_strip(self) -> None:
        for path, image in small_images():
            self.strip.add(str(path), image, path.stem, own=False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fold()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._fold()

    def _fold(self) -> None:
        """What stands side by side stands one below the other where words need the room."""
        width, letter = self.width() - 60, self.fontMetrics().averageCharWidth()
        beside = width >= NARROW_LETTERS * letter
        self._body.setDirection(
            QBoxLayout.Direction.LeftToRight if beside else QBoxLayout.Direction.TopToBottom
        )
        self.answers.setMaximumWidth(max(SIDE_WIDTH, 44 * letter) if beside else 16_777_215)
        self.answers.setMinimumWidth(min(SIDE_WIDTH, width))
        self.damage.card.fold(width)

    # Levers

    def throw(self, name: str) -> None:
        """Switches off or on what a lever switches; can be undone."""
        if self.levers.can_throw(name):
            changed = toggled(name, self._document.lesions)
            words = self.tr("{0} off") if is_off(name, changed) else self.tr("{0} on")
            self._document.set_lesions(changed, words.format(switched_off(toggled(name, Lesions()))))

    def _on_filter(self, layer: str, unit: int) -> None:
        off, one = self._document.lesions, (layer, unit)
        words = self.tr("filter {0} of {1} on") if one in off.units else self.tr("filter {0} of {1} off")
        self._document.set_lesions(replace(off, units=off.units ^ {one}), words.format(unit, layer))

    def _restore_trained(self) -> None:
        self._document.restore_trained(self.tr("back to the trained network"))

    # Following the document

    @property
    def picture(self) -> VisitorPicture:
        """The visitor's, or the first that ships while there is none: the room is never without an answer."""
        return self._document.picture or self._shipped[0]

    def _on_archive_change(self) -> None:
        archive = self._document.current
        if archive is None:
            self._plugs, self._filters = Plugs((), {}, (), False), []
        else:
            self._plugs = plugs_of(archive.network)
            weights = self._document.attempt(archive.first_layer_weights, None)
            self._filters = [] if weights is None else blocks_of(archive.network, weights)
        self.levers.show_plugs(self._plugs)
        for name in self._thrown_by_action:
            self.museum.actions[f"{self.NAME}-{name}"].setEnabled(self.levers.can_throw(name))
        self.drawing.show_network(None if archive is None else archive.network)
        self._asked = self._now = self._whole = None
        self.answers.clear()
        self.damage.begin(archive)
        always: tuple[QWidget, ...] = (self.drawing, self.answers, self.back_button, self.strip, self.levers)
        for part in (*always, self.damage):
            self.want(part, archive is not None)
        for part in (self._switch_words, self.switches):
            self.want(part, bool(self._filters))
        self._on_lesions_change()

    def _on_archive_update(self, archive: OpenArchive) -> None:
        """Other weights are another network; a longer log changes nothing."""
        if archive is self._document.current and (self._asked is None or archive.version != self._asked[3]):
            self._on_archive_change()

    def _on_lesions_change(self) -> None:
        lesions, plugs = self._document.lesions, self._plugs
        cut = frozenset(reader for _, reader in plugs.cable) if lesions.cut else frozenset()
        self.drawing.show_off(Off(lesions.columns, plugs.silent(lesions), cut))
        self.levers.show_lesions(lesions)
        if self._filters:
            self.switches.show_filters(self._filters, lesions.units)
        self.back_button.setEnabled(bool(lesions))
        self.damage.follow()
        self._ask()

    def _on_thumbnail(self, key: str) -> None:
        picture = next(picture for picture in self._shipped if str(picture.path) == key)
        self._document.show_pictures([picture])

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._ask()

    def ready(self) -> bool:
        """Whether everything is on the screen that was asked for."""
        return self._asked is None or self._trouble != "" or (self._both_known() and self.damage.ready())

    # Asking

    def _question(self, lesions: Lesions) -> Question | None:
        archive = self._document.current
        return None if archive is None else (self.picture, lesions, str(archive.path), archive.version)

    def _ask(self) -> None:
        """Asks what is not known yet; while nobody is in the room, nothing."""
        now, whole = self._question(self._document.lesions), self._question(Lesions())
        if not self.isVisible() or now is None or whole is None:
            self._say()
            return
        self._asked, self._trouble = now, ""
        if self._whole is not None and self._whole[0] != whole:
            self._whole = None
        self.answers.name_now(switched_off(self._document.lesions))
        self.answers.fade(whole=self._whole is None)
        self._request("plug-now", now)
        if now != whole and self._whole is None:
            self._request("plug-whole", whole)
        else:
            self._worker.cancel("plug-whole")
        self._say()

    def _request(self, kind: str, question: Question) -> None:
        picture, lesions, archive, _ = question
        message, arrays = predict(picture, archive, 1, lesions)
        failed = partial(self._on_failure, question)
        self._worker.request(kind, message, partial(self._on_answer, question), failed, arrays)

    def _on_answer(self, question: Question, message: dict[str, Any], arrays: Arrays) -> None:
        """An answer is shown only to the question that is being asked now."""
        answer = answer_of(message, self._document.unnamed)
        if question == self._question(self._document.lesions):
            self._now = question, answer
            self.answers.show_now(answer, look_of(message, arrays))
        if question == self._question(Lesions()):
            self._whole = question, answer
            self.answers.show_whole(answer)
        self._say()

    def _on_failure(self, question: Question, sentence: str) -> None:
        if question in (self._question(self._document.lesions), self._question(Lesions())):
            self._trouble = sentence if sentence.endswith(".") else f"{sentence}."
            self._now = self._whole = None
            self.answers.clear()
            self._say()

    def _both_known(self) -> bool:
        now, whole = self._now, self._whole
        return (
            now is not None
            and whole is not None
            and now[0] == self._question(self._document.lesions)
            and whole[0] == self._question(Lesions())
        )

    # Saying

    def _say(self) -> None:
        """One sentence from the answers."""
        self.sentence.setText(self._words())
        self.drawing.setAccessibleName(self.tr("The network, with what is switched off drawn faint"))
        off = switched_off(self._document.lesions)
        self.drawing.setAccessibleDescription(
            self.tr("Switched off: {0}.").format(off) if off else self.tr("Nothing is switched off.")
        )

    def _words(self) -> str:
        if self._document.current is None:
            return self.tr("Open an archive: then parts of its network can be switched off here.")
        if self._trouble:
            return self._trouble
        off = switched_off(self._document.lesions)
        if not self._both_known() or self._now is None or self._whole is None:
            return self.tr("Pull a lever: the network must answer without a part of itself.")
        if not self._now[1].guesses or not self._whole[1].guesses:
            return ""
        now, whole = self._now[1].guesses[0], self._whole[1].guesses[0]
        sure = percent(now.probability), percent(whole.probability)
        if not off:
            sentence = self.tr("Whole, the network says {0} ({1}). Pull a lever: what does it say then?")
            return sentence.format(whole.short, sure[1])
        if now.label == whole.label:
            sentence = self.tr("Without {0} it still says {1}: {2} sure, and {3} when whole.")
            return sentence.format(off, now.short, *sure)
        sentence = self.tr("Without {0} it says {1} ({2}); the whole network says {3} ({4}).")
        return sentence.format(off, now.short, sure[0], whole.short, sure[1])

    # Figures

    def figures(self) -> list[Figure]:
        """The network with what is off and both answers; the damage, and the damage by class."""
        archive = self._document.current
        if archive is None:
            return []
        off = switched_off(self._document.lesions) or self.tr("nothing")
        drawn = Figure(
            name="switched-off",
            title=self.tr("{0}, switched off: {1}").format(archive.name, off),
            description=f"{self.drawing.accessibleDescription()} {self.sentence.text()}",
            paint=self._paint_drawing,
            size=(float(self.drawing.width()), float(self.drawing.height())),
            table=self._answer_table,
            widget=self.drawing,
            facts=((self.tr("Picture"), self.picture.name), (self.tr("Switched off"), off)),
        )
        return [drawn, *self.damage.figures()]

    def _paint_drawing(self, painter: QPainter, box: QRectF) -> None:
        drawing = self.drawing.draw(box.width(), box.height())
        if drawing is not None:
            painter.translate(box.topLeft())
            paint(painter, drawing, current(), off=self.drawing.off)

    def _answer_table(self) -> Table:
        found = (("now", self._now), ("whole", self._whole))
        rows = [
            (name, place + 1, guess.label, guess.probability)
            for name, known in found
            if known is not None
            for place, guess in enumerate(known[1].guesses)
        ]
        return Table(("network", "place", "class", "probability"), rows)
