"""What the worker says about pictures, as values, words and tables."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest

from app.answers import Answer, Guess, Row, answer_of, look_of, percent, results_csv


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (1.0, "100 %"),
        (0.934, "93 %"),
        (0.0996, "10 %"),
        (0.063, "6.3 %"),
        (0.001, "0.1 %"),
        (0.00004, "< 0.1 %"),
    ],
)
def test_probabilities_are_said_as_people_read_them(probability: float, text: str) -> None:
    assert percent(probability) == text


def test_a_label_is_cut_at_its_first_comma() -> None:
    assert Guess("tench, Tinca tinca", 0.5).short == "tench"
    assert Guess("ship", 0.5).short == "ship"


def test_a_reply_becomes_a_look_and_an_answer() -> None:
    message = {
        "width": 640, "height": 480, "box": [80, 0, 480], "notes": ["turned upright"],
        "views": 10, "seconds": 0.2,
        "guesses": [{"label": "cat", "label_id": "", "index": 3, "probability": 0.7}],
    }  # fmt: skip
    arrays = {"preview": np.zeros((48, 64, 3), np.uint8), "crop": np.zeros((32, 32, 3), np.uint8)}
    look = look_of(message, arrays)
    assert (look.size, look.box, look.notes) == ((640, 480), (80.0, 0.0, 480.0), ("turned upright",))
    assert answer_of(message) == Answer((Guess("cat", 0.7),), 10, 0.2)


def test_the_table_of_many_keeps_failures_and_whole_labels() -> None:
    rows = [
        Row("a,b.jpg", Answer((Guess("tench, Tinca tinca", 0.5), Guess("eel", 0.25)), 1, 0.1, abstains=True)),
        Row("broken.jpg", None, "broken.jpg is truncated"),
    ]
    read = list(csv.reader(io.StringIO(results_csv(rows))))
    assert {len(row) for row in read} == {13}
    assert read[1][:5] == ["a,b.jpg", "tench, Tinca tinca", "0.500000", "eel", "0.250000"]
    assert read[0][-2:] == ["no good word", "error"] and read[1][-2:] == ["yes", ""]
    assert read[2][0] == "broken.jpg" and read[2][-1] == "broken.jpg is truncated"
