"""A file that takes the place of another when it is complete, and leaves nothing when it is not."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacement(path: Path) -> Iterator[Path]:
    """A hidden name beside `path`, of the same suffix; what is written there takes the place of `path`.

    Raises OSError when it cannot be; after any exception `path` is as it was and nothing is beside it.
    """
    target = path.resolve()
    beside = target.with_name(f".{target.stem}.{os.getpid()}{target.suffix}")
    try:
        yield beside
        with beside.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(beside, target)
    finally:
        beside.unlink(missing_ok=True)


def replace_bytes(path: Path, content: bytes) -> None:
    """Writes a whole file. Raises OSError."""
    with replacement(path) as beside:
        beside.write_bytes(content)


def replace_text(path: Path, text: str) -> None:
    """Writes a whole text in UTF-8, with the line ends it has. Raises OSError."""
    replace_bytes(path, text.encode())
