"""verify: each rule of FORMAT.md that a file can break is said in words."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from sample_archives import small_run

from archive import History, Note, Run, Snapshot, verify, write_archive


def weight_is_nan(run: Run) -> None:
    run.weights["fc/biases"][2] = np.nan


def momentum_is_infinite(run: Run) -> None:
    run.momentum["fc/biases"][2] = np.inf


def snapshot_is_nan(run: Run) -> None:
    run.snapshots[1].weights["conv1a/weights_0"][0] = np.nan


def snapshots_are_out_of_order(run: Run) -> None:
    run.snapshots.reverse()


def snapshot_of_an_unknown_layer(run: Run) -> None:
    run.snapshots = [Snapshot(0.0, 0, {"nowhere/weights_0": np.zeros((2, 2), np.float32)})]


def history_goes_back(run: Run) -> None:
    run.history = History(run.history.train[::-1].copy(), run.history.test)


def error_above_one(run: Run) -> None:
    run.history.test["top1"] = 26.3


def no_recipe(run: Run) -> None:
    del run.texts["recipe"]


def no_provenance(run: Run) -> None:
    run.provenance = {}


def too_many_labels(run: Run) -> None:
    run.labels, run.label_ids = ["x"] * 5, [""] * 5


def notes_out_of_order(run: Run) -> None:
    run.notebook.append(Note("1998-01-01T00:00:00Z", 0.0, "earlier"))


def mean_is_nan(run: Run) -> None:
    run.mean[0, 0, 0] = np.nan


def colours_are_nan(run: Run) -> None:
    run.color_pca = (np.full(3, np.nan), np.eye(3))


def step_below_zero(run: Run) -> None:
    run.state["step"] = -1


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (weight_is_nan, "/weights/fc/biases holds numbers that are not finite"),
        (momentum_is_infinite, "/momentum/fc/biases holds numbers that are not finite"),
        (snapshot_is_nan, "snapshot 1 of conv1a/weights_0 holds numbers that are not finite"),
        (snapshots_are_out_of_order, "/snapshots are not in order of steps"),
        (snapshot_of_an_unknown_layer, "snapshot 0 of nowhere/weights_0 has shape (2, 2)"),
        (history_goes_back, "/history/train goes back in steps"),
        (error_above_one, "/history/test has errors outside 0 to 1 in 'top1'"),
        (no_recipe, "/texts/recipe is missing"),
        (no_provenance, "/provenance is empty"),
        (too_many_labels, "/labels has more names than the network has outputs"),
        (notes_out_of_order, "/notebook is not in order of time"),
        (mean_is_nan, "/data/mean holds numbers that are not finite"),
        (colours_are_nan, "/data/color_deviations or color_directions hold numbers that are not finite"),
        (step_below_zero, "/state has a step below 0"),
    ],
)
def test_each_broken_rule_is_the_one_problem_found(
    tmp_path: Path, spoil: Callable[[Run], None], words: str
) -> None:
    run = small_run()
    spoil(run)
    path = tmp_path / "run.h5"
    write_archive(path, run)
    assert verify(path) == [f"{path}: {words}"]


def test_what_was_changed_after_writing_is_named_even_where_hdf5_finds_it_sound(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run())
    with h5py.File(path, "r+") as file:
        file["weights/fc/biases"][0] = 7
        file["weights/fc/extra"] = np.zeros(1, "f4")
        del file["momentum/conv1a/biases"]
    assert verify(path) == [
        f"{path}: /weights/fc/extra is not in the manifest, so it was added after the archive was written",
        f"{path}: /weights/fc/biases is not what was written: its SHA-256 or shape is another",
        f"{path}: /momentum/conv1a/biases is missing, so the archive is not complete",
        f"{path}: /weights/fc/extra belongs to no layer of the network",
        f"{path}: /momentum/conv1a/biases is missing",
    ]


def test_groups_nested_without_end_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    write_archive(path, small_run())
    with h5py.File(path, "r+") as file:
        file["weights/fc/again"] = file["weights"]  # a hard link: the group holds itself
    assert any("nested too deeply" in problem for problem in verify(path))


def test_a_file_that_is_no_archive_is_one_problem(tmp_path: Path) -> None:
    assert verify(tmp_path / "run.h5") == [f"{tmp_path / 'run.h5'}: there is no such file"]
