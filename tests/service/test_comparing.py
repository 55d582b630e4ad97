"""Neighbours in the probe set, damage by lesions, abstention: what needs an archive that was asked before."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image
from service_client import Client
from test_inside import write_small

from archive import read_run
from reproduction.cli import main
from reproduction.data.packed import PackedData
from reproduction.errors import UserError
from reproduction.service.comparing import _layers

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
import small_training  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three copies of an archive: never asked, asked without pixels, asked with; and the data."""
    made: Path = tmp_path_factory.mktemp("comparing")
    small_training.write_data(made / "data.h5", test=150, side=18, classes=5)
    for name, words in (("bare", None), ("asked", []), ("stored", ["--store-pictures"])):
        write_small(made / f"{name}.h5")
        if words is not None:
            asked = ["activations", made / f"{name}.h5", "--data", made / "data.h5", *words]
            assert main([str(word) for word in asked]) == 0
    with PackedData(made / "data.h5") as data:
        pixels = data.images("test")[7]
    Image.fromarray(np.moveaxis(pixels, 0, -1)).save(made / "seventh.png")
    return made


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    service = Client()
    yield service
    service.end()


@pytest.fixture
def ask(client: Client, folder: Path) -> Any:
    def asked(do: str, archive: str = "stored", **more: Any) -> Any:
        picture = str(folder / "seventh.png")
        answer, arrays = client.ask(
            {"do": do, "archive": str(folder / f"{archive}.h5"), "picture": picture, **more}
        )
        assert answer["ok"], answer
        return answer, arrays

    return asked


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_a_picture_of_the_probe_set_is_its_own_nearest_neighbour(ask, folder, metric) -> None:
    answer, arrays = ask("neighbours", metric=metric, count=5)
    rows = answer["neighbours"]
    assert answer["layers"] == ["local"] and answer["images"] == 150 and len(rows) == 5
    assert rows[0]["number"] == 7 and rows[0]["picture"] == 7 and rows[0]["distance"] < 1e-3
    assert [row["distance"] for row in rows] == sorted(row["distance"] for row in rows)
    found = read_run(folder / "stored.h5").activations
    assert found is not None and found.thumbnails is not None
    numbers = [row["number"] for row in rows]
    assert np.array_equal(arrays["thumbnails"], np.moveaxis(found.thumbnails[numbers], 1, -1))
    features = found.features["local"].astype(np.float64)
    if metric == "euclidean":
        expected = np.linalg.norm(features - features[7], axis=1)
        assert numbers == np.argsort(expected, kind="stable")[:5].tolist()
        np.testing.assert_allclose([row["distance"] for row in rows][1:], np.sort(expected)[1:5], rtol=1e-2)


def test_neighbours_by_pixels_are_other_ones_and_need_stored_pictures(ask, client, folder) -> None:
    answer, _ = ask("neighbours", by="pixels", count=150)
    assert answer["neighbours"][0]["number"] == 7 and answer["neighbours"][0]["distance"] == 0
    found = read_run(folder / "stored.h5").activations
    assert found is not None and found.thumbnails is not None
    pixels = found.thumbnails.reshape(150, -1).astype(np.float64)
    expected = np.argsort(np.linalg.norm(pixels - pixels[7], axis=1), kind="stable")
    assert [row["number"] for row in answer["neighbours"]] == expected.tolist()
    by_features, _ = ask("neighbours", count=150)
    assert [row["number"] for row in by_features["neighbours"]] != expected.tolist()
    without, arrays = ask("neighbours", "asked")
    assert not without["stored"] and not arrays
    question = {"do": "neighbours", "archive": str(folder / "asked.h5"), "by": "pixels"}
    refused, _ = client.ask({**question, "picture": str(folder / "seventh.png")})
    assert not refused["ok"] and "--store-pictures" in refused["error"]


def test_an_archive_that_was_never_asked_names_the_command(client, folder) -> None:
    question = {
        "do": "neighbours",
        "archive": str(folder / "bare.h5"),
        "picture": str(folder / "seventh.png"),
    }
    refused, _ = client.ask(question)
    assert not refused["ok"] and "alexnet activations bare.h5 --data DATA" in refused["error"]


NETWORK = {
    "columns": 2,
    "layers": [{"name": "a", "column": 0}, {"name": "b", "column": 1}, {"name": "joined", "column": 0}],
}
LEVELS = [["a", "b"], ["joined"]]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ({}, ["a", "b"]),
        ({"level": 1}, ["joined"]),
        ({"layer": "b"}, ["b"]),
        ({"column": 1}, ["b"]),
        ({"level": 2}, None),
        ({"layer": "c"}, None),
        ({"level": 1, "column": 1}, None),
    ],
)
def test_layer_level_and_column_choose_the_features(question, expected) -> None:
    if expected is None:
        with pytest.raises(UserError):
            _layers(NETWORK, LEVELS, question)
    else:
        assert _layers(NETWORK, LEVELS, question) == expected


