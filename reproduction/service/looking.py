"""hello, open, preview, predict: the museum's first questions about a picture.

    hello                                     -> torch (version)
    open     archive                          -> nothing; the network is ready then
    preview  picture | bytes, [archive]       -> width, height, notes, box; preview, crop
    predict  picture | bytes, archive, [views, top, lesions, looks]
                                              -> as preview, and guesses, views, seconds, abstains,
                                                 abstention, lesions, [looks, view_box, mirrored]

`picture` is a path; without one, the array "bytes" holds the contents of a picture file and `name` what to
call it. "preview" (h, w, 3) is the picture reduced to at most 1,024 pixels a side, "crop" (s, s, 3) what the
network sees of it, `box` [left, top, side] where that is in the picture's own pixels: null, and no crop,
while no archive was ever opened. `views` above 1 asks for as many as the network's recipe tests with.

With `looks` the answer is the mean of so many of these views, the central one first: asked with 1, 2, ... it
is refined view by view, each computed once, until `looks` is `views`. `view_box` [left, top, side] says where
in the picture the last of them lies, `mirrored` whether it was mirrored; no pixels are sent again.

`abstention` is the archive's rule for when the network has no good word for a picture (archive/FORMAT.md,
"activations"), or null; `abstains` is what it says here: true or false, or null where there is no rule, no
threshold, or more than one view or lesions, for which it was not calibrated.

`lesions` switches parts of the network off, see `reproduction.inside.lesions`:

    {"columns": [1], "units": {"conv1a": [3, 17]}, "grey": true, "cut": true}   all of them optional

and the answer says in "lesions" what was done: {"replaced_by": "mean" | "zero" | "both" | "", "silenced":
[layers of the columns], "cut": [[layer, number of its input], ...]}; null where nothing was asked for. With
"grey", "crop" is the grey picture that it sees then.
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis.abstention import abstains
from reproduction.data.pictures import Picture
from reproduction.data.resampling import resample
from reproduction.service.session import Answer, Arrays, Question, Session, picture_key

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
    picture = session.picture(question, arrays)
    if question.get("archive"):
        session.open(question)
    return _shown(session, picture)


def predict(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The most probable classes of a picture."""
    from reproduction.inside import lesions

    began_s = time.monotonic()
    picture = session.picture(question, arrays)
    model = session.open(question)
    off = session.lesions(question)
    means = session.means(question) if off else {}
    views = model.experiment.view_count(int(question.get("views", 1)) > 1)
    top = min(max(1, int(question.get("top", 5))), TOP_LIMIT)
    if question.get("looks"):
        chances, message = _refined(session, question, arrays, views)
        answers: Arrays = {}
    else:
        message, answers = _shown(session, picture)
        if off.grey:
            answers["crop"] = np.moveaxis(lesions.greyed(np.moveaxis(answers["crop"], -1, 0)[None])[0], 0, -1)
        chances = lesions.probabilities(model, model.see(picture).square[None], views, off, means)[0]
    found = {
        "guesses": [vars(guess) for guess in model.ranked(chances, top)],
        "views": views,
        "seconds": time.monotonic() - began_s,
        **_abstention(session, question, float(chances.max()), views, bool(off)),
        "lesions": lesions.done(off, model.experiment.network, means) if off else None,
    }
    return {**message, **found}, answers


def _refined(
    session: Session, question: Question, arrays: Arrays, views: int
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """The mean of the first `looks` of the views, and where the last lies; earlier looks cost nothing."""
    from reproduction.data.augmentation import view_positions
    from reproduction.inside import lesions

    model, off = session.open(question), session.lesions(question)
    seen, means = model.see(session.picture(question, arrays)), session.means(question) if off else {}
    recipe = model.experiment.recipe
    positions, mirrored = view_positions(recipe.image_size - recipe.input_size, views)
    order = _central_first(positions, mirrored)[: min(int(question["looks"]), views)]
    asked = ("view", picture_key(question, arrays), repr(off), views)

    def look(number: int) -> NDArray[np.float32]:
        found: NDArray[np.float32] = lesions.probabilities(
            model, seen.square[None], views, off, means, number
        )[0]
        return found

    chances = [session.kept((*asked, number), partial(look, number)) for number in order]
    row, column = positions[order[-1] % len(positions)]
    middle, scale = (recipe.image_size - recipe.input_size) // 2, seen.box[2] / recipe.input_size
    left, top, side = seen.box
    box = [left + round((column - middle) * scale), top + round((row - middle) * scale), side]
    said = {"looks": len(order), "view_box": box, "mirrored": order[-1] >= len(positions)}
    return np.stack(chances).mean(axis=0, dtype=np.float64).astype(np.float32), said


def _central_first(positions: list[tuple[int, int]], mirrored: bool) -> list[int]:
    """The numbers of the views: the central one, the others, then all again mirrored."""
    middle = positions.index(sorted(positions)[len(positions) // 2])
    order = [middle, *(place for place in range(len(positions)) if place != middle)]
    return [*order, *(len(positions) + place for place in order if mirrored)]


def _abstention(
    session: Session, question: Question, probability: float, views: int, lesioned: bool
) -> dict[str, Any]:
    """Whether the network had better not answer, and by which rule; the rule is about one view, and whole."""
    rule = session.probe(question).abstention
    applies = rule is not None and views == 1 and not lesioned
    return {"abstains": abstains(rule, probability) if applies else None, "abstention": rule}


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
