"""The lab notebook of the released source: each parameter file of a checkout is an experiment, with notes.

Ids are those of the files: `layers/layer-params-145.cfg` is experiment 145. Nothing here knows an experiment
by name; the table of facts that is shipped only stands in where there is no checkout.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any

from reproduction.definition.keys import DEFINITION_KEYS, PARAMETER_KEYS
from reproduction.definition.lab_notes import (
    Change,
    Line,
    NotedRun,
    Notes,
    Result,
    note_lines,
    read_notes,
)
from reproduction.definition.language import Document, Section, near, parse, quoted, read_text
from reproduction.errors import DefinitionError

MAX_FILES = 2000  # parameter files; the release has 107
MAX_FOLDERS = 5000
PREFIX, DEFINITION_PREFIX = "layer-params", "layers"
COPY_LINES = 3  # so many equal lines, one of them naming a log or a checkpoint, are a copy
SPELLING = {
    key.lower(): key for table in (DEFINITION_KEYS, PARAMETER_KEYS) for keys in table.values() for key in keys
}
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
WHERE_TO_GET = "the repository AlexNet-Source-Code of the Computer History Museum on GitHub (computerhistory)"


@dataclass(frozen=True)
class LabEntry:
    """An experiment of the notebook. Files are relative to the checkout; "" where there is none.

    `parent` is the id that the notes give, which need not be in the checkout (see `Notebook.parent_of`);
    `parent_from` says by what it is known: "note", "weights", "file name" or "" (there is none).
    """

    id: str
    file: str
    definition: str
    parent: str | None
    parent_from: str
    others: tuple[str, ...]
    change: str
    dataset: str  # of the first run, or that the name tells
    runs: tuple[NotedRun, ...]

    @property
    def results(self) -> list[Result]:
        return [result for run in self.runs for result in run.results]

    def to_json(self) -> dict[str, Any]:
        """As `--json` prints it and the shipped table keeps it."""
        return asdict(self)

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> LabEntry:
        """The inverse of `to_json`."""
        runs = [
            NotedRun(
                **{
                    **run,
                    "machines": tuple(run["machines"]),
                    "checkpoints": tuple(run["checkpoints"]),
                    "changes": tuple(Change(**change) for change in run["changes"]),
                    "results": tuple(Result(**result) for result in run["results"]),
                }
            )
            for run in record["runs"]
        ]
        return cls(**{**record, "others": tuple(record["others"]), "runs": tuple(runs)})


@dataclass(frozen=True)
class Notebook:
    """All experiments, by id in natural order, and the folder they were read from (None: shipped table)."""

    entries: Mapping[str, LabEntry]
    folder: Path | None = None

    def entry(self, name: str) -> LabEntry:
        """The experiment of that id; DefinitionError with the nearest ids otherwise."""
        if name not in self.entries:
            raise DefinitionError(f"there is no experiment {quoted(name)}{near(name, self.entries)}")
        return self.entries[name]

    def parent_of(self, entry: LabEntry) -> str | None:
        """Where the entry hangs in the tree: an id of the notebook if one fits, else the id as noted.

        Notes say "184" of what the files call 184-4gpu: the ending of the entry's own id may be implied.
        """
        stated = entry.parent
        if stated is None or stated in self.entries:
            return stated
        parts = entry.id.split("-")[1:]
        for count in range(len(parts), 0, -1):
            full = "-".join([stated, *parts[:count]])
            if full in self.entries and full != entry.id:
                return full
        return stated

    def children(self) -> dict[str | None, list[LabEntry]]:
        """The entries by what they hang below; None: no parent is known."""
        below: dict[str | None, list[LabEntry]] = {}
        for entry in self.entries.values():
            below.setdefault(self.parent_of(entry), []).append(entry)
        return below

    def tree(self) -> Iterator[tuple[int, str, LabEntry | None]]:
        """(depth, id, entry) from the oldest on; entry None for a parent that is not in the notebook."""
        below = self.children()
        roots = [name for name in below if name is not None and name not in self.entries]
        roots += [entry.id for entry in below.get(None, [])]
        seen: set[str] = set()
        # Notes that name each other as parents would hang nowhere: whatever is left is a root of its own.
        for root in [*sorted(roots, key=natural), *self.entries]:
            yield from self._branch(root, 0, below, seen)

    def _branch(
        self, root: str, depth: int, below: Mapping[str | None, list[LabEntry]], seen: set[str]
    ) -> Iterator[tuple[int, str, LabEntry | None]]:
        waiting = [(depth, root)]
        while waiting:
            level, name = waiting.pop()
            if name in seen:
                continue
            seen.add(name)
            yield level, name, self.entries.get(name)
            children = sorted((entry.id for entry in below.get(name, [])), key=natural, reverse=True)
            waiting.extend((level + 1, child) for child in children)


def natural(name: str) -> list[tuple[int, str]]:
    """A key that sorts 99 before 145 and numbers before words."""
    parts = re.findall(r"\d{1,18}|\D+", name)
    return [(int(part), "") if part.isdecimal() else (10**18, part) for part in parts]


def shipped_notebook() -> Notebook:
    """The facts that come with this program: figures and our own words, for where there is no checkout."""
    text = (Path(str(resources.files("assets"))) / "experiments.json").read_text(encoding="utf-8")
    return _ordered([LabEntry.from_json(record) for record in json.loads(text)], None)


def read_checkout(folder: str) -> Notebook:
    """Reads the notes of every parameter file in `folder`. Raises DefinitionError where there is none."""
    root = Path(folder)
    if not root.is_dir():
        raise DefinitionError(f"{folder}: is no folder; expected a checkout of {WHERE_TO_GET}")
    files = _files(root)
    parameters = {_id_of(name): name for name in files if Path(name).name.startswith(PREFIX)}
    if not parameters:
        raise DefinitionError(f"{folder}: holds no {PREFIX}*.cfg file; expected a checkout of {WHERE_TO_GET}")
    lines = {name: note_lines(read_text(root / file)) for name, file in parameters.items()}
    definitions = [name for name in files if _is_definition(name)]
    copies = {name: _copied(lines, name) for name in lines}
    notes = {name: read_notes(lines[name], name, copies[name]) for name in lines}
    owners = {
        checkpoint: name
        for name in reversed(notes)
        for run in notes[name].runs
        for checkpoint in run.checkpoints
    }
    entries = [_entry(name, file, notes, owners) for name, file in parameters.items()]
    return _with_definitions(_ordered(entries, root), definitions, notes)


def _files(root: Path) -> list[str]:
    """Parameter and definition files below `root`, relative to it."""
    found: list[str] = []
    for count, (folder, folders, names) in enumerate(os.walk(root)):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        relative = Path(folder).relative_to(root)
        wanted = (name for name in sorted(names) if name.startswith((PREFIX, "layers")) and ".cfg" in name)
        found += [(relative / name).as_posix() for name in wanted]
        if len(found) > 2 * MAX_FILES or count > MAX_FOLDERS:
            raise DefinitionError(f"{root}: this is far more than a checkout of {WHERE_TO_GET}")
    return found


def _id_of(file: str) -> str:
    return Path(file).name.removeprefix(PREFIX).removesuffix(".cfg").lstrip("-.")


def _is_definition(file: str) -> bool:
    name = Path(file).name
    return name.startswith(DEFINITION_PREFIX) and name.endswith(".cfg")


def _ordered(entries: Sequence[LabEntry], folder: Path | None) -> Notebook:
    return Notebook({entry.id: entry for entry in sorted(entries, key=lambda e: natural(e.id))}, folder)


def _base(name: str, names: Mapping[str, Any]) -> str | None:
    """The longest other id that this one extends: 120-4gpu of 120-4gpu-auto2; else its leading number."""
    longest = max((other for other in names if name.startswith(f"{other}-")), key=len, default=None)
    number = re.match(r"(\d+)-", name)
    return longest or (number[1] if number and not number[1].startswith("20") else None)


def _copied(lines: Mapping[str, list[Line]], name: str) -> set[int]:
    """Numbers of the lines that were copied, with their logs, from the notes that this id extends."""
    base = lines.get(_base(name, lines) or "", [])
    places: dict[str, list[int]] = {}
    for place, line in enumerate(base):
        places.setdefault(line.text, []).append(place)
    copied: set[int] = set()
    own = lines[name]
    start = 0
    while start < len(own):
        longest = 0
        for place in places.get(own[start].text, ())[:20]:
            length = 0
            while _same(own, start + length, base, place + length):
                length += 1
            longest = max(longest, length)
        block = own[start : start + longest]
        if longest >= COPY_LINES and any("ConvNet__" in line.text or "logs/" in line.text for line in block):
            copied.update(line.number for line in block)
        start += max(1, longest)
    return copied


def _same(own: list[Line], place: int, base: list[Line], other: int) -> bool:
    return place < len(own) and other < len(base) and own[place].text == base[other].text


def _entry(name: str, file: str, notes: Mapping[str, Notes], owners: Mapping[str, str]) -> LabEntry:
    """The experiment `name`, with its parent by the best evidence there is."""
    note, base = notes[name], _base(name, notes)
    base_note = notes.get(base or "")
    parent, by = None, ""
    weights = [owners.get(source, source) for source in note.weights_from]
    known = [source for source in weights if source in notes and source != name]
    pretrained = [other for other in note.quoted if note.parents and other.startswith(f"{note.parents[0]}-")]
    if note.parents and note.parents[0] not in notes and pretrained:
        parent, by = pretrained[0], "weights"
    elif (
        base_note
        and note.origin
        and note.origin == base_note.origin
        and not set(note.parents[:1]) & set(weights)
    ):
        parent, by = base, "file name"  # a line that was copied with the file speaks of the other experiment
    elif note.parents:
        parent, by = note.parents[0], "note"
    elif known:
        parent, by = known[0], "weights"
    elif base:
        parent, by = base, "file name"
    change = "" if by == "file name" and base_note and note.change == base_note.change else note.change
    dataset = (note.runs[0].dataset if note.runs else "") or _dataset_by_name(name)
    return LabEntry(name, file, "", parent, by, note.parents[1:], change, dataset, note.runs)


def _dataset_by_name(name: str) -> str:
    """131-2009 was trained on the data of 2009; names of two years say which came first in two ways."""
    years = {
        "2010": "ILSVRC-2010",
        "2012": "ILSVRC-2012",
        "2009": "ImageNet Fall 2009",
        "flickr": "Flickr tags",
    }
    named = [years[part] for part in name.split("-") if part in years]
    if len(named) != 1:
        return ""
    return f"{named[0]} 'full' variant" if name.endswith("2012-full") else named[0]


def _with_definitions(notebook: Notebook, files: Sequence[str], notes: Mapping[str, Notes]) -> Notebook:
    """The definition of every entry: its own file, the one its notes name, that of a shorter id (145 for
    145-2010), or its parent's."""

    def find(entry: LabEntry, steps: int) -> str:
        named = notes[entry.id].definition
        parts = re.split(r"[-.]", entry.id)
        shorter = ["-".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]
        folder = Path(entry.file).parent
        same = Path(entry.file).name.replace(PREFIX, DEFINITION_PREFIX, 1)
        for wanted in (
            same,
            *(f"{DEFINITION_PREFIX}-{name}.cfg" for name in ([named] if named else shorter)),
        ):
            near_by = (folder / wanted).as_posix()
            elsewhere = (file for file in files if Path(file).name == wanted)
            if found := near_by if near_by in files else next(elsewhere, ""):
                return found
        above = notebook.entries.get(named or notebook.parent_of(entry) or "")
        return find(above, steps - 1) if above and steps else ""

    entries = [replace(entry, definition=find(entry, 20)) for entry in notebook.entries.values()]
    return _ordered(entries, notebook.folder)


