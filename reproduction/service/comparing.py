"""neighbours, damage: a picture beside the archive's probe set, and a lesioned network beside the whole one.

    neighbours  archive, picture, [by, level, layer, column, metric, count, lesions]
                -> neighbours, layers, metric, images, stored; "thumbnails"
    damage      archive, [lesions, data, split, limit, first, count]
                -> images, first, total, k, whole, lesioned, kl, changed, lesions, data_name, split;
                   "labels", "whole", "lesioned"

`neighbours`: the `count` (12) probe pictures nearest to the picture (given as to `predict`), each as {number,
picture, label, guess, distance}: its row in the archive's activations, its number in the split, classes. `by`
"features" (the default) compares features: of the last hidden layers (`level` 0), of those before (1, ...),
of one `layer` of these by name, or of those of one `column` alone; `metric` is "euclidean" or "cosine". `by`
"pixels" compares the pictures themselves, which needs an archive that stores them. Where it does (`stored`),
"thumbnails" uint8 (count, s, s, C) are the neighbours.

`damage` tests the network with `lesions` on pictures of a data file: `data`, a path, else the file it was
trained on where that lies beside the archive; of `split` (test, else val) at most `limit` (2,000) spread
evenly. It is asked for in parts: the answer is about `count` (64) pictures from `first` (0) on of `total`,
and everything in it is a sum over `images` of them, to be added up: {top1, topk, loss} of the whole and the
lesioned network (errors; nats; k says which), `kl`, the divergence of the lesioned from the whole answer in
nats, and `changed`, how often the best class is another one. "labels", "whole" and "lesioned" int32 (images,)
are the class of each picture and the best class by either network, for a table by class.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from archive import Archive
from reproduction.analysis.neighbours import distances, nearest
from reproduction.errors import UserError
from reproduction.service.probe import Probe, comparable
from reproduction.service.session import Answer, Arrays, Question, Session, archive_of, version_of

if TYPE_CHECKING:
    from reproduction.inside.collecting import ProbeSet
    from reproduction.model.archived import ArchivedModel

NEIGHBOURS, MOST_NEIGHBOURS = 12, 200
PICTURES, AT_ONCE, MOST_AT_ONCE = 2000, 64, 512
SMALLEST = float(np.finfo(np.float32).tiny)


def neighbours(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The probe pictures that are nearest to a picture."""
    probe = session.probe(question)
    facts = probe.require()
    metric = str(question.get("metric", "euclidean"))
    if question.get("by") == "pixels":
        layers: list[str] = []
        query, many = _pixels(session, question, arrays, probe)
    else:
        layers = _layers(session.described(question), facts["levels"], question)
        query = np.concatenate([_half(session.look(question, arrays).values(name)) for name in layers])
        many = np.concatenate([probe.features(name) for name in layers], axis=1)
    try:
        found = distances(query, many, metric)
    except ValueError as error:
        raise UserError(str(error)) from error
    numbers = nearest(found, min(max(1, int(question.get("count", NEIGHBOURS))), MOST_NEIGHBOURS))
    rows = [_row(int(number), float(found[number]), probe.answers()[number]) for number in numbers]
    answers: Arrays = {}
    if probe.has_pictures:
        answers["thumbnails"] = np.ascontiguousarray(np.moveaxis(probe.thumbnails()[numbers], 1, -1))
    message = {"layers": layers, "metric": metric, "images": len(many), "stored": probe.has_pictures}
    return {"neighbours": rows, **message}, answers


def _row(number: int, distance: float, answer: Any) -> dict[str, Any]:
    said = {name: int(answer[name]) for name in ("picture", "label", "guess")}
    return {"number": number, "distance": distance, **said}


def _half(values: NDArray[np.float32]) -> NDArray[np.float32]:
    """Features rounded as the archive's were, so that a picture is at no distance from itself."""
    limit = float(np.finfo(np.float16).max)
    return np.clip(values.reshape(-1), -limit, limit).astype(np.float16).astype(np.float32)


def _layers(network: dict[str, Any], levels: list[list[str]], question: Question) -> list[str]:
    """Feature layers that the question chooses."""
    known = [name for level in levels for name in level]
    layer, column = question.get("layer"), question.get("column")
    if layer is not None:
        if layer not in known:
            raise UserError(f"there are no features of '{layer}', only of {', '.join(known)}")
        return [str(layer)]
    level = int(question.get("level", 0))
    if not 0 <= level < len(levels):
        raise UserError(f"features are of {len(levels)} levels, counted from 0; there is no {level}")
    if column is None:
        return list(levels[level])
    columns = {entry["name"]: entry.get("column") for entry in network["layers"]}
    own = [name for name in levels[level] if columns.get(name) == int(column)]
    if network["columns"] < 2 or not own:
        raise UserError(f"column {column} has no features of its own")
    return own


