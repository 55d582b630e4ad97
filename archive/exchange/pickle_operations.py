"""The operations of the pickle machine, by their codes in the file: protocols 0 to 5."""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any, NoReturn

from archive.exchange.pickle_machine import (
    Machine,
    Operations,
    PickleRefused,
    as_entries,
    as_key,
    as_text,
    damaged,
)

MAX_NUMBER_BYTES = 64  # of a long integer
_ESCAPE = re.compile(rb"\\(x[0-9A-Fa-f]{2}|[0-7]{1,3}|[abfnrtv]|.)", re.DOTALL)
_ESCAPES = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


def _integer_line(machine: Machine) -> None:
    text = machine.line()
    truth = {b"00": False, b"01": True}
    machine.push(truth[text] if text in truth else int(text[:40]))


def _long_line(machine: Machine) -> None:
    machine.push(int(machine.line(2 * MAX_NUMBER_BYTES).rstrip(b"L")))


def _long(machine: Machine, size: int) -> None:
    if not 0 <= size <= MAX_NUMBER_BYTES:
        damaged("a whole number is out of bounds")
    machine.push(int.from_bytes(machine.take(size), "little", signed=True))


def _string_line(machine: Machine) -> None:
    """Text of Python 2 between quotes, with escapes."""
    quoted = machine.line(len(machine.contents))
    if len(quoted) < 2 or quoted[:1] != quoted[-1:] or quoted[:1] not in (b"'", b'"'):
        damaged("a text has no quotes")
    machine.push(_ESCAPE.sub(_unescaped, quoted[1:-1]))


def _unescaped(match: re.Match[bytes]) -> bytes:
    """The byte that an escape of a Python 2 text stands for."""
    word = match[1]
    if word[:1] == b"x" and len(word) == 3:
        return bytes([int(word[1:], 16)])
    if word.isdigit() and word < b"8":
        return bytes([int(word, 8) & 255])
    return bytes([_ESCAPES.get(word[0], word[0])])


def _unicode_line(machine: Machine) -> None:
    machine.push(machine.line(len(machine.contents)).decode("raw-unicode-escape"))


def _unicode(machine: Machine, size: int) -> None:
    machine.push(machine.take(size).decode("utf-8", "surrogatepass"))


def _named_lines(machine: Machine) -> tuple[str, str]:
    return machine.line().decode("utf-8"), machine.line().decode("utf-8")


def _named_stack(machine: Machine) -> None:
    name, module = machine.pop(), machine.pop()
    machine.name(as_text(module), as_text(name))


def _call(machine: Machine) -> None:
    arguments, named = machine.pop(), machine.pop()
    machine.make(named, arguments)


def _call_with_keywords(machine: Machine) -> None:
    keywords = machine.pop()
    if keywords != {}:
        damaged("it calls with keywords")
    _call(machine)


def _instance_of_lines(machine: Machine) -> None:
    module, name = _named_lines(machine)
    machine.name(module, name)
    named = machine.stack.pop()
    machine.make(named, tuple(machine.group()))


def _instance_of_stack(machine: Machine) -> None:
    named, *arguments = machine.group()
    machine.make(named, tuple(arguments))


def _external(machine: Machine) -> NoReturn:
    raise PickleRefused("it refers to objects outside of the file")


def _pairs(values: list[Any]) -> dict[Any, Any]:
    return dict(as_entries(zip(values[::2], values[1::2], strict=True)))


def _drop(machine: Machine) -> None:
    """POP; right after a mark it takes the mark away."""
    if machine.marks and machine.marks[-1] == len(machine.stack):
        machine.marks.pop()
    else:
        machine.pop()


def _tuple_of(count: int) -> Callable[[Machine], None]:
    def operation(machine: Machine) -> None:
        machine.push(tuple([machine.pop() for _ in range(count)][::-1]))

    return operation


def _set_one(machine: Machine) -> None:
    value, key = machine.pop(), machine.pop()
    machine.set_items([key, value])


