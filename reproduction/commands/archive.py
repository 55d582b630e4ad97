"""Looks into archives of runs, checks them, makes them of original checkpoints, and makes copies to exhibit.

alexnet archive info run.h5
alexnet archive verify run.h5 other.h5
alexnet archive import ConvNet__2012-09-13_03.43.56 --out run.h5 --data batches.meta
alexnet archive export run.h5 shown.h5 --exhibit --data cifar10.h5
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from archive import Archive, Run, absorb, merged_history, read_log, read_run, verify, write_archive

if TYPE_CHECKING:
    from reproduction.exhibiting import Comparison


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`info`, `verify`, `import CHECKPOINT --out RUN.h5` and `export RUN.h5 OUT.h5 --exhibit`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="info|verify|import|export")
    info = actions.add_parser("info", help="says what an archive holds")
    info.add_argument("file", metavar="FILE", help="a run archive (.h5)")
    info.add_argument("--json", action="store_true", help="prints it for programs")
    check = actions.add_parser("verify", help="reads all of each archive and says what is wrong with it")
    check.add_argument("files", metavar="FILE", nargs="+", help="run archives (.h5)")
    check.add_argument("--json", action="store_true", help="prints the problems of each file for programs")
    _add_import(actions.add_parser("import", help="makes an archive of an original checkpoint"))
    _add_export(actions.add_parser("export", help="makes a small copy of an archive, to ship and to exhibit"))


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "checkpoint",
        metavar="CHECKPOINT",
        type=Path,
        help="a checkpoint of cuda-convnet, of the program of 2012 or of cuda-convnet2: "
        "the file EPOCH.BATCH, or the folder ConvNet__... of which the latest is taken",
    )
    parser.add_argument("--out", metavar="RUN.h5", type=Path, required=True, help="the archive to make")
    parser.add_argument(
        "--data",
        metavar="DATA",
        type=Path,
        help="where the mean picture and the labels are: a packed data file, or batches.meta (or its folder)",
    )
    parser.add_argument(
        "--image-size",
        metavar="N",
        type=int,
        help="side of the pictures before the crop (default: that of --data, else as the options tell it)",
    )
    parser.add_argument("--force", action="store_true", help="replaces RUN.h5 if it exists")
    parser.add_argument("--json", action="store_true", help="prints what the archive holds for programs")


def _add_export(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN.h5", type=Path, help="archive of a run")
    parser.add_argument("out", metavar="OUT.h5", type=Path, help="the copy to make")
    parser.add_argument(
        "--exhibit",
        action="store_true",
        required=True,
        help="without momentum, weights rounded to float16, classes in words that a visitor knows",
    )
    parser.add_argument(
        "--data",
        metavar="DATA",
        type=Path,
        help="tests archive and copy on these pictures and writes both figures into the copy; none is made "
        "if they disagree about the best classes of more than one picture in 200",
    )
    parser.add_argument(
        "--multiview", action="store_true", help="tests with several views of each picture as well"
    )
    parser.add_argument(
        "--note", metavar="TEXT", action="append", default=[], help="a remark for the notebook of the copy"
    )
    parser.add_argument(
        "--device", metavar="D", help="cpu, cuda or cuda:N (default: a GPU where there is one)"
    )
    parser.add_argument("--force", action="store_true", help="replaces OUT.h5 if it exists")
    parser.add_argument("--json", action="store_true", help="prints what the copy holds for programs")


def run(arguments: argparse.Namespace) -> int:
    """Does what was asked; 1 when `verify` found a problem."""
    if arguments.action == "info":
        return _info(arguments.file, arguments.json)
    if arguments.action == "import":
        return _import(arguments)
    if arguments.action == "export":
        return _export(arguments)
    return _verify(arguments.files, arguments.json)


def _export(arguments: argparse.Namespace) -> int:
    from reproduction.exhibiting import exhibition_copy, with_comparisons
    from reproduction.training.preparation import check_output
    from reproduction.training.provenance import now

    check_output(arguments.out, arguments.force, (arguments.run, arguments.data))
    run = read_run(arguments.run)
    absorb(arguments.run, run)
    copy = exhibition_copy(run, now(), arguments.note)
    comparisons = _comparisons(arguments, run, copy) if arguments.data else []
    write_archive(arguments.out, with_comparisons(copy, comparisons, now()), packed=True)
    for comparison in comparisons:
        print(comparison.sentence(), file=sys.stderr)
    return _info(str(arguments.out), arguments.json)


def _comparisons(arguments: argparse.Namespace, run: Run, copy: Run) -> list[Comparison]:
    """The tests of archive and copy: with several views first, if they are asked for; the centre last."""
    from reproduction.console import Status
    from reproduction.data.packed import PackedData
    from reproduction.definition import Texts, assemble
    from reproduction.exhibiting import compare
    from reproduction.training import preparation

    status = Status()

    def watch(done: int, total: int) -> bool:
        status.show([f"testing: {done:,} of {total:,} pictures"])
        return True

    device = preparation.choose_device(arguments.device)
    preparation.use_threads(run.state.get("threads"))
    with PackedData(arguments.data) as data:
        experiment = assemble(Texts.from_mapping(run.texts))
        preparation.check_classes_learnt(arguments.run, run.labels, run.label_ids, data, "compare on")
        for warning in preparation.check_data(experiment, data, trained=True):
            status.note(f"warning: {warning}")
        found = [
            compare(run, copy, data, arguments.run, multiview=many, device=device, watch=watch)
            for many in ([True, False] if arguments.multiview else [False])
        ]
    status.show([], force=status.terminal)
    return found


def _import(arguments: argparse.Namespace) -> int:
    from archive.exchange.checkpoints import read_checkpoint
    from reproduction.importing import imported_run, shown_by
    from reproduction.training.preparation import check_output
    from reproduction.training.provenance import command_line, now
    from reproduction.version import program_version

    check_output(arguments.out, arguments.force, (arguments.checkpoint, arguments.data))
    shown = shown_by(arguments.data) if arguments.data else None
    facts = {"program_version": program_version(), "command": command_line(["alexnet", *sys.argv[1:]])}
    run, assumed = imported_run(
        read_checkpoint(arguments.checkpoint), shown, arguments.image_size, now(), facts
    )
    write_archive(arguments.out, run)
    for sentence in assumed:
        print(f"note: {sentence}", file=sys.stderr)
    return _info(str(arguments.out), arguments.json)


def _verify(files: list[str], as_json: bool) -> int:
    problems = {file: verify(file) for file in files}
    if as_json:
        print(json.dumps(problems, indent=1))
    else:
        for file, found in problems.items():
            print("\n".join(found) if found else f"{file}: whole and sound")
    return 1 if any(problems.values()) else 0


def _info(file: str, as_json: bool) -> int:
    facts = describe(file)
    if as_json:
        print(json.dumps(_strict(facts), indent=1))
        return 0
    print("\n".join(_lines(facts)))
    return 0


def describe(file: str) -> dict[str, Any]:
    """What `info` says of an archive, as JSON values."""
    size_bytes = Path(file).stat().st_size if Path(file).is_file() else 0
    with Archive(file) as archive:
        network = archive.network
        history = archive.history
        return {
            "file": file,
            "size_bytes": size_bytes,
            "format_version": archive.format_version,
            "network": {
                name: network.get(name)
                for name in ("name", "dialect", "columns", "image_shape", "classes", "parameters")
            },
            "state": archive.state,
            "resumable": bool(archive.momentum_names),
            "last_test": _last(history.test),
            "last_report": _last(history.train),
            "tests": len(history.test),
            "reports": len(history.train),
            "snapshots": [vars(info) for info in archive.snapshots],
            "first_layers": network["first_layers"],
            "notes": len(archive.notebook),
            "labels": len(archive.labels),
            "texts": {name: len(text) for name, text in archive.texts.items()},
            "activations": _activations(archive),
            "provenance": archive.provenance,
            "part_bytes": archive.part_sizes(),
            "log": _log_facts(file),
        }


def _activations(archive: Archive) -> dict[str, Any] | None:
    """What the archive holds of a probe set; None where its network was not asked."""
    found = archive.activations
    if found is None:
        return None
    features = {name: found.features(name).shape[1] for name in found.names("features")}
    stored = found.thumbnails() is not None
    layers = {part: found.names(part) for part in ("units", "patches")}
    return {"probe": found.probe, "features": features, **layers, "pictures_stored": stored}


def _last(table: Any) -> dict[str, Any] | None:
    """The last row of a history table, by column."""
    if not len(table):
        return None
    row = {name: table[name][-1].item() for name in table.dtype.names}
    return {
        name: value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        for name, value in row.items()
    }


def _log_facts(file: str) -> dict[str, Any] | None:
    """What the log beside the archive adds to it; None without a log."""
    records = read_log(file)
    if not records:
        return None
    return {"records": len(records), "last_report": _last(merged_history(file).train)}


def _strict(value: Any) -> Any:
    """`value` with null for numbers that JSON does not know."""
    if isinstance(value, dict):
        return {name: _strict(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_strict(part) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _lines(facts: dict[str, Any]) -> list[str]:
    """`facts` for a person."""
    network, state = facts["network"], facts["state"]
    shape = "x".join(str(length) for length in network["image_shape"])
    goes_on = "can be resumed" if facts["resumable"] else "holds no momentum, so it cannot be resumed"
    sizes = (_count(network["columns"], "column"), f"pictures {shape}", _count(network["classes"], "class"))
    weights = (_count(network["parameters"], "parameter"), f"dialect {_shown(network['dialect'])}")
    rows = [
        (_shown(network["name"]), f"{_size(facts['size_bytes'])}, format {facts['format_version']}"),
        ("network", ", ".join(sizes + weights)),
        ("training", f"epoch {state['epoch']}, step {state['step']}, seed {state['seed']}; {goes_on}"),
        ("last test", _tested(facts["last_test"])),
        ("history", f"{_count(facts['reports'], 'report')} of training, {_count(facts['tests'], 'test')}"),
        ("snapshots", _snapshots(facts)),
        ("labels", _count(facts["labels"], "class")),
        ("notebook", _count(facts["notes"], "note")),
        ("probe set", _probe_set(facts["activations"])),
    ]
    if facts["log"]:
        rows.append(("log", f"{_count(facts['log']['records'], 'record')} since the archive was written"))
    rows.append(("data", ", ".join(f"{part} {_size(size)}" for part, size in facts["part_bytes"].items())))
    rows += [(f"  {_shown(name)}", _shown(value)) for name, value in facts["provenance"].items()]
    width = max(len(title) for title, _ in rows) + 2
    return [f"{title:<{width}}{text}" for title, text in rows]


def _tested(row: dict[str, Any] | None) -> str:
    if row is None:
        return "none yet"
    return (
        f"logprob {row['loss']:.4f}, top-1 error {row['top1']:.2%}, top-{row['k']} error {row['topk']:.2%}"
        f" ({_count(row['images'], 'picture')} of '{_shown(row['split'])}', {_count(row['views'], 'view')},"
        f" epoch {row['epoch']:g})"
    )


def _snapshots(facts: dict[str, Any]) -> str:
    found = facts["snapshots"]
    if not found:
        return "none"
    layers = ", ".join(_shown(name) for name in facts["first_layers"])
    return f"{len(found)} of {layers}, epochs {found[0]['epoch']:g} to {found[-1]['epoch']:g}"


def _probe_set(found: dict[str, Any] | None) -> str:
    """The activations in a line."""
    if found is None:
        return "none; `alexnet activations` asks the network about one"
    probe, features = found["probe"], found["features"]
    pictures = "with small copies" if found["pictures_stored"] else "without pixels"
    numbers = ", ".join(f"{count} of {_shown(name)}" for name, count in features.items())
    asked = f"{_count(probe['images'], 'picture')} of '{_shown(probe['split'])}' at step {probe['step']}"
    return f"{asked}, {pictures}; features {numbers}; units of {_count(len(found['units']), 'layer')}"


def _count(number: int, word: str) -> str:
    """1 note, 2 notes, 3 classes."""
    ending = "" if number == 1 else "es" if word.endswith("s") else "s"
    return f"{number:,} {word}{ending}"


def _size(size_bytes: int) -> str:
    """Bytes as a person says them."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size_bytes >= factor:
            return f"{size_bytes / factor:.1f} {unit}"
    return f"{size_bytes} bytes"


def _shown(value: Any) -> str:
    """A value from the file on one line; a control character in it must not reach the terminal."""
    text = value if isinstance(value, str) else json.dumps(value)
    return "".join(sign if sign.isprintable() else "?" for sign in text)[:200]
