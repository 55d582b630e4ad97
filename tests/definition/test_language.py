"""The .cfg syntax, as the original's reader had it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reproduction.definition.language import MAX_BYTES, near, parse, quoted, read_text
from reproduction.errors import DefinitionError


def values(text: str) -> dict[str, dict[str, str]]:
    document = parse(text, "x.cfg")
    return {
        name: {key: entry.value for key, entry in section.entries.items()}
        for name, section in document.sections.items()
    }


def error(text: str) -> str:
    with pytest.raises(DefinitionError) as caught:
        parse(text, "x.cfg")
    return str(caught.value)


def test_sections_keep_the_order_of_the_file_and_the_case_of_their_names() -> None:
    assert list(values("[b]\nk=1\n[A]\n[a]\n")) == ["b", "A", "a"]


def test_keys_are_case_insensitive_and_take_equals_or_colon() -> None:
    assert values("[a]\ninitW=1\nFilterSize : 5\n") == {"a": {"initw": "1", "filtersize": "5"}}


def test_lines_of_comment_and_inline_comments_after_white_space_are_left_out() -> None:
    text = "# top\n; too\n[a]\nk=1 ; said\nl=1;2\n   # indented\nm=3 # part of the value\n"
    assert values(text) == {"a": {"k": "1", "l": "1;2", "m": "3 # part of the value"}}


def test_an_indented_line_continues_the_value_before_it() -> None:
    assert values("[a]\ninputs=x,\n  y,\n\tz\nk=1\n")["a"] == {"inputs": "x,\ny,\nz", "k": "1"}


def test_a_section_that_occurs_twice_is_merged_and_the_later_value_wins() -> None:
    assert values("[a]\nk=1\nl=1\n[b]\n[a]\nk=2\n") == {"a": {"k": "2", "l": "1"}, "b": {}}


def test_line_ends_of_all_systems_and_a_byte_order_mark_are_understood() -> None:
    assert values("\ufeff[a]\r\nk=1\r[b]\nk=2") == {"a": {"k": "1"}, "b": {"k": "2"}}


def test_the_default_section_is_no_layer() -> None:
    document = parse("[DEFAULT]\nchannels=3\n[a]\nk=1\n", "x.cfg")
    assert list(document.sections) == ["a"]
    assert document.defaults["channels"].value == "3"


def test_every_entry_knows_its_line() -> None:
    document = parse("[a]\n\nk=1\n", "x.cfg")
    assert document.sections["a"].line == 1
    assert document.sections["a"].entries["k"].where == "x.cfg line 3"


def test_text_before_the_first_section_is_an_error() -> None:
    assert error("\nhello\n[a]\n") == (
        "x.cfg line 2: expected a section such as [conv1] before anything else, got 'hello'"
    )


def test_a_line_that_is_neither_section_nor_key_is_an_error() -> None:
    assert error("[a]\nk=1\nnonsense\n") == "x.cfg line 3: expected [section] or key=value, got 'nonsense'"


def test_interpolation_is_refused() -> None:
    assert error("[a]\nk=%(x)s\n") == "x.cfg line 2: key 'k': '%' in a value is not read, got '%(x)s'"


@pytest.mark.parametrize("name", ["a/b", "", "a b", "é", "..", ".", "a\\b", "x" * 65])
def test_names_that_could_not_be_archive_keys_are_refused(name: str) -> None:
    assert error(f"[{name}]\n").startswith(
        "x.cfg line 1: a layer name is made of letters, digits, '-', '_' and '.'"
    )


def test_names_with_hyphens_and_dots_are_layer_names() -> None:
    assert list(values("[conv32-2]\n[fc1024-2a.b_1]\n")) == ["conv32-2", "fc1024-2a.b_1"]


def test_a_binary_file_is_refused_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "run.h5"
    path.write_bytes(b"\x89HDF\r\n\x1a\n\0\0\0\0")
    with pytest.raises(DefinitionError, match="this is a binary file"):
        read_text(path)


def test_a_file_that_is_too_long_is_refused_before_it_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "long.cfg"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    with pytest.raises(DefinitionError, match="longer than 1,000,000 bytes"):
        read_text(path)


def test_old_notes_in_latin_1_are_read(tmp_path: Path) -> None:
    path = tmp_path / "old.cfg"
    path.write_bytes("# naïve\n[a]\n".encode("latin-1"))
    assert read_text(path) == "# naïve\n[a]\n"


def test_a_missing_file_and_a_folder_are_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none\.cfg: cannot be read \(no such file or directory\)"):
        read_text(tmp_path / "none.cfg")
    with pytest.raises(DefinitionError, match="cannot be read"):
        read_text(tmp_path)


def test_quoted_text_is_short_and_harmless() -> None:
    assert quoted("a\n b\x1b[31m") == "'a b?[31m'"
    assert len(quoted("x" * 500)) == 62


def test_near_names_what_is_alike_whatever_its_case() -> None:
    assert near("FILTERSIZ", ["filterSize", "padding"]) == "; did you mean 'filterSize'?"
    assert near("qqq", ["filterSize"]) == ""


@given(st.text(max_size=300))
@settings(deadline=None)
def test_any_text_is_read_or_refused_with_one_line(text: str) -> None:
    try:
        parse(text, "x.cfg")
    except DefinitionError as caught:
        assert "\n" not in str(caught)


@pytest.mark.parametrize(
    "line", ["[a]\n", "k=1\n", " x\n", "[" * 10, "a" * 1000 + "=1\n", "=\n", ":" * 50 + "\n"]
)
def test_a_megabyte_of_anything_is_read_or_refused_within_seconds(line: str) -> None:
    text = "[a]\nk=1\n" + line * (MAX_BYTES // len(line) - 1)
    begun = time.monotonic()
    try:
        parse(text, "x.cfg")
    except DefinitionError:
        pass
    assert time.monotonic() - begun < 10
