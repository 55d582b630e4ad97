"""Words for classes: known by WordNet id or by a data set's name; the list for school groups."""

from __future__ import annotations

import re

import pytest

from reproduction.data.batches import CIFAR_CLASSES
from reproduction.labels import LABELS, hidden_from_school_groups, identity, visitor_words

TABLES = ("words.tsv", "not-for-school-groups.tsv")


def rows(name: str) -> list[list[str]]:
    lines = (LABELS / name).read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines if not line.startswith("#")]


def test_a_class_is_known_by_its_wordnet_id_whatever_the_data_call_it() -> None:
    said, ids = visitor_words(["puma, cougar, catamount", "my cat"], ["n02125311", "n02123045"])
    assert (said, ids) == (["puma", "tabby cat"], ["n02125311", "n02123045"])


def test_the_classes_of_cifar_10_are_known_by_name_and_get_wordnet_ids() -> None:
    said, ids = visitor_words(CIFAR_CLASSES, [""] * 10)
    assert said == CIFAR_CLASSES
    assert ids[:2] == ["n02691156", "n02958343"] and len(set(ids)) == 10


def test_a_class_that_is_not_known_keeps_its_name() -> None:
    assert visitor_words(["grandmother", "seven"], ["", "n99999999"]) == (
        ["grandmother", "seven"],
        ["", "n99999999"],
    )


def test_a_class_is_the_same_with_and_without_its_id_but_not_for_its_words_alone() -> None:
    assert identity("cat", "") == identity("anything", "n02121620")
    assert identity("tabby cat", "") != identity("tabby cat", "n02123045")


@pytest.mark.parametrize("name", TABLES)
def test_a_table_names_each_class_once_in_words_for_a_visitor(name: str) -> None:
    found = rows(name)
    assert len({row[0] for row in found}) == len(found)
    for wordnet_id, words, *_ in found:
        assert re.fullmatch(r"n\d{8}", wordnet_id)
        assert 2 <= len(words) <= 24 and "," not in words and words == words.strip()


def test_words_tell_all_classes_apart() -> None:
    words = [row[1] for row in rows("words.tsv")]
    assert len(set(words)) == len(words) == 210


def test_school_groups_are_not_shown_what_insults_a_visitor_or_is_not_for_children() -> None:
    hidden = hidden_from_school_groups()
    assert hidden["n02481823"] == "insult"  # chimpanzee, said of a face in front of the camera
    assert hidden["n02823428"] == "alcohol" and hidden["n04008634"] == "weapon"
    assert "n01770393" not in hidden  # a scorpion frightens, and is what children come for
    assert set(hidden.values()) == {"insult", "weapon", "alcohol", "drugs", "death", "body", "belief"}


def test_both_tables_call_a_class_the_same() -> None:
    known = {row[0]: row[1] for row in rows("words.tsv")}
    assert all(known.get(row[0], row[1]) == row[1] for row in rows("not-for-school-groups.tsv"))
