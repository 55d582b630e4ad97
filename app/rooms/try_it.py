"""The room where the network is shown a picture: the visitor's own, one that ships, or what a camera sees."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QMimeData, QTimer
from PySide6.QtGui import QGuiApplication, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QPushButton, QVBoxLayout

from app import questions
from app.answers import Answer, Arrays, Look, answer_of, look_of, percent
from app.batch import Batch
from app.camera_button import CameraButton
from app.document import OpenArchive, Version, VisitorPicture, picture_of
from app.drops import PICTURE_SUFFIXES
from app.figure import Figure
from app.guess_figure import guess_figure
from app.handed_over import HandedOver, from_paths, handed_over
from app.room import Museum, Room
from app.selected import Lesions
from app.shipped import shipped_pictures, small_images
from app.theme import label
from app.widgets.batch_table import BatchTable
from app.widgets.guess_card import GuessCard
from app.widgets.lesion_notice import LesionNotice
from app.widgets.picture_drop import PictureDrop
from app.widgets.thumbnails import Thumbnails
from app.widgets.tile_sheet import image_of
from app.widgets.with_side import WithSide

STAGE_PX = 320  # height of the picture where the guesses are below it
WAKING_MS = 400  # a shorter wait is not worth words
MANY_VIEWS = 10
Question = tuple[VisitorPicture, Lesions, str, Version | None]


class TryItRoom(Room):
    """Shows one picture and its guesses, or many in a table. All decoding and computing is the worker's."""

    NAME = "try-it"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document, self._worker = museum.document, museum.worker
        self._shipped = {str(path): picture_of(path) for path in shipped_pictures()}
        self._seen: dict[str, VisitorPicture] = {}
        self._awake = False  # the worker has answered since its start
        self._asked: Question | None = None  # what was last asked
        self._asking = False  # the last word on the selected picture has not been said
        self._previewed = False  # the selected picture is on the stage
        self._answered: tuple[Question, Answer, Look] | None = None
        self.stage, self.strip = PictureDrop(), Thumbnails()
        self.card = GuessCard(self.figure_button("guesses"))
        self.bars, self.ten_views = self.card.bars, self.card.ten_views
        self.camera = CameraButton()
        self.lesion_notice = LesionNotice()
        self.batch = Batch(museum.worker, self)
        self.table = BatchTable(self.batch)
        self._waking = QTimer(self, singleShot=True, interval=WAKING_MS)
        self._lay_out()
        self._connect()
        QTimer.singleShot(0, self._fill_strip)
        self._on_archive_change()
        self._on_pictures_change()

    def _connect(self) -> None:
        document = self._document
        self._waking.timeout.connect(self._say_waiting)
        self.stage.dropped.connect(self.take)
        self.strip.chosen.connect(self._on_thumbnail)
        self.ten_views.toggled.connect(self._ask)
        self.camera.photographed.connect(self._on_frame)
        self.camera.kept.connect(self._ask)
        self.camera.failed.connect(self._on_camera_failure)
        self.lesion_notice.restoreWanted.connect(self._restore_trained)
        self.table.pictureChosen.connect(document.select_picture)
        self.table.closed.connect(self._leave_batch)
        self.table.failed.connect(document.problem)
        document.currentChanged.connect(self._on_archive_change)
        document.archiveUpdated.connect(self._on_archive_update)
        document.picturesChanged.connect(self._on_pictures_change)
        document.pictureChanged.connect(self._ask)
        document.lesionsChanged.connect(self._on_network_change)
        document.wordsChanged.connect(self._on_network_change)
        self._worker.available.connect(self._on_available)

    def ready(self) -> bool:
        """Whether everything is on the screen that was asked for."""
        return not self._asking and len(self.strip.keys) >= len(self._shipped)

    # Layout

    def _lay_out(self) -> None:
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(label(self.tr("Try it"), "title", wrap=False))
        column.addWidget(
            label(self.tr("Give the network a picture, or tap one below: it says what it sees."), "lead")
        )
        column.addWidget(self.lesion_notice)
        column.addWidget(self.stage, 3)
        column.addLayout(self._buttons())
        column.addWidget(self._notes)
        column.addWidget(self.strip)
        column.addWidget(self.table, 3)
        body = WithSide(column, self.card)
        body.folded.connect(lambda below: self.stage.setMinimumHeight(STAGE_PX if below else 0))
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(body)
        self.from_depth("try", self.ten_views, self.camera)
        self.from_depth("study", self.card.rule, self.card.figure_button)

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.open_button = QPushButton(self.tr("Open pictures…"))
        self.paste_button = QPushButton(self.tr("Paste"))
        self.open_button.clicked.connect(self._ask_for_files)
        self.paste_button.clicked.connect(self._paste)
        self._notes = label("", "small")
        for button in (self.open_button, self.paste_button, self.camera):
            row.addWidget(button)
        row.addStretch(1)
        return row

    def _fill_strip(self) -> None:
        """The pictures that ship, read after the first paint and at the size of a thumbnail."""
        for path, image in small_images():
            self.strip.add(str(path), image, path.stem, own=False)

    # Handing in

    def take(self, mime: QMimeData) -> None:
        """Takes what was dropped or pasted: files, folders, or pixels from another program."""
        self._take(handed_over(mime))

    def _paste(self) -> None:
        self.take(QGuiApplication.clipboard().mimeData() or QMimeData())

    def _take(self, given: HandedOver) -> None:
        self.camera.stop()
        for path in given.archives:
            self._document.open(path)
        if given.pictures:
            self._document.show_pictures(given.pictures)
        elif given.trouble:
            self._fail(given.trouble)

    def _ask_for_files(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        names, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Open pictures"), "", self.tr("Pictures ({0})").format(kinds)
        )
        if names:
            self._take(from_paths([Path(name) for name in names]))

    def _on_thumbnail(self, key: str) -> None:
        self.camera.stop()
        self._document.show_pictures([self._shipped.get(key) or self._seen[key]])

    def _on_frame(self, picture: VisitorPicture) -> None:
        """What the camera sees now; the next frame is taken when this one has its answer."""
        self._document.show_pictures([picture])

    def _on_camera_failure(self, sentence: str) -> None:
        self._note(sentence)

    # Following the document

    def _on_archive_change(self) -> None:
        archive = self._document.current
        self.want(self.ten_views, archive is not None and self._has_more_views())
        self._on_network_change()

    def _on_archive_update(self, archive: OpenArchive) -> None:
        """New weights of a run in progress are shown the same picture; a longer log changes nothing."""
        if archive is self._document.current and (self._asked is None or archive.version != self._asked[3]):
            self._on_network_change()

    def _on_network_change(self) -> None:
        """What was said before was said by another network, or in other words."""
        self.strip.forget_guesses()
        if len(self._document.pictures) > 1:
            self._on_pictures_change()
        self.lesion_notice.show_lesions(self._document.lesions)
        self._ask()

    def _restore_trained(self) -> None:
        self._document.restore_trained(self.tr("back to the trained network"))

    def _has_more_views(self) -> bool:
        """Whether the network sees less than the whole picture: then there are corners to look at."""
        archive = self._document.current
        if archive is None:
            return False
        mean = self._document.attempt(archive.mean, None)
        return mean is not None and int(mean.shape[-1]) > int(archive.network["image_shape"][-1])

    def _on_pictures_change(self) -> None:
        """One picture: the strip is below it. Many: the table, and the queue starts."""
        pictures, archive = self._document.pictures, self._document.current
        many = len(pictures) > 1
        self.batch.cancel()
        self.strip.setVisible(not many)
        self.table.setVisible(many)
        if many and archive is not None:
            document = self._document
            self.batch.start(str(archive.path), pictures, document.lesions, document.unnamed)
            self.table.begin()

    def _leave_batch(self) -> None:
        self.batch.cancel()
        self.strip.setVisible(True)
        self.table.setVisible(False)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._asked is None or self._asked != self._question():
            self._ask()

    # Asking

    def _question(self) -> Question | None:
        """What an answer must be about to be shown."""
        picture, archive = self._document.picture, self._document.current
        if picture is None or archive is None:
            return None
        return picture, self._document.lesions, str(archive.path), archive.version

    def _ask(self) -> None:
        """Asks about the selected picture; whatever was being asked about another is dropped."""
        for kind in ("preview", "predict"):
            self._worker.cancel(kind)
        question = self._question()
        self._asked, self._answered = None, None
        if not self.isVisible():
            self._asking = False
            return
        if question is None and self._document.picture is not None:
            self._fail(self.tr("Open an archive first: the picture needs a network to look at it."))
        elif question is None:
            self._clear()
        else:
            self._asked, self._asking, self._previewed = question, True, False
            self.card.fade()
            self._waking.start()
            message, arrays = questions.preview(question[0], question[2])
            self._worker.request("preview", message, partial(self._on_preview, question), self._fail, arrays)
            self._predict(question, 1)

    def _predict(self, question: Question, views: int, looks: int = 0) -> None:
        picture, lesions, archive, _ = question
        message, arrays = questions.predict(picture, archive, views, lesions, looks)
        self._worker.request("predict", message, partial(self._on_answer, question), self._fail, arrays)

    def _on_preview(self, question: Question, message: dict[str, Any], arrays: Arrays) -> None:
        if question == self._question() and not self._document.lesions.grey:
            self._show(look_of(message, arrays))

    def _on_answer(self, question: Question, message: dict[str, Any], arrays: Arrays) -> None:
        """Shows an answer to what is selected, and goes on looking where there are more views."""
        if question != self._question():
            return
        self._awake = True
        self._waking.stop()
        answer = answer_of(message, self._document.unnamed)
        self.card.show_answer(answer)
        if not answer.looks:
            look = look_of(message, arrays)
            self._answered = question, answer, look
            self._show(look)
        elif self._answered is not None:
            self._answered = question, answer, self._answered[2]
        self.stage.show_view(answer.view)
        self._asking = self._looks_on(answer)
        if self._asking:
            self._predict(question, MANY_VIEWS, looks=max(2, answer.looks + 1))
        else:
            self.stage.show_view(None)
            self._remember(answer)
            self.camera.go_on()

    def _looks_on(self, answer: Answer) -> bool:
        """Whether there are more looks to come. A camera's picture is looked at once."""
        if not self._has_ten_views() or self.camera.running:
            return False
        return not answer.looks or answer.looks < answer.views

    def _has_ten_views(self) -> bool:
        return self.ten_views.isChecked() and self._has_more_views()

    def _show(self, look: Look) -> None:
        self._previewed = True
        self.stage.show_look(look)
        self.card.show_look(look)
        self._note(" ".join(look.notes))

    def _note(self, text: str) -> None:
        """Says below the picture what had to be done to it, or nothing."""
        self._notes.setText(text)
        self.want(self._notes, bool(text))

    def _remember(self, answer: Answer) -> None:
        """Puts the picture into the strip with its best guess."""
        picture, known = self._document.picture, self._answered
        if picture is None or known is None or len(self._document.pictures) > 1 or self.camera.running:
            return
        key = _key(picture)
        if key not in self._shipped:
            self._seen[key] = picture
            self.strip.add(key, image_of(known[2].pixels), picture.name, own=True)
        if self.card.abstains:
            self.strip.say(key, self.tr("no good word"))
        elif answer.guesses:
            best = answer.guesses[0]
            self.strip.say(key, f"{best.short} {percent(best.probability)}")

    def _fail(self, sentence: str) -> None:
        """Says in the picture's place what went wrong."""
        self._waking.stop()
        for kind in ("preview", "predict"):
            self._worker.cancel(kind)
        self._clear()
        self.stage.show_sentence(sentence if sentence.endswith(".") else f"{sentence}.")
        self.camera.go_on()

    def _clear(self) -> None:
        self._asking, self._answered = False, None
        self.stage.show_sentence("")
        self.card.clear()
        self._note("")

    def _say_waiting(self) -> None:
        """Said of what takes longer: torch is being loaded, or a large picture decoded."""
        text = self.tr("Looking …") if self._awake else self.tr("The network is waking up …")
        self.card.say(text)
        if not self._previewed:
            self.stage.show_sentence(text)

    def _on_available(self, available: bool) -> None:
        self._awake = available

    # Figures

    def figures(self) -> list[Figure]:
        """The guesses for the selected picture."""
        archive, known = self._document.current, self._answered
        if archive is None or known is None:
            return []
        (picture, lesions, *_), answer, look = known
        title = self.tr("{0} as {1} sees it").format(picture.name, archive.name)
        return [guess_figure(title, picture.name, answer, look.crop, lesions, self.card)]


def _key(picture: VisitorPicture) -> str:
    """The same picture again has the same key: a path, or the bytes themselves."""
    return str(picture.path) if picture.path is not None else f"bytes:{hash(picture.data)}"
