"""write_archive: complete at every moment, whatever kills, fills, forbids or races it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, ItemsView
from pathlib import Path

import numpy as np
import pytest
from sample_archives import small_run

from archive import Archive, ArchiveError, Run, read_run, verify, write_archive

ROOT = Path(__file__).parents[2]
ENVIRONMENT = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}

REWRITE = """
import sys
from archive import write_archive
from sample_archives import small_run
generation = 0
while True:
    generation += 1
    run = small_run(seed=generation)
    run.texts["definition"] = "x" * (generation % 5) * 200_000
    write_archive(sys.argv[1], run)
    print(generation, flush=True)
"""

WRITE_WITH_LITTLE_ROOM = """
import resource, signal, sys
from archive import ArchiveError, write_archive
from sample_archives import small_run
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
try:
    write_archive(sys.argv[1], small_run(seed=2))
except ArchiveError as error:
    print(error)
"""

WRITE_AS_NOBODY = """
import os
from archive import ArchiveError, write_archive
from sample_archives import small_run
import h5py
run = small_run(seed=2)
if os.getuid() == 0:  # root may write into any folder
    os.setgid(65534)
    os.setuid(65534)
try:
    write_archive("run.h5", run)
except ArchiveError as error:
    print(error)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_an_archive_is_whole_after_each_of_15_kills_at_random_moments(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run(seed=0))
    moments = random.Random(7)
    left_unfinished = 0
    for _ in range(15):
        writer = subprocess.Popen(
            [sys.executable, "-c", REWRITE, str(path)], env=ENVIRONMENT, stdout=subprocess.PIPE
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(moments.uniform(0, 0.15))
        writer.kill()
        writer.communicate()
        assert verify(path) == []
        run = read_run(path)
        assert np.array_equal(run.weights["fc/biases"], small_run(run.state["seed"]).weights["fc/biases"])
        left_unfinished += (tmp_path / "run.h5.new").exists()
    assert left_unfinished > 0, "no kill fell into the writing: the test is too weak"
    write_archive(path, small_run())
    assert names(tmp_path) == ["run.h5"]


@pytest.mark.parametrize("part", [0, 0.001, 0.3, 0.7, 0.99])
def test_a_full_disk_leaves_the_old_archive_and_nothing_else(tmp_path: Path, part: float) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run())
    before = path.read_bytes()
    command = [sys.executable, "-c", WRITE_WITH_LITTLE_ROOM, str(path), str(int(part * len(before)))]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout == f"{path}: cannot be written (File too large)\n"
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.h5"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_sink_that_fails_at_once_gives_the_systems_reason(tmp_path: Path) -> None:
    from archive.writing import _build

    with open("/dev/full", "r+b", buffering=0) as stream, pytest.raises(OSError, match="No space left"):
        _build(stream, small_run(), packed=False)


def test_a_folder_that_is_missing_or_forbidden_is_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match=r"cannot be written \(No such file"):
        write_archive(tmp_path / "nowhere" / "run.h5", small_run())
    (tmp_path / "run.h5").mkdir()
    with pytest.raises(ArchiveError, match=r"cannot be written \(Is a directory"):
        write_archive(tmp_path / "run.h5", small_run())
    assert names(tmp_path) == ["run.h5"]


@pytest.mark.skipif(os.name == "nt", reason="folders of Windows have other permissions")
def test_a_read_only_folder_is_said_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run())
    before = path.read_bytes()
    tmp_path.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-c", WRITE_AS_NOBODY],
            cwd=tmp_path,  # started inside: nobody else may walk through the folders above
            env=ENVIRONMENT,
            capture_output=True,
            text=True,
        )
    finally:
        tmp_path.chmod(0o755)
    assert done.stdout == "run.h5: cannot be written (Permission denied)\n", done.stderr
    assert path.read_bytes() == before
    assert names(tmp_path) == ["run.h5"]


def test_what_a_killed_writer_left_is_removed_by_the_next_write(tmp_path: Path) -> None:
    (tmp_path / "run.h5.new").write_bytes(b"half an archive")
    write_archive(tmp_path / "run.h5", small_run())
    assert names(tmp_path) == ["run.h5"]
    assert verify(tmp_path / "run.h5") == []


