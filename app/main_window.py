"""The museum's window: a rail with the rooms, the room, menus, messages, and drops anywhere."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import (
    QT_TRANSLATE_NOOP,
    QBuffer,
    QByteArray,
    QCoreApplication,
    QIODevice,
    QMimeData,
    QTimer,
    Signal,
)
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QImage, QImageWriter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from app.document import Document, OpenArchive, VisitorPicture, pictures_of
from app.drops import sort_paths
from app.menus import Menus
from app.theme import Appearance
from app.widgets.message_bar import MessageBar
from app.widgets.rail import Rail
from app.worker import Worker


@dataclass(frozen=True)
class RoomEntry:
    """A room before it is built: its name on the command line, its title, where its class is."""

    name: str
    title: str
    module: str
    class_name: str

    def translated(self) -> str:
        """The title in the visitor's language."""
        return QCoreApplication.translate("rooms", self.title)


# In the order of the `--room` names. A room's module is imported on the first visit.
ROOMS = (
    RoomEntry("entrance", str(QT_TRANSLATE_NOOP("rooms", "Entrance")), "app.rooms.entrance", "EntranceRoom"),
    RoomEntry("filters", str(QT_TRANSLATE_NOOP("rooms", "Filters")), "app.rooms.filters", "FiltersRoom"),
    RoomEntry("try-it", str(QT_TRANSLATE_NOOP("rooms", "Try it")), "app.rooms.try_it", "TryItRoom"),
    RoomEntry("training", str(QT_TRANSLATE_NOOP("rooms", "Training")), "app.rooms.training", "TrainingRoom"),
)


class MainWindow(QMainWindow):
    """Knows the rooms by name; the rooms know the document and the worker. Signal: firstPainted, once.

    A room may have the signals `visitWanted(str)`, the name of another room to go to, and `openWanted`.
    """

    firstPainted = Signal()

    def __init__(self, document: Document, worker: Worker, appearance: Appearance) -> None:
        super().__init__()
        self.document, self.worker, self.appearance = document, worker, appearance
        self._rooms: dict[str, QWidget] = {}
        self._painted = False
        self.setAcceptDrops(True)
        self.setMinimumSize(640, 480)
        self.rail = Rail([(room.name, room.translated()) for room in ROOMS])
        self.messages = MessageBar()
        self._stack = QStackedWidget()
        self._lay_out()
        self.menus = Menus(self, [(room.name, room.translated()) for room in ROOMS])
        self.rail.roomChosen.connect(self.visit)
        self.rail.archiveMenuWanted.connect(lambda: self.rail.fill_archive_menu(self.menus.archive_actions()))
        document.problem.connect(self.messages.show_message)
        document.currentChanged.connect(self._on_current_change)
        appearance.changed.connect(self.rail.follow_theme)
        self._on_current_change()

    def _lay_out(self) -> None:
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addWidget(self.messages)
        column.addWidget(self._stack, 1)
        row.addLayout(column, 1)
        self.setCentralWidget(centre)

    # Rooms

    def visit(self, name: str) -> QWidget:
        """Shows a room, building it on the first visit."""
        if name not in self._rooms:
            entry = next(room for room in ROOMS if room.name == name)
            room_class = getattr(importlib.import_module(entry.module), entry.class_name)
            room: QWidget = room_class(self.document, self.worker)
            room.setAccessibleName(entry.translated())
            if hasattr(room, "visitWanted"):
                room.visitWanted.connect(self.visit)
            if hasattr(room, "openWanted"):
                room.openWanted.connect(self.menus.ask_for_archives)
            self._rooms[name] = room
            self._stack.addWidget(room)
        self._stack.setCurrentWidget(self._rooms[name])
        self.rail.show_room(name)
        return self._rooms[name]

    @property
    def room(self) -> QWidget | None:
        """The room being visited."""
        return self._stack.currentWidget()

    def _on_current_change(self) -> None:
        archive: OpenArchive | None = self.document.current
        title = self.tr("Nothing open") if archive is None else archive.path.stem
        self.rail.show_archive(title)
        self.setWindowTitle(self.tr("AlexNet Archive") if archive is None else self._window_title(archive))

    def _window_title(self, archive: OpenArchive) -> str:
        return self.tr("{0} in the AlexNet Archive").format(archive.title)

    # Files handed in

    def take_paths(self, paths: Sequence[Path]) -> None:
        """Opens archives, takes pictures to the room where they are tried, and says what is neither."""
        found = sort_paths(paths)
        for path in found.archives:
            self.document.open(path)
        if found.pictures:
            self.document.show_pictures(pictures_of(found.pictures))
            self.visit("try-it")
        if found.refused:
            sentence = self.tr("{0} is neither an archive (.h5) nor a picture that can be shown here.")
            self.messages.show_message(sentence.format(found.refused[0].name))

    def take_image(self, image: QImage) -> None:
        """Takes pixels that were pasted or dropped from another program."""
        buffer = QBuffer()
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        QImageWriter(buffer, QByteArray(b"png")).write(image)
        picture = VisitorPicture(name=self.tr("Pasted picture"), data=bytes(buffer.data().data()))
        self.document.show_pictures([picture])
        self.visit("try-it")

    def take_mime(self, mime: QMimeData) -> bool:
        """Takes what was dropped or pasted; False when there is nothing to take."""
        paths = [Path(url.toLocalFile()) for url in mime.urls() if url.isLocalFile()]
        if paths:
            self.take_paths(paths)
        elif mime.hasImage():
            self.take_image(QImage(mime.imageData()))
        else:
            return False
        return True

    # Qt's own

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        mime = event.mimeData()
        if mime.hasImage() or any(url.isLocalFile() for url in mime.urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if self.take_mime(event.mimeData()):
            event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._painted:
            self._painted = True
            # The children are painted after this, in the same pass; what is due "at once" comes after that.
            QTimer.singleShot(0, self.firstPainted.emit)

    def closeEvent(self, event: QCloseEvent) -> None:
        self.worker.shut_down()
        super().closeEvent(event)
