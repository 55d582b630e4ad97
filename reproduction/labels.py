"""Words of the museum for classes, and the classes that it does not name to school groups.

Both are tables in `assets/labels`, keyed by WordNet id, and say themselves how they came about.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from pathlib import Path

LABELS = Path(str(resources.files("assets"))) / "labels"


def visitor_words(labels: Sequence[str], label_ids: Sequence[str]) -> tuple[list[str], list[str]]:
    """The words and WordNet ids of classes that data name `labels` and `label_ids` (the same length).

    A class is known by its id, or where there is none ("") by its name; what is not known stays as it is.
    """
    known = [
        _words().get(identity(name, wordnet_id), (name, wordnet_id))
        for name, wordnet_id in zip(labels, label_ids, strict=True)
    ]
    return [words for words, _ in known], [wordnet_id for _, wordnet_id in known]


def identity(label: str, label_id: str) -> str:
    """What tells a class from others whatever it is called: its WordNet id, given or known by its name."""
    return label_id or _ids_by_name().get(label, label)


def hidden_from_school_groups() -> dict[str, str]:
    """WordNet id -> reason, one word, of every class on the reviewed list."""
    return {wordnet_id: reason for wordnet_id, _, reason in _rows("not-for-school-groups.tsv")}


@cache
def _words() -> dict[str, tuple[str, str]]:
    """WordNet id -> (words, WordNet id)."""
    return {row[0]: (row[1], row[0]) for row in _rows("words.tsv")}


@cache
def _ids_by_name() -> dict[str, str]:
    """Name in a data set without ids -> WordNet id."""
    return {row[2]: row[0] for row in _rows("words.tsv") if len(row) > 2}


def _rows(name: str) -> Iterator[list[str]]:
    """The rows of a table, without its comments."""
    for line in (LABELS / name).read_text(encoding="utf-8").splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")
