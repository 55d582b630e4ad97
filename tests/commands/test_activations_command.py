"""`alexnet activations`: fills an archive, goes on after Ctrl-C and kill, keeps no pixel unasked."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from archive import Archive, RunLog, read_run, verify
from reproduction.data.packed import PackedData

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
import small_training  # noqa: E402


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a short training, its data, and other data."""
    folder: Path = tmp_path_factory.mktemp("activations")
    small_training.write_texts(folder)
    small_training.write_data(folder / "corners.h5", test=300)
    words = ["train", folder / "small.toml", "--data", folder / "corners.h5", "--out", folder / "run.h5"]
    done = small_training.run(*words, "--epochs", 1)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def run_path(trained: Path, tmp_path: Path) -> Path:
    shutil.copy(trained / "run.h5", tmp_path / "run.h5")
    return tmp_path / "run.h5"


def ask(run: Path, data: Path, *words: object):
    return small_training.run("activations", run, "--data", data, *words)


def test_an_archive_is_filled_and_stays_what_it_was(trained, run_path) -> None:
    before = read_run(run_path)
    done = ask(run_path, trained / "corners.h5", "--json")
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["probe"]["images"] == 300 and said["probe"]["split"] == "test"
    assert said["features"] == {"local2": 4 * 5 * 5} or list(said["features"]) == ["local2"]
    assert verify(run_path) == [] and not run_path.with_name("run.h5.probe").exists()
    after = read_run(run_path)
    assert after.activations is not None and after.activations.thumbnails is None
    assert all(np.array_equal(after.weights[name], before.weights[name]) for name in before.weights)
    assert all(np.array_equal(after.momentum[name], before.momentum[name]) for name in before.momentum)
    assert after.state == before.state and after.notebook == before.notebook
    tested = small_training.run("test", run_path, "--data", trained / "corners.h5", "--json")
    right = (after.activations.answers["guess"] == after.activations.answers["label"]).mean()
    assert 1 - right == pytest.approx(json.loads(tested.stdout)["top1"], abs=1e-9)


def test_info_says_what_is_there(trained, run_path) -> None:
    assert "`alexnet activations`" in small_training.run("archive", "info", run_path).stdout
    assert ask(run_path, trained / "corners.h5", "--limit", 40, "--store-pictures").returncode == 0
    said = small_training.run("archive", "info", run_path).stdout
    assert "40 pictures of 'test'" in said and "with small copies" in said
    facts = json.loads(small_training.run("archive", "info", run_path, "--json").stdout)["activations"]
    assert facts["pictures_stored"] and facts["probe"]["images"] == 40 and "local2" in facts["units"]


def test_pictures_are_spread_over_the_split_and_kept_only_when_asked(trained, run_path) -> None:
    assert ask(run_path, trained / "corners.h5", "--limit", 30).returncode == 0
    with PackedData(trained / "corners.h5") as data:
        pixels = data.images("test")[0:300]
    found = read_run(run_path).activations
    assert found is not None and found.answers["picture"].tolist() == list(range(0, 300, 10))
    contents = run_path.read_bytes()
    assert pixels[0, 0, 1, 1:11].tobytes() not in contents and pixels[10, 0].tobytes() not in contents
    assert ask(run_path, trained / "corners.h5", "--limit", 30, "--store-pictures").returncode == 0
    found = read_run(run_path).activations
    assert found is not None and found.thumbnails is not None
    assert np.array_equal(found.thumbnails, pixels[::10, :, 1:11, 1:11])  # the crop of 10 of 12 pixels


SLOW = """
import sys, time
from reproduction.inside import collecting
collecting.PUT_AWAY_S, collecting.AT_ONCE = 0.0, 10
whole = collecting.Probing.take
def take(self, *parts):
    print("taking", self.done, flush=True)
    time.sleep(0.05)
    whole(self, *parts)
collecting.Probing.take = take
from reproduction.cli import main
sys.exit(main(sys.argv[1:]))
"""


