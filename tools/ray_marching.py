"""A small renderer of rounded solids: distance fields, soft shadows, textures of noise. numpy alone.

Letters: N points. Points are (N, 3) float32 with x to the right, y up, z towards the viewer; colours are
linear light, (N, 3). A field gives the distance of points to a surface, negative inside.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.floating]
Field = Callable[[Floats], Floats]
Texture = Callable[[Floats], Floats]
Vector = tuple[float, float, float]

FAR = 40.0
STEPS = 90
SHADOW_STEPS = 22


def vector(values: Vector) -> Floats:
    """Three numbers as an array."""
    return np.array(values, np.float32)


def rgb(code: str) -> Floats:
    """A colour `#rrggbb` as linear light."""
    values = [int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return np.array(values, np.float32) ** 2.2


def mix(first: Floats, second: Floats, share: Floats) -> Floats:
    """From `first` (share 0) to `second` (share 1), point by point."""
    amount = np.clip(share, 0, 1)[..., None]
    return first * (1 - amount) + second * amount


# Noise


def _lattice(x: NDArray[np.int64], y: NDArray[np.int64], z: NDArray[np.int64]) -> Floats:
    """A fixed random number in 0..1 for every lattice point."""
    mixed = (x * 374761393 + y * 668265263 + z * 2147483647) & 0xFFFFFFFF
    mixed = ((mixed ^ (mixed >> 13)) * 1274126177) & 0xFFFFFFFF
    return ((mixed ^ (mixed >> 16)) & 0xFFFF).astype(np.float32) / 65535


def noise(points: Floats) -> Floats:
    """Smooth noise in 0..1 with one feature per unit."""
    base = np.floor(points).astype(np.int64)
    part = points - base
    part = part * part * (3 - 2 * part)
    total = np.zeros(len(points), np.float32)
    for corner in range(8):
        step = [(corner >> axis) & 1 for axis in range(3)]
        weight = np.prod([part[:, a] if step[a] else 1 - part[:, a] for a in range(3)], axis=0)
        total += weight * _lattice(*(base[:, a] + step[a] for a in range(3)))
    return total


def clouds(points: Floats, octaves: int = 4) -> Floats:
    """Noise at several scales, 0..1."""
    total, size = np.zeros(len(points), np.float32), 0.5
    for octave in range(octaves):
        total += size * noise(points * 2.0**octave + 17.3 * octave)
        size /= 2
    return total / (1 - 0.5**octaves)


# Solids


def ball(center: Vector, radii: Vector | float) -> Field:
    """An ellipsoid with its axes along x, y, z."""
    size = np.broadcast_to(np.asarray(radii, np.float32), (3,))
    middle = vector(center)

    def distance(points: Floats) -> Floats:
        offset = (points - middle) / size
        near = np.linalg.norm(offset, axis=1)
        steep = np.linalg.norm(offset / size, axis=1)
        return np.asarray(near * (near - 1) / np.maximum(steep, 1e-6))

    return distance


def limb(start: Vector, end: Vector, thick: float, thin: float) -> Field:
    """A rounded rod from `start` to `end`, its radius going from `thick` to `thin`."""
    first, along = vector(start), vector(end) - vector(start)
    length = float(along @ along)

    def distance(points: Floats) -> Floats:
        offset = points - first
        place = np.clip(offset @ along / length, 0, 1)
        away = np.linalg.norm(offset - place[:, None] * along, axis=1)
        return np.asarray(away - (thick + (thin - thick) * place))

    return distance


def block(center: Vector, half: Vector, rounding: float = 0.05, turn: Vector = (0, 0, 0)) -> Field:
    """A box with rounded edges, turned by degrees about y, then x, then z."""
    middle, rotation = vector(center), _rotation(turn)
    inner = np.maximum(vector(half) - rounding, 0.001)

    def distance(points: Floats) -> Floats:
        offset = np.abs((points - middle) @ rotation) - inner
        outside = np.linalg.norm(np.maximum(offset, 0), axis=1)
        return np.asarray(outside + np.minimum(offset.max(axis=1), 0) - rounding)

    return distance


def wheel(center: Vector, radius: float, half_width: float, rounding: float = 0.03) -> Field:
    """A disc that stands in the x-y plane, its axle along z."""
    middle = vector(center)

    def distance(points: Floats) -> Floats:
        offset = points - middle
        across = np.hypot(offset[:, 0], offset[:, 1]) - radius + rounding
        deep = np.abs(offset[:, 2]) - half_width + rounding
        outside = np.hypot(np.maximum(across, 0), np.maximum(deep, 0))
        return outside + np.minimum(np.maximum(across, deep), 0) - rounding

    return distance


def ground(height: float = 0.0, bumps: float = 0.0, size: float = 1.0) -> Field:
    """A plain, rough by `bumps` in spots of `size`."""

    def distance(points: Floats) -> Floats:
        level = points[:, 1] - height
        if bumps == 0:
            return level
        close = np.abs(level) < 4 * bumps
        level[close] -= bumps * (clouds(points[close] / size, 3) - 0.5) * 2
        return level * 0.8

    return distance


def without(solid: Field, taken: Field) -> Field:
    """What is left of a solid when another is cut away."""
    return lambda points: np.maximum(solid(points), -taken(points))


def _rotation(degrees: Vector) -> Floats:
    y, x, z = np.radians(degrees)
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return np.asarray((about_y @ about_x @ about_z).astype(np.float32))


# Scenes


@dataclass(frozen=True)
class Part:
    """A solid and its colour: one for all of it (linear light), or a texture of the point."""

    solid: Field
    color: Floats | Texture


@dataclass(frozen=True)
class Body:
    """Parts that melt into each other within `blend`; `gloss` 0 is chalk, 1 is lacquer; `fur` roughens."""

    parts: Sequence[Part]
    blend: float = 0.0
    gloss: float = 0.1
    fur: float = 0.0


@dataclass(frozen=True)
class Scene:
    """What is in front of the camera. `backdrop` gives the colour for directions that meet nothing."""

    bodies: Sequence[Body]
    backdrop: Texture
    eye: Vector
    target: Vector
    zoom: float = 2.0  # focal length in half picture heights
    sun: Vector = (0.5, 0.8, 0.5)
    sunlight: Floats = field(default_factory=lambda: rgb("#fff4e0") * 1.9)
    skylight: Floats = field(default_factory=lambda: rgb("#c9dcf5") * 0.75)
    haze: float = 0.0  # how fast things fade into the backdrop, per unit of distance


def _body_distance(body: Body, points: Floats) -> Floats:
    """Distance to the parts of a body, melted together (polynomial smooth minimum)."""
    total = body.parts[0].solid(points)
    for part in body.parts[1:]:
        other = part.solid(points)
        if body.blend:
            share = np.clip(0.5 + 0.5 * (other - total) / body.blend, 0, 1)
            total = other * (1 - share) + total * share - body.blend * share * (1 - share)
        else:
            total = np.minimum(total, other)
    return total


def _distance(scene: Scene, points: Floats) -> Floats:
    return np.asarray(np.min([_body_distance(body, points) for body in scene.bodies], axis=0))


def _march(scene: Scene, origins: Floats, directions: Floats) -> Floats:
    """How far each ray goes until it meets something; infinity when it meets nothing."""
    travelled = np.full(len(origins), 0.02, np.float32)
    active = np.arange(len(origins))
    for _ in range(STEPS):
        gap = _distance(scene, origins[active] + travelled[active, None] * directions[active])
        travelled[active] += gap * 0.85
        active = active[(gap > 0.0006 * travelled[active]) & (travelled[active] < FAR)]
        if not len(active):
            break
    travelled[travelled >= FAR] = np.inf
    return travelled


def _normals(scene: Scene, points: Floats, step: float = 0.002) -> Floats:
    """Directions away from the surface, from four samples around each point."""
    total = np.zeros_like(points)
    for sign in ((1, -1, -1), (-1, -1, 1), (-1, 1, -1), (1, 1, 1)):
        corner = np.array(sign, np.float32)
        total += corner * _distance(scene, points + step * corner)[:, None]
    return np.asarray(total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-9))


def _shadow(scene: Scene, points: Floats, sun: Floats) -> Floats:
    """How much of the sun reaches each point, 0..1, with soft edges."""
    light, travelled = np.ones(len(points), np.float32), np.full(len(points), 0.04, np.float32)
    for _ in range(SHADOW_STEPS):
        gap = _distance(scene, points + travelled[:, None] * sun)
        light = np.minimum(light, np.clip(0.5 + 7 * gap / travelled, 0, 1))
        travelled += np.clip(gap, 0.03, 0.5)
    return light * light * (3 - 2 * light)


def _openness(scene: Scene, points: Floats, normals: Floats) -> Floats:
    """How much of the sky each point sees: corners and undersides are darker."""
    closed = np.zeros(len(points), np.float32)
    for reach, weight in ((0.04, 5.0), (0.12, 2.0), (0.3, 0.8)):
        closed += weight * (reach - _distance(scene, points + reach * normals))
    return np.asarray(np.clip(1 - 0.8 * closed, 0.15, 1))


def _surface(scene: Scene, points: Floats) -> tuple[Floats, Floats, Floats]:
    """Colour (N, 3), gloss and fur (N,) of the body that each point lies on; near parts mix their colours."""
    colors = np.zeros_like(points)
    gloss, fur = np.zeros(len(points), np.float32), np.zeros(len(points), np.float32)
    owner = np.argmin([_body_distance(body, points) for body in scene.bodies], axis=0)
    for number, body in enumerate(scene.bodies):
        mine = owner == number
        if mine.any():
            colors[mine] = _body_color(body, points[mine])
            gloss[mine], fur[mine] = body.gloss, body.fur
    return colors, gloss, fur


def _body_color(body: Body, points: Floats) -> Floats:
    distances = np.array([part.solid(points) for part in body.parts])
    sharpness = 1 / max(0.3 * body.blend, 1e-3)
    weights = np.exp(-sharpness * (distances - distances.min(axis=0)))
    weights /= weights.sum(axis=0)
    colors = [part.color(points) if callable(part.color) else part.color for part in body.parts]
    return sum((w[:, None] * c for w, c in zip(weights, colors, strict=True)), np.zeros_like(points))


def _shade(scene: Scene, points: Floats, directions: Floats) -> Floats:
    """Light that comes from the surface at each point towards the camera."""
    sun = vector(scene.sun) / np.linalg.norm(scene.sun)
    colors, gloss, fur = _surface(scene, points)
    normals = _normals(scene, points)
    strands = np.stack([noise(points * (55, 25, 55) + shift) - 0.5 for shift in (0.0, 31.7, 63.1)], axis=1)
    rough = normals + fur[:, None] * strands.astype(np.float32)
    rough /= np.linalg.norm(rough, axis=1, keepdims=True)
    colors = colors * (1 + 0.8 * fur[:, None] * strands[:, :1])
    lit = np.clip(rough @ sun, 0, 1) * _shadow(scene, points + 0.01 * normals, sun)
    open_sky = _openness(scene, points, normals)
    sky = open_sky * (0.62 + 0.38 * rough[:, 1])
    bounce = 0.18 * open_sky * np.clip(0.5 - 0.5 * rough[:, 1], 0, 1)
    diffuse = lit[:, None] * scene.sunlight + sky[:, None] * scene.skylight + bounce[:, None]
    halfway = sun - directions
    halfway /= np.linalg.norm(halfway, axis=1, keepdims=True)
    shine = np.clip(np.sum(rough * halfway, axis=1), 0, 1) ** (10 + 90 * gloss) * gloss * (lit > 0)
    mirrored = directions - 2 * np.sum(directions * normals, axis=1, keepdims=True) * normals
    grazing = gloss * (0.06 + 0.5 * (1 - np.abs(np.sum(directions * normals, axis=1))) ** 4)
    light = colors * diffuse + shine[:, None] * scene.sunlight
    return np.asarray(light + (grazing * open_sky)[:, None] * scene.backdrop(mirrored))


def render(scene: Scene, width: int, height: int, seed: int = 0) -> NDArray[np.uint8]:
    """The scene as bytes (height, width, 3), with the grain and the darker corners of a photograph."""
    eye = vector(scene.eye)
    forward = vector(scene.target) - eye
    forward /= np.linalg.norm(forward)
    right = np.cross(forward, (0, 1, 0)).astype(np.float32)
    right /= np.linalg.norm(right)
    up = np.cross(right, forward)
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = (2 * columns.ravel() - width) / height, (height - 2 * rows.ravel()) / height
    directions = scene.zoom * forward + x[:, None] * right + y[:, None] * up
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    light = scene.backdrop(directions)
    travelled = _march(scene, np.broadcast_to(eye, directions.shape), directions)
    hit = np.isfinite(travelled)
    if hit.any():
        points = eye + travelled[hit, None] * directions[hit]
        share = 1 - np.exp(-scene.haze * travelled[hit])
        light[hit] = mix(_shade(scene, points, directions[hit]), light[hit], share)
    corners = 1 - 0.10 * (x**2 + y**2)
    grain = np.random.default_rng(seed).normal(0, 0.012, (len(light), 1))
    shown = np.clip(_film(light * corners[:, None]) + grain, 0, 1)
    return (255 * shown).round().astype(np.uint8).reshape(height, width, 3)


def _film(light: Floats) -> Floats:
    """From light to brightness on paper: highlights are compressed instead of cut."""
    bright = 1.35 * light
    squeezed = bright * (1 + bright / 4.0) / (1 + 0.75 * bright)
    return np.asarray(np.clip(squeezed, 0, 1) ** (1 / 2.2))
