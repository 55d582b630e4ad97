"""The receptive field of a unit: which pixels of the picture it depends on, from the network's description.

A set of numbers of a layer is followed back to the set of numbers of its inputs that they are computed from,
layer by layer, to the picture. Windows are where the program has them: zeros around the picture belong to
nobody, output sides that were rounded up hang over, pools are cut at the border. What is followed are sets
and not rectangles, so groups, branches, and strides beyond the window (which leave holes) come out right. Of
random connections, which the description does not list, every channel counts as connected.

Letters: C channels, S side, F filters, M output side. Sets are bool arrays in the shape of a layer's output.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Set = NDArray[np.bool_]
Layer = Mapping[str, Any]
Box = tuple[int, int, int, int]


def receptive_pixels(
    network: Mapping[str, Any], layer: str, row: int = 0, column: int = 0, channel: int | None = None
) -> Set:
    """Pixels (H, W) that the units of `layer` at (`row`, `column`) see, or that of one `channel`.

    `network` is the resolved network of an archive; of a flat layer row and column are 0, and channel is the
    number of the unit. ValueError for a unit that is not there.
    """
    layers = {entry["name"]: entry for entry in network["layers"]}
    if layer not in layers or layers[layer]["type"].startswith("cost"):
        raise ValueError(f"the network has no layer '{layer}' with units")
    wanted = {layer: _unit(layers[layer], row, column, channel)}
    pixels = np.zeros(network["image_shape"][1:], bool)
    for entry in reversed(network["layers"]):
        seen = wanted.pop(entry["name"], None)
        if seen is None or not seen.any():
            continue
        if entry["type"] == "data":
            pixels |= _in_picture(entry, seen, tuple(network["image_shape"]))
            continue
        shapes = [tuple(layers[name]["output_shape"]) for name in entry["inputs"]]
        for name, part in zip(entry["inputs"], _read(entry, seen, shapes), strict=True):
            known = wanted.get(name)
            wanted[name] = part if known is None else known | part
    return pixels


def receptive_box(
    network: Mapping[str, Any], layer: str, row: int = 0, column: int = 0, channel: int | None = None
) -> Box:
    """The smallest rectangle around `receptive_pixels`: top, left, bottom, right, the last two exclusive.

    (0, 0, 0, 0) for a unit that sees nothing but zeros.
    """
    pixels = receptive_pixels(network, layer, row, column, channel)
    rows, columns = np.flatnonzero(pixels.any(axis=1)), np.flatnonzero(pixels.any(axis=0))
    if not len(rows):
        return 0, 0, 0, 0
    return int(rows[0]), int(columns[0]), int(rows[-1]) + 1, int(columns[-1]) + 1


def _unit(layer: Layer, row: int, column: int, channel: int | None) -> Set:
    """The set that holds the unit alone, or the units of every channel."""
    shape = _as_maps(layer["output_shape"])
    there = 0 <= row < shape[1] and 0 <= column < shape[2] and (channel is None or 0 <= channel < shape[0])
    if not there:
        where = f"({row}, {column})" if channel is None else f"({channel}, {row}, {column})"
        raise ValueError(
            f"layer '{layer['name']}' of shape {tuple(layer['output_shape'])} has no unit {where}"
        )
    units = np.zeros(shape, bool)
    units[slice(None) if channel is None else channel, row, column] = True
    return units.reshape(layer["output_shape"])


def _as_maps(shape: Sequence[int]) -> tuple[int, int, int]:
    """A flat layer as maps of one number."""
    return (shape[0], shape[1], shape[2]) if len(shape) == 3 else (math.prod(shape), 1, 1)


def _in_picture(layer: Layer, seen: Set, image_shape: tuple[int, ...]) -> Set | bool:
    """Pixels that a data layer's set is of; labels are none."""
    if layer.get("data_index", 0 if len(layer["output_shape"]) == 3 else 1) != 0:
        return False
    if seen.size != math.prod(
        image_shape
    ):  # a part of the picture's numbers: which, the description keeps not
        return True
    return np.asarray(seen.reshape(image_shape).any(axis=0))


