"""Settings every test shares: Qt draws offscreen, and Ctrl-C works in the programs that tests start."""

from __future__ import annotations

import os
import signal

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

# A shell starts background jobs with Ctrl-C ignored, and their children inherit that. Tests press Ctrl-C.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
