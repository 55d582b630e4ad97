"""Reads pickles without Python's unpickler: containers, numbers, text and arrays, and nothing that would run.

A pickle is a program that may import and call anything. Here it runs on a machine that can do neither
(`pickle_machine`): what it names is one of the few names that arrays are written with (NAMES), or a class of
a module whose objects the caller wants as inert records; all else is refused by name. Protocols 0 to 5, of
Python 2 and 3. Text of Python 2 comes as bytes.
"""

from __future__ import annotations

import math
import re
import struct
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive.exchange.pickle_machine import (
    Machine,
    Name,
    Names,
    Pending,
    PickleError,
    PickleRefused,
    Record,
    as_entries,
    as_key,
    as_text,
    damaged,
)
from archive.exchange.pickle_operations import OPERATIONS

__all__ = ["PickleError", "PickleRefused", "Record", "read_pickle"]

MAX_DIMENSIONS = 32  # NumPy's
_DTYPE = re.compile(r"[|<>=]?[uifb]\d{1,2}")


def read_pickle(contents: bytes, record_modules: Collection[str] = ()) -> Any:
    """The value that `contents` hold: dict, list, tuple, set, numbers, text, bytes, arrays, `Record`s.

    Objects of classes in `record_modules` become `Record`s. Arrays are NumPy arrays that cannot be written
    to. Raises PickleRefused for what would run, PickleError for anything that is no sound pickle.
    """
    try:
        return Machine(contents, OPERATIONS, NAMES, record_modules).run()
    except PickleError:
        raise
    except (ValueError, TypeError, LookupError, ArithmeticError, AttributeError, struct.error) as error:
        raise PickleError("it is damaged") from error


@dataclass(eq=False)
class _Dtype(Pending):
    """An array type under construction: its code, such as u1, and its byte order."""

    code: str = ""

    def build(self, machine: Machine, state: Any) -> _Dtype:
        order = as_text(state[1])
        self.code = (order if order in ("<", ">", "|", "=") else "=") + self.code.lstrip("<>|=")
        return self

    def resolve(self) -> np.dtype[Any]:
        """NumPy's type. Only numbers: an array of objects could hold anything."""
        if not _DTYPE.fullmatch(self.code):
            damaged(f"arrays of type {self.code!r} are not read")
        return np.dtype(self.code)


@dataclass(eq=False)
class _NewArray(Pending):
    """An array before its shape and values came."""

    def build(self, machine: Machine, state: Any) -> NDArray[Any]:
        _, shape, dtype, fortran, values = state
        return _array(machine, values, dtype, shape, "F" if fortran else "C")


def _array(machine: Machine, values: Any, dtype: Any, shape: Any, order: str) -> NDArray[Any]:
    """An array over `values` as they lie in the file."""
    if isinstance(values, str):
        machine.convert(len(values))
        values = values.encode("latin1")
    if not isinstance(dtype, _Dtype) or type(shape) is not tuple or len(shape) > MAX_DIMENSIONS:
        damaged("an array has no type or no shape")
    if not all(type(length) is int and 0 <= length < 2**48 for length in shape):
        damaged("an array's shape is no list of lengths")
    resolved = dtype.resolve()
    if math.prod(shape) * resolved.itemsize != len(values):
        damaged("an array's shape does not fit its contents")
    flat = np.frombuffer(values, resolved)
    return flat.reshape(shape, order="F" if order == "F" else "C")


# What the admitted names stand for: functions of the machine and the arguments.


def _new_array(machine: Machine, *_: Any) -> _NewArray:
    return _NewArray()


def _array_from_buffer(machine: Machine, values: Any, dtype: Any, shape: Any, order: Any) -> NDArray[Any]:
    return _array(machine, values, dtype, shape, as_text(order))


def _new_dtype(machine: Machine, code: Any, *_: Any) -> _Dtype:
    return _Dtype(code=as_text(code)[:20])


def _scalar(machine: Machine, dtype: Any, contents: Any = b"") -> Any:
    """A number of NumPy's, as one of Python's."""
    return _array(machine, contents, dtype, (), "C").item()


def _encoded(machine: Machine, text: Any, encoding: Any = "latin1") -> bytes:
    """How Python 3 writes bytes into old pickles."""
    if as_text(encoding) not in ("latin1", "latin-1") or not isinstance(text, str):
        damaged("bytes are written in a way that is not read")
    machine.convert(len(text))
    return text.encode("latin1")


def _bytes(machine: Machine, *arguments: Any) -> bytes:
    """Python 3 writes empty ones into old pickles like this."""
    if arguments:
        damaged("bytes are written in a way that is not read")
    return b""


def _mapping(machine: Machine, pairs: Any = ()) -> dict[Any, Any]:
    """An ordered dictionary, which is what every dictionary is today."""
    if type(pairs) not in (list, tuple):
        damaged("a dictionary is written in a way that is not read")
    machine.spend(len(pairs))
    return dict(as_entries(tuple(pair) for pair in pairs if type(pair) in (list, tuple) and len(pair) == 2))


def _members(machine: Machine, values: Any = ()) -> set[Any]:
    if type(values) not in (list, tuple):
        damaged("a set is written in a way that is not read")
    machine.spend(len(values))
    return {as_key(value) for value in values}


def _reconstructed(machine: Machine, named: Any, base: Any, state: Any = None) -> Record:
    """An object as protocols 0 and 1 write it."""
    if not isinstance(named, Name) or named.module not in machine.record_modules:
        damaged("an object is made of what is no class")
    return Record(name=f"{named.module}.{named.name}", state=state)


NAMES: Names = {
    ("numpy.core.multiarray", "_reconstruct"): _new_array,
    ("numpy._core.multiarray", "_reconstruct"): _new_array,
    ("numpy.core.numeric", "_frombuffer"): _array_from_buffer,
    ("numpy._core.numeric", "_frombuffer"): _array_from_buffer,
    ("numpy.core.multiarray", "scalar"): _scalar,
    ("numpy._core.multiarray", "scalar"): _scalar,
    ("numpy", "ndarray"): None,  # named, never called
    ("numpy", "dtype"): _new_dtype,
    ("_codecs", "encode"): _encoded,
    ("__builtin__", "bytes"): _bytes,
    ("__builtin__", "set"): _members,
    ("builtins", "set"): _members,
    ("__builtin__", "object"): None,
    ("copy_reg", "_reconstructor"): _reconstructed,
    ("collections", "OrderedDict"): _mapping,
    ("ordereddict", "OrderedDict"): _mapping,
}
