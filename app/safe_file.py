"""A file that takes the place of another when it is complete, and leaves nothing when it is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Lets `write` make a hidden file beside `path`, of the same suffix, and renames it over `path`.

    Raises OSError, and whatever `write` raises; `path` is then as it was.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        write(beside)
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """The same for a text, in UTF-8 with the line ends it has."""

    def write(beside: Path) -> None:
        with beside.open("w", encoding="utf-8", newline="") as file:
            file.write(text)

    replace_file(path, write)
