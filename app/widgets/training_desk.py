"""Where a small network is trained from: begin, pause, go on, other rates, end. Computes nothing itself."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths, QTimer
from PySide6.QtWidgets import QFileDialog, QFrame, QVBoxLayout

from app.document import Document, OpenArchive
from app.rates import multiplied
from app.run_progress import epochs_now, in_progress, planned_epochs, standing
from app.theme import label
from app.training_plan import plan_of
from app.training_process import IDLE, PACKING, STOPPING, TRAINING, TrainingProcess
from app.watchdog import errand
from app.widgets.new_run import NewRun
from app.widgets.run_controls import RunControls
from reproduction.errors import UserError

LOOK_MS = 300  # for the archive of a run that begins


class TrainingDesk(QFrame):
    """A card with the form of a new run, or with the levers of the one that is shown."""

    def __init__(self, document: Document, process: TrainingProcess | None = None) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self._document = document
        self.process = process or TrainingProcess()
        self.folder = Path(
            QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation),
            "AlexNet Archive",
        )
        self.form, self.controls = NewRun(), RunControls()
        self._heading = label(self.tr("This run"), "heading")
        self._line = label("", "muted")
        self._look = QTimer(self, interval=LOOK_MS)
        self._look.timeout.connect(self._open_when_there)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(10)
        for widget in (self._heading, self.controls, self._line, self.form):
            column.addWidget(widget)
        self._connect()
        self.follow()

    def _connect(self) -> None:
        self.form.wanted.connect(self.begin)
        self.controls.pauseWanted.connect(self.process.pause)
        self.controls.goOnWanted.connect(self.go_on)
        self.controls.rateWanted.connect(self.change_rate)
        self.controls.endWanted.connect(self.end)
        self.process.changed.connect(self._on_change)
        self.process.said.connect(self._on_line)
        self.process.failed.connect(self._document.problem)

    # What can be done

    def begin(self) -> None:
        """Begins the run that the form describes."""
        if self.form.pictures is None or self.process.running:
            return
        try:
            with errand("the pictures of a run are looked at"):
                plan = plan_of(self.form.net, self.form.pictures, self.form.epochs, self.folder)
        except UserError as error:
            self._document.problem.emit(str(error))
            return
        self.process.begin(plan)

    def go_on(self, settings: tuple[str, ...] = ()) -> None:
        """Goes on with the run that is shown, with changed settings where some are given."""
        archive = self._document.current
        if archive is None:
            return
        if self.process.state == TRAINING:
            self.process.change(settings)
        elif self.process.state == IDLE:
            known, found = self._find_pictures(archive)
            if known:
                self.process.resume(archive.path, found, settings)

    def change_rate(self, factor: float) -> None:
        """Multiplies all learning rates; the run's notebook says so."""
        archive = self._document.current
        if archive is None:
            return
        with errand("the texts of a run are read"):
            settings = multiplied(archive.texts, epochs_now(archive), factor)
        if settings:
            self.go_on(tuple(settings))
        else:
            sentence = self.tr("The rates of this run follow its schedule and cannot be changed by hand now.")
            self._document.problem.emit(sentence)

    def end(self) -> None:
        """Finishes the epoch under way, tests, and ends the run there; its notebook says so."""
        archive = self._document.current
        if archive is not None:
            self.go_on((f"epochs={int(epochs_now(archive)) + 1}",))

    def _find_pictures(self, archive: OpenArchive) -> tuple[bool, Path | None]:
        """Whether it can be gone on, and the packed pictures, where they do not lie beside the archive."""
        name = str(archive.provenance.get("data_file") or "")
        if archive.path in self.process.data or (archive.path.parent / name).is_file():
            return True, self.process.data.get(archive.path)
        title = self.tr("The pictures of this run: {0}").format(name)
        chosen, _ = QFileDialog.getOpenFileName(self, title, "", "*.h5 *.hdf5")
        return bool(chosen), Path(chosen) if chosen else None

    # What is shown

    def mine(self, archive: OpenArchive | None) -> bool:
        """Whether that run was begun or gone on with here."""
        return archive is not None and archive.path == self.process.archive

    def goes_on(self, archive: OpenArchive) -> bool | None:
        """Whether that run is being trained; None when only its files can tell."""
        return self.process.running if self.mine(archive) else None

    def follow(self) -> None:
        """Shows what can be done with the run that is shown."""
        archive, state = self._document.current, self.process.state
        running = state == TRAINING and self.mine(archive)
        open_end = archive is not None and self._can_go_on(archive)
        levers = archive is not None and (open_end or (self.mine(archive) and state != IDLE))
        self.controls.setVisible(levers)
        self.form.setVisible(state == IDLE)
        self._heading.setVisible(levers)
        self._line.setVisible(state != IDLE)
        if archive is not None and levers:
            planned = planned_epochs(archive)
            part = min(1.0, epochs_now(archive) / planned) if planned else 0.0
            sentence = standing(archive, self.goes_on(archive))
            self.controls.show_state(sentence, part, running, open_end)

    def _can_go_on(self, archive: OpenArchive) -> bool:
        if self.process.state != IDLE or archive.provenance.get("exhibited"):
            return False
        unfinished = epochs_now(archive) + 1e-6 < planned_epochs(archive)
        return unfinished and (self.mine(archive) or not in_progress(archive))

    def _on_change(self) -> None:
        state = self.process.state
        waiting = {
            PACKING: self.tr("The pictures are being packed."),
            TRAINING: self.tr("The training is getting ready."),
            STOPPING: self.tr("The step under way is finished, then the archive is written."),
        }
        self._line.setText(waiting.get(state, ""))
        if state == TRAINING:
            self._look.start()
        if state == IDLE:
            self._look.stop()
            self._open_when_there()
            self._document.look_again()
        self.follow()

    def _on_line(self, line: str) -> None:
        if self.process.state != STOPPING:
            self._line.setText(line)

    def _open_when_there(self) -> None:
        """Shows the archive of the run once, as soon as there is one."""
        path = self.process.archive
        if path is not None and path.exists():
            self._look.stop()
            if all(archive.path != path for archive in self._document.archives):
                self._document.open(path)
            self.follow()