def _read(layer: Layer, seen: Set, shapes: list[tuple[int, ...]]) -> list[Set]:
    """What of each input of `layer` the set `seen` of its output is computed from."""
    read = _READERS.get(layer["type"])
    if read is not None:
        return [
            np.asarray(read(layer, seen, _as_read(layer, index, shape), index)).reshape(shape)
            for index, shape in enumerate(shapes)
        ]
    if layer["type"] in ("concat", "pass"):
        cuts = np.cumsum([math.prod(shape) for shape in shapes])[:-1]
        parts = np.split(seen.reshape(-1), cuts)
        return [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
    return [seen.reshape(shape) for shape in shapes]  # number by number


def _as_read(layer: Layer, index: int, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape (C, S, S) in which a layer of maps reads its input, whose own may be flat or another one."""
    if len(layer["output_shape"]) != 3:
        return shape
    channels = _channels(layer, index, shape)
    side = math.isqrt(math.prod(shape) // channels)
    return (channels, side, side) if channels * side * side == math.prod(shape) else shape


def _channels(layer: Layer, index: int, shape: tuple[int, ...]) -> int:
    """Maps of the input as `layer` reads it."""
    if layer["type"] not in ("conv", "local"):
        return int(shape[0] if layer["type"] == "cmpool" else layer["output_shape"][0])
    if any(layer.get("random_connections", ())):
        return shape[0]
    arrays = list(layer["weights"].values())
    own = arrays[index] if index < len(arrays) else arrays[-1]
    return int(own[-3] * layer["groups"][index])


def _windows(seen: Set, size: int, stride: int, start: int, sides: tuple[int, int]) -> Set:
    """Pixels (.., S, S) of the windows [start + m * stride, + size) of the outputs in `seen` (.., M, M)."""
    for axis, side in zip((-2, -1), sides, strict=True):
        outputs = np.moveaxis(seen, axis, 0)
        pixels = np.zeros((side, *outputs.shape[1:]), bool)
        for output in np.flatnonzero(outputs.reshape(len(outputs), -1).any(axis=1)):
            first = start + int(output) * stride
            pixels[max(0, first) : max(0, first + size)] |= outputs[output]
        seen = np.moveaxis(pixels, 0, axis)
    return seen


def _of_filters(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    """Convolutions and local filters: a group of filters sees its group of channels."""
    random = any(layer.get("random_connections", ()))
    groups = 1 if random else layer["groups"][index]
    by_group = np.asarray(seen.reshape(groups, -1, *seen.shape[1:]).any(axis=1))
    size, stride, padding = (layer[name][index] for name in ("kernel_size", "stride", "padding"))
    pixels = _windows(by_group, size, stride, -padding, (shape[1], shape[2]))
    return np.repeat(pixels, shape[0] // groups, axis=0)


def _of_pool(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return _windows(seen, layer["size"], layer["stride"], layer["start"], (shape[1], shape[2]))


def _neighbourhood(seen: Set, size: int) -> Set:
    """Places i - size//2 ... + size - 1 of the places i of maps."""
    return _windows(seen, size, 1, -(size // 2), (seen.shape[1], seen.shape[2]))


def _of_norm(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    """Response norms within a map."""
    return _neighbourhood(seen.reshape(shape), layer["size"]) | seen.reshape(shape)


def _of_contrast(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    """Contrast norms: neighbours, and theirs, since each is compared with the mean about it."""
    near = _neighbourhood(seen.reshape(shape), layer["size"]) | seen.reshape(shape)
    return _neighbourhood(near, layer["size"]) | near


def _of_map_norm(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    """Response norms across maps, sliding or in blocks."""
    maps, size = seen.reshape(shape), layer["size"]
    found = maps.copy()
    for number in np.flatnonzero(maps.any(axis=(1, 2))):
        first = number // size * size if layer.get("blocked") else number - size // 2
        found[max(0, first) : max(0, first + size)] |= maps[number]
    return found


def _of_map_pool(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    found = np.zeros(shape, bool)
    for number, output in enumerate(seen):
        first = layer["start"] + number * layer["stride"]
        found[max(0, first) : max(0, first + layer["size"])] |= output
    return found


def _of_nailbed(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return _windows(seen, 1, layer["stride"], layer["start"], (shape[1], shape[2]))


def _of_blur(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    size = layer["kernel_size"]
    return _windows(seen, size, 1, -(size // 2), (shape[1], shape[2]))


def _of_mirror(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return seen[..., ::-1]


def _of_crop(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return _inside(seen, shape, layer["top"], layer["left"])


def _inside(seen: Set, shape: tuple[int, ...], top: int, left: int) -> Set:
    found = np.zeros(shape, bool)
    found[:, top : top + seen.shape[1], left : left + seen.shape[2]] = seen
    return found


def _of_resize(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return _between(seen, shape[1], layer["scale"])


def _of_random_scale(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    """As a picture is looked at: scaled, or the square in the middle."""
    if layer.get("scales_in_tests"):
        return _between(seen, shape[1], layer["max_scale"])
    start = (shape[1] - seen.shape[1]) // 2
    return _inside(seen, shape, start, start)


def _between(seen: Set, side: int, scale: float) -> Set:
    """The two pixels, on each axis, that a pixel of a scaled picture lies between; or the one it falls on."""
    for axis in (1, 2):
        targets = np.moveaxis(seen, axis, 0)
        found = np.zeros((side, *targets.shape[1:]), bool)
        places = np.arange(len(targets)) * scale + (side - len(targets) * scale) / 2
        places = np.clip(places, 0, max(0, side - 1.01))
        for target, place in zip(targets, places, strict=True):
            found[int(place)] |= target
            if place > int(place):
                found[min(int(place) + 1, side - 1)] |= target
        seen = np.moveaxis(found, 0, axis)
    return seen


def _of_colours(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return np.broadcast_to(seen.any(axis=0), shape)


def _of_runs(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return np.repeat(seen.reshape(-1), layer["stride"])


def _of_parts(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    parts = seen.reshape(layer["parts"], -1).any(axis=1)
    return np.repeat(parts, math.prod(shape) // layer["parts"])


def _of_everything(layer: Layer, seen: Set, shape: tuple[int, ...], index: int) -> Set:
    return np.ones(shape, bool)


_READERS: dict[str, Callable[[Layer, Set, tuple[int, ...], int], Set]] = {
    "conv": _of_filters,
    "local": _of_filters,
    "fc": _of_everything,
    "treefc": _of_everything,
    "softmax": _of_everything,
    "sfc": _of_parts,
    "pool": _of_pool,
    "rnorm": _of_norm,
    "cnorm": _of_contrast,
    "cmrnorm": _of_map_norm,
    "cmpool": _of_map_pool,
    "nailbed": _of_nailbed,
    "blur": _of_blur,
    "href": _of_mirror,
    "crop": _of_crop,
    "resize": _of_resize,
    "rscale": _of_random_scale,
    "rgb2yuv": _of_colours,
    "rgb2lab": _of_colours,
    "sum": _of_runs,
}