def _pixels(
    session: Session, question: Question, arrays: Arrays, probe: Probe
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """The picture's own pixels and those of the probe set, alike in size."""
    from reproduction.inside.probing import thumbnail

    model = session.open(question)
    many = probe.thumbnails()
    square = model.see(session.picture(question, arrays)).square
    small = thumbnail(square, model.experiment.recipe.input_size, many.shape[-1])
    return comparable(small[None])[0], probe.pixels()


def damage(session: Session, question: Question, arrays: Arrays) -> Answer:
    """How a network with lesions does on some pictures of a data file, beside the whole one."""
    from reproduction.data.packed import PackedData
    from reproduction.inside.collecting import probe_set, require_same_classes
    from reproduction.inside.lesions import done
    from reproduction.training.preparation import check_data

    model = session.open(question)
    model.require_classes()
    lesions = session.lesions(question)
    path = _data_of(question)
    with PackedData(path) as data:
        check_data(model.experiment, data, trained=True)
        require_same_classes(model, data)
        split = question.get("split")
        probe = probe_set(data, None if split is None else str(split), int(question.get("limit", PICTURES)))
        total = len(probe.numbers)
        first = min(max(0, int(question.get("first", 0))), total)
        last = min(total, first + min(max(1, int(question.get("count", AT_ONCE))), MOST_AT_ONCE))
        part = Part(probe, range(first, last), (version_of(path), probe.split, total, first, last))
        sums, best = _sums(session, question, model, part)
        named = {"data_name": data.name, "split": probe.split}
    said = done(lesions, model.experiment.network, session.means(question))
    return {"first": first, "images": last - first, "total": total, **sums, "lesions": said, **named}, best


def _data_of(question: Question) -> Path:
    """The data file that the question names, or that the archive was trained on."""
    from reproduction.training.preparation import find_data

    if question.get("data"):
        return Path(str(question["data"]))
    path = archive_of(question)
    with Archive(path) as archive:
        return find_data(path, archive.provenance)


@dataclass(frozen=True)
class Part:
    """Some pictures of a probe set; `key` is another for others."""

    probe: ProbeSet
    rows: range
    key: tuple[object, ...]


def _sums(session: Session, question: Question, model: ArchivedModel, part: Part) -> Answer:
    """Sums over the pictures of `part`, for the network whole and with the lesions of the question; and the
    class of each with the best classes."""
    from reproduction.inside.lesions import probabilities

    k = min(5, model.experiment.network.classes)
    empty = {"top1": 0, "topk": 0, "loss": 0.0}
    if not part.rows:
        return {"k": k, "whole": empty, "lesioned": empty, "kl": 0.0, "changed": 0}, {}
    pictures, labels, _ = part.probe.some(part.rows)
    whole = session.kept(part.key, lambda: model.probabilities(pictures, 1))
    lesioned = probabilities(model, pictures, 1, session.lesions(question), session.means(question))
    logs, other = (np.log(np.maximum(chances, SMALLEST)).astype(np.float64) for chances in (whole, lesioned))
    best = {"whole": whole.argmax(axis=1), "lesioned": lesioned.argmax(axis=1)}
    sums = {
        "k": k,
        "whole": _errors(whole, labels, k),
        "lesioned": _errors(lesioned, labels, k),
        "kl": float((whole * (logs - other)).sum()),
        "changed": int((best["whole"] != best["lesioned"]).sum()),
    }
    return sums, {name: numbers.astype(np.int32) for name, numbers in {"labels": labels, **best}.items()}


def _errors(chances: NDArray[np.float32], labels: NDArray[np.int64], k: int) -> dict[str, Any]:
    """Errors and losses of probabilities (n, K), summed."""
    ranked = np.argsort(-chances, axis=1, kind="stable")[:, :k]
    found = ranked == labels[:, None]
    losses = -np.log(np.maximum(chances[np.arange(len(labels)), labels], SMALLEST).astype(np.float64))
    return {
        "top1": int((~found[:, 0]).sum()),
        "topk": int((~found.any(axis=1)).sum()),
        "loss": float(losses.sum()),
    }
