"""The room where the network is shown a picture: the visitor's own, or one that ships."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QImage, QImageWriter
from PySide6.QtWidgets import (
    QCheckBox,
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app import questions
from app.answers import Arrays, Look, answer_of, look_of, percent, results_csv
from app.batch import Batch
from app.document import OpenArchive, Version, VisitorPicture, picture_of, pictures_of
from app.drops import PICTURE_SUFFIXES, sort_paths
from app.room import Museum, Room
from app.shipped import shipped_pictures, small_images
from app.theme import TARGET_PX, label
from app.widgets.bars import GuessBars
from app.widgets.batch_table import BatchTable
from app.widgets.picture_drop import PictureDrop
from app.widgets.pixel_view import PixelView
from app.widgets.thumbnails import Thumbnails
from app.widgets.tile_sheet import image_of

SIDE_WIDTH = 340
CROP_PX = 288  # 32 x 32 nine times, 24 x 24 twelve times, what the network of 2012 saw one to one
WAKING_MS = 400  # a shorter wait is not worth words


class TryItRoom(Room):
    """Shows one picture and its guesses, or many in a table. All decoding and computing is the worker's."""

    NAME = "try-it"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document, self._worker = museum.document, museum.worker
        self._shipped = {str(path): picture_of(path) for path in shipped_pictures()}
        self._seen: dict[str, VisitorPicture] = {}
        self._awake = False  # the worker has answered since its start
        self._asked_version: Version | None = None  # of the archive's file, when it was last asked
        self._asking = False  # the last word on the selected picture has not been said
        self._previewed = False  # the selected picture is on the stage
        self.stage = PictureDrop()
        self.bars = GuessBars()
        self.crop = PixelView(CROP_PX)
        self.strip = Thumbnails()
        self.batch = Batch(museum.worker, self)
        self.table = BatchTable(self.batch)
        self.ten_views = QCheckBox(self.tr("Look ten times"))
        self._crop_text = label("", "small")
        self._status = label("", "muted")
        self._waking = QTimer(self)
        self._lay_out()
        self._connect()
        QTimer.singleShot(0, self._fill_strip)
        self._on_archive_change()
        self._on_pictures_change()

    def _connect(self) -> None:
        self._waking.setSingleShot(True)
        self._waking.setInterval(WAKING_MS)
        self._waking.timeout.connect(self._say_waiting)
        self.stage.dropped.connect(self.take)
        self.strip.chosen.connect(self._on_thumbnail)
        self.ten_views.toggled.connect(self._ask)
        self.table.pictureChosen.connect(self._document.select_picture)
        self.table.keepWanted.connect(self._keep_table)
        self.table.closed.connect(self._leave_batch)
        self._document.currentChanged.connect(self._on_archive_change)
        self._document.archiveUpdated.connect(self._on_archive_update)
        self._document.picturesChanged.connect(self._on_pictures_change)
        self._document.pictureChanged.connect(self._ask)
        self._worker.available.connect(self._on_available)

    def ready(self) -> bool:
        """Whether everything is on the screen that was asked for."""
        return not self._asking and len(self.strip.keys) >= len(self._shipped)

    # Layout

    def _lay_out(self) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(28, 20, 20, 20)
        row.setSpacing(20)
        column = QVBoxLayout()
        column.setSpacing(10)
        column.addWidget(label(self.tr("Try it"), "title", wrap=False))
        column.addWidget(
            label(self.tr("Give the network a picture, or tap one below: it says what it sees."), "lead")
        )
        column.addWidget(self.stage, 3)
        column.addLayout(self._buttons())
        column.addWidget(self.strip)
        column.addWidget(self.table, 3)
        row.addLayout(column, 1)
        row.addWidget(self._side())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        self.open_button = QPushButton(self.tr("Open pictures…"))
        self.paste_button = QPushButton(self.tr("Paste"))
        self.open_button.clicked.connect(self._ask_for_files)
        self.paste_button.clicked.connect(
            lambda: self.take(QGuiApplication.clipboard().mimeData() or QMimeData())
        )
        self._notes = label("", "small")
        row.addWidget(self.open_button)
        row.addWidget(self.paste_button)
        row.addWidget(self._notes, 1)
        return row

    def _side(self) -> QWidget:
        card = QFrame()
        card.setProperty("role", "card")
        column = QVBoxLayout(card)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(8)
        column.addWidget(label(self.tr("What the network sees"), "heading"))
        column.addWidget(self.crop)
        column.addWidget(self._crop_text)
        column.addSpacing(8)
        column.addWidget(label(self.tr("What it says"), "heading"))
        column.addWidget(self.bars)
        column.addWidget(self._status)
        self.ten_views.setMinimumHeight(TARGET_PX)
        self.ten_views.setChecked(True)
        tip = self.tr("Corners, middle, and the mirror image of each, as in 2012: the mean of ten answers.")
        self.ten_views.setToolTip(tip)
        column.addWidget(self.ten_views)
        column.addStretch()
        area = QScrollArea()
        area.setWidget(card)
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its contents take the focus and are scrolled to
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFixedWidth(SIDE_WIDTH)
        return area

    def _fill_strip(self) -> None:
        """The pictures that ship, read after the first paint and at the size of a thumbnail."""
        for path, image in small_images():
            self.strip.add(str(path), image, path.stem, own=False)

    # Handing in

    def take(self, mime: QMimeData) -> None:
        """Takes what was dropped or pasted: files, folders, or pixels from another program."""
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        image = QImage(mime.imageData()) if mime.hasImage() and not paths else QImage()
        if paths:
            self._take_paths(paths)
        elif not image.isNull():
            self._document.show_pictures([pasted(image, self.tr("Pasted picture"))])
        elif mime.hasUrls():
            self._fail(
                self.tr(
                    "Only an address was handed over, not the picture: save it first, then drop the file."
                )
            )
        else:
            self._fail(self.tr("There is no picture in what was handed over."))

    def _paste(self) -> None:
        self.take(QGuiApplication.clipboard().mimeData() or QMimeData())

    def _take_paths(self, paths: list[Path]) -> None:
        found = sort_paths(paths)
        for path in found.archives:
            self._document.open(path)
        if found.pictures:
            self._document.show_pictures(pictures_of(found.pictures))
        elif found.refused:
            name = found.refused[0].name
            self._fail(self.tr("{0} holds no picture that can be shown here.").format(name))

    def _ask_for_files(self) -> None:
        kinds = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        names, _ = QFileDialog.getOpenFileNames(
            self, self.tr("Open pictures"), "", self.tr("Pictures ({0})").format(kinds)
        )
        if names:
            self._take_paths([Path(name) for name in names])

    def _on_thumbnail(self, key: str) -> None:
        self._document.show_pictures([self._shipped.get(key) or self._seen[key]])

    # Following the document

    def _on_archive_change(self) -> None:
        archive = self._document.current
        self.ten_views.setVisible(archive is not None and self._has_more_views())
        self._ask()

    def _on_archive_update(self, archive: OpenArchive) -> None:
        """New weights of a run in progress are shown the same picture; a longer log changes nothing."""
        if archive is self._document.current and archive.version != self._asked_version:
            self._ask()

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
            self.batch.start(str(archive.path), pictures)
            self.table.begin()

    def _leave_batch(self) -> None:
        self.batch.cancel()
        self.strip.setVisible(True)
        self.table.setVisible(False)

    # Asking

    def _ask(self) -> None:
        """Asks about the selected picture; whatever was being asked about another is dropped."""
        for kind in ("preview", "predict"):
            self._worker.cancel(kind)
        picture, archive = self._document.picture, self._document.current
        if picture is None:
            self._clear()
            return
        if archive is None:
            self._fail(self.tr("Open an archive first: the picture needs a network to look at it."))
            return
        self._asked_version = archive.version
        self._asking = True
        self.bars.fade()
        self._previewed = False
        self._waking.start()
        message, arrays = questions.preview(picture, str(archive.path))
        self._worker.request("preview", message, self._on_preview, self._fail, arrays)
        self._predict(1)

    def _predict(self, views: int) -> None:
        picture, archive = self._document.picture, self._document.current
        if picture is not None and archive is not None:
            message, arrays = questions.predict(picture, str(archive.path), views)
            self._worker.request("predict", message, self._on_answer, self._fail, arrays)

    def _on_preview(self, message: dict[str, Any], arrays: Arrays) -> None:
        self._show(look_of(message, arrays))

    def _on_answer(self, message: dict[str, Any], arrays: Arrays) -> None:
        self._awake = True
        self._waking.stop()
        answer = answer_of(message)
        self.bars.show_guesses(answer.guesses)
        took = _duration(answer.seconds)
        self._asking = False
        if answer.views == 1:
            self._status.setText(self.tr("One look, {0}").format(took))
            if not self.ten_views.isHidden() and self.ten_views.isChecked():
                self._asking = True
                self._predict(10)
        else:
            self._status.setText(self.tr("Mean of {0} looks, {1}").format(answer.views, took))
        if answer.guesses:
            best = answer.guesses[0]
            self._remember(look_of(message, arrays), f"{best.short} {percent(best.probability)}")

    def _show(self, look: Look) -> None:
        self._previewed = True
        self.stage.show_look(look)
        self.crop.show_pixels(look.crop)
        side = look.crop.shape[0]
        self._crop_text.setText(self.tr("{0} × {0} pixels, the bright square of your picture").format(side))
        self._notes.setText(" ".join(look.notes))

    def _remember(self, look: Look, guess: str) -> None:
        """Puts the picture into the strip with its best guess."""
        picture = self._document.picture
        if picture is None or len(self._document.pictures) > 1:
            return
        key = _key(picture)
        if key not in self._shipped:
            self._seen[key] = picture
            self.strip.add(key, image_of(look.pixels), picture.name, own=True)
        self.strip.say(key, guess)

    def _fail(self, sentence: str) -> None:
        """Says in the picture's place what went wrong."""
        self._waking.stop()
        self._worker.cancel("predict")
        self._clear()
        self.stage.show_sentence(sentence if sentence.endswith(".") else f"{sentence}.")

    def _clear(self) -> None:
        self._asking = False
        self.stage.show_sentence("")
        self.crop.show_pixels(None)
        self.bars.show_guesses(())
        for text in (self._crop_text, self._status, self._notes):
            text.setText("")

    def _say_waiting(self) -> None:
        """Said of what takes longer: torch is being loaded, or a large picture decoded."""
        text = self.tr("Looking …") if self._awake else self.tr("The network is waking up …")
        self._status.setText(text)
        if not self._previewed:
            self.stage.show_sentence(text)

    def _on_available(self, available: bool) -> None:
        self._awake = available

    # Keeping

    def save_table(self, path: Path) -> None:
        """Writes all answers of the batch as CSV."""
        path.write_text(results_csv(self.batch.rows), encoding="utf-8")

    def _keep_table(self) -> None:
        name, _ = QFileDialog.getSaveFileName(self, self.tr("Save as table"), "guesses.csv", "*.csv")
        if name:
            path = Path(name) if Path(name).suffix else Path(name).with_suffix(".csv")
            try:
                self.save_table(path)
            except OSError as error:
                sentence = self.tr("{0} could not be written: {1}.")
                self._document.problem.emit(sentence.format(path.name, error.strerror or error))


def pasted(image: QImage, name: str) -> VisitorPicture:
    """Pixels from another program as a picture: PNG bytes, so that the worker reads them like any file."""
    content = QByteArray()
    buffer = QBuffer(content)
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    QImageWriter(buffer, QByteArray(b"png")).write(image)
    return VisitorPicture(name=name, data=bytes(content.data()))


def _key(picture: VisitorPicture) -> str:
    """The same picture again has the same key: a path, or the bytes themselves."""
    return str(picture.path) if picture.path is not None else f"bytes:{hash(picture.data)}"


def _duration(seconds: float) -> str:
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
