"""The HDF5 record of a run: written, read and checked with numpy and h5py alone (see FORMAT.md).

Importing the package costs nothing: each public name is fetched from its module when it is first used,
and h5py is imported when the first file is opened.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.activations import Activations, ActivationsReader
    from archive.archive import Archive, SnapshotInfo, read_run
    from archive.contents import TEST_DTYPE, TRAIN_DTYPE, History, Note, Run, Snapshot
    from archive.errors import ArchiveError
    from archive.integrity import verify
    from archive.log import RunLog, absorb, log_path, merged_history, merged_notebook, read_log
    from archive.writing import write_archive

_HOMES = {
    "archive.activations": ("Activations", "ActivationsReader"),
    "archive.archive": ("Archive", "SnapshotInfo", "read_run"),
    "archive.contents": ("TEST_DTYPE", "TRAIN_DTYPE", "History", "Note", "Run", "Snapshot"),
    "archive.errors": ("ArchiveError",),
    "archive.integrity": ("verify",),
    "archive.log": ("RunLog", "absorb", "log_path", "merged_history", "merged_notebook", "read_log"),
    "archive.writing": ("write_archive",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "TEST_DTYPE",
    "TRAIN_DTYPE",
    "Activations",
    "ActivationsReader",
    "Archive",
    "ArchiveError",
    "History",
    "Note",
    "Run",
    "RunLog",
    "Snapshot",
    "SnapshotInfo",
    "absorb",
    "log_path",
    "merged_history",
    "merged_notebook",
    "read_log",
    "read_run",
    "verify",
    "write_archive",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module 'archive' has no attribute '{name}'")
    return getattr(importlib.import_module(_HOME_OF[name]), name)
