"""`alexnet museum` as a process of its own: what it says, what it draws, what it never imports."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sample_archives import small_run

from app.room_list import ROOMS
from archive import write_archive

ROOT = Path(__file__).resolve().parents[2]
PNG = b"\x89PNG\r\n\x1a\n"

HEAVY = ("torch", "pyqtgraph", "PIL", "reproduction.model", "PySide6.QtSvg", "PySide6.QtNetwork")


def environment_in(folder: Path) -> dict[str, str]:
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen", "XDG_CONFIG_HOME": str(folder / "settings")}


def museum(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", "museum", *words]
    return subprocess.run(
        command, cwd=ROOT, env=environment_in(folder), capture_output=True, text=True, timeout=200
    )


def saved(folder: Path) -> Path:
    write_archive(folder / "run.h5", small_run())
    return folder / "run.h5"


def imported_by(importtime: str) -> set[str]:
    """The modules in what `python -X importtime` writes."""
    return {line.rpartition("|")[2].strip() for line in importtime.splitlines() if "import time:" in line}


@pytest.mark.parametrize("room", [entry.name for entry in ROOMS])
def test_nothing_heavy_is_imported_before_the_first_paint(tmp_path: Path, room: str) -> None:
    words = ["-X", "importtime", "-m", "app", "museum", str(saved(tmp_path)), "--room", room]
    environment = {**environment_in(tmp_path), "ALEXNET_MUSEUM_TIMING": "1"}
    with (
        (tmp_path / "imports").open("w") as imports,
        subprocess.Popen(
            [sys.executable, *words], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=imports
        ) as process,
    ):
        assert process.stdout is not None
        painted = process.stdout.readline()
        process.terminate()
    assert painted.startswith(b"first paint")
    imported = imported_by((tmp_path / "imports").read_text())
    assert "PySide6.QtWidgets" in imported
    assert imported.isdisjoint(HEAVY)


@pytest.mark.slow
def test_screenshots_draw_every_room_without_a_display_and_without_torch(tmp_path: Path) -> None:
    command = [sys.executable, "-X", "importtime", "-m", "app", "museum", str(saved(tmp_path))]
    done = subprocess.run(
        [*command, "--screenshots", str(tmp_path / "shots")],
        cwd=ROOT,
        env=environment_in(tmp_path),
        capture_output=True,
        text=True,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr
    drawn = sorted(path.name for path in (tmp_path / "shots").iterdir())
    assert drawn == sorted(f"{entry.name}.png" for entry in ROOMS)
    for path in (tmp_path / "shots").iterdir():
        assert path.read_bytes().startswith(PNG) and path.stat().st_size > 10_000
    assert "torch" not in imported_by(done.stderr)


def test_screenshots_of_a_file_that_is_no_archive_fail_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "broken.h5").write_bytes(b"no")
    done = museum(tmp_path, str(tmp_path / "broken.h5"), "--screenshots", str(tmp_path / "shots"))
    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1 and "broken.h5" in done.stderr


def test_screenshots_into_a_place_that_cannot_be_made_fail_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = museum(tmp_path, "--screenshots", str(tmp_path / "file" / "shots"))
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1


def test_help_shows_an_example_and_wrong_words_are_refused(tmp_path: Path) -> None:
    told = museum(tmp_path, "--help")
    assert told.returncode == 0 and "example:" in told.stdout
    assert museum(tmp_path, "--room", "cellar").returncode == 2
    assert museum(tmp_path, "--all").returncode == 2
