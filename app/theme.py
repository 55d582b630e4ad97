"""Colours, type and spacing of the museum, for a light and a dark room, at any text size.

One `Theme` value holds every colour; `Appearance` turns it into Qt's palette and one style sheet. Widgets
that paint themselves ask `current()`; others carry a `role` property ("title", "heading", "lead", "muted",
"card", "primary" ...). Columns are told apart by colour, line (solid, dashed) and word, never colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject, Qt, Signal
from PySide6.QtGui import QColor, QFont, QGuiApplication, QPalette, QPen
from PySide6.QtWidgets import QApplication, QLabel

from app.watchdog import errand

COLUMN_LINES = (Qt.PenStyle.SolidLine, Qt.PenStyle.DashLine)
TARGET_PX = 48  # smallest side of anything to be touched
FRAME_PX = 3  # a border of 1 in a margin of 2, or, with the keyboard's focus, a border of 3


@dataclass(frozen=True)
class Theme:
    """Every colour by what it is for; `#rrggbb`."""

    name: str
    window: str  # behind everything
    rail: str
    card: str
    line: str  # hairlines and grids
    edge: str  # borders of controls, 3:1 against card and window
    text: str
    muted: str  # secondary text, 4.5:1
    accent: str
    on_accent: str
    hover: str
    selected: str
    focus: str
    warning: str
    shared: str  # what belongs to no column
    columns: tuple[str, str]  # fills and lines of the columns
    column_texts: tuple[str, str]  # the column colours where they are text
    crossing: str  # connections from one column to the other
    test: str  # curves and figures of the test, which belong to no column

    @property
    def dark(self) -> bool:
        """Whether this is the dark theme."""
        return self.name == "dark"

    def column(self, column: int | None) -> QColor:
        """Fill or line colour of a column; what belongs to none has its own."""
        return QColor(self.shared if column is None else self.columns[column % len(self.columns)])

    def column_text(self, column: int | None) -> QColor:
        """Text colour of a column's name."""
        return QColor(self.muted if column is None else self.column_texts[column % len(self.column_texts)])


LIGHT = Theme(
    name="light",
    window="#f7f6f3",
    rail="#efede8",
    card="#ffffff",
    line="#e3e0d9",
    edge="#8b877e",
    text="#1d1c1a",
    muted="#5d5a54",
    accent="#0b5c8a",
    on_accent="#ffffff",
    hover="#e6e3dc",
    selected="#dfe9f0",
    focus="#0b5c8a",
    warning="#fdf0dc",
    shared="#7d7a73",
    columns=("#0072b2", "#d55e00"),  # of Okabe and Ito's palette, safe for every common colour vision
    column_texts=("#00619a", "#a84700"),
    crossing="#881972",
    test="#177c39",
)
DARK = Theme(
    name="dark",
    window="#161719",
    rail="#1c1d20",
    card="#202225",
    line="#34373b",
    edge="#84878c",
    text="#eceae6",
    muted="#aaa8a2",
    accent="#7cc0ea",
    on_accent="#0c1820",
    hover="#2a2d31",
    selected="#20384a",
    focus="#7cc0ea",
    warning="#42351d",
    shared="#8d8b86",
    columns=("#3b9ad6", "#e6702a"),  # the same two, lighter: 3:1 against a dark card needs it
    column_texts=("#6fb9ea", "#f08a3e"),
    crossing="#e6bce0",
    test="#6ee195",
)


class Appearance(QObject):
    """The theme and text size in use. Signal: changed, after palette, font and style sheet were set."""

    changed = Signal()

    def __init__(self, application: QApplication) -> None:
        super().__init__(application)
        self._application = application
        self._font = QFont(application.font())
        self._choice = "system"
        self.theme = LIGHT
        self.text_size = 100
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_system_change)

    def choose(self, choice: str, text_size: int) -> None:
        """Applies `system`, `light` or `dark` and a text size in per cent of the system's."""
        self._choice, self.text_size = choice, text_size
        scheme = QGuiApplication.styleHints().colorScheme()
        dark = choice == "dark" or (choice == "system" and scheme is Qt.ColorScheme.Dark)
        self.theme = DARK if dark else LIGHT
        _set_current(self.theme)
        font = QFont(self._font)
        font.setPointSizeF(max(self._font.pointSizeF(), 10.0) * text_size / 100)
        with errand("every widget takes another theme or text size"):
            self._application.setFont(font)
            self._application.setPalette(palette_of(self.theme))
            self._application.setStyleSheet(style_sheet(self.theme, font.pointSizeF()))
            self.changed.emit()

    def _on_system_change(self) -> None:
        if self._choice == "system":
            self.choose(self._choice, self.text_size)


