"""Results go through JSON and arrays, and come back as they were."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import Enum

import numpy as np
import pytest

from reproduction.analysis.travelling import pack, unpack
from reproduction.frames import Decoder, encode


class Kind(Enum):
    ONE = "one"


@dataclass(frozen=True)
class Inner:
    values: np.ndarray
    flag: bool


# The arrays of a hint must be written as numpy's typing writes them.
Inner.__annotations__["values"] = np.typing.NDArray[np.float64]


@dataclass(frozen=True)
class Outer:
    number: float
    kind: Kind
    inner: Inner
    many: tuple[Inner, ...]
    pair: tuple[int, str]
    table: dict[str, tuple[float, float]]
    missing: Inner | None
    there: Inner | None


def sample() -> Outer:
    inner = Inner(np.array([1.5, np.nan, np.inf]), True)
    return Outer(
        float("nan"),
        Kind.ONE,
        inner,
        (inner, Inner(np.zeros((0, 2)), False)),
        (3, "x"),
        {"a": (1.0, -1.0)},
        None,
        inner,
    )


def test_a_value_comes_back_through_frames() -> None:
    message, arrays = pack(sample())
    ((sent, received),) = Decoder().feed(encode({"value": message}, arrays))
    found = unpack(Outer, sent["value"], received)
    assert repr(found) == repr(sample())
    np.testing.assert_array_equal(found.many[0].values, sample().many[0].values)
    assert found.many[1].values.shape == (0, 2) and found.inner.flag is True


def test_numbers_of_numpy_become_plain_ones() -> None:
    message, arrays = pack({"a": np.float64(0.5), "b": np.int64(3), "c": np.array([True, False])})
    assert json.dumps(message) == '{"a": 0.5, "b": 3, "c": {"array": "0"}}'
    assert arrays["0"].dtype == np.uint8


def test_a_message_of_something_else_is_refused() -> None:
    message, arrays = pack(sample())
    for broken in ({**message, "kind": "two"}, {**message, "pair": [1]}, {"number": 1.0}):
        with pytest.raises((ValueError, KeyError, TypeError)):
            unpack(Outer, broken, arrays)
    with pytest.raises(KeyError):
        unpack(Outer, message, {})
