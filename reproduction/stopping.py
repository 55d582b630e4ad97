"""Ctrl-C at any time, while the program is still being imported too: one line and exit status 1."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from types import FrameType

# A key that is pressed twice is meant once: the second signal must not break the tidying up after the first.
REPEAT_S = 1.0


class Stopped(KeyboardInterrupt):
    """Ctrl-C. Not the plain exception: when that passes through an `exec`, such as a dataclass makes, Python
    ends by the signal in the end, though the exception was answered.
    """


def until_stopped(title: str, act: Callable[[], int], at_once: bool = False) -> int:
    """The exit status of `act`; 1 and one line that begins with `title` when Ctrl-C ends it.

    `at_once` ends the process without an exception: Qt's modules abort when their import is interrupted.
    """
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        return act()  # a program around this one has ideas of its own, such as to ignore it
    last_s = float("-inf")

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal last_s
        before_s, last_s = last_s, time.monotonic()
        if at_once:
            os.write(2, f"{title}: stopped by Ctrl-C\n".encode())
            os._exit(1)
        if last_s - before_s > REPEAT_S:
            raise Stopped

    handler: Callable[[int, FrameType | None], None] | signal.Handlers = signal.default_int_handler
    try:
        signal.signal(signal.SIGINT, stop)
        return act()
    except (KeyboardInterrupt, Exception) as error:
        # numpy, interrupted while it is imported, makes an ImportError of it.
        if not isinstance(error, KeyboardInterrupt) and last_s == float("-inf"):
            raise
        handler = signal.SIG_IGN  # the process is about to end
        signal.signal(signal.SIGINT, handler)
        known = f"; {error}" if isinstance(error, KeyboardInterrupt) and str(error) else ""
        print(f"{title}: stopped by Ctrl-C{known}", file=sys.stderr)
        return 1
    finally:
        signal.signal(signal.SIGINT, handler)
