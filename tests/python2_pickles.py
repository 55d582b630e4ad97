"""Writes pickles as Python 2 did: byte strings, old-style instances, arrays by `numpy.core.multiarray`."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(eq=False)
class Instance:
    """An object of an old-style class of Python 2: what a checkpoint keeps of its options."""

    module: str
    name: str
    state: dict[str, Any] = field(default_factory=dict)


def python2_pickle(value: Any, protocol: int = 2) -> bytes:
    """`value` in protocol 0, 1 or 2: containers, None, bool, int, float, str, bytes, arrays, instances."""
    writer = _Writer(protocol)
    start = b"\x80\x02" if protocol == 2 else b""
    return start + writer.written(value) + b"."


class _Writer:
    """Objects that occur twice are written once, as Python does."""

    def __init__(self, protocol: int) -> None:
        self.protocol = protocol
        self.places: dict[int, int] = {}
        self.alive: list[Any] = []

    def written(self, value: Any) -> bytes:
        if isinstance(value, (dict, list, tuple, np.ndarray, Instance)):
            if id(value) in self.places:
                return self._place(b"h", b"j", b"g", self.places[id(value)])
            self.alive.append(value)
        if isinstance(value, dict):
            rows = b"".join(self.written(key) + self.written(part) + b"s" for key, part in value.items())
            return b"(d" + self._kept(value) + rows
        if isinstance(value, list):
            return b"(l" + self._kept(value) + b"".join(self.written(part) + b"a" for part in value)
        if isinstance(value, tuple):
            return b"(" + b"".join(self.written(part) for part in value) + b"t" + self._kept(value)
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, Instance):
            return self._instance(value)
        return self._atom(value)

    def _kept(self, value: Any) -> bytes:
        self.places[id(value)] = len(self.places)
        return self._place(b"q", b"r", b"p", self.places[id(value)])

    def _place(self, short: bytes, long: bytes, line: bytes, place: int) -> bytes:
        if self.protocol == 0:
            return line + f"{place}\n".encode()
        return short + bytes([place]) if place < 256 else long + struct.pack("<I", place)

    def _atom(self, value: Any) -> bytes:
        if value is None:
            return b"N"
        if isinstance(value, bool):
            return f"I0{int(value)}\n".encode()
        if isinstance(value, int):
            return f"I{value}\n".encode() if self.protocol == 0 else b"J" + struct.pack("<i", value)
        if isinstance(value, float):
            return f"F{value!r}\n".encode() if self.protocol == 0 else b"G" + struct.pack(">d", value)
        contents = value.encode("latin1") if isinstance(value, str) else value
        if self.protocol == 0:
            quoted = "".join(chr(b) if 32 <= b < 127 and b not in b"\\'" else f"\\x{b:02x}" for b in contents)
            return f"S'{quoted}'\n".encode()
        if len(contents) < 256:
            return b"U" + bytes([len(contents)]) + contents
        return b"T" + struct.pack("<i", len(contents)) + contents

    def _array(self, value: np.ndarray[Any, Any]) -> bytes:
        fortran = value.flags.f_contiguous and not value.flags.c_contiguous
        contents = value.tobytes(order="F" if fortran else "C")
        code = value.dtype.str[1:]
        order = "|" if code.endswith("1") else "<"
        dtype = b"cnumpy\ndtype\n" + self.written((code, 0, 1)) + b"R"
        dtype += self.written((3, order, None, None, None, -1, -1, 0)) + b"b"
        made = b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n" + self.written((0,))
        made += self.written("b") + b"tR" + self._kept(value)
        shape = self.written(tuple(int(length) for length in value.shape))
        state = self.written(1) + shape + dtype + self.written(fortran) + self.written(contents)
        return made + b"(" + state + b"tb"

    def _instance(self, value: Instance) -> bytes:
        named = f"{value.module}\n{value.name}\n".encode()
        made = b"(i" + named if self.protocol == 0 else b"(c" + named + b"o"
        return made + self._kept(value) + self.written(value.state) + b"b"
