"""From section to layer: pooling, norms, and operations on the image."""

from __future__ import annotations

import math
from typing import Any

from reproduction.definition.fields import Fields
from reproduction.definition.language import quoted
from reproduction.definition.layers import (
    Blur,
    ContrastNorm,
    Crop,
    Layer,
    MapPool,
    Mirror,
    Nailbed,
    Pool,
    RandomScale,
    Resize,
    ResponseNorm,
    ToLab,
    ToYuv,
)
from reproduction.definition.readers.context import (
    Context,
    check_channels,
    divide_up,
    one_picture,
    refuse_above_weights,
)

_KINDS = {"max": "max", "avg": "average", "maxabs": "maxabs", "rand": "random"}


def read_pool(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    word = fields.text("pool", None, "max, avg, maxabs or rand")
    if word not in _KINDS:
        fields.fail("pool", "max, avg, maxabs or rand")
    if word not in context.dialect.pools:
        known = " or ".join(sorted(context.dialect.pools))
        context.assume(fields, "pool", known, f"{word} is read as in the other programs")
    kind = "sum" if word == "avg" and fields.boolean("sum", False) else _KINDS[word]
    channels, picture_side, _ = shape = one_picture(fields, context, common)
    size = fields.integer("sizeX", low=1, high=picture_side)
    stride = fields.integer("stride", low=1, high=size)
    start = fields.integer("start", 0, low=1 - size, high=picture_side - 1)
    natural = 1 + divide_up(picture_side - start - size, stride)
    # Every window must begin inside the picture, or it would be a maximum of nothing.
    most = 1 + (picture_side - 1 - start) // stride
    side = fields.integer("outputsX", 0, high=most) or max(natural, 1)
    if context.strict and channels % 16 and context.above_weights.intersection(common["inputs"]):
        fields.fail("channels", "a multiple of 16 above layers with weights (strict)")
    return Pool(
        **common,
        input_shapes=(shape,),
        output_shape=(channels, side, side),
        kind=kind,
        size=size,
        stride=stride,
        start=start,
    )


def read_cmpool(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    if fields.text("pool", None, "max") != "max":
        fields.fail("pool", "max")
    channels, side, _ = shape = one_picture(fields, context, common)
    size = fields.integer("size", low=1, high=channels)
    stride = fields.integer("stride", low=1, high=size)
    start = fields.integer("start", 0, low=1 - size, high=0)
    maps = fields.integer("outputs", low=1, high=1 + (channels - 1 - start) // stride)
    if start + (maps - 1) * stride + size < channels:
        fields.fail("outputs", f"enough windows to cover the {channels} channels")
    return MapPool(
        **common,
        input_shapes=(shape,),
        output_shape=(maps, side, side),
        size=size,
        stride=stride,
        start=start,
    )


def read_cmrnorm(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = one_picture(fields, context, common)
    size = _norm_size(fields, context, 2, shape[0])
    check_channels(fields, context, shape[0], 16)
    return ResponseNorm(
        **common,
        **_stated(fields),
        input_shapes=(shape,),
        output_shape=shape,
        scope="across_maps",
        size=size,
        blocked=fields.boolean("blocked", False),
    )


def read_rnorm(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = one_picture(fields, context, common)
    size = _norm_size(fields, context, 1, shape[1])
    check_channels(fields, context, shape[0], 4)
    return ResponseNorm(
        **common,
        **_stated(fields),
        input_shapes=(shape,),
        output_shape=shape,
        scope="within_map",
        size=size,
        blocked=False,
    )


def read_cnorm(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = one_picture(fields, context, common)
    size = _norm_size(fields, context, 1, shape[1])
    check_channels(fields, context, shape[0], 4)
    return ContrastNorm(**common, **_stated(fields), input_shapes=(shape,), output_shape=shape, size=size)


def _norm_size(fields: Fields, context: Context, low: int, high: int) -> int:
    """`size`, or `sizeX` as files older than the released programs have it."""
    if fields.has("size") or not fields.has("sizeX"):
        return fields.integer("size", low=low, high=high)
    context.assume(fields, "sizeX", "the key 'size'", "sizeX is read as size")
    return fields.integer("sizeX", low=low, high=high)


def _stated(fields: Fields) -> dict[str, Any]:
    """The numbers that older files hold in the definition; the section of the parameter file comes first."""
    return {
        "stated_scale": fields.number("scale", low=0) if fields.has("scale") else None,
        "stated_power": fields.number("pow", low=-100, high=100) if fields.has("pow") else None,
    }


def read_nailbed(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    channels, picture_side, _ = shape = one_picture(fields, context, common)
    stride = fields.integer("stride", low=2 if context.strict else 1, high=picture_side)
    side = divide_up(picture_side, stride)
    start = (picture_side - stride * (side - 1)) // 2
    return Nailbed(
        **common, input_shapes=(shape,), output_shape=(channels, side, side), stride=stride, start=start
    )


def read_blur(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = one_picture(fields, context, common)
    size = fields.integer("filterSize")
    if size not in (3, 5, 7, 9) or size > shape[1]:
        fields.fail("filterSize", f"3, 5, 7 or 9, and at most the picture's side {shape[1]}")
    stdev = fields.number("stdev", low=0.001, high=1e6)
    return Blur(**common, input_shapes=(shape,), output_shape=shape, kernel_size=size, stdev=stdev)


def read_href(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = one_picture(fields, context, common)
    if context.strict and shape[0] > 3:
        fields.fail("channels", "at most 3 (strict)")
    return Mirror(**common, input_shapes=(shape,), output_shape=shape)


def read_resize(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    refuse_above_weights(fields, context, common["inputs"])
    channels, picture_side, _ = shape = one_picture(fields, context, common)
    scale = fields.number("scale", low=0.5, high=2)
    side = math.floor(picture_side / scale)
    if side < 1:
        fields.fail("scale", f"a scale that leaves a pixel of {picture_side}")
    return Resize(**common, input_shapes=(shape,), output_shape=(channels, side, side), scale=scale)


def read_rscale(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    refuse_above_weights(fields, context, common["inputs"])
    channels, picture_side, _ = shape = one_picture(fields, context, common)
    most = fields.number("maxScale", low=1, high=2)
    least_side = max(1, math.floor(picture_side / most))
    side = fields.integer("tgtSize", low=least_side, high=picture_side)
    return RandomScale(
        **common,
        input_shapes=(shape,),
        output_shape=(channels, side, side),
        max_scale=most,
        scales_in_tests=context.dialect.scales_in_tests,
    )


def read_crop(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    refuse_above_weights(fields, context, common["inputs"])
    channels, picture_side, _ = shape = one_picture(fields, context, common)
    side = fields.integer("sizeX", low=1, high=picture_side)
    left = fields.integer("startX", high=picture_side - side)
    top = fields.integer("startY", high=picture_side - side) if fields.has("startY") else left
    return Crop(**common, input_shapes=(shape,), output_shape=(channels, side, side), top=top, left=left)


def read_rgb2yuv(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = _color_picture(fields, context, common)
    return ToYuv(**common, input_shapes=(shape,), output_shape=shape)


def read_rgb2lab(fields: Fields, context: Context, common: dict[str, Any]) -> Layer:
    shape = _color_picture(fields, context, common)
    center = fields.boolean("center", False)
    return ToLab(**common, input_shapes=(shape,), output_shape=shape, center=center)


def _color_picture(fields: Fields, context: Context, common: dict[str, Any]) -> tuple[int, ...]:
    refuse_above_weights(fields, context, common["inputs"])
    shape = one_picture(fields, context, common)
    if shape[0] != 3:
        fields.fail("channels", "3, red, green and blue", quoted(str(shape[0])))
    return shape
