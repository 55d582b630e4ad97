"""A worker process without torch for the tests of the rooms inside and neighbours.

Every answer is made from the question, so that a test knows it: layer number i of `LAYERS` has the values
`values(i)`, unit c of which answers most at row c, column 1. The picture need not exist.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive.errors import ArchiveError
from reproduction.errors import UserError
from reproduction.frames import Decoder, encode
from reproduction.service.exciting import patches
from reproduction.service.seeing import as_bytes, field
from reproduction.service.session import Session

SIDE = 32
Arrays = dict[str, NDArray[Any]]
Answer = tuple[dict[str, Any], Arrays]


def values(channels: int) -> NDArray[np.float32]:
    """Maps (channels, 32, 32): unit c answers 10 + c at row c, column 1, and 0 elsewhere."""
    found = np.zeros((channels, SIDE, SIDE), np.float32)
    for channel in range(channels):
        found[channel, channel % SIDE, 1] = 10 + channel
    return found


def chances() -> NDArray[np.float32]:
    """Ten probabilities, class 3 the largest."""
    found = np.full((10, 1, 1), 0.05, np.float32)
    found[3] = 0.55
    return found


def layers_of(session: Session, question: dict[str, Any]) -> dict[str, NDArray[np.float32]]:
    """The answers of every layer of the archive."""
    network = session.described(question)
    found = {}
    for layer in network["layers"]:
        if layer["type"] == "conv":
            found[layer["name"]] = values(layer["output_shape"][0])
        elif layer["type"] == "softmax":
            found[layer["name"]] = chances()
    return found


def activations(session: Session, question: dict[str, Any]) -> Answer:
    """As reproduction.service.seeing."""
    described = {layer["name"]: layer for layer in session.described(question)["layers"]}
    arrays: Arrays = {"crop": np.full((SIDE, SIDE, 3), 200, np.uint8)}
    layers = []
    for name, found in layers_of(session, question).items():
        shape = described[name]["output_shape"]
        numbers = {"smallest": float(found.min()), "largest": float(found.max()), "mean": float(found.mean())}
        kind, column = described[name]["type"], described[name]["column"]
        layers.append({"name": name, "type": kind, "column": column, "shape": list(shape), **numbers})
        arrays[f"order:{name}"] = np.argsort(-found.max(axis=(1, 2)), kind="stable").astype(np.int32)
    return {"layers": layers, "box": [0, 0, SIDE]}, arrays


def maps(session: Session, question: dict[str, Any]) -> Answer:
    """As reproduction.service.seeing."""
    found = layers_of(session, question)[question["layer"]]
    order = np.argsort(-found.max(axis=(1, 2)), kind="stable")
    channels = np.asarray(question.get("channels", order[: question.get("count", 64)]), np.int32)
    chosen = found[channels]
    low, high = float(found.min()), float(found.max())
    arrays = {"channels": channels, "maps": as_bytes(chosen, low, high), "values": chosen.astype(np.float16)}
    return {"layer": question["layer"], "shape": list(found.shape), "low": low, "high": high}, arrays


def attribution(session: Session, question: dict[str, Any]) -> Answer:
    """All of it comes from pixel (5, 7)."""
    signal = np.zeros((3, SIDE, SIDE), np.float16)
    signal[0, 5, 7] = 1
    strength = np.zeros((SIDE, SIDE), np.uint8)
    strength[5, 7] = 255
    unit = {"layer": question.get("layer", "probs"), "channel": question.get("class", 0)}
    message = {**unit, "row": 0, "column": 0, "answer": 1.0, "field": [0, 0, SIDE, SIDE], "largest": 2.0}
    return message, {"map": signal, "strength": strength}


def occlusion(session: Session, question: dict[str, Any]) -> Answer:
    """Hiding the square at row 1, column 2 of seven by seven costs everything."""
    first, total = question["first"], 49
    answers = np.ones(total, np.float32)
    answers[9] = 0
    message = {"layer": "probs", "channel": 0, "row": 0, "column": 0, "answer": 1.0, "size": 8, "stride": 4}
    part = answers[first : first + question["count"]]
    return {**message, "places": 7, "total": total, "first": first}, {"answers": part}


def arithmetic(session: Session, question: dict[str, Any]) -> Answer:
    """Two channels of twos with the weights 3 and -1; bias 0.5."""
    numbers = np.full((2, 2, 2), 2, np.float32)
    weights = np.stack([np.full((2, 2), -1, np.float32), np.full((2, 2), 3, np.float32)])
    parts = [{"source": "data", "total": 16.0, "box": [0, 0, 2], "channels": [0, 1]}]
    message = {"bias": 0.5, "total": 16.5, "kept": 1.0, "activation": "relu", "answer": 16.5}
    return {"parts": parts, **message}, {"numbers:0": numbers, "weights:0": weights}


def neighbours(session: Session, question: dict[str, Any]) -> Answer:
    """Probe pictures from 0 on by features, from the last on by pixels; the farther the later."""
    probe = session.probe(question)
    total = int(probe.require()["images"])
    count = min(question["count"], total)
    numbers = list(range(count))
    if question.get("by") == "pixels":
        probe.thumbnails()
        numbers = [total - 1 - number for number in numbers]
    said = probe.answers()
    rows = []
    for place, number in enumerate(numbers):
        classes = {"label": int(said[number]["label"]), "guess": int(said[number]["guess"])}
        rows.append({"number": number, "picture": 10 * number, "distance": 1.0 + place, **classes})
    arrays: Arrays = {}
    if probe.has_pictures:
        arrays["thumbnails"] = np.ascontiguousarray(np.moveaxis(probe.thumbnails()[numbers], 1, -1))
    layers = [question["layer"]] if question.get("layer") else ["probs"]
    message = {"layers": layers, "metric": question["metric"], "images": total, "stored": probe.has_pictures}
    return {"neighbours": rows, **message}, arrays


def preview(session: Session, question: dict[str, Any]) -> Answer:
    """The picture is all grey."""
    return {"box": [0, 0, SIDE], "notes": []}, {"crop": np.full((SIDE, SIDE, 3), 200, np.uint8)}


FAKES = (preview, activations, maps, attribution, occlusion, arithmetic, neighbours)


def answer(session: Session, question: dict[str, Any], arrays: Arrays) -> bytes:
    """The frame that answers a request."""
    number, do = question["id"], question["do"]
    handlers: dict[str, Any] = {fake.__name__: fake for fake in FAKES}
    try:
        if do == "hello":
            return encode({"id": number, "ok": True})
        if do in ("field", "patches"):
            message, answers = {"field": field, "patches": patches}[do](session, question, arrays)
        else:
            message, answers = handlers[do](session, question)
    except (UserError, ArchiveError) as error:
        return encode({"id": number, "ok": False, "error": str(error)})
    return encode({"id": number, "ok": True, **message}, answers)


def main() -> None:
    """Answers until its input is closed."""
    decoder, session = Decoder(), Session()
    while data := os.read(0, 1 << 16):
        for message, arrays in decoder.feed(data):
            sys.stdout.buffer.write(answer(session, message, arrays))
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
