"""Draws the pictures that ship in assets/pictures, so that a visitor with empty hands has something to show.

Every picture is computed here from solids and noise: there is no photograph and nobody else's work in them.

usage: python -m tools.draw_pictures [--small] [--to FOLDER] [NAME ...]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

from PIL import Image

from tools import animals, machines
from tools.ray_marching import Scene, render

SCENES: dict[str, Callable[[], Scene]] = {
    "airplane": machines.airplane,
    "automobile": machines.automobile,
    "bird": animals.bird,
    "cat": animals.cat,
    "deer": animals.deer,
    "dog": animals.dog,
    "frog": animals.frog,
    "horse": animals.horse,
    "ship": machines.ship,
    "truck": machines.truck,
}
SIZE = (512, 384)
MAX_BYTES = 60_000


def draw(name: str, small: bool = False) -> Image.Image:
    """One picture; `small` is quick and rough, else nine samples are averaged for four pixels."""
    width, height = (SIZE[0] // 2, SIZE[1] // 2) if small else (3 * SIZE[0] // 2, 3 * SIZE[1] // 2)
    image = Image.fromarray(render(SCENES[name](), width, height, seed=len(name)))
    return image if small else image.resize(SIZE, Image.Resampling.LANCZOS)


def as_jpeg(image: Image.Image) -> bytes:
    """The picture as JPEG, as good as it can be in 60 kB."""
    for quality in range(92, 40, -4):
        content = BytesIO()
        image.save(content, "JPEG", quality=quality, optimize=True)
        if content.tell() < MAX_BYTES:
            break
    return content.getvalue()


def main() -> None:
    """Draws what is named, or everything."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("names", nargs="*", choices=[*SCENES, []], help="default: all")
    parser.add_argument("--small", action="store_true", help="half the size, without averaging")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent.parent / "assets" / "pictures")
    arguments = parser.parse_args()
    for name in arguments.names or SCENES:
        (arguments.to / f"{name}.jpg").write_bytes(as_jpeg(draw(name, arguments.small)))
        print(name)


if __name__ == "__main__":
    main()
