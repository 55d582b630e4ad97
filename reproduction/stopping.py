"""Ctrl-C at any time, while the program is still being imported too: one line and exit status 1."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

# A key that is pressed twice is meant once: the second signal must not break the tidying up after the first.
REPEAT_S = 1.0


class Stopped(KeyboardInterrupt):
    """Ctrl-C. Not the plain exception: when that passes through an `exec`, such as a dataclass makes, Python
    ends by the signal in the end, though the exception was answered.
    """


def end_with(main: Callable[[], int]) -> NoReturn:
    """Ends the process with the status of `main`; Ctrl-C while Python tidies up comes too late to matter."""
    _Ending.now = True
    sys.exit(main())


class _Ending:
    """Whether the process ends with what is being done: then Python does not get Ctrl-C back afterwards."""

    now = False


def _torch_is_being_imported(frame: FrameType | None) -> bool:
    while frame is not None:
        module = str(frame.f_globals.get("__name__", ""))
        if frame.f_code.co_name == "<module>" and module.split(".")[0] == "torch":
            return True
        frame = frame.f_back
    return False


def until_stopped(title: str, act: Callable[[], int], at_once: bool = False) -> int:
    """The exit status of `act`; 1 and one line that begins with `title` when Ctrl-C ends it.

    `at_once` ends the process without an exception: Qt's modules abort when their import is interrupted. So
    do torch's, wherever they are imported.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return act()  # a program around this one has ideas of its own, such as to ignore it
    last_s = float("-inf")
    finished = False

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last_s
        before_s, last_s = last_s, time.monotonic()
        if finished:
            return
        if at_once or _torch_is_being_imported(frame):
            os.write(2, f"{title}: stopped by Ctrl-C\n".encode())
            os._exit(1)
        if last_s - before_s > REPEAT_S:
            raise Stopped

    after: Callable[[int, FrameType | None], None] | signal.Handlers = signal.default_int_handler
    if _Ending.now:
        after = signal.SIG_IGN
    try:
        signal.signal(signal.SIGINT, stop)
        status = act()
        finished = True
        return status
    except (KeyboardInterrupt, Exception) as error:
        # numpy, interrupted while it is imported, makes an ImportError of it.
        if not isinstance(error, KeyboardInterrupt) and last_s == float("-inf"):
            raise
        after = signal.SIG_IGN  # the process is about to end
        signal.signal(signal.SIGINT, after)
        known = f"; {error}" if isinstance(error, KeyboardInterrupt) and str(error) else ""
        print(f"{title}: stopped by Ctrl-C{known}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGINT, after)
