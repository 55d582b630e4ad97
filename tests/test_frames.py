"""The frames between museum and worker: what is sent arrives, in any pieces; nonsense is refused."""

from __future__ import annotations

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reproduction.frames import MAX_ARRAY_BYTES, Decoder, encode

PICTURE = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)


def frame_of(header: object, body: bytes = b"") -> bytes:
    """A frame with any JSON as its header."""
    text = json.dumps(header).encode()
    return struct.pack("<I", len(text)) + text + body


def test_a_message_with_arrays_arrives_as_it_was_sent() -> None:
    arrays = {"picture": PICTURE, "numbers": np.array([0.5, -1.0], np.float32), "none": np.zeros((0, 3))}
    ((header, received),) = Decoder().feed(encode({"id": 7, "name": "Grüße"}, arrays))
    assert header == {"id": 7, "name": "Grüße"}
    assert list(received) == list(arrays)
    for name, array in arrays.items():
        assert received[name].dtype == array.dtype
        np.testing.assert_array_equal(received[name], array)


def test_arrays_that_are_not_contiguous_travel_in_c_order() -> None:
    ((_, received),) = Decoder().feed(encode({}, {"turned": PICTURE.transpose(2, 1, 0)}))
    np.testing.assert_array_equal(received["turned"], PICTURE.transpose(2, 1, 0))


def test_received_arrays_can_be_written_to() -> None:
    ((_, received),) = Decoder().feed(encode({}, {"picture": PICTURE}))
    received["picture"][0, 0, 0] = 255
    assert received["picture"][0, 0, 0] == 255


@given(cuts=st.lists(st.integers(0, 400), max_size=8))
def test_the_stream_may_be_cut_anywhere(cuts: list[int]) -> None:
    stream = encode({"id": 1}) + encode({"id": 2}, {"picture": PICTURE}) + encode({"id": 3})
    edges = sorted({0, len(stream), *(min(cut, len(stream)) for cut in cuts)})
    decoder = Decoder()
    messages = [
        message
        for first, last in zip(edges, edges[1:], strict=False)
        for message in decoder.feed(stream[first:last])
    ]
    assert [header["id"] for header, _ in messages] == [1, 2, 3]


@pytest.mark.parametrize(
    "frame",
    [
        b"\xff\xff\xff\xff{}",
        b"\0\0\0\0",
        struct.pack("<I", 4) + b"\xff\xfe\x00\x01",
        struct.pack("<I", 4) + b"{{{{",
        frame_of([1, 2]),
        frame_of({"id": 1}),
        frame_of({"arrays": [{"dtype": "uint8", "shape": [1]}]}),
        frame_of({"arrays": [{"name": "a", "dtype": "object", "shape": [1]}]}),
        frame_of({"arrays": [{"name": "a", "dtype": ["uint8"], "shape": [1]}]}),
        frame_of({"arrays": [{"name": "a", "dtype": "uint8", "shape": [-1]}]}),
        frame_of({"arrays": [{"name": "a", "dtype": "uint8", "shape": "4"}]}),
        frame_of({"arrays": [{"name": "a", "dtype": "uint8", "shape": [2**29, 2**29]}]}),
        frame_of({"arrays": [{"name": "a", "dtype": "uint8", "shape": [True]}]}),
    ],
)
def test_what_is_no_frame_is_refused(frame: bytes) -> None:
    with pytest.raises(ValueError):
        Decoder().feed(frame)


def test_what_cannot_travel_is_refused_by_the_sender() -> None:
    with pytest.raises(ValueError, match="type 'object'"):
        encode({}, {"things": np.array([{}], dtype=object)})
    with pytest.raises(ValueError, match=str(MAX_ARRAY_BYTES)):
        encode({}, {"big": np.broadcast_to(np.uint8(0), (MAX_ARRAY_BYTES + 1,))})
