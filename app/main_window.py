"""The museum's window: a rail with the rooms, the room, menus, messages, and drops anywhere."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import (
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
from app.figure_desk import FigureDesk
from app.menus import Menus
from app.room import DEPTHS, Museum, Room
from app.room_list import ROOMS, RoomEntry
from app.sessions import Sessions
from app.theme import Appearance
from app.watchdog import errand
from app.widgets.header import Header
from app.widgets.message_bar import MessageBar
from app.widgets.rail import Rail
from app.worker import Worker


def title_of(room: RoomEntry) -> str:
    """A room's title in the visitor's language."""
    return QCoreApplication.translate("rooms", room.title)


class MainWindow(QMainWindow):
    """Knows the rooms by name; the rooms know what `Museum` holds. Signal: firstPainted, once."""

    firstPainted = Signal()

    def __init__(
        self, document: Document, worker: Worker, appearance: Appearance, researcher: Worker | None = None
    ) -> None:
        super().__init__()
        self.document, self.worker, self.appearance = document, worker, appearance
        self.researcher = researcher or Worker()
        self.rooms: dict[str, Room] = {}
        self._painted, self._restarting = False, ""
        self.chosen_depth = DEPTHS[-1]
        self.setAcceptDrops(True)
        self.setMinimumSize(640, 480)
        titles = [(room.name, title_of(room)) for room in ROOMS]
        self.rail, self.header, self.messages = Rail(titles), Header(), MessageBar()
        self._stack = QStackedWidget()
        self._lay_out()
        self.sessions, self.figure_desk = Sessions(self), FigureDesk(self)
        self.menus = Menus(self, titles)
        self.museum = Museum(document, worker, self.researcher, self.menus.actions)
        actions = self.menus.actions
        self.header.add(actions.button("undo", "quiet", self.tr("Undo")))
        self.header.add(actions.button("palette", "quiet", self.tr("Commands")))
        self._connect()
        self._on_current_change()

    def _connect(self) -> None:
        self.rail.roomChosen.connect(self.visit)
        self.rail.archiveMenuWanted.connect(lambda: self.rail.fill_archive_menu(self.menus.archive_actions()))
        self.header.depthChosen.connect(self.choose_depth)
        self.document.problem.connect(self.messages.show_message)
        self.document.currentChanged.connect(self._on_current_change)
        self.appearance.changed.connect(self.rail.follow_theme)
        for worker in (self.worker, self.researcher):
            worker.stopped.connect(self._on_worker_stopped)
            worker.available.connect(self._on_worker_available)

    def _lay_out(self) -> None:
        centre = QWidget()
        row = QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.rail)
        column = QVBoxLayout()
        column.setSpacing(0)
        for part in (self.messages, self.header):
            column.addWidget(part)
        column.addWidget(self._stack, 1)
        row.addLayout(column, 1)
        self.setCentralWidget(centre)

    # Rooms

    def visit(self, name: str) -> Room:
        """Shows a room, building it on the first visit."""
        if name not in self.rooms:
            entry = next(room for room in ROOMS if room.name == name)
            with errand("a room is built on its first visit"):
                self.rooms[name] = self._build(entry)
                self._stack.addWidget(self.rooms[name])
                self.sessions.furnish(self.rooms[name])
        room = self.rooms[name]
        self._stack.setCurrentWidget(room)
        self.rail.show_room(name)
        self.museum.actions.show_room(name)
        self._show_depth(room)
        return room

    def _build(self, entry: RoomEntry) -> Room:
        room_class = getattr(importlib.import_module(entry.module), entry.class_name)
        room: Room = room_class(self.museum)
        room.setAccessibleName(title_of(entry))
        room.visitWanted.connect(self.visit)
        room.openWanted.connect(self.menus.ask_for_archives)
        room.figureMenuWanted.connect(self.figure_desk.pop_up)
        return room

    @property
    def room(self) -> Room | None:
        """The room being visited."""
        room = self._stack.currentWidget()
        return room if isinstance(room, Room) else None

    def choose_depth(self, depth: str) -> None:
        """Looks so deep into every room from now on."""
        self.chosen_depth = depth
        if self.room is not None:
            self._show_depth(self.room)

    def _show_depth(self, room: Room) -> None:
        """Shows the depth that was chosen, or the deepest below it that this room has."""
        offered = room.depths
        reached = [depth for depth in offered if DEPTHS.index(depth) <= DEPTHS.index(self.chosen_depth)]
        shown = reached[-1] if reached else offered[0]
        if room.shown_depth != shown:
            room.set_depth(shown)
        self.header.show_depth(shown, offered)
        self.menus.show_depth(self.chosen_depth)

    def _on_current_change(self) -> None:
        archive: OpenArchive | None = self.document.current
        title = self.tr("Nothing open") if archive is None else archive.path.stem
        self.rail.show_archive(title)
        self.setWindowTitle(self.tr("AlexNet Archive") if archive is None else self._window_title(archive))

    def _on_worker_stopped(self, sentence: str) -> None:
        self._restarting = sentence
        self.messages.show_message(sentence)

    def _on_worker_available(self, available: bool) -> None:
        if available:
            self.messages.withdraw(self._restarting)

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
        self.sessions.close()
        self.hide()  # what follows may take a moment
        for room in self.rooms.values():
            room.closing()
        self.worker.shut_down()
        self.researcher.shut_down()
        super().closeEvent(event)
