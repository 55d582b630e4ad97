"""A worker process without torch for the tests of rooms: it really decodes, and guesses by the mean colour.

usage: small_service.py [SECONDS]   (how long each prediction takes)

The protocol is that of reproduction.service. Of ten views it is a little surer than of one.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

from reproduction.data.pictures import read_picture, square
from reproduction.errors import UserError
from reproduction.frames import Decoder, encode

SIDE = 32
NAMES = ("red, ruddy, crimson", "green", "blue, azure")


def preview(
    message: dict[str, Any], arrays: dict[str, np.ndarray]
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Decodes the picture and cuts its square."""
    path = message["picture"]
    picture = read_picture(
        Path(path) if path else arrays["bytes"].tobytes(), Path(path).name if path else "it"
    )
    cut, box = square(picture.pixels, SIDE)
    height, width = picture.pixels.shape[:2]
    reply = {"width": width, "height": height, "box": list(box), "notes": list(picture.notes)}
    return reply, {
        "preview": picture.pixels[:1024, :1024],
        "crop": np.ascontiguousarray(cut.transpose(1, 2, 0)),
    }


def guesses(crop: np.ndarray, views: int) -> list[dict[str, Any]]:
    """The three colours by their share of the mean."""
    shares = crop.mean(axis=(0, 1)) ** (1 if views == 1 else 2) + 1
    shares = shares / shares.sum()
    order = np.argsort(-shares)
    return [
        {"label": NAMES[i], "label_id": "", "index": int(i), "probability": float(shares[i])} for i in order
    ]


def answer(message: dict[str, Any], arrays: dict[str, np.ndarray], seconds: float) -> bytes:
    """The frame that answers a request."""
    number = message["id"]
    if message["do"] in ("hello", "open"):
        return encode({"id": number, "ok": True, "torch": "none"})
    try:
        reply, pixels = preview(message, arrays)
    except UserError as error:
        return encode({"id": number, "ok": False, "error": str(error)})
    if message["do"] == "predict":
        time.sleep(seconds)
        reply |= {
            "guesses": guesses(pixels["crop"], message["views"]),
            "seconds": seconds,
            "views": message["views"],
        }
    return encode({"id": number, "ok": True, **reply}, pixels)


def main() -> None:
    """Answers until its input is closed."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 0.0
    decoder = Decoder()
    while data := os.read(0, 1 << 16):
        for message, arrays in decoder.feed(data):
            sys.stdout.buffer.write(answer(message, arrays, seconds))
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
