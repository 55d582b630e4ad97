"""Scenes with animals: bird, cat, deer, dog, frog, horse."""

from __future__ import annotations

import numpy as np

from tools.ray_marching import (
    Body,
    Field,
    Floats,
    Part,
    Scene,
    Texture,
    Vector,
    ball,
    clouds,
    ground,
    limb,
    mix,
    rgb,
    vector,
)

BLACK, WHITE = rgb("#0c0b0b"), rgb("#efece6")


def blurred(first: str, second: str, third: str, size: float = 2.2) -> Texture:
    """A background out of focus: soft patches of three colours."""

    def color(directions: Floats) -> Floats:
        patches = mix(rgb(first), rgb(second), (clouds(directions * size + 3, 2) - 0.35) * 3)
        return mix(patches, rgb(third), (clouds(directions * size * 1.3 + 11, 2) - 0.52) * 4)

    return color


def coat(back: str, belly: str, low: float, high: float, patches: float = 0.25) -> Texture:
    """Fur that goes from `belly` below the height `low` to `back` above `high`, a little uneven."""

    def color(points: Floats) -> Floats:
        uneven = (clouds(points * 6, 4) - 0.5) * patches
        base = mix(rgb(belly), rgb(back), (points[:, 1] - low) / (high - low) + uneven)
        strands = clouds(points * vector((34, 12, 34)), 3)[:, None]
        return base * (0.72 + 0.56 * strands)

    return color


def meadow(near: str = "#5f7f36", far: str = "#87a052") -> Body:
    """Grass: rough and of several greens."""

    def color(points: Floats) -> Floats:
        blades = clouds(points * vector((16, 4, 7)), 4)
        patches = clouds(points * 1.1, 3)
        return mix(rgb(near), rgb(far), patches * 1.4 - 0.3) * (0.5 + blades[:, None])

    return Body([Part(ground(0, 0.05, 0.16), color)], gloss=0.0, fur=0.5)


def pairs(start: Vector, end: Vector, thick: float, thin: float) -> list[Field]:
    """A limb and its mirror image on the other side of the animal (z)."""
    return [
        limb((start[0], start[1], side * start[2]), (end[0], end[1], side * end[2]), thick, thin)
        for side in (1, -1)
    ]


def eyes(center: Vector, radius: float, iris: str, towards: Vector = (0, 0, 1)) -> Body:
    """Two eyes at (x, y, +-z) or, for faces seen from the front, at (+-x, y, z); each with its pupil."""
    forward = vector(towards) / np.linalg.norm(towards)
    parts = []
    for side in (1, -1):
        middle = vector((side * center[0], center[1], center[2]))
        pupil = middle + 0.45 * radius * forward
        glint = middle + 0.9 * radius * forward + vector((0.2 * radius, 0.35 * radius, 0))
        parts.append(Part(ball(_place(middle), radius), rgb(iris)))
        parts.append(Part(ball(_place(pupil), 0.68 * radius), BLACK))
        parts.append(Part(ball(_place(glint), 0.16 * radius), WHITE * 1.5))
    return Body(parts, gloss=0.9)


def _place(point: Floats) -> Vector:
    return float(point[0]), float(point[1]), float(point[2])


