"""attribution, occlusion: which pixels a class or a unit owes its answer to.

Both take `archive`, the picture as `predict` does, and what is asked about: `class`, a number, or `layer` and
`channel`; `row` and `column` choose one unit of a map, without them the one that answers most is taken. A
class stands for its score, before the softmax.

    attribution  rule ("gradient", "guided", "deconvolution")
                 -> layer, channel, row, column, answer, field, largest; "map", "strength"
    occlusion    [size, stride, first, count, lesions]
                 -> layer, channel, row, column, answer, size, stride, places, total, first; "answers"

"map" float16 (C, s, s) is the signal at the crop's pixels, divided by `largest`, its largest magnitude, so
that it lies in -1..1; "strength" uint8 (s, s) the largest magnitude of the channels of a pixel, 0..255. Where
nothing is sent back (a unit that does not answer) `largest` is 0. `field` is the receptive field [top, left,
bottom, right].

`occlusion` hides a square of `size` pixels (a quarter of the crop) every `stride` pixels (a third of `size`)
behind the mean picture. Of the `total` places (`places` along each axis, row by row) it answers for `count`
(64) from `first` (0) on: "answers" float32, the probability of the class, or the unit's answer, while that
place is hidden; `answer` is the one to the whole picture. Ask again from first + count on, up to `total`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from reproduction.analysis.receptive import receptive_box
from reproduction.errors import UserError
from reproduction.service.seeing import as_bytes, strongest
from reproduction.service.session import Answer, Arrays, Question, Session

if TYPE_CHECKING:
    from reproduction.inside.looking import Look

PLACES, MOST_PLACES = 64, 1024


def attribution(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The signal at the pixels, sent back from the unit by one of three rules."""
    from reproduction.inside.attribution import sent_back

    plain = {name: value for name, value in question.items() if name != "lesions"}
    seen = session.look(plain, arrays)
    unit = _unit(seen, question)
    signal = sent_back(seen, **unit, rule=str(question.get("rule", "gradient")))
    values = signal.detach().double().cpu().numpy()
    largest = float(np.abs(values).max())
    scaled = (values / (largest or 1)).astype(np.float16)
    strength = as_bytes(np.abs(scaled).max(axis=0).astype(np.float32), 0, 1)
    box = receptive_box(session.described(question), unit["name"], unit["row"], unit["column"], unit["unit"])
    message = {**_named(seen, unit), "field": list(box), "largest": largest}
    return message, {"map": scaled, "strength": strength}


def occlusion(session: Session, question: Question, arrays: Arrays) -> Answer:
    """What the unit answers while parts of the picture are hidden."""
    from reproduction.inside.occlusion import Grid, hidden_answers

    seen = session.look(question, arrays)
    unit = _unit(seen, question)
    if question.get("class") is not None:  # of a class, its probability
        unit = {**unit, "name": seen.model.experiment.network.probabilities}
    side = seen.view.shape[-1]
    size = int(question.get("size") or max(1, side // 4))
    grid = Grid(side, size, int(question.get("stride") or max(1, size // 3)))
    total = grid.places**2
    first = min(max(0, int(question.get("first", 0))), total)
    count = min(max(0, int(question.get("count", PLACES))), MOST_PLACES)
    places = range(first, min(total, first + count))
    place = (unit["unit"], unit["row"], unit["column"])[: seen.values(unit["name"]).ndim]
    target, lesions = (unit["name"], place), session.lesions(question)
    found = hidden_answers(seen.model, seen.view, grid, target, places, lesions, session.means(question))
    sizes = {"size": grid.size, "stride": grid.stride, "places": grid.places, "total": total}
    return {**_named(seen, unit), **sizes, "first": first}, {"answers": found}


def _unit(seen: Look, question: Question) -> dict[str, Any]:
    """The unit that is asked about: name of its layer, its number there, row and column."""
    from reproduction.inside.lesions import gathering_layer

    network = seen.model.experiment.network
    if question.get("class") is not None:
        number = int(question["class"])
        if not 0 <= number < network.classes:
            raise UserError(f"{network.name} knows the classes 0 to {network.classes - 1}")
        return {"name": gathering_layer(network).name, "unit": number, "row": 0, "column": 0}
    name, channel = str(question.get("layer")), int(question.get("channel", 0))
    row, column = strongest(seen, name, channel)
    if question.get("row") is not None or question.get("column") is not None:
        row, column = int(question.get("row") or 0), int(question.get("column") or 0)
    return {"name": name, "unit": channel, "row": row, "column": column}


def _named(seen: Look, unit: dict[str, Any]) -> dict[str, Any]:
    """The unit and its answer to the whole picture, as the answer says them."""
    from reproduction.inside.looking import check_unit

    place = check_unit(seen.layer(unit["name"]), unit["unit"], unit["row"], unit["column"])
    answer = float(seen.values(unit["name"])[place])
    return {
        "layer": unit["name"],
        "channel": unit["unit"],
        "row": unit["row"],
        "column": unit["column"],
        "answer": answer,
    }
