"""RUN.h5.log: what a run did since the archive on disk was written, one line of JSON a record.

A writer appends and starts the log anew after each version of the archive; whoever watches the run reads it
whoever started it. A kill can tear the last line, or fall between the replacing of the archive and the
removal of the log: readers skip what is no record, and merge by step, so nothing is lost or counted twice.

The steps of a writer, in this order (a kill between any two is harmless):

    new run      log.remove(), write_archive(path, run)
    progress     log.append("train", ...), and the same row into the history in memory
    new version  write_archive(path, run), log.remove()
    resume       run = read_run(path), absorb(path, run), write_archive(path, run), log.remove()
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from archive.archive import Archive
from archive.contents import TABLES, History, Note, Run
from archive.errors import ArchiveError

MAX_LOG_BYTES = 64 * 2**20
"""Ten minutes of progress are some kilobytes; what is larger was not written by a run."""

Record = dict[str, Any]


def log_path(archive_path: str | Path) -> Path:
    """Where the log of an archive lies; for a symbolic link, beside the file it points to."""
    return Path(os.path.realpath(archive_path) + ".log")


class RunLog:
    """The log beside the archive at `archive_path`, for its one writer; nothing is kept open."""

    def __init__(self, archive_path: str | Path) -> None:
        self.path = log_path(archive_path)

    def append(self, kind: str, **fields: Any) -> None:
        """Writes one record and hands it to the system at once.

        "train" and "test" carry the fields of TRAIN_DTYPE and TEST_DTYPE; "note" time, epoch, text (and the
        step, when training itself made the note and would make it again); "status" whatever a watcher shows.
        """
        missing = set(TABLES[kind].names or ()).difference(fields) if kind in TABLES else set()
        if missing:
            raise ValueError(f"a {kind} record needs {', '.join(sorted(missing))}")
        line = json.dumps({"kind": kind, **fields}, ensure_ascii=False, default=_plain)
        data = line.encode("utf-8", "backslashreplace") + b"\n"
        try:
            _append(self.path, data)
        except OSError as error:
            raise ArchiveError(f"{self.path}: cannot be written ({error.strerror or error})") from error

    def remove(self) -> None:
        """Takes the log away, once its records are in the archive; the next record starts a new one."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as error:
            raise ArchiveError(f"{self.path}: cannot be removed ({error.strerror or error})") from error


def _append(path: Path, data: bytes) -> None:
    """One write at the end; a line that a kill has torn is ended first, so that it spoils no other."""
    with path.open("a+b", buffering=0) as stream:
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                data = b"\n" + data
        if stream.write(data) < len(data):
            raise OSError("the disk is full")


def _plain(value: Any) -> Any:
    """numpy's numbers as JSON knows them."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    raise TypeError(f"a log record cannot hold a {type(value).__name__}")


def read_log(archive_path: str | Path) -> list[Record]:
    """The records beside an archive, oldest first; [] without a log. Lines that are no record are skipped."""
    path = log_path(archive_path)
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_LOG_BYTES + 1)
    except FileNotFoundError:
        return []
    except OSError as error:
        raise ArchiveError(f"{path}: cannot be read ({error.strerror or error})") from error
    if len(data) > MAX_LOG_BYTES:
        raise ArchiveError(
            f"{path}: is larger than {MAX_LOG_BYTES} bytes, so it is no log of a run; remove it"
        )
    records = (_record(line) for line in data.split(b"\n"))
    return [record for record in records if record is not None]


def _record(line: bytes) -> Record | None:
    """The record of one line, None when it is none."""
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or not isinstance(record.get("kind"), str):
        return None
    kind = record["kind"]
    if type(record.get("step", 0)) is not int:
        return None
    if kind in TABLES:
        return record if _fits(record, TABLES[kind]) else None
    if kind == "note":
        return record if all(field in record for field in ("time", "epoch", "text")) else None
    return record


def _fits(record: Record, dtype: np.dtype[Any]) -> bool:
    """Whether the record has a value of the right kind for every column."""
    for name in dtype.names or ():
        value = record.get(name)
        kinds: tuple[type, ...] = {"f": (int, float), "i": (int,), "S": (str,)}[dtype[name].kind]
        if not isinstance(value, kinds) or isinstance(value, bool):
            return False
        if isinstance(value, int) and abs(value) >= 2 ** (8 * dtype[name].itemsize - 1):
            return False
    return True


def merged_history(archive_path: str | Path) -> History:
    """The history of the archive with what its log has beyond it: how the run stands now."""
    records = read_log(archive_path)  # first: an archive that is replaced meanwhile holds all of these
    with Archive(archive_path) as archive:
        return archive.history.with_records(records)


def merged_notebook(archive_path: str | Path) -> list[Note]:
    """The notebook of the archive with the notes that its log has beyond it."""
    records = read_log(archive_path)
    with Archive(archive_path) as archive:
        return archive.notebook + _new_notes(archive.notebook, records)


def absorb(archive_path: str | Path, run: Run) -> None:
    """Takes into `run`, as read from the archive, what its log knows and a resume would not find out again.

    Those are the notes that people made. Progress beyond the archive's step is left out: the resumed run
    takes these steps again and reports them again. Progress up to that step is in the archive already.
    """
    step = int(run.state.get("step", 0))
    records = [record for record in read_log(archive_path) if record.get("step", 0) <= step]
    run.notebook += _new_notes(run.notebook, records)


def _new_notes(notebook: list[Note], records: Iterable[Record]) -> list[Note]:
    notes = [
        Note(str(record["time"]), _number(record["epoch"]), str(record["text"]))
        for record in records
        if record["kind"] == "note"
    ]
    return [note for note in notes if note not in notebook]


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
