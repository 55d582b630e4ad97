"""Packs pictures into one data file that networks are trained from, or describes such a file.

example: alexnet data pack cifar-10-binary.tar.gz cifar10.h5
         alexnet data pack ~/photos photos.h5 --size 256 --hold-out 0.1
         alexnet data info cifar10.h5
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from reproduction.console import Status, duration, remaining
from reproduction.data.original import Ranges
from reproduction.data.packed import SPLITS, PackedData
from reproduction.data.packing import MAX_SIZE, Settings, pack
from reproduction.data.recognition import FORMATS
from reproduction.data.sources import Source
from reproduction.errors import DataError

NAMED_PROBLEMS = 10

SOURCES = """what SRC may be:
  a folder with one folder of pictures for each class; below train/, val/ and test/ if it has splits,
    else all is the training split and --hold-out puts a share aside for testing
  the same inside a .zip, .tar, .tar.gz, .tar.bz2 or .tar.xz
  CIFAR-10, binary or Python version, unpacked or as published
  batches of the original programs: batches.meta with data_batch_N files (raw pixels or JPEG) or folders;
    their order is kept; --train-range and --test-range say which are for what
  MNIST's four idx files (--size 32 adds LeNet's margin of zeros)
  Tiny ImageNet, unpacked or as published"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`pack SRC DST` and `info FILE`."""
    actions = parser.add_subparsers(dest="action", required=True, metavar="pack|info")
    packer = actions.add_parser(
        "pack",
        help="makes one data file of many pictures",
        description=f"{__doc__}\n{SOURCES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    packer.add_argument("source", metavar="SRC", type=Path, help="folder or archive of pictures")
    packer.add_argument("destination", metavar="DST", type=Path, help="the file to make, DATA.h5")
    packer.add_argument(
        "--size",
        type=_size,
        help="side in pixels: the shorter side is scaled to it and the centre cropped "
        "(default: as it is when a sample of the pictures is square and alike, else 256)",
    )
    packer.add_argument("--gray", action="store_true", help="one channel, the luminance")
    packer.add_argument("--seed", type=_seed, default=0, help="of the order of the training pictures (0)")
    packer.add_argument("--format", choices=FORMATS, default="auto", help="what SRC is (auto)")
    packer.add_argument(
        "--hold-out",
        type=_fraction,
        default=0.0,
        metavar="FRACTION",
        help="share of the training pictures put aside as the val split where SRC has no other (0)",
    )
    for split in ("train", "test"):
        packer.add_argument(
            f"--{split}-range",
            type=_range,
            metavar="A-B",
            help=f"numbers of an original program's batches for {split}ing (default: as it numbered them)",
        )
    packer.add_argument("--force", action="store_true", help="replace DST if it exists")
    describer = actions.add_parser("info", help="describes a data file", description="Describes a data file.")
    describer.add_argument("file", metavar="FILE", type=Path)
    for action in (packer, describer):
        action.add_argument("--json", action="store_true", help="the report as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Packs or describes; returns the exit status."""
    if arguments.action == "pack":
        return _pack(arguments)
    _print(_description(arguments.file), arguments.json)
    return 0


def _pack(arguments: argparse.Namespace) -> int:
    source, destination = arguments.source, arguments.destination
    if destination.is_dir():
        raise DataError(
            f"{destination} is a folder; name the file to make, such as {destination / 'data.h5'}"
        )
    if destination.exists() and not arguments.force:
        raise DataError(f"{destination} exists already; choose another name or give --force")
    if source.is_dir() and destination.resolve().is_relative_to(source.resolve()):
        raise DataError(f"{destination} lies inside {source}, the folder that is packed; put it elsewhere")
    if source.exists() and destination.exists() and source.samefile(destination):
        raise DataError(f"{destination} is what would be packed; choose another name")
    settings = Settings(
        size=arguments.size,
        grey=arguments.gray,
        seed=arguments.seed,
        kind=arguments.format,
        hold_out=arguments.hold_out,
        ranges=Ranges(arguments.train_range, arguments.test_range),
    )
    progress = PackingProgress()
    pack(source, destination, settings, progress)
    progress.finish()
    _print(_description(destination), arguments.json)
    return 0


class PackingProgress:
    """Tells on stderr how the packing goes on, and names the first pictures that were skipped."""

    def __init__(self) -> None:
        self._status = Status()
        self._started_s = time.monotonic()
        self._total = self._done = self._skipped = 0
        self._finished: dict[str, int] = {}

    def source_found(self, source: Source, size: int) -> None:
        """Says what was found before the work begins."""
        counts = {split: len(source.splits[split].names) for split in SPLITS if split in source.splits}
        self._total = sum(counts.values())
        self._started_s = time.monotonic()
        found = ", ".join(f"{count:,} {split}" for split, count in counts.items())
        self._status.note(f"packing {found} pictures of {len(source.labels):,} classes at {size} x {size}")
        for note in source.notes:
            self._status.note(note)
        if list(counts) == ["train"]:
            self._status.note("no pictures to test on: --hold-out 0.1 would put a tenth of them aside")

    def packed(self, split: str, done: int, total: int) -> None:
        """One updating line with rate and remaining time."""
        self._finished[split] = done
        self._done = sum(self._finished.values())
        elapsed_s = time.monotonic() - self._started_s
        rate = self._done / elapsed_s if elapsed_s > 0 else 0
        left = remaining(self._done, self._total, elapsed_s)
        counted = f"{self._done:,} of {self._total:,} pictures"
        self._status.show([f"  {split}  {counted}  {rate:,.0f} pictures/s  {left} left"])

    def skipped(self, problem: str) -> None:
        """Names the first problems; the rest are only counted."""
        self._skipped += 1
        if self._skipped <= NAMED_PROBLEMS:
            self._status.note(f"skipped: {problem}")

    def finish(self) -> None:
        """The last word."""
        if self._skipped > NAMED_PROBLEMS:
            self._status.note(f"skipped: {self._skipped - NAMED_PROBLEMS:,} more")
        elapsed_s = time.monotonic() - self._started_s
        self._status.note(f"packed {self._total - self._skipped:,} pictures in {duration(elapsed_s)}")


def _description(path: Path) -> dict[str, Any]:
    with PackedData(path) as data:
        channels, side, _ = data.image_shape
        deviations = None if data.color_pca is None else [round(float(x), 3) for x in data.color_pca[0]]
        return {
            "name": data.name,
            "pictures": data.counts,
            "classes": data.classes,
            "labels": data.labels,
            "size": side,
            "channels": channels,
            "mean": [round(float(x), 2) for x in data.mean.mean(axis=(1, 2))],
            "color_deviations": deviations,
            "seed": data.seed,
            "skipped": data.skipped,
            "created": data.created,
            "sha256": data.sha256,
            "notes": data.notes,
        }


def _print(description: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print(json.dumps(description, ensure_ascii=False, indent=2))
        return
    shown = dict(description)
    shown["pictures"] = ", ".join(f"{count:,} {split}" for split, count in shown["pictures"].items())
    labels = shown.pop("labels")
    shown["classes"] = f"{shown['classes']:,}: {'; '.join(labels[:10])}{'; …' if len(labels) > 10 else ''}"
    shown["size"] = f"{shown['size']} x {shown['size']}, {shown.pop('channels')} channels"
    notes = shown.pop("notes")
    for key, value in shown.items():
        if value is not None:
            text = "  ".join(f"{x:g}" for x in value) if isinstance(value, list) else value
            print(f"{key.replace('_', ' '):<17}{text}")
    for note in notes:
        print(f"{'note':<17}{note}")


def _size(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_SIZE:
        raise argparse.ArgumentTypeError(f"a size is a whole number from 1 to {MAX_SIZE}, not '{text}'")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0, not '{text}'")
    return int(text)


def _range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not (first.isdecimal() and last.isdecimal() and int(first) <= int(last) < 2**31):
        raise argparse.ArgumentTypeError(f"a range is two numbers of batches such as 1-5, not '{text}'")
    return int(first), int(last)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < 1:
        raise argparse.ArgumentTypeError(f"a fraction is a number from 0 and below 1, not '{text}'")
    return value
