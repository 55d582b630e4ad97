"""Fills an archive with the answers to a probe set; what was done is put away beside it now and then.

RUN.h5.probe holds what is known after so many pictures: a file of plain arrays, replaced as a whole. Who is
interrupted, or killed, and is started again with the same archive, data and options goes on from there; what
belongs to others is thrown away. The archive itself is only replaced once, at the end, by its next version.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from archive import Activations, Archive, ArchiveError, log_path, read_run, write_archive
from reproduction.analysis.abstention import calibrated
from reproduction.data.packed import PackedData
from reproduction.errors import DataError
from reproduction.inside.probing import Arrays, Probing
from reproduction.model.archived import ArchivedModel
from reproduction.training.provenance import now
from reproduction.version import program_version

AT_ONCE = 32
PUT_AWAY_S = 20.0
LIVE_S = 60.0
"""A log that was written to more recently belongs to a run that is going on: it writes every few seconds."""


@dataclass(frozen=True)
class ProbeSet:
    """Pictures of a data file: the split, and which of it (numbers, ascending)."""

    data: PackedData
    split: str
    numbers: NDArray[np.int64]

    def batch(self, first: int) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """Pictures (n, C, H, W), classes (n,) and numbers (n,) of the batch that begins at `first`."""
        return self.some(range(first, min(first + AT_ONCE, len(self.numbers))))

    def some(self, rows: range) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.int64]]:
        """The same of the pictures `rows`, of which there must be one."""
        numbers = self.numbers[rows.start : rows.stop]
        images = self.data.images(self.split)
        if numbers[-1] - numbers[0] == len(numbers) - 1:
            pictures = images[int(numbers[0]) : int(numbers[-1]) + 1]
        else:
            pictures = np.stack([images[int(number)] for number in numbers])
        return pictures, self.data.targets(self.split)[numbers], numbers


def probe_set(data: PackedData, split: str | None, limit: int) -> ProbeSet:
    """At most `limit` pictures spread evenly over `split` (default: test, else val, else train)."""
    chosen = split or data.evaluation_split or "train"
    count = data.counts.get(chosen, 0)
    if not count:
        raise DataError(f"{data.path} has no {chosen} pictures; name others with --split")
    kept = min(limit, count)
    return ProbeSet(data, chosen, np.arange(kept, dtype=np.int64) * count // kept)


def require_same_classes(model: ArchivedModel, data: PackedData) -> None:
    """DataError where the data names other classes than the network learnt."""
    if data.sha256 == model.data_sha256:
        return
    ids = list(zip(data.label_ids, model.label_ids, strict=False))
    by_id = bool(ids) and all(one and other for one, other in ids)
    pairs = ids if by_id else list(zip(data.labels, model.labels, strict=False))
    for number, (offered, learnt) in enumerate(pairs):
        if offered != learnt:
            raise DataError(
                f"{data.path} names other classes than {model.experiment.name} learnt: class {number} is "
                f"'{offered}' instead of '{learnt}'"
            )


def collect(
    path: Path,
    model: ArchivedModel,
    probe: ProbeSet,
    *,
    pictures: bool,
    watch: Callable[[int, int], bool],
) -> Activations | None:
    """Asks about every picture of `probe` and puts the answers into the archive at `path`.

    None when `watch(pictures done, pictures in all)` said to stop (False): what is known was put away.
    """
    require_no_live_run(path)
    identity = _identity(path, probe, pictures)
    beside = PutAway(path, identity)
    probing = Probing(model, len(probe.numbers), pictures=pictures)
    beside.take_up(probing)
    put_away_s = time.monotonic()
    while probing.done < len(probe.numbers):
        if not watch(probing.done, len(probe.numbers)):
            beside.keep(probing)
            return None
        probing.take(*probe.batch(probing.done))
        if time.monotonic() - put_away_s > PUT_AWAY_S:
            beside.keep(probing)
            put_away_s = time.monotonic()
    watch(probing.done, len(probe.numbers))
    return _into_archive(path, identity, probing, probe, beside)


def _into_archive(
    path: Path, identity: dict[str, Any], probing: Probing, probe: ProbeSet, beside: PutAway
) -> Activations:
    """Writes the next version of the archive, if it is still the one that was asked."""
    run = read_run(path)
    if _weights_digest(path) != identity["weights"]:
        beside.remove()
        raise ArchiveError(
            f"{path}: was replaced while its network was asked; nothing was written, ask again"
        )
    facts = {
        "split": probe.split,
        "step": run.state["step"],
        "data_name": probe.data.name,
        "data_sha256": probe.data.sha256,
        "view": "centre",
        "created": now(),
        "program_version": program_version(),
        "abstention": _abstention(probing) if probe.split != "train" else None,
    }
    run.activations = probing.result(facts)
    require_no_live_run(path)
    write_archive(path, run, packed="exhibited" in run.provenance)
    beside.remove()
    return run.activations


def _abstention(probing: Probing) -> dict[str, Any]:
    answers = probing.answers
    return calibrated(answers["probability"], answers["guess"] == answers["label"])


def require_no_live_run(path: Path) -> None:
    """ArchiveError while a run trains into the archive: its next version would lack what is added here."""
    with contextlib.suppress(OSError):
        age_s = time.time() - log_path(path).stat().st_mtime
        if age_s < LIVE_S:
            raise ArchiveError(f"{path}: a run is training into it; ask its network when that has ended")


def _weights_digest(path: Path) -> str:
    """What changes with any weight of the archive."""
    with Archive(path) as archive:
        digests = [
            [name, entry]
            for name, entry in sorted(archive.manifest.items())
            if name.startswith(("/weights/", "/texts/"))
        ]
    return hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def _identity(path: Path, probe: ProbeSet, pictures: bool) -> dict[str, Any]:
    """What must be the same for work that was put away to be gone on with."""
    return {
        "weights": _weights_digest(path),
        "data": probe.data.sha256,
        "split": probe.split,
        "images": len(probe.numbers),
        "pictures": pictures,
        "program": program_version(),
    }


class PutAway:
    """The file beside the archive that holds unfinished work."""

    def __init__(self, archive: Path, identity: dict[str, Any]) -> None:
        target = Path(os.path.realpath(archive))
        self.path = target.with_name(target.name + ".probe")
        self._identity = json.dumps(identity, sort_keys=True)

    def keep(self, probing: Probing) -> None:
        """Puts away all that is known; on a full disk the last state, or none, stays."""
        beside = self.path.with_name(self.path.name + ".new")
        arrays: Arrays = {"identity": np.array(self._identity), **probing.state()}
        try:
            with beside.open("wb") as stream:
                np.savez(stream, **arrays)  # type: ignore[arg-type]
            os.replace(beside, self.path)
        except OSError:
            beside.unlink(missing_ok=True)

    def take_up(self, probing: Probing) -> None:
        """Goes on from what was put away, where it is of the same work and whole."""
        try:
            with np.load(self.path, allow_pickle=False) as kept:
                if str(kept["identity"]) != self._identity:
                    return
                arrays = {name: kept[name] for name in kept.files if name != "identity"}
            probing.restore(arrays)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return

    def remove(self) -> None:
        """Throws it away."""
        self.path.unlink(missing_ok=True)