_current = LIGHT


def _set_current(theme: Theme) -> None:
    global _current
    _current = theme


def current() -> Theme:
    """The theme in use, for widgets that paint themselves (they are repainted when it changes)."""
    return _current


@contextmanager
def drawn_in(theme: Theme) -> Iterator[None]:
    """Lets what paints itself use another theme for a while: figures go on paper in the light one."""
    before = _current
    _set_current(theme)
    try:
        yield
    finally:
        _set_current(before)


def column_pen(column: int | None, width: float = 2.0) -> QPen:
    """The line of a column: its colour, solid for column 0 and dashed for column 1."""
    style = Qt.PenStyle.SolidLine if column is None else COLUMN_LINES[column % len(COLUMN_LINES)]
    return QPen(current().column(column), width, style)


def column_name(column: int) -> str:
    """How a column is called: by the number that the 2012 definition files give its GPU."""
    return QCoreApplication.translate("theme", "GPU {0}").format(column)


def label(text: str, role: str, wrap: bool = True) -> QLabel:
    """A text in one of the style sheet's roles."""
    made = QLabel(text)
    made.setProperty("role", role)
    made.setWordWrap(wrap)
    return made


def palette_of(theme: Theme) -> QPalette:
    """Qt's palette for a theme, so that every stock widget follows it."""
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: theme.window,
        QPalette.ColorRole.WindowText: theme.text,
        QPalette.ColorRole.Base: theme.card,
        QPalette.ColorRole.AlternateBase: theme.window,
        QPalette.ColorRole.Text: theme.text,
        QPalette.ColorRole.Button: theme.card,
        QPalette.ColorRole.ButtonText: theme.text,
        QPalette.ColorRole.BrightText: theme.text,
        QPalette.ColorRole.ToolTipBase: theme.card,
        QPalette.ColorRole.ToolTipText: theme.text,
        QPalette.ColorRole.PlaceholderText: theme.muted,
        QPalette.ColorRole.Highlight: theme.accent,
        QPalette.ColorRole.HighlightedText: theme.on_accent,
        QPalette.ColorRole.Link: theme.accent,
        QPalette.ColorRole.Light: theme.card,
        QPalette.ColorRole.Midlight: theme.line,
        QPalette.ColorRole.Mid: theme.edge,
        QPalette.ColorRole.Dark: theme.edge,
        QPalette.ColorRole.Shadow: theme.edge,
    }
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(theme.edge))
    return palette


def style_sheet(theme: Theme, points: float) -> str:
    """The one style sheet; `points` is the size of running text, all else follows from it."""
    sizes = {name: f"{points * factor:.1f}pt" for name, factor in SIZES.items()}
    return SHEET.format(**vars(theme), **sizes, inner=TARGET_PX - 2 * FRAME_PX)


