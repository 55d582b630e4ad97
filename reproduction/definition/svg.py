"""A network as an SVG drawing: one group a layer, text as text, with a title and a description."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from reproduction.definition.drawing import Curve, Face, Ink, Item, Point, Stroke, Text, items
from reproduction.definition.layout import Type, lay_out

GROUND = "#ffffff"
INKS = {"text": "#1d1c1a", "muted": "#5d5a54", "crossing": "#881972"}
SHARED = "#7d7a73"  # what belongs to no column
COLUMNS = ("#0072b2", "#d55e00")  # of Okabe and Ito's palette, safe for every common colour vision
COLUMN_NAMES = ("#00619a", "#a84700")  # the same two as text
SHADES = {-1: 1 / 1.09, 0: 1.0, 1: 1.06}
FONT = "Helvetica Neue, Helvetica, Arial, Liberation Sans, sans-serif"
LETTERS = Type(letter_px=7.0, line_px=17.0)
FONT_PX = 13
HEADING_PX = 20
BASELINE = 0.78  # of a line's height, from its top
DASHES = {"solid": "", "dashed": ' stroke-dasharray="6 3.5"', "dotted": ' stroke-dasharray="1.6 3.2"'}
MARGIN_PX = 16.0
WIDTH_PX = 1400.0
LANE_PX = 250.0
GAP_PX = 40.0
HEAD_LINES = 3.5  # above the drawing, for the heading
NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_svg(network: Mapping[str, Any]) -> str:
    """The whole file for a resolved network (`Experiment.to_json()`, or what an archive holds)."""
    drawing = lay_out(network, WIDTH_PX, LANE_PX * (1 + int(network["columns"])), LETTERS, GAP_PX)
    painted = list(items(drawing, {column: column_name(column) for column, *_ in drawing.lanes}))
    curves = [item for item in painted if isinstance(item, Curve)]
    left, top, right, bottom = _extent(painted)
    key = _key(network)
    right = max(right, left + max(len(line) for line in (*key, _facts(network))) * LETTERS.letter_px)
    head = top - HEAD_LINES * LETTERS.line_px
    box = (left, head, right - left, bottom + (1 + len(key)) * LETTERS.line_px - head)
    lines = [
        *_opening(network, box),
        *_heading(network, left, head),
        *_connections("connections", [curve for curve in curves if not curve.link.in_front]),
        *_layers(network, painted),
        *_connections("connections-in-front", [curve for curve in curves if curve.link.in_front]),
        *_lane_names(painted),
        *(
            _line(line, left, bottom + (1 + number) * LETTERS.line_px, INKS["muted"])
            for number, line in enumerate(key)
        ),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def column_name(column: int) -> str:
    """How a column is called: by the number that the 2012 definition files give its GPU."""
    return f"GPU {column}"


def _opening(network: Mapping[str, Any], box: tuple[float, float, float, float]) -> Iterator[str]:
    left, top = box[0] - MARGIN_PX, box[1] - MARGIN_PX
    width, height = (_number(length + 2 * MARGIN_PX) for length in box[2:])
    view = f"{_number(left)} {_number(top)} {width} {height}"
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="{view}"'
    yield f' role="img" aria-labelledby="title description" font-family="{FONT}" font-size="{FONT_PX}">'
    yield f'<title id="title">{_text(network.get("name", ""))}</title>'
    yield f'<desc id="description">{_text(_description(network))}</desc>'
    yield f'<rect x="{_number(left)}" y="{_number(top)}" width="{width}" height="{height}" fill="{GROUND}"/>'


def _key(network: Mapping[str, Any]) -> list[str]:
    """How to read the drawing, in lines."""
    lines = [
        "To scale: a box is as high and as deep as its layer’s maps, and the thicker the more there are;",
        "a bar is as long as its layer has outputs.",
    ]
    if int(network["columns"]) > 1:
        lines[1] += " Dotted lines cross from one GPU to another."
        if any(len(layer.get("replicas") or ()) > 1 for layer in network["layers"]):
            lines[1] += " Grey layers have a copy on every GPU."
    return lines


def _description(network: Mapping[str, Any]) -> str:
    columns = int(network["columns"])
    order = f"in {columns} columns, one a GPU" if columns > 1 else "in one column"
    return f"{_facts(network)}. The layers stand from left to right {order}. {' '.join(_key(network))}"


def _facts(network: Mapping[str, Any]) -> str:
    picture = "×".join(str(length) for length in network.get("image_shape", ()))
    return (
        f"{picture} pictures, {network.get('classes', 0):,} classes, {network.get('parameters', 0):,} weights"
    )


def _heading(network: Mapping[str, Any], left: float, top: float) -> Iterator[str]:
    name, line_px = str(network.get("name", "")), LETTERS.line_px
    yield _line(name, left, top, INKS["text"], f' font-size="{HEADING_PX}"')
    yield _line(_facts(network), left, top + 1.4 * line_px, INKS["muted"])


def _connections(group: str, curves: Sequence[Curve]) -> Iterator[str]:
    if not curves:
        return
    yield f'<g id="{group}" fill="none">'
    for curve in curves:
        start, *rest = (_pair(point) for point in curve.points)
        kind = "connection crossing" if curve.link.crosses else "connection"
        ends = f"data-from={_quoted(curve.link.source)} data-to={_quoted(curve.link.reader)}"
        stroke = f'stroke="{color_of(curve.ink)}" stroke-width="{_number(curve.width)}"{DASHES[curve.line]}'
        path = f"M{start} C{' '.join(rest)}"
        yield f' <path class="{kind}" {ends} {stroke} d="{path}"/>'
    yield "</g>"


def _layers(network: Mapping[str, Any], painted: Sequence[Item]) -> Iterator[str]:
    """One group a layer: what it is in words, its faces, its caption."""
    words = {layer["name"]: _words(layer) for layer in network["layers"]}
    of_layer: dict[str, list[Face | Text]] = {}
    for item in painted:
        if isinstance(item, Face):
            of_layer.setdefault(item.solid.layer, []).append(item)
        elif isinstance(item, Text) and item.layer is not None:
            of_layer.setdefault(item.layer, []).append(item)
    for layer, parts in of_layer.items():
        kind = next((part.solid.kind for part in parts if isinstance(part, Face)), "")
        yield f'<g class="layer {kind}" data-layer={_quoted(layer)} stroke-linejoin="round">'
        yield f" <title>{_text(words[layer])}</title>"
        for part in parts:
            yield from (f" {line}" for line in _part(part))
        yield "</g>"


def _part(part: Face | Text) -> Iterator[str]:
    if isinstance(part, Text):
        yield from _words_on_plate(part)
    else:
        yield _face(part)


def _words(layer: Mapping[str, Any]) -> str:
    shape = "×".join(str(length) for length in layer["output_shape"])
    reads = f", reads {', '.join(layer['inputs'])}" if layer["inputs"] else ""
    copies = layer.get("replicas") or ()
    where = f", a copy on each of {len(copies)} GPUs" if len(copies) > 1 else ""
    return f"{layer['name']}: {layer['type']}, {shape}{reads}{where}"


def _face(face: Face) -> str:
    paint = (
        f'fill="{color_of(face.fill)}" stroke="{color_of(face.outline)}" stroke-width="{_number(face.width)}"'
    )
    if not face.corner:
        return f'<polygon points="{" ".join(_pair(point) for point in face.points)}" {paint}/>'
    solid = face.solid
    return (
        f'<rect x="{_number(solid.x)}" y="{_number(solid.y)}" width="{_number(solid.width)}"'
        f' height="{_number(solid.height)}" rx="{_number(face.corner)}" {paint}/>'
    )


def _words_on_plate(text: Text) -> Iterator[str]:
    if text.plate:
        x, y, width, height = (_number(length) for length in text.plate)
        yield f'<rect class="plate" x="{x}" y="{y}" width="{width}" height="{height}" fill="{GROUND}"/>'
    more = ' text-anchor="middle"' * text.centred + ' font-weight="bold"' * text.bold
    yield _line(text.text, text.x, text.y, color_of(text.ink), more)


def _lane_names(painted: Sequence[Item]) -> Iterator[str]:
    for item in painted:
        if isinstance(item, Stroke):
            yield (
                f'<path stroke="{color_of(item.ink)}" stroke-width="{_number(item.width)}"{DASHES[item.line]}'
                f' d="M{_pair(item.start)} L{_pair(item.end)}"/>'
            )
        elif isinstance(item, Text) and item.layer is None:
            yield from _words_on_plate(item)


def _line(text: str, x: float, top: float, color: str, more: str = "") -> str:
    """A line of text whose top edge is at `top`."""
    y = top + BASELINE * LETTERS.line_px
    return f'<text x="{_number(x)}" y="{_number(y)}" fill="{color}"{more}>{_text(text)}</text>'


def _extent(painted: Sequence[Item]) -> tuple[float, float, float, float]:
    """Left, top, right and bottom of everything painted."""
    points = [point for item in painted if isinstance(item, Face | Curve) for point in item.points]
    for item in painted:
        if isinstance(item, Text):
            reach = len(item.text) * LETTERS.letter_px / (2 if item.centred else 1)
            points += [(item.x - reach * item.centred, item.y), (item.x + reach, item.y + LETTERS.line_px)]
    across, down = [x for x, _ in points] or [0.0], [y for _, y in points] or [0.0]
    return min(across), min(down), max(across), max(down)


def color_of(ink: Ink) -> str:
    """`#rrggbb` of an ink in the light theme of the museum."""
    if ink.role in INKS:
        return INKS[ink.role]
    palette = COLUMN_NAMES if ink.role == "name" else COLUMNS
    full = _channels(SHARED if ink.column is None else palette[ink.column % len(palette)])
    mixed = [
        (color * ink.part + ground * (1 - ink.part)) * SHADES[ink.shade]
        for color, ground in zip(full, _channels(GROUND), strict=True)
    ]
    return "#" + "".join(f"{min(255, round(channel)):02x}" for channel in mixed)


def _channels(color: str) -> tuple[int, ...]:
    return tuple(bytes.fromhex(color[1:]))


def _pair(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    """With one digit after the point, where there is one."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")


def _text(text: object) -> str:
    """Escaped, and without the characters that XML cannot hold."""
    return escape(NOT_XML.sub("\ufffd", str(text)))


def _quoted(text: str) -> str:
    return quoteattr(NOT_XML.sub("\ufffd", text))
