"""Scenes with machines: an airplane, a car, a ship, a truck."""

from __future__ import annotations

import numpy as np

from tools.ray_marching import (
    Body,
    Floats,
    Part,
    Scene,
    Texture,
    ball,
    block,
    clouds,
    ground,
    limb,
    mix,
    rgb,
    vector,
    wheel,
)

GLASS, TYRE, STEEL, WHITE = rgb("#1b2530"), rgb("#191919"), rgb("#b9bdc2"), rgb("#eef0f0")


def sky(low: str, high: str, cover: float = 0.5, scale: float = 3.0) -> Texture:
    """A sky from the horizon's colour to the zenith's, with clouds; `cover` 0 is clear, 1 overcast."""

    def color(directions: Floats) -> Floats:
        height = np.clip(directions[:, 1] * 2.2, 0, 1) ** 0.7
        clear = mix(rgb(low), rgb(high), height)
        stretched = directions * vector((scale, 2.6 * scale, scale)) + 5
        puffs = clouds(stretched.astype(np.float32), 5)
        return mix(clear, rgb("#f7f8fa"), np.clip((puffs - 0.72 + 0.45 * cover) * 4, 0, 0.9))

    return color


def speckled(first: str, second: str, scale: float, sharp: float = 2.0) -> Texture:
    """Two colours in patches of 1 / `scale`."""

    def color(points: Floats) -> Floats:
        return mix(rgb(first), rgb(second), (clouds(points * scale, 4) - 0.5) * sharp + 0.5)

    return color


def airplane() -> Scene:
    """An airliner climbing through a summer sky, seen from below and aside."""

    def hull(points: Floats) -> Floats:
        band = np.abs(points[:, 1] - 0.06) < 0.035
        windows = band & (np.mod(points[:, 0] * 7.5, 1) < 0.5) & (np.abs(points[:, 0]) < 1.5)
        cockpit = (points[:, 0] > 1.78) & (points[:, 0] < 1.95) & (points[:, 1] > 0.06)
        belly = mix(rgb("#c3c9d2"), WHITE, (points[:, 1] + 0.16) * 8)
        return np.where((windows | cockpit)[:, None], GLASS, belly)

    wing, tail = rgb("#c9ced5"), rgb("#1d4e9e")
    plane = Body(
        [
            Part(limb((-1.5, 0.0, 0), (1.6, 0, 0), 0.27, 0.27), hull),
            Part(ball((1.6, -0.02, 0), (0.55, 0.26, 0.26)), hull),
            Part(limb((-1.5, 0.02, 0), (-2.35, 0.16, 0), 0.26, 0.06), hull),
            Part(block((-0.35, -0.12, 1.15), (0.27, 0.03, 1.25), 0.03, (-27, 4, 0)), wing),
            Part(block((-0.35, -0.12, -1.15), (0.27, 0.03, 1.25), 0.03, (27, -4, 0)), wing),
            Part(block((-2.12, 0.55, 0), (0.22, 0.46, 0.03), 0.03, (0, 0, 28)), tail),
            Part(block((-2.2, 0.2, 0.42), (0.15, 0.02, 0.45), 0.02, (-30, 0, 0)), wing),
            Part(block((-2.2, 0.2, -0.42), (0.15, 0.02, 0.45), 0.02, (30, 0, 0)), wing),
            Part(limb((-0.25, -0.33, 0.85), (0.3, -0.33, 0.85), 0.11, 0.14), rgb("#8f98a5")),
            Part(limb((-0.25, -0.33, -0.85), (0.3, -0.33, -0.85), 0.11, 0.14), rgb("#8f98a5")),
        ],
        blend=0.05,
        gloss=0.55,
    )
    return Scene(
        [plane], sky("#a9c9e8", "#3f7fc4", 0.32, 2.4), eye=(2.4, -3.4, 6.6), target=(-0.25, 0.1, 0), zoom=2.9
    )


