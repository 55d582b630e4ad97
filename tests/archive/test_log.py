"""The log beside an archive: no record is lost or counted twice, whenever the writer is killed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_archives import small_run

from archive import (
    ArchiveError,
    History,
    Note,
    RunLog,
    absorb,
    log_path,
    merged_history,
    merged_notebook,
    read_log,
    read_run,
    write_archive,
)


def train_row(step: int) -> dict[str, Any]:
    return {
        "epoch": step / 10,
        "step": step,
        "images": 5,
        "loss": 1.0,
        "top1": 0.5,
        "topk": 0.2,
        "seconds": 0.1,
    }


def row_of_test(step: int) -> dict[str, Any]:
    return train_row(step) | {"views": 10, "k": 5, "split": "val"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """An archive that stands at step 20."""
    write_archive(tmp_path / "run.h5", small_run(step=20))
    return tmp_path / "run.h5"


def test_without_a_log_the_history_is_the_archives(path: Path) -> None:
    assert read_log(path) == []
    assert merged_history(path).train.tobytes() == small_run().history.train.tobytes()


def test_records_are_seen_as_soon_as_they_are_appended(path: Path) -> None:
    log = RunLog(path)
    log.append("train", **train_row(25))
    assert [row["step"] for row in merged_history(path).train] == [5, 10, 15, 20, 25]
    log.append("test", **row_of_test(25))
    log.append("status", images_per_second=np.float32(12.5))
    history = merged_history(path)
    assert history.test[-1]["split"] == b"val" and history.test[-1]["views"] == 10
    assert read_log(path)[-1] == {"kind": "status", "images_per_second": 12.5}
    log.remove()
    assert not log_path(path).exists() and read_log(path) == []
    log.remove()


def test_a_kill_between_the_new_version_and_the_removal_of_the_log_counts_nothing_twice(path: Path) -> None:
    log = RunLog(path)
    for step in (5, 10, 15, 20):
        log.append("train", **train_row(step))
    log.append("test", **row_of_test(20))
    log.append("note", time="2012-12-03T09:00:00Z", epoch=0.0, text=small_run().notebook[0].text)
    assert merged_history(path).train.tobytes() == small_run().history.train.tobytes()
    assert merged_history(path).test.tobytes() == small_run().history.test.tobytes()
    assert merged_notebook(path) == small_run().notebook


def test_a_test_after_the_archive_of_the_same_step_is_seen(path: Path) -> None:
    run = small_run(step=20)
    run.history = History(run.history.train)
    write_archive(path, run)
    RunLog(path).append("test", **row_of_test(20))
    assert [row["step"] for row in merged_history(path).test] == [20]


def test_a_resume_absorbs_notes_of_people_and_leaves_what_it_will_do_again(path: Path) -> None:
    log = RunLog(path)
    log.append("train", **train_row(25))
    log.append("note", time="2012-12-04T09:00:00Z", epoch=2.5, text="lowered by hand")
    log.append("note", time="2012-12-04T09:01:00Z", epoch=2.5, text="schedule: rates / 10", step=25)
    log.append("note", time="2012-12-04T09:00:30Z", epoch=2.0, text="schedule: noise off", step=20)
    run = read_run(path)
    absorb(path, run)
    assert [note.text for note in run.notebook[1:]] == ["lowered by hand", "schedule: noise off"]
    assert run.history.train.tobytes() == small_run().history.train.tobytes()
    absorb(path, run)
    assert len(run.notebook) == 3


def test_a_torn_last_line_is_skipped_and_spoils_no_later_record(path: Path) -> None:
    log = RunLog(path)
    log.append("train", **train_row(25))
    log.append("train", **train_row(30))
    whole = log_path(path).read_bytes()
    for length in range(len(whole)):
        log_path(path).write_bytes(whole[:length])
        steps = [record["step"] for record in read_log(path)]
        assert steps == [25, 30][: len(steps)]
    RunLog(path).append("train", **train_row(35))
    assert [record["step"] for record in read_log(path)] == [25, 30, 35]


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe",
        b"[" * 100_000,
        b"3",
        b'{"kind": 3}',
        b'{"kind": "train"}',
        b'{"kind": "train", "step": "x"}',
        b'{"kind": "status", "step": "x"}',
        b'{"kind": "note", "text": "no time"}',
        json.dumps({"kind": "train", **train_row(25), "step": 2**70}).encode(),
        json.dumps({"kind": "train", **train_row(25), "loss": None}).encode(),
        json.dumps({"kind": "train", **train_row(25), "images": True}).encode(),
    ],
)
def test_a_line_that_is_no_record_is_skipped(path: Path, line: bytes) -> None:
    log_path(path).write_bytes(line + b"\n" + json.dumps({"kind": "train", **train_row(40)}).encode() + b"\n")
    assert [record["step"] for record in read_log(path)] == [40]
    assert merged_history(path).train["step"][-1] == 40
    assert merged_notebook(path) == small_run().notebook


@settings(max_examples=50, deadline=None)
@given(garbage=st.binary(max_size=300))
def test_any_garbage_is_read_without_complaint(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    archive = tmp_path_factory.getbasetemp() / "garbage.h5"
    log_path(archive).write_bytes(garbage)
    assert isinstance(read_log(archive), list)


def test_numbers_that_are_not_finite_come_through(path: Path) -> None:
    RunLog(path).append("train", **(train_row(25) | {"loss": float("nan"), "top1": float("inf")}))
    row = merged_history(path).train[-1]
    assert np.isnan(row["loss"]) and np.isinf(row["top1"])


def test_a_record_without_its_fields_is_our_mistake(path: Path) -> None:
    with pytest.raises(ValueError, match="needs images, seconds"):
        RunLog(path).append("train", epoch=1.0, step=1, loss=0.0, top1=0.0, topk=0.0)


def test_a_log_that_cannot_be_written_or_read_is_said_in_one_line(path: Path) -> None:
    log_path(path).mkdir()
    with pytest.raises(ArchiveError, match=r"log: cannot be written \(Is a directory"):
        RunLog(path).append("status", x=1)
    with pytest.raises(ArchiveError, match="log: cannot be read"):
        read_log(path)
    with pytest.raises(ArchiveError, match="log: cannot be removed"):
        RunLog(path).remove()


def test_an_enormous_log_is_refused(path: Path) -> None:
    with log_path(path).open("wb") as stream:
        stream.truncate(10**9)
    with pytest.raises(ArchiveError, match="no log of a run"):
        read_log(path)


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_the_log_of_a_link_lies_beside_the_file_it_points_to(path: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "current.h5"
    link.symlink_to(path)
    RunLog(path).append("note", time="2012-12-04T09:00:00Z", epoch=1.0, text="hello")
    assert merged_notebook(link)[-1] == Note("2012-12-04T09:00:00Z", 1.0, "hello")
