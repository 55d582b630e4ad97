"""The one registry of everything that can be done: menus, shortcuts and their list are made from it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget


@dataclass(frozen=True)
class Entry:
    """One thing that can be done, and where it stands in the menus."""

    name: str
    menu: str
    action: QAction


class Actions(QObject):
    """All actions of the window, by name, in the order of the menus."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
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
        self.entries.append(Entry(name, menu, action))
        self._window.addAction(action)
        return action

    def add_separator(self, menu: str) -> None:
        """A line in that menu."""
        action = QAction(self._window)
        action.setSeparator(True)
        self.entries.append(Entry("", menu, action))

    def fill(self, bar: QMenuBar) -> dict[str, QMenu]:
        """Makes the menus in the order in which they were first named; returns them by title."""
        menus: dict[str, QMenu] = {}
        for entry in self.entries:
            if entry.menu not in menus:
                menus[entry.menu] = bar.addMenu(entry.menu)
            menus[entry.menu].addAction(entry.action)
        return menus

    def shortcuts(self) -> list[tuple[str, str]]:
        """What can be done by key: (what, keys as this system writes them)."""
        native = QKeySequence.SequenceFormat.NativeText
        return [
            (entry.action.text().replace("&", ""), entry.action.shortcut().toString(native))
            for entry in self.entries
            if not entry.action.shortcut().isEmpty()
        ]
