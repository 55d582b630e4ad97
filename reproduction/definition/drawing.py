"""A laid-out network as a list of things to paint: what the museum's window and a vector file both show.

Colours are named by what they are for; whoever paints looks them up in a theme. Positions are in pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from reproduction.definition.layout import Caption, Drawing, Link, Solid

LINK_PX = 1.6
OUTLINE_PX = 1.3
MARKED_OUTLINE_PX = 2.4
LANE_LINE_PX = 3.0
LANE_KEY_PX = 32.0  # length of the line beside a column's name
BAR_CORNER_PX = 2.0
STEPS = 64  # into which a curve is cut to find what it runs through
FACE_PART, SLAB_PART, BAR_PART = 0.16, 0.30, 0.55  # of the column's colour, the rest is the ground's

Point = tuple[float, float]


@dataclass(frozen=True)
class Ink:
    """A colour: `part` of what `role` means in a theme, on the ground, and a shade lighter or darker.

    Roles: column (with its number, None for what belongs to none), crossing, text, muted, name (of a column).
    """

    role: str
    column: int | None = None
    part: float = 1.0
    shade: int = 0  # +1 lighter, -1 darker


@dataclass(frozen=True)
class Curve:
    """What one layer reads of another, solid, dashed or dotted.

    `points`: where it starts, then three for each cubic: two handles and where it ends.
    """

    link: Link
    points: tuple[Point, ...]
    ink: Ink
    width: float
    line: str


@dataclass(frozen=True)
class Face:
    """One side of a layer's box; a bar is one face with round corners."""

    solid: Solid
    points: tuple[Point, Point, Point, Point]
    fill: Ink
    outline: Ink
    width: float
    corner: float = 0.0


@dataclass(frozen=True)
class Stroke:
    """A straight line, solid or dashed."""

    start: Point
    end: Point
    ink: Ink
    width: float
    line: str


@dataclass(frozen=True)
class Text:
    """One line of text: its top edge at `y`, and its middle or its start at `x`; of a layer or of none."""

    layer: str | None
    text: str
    x: float
    y: float
    ink: Ink
    centred: bool
    bold: bool = False
    plate: tuple[float, float, float, float] | None = None  # left, top, width, height of a ground behind it


Item = Curve | Face | Stroke | Text


def items(drawing: Drawing, column_names: dict[int, str], marked: str | None = None) -> Iterator[Item]:
    """Everything to paint, from back to front; `marked` is the layer to stand out."""
    curves = [_curve(link, marked in (link.source, link.reader)) for link in drawing.links]
    yield from (curve for curve in curves if not curve.link.in_front)
    for solid in drawing.solids:
        yield from faces(solid, solid.layer == marked)
    yield from (curve for curve in curves if curve.link.in_front)
    paths = [list(_along(curve.points)) for curve in curves]
    for caption in drawing.captions:
        for text in _caption(caption, drawing.line_px, caption.layer == marked):
            yield _readable(text, drawing, paths)
    for column, x, top in drawing.lanes:
        yield _lane_key(column, x, top + drawing.line_px * 0.7)
        yield _readable(_lane_name(column, column_names[column], x, top, drawing.line_px), drawing, paths)


def line_of(column: int | None) -> str:
    """How a column's lines are drawn, so that colour is never all that tells columns apart."""
    return "dashed" if column is not None and column % 2 else "solid"


def _curve(link: Link, marked: bool) -> Curve:
    points = [link.start]
    for start, end in pairwise((link.start, *link.way, link.end)):
        middle = (start[0] + end[0]) / 2
        points += [(middle, start[1]), (middle, end[1]), end]
    return Curve(
        link=link,
        points=tuple(points),
        ink=Ink("crossing") if link.crosses else Ink("column", link.column),
        width=LINK_PX * (2 if marked else 1),
        line="dotted" if link.crosses else line_of(link.column),
    )


def faces(solid: Solid, marked: bool = False) -> Iterator[Face]:
    """The right, top and front face of a solid, in the order of painting; of a bar the front alone."""
    x, y, w, h, dx, dy = solid.x, solid.y, solid.width, solid.height, solid.depth_x, solid.depth_y
    outline, width = Ink("column", solid.column), MARKED_OUTLINE_PX if marked else OUTLINE_PX
    front = ((x, y), (x + w, y), (x + w, y + h), (x, y + h))
    if solid.kind == "bar":
        yield Face(solid, front, Ink("column", solid.column, BAR_PART), outline, width, BAR_CORNER_PX)
        return
    part = SLAB_PART if solid.kind == "slab" else FACE_PART
    right = ((x + w, y), (x + w + dx, y - dy), (x + w + dx, y + h - dy), (x + w, y + h))
    top = ((x, y), (x + dx, y - dy), (x + w + dx, y - dy), (x + w, y))
    for shade, points in ((-1, right), (1, top), (0, front)):
        yield Face(solid, points, Ink("column", solid.column, part, shade), outline, width)


def _caption(caption: Caption, line_px: float, marked: bool) -> Iterator[Text]:
    for number, line in enumerate(caption.lines):
        ink = Ink("text" if marked or number == 0 else "muted")
        yield Text(caption.layer, line, caption.x, caption.y + (number + 0.4) * line_px, ink, centred=True)


def _lane_key(column: int, x: float, y: float) -> Stroke:
    return Stroke((x, y), (x + LANE_KEY_PX, y), Ink("column", column), LANE_LINE_PX, line_of(column))


def _lane_name(column: int, name: str, x: float, top: float, line_px: float) -> Text:
    left, upper = x + LANE_KEY_PX + 10, top + line_px * 0.2
    return Text(None, name, left, upper, Ink("name", column), centred=False, bold=True)


def _along(points: tuple[Point, ...]) -> Iterator[Point]:
    """Points on a chain of cubics, close enough together not to miss a word."""
    for first in range(0, len(points) - 1, 3):
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = points[first : first + 4]
        for step in range(STEPS + 1):
            t = step / STEPS
            a, b, c, d = (1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t**2 * (1 - t), t**3
            yield a * x0 + b * x1 + c * x2 + d * x3, a * y0 + b * y1 + c * y2 + d * y3


def _readable(text: Text, drawing: Drawing, paths: list[list[Point]]) -> Text:
    """The text, on a plate of the ground's colour where lines run through it."""
    width, height = len(text.text) * drawing.letter_px, drawing.line_px
    left = text.x - width / 2 if text.centred else text.x
    for path in paths:
        beside = path[0][0] > left + width or path[-1][0] < left  # a path runs from left to right
        if not beside and any(left <= x <= left + width and 0 <= y - text.y <= height for x, y in path):
            return replace(text, plate=(left - 2, text.y, width + 4, height))
    return text
