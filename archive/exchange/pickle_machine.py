"""The stack machine that pickles are programs of, without its two dangers: it cannot import, it cannot call.

What a pickle names stays a `Name`. Where a pickle calls one, a function of the table `names` says what stands
for the result; objects of other classes, where the caller wants them, are `Record`s. Time and memory are
bounded by the size of the file: no operation can claim more than the file holds, and their number is limited.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from archive.errors import ArchiveError

MAX_OPERATIONS = 10_000_000  # a checkpoint of ninety epochs on ImageNet has about three million
MAX_LINE_BYTES = 1000  # of a name or a number that is written as text
_KEY_LIMIT = 2**31  # beyond it, whole numbers can be made to collide in a dictionary


class PickleError(ArchiveError):
    """The pickle is damaged, or names something that is not read; without the file's name."""


class PickleRefused(PickleError):
    """The pickle asks for something that would run."""


def damaged(reason: str) -> NoReturn:
    """Raises PickleError."""
    raise PickleError(f"it is damaged: {reason}")


@dataclass(frozen=True)
class Name:
    """What a pickle names; never the thing itself."""

    module: str
    name: str


@dataclass(eq=False)
class Pending:
    """An object before its state came; `places` are its numbers in the memo, for what it becomes to take."""

    places: list[int] = field(default_factory=list)

    def build(self, machine: Machine, state: Any) -> Any:
        """What the object becomes with `state`."""
        damaged("state is given to what has none")


@dataclass(eq=False)
class Record(Pending):
    """An object of a foreign class: the name of the class and what was stored of it. It does nothing."""

    name: str = ""
    state: Any = None

    def build(self, machine: Machine, state: Any) -> Record:
        self.state = state
        return self


Names = Mapping[tuple[str, str], "Callable[..., Any] | None"]
"""(module, name) -> what stands for a call of it: a function of machine and arguments; None: nothing does."""
Operations = Mapping[int, "Callable[[Machine], None]"]
STOP = ord(".")


