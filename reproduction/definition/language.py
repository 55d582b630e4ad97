"""The syntax of the original's `.cfg` files: sections, keys, comments, with the place of each for errors.

The original read them with Python 2's ConfigParser; these are its rules, less the ones no file uses
(interpolation with `%` is refused).
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path

from reproduction.errors import DefinitionError

MAX_BYTES = 1_000_000  # the longest released definition has 17 kB
MAX_NAME = 64
MAX_OPTIONS = 400  # that a misspelt word is compared with; the largest released network has 73 layers
DEFAULT_SECTION = "DEFAULT"  # ConfigParser's: its keys stand in for those a section lacks

_HEADER = re.compile(r"\[([^\]]*)\]")
_KEY = re.compile(r"([^:=]+?)\s*[:=]\s*(.*)", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True)
class Entry:
    """One value as it stands in the text. `where` says its place; `repeated`: one value for every input."""

    value: str
    where: str
    repeated: bool = False


@dataclass(frozen=True)
class Section:
    """A named section; keys in lower case, as the original's reader did not tell `initW` from `initw`."""

    name: str
    line: int
    where: str
    entries: Mapping[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True)
class Document:
    """A parsed text: its sections by name, in the order of the file. `defaults` is the DEFAULT section."""

    file: str
    sections: Mapping[str, Section]
    defaults: Mapping[str, Entry] = field(default_factory=dict)

    def with_entries(self, changes: Mapping[str, Mapping[str, Entry]]) -> Document:
        """The same document with entries set: section (made, if it is missing) -> lower-case key -> entry."""
        sections = dict(self.sections)
        for name, entries in changes.items():
            old = sections.get(name) or Section(name, 0, self.file)
            sections[name] = replace(old, entries={**old.entries, **entries})
        return replace(self, sections=sections)


def parse(text: str, file: str) -> Document:
    """Reads `text`; `file` names it in errors. Raises DefinitionError with the line."""
    if len(text) > MAX_BYTES:
        raise DefinitionError(f"{file}: longer than {MAX_BYTES:,} characters, so it is no definition file")
    if "\0" in text:
        raise DefinitionError(f"{file}: this is a binary file; expected a text with sections such as [conv1]")
    sections: dict[str, tuple[int, dict[str, Entry]]] = {}
    entries: dict[str, Entry] | None = None
    key = ""
    for number, line in enumerate(re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff")), start=1):
        where = f"{file} line {number}"
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if line[0].isspace() and entries is not None and key:
            entries[key] = replace(entries[key], value=f"{entries[key].value}\n{stripped}")
        elif header := _HEADER.match(stripped):
            name, key = header[1], ""
            check_name(name, where)
            entries = sections.setdefault(name, (number, {}))[1]
        elif entries is None:
            raise DefinitionError(
                f"{where}: expected a section such as [conv1] before anything else, got {quoted(stripped)}"
            )
        else:
            key, entry = _read_entry(stripped, where)
            entries[key] = entry
    defaults = sections.pop(DEFAULT_SECTION, (0, {}))[1]
    return Document(
        file,
        {name: Section(name, line, f"{file} line {line}", own) for name, (line, own) in sections.items()},
        defaults,
    )


def _read_entry(line: str, where: str) -> tuple[str, Entry]:
    match = _KEY.match(line)
    if match is None:
        raise DefinitionError(f"{where}: expected [section] or key=value, got {quoted(line)}")
    key, value = match[1].strip().lower(), match[2]
    comment = value.find(";")
    if comment > 0 and value[comment - 1].isspace():  # like the original, only the first `;` can start one
        value = value[:comment]
    value = value.strip()
    if "%" in value:
        raise DefinitionError(f"{where}: key {quoted(key)}: '%' in a value is not read, got {quoted(value)}")
    return key, Entry("" if value == '""' else value, where)


def check_name(name: str, where: str) -> None:
    """Refuses layer names that could not be names in an archive: they are its keys."""
    if not _NAME.fullmatch(name) or not name.strip(".") or len(name) > MAX_NAME:
        raise DefinitionError(
            f"{where}: a layer name is made of letters, digits, '-', '_' and '.' "
            f"(at most {MAX_NAME}), got {quoted(name)}"
        )


def read_text(path: Path) -> str:
    """The text of a file, UTF-8 or else Latin-1 (old notes); one-line errors for what is no such text."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise DefinitionError(f"{path}: cannot be read ({reason[:1].lower()}{reason[1:]})") from error
    except ValueError as error:  # a null character in the path
        raise DefinitionError(f"{quoted(str(path))}: is no path of a file") from error
    if len(data) > MAX_BYTES:
        raise DefinitionError(f"{path}: longer than {MAX_BYTES:,} bytes, so it is no definition file")
    if b"\0" in data:
        raise DefinitionError(f"{path}: this is a binary file; expected a text with sections such as [conv1]")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def quoted(text: str) -> str:
    """`text` in quotes on one line, shortened, with nothing a terminal would obey."""
    flat = " ".join(text[:1000].split())
    clean = "".join(character if character.isprintable() else "?" for character in flat)
    return f"'{clean}'" if len(clean) <= 60 else f"'{clean[:57]}...'"


def near(word: str, options: Iterable[str]) -> str:
    """A clause that names the options most like `word` (case aside), or nothing where none is like it."""
    names = [f"'{option}'" for option in nearest(word, options)]
    return f"; did you mean {' or '.join(names)}?" if names else ""


def nearest(word: str, options: Iterable[str]) -> list[str]:
    """At most two options like `word` (case aside), the best first."""
    by_lower = {option[:MAX_NAME].lower(): option for option in islice(options, MAX_OPTIONS)}
    matches = difflib.get_close_matches(word[:MAX_NAME].lower(), by_lower, n=2, cutoff=0.65)
    return [by_lower[match] for match in matches]
