"""A worker process without torch for the tests of rooms: it really decodes, and guesses by the mean colour.

usage: small_service.py [SECONDS]   (how long each prediction takes)

The protocol is that of reproduction.service. Of ten views it is a little surer than of one. Without column 0
it sees no red, without column 1 no blue; grey, the cable and single units as the service's.
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
RULE = {"rule": "probability", "threshold": 0.4, "accepted": 0.8, "right": 0.9}


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


def guesses(crop: np.ndarray, views: int, lesions: dict[str, Any]) -> list[dict[str, Any]]:
    """The three colours by their share of the mean."""
    shares = crop.mean(axis=(0, 1)) ** (1 if views == 1 else 2) + 1
    for column in lesions.get("columns", ()):
        shares[0 if column == 0 else 2] = 0
    shares = shares / shares.sum()
    order = np.argsort(-shares, kind="stable")
    return [
        {"label": NAMES[i], "label_id": "", "index": int(i), "probability": float(shares[i])} for i in order
    ]


def predicted(
    message: dict[str, Any], pixels: dict[str, np.ndarray], seconds: float
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """What `predict` says besides the picture, and the pixels."""
    lesions, views = message.get("lesions") or {}, message["views"]
    if lesions.get("grey"):
        grey = pixels["crop"].mean(axis=2, keepdims=True).astype(np.uint8)
        pixels["crop"] = np.repeat(grey, 3, axis=2)
    found = guesses(pixels["crop"], views, lesions)
    applies = views == 1 and not lesions
    reply = {
        "guesses": found,
        "seconds": seconds,
        "views": views,
        "abstains": found[0]["probability"] < RULE["threshold"] if applies else None,
        "abstention": RULE,
        "lesions": {"replaced_by": "zero"} if lesions else None,
    }
    if message.get("looks"):
        reply |= {"looks": message["looks"], "view_box": [message["looks"], 0, SIDE], "mirrored": False}
        pixels = {}
    return reply, pixels


def damage(message: dict[str, Any]) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Of 100 pictures of ten classes every tenth is wrong; of every lesion each second one."""
    if not message.get("data"):
        raise UserError("the data that it was trained on is not here")
    numbers = np.arange(message["first"], min(100, message["first"] + 64))
    labels = (numbers % 10).astype(np.int32)
    whole = np.where(numbers % 10 == 9, 0, labels).astype(np.int32)
    lesioned = np.where(numbers % 2 == 1, 0, labels).astype(np.int32)
    wrong = {name: int((best != labels).sum()) for name, best in (("w", whole), ("l", lesioned))}
    sums = {
        "whole": {"top1": wrong["w"], "topk": 0, "loss": 0.5 * len(numbers)},
        "lesioned": {"top1": wrong["l"], "topk": 0, "loss": 1.5 * len(numbers)},
    }
    said = {"first": message["first"], "images": len(numbers), "total": 100, "k": 5, **sums}
    said |= {"kl": 0.25 * len(numbers), "changed": int((whole != lesioned).sum())}
    said |= {"lesions": {"replaced_by": "mean"}, "data_name": "drawn", "split": "test"}
    return said, {"labels": labels, "whole": whole, "lesioned": lesioned}


def answer(message: dict[str, Any], arrays: dict[str, np.ndarray], seconds: float) -> bytes:
    """The frame that answers a request."""
    number = message["id"]
    if message["do"] in ("hello", "open"):
        return encode({"id": number, "ok": True, "torch": "none"})
    if message["do"] not in ("preview", "predict", "damage"):
        return encode({"id": number, "ok": False, "error": f"not here: {message['do']}"})
    try:
        reply, pixels = damage(message) if message["do"] == "damage" else preview(message, arrays)
    except UserError as error:
        return encode({"id": number, "ok": False, "error": str(error)})
    if message["do"] in ("predict", "damage"):
        time.sleep(seconds)
    if message["do"] == "predict":
        said, pixels = predicted(message, pixels, seconds)
        reply |= said
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