class Machine:
    """The stack machine. `marks` are the heights of the stack at which open groups begin."""

    def __init__(
        self, contents: bytes, operations: Operations, names: Names, record_modules: Collection[str]
    ) -> None:
        self.contents = contents
        self.at = 0
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        self.names = names
        self.record_modules = record_modules
        self.operations = operations
        self.spare_operations = MAX_OPERATIONS
        # What may be converted from one form of bytes into another; honest pickles convert each byte once.
        self.spare_bytes = 4 * len(contents) + (1 << 20)

    def run(self) -> Any:
        contents, size = self.contents, len(self.contents)
        while self.at < size:
            code = contents[self.at]
            self.at += 1
            if code == STOP:
                if len(self.stack) != 1 or self.marks:
                    damaged("it ends with loose parts")
                return self.stack[0]
            self.spend(1)
            operation = self.operations.get(code)
            if operation is None:
                damaged(f"there is no operation {code:#04x} in the protocols 0 to 5 that is read")
            operation(self)
        damaged("it ends too early")

    def spend(self, operations: int) -> None:
        self.spare_operations -= operations
        if self.spare_operations < 0:
            raise PickleError(f"it is made of more than {MAX_OPERATIONS:,} parts")

    def convert(self, size_bytes: int) -> None:
        self.spare_bytes -= size_bytes
        if self.spare_bytes < 0:
            raise PickleError("it unpacks to far more than its size")

    # the bytes

    def take(self, count: int) -> bytes:
        """The next `count` bytes; a claim of more than there are is found before anything is allocated."""
        if not 0 <= count <= len(self.contents) - self.at:
            damaged("it ends in the middle of a part")
        self.at += count
        return self.contents[self.at - count : self.at]

    def number(self, layout: str) -> int:
        """A whole number in the layout of `struct`."""
        found: int = struct.unpack(layout, self.take(struct.calcsize(layout)))[0]
        return found

    def line(self, limit: int = MAX_LINE_BYTES) -> bytes:
        """The rest of the line."""
        end = self.contents.find(b"\n", self.at, self.at + limit + 1)
        if end < 0:
            damaged("a line of text does not end")
        return self.take(end + 1 - self.at)[:-1]

    # the stack

    def push(self, value: Any) -> None:
        self.stack.append(value)

    def pop(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            damaged("an operation lacks its parts")
        return self.stack.pop()

    def top(self) -> Any:
        if len(self.stack) <= (self.marks[-1] if self.marks else 0):
            damaged("an operation lacks its parts")
        return self.stack[-1]

    def group(self) -> list[Any]:
        """All since the last mark."""
        if not self.marks:
            damaged("a group does not begin")
        start = self.marks.pop()
        found = self.stack[start:]
        del self.stack[start:]
        return found

    # the memo

    def keep(self, place: int) -> None:
        value = self.top()
        if isinstance(value, Pending):
            value.places.append(place)
        self.memo[place] = value

    def recall(self, place: int) -> None:
        self.push(self.memo[place])

    # containers

    def append(self, values: list[Any]) -> None:
        target = self.top()
        if type(target) is not list:
            damaged("something is appended to what is no list")
        target.extend(values)

    def set_items(self, values: list[Any]) -> None:
        target = self.top()
        if type(target) is not dict or len(values) % 2:
            damaged("entries are given to what is no dictionary")
        target.update(as_entries(zip(values[::2], values[1::2], strict=True)))

    def add(self, values: list[Any]) -> None:
        target = self.top()
        if type(target) is not set:
            damaged("members are given to what is no set")
        target.update(as_key(value) for value in values)

    # names, and what is done with them

    def name(self, module: str, name: str) -> None:
        if (module, name) in self.names or module in self.record_modules:
            self.push(Name(module, name))
            return
        asked = "".join(sign if sign.isprintable() else "?" for sign in f"{module}.{name}"[:200])
        raise PickleRefused(f"it asks for {asked}, and nothing but arrays is read from it")

    def make(self, named: Any, arguments: Any) -> None:
        """What stands for calling `named`."""
        if not isinstance(named, Name) or type(arguments) is not tuple:
            damaged("it calls what cannot be called")
        if named.module in self.record_modules and (named.module, named.name) not in self.names:
            self.push(Record(name=f"{named.module}.{named.name}"))
            return
        maker = self.names[named.module, named.name]
        if maker is None:
            damaged(f"it calls {named.module}.{named.name}")
        self.push(maker(self, *arguments))

    def build(self) -> None:
        """Gives the object on the stack its state."""
        state = self.pop()
        target = self.top()
        if isinstance(target, Pending):
            self.stack[-1] = built = target.build(self, state)
            for place in target.places:
                self.memo[place] = built
        elif type(target) is not dict:  # an OrderedDict of old carries its links; they are not needed
            damaged("state is given to what has none")


def as_key(value: Any) -> Any:
    """`value`, where it can be a key; numbers beyond 32 bits could be chosen to make a dictionary crawl."""
    if type(value) in (str, bytes, bool, float, type(None)):
        return value
    if type(value) is int and abs(value) < _KEY_LIMIT:
        return value
    if type(value) is tuple and len(value) <= 4 and not any(type(part) is tuple for part in value):
        return tuple(as_key(part) for part in value)
    damaged("a dictionary has keys that are neither text nor numbers")


def as_entries(pairs: Iterable[tuple[Any, Any]]) -> Iterator[tuple[Any, Any]]:
    """Pairs of key and value, their keys checked."""
    for key, value in pairs:
        yield as_key(key), value


def as_text(value: Any) -> str:
    """Text of either Python."""
    if isinstance(value, bytes):
        return value.decode("latin1")
    if not isinstance(value, str):
        damaged("text is expected and something else is there")
    return value
