"""How the museum and its worker process talk: messages with arrays, as frames in a stream of bytes.

A frame is the length of a JSON header (4 bytes, little-endian), the header in UTF-8, then the bytes of the
arrays that header["arrays"] lists as {"name", "dtype", "shape"}, in order, C order. Nothing but plain numbers
and text can travel: reading a frame never runs anything. Standard library and numpy only.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Mapping
from typing import Any

import numpy as np

Message = tuple[dict[str, Any], dict[str, np.ndarray]]

# A header holds a few paths and numbers; the arrays of one message are at most a few pictures.
MAX_HEADER_BYTES = 16 * 2**20
MAX_ARRAY_BYTES = 2**30
_LENGTH = struct.Struct("<I")
_DTYPES = frozenset({"uint8", "int32", "int64", "float16", "float32", "float64"})


def encode(message: Mapping[str, Any], arrays: Mapping[str, np.ndarray] | None = None) -> bytes:
    """One frame with `message` (JSON-serialisable) and `arrays`; ValueError for what cannot travel."""
    contents = {name: np.ascontiguousarray(array) for name, array in (arrays or {}).items()}
    listed = [
        {"name": name, "dtype": array.dtype.name, "shape": list(array.shape)}
        for name, array in contents.items()
    ]
    _array_sizes(listed)
    header = json.dumps({**message, "arrays": listed}).encode()
    if len(header) > MAX_HEADER_BYTES:
        raise ValueError(f"a message header of {len(header)} bytes is larger than {MAX_HEADER_BYTES}")
    return b"".join([_LENGTH.pack(len(header)), header, *(array.tobytes() for array in contents.values())])


class Decoder:
    """Takes the stream's bytes as they come and gives the messages that are complete.

    `feed` raises ValueError on anything that is not a frame; the stream is lost then, since nothing says
    where the next frame begins.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._header: dict[str, Any] | None = None
        self._needed = _LENGTH.size

    def feed(self, data: bytes) -> list[Message]:
        """The messages that `data` completes, each (header without "arrays", arrays by name)."""
        self._bytes += data
        messages: list[Message] = []
        while len(self._bytes) >= self._needed:
            message = self._step()
            if message is not None:
                messages.append(message)
        return messages

    def _step(self) -> Message | None:
        """Reads the part that is now complete: the length, the header, or the arrays."""
        if self._header is None and self._needed == _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            if not 2 <= length <= MAX_HEADER_BYTES:
                raise ValueError(f"a message header of {length} bytes is not possible")
            self._needed = _LENGTH.size + length
            return None
        if self._header is None:
            self._header = _read_header(bytes(self._bytes[_LENGTH.size : self._needed]))
            del self._bytes[: self._needed]
            self._needed = sum(_array_sizes(self._header["arrays"]))
            return None
        body = bytes(self._bytes[: self._needed])
        del self._bytes[: self._needed]
        header, self._header, self._needed = self._header, None, _LENGTH.size
        return _unpack(header, body)


def _read_header(text: bytes) -> dict[str, Any]:
    """The JSON object of a header; ValueError when it is none or lists no arrays."""
    header = json.loads(text.decode())
    if not isinstance(header, dict) or not isinstance(header.get("arrays"), list):
        raise ValueError("a message header must be a JSON object with a list of arrays")
    return header


def _array_sizes(listed: list[Any]) -> list[int]:
    """Bytes of each listed array; ValueError for types, shapes and sizes that no message of ours has."""
    sizes = [_array_size(entry) for entry in listed]
    if sum(sizes) > MAX_ARRAY_BYTES:
        raise ValueError(f"arrays of {sum(sizes)} bytes in one message are more than {MAX_ARRAY_BYTES}")
    return sizes


def _array_size(entry: Any) -> int:
    """Bytes of one listed array."""
    if not isinstance(entry, dict) or not isinstance(entry.get("name"), str):
        raise ValueError("every array of a message needs a name")
    dtype, shape = entry.get("dtype"), entry.get("shape")
    if not isinstance(dtype, str) or dtype not in _DTYPES:
        raise ValueError(
            f"array '{entry['name']}' has type {dtype!r}; {', '.join(sorted(_DTYPES))} can travel"
        )
    sides = shape if isinstance(shape, list) and len(shape) <= 8 else [-1]
    if not all(type(side) is int and 0 <= side <= 2 * MAX_ARRAY_BYTES for side in sides):
        raise ValueError(f"array '{entry['name']}' has the impossible shape {shape!r}")
    return np.dtype(dtype).itemsize * math.prod(sides)


def _unpack(header: dict[str, Any], body: bytes) -> Message:
    """Cuts `body` into the arrays that `header` lists; they can be written to."""
    listed = header.pop("arrays")
    arrays, at = {}, 0
    for entry, size in zip(listed, _array_sizes(listed), strict=True):
        flat = np.frombuffer(
            body, dtype=entry["dtype"], count=size // np.dtype(entry["dtype"]).itemsize, offset=at
        )
        arrays[entry["name"]] = flat.reshape(entry["shape"]).copy()
        at += size
    return header, arrays
