"""What the museum asks its worker about a picture: messages and arrays of the protocol."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.document import VisitorPicture

Question = tuple[dict[str, Any], dict[str, NDArray[Any]]]
TOP = 5


def preview(picture: VisitorPicture, archive: str) -> Question:
    """Asks how the picture looks and which square of it the network sees; needs no computing."""
    message, arrays = _picture(picture)
    return {"do": "preview", "archive": archive, **message}, arrays


def predict(picture: VisitorPicture, archive: str, views: int) -> Question:
    """Asks what is on the picture: the best five classes, from one or ten views."""
    message, arrays = _picture(picture)
    return {"do": "predict", "archive": archive, "views": views, "top": TOP, **message}, arrays


def _picture(picture: VisitorPicture) -> Question:
    """A file is named, bytes are handed over."""
    if picture.path is not None:
        return {"picture": str(picture.path)}, {}
    return {"picture": None, "name": picture.name}, {"bytes": np.frombuffer(picture.data or b"", np.uint8)}
