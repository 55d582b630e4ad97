"""What is dropped is sorted by suffix and first bytes."""

from __future__ import annotations

from pathlib import Path

from app.drops import sort_paths


def made(folder: Path, name: str, content: bytes = b"") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_archives_pictures_and_others_are_told_apart(tmp_path: Path) -> None:
    archive, picture = made(tmp_path, "run.H5"), made(tmp_path, "cat.JPeG")
    notes, missing = made(tmp_path, "notes.txt", b"words"), tmp_path / "missing"
    found = sort_paths([archive, picture, notes, missing])
    assert (found.archives, found.pictures, found.refused) == ([archive], [picture], [notes, missing])


def test_files_without_a_known_suffix_are_known_by_their_first_bytes(tmp_path: Path) -> None:
    archive = made(tmp_path, "run", b"\x89HDF\r\n\x1a\n0000")
    picture = made(tmp_path, "photo.backup", b"\xff\xd8\xff\xe0")
    found = sort_paths([archive, picture])
    assert (found.archives, found.pictures, found.refused) == ([archive], [picture], [])


def test_of_a_folder_the_archives_and_pictures_in_it_are_taken(tmp_path: Path) -> None:
    cat = made(tmp_path, "pets/cat.png")
    made(tmp_path, "pets/readme.txt")
    made(tmp_path, "empty/readme.txt")
    found = sort_paths([tmp_path / "pets", tmp_path / "empty"])
    assert (found.pictures, found.refused) == ([cat], [tmp_path / "empty"])
