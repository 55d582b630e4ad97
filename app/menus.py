"""What the menus offer and do; texts, shortcuts and handlers stand together here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QActionGroup, QGuiApplication
from PySide6.QtWidgets import QFileDialog, QMessageBox

from app.actions import Actions
from app.document import shipped_archives
from app.drops import PICTURE_SUFFIXES
from app.settings import TEXT_SIZES
from app.widgets.palette import Palette, words_of

if TYPE_CHECKING:
    from app.main_window import MainWindow


class Menus(QObject):
    """Makes the window's menus from one registry of actions (`actions`)."""

    def __init__(self, window: MainWindow, rooms: Sequence[tuple[str, str]]) -> None:
        super().__init__(window)
        self._window = window
        self._document = window.document
        self._settings = window.document.settings
        self.actions = Actions(window)
        self._add_file_menu()
        self._add_edit_menu()
        self._add_room_menu(rooms)
        self._add_view_menu()
        self._add_help_menu()
        self.actions.fill(window.menuBar())
        self.palette = Palette(window)
        self.palette.chosen.connect(lambda action: action.trigger())

    def _add_file_menu(self) -> None:
        menu, add = self.tr("&File"), self.actions.add
        add("open-archive", menu, self.tr("&Open an archive…"), self.ask_for_archives, "Ctrl+O")
        add("open-pictures", menu, self.tr("Open &pictures…"), self.ask_for_pictures, "Ctrl+Shift+O")
        add("paste", menu, self.tr("Paste a pic&ture"), self.paste, "Ctrl+V")
        self.actions.add_separator(menu)
        desk = self._window.figure_desk
        figures = (
            ("copy-figure", self.tr("Cop&y the figure"), desk.copy_figure, "Ctrl+Shift+C"),
            ("copy-numbers", self.tr("Copy the n&umbers"), desk.copy_numbers, ""),
            ("figure-table", self.tr("Show the figure as a ta&ble"), desk.show_table, "Ctrl+Shift+T"),
            ("save-figure", self.tr("Save the figu&re…"), desk.ask_and_save, "Ctrl+E"),
            ("save-numbers", self.tr("Save the nu&mbers…"), desk.ask_and_save_numbers, "Ctrl+Shift+E"),
        )
        for name, text, act, keys in figures:
            add(name, menu, text, partial(desk.on_current, act), keys)
        self.actions.add_separator(menu)
        sessions = self._window.sessions
        add("save-session", menu, self.tr("&Save this session…"), sessions.ask_and_save, "Ctrl+S")
        add("open-session", menu, self.tr("Open a sessio&n…"), sessions.ask_and_open)
        self.actions.add_separator(menu)
        add("close-archive", menu, self.tr("&Close this archive"), self.close_archive, "Ctrl+W")
        add("forget", menu, self.tr("&Forget recent archives"), self._settings.forget_recent)
        self.actions.add_separator(menu)
        add("quit", menu, self.tr("&Quit"), self._window.close, "Ctrl+Q")

    def _add_edit_menu(self) -> None:
        menu, add, stack = self.tr("&Edit"), self.actions.add, self._document.undo
        undo = add("undo", menu, self.tr("&Undo"), stack.undo, "Ctrl+Z")
        redo = add("redo", menu, self.tr("&Redo"), stack.redo, "Ctrl+Shift+Z")
        for action, possible in ((undo, stack.canUndoChanged), (redo, stack.canRedoChanged)):
            action.setEnabled(False)
            possible.connect(action.setEnabled)
        stack.undoTextChanged.connect(self._name_undo)
        stack.redoTextChanged.connect(self._name_redo)
        self.actions.add_separator(menu)
        back = self.tr("Back to the &trained network")
        add("trained-network", menu, back, self.restore_trained, "Ctrl+T")

    def _name_undo(self, text: str) -> None:
        self.actions["undo"].setText(self.tr("&Undo: {0}").format(text) if text else self.tr("&Undo"))

    def _name_redo(self, text: str) -> None:
        self.actions["redo"].setText(self.tr("&Redo: {0}").format(text) if text else self.tr("&Redo"))

    def restore_trained(self) -> None:
        """Everything switched on again, and the weights as they are now."""
        self._document.restore_trained(self.tr("back to the trained network"))

    def _add_room_menu(self, rooms: Sequence[tuple[str, str]]) -> None:
        for number, (name, title) in enumerate(rooms, start=1):
            run = partial(self._window.visit, name)
            self.actions.add(f"room-{name}", self.tr("&Rooms"), title, run, f"Ctrl+{number}")

    def _add_view_menu(self) -> None:
        menu, add = self.tr("&View"), self.actions.add
        group = QActionGroup(self)
        titles = {"system": self.tr("As the &system"), "light": self.tr("&Light"), "dark": self.tr("&Dark")}
        for theme, title in titles.items():
            action = add(f"theme-{theme}", menu, title, partial(self.choose_theme, theme), group=group)
            action.setChecked(theme == self._settings.theme)
        self.actions.add_separator(menu)
        add("larger", menu, self.tr("L&arger text"), partial(self.change_text_size, 1), "Ctrl++")
        add("smaller", menu, self.tr("S&maller text"), partial(self.change_text_size, -1), "Ctrl+-")
        add("normal-size", menu, self.tr("&Normal text"), partial(self.change_text_size, 0), "Ctrl+0")
        self.actions.add_separator(menu)
        school = add("school-groups", menu, self.tr("Words for s&chool groups"), self.change_words)
        school.setCheckable(True)
        school.setChecked(self._settings.school_groups)
        self.actions.add_separator(menu)
        depths = QActionGroup(self)
        names = {"look": self.tr("Loo&k"), "try": self.tr("Tr&y"), "study": self.tr("St&udy")}
        for number, (depth, title) in enumerate(names.items(), start=2):
            run = partial(self._window.choose_depth, depth)
            add(f"depth-{depth}", menu, title, run, f"F{number}", group=depths)
        self.actions.add_separator(menu)
        add("full-screen", menu, self.tr("&Full screen"), self.toggle_full_screen, "F11")

    def _add_help_menu(self) -> None:
        menu, add = self.tr("&Help"), self.actions.add
        add("palette", menu, self.tr("&What can be done…"), self.show_palette, "Ctrl+Shift+P")
        add("shortcuts", menu, self.tr("&Keys"), self.show_shortcuts, "F1")
        add("about", menu, self.tr("&About and credits"), self.show_about)

    def show_depth(self, depth: str) -> None:
        """Marks the depth that was chosen."""
        self.actions[f"depth-{depth}"].setChecked(True)

    def archive_actions(self) -> list[QAction]:
        """The archives to choose from: open, shipped, recent (greyed when gone), then the file dialog."""
        open_paths = [archive.path for archive in self._document.archives]
        shown = None if self._document.current is None else self._document.current.path
        actions = []
        for path in dict.fromkeys([*open_paths, *shipped_archives(), *self._settings.recent]):
            action = QAction(path.stem, self)
            action.setToolTip(str(path))
            action.setCheckable(True)
            action.setChecked(path == shown)
            action.setEnabled(path.exists())
            action.triggered.connect(partial(self._open, path))
            actions.append(action)
        return [*actions, self.actions["open-archive"]]

    def _open(self, path: Path, _checked: bool = False) -> None:
        self._document.open(path)

    def ask_for_archives(self) -> None:
        """The file dialog for archives."""
        pattern = self.tr("Archives ({0})").format("*.h5 *.hdf5")
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Open an archive"), "", pattern)
        self._window.take_paths([Path(name) for name in names])

    def ask_for_pictures(self) -> None:
        """The file dialog for pictures."""
        suffixes = " ".join(f"*{suffix}" for suffix in sorted(PICTURE_SUFFIXES))
        pattern = self.tr("Pictures ({0})").format(suffixes)
        names, _ = QFileDialog.getOpenFileNames(self._window, self.tr("Open pictures"), "", pattern)
        self._window.take_paths([Path(name) for name in names])

    def paste(self) -> None:
        """Takes a picture or files from the clipboard."""
        mime = QGuiApplication.clipboard().mimeData()
        if mime is None or not self._window.take_mime(mime):
            self._document.problem.emit(self.tr("There is no picture to paste: copy one first."))

    def close_archive(self) -> None:
        """Closes the archive that is shown."""
        if self._document.current is not None:
            self._document.close(self._document.current)

    def choose_theme(self, theme: str) -> None:
        """Light, dark, or as the system has it."""
        self._settings.theme = theme
        self._window.appearance.choose(theme, self._settings.text_size)

    def change_text_size(self, direction: int) -> None:
        """One step larger (1) or smaller (-1), or back to the system's own size (0)."""
        place = TEXT_SIZES.index(self._settings.text_size if direction else 100) + direction
        self._settings.text_size = TEXT_SIZES[max(0, min(place, len(TEXT_SIZES) - 1))]
        self._window.appearance.choose(self._settings.theme, self._settings.text_size)

    def change_words(self) -> None:
        """Leaves the names unsaid that are not for school groups, or says them again."""
        self._document.set_school_groups(self.actions["school-groups"].isChecked())

    def toggle_full_screen(self) -> None:
        """Full screen and back."""
        if self._window.isFullScreen():
            self._window.showNormal()
        else:
            self._window.showFullScreen()

    def show_palette(self) -> None:
        """Everything that can be done now, to be found by a few letters."""
        entries = [entry for entry in self.actions.offered() if entry.name != "palette"]
        lines = [(words_of(entry.menu, entry.action), entry.action) for entry in entries]
        self.palette.offer([*lines, *self._window.figure_desk.palette_entries()])

    def show_shortcuts(self) -> None:
        """The list of keys, made from the registry."""
        cell = "padding: 4px 24px 4px 0"
        rows = "".join(
            f"<tr><td style='{cell}'>{text}</td><td style='{cell}'><b>{keys}</b></td></tr>"
            for text, keys in self.actions.shortcuts()
        )
        self._tell(self.tr("Keys"), f"<table>{rows}</table>")

    def show_about(self) -> None:
        """What this is and whose work it rests on."""
        text = self.tr(
            "<p><b>AlexNet Archive</b> makes the program that won the ImageNet challenge of 2012 runnable"
            " again and keeps an open record of every run.</p>"
            "<p>The original program, cuda-convnet, is the work of Alex Krizhevsky; the network is that of"
            " Alex Krizhevsky, Ilya Sutskever and Geoffrey Hinton (NIPS 2012). The Computer History Museum"
            " released its source. Nothing of it is copied here.</p>"
            "<p>This program makes no connection to any network.</p>"
        )
        self._tell(self.tr("About and credits"), text)

    def _tell(self, title: str, text: str) -> None:
        box = QMessageBox(self._window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle(title)
        box.setText(text)
        box.addButton(self.tr("Close"), QMessageBox.ButtonRole.RejectRole)
        box.open()
