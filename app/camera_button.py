"""The button of the camera: starts it, keeps the picture that is seen, and hands on one frame at a time."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Signal
from PySide6.QtWidgets import QPushButton

from app.camera import Camera
from app.document import VisitorPicture
from app.handed_over import pasted


class CameraButton(QPushButton):
    """Pressed where there is no camera, it says so.

    It hands on a frame, and the next one when `go_on` says that it was looked at: the latest then.
    Signals: photographed(VisitorPicture): a frame to look at; kept: the last one is to stay, the camera is
    off; failed(str): there is no camera, or not any more.
    """

    photographed = Signal(VisitorPicture)
    kept = Signal()
    failed = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self.camera = Camera(self)
        self._waiting = False  # for a frame
        self.clicked.connect(self._on_click)
        self.camera.arrived.connect(self._on_frame)
        self.camera.ended.connect(self._on_end)
        self._follow()

    @property
    def running(self) -> bool:
        """Whether the camera is on."""
        return self.camera.running

    def go_on(self) -> None:
        """The frame handed on was looked at: hands on the latest, as soon as there is one."""
        self._waiting = self.running
        self._on_frame()

    def stop(self) -> None:
        """Turns the camera off."""
        self.camera.stop()
        self._waiting = False
        self._follow()

    def _on_click(self) -> None:
        if self.running:
            self.stop()
            self.kept.emit()
        else:
            self.camera.start()
            self._waiting = self.running
            self._follow()

    def _on_frame(self) -> None:
        image = self.camera.take() if self._waiting else None
        if image is not None:
            self._waiting = False
            name = QCoreApplication.translate("CameraButton", "Camera")
            self.photographed.emit(pasted(image, name, b"bmp"))

    def _on_end(self, reason: str) -> None:
        self.stop()
        self.failed.emit(reason)

    def _follow(self) -> None:
        self.setText(self.tr("Keep this picture") if self.running else self.tr("Camera"))