def ship() -> Scene:
    """A cargo ship at sea under a bright sky."""

    def hull(points: Floats) -> Floats:
        paint = np.where((points[:, 1] < 0.02)[:, None], rgb("#8c2f24"), rgb("#22334d"))
        rust = clouds(points * vector((9, 2, 9)), 4)
        return mix(paint, rgb("#6b5140"), (rust - 0.62) * 3)

    def house(points: Floats) -> Floats:
        rows = np.mod(points[:, 1] * 5.2, 1) < 0.36
        gaps = np.mod(points[:, 0] * 9 + 0.2, 1) < 0.66
        return np.where((rows & gaps & (points[:, 1] > 0.55))[:, None], GLASS, WHITE)

    def sea(points: Floats) -> Floats:
        foam = clouds(points * vector((1.2, 1, 3.5)), 4)
        return mix(rgb("#0d3f5c"), rgb("#3d7f96"), (foam - 0.4) * 2)

    hull_body = Body(
        [
            Part(block((-0.2, 0.12, 0), (1.75, 0.3, 0.36), 0.08), hull),
            Part(block((1.5, 0.2, 0), (0.5, 0.3, 0.24), 0.12, (0, 0, 14)), hull),
            Part(block((-1.85, 0.2, 0), (0.2, 0.26, 0.32), 0.12), hull),
        ],
        blend=0.22,
        gloss=0.3,
    )
    colors = ("#b5452f", "#2f6f9c", "#d8a23a", "#4d8a57", "#b5452f", "#c9cdd0")
    cargo = [
        Part(
            block((-0.55 + 0.36 * i, 0.58 + 0.1 * (i % 2), 0), (0.165, 0.17 + 0.1 * (i % 2), 0.3), 0.015),
            rgb(c),
        )
        for i, c in enumerate(colors)
    ]
    bridge = Body(
        [
            Part(block((-1.35, 0.75, 0), (0.34, 0.4, 0.31), 0.03), house),
            Part(block((-1.28, 1.2, 0), (0.25, 0.13, 0.36), 0.03), house),
            Part(limb((-1.72, 0.6, 0), (-1.76, 1.35, 0), 0.13, 0.12), rgb("#c8532f")),
            Part(limb((-1.2, 1.3, 0), (-1.2, 1.75, 0), 0.025, 0.012), STEEL),
            Part(limb((1.55, 0.5, 0), (1.55, 1.0, 0), 0.03, 0.015), STEEL),
        ],
        gloss=0.25,
    )
    water = Body([Part(ground(-0.14, 0.055, 0.42), sea)], gloss=0.8)
    return Scene(
        [hull_body, Body(cargo, gloss=0.15), bridge, water],
        sky("#dbe7f0", "#6ea3d4", 0.3, 2.0),
        eye=(2.6, 1.15, 6.6),
        target=(-0.12, 0.42, 0),
        zoom=3.25,
        haze=0.02,
    )


def roadside(road: str = "#6f7074", far: str = "#5d7a4a") -> tuple[Body, Texture]:
    """A road with its verge, and a row of trees in the distance under the sky."""
    above = sky("#e3ebf2", "#8db6dc", 0.35, 2.0)

    def surface(points: Floats) -> Floats:
        grain = clouds(points * 14, 3)
        asphalt = rgb(road) * (0.75 + 0.5 * grain[:, None])
        grass = mix(rgb("#4c6b33"), rgb("#8b9a57"), clouds(points * 5, 4))
        edge = np.abs(points[:, 2] + 2.1) < 0.05
        lane = np.where(edge[:, None], rgb("#d9d9d2"), asphalt)
        return np.where((points[:, 2] < -2.5)[:, None], grass, lane)

    def backdrop(directions: Floats) -> Floats:
        flat = np.stack(
            [directions[:, 0] * 7, np.zeros(len(directions)), np.full(len(directions), 3.0)], axis=1
        )
        crowns = 0.12 + 0.22 * clouds(flat.astype(np.float32), 4)
        leaves = mix(rgb("#35502c"), rgb(far), clouds(directions * 34, 4))
        return np.where((directions[:, 1] < crowns)[:, None], leaves, above(directions))

    return Body([Part(ground(), surface)], gloss=0.05), backdrop


def wheels(places: list[tuple[float, float]], radius: float, half_width: float = 0.13) -> Body:
    """Tyres with bright hubs at (x, z)."""
    parts = [Part(wheel((x, radius, z), radius, half_width), TYRE) for x, z in places]
    hubs = [Part(wheel((x, radius, z), 0.58 * radius, half_width + 0.02), STEEL) for x, z in places]
    return Body([*parts, *hubs], gloss=0.3)


