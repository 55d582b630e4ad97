"""hello, open, preview, predict: the museum's first questions about a picture.

    hello                                     -> torch (version)
    open     archive                          -> nothing; the network is ready then
    preview  picture | bytes, [archive]       -> width, height, notes, box; preview, crop
    predict  picture | bytes, archive, [views, top]
                                              -> as preview, and guesses, views, seconds

`picture` is a path; without one, the array "bytes" holds the contents of a picture file and `name` what to
call it. "preview" (h, w, 3) is the picture reduced to at most 1,024 pixels a side, "crop" (s, s, 3) what the
network sees of it, `box` [left, top, side] where that is in the picture's own pixels: null, and no crop,
while no archive was ever opened. `views` above 1 asks for as many as the network's recipe tests with.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduction.data.pictures import Picture
from reproduction.data.resampling import resample
from reproduction.service.session import Answer, Arrays, Question, Session, picture_of

PREVIEW_SIDE = 1024
TOP_LIMIT = 100


def hello(session: Session, question: Question, arrays: Arrays) -> Answer:
    """Says that the service is there, with all that takes long to import."""
    import torch

    return {"torch": str(torch.__version__)}, {}


def open(session: Session, question: Question, arrays: Arrays) -> Answer:
    """Reads the network of an archive."""
    session.open(question)
    return {}, {}


def preview(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The picture as it is shown."""
    picture = picture_of(question, arrays)
    if question.get("archive"):
        session.open(question)
    return _shown(session, picture)


def predict(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The most probable classes of a picture."""
    began_s = time.monotonic()
    picture = picture_of(question, arrays)
    model = session.open(question)
    views = model.experiment.view_count(int(question.get("views", 1)) > 1)
    top = min(max(1, int(question.get("top", 5))), TOP_LIMIT)
    message, answers = _shown(session, picture)
    guesses = model.guesses(model.see(picture), views=views, top=top)
    seconds = time.monotonic() - began_s
    found = {"guesses": [vars(guess) for guess in guesses], "views": views, "seconds": seconds}
    return {**message, **found}, answers


def _shown(session: Session, picture: Picture) -> Answer:
    """The picture as it is shown, and what the network sees of it (nothing while none is open)."""
    height, width = picture.pixels.shape[:2]
    message: dict[str, Any] = {"width": width, "height": height, "notes": list(picture.notes)}
    answers: Arrays = {"preview": small(picture.pixels)}
    if session.model is None:
        return {**message, "box": None}, answers
    seen = session.model.see(picture)
    return {**message, "box": list(seen.box)}, {**answers, "crop": seen.crop}


def small(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture (H, W, 3) reduced so that its longest side is at most 1,024 pixels."""
    height, width = pixels.shape[:2]
    longest = max(height, width)
    if longest <= PREVIEW_SIDE:
        return pixels
    rows, columns = (max(1, round(side * PREVIEW_SIDE / longest)) for side in (height, width))
    return resample(pixels, (rows, columns), (0, 0, rows, columns))
