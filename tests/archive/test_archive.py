"""Archive and read_run: what was written is what is read; whatever is damaged or hostile is refused."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sample_archives import SHAPES, small_run

from archive import (
    TRAIN_DTYPE,
    Archive,
    ArchiveError,
    History,
    Note,
    Run,
    Snapshot,
    read_run,
    verify,
    write_archive,
)

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden" / "archive-1.0.h5.gz"


@pytest.fixture
def run_path(tmp_path: Path) -> Path:
    path = tmp_path / "run.h5"
    write_archive(path, small_run())
    return path


def plain(value: Any) -> str:
    """A value as text, so that NaN equals NaN."""
    return json.dumps(value, default=vars, sort_keys=True)


def assert_same(one: Run, other: Run) -> None:
    """Every part is the same, bit for bit (NaN included)."""
    for part in ("texts", "network", "state", "notebook", "labels", "label_ids", "provenance"):
        assert plain(getattr(one, part)) == plain(getattr(other, part)), part
    for name in ("weights", "momentum"):
        assert_same_arrays(getattr(one, name), getattr(other, name))
    assert one.history.train.tobytes() == other.history.train.tobytes()
    assert one.history.test.tobytes() == other.history.test.tobytes()
    assert [(s.epoch, s.step) for s in one.snapshots] == [(s.epoch, s.step) for s in other.snapshots]
    for a, b in zip(one.snapshots, other.snapshots, strict=True):
        assert_same_arrays(a.weights, b.weights)
    assert one.mean.tobytes() == other.mean.tobytes() and one.mean.shape == other.mean.shape
    assert (one.color_pca is None) == (other.color_pca is None)
    for a, b in zip(one.color_pca or (), other.color_pca or (), strict=True):
        assert np.array_equal(a, b)


def assert_same_arrays(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert sorted(one) == sorted(other)
    for name, values in one.items():
        assert values.dtype == other[name].dtype == np.float32
        assert values.shape == other[name].shape and values.tobytes() == other[name].tobytes(), name


def test_a_run_comes_back_as_it_was_written(run_path: Path) -> None:
    assert_same(small_run(), read_run(run_path))
    assert verify(run_path) == []


def test_an_empty_run_comes_back_without_momentum_snapshots_history_labels_and_colours(
    tmp_path: Path,
) -> None:
    run = small_run()
    run.momentum, run.snapshots, run.notebook, run.labels, run.label_ids = {}, [], [], [], []
    run.history, run.color_pca = History(), None
    write_archive(tmp_path / "run.h5", run)
    assert_same(run, read_run(tmp_path / "run.h5"))
    assert verify(tmp_path / "run.h5") == []
    with Archive(tmp_path / "run.h5") as archive:
        assert archive.momentum_names == [] and archive.snapshots == []


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.h5", "two.h5"):
        write_archive(tmp_path / name, small_run())
    assert (tmp_path / "one.h5").read_bytes() == (tmp_path / "two.h5").read_bytes()


any_text = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=200)
any_number = st.floats(allow_nan=True, allow_infinity=True)


@settings(max_examples=25, deadline=None)
@given(
    text=any_text,
    notes=st.lists(st.tuples(any_text, any_number, any_text), max_size=3),
    labels=st.lists(st.tuples(any_text, any_text), max_size=4),
    weights=hnp.arrays(np.float32, SHAPES["fc/weights_0"], elements=st.floats(width=32)),
    mean=hnp.arrays(np.float32, hnp.array_shapes(min_dims=3, max_dims=3, min_side=0, max_side=6)),
    rows=st.lists(st.tuples(any_number, st.integers(0, 2**62), any_number), max_size=5),
    sums=st.dictionaries(
        any_text.filter(lambda key: key not in ("seed", "epoch", "batch", "step")), any_number
    ),
)
def test_any_text_and_any_number_come_back(
    text: str, notes: Any, labels: Any, weights: Any, mean: Any, rows: Any, sums: Any
) -> None:
    run = small_run()
    run.texts["definition"] = text
    run.notebook = [Note(*note) for note in notes]
    run.labels, run.label_ids = [a for a, _ in labels], [b for _, b in labels]
    run.weights["fc/weights_0"] = weights
    run.mean = mean
    table = [(epoch, step, 1, loss, 0.0, 0.0, 0.0) for epoch, step, loss in rows]
    run.history = History(np.array(table, TRAIN_DTYPE), run.history.test)
    run.state |= sums
    with tempfile.TemporaryDirectory() as folder:
        write_archive(Path(folder) / "run.h5", run)
        assert_same(run, read_run(Path(folder) / "run.h5"))


def test_arrays_larger_than_a_chunk_come_back_whole(tmp_path: Path) -> None:
    run = small_run()
    for layer in run.network["layers"]:
        if layer["name"] == "fc":
            layer["weights"]["fc/weights_0"] = [70, 9001]
    run.weights["fc/weights_0"] = np.arange(70 * 9001, dtype=np.float32).reshape(70, 9001)
    run.momentum = {}
    write_archive(tmp_path / "run.h5", run)
    with Archive(tmp_path / "run.h5") as archive:
        assert np.array_equal(archive.weights("fc/weights_0"), run.weights["fc/weights_0"])
    with h5py.File(tmp_path / "run.h5") as file:
        assert file["weights/fc/weights_0"].chunks == (29, 9001)


def test_weights_are_listed_in_the_order_of_the_network(run_path: Path) -> None:
    with Archive(run_path) as archive:
        assert archive.weight_names == list(SHAPES)
        assert archive.name == "two-columns"


def test_a_snapshot_is_read_by_its_index_also_from_the_end(run_path: Path) -> None:
    with Archive(run_path) as archive:
        assert [(info.epoch, info.step) for info in archive.snapshots] == [(0.0, 0), (0.5, 10), (1.0, 20)]
        assert (
            archive.snapshot(-1)["conv1a/weights_0"][0, 0, 0, 0]
            == small_run().snapshots[2].weights["conv1a/weights_0"][0, 0, 0, 0]
        )
        with pytest.raises(IndexError):
            archive.snapshot(3)


def test_importing_the_package_imports_neither_h5py_nor_numpy() -> None:
    code = "import sys, archive; print([name for name in ('h5py', 'numpy') if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_golden_archive_of_version_1_is_read_by_todays_code(tmp_path: Path) -> None:
    path = tmp_path / "golden.h5"
    path.write_bytes(gzip.decompress(GOLDEN.read_bytes()))
    assert verify(path) == []
    assert_same(small_run(), read_run(path))


def test_what_is_no_archive_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "empty.h5").touch()
    (tmp_path / "text.h5").write_text("hello" * 1000)
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["x"] = 1
    os.mkfifo(tmp_path / "pipe.h5")
    expected = {
        "missing.h5": "no such file",
        "empty.h5": "is empty",
        "text.h5": "not an HDF5 file",
        "other.h5": "no archive of a run",
        "pipe.h5": "device or pipe",
        ".": "folder",
    }
    for name, words in expected.items():
        with pytest.raises(ArchiveError, match=words) as caught:
            Archive(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_truncated_archive_is_refused_at_every_length(run_path: Path) -> None:
    data = run_path.read_bytes()
    for length in {1, 7, 8, 95, 96, 800, *range(0, len(data), len(data) // 60), len(data) - 1}:
        run_path.write_bytes(data[:length])
        with pytest.raises(ArchiveError):
            Archive(run_path)


def edit(path: Path, name: str, value: Any = None, **settings: Any) -> None:
    """Replaces (or only removes) an element of the archive, as no writer of ours would."""
    with h5py.File(path, "r+") as file:
        if name in file:
            del file[name]
        if value is not None or settings:
            file.create_dataset(name, data=value, **settings)


def edit_json(path: Path, name: str, value: Any) -> None:
    text = (value if isinstance(value, str) else json.dumps(value)).encode()
    edit(path, name, np.array([text], h5py.string_dtype("utf-8", max(1, len(text)))))


@pytest.mark.parametrize(("version", "read"), [("1.0", True), ("1.7", True), ("0.9", True), ("2.0", False)])
def test_a_newer_minor_version_is_read_and_a_newer_major_is_refused_with_both_numbers(
    run_path: Path, version: str, read: bool
) -> None:
    with h5py.File(run_path, "r+") as file:
        file.attrs["format_version"] = np.bytes_(version)
        file["weights"].attrs["from the future"] = 1
        file["later"] = np.zeros(3)
    if read:
        assert_same(small_run(), read_run(run_path))
    else:
        with pytest.raises(ArchiveError, match=r"2\.0.*1\.x"):
            Archive(run_path)


@pytest.mark.parametrize("version", ["", "one", "1", "1.", "1.0.0", "9" * 500, "-1.0", "1.0\x1b[2J"])
def test_a_version_that_is_no_version_is_refused(run_path: Path, version: str) -> None:
    with h5py.File(run_path, "r+") as file:
        file.attrs["format_version"] = np.bytes_(version)
    with pytest.raises(ArchiveError) as caught:
        Archive(run_path)
    assert str(caught.value).isprintable()


def test_a_column_that_a_later_minor_version_adds_to_a_table_is_left_out(run_path: Path) -> None:
    with h5py.File(run_path) as file:
        rows = file["history/train"][()]
    wider = np.zeros(len(rows), [*TRAIN_DTYPE.descr, ("gradient", "f8")])
    for column in TRAIN_DTYPE.names or ():
        wider[column] = rows[column]
    edit(run_path, "history/train", wider)
    with Archive(run_path) as archive:
        assert archive.history.train.tobytes() == small_run().history.train.tobytes()


PARTS = (
    *("network", "state", "notebook", "labels", "provenance", "history/train", "history/test", "history"),
    *(
        "snapshots/epoch",
        "snapshots/step",
        "data/mean",
        "data/color_directions",
        "weights/fc/biases",
        "weights",
    ),
)


@pytest.mark.parametrize("part", PARTS)
def test_a_missing_part_is_named(run_path: Path, part: str) -> None:
    edit(run_path, part)
    with pytest.raises(ArchiveError, match=f"/{part}.* is missing"):
        read_run(run_path)
    assert verify(run_path)


@pytest.mark.parametrize("part", [part for part in PARTS if part not in ("history", "weights")])
@pytest.mark.parametrize(
    "value",
    [
        np.zeros((2, 2, 2, 2, 2), "i1"),
        np.zeros(3, "c16"),
        "variable length",
        np.float64(1),
        h5py.Empty("f4"),
        b"x",
    ],
    ids=["bytes", "complex", "variable", "scalar", "null", "fixed"],
)
def test_a_part_of_another_type_or_shape_is_refused(run_path: Path, part: str, value: Any) -> None:
    edit(run_path, part, value)
    with pytest.raises(ArchiveError, match=f"/{part}"):
        read_run(run_path)
    assert verify(run_path)


def test_a_group_in_place_of_a_dataset_and_the_reverse_are_refused(run_path: Path) -> None:
    with h5py.File(run_path, "r+") as file:
        del file["state"], file["weights"]
        file.create_group("state")
        file["weights"] = np.zeros(3)
    with pytest.raises(ArchiveError, match="/weights"):
        read_run(run_path)
    with Archive(run_path) as archive, pytest.raises(ArchiveError, match="/state"):
        _ = archive.state


@pytest.mark.parametrize("part", ["network", "state", "provenance", "labels", "notebook"])
@pytest.mark.parametrize(
    "text",
    ["", "{", "[" * 200_000, '{"a":' * 100_000, "3", "null", '"text"', "[3]", "9" * 10_000, '["\\ud800"]'],
    ids=["empty", "open", "deep list", "deep object", "number", "null", "text", "list", "long", "surrogate"],
)
def test_broken_json_is_refused(run_path: Path, part: str, text: str) -> None:
    edit_json(run_path, part, text)
    with pytest.raises(ArchiveError, match=f"/{part}"):
        read_run(run_path)


@pytest.mark.parametrize(
    "change",
    [
        {"layers": [3]},
        {"layers": [{}]},
        {"image_shape": [3, "x", 6]},
        {"image_shape": [3, 6]},
        {"first_layers": ["nowhere"]},
        {"first_layers": [[]]},
        {"classes": True},
        {"name": None},
        {
            "layers": [
                {
                    "name": "a",
                    "type": "fc",
                    "inputs": [],
                    "output_shape": [1],
                    "weights": {"a/weights_0": [-1]},
                }
            ]
        },
    ],
)
def test_a_network_without_sense_is_refused(run_path: Path, change: dict[str, Any]) -> None:
    edit_json(run_path, "network", small_run().network | change)
    with pytest.raises(ArchiveError, match="/network"):
        read_run(run_path)
    assert verify(run_path)


def test_links_to_elsewhere_are_refused_and_not_followed(run_path: Path, tmp_path: Path) -> None:
    write_archive(tmp_path / "other.h5", small_run())
    links = {
        "external": h5py.ExternalLink(str(tmp_path / "other.h5"), "/state"),
        "dangling": h5py.ExternalLink("/nowhere", "/state"),
        "soft": h5py.SoftLink("/provenance"),
        "loop": h5py.SoftLink("/state"),
    }
    for link in links.values():
        with h5py.File(run_path, "r+") as file:
            del file["state"]
            file["state"] = link
        with Archive(run_path) as archive, pytest.raises(ArchiveError, match="/state is a link to elsewhere"):
            _ = archive.state
        assert any("link" in problem for problem in verify(run_path))


def test_data_in_other_files_is_refused(run_path: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(16))
    edit(run_path, "weights/fc/biases", np.zeros(4, "f4"), external=[(str(tmp_path / "secret"), 0, 16)])
    layout = h5py.VirtualLayout((2,), "f4")
    layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "weights/conv1a/biases", (2,))
    with h5py.File(run_path, "r+") as file:
        del file["weights/conv1a/biases"]
        file.create_virtual_dataset("weights/conv1a/biases", layout)
    with Archive(run_path) as archive:
        for name in ("fc/biases", "conv1a/biases"):
            with pytest.raises(ArchiveError, match="another file"):
                archive.weights(name)


def test_an_unknown_filter_is_named(run_path: Path) -> None:
    edit(run_path, "weights/fc/biases", np.zeros(4, "f4"), chunks=(4,), scaleoffset=2)
    with Archive(run_path) as archive, pytest.raises(ArchiveError, match="filter 6 .scaleoffset"):
        archive.weights("fc/biases")


def test_deflated_arrays_of_other_writers_are_read(run_path: Path) -> None:
    values = np.arange(4, dtype=">f4")
    edit(
        run_path, "weights/fc/biases", values, chunks=(2,), compression="gzip", shuffle=True, fletcher32=True
    )
    with Archive(run_path) as archive:
        read = archive.weights("fc/biases")
    assert read.dtype.isnative and np.array_equal(read, values)


@pytest.mark.parametrize(
    ("shape", "settings"),
    [
        ((2**42,), {"chunks": (1024,)}),
        ((2**40, 2**40), {"chunks": (32, 32)}),
        ((2**31,), {"chunks": (2**20,), "compression": "gzip"}),
        ((2**28,), {"chunks": (2**28,)}),
        ((1000,), {"chunks": (100,)}),
    ],
)
def test_an_array_that_claims_more_than_the_file_holds_is_refused(
    run_path: Path, shape: tuple[int, ...], settings: dict[str, Any]
) -> None:
    with h5py.File(run_path, "r+") as file:
        for name in ("data/mean", "weights/fc/biases", "history/train", "notebook"):
            del file[name]
            file.create_dataset(name, shape, "f4", **settings)
    with Archive(run_path) as archive:
        for read in (lambda: archive.mean, lambda: archive.weights("fc/biases"), lambda: archive.history):
            with pytest.raises(ArchiveError, match="claims"):
                read()
        with pytest.raises(ArchiveError, match="/notebook"):
            _ = archive.notebook
    assert verify(run_path)


def test_a_text_that_unpacks_to_more_than_the_limit_is_refused(run_path: Path) -> None:
    long = np.array([b"x" * (65 * 2**20)])
    edit(run_path, "texts/definition", long, chunks=(1,), compression="gzip")
    assert run_path.stat().st_size < 2**20
    with Archive(run_path) as archive, pytest.raises(ArchiveError, match="at most 67108864 are read"):
        _ = archive.texts


def test_a_name_that_would_reach_the_terminal_as_a_command_is_refused(run_path: Path) -> None:
    with h5py.File(run_path, "r+") as file:
        file["weights/\x1b[2J/biases"] = np.zeros(1, "f4")
    problems = verify(run_path)
    assert problems and all(problem.isprintable() for problem in problems)


def test_flipped_bytes_are_caught_or_change_nothing(run_path: Path) -> None:
    data = bytearray(run_path.read_bytes())
    before = small_run()
    generator = np.random.default_rng(5)
    caught = 0
    for position in generator.integers(0, len(data), 60):
        flipped = bytearray(data)
        flipped[position] ^= 1 << int(generator.integers(8))
        run_path.write_bytes(flipped)
        if verify(run_path):
            caught += 1
        else:
            assert_same(before, read_run(run_path))
    assert caught > 4


def test_flipped_bits_in_any_array_are_caught_by_verify_and_by_reading(run_path: Path) -> None:
    data = run_path.read_bytes()
    needle = small_run().weights["fc/weights_0"].tobytes()
    place = data.index(needle)
    for offset in range(0, len(needle), 37):
        flipped = bytearray(data)
        flipped[place + offset] ^= 4
        run_path.write_bytes(flipped)
        with Archive(run_path) as archive, pytest.raises(ArchiveError, match="/weights/fc/weights_0"):
            archive.weights("fc/weights_0")
        assert any("/weights/fc/weights_0" in problem for problem in verify(run_path))


def test_readers_see_whole_generations_while_a_writer_replaces_the_archive(run_path: Path) -> None:
    stop = threading.Event()

    def rewrite() -> None:
        generation = 0
        while not stop.is_set():
            generation += 1
            run = small_run(seed=generation)
            run.texts["definition"] = "x" * (generation % 7) * 30_000
            write_archive(run_path, run)

    writer = threading.Thread(target=rewrite)
    writer.start()
    try:
        seen = set()
        for _ in range(25):
            run = read_run(run_path)
            seed = run.state["seed"]
            seen.add(seed)
            assert run.weights["fc/biases"].tobytes() == small_run(seed).weights["fc/biases"].tobytes()
    finally:
        stop.set()
        writer.join()
    assert len(seen) > 1


def test_a_snapshot_with_too_few_entries_is_refused(run_path: Path) -> None:
    edit(run_path, "snapshots/weights/conv1a/weights_0", np.zeros((2, 2, 3, 3, 3), "f4"))
    with Archive(run_path) as archive, pytest.raises(ArchiveError, match="snapshot"):
        archive.snapshot(0)


def test_snapshots_must_hold_the_same_arrays(tmp_path: Path) -> None:
    run = small_run()
    run.snapshots.append(Snapshot(2.0, 40, {}))
    with pytest.raises(ArchiveError, match="snapshots"):
        write_archive(tmp_path / "run.h5", run)
    assert list(tmp_path.iterdir()) == []


def test_averages_come_back_and_must_fit_their_array(tmp_path: Path) -> None:
    run = small_run()
    run.averages = {"fc/weights_0": np.arange(2 * 4 * 32, dtype=np.float32).reshape(2, 4, 32)}
    write_archive(tmp_path / "run.h5", run)
    kept = read_run(tmp_path / "run.h5").averages
    assert kept.keys() == run.averages.keys()
    np.testing.assert_array_equal(kept["fc/weights_0"], run.averages["fc/weights_0"])
    run.averages["fc/weights_0"][1, 2, 3] = np.nan
    write_archive(tmp_path / "run.h5", run)
    assert any("/averages/fc/weights_0 holds numbers" in problem for problem in verify(tmp_path / "run.h5"))
    run.averages = {"fc/weights_0": np.zeros((4, 32), np.float32)}
    with pytest.raises(ArchiveError, match="its averages do not match its weights"):
        write_archive(tmp_path / "run.h5", run)
