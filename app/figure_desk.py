"""Where figures are taken home: copied, written as files, read as tables; from menus, palette and buttons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QPoint, QTimer
from PySide6.QtGui import QAction, QGuiApplication
from PySide6.QtWidgets import QApplication, QFileDialog, QMenu

from app.export.drawing import pdf_of, svg_of
from app.export.numbers import csv_of, json_of, tabbed
from app.export.page import Page, card_of
from app.export.png import image_of, write_png
from app.figure import Figure
from app.safe_file import replace_bytes, replace_text, replacement
from app.watchdog import errand
from app.widgets.table_dialog import TableDialog
from archive import ArchiveError

if TYPE_CHECKING:
    from app.main_window import MainWindow

SCALES = (1, 2, 4, 8)
COPIED_SCALE = 2


class FigureDesk(QObject):
    """Of one window. A large picture is written strip by strip while the window goes on (`writing`)."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._document = window.document
        self._writing: list[Iterator[float]] = []
        self._steps = QTimer(self, interval=0)
        self._steps.timeout.connect(self._step)
        self.menu = QMenu(window)
        self._entries = QObject(self)  # holds what the palette was offered last

    # Which figure

    def figures(self) -> list[Figure]:
        """Those of the room that is visited."""
        return self._window.room.figures() if self._window.room is not None else []

    def current(self) -> Figure | None:
        """The figure that has the focus, or else the room's first."""
        room, figures = self._window.room, self.figures()
        focused = room.figure_of(QApplication.focusWidget()) if room is not None else None
        return focused or (figures[0] if figures else None)

    def on_current(self, act: Callable[[Figure], None]) -> None:
        """Does something with the current figure, or says that there is none."""
        figure = self.current()
        if figure is None:
            self._document.problem.emit(self.tr("There is no figure in this room to take home."))
        else:
            act(figure)

    def _page(self, figure: Figure) -> Page:
        archive = self._document.current
        fingerprint = "" if archive is None else self._document.attempt(lambda: archive.fingerprint, "?")
        return Page(figure, card_of(figure, archive, fingerprint))

    # Menus

    def pop_up(self, figure: Figure, point: QPoint) -> None:
        """The menu of one figure, at a point of the screen."""
        self.menu.clear()
        self.menu.setAccessibleName(figure.title)
        for text, act in self._offered(figure):
            self.menu.addAction(text, act)
        self.menu.popup(point)

    def palette_entries(self) -> list[tuple[str, QAction]]:
        """What the palette offers where a room has several figures: each by its title."""
        self._entries.deleteLater()
        self._entries = QObject(self)
        figures, entries = self.figures(), []
        for figure in figures if len(figures) > 1 else []:
            for text, act in self._offered(figure):
                action = QAction(text, self._entries)
                action.triggered.connect(act)
                entries.append((self.tr("{0}: {1}").format(figure.title, text), action))
        return entries

    def _offered(self, figure: Figure) -> list[tuple[str, Callable[[], None]]]:
        pictures: list[tuple[str, Callable[[], None]]] = [
            (
                self.tr("Save as picture, {0}× (PNG)…").format(scale),
                partial(self._ask, figure, ".png", partial(self.save_png, figure, scale=scale)),
            )
            for scale in SCALES
        ]
        return [
            (self.tr("Copy the figure"), partial(self.copy_figure, figure)),
            (self.tr("Copy the numbers"), partial(self.copy_numbers, figure)),
            (self.tr("Show as a table"), partial(self.show_table, figure)),
            *pictures,
            (self.tr("Save as drawing (SVG)…"), partial(self._ask, figure, ".svg")),
            (self.tr("Save as page (PDF)…"), partial(self._ask, figure, ".pdf")),
            (self.tr("Save the numbers (CSV)…"), partial(self._ask, figure, ".csv")),
            (self.tr("Save the numbers (JSON)…"), partial(self._ask, figure, ".json")),
        ]

    # Taking home

    def copy_figure(self, figure: Figure) -> None:
        """Puts the figure with its card on the clipboard, as a picture."""
        with errand("a figure is drawn for the clipboard"):
            QGuiApplication.clipboard().setImage(image_of(self._page(figure), COPIED_SCALE))

    def copy_numbers(self, figure: Figure) -> None:
        """Puts headings and rows on the clipboard, as spreadsheets take them."""
        with self._told(), errand("the numbers of a figure are gathered"):
            QGuiApplication.clipboard().setText(tabbed(figure))

    def show_table(self, figure: Figure) -> None:
        """Opens the numbers as a table."""
        with self._told(), errand("the numbers of a figure are gathered"):
            TableDialog(figure, self._window).open()

    def ask_and_save(self, figure: Figure) -> None:
        """The file dialog with every kind of file that a figure can be."""
        picture = self.tr("Picture, {0}× ({1})")
        kinds = {picture.format(scale, "*.png"): (".png", scale) for scale in SCALES}
        kinds[self.tr("Drawing ({0})").format("*.svg")] = (".svg", 1)
        kinds[self.tr("Page ({0})").format("*.pdf")] = (".pdf", 1)
        self._ask_kind(figure, kinds)

    def ask_and_save_numbers(self, figure: Figure) -> None:
        """The file dialog for the numbers."""
        kinds = {
            self.tr("Table ({0})").format("*.csv"): (".csv", 1),
            self.tr("Object ({0})").format("*.json"): (".json", 1),
        }
        self._ask_kind(figure, kinds)

    def _ask_kind(self, figure: Figure, kinds: dict[str, tuple[str, int]]) -> None:
        name, chosen = self._ask_for_name(self._file_name(figure, ""), ";;".join(kinds))
        if name:
            suffix, scale = kinds.get(chosen, next(iter(kinds.values())))
            path = Path(name) if Path(name).suffix else Path(name).with_suffix(suffix)
            self.save(figure, path, scale)

    def _ask(self, figure: Figure, suffix: str, save: Callable[[Path], None] | None = None) -> None:
        name, _ = self._ask_for_name(self._file_name(figure, suffix), f"*{suffix}")
        if name:
            path = Path(name) if Path(name).suffix else Path(name).with_suffix(suffix)
            (save or partial(self.save, figure))(path)

    def _ask_for_name(self, suggestion: str, kinds: str) -> tuple[str, str]:
        with errand("a file dialog is open"):
            title = self.tr("Save the figure")
            return QFileDialog.getSaveFileName(self._window, title, suggestion, kinds)

    def _file_name(self, figure: Figure, suffix: str) -> str:
        archive = self._document.current
        return f"{archive.path.stem}-{figure.name}{suffix}" if archive is not None else figure.name + suffix

    def save(self, figure: Figure, path: Path, scale: int = COPIED_SCALE) -> None:
        """Writes the figure, or its numbers, as the path's suffix says; says so when it cannot."""
        page = self._page(figure)
        writers: dict[str, Callable[[], None]] = {
            ".svg": lambda: replace_text(path, svg_of(page)),
            ".pdf": lambda: replace_bytes(path, pdf_of(page)),
            ".csv": lambda: replace_text(path, csv_of(figure, page.card)),
            ".json": lambda: replace_text(path, json_of(figure, page.card)),
        }
        if path.suffix.lower() == ".png":
            self.save_png(figure, path, scale)
        elif path.suffix.lower() in writers:
            with self._told(path), errand("a drawing or a table is written"):
                writers[path.suffix.lower()]()
        else:
            kinds = ", ".join([".png", *writers])
            sentence = self.tr("{0} is no kind of file that a figure can be: choose one of {1}.")
            self._document.problem.emit(sentence.format(path.name, kinds))

    def save_png(self, figure: Figure, path: Path, scale: int) -> None:
        """Begins to write a picture, `scale` pixels a point; it is there when `writing` is over."""
        self._writing.append(self._png_steps(self._page(figure), path, scale))
        self._steps.start()

    @property
    def writing(self) -> bool:
        """Whether a picture is being written."""
        return bool(self._writing)

    def _png_steps(self, page: Page, path: Path, scale: int) -> Iterator[float]:
        with self._told(path), replacement(path) as beside, beside.open("wb") as file:
            yield from write_png(page, scale, file)

    def _step(self) -> None:
        """One strip of the picture that was asked for first."""
        if not self._writing:
            self._steps.stop()
        elif next(self._writing[0], None) is None:
            self._writing.pop(0)

    @contextmanager
    def _told(self, path: Path | None = None) -> Iterator[None]:
        """Tells the visitor in one sentence when an archive cannot be read, or the file be written."""
        try:
            yield
        except ArchiveError as error:
            self._document.problem.emit(str(error))
        except OSError as error:
            sentence, name = self.tr("{0} could not be written: {1}."), path.name if path else ""
            self._document.problem.emit(sentence.format(name, error.strerror or error))
