"""Takes sessions down from the window and puts it back into them; asks for an archive that is missing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QFileDialog

from app.document import OpenArchive, shipped_archives
from app.room import DEPTHS, Room
from app.room_list import ROOMS
from app.safe_file import replace_text
from app.session import Session, SessionError, read_session

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Sessions(QObject):
    """Of one window. `keep_in` says where the last session is kept between two starts."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._document = window.document
        self._kept: Path | None = None
        self._awaited: Session | None = None  # its archive is not open yet
        self._states: dict[str, Mapping[str, Any]] = {}  # of rooms that have not been visited
        self._document.currentChanged.connect(self._on_current_change)

    # Taking down

    def session(self) -> Session:
        """Where the visitor is now."""
        document, window = self._document, self._window
        archive = document.current
        room = window.room
        return Session(
            room=room.NAME if room is not None else "",
            depth=window.chosen_depth,
            archive=archive.path.name if archive is not None else "",
            fingerprint=document.attempt(lambda: archive.fingerprint, "") if archive is not None else "",
            layer=document.layer,
            unit=document.unit,
            moment=document.moment,
            lesions=document.lesions,
            rooms={**self._states, **{name: built.state() for name, built in window.rooms.items()}},
        )

    def save(self, path: Path) -> None:
        """Writes the session; says so when it cannot."""
        try:
            replace_text(path, self.session().to_json())
        except OSError as error:
            sentence = self.tr("{0} could not be written: {1}.")
            self._document.problem.emit(sentence.format(path.name, error.strerror or error))

    def keep_in(self, path: Path) -> Session | None:
        """Will keep the session there on closing; the one that is kept there, if it can be used.

        One that cannot be used is put aside, so that nothing is lost and nothing stops the start.
        """
        self._kept = path
        if not path.exists():
            return None
        try:
            return read_session(path)
        except SessionError as error:
            self._put_aside(path)
            sentence = self.tr("The last session cannot be gone on with: {0}. The museum starts afresh.")
            self._document.problem.emit(sentence.format(error))
            return None

    def _put_aside(self, path: Path) -> None:
        try:
            path.replace(path.with_suffix(".unreadable.json"))
        except OSError:
            self._kept = None  # better to keep no session than to lose that one

    def close(self) -> None:
        """Keeps the session for the next start."""
        if self._kept is not None:
            self._kept.parent.mkdir(parents=True, exist_ok=True)
            self.save(self._kept)

    # Putting back

    def open(self, path: Path) -> None:
        """Goes on with a session file; says why when it cannot."""
        try:
            session = read_session(path)
        except SessionError as error:
            sentence = self.tr("{0} cannot be gone on with: {1}.")
            self._document.problem.emit(sentence.format(path.name, error))
            return
        self.restore(session)

    def restore(self, session: Session, archive: bool = True) -> None:
        """Puts the window where the session was; without `archive`, what is open stays open."""
        self.restore_controls(session)
        if archive and session.archive:
            path = self._find(session)
            if path is not None and self._document.open(path, remember=False):
                self._select(session)
            else:
                self._ask_for(session)
        if session.room in {room.name for room in ROOMS}:
            self._window.visit(session.room)

    def restore_controls(self, session: Session) -> None:
        """The depth, and the controls of every room, those that are built and those that will be."""
        if session.depth in DEPTHS:
            self._window.choose_depth(session.depth)
        self._states = dict(session.rooms)
        for room in list(self._window.rooms.values()):
            self.furnish(room)

    def furnish(self, room: Room) -> None:
        """Puts a room's controls where the session had them."""
        state = self._states.pop(room.NAME, None)
        if state is not None:
            try:
                room.restore(state)
            except (KeyError, TypeError, ValueError, IndexError):
                sentence = self.tr("Some of the session could not be understood: {0} is as at first.")
                self._document.problem.emit(sentence.format(room.accessibleName() or room.NAME))

    def _find(self, session: Session) -> Path | None:
        """An archive of that name: first among the open, then the shipped, then the recent ones."""
        paths = [*(archive.path for archive in self._document.archives), *shipped_archives()]
        named = [path for path in [*paths, *self._document.settings.recent] if path.name == session.archive]
        there = [path for path in dict.fromkeys(named) if path.exists()]
        return next((path for path in there if self._is(path, session)), there[0] if there else None)

    def _is(self, path: Path, session: Session) -> bool:
        known = (archive for archive in self._document.archives if archive.path == path)
        return self._fingerprint(next(known, None), path) == session.fingerprint

    def _fingerprint(self, known: OpenArchive | None, path: Path) -> str:
        return self._document.attempt(lambda: (known or OpenArchive(path)).fingerprint, "")

    def _ask_for(self, session: Session) -> None:
        self._awaited = session
        sentence = self.tr("The session shows {0} (weights {1}), which is not here: open it to go on.")
        self._document.problem.emit(sentence.format(session.archive, session.fingerprint[:12]))

    def _on_current_change(self) -> None:
        """The archive that a session waited for may have been opened."""
        session, archive = self._awaited, self._document.current
        if session is not None and archive is not None:
            same = self._fingerprint(archive, archive.path) == session.fingerprint
            if same or archive.path.name == session.archive:
                self._awaited = None
                self._select(session)

    def _select(self, session: Session) -> None:
        """What of the selection exists in the archive that is shown now."""
        document, archive = self._document, self._document.current
        if archive is None:
            return
        sizes = {layer["name"]: layer["output_shape"][0] for layer in archive.network["layers"]}
        if session.layer in sizes:
            unit = session.unit if session.unit is not None and session.unit < sizes[session.layer] else None
            document.select_unit(session.layer, unit)
        if session.moment is not None and session.moment < len(archive.snapshots):
            document.select_moment(session.moment)
        if possible(session, sizes, archive.columns):
            document.set_lesions(session.lesions, self.tr("what the session switched off"))

    # Dialogs

    def ask_and_save(self) -> None:
        """The file dialog, then the file."""
        kind = self.tr("Sessions ({0})").format("*.json")
        name, _ = QFileDialog.getSaveFileName(
            self._window, self.tr("Save this session"), "museum-session.json", kind
        )
        if name:
            self.save(Path(name) if Path(name).suffix else Path(name).with_suffix(".json"))

    def ask_and_open(self) -> None:
        """The file dialog, then the session."""
        kind = self.tr("Sessions ({0})").format("*.json")
        name, _ = QFileDialog.getOpenFileName(self._window, self.tr("Open a session"), "", kind)
        if name:
            self.open(Path(name))


def possible(session: Session, sizes: Mapping[str, int], columns: int) -> bool:
    """Whether the lesions fit the network: its columns and its layers' units exist."""
    units: Iterable[tuple[str, int]] = session.lesions.units
    return all(0 <= column < columns for column in session.lesions.columns) and all(
        0 <= unit < sizes.get(layer, 0) for layer, unit in units
    )