def slow(run: Path, data: Path, *words: object) -> subprocess.Popen[str]:
    """The command, ten pictures at a time and slowly; says before each batch how many are done."""
    command = [sys.executable, "-c", SLOW, "activations", run, "--data", data, *words]
    return subprocess.Popen(
        [str(word) for word in command],
        env=small_training.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def interrupt(
    run: Path, data: Path, number: signal.Signals, after: int, *words: object
) -> tuple[int, list[int]]:
    """The exit status, and how many pictures were done before each batch."""
    seen = []
    with slow(run, data, *words) as process:
        assert process.stdout is not None and process.stderr is not None
        for line in process.stdout:
            if line.startswith("taking"):
                seen.append(int(line.split()[1]))
            if len(seen) == after:
                process.send_signal(number)
        errors = process.stderr.read()
    assert "Traceback" not in errors, errors
    return process.returncode, seen


def test_ctrl_c_and_kill_lose_nothing_and_the_same_command_goes_on(trained, run_path) -> None:
    data = trained / "corners.h5"
    version = run_path.read_bytes()
    status, first = interrupt(run_path, data, signal.SIGINT, 4)
    assert status == 1 and first[0] == 0 and run_path.read_bytes() == version
    status, second = interrupt(run_path, data, signal.SIGKILL, 5)
    assert status == -signal.SIGKILL and second[0] >= 30 and run_path.read_bytes() == version
    status, third = interrupt(run_path, data, signal.SIGINT, 10**6)
    assert status == 0 and third[0] >= second[0] + 30 and third[-1] == 290
    broken = read_run(run_path).activations
    shutil.copy(trained / "run.h5", run_path)
    assert ask(run_path, data).returncode == 0
    whole = read_run(run_path).activations
    assert broken is not None and whole is not None
    for name in ("unit", "picture"):
        assert np.array_equal(broken.patches["fc"][name], whole.patches["fc"][name])
    one, other = (found.features["local2"].astype(np.float32) for found in (broken, whole))
    np.testing.assert_allclose(one, other, rtol=2e-3, atol=1e-5)  # batches of another size round otherwise


def test_work_that_was_put_away_for_something_else_is_begun_anew(trained, run_path) -> None:
    data = trained / "corners.h5"
    interrupt(run_path, data, signal.SIGINT, 3)
    kept = run_path.with_name("run.h5.probe")
    kept.write_bytes(kept.read_bytes()[:-100])
    status, seen = interrupt(run_path, data, signal.SIGINT, 10**6)
    assert status == 0 and seen[0] == 0
    interrupt(run_path, data, signal.SIGINT, 3, "--limit", 290)
    status, seen = interrupt(run_path, data, signal.SIGINT, 10**6, "--limit", 290, "--split", "train")
    assert status == 0 and seen[0] == 0 and len(seen) == 29  # as many pictures, but others
    found = read_run(run_path).activations
    assert found is not None and found.probe["split"] == "train" and found.probe["abstention"] is None


def test_training_goes_on_and_leaves_out_what_an_earlier_network_answered(trained, run_path) -> None:
    data = trained / "corners.h5"
    assert ask(run_path, data, "--limit", 20).returncode == 0
    words = ["resume", run_path, "--data", data, "--epochs"]
    assert small_training.run(*words, 1).returncode == 0  # nothing to be done: they stay
    with Archive(run_path) as archive:
        assert archive.activations is not None
    assert small_training.run(*words, 2).returncode == 0
    run = read_run(run_path)
    assert run.activations is None and any("activations" in note.text for note in run.notebook)
    assert verify(run_path) == []


def test_an_exhibition_copy_keeps_them_and_can_be_asked_too(trained, run_path, tmp_path) -> None:
    data = trained / "corners.h5"
    assert ask(run_path, data, "--limit", 20).returncode == 0
    shown = tmp_path / "shown.h5"
    assert small_training.run("archive", "export", run_path, shown, "--exhibit").returncode == 0
    found = read_run(shown).activations
    assert found is not None and verify(shown) == []
    assert ask(shown, data, "--limit", 40).returncode == 0
    found = read_run(shown).activations
    assert found is not None and found.probe["images"] == 40 and verify(shown) == []


def test_a_run_that_is_going_on_is_left_alone(trained, run_path) -> None:
    RunLog(run_path).append("status", epoch=1.0, step=1, time="now")
    done = ask(run_path, trained / "corners.h5")
    assert done.returncode == 1 and "a run is training into it" in done.stderr
    old_s = time.time() - 3600
    os.utime(RunLog(run_path).path, (old_s, old_s))
    assert ask(run_path, trained / "corners.h5", "--limit", 5).returncode == 0


@pytest.mark.parametrize(
    ("change", "words", "said"),
    [
        ({"side": 16}, [], "holds pictures of 16x16"),
        ({"classes": 7}, [], "7"),
        ({"channels": 1}, [], "1 channels"),
        ({}, ["--split", "val"], "no val pictures"),
    ],
)
def test_wrong_data_is_refused_in_one_line(trained, run_path, tmp_path, change, words, said) -> None:
    version = run_path.read_bytes()
    small_training.write_data(tmp_path / "other.h5", **change)
    done = ask(run_path, tmp_path / "other.h5", *words)
    assert done.returncode == 1 and said in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and "Traceback" not in done.stderr
    assert run_path.read_bytes() == version


def test_files_that_are_none_are_refused_in_one_line(trained, run_path) -> None:
    for run, data in ((run_path, run_path), (trained / "corners.h5", trained / "corners.h5")):
        done = ask(run, data)
        assert done.returncode == 1 and len(done.stderr.strip().splitlines()) == 1, done.stderr