def horse() -> Scene:
    """A bay horse in a meadow, from the side."""
    bay, dark = coat("#7a4423", "#5c331c", 0.7, 1.5), rgb("#1d1512")
    torso = [
        ball((0, 1.24, 0), (0.8, 0.36, 0.33)),
        ball((0.62, 1.26, 0), (0.36, 0.42, 0.3)),
        ball((-0.62, 1.3, 0), (0.42, 0.4, 0.34)),
        limb((0.72, 1.42, 0), (1.16, 2.0, 0), 0.3, 0.16),
        limb((1.16, 2.03, 0), (1.56, 1.72, 0), 0.165, 0.09),
        *pairs((1.1, 2.14, 0.07), (1.1, 2.3, 0.09), 0.05, 0.015),
        limb((0.66, 1.12, 0.18), (0.66, 0.58, 0.18), 0.17, 0.075),
        limb((0.52, 1.12, -0.18), (0.86, 0.62, -0.18), 0.16, 0.075),
        limb((-0.68, 1.15, 0.18), (-0.82, 0.6, 0.18), 0.25, 0.085),
        limb((-0.6, 1.15, -0.18), (-0.52, 0.6, -0.18), 0.22, 0.085),
    ]
    shins = [
        limb((0.66, 0.58, 0.18), (0.66, 0.06, 0.18), 0.07, 0.065),
        limb((0.86, 0.62, -0.18), (0.78, 0.1, -0.18), 0.07, 0.06),
        limb((-0.82, 0.6, 0.18), (-0.74, 0.06, 0.18), 0.075, 0.065),
        limb((-0.52, 0.6, -0.18), (-0.6, 0.06, -0.18), 0.075, 0.065),
    ]
    mane = [
        limb((0.48, 1.72, 0.02), (1.02, 2.26, 0.02), 0.13, 0.09),
        limb((0.62, 1.55, 0.1), (0.98, 2.05, 0.12), 0.1, 0.06),
        limb((-1.0, 1.45, 0), (-1.2, 1.1, 0), 0.08, 0.13),
        limb((-1.2, 1.1, 0), (-1.16, 0.5, 0), 0.13, 0.05),
        limb((1.54, 1.72, 0), (1.6, 1.68, 0), 0.092, 0.085),
    ]
    animal = Body(
        [*(Part(f, bay) for f in torso), *(Part(f, dark) for f in shins), *(Part(f, dark) for f in mane)],
        blend=0.09,
        gloss=0.25,
        fur=0.15,
    )
    eye = Body([Part(ball((1.22, 2.05, 0.135), 0.035), BLACK)], gloss=0.9)
    return Scene(
        [animal, eye, meadow()],
        blurred("#3d5a2c", "#6b8348", "#b9c6a0", 3.0),
        eye=(1.4, 1.5, 6.3),
        target=(0.14, 1.2, 0),
        zoom=3.7,
        haze=0.015,
    )


def deer() -> Scene:
    """A stag at the edge of a wood."""
    tan = coat("#a5672f", "#c49a68", 0.75, 1.25)
    solids = [
        ball((0, 1.2, 0), (0.72, 0.3, 0.25)),
        ball((0.5, 1.22, 0), (0.28, 0.34, 0.24)),
        ball((-0.52, 1.24, 0), (0.32, 0.32, 0.26)),
        limb((0.6, 1.36, 0), (0.9, 1.92, 0.05), 0.22, 0.12),
        limb((0.9, 1.98, 0.05), (1.14, 1.84, 0.22), 0.13, 0.065),
        limb((0.86, 2.05, 0.12), (0.72, 2.14, 0.32), 0.05, 0.02),
        limb((0.88, 2.05, -0.05), (0.8, 2.16, -0.22), 0.05, 0.02),
        limb((0.55, 1.08, 0.13), (0.55, 0.55, 0.13), 0.12, 0.05),
        limb((0.45, 1.08, -0.13), (0.62, 0.55, -0.13), 0.12, 0.05),
        limb((-0.56, 1.12, 0.14), (-0.7, 0.58, 0.14), 0.19, 0.055),
        limb((-0.5, 1.12, -0.14), (-0.48, 0.58, -0.14), 0.17, 0.055),
        limb((0.55, 0.55, 0.13), (0.56, 0.04, 0.13), 0.045, 0.04),
        limb((0.62, 0.55, -0.13), (0.6, 0.04, -0.13), 0.045, 0.04),
        limb((-0.7, 0.58, 0.14), (-0.62, 0.04, 0.14), 0.05, 0.042),
        limb((-0.48, 0.58, -0.14), (-0.5, 0.04, -0.14), 0.05, 0.042),
    ]
    white = [
        limb((-0.82, 1.3, 0), (-0.86, 1.12, 0), 0.08, 0.06),
        limb((0.68, 1.34, 0.1), (0.84, 1.66, 0.1), 0.1, 0.06),
    ]
    animal = Body(
        [*(Part(f, tan) for f in solids), *(Part(f, rgb("#e6dbc6")) for f in white)],
        blend=0.07,
        gloss=0.12,
        fur=0.25,
    )
    horn = rgb("#8a7457")
    antlers = []
    for side in (1, -1):
        z = 0.05 + 0.08 * side
        beam = [(0.88, 2.1, z), (0.76, 2.4, z + 0.2 * side), (0.86, 2.72, z + 0.3 * side)]
        tines = [(0.98, 2.42, z + 0.14 * side), (0.98, 2.62, z + 0.34 * side), (0.7, 2.74, z + 0.38 * side)]
        antlers += [limb(beam[0], beam[1], 0.04, 0.032), limb(beam[1], beam[2], 0.032, 0.018)]
        antlers += [limb(beam[0], tines[0], 0.03, 0.014)]
        antlers += [limb(beam[1], tine, 0.026, 0.012) for tine in tines[1:]]
    details = Body(
        [
            *(Part(f, horn) for f in antlers),
            Part(ball((1.17, 1.84, 0.25), 0.045), BLACK),
            Part(ball((0.99, 2.01, 0.17), 0.03), BLACK),
        ],
        gloss=0.4,
    )
    return Scene(
        [animal, details, meadow("#6b7434", "#a39a58")],
        blurred("#1c2a18", "#33452a", "#4e5a34", 3.2),
        eye=(1.9, 1.6, 6.0),
        target=(0.1, 1.38, 0),
        zoom=3.35,
        haze=0.01,
    )


