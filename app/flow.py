"""Lets a picture flow through the network: the strongest maps of every layer, as the worker answers.

Layers are asked for one by one in the order of the network, so that they light up from left to right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.document import OpenArchive, VisitorPicture
from app.questions import about, switched_off
from app.selected import Lesions
from app.worker import Arrays, Worker

KIND = "flow"
MAPS = 12  # of one layer: as many as fit on a long box
BAR_UNITS = 4096  # of a flat layer


class Flow(QObject):
    """Signals: arrived: another layer has its maps (in `maps`, `crop`). failed(str): it cannot be shown."""

    arrived = Signal()
    failed = Signal(str)

    def __init__(self, worker: Worker) -> None:
        super().__init__()
        self._worker = worker
        self._message: dict[str, Any] = {}
        self._arrays: Arrays = {}
        self._layers: list[Mapping[str, Any]] = []
        self.maps: dict[str, NDArray[np.uint8]] = {}  # layer -> (n, h, w), a flat layer (units,)
        self.crop: NDArray[np.uint8] | None = None
        self.running = False

    def clear(self) -> None:
        """Nothing flows."""
        self._worker.cancel(KIND)
        self.maps, self.crop, self.running = {}, None, False
        self.arrived.emit()

    def start(
        self, archive: OpenArchive, picture: VisitorPicture, lesions: Lesions, shown: Sequence[str]
    ) -> None:
        """Asks for the layers named in `shown`; what was shown before stays until its successor is there."""
        self._message, self._arrays = about(
            picture, str(archive.path), "activations", **switched_off(lesions)
        )
        self._layers = [layer for layer in archive.network["layers"] if layer["name"] in shown]
        self._layers = [layer for layer in self._layers if layer["type"] != "data"]
        self.running = True
        self._ask({}, self._on_crop)

    def _ask(self, words: dict[str, Any], answered: Any) -> None:
        self._worker.request(KIND, {**self._message, **words}, answered, self._on_failure, self._arrays)

    def _on_crop(self, _message: dict[str, Any], arrays: Arrays) -> None:
        self.crop = arrays["crop"]
        self.arrived.emit()
        self._ask_next(0)

    def _ask_next(self, place: int) -> None:
        if place == len(self._layers):
            self.running = False
            self.arrived.emit()
            return
        layer = self._layers[place]
        words: dict[str, Any] = {"do": "maps", "layer": layer["name"], "count": MAPS}
        if len(layer["output_shape"]) == 1:
            words["channels"] = list(range(min(BAR_UNITS, layer["output_shape"][0])))
        self._ask(words, partial(self._on_maps, place))

    def _on_maps(self, place: int, _message: dict[str, Any], arrays: Arrays) -> None:
        layer, maps = self._layers[place], arrays["maps"]
        self.maps[layer["name"]] = maps.reshape(-1) if len(layer["output_shape"]) == 1 else maps
        self.arrived.emit()
        self._ask_next(place + 1)

    def _on_failure(self, sentence: str) -> None:
        self.clear()
        self.failed.emit(sentence)
