"""measures, gabor, specialisation, runs: what filters are and whether halves of networks differ. No torch.

    measures        WEIGHTS                  -> (F,) through all first layers: every measure of
                                                `analysis.measures.MEASURES`, and family, partner, likeness,
                                                limit (see `analysis.families`)
    gabor           WEIGHTS, [start, stop]   -> start, stop; (N,) each: all of `analysis.gabor.GaborFits`, of
                                                `analysis.measures.GABOR_MEASURES`, and family
    specialisation  WEIGHTS, [gabor, past, columns]
                                             -> value: `travelling.unpack` it as `findings.Specialisation`
    runs            archives, [gabor]        -> value: `travelling.unpack` it as `across_runs.AcrossRuns`

WEIGHTS is `archive`, a path, with `snapshot`, an index, or without for the weights as they are now; or
`network`, the resolved network, and arrays by name ("conv1a/weights_0"). `start` and `stop` choose filters,
so that a long fit can be given up between two questions. `gabor` true has the fits in the battery, `past`
false leaves the snapshots out, `columns` names two columns of a network that has more. Answers are kept on
disk by weights: a question that was asked before is answered at once.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive import Archive
from reproduction.analysis.across_runs import across_runs
from reproduction.analysis.families import families, partners_among
from reproduction.analysis.findings import Specialisation
from reproduction.analysis.first_layers import Block, blocks_of
from reproduction.analysis.gabor import GaborFits, fit_gabors
from reproduction.analysis.measures import gabor_table, measure_blocks
from reproduction.analysis.specialisation import specialise, wiring_arrays
from reproduction.analysis.travelling import pack, unpack
from reproduction.errors import UserError
from reproduction.result_cache import cached
from reproduction.service.session import Answer, Arrays, Question, Session

PART = 8  # filters that are fitted, and kept, together


@dataclass(frozen=True)
class Subject:
    """Whose filters are asked about."""

    network: dict[str, Any]
    weights: Arrays
    snapshots: tuple[Arrays, ...]
    epochs: tuple[float, ...]

    @property
    def blocks(self) -> list[Block]:
        """The first layers; UserError when the arrays do not fit the network."""
        try:
            return blocks_of(self.network, self.weights)
        except ValueError as error:
            raise UserError(f"these weights cannot be measured: {error}") from error


def measures(session: Session, question: Question, arrays: Arrays) -> Answer:
    """Every quick measure of the first layers."""
    blocks = _subject(question, arrays).blocks
    key = [part for block in blocks for part in (f"measures {block.stride}", block.kernels)]
    return cached(key, lambda: _measured(blocks))


def gabor(session: Session, question: Question, arrays: Arrays) -> Answer:
    """Gabor fits of a range of filters."""
    blocks = _subject(question, arrays).blocks
    total = sum(len(block.kernels) for block in blocks)
    start, stop = int(question.get("start", 0)), int(question.get("stop", total))
    if not 0 <= start < stop <= total:
        raise UserError(f"there are filters 0 to {total - 1}; {start} to {stop - 1} were asked for")
    fits = _fits(blocks, start, stop)
    table = gabor_table(fits)
    return {"start": start, "stop": stop}, {
        **fits.arrays(),
        **table,
        "family": _families(blocks, table["gabor_like"], start),
    }


def specialisation(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The battery of tests."""
    subject = _subject(question, arrays, battery=True, past=bool(question.get("past", True)))
    first, second = question.get("columns") or (0, 1)
    message, found = _specialised(subject, bool(question.get("gabor")), (int(first), int(second)))
    return {"value": message}, found


def runs(session: Session, question: Question, arrays: Arrays) -> Answer:
    """The battery for each of several archives, and what they say together."""
    paths = question.get("archives")
    if not isinstance(paths, list) or not paths:
        raise UserError("name the archives to compare")
    found = []
    for path in paths:
        subject = _subject({"archive": path}, {}, battery=True)
        found.append(unpack(Specialisation, *_specialised(subject, bool(question.get("gabor")), (0, 1))))
    message, answers = pack(across_runs(found))
    return {"value": message}, answers


