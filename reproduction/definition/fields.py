"""Typed access to the keys of one section: what a value must be, and one sentence when it is not."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from reproduction.definition.language import Entry, Section, nearest, quoted
from reproduction.definition.values import split_outside_brackets
from reproduction.errors import DefinitionError

Value = TypeVar("Value")

TRUTHS = {
    "1": True,
    "yes": True,
    "true": True,
    "on": True,
    "0": False,
    "no": False,
    "false": False,
    "off": False,
}
MANY = 2**53  # beyond this a count is a slip of the finger, and no longer exact in a JSON reader


@dataclass(frozen=True)
class Fields:
    """One section, asked key by key: a key with a `default` may be missing, one without is required.

    `known` are the keys that its type reads; `input_count` is the length that per-input lists must have, and
    `repeat_single` lets one value stand for all inputs.
    """

    section: Section
    defaults: Mapping[str, Entry]
    known: Sequence[str] = ()
    input_count: int = 1
    repeat_single: bool = False

    def entry(self, key: str) -> Entry | None:
        return self.section.entries.get(key.lower()) or self.defaults.get(key.lower())

    def has(self, key: str) -> bool:
        return self.entry(key) is not None

    def fail(self, key: str, expected: str, got: str | None = None) -> NoReturn:
        """Raises the error of a key: file, line, layer, key, what was expected, what came."""
        entry = self.entry(key)
        layer = f"layer '{self.section.name}'"
        if entry is None:
            known = {word.lower() for word in self.known}
            similar = nearest(key, [word for word in self.section.entries if word not in known])
            hint = f"; is {quoted(similar[0])} meant to be it?" if similar else ""
            raise DefinitionError(
                f"{self.section.where}: {layer}: key '{key}' is missing (expected {expected}){hint}"
            )
        came = quoted(entry.value) if got is None else got
        raise DefinitionError(f"{entry.where}: {layer}, key '{key}': expected {expected}, got {came}")

    def text(self, key: str, default: str | None = None, expected: str = "a text") -> str:
        entry = self.entry(key)
        if entry is None:
            return self.fail(key, expected) if default is None else default
        return entry.value

    def texts(self, key: str, expected: str) -> tuple[str, ...]:
        """A comma separated list of texts, blanks stripped."""
        return tuple(word.strip() for word in self.text(key, None, expected).split(","))

    def boolean(self, key: str, default: bool | None = None) -> bool:
        expected = "1 or 0 (or yes/no, true/false, on/off)"
        if default is not None and not self.has(key):
            return default
        word = self.text(key, None, expected).lower()
        return TRUTHS[word] if word in TRUTHS else self.fail(key, expected)

    def integer(self, key: str, default: int | None = None, low: int = 0, high: int = MANY) -> int:
        expected = _range("a whole number", low, high)
        if default is not None and not self.has(key):
            return default
        value = _whole(self.text(key, None, expected))
        return value if value is not None and low <= value <= high else self.fail(key, expected)

    def number(
        self, key: str, default: float | None = None, low: float = -math.inf, high: float = math.inf
    ) -> float:
        expected = _range("a number", low, high)
        if default is not None and not self.has(key):
            return default
        value = _finite(self.text(key, None, expected))
        return value if value is not None and low <= value <= high else self.fail(key, expected)

    def integers(
        self, key: str, default: int | None = None, low: int = 0, high: int = MANY
    ) -> tuple[int, ...]:
        """A per-input list of whole numbers."""
        expected = _range("whole numbers", low, high)
        return self._per_input(key, default, expected, _whole, lambda value: low <= value <= high)

    def numbers(self, key: str, default: float | None = None, low: float = -math.inf) -> tuple[float, ...]:
        """A per-input list of numbers."""
        return self._per_input(
            key, default, _range("numbers", low, math.inf), _finite, lambda value: value >= low
        )

    def split(
        self, key: str, expected: str, default: Value | None, convert: Callable[[str], Value]
    ) -> tuple[Value, ...]:
        """A per-input list of values that may hold commas within brackets; `convert` raises ValueError with
        what was expected."""
        entry = self.entry(key)
        if entry is None:
            return self.fail(key, expected) if default is None else (default,) * self.input_count
        values: list[Value] = []
        for word in split_outside_brackets(entry.value):
            try:
                values.append(convert(word))
            except ValueError as error:
                self.fail(key, str(error))
        return self._spread(key, values, expected)

    def flags(self, key: str) -> tuple[bool, ...]:
        """A per-input list of truths, no by default; in lists the original took only true and 1 for yes."""
        return self._per_input(
            key, False, "true or false", lambda word: word.strip().lower() in ("true", "1"), lambda _: True
        )

    def words(self, key: str) -> tuple[str, ...]:
        """A per-input list of texts, empty by default; none stands for all inputs, but for a single blank."""
        entry = self.entry(key)
        if entry is None or not entry.value:
            return ("",) * self.input_count
        words = self.texts(key, "texts")
        if len(words) != self.input_count:
            self.fail(key, f"one text for each of its {self.input_count} inputs")
        return words

    def _per_input(
        self,
        key: str,
        default: Value | None,
        expected: str,
        convert: Callable[[str], Value | None],
        allowed: Callable[[Value], bool],
    ) -> tuple[Value, ...]:
        expected = (
            f"{expected}, one for each of its {self.input_count} inputs" if self.input_count > 1 else expected
        )
        entry = self.entry(key)
        if entry is None:
            return self.fail(key, expected) if default is None else (default,) * self.input_count
        values: list[Value] = []
        for word in entry.value.split(","):
            value = convert(word)
            if value is None or not allowed(value):
                self.fail(key, expected)
            values.append(value)
        return self._spread(key, values, expected)

    def _spread(self, key: str, values: list[Value], expected: str) -> tuple[Value, ...]:
        """One value for each input, a single one for all where that is allowed."""
        entry = self.entry(key)
        repeated = entry is not None and entry.repeated
        if len(values) == 1 and (repeated or self.repeat_single):
            values = values * self.input_count
        if len(values) != self.input_count:
            self.fail(key, expected, f"{len(values)} values: {quoted(entry.value if entry else '')}")
        return tuple(values)


def _range(noun: str, low: float, high: float) -> str:
    top = high if high < MANY else math.inf
    if low > -math.inf and top < math.inf:
        return f"{noun} from {low:g} to {top:g}"
    if low > -math.inf:
        return f"{noun} of at least {low:g}"
    return noun if top == math.inf else f"{noun} of at most {top:g}"


def _whole(text: str) -> int | None:
    try:
        return int(text) if "_" not in text else None
    except ValueError:
        return None


def _finite(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) and "_" not in text else None
