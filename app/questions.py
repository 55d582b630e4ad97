"""What the museum asks its worker about a picture: messages and arrays of the protocol."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.document import VisitorPicture
from app.selected import Lesions

Question = tuple[dict[str, Any], dict[str, NDArray[Any]]]
TOP = 5
WHOLE = Lesions()


def preview(picture: VisitorPicture, archive: str) -> Question:
    """Asks how the picture looks and which square of it the network sees; needs no computing."""
    message, arrays = _picture(picture)
    return {"do": "preview", "archive": archive, **message}, arrays


def predict(
    picture: VisitorPicture, archive: str, views: int, lesions: Lesions = WHOLE, looks: int = 0
) -> Question:
    """Asks what is on the picture: the best five classes, from one or ten views.

    With `looks`, from so many of these views only; no pixels come with the answer then.
    """
    message, arrays = _picture(picture)
    asked = {"do": "predict", "archive": archive, "views": views, "top": TOP, **message}
    return asked | switched_off(lesions) | ({"looks": looks} if looks else {}), arrays


def damage(archive: str, lesions: Lesions, data: str, first: int) -> Question:
    """Asks how the network does with lesions on a part of the pictures of a data file, from `first` on."""
    asked = {"do": "damage", "archive": archive, "first": first, **switched_off(lesions)}
    return asked | ({"data": data} if data else {}), {}


def switched_off(lesions: Lesions) -> dict[str, Any]:
    """Lesions as the service takes them; nothing where nothing is off."""
    if not lesions:
        return {}
    units: dict[str, list[int]] = {}
    for layer, unit in sorted(lesions.units):
        units.setdefault(layer, []).append(unit)
    return {"lesions": {**lesions.to_json(), "units": units}}


def about(picture: VisitorPicture, archive: str, do: str, **more: Any) -> Question:
    """Asks something else about the picture; `more` as the service's protocol has it."""
    message, arrays = _picture(picture)
    return {"do": do, "archive": archive, **message, **more}, arrays


def _picture(picture: VisitorPicture) -> Question:
    """A file is named, bytes are handed over."""
    if picture.path is not None:
        return {"picture": str(picture.path)}, {}
    return {"picture": None, "name": picture.name}, {"bytes": np.frombuffer(picture.data or b"", np.uint8)}


def unit_map(picture: VisitorPicture, archive: str, layer: str, unit: int) -> Question:
    """Asks for the map of one unit's answers to the picture, from its smallest to its largest."""
    message, arrays = _picture(picture)
    asked = {"do": "maps", "archive": archive, "layer": layer, "channels": [unit], "scale": "map"}
    return {**asked, **message}, arrays
