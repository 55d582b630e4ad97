"""archive export --exhibit as it is typed: a copy that is small, tested, honest, and not to be resumed."""

from __future__ import annotations

import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from archive import Archive, read_run, verify, write_archive

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
import small_training  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Texts, data, a trained run.h5 and its exhibition copy shown.h5, tested with views and with a remark."""
    made: Path = tmp_path_factory.mktemp("export")
    small_training.write_texts(made)
    small_training.write_data(made / "corners.h5")
    done = small_training.run(
        "train", made / "small.toml", "--data", made / "corners.h5", "--out", made / "run.h5", "--epochs", 2
    )
    assert done.returncode == 0, done.stderr
    done = export(made, "shown.h5", "--data", made / "corners.h5", "--multiview", "--note", "Not reached.")
    assert done.returncode == 0, done.stderr
    return made


def export(folder: Path, out: str, *more: object):
    return small_training.run("archive", "export", folder / "run.h5", folder / out, "--exhibit", *more)


def assert_refused(done, *said: str) -> None:
    lines = done.stderr.splitlines()
    assert done.returncode == 1 and done.stdout == "" and "Traceback" not in done.stderr
    for words in said:
        assert words in lines[-1]


def test_a_copy_is_sound_without_momentum_and_tells_what_it_is(folder) -> None:
    assert verify(folder / "shown.h5") == []
    full, copy = read_run(folder / "run.h5"), read_run(folder / "shown.h5")
    assert not copy.momentum and not copy.averages and "partial" not in copy.state
    assert copy.provenance["weights_rounded_to"] == "float16" and copy.provenance["exhibited"]
    assert copy.provenance["command"] == full.provenance["command"]
    assert len(copy.snapshots) == len(full.snapshots)
    assert "Not reached." in [note.text for note in copy.notebook]


def test_its_weights_and_snapshots_are_those_of_the_run_as_float16(folder) -> None:
    full, copy = read_run(folder / "run.h5"), read_run(folder / "shown.h5")
    for name, values in full.weights.items():
        np.testing.assert_array_equal(copy.weights[name], values.astype(np.float16))
        assert copy.weights[name].dtype == np.float32
    for one, other in zip(full.snapshots, copy.snapshots, strict=True):
        for name, values in one.weights.items():
            np.testing.assert_array_equal(other.weights[name], values.astype(np.float16))


def test_its_weights_take_less_room_than_two_bytes_a_number(tmp_path) -> None:
    run = read_run(_sample(tmp_path))
    drawn = 0.01 * np.random.default_rng(1).standard_normal((8000, 32))
    run.network["layers"][4]["weights"]["fc/weights_0"] = [8000, 32]
    run.weights["fc/weights_0"] = drawn.astype(np.float32)
    run.momentum = {}
    write_archive(tmp_path / "wide.h5", run)
    words = ("archive", "export", tmp_path / "wide.h5", tmp_path / "small.h5", "--exhibit")
    assert small_training.run(*words).returncode == 0
    with h5py.File(tmp_path / "small.h5") as file:
        assert file["weights/fc/weights_0"].id.get_storage_size() < 2 * drawn.size


def _sample(folder: Path) -> Path:
    from sample_archives import small_run

    write_archive(folder / "sample.h5", small_run())
    return folder / "sample.h5"


def test_both_figures_stand_in_its_history_and_its_notebook(folder) -> None:
    run = read_run(folder / "shown.h5")
    rows = run.history.test[-4:]
    assert rows["views"].tolist() == [9, 9, 1, 1]
    assert (rows["step"] == run.state["step"]).all() and set(rows["split"]) == {b"test"}
    trained = read_run(folder / "run.h5").history.test[-1]
    assert rows[2]["loss"] == trained["loss"] and rows[2]["top1"] == trained["top1"]
    assert "the same 2 best classes for" in run.notebook[-1].text
    assert f"logprob {trained['loss']:.4f}" in run.notebook[-1].text


def test_testing_a_copy_gives_the_last_figure_of_its_history(folder) -> None:
    done = small_training.run("test", folder / "shown.h5", "--data", folder / "corners.h5")
    with Archive(folder / "shown.h5") as archive:
        row = archive.history.test[-1]
    assert f"logprob      {row['loss']:.6f}" in done.stdout
    assert f"top-1 error  {100 * row['top1']:.2f} %" in done.stdout


def test_a_copy_asked_to_go_on_training_is_refused_in_one_line(folder) -> None:
    before = (folder / "shown.h5").read_bytes()
    done = small_training.run("resume", folder / "shown.h5", "--data", folder / "corners.h5", "--epochs", 9)
    assert_refused(done, "shown.h5: is an exhibition copy", "the archive that it was made of")
    assert (folder / "shown.h5").read_bytes() == before


def test_no_copy_is_made_of_a_network_that_rounding_changes(folder) -> None:
    run = read_run(folder / "run.h5")
    run.weights["fc/weights_0"] *= 1e-7  # below what float16 tells apart
    run.weights["fc/biases"] *= 1e-7
    write_archive(folder / "faint.h5", run)
    words = ("archive", "export", folder / "faint.h5", folder / "no.h5", "--exhibit")
    assert_refused(small_training.run(*words, "--data", folder / "corners.h5"), "99.5% are asked for")
    run.weights["fc/biases"][0] = 1e6
    write_archive(folder / "faint.h5", run)
    assert_refused(small_training.run(*words), "fc/biases holds numbers that float16 cannot hold")
    assert not (folder / "no.h5").exists()


def test_a_copy_is_compared_on_pictures_of_its_classes_alone(folder, tmp_path) -> None:
    small_training.write_data(tmp_path / "others.h5", train=20)
    with h5py.File(tmp_path / "others.h5", "r+") as file:
        file["labels"][2] = "middle"
    done = export(folder, "no.h5", "--data", tmp_path / "others.h5")
    assert_refused(done, "class 2 is 'middle' instead of 'corner 2'")
    assert_refused(export(folder, "shown.h5"), "the file exists")
    assert_refused(export(folder, "run.h5", "--force"), "is what would be read")
    assert not (folder / "no.h5").exists()


def test_without_data_a_copy_has_the_tests_of_its_run(folder) -> None:
    assert export(folder, "untested.h5").returncode == 0
    full, copy = read_run(folder / "run.h5"), read_run(folder / "untested.h5")
    np.testing.assert_array_equal(copy.history.test, full.history.test)


def test_export_says_what_it_needs(folder) -> None:
    done = small_training.run("archive", "export", folder / "run.h5", folder / "no.h5")
    assert done.returncode == 2 and "--exhibit" in done.stderr
