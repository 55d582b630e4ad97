"""The start script: what it understands, when it sets up, which torch it takes, what it hands over to.

A set-up with packages is what CI does before any test; here are its decisions, and starts of a small checkout
whose .venv holds a stand-in for Python that prints its arguments and ends with status 7.
"""

from __future__ import annotations

import ast
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bootstrap import torch_build
from bootstrap.launch import PYTHON, ROOT, Request, SetUpError, command_of
from bootstrap.set_up import _try_lock
from bootstrap.system import DRAWING_LIBRARIES, apt_line, missing_advice, missing_libraries

SOURCES = [Path(ROOT, "run.py"), *sorted(Path(ROOT, "bootstrap").glob("*.py"))]
WANTED = "torch>=2.11,<=2.13.0"
CUDA_ONLY = "torch (2.15.0)\nAvailable versions: 2.15.0, 2.13.0, 2.12.1\n  INSTALLED: 2.9.0\n"
WITH_CPU = "torch (2.15.0)\nAvailable versions: 2.15.0+cpu, 2.15.0, 2.13.0+cpu, 2.13.0, 2.12.0+cpu\n"

posix = pytest.mark.skipif(os.name == "nt", reason="the stand-in for Python is a shell script")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that was set up for the museum, as far as its stamp says."""
    place = tmp_path / "a checkout"
    shutil.copytree(Path(ROOT, "bootstrap"), place / "bootstrap")
    for name in ("run.py", "pyproject.toml"):
        shutil.copy(Path(ROOT, name), place / name)
    # As in a real .venv, its Python is a link to one that stays where it is when the checkout moves.
    stand_in = tmp_path / "stand-in"
    stand_in.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\nexit 7\n')
    stand_in.chmod(0o755)
    (place / ".venv" / "bin").mkdir(parents=True)
    (place / ".venv" / "bin" / "python").symlink_to(stand_in)
    ask(place, "from bootstrap.set_up import write_stamp; write_stamp({'desktop'}, True)")
    return place


def ask(place: Path, program: str) -> str:
    """What a program prints that imports the checkout's own bootstrap."""
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=place, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def is_ready(place: Path, *words: str) -> bool:
    """Whether a start with these words would need no set-up."""
    return ask(place, f"from bootstrap.launch import *; print(is_ready(Request({list(words)!r})))") == "True"


