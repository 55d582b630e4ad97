"""`alexnet data`: what a person types, and what is answered."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

from reproduction.cli import main


def tree(root: Path, per_class: int = 5) -> Path:
    for number, name in enumerate(("train/cat", "train/dog", "test/cat", "test/dog")):
        (root / name).mkdir(parents=True)
        for n in range(per_class):
            Image.new("RGB", (32, 32), (40 * number, 10 * (n % 25), 99)).save(root / name / f"{n:05}.png")
    return root


def test_packing_reports_what_was_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["data", "pack", str(tree(tmp_path / "pets")), str(tmp_path / "pets.h5")]) == 0
    said = capsys.readouterr()
    assert "10 train, 10 test" in said.out and "2: cat; dog" in said.out and "32 x 32, 3 channels" in said.out
    assert "packing 10 train, 10 test pictures of 2 classes at 32 x 32" in said.err
    assert "packed 20 pictures in" in said.err
    assert str(tmp_path) not in said.out


def test_info_as_json_is_the_same_report(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = str(tmp_path / "pets.h5")
    assert main(["data", "pack", str(tree(tmp_path / "pets")), target, "--seed", "4", "--json"]) == 0
    packed = json.loads(capsys.readouterr().out)
    assert main(["data", "info", target, "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == packed
    assert packed["pictures"] == {"train": 10, "test": 10} and packed["labels"] == ["cat", "dog"]
    assert packed["seed"] == 4 and packed["size"] == 32 and packed["channels"] == 3


def test_skipped_pictures_are_named_ten_at_most(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path / "pets")
    for n in range(13):
        (root / f"train/cat/broken{n}.jpg").write_text("no picture")
    assert main(["data", "pack", str(root), str(tmp_path / "pets.h5")]) == 0
    said = capsys.readouterr()
    assert said.err.count("skipped: train/cat/broken") == 10 and "skipped: 3 more" in said.err
    assert "skipped          13" in said.out


def test_options_change_what_is_packed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = tree(tmp_path / "pets") / "train"
    words = ["--size", "16", "--gray", "--hold-out", "0.2", "--format", "folder", "--json"]
    assert main(["data", "pack", str(root), str(tmp_path / "pets.h5"), *words]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["pictures"] == {"train": 8, "val": 2}
    assert (report["size"], report["channels"], report["color_deviations"]) == (16, 1, None)


def test_without_pictures_to_test_on_a_way_out_is_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = tree(tmp_path / "pets") / "train"
    assert main(["data", "pack", str(root), str(tmp_path / "pets.h5")]) == 0
    assert "--hold-out 0.1 would put a tenth of them aside" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("source", "destination", "message"),
    [
        ("nowhere", "new.h5", "there is no folder or archive"),
        ("empty", "new.h5", "holds no pictures in class folders; make one folder for each class"),
        ("text.txt", "new.h5", "neither a folder of pictures nor an intact .zip or .tar"),
        ("pets", "old.h5", "exists already; choose another name or give --force"),
        ("pets", "pets/new.h5", "lies inside"),
        ("pets", "missing/new.h5", "there is no folder"),
        ("pets", "empty", "is a folder; name the file to make"),
    ],
)
def test_what_cannot_be_packed_is_one_line(
    source: str, destination: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tree(tmp_path / "pets")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "old.h5").write_text("old")
    before = sorted(path.name for path in tmp_path.rglob("*"))
    assert main(["data", "pack", str(tmp_path / source), str(tmp_path / destination)]) == 1
    said = capsys.readouterr()
    assert said.out == "" and said.err.startswith("alexnet data: ") and message in said.err
    assert said.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.rglob("*")) == before


def test_force_replaces_the_old_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "old.h5").write_text("old")
    source = str(tree(tmp_path / "pets"))
    assert main(["data", "pack", source, str(tmp_path / "old.h5"), "--force"]) == 0
    assert main(["data", "info", str(tmp_path / "old.h5")]) == 0


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["pack"],
        ["pack", "a", "b", "--size", "0"],
        ["pack", "a", "b", "--size", "9999"],
        ["pack", "a", "b", "--size", "big"],
        ["pack", "a", "b", "--seed", "-1"],
        ["pack", "a", "b", "--hold-out", "1"],
        ["pack", "a", "b", "--hold-out", "nan"],
        ["pack", "a", "b", "--format", "floppy"],
    ],
)
def test_wrong_usage_ends_with_two(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", *words])
    assert caught.value.code == 2


@pytest.mark.parametrize("words", [["--help"], ["pack", "--help"]])
def test_help_has_an_example(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["data", *words])
    assert caught.value.code == 0 and "example: alexnet data pack" in capsys.readouterr().out


def test_info_on_what_is_no_data_file_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.h5").write_text("hello")
    assert main(["data", "info", str(tmp_path / "x.h5")]) == 1
    assert capsys.readouterr().err.endswith(
        "x.h5 is damaged or not a packed data file; `alexnet data pack` makes one\n"
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one child")
def test_ctrl_c_while_packing_leaves_nothing_behind(tmp_path: Path) -> None:
    source = tree(tmp_path / "pets", per_class=300)
    command = [sys.executable, "-m", "reproduction", "data", "pack", str(source), str(tmp_path / "p.h5")]
    process = subprocess.Popen([*command, "--size", "200"], stderr=subprocess.PIPE, text=True)
    deadline_s = time.monotonic() + 60
    beside = tmp_path / "p.h5.new"
    while not (beside.exists() and beside.stat().st_size > 2_000_000):
        assert process.poll() is None and time.monotonic() < deadline_s
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 1
    assert said.splitlines()[-1] == "alexnet data: stopped by Ctrl-C" and "Traceback" not in said
    assert [path.name for path in tmp_path.iterdir()] == ["pets"]
