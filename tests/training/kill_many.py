"""Kills training with SIGKILL at random moments, resumes it, and compares with a run that nobody disturbed.

    PYTHONPATH=. python tests/training/kill_many.py --kills 30

The archive is replaced after every step, so that many kills fall inside the replacing. After each kill the
archive must open and verify; in the end everything must be bit for bit as in the undisturbed run, and nothing
may lie beside it.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import small_training

from archive import Archive, Run, read_run, verify

# 150 steps of about 20 ms, an archive after each: long enough to be hit, short enough to be repeated.
SETTINGS = ("--set", "archive-minutes=0", "--epochs", "10", "--seed", "3")
LAST_STEP = 150
LONGEST_DELAY_S = 1.5
START_LIMIT_S = 120


@dataclass
class Kills:
    """What the kills hit: the step of the archive after each, how many fell inside a replacing, problems."""

    steps: list[int] = field(default_factory=list)
    while_replacing: int = 0
    before_first_epoch: int = 0
    problems: list[str] = field(default_factory=list)


def identity(path: Path) -> tuple[int, int] | None:
    """Changes with every version of the file."""
    return (path.stat().st_mtime_ns, path.stat().st_ino) if path.exists() else None


def start(words: list[object], run: Path) -> subprocess.Popen[bytes]:
    """Starts a verb and waits until it has written its first version of the archive."""
    before = identity(run)
    process = subprocess.Popen(
        small_training.command(*words),
        env=small_training.environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline_s = time.monotonic() + START_LIMIT_S
    while identity(run) == before and process.poll() is None and time.monotonic() < deadline_s:
        time.sleep(0.002)
    return process


def training_words(folder: Path, run: Path) -> list[object]:
    """The command that begins the run, or goes on with it."""
    if run.exists():
        return ["resume", run, "--data", folder / "corners.h5"]
    return ["train", folder / "small.toml", "--data", folder / "corners.h5", "--out", run, *SETTINGS]


def note_kill(run: Path, kills: Kills) -> None:
    """Looks at what a kill has left."""
    kills.while_replacing += run.with_name(run.name + ".new").exists()
    problems = verify(run)
    kills.problems += problems
    with Archive(run) as archive:
        kills.steps.append(archive.state["step"])
        kills.before_first_epoch += archive.state["epoch"] == 0


def kill_repeatedly(folder: Path, count: int, seed: int) -> Kills:
    """Trains in `folder`, killed `count` times in all, as many runs as that takes."""
    chance = random.Random(seed)
    small_training.write_texts(folder)
    small_training.write_data(folder / "corners.h5")
    whole = folder / "whole.h5"
    start(training_words(folder, whole), whole).wait()
    expected = read_run(whole)
    kills, chains = Kills(), 0
    while len(kills.steps) < count:
        chains += 1
        run = folder / f"killed-{chains}" / "run.h5"
        run.parent.mkdir()
        kill_until_done(folder, run, chance, count, kills)
        kills.problems += differences(expected, read_run(run))
        kills.problems += [f"{path.name} is left" for path in run.parent.iterdir() if path != run]
    return kills


def kill_until_done(folder: Path, run: Path, chance: random.Random, count: int, kills: Kills) -> None:
    """One run from its beginning to its end, with kills on the way until `count` are reached."""
    over = False
    while not over and len(kills.steps) < count:
        process = start(training_words(folder, run), run)
        # Every other kill comes early, so that each epoch of a run sees some.
        time.sleep(chance.uniform(0, LONGEST_DELAY_S) * chance.choice((0.1, 1)))
        process.kill()
        process.wait()
        note_kill(run, kills)
        over = kills.steps[-1] == LAST_STEP
    start(training_words(folder, run), run).wait()


def differences(expected: Run, found: Run) -> list[str]:
    """Where two runs are not the same bit for bit; times are not compared."""
    pairs = {
        **{f"weights {name}": (a, found.weights[name]) for name, a in expected.weights.items()},
        **{f"momentum {name}": (a, found.momentum[name]) for name, a in expected.momentum.items()},
    }
    differing = [name for name, (one, other) in pairs.items() if one.tobytes() != other.tobytes()]
    for kind in ("train", "test"):
        tables = getattr(expected.history, kind), getattr(found.history, kind)
        columns = [name for name in tables[0].dtype.names if name != "seconds"]
        if tables[0][columns].tolist() != tables[1][columns].tolist():
            differing.append(f"history {kind}")
    snapshots = [
        [(s.step, {k: v.tobytes() for k, v in s.weights.items()}) for s in run.snapshots]
        for run in (expected, found)
    ]
    if snapshots[0] != snapshots[1]:
        differing.append("snapshots")
    if len(expected.notebook) != len(found.notebook):
        differing.append("notebook")
    return differing


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        kills = kill_repeatedly(Path(folder), arguments.kills, arguments.seed)
    print(
        f"{len(kills.steps)} kills; {kills.while_replacing} inside the replacing of the archive, "
        f"{kills.before_first_epoch} before the first epoch ended; steps {kills.steps}"
    )
    print(
        "\n".join(kills.problems)
        or "every archive verified; every run ended bit for bit as the undisturbed one"
    )
    return 1 if kills.problems else 0


if __name__ == "__main__":
    sys.exit(main())
