"""The contract of a room: what the window gives it, what it must offer, what it gets for nothing.

A room is one class in `app/rooms/NAME.py` that builds on `Room`, one line in `app/room_list.py` and one icon
in `assets/icons`. It is built on the first visit with one `Museum` and listens to the document from then on.
It knows no other room and no window (invariant 7): it says `visitWanted.emit("filters")` and selects in the
document what the other room should show.

What it is given, `museum`:
    document: the only state. `current` (the archive), `picture`, `layer`, `unit`, `moment`, `lesions`, each
        with a signal; see `app/document.py` and `app/selected.py`. A room keeps no copy that it does not
        redraw on the signal.
    worker: answers about the picture; somebody is waiting. researcher: a second process for what takes
        seconds (measures, fits, statistics), started by its first request. Both: `request(kind, message,
        answered, failed, arrays)`; a newer request of the same kind overtakes, so begin a kind with NAME.
        Nothing over 10 ms is computed in the museum's own process.
    actions: the registry. A room adds its own with `self.add_action(...)` and makes buttons with
        `self.button(name)`: they are in the menu, the palette and the list of keys then.
    undo: `document.change(text, apply, old, new, key)` for every change of a control that somebody may want
        back; `document.set_lesions(lesions, text)` for lesions.

What it must do:
    1. NAME, the room's `--room` name.
    2. Three depths: "look" (one picture, one sentence of at most 25 words, one action), "try" (one control
       more), "study" (everything). In its constructor a room says `self.from_depth("try", widget)` of each
       widget that is not there from "look" on; where a widget also comes and goes for another reason, it says
       `self.want(widget, bool)` and never `setVisible`. A room that changes more overrides `set_depth` and
       calls the base. Leave `depths` as it is unless a depth has no meaning here.
    3. `figures()`: what can be copied, exported and read as a table, now; cheap to call, empty without an
       archive. The context menu of `Figure.widget` and `self.figure_button(name)` are made by the window.
       The room gives `Figure.widget` an accessible name and, as its description, the figure's sentences.
    4. `state()` and `restore(state)`: the positions of its controls for sessions, as JSON values, no paths.
       `restore` ignores what it does not understand; it is called before the first paint or never.
    5. `ready()`: False while something asked for is not on the screen yet (screenshots wait for it).
       `closing()`: where it started a process of its own, ends it (the workers are the window's).
    6. Where the archive lacks what the room wants, it shows `widgets.missing.Missing(what, command)`.
    7. Every control has text or an accessible name, is reached by the Tab key and is TARGET_PX high; every
       string comes from `self.tr` (in a class that others build on from QCoreApplication.translate, since
       `self.tr` looks under the name of the last class), numbers through `archive_words.decimal`. A scroll
       area has no focus of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtGui import QAction, QActionGroup, QContextMenuEvent, QUndoStack
from PySide6.QtWidgets import QPushButton, QWidget

from app.actions import Actions
from app.document import Document
from app.figure import Figure
from app.worker import Worker

DEPTHS = ("look", "try", "study")


def tr(text: str) -> str:
    """The text in the visitor's language; `self.tr` would look for it under the name of each room."""
    return QCoreApplication.translate("Room", text)


@dataclass(frozen=True)
class Museum:
    """What every room is given."""

    document: Document
    worker: Worker
    researcher: Worker
    actions: Actions

    @property
    def undo(self) -> QUndoStack:
        """The stack of changes, which the document keeps."""
        return self.document.undo


class Room(QWidget):
    """One room. Signals, for the window:

    visitWanted(str): the name of a room to go to; openWanted: the file dialog for archives is asked for;
    figureMenuWanted(Figure, QPoint): the menu of a figure is asked for at that point of the screen.
    """

    NAME: ClassVar[str]
    visitWanted = Signal(str)
    openWanted = Signal()
    figureMenuWanted = Signal(object, object)

    def __init__(self, museum: Museum) -> None:
        super().__init__()
        self.museum = museum
        self.shown_depth = DEPTHS[-1]
        self._from: dict[QWidget, str] = {}
        self._unwanted: set[QWidget] = set()

    # Depths

    @property
    def depths(self) -> tuple[str, ...]:
        """The depths that differ here, from the shallowest."""
        return DEPTHS

    def set_depth(self, depth: str) -> None:
        """Shows what belongs to this depth."""
        self.shown_depth = depth
        for widget in self._from:
            self._show_or_hide(widget)

    def from_depth(self, depth: str, *widgets: QWidget) -> None:
        """These widgets are there from that depth on."""
        for widget in widgets:
            self._from[widget] = depth
            self._show_or_hide(widget)

    def want(self, widget: QWidget, wanted: bool) -> None:
        """Shows a widget, if its depth is reached, or hides it."""
        (self._unwanted.discard if wanted else self._unwanted.add)(widget)
        self._show_or_hide(widget)

    def _show_or_hide(self, widget: QWidget) -> None:
        deep_enough = DEPTHS.index(self.shown_depth) >= DEPTHS.index(self._from.get(widget, DEPTHS[0]))
        shown = deep_enough and widget not in self._unwanted
        if widget.parent() is not None or not shown:  # without a parent it would become a window
            widget.setVisible(shown)

    # Figures

    def figures(self) -> list[Figure]:
        """The figures that can be taken home now."""
        return []

    def figure_of(self, widget: QWidget | None) -> Figure | None:
        """The figure that is shown in `widget` or in something that holds it."""
        figures = self.figures()
        while widget is not None and widget is not self:
            for figure in figures:
                if figure.widget is widget:
                    return figure
            widget = widget.parentWidget()
        return None

    def figure_button(self, name: str, text: str = "") -> QPushButton:
        """A button, with `text` on it, that opens the menu of the figure of that name."""
        button = QPushButton(text or tr("Figure"))
        button.setAccessibleDescription(tr("Copy or save the figure, or read it as a table"))
        button.clicked.connect(lambda: self._ask_for_menu(button, name))
        return button

    def _ask_for_menu(self, button: QPushButton, name: str) -> None:
        figure = next((figure for figure in self.figures() if figure.name == name), None)
        if figure is not None:
            self.figureMenuWanted.emit(figure, button.mapToGlobal(button.rect().bottomLeft()))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        figure = self.figure_of(self.childAt(event.pos()))
        if figure is None:
            super().contextMenuEvent(event)
        else:
            self.figureMenuWanted.emit(figure, event.globalPos())

    # Actions

    def add_action(
        self,
        name: str,
        text: str,
        run: Callable[[], object],
        shortcut: str = "",
        group: QActionGroup | None = None,
    ) -> QAction:
        """Registers something that can be done in this room, as "NAME-name"; it has a menu of its own."""
        full = f"{self.NAME}-{name}"
        return self.museum.actions.add(full, tr("&Here"), text, run, shortcut, group, room=self.NAME)

    def button(self, name: str, role: str = "") -> QPushButton:
        """A button for an action of this room."""
        return self.museum.actions.button(f"{self.NAME}-{name}", role)

    # Sessions and screenshots

    def state(self) -> dict[str, Any]:
        """Where the controls stand, as JSON values."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Puts the controls where `state` says; what it does not understand is passed over."""

    def ready(self) -> bool:
        """Whether everything is on the screen that was asked for."""
        return True

    def closing(self) -> None:
        """The window closes: a room that started a process of its own ends it now."""