def tabby(points: Floats) -> Floats:
    """Grey-brown fur with darker stripes, lighter towards muzzle and chest."""
    wobble = (clouds(points * 5, 3) - 0.5) * 2.2
    across = np.sin(np.hypot(points[:, 0] * 1.0, points[:, 1] - 2.1) * 15 + wobble * 2.4)
    base = mix(rgb("#9a8468"), rgb("#463a2d"), across * 0.8 + 0.3)
    light = 1.4 * np.hypot(points[:, 0], points[:, 1] - 1.12)
    base = mix(rgb("#d9cdb9"), base, (light - 0.12) * 4)
    return base * (0.7 + 0.6 * clouds(points * vector((40, 16, 40)), 3)[:, None])


def cat() -> Scene:
    """A tabby cat that looks at the camera."""
    ears = [limb((side * 0.3, 1.6, 0), (side * 0.46, 1.98, -0.04), 0.2, 0.03) for side in (1, -1)]
    inner = [limb((side * 0.32, 1.66, 0.13), (side * 0.43, 1.88, 0.07), 0.1, 0.02) for side in (1, -1)]
    cheeks = [ball((side * 0.13, 1.1, 0.44), (0.17, 0.13, 0.14)) for side in (1, -1)]
    paws = [limb((side * 0.24, 0.5, 0.42), (side * 0.24, 0.06, 0.56), 0.17, 0.14) for side in (1, -1)]
    solids = [
        ball((0, 1.3, 0), (0.56, 0.47, 0.46)),
        *ears,
        *cheeks,
        ball((0, 0.55, -0.2), (0.58, 0.72, 0.6)),
        *paws,
        limb((0.5, 0.1, -0.2), (0.95, 0.16, 0.3), 0.13, 0.1),
    ]
    body = Body(
        [*(Part(f, tabby) for f in solids), *(Part(f, rgb("#b98a80")) for f in inner)], 0.1, 0.08, 0.4
    )
    nose = Body([Part(ball((0, 1.2, 0.57), (0.055, 0.035, 0.04)), rgb("#b0605c"))], gloss=0.4)
    mouth = Body([Part(limb((0, 1.16, 0.575), (0, 1.09, 0.575), 0.01, 0.01), rgb("#3a2622"))])
    look = eyes((0.22, 1.35, 0.37), 0.095, "#a9b52e", (0, 0, 1))
    rug = Body([Part(ground(), blurred_floor("#6e5a48", "#4d3c2e"))], gloss=0.05, fur=0.3)
    return Scene(
        [body, nose, mouth, look, rug],
        blurred("#3b3430", "#5a4a3c", "#2a2624", 2.0),
        eye=(0.45, 1.4, 5.6),
        target=(0.03, 1.22, 0),
        zoom=5.9,
        sun=(0.6, 0.8, 0.9),
    )


def blurred_floor(first: str, second: str) -> Texture:
    """A floor of two colours in soft patches."""
    return lambda points: mix(rgb(first), rgb(second), clouds(points * 2.4, 4) * 1.6 - 0.3)


