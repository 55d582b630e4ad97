"""The worker process as the museum uses it: real frames through real pipes; nothing broken ever kills it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from service_client import Client

from reproduction.service.requests import HOMES, handler

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))
import small_training  # noqa: E402


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of a short training and some pictures."""
    made: Path = tmp_path_factory.mktemp("service")
    small_training.write_texts(made)
    small_training.write_data(made / "corners.h5")
    words = [
        "train",
        made / "small.toml",
        "--data",
        made / "corners.h5",
        "--out",
        made / "run.h5",
        "--epochs",
        1,
    ]
    trained = small_training.run(*words)
    assert trained.returncode == 0, trained.stderr
    drawn = np.random.default_rng(1).integers(0, 256, (300, 2000, 3), np.uint8)
    Image.fromarray(drawn).save(made / "wide.png")
    return made


@pytest.fixture(scope="module")
def client(folder: Path) -> Iterator[Client]:
    service = Client()
    yield service
    service.end()


def test_it_says_hello_with_the_version_of_torch(client) -> None:
    answer, _ = client.ask({"do": "hello"})
    assert answer["ok"] and answer["torch"]


def test_it_predicts_from_a_path_and_shows_what_the_network_sees(client, folder) -> None:
    question = {"do": "predict", "archive": str(folder / "run.h5"), "views": 1, "top": 3}
    answer, arrays = client.ask({**question, "picture": str(folder / "wide.png")})
    assert answer["ok"], answer
    assert (answer["width"], answer["height"], answer["views"]) == (2000, 300, 1)
    assert answer["box"] == [850 + 25, 25, 250]  # 10 of 12 pixels of the central square of 300
    assert arrays["preview"].shape == (154, 1024, 3) and arrays["preview"].dtype == np.uint8
    assert arrays["crop"].shape == (10, 10, 3)
    chances = [guess["probability"] for guess in answer["guesses"]]
    assert len(chances) == 3 and chances == sorted(chances, reverse=True) and sum(chances) <= 1.0001
    assert answer["guesses"][0]["label"].startswith("corner ") and answer["seconds"] >= 0


def test_bytes_give_the_same_as_the_file(client, folder) -> None:
    question = {"do": "predict", "archive": str(folder / "run.h5"), "views": 10, "top": 4}
    by_path, _ = client.ask({**question, "picture": str(folder / "wide.png")})
    contents = np.frombuffer((folder / "wide.png").read_bytes(), np.uint8)
    by_bytes, _ = client.ask({**question, "picture": None}, {"bytes": contents})
    assert by_path["guesses"] == by_bytes["guesses"] and by_path["views"] == 9


def test_ten_looks_are_refined_one_by_one_up_to_the_answer_from_all(client, folder) -> None:
    question = {"do": "predict", "archive": str(folder / "run.h5"), "top": 4}
    question |= {"picture": str(folder / "wide.png")}
    one, _ = client.ask({**question, "views": 1})
    whole, _ = client.ask({**question, "views": 10})
    count = whole["views"]
    refined = [client.ask({**question, "views": 10, "looks": looks}) for looks in range(1, count + 1)]
    assert all(not arrays for _, arrays in refined), "the picture is not sent again"
    answers = [answer for answer, _ in refined]
    assert [answer["looks"] for answer in answers] == list(range(1, count + 1))
    assert answers[0]["view_box"] == one["box"] and answers[-1]["views"] == count
    boxes = {(tuple(answer["view_box"]), answer["mirrored"]) for answer in answers}
    assert len(boxes) == count
    for place, guess in enumerate(whole["guesses"]):
        assert answers[-1]["guesses"][place]["label"] == guess["label"]
        assert answers[-1]["guesses"][place]["probability"] == pytest.approx(guess["probability"], rel=1e-5)
    again, _ = client.ask({**question, "views": 10, "looks": 3})
    assert again["guesses"] == answers[2]["guesses"]


def test_a_preview_needs_no_computing(client, folder) -> None:
    question = {"do": "preview", "archive": str(folder / "run.h5"), "picture": str(folder / "wide.png")}
    answer, arrays = client.ask(question)
    assert answer["ok"] and answer["box"] == [875, 25, 250] and "guesses" not in answer
    assert set(arrays) == {"preview", "crop"}


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"do": "dance"}, "dance"),
        ({}, "None"),
        ({"do": "open", "archive": "/nowhere/run.h5"}, "nowhere/run.h5"),
        ({"do": "open"}, "archive"),
        ({"do": "open", "archive": "a\0b"}, "cannot be read"),
        ({"do": "predict", "archive": "RUN", "picture": "/nowhere/cat.jpg"}, "cat.jpg"),
        ({"do": "predict", "archive": "RUN", "picture": None}, "no picture"),
        ({"do": "predict", "archive": "RUN", "picture": "RUN"}, "run.h5 is not a picture"),
        ({"do": "predict", "archive": "PICTURE", "picture": "PICTURE"}, "wide.png"),
        ({"do": "predict", "archive": "RUN", "picture": "PICTURE", "views": "many"}, "could not be computed"),
    ],
)
def test_trouble_is_one_sentence_and_the_service_goes_on(client, folder, message, said) -> None:
    names = {"RUN": str(folder / "run.h5"), "PICTURE": str(folder / "wide.png")}
    answer, arrays = client.ask({key: names.get(value, value) for key, value in message.items()})
    assert answer["ok"] is False and said in answer["error"] and "\n" not in answer["error"]
    assert not arrays
    assert client.ask({"do": "hello"})[0]["ok"]


@pytest.mark.parametrize("name", HOMES)
def test_every_request_of_the_table_has_its_function(name: str) -> None:
    assert handler(name).__name__ == name and handler(name).__doc__


def test_damaged_pictures_are_said_to_be(client, folder) -> None:
    contents = np.frombuffer((folder / "wide.png").read_bytes()[:-5000], np.uint8)
    question = {"do": "predict", "archive": str(folder / "run.h5"), "picture": None}
    answer, _ = client.ask(question, {"bytes": contents})
    assert not answer["ok"] and "truncated" in answer["error"]
    assert not client.ask(question, {"bytes": np.zeros(1000, np.uint8)})[0]["ok"]


def test_an_archive_that_was_replaced_is_read_again(client, folder, tmp_path) -> None:
    path = tmp_path / "run.h5"
    path.write_bytes((folder / "run.h5").read_bytes())
    question = {"do": "predict", "archive": str(path), "picture": str(folder / "wide.png"), "top": 4}
    before, _ = client.ask(question)
    words = ["resume", path, "--data", folder / "corners.h5", "--epochs", 2]
    assert small_training.run(*words).returncode == 0
    after, _ = client.ask(question)
    assert before["guesses"] != after["guesses"]


def test_it_ends_when_nobody_asks_any_more() -> None:
    service = Client()
    assert service.ask({"do": "hello"})[0]["ok"]
    service.process.communicate(timeout=30)
    assert service.process.returncode == 0


def test_a_stream_that_holds_no_frames_ends_it_with_a_word() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "reproduction.service"],
        env=small_training.environment(),
        input=b"\xff" * 100,
        capture_output=True,
        timeout=60,
    )
    assert ended.returncode == 1 and b"holds no frames" in ended.stderr and ended.stdout == b""
