"""Feeds damaged, twisted and invented pickles to the readers of checkpoints, batches and meta files.

    PYTHONPATH=.:tests python tests/archive/fuzz_pickles.py --count 10000

A reader may return or raise its own error; anything else, a call out of the pickle, more than SLOW_S, or more
memory than LIMIT_BYTES ends the program with the case that did it.
"""

from __future__ import annotations

import argparse
import pickle
import pickletools
import random
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from drawn_batches import NAMES, jpeg
from original_checkpoints import LAYOUTS, checkpoint, matrices
from python2_pickles import python2_pickle

from archive.errors import ArchiveError
from archive.exchange.checkpoints import read_checkpoint
from reproduction.data.meta import read_meta
from reproduction.data.original import Ranges, original_batches
from reproduction.errors import DataError

SLOW_S = 2.0  # of processor time, for a file below a megabyte
LIMIT_BYTES = 200_000_000
OPCODES = b"".join(sorted({opcode.code.encode("latin1") for opcode in pickletools.opcodes}))
GLOBALS = (b"os\nsystem\n", b"builtins\neval\n", b"numpy\nndarray\n", b"numpy\ndtype\n", b"options\nOption\n")
CALLED: list[str] = []


class SmallTree:
    """Files in memory, for the reader of batches."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.names = sorted(files)

    def read(self, name: str) -> bytes:
        return self.files[name]

    def source(self, name: str) -> bytes:
        return self.files[name]

    def close(self) -> None:
        pass


class Called:
    """Unpickled in the ordinary way, it leaves a trace."""

    def __reduce__(self) -> Any:
        return CALLED.append, ("called",)


def small_checkpoint(layout: str) -> dict[str, Any]:
    """A checkpoint without the layers whose weights are many."""
    found = checkpoint(LAYOUTS[layout], matrices())
    layers = found["model_state"]["layers"]
    for name in ("local2", "local2_neuron", "fc3", "rnorm1"):
        del layers[name]
    layers["probs"]["inputs"] = ["pool1"]
    for layer in layers.values():
        layer.pop("inputLayers", None)
    return found


def samples() -> list[bytes]:
    """Sound pickles to start from: small checkpoints, batches, meta files, and one that calls."""
    found = [python2_pickle(small_checkpoint(layout), p) for layout in ("2012", "2014") for p in (0, 1, 2)]
    found.append(python2_pickle(checkpoint(LAYOUTS["2011"], matrices())))
    data = np.arange(3072 * 2, dtype=np.uint8).reshape(2, 3072)
    meta = {"label_names": ["cat", "dog"], "data_mean": np.ones((48, 1), np.float32), "label_offset": 0}
    meta["color_pca"] = (np.ones(3), np.eye(3))
    for protocol in range(6):
        found.append(pickle.dumps({"data": data, "labels": [0, 1]}, protocol))
        found.append(pickle.dumps(meta, protocol))
    found.append(python2_pickle({"data": [jpeg(0, 8), jpeg(1, 8)], "labels": [[0], [1, 2]]}))
    found.append(python2_pickle(([jpeg(2, 8)], [(8, 8)], [("n1", 2)])))
    return [*found, pickle.dumps({"data": Called()}, 2)]


def twisted(source: bytes, chance: random.Random, others: list[bytes]) -> bytes:
    """`source` with some of its bytes changed, lost, doubled, or replaced by opcodes, names and lengths."""
    contents = bytearray(source)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        place = chance.randrange(len(contents) + 1)
        kind = chance.randrange(8)
        if kind == 0 and contents:
            contents[place % len(contents)] = chance.randrange(256)
        elif kind == 1:
            del contents[place : place + chance.choice((1, 4, 100))]
        elif kind == 2:
            contents[place:place] = bytes([chance.choice(OPCODES)]) * chance.choice((1, 2, 1000))
        elif kind == 3:
            contents[place:place] = (
                b"c" + chance.choice(GLOBALS) + chance.choice((b"", b")R", b"(tR", b")\x81"))
            )
        elif kind == 4:
            contents[place : place + 4] = chance.choice(
                (b"\xff\xff\xff\x7f", b"\xff" * 4, b"\xff" * 8, bytes(4))
            )
        elif kind == 5:
            contents = contents[:place]
        elif kind == 6:
            other = chance.choice(others)
            start = chance.randrange(len(other))
            contents[place:place] = other[start : start + chance.randint(1, 200)]
        else:
            contents[place:place] = contents[place : place + chance.randint(1, 200)]
    return bytes(contents)


def invented(chance: random.Random) -> bytes:
    """Opcodes in any order, with bytes between them."""
    parts = []
    for _ in range(chance.randint(1, 300)):
        parts.append(bytes([chance.choice(OPCODES)]))
        if chance.random() < 0.4:
            parts.append(chance.randbytes(chance.choice((1, 2, 4, 8))))
        if chance.random() < 0.1:
            parts.append(chance.choice(GLOBALS))
    return b"".join(parts) + b"."


def readers(folder: Path) -> list[Callable[[bytes], object]]:
    """Each takes the bytes of a file."""
    file = folder / "1.1"

    def stored(contents: bytes) -> object:
        file.write_bytes(contents)
        return read_checkpoint(file)

    def packed(contents: bytes) -> object:
        tree = SmallTree({"batches.meta": python2_pickle({"label_names": NAMES}), "data_batch_1": contents})
        pictures = original_batches(tree, "", Ranges((1, 1))).splits["train"].pictures
        return pictures.read(0, 32)

    return [stored, packed, lambda contents: read_meta(contents, "meta")]


def fuzz(count: int, seed: int, folder: Path) -> dict[str, int]:
    """Feeds `count` files to every reader; returns how many were read and how many refused.

    Raises AssertionError, with the bytes, for anything that must not happen.
    """
    chance = random.Random(seed)
    sources = samples()
    outcome = {"read": 0, "refused": 0}
    tracemalloc.start()
    try:
        for number in range(count):
            invent = chance.random() < 0.2
            contents = invented(chance) if invent else twisted(chance.choice(sources), chance, sources)
            for reader in readers(folder):
                outcome[_tried(reader, contents, number)] += 1
    finally:
        tracemalloc.stop()
    return outcome


def _tried(reader: Callable[[bytes], object], contents: bytes, number: int) -> str:
    tracemalloc.reset_peak()
    begun = time.process_time()
    try:
        reader(contents)
        result = "read"
    except (ArchiveError, DataError) as error:
        assert "\n" not in str(error), contents
        result = "refused"
    except BaseException as error:
        raise AssertionError(f"case {number}: {error!r} for {contents[:2000]!r}") from error
    assert time.process_time() - begun < SLOW_S, f"case {number} took too long: {contents[:2000]!r}"
    assert tracemalloc.get_traced_memory()[1] < LIMIT_BYTES, (
        f"case {number} took too much: {contents[:2000]!r}"
    )
    assert not CALLED, f"case {number} was run: {contents[:2000]!r}"
    return result


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        outcome = fuzz(arguments.count, arguments.seed, Path(folder))
    print(f"{arguments.count:,} files, seed {arguments.seed}: {outcome} in {time.monotonic() - begun:.0f} s")


if __name__ == "__main__":
    main()
