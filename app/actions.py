"""The one registry of what can be done: menus, shortcuts, their list and buttons are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QPushButton, QWidget


@dataclass(frozen=True)
class Entry:
    """One thing that can be done, where it stands in the menus, and the room that it belongs to, if any."""

    name: str
    menu: str
    action: QAction
    room: str = ""


class Actions(QObject):
    """All actions of the window, by name, in the order of the menus.

    An action of a room can be chosen only while that room is visited (`show_room`).
    """

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._bar: QMenuBar | None = None
        self._menus: dict[str, QMenu] = {}
        self._room = ""
        self.entries: list[Entry] = []

    def __getitem__(self, name: str) -> QAction:
        return next(entry.action for entry in self.entries if entry.name == name)

    def add(
        self,
        name: str,
        menu: str,
        text: str,
        run: Callable[[], object],
        shortcut: str = "",
        group: QActionGroup | None = None,
        room: str = "",
    ) -> QAction:
        """Adds an action; one of a `group` can be checked. `shortcut` is in Qt's portable form."""
        action = QAction(text, self._window)
        action.setObjectName(name)
        action.triggered.connect(lambda _checked=False: run())
        if shortcut:
            action.setShortcut(QKeySequence(shortcut))
            action.setShortcutContext(Qt.ShortcutContext.WindowShortcut)
        if group is not None:
            action.setCheckable(True)
            group.addAction(action)
        self._enter(Entry(name, menu, action, room))
        self._window.addAction(action)
        return action

    def add_separator(self, menu: str) -> None:
        """A line in that menu."""
        action = QAction(self._window)
        action.setSeparator(True)
        self._enter(Entry("", menu, action))

    def _enter(self, entry: Entry) -> None:
        self.entries.append(entry)
        entry.action.setVisible(entry.room in ("", self._room))
        if self._bar is not None:
            self._put(entry)

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Makes the menus in the order in which they were first named; returns them by title.

        What is added later is put into them at once.
        """
        self._bar = bar
        for entry in self.entries:
            self._put(entry)
        return self._menus

    def _put(self, entry: Entry) -> None:
        assert self._bar is not None
        if entry.menu not in self._menus:
            self._menus[entry.menu] = self._new_menu(entry)
        self._menus[entry.menu].addAction(entry.action)
        self._hide_empty_menus()

    def _new_menu(self, entry: Entry) -> QMenu:
        """A menu at the end of the bar; one of a room stands before the last, which is the help."""
        assert self._bar is not None
        menu = QMenu(entry.menu, self._bar)
        others = self._bar.actions()
        if entry.room and others:
            self._bar.insertMenu(others[-1], menu)
        else:
            self._bar.addMenu(menu)
        return menu

    def _hide_empty_menus(self) -> None:
        """A menu whose actions all belong to other rooms is not there."""
        for menu in self._menus.values():
            menu.menuAction().setVisible(any(action.isVisible() for action in menu.actions()))

    def show_room(self, room: str) -> None:
        """Offers the actions of this room and withdraws those of the others, with their keys."""
        self._room = room
        for entry in self.entries:
            if entry.room:
                entry.action.setVisible(entry.room == room)
        self._hide_empty_menus()

    def offered(self) -> list[Entry]:
        """What can be done now, in the order of the menus."""
        offered = [entry for entry in self.entries if entry.action.isVisible() and entry.action.isEnabled()]
        return [entry for entry in offered if not entry.action.isSeparator()]

    def button(self, name: str, role: str = "", text: str = "") -> QPushButton:
        """A button that does what the action does, and is named, enabled and checked as it is.

        `text` is on it where the action's own words are too long for a button.
        """
        return ActionButton(self[name], role, text)

    def shortcuts(self) -> list[tuple[str, str]]:
        """What can be done by key: (what, keys as this system writes them)."""
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (plain(entry.action.text()), entry.action.shortcut().toString(native))
            for entry in self.entries
            if not entry.action.shortcut().isEmpty()
        ]


def plain(text: str) -> str:
    """The words of an action without the marks of its menu: no underlined letter, no dots at the end."""
    return text.replace("&&", "\0").replace("&", "").replace("\0", "&")


class ActionButton(QPushButton):
    """A button made from an action; it follows the action's words and state."""

    def __init__(self, action: QAction, role: str = "", text: str = "") -> None:
        super().__init__()
        self._action, self._text = action, text
        if role:
            self.setProperty("role", role)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        action = self._action
        self.setText(self._text or plain(action.text()))
        self.setAccessibleName(plain(action.text()))
        self.setEnabled(action.isEnabled())
        self.setCheckable(action.isCheckable())
        self.setChecked(action.isChecked())
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(f"{plain(action.text())} ({keys})" if keys else plain(action.text()))
        self.setAccessibleDescription(keys)
