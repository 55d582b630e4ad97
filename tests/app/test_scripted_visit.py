"""A whole visit through the X server, and a monkey's: nothing fails and Qt warns of nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from sample_runs import TWO_COLUMNS, sample_run
from x_display import NEEDED, ROOT

from archive import write_archive

HERE = Path(__file__).parent


@pytest.mark.slow
@pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)), reason="needs Xvfb and xdotool (Debian: apt-get install xvfb xdotool)"
)
def test_a_visit_to_every_room_takes_every_figure_home_without_a_warning(tmp_path: Path) -> None:
    from scripted_visit import visit

    write_archive(tmp_path / "sample.h5", sample_run(TWO_COLUMNS, (0, 1)))
    Image.new("RGB", (120, 80), (30, 40, 200)).save(tmp_path / "sea.png")
    (tmp_path / "home").mkdir()
    service = [sys.executable, str(HERE / "small_service.py")]
    found = visit(tmp_path / "sample.h5", tmp_path / "sea.png", tmp_path / "home", service)
    assert found["troubles"] == []
    assert found["figures"] >= 3
    assert found["events"] > 1000


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_a_monkey_finds_no_exception_and_no_warning(tmp_path: Path, seed: int) -> None:
    write_archive(tmp_path / "two.h5", sample_run(TWO_COLUMNS, (0, 1)))
    command = [sys.executable, str(HERE / "monkey.py"), str(tmp_path / "two.h5")]
    command += ["--events", "400", "--seed", str(seed)]
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode == 0, done.stdout + done.stderr