@dataclass(frozen=True)
class Difference:
    """One key that differs. `text` is "definition" or "parameters"; left or right None: not there.

    `key` "" stands for the whole layer.
    """

    text: str
    layer: str
    key: str
    left: str | None
    right: str | None


def compare(notebook: Notebook, left: LabEntry, right: LabEntry) -> list[Difference]:
    """What differs between the definitions and the parameters of two experiments, as the files have it."""
    found: list[Difference] = []
    for text, files in (
        ("definition", (left.definition, right.definition)),
        ("parameters", (left.file, right.file)),
    ):
        first, second = (_document(notebook, file, text) for file in files)
        if first != second:
            found += _document_differences(text, first, second)
    return found


def _document(notebook: Notebook, file: str, text: str) -> Document:
    if notebook.folder is None:
        raise DefinitionError(f"to compare experiments, name a checkout of {WHERE_TO_GET}")
    if not file:
        raise DefinitionError(f"{notebook.folder}: the {text} file of one of the two is not in this checkout")
    return parse(read_text(notebook.folder / file), file)


def _document_differences(text: str, first: Document, second: Document) -> Iterator[Difference]:
    for name in [*first.sections, *(name for name in second.sections if name not in first.sections)]:
        left, right = first.sections.get(name), second.sections.get(name)
        if left is None or right is None:
            kinds = [_kind(section) for section in (left, right)]
            yield Difference(text, name, "", kinds[0], kinds[1])
            continue
        for key in [*left.entries, *(key for key in right.entries if key not in left.entries)]:
            values = [
                " ".join(section.entries[key].value.split()) if key in section.entries else None
                for section in (left, right)
            ]
            if _canonical(values[0]) != _canonical(values[1]):
                yield Difference(text, name, SPELLING.get(key, key), values[0], values[1])


def _canonical(text: str | None) -> list[float | str] | None:
    """The elements of a value, numbers as numbers: 0.00 is 0."""
    if text is None:
        return None
    return [float(word) if _NUMBER.fullmatch(word) else word for word in re.split(r"\s*,\s*", text)]


def _kind(section: Section | None) -> str | None:
    """What a layer that only one of the two has is called."""
    if section is None:
        return None
    return section.entries["type"].value if "type" in section.entries else "a section"