def _append_one(machine: Machine) -> None:
    value = machine.pop()
    machine.append([value])


OPERATIONS: Operations = {
    0x80: lambda m: _check_protocol(m.number("<B")),
    0x95: lambda m: _check_frame(m, m.number("<Q")),
    ord("("): lambda m: m.marks.append(len(m.stack)),
    ord("0"): _drop,
    ord("1"): lambda m: _ignore(m.group()),
    ord("2"): lambda m: m.push(m.top()),
    ord("N"): lambda m: m.push(None),
    0x88: lambda m: m.push(True),
    0x89: lambda m: m.push(False),
    ord("I"): _integer_line,
    ord("J"): lambda m: m.push(m.number("<i")),
    ord("K"): lambda m: m.push(m.number("<B")),
    ord("M"): lambda m: m.push(m.number("<H")),
    ord("L"): _long_line,
    0x8A: lambda m: _long(m, m.number("<B")),
    0x8B: lambda m: _long(m, m.number("<i")),
    ord("F"): lambda m: m.push(float(m.line())),
    ord("G"): lambda m: m.push(struct.unpack(">d", m.take(8))[0]),
    ord("S"): _string_line,
    ord("T"): lambda m: m.push(m.take(m.number("<i"))),
    ord("U"): lambda m: m.push(m.take(m.number("<B"))),
    ord("B"): lambda m: m.push(m.take(m.number("<I"))),
    ord("C"): lambda m: m.push(m.take(m.number("<B"))),
    0x8E: lambda m: m.push(m.take(m.number("<Q"))),
    0x96: lambda m: m.push(m.take(m.number("<Q"))),
    ord("V"): _unicode_line,
    ord("X"): lambda m: _unicode(m, m.number("<I")),
    0x8C: lambda m: _unicode(m, m.number("<B")),
    0x8D: lambda m: _unicode(m, m.number("<Q")),
    ord("]"): lambda m: m.push([]),
    ord("l"): lambda m: m.push(m.group()),
    ord("a"): _append_one,
    ord("e"): lambda m: m.append(m.group()),
    ord(")"): lambda m: m.push(()),
    ord("t"): lambda m: m.push(tuple(m.group())),
    0x85: _tuple_of(1),
    0x86: _tuple_of(2),
    0x87: _tuple_of(3),
    ord("}"): lambda m: m.push({}),
    ord("d"): lambda m: m.push(_pairs(m.group())),
    ord("s"): _set_one,
    ord("u"): lambda m: m.set_items(m.group()),
    0x8F: lambda m: m.push(set()),
    0x90: lambda m: m.add(m.group()),
    0x91: lambda m: m.push(frozenset(as_key(value) for value in m.group())),
    ord("g"): lambda m: m.recall(int(m.line()[:20])),
    ord("h"): lambda m: m.recall(m.number("<B")),
    ord("j"): lambda m: m.recall(m.number("<I")),
    ord("p"): lambda m: m.keep(int(m.line()[:20])),
    ord("q"): lambda m: m.keep(m.number("<B")),
    ord("r"): lambda m: m.keep(m.number("<I")),
    0x94: lambda m: m.keep(len(m.memo)),
    ord("c"): lambda m: m.name(*_named_lines(m)),
    0x93: _named_stack,
    ord("R"): _call,
    0x81: _call,
    0x92: _call_with_keywords,
    ord("i"): _instance_of_lines,
    ord("o"): _instance_of_stack,
    ord("b"): lambda m: m.build(),
    ord("P"): _external,
    ord("Q"): _external,
    0x82: _external,
    0x83: _external,
    0x84: _external,
    0x97: _external,
}


def _check_protocol(protocol: int) -> None:
    if protocol > 5:
        damaged(f"it says it is of protocol {protocol}, and there are 0 to 5")


def _check_frame(machine: Machine, size: int) -> None:
    if size > len(machine.contents) - machine.at:
        damaged("it ends too early")


def _ignore(values: list[Any]) -> None:
    """POP_MARK forgets a group."""
