"""The command palette: everything that can be done now, found by a few letters, done by Enter."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QModelIndex, QObject, QStringListModel, Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleEvent, QAction, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QLabel, QLineEdit, QListView, QVBoxLayout, QWidget

from app.actions import plain
from app.fuzzy import best_first
from app.theme import label

WIDTH_LETTERS, ROWS = 70, 12
MOVES = (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)


def words_of(menu: str, action: QAction) -> str:
    """An action as one line: its menu, what it does, its keys."""
    keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
    line = f"{plain(menu)}: {plain(action.text())}" if menu else plain(action.text())
    return f"{line}   ({keys})" if keys else line


class Palette(QDialog):
    """Signal: chosen(QAction): what is to be done; the palette is closed then."""

    chosen = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("What would you like to do?"))
        self._window = parent
        self._all: list[tuple[str, QAction]] = []
        self._found: list[tuple[str, QAction]] = []
        self.field = QLineEdit()
        self.field.setPlaceholderText(self.tr("Type a few letters of it"))
        self.field.setAccessibleName(self.tr("What would you like to do?"))
        self.field.installEventFilter(self)
        self.field.textChanged.connect(self._search)
        self.list = QListView()
        self.list.setAccessibleName(self.tr("What can be done"))
        self.list.setModel(QStringListModel(self.list))
        self.list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setWordWrap(True)
        self.list.activated.connect(self._choose)
        self.list.clicked.connect(self._choose)
        self._nothing: QLabel = label(self.tr("Nothing fits these letters."), "muted")
        column = QVBoxLayout(self)
        for part in (self.field, self.list, self._nothing):
            column.addWidget(part)

    def offer(self, offered: Sequence[tuple[str, QAction]]) -> None:
        """Opens with these (line, action), in their order until something is typed."""
        self._all = [(line, action) for line, action in offered if action.isEnabled()]
        self.field.clear()
        self._search("")
        metrics, window = self.fontMetrics(), self._window
        width = min(WIDTH_LETTERS * metrics.averageCharWidth(), window.width() - 40)
        self.resize(width, min(ROWS * 3 * metrics.height(), window.height() - 40))
        corner = window.mapToGlobal(window.rect().topLeft())
        self.move(corner.x() + (window.width() - self.width()) // 2, corner.y() + 20)
        self.open()
        self.field.setFocus()

    @property
    def lines(self) -> list[str]:
        """What is listed, from the top."""
        return [line for line, _ in self._found]

    def _search(self, typed: str) -> None:
        self._found = best_first(typed, self._all, lambda entry: entry[0])
        model = self.list.model()
        assert isinstance(model, QStringListModel)
        model.setStringList(self.lines)
        self._nothing.setVisible(not self._found)
        self._point_at(0)

    def _point_at(self, row: int) -> None:
        """Marks a row, and tells it to who listens: the focus stays in the field."""
        if self._found:
            row = max(0, min(row, len(self._found) - 1))
            self.list.setCurrentIndex(self.list.model().index(row, 0))
        told = self.lines[row] if self._found else self._nothing.text()
        self.field.setAccessibleDescription(told)
        QAccessible.updateAccessibility(QAccessibleEvent(self.field, QAccessible.Event.DescriptionChanged))

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            action = self._found[index.row()][1]
            self.accept()
            self.chosen.emit(action)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """The arrow keys move the mark while the letters go into the field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self.field:
            row = self.list.currentIndex().row()
            steps = dict(zip(MOVES, (-1, 1, -ROWS, ROWS), strict=True))
            if Qt.Key(event.key()) in steps:
                self._point_at(row + steps[Qt.Key(event.key())])
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._choose(self.list.currentIndex())
                return True
        return super().eventFilter(watched, event)
