"""What is asked before a small network is trained here: which one, on which pictures, for how long."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import (
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.archive_words import count
from app.theme import TARGET_PX, label
from app.training_plan import Net, nets
from app.widgets.select import Select

MOST_EPOCHS = 1000
LONGEST_NAME = 20  # letters of a network's name that are always in sight


class NewRun(QWidget):
    """Signals: wanted: begin what is chosen (`net`, `pictures`, `epochs`)."""

    wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.pictures: Path | None = None
        self.net_box = Select(self.tr("Network"), LONGEST_NAME)
        for net in nets():
            self.net_box.addItem(net.name)
        self.about = label("", "muted")
        self.file_button = QPushButton(self.tr("Packed pictures…"))
        self.folder_button = QPushButton(self.tr("Folder of pictures…"))
        self.chosen = label("", "muted")
        self.epochs_box = QLineEdit()
        self.epochs_box.setValidator(QIntValidator(1, MOST_EPOCHS))
        self.epochs_box.setMinimumHeight(TARGET_PX)
        self.epochs_box.setAccessibleName(self.tr("Epochs"))
        self.begin_button = QPushButton(self.tr("Begin training"))
        self.begin_button.setProperty("role", "primary")
        self._lay_out()
        self.net_box.currentIndexChanged.connect(self._on_net)
        self.file_button.clicked.connect(self._ask_for_file)
        self.folder_button.clicked.connect(self._ask_for_folder)
        self.begin_button.clicked.connect(self.wanted)
        self._on_net()
        self.choose(None)

    @property
    def net(self) -> Net:
        """The network chosen."""
        return nets()[max(0, self.net_box.currentIndex())]

    @property
    def epochs(self) -> int:
        """How many epochs it is to be trained."""
        return int(self.epochs_box.text() or self.net.epochs)

    def choose(self, pictures: Path | None) -> None:
        """These pictures: a packed file, or a folder with one folder for each class."""
        self.pictures = pictures
        nothing = self.tr("No pictures chosen yet: a file of “alexnet data pack”, or one folder per class.")
        self.chosen.setText(nothing if pictures is None else str(pictures))
        self.begin_button.setEnabled(pictures is not None)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setColumnStretch(1, 1)
        pictures = QHBoxLayout()
        pictures.addWidget(self.file_button)
        pictures.addWidget(self.folder_button)
        pictures.addStretch(1)
        rows = (self.tr("Network"), self.tr("Pictures"), self.tr("Epochs"))
        for row, words in enumerate(rows):
            grid.addWidget(label(words, "body", wrap=False), 2 * row, 0)
        left = Qt.AlignmentFlag.AlignLeft
        grid.addWidget(self.net_box, 0, 1, left)
        grid.addWidget(self.about, 1, 1)
        grid.addLayout(pictures, 2, 1)
        grid.addWidget(self.chosen, 3, 1)
        grid.addWidget(self.epochs_box, 4, 1, left)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(label(self.tr("Train a small network on this machine"), "heading"))
        column.addLayout(grid)
        column.addWidget(self.begin_button, 0, left)

    def _on_net(self) -> None:
        net = self.net
        self.epochs_box.setText(str(net.epochs))
        sentence = self.tr("{0}. {1} weights; reads {2} × {2} pixels; its recipe takes {3} epochs.")
        self.about.setText(sentence.format(net.description, count(net.weights), net.image_size, net.epochs))

    def _ask_for_file(self) -> None:
        kind = self.tr("Packed pictures ({0})").format("*.h5 *.hdf5")
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Packed pictures"), "", kind)
        if name:
            self.choose(Path(name))

    def _ask_for_folder(self) -> None:
        name = QFileDialog.getExistingDirectory(self, self.tr("A folder with one folder for each class"))
        if name:
            self.choose(Path(name))
