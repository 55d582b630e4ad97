"""What rooms ask about the inside of a network: maps, arithmetic, fields, attribution, lesions."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from service_client import Client

from archive import write_archive
from reproduction.training.initial_weights import initial_weights

sys.path.insert(0, str(Path(__file__).parents[1] / "inside"))
import small_networks  # noqa: E402

Answer = tuple[dict[str, Any], dict[str, np.ndarray]]


def write_small(path: Path, **kind: str) -> Path:
    """An archive of the small two-column network with drawn weights."""
    from archive import Run

    made = small_networks.experiment(**kind)
    side = made.recipe.image_size
    run = Run(
        texts=made.texts.to_mapping(),
        network=made.to_json(),
        weights=initial_weights(made.network, 1),
        state={"seed": 1, "epoch": 0, "batch": 0, "step": 0},
        labels=[f"corner {number}" for number in range(5)],
        label_ids=[""] * 5,
        mean=np.full((3, side, side), 120, np.float32),
        provenance={"program_version": "0.1.0"},
    )
    write_archive(path, run)
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("inside")
    write_small(made / "run.h5")
    drawn = np.random.default_rng(1).integers(0, 256, (36, 54, 3), np.uint8)
    Image.fromarray(drawn).save(made / "wide.png")
    return made


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    service = Client()
    yield service
    service.end()


@pytest.fixture
def ask(client: Client, folder: Path) -> Any:
    """Asks about the picture; fails where the service refuses."""

    def asked(do: str, **more: Any) -> Answer:
        question = {"archive": str(folder / "run.h5"), "picture": str(folder / "wide.png"), "do": do, **more}
        answer, arrays = client.ask(question)
        assert answer["ok"], answer
        return answer, arrays

    return asked


def test_every_layer_says_what_it_answers_and_which_maps_answer_most(ask) -> None:
    answer, arrays = ask("activations")
    layers = {layer["name"]: layer for layer in answer["layers"]}
    assert list(layers)[:3] == ["conv1a", "pool1a", "norm1a"] and layers["conv1b"]["column"] == 1
    assert layers["conv1a"]["shape"] == [4, 7, 7] and layers["fc"]["shape"] == [5]
    assert arrays["crop"].shape == (18, 18, 3) and answer["box"] == [8, 0, 36]
    _, exact = ask("maps", layer="conv1a", channels=[0, 1, 2, 3], exact=True)
    peaks = exact["values"].max(axis=(1, 2))
    assert arrays["order:conv1a"].tolist() == np.argsort(-peaks, kind="stable").tolist()
    assert layers["conv1a"]["largest"] == pytest.approx(float(peaks.max()), rel=1e-3)


def test_maps_are_bytes_between_the_smallest_and_the_largest_answer(ask) -> None:
    answer, arrays = ask("maps", layer="conv1b", exact=True)
    values = arrays["values"].astype(np.float32)
    assert arrays["maps"].dtype == np.uint8 and arrays["maps"].shape == (4, 7, 7)
    back = answer["low"] + arrays["maps"] / 255 * (answer["high"] - answer["low"])
    np.testing.assert_allclose(back, values, atol=(answer["high"] - answer["low"]) / 500)
    _, each = ask("maps", layer="conv1b", scale="map")
    alive = each["high"] > each["low"]
    assert (each["maps"].max(axis=(1, 2))[alive] == 255).all() and each["low"].shape == (4,)


def test_maps_come_in_parts_the_largest_first(ask) -> None:
    _, whole = ask("maps", layer="conv2")
    _, part = ask("maps", layer="conv2", first=2, count=3)
    assert part["channels"].tolist() == whole["channels"][2:5].tolist()
    assert np.array_equal(part["maps"], whole["maps"][2:5])
    _, flat = ask("maps", layer="fc")
    assert flat["maps"].shape == (5, 1, 1)


def test_the_steps_of_a_unit_add_up(ask) -> None:
    answer, arrays = ask("arithmetic", layer="conv2", channel=4, row=1, column=2)
    sums = [float((arrays[f"numbers:{i}"] * arrays[f"weights:{i}"]).sum()) for i in (0, 1)]
    assert [part["total"] for part in answer["parts"]] == pytest.approx(sums, abs=1e-5)
    assert answer["total"] == pytest.approx(sum(sums) + answer["bias"], abs=1e-5)
    assert answer["answer"] == pytest.approx(max(0, answer["total"]), abs=1e-5)
    assert answer["parts"][0]["source"] == "norm1a" and answer["parts"][0]["box"] == [0, 1, 3]


def test_the_field_of_a_unit_needs_no_picture(ask) -> None:
    answer, arrays = ask("field", picture=None, layer="conv1a", row=1, column=2)
    assert answer["box"] == [2, 5, 6, 9] and answer["image_shape"] == [3, 18, 18] and not arrays


@pytest.mark.parametrize("rule", ["gradient", "guided", "deconvolution"])
def test_a_class_or_a_unit_is_attributed_to_pixels_of_its_field(ask, rule) -> None:
    answer, arrays = ask("attribution", rule=rule, **{"class": 3})
    assert answer["layer"] == "fc" and answer["channel"] == 3 and answer["field"] == [0, 0, 18, 18]
    answer, arrays = ask("attribution", rule=rule, layer="conv2", channel=1)
    assert arrays["map"].shape == (3, 18, 18) and arrays["strength"].shape == (18, 18)
    assert np.abs(arrays["map"]).max() == 1 and arrays["strength"].max() == 255 and answer["largest"] > 0
    _, exact = ask("maps", layer="conv2", channels=[1], exact=True)
    assert exact["values"][0, answer["row"], answer["column"]] == exact["values"][0].max()
    outside = np.ones((18, 18), bool)
    top, left, bottom, right = answer["field"]
    outside[top:bottom, left:right] = False
    assert not arrays["strength"][outside].any()


def test_occlusion_is_answered_in_parts(ask) -> None:
    answer, arrays = ask("occlusion", size=6, stride=4, count=10, **{"class": 1})
    assert (answer["places"], answer["total"], len(arrays["answers"])) == (4, 16, 10)
    _, rest = ask("occlusion", size=6, stride=4, first=10, count=10, **{"class": 1})
    assert len(rest["answers"]) == 6
    guesses = {guess["index"]: guess["probability"] for guess in ask("predict", views=1)[0]["guesses"]}
    assert answer["answer"] != 0 and arrays["answers"].mean() == pytest.approx(guesses[1], abs=0.2)
    _, none = ask("occlusion", size=6, stride=4, first=16, **{"class": 1})
    assert len(none["answers"]) == 0


def test_lesions_change_the_guesses_and_say_what_was_done(ask) -> None:
    whole = ask("predict")[0]
    assert whole["lesions"] is None
    off = ask("predict", lesions={"columns": [1], "units": {"conv2": [0]}})[0]
    assert off["guesses"] != whole["guesses"]
    assert off["lesions"]["replaced_by"] == "zero" and "conv1b" in off["lesions"]["silenced"]
    cut = ask("predict", lesions={"cut": True})[0]
    assert cut["lesions"]["cut"] == [["conv2", 1]] and cut["guesses"] != whole["guesses"]
    grey, arrays = ask("predict", lesions={"grey": True})
    assert (arrays["crop"][..., 0] == arrays["crop"][..., 2]).all() and arrays["crop"].shape == (18, 18, 3)
    assert grey["guesses"] != whole["guesses"]
    assert ask("predict")[0]["guesses"] == whole["guesses"]
    _, maps = ask("maps", layer="conv1b", lesions={"columns": [1]}, exact=True)
    assert not maps["values"].any()


@pytest.mark.parametrize(
    ("question", "said"),
    [
        ({"do": "maps", "layer": "nothing"}, "no layer 'nothing'"),
        ({"do": "maps", "layer": "conv1a", "channels": [4]}, "channels 0 to 3"),
        ({"do": "maps", "layer": "conv1a", "lesions": {"columns": [7]}}, "columns 0 to 1"),
        ({"do": "arithmetic", "layer": "pool1a"}, "only conv, local and fc"),
        ({"do": "field", "layer": "conv1a", "row": 7}, "no unit"),
        ({"do": "attribution", "class": 5}, "classes 0 to 4"),
        ({"do": "attribution", "layer": "conv1a", "channel": 9}, "no unit"),
        ({"do": "attribution", "layer": "conv1a", "rule": "magic"}, "no rule 'magic'"),
        ({"do": "occlusion", "class": 0, "size": 99}, "hidden square"),
    ],
)
def test_what_is_not_there_is_refused_in_a_sentence(client, folder, question, said) -> None:
    question = {"archive": str(folder / "run.h5"), "picture": str(folder / "wide.png"), **question}
    answer, _ = client.ask(question)
    assert not answer["ok"] and said in answer["error"] and "\n" not in answer["error"]
