"""A new HDF5 file that takes the place of another when it is complete, and vanishes when it is not."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import h5py

from archive.writing import Sink, undisturbed
from reproduction.errors import DataError


class Output:
    """The file under construction; everything is written inside of `writing()`."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._file = h5py.File(sink, "w")

    @contextlib.contextmanager
    def writing(self) -> Iterator[h5py.File]:
        """Hands out the file, holds Ctrl-C back meanwhile, and raises OSError if the disk took less.

        HDF5 calls back into Python to write: an exception in there would be lost, and with it the Ctrl-C.
        """
        with undisturbed():
            try:
                yield self._file
            except (OSError, RuntimeError, ValueError, KeyError) as error:
                raise self._sink.failure or OSError(f"HDF5 says: {error}") from error
        if self._sink.failure:
            raise self._sink.failure

    def close(self) -> None:
        """Writes what HDF5 held back. Raises OSError."""
        with self.writing() as file:
            file.close()


@contextlib.contextmanager
def replacing(destination: Path) -> Iterator[Output]:
    """An output in DESTINATION.new, renamed over `destination` if the block ends well; else it is removed.

    Raises DataError, one sentence, when the disk is full or cannot be written.
    """
    beside = destination.with_name(destination.name + ".new")
    ours = False
    try:
        beside.unlink(missing_ok=True)  # of a packing that was killed
        with beside.open("x+b", buffering=0) as stream:
            ours = True
            output = Output(Sink(stream))
            try:
                yield output
            finally:
                output.close()
                ours = beside.exists() and os.path.samestat(os.fstat(stream.fileno()), beside.stat())
            os.fsync(stream.fileno())
        if not ours:
            raise OSError("another program is writing the same file")
        os.replace(beside, destination)
        ours = False
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DataError(f"{destination} could not be written: {reason}") from error
    finally:
        if ours:
            beside.unlink(missing_ok=True)
