"""`alexnet archive import`: a checkpoint of each original program becomes an archive like any other."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from drawn_batches import cifar_batches
from original_checkpoints import LAYOUTS, SIDE, checkpoint, forward, matrices
from python2_pickles import python2_pickle

from archive import Archive, verify
from archive.exchange.checkpoints import read_checkpoint
from reproduction.cli import main
from reproduction.definition import Texts, assemble
from reproduction.model.archived import open_model

LABELS = [f"class {number}" for number in range(10)]


def meta(folder: Path) -> Path:
    """A meta file with a mean picture that is another for each pixel."""
    mean = np.arange(3 * SIDE**2, dtype=np.float32)[:, None] / 4
    contents = {"label_names": LABELS, "data_mean": mean, "num_vis": 3 * SIDE**2, "num_cases_per_batch": 100}
    (folder / "batches.meta").write_bytes(python2_pickle(contents))
    return folder / "batches.meta"


def imported(folder: Path, layout: str, *options: str) -> Path:
    stored = folder / "ConvNet__2012-09-13_03.43.56"
    stored.mkdir()
    (stored / "2.1").write_bytes(python2_pickle(checkpoint(LAYOUTS[layout], matrices())))
    assert main(["archive", "import", str(stored), "--out", str(folder / "run.h5"), *options]) == 0
    return folder / "run.h5"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_archive_predicts_what_the_original_arithmetic_gives(layout: str, tmp_path: Path) -> None:
    run = imported(tmp_path, layout, "--data", str(meta(tmp_path)))
    assert verify(run) == []
    pictures = np.random.RandomState(5).randint(0, 256, (4, 3, SIDE, SIDE)).astype(np.uint8)
    found = open_model(run, torch.device("cpu")).probabilities(pictures, 1)
    with Archive(run) as archive:
        mean = archive.mean
    expected = forward(LAYOUTS[layout], matrices(), pictures.astype(np.float64) - mean)
    assert expected.max() > 0.2  # the classes do differ
    np.testing.assert_allclose(found, expected, rtol=2e-5, atol=1e-7)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_all_weights_are_in_the_archive_where_the_checkpoint_had_them(layout: str, tmp_path: Path) -> None:
    run = imported(tmp_path, layout)
    stored = read_checkpoint(tmp_path / "ConvNet__2012-09-13_03.43.56")
    with Archive(run) as archive:
        assert set(archive.weight_names) == set(stored.weights)
        for name in archive.weight_names:
            np.testing.assert_array_equal(archive.weights(name), stored.weights[name])
            np.testing.assert_array_equal(archive.momentum(name), stored.momentum[name])


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_texts_say_what_the_layers_were(layout: str, tmp_path: Path) -> None:
    with Archive(imported(tmp_path, layout)) as archive:
        experiment = assemble(Texts.from_mapping(archive.texts))
        assert experiment.to_json() == archive.network
    assert experiment.network.dialect.name == layout
    parameters = experiment.parameters
    assert parameters.norms["rnorm1"].alpha == 0.1 / 5
    assert "scale=0.1\n" in experiment.texts.parameters
    assert parameters.norms["rnorm1"].constant == LAYOUTS[layout].constant
    rules = [parameters.rules[f"fc3/weights_{index}"] for index in (0, 1)]
    assert [(rule.rate, rule.momentum, rule.decay) for rule in rules] == [(0.01, 0.9, 0.5), (0.02, 0.8, 0.25)]
    assert parameters.rules["conv1/biases"].rate == 0.02
    recipe = experiment.recipe
    assert (recipe.batch_size, recipe.epochs, recipe.image_size, recipe.crop_size) == (50, 5, SIDE, SIDE)
    if layout == "2012":
        assert "schedW=dexp[tgtFactor=250.0,noiseStdev=0.0,numSteps=4]" in experiment.texts.parameters


def test_a_batch_without_figures_leaves_no_row(tmp_path: Path) -> None:
    stored = checkpoint(LAYOUTS["2012"], matrices())
    outputs = stored["model_state"]["train_outputs"]
    outputs[1] = ({"logprob": [float("nan"), 0.5, 0.5]}, 100)
    outputs[2] = ({"another": [1.0, 0.5, 0.5]}, 100)
    (tmp_path / "2.1").write_bytes(python2_pickle(stored))
    assert main(["archive", "import", str(tmp_path / "2.1"), "--out", str(tmp_path / "run.h5")]) == 0
    assert verify(tmp_path / "run.h5") == []
    with Archive(tmp_path / "run.h5") as archive:
        assert archive.history.train["step"].tolist() == [2, 8]


@pytest.mark.parametrize("layout", LAYOUTS)
def test_history_and_position_are_kept(layout: str, tmp_path: Path) -> None:
    with Archive(imported(tmp_path, layout)) as archive:
        train, test, state = archive.history.train, archive.history.test, archive.state
        notes = [note.text for note in archive.notebook]
    assert train["loss"].tolist() == [2, 1.5, 1.25, 1] and train["images"].tolist() == [100] * 4
    np.testing.assert_allclose(train["epoch"], [1 / 3, 2 / 3, 1, 4 / 3])
    assert train["step"].tolist() == [2, 4, 6, 8]
    assert test["loss"].tolist() == [1.5, 1] and test["step"].tolist() == [4, 8]
    assert test["k"].tolist() == [1 if layout == "2011" else 2] * 2
    assert (state["epoch"], state["step"]) == (1, 8)
    assert notes[0].startswith(f"Imported from the checkpoint 2.1 of the {layout} program")
    assert any("no mean picture" in note for note in notes)


def test_an_imported_run_is_tested_on_packed_batches(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = cifar_batches(tmp_path / "batches", SIDE)
    data = tmp_path / "data.h5"
    assert main(["data", "pack", str(source), str(data), "--test-range", "6"]) == 0
    run = imported(tmp_path, "2012", "--data", str(data))
    capsys.readouterr()
    assert main(["test", str(run), "--data", str(data), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)


def test_a_mean_picture_of_another_size_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "1.1").write_bytes(python2_pickle(checkpoint(LAYOUTS["2012"], matrices())))
    words = ["archive", "import", str(tmp_path / "1.1"), "--out", str(tmp_path / "run.h5")]
    assert main([*words, "--data", str(meta(tmp_path)), "--image-size", "16"]) == 1
    assert "the mean picture of the data is (3, 12, 12)" in capsys.readouterr().err
    assert main([*words, "--image-size", "8"]) == 1
    assert "so 8 are too few" in capsys.readouterr().err
    assert not (tmp_path / "run.h5").exists()