def _subject(question: Question, arrays: Arrays, *, battery: bool = False, past: bool = False) -> Subject:
    path = question.get("archive")
    if isinstance(path, str) and path:
        return _archived(Path(path), question.get("snapshot"), battery, past)
    network = question.get("network")
    if not isinstance(network, dict) or not arrays:
        raise UserError("name an archive, or send a network and its weights")
    return Subject(network, arrays, (), ())


def _archived(path: Path, snapshot: Any, battery: bool, past: bool) -> Subject:
    """The first layers now or at a snapshot; for a battery, now, with the arrays of the wiring test."""
    with Archive(path) as archive:
        network, taken = archive.network, archive.snapshots
        if snapshot is None:
            names = [f"{layer}/weights_0" for layer in network["first_layers"]]
            names += wiring_arrays(network) if battery else ()
            weights = {name: archive.weights(name) for name in names}
        elif isinstance(snapshot, int) and -len(taken) <= snapshot < len(taken):
            weights = archive.snapshot(snapshot)
        else:
            raise UserError(f"{path}: has {len(taken)} snapshots; {snapshot!r} was asked for")
        snapshots = tuple(archive.snapshot(index) for index in range(len(taken))) if past else ()
    return Subject(network, weights, snapshots, tuple(info.epoch for info in taken) if past else ())


def _measured(blocks: list[Block]) -> Answer:
    table = measure_blocks(blocks)
    partners = partners_among([block.kernels for block in blocks])
    return {}, {**table, "family": _families(blocks, None, 0), **vars(partners)}


def _families(blocks: list[Block], gabor_like: NDArray[np.floating] | None, start: int) -> NDArray[np.int64]:
    """Families of all filters, or of those from `start` on whose Gabor verdicts are given."""
    total = sum(len(block.kernels) for block in blocks)
    verdicts = np.full(total, np.nan)
    stop = total if gabor_like is None else start + len(gabor_like)
    verdicts[start:stop] = np.nan if gabor_like is None else gabor_like
    found, at = [], 0
    for block in blocks:
        found.append(families(block.kernels, verdicts[at : at + len(block.kernels)]))
        at += len(block.kernels)
    return np.concatenate(found)[start:stop]


def _fits(blocks: list[Block], start: int, stop: int) -> GaborFits:
    """Fits of filters `start` to `stop`, each part of eight from the cache where it lies there."""
    parts: list[GaborFits] = []
    at = 0
    for block in blocks:
        first, last = max(start - at, 0), min(stop - at, len(block.kernels))
        for begin in range(first // PART * PART, max(last, 0), PART):
            fits = _part(block.kernels[begin : begin + PART])
            rows = slice(max(first - begin, 0), min(last - begin, PART))
            parts.append(GaborFits(**{name: values[rows] for name, values in fits.arrays().items()}))
        at += len(block.kernels)
    return GaborFits.joined(parts)


def _part(kernels: NDArray[Any]) -> GaborFits:
    _, arrays = cached(["gabor", kernels], lambda: ({}, fit_gabors(kernels).arrays()))
    return GaborFits(**arrays)


def _specialised(subject: Subject, gabor: bool, pair: tuple[int, int]) -> Answer:
    """The packed value, from the cache or computed."""
    blocks = subject.blocks
    total = sum(len(block.kernels) for block in blocks)

    def compute() -> Answer:
        fits = _fits(blocks, 0, total) if gabor else None
        try:
            found = specialise(
                subject.network,
                subject.weights,
                snapshots=subject.snapshots,
                epochs=subject.epochs,
                fits=fits,
                pair=pair,
            )
        except ValueError as error:
            raise UserError(f"these weights cannot be measured: {error}") from error
        message, arrays = pack(found)
        return {"value": message}, arrays

    question = json.dumps(["specialisation", gabor, pair, subject.epochs, subject.network], sort_keys=True)
    sets = (subject.weights, *subject.snapshots)
    key = [question, *(part for arrays in sets for name in sorted(arrays) for part in (name, arrays[name]))]
    message, arrays = cached(key, compute)
    return message["value"], arrays