def automobile() -> Scene:
    """A red hatchback at the roadside."""
    paint = rgb("#b3160f")

    def cabin(points: Floats) -> Floats:
        side = (points[:, 1] > 0.86) & (points[:, 1] < 1.2)
        pillar = np.abs(np.abs(points[:, 0] + 0.18) - 0.03) < 0.035
        return np.where((side & ~pillar)[:, None], GLASS, paint)

    def front(points: Floats) -> Floats:
        lamp = (points[:, 0] > 1.42) & (np.abs(points[:, 1] - 0.66) < 0.08) & (np.abs(points[:, 2]) > 0.4)
        rear = (points[:, 0] < -1.5) & (np.abs(points[:, 1] - 0.7) < 0.1)
        grille = (points[:, 0] > 1.5) & (np.abs(points[:, 1] - 0.46) < 0.08)
        shade = (points[:, 1] < 0.3) | grille
        body = np.where(lamp[:, None], rgb("#f3f0df"), np.where(rear[:, None], rgb("#7c0f0c"), paint))
        seam = (np.abs(points[:, 0] + 0.2) < 0.012) & (points[:, 1] > 0.35)
        return np.where((shade | seam)[:, None], rgb("#222222"), body)

    shell = Body(
        [
            Part(block((0, 0.55, 0), (1.65, 0.28, 0.72), 0.2), front),
            Part(block((-0.35, 0.98, 0), (0.95, 0.28, 0.58), 0.26), cabin),
            Part(block((0.55, 0.82, 0), (0.5, 0.12, 0.6), 0.12, (0, 0, -24)), cabin),
        ],
        blend=0.12,
        gloss=0.75,
    )
    road, backdrop = roadside()
    tyres = wheels([(1.02, 0.66), (-1.02, 0.66), (1.02, -0.66), (-1.02, -0.66)], 0.34)
    return Scene(
        [shell, tyres, road], backdrop, eye=(3.2, 1.35, 5.2), target=(-0.02, 0.56, 0), zoom=3.2, haze=0.012
    )


def truck() -> Scene:
    """A lorry with a blue cab and a white box."""

    def cab(points: Floats) -> Floats:
        screen = (points[:, 0] > 1.62) & (points[:, 1] > 1.25) & (points[:, 1] < 1.75)
        window = (np.abs(points[:, 0] - 1.38) < 0.22) & (points[:, 1] > 1.25) & (points[:, 1] < 1.7)
        grille = (
            (points[:, 0] > 1.7)
            & (points[:, 1] > 0.55)
            & (points[:, 1] < 1.05)
            & (np.abs(points[:, 2]) < 0.45)
        )
        lamp = (points[:, 0] > 1.7) & (np.abs(points[:, 1] - 0.55) < 0.08) & (np.abs(points[:, 2]) > 0.45)
        color = np.where((screen | window)[:, None], GLASS, rgb("#1f57a8"))
        color = np.where(grille[:, None], rgb("#2a2d31"), color)
        return np.where(lamp[:, None], rgb("#f5f1dc"), color)

    def box(points: Floats) -> Floats:
        ribs = 0.93 + 0.07 * np.sign(np.sin(points[:, 0] * 22))
        stripe = np.abs(points[:, 1] - 1.32) < 0.1
        return np.where(stripe[:, None], rgb("#c4692a"), WHITE * ribs[:, None])

    lorry = Body(
        [
            Part(block((1.3, 1.2, 0), (0.48, 0.78, 0.72), 0.1), cab),
            Part(block((-0.75, 1.45, 0), (1.5, 0.88, 0.76), 0.03), box),
            Part(block((-0.2, 0.5, 0), (1.9, 0.1, 0.6), 0.04), rgb("#2b2d30")),
            Part(block((1.72, 0.42, 0), (0.1, 0.12, 0.7), 0.05), STEEL),
        ],
        gloss=0.35,
    )
    road, backdrop = roadside("#77777a", "#6a7f4c")
    tyres = wheels([(1.25, 0.62), (-1.2, 0.62), (-1.85, 0.62), (1.25, -0.62), (-1.2, -0.62)], 0.38, 0.15)
    return Scene(
        [lorry, tyres, road], backdrop, eye=(4.6, 1.7, 5.8), target=(-0.1, 1.15, 0), zoom=3.8, haze=0.012
    )
