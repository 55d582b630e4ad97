"""The smaller parts of training: milestones, randomness, provenance, display, devices, evaluation."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import small_training
import torch

from reproduction.console import Status
from reproduction.data.augmentation import test_views as views_of
from reproduction.data.packed import PackedData
from reproduction.errors import DataError, TrainingError, UserError
from reproduction.model.costs import CostSums
from reproduction.model.network_module import NetworkModule
from reproduction.training import milestones
from reproduction.training.batches import Batches
from reproduction.training.display import Display
from reproduction.training.evaluation import Evaluation, evaluate
from reproduction.training.initial_weights import initial_weights
from reproduction.training.preparation import check_data, check_output, choose_device, find_data
from reproduction.training.provenance import command_line
from reproduction.training.randomness import Purpose, numpy_generator, torch_generator
from reproduction.training.trainer import Position, Progress


def test_first_layers_are_kept_ever_more_seldom() -> None:
    early = [batch for batch in range(391) if milestones.snapshot_due(0, batch, 391)]
    assert early == [0, 24, 49, 98, 196]
    kept = [epoch for epoch in range(1, 1001) if milestones.snapshot_due(epoch, 0, 391)]
    assert kept[:16] == [*range(1, 11), 12, 14, 16, 18, 20, 25]
    assert len(early) + len(kept) <= 60
    assert not milestones.snapshot_due(3, 5, 391)


def test_tests_are_due_every_so_many_epochs() -> None:
    assert milestones.test_due(1, 0, 10, 1.0) and not milestones.test_due(0, 9, 10, 1.0)
    assert not milestones.test_due(0, 0, 10, 1.0)
    assert [batch for batch in range(10) if milestones.test_due(0, batch, 10, 0.25)] == [2, 4, 6, 8]
    assert [epoch for epoch in range(1, 7) if milestones.test_due(epoch, 0, 10, 2.0)] == [2, 4, 6]


def test_draws_depend_on_seed_purpose_epoch_and_batch() -> None:
    cpu = torch.device("cpu")
    places = [(1, 0, 0), (2, 0, 0), (1, 1, 0), (1, 0, 1)]
    numbers = {numpy_generator(s, Purpose.AUGMENTATION, e, b).integers(2**60) for s, e, b in places}
    words = {torch_generator(s, Purpose.DROPOUT, e, b, cpu).initial_seed() for s, e, b in places}
    assert len(numbers) == len(words) == 4
    other = numpy_generator(1, Purpose.DROPOUT, 0, 0).integers(2**60)
    assert other not in numbers
    again = numpy_generator(1, Purpose.AUGMENTATION, 0, 0).integers(2**60)
    assert again in numbers


def test_commands_are_kept_without_folders() -> None:
    words = [
        "alexnet",
        "train",
        "/somewhere/else/my.toml",
        "--data=/data/c.h5",
        "--out",
        "runs/r.h5",
        "--seed",
        "1",
    ]
    assert command_line(words) == "alexnet train my.toml --data=c.h5 --out r.h5 --seed 1"
    assert (
        command_line(["train", r"C:\alex\n.cfg", "--set", "conv1.epsW=0.1"])
        == "train n.cfg --set conv1.epsW=0.1"
    )


def test_positions_step_over_the_end_of_an_epoch() -> None:
    position = Position()
    for _ in range(5):
        position = position.after(2)
    assert position == Position(epoch=2, batch=1, step=5)


@pytest.mark.parametrize("name", ["tpu", "cuda:0,cuda:1", "meta", "cpu:x"])
def test_devices_that_cannot_be_used_are_named(name) -> None:
    with pytest.raises(UserError, match=f"--device {name}"):
        choose_device(name)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(UserError, match="no GPU"):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("made", "overrides", "expected"),
    [
        ({"side": 16}, (), "use --set image-size=16 --set crop-size=14"),
        ({"side": 16}, (), "pack them with --size 12"),
        ({"side": 2}, (), "use --set image-size=2 --set crop-size=2"),
        ({"channels": 1}, (), "use --set channels=1 --set conv-1.a.channels=1"),
        ({"classes": 6}, (), "--set fc.outputs=6"),
        ({"channels": 1}, ("channels=1", "conv-1.a.channels=1"), "--set color-noise=0"),
    ],
)
def test_data_that_do_not_fit_are_refused_with_the_setting_that_does(
    tmp_path, made, overrides, expected
) -> None:
    path = small_training.write_data(tmp_path / "d.h5", **made)
    with PackedData(path) as data, pytest.raises(UserError) as caught:
        check_data(small_training.experiment(*overrides), data)
    assert expected in str(caught.value)


def test_data_with_fewer_classes_are_a_warning(tmp_path) -> None:
    with PackedData(small_training.write_data(tmp_path / "d.h5")) as data:
        (warning,) = check_data(small_training.experiment("fc.outputs=6"), data)
    assert "4 classes" in warning


def test_an_archive_is_neither_overwritten_nor_put_into_no_folder(tmp_path) -> None:
    there = tmp_path / "run.h5"
    check_output(there, force=False)
    there.write_bytes(b"")
    with pytest.raises(TrainingError, match="alexnet resume.*--force"):
        check_output(there, force=False)
    check_output(there, force=True)
    with pytest.raises(TrainingError, match="no folder"):
        check_output(tmp_path / "nowhere" / "run.h5", force=False)
    with pytest.raises(TrainingError, match="is a folder"):
        check_output(tmp_path, force=True)


def test_the_pictures_of_a_run_are_found_beside_it(tmp_path) -> None:
    path = small_training.write_data(tmp_path / "corners.h5")
    with PackedData(path) as data:
        facts: dict[str, object] = {
            "data_file": "corners.h5",
            "data_sha256": data.sha256,
            "data_name": "corners",
        }
    assert find_data(tmp_path / "run.h5", facts) == path
    with pytest.raises(DataError, match="--data"):
        find_data(tmp_path / "run.h5", {**facts, "data_sha256": "another"})
    with pytest.raises(DataError, match="--data"):
        find_data(tmp_path / "run.h5", {})


def test_minibatches_are_consecutive_and_the_last_is_short(tmp_path) -> None:
    with PackedData(small_training.write_data(tmp_path / "d.h5", train=25)) as data:
        batches = Batches(data, "train", 10)
        sizes = [len(batches.pictures(index)) for index in range(batches.count)]
        assert sizes == [10, 10, 5] and len(batches.labels(2)) == 5
        np.testing.assert_array_equal(batches.pictures(1).numpy(), data.images("train")[10:20])
        with pytest.raises(IndexError):
            batches.pictures(3)
        with pytest.raises(DataError, match="no val pictures"):
            Batches(data, "val", 10)


@pytest.mark.parametrize("views", [1, 9, 10])
def test_views_are_averaged_as_probabilities_in_a_test(tmp_path, views) -> None:
    experiment = small_training.experiment()
    module = NetworkModule(experiment.network, experiment.parameters).eval()
    module.load(initial_weights(experiment.network, 1))
    with PackedData(small_training.write_data(tmp_path / "d.h5")) as data:
        batches = Batches(data, "test", 32)
        result = evaluate(module, batches, data.mean, split="test", crop_size=10, views=views, top_k=2)
        stack = views_of(torch.from_numpy(data.images("test")[:]), data.mean, crop_size=10, views=views)
        with torch.no_grad():
            mean = torch.stack([module(view)["probs"] for view in stack]).mean(dim=0).numpy()
        labels = data.targets("test")
    assert result is not None
    assert result.sums.images == 60
    assert result.sums.logprob == pytest.approx(-np.log(mean[np.arange(60), labels]).sum(), rel=1e-5)
    assert result.sums.top1 == pytest.approx((mean.argmax(axis=1) != labels).sum())
    assert not module.training


def test_a_test_that_is_told_to_stop_gives_nothing(tmp_path) -> None:
    experiment = small_training.experiment()
    module = NetworkModule(experiment.network, experiment.parameters).train()
    with PackedData(small_training.write_data(tmp_path / "d.h5")) as data:
        batches = Batches(data, "test", 32)
        stopped = evaluate(
            module, batches, data.mean, split="test", crop_size=10, views=1, top_k=2, watch=lambda *_: False
        )
    assert stopped is None and module.training


def test_progress_says_epoch_rate_remaining_loss_error_and_the_last_test() -> None:
    stream = io.StringIO()
    display = Display("net -> run.h5", 10, Status(stream, piped_interval_s=0))
    for step in range(1, 4):
        sums = CostSums(100, 150.0, 50.0, 10.0)
        display.stepped(Progress(Position(0, step, step), step / 10, sums, None), seconds=0.5)
    display.tested(Evaluation(CostSums(1000, 1200.0, 262.0, 20.0), "test", 1, 5, 2.0), 1.0)
    display.stepped(Progress(Position(1, 0, 4), 1.0, sums, None), seconds=0.5)
    text = stream.getvalue()
    assert re.search(r"epoch 0.30 of 10   200 pictures/s   4[89] s left", text)
    assert "loss 1.5000   error 50.0 %" in text
    assert "epoch 1.00: test error 26.20 %, top-5 2.00 %, loss 1.2000 (1,000 test pictures" in text
    assert text.rstrip().endswith("last test 26.20 %")


def test_the_remaining_time_of_a_run_of_so_many_steps_is_that_of_its_steps() -> None:
    stream = io.StringIO()
    display = Display("net -> run.h5", 90, Status(stream, piped_interval_s=0), steps=10)
    for step in range(1, 6):
        sums = CostSums(100, 150.0, 50.0, 10.0)
        display.stepped(Progress(Position(0, step, step), step / 1000, sums, None), seconds=2.0)
    assert "epoch 0.01 of 90   50 pictures/s   10 s left" in stream.getvalue().splitlines()[-1]
