"""The trainer's rates follow the schedules of the parameter file over the run."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_training
import torch

from reproduction.data.packed import PackedData
from reproduction.model.network_module import NetworkModule
from reproduction.training.batches import Batches
from reproduction.training.initial_weights import initial_weights
from reproduction.training.trainer import Preprocessing, Trainer

ARRAY = "fc/weights_0"


def velocities(folder: Path, steps: int, *overrides: str) -> list[torch.Tensor]:
    """V of the fc layer's weights after each of `steps` steps of an epoch of 15."""
    experiment = small_training.experiment("epochs=1", *overrides)
    module = NetworkModule(experiment.network, experiment.parameters)
    module.load(initial_weights(experiment.network, 1))
    data = PackedData(small_training.write_data(folder / "data.h5"))
    trainer = Trainer(
        experiment,
        module,
        Batches(data, "train", experiment.recipe.batch_size),
        Preprocessing(torch.from_numpy(data.mean), data.color_pca),
        seed=4,
        device=torch.device("cpu"),
    )
    found = []
    for _, _ in zip(range(steps), trainer.steps(), strict=False):
        found.append(trainer.momentum.velocities[ARRAY].clone())
    data.close()
    return found


def test_a_stepped_rate_is_the_base_for_its_first_part_and_the_next_level_after(tmp_path: Path) -> None:
    plain = velocities(tmp_path, 7, "fc.wc=0")
    stepped = velocities(tmp_path, 7, "fc.wc=0", "fc.schedW=dexp[tgtFactor=4,noiseStdev=0,numSteps=3]")
    for before, after in zip(plain[:6], stepped[:6], strict=True):  # up to p = 5/15 the first level stands
        assert torch.equal(before, after)
    gradient = plain[6] - 0.9 * plain[5]
    torch.testing.assert_close(stepped[6] - 0.9 * stepped[5], gradient / 2, rtol=1e-4, atol=1e-8)


def test_a_noisy_rate_is_drawn_from_the_seed_and_never_below_its_base(tmp_path: Path) -> None:
    plain = velocities(tmp_path, 1, "fc.wc=0")
    noisy = [velocities(tmp_path, 1, "fc.wc=0", "fc.schedW=linear[1,1]") for _ in range(2)]
    assert torch.equal(noisy[0][0], noisy[1][0])
    moved = plain[0].abs() > 1e-7
    ratios = (noisy[0][0] / plain[0])[moved]
    assert float(ratios.min()) == pytest.approx(float(ratios.max()), rel=1e-3)
    assert float(ratios.min()) > 1


def test_a_ball_binds_the_filters_after_every_step(tmp_path: Path) -> None:
    free = velocities(tmp_path, 2)
    bound = velocities(tmp_path, 2, "fc.wball=0.0001")
    assert torch.equal(free[0], bound[0])
    assert not torch.equal(free[1], bound[1])
