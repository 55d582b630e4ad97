"""Whatever the source is, the packed file holds its pictures, labels and statistics, or nothing is left."""

from __future__ import annotations

import hashlib
import io
import struct
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import drawn_pictures
import h5py
import numpy as np
import pytest
from drawn_pictures import Quiet, packed

from reproduction.data.packed import PackedData
from reproduction.data.packing import Settings, pack
from reproduction.errors import DataError


def assert_is_class_tree(data: PackedData, per_class: int = 6) -> None:
    assert data.labels == ["cat", "dog", "eel"] and data.label_ids == ["", "", ""]
    assert data.counts == {"train": 3 * per_class, "test": 3 * per_class}
    for s, split in enumerate(("train", "test")):
        names = data.picture_names(split)
        assert len(set(names)) == len(names)
        for row, name in enumerate(names):
            animal, number = name.split("/")[-2:]
            c, n = data.labels.index(animal), int(number.removesuffix(".png"))
            assert data.targets(split)[row] == c
            drawn = drawn_pictures.pixels(100 * s + 10 * c + n).transpose(2, 0, 1)
            np.testing.assert_array_equal(data.images(split)[row], drawn)


def test_a_class_tree_with_splits(tmp_path: Path) -> None:
    with packed(drawn_pictures.class_tree(tmp_path / "animals"), tmp_path) as data:
        assert_is_class_tree(data)
        assert data.name == "animals" and data.image_shape == (3, 32, 32) and data.skipped == 0
        assert data.evaluation_split == "test"
        names = data.picture_names("test")
        assert names == sorted(names)
        assert data.picture_names("train") != sorted(data.picture_names("train"))


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz", "tar.xz", "tar.bz2"])
def test_the_same_inside_an_archive_packs_the_same(ending: str, tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals")
    make = drawn_pictures.zipped if ending == "zip" else drawn_pictures.tarred
    archive = make(tree, tmp_path / f"animals.{ending}")
    with packed(archive, tmp_path) as data:
        assert_is_class_tree(data)
        assert data.picture_names("test")[0] == "animals/test/cat/0000.png"
        sha256 = data.sha256
    with packed(tree, tmp_path) as data:
        assert data.sha256 == sha256
    assert sorted(path.name for path in tmp_path.iterdir()) == ["animals", archive.name, "packed.h5"]


def test_the_training_order_is_drawn_from_the_seed(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals")
    orders = {}
    for attempt, seed in enumerate((0, 0, 1)):
        with packed(tree, tmp_path, seed=seed) as data:
            assert data.seed == seed
            orders[attempt] = (data.picture_names("train"), data.picture_names("test"), data.sha256)
    assert orders[0] == orders[1]
    assert orders[0][0] != orders[2][0] and orders[0][1] == orders[2][1] and orders[0][2] != orders[2][2]


def test_the_fingerprint_is_of_pictures_and_targets(tmp_path: Path) -> None:
    with packed(drawn_pictures.class_tree(tmp_path / "animals"), tmp_path) as data:
        expected = hashlib.sha256()
        for split in ("train", "test"):
            pictures = hashlib.sha256(data.images(split)[:].tobytes()).hexdigest()
            targets = hashlib.sha256(data.targets(split).astype("<i4").tobytes()).hexdigest()
            expected.update(f"{split} {pictures} {targets}\n".encode())
        assert data.sha256 == expected.hexdigest()


def test_mean_and_colour_pca_follow_their_definition(tmp_path: Path) -> None:
    with packed(drawn_pictures.class_tree(tmp_path / "animals"), tmp_path) as data:
        train = data.images("train")[:].astype(np.float64)
        np.testing.assert_allclose(data.mean, train.mean(axis=0), rtol=1e-6)
        covariance = np.cov(train.transpose(1, 0, 2, 3).reshape(3, -1), ddof=0)
        deviations, vectors = data.color_pca or pytest.fail("colour pictures have a colour PCA")
        np.testing.assert_allclose(vectors @ np.diag(deviations**2) @ vectors.T, covariance, rtol=1e-6)
        np.testing.assert_allclose(vectors.T @ vectors, np.eye(3), atol=1e-12)
        assert (np.diff(deviations) >= 0).all()
        assert (np.take_along_axis(vectors, np.abs(vectors).argmax(0)[None], 0) > 0).all()


def test_folders_without_splits_are_all_for_training(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", splits=("train",)) / "train"
    with packed(tree, tmp_path) as data:
        assert data.counts == {"train": 18} and data.evaluation_split is None


def test_a_share_can_be_held_out(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", splits=("train",))
    with packed(tree, tmp_path, hold_out=0.25) as data:
        assert data.counts == {"train": 14, "val": 4} and data.evaluation_split == "val"
        train, held = data.picture_names("train"), data.picture_names("val")
        assert len(set(train + held)) == 18 and held == sorted(held)
        for row, name in enumerate(held):
            drawn = drawn_pictures.pixels(10 * data.targets("val")[row] + int(name[-8:-4]))
            np.testing.assert_array_equal(data.images("val")[row], drawn.transpose(2, 0, 1))


def test_each_class_is_held_out_alike(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", 20, splits=("train",))
    for seed in range(5):
        with packed(tree, tmp_path, hold_out=0.1, seed=seed) as data:
            assert np.bincount(data.targets("val")).tolist() == [2] * data.classes


def test_holding_out_beside_a_test_split_is_refused(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals")
    with pytest.raises(DataError, match="is split into train and test already; leave --hold-out away"):
        packed(tree, tmp_path, hold_out=0.5)


@pytest.mark.parametrize("names", [("Training", "Validation", "testing"), ("train", "valid", "test")])
def test_splits_go_by_their_common_names(names: tuple[str, ...], tmp_path: Path) -> None:
    with packed(drawn_pictures.class_tree(tmp_path / "animals", 2, names), tmp_path) as data:
        assert data.counts == {"train": 6, "val": 6, "test": 6}


def test_pictures_of_many_sizes_are_scaled_to_256(tmp_path: Path) -> None:
    drawn_pictures.draw(tmp_path / "photos/a/wide.png", 1, 30, 50)
    drawn_pictures.draw(tmp_path / "photos/b/tall.jpg", 2, 50, 30)
    with packed(tmp_path / "photos", tmp_path) as data:
        assert data.image_shape == (3, 256, 256)


def test_the_size_can_be_chosen(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", 2)
    with packed(tree, tmp_path, size=16) as data:
        assert data.image_shape == (3, 16, 16)
        first = drawn_pictures.pixels(100).reshape(16, 2, 16, 2, 3).mean(axis=(1, 3)).transpose(2, 0, 1)
        assert np.abs(data.images("test")[0] - first).max() <= 0.5


def test_grey_packs_one_channel_without_colour_pca(tmp_path: Path) -> None:
    with packed(drawn_pictures.class_tree(tmp_path / "animals", 2), tmp_path, grey=True) as data:
        assert data.image_shape == (1, 32, 32) and data.color_pca is None
        assert data.images("train")[:].shape == (6, 1, 32, 32)


def test_wordnet_folders_get_their_ids_and_words(tmp_path: Path) -> None:
    for number, folder in enumerate(("n01440764_great_tench", "n02084071", "n09999999", "plain")):
        drawn_pictures.draw(tmp_path / "photos" / folder / "x.png", number)
    (tmp_path / "photos/words.txt").write_text("n02084071\tdog, domestic dog\nodd line\n")
    with packed(tmp_path / "photos", tmp_path) as data:
        assert data.labels == ["great tench", "dog, domestic dog", "n09999999", "plain"]
        assert data.label_ids == ["n01440764", "n02084071", "n09999999", ""]


def test_corrupt_pictures_among_good_ones_are_skipped_named_and_counted(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", 4)
    good = drawn_pictures.jpeg(1)
    (tree / "train/cat/half.jpg").write_bytes(good[: len(good) // 2])
    (tree / "train/dog/text.jpg").write_text("not a picture at all")
    (tree / "test/eel/empty.png").write_bytes(b"")
    (tree / "train/dog/gone.png").symlink_to(tmp_path / "nowhere.png")
    listener = Quiet()
    pack(tree, tmp_path / "packed.h5", Settings(), listener)
    assert len(listener.problems) == 4
    for name, why in (
        ("train/cat/half.jpg", "truncated"),
        ("train/dog/text.jpg", "not a picture"),
        ("test/eel/empty.png", "empty"),
        ("train/dog/gone.png", "cannot be read"),
    ):
        assert any(problem.startswith(name) and why in problem for problem in listener.problems)
    with PackedData(tmp_path / "packed.h5") as data:
        assert_is_class_tree(data, 4)
        assert data.skipped == 4
    assert listener.progress[-1] == ("test", 13, 13)


def test_pictures_in_a_truncated_zip_member_are_skipped(tmp_path: Path) -> None:
    archive = drawn_pictures.zipped(drawn_pictures.class_tree(tmp_path / "animals", 2), tmp_path / "a.zip")
    contents = bytearray(archive.read_bytes())
    spot = contents.find(b"animals/train/dog/0001.png") + 300
    contents[spot : spot + 20] = bytes(20)
    archive.write_bytes(contents)
    listener = Quiet()
    pack(archive, tmp_path / "packed.h5", Settings(), listener)
    assert len(listener.problems) == 1 and listener.problems[0].startswith("animals/train/dog/0001.png")


def test_a_source_whose_pictures_are_all_broken_is_refused(tmp_path: Path) -> None:
    (tmp_path / "photos/cat").mkdir(parents=True)
    (tmp_path / "photos/cat/a.jpg").write_text("no")
    with pytest.raises(DataError, match="none of the training pictures in photos can be read"):
        packed(tmp_path / "photos", tmp_path)
    assert not (tmp_path / "packed.h5").exists() and not (tmp_path / "packed.h5.new").exists()


def test_a_folder_without_pictures_is_said(tmp_path: Path) -> None:
    (tmp_path / "empty/sub").mkdir(parents=True)
    (tmp_path / "empty/readme.txt").write_text("hello")
    with pytest.raises(DataError, match=r"empty: it holds no pictures in class folders; make one folder"):
        packed(tmp_path / "empty", tmp_path)


def test_pictures_outside_of_class_folders_are_left_alone_and_counted(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", 2)
    drawn_pictures.draw(tree / "test/unlabelled.png", 77)
    (tree / "train/cat/notes.txt").write_text("hello")
    with packed(tree, tmp_path) as data:
        assert data.notes == [
            "left alone: 1 picture outside of class folders",
            "left alone: 1 file that is not named like pictures",
        ]


def test_a_missing_source_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="there is no folder or archive .*nowhere"):
        packed(tmp_path / "nowhere", tmp_path)


@pytest.mark.parametrize("contents", [b"", b"plain text", b"PK\x03\x04 no zip", b"\x1f\x8b broken gzip"])
def test_a_file_that_is_no_archive_is_said(contents: bytes, tmp_path: Path) -> None:
    (tmp_path / "what").write_bytes(contents)
    with pytest.raises(DataError, match="neither a folder of pictures nor an intact .zip or .tar"):
        packed(tmp_path / "what", tmp_path)


def test_a_truncated_archive_is_said(tmp_path: Path) -> None:
    archive = drawn_pictures.tarred(drawn_pictures.class_tree(tmp_path / "a", 2), tmp_path / "a.tar.gz")
    archive.write_bytes(archive.read_bytes()[:5000])
    with pytest.raises(DataError, match="nor an intact .zip or .tar"):
        packed(archive, tmp_path)


def test_names_that_point_outside_of_an_archive_touch_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim.jpg"
    victim.write_text("untouched")
    evil = tmp_path / "inner/evil.zip"
    evil.parent.mkdir()
    with zipfile.ZipFile(evil, "w") as archive:
        for name in ("../victim.jpg", "/cat/absolute.jpg", "cat/ok.jpg", "dog/ok.jpg"):
            archive.writestr(name, drawn_pictures.jpeg(1))
    with packed(evil, tmp_path) as data:
        assert data.picture_names("train") and not any(".." in name for name in data.picture_names("train"))
    assert victim.read_text() == "untouched"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["inner", "packed.h5", "victim.jpg"]


def test_links_and_devices_in_a_tar_are_ignored(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "evil.tar", "w") as archive:
        for name, kind in (("cat/link.jpg", tarfile.SYMTYPE), ("cat/null.jpg", tarfile.CHRTYPE)):
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        member = tarfile.TarInfo("cat/ok.jpg")
        member.size = len(drawn_pictures.jpeg(1))
        archive.addfile(member, io.BytesIO(drawn_pictures.jpeg(1)))
    with packed(tmp_path / "evil.tar", tmp_path) as data:
        assert data.counts == {"train": 1}


def test_a_zip_bomb_is_skipped_by_what_it_claims(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cat/ok.jpg", drawn_pictures.jpeg(1))
        archive.writestr("cat/bomb.jpg", b"x")
    contents = bytearray((tmp_path / "bomb.zip").read_bytes())
    directory = contents.rfind(b"PK\x01\x02")
    contents[directory + 24 : directory + 28] = struct.pack("<I", 4_000_000_000)
    (tmp_path / "bomb.zip").write_bytes(contents)
    listener = Quiet()
    pack(tmp_path / "bomb.zip", tmp_path / "packed.h5", Settings(), listener)
    assert listener.problems == ["cat/bomb.jpg is larger than 512 MB"]


def tiny_imagenet(root: Path) -> Path:
    root.mkdir()
    (root / "wnids.txt").write_text("n02000000\nn01000000\n")
    (root / "words.txt").write_text("n01000000\tgoldfish\nn02000000\tfrog, toad\nn03000000\tother\n")
    for c, wnid in enumerate(("n01000000", "n02000000")):
        for n in range(3):
            drawn_pictures.draw(root / f"train/{wnid}/images/{wnid}_{n}.png", 10 * c + n, 64, 64)
    for n, wnid in enumerate(("n02000000", "n01000000")):
        drawn_pictures.draw(root / f"val/images/val_{n}.png", 50 + n, 64, 64)
        with (root / "val/val_annotations.txt").open("a") as lines:
            lines.write(f"val_{n}.png\t{wnid}\t0\t0\t62\t62\n")
    drawn_pictures.draw(root / "test/images/test_0.png", 90, 64, 64)
    return root


@pytest.mark.parametrize("archived", [False, True])
def test_tiny_imagenet(archived: bool, tmp_path: Path) -> None:
    source = tiny_imagenet(tmp_path / "tiny-imagenet-200")
    if archived:
        source = drawn_pictures.zipped(source, tmp_path / "tiny-imagenet-200.zip")
    with packed(source, tmp_path) as data:
        assert data.counts == {"train": 6, "val": 2} and data.image_shape == (3, 64, 64)
        assert data.labels == ["goldfish", "frog, toad"] and data.label_ids == ["n01000000", "n02000000"]
        assert data.targets("val").tolist() == [1, 0]
        drawn = drawn_pictures.pixels(50, 64, 64).transpose(2, 0, 1)
        np.testing.assert_array_equal(data.images("val")[0], drawn)
        assert data.notes == ["left alone: 1 picture without a label (Tiny ImageNet's test/)"]


def test_a_format_that_is_not_there_is_said(tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", 1)
    with pytest.raises(DataError, match="it holds no cifar files; leave --format away"):
        packed(tree, tmp_path, kind="cifar")


def test_an_interruption_leaves_nothing_and_keeps_the_old_file(tmp_path: Path) -> None:
    class Impatient(Quiet):
        def packed(self, split: str, done: int, total: int) -> None:
            raise KeyboardInterrupt

    tree = drawn_pictures.class_tree(tmp_path / "animals")
    (tmp_path / "packed.h5").write_text("the old one")
    with pytest.raises(KeyboardInterrupt):
        pack(tree, tmp_path / "packed.h5", Settings(), Impatient())
    assert (tmp_path / "packed.h5").read_text() == "the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["animals", "packed.h5"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit on file sizes")
@pytest.mark.parametrize("limit_bytes", [1_000, 300_000])
def test_a_full_disk_leaves_nothing_and_is_one_line(limit_bytes: int, tmp_path: Path) -> None:
    tree = drawn_pictures.class_tree(tmp_path / "animals", 70)
    (tmp_path / "packed.h5").write_text("the old one")
    script = (
        f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit_bytes}, {limit_bytes}))\n"
        "import sys; from reproduction.cli import main\n"
        "sys.exit(main(['data', 'pack', sys.argv[1], sys.argv[2], '--force']))"
    )
    command = [sys.executable, "-c", script, str(tree), str(tmp_path / "packed.h5")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.splitlines()[-1].endswith("packed.h5 could not be written: file too large")
    assert "Traceback" not in done.stderr and "HDF5" not in done.stderr
    assert (tmp_path / "packed.h5").read_text() == "the old one"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["animals", "packed.h5"]


def test_pictures_are_stored_in_chunks_with_checksums(tmp_path: Path) -> None:
    packed(drawn_pictures.class_tree(tmp_path / "animals", 200, ("train",)), tmp_path).close()
    with h5py.File(tmp_path / "packed.h5") as file:
        dataset = file["pictures/train"]
        assert dataset.fletcher32 and dataset.chunks == ((1 << 20) // 3072, 3, 32, 32)
        assert dataset.shape == (600, 3, 32, 32)
