"""Walks through a room with the keyboard alone and lists every control: name, role, keys that lead there.

The list of a whole archive: python tests/app/accessibility_walk.py ARCHIVE
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QAbstractScrollArea, QApplication, QWidget

MOST_STEPS = 400


@dataclass(frozen=True)
class Stop:
    """A control: what the ear is told, and the keys from the window's beginning; none when out of reach."""

    widget: QWidget
    name: str
    role: str
    keys: str


def can_have_focus(widget: QWidget) -> bool:
    """Whether the keyboard should get there: by Tab, or by the arrow keys in a group of its kind."""
    by_tab = bool(widget.focusPolicy().value & Qt.FocusPolicy.TabFocus.value)
    # A scroll area without a table or list in it scrolls for its contents; Qt gives it a focus policy anyway.
    frame = type(widget).__name__ in ("QScrollArea", "QAbstractScrollArea", "QStackedWidget", "QMenuBar")
    return widget.isVisible() and widget.isEnabled() and by_tab and not frame


def told(widget: QWidget) -> tuple[str, str]:
    """Name and role as Qt tells them to a screen reader."""
    interface = QAccessible.queryAccessibleInterface(widget)
    return interface.text(QAccessible.Text.Name).strip(), interface.role().name


def walk(window: QWidget) -> list[Stop]:
    """Every control of the window that can have the focus, in the order of the Tab key."""
    paths: dict[QWidget, str] = {}
    window.setFocus()
    first: QWidget | None = None
    for step in range(1, MOST_STEPS):
        QTest.keyClick(QApplication.focusWidget() or window, Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        if widget is None or widget is window:
            continue
        if widget is first:
            break
        first = first or widget
        paths.setdefault(widget, f"Tab {step}")
        _add_group(widget, paths, step)
    else:
        raise AssertionError(f"the Tab key does not come round: it stays at {QApplication.focusWidget()}")
    wanted = [widget for widget in window.findChildren(QWidget) if can_have_focus(widget)]
    return [Stop(widget, *told(widget), paths.get(widget, "")) for widget in dict.fromkeys([*paths, *wanted])]


def _add_group(widget: QWidget, paths: dict[QWidget, str], step: int) -> None:
    """Buttons of which one is chosen: the Tab key stops at one, the arrow keys go on."""
    group = widget.group() if isinstance(widget, QAbstractButton) else None
    if group is not None and group.exclusive():
        for button in group.buttons():
            paths.setdefault(button, f"Tab {step}, arrows")


def inner_focus(widget: QWidget) -> bool:
    """Whether the widget only hands the focus on, as the viewport of a table does."""
    return widget.focusProxy() is not None or isinstance(widget.parentWidget(), QAbstractScrollArea)


def main(path: Path) -> None:
    """Prints the list of every room."""
    from app.document import Document
    from app.main_window import MainWindow
    from app.room_list import ROOMS
    from app.settings import Settings
    from app.start import make_application
    from app.theme import Appearance
    from app.worker import Worker

    application = make_application()
    window = MainWindow(Document(Settings(Path("/nonexistent"))), Worker(), Appearance(application))
    window.document.open(path, remember=False)
    window.resize(1280, 800)
    window.show()
    for entry in ROOMS:
        window.visit(entry.name)
        QTest.qWait(100)
        print(f"\n{entry.name}")
        for stop in walk(window):
            print(f"  {stop.keys or 'NOT REACHED':16} {stop.role:12} {stop.name or 'WITHOUT A NAME'}")
    window.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