def start(place: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs run.py as a person would."""
    return subprocess.run(
        [sys.executable, str(place / "run.py"), *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **variables},
    )


# What was asked


def test_without_a_verb_the_museum_opens() -> None:
    assert Request([]).verb == "museum"


def test_options_without_a_verb_are_the_museums() -> None:
    request = Request(["--screenshots", "shots"])
    assert (request.verb, request.arguments) == ("museum", ["--screenshots", "shots"])


def test_our_options_stand_before_the_verb_and_the_verbs_own_are_left_alone() -> None:
    request = Request(["--system-torch", "--cuda", "train", "lenet-5", "--cuda", "--help"])
    assert (request.system_torch, request.cuda, request.help) == (True, True, False)
    assert (request.verb, request.arguments) == ("train", ["lenet-5", "--cuda", "--help"])


def test_a_headless_verb_needs_no_qt_and_only_the_tests_need_the_tools_of_developers() -> None:
    extras = {verb: Request([verb]).extras for verb in ("net", "museum", "pytest")}
    assert extras == {"net": set(), "museum": {"desktop"}, "pytest": {"desktop", "dev"}}


def test_pictures_of_the_rooms_need_no_window() -> None:
    for words in (
        ["--screenshots", "shots"],
        ["museum", "--screenshots=shots"],
        ["museum", "--help"],
        ["net"],
    ):
        assert not Request(words).opens_window


def test_a_verb_goes_to_the_app_with_its_arguments_as_they_are() -> None:
    assert command_of(Request(["net", "show", "a b"])) == [PYTHON, "-P", "-m", "app", "net", "show", "a b"]


def test_tests_that_are_named_are_the_only_ones_that_run() -> None:
    assert command_of(Request(["pytest", "tests/test_run.py"]))[1:] == ["-m", "pytest", "tests/test_run.py"]


# Nothing but Python


def test_the_set_up_imports_the_standard_library_alone() -> None:
    for source in SOURCES:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert {name.split(".")[0] for name in names} <= sys.stdlib_module_names | {"bootstrap"}


def test_an_old_python_is_refused_in_one_sentence() -> None:
    # run.py asks `sys` alone before it imports anything, and is written in the syntax that Python 2 shares.
    program = (
        "import sys\n"
        "sys.version_info, sys.version = (3, 6, 15), '3.6.15 (default)'\n"
        f"exec(compile(open({str(SOURCES[0])!r}).read(), 'run.py', 'exec'))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    sentence = "run.py: AlexNet Archive needs Python 3.11 or newer, and this is Python 3.6.15\n"
    assert (done.returncode, done.stderr) == (1, sentence)
    assert not any(
        isinstance(node, ast.JoinedStr | ast.AnnAssign | ast.FunctionDef)
        for node in ast.walk(ast.parse(SOURCES[0].read_text(encoding="utf-8")))
    )


# The stamp


@posix
def test_a_finished_set_up_is_not_done_again(checkout: Path) -> None:
    assert is_ready(checkout)
    assert is_ready(checkout, "net", "list")


@posix
def test_further_extras_other_dependencies_and_a_folder_that_moved_are_set_up(checkout: Path) -> None:
    assert not is_ready(checkout, "pytest")
    assert not is_ready(checkout, "--system-torch")
    moved = checkout.rename(checkout.with_name("elsewhere"))
    assert not is_ready(moved)
    moved.rename(checkout)
    (checkout / "pyproject.toml").write_text("[project]\n")
    assert not is_ready(checkout)


@posix
@pytest.mark.parametrize("stamp", ["", "{", "[]", '{"extras": 3}', "\0\0"])
def test_a_stamp_that_makes_no_sense_is_no_stamp(checkout: Path, stamp: str) -> None:
    (checkout / ".venv" / "set-up.json").write_text(stamp)
    assert not is_ready(checkout)


@posix
def test_a_set_up_that_was_cut_off_is_taken_up_again(checkout: Path) -> None:
    (checkout / ".venv" / "unfinished").touch()
    assert not is_ready(checkout)


@posix
def test_a_set_up_that_found_no_libraries_for_windows_is_enough_for_pictures_alone(checkout: Path) -> None:
    ask(checkout, "from bootstrap.set_up import write_stamp; write_stamp({'desktop'}, False)")
    assert is_ready(checkout, "--screenshots", "shots")
    program = "import os; os.environ.pop('QT_QPA_PLATFORM', None); from bootstrap.launch import *; "
    assert ask(checkout, program + "print(is_ready(Request([])))") == "False"


@posix
def test_a_python_that_is_gone_is_noticed(checkout: Path) -> None:
    (checkout / ".venv" / "bin" / "python").unlink()
    assert not is_ready(checkout)


def test_two_set_ups_at_once_take_turns(tmp_path: Path) -> None:
    with open(tmp_path / "lock", "a+b") as first, open(tmp_path / "lock", "a+b") as second:
        assert _try_lock(first)
        assert not _try_lock(second)
        first.close()
        assert _try_lock(second)


def test_where_nothing_can_be_installed_one_sentence_says_so_and_the_next_start_begins_afresh(
    tmp_path: Path,
) -> None:
    shutil.copytree(Path(ROOT, "bootstrap"), tmp_path / "bootstrap")
    for name in ("run.py", "pyproject.toml"):
        shutil.copy(Path(ROOT, name), tmp_path / name)
    offline = {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull, "PIP_FIND_LINKS": str(tmp_path / "none")}
    done = start(tmp_path, "net", "list", **offline)
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert done.stderr.splitlines()[-1].startswith("run.py: ")
    assert (tmp_path / ".venv" / "unfinished").exists()
    assert not (tmp_path / ".venv" / "set-up.json").exists()


# Handing over


@posix
def test_the_arguments_the_output_and_the_exit_status_are_the_verbs_own(checkout: Path) -> None:
    done = start(checkout, "net", "show", "two words", "")
    assert done.stdout.splitlines() == ["-P", "-m", "app", "net", "show", "two words", ""]
    assert (done.returncode, done.stderr) == (7, "")


@posix
def test_without_a_display_a_window_is_refused_with_what_works_instead(checkout: Path) -> None:
    environment = {name: "" for name in ("DISPLAY", "WAYLAND_DISPLAY")}
    program = [sys.executable, str(checkout / "run.py")]
    kept = {name: value for name, value in os.environ.items() if name != "QT_QPA_PLATFORM"}
    done = subprocess.run(program, capture_output=True, text=True, env={**kept, **environment})
    if sys.platform.startswith("linux"):
        assert done.returncode == 1
        assert "--screenshots" in done.stderr
    else:
        assert done.returncode == 7


@posix
def test_a_second_start_costs_next_to_nothing(checkout: Path) -> None:
    def fastest_s(command: list[str]) -> float:
        times = []
        for _ in range(5):
            begin_s = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL)
            times.append(time.perf_counter() - begin_s)
        return min(times)

    bare_s = fastest_s([sys.executable, "-c", "pass"])
    assert fastest_s([sys.executable, str(checkout / "run.py"), "net"]) - bare_s < 0.1


@pytest.mark.parametrize("status", [0, 1, 5])
def test_the_exit_status_of_a_child_is_ours(status: int) -> None:
    program = f"import sys; from bootstrap.launch import run_child; sys.exit(run_child({_exits(status)!r}))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == status


@posix
def test_ctrl_c_is_answered_by_the_child_and_its_status_is_ours() -> None:
    child = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGINT, lambda *_: sys.exit(5))\n"
        "print('waiting', flush=True)\n"
        "time.sleep(60)"
    )
    command = [sys.executable, "-c", child]
    program = f"import sys; from bootstrap.launch import run_child; sys.exit(run_child({command!r}))"
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "waiting\n"
        os.killpg(parent.pid, signal.SIGINT)  # as a terminal does: to both
        assert parent.wait(timeout=30) == 5


def _exits(status: int) -> list[str]:
    return [sys.executable, "-c", f"raise SystemExit({status})"]


# torch


@pytest.mark.parametrize(
    ("version", "fits"),
    [
        ("2.11", True),
        ("2.11.0", True),
        ("2.12.1+cpu", True),
        ("2.13.0", True),
        ("2.13.0+cpu", True),
        ("2.13.1", False),
        ("2.15.0", False),
        ("2.9.1", False),
        ("2.13.0rc1", False),
        ("", False),
    ],
)
def test_the_range_of_torch_is_read_as_pip_reads_it(version: str, fits: bool) -> None:
    assert torch_build.in_range(version, WANTED) is fits


def test_the_range_comes_from_the_project_file() -> None:
    low, high = torch_build.requirement().removeprefix("torch>=").split(",<=")
    assert torch_build.in_range(low, torch_build.requirement())
    assert torch_build.in_range(high, torch_build.requirement())


def test_a_cpu_build_that_pip_is_configured_for_is_taken_first() -> None:
    assert torch_build.choose(WITH_CPU, WITH_CPU, WANTED) == ["torch==2.13.0+cpu"]


def test_otherwise_the_cpu_index_of_pytorch_is() -> None:
    chosen = torch_build.choose(CUDA_ONLY, WITH_CPU, WANTED)
    assert chosen == ["torch==2.13.0+cpu", "--extra-index-url", torch_build.CPU_INDEX]


@pytest.mark.parametrize("listing", ["", CUDA_ONLY, "torch (2.15.0+cpu)\nAvailable versions: 2.15.0+cpu\n"])
def test_where_neither_has_one_gigabytes_are_not_downloaded_unasked(listing: str) -> None:
    with pytest.raises(SetUpError, match="--cuda"):
        torch_build.choose(listing, "", WANTED)


# The operating system


def test_what_is_missing_is_named_in_one_line_to_paste() -> None:
    line = apt_line(["libgl1", "libegl1"])
    assert line == "sudo apt-get install -y --no-install-recommends libgl1 libegl1"
    assert f"\n    {line}\n" in missing_advice({"libGL.so.1": "libgl1", "libEGL.so.1": "libegl1"}, apt=True)


def test_other_distributions_are_told_the_names_of_the_libraries() -> None:
    advice = missing_advice({"libGL.so.1": "libgl1"}, apt=False)
    assert "libGL.so.1" in advice
    assert "apt" not in advice


def test_a_library_that_is_not_there_is_missing() -> None:
    assert missing_libraries({"libnobody.so.9": "libnobody9"}) == {"libnobody.so.9": "libnobody9"}
    assert set(missing_libraries(DRAWING_LIBRARIES)) <= set(DRAWING_LIBRARIES)
