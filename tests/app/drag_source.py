"""A window to drag a file out of, for the real drop: drag_source.py FILE. Says what came of it."""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    """Pressing and moving starts the drag."""

    def mouseMoveEvent(self, _event: QMouseEvent) -> None:
        drag = QDrag(self)
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(self.text())])
        drag.setMimeData(mime)
        print(drag.exec(Qt.DropAction.CopyAction).name, flush=True)


def main() -> int:
    """Shows the window in the upper left corner until it is ended."""
    application = QApplication(sys.argv)
    source = Source(sys.argv[1])
    source.setWindowTitle("drag-source")
    source.setGeometry(0, 0, 200, 100)
    source.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
