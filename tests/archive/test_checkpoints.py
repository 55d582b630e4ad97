"""Checkpoints of the three original programs are read: every weight in its place, nothing run."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from original_checkpoints import FILTERS, LAYOUTS, POSITIONS, checkpoint, matrices
from python2_pickles import python2_pickle

from archive import ArchiveError
from archive.exchange.checkpoints import Checkpoint, read_checkpoint


def written(path: Path, layout: str, protocol: int = 2) -> Path:
    path.write_bytes(python2_pickle(checkpoint(LAYOUTS[layout], matrices()), protocol))
    return path


def read(folder: Path, layout: str, protocol: int = 2) -> Checkpoint:
    return read_checkpoint(written(folder / "2.1", layout, protocol))


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_every_array_is_in_our_axes(layout: str, protocol: int, tmp_path: Path) -> None:
    found, original = read(tmp_path, layout, protocol), matrices()
    for kind, arrays in (("weights", found.weights), ("weightsInc", found.momentum)):
        conv, local = arrays["conv1/weights_0"], arrays["local2/weights_0"]
        assert conv.shape == (FILTERS, 3, 5, 5) and local.shape == (POSITIONS, FILTERS, FILTERS, 3, 3)
        for f, c, i, j in ((0, 0, 0, 0), (5, 1, 2, 3), (15, 2, 4, 4)):
            assert conv[f, c, i, j] == original[f"conv1 {kind} 0"][(c * 5 + i) * 5 + j, f]
        for p, f, c, i, j in ((0, 0, 0, 0, 0), (7, 3, 11, 1, 2), (35, 15, 15, 2, 2)):
            row = ((p * FILTERS + c) * 3 + i) * 3 + j
            assert local[p, f, c, i, j] == original[f"local2 {kind} 0"][row, f]
        for index in (0, 1):
            np.testing.assert_array_equal(arrays[f"fc3/weights_{index}"], original[f"fc3 {kind} {index}"].T)
    for kind, arrays in (("biases", found.weights), ("biasesInc", found.momentum)):
        np.testing.assert_array_equal(arrays["conv1/biases"], original[f"conv1 {kind}"][:, 0])
        local = original[f"local2 {kind}"].reshape(FILTERS, 6, 6)
        np.testing.assert_array_equal(arrays["local2/biases"], local)
        np.testing.assert_array_equal(arrays["fc3/biases"], original[f"fc3 {kind}"][0])
    assert len(found.weights) == len(found.momentum) == 7


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layers_name_their_inputs_and_have_their_activations_back(layout: str, tmp_path: Path) -> None:
    found = read(tmp_path, layout)
    assert found.dialect == layout
    layers = {layer["name"]: layer for layer in found.layers}
    assert not any(name.endswith("_neuron") for name in layers)
    assert (layers["conv1"]["neuron"], layers["local2"]["neuron"]) == ("relu", "tanh[1.5,0.5]")
    assert layers["pool1"]["inputs"] == ["conv1"] and layers["fc3"]["inputs"] == ["local2", "rnorm1"]
    seen: set[str] = set()
    for name, layer in layers.items():
        assert seen.issuperset(layer["inputs"])
        seen.add(name)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_figures_are_means_over_pictures(layout: str, tmp_path: Path) -> None:
    found = read(tmp_path, layout)
    assert [costs["logprob"][:2] for costs, _ in found.train] == [
        [2, 0.875],
        [1.5, 0.75],
        [1.25, 0.5],
        [1, 0.5],
    ]
    assert [(costs["logprob"][0], cases) for costs, cases in found.test] == [(1.5, 100), (1.0, 100)]
    assert (found.epoch, found.batch) == (2, 1)
    assert found.options["minibatch_size"] == 50 and found.options["train_batch_range"] == [1, 2, 3]


def test_of_a_folder_the_latest_is_taken(tmp_path: Path) -> None:
    for name in ("9.3", "10.2", "10.10"):
        written(tmp_path / name, "2012")
    assert read_checkpoint(tmp_path).name == "10.10"


def test_a_checkpoint_in_a_zip_is_read(tmp_path: Path) -> None:
    contents = written(tmp_path / "plain", "2011").read_bytes()
    with zipfile.ZipFile(tmp_path / "2.1", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", contents)
    assert len(read_checkpoint(tmp_path / "2.1").weights) == 7


def test_a_zip_that_unpacks_to_far_more_than_its_size_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "2.1", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data", bytes(90_000_000))
    with pytest.raises(ArchiveError, match="unpacks to far more than its size"):
        read_checkpoint(tmp_path / "2.1")


def broken(change: Any) -> dict[str, Any]:
    """A checkpoint of 2012 in which `change` has changed something."""
    found: dict[str, Any] = checkpoint(LAYOUTS["2012"], matrices())
    change(found["model_state"]["layers"])
    return found


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda layers: layers.clear(), "it has 0 layers"),
        (lambda layers: layers["conv1"].pop("weights"), "not one matrix in weights for each input"),
        (lambda layers: layers["conv1"].update(filterSize=[7]), "have 75 rows"),
        (lambda layers: layers["conv1"].update(filterSize=[-5]), "no sound filterSize"),
        (lambda layers: layers["fc3"].update(biases=3), "are no matrix"),
        (lambda layers: layers["fc3"]["biases"].fill(np.nan), "not finite"),
        (lambda layers: layers["fc3"].update(inputs=["elsewhere", "rnorm1"]), "not there"),
        (lambda layers: layers["pool1"].update(inputs=["fc3"]), "its own output"),
        (lambda layers: layers["fc3"].update(name="conv1"), "two layers have one name"),
        (lambda layers: layers["conv1"].update(type=None), "no name or no type"),
    ],
)
def test_an_unsound_checkpoint_is_refused_in_one_sentence(change: Any, reason: str, tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(python2_pickle(broken(change)))
    with pytest.raises(ArchiveError, match=f"1.1 is no checkpoint of the original programs: .*{reason}"):
        read_checkpoint(tmp_path / "1.1")


def test_other_classes_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(b"\x80\x02}U\x02opcos\nsystem\nU\x10touch was-run\x00\x00\x00\x85Rs.")
    with pytest.raises(ArchiveError, match=r"1\.1 is refused: it asks for os\.system,"):
        read_checkpoint(tmp_path / "1.1")


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (b"", "too early"),
        (b"\x80\x09}.", "protocol 9"),
        (b"\x80\x02" + b"]" * 100_000 + b"a" * 99_999 + b".", "lacks a dictionary"),
        (b"\x80\x02T\xff\xff\xff\x7fabc.", "in the middle of a part"),
        (b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x00abc.", "in the middle of a part"),
        (b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x00abc.", "in the middle of a part"),
        (b"\x80\x02}r\xff\xff\xff\xff.", "model_state"),
        (b"\x80\x02L" + b"9" * 100_000 + b"L\n.", "damaged"),
    ],
)
def test_damaged_and_lying_pickles_are_refused(contents: bytes, reason: str, tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(contents)
    with pytest.raises(ArchiveError, match=reason):
        read_checkpoint(tmp_path / "1.1")


def test_a_truncated_checkpoint_is_refused(tmp_path: Path) -> None:
    file = written(tmp_path / "1.1", "2014")
    whole = file.read_bytes()
    for length in range(0, len(whole), len(whole) // 50):
        file.write_bytes(whole[:length])
        with pytest.raises(ArchiveError, match="1.1"):
            read_checkpoint(file)


def test_one_list_that_is_named_a_thousand_times_costs_no_more_than_it_is_long(tmp_path: Path) -> None:
    long = [1.0] * 10_000
    found = checkpoint(LAYOUTS["2012"], matrices())
    found["model_state"]["train_outputs"] = [({"logprob": long}, 100)] * 10_000
    (tmp_path / "1.1").write_bytes(python2_pickle(found))
    with pytest.raises(ArchiveError, match="more than 5,000,000 parts"):
        read_checkpoint(tmp_path / "1.1")


@pytest.mark.parametrize(
    "contents", [b"PK\x05\x06" + bytes(18), b"PK\x03\x04 nonsense PK\x05\x06" + bytes(18)]
)
def test_a_zip_without_the_member_is_refused(contents: bytes, tmp_path: Path) -> None:
    (tmp_path / "1.1").write_bytes(contents)
    with pytest.raises(ArchiveError, match=r"1\.1: (a \.zip without|a damaged \.zip)|no checkpoint"):
        read_checkpoint(tmp_path / "1.1")


def test_nothing_there_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError, match="holds no checkpoint"):
        read_checkpoint(tmp_path)
    with pytest.raises(ArchiveError, match="cannot be read"):
        read_checkpoint(tmp_path / "none")
