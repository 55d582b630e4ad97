"""Kills, Ctrl-C and a full disk during training, in real processes."""

from __future__ import annotations

import resource
import signal
import subprocess
import time
from pathlib import Path

import kill_many
import pytest
import small_training

from archive import Archive, RunLog, read_log, verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    small_training.write_texts(tmp_path)
    small_training.write_data(tmp_path / "corners.h5")
    return tmp_path


def train_words(folder: Path, *more: object) -> list[object]:
    return [
        "train",
        folder / "small.toml",
        "--data",
        folder / "corners.h5",
        "--out",
        folder / "run.h5",
        *more,
    ]


@pytest.mark.slow
def test_a_run_killed_at_random_moments_ends_as_if_nobody_had_killed_it(tmp_path) -> None:
    kills = kill_many.kill_repeatedly(tmp_path, count=6, seed=1)
    assert kills.problems == []
    assert len(kills.steps) == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_polite_end_leaves_a_complete_archive_and_says_how_to_go_on(folder, number) -> None:
    process = subprocess.Popen(
        small_training.command(*train_words(folder, "--epochs", 100_000)),
        env=small_training.environment(),
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(read_log(folder / "run.h5")) < 3 and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "the archive is complete" in said and "alexnet resume" in said and "Traceback" not in said
    assert verify(folder / "run.h5") == []
    assert [path.name for path in sorted(folder.glob("run*"))] == ["run.h5"]
    with Archive(folder / "run.h5") as archive:
        step = archive.state["step"]
        assert step > 0
    finished = small_training.run("resume", folder / "run.h5", "--steps", 2, folder=folder)
    assert finished.returncode == 0, finished.stderr
    with Archive(folder / "run.h5") as archive:
        assert archive.state["step"] == step + 2


def test_a_run_that_is_attended_stops_politely_when_nobody_attends_it_any_more(folder) -> None:
    process = subprocess.Popen(
        small_training.command(*train_words(folder, "--epochs", 100_000, "--attended")),
        env=small_training.environment(),
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while len(read_log(folder / "run.h5")) < 3 and process.poll() is None:
        time.sleep(0.01)
    said = process.communicate(timeout=60)[1]  # closes its input first
    assert process.returncode == 1
    assert "the archive is complete" in said and "Traceback" not in said and "Fatal" not in said
    assert verify(folder / "run.h5") == []


def test_a_full_disk_ends_training_with_one_line_and_the_old_archive_stands(folder) -> None:
    begun = small_training.run(*train_words(folder, "--steps", 1, "--set", "archive-minutes=0"))
    assert begun.returncode == 0, begun.stderr
    size = (folder / "run.h5").stat().st_size

    def allow_little() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        # Room for the archive as it is, but not for what a few more reports and snapshots add.
        resource.setrlimit(resource.RLIMIT_FSIZE, (size + 1500, size + 1500))

    ended = subprocess.run(
        small_training.command("resume", folder / "run.h5", "--data", folder / "corners.h5"),
        env=small_training.environment(),
        preexec_fn=allow_little,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ended.returncode == 1
    assert "run.h5: cannot be written" in ended.stderr and "stands as it was" in ended.stderr
    assert len([line for line in ended.stderr.splitlines() if line.startswith("alexnet")]) == 1
    assert "Traceback" not in ended.stderr
    assert verify(folder / "run.h5") == []
    assert not (folder / "run.h5.new").exists()
    with Archive(folder / "run.h5") as archive:
        assert archive.state["step"] > 0


def test_what_a_kill_left_in_the_log_is_not_counted_twice(folder) -> None:
    assert small_training.run(*train_words(folder, "--steps", 5)).returncode == 0
    log = RunLog(folder / "run.h5")
    with Archive(folder / "run.h5") as archive:
        row = archive.history.train[-1]
    names = row.dtype.names
    log.append("train", **{name: row[name] for name in names})
    log.append("train", **{name: row[name] for name in names} | {"step": 8})
    finished = small_training.run("resume", folder / "run.h5", "--data", folder / "corners.h5")
    assert finished.returncode == 0, finished.stderr
    with Archive(folder / "run.h5") as archive:
        assert archive.history.train["step"].tolist() == [4, 8, 12, 15, 19, 23, 27, 30, 34, 38, 42, 45]