def test_ctrl_c_while_writing_waits_until_the_archive_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    code = "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\n" + REWRITE
    for moment in range(5):
        writer = subprocess.Popen(
            [sys.executable, "-c", code, str(path)],
            env=ENVIRONMENT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert writer.stdout is not None
        writer.stdout.readline()
        time.sleep(0.03 + 0.007 * moment)
        writer.send_signal(signal.SIGINT)
        _, trouble = writer.communicate(timeout=20)
        assert "\nKeyboardInterrupt" in trouble
        assert verify(path) == []
        assert names(tmp_path) == ["run.h5"]


def test_two_writers_at_once_never_leave_half_an_archive(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run(seed=0))
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", REWRITE, str(path)],
            env=ENVIRONMENT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for _ in range(2)
    ]
    try:
        deadline_s = time.monotonic() + 1.0
        while time.monotonic() < deadline_s:
            assert verify(path) == []
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()
    assert verify(path) == []


class TextsWithARival(dict[str, str]):
    """Texts during whose writing another program starts to write the same archive."""

    beside: Path

    def items(self) -> ItemsView[str, str]:
        self.beside.unlink()
        self.beside.write_bytes(b"the rival's first half")
        return super().items()


def test_a_writer_that_was_overtaken_gives_up_and_leaves_the_rivals_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run(seed=1))
    run = small_run(seed=2)
    texts = TextsWithARival(run.texts)
    texts.beside = tmp_path / "run.h5.new"
    run.texts = texts
    with pytest.raises(ArchiveError, match="another program is writing the same archive"):
        write_archive(path, run)
    assert read_run(path).state["seed"] == 1
    assert texts.beside.read_bytes() == b"the rival's first half"


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_a_symbolic_link_stays_a_link_to_the_new_version(tmp_path: Path) -> None:
    (tmp_path / "disk").mkdir()
    write_archive(tmp_path / "disk" / "run.h5", small_run(seed=1))
    (tmp_path / "run.h5").symlink_to(tmp_path / "disk" / "run.h5")
    write_archive(tmp_path / "run.h5", small_run(seed=2))
    assert (tmp_path / "run.h5").is_symlink()
    assert read_run(tmp_path / "disk" / "run.h5").state["seed"] == 2


def test_failing_again_and_again_keeps_no_file_open(tmp_path: Path) -> None:
    descriptors = Path("/proc/self/fd")
    if not descriptors.exists():
        pytest.skip("needs /proc")
    run = small_run()
    run.texts["definition"] = "a\0b"
    before = len(names(descriptors))
    for _ in range(20):
        with pytest.raises(ArchiveError, match="zero byte"):
            write_archive(tmp_path / "run.h5", run)
    assert len(names(descriptors)) == before
    assert names(tmp_path) == []


def drop_weights(run: Run) -> None:
    del run.weights["fc/biases"]


def drop_momentum(run: Run) -> None:
    del run.momentum["fc/biases"]


def reshape_weights(run: Run) -> None:
    run.weights["fc/biases"] = run.weights["fc/biases"].reshape(2, 2)


def drop_label_id(run: Run) -> None:
    run.label_ids.pop()


def drop_step(run: Run) -> None:
    del run.state["step"]


def slash_in_a_layer(run: Run) -> None:
    run.network["layers"][4]["name"] = "f/c"
    run.network["layers"][4]["weights"] = {}
    run.weights = {name.replace("fc/", "f/c/"): a for name, a in run.weights.items() if "fc/w" not in name}
    run.momentum = {}


def surrogate_in_a_label(run: Run) -> None:
    run.labels[0] = "\udc80"


def strange_text_name(run: Run) -> None:
    run.texts["../definition"] = ""


def state_that_is_no_json(run: Run) -> None:
    run.state["generator"] = object()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (drop_weights, "weights are not those"),
        (reshape_weights, "weights are not those"),
        (drop_momentum, "momentum"),
        (drop_label_id, "label id"),
        (drop_step, "'step'"),
        (slash_in_a_layer, "rename the layer"),
        (surrogate_in_a_label, "UTF-8"),
        (strange_text_name, "text name"),
        (state_that_is_no_json, "not JSON serializable"),
    ],
)
def test_a_run_that_contradicts_itself_is_not_written(
    tmp_path: Path, spoil: Callable[[Run], None], words: str
) -> None:
    run = small_run()
    spoil(run)
    with pytest.raises(ArchiveError, match=words):
        write_archive(tmp_path / "run.h5", run)
    assert names(tmp_path) == []


def test_a_packed_archive_is_the_same_to_every_reader(tmp_path: Path) -> None:
    write_archive(tmp_path / "plain.h5", small_run())
    write_archive(tmp_path / "packed.h5", small_run(), packed=True)
    assert verify(tmp_path / "packed.h5") == []
    plain, packed = Archive(tmp_path / "plain.h5"), Archive(tmp_path / "packed.h5")
    with plain, packed:
        assert packed.manifest == plain.manifest
        assert packed.part_sizes()["snapshots"] < plain.part_sizes()["snapshots"]
