"""Talks to `reproduction.service`, the process that computes: requests, latest wins, cancel, restart.

The service answers one request at a time. What waits here is at most one request of each kind: a newer one
takes the place of an older one that was not sent yet, and the answer to one that was overtaken on its way is
dropped. A question that was on its way when the service died is asked once more; one that takes it down again
is answered with a sentence. The museum's own process never blocks and never imports torch.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from numpy.typing import NDArray
from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, QTimer, Signal

import app
from reproduction.frames import Decoder, encode

Arrays = dict[str, NDArray[Any]]
Answered = Callable[[dict[str, Any], Arrays], None]
Failed = Callable[[str], None]

RESTART_MS = (200, 1000, 5000, 15000)  # waits before the first, second ... restart in a row
ANSWER_LIMIT_MS = 180_000  # ten views on a slow machine, after torch was read from a slow disk
GOODBYE_MS = 1000


@dataclass
class Request:
    """One question to the service and who wants the answer."""

    number: int
    kind: Hashable
    message: dict[str, Any]
    answered: Answered
    failed: Failed
    arrays: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    asked_again: bool = False


class Worker(QObject):
    """The service process. It starts with `start` or with the first request, and is restarted when it dies.

    Signals:
        busyChanged(bool): something is being computed, or nothing any more.
        available(bool): the service answered for the first time since its start, or went away.
        stopped(str): it died, or will not run: one sentence for the visitor.
    """

    busyChanged = Signal(bool)
    available = Signal(bool)
    stopped = Signal(str)

    def __init__(
        self,
        command: Sequence[str] | None = None,
        restart_ms: Sequence[int] = RESTART_MS,
        answer_limit_ms: int = ANSWER_LIMIT_MS,
    ) -> None:
        """`command` starts the service; `restart_ms` are the waits before it is started again.

        When it says nothing for `answer_limit_ms`, it hangs: it is ended then, and started again.
        """
        super().__init__()
        self._restart_ms = restart_ms
        self._command = list(command) if command else [sys.executable, "-m", "reproduction.service"]
        self._waiting: dict[Hashable, Request] = {}  # by kind, in the order in which they will be sent
        self._current: Request | None = None
        self._overtaken = False
        self._numbers = 0
        self._failures_in_a_row = 0
        self._closing = self._awake = self._silent = False
        self._process: QProcess | None = None
        self._decoder = Decoder()
        self._restart = QTimer(self, singleShot=True)
        self._restart.timeout.connect(self.start)
        self._limit = QTimer(self, singleShot=True, interval=answer_limit_ms)
        self._limit.timeout.connect(self._on_silence)

    @property
    def awake(self) -> bool:
        """Whether the process has answered since its start."""
        return self._awake

    @property
    def process_id(self) -> int:
        """Of the service, for the system; 0 while it does not run."""
        return 0 if self._process is None else int(self._process.processId())

    @property
    def busy(self) -> bool:
        """Whether an answer is awaited."""
        return self._current is not None or bool(self._waiting)

    def request(
        self,
        kind: Hashable,
        message: Mapping[str, Any],
        answered: Answered,
        failed: Failed,
        arrays: Mapping[str, NDArray[Any]] | None = None,
    ) -> None:
        """Asks for `message` (as the service's protocol has it, without `id`) and returns at once.

        `answered(message, arrays)` or `failed(sentence)` is called later, unless a newer request of the same
        `kind` was made or `cancel(kind)` was called meanwhile.
        """
        self.cancel(kind)
        number = self._next_number()
        self._waiting[kind] = Request(number, kind, dict(message), answered, failed, dict(arrays or {}))
        if self._current is None and len(self._waiting) == 1:
            self.busyChanged.emit(True)
        self.start()
        self._send_next()

    def cancel(self, kind: Hashable) -> None:
        """Forgets the request of that kind; its answer, if it is being computed already, is dropped."""
        self._waiting.pop(kind, None)
        if self._current is not None and self._current.kind == kind:
            self._overtaken = True

    def start(self) -> None:
        """Starts the process when it is not running; while a restart is being waited for, does nothing."""
        if self._process is not None or self._closing or self._restart.isActive():
            return
        root = Path(app.__file__ or "").resolve().parent.parent
        environment = QProcessEnvironment.systemEnvironment()
        environment.insert("PYTHONUNBUFFERED", "1")
        process = QProcess(self)
        process.setProcessEnvironment(environment)
        process.setWorkingDirectory(str(root))  # so that `-m` finds the package, installed or not
        process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        process.readyReadStandardOutput.connect(self._on_output)
        process.finished.connect(self._on_end)
        process.errorOccurred.connect(self._on_error)
        self._process = process
        self._decoder = Decoder()
        process.start(self._command[0], self._command[1:])
        self._greet()
        self._send_next()

    def _greet(self) -> None:
        """Puts a first request in front of all others: its answer says that the service is there."""
        hello = Request(self._next_number(), "hello", {"do": "hello"}, self._on_hello, lambda _error: None)
        self._waiting = {"hello": hello, **self._waiting}

    def shut_down(self) -> None:
        """Ends the process: asks by closing its input, then insists. Nothing is answered any more."""
        self._closing = True
        self._waiting.clear()
        self._current = None
        self._limit.stop()
        self._restart.stop()
        process, self._process = self._process, None
        if process is not None:
            process.closeWriteChannel()
            if not process.waitForFinished(GOODBYE_MS):
                process.kill()
                process.waitForFinished(GOODBYE_MS)

    def _next_number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _send_next(self) -> None:
        if self._current is not None or not self._waiting or self._process is None:
            return
        request = self._waiting.pop(next(iter(self._waiting)))
        self._current, self._overtaken = request, False
        self._limit.start()
        self._process.write(encode({"id": request.number, **request.message}, dict(request.arrays)))

    def _on_hello(self, _message: dict[str, Any], _arrays: Arrays) -> None:
        self._awake = True
        self.available.emit(True)

    def _on_output(self) -> None:
        if self._process is None:
            return
        try:
            frames = self._decoder.feed(bytes(self._process.readAllStandardOutput().data()))
        except ValueError:
            self._process.kill()  # what it says cannot be understood: begin anew
            return
        for message, arrays in frames:
            self._on_answer(message, arrays)

    def _on_answer(self, message: dict[str, Any], arrays: Arrays) -> None:
        request = self._current
        if request is None or message.get("id") != request.number:
            return
        self._failures_in_a_row = 0
        wanted = not self._overtaken
        self._settle()
        if wanted and message.get("ok"):
            request.answered(message, arrays)
        elif wanted:
            request.failed(str(message.get("error", "")))

    def _settle(self) -> None:
        """The request on its way is done with: sends the next."""
        self._limit.stop()
        self._current = None
        self._send_next()
        if not self.busy:
            self.busyChanged.emit(False)

    def _on_silence(self) -> None:
        if self._process is not None:
            self._silent = True
            self._process.kill()

    def _on_error(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._on_end()

    def _on_end(self) -> None:
        """The process is gone: says so, and restarts it after a pause."""
        if self._process is None:
            return
        self._process.deleteLater()
        self._process, self._awake = None, False
        self.available.emit(False)
        self._waiting.pop("hello", None)
        if self._failures_in_a_row < len(self._restart_ms):
            self._restart.start(self._restart_ms[self._failures_in_a_row])
            self._failures_in_a_row += 1
            sentence, lost = self._why_restarted(), self._lost()
        else:
            # It will not run on this machine: whoever waits is told, and only a new request tries again.
            lost = [*self._lost(), *self._waiting.values()]
            self._waiting.clear()
            self._failures_in_a_row = 0
            sentence = self.tr("The program that computes cannot be started; `alexnet doctor` may say why.")
        self._silent = False
        self._settle()
        self.stopped.emit(sentence)
        for request in lost:
            request.failed(sentence)

    def _why_restarted(self) -> str:
        if self._silent:
            return self.tr("The program that computes gave no answer for long. It is being started again.")
        return self.tr("The program that computes stopped unexpectedly. It is being started again.")

    def _lost(self) -> list[Request]:
        """The request on its way, if it is not to be asked again: it was already, or took too long."""
        request = self._current
        if request is None or self._overtaken or request.kind == "hello":
            return []
        if request.asked_again or self._silent:
            return [request]
        request.asked_again = True
        self._waiting = {request.kind: request, **self._waiting}
        return []
