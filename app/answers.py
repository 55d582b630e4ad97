"""What the worker answers about a picture, as values; and answers about many pictures as a table. No Qt."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduction.labels import hidden_from_school_groups, visitor_words

Bytes = NDArray[np.uint8]
Arrays = Mapping[str, NDArray[Any]]

YES_OR_NO = {True: "yes", False: "no", None: ""}


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
class Rule:
    """When a network has no good word for a picture: it is less sure of its best class than `threshold`.

    Of the pictures that were put aside to check the rule, `accepted` (0..1) were above it, and of these
    `right` were named rightly; None where that is not known.
    """

    threshold: float
    accepted: float | None
    right: float | None


@dataclass(frozen=True)
class Answer:
    """Guesses, best first, from `views` looks at the picture, and how long that took.

    `looks`: so many of these views were looked at so far, `view` (left, top, side) was the last of them.
    `abstains`: whether the network has no good word by `rule`; None where the rule says nothing.
    `replaced_by`: what stands in for the units that are off: "mean", "zero", "both" or "".
    """

    guesses: tuple[Guess, ...]
    views: int
    seconds: float
    looks: int = 0
    view: tuple[float, float, float] | None = None
    abstains: bool | None = None
    rule: Rule | None = None
    replaced_by: str = ""


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


def answer_of(message: Mapping[str, Any], unnamed: str = "") -> Answer:
    """The answer in a reply to `predict`, its classes in words that a visitor knows.

    `unnamed`: what is said in place of the names that are not for school groups; empty to say all names.
    """
    left_top_side = message.get("view_box")
    return Answer(
        tuple(_guess_of(guess, unnamed) for guess in message["guesses"]),
        int(message["views"]),
        float(message["seconds"]),
        int(message.get("looks") or 0),
        None if left_top_side is None else (left_top_side[0], left_top_side[1], left_top_side[2]),
        message.get("abstains"),
        _rule_of(message.get("abstention")),
        str((message.get("lesions") or {}).get("replaced_by", "")),
    )


def _guess_of(guess: Mapping[str, Any], unnamed: str) -> Guess:
    (words,), (identity,) = visitor_words([str(guess["label"])], [str(guess.get("label_id") or "")])
    hidden = unnamed and identity in hidden_from_school_groups()
    return Guess(unnamed if hidden else words, float(guess["probability"]))


def class_words(labels: Sequence[str], identities: Sequence[str], unnamed: str = "") -> tuple[str, ...]:
    """What a visitor calls the classes of an archive, short; `unnamed` as in `answer_of`."""
    words = visitor_words(list(labels), list(identities))
    hidden = hidden_from_school_groups() if unnamed else frozenset()
    return tuple(
        unnamed if identity in hidden else word.split(",")[0].strip()
        for word, identity in zip(*words, strict=True)
    )


def _rule_of(stored: Any) -> Rule | None:
    """The archive's rule, where it has a threshold; a rule of another kind says nothing here."""
    if not isinstance(stored, Mapping) or stored.get("rule") != "probability":
        return None
    threshold, shares = stored.get("threshold"), [stored.get(name) for name in ("accepted", "right")]
    if not isinstance(threshold, int | float):
        return None
    accepted, right = (float(share) if isinstance(share, int | float) else None for share in shares)
    return Rule(float(threshold), accepted, right)


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
    """All answers as CSV: picture, guesses with probabilities, whether to say nothing, and what went wrong.

    "no good word" is yes or no, and empty where the archive has no rule for it.
    """
    text = io.StringIO()
    writer = csv.writer(text)
    headings = [word for place in range(1, top + 1) for word in (f"guess {place}", f"probability {place}")]
    writer.writerow(["picture", *headings, "no good word", "error"])
    for row in rows:
        guesses = row.answer.guesses[:top] if row.answer else ()
        cells = [cell for guess in guesses for cell in (guess.label, f"{guess.probability:.6f}")]
        abstains = YES_OR_NO[row.answer.abstains] if row.answer else ""
        writer.writerow([row.name, *cells, *[""] * (2 * top - len(cells)), abstains, row.error])
    return text.getvalue()
