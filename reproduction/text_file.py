"""A text file that takes the place of another when it is complete, and leaves nothing when it is not."""

from __future__ import annotations

import os
from pathlib import Path

from reproduction.errors import UserError


def write_text(path: Path, text: str) -> None:
    """Writes PATH.new in UTF-8 and renames it over `path` (over what it points at, where it is a link).

    Raises UserError, one sentence, when there is no such folder, or it or the disk takes no file.
    """
    try:
        target = path.resolve()
        if not target.parent.is_dir():
            raise UserError(f"{path} could not be written: there is no folder {path.parent}; make it first")
        if target.exists() and not target.is_file():
            raise UserError(f"{path} could not be written: it is not a file; give the name of one")
        _replace(target, text)
    except (OSError, RuntimeError) as error:  # RuntimeError: links that lead in a circle
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise UserError(f"{path} could not be written: {reason}") from error


def _replace(target: Path, text: str) -> None:
    beside = target.with_name(target.name + ".new")
    beside.unlink(missing_ok=True)  # of a writing that was killed
    with beside.open("x", encoding="utf-8", newline="\n") as stream:
        try:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
            os.replace(beside, target)
        except BaseException:
            beside.unlink(missing_ok=True)
            raise
