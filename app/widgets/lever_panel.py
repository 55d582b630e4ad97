"""The levers of a network: one for each column, one for the cable between them, one for colour."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QEvent, QSize, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.plugs import Plugs
from app.selected import Lesions
from app.theme import column_name, label
from app.widgets.lever import Lever

USUAL_COLUMNS = 2  # levers for so many columns are always there
SPACE_PX = 8


class LeverPanel(QWidget):
    """Shows lesions and says which lever was thrown. Names: "column-0" ..., "cable", "colour".

    Signal: thrown(str): the name of a lever; the lesions are for the listener to change.
    """

    thrown = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.levers: dict[str, Lever] = {}
        self._lesions = Lesions()
        self._reasons = label("", "small")
        self._rows: list[QHBoxLayout] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(SPACE_PX)
        self._column.addWidget(self._reasons)

    def show_plugs(self, plugs: Plugs) -> None:
        """Makes the levers that the network needs; what has no meaning in it is disabled, with the reason."""
        self._make(max(USUAL_COLUMNS, len(plugs.columns)))
        reasons = self._reasons_of(plugs)
        for name, lever in self.levers.items():
            lever.explain(reasons.get(name, ""))
        self._reasons.setText(" ".join(dict.fromkeys(reasons.values())))
        self._reasons.setVisible(bool(reasons))

    def _make(self, columns: int) -> None:
        wanted = [f"column-{column}" for column in range(columns)]
        if list(self.levers) == [*wanted, "cable", "colour"]:
            return
        for lever in self.levers.values():
            lever.deleteLater()
        self.levers = {name: Lever(column_name(column), column) for column, name in enumerate(wanted)}
        self.levers["cable"] = Lever(self.tr("Cable between them"))
        self.levers["colour"] = Lever(self.tr("Colour"))
        for name, lever in self.levers.items():
            lever.clicked.connect(partial(self._on_click, name))
        self._arrange()

    def _reasons_of(self, plugs: Plugs) -> dict[str, str]:
        reasons = {}
        for name in self.levers:
            if name.startswith("column-") and column_of(name) not in plugs.columns:
                reasons[name] = self.tr("This network has one column, so there is none to do without.")
        if not plugs.columns:
            reasons["cable"] = self.tr("One column needs no cable.")
        elif not plugs.cable:
            reasons["cable"] = self.tr("No layer reads the other column before the votes are counted.")
        if not plugs.colour:
            reasons["colour"] = self.tr("This network sees no colour.")
        return reasons

    def _on_click(self, name: str) -> None:
        self.show_lesions(self._lesions)  # it moves when the network has changed, not before
        self.thrown.emit(name)

    def show_lesions(self, lesions: Lesions) -> None:
        """Puts the levers where the lesions say."""
        self._lesions = lesions
        for name, lever in self.levers.items():
            lever.setChecked(not is_off(name, lesions))

    def can_throw(self, name: str) -> bool:
        """Whether there is such a lever and it means something in this network."""
        return name in self.levers and self.levers[name].isEnabled()

    def alone(self) -> list[Lesions]:
        """What each lever that can be thrown switches off."""
        return [toggled(name, Lesions()) for name in self.levers if self.can_throw(name)]

    def _arrange(self) -> None:
        """As many side by side as there is room for."""
        rows = self._packed()
        while len(self._rows) < len(rows):
            row = QHBoxLayout()
            row.setSpacing(SPACE_PX)
            self._column.insertLayout(len(self._rows), row)
            self._rows.append(row)
        for row in self._rows:
            while row.takeAt(0) is not None:
                pass
        for row, levers in zip(self._rows, rows, strict=False):
            for lever in levers:
                row.addWidget(lever)
            row.addStretch(1)

    def _packed(self) -> list[list[Lever]]:
        """The levers in rows, in their order."""
        rows: list[list[Lever]] = []
        left = 0
        for lever in self.levers.values():
            needed = lever.sizeHint().width() + SPACE_PX
            if not rows or needed > left:
                rows.append([])
                left = self.width() + SPACE_PX
            rows[-1].append(lever)
            left -= needed
        return rows

    def minimumSizeHint(self) -> QSize:
        """As narrow as the widest lever: the others go below it."""
        widest = max((lever.sizeHint().width() for lever in self.levers.values()), default=0)
        return QSize(widest, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._arrange()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._arrange()


def column_of(name: str) -> int:
    """The column of a lever "column-N"."""
    return int(name.removeprefix("column-"))


def toggled(name: str, lesions: Lesions) -> Lesions:
    """Lesions after the lever of that name was thrown."""
    column = frozenset({column_of(name)}) if name.startswith("column-") else frozenset()
    return Lesions(
        lesions.columns ^ column,
        lesions.units,
        lesions.grey ^ (name == "colour"),
        lesions.cut ^ (name == "cable"),
    )


def is_off(name: str, lesions: Lesions) -> bool:
    """Whether what the lever of that name switches is off."""
    if name.startswith("column-"):
        return column_of(name) in lesions.columns
    return lesions.grey if name == "colour" else lesions.cut
