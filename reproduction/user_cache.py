"""Where the program keeps, in the user's own folder, what it can make again."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def cache_folder(name: str, variable: str) -> Path:
    """The folder for caches of that name as the platform has it; the environment variable names another."""
    if named := os.environ.get(variable):
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "alexnet-archive" / name
