"""Asks the worker what a network answers to the current picture, layer by layer and unit by unit.

One of a room. It asks only while it is awake (the room is visited); what was missed is asked on waking.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app import questions
from app.answers import Arrays
from app.document import Document, OpenArchive, VisitorPicture
from app.inside.flow import PLACES, FlowLayer, flow_of
from app.pixels import Box
from app.worker import Answered, Worker

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class SeenLayer:
    """A layer's answers in numbers; `order` are its channels (units), the largest answer first."""

    name: str
    kind: str
    column: int | None
    shape: tuple[int, ...]
    smallest: float
    largest: float
    mean: float
    order: tuple[int, ...]

    @property
    def flat(self) -> bool:
        """Whether it has units and no maps."""
        return len(self.shape) == 1


@dataclass(frozen=True)
class Maps:
    """Some maps of a layer: their channels, bytes (n, h, w) for the screen, and the values behind them."""

    channels: tuple[int, ...]
    pixels: Bytes
    values: NDArray[np.float32]


@dataclass(frozen=True)
class Unit:
    """One channel of a layer at one place of its map.

    values (h, w) of a layer of maps, (1, 1) of a flat one; `box` its receptive field in the crop: top, left,
    bottom, right; None while it is not known.
    """

    layer: str
    channel: int
    row: int
    column: int
    values: NDArray[np.float32]
    box: Box | None = None

    @property
    def answer(self) -> float:
        """What it answers at its place."""
        return float(self.values[self.row, self.column])


@dataclass
class Seen:
    """All that is known of the current picture in the current network; `number` is another for every look."""

    number: int
    crop: Bytes
    layers: dict[str, SeenLayer]
    maps: dict[str, Maps] = field(default_factory=dict)
    unit: Unit | None = None