def test_damage_is_added_up_from_parts_and_agrees_with_the_test(ask, folder, capsys) -> None:
    lesions = {"columns": [1]}
    data = str(folder / "data.h5")
    whole, best = ask("damage", data=data, lesions=lesions, count=150)
    for which in ("whole", "lesioned"):
        assert (best[which] != best["labels"]).sum() == whole[which]["top1"]
    assert (best["whole"] != best["lesioned"]).sum() == whole["changed"]
    assert whole["total"] == whole["images"] == 150 and whole["split"] == "test"
    parts = [ask("damage", data=data, lesions=lesions, first=first, count=60)[0] for first in (0, 60, 120)]
    for name in ("kl", "changed", "images"):
        assert sum(part[name] for part in parts) == pytest.approx(whole[name], rel=1e-4)
    for which in ("whole", "lesioned"):
        for name in ("top1", "topk", "loss"):
            assert sum(part[which][name] for part in parts) == pytest.approx(whole[which][name], rel=1e-4)
    assert whole["kl"] > 0 and whole["whole"] != whole["lesioned"]
    assert whole["lesions"]["replaced_by"] == "mean"
    assert main(["test", str(folder / "stored.h5"), "--data", data, "--json"]) == 0
    import json

    tested = json.loads(capsys.readouterr().out)
    assert whole["whole"]["top1"] / 150 == pytest.approx(tested["top1"])
    assert whole["whole"]["loss"] / 150 == pytest.approx(tested["loss"], rel=1e-4)


def test_no_lesion_does_no_damage(ask, folder) -> None:
    answer, _ = ask("damage", data=str(folder / "data.h5"), count=20)
    assert answer["kl"] == 0 and answer["changed"] == 0 and answer["whole"] == answer["lesioned"]
    beyond, _ = ask("damage", data=str(folder / "data.h5"), first=150)
    assert beyond["images"] == 0


def test_wrong_or_missing_data_is_refused_in_a_sentence(client, folder, tmp_path) -> None:
    question = {"do": "damage", "archive": str(folder / "stored.h5")}
    answer, _ = client.ask(question)
    assert not answer["ok"] and "name them with --data" in answer["error"]
    small_training.write_data(tmp_path / "other.h5", side=16, classes=5)
    answer, _ = client.ask({**question, "data": str(tmp_path / "other.h5")})
    assert not answer["ok"] and "16x16" in answer["error"]


def test_damaged_activations_are_said_and_the_service_goes_on(client, folder, tmp_path) -> None:
    path = tmp_path / "run.h5"
    path.write_bytes((folder / "stored.h5").read_bytes())
    with h5py.File(path, "r+") as file:
        del file["activations/features/local"]
    question = {"archive": str(path), "picture": str(folder / "seventh.png")}
    answer, _ = client.ask({**question, "do": "neighbours"})
    assert not answer["ok"] and "features/local is missing" in answer["error"]
    assert client.ask({**question, "do": "predict"})[0]["ok"]


def test_an_archive_that_was_asked_meanwhile_is_read_again(client, folder, tmp_path) -> None:
    path = tmp_path / "run.h5"
    path.write_bytes((folder / "bare.h5").read_bytes())
    question = {"archive": str(path), "picture": str(folder / "seventh.png"), "do": "neighbours"}
    assert not client.ask(question)[0]["ok"]
    words = ["activations", path, "--data", folder / "data.h5", "--limit", 10]
    assert main([str(word) for word in words]) == 0
    assert client.ask(question)[0]["images"] == 10


def test_a_silenced_unit_answers_with_its_mean_over_the_probe_set(ask, folder) -> None:
    lesions = {"units": {"conv1a": [2]}}
    answer, arrays = ask("maps", layer="conv1a", channels=[2], exact=True, lesions=lesions)
    found = read_run(folder / "stored.h5").activations
    assert found is not None
    np.testing.assert_allclose(arrays["values"], found.units["conv1a"]["mean"][2], rtol=1e-3)


def test_abstention_is_said_where_a_rule_was_calibrated_for_what_is_asked(ask) -> None:
    assert ask("predict", "bare")[0]["abstention"] is None
    assert ask("predict", "bare")[0]["abstains"] is None
    answer, _ = ask("predict")
    rule = answer["abstention"]
    assert rule["rule"] == "probability" and rule["calibrated_on"] == rule["checked_on"] == 75
    expected = None if rule["threshold"] is None else answer["guesses"][0]["probability"] < rule["threshold"]
    assert answer["abstains"] is expected
    assert ask("predict", lesions={"grey": True})[0]["abstains"] is None
