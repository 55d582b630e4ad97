"""Settings every test shares: Qt draws offscreen, torch uses two threads."""

from __future__ import annotations

import os

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