def dog() -> Scene:
    """A brown and white dog with hanging ears, indoors."""
    brown, white = coat("#8a4f22", "#a86a35", 0.3, 1.4, 0.4), coat("#efe8dc", "#d8cdbd", 0.0, 1.0, 0.2)
    ears = [limb((side * 0.38, 1.52, 0.02), (side * 0.56, 1.02, 0.14), 0.17, 0.15) for side in (1, -1)]
    legs = [limb((side * 0.24, 0.7, 0.3), (side * 0.24, 0.08, 0.42), 0.17, 0.12) for side in (1, -1)]
    paws = [ball((side * 0.24, 0.08, 0.5), (0.14, 0.09, 0.19)) for side in (1, -1)]
    body = Body(
        [
            Part(ball((0, 1.4, 0), (0.43, 0.42, 0.42)), brown),
            *(Part(f, brown) for f in ears),
            Part(limb((0, 1.26, 0.3), (0, 1.18, 0.66), 0.22, 0.15), white),
            Part(limb((0, 1.6, 0.34), (0, 1.34, 0.44), 0.07, 0.09), white),
            Part(ball((0, 0.62, -0.2), (0.48, 0.64, 0.55)), brown),
            Part(ball((0, 0.8, 0.16), (0.3, 0.4, 0.26)), white),
            *(Part(f, white) for f in [*legs, *paws]),
            Part(limb((0.3, 0.14, -0.5), (0.8, 0.2, -0.2), 0.11, 0.06), brown),
        ],
        blend=0.1,
        gloss=0.12,
        fur=0.35,
    )
    face = Body(
        [
            Part(ball((0, 1.26, 0.79), (0.085, 0.06, 0.06)), BLACK),
            Part(limb((-0.09, 1.05, 0.72), (0.09, 1.05, 0.72), 0.014, 0.014), rgb("#3a1f1a")),
            Part(ball((0, 0.99, 0.7), (0.065, 0.09, 0.04)), rgb("#c5606a")),
        ],
        gloss=0.6,
    )
    look = eyes((0.17, 1.47, 0.36), 0.07, "#3a2312", (0, 0, 1))
    floor = Body([Part(ground(), blurred_floor("#8d6f52", "#6e523a"))], gloss=0.05, fur=0.3)
    return Scene(
        [body, face, look, floor],
        blurred("#7a6552", "#9a8672", "#55473a", 2.0),
        eye=(1.3, 1.55, 5.6),
        target=(0.03, 1.06, 0),
        zoom=4.7,
        sun=(0.6, 0.85, 0.8),
    )


def frog() -> Scene:
    """A green frog on wet earth."""

    def skin(points: Floats) -> Floats:
        spots = clouds(points * 5.5, 3)
        green = mix(rgb("#6f7a33"), rgb("#35391c"), (spots - 0.55) * 8)
        belly = mix(rgb("#b3a877"), green, (points[:, 1] - 0.12) * 5)
        return belly * (0.8 + 0.4 * clouds(points * 20, 2)[:, None])

    solids = [
        limb((-0.55, 0.3, 0), (0.35, 0.52, 0), 0.3, 0.34),
        ball((0.55, 0.55, 0), (0.42, 0.27, 0.38)),
        *(ball((0.5, 0.82, side * 0.24), (0.16, 0.15, 0.14)) for side in (1, -1)),
        *pairs((-0.6, 0.22, 0.3), (0.1, 0.34, 0.58), 0.17, 0.14),
        *pairs((0.1, 0.32, 0.58), (-0.45, 0.08, 0.68), 0.12, 0.07),
        *pairs((-0.45, 0.08, 0.68), (0.12, 0.03, 0.82), 0.06, 0.05),
        *pairs((0.36, 0.34, 0.32), (0.6, 0.16, 0.5), 0.12, 0.08),
        *pairs((0.6, 0.16, 0.5), (0.66, 0.03, 0.5), 0.07, 0.06),
        *pairs((0.66, 0.03, 0.5), (0.86, 0.02, 0.58), 0.05, 0.03),
        *pairs((0.66, 0.03, 0.5), (0.88, 0.02, 0.46), 0.05, 0.03),
    ]
    body = Body([Part(f, skin) for f in solids], blend=0.07, gloss=0.35)
    parts = []
    for side in (1, -1):
        parts.append(Part(ball((0.55, 0.84, side * 0.31), (0.11, 0.105, 0.09)), rgb("#c9a227")))
        parts.append(Part(ball((0.58, 0.84, side * 0.37), (0.07, 0.045, 0.04)), BLACK))
    parts.append(Part(limb((0.93, 0.5, 0.12), (0.7, 0.46, 0.38), 0.012, 0.01), rgb("#22330f")))
    earth = Body([Part(ground(0, 0.04, 0.2), blurred_floor("#6b4f36", "#3f2d1f"))], gloss=0.3, fur=0.3)
    return Scene(
        [body, Body(parts, gloss=0.95), earth],
        blurred("#4f4a2c", "#2f3a1c", "#7c7a45", 2.6),
        eye=(2.0, 2.2, 3.2),
        target=(0.06, 0.4, 0.08),
        zoom=3.7,
        sun=(0.4, 0.9, 0.6),
    )


