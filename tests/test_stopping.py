"""Ctrl-C at any time: real processes, real signals."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to one child")

PROGRAM = """
import sys, time
from reproduction.stopping import until_stopped

def tidy_up():
    try:
        print("begun", flush=True)
        {work}
    finally:
        time.sleep(0.3)
        print("tidied up", flush=True)

sys.exit(until_stopped("alexnet test", tidy_up))
"""


def interrupted(work: str, presses: int) -> tuple[int, str, str]:
    """Exit status, output and complaints of a program that does `work` and gets Ctrl-C `presses` times."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(work=work)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(0.1)
    for _ in range(presses):
        process.send_signal(signal.SIGINT)
        time.sleep(0.05)
    out, complaints = process.communicate(timeout=60)
    return process.returncode, out, complaints


@pytest.mark.parametrize(
    "work",
    [
        "time.sleep(60)",
        "exec('import time; time.sleep(60)')",  # as in a dataclass: Python itself would end by the signal
        "exec('try: time.sleep(60)\\nexcept KeyboardInterrupt: raise ImportError')",  # as numpy's import
    ],
)
@pytest.mark.parametrize("presses", [1, 3])
def test_one_line_wherever_it_falls_and_the_tidying_up_is_done(work: str, presses: int) -> None:
    status, out, complaints = interrupted(work, presses)
    assert (status, out, complaints) == (1, "tidied up\n", "alexnet test: stopped by Ctrl-C\n")


def test_an_error_that_nobody_brought_about_keeps_its_traceback() -> None:
    program = PROGRAM.format(work="raise ValueError('a mistake')")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1 and "ValueError: a mistake" in done.stderr


@pytest.mark.parametrize("verb", ["train", "test", "museum"])
@pytest.mark.parametrize("after_s", [0.05, 0.15, 0.3])
def test_a_verb_can_be_stopped_while_it_is_imported_and_until_its_process_is_gone(
    verb: str, after_s: float, tmp_path: Path
) -> None:
    # A quick machine is through with the verb before the key is pressed, and says what the verb has to say.
    program = "from app.command import command; print('begun', flush=True); command()"
    words = {
        "train": ["cuda-convnet-80sec", "--data", "x.h5", "--out", "y.h5"],
        "test": ["x.h5", "--data", "y.h5"],
        "museum": ["--screenshots", str(tmp_path), str(tmp_path / "none.h5")],
    }
    process = subprocess.Popen(
        [sys.executable, "-c", program, verb, *words[verb]],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    time.sleep(after_s)
    process.send_signal(signal.SIGINT)
    complaints = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert complaints.startswith(f"alexnet {verb}: ") and complaints.count("\n") == 1


def test_an_open_window_closes(tmp_path: Path) -> None:
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "ALEXNET_MUSEUM_TIMING": "1"}
    environment |= {"XDG_CONFIG_HOME": str(tmp_path)}
    process = subprocess.Popen(
        [sys.executable, "-m", "app", "museum", str(tmp_path / "none.h5")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    assert process.stdout is not None
    assert process.stdout.readline().startswith("first paint")
    process.send_signal(signal.SIGINT)
    complaints = process.communicate(timeout=60)[1]
    assert process.returncode == 1
    assert "alexnet museum: stopped by Ctrl-C" in complaints and "Traceback" not in complaints


def test_a_key_pressed_while_the_process_goes_changes_nothing() -> None:
    program = """
import atexit, os, signal, sys
from reproduction.stopping import end_with, until_stopped

atexit.register(lambda: os.kill(os.getpid(), signal.SIGINT))
end_with(lambda: until_stopped("alexnet test", lambda: {status}))
"""
    for status in (0, 1):
        done = subprocess.run(
            [sys.executable, "-c", program.format(status=status)], capture_output=True, text=True, timeout=60
        )
        assert (done.returncode, done.stdout, done.stderr) == (status, "", "")
