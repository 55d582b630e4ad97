"""Whole runs in this process: they learn, repeat and resume bit for bit, and keep records."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np
import pytest
import small_training
import torch

from archive import Run, read_run, verify
from reproduction.console import Status
from reproduction.data.packed import PackedData
from reproduction.definition import Experiment
from reproduction.errors import TrainingError
from reproduction.training.display import Display
from reproduction.training.resuming import read_resumable
from reproduction.training.run import Outcome, Session, new_run

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory):
    with PackedData(small_training.write_data(tmp_path_factory.mktemp("data") / "corners.h5")) as packed:
        yield packed


def session(path: Path, run: Run, experiment: Experiment, data: PackedData) -> Session:
    display = Display("small", experiment.recipe.epochs, Status(io.StringIO()))
    return Session(path, run, experiment, data, device=CPU, display=display)


def train(
    path: Path, data: PackedData, *overrides: str, seed: int = 1, steps: int | None = None
) -> tuple[Run, Outcome]:
    """A new run, trained; as it is on disk."""
    experiment = small_training.experiment(*overrides)
    run = new_run(experiment, data, seed=seed, device=CPU, command="alexnet train small")
    outcome = session(path, run, experiment, data).train(steps)
    return read_run(path), outcome


def resume(path: Path, data: PackedData, *overrides: str, steps: int | None = None) -> tuple[Run, Outcome]:
    """Goes on with a run on disk."""
    outcome = session(path, read_resumable(path), small_training.experiment(*overrides), data).train(steps)
    return read_run(path), outcome


def assert_same(one: Run, other: Run) -> None:
    """Everything that training makes is the same, bit for bit; times are not compared."""
    for arrays, others in ((one.weights, other.weights), (one.momentum, other.momentum)):
        assert arrays.keys() == others.keys()
        for name, array in arrays.items():
            assert array.tobytes() == others[name].tobytes(), name
    for table, columns in (("train", 6), ("test", 8)):
        rows = getattr(one.history, table), getattr(other.history, table)
        names = [name for name in rows[0].dtype.names[:columns] if name != "seconds"]
        assert rows[0][names].tolist() == rows[1][names].tolist(), table
    assert [(s.epoch, s.step) for s in one.snapshots] == [(s.epoch, s.step) for s in other.snapshots]
    for own, theirs in zip(one.snapshots, other.snapshots, strict=True):
        for name, array in own.weights.items():
            assert array.tobytes() == theirs.weights[name].tobytes()
    parts = [{**run.state["partial"], "seconds": 0} for run in (one, other)]
    assert parts[0] == parts[1]


def test_a_run_learns_and_its_archive_tells_all(tmp_path, data) -> None:
    run, outcome = train(tmp_path / "run.h5", data, "epochs=12")
    assert outcome == Outcome(True, "", 12.0, 12 * 15)
    assert verify(tmp_path / "run.h5") == []
    assert run.history.test["top1"][-1] < 0.2
    assert run.history.train["loss"][-1] < run.history.train["loss"][0]
    assert run.history.test["epoch"].tolist() == list(range(1, 13))
    assert run.history.test["images"].tolist() == [60] * 12
    assert set(run.history.test["k"]) == {2} and set(run.history.test["split"]) == {b"test"}
    assert run.history.train["images"].sum() == 12 * 290
    assert run.history.train["step"][:4].tolist() == [4, 8, 12, 15]
    assert [s.epoch for s in run.snapshots][:3] == [0, 1 / 15, 2 / 15]
    assert run.snapshots[-1].epoch == 12
    assert set(run.snapshots[0].weights) == {"conv-1.a/weights_0", "conv-1.a/biases"}
    assert run.labels == [f"corner {index}" for index in range(4)]
    assert not (tmp_path / "run.h5.log").exists()
    assert run.provenance["data_counts"] == {"train": 290, "test": 60}
    assert str(tmp_path) not in str(run.provenance)


def test_the_same_seed_gives_the_same_bits_and_another_seed_others(tmp_path, data) -> None:
    first, _ = train(tmp_path / "a.h5", data, "epochs=1")
    again, _ = train(tmp_path / "b.h5", data, "epochs=1")
    other, _ = train(tmp_path / "c.h5", data, "epochs=1", seed=2)
    assert_same(first, again)
    assert first.weights["fc/weights_0"].tobytes() != other.weights["fc/weights_0"].tobytes()


@pytest.mark.parametrize("stops", [[1], [7], [15], [16, 3, 9]])
def test_a_resumed_run_equals_one_that_was_never_stopped(tmp_path, data, stops) -> None:
    whole, _ = train(tmp_path / "whole.h5", data)
    part = tmp_path / "part.h5"
    _, outcome = train(part, data, steps=stops[0])
    assert (outcome.finished, outcome.step) == (False, stops[0])
    for steps in [*stops[1:], None]:
        resumed, outcome = resume(part, data, steps=steps)
    assert outcome.finished
    # A run that is stopped on purpose is tested and its first layers are kept there: take that out again.
    at_stops = np.cumsum(stops)
    extra = [step for step in at_stops if step % 15]
    test = resumed.history.test[~np.isin(resumed.history.test["step"], extra)]
    kept = {s.step for s in whole.snapshots}
    trimmed = dataclasses.replace(
        resumed,
        history=dataclasses.replace(resumed.history, test=test),
        snapshots=[s for s in resumed.snapshots if s.step in kept],
    )
    assert_same(whole, trimmed)


def test_a_layer_whose_rate_becomes_zero_stands_still(tmp_path, data) -> None:
    at_two, _ = train(tmp_path / "two.h5", data, "epochs=2")
    at_three, _ = train(tmp_path / "three.h5", data, "epochs=3")
    name = "conv-1.a/weights_0"
    assert at_two.weights[name].tobytes() == at_three.weights[name].tobytes()
    assert at_two.momentum[name].tobytes() == at_three.momentum[name].tobytes()
    assert at_two.weights["conv-1.a/biases"].tobytes() != at_three.weights["conv-1.a/biases"].tobytes()
    assert at_two.weights["fc/weights_0"].tobytes() != at_three.weights["fc/weights_0"].tobytes()


def test_rates_that_are_far_too_high_end_training_and_the_archive_stands(tmp_path, data) -> None:
    path = tmp_path / "run.h5"
    with pytest.raises(TrainingError, match=r"became (nan|inf).*epoch .*smaller.*stands as it was at epoch"):
        train(path, data, "*.epsW=1e18")
    assert verify(path) == []
    assert read_run(path).state["step"] == 0


def test_the_archive_is_there_before_the_first_step(tmp_path, data) -> None:
    run, outcome = train(tmp_path / "run.h5", data, "epochs=0")
    assert (outcome.finished, outcome.step) == (True, 0)
    assert run.momentum.keys() == run.weights.keys()
    assert [(s.epoch, s.step) for s in run.snapshots] == [(0, 0)]


def test_without_test_pictures_there_are_no_tests(tmp_path) -> None:
    with PackedData(small_training.write_data(tmp_path / "d.h5", test=0)) as packed:
        run, _ = train(tmp_path / "run.h5", packed, "epochs=1")
    assert len(run.history.test) == 0 and len(run.history.train) == 4


def test_multi_view_tests_are_recorded_with_their_views(tmp_path, data) -> None:
    run, _ = train(tmp_path / "run.h5", data, "epochs=1", "test-views=multi")
    assert run.history.test["views"].tolist() == [9]


def test_tests_fall_on_fractions_of_an_epoch(tmp_path, data) -> None:
    run, _ = train(tmp_path / "run.h5", data, "epochs=1", "test-every=0.5")
    assert run.history.test["step"].tolist() == [8, 15]


# Ten steps of the small network, one thread. What changes these on purpose says so in the same commit.
GOLDEN = [2.511212, 1.278357, 1.490644, 1.551867, 1.240096, 1.799758, 1.628161, 1.072469, 1.0871, 0.913743]


def test_ten_steps_give_the_losses_they_always_gave(tmp_path, data) -> None:
    run, _ = train(tmp_path / "run.h5", data, "report-every=1", steps=10)
    assert len(run.history.train) == 10
    np.testing.assert_allclose(run.history.train["loss"], GOLDEN, rtol=1e-3)
