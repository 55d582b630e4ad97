"""Pickled batches are read; what else a pickle asks for is refused by its name and never happens."""

from __future__ import annotations

import builtins
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from reproduction.data.pickles import read_pickle, texts
from reproduction.errors import DataError


def python2_batch() -> bytes:
    """A batch as Python 2 wrote it: protocol 2, old module names, byte strings, Fortran order."""
    state = (
        b"\x80\x02}q\x00(U\x04dataq\x01cnumpy.core.multiarray\n_reconstruct\nq\x02cnumpy\nndarray\nq\x03"
        b"K\x00\x85U\x01b\x87Rq\x04(K\x01K\x02K\x03\x86cnumpy\ndtype\nq\x05U\x02u1K\x00K\x01\x87Rq\x06"
        b"(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x06\x01\x02\x03\xfd\xfe\xfftb"
        b"U\x06labelsq\x07]q\x08(K\x07K\x09eU\x05namesq\x09]q\nU\x03cata"
        b"u."
    )
    return state


def test_a_batch_of_python_2_is_read() -> None:
    found = read_pickle(python2_batch(), "data_batch_1")
    np.testing.assert_array_equal(found["data"], np.array([[1, 2, 3], [253, 254, 255]], np.uint8))
    assert found["labels"] == [7, 9]
    assert texts(found["names"]) == ["cat"]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, ">f4", np.float64])
def test_batches_of_this_python_are_read(protocol: int, dtype: Any) -> None:
    data = np.arange(12).reshape(3, 4).astype(dtype)
    batch = {"data": data, "labels": [1, 2, 3], b"turned": np.asfortranarray(data), "empty": data[:0]}
    found = read_pickle(pickle.dumps(batch, protocol), "batch")
    for key in ("data", "turned"):
        np.testing.assert_array_equal(found[key], data)
    assert found["empty"].shape == (0, 4) and found["labels"] == [1, 2, 3]


class Calls:
    """Pickled as a call of `function` with `arguments`."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


@pytest.mark.parametrize(
    ("function", "arguments", "name"),
    [
        (os.system, ("touch TARGET",), f"{os.name}.system"),
        (builtins.eval, ("open('TARGET', 'w')",), r"\w+\.eval"),
        (builtins.exec, ("open('TARGET', 'w')",), r"\w+\.exec"),
        (builtins.open, ("TARGET", "w"), "io.open"),
        (builtins.getattr, (np, "load"), r"\w+\.getattr"),
        (np.load, ("TARGET",), "numpy.load"),
    ],
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_a_pickle_that_calls_is_refused_and_nothing_is_called(
    function: Any, arguments: tuple[Any, ...], name: str, protocol: int, tmp_path: Path
) -> None:
    target = tmp_path / "was-run"
    words = tuple(str(word).replace("TARGET", str(target)) for word in arguments if word is not np)
    contents = pickle.dumps({"data": Calls(function, *words)}, protocol)
    with pytest.raises(DataError, match=f"^evil is refused: it asks for {name},"):
        read_pickle(contents, "evil")
    assert not target.exists()


def test_attributes_of_admitted_names_are_out_of_reach() -> None:
    for module, name in (
        ("numpy", "ndarray.tofile"),
        ("_codecs", "decode"),
        ("numpy.core.multiarray", "fromfile"),
    ):
        contents = pickle.PROTO + b"\x04" + b"c" + f"{module}\n{name}\n".encode() + b"."
        with pytest.raises(DataError, match=rf"asks for {module}\.{name}"):
            read_pickle(contents, "evil")


@pytest.mark.parametrize(
    "contents",
    [
        b"cnumpy\ndtype\n}(S'a'\nI1\nub.",  # state for a class instead of an object
        b"cnumpy\nndarray\n)R.",
        b"c_codecs\nencode\n(S'x'\nS'zlib'\ntR.",
        b"cnumpy.core.multiarray\n_reconstruct\n)R(I1\n(I4\ntI0\nI0\nS''\ntb.",
        b"Pexternal\n.",
        b"(" * 100000 + b".",
        b"]" + b"]a" * 3,
        b"not a pickle",
        b"",
        b"I5\n.",
    ],
)
def test_nonsense_is_one_sentence(contents: bytes) -> None:
    with pytest.raises(DataError, match=r"^x is (refused|damaged|no batch file)") as caught:
        read_pickle(contents, "x")
    assert "\n" not in str(caught.value)


def test_arrays_of_objects_are_refused() -> None:
    contents = pickle.dumps({"data": np.array([None, "x"], object)}, 2)
    with pytest.raises(DataError, match="is damaged"):
        read_pickle(contents, "batch")


def test_an_array_that_is_named_twice_is_one_array() -> None:
    data = np.arange(6).reshape(2, 3)
    for protocol in range(5):
        found = read_pickle(pickle.dumps({"first": data, "pair": (data, data)}, protocol), "batch")
        np.testing.assert_array_equal(found["pair"][1], data)
        assert found["pair"][0] is found["first"]


def test_an_array_may_not_claim_more_than_it_holds() -> None:
    whole = pickle.dumps({"data": np.zeros(1000, np.uint8)}, 2)
    claims = whole.replace(b"M\xe8\x03\x85", b"J\x00\x00\x00\x40\x85")
    assert claims != whole
    with pytest.raises(DataError, match="is damaged"):
        read_pickle(claims, "batch")
