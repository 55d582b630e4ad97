"""patches: the parts of the probe pictures that units answered most.

    patches  archive, layer, channel | channels, [count, data]
             -> patches, from; "pixels:0", "pixels:1" ...

`patches` lists for each of the `channels` in turn its `count` (9) strongest answers, the largest first:
{channel, number, picture, row, column, value, box, label, guess}: the picture's row in the archive's
activations and its number in the split, the place in the map, the answer, the receptive field [top, left,
bottom, right] in the crop, classes. "pixels:I" uint8 (h, w, C) is what is in the box of number I: of the
pictures in the data file `data`, else of the small copies in the archive, there in their resolution. `from`
is "data", "archive", or "" where there are no pixels: then only boxes come.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.receptive import receptive_box
from reproduction.errors import DataError, UserError
from reproduction.service.probe import Probe
from reproduction.service.session import Answer, Arrays, Question, Session

PATCHES, MOST_CHANNELS = 9, 256

Pixels = NDArray[np.uint8]


def patches(session: Session, question: Question, arrays: Arrays) -> Answer:
    """Where units answered most, and what was there to be seen."""
    probe, network = session.probe(question), session.described(question)
    layer = str(question.get("layer"))
    table, said = probe.patches(layer), probe.answers()
    rows = [_described(network, layer, row, said[row["picture"]]) for row in _chosen(table, question)]
    pictures = sorted({row["number"] for row in rows})
    source, squares = _pictures(probe, network, pictures, said, question)
    answers: Arrays = {}
    for index, row in enumerate(rows if source else ()):
        answers[f"pixels:{index}"] = cut(squares[row["number"]], row["box"], network["image_shape"][1])
    return {"patches": rows, "from": source}, answers


def _chosen(table: NDArray[Any], question: Question) -> list[Any]:
    """The rows of the channels that the question names."""
    channels = question.get("channels")
    wanted = [int(question.get("channel", 0))] if channels is None else [int(one) for one in channels]
    known = set(table["unit"].tolist())
    if len(wanted) > MOST_CHANNELS or not set(wanted) <= known:
        raise UserError(f"layer '{question.get('layer')}' has the channels {min(known)} to {max(known)}")
    count = max(0, int(question.get("count", PATCHES)))
    return [row for channel in wanted for row in table[table["unit"] == channel][:count]]


def _described(network: dict[str, Any], layer: str, row: Any, answer: Any) -> dict[str, Any]:
    place = int(row["row"]), int(row["column"])
    return {
        "channel": int(row["unit"]),
        "number": int(row["picture"]),
        "picture": int(answer["picture"]),
        "row": place[0],
        "column": place[1],
        "value": float(row["value"]),
        "box": list(receptive_box(network, layer, *place, channel=int(row["unit"]))),
        "label": int(answer["label"]),
        "guess": int(answer["guess"]),
    }


def _pictures(
    probe: Probe, network: dict[str, Any], numbers: list[int], said: NDArray[Any], question: Question
) -> tuple[str, dict[int, Pixels]]:
    """Where pixels come from ("" nowhere), and the crops (C, s, s) by number."""
    if question.get("data"):
        return "data", _from_data(probe, network, numbers, said, Path(str(question["data"])))
    if not probe.has_pictures:
        return "", {}
    return "archive", {number: probe.thumbnails()[number] for number in numbers}


def _from_data(
    probe: Probe, network: dict[str, Any], numbers: list[int], said: NDArray[Any], path: Path
) -> dict[int, Pixels]:
    """Crops out of the data file of the probe set; DataError for another one."""
    from reproduction.data.packed import PackedData

    facts, size = probe.require(), int(network["image_shape"][1])
    with PackedData(path) as data:
        if data.sha256 != facts.get("data_sha256") or data.image_shape[1] < size:
            raise DataError(f"{path} does not hold the probe pictures, which are of {facts.get('data_name')}")
        images, border = data.images(facts["split"]), (data.image_shape[1] - size) // 2
        inner = slice(border, border + size)
        return {number: images[int(said[number]["picture"])][:, inner, inner] for number in numbers}


def cut(square: Pixels, box: list[int], size: int) -> Pixels:
    """The pixels (h, w, C) in `box` of a crop of `size` pixels, out of a copy (C, s, s) of any size."""
    scale = square.shape[-1] / size
    top, left = (int(np.floor(edge * scale)) for edge in box[:2])
    bottom, right = (int(np.ceil(edge * scale)) for edge in box[2:])
    return np.ascontiguousarray(np.moveaxis(square[:, top:bottom, left:right], 0, -1))
