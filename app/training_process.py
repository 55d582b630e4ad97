"""Trains in a process of its own: packs pictures, begins a run, pauses it, goes on with other rates.

The process is `python -m reproduction train` or `resume`, as anybody can type it. Closing its input asks it
to stop (`--attended`): it finishes its step and leaves the archive complete, also when the museum is killed.
How far it is stands in the archive and in its log, which the document follows.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

import app
from app.training_plan import Plan

GOODBYE_MS = 20_000  # for the step under way and the archive; the version before is complete in any case
IDLE, PACKING, TRAINING, STOPPING = "idle", "packing", "training", "stopping"
COMMAND = (sys.executable, "-m", "reproduction")
PREFIX = re.compile(r"^alexnet [a-z]+: ")


def as_options(settings: Sequence[str]) -> list[str]:
    """KEY=VALUE settings as words of a command line."""
    return [word for setting in settings for word in ("--set", setting)]


def threads() -> int:
    """One core is left for the museum."""
    return max(1, (os.cpu_count() or 1) - 1)


class TrainingProcess(QObject):
    """At most one run at a time. Signals:

    changed: it began, was asked to stop, or ended; `state` says which. said(str): its newest line.
    failed(str): one sentence about why it ended, for the visitor.
    """

    changed = Signal()
    said = Signal(str)
    failed = Signal(str)

    def __init__(self, command: Sequence[str] = COMMAND) -> None:
        super().__init__()
        self._command = list(command)
        self._process: QProcess | None = None
        self._next: list[list[str]] = []  # what is to be run after this
        self._line = ""
        self.state = IDLE
        self.archive: Path | None = None
        self.data: dict[Path, Path] = {}  # the pictures of every run that was begun or gone on with here

    @property
    def running(self) -> bool:
        """Whether a process is at work."""
        return self._process is not None

    def begin(self, plan: Plan) -> None:
        """Begins a run, after packing its pictures where they are a folder. One at a time."""
        if self.running:
            return
        train = ["train", plan.net, "--data", str(plan.data), "--out", str(plan.archive), "--attended"]
        train += ["--epochs", str(plan.epochs), "--threads", str(threads()), *as_options(plan.settings)]
        self._next = [["data", "pack", *plan.packing], train] if plan.packing else [train]
        self._own(plan.archive, plan.data)
        self._run_next()

    def resume(self, archive: Path, data: Path | None = None, settings: Sequence[str] = ()) -> None:
        """Goes on with the run in `archive`; `settings` (KEY=VALUE) are changed and noted in its notebook."""
        if not self.running:
            self._own(archive, data)
            self._next = [self._resume_words(archive, settings)]
            self._run_next()

    def change(self, settings: Sequence[str]) -> None:
        """Stops the run that goes on and goes on with other settings."""
        if self.archive is not None and self.state == TRAINING:
            self._stop([self._resume_words(self.archive, settings)])

    def pause(self) -> None:
        """Stops after the step under way; the archive is complete then. Packing is given up at once."""
        if self.state == PACKING and self._process is not None:
            self._stop([])
            self._process.kill()
        elif self.state == TRAINING:
            self._stop([])

    def shut_down(self) -> None:
        """The museum closes: waits until the run has written its archive."""
        process, self._process = self._process, None
        self._next = []
        if process is not None:
            if self.state == PACKING:
                process.kill()
            process.closeWriteChannel()
            if not process.waitForFinished(GOODBYE_MS):
                process.kill()
                process.waitForFinished(GOODBYE_MS)

    def _own(self, archive: Path, data: Path | None) -> None:
        self.archive = archive
        if data is not None:
            self.data[archive] = data

    def _resume_words(self, archive: Path, settings: Sequence[str]) -> list[str]:
        words = ["resume", str(archive), "--attended"]
        if archive in self.data:
            words += ["--data", str(self.data[archive])]
        return words + as_options(settings)

    def _stop(self, then: list[list[str]]) -> None:
        self._next = then
        self.state = STOPPING
        if self._process is not None:
            self._process.closeWriteChannel()
        self.changed.emit()

    def _run_next(self) -> None:
        words = self._next.pop(0)
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        process = QProcess(self)
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(Path(app.__file__ or "").resolve().parent.parent))
        process.setStandardOutputFile(QProcess.nullDevice())
        process.readyReadStandardError.connect(self._on_line)
        process.finished.connect(self._on_end)
        process.errorOccurred.connect(self._on_error)
        self._process, self._line = process, ""
        self.state = PACKING if words[0] == "data" else TRAINING
        process.start(self._command[0], [*self._command[1:], *words])
        self.changed.emit()

    def _on_line(self) -> None:
        if self._process is not None:
            text = bytes(self._process.readAllStandardError().data()).decode(errors="replace")
            lines = [line.strip() for line in text.splitlines() if line.strip()]
            if lines:
                self._line = lines[-1]
                self.said.emit(self._line)

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._on_end(1, QProcess.ExitStatus.NormalExit)

    def _on_end(self, code: int, status: QProcess.ExitStatus) -> None:
        """The process is gone: goes on with what was to come next, or says why it cannot."""
        if self._process is None:
            return
        self._on_line()
        self._process.deleteLater()
        self._process = None
        asked = self.state == STOPPING
        killed = status is QProcess.ExitStatus.CrashExit
        if self._next and (code == 0 or asked) and not killed:
            self._run_next()
            return
        was, self.state, self._next = self.state, IDLE, []
        self.changed.emit()
        if not asked and (killed or code != 0):
            self.failed.emit(self._reason(was, killed))

    def _reason(self, was: str, killed: bool) -> str:
        if killed and was == PACKING:
            return self.tr("The packing was ended from outside; nothing of it was kept.")
        if killed:
            return self.tr(
                "The training was ended from outside. Its archive is complete up to its last version: “Go on”"
                " trains on from there."
            )
        return PREFIX.sub("", self._line) or self.tr("The training could not be started.")
