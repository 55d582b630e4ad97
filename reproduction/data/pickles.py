"""Reads the pickled batches of the original programs and of CIFAR-10 without ever running what they hold."""

from __future__ import annotations

from typing import Any

from archive.exchange.pickles import PickleError, PickleRefused
from archive.exchange.pickles import read_pickle as read_value
from reproduction.errors import DataError


def read_pickle(contents: bytes, name: str) -> dict[str, Any]:
    """The dictionary that `contents` hold, with arrays as NumPy arrays and keys as text.

    Raises DataError, one sentence that names the file, for anything but plain containers, numbers, text
    and arrays. Text of Python 2 comes as bytes; `texts` makes str of either.
    """
    found = read_batch(contents, name)
    if not isinstance(found, dict):
        raise DataError(f"{name} is no batch file: it holds no dictionary")
    return {_text(key): value for key, value in found.items()}


def read_batch(contents: bytes, name: str) -> Any:
    """The value that `contents` hold, as `read_pickle`; not every batch is a dictionary."""
    try:
        return read_value(contents)
    except PickleRefused as error:
        raise DataError(f"{name} is refused: {error}") from error
    except PickleError as error:
        raise DataError(f"{name} is damaged or is no batch file") from error


def texts(values: Any) -> list[str]:
    """A list of names, from either Python."""
    return [_text(value) for value in values]


def _text(value: Any) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)
