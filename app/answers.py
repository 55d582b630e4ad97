"""What the worker answers about a picture, as values; and answers about many pictures as a table. No Qt."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Arrays = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class Guess:
    """One class and how probable the network finds it (0..1)."""

    label: str
    probability: float

    @property
    def short(self) -> str:
        """The label up to its first comma: ImageNet's labels list every synonym."""
        return self.label.split(",")[0].strip()


@dataclass(frozen=True)
class Look:
    """A picture as it was decoded: pixels for the screen, and the square that the network sees.

    pixels (h, w, 3) has at most 1024 a side; `size` is the upright picture's own (width, height), and
    `box` (left, top, side) the square in those pixels; crop (s, s, 3) is what is in it at the network's size.
    """

    pixels: Bytes
    crop: Bytes
    size: tuple[int, int]
    box: tuple[float, float, float]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Guesses, best first, from `views` looks at the picture, and how long that took."""

    guesses: tuple[Guess, ...]
    views: int
    seconds: float


def look_of(message: Mapping[str, Any], arrays: Arrays) -> Look:
    """The picture in a reply to `preview` or `predict`."""
    left, top, side = message["box"]
    return Look(
        pixels=arrays["preview"],
        crop=arrays["crop"],
        size=(int(message["width"]), int(message["height"])),
        box=(float(left), float(top), float(side)),
        notes=tuple(message.get("notes", ())),
    )


def answer_of(message: Mapping[str, Any]) -> Answer:
    """The guesses in a reply to `predict`."""
    guesses = tuple(Guess(str(guess["label"]), float(guess["probability"])) for guess in message["guesses"])
    return Answer(guesses, int(message["views"]), float(message["seconds"]))


def percent(probability: float) -> str:
    """A probability as people read it: 93 %, 6.3 %, < 0.1 %."""
    if probability >= 0.0995:
        return f"{100 * probability:.0f} %"
    return "< 0.1 %" if probability < 0.001 else f"{100 * probability:.1f} %"


@dataclass(frozen=True)
class Row:
    """One picture of many: its guesses, or why there are none."""

    name: str
    answer: Answer | None = None
    error: str = ""


def results_csv(rows: Iterable[Row], top: int = 5) -> str:
    """All answers as CSV: picture, the guesses with their probabilities, and what went wrong."""
    text = io.StringIO()
    writer = csv.writer(text)
    headings = [word for place in range(1, top + 1) for word in (f"guess {place}", f"probability {place}")]
    writer.writerow(["picture", *headings, "error"])
    for row in rows:
        guesses = row.answer.guesses[:top] if row.answer else ()
        cells = [cell for guess in guesses for cell in (guess.label, f"{guess.probability:.6f}")]
        writer.writerow([row.name, *cells, *[""] * (2 * top - len(cells)), row.error])
    return text.getvalue()
