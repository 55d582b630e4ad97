"""The camera, where there is one: frames in memory only, the latest one wins.

QtMultimedia is not part of the smallest installation; without it, or without a camera, `why_not` says so.
"""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import Any

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QImage

WIDEST_PX = 640  # more than any network here looks at


class Camera(QObject):
    """Keeps the latest frame until somebody takes it; frames that nobody took are forgotten.

    Signals: arrived (there is a frame to take), ended(str): it stopped by itself, with the reason.
    """

    arrived = Signal()
    ended = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._parts: tuple[Any, ...] = ()  # device list, camera, session and sink while it runs
        self._description = ""
        self._frame: Any = None

    @property
    def running(self) -> bool:
        """Whether frames are coming."""
        return bool(self._parts)

    def why_not(self) -> str:
        """Why no picture can be taken, in one sentence; empty when one can."""
        if find_spec("PySide6.QtMultimedia") is None:
            return self.tr("The camera needs Qt's multimedia parts: “pip install pyside6-addons” adds them.")
        multimedia = _multimedia()
        if multimedia is None:
            return self.tr("Qt's multimedia parts are here, but a library that they need is not.")
        if not multimedia.QMediaDevices.videoInputs():
            return self.tr("No camera is connected.")
        return ""

    def start(self) -> None:
        """Starts the first camera; `ended` says when that is not possible."""
        reason = self.why_not()
        if reason:
            self.ended.emit(reason)
            return
        multimedia = _multimedia()
        assert multimedia is not None
        device = multimedia.QMediaDevices.defaultVideoInput()
        self._description = device.description()
        devices, camera = multimedia.QMediaDevices(self), multimedia.QCamera(device, self)
        session, sink = multimedia.QMediaCaptureSession(self), multimedia.QVideoSink(self)
        session.setCamera(camera)
        session.setVideoSink(sink)
        sink.videoFrameChanged.connect(self.keep)
        devices.videoInputsChanged.connect(self._on_devices_change)
        camera.errorOccurred.connect(lambda _error, words: self._end(words))
        self._parts = (devices, camera, session, sink)
        camera.start()

    def stop(self) -> None:
        """Stops and forgets the frame."""
        if self._parts:
            devices, camera, session, sink = self._parts
            self._parts = ()
            sink.videoFrameChanged.disconnect(self.keep)
            camera.stop()
            for part in (session, camera, sink, devices):
                part.deleteLater()
        self._frame = None

    def keep(self, frame: Any) -> None:
        """A frame arrived (a QVideoFrame, or a QImage): it takes the place of one that nobody took."""
        self._frame = frame
        self.arrived.emit()

    def take(self) -> QImage | None:
        """The latest frame, at most so large as a network can use; None when none came since the last."""
        frame, self._frame = self._frame, None
        if frame is None:
            return None
        image = frame if isinstance(frame, QImage) else frame.toImage()
        if image.isNull():
            return None
        if max(image.width(), image.height()) <= WIDEST_PX:
            return QImage(image)
        return image.scaled(WIDEST_PX, WIDEST_PX, Qt.AspectRatioMode.KeepAspectRatio)

    def _on_devices_change(self) -> None:
        """The camera in use may have been unplugged."""
        multimedia = _multimedia()
        if multimedia is not None and self.running:
            names = [device.description() for device in multimedia.QMediaDevices.videoInputs()]
            if self._description not in names:
                self._end(self.tr("The camera was unplugged."))

    def _end(self, reason: str) -> None:
        self.stop()
        self.ended.emit(reason or self.tr("The camera stopped."))


def _multimedia() -> Any | None:
    """The module, where it is installed and its libraries are."""
    try:
        return importlib.import_module("PySide6.QtMultimedia")
    except ImportError:
        return None
