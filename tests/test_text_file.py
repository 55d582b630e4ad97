"""Text files appear whole or not at all, and what stands in the way is said in one sentence."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reproduction.errors import UserError
from reproduction.text_file import write_text


def test_a_text_replaces_an_older_one_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "drawing.svg"
    for text in ("first", "zweiter, länger\n"):
        write_text(file, text)
        assert file.read_bytes() == text.encode()
    assert list(tmp_path.iterdir()) == [file]


def test_what_a_killed_writer_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / "drawing.svg.new").write_text("torn")
    write_text(tmp_path / "drawing.svg", "whole")
    assert [path.name for path in tmp_path.iterdir()] == ["drawing.svg"]


def test_a_text_that_cannot_be_encoded_leaves_the_older_file(tmp_path: Path) -> None:
    file = tmp_path / "drawing.svg"
    write_text(file, "older")
    with pytest.raises(UnicodeEncodeError):
        write_text(file, "\ud800")
    assert file.read_text() == "older" and list(tmp_path.iterdir()) == [file]


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_stays_a_link(tmp_path: Path) -> None:
    target, link = tmp_path / "target.svg", tmp_path / "link.svg"
    target.write_text("older")
    link.symlink_to(target)
    write_text(link, "newer")
    assert link.is_symlink() and target.read_text() == "newer"
    circle = tmp_path / "circle.svg"
    circle.symlink_to(circle)
    with pytest.raises(UserError, match="could not be written"):
        write_text(circle, "text")


def test_a_missing_folder_and_a_folder_in_its_place_are_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="there is no folder"):
        write_text(tmp_path / "nowhere" / "drawing.svg", "text")
    with pytest.raises(UserError, match="is not a file"):
        write_text(tmp_path, "text")
    with pytest.raises(UserError, match="could not be written"):
        write_text(tmp_path / ("long" * 100), "text")


@pytest.mark.skipif(
    not hasattr(os, "geteuid") or os.geteuid() == 0, reason="needs a user whom permissions stop"
)
def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="permission denied"):
        write_text(tmp_path / "drawing.svg", "text")