class Inquiry(QObject):
    """Signals:

    changed: another picture or network is looked at; `seen` is None until the answer, or there is none.
    mapsArrived(str): the largest maps of that layer are there.
    unitChanged: `seen.unit` is another one (or its receptive field is known now).
    failed(str): what went wrong, in one sentence.
    """

    changed = Signal()
    mapsArrived = Signal(str)
    unitChanged = Signal()
    failed = Signal(str)

    def __init__(self, document: Document, worker: Worker, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.document, self.worker = document, worker
        self.seen: Seen | None = None
        self.flow: tuple[FlowLayer, ...] = ()
        self.asked: set[Hashable] = set()
        self._awake, self._stale, self._looks = False, True, 0
        self._about: object = None
        changes = document.currentChanged, document.pictureChanged, document.lesionsChanged
        for signal in (*changes, document.wordsChanged):
            signal.connect(self.ask)
        document.archiveUpdated.connect(self._on_update)
        document.unitChanged.connect(self._on_unit)

    @property
    def archive(self) -> OpenArchive | None:
        """The archive that is asked about."""
        return self.document.current

    @property
    def picture(self) -> VisitorPicture | None:
        """The picture that is asked about."""
        return self.document.picture

    @property
    def settled(self) -> bool:
        """Whether nothing is being waited for."""
        return not self.asked and not (self._stale and self._awake)

    def wake(self) -> None:
        """The room is visited: asks what was not asked meanwhile."""
        self._awake = True
        if self._stale:
            self.ask()
        elif self.seen is not None:
            unit = self.seen.unit
            if (unit and (unit.layer, unit.channel)) != (self.document.layer, self.document.unit):
                self._on_unit()

    def sleep(self) -> None:
        """The room is left."""
        self._awake = False

    def _on_update(self, archive: OpenArchive) -> None:
        if archive is self.archive and (archive, archive.version) != self._about:
            self.ask()

    # Asking

    def ask(self) -> None:
        """Looks at the current picture again, with what is current."""
        self._stale = True
        if not self._awake:
            return
        self._stale = False
        for kind in list(self.asked):
            self._forget(kind)
        self.seen, archive = None, self.archive
        self.flow = () if archive is None else flow_of(archive.network)
        self._about = archive and (archive, archive.version)
        self.changed.emit()
        if self.picture is not None and archive is not None:
            self.request("activations", self._on_activations, do="activations", **self.lesions())

    def lesions(self) -> dict[str, Any]:
        """What is switched off, for questions that can be asked with it."""
        return {"lesions": self.document.lesions.to_json()} if self.document.lesions else {}

    def request(self, kind: Hashable, answered: Answered, do: str, **more: Any) -> None:
        """Asks about the current picture; `kind` is known here alone, a newer one overtakes."""
        archive, picture = self.archive, self.picture
        if archive is None or picture is None:
            return
        message, arrays = questions.about(picture, str(archive.path), do, **more)
        name = ("inside", kind)
        self.asked.add(name)

        def on_answer(message: dict[str, Any], arrays: Arrays) -> None:
            self.asked.discard(name)
            answered(message, dict(arrays))

        def on_failure(sentence: str) -> None:
            self.asked.discard(name)
            self.failed.emit(sentence)

        self.worker.request(name, message, on_answer, on_failure, arrays)

    def cancel(self, kind: Hashable) -> None:
        """Forgets what was asked under that kind."""
        self._forget(("inside", kind))

    def _forget(self, name: Hashable) -> None:
        self.worker.cancel(name)
        self.asked.discard(name)

    # Answers

    def _on_activations(self, message: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
        layers = {entry["name"]: seen_layer(entry, arrays) for entry in message["layers"]}
        self._looks += 1
        self.seen = Seen(self._looks, arrays["crop"], layers)
        self.flow = tuple(layer for layer in self.flow if layer.name in layers)
        self.changed.emit()
        for layer in self.flow:
            self._ask_for_maps(layer.name)
        self._on_unit()

    def _ask_for_maps(self, layer: str) -> None:
        def answered(_message: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
            if self.seen is not None:
                self.seen.maps[layer] = maps_of(arrays)
                self.mapsArrived.emit(layer)

        more = {"layer": layer, "count": PLACES, "exact": True, **self.lesions()}
        self.request(("maps", layer), answered, do="maps", **more)

    def _on_unit(self) -> None:
        """Asks for the whole map of the selected unit."""
        layer, channel = self.document.layer, self.document.unit
        if self.seen is None or not self._awake:
            return
        known = self.seen.layers.get(layer or "")
        if known is None or channel is None or channel >= known.shape[0]:
            self.seen.unit = None
            self.unitChanged.emit()
            return

        def answered(_message: dict[str, Any], arrays: Mapping[str, NDArray[Any]]) -> None:
            values = maps_of(arrays).values[0]
            self._take(known.name, channel, values)

        more = {"layer": known.name, "channels": [channel], "exact": True, **self.lesions()}
        self.request("unit", answered, do="maps", **more)

    def _take(self, layer: str, channel: int, values: NDArray[np.float32]) -> None:
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        if self.seen is not None:
            self._move(Unit(layer, channel, int(row), int(column), values))

    def move_to(self, row: int, column: int) -> None:
        """Another place of the selected unit's map."""
        if self.seen is not None and self.seen.unit is not None:
            unit = self.seen.unit
            self._move(Unit(unit.layer, unit.channel, row, column, unit.values))

    def _move(self, unit: Unit) -> None:
        """The unit is told at once, its receptive field when it is known."""
        assert self.seen is not None
        before = self.seen.unit
        kept = before is not None and (before.layer, before.channel) == (unit.layer, unit.channel)
        self.seen.unit = unit
        if not kept:
            self.unitChanged.emit()

        def answered(message: dict[str, Any], _arrays: Mapping[str, NDArray[Any]]) -> None:
            if self.seen is not None and self.seen.unit is unit:
                top, left, bottom, right = (int(edge) for edge in message["box"])
                box = (top, left, bottom, right)
                self.seen.unit = Unit(unit.layer, unit.channel, unit.row, unit.column, unit.values, box)
                self.unitChanged.emit()

        place = {"row": unit.row, "column": unit.column}
        self.request("field", answered, do="field", layer=unit.layer, channel=unit.channel, **place)


def seen_layer(entry: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> SeenLayer:
    """One layer of an answer to `activations`."""
    return SeenLayer(
        name=str(entry["name"]),
        kind=str(entry["type"]),
        column=None if entry["column"] is None else int(entry["column"]),
        shape=tuple(int(side) for side in entry["shape"]),
        smallest=float(entry["smallest"]),
        largest=float(entry["largest"]),
        mean=float(entry["mean"]),
        order=tuple(arrays[f"order:{entry['name']}"].tolist()),
    )


def maps_of(arrays: Mapping[str, NDArray[Any]]) -> Maps:
    """An answer to `maps` that was asked for exactly."""
    channels = tuple(int(number) for number in arrays["channels"])
    return Maps(channels, arrays["maps"], arrays["values"].astype(np.float32))
