"""What is selected in the archive that is shown, what is switched off, and how to take changes back.

The part of the document that all rooms share and no file holds. Selecting is not undone; what changes the
network or a figure (`change`, `set_lesions`) is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Signal, SignalInstance
from PySide6.QtGui import QUndoCommand, QUndoStack

Value = TypeVar("Value")


@dataclass(frozen=True)
class Lesions:
    """What is switched off in the network; false when nothing is.

    columns: whole columns (GPUs); units: (layer, filter or neuron), counted from 0 over both columns;
    grey: the network is shown its pictures without colour; cut: nothing crosses between the columns.
    """

    columns: frozenset[int] = frozenset()
    units: frozenset[tuple[str, int]] = frozenset()
    grey: bool = False
    cut: bool = False

    def __bool__(self) -> bool:
        return bool(self.columns or self.units or self.grey or self.cut)

    def to_json(self) -> dict[str, Any]:
        """As it goes to the worker and into a session, in a fixed order."""
        return {
            "columns": sorted(self.columns),
            "units": [list(unit) for unit in sorted(self.units)],
            "grey": self.grey,
            "cut": self.cut,
        }

    @staticmethod
    def from_json(words: dict[str, Any]) -> Lesions:
        """What `to_json` wrote. Raises KeyError, TypeError or ValueError for anything else."""
        return Lesions(
            frozenset(int(column) for column in words["columns"]),
            frozenset((str(layer), int(unit)) for layer, unit in words["units"]),
            bool(words["grey"]),
            bool(words["cut"]),
        )


class Change(QUndoCommand):
    """One change of one value; changes with the same `key` that follow each other are one."""

    def __init__(self, text: str, apply: Callable[[Any], object], old: Any, new: Any, key: str) -> None:
        super().__init__(text)
        self._apply, self._old, self._new, self._key = apply, old, new, key

    def redo(self) -> None:
        self._apply(self._new)

    def undo(self) -> None:
        self._apply(self._old)

    def id(self) -> int:
        return hash(self._key) & 0x7FFFFFFF if self._key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, Change) or other._key != self._key:
            return False
        self._new = other._new
        return True


class Selected(QObject):
    """Selection, lesions and the undo stack; `Document` is one.

    Attributes (read them, change them by the methods):
        layer: name of the selected layer; the first layer of a newly shown archive; None without an archive.
        unit: number of the selected filter or neuron of that layer, from 0 over both columns, or None.
        moment: index of the selected snapshot, or None for the weights as they are now.
        lesions: what is switched off.
        undo: the stack of changes, emptied when another archive is shown.
    Signals: layerChanged, unitChanged, momentChanged, lesionsChanged (no arguments, only on a change).
    """

    layerChanged = Signal()
    unitChanged = Signal()
    momentChanged = Signal()
    lesionsChanged = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.layer: str | None = None
        self.unit: int | None = None
        self.moment: int | None = None
        self.lesions = Lesions()
        self.undo = QUndoStack(self)

    def select_layer(self, layer: str | None) -> None:
        """Selects a layer and none of its units."""
        self.select_unit(layer, None)

    def select_unit(self, layer: str | None, unit: int | None) -> None:
        """Selects a unit of a layer."""
        other_layer, other_unit = layer != self.layer, layer != self.layer or unit != self.unit
        self.layer, self.unit = layer, unit
        if other_layer:
            self.layerChanged.emit()
        if other_unit:
            self.unitChanged.emit()

    def select_moment(self, moment: int | None) -> None:
        """Selects a snapshot by its index, or None: now."""
        if moment != self.moment:
            self.moment = moment
            self.momentChanged.emit()

    def set_lesions(self, lesions: Lesions, text: str) -> None:
        """Switches off exactly this; `text` says in the menu what undo would take back."""
        if lesions != self.lesions:
            self.change(text, self._apply_lesions, self.lesions, lesions)

    def change(
        self, text: str, apply: Callable[[Value], object], old: Value, new: Value, key: str = ""
    ) -> None:
        """Calls `apply(new)` now, `apply(old)` on undo. With a `key`, a drag of a slider is one change."""
        self.undo.push(Change(text, apply, old, new, key))

    def restore_trained(self, text: str) -> None:
        """Back to the network as it was trained: now, with nothing switched off. Can be undone."""
        self.select_moment(None)
        self.set_lesions(Lesions(), text)

    def _apply_lesions(self, lesions: Lesions) -> None:
        if lesions != self.lesions:
            self.lesions = lesions
            self.lesionsChanged.emit()

    def _select_afresh(self, layer: str | None) -> list[SignalInstance]:
        """Another network is shown: nothing of the old selection means anything in it.

        The values are changed at once; the signals of those that changed are for the caller to emit.
        """
        self.undo.clear()
        before = self.layer, self.unit, self.moment, self.lesions
        self.layer, self.unit, self.moment, self.lesions = layer, None, None, Lesions()
        after = self.layer, self.unit, self.moment, self.lesions
        signals = self.layerChanged, self.unitChanged, self.momentChanged, self.lesionsChanged
        return [signal for signal, old, new in zip(signals, before, after, strict=True) if old != new]
