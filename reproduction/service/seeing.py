"""activations, maps, arithmetic, field: what the layers of a network answer to one picture.

All of them take `archive` and the picture as `predict` does (`picture`, or the array "bytes" and `name`), and
all but `arithmetic`'s unit may be asked with `lesions`. The picture is looked at once: further questions
about it, with the same lesions, cost a copy. Only the central view is looked at.

    activations                      -> layers, crop: box; "crop", "order:LAYER" ...
    maps        layer, [channels | first, count, scale, exact]
                                     -> layer, shape, low, high; "channels", "maps", ["low", "high", "values"]
    arithmetic  layer, channel, [row, column]
                                     -> parts, bias, total, kept, activation, answer; "numbers:I", "weights:I"
    field       layer, [channel, row, column]       (no picture is needed)
                                     -> box, image_shape

`layers` lists all layers with answers in the order of the network: {name, type, column, shape, smallest,
largest, mean}. "order:LAYER" int32 are its channels (of a flat layer its units), the one with the largest
answer anywhere first.

`maps` gives uint8 (n, h, w), 0..255 between `low` and `high`: those of the layer, or with scale "map" of each
map (then arrays "low" and "high" (n,)). Which: `channels`, a list of numbers; else `count` (64) from place
`first` (0) of the order. With `exact`, "values" float16 (n, h, w) come too. The units of a flat layer are
maps of one number. Values are cut at 65,504, where float16 ends.

`arithmetic` explains one unit of a conv, local or fc layer. For its input number I, "numbers:I" (c, k, k) are
what it reads, "weights:I" what with: their products summed, plus `bias`, are `total`; times `kept` (1 but for
2011's dropout), then `activation` gives `answer`. parts[I] = {source, total, box, channels}: box [top, left,
side] in the maps of the layer `source` (null where all of it is read, and numbers have its shape), which may
hang over its edges, where zeros are read; and which of its channels.

`field` gives the receptive field as box [top, left, bottom, right] in the crop, the last two exclusive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.receptive import receptive_box
from reproduction.errors import UserError
from reproduction.service.session import Answer, Arrays, Question, Session

if TYPE_CHECKING:
    from reproduction.inside.looking import Look

MAPS, MOST_MAPS = 64, 4096
LARGEST_HALF = float(np.finfo(np.float16).max)


def activations(session: Session, question: Question, arrays: Arrays) -> Answer:
    """What every layer answers, in numbers, and the order of its maps."""
    from reproduction.inside.looking import order

    seen = session.look(question, arrays)
    layers, answers = [], {}
    for layer in seen.model.experiment.network.layers:
        if layer.name not in seen.activations or layer.type == "data":
            continue
        values = seen.values(layer.name)
        layers.append(
            {
                "name": layer.name,
                "type": layer.type,
                "column": layer.column,
                "shape": list(values.shape),
                "smallest": float(values.min()),
                "largest": float(values.max()),
                "mean": float(values.mean(dtype=np.float64)),
            }
        )
        answers[f"order:{layer.name}"] = order(values)
    shown = seen.model.see(session.picture(question, arrays))
    return {"layers": layers, "box": list(shown.box)}, {**answers, "crop": shown.crop}


def maps(session: Session, question: Question, arrays: Arrays) -> Answer:
    """Some maps of one layer, as bytes to be drawn."""
    seen = session.look(question, arrays)
    values = seen.values(str(question.get("layer")))
    channels = _channels(values, question)
    chosen = values.reshape(len(values), *(values.shape[1:] or (1, 1)))[channels]
    low, high = float(values.min()), float(values.max())
    message = {"layer": question.get("layer"), "shape": list(values.shape), "low": low, "high": high}
    answers: Arrays = {"channels": np.asarray(channels, np.int32)}
    if question.get("scale") == "map":
        answers |= {"low": chosen.min(axis=(1, 2)), "high": chosen.max(axis=(1, 2))}
        answers["maps"] = as_bytes(chosen, answers["low"][:, None, None], answers["high"][:, None, None])
    else:
        answers["maps"] = as_bytes(chosen, low, high)
    if question.get("exact"):
        answers["values"] = np.clip(chosen, -LARGEST_HALF, LARGEST_HALF).astype(np.float16)
    return message, answers


def _channels(values: NDArray[np.float32], question: Question) -> NDArray[np.int64]:
    """The numbers of the maps that the question wants."""
    from reproduction.inside.looking import order

    listed = question.get("channels")
    if listed is not None:
        channels = np.asarray(listed, np.int64).reshape(-1)
        if len(channels) > MOST_MAPS or (channels < 0).any() or (channels >= len(values)).any():
            raise UserError(f"layer '{question.get('layer')}' has the channels 0 to {len(values) - 1}")
        return channels
    first = max(0, int(question.get("first", 0)))
    count = min(max(0, int(question.get("count", MAPS))), MOST_MAPS)
    return order(values)[first : first + count].astype(np.int64)


def as_bytes(values: NDArray[np.float32], low: Any, high: Any) -> NDArray[np.uint8]:
    """Values as 0..255 between `low` and `high`; all 0 where these are the same."""
    span = np.where(np.asarray(high) > low, np.asarray(high) - low, 1)
    return np.asarray(np.rint(255 * np.clip((values - low) / span, 0, 1)), np.uint8)


def arithmetic(session: Session, question: Question, arrays: Arrays) -> Answer:
    """How one unit comes to its answer."""
    from reproduction.inside.looking import arithmetic as steps

    seen = session.look(question, arrays)
    place = {name: int(question.get(name, 0)) for name in ("row", "column")}
    found = steps(seen, str(question.get("layer")), int(question.get("channel", 0)), **place)
    answers: Arrays = {}
    parts = []
    for index, part in enumerate(found.parts):
        box, channels = part.box and list(part.box), list(part.channels)
        parts.append({"source": part.source, "total": part.total, "box": box, "channels": channels})
        answers |= {f"numbers:{index}": part.numbers, f"weights:{index}": part.weights}
    message = {name: getattr(found, name) for name in ("bias", "total", "kept", "activation", "answer")}
    return {"parts": parts, **message}, answers


def field(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The part of the crop that a unit sees."""
    network = session.described(question)
    channel = question.get("channel")
    place = {name: int(question.get(name, 0)) for name in ("row", "column")}
    try:
        box = receptive_box(
            network, str(question.get("layer")), **place, channel=None if channel is None else int(channel)
        )
    except ValueError as error:
        raise UserError(str(error)) from error
    return {"box": list(box), "image_shape": list(network["image_shape"])}, {}


def strongest(seen: Look, layer: str, channel: int) -> tuple[int, int]:
    """The row and column where a channel answers most; (0, 0) in a flat layer."""
    values = seen.values(layer)
    if values.ndim == 1 or not 0 <= channel < len(values):
        return 0, 0
    row, column = np.unravel_index(int(values[channel].argmax()), values.shape[1:])
    return int(row), int(column)
