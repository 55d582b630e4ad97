"""Files are found and read alike in a folder, a zip and a tar; nothing is written anywhere."""

from __future__ import annotations

import gzip
import tarfile
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import drawn_pictures
import pytest

from reproduction.data.trees import FolderTree, Tree, open_tree
from reproduction.errors import DataError


def opened(kind: str, tmp_path: Path) -> Tree:
    root = tmp_path / "files"
    for number in range(40):
        path = root / f"{number % 3}/{number:02}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(bytes([number]) * 5000)
    (root / ".hidden").write_text("no")
    (root / "__MACOSX").mkdir()
    (root / "__MACOSX/0.bin").write_text("no")
    if kind == "folder":
        return open_tree(root, tmp_path)
    make = drawn_pictures.zipped if kind == "zip" else drawn_pictures.tarred
    return open_tree(make(root, tmp_path / f"files.{kind}"), tmp_path)


@pytest.mark.parametrize("kind", ["folder", "zip", "tar", "tar.gz", "tar.bz2", "tar.xz"])
def test_files_are_listed_in_order_and_read_from_several_threads(kind: str, tmp_path: Path) -> None:
    tree = opened(kind, tmp_path)
    names = [name for name in tree.names if "__MACOSX" not in name]
    assert len(names) == 40 and names == sorted(names) and not any("hidden" in name for name in names)
    with ThreadPoolExecutor(4) as pool:
        for name, contents in zip(names * 3, pool.map(tree.read, names * 3), strict=True):
            assert contents == bytes([int(name[-6:-4])]) * 5000
    tree.close()
    assert {path.name for path in tmp_path.iterdir()} <= {"files", f"files.{kind}"}


def test_odd_member_names_become_relative(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "odd.zip", "w") as archive:
        for name in ("./a/1", "/b/2", "c\\3", "d/../4", "../5"):
            archive.writestr(name, name)
    tree = open_tree(tmp_path / "odd.zip", tmp_path)
    assert tree.names == ["a/1", "b/2", "c/3"]
    assert tree.read("c/3") == b"c\\3"
    tree.close()


def test_a_folder_that_contains_itself_is_visited_once(tmp_path: Path) -> None:
    drawn_pictures.draw(tmp_path / "cats/a/1.png", 1)
    (tmp_path / "cats/a/again").symlink_to(tmp_path / "cats", target_is_directory=True)
    assert FolderTree(tmp_path / "cats").names == ["a/1.png"]


def test_linked_class_folders_are_followed(tmp_path: Path) -> None:
    drawn_pictures.draw(tmp_path / "elsewhere/1.png", 1)
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats/tabby").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    assert FolderTree(tmp_path / "cats").names == ["tabby/1.png"]


def test_a_compressed_tar_that_grows_without_end_is_refused(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.tar.gz"
    block = gzip.compress(bytes(64 << 20))
    bomb.write_bytes(block * 5)  # 320 MB of zeros in 0.3 MB
    with pytest.raises(DataError, match="unpacks to more than 200 times its size; refused"):
        open_tree(bomb, tmp_path)
    assert list(tmp_path.iterdir()) == [bomb]


def test_an_encrypted_zip_member_is_said(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "locked.zip", "w") as archive:
        archive.writestr("a.jpg", b"secret")
    contents = bytearray((tmp_path / "locked.zip").read_bytes())
    contents[6] |= 1
    contents[contents.rfind(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "locked.zip").write_bytes(contents)
    tree = open_tree(tmp_path / "locked.zip", tmp_path)
    with pytest.raises(DataError, match="a.jpg cannot be read from the archive: .*encrypted"):
        tree.read("a.jpg")
    tree.close()


def test_a_tar_that_ends_inside_a_member_is_said(tmp_path: Path) -> None:
    archive = drawn_pictures.tarred(drawn_pictures.class_tree(tmp_path / "a", 2), tmp_path / "a.tar")
    with tarfile.open(archive) as members:
        last = max(members.getmembers(), key=lambda member: member.offset_data)
    archive.write_bytes(archive.read_bytes()[: last.offset_data + 10])
    with pytest.raises(DataError, match=r"a\.tar is neither .* nor an intact .zip or .tar"):
        open_tree(archive, tmp_path)