def bird() -> Scene:
    """A robin on a twig."""

    def feathers(points: Floats) -> Floats:
        breast = (points[:, 0] - 0.12) * 1.0 - (points[:, 1] - 0.95) * 0.25
        red = mix(rgb("#7a6a52"), rgb("#cf5a1d"), (breast + 0.02) * 9)
        belly = mix(rgb("#e3ddcf"), red, (points[:, 1] - 0.62) * 7)
        low = (points[:, 1] < 0.75) | (points[:, 0] > 0.08)
        color = np.where(low[:, None], belly, rgb("#6d5f49"))
        return np.asarray(color * (0.75 + 0.5 * clouds(points * vector((18, 30, 18)), 3)[:, None]))

    def wing(points: Floats) -> Floats:
        rows = 0.75 + 0.35 * np.sin((points[:, 1] * 1.6 - points[:, 0]) * 40)
        return rgb("#5b4d3a") * rows[:, None]

    body = Body(
        [
            Part(limb((-0.16, 0.78, 0), (0.12, 0.9, 0), 0.32, 0.34), feathers),
            Part(ball((0.24, 1.26, 0), (0.25, 0.24, 0.24)), feathers),
            Part(limb((-0.3, 0.72, 0), (-0.62, 0.58, 0), 0.2, 0.08), rgb("#6d5f49")),
        ],
        blend=0.16,
        gloss=0.06,
        fur=0.3,
    )
    plumage = Body(
        [
            Part(ball((-0.16, 0.86, 0.27), (0.34, 0.2, 0.1)), wing),
            Part(ball((-0.16, 0.86, -0.27), (0.34, 0.2, 0.1)), wing),
            Part(limb((-0.3, 0.78, 0.24), (-0.66, 0.6, 0.12), 0.1, 0.03), wing),
            Part(limb((-0.55, 0.6, 0), (-1.12, 0.42, 0), 0.08, 0.05), rgb("#4d4131")),
        ],
        blend=0.06,
        fur=0.1,
    )
    details = Body(
        [
            Part(limb((0.46, 1.27, 0), (0.64, 1.24, 0), 0.05, 0.008), rgb("#3a352e")),
            Part(ball((0.36, 1.32, 0.18), 0.042), BLACK),
            Part(limb((0.0, 0.55, 0.1), (0.04, 0.26, 0.1), 0.026, 0.02), rgb("#6a4a34")),
            Part(limb((0.0, 0.55, -0.1), (0.04, 0.26, -0.1), 0.026, 0.02), rgb("#6a4a34")),
        ],
        gloss=0.7,
    )
    bark = coat("#6f5a43", "#3f3226", 0.1, 0.3, 0.8)
    twigs = [
        limb((-2.6, 0.02, 0.1), (0.4, 0.2, 0), 0.11, 0.09),
        limb((0.4, 0.2, 0), (2.6, 0.5, -0.3), 0.09, 0.06),
    ]
    twig = Body([Part(f, bark) for f in twigs], blend=0.05, fur=0.4)
    return Scene(
        [body, plumage, details, twig],
        blurred("#87a35b", "#5e7f45", "#c3cf9a", 1.7),
        eye=(0.7, 1.15, 5.4),
        target=(-0.06, 0.84, 0),
        zoom=3.6,
        sun=(0.5, 0.9, 0.7),
    )