SIZES = {"title_size": 2.2, "heading_size": 1.3, "lead_size": 1.25, "small_size": 0.9, "number_size": 1.7}
SHEET = """
QLabel {{ background: transparent; }}
QLabel[role="title"] {{ font-size: {title_size}; font-weight: 300; }}
QLabel[role="heading"] {{ font-size: {heading_size}; font-weight: 600; }}
QLabel[role="lead"] {{ font-size: {lead_size}; }}
QLabel[role="number"] {{ font-size: {number_size}; font-weight: 300; }}
QLabel[role="muted"] {{ color: {muted}; }}
QLabel[role="small"] {{ color: {muted}; font-size: {small_size}; }}
QFrame[role="card"] {{ background: {card}; border: 1px solid {line}; border-radius: 10px; }}
QFrame[role="rail"] {{ background: {rail}; border: none; border-right: 1px solid {line}; }}
QFrame[role="header"] {{ background: {window}; border: none; border-bottom: 1px solid {line}; }}
QFrame[role="message"] {{ background: {warning}; border: none; border-bottom: 1px solid {line}; }}
QFrame[role="banner"] {{ background: {selected}; border: none; border-radius: 10px; }}
QScrollArea {{ background: transparent; border: none; }}
QScrollArea > QWidget > QWidget {{ background: transparent; }}
QPushButton, QToolButton, QComboBox {{
    background: {card}; color: {text}; border: 1px solid {edge}; border-radius: 8px; margin: 2px;
    min-height: {inner}px; padding: 0 16px;
}}
QPushButton:hover, QToolButton:hover, QComboBox:hover {{ background: {hover}; }}
QPushButton:pressed, QToolButton:pressed {{ background: {selected}; }}
QPushButton:checked, QToolButton:checked {{ background: {selected}; border-color: {accent}; }}
QPushButton:disabled, QToolButton:disabled, QComboBox:disabled {{ border-color: {line}; color: {edge}; }}
QPushButton[role="primary"] {{ background: {accent}; color: {on_accent}; border-color: {accent}; }}
QPushButton[role="quiet"] {{ background: transparent; border-color: transparent; }}
QPushButton[role="quiet"]:hover {{ background: {hover}; }}
QPushButton[role="quiet"]:checked {{ background: {selected}; }}
QPushButton[role="room"] {{
    background: transparent; border-color: transparent; text-align: left; padding: 0 12px;
}}
QPushButton[role="room"]:hover {{ background: {hover}; }}
QPushButton[role="room"]:checked {{ background: {selected}; font-weight: 600; }}
QPushButton[role="menu"] {{ padding: 0 30px 0 14px; }}
QPushButton::menu-indicator {{ subcontrol-origin: padding; subcontrol-position: right center; right: 10px; }}
QPushButton:focus, QToolButton:focus, QComboBox:focus {{ border: 3px solid {focus}; margin: 0; }}
QPushButton[role="primary"]:focus {{ border-color: {text}; }}
QPushButton[role="room"]:focus, QPushButton[role="quiet"]:focus {{ border-color: {focus}; }}
QAbstractScrollArea::corner {{ background: transparent; border: none; }}
QComboBox QAbstractItemView {{ background: {card}; color: {text}; border: 1px solid {edge}; }}
QComboBox QAbstractItemView::item {{ min-height: {inner}px; }}
QScrollBar:vertical {{ background: transparent; width: 14px; margin: 0; }}
QScrollBar:horizontal {{ background: transparent; height: 14px; margin: 0; }}
QScrollBar::handle {{ background: {edge}; border-radius: 4px; margin: 3px; }}
QScrollBar::handle:vertical {{ min-height: 40px; }}
QScrollBar::handle:horizontal {{ min-width: 40px; }}
QScrollBar::add-line, QScrollBar::sub-line {{ width: 0; height: 0; }}
QScrollBar::add-page, QScrollBar::sub-page {{ background: transparent; }}
QToolTip {{ background: {card}; color: {text}; border: 1px solid {edge}; padding: 6px; }}
QTableView {{ background: {card}; border: 1px solid {line}; border-radius: 8px; gridline-color: {line}; }}
QTableView:focus {{ border: 3px solid {focus}; }}
QLineEdit {{
    background: {card}; color: {text}; border: 1px solid {edge}; border-radius: 8px; margin: 2px;
    min-height: {inner}px; padding: 0 12px;
}}
QLineEdit:focus {{ border: 3px solid {focus}; margin: 0; }}
QComboBox::drop-down {{ border: none; width: 32px; }}
QProgressBar {{ background: {line}; border: none; border-radius: 5px; min-height: 10px; max-height: 10px; }}
QProgressBar::chunk {{ background: {accent}; border-radius: 5px; }}
QListView {{ background: {card}; border: 1px solid {line}; border-radius: 8px; outline: none; }}
QListView::item {{ padding: 9px 12px; color: {text}; }}
QListView::item:selected {{ background: {selected}; color: {text}; }}
QListView:focus {{ border: 3px solid {focus}; }}
QHeaderView::section {{ background: {rail}; color: {text}; border: none; padding: 8px; }}
QMenu {{ background: {card}; color: {text}; border: 1px solid {edge}; padding: 6px; }}
QMenu::item {{ padding: 10px 26px; border-radius: 6px; }}
QMenu::item:selected {{ background: {selected}; }}
QMenu::item:disabled {{ color: {edge}; }}
QMenu::separator {{ height: 1px; background: {line}; margin: 6px 10px; }}
QMenuBar {{ background: {window}; color: {text}; }}
QMenuBar::item {{ padding: 8px 12px; border-radius: 6px; }}
QMenuBar::item:selected {{ background: {selected}; }}
"""
