"""Results are kept on disk, found again, and made anew when anything about them differs or is damaged."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from reproduction import result_cache

WEIGHTS = np.arange(6.0).reshape(2, 3)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache."""
    monkeypatch.setenv(result_cache.FOLDER_VARIABLE, str(tmp_path / "kept"))
    return tmp_path / "kept"


class Counted:
    """A computation that says how often it was done."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> tuple[dict[str, object], dict[str, np.ndarray]]:
        self.times += 1
        return {"p": 0.1 + self.times, "none": None}, {"values": np.array([1.5, np.nan])}


def test_what_was_computed_once_is_read_after_that(place: Path) -> None:
    compute = Counted()
    first = result_cache.cached(["measures", WEIGHTS], compute)
    again = result_cache.cached(["measures", WEIGHTS], compute)
    assert compute.times == 1
    assert again[0] == first[0] == {"p": 1.1, "none": None}
    np.testing.assert_array_equal(again[1]["values"], [1.5, np.nan])


@pytest.mark.parametrize(
    "other",
    [
        ["gabor", WEIGHTS],
        ["measures", WEIGHTS + 1e-9],
        ["measures", WEIGHTS.T.copy()],
        ["measures", WEIGHTS.astype(np.float32)],
        ["measures", WEIGHTS, "more"],
    ],
)
def test_another_question_or_other_weights_are_computed(place: Path, other: list[str | np.ndarray]) -> None:
    compute = Counted()
    result_cache.cached(["measures", WEIGHTS], compute)
    result_cache.cached(other, compute)
    assert compute.times == 2


@pytest.mark.parametrize("damage", ["cut", "changed", "emptied", "not a file"])
def test_a_damaged_file_is_made_again(place: Path, damage: str) -> None:
    compute = Counted()
    result_cache.cached([WEIGHTS], compute)
    (path,) = place.iterdir()
    contents = path.read_bytes()
    if damage == "not a file":
        path.unlink()
        path.mkdir()
    else:
        changed = {"cut": contents[:-5], "changed": contents[:-1] + b"\x55", "emptied": b""}[damage]
        path.write_bytes(changed)
    assert result_cache.cached([WEIGHTS], compute)[0]["p"] == 2.1
    result_cache.cached([WEIGHTS], compute)
    assert compute.times == (3 if damage == "not a file" else 2)


def test_other_code_does_not_believe_what_was_kept(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    compute = Counted()
    result_cache.cached([WEIGHTS], compute)
    monkeypatch.setattr(result_cache, "_code", lambda: "changed")
    result_cache.cached([WEIGHTS], compute)
    assert compute.times == 2


def test_without_a_folder_to_write_to_it_only_computes(tmp_path: Path, monkeypatch) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv(result_cache.FOLDER_VARIABLE, str(tmp_path / "file" / "below"))
    compute = Counted()
    for times in (1, 2):
        assert result_cache.cached([WEIGHTS], compute)[0]["p"] == times + 0.1


def test_a_failed_computation_leaves_nothing(place: Path) -> None:
    def fail() -> tuple[dict[str, object], dict[str, np.ndarray]]:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        result_cache.cached([WEIGHTS], fail)
    assert not place.exists()


def test_what_was_used_longest_ago_makes_room(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(result_cache, "LOOK_EVERY", 1)
    for number in range(6):
        result_cache.cached([f"{number}"], Counted())
        newest = max(place.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        os.utime(newest, (number, number))
    monkeypatch.setattr(result_cache, "LIMIT_BYTES", 5 * newest.stat().st_size)
    result_cache.cached(["0"], Counted())  # used now: stays
    result_cache.cached(["new"], Counted())
    assert len(list(place.iterdir())) == 3
    compute = Counted()
    for kept in ("0", "5", "new"):
        result_cache.cached([kept], compute)
    assert compute.times == 0
