"""The lab notebook of the 2012 program: every experiment, its parent, what it changed, its runs and results.

With the folder of a checkout of the released source it reads the notes there; without one it shows a table of
facts that comes with this program.

examples:
  alexnet experiments
  alexnet experiments AlexNet-Source-Code --show 145
  alexnet experiments AlexNet-Source-Code --diff 145 137
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from reproduction.definition.experiment import assemble, find_texts
from reproduction.definition.experiments import (
    WHERE_TO_GET,
    Difference,
    LabEntry,
    Notebook,
    compare,
    read_checkout,
    shipped_notebook,
)
from reproduction.definition.lab_notes import Change, NotedRun, Result
from reproduction.errors import DefinitionError

PARENT_FROM = {
    "note": "says the note",
    "weights": "started from its weights",
    "file name": "by the name of the file",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`[CHECKOUT] [--show ID | --diff ID ID] [--json]`."""
    parser.add_argument(
        "checkout", metavar="CHECKOUT", nargs="?", help=f"a folder with a checkout of {WHERE_TO_GET}"
    )
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--show", metavar="ID", help="one experiment with its runs, schedule and results")
    chosen.add_argument(
        "--diff", metavar="ID", nargs=2, help="what differs between two, layer by layer (needs a checkout)"
    )
    parser.add_argument("--json", action="store_true", help="prints it for programs")


def run(arguments: argparse.Namespace) -> int:
    """Prints the family tree, one experiment, or the difference of two."""
    notebook = read_checkout(arguments.checkout) if arguments.checkout else shipped_notebook()
    if arguments.diff:
        left, right = (notebook.entry(name) for name in arguments.diff)
        differences = compare(notebook, left, right)
        sizes = [_size(notebook, entry) for entry in (left, right)]
        lines = _diff(left, right, differences, sizes)
        _print(_difference_facts(left, right, differences, sizes), arguments.json, lines)
    elif arguments.show:
        entry = notebook.entry(arguments.show)
        _print(_facts(notebook, entry), arguments.json, _shown(notebook, entry))
    else:
        facts = [_facts(notebook, entry) for entry in notebook.entries.values()]
        _print(facts, arguments.json, _tree(notebook))
    return 0


def _print(facts: Any, as_json: bool, lines: Iterator[str]) -> None:
    print(json.dumps(facts, indent=1) if as_json else "\n".join(_printable(line) for line in lines))


def _printable(line: str) -> str:
    """A line of a file that somebody handed in, without what a terminal would obey."""
    return "".join(sign if sign.isprintable() else "?" for sign in line)


def _facts(notebook: Notebook, entry: LabEntry) -> dict[str, Any]:
    return {**entry.to_json(), "below": notebook.parent_of(entry)}


def _tree(notebook: Notebook) -> Iterator[str]:
    """The family tree: a line for each experiment, and below it one for each of its runs."""
    for depth, name, entry in notebook.tree():
        margin = "  " * depth
        if entry is None:
            yield f"{margin}{name}  (not in the release)"
            continue
        yield f"{margin}{name}{'  ' if entry.change else ''}{entry.change}"
        for run in entry.runs:
            yield f"{margin}    {_run_line(entry, run)}"
    yield ""
    count = len(notebook.entries)
    if notebook.folder is None:
        yield f"{count} experiments, from the table of facts that comes with this program."
        yield f"The networks and the notes themselves: {WHERE_TO_GET}."
    else:
        tested = sum(bool(entry.results) for entry in notebook.entries.values())
        yield f"{count} parameter files with notes in {notebook.folder}, {tested} of them with results."


def _run_line(entry: LabEntry, run: NotedRun) -> str:
    parts = [
        run.title,
        run.dataset or entry.dataset,
        _rates(run),
        *(_result(r) for r in run.results),
        run.fate,
    ]
    return " | ".join(part for part in parts if part)


def _rates(run: NotedRun) -> str:
    """The changes of the learning rate of all layers, the backbone of a schedule: 0.001 at 25, ..."""
    steps = [c for c in run.changes if c.what == "epsW" and not c.layers]
    return "epsW " + ", ".join(f"{_value(c.new)} at {c.when or '?'}" for c in steps) if steps else ""


