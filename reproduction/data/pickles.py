"""Reads the pickled batches of the original programs and of CIFAR-10 without ever running what they hold.

A pickle is a program that may call anything it names. Here it may name what arrays are written with, and each
of these stands for a class of this file that only gathers values; all else is refused by name.
"""

from __future__ import annotations

import io
import math
import pickle
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from reproduction.errors import DataError

# Element types of the arrays in batches and meta files: whole and floating numbers.
_KINDS = "uif"


class _Dtype:
    """Stands for numpy.dtype: a type code such as `u1`, and its byte order."""

    def __init__(self, code: Any, *_: Any) -> None:
        self._code = _text(code)

    def __setstate__(self, state: Any) -> None:
        order = _text(state[1])
        self._code = (order if order in "<>|=" else "=") + self._code.lstrip("<>|=")

    def resolve(self) -> np.dtype[Any]:
        dtype = np.dtype(self._code)
        if dtype.kind not in _KINDS:
            raise ValueError(f"arrays of {dtype} are not read")
        return dtype


class _Array:
    """Stands for an array under reconstruction; its values come with the state."""

    def __init__(self, *_: Any) -> None:
        self.values: npt.NDArray[Any] = np.zeros(0, np.uint8)

    def __setstate__(self, state: Any) -> None:
        _, shape, dtype, fortran_order, contents = state
        self._fill(contents, dtype, shape, "F" if fortran_order else "C")

    def _fill(self, contents: Any, dtype: _Dtype, shape: Any, order: Literal["C", "F"]) -> None:
        contents = contents.encode("latin1") if isinstance(contents, str) else contents
        resolved = dtype.resolve()
        if math.prod(shape) * resolved.itemsize != len(contents):
            raise ValueError("an array's shape does not fit its contents")
        self.values = np.frombuffer(contents, resolved).reshape(shape, order=order)


class _BufferArray(_Array):
    """Stands for NumPy's _frombuffer, by which arrays are written since protocol 5."""

    def __init__(self, contents: Any, dtype: _Dtype, shape: Any, order: Any) -> None:
        self._fill(contents, dtype, shape, "F" if _text(order) == "F" else "C")


class _ArrayType:
    """Stands for numpy.ndarray, which is only ever named, never called."""

    def __setstate__(self, state: Any) -> None:
        raise ValueError("an array type has no state")


class _Latin1(bytes):
    """Stands for _codecs.encode, by which Python 3 writes bytes into old pickles."""

    def __new__(cls, text: str, encoding: str = "latin1") -> _Latin1:
        if _text(encoding) not in ("latin1", "latin-1"):
            raise ValueError(f"text in the encoding {encoding} is not read")
        return super().__new__(cls, text.encode("latin1"))

    def __setstate__(self, state: Any) -> None:
        raise ValueError("bytes have no state")


class _NoBytes(bytes):
    """Stands for bytes, by which Python 3 writes empty ones into old pickles."""

    def __new__(cls) -> _NoBytes:
        return super().__new__(cls)

    def __setstate__(self, state: Any) -> None:
        raise ValueError("bytes have no state")


_ADMITTED: dict[tuple[str, str], type] = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy.core.numeric", "_frombuffer"): _BufferArray,
    ("numpy._core.numeric", "_frombuffer"): _BufferArray,
    ("numpy", "ndarray"): _ArrayType,
    ("numpy", "dtype"): _Dtype,
    ("_codecs", "encode"): _Latin1,
    ("__builtin__", "bytes"): _NoBytes,
}


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> type:
        if (module, name) not in _ADMITTED:
            raise DataError(f"it asks for {module}.{name}, and nothing but arrays is read from it")
        return _ADMITTED[module, name]

    def persistent_load(self, key: Any) -> Any:
        raise DataError("it refers to objects outside of the file")


def read_pickle(contents: bytes, name: str) -> dict[str, Any]:
    """The dictionary that `contents` hold, with arrays as NumPy arrays and keys as text.

    Raises DataError, one sentence that names the file, for anything but plain containers, numbers, text
    and arrays. Text of Python 2 comes as bytes; `texts` makes str of either.
    """
    try:
        found = _Reader(io.BytesIO(contents), encoding="bytes").load()
    except DataError as error:
        raise DataError(f"{name} is refused: {error}") from error
    except Exception as error:  # a damaged pickle can fail in any way
        raise DataError(f"{name} is damaged or is no batch file") from error
    if not isinstance(found, dict):
        raise DataError(f"{name} is no batch file: it holds no dictionary")
    return {_text(key): _plain(value) for key, value in found.items()}


def texts(values: Any) -> list[str]:
    """A list of names, from either Python."""
    return [_text(value) for value in values]


def _plain(value: Any) -> Any:
    return value.values if isinstance(value, _Array) else value


def _text(value: Any) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)
