"""`alexnet archive info` and `verify`, as a person and as a script meet them."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sample_archives import small_run

from archive import History, RunLog, write_archive
from reproduction.cli import main


@pytest.fixture
def path(tmp_path: Path) -> Path:
    write_archive(tmp_path / "run.h5", small_run())
    return tmp_path / "run.h5"


def test_info_says_what_is_in_an_archive(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "info", str(path)]) == 0
    told = capsys.readouterr().out
    for words in (
        "two-columns",
        "2 columns, pictures 3x6x6, 4 classes, 372 parameters, dialect 2012",
        "epoch 1, step 20, seed 1; can be resumed",
        "logprob 1.2500, top-1 error 50.00%, top-2 error 25.00% (40 pictures of 'test', 1 view, epoch 1)",
        "4 reports of training, 1 test",
        "3 of conv1a, conv1b, epochs 0 to 1",
        "2012-12-03T09:00:00Z",
    ):
        assert words in told


def test_info_gives_a_script_the_same_as_json(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    RunLog(path).append(
        "train", epoch=2.5, step=25, images=5, loss=float("nan"), top1=0.5, topk=0.5, seconds=1.0
    )
    assert main(["archive", "info", str(path), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    assert facts["format_version"] == "1.2"
    assert facts["network"]["parameters"] == 372
    assert facts["last_test"]["top1"] == 0.5
    assert facts["log"] == {"records": 1, "last_report": facts["last_report"] | facts["log"]["last_report"]}
    assert facts["log"]["last_report"]["step"] == 25 and facts["log"]["last_report"]["loss"] is None
    assert set(facts["part_bytes"]) > {"weights", "momentum", "history", "snapshots"}


def test_info_of_a_run_that_has_only_begun(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = small_run()
    run.history, run.snapshots, run.momentum = History(), [], {}
    run.provenance["command"] = "line one\n\x1b[2Jline two"
    write_archive(path, run)
    assert main(["archive", "info", str(path)]) == 0
    told = capsys.readouterr().out
    assert "last test" in told and "none yet" in told and "cannot be resumed" in told
    assert "\x1b" not in told


def test_verify_passes_a_sound_archive(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["archive", "verify", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: whole and sound\n"


def test_verify_fails_when_any_of_the_files_has_a_problem(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = small_run()
    run.weights["fc/biases"][0] = np.nan
    bad = tmp_path / "bad.h5"
    write_archive(bad, run)
    assert main(["archive", "verify", str(path), str(bad), str(tmp_path / "none.h5")]) == 1
    told = capsys.readouterr().out.splitlines()
    assert told == [
        f"{path}: whole and sound",
        f"{bad}: /weights/fc/biases holds numbers that are not finite",
        f"{tmp_path / 'none.h5'}: there is no such file",
    ]
    assert main(["archive", "verify", "--json", str(path), str(bad)]) == 1
    assert json.loads(capsys.readouterr().out)[str(path)] == []


@pytest.mark.parametrize(
    ("content", "words"),
    [(None, "there is no such file"), (b"", "is empty"), (b"no archive" * 99, "is not an HDF5 file")],
)
def test_info_refuses_bad_files_in_one_line(
    tmp_path: Path, content: bytes | None, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "bad.h5"
    if content is not None:
        path.write_bytes(content)
    assert main(["archive", "info", str(path)]) == 1
    told = capsys.readouterr()
    assert told.out == ""
    assert (
        told.err.startswith(f"alexnet archive: {path}: ") and words in told.err and told.err.count("\n") == 1
    )


def test_a_truncated_archive_is_refused_in_one_line(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path.write_bytes(path.read_bytes()[:50_000])
    assert main(["archive", "info", str(path)]) == 1
    told = capsys.readouterr().err
    assert "is cut short" in told and told.count("\n") == 1


@pytest.mark.parametrize(
    "words", [["archive"], ["archive", "info"], ["archive", "mend", "x"], ["archive", "verify"]]
)
def test_wrong_usage_ends_with_status_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as left:
        main(words)
    assert left.value.code == 2
    assert "usage:" in capsys.readouterr().err