def _result(result: Result) -> str:
    views = {True: "several views", False: "one view", None: ""}[result.multiview]
    test = " ".join(word for word in (result.split, views) if word)
    loss = f"logprob {result.loss:.6f}, " if result.loss is not None else ""
    return f"{loss}top-1 {result.top1:.6f}, top-5 {result.top5:.6f}" + (f" ({test})" if test else "")


def _shown(notebook: Notebook, entry: LabEntry) -> Iterator[str]:
    """All that is known of one experiment."""
    parent = "not noted"
    if entry.parent is not None:
        parent = f"{entry.parent} ({PARENT_FROM.get(entry.parent_from, entry.parent_from)})"
    rows = [
        ("experiment", entry.id),
        ("parent", parent),
        ("also like", ", ".join(entry.others)),
        ("change", entry.change),
        ("data", entry.dataset),
        ("definition", entry.definition or "not in the release"),
        ("parameters", entry.file),
        ("children", ", ".join(child.id for child in notebook.children().get(entry.id, []))),
    ]
    yield from (f"{title:<12}{text}" for title, text in rows if text)
    for number, noted in enumerate(entry.runs, start=1):
        yield ""
        yield f"run {number}" + (f": {noted.title}" if noted.title else "")
        yield from (f"  {line}" for line in _run_lines(noted))


def _run_lines(run: NotedRun) -> Iterator[str]:
    rows = [
        ("data", run.dataset),
        ("machines", ", ".join(run.machines)),
        ("saved as", ", ".join(run.checkpoints)),
    ]
    yield from (f"{title:<10}{text}" for title, text in rows if text)
    for change in run.changes:
        yield f"{_when(change):<10}{_change(change)}"
    for result in run.results:
        yield f"{'result':<10}{_result(result)}"
    if run.fate:
        yield f"{'end':<10}{run.fate}"


def _when(change: Change) -> str:
    number = change.when.replace(".", "", 1).isdecimal()
    return f"epoch {change.when}" if number else change.when


def _change(change: Change) -> str:
    if change.what == "machine":
        return f"moved to {_value(change.new)}"
    where = f" {change.layers}" if change.layers in ("elsewhere", "everywhere") else f" of {change.layers}"
    before = f" from {_value(change.old)}" if change.old is not None else ""
    return f"{change.what}{where if change.layers else ''} to {_value(change.new)}{before}"


def _value(value: float | bool | str | None) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value).lower()


def _size(notebook: Notebook, entry: LabEntry) -> int | None:
    """How many parameters the network has; None where this program cannot read it as it stands."""
    assert notebook.folder is not None  # `compare` has refused to work without
    try:
        texts = find_texts(str(notebook.folder / entry.definition), str(notebook.folder / entry.file))
        return assemble(texts).network.parameter_count
    except DefinitionError:
        return None


def _diff(
    left: LabEntry, right: LabEntry, differences: Sequence[Difference], sizes: Sequence[int | None]
) -> Iterator[str]:
    """Two columns of values, grouped by file and layer."""
    group: tuple[str, str] | None = None
    files = {"definition": (left.definition, right.definition), "parameters": (left.file, right.file)}
    counts = [f"{size:,}" if size is not None else "an unknown number of" for size in sizes]
    yield f"{left.id} against {right.id}: {counts[0]} against {counts[1]} parameters"
    for text, names in files.items():
        found = [difference for difference in differences if difference.text == text]
        yield ""
        yield f"{text}: {names[0]} against {names[1]}" + ("" if found else ": no difference")
        for difference in found:
            if not difference.key:
                alone, other = (left.id, difference.left) if difference.left else (right.id, difference.right)
                yield f"  {difference.layer}: only in {alone} ({other})"
                continue
            if group != (text, difference.layer):
                group = (text, difference.layer)
                yield f"  {difference.layer}"
            sides = (
                side if side is not None else "(not there)" for side in (difference.left, difference.right)
            )
            yield f"    {difference.key}: {' against '.join(sides)}"


def _difference_facts(
    left: LabEntry, right: LabEntry, differences: Sequence[Difference], sizes: Sequence[int | None]
) -> dict[str, Any]:
    return {
        "left": left.id,
        "right": right.id,
        "definitions": [left.definition, right.definition],
        "parameters": [left.file, right.file],
        "parameter_counts": list(sizes),
        "differences": [asdict(difference) for difference in differences],
    }
