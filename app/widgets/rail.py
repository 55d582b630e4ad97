"""The rail at the left: the museum's name, what is open, and a door to every room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QButtonGroup, QFrame, QMenu, QPushButton, QScrollArea, QVBoxLayout, QWidget

from app.theme import current, label
from app.widgets.icons import icon

ICON_PX = 24
MARGIN_PX = 16
BUTTON_PADDING_PX = 52
NARROWEST_PX = 232


class Rail(QFrame):
    """Signals: roomChosen(name of the room); archiveMenuWanted: the menu is about to be shown: fill it."""

    roomChosen = Signal(str)
    archiveMenuWanted = Signal()

    def __init__(self, rooms: Sequence[tuple[str, str]]) -> None:
        """`rooms` are (name, title) from top to bottom."""
        super().__init__()
        self.setProperty("role", "rail")
        self.setAccessibleName(self.tr("Rooms"))
        self.archive_menu = QMenu(self)
        self.archive_menu.aboutToShow.connect(self.archiveMenuWanted)
        self.archive_button = QPushButton()
        self.archive_button.setProperty("role", "menu")
        self.archive_button.setMenu(self.archive_menu)
        self._buttons: dict[str, QPushButton] = {}
        self._group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN_PX, 24, MARGIN_PX, MARGIN_PX)
        column.setSpacing(6)
        self._name = label(self.tr("AlexNet Archive"), "heading", wrap=False)
        column.addWidget(self._name)
        column.addSpacing(18)
        column.addWidget(self._doors(rooms), 1)
        column.addWidget(label(self.tr("Shown here"), "small"))
        column.addWidget(self.archive_button)
        self._title = ""
        self.follow_theme()

    def _doors(self, rooms: Sequence[tuple[str, str]]) -> QScrollArea:
        """The doors, one below the other; in a low window they scroll."""
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        for number, (name, title) in enumerate(rooms, start=1):
            column.addWidget(self._room_button(name, title, number))
        column.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(page)
        self._scroll = area
        return area

    def _room_button(self, name: str, title: str, number: int) -> QPushButton:
        button = QPushButton(f"  {title}")
        button.setProperty("role", "room")
        button.setCheckable(True)
        button.setIconSize(QSize(ICON_PX, ICON_PX))
        button.setToolTip(self.tr("{0} (Ctrl+{1})").format(title, number))
        button.setAccessibleName(title)
        button.clicked.connect(lambda: self.roomChosen.emit(name))
        self._group.addButton(button)
        self._buttons[name] = button
        return button

    def button(self, name: str) -> QPushButton:
        """The door to that room."""
        return self._buttons[name]

    def show_room(self, name: str) -> None:
        """Marks the door of the room that is being visited."""
        self._buttons[name].setChecked(True)
        self._scroll.ensureWidgetVisible(self._buttons[name])

    def show_archive(self, title: str) -> None:
        """Names the archive that is shown."""
        self._title = title
        self.archive_button.setToolTip(self.tr("{0}: choose another archive").format(title))
        self.archive_button.setAccessibleName(self.tr("Archive shown: {0}. Choose another").format(title))
        self._fit()

    def fill_archive_menu(self, actions: Sequence[QAction]) -> None:
        """Replaces what the archive menu offers."""
        self.archive_menu.clear()
        self.archive_menu.addActions(list(actions))

    def follow_theme(self) -> None:
        """Draws the icons in the theme's colours."""
        for name, button in self._buttons.items():
            button.setIcon(icon(name, current().text, ICON_PX))
        self._fit()

    def _fit(self) -> None:
        """As wide as its own words at this text size; a longer title is shortened in the middle."""
        words = [self._name, *self._buttons.values()]
        bar_px = self._scroll.verticalScrollBar().sizeHint().width()
        widest_px = max(word.sizeHint().width() for word in words) + 2 * MARGIN_PX + bar_px
        self.setFixedWidth(max(NARROWEST_PX, widest_px))
        room_px = self.width() - 2 * MARGIN_PX - BUTTON_PADDING_PX
        shown = self.archive_button.fontMetrics().elidedText(
            self._title, Qt.TextElideMode.ElideMiddle, room_px
        )
        self.archive_button.setText(shown)
