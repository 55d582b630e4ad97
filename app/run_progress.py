"""Where a run stands: whether it goes on right now, how far it is to go, when its rates change."""

from __future__ import annotations

import json
import time
import tomllib
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QCoreApplication

from app.archive_words import count, decimal, duration, epochs_done, percent, training_pictures
from app.document import OpenArchive, version_of
from archive import log_path

SILENCE_S = 120.0  # a run that reported nothing for so long is no longer called "in progress" ...
SILENCE_REPORTS = 4  # ... unless its newest report took longer than a quarter of that
BETWEEN_LOGS_S = 15.0
CHANGED = "Changed: "  # so begins the note of a resume with other settings


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("progress", text)


@dataclass(frozen=True)
class RateChange:
    """What the schedule sets at the start of an epoch, in words."""

    epoch: float
    words: str


def recipe_of(archive: OpenArchive) -> dict[str, Any]:
    """The recipe as it stands in the archive; empty when it is no TOML."""
    try:
        return tomllib.loads(archive.texts.get("recipe", ""))
    except tomllib.TOMLDecodeError:
        return {}


def planned_epochs(archive: OpenArchive) -> float:
    """How many epochs the run is to have: what was asked for, else the recipe's; 0 when nothing says so."""
    try:
        overrides = [
            str(word).partition("=")[::2] for word in json.loads(archive.texts.get("overrides", "[]"))
        ]
        return float(dict(overrides).get("epochs", recipe_of(archive).get("epochs", 0)))
    except (TypeError, ValueError):
        return 0.0


def rate_changes(archive: OpenArchive) -> list[RateChange]:
    """The schedule of the recipe, in words."""
    entries = recipe_of(archive).get("schedule", [])
    found = []
    for entry in entries if isinstance(entries, list) else []:
        settings = entry.get("set") if isinstance(entry, dict) else None
        if isinstance(settings, dict) and isinstance(entry.get("epoch"), int | float):
            words = "; ".join(setting_words(str(key), value) for key, value in settings.items())
            found.append(RateChange(float(entry["epoch"]), words))
    return found


def changes(archive: OpenArchive) -> list[RateChange]:
    """Notebook and schedule in order, as far as the run has come: where the bends of a curve come from."""
    end, reached = planned_epochs(archive), epochs_now(archive)
    noted = [RateChange(note.epoch, note_words(note.text)) for note in archive.notebook]
    kept = [change for change in rate_changes(archive) if change.epoch < end and change.epoch <= reached]
    return sorted(noted + kept, key=lambda change: change.epoch)


def note_words(text: str) -> str:
    """A note as it is shown: what `alexnet resume` wrote of changed settings in words, all else as it is."""
    if not text.startswith(CHANGED):
        return text
    settings = [setting.partition("=") for setting in text.removeprefix(CHANGED).split(", ")]
    return "; ".join(setting_words(key, _number(value)) for key, _, value in settings)


def _number(text: str) -> Any:
    """A setting's value: a number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def setting_words(key: str, value: Any) -> str:
    """One setting of a schedule in words."""
    layer, _, name = key.rpartition(".")
    known = {
        "epsW": tr("rate {0}"),
        "epsB": tr("bias rate {0}"),
        "momW": tr("momentum {0}"),
        "wc": tr("weight decay {0}"),
        "color-noise": tr("colour noise {0}"),
    }
    shown = plain(value) if isinstance(value, int | float) and not isinstance(value, bool) else str(value)
    words = known.get(name, f"{name} {{0}}").format(shown)
    return words if layer in ("", "*") else tr("{0}: {1}").format(layer, words)


def plain(value: float) -> str:
    """A small number without an exponent: 0.00001, not 1e-05."""
    return f"{value:.12f}".rstrip("0").rstrip(".") if abs(value) < 1e6 else f"{value:g}"


def silence_s(archive: OpenArchive) -> float:
    """Seconds since the run last wrote anything, into its log or its archive."""
    versions = [version_of(path) for path in (log_path(archive.path), archive.path)]
    newest_ns = max((version[0] for version in versions if version is not None), default=0)
    return max(0.0, time.time() - newest_ns / 1e9)


def epochs_now(archive: OpenArchive) -> float:
    """How far training got: by the newest report, or by what the run says between two reports."""
    said = [record.get("epoch") for record in archive.log if record["kind"] == "status"]
    return max([epochs_done(archive), *(float(epoch) for epoch in said if isinstance(epoch, int | float))])


def in_progress(archive: OpenArchive) -> bool:
    """Whether somebody seems to be training this archive now.

    A run that was ended leaves no log; one that goes on has none for the moment after each new version.
    """
    limit_s = max(SILENCE_S, SILENCE_REPORTS * last_report_s(archive)) if archive.log else BETWEEN_LOGS_S
    return silence_s(archive) < limit_s


def last_report_s(archive: OpenArchive) -> float:
    """How long training took for its newest report."""
    seconds = archive.history.train["seconds"]
    return float(seconds[-1]) if len(seconds) else 0.0


def standing(archive: OpenArchive, goes_on: bool | None = None) -> str:
    """The banner's sentence; nothing for a run that is complete.

    `goes_on`: whether it is being trained, for who knows better than the files tell.
    """
    done, planned = epochs_now(archive), planned_epochs(archive)
    if done + 1e-6 >= planned:
        return ""
    epochs = decimal(done, 1), decimal(planned, 0)
    if archive.provenance.get("exhibited"):
        return tr("A copy of the run as it stood at epoch {0} of {1}; it does not go on.").format(*epochs)
    if goes_on is False:
        return tr("This run is paused at epoch {0} of {1}.").format(*epochs)
    if goes_on or in_progress(archive):
        return _progress_sentence(archive, *epochs)
    sentence = tr("This run stands at epoch {0} of {1} and has reported nothing for {2}.")
    return sentence.format(*epochs, duration(silence_s(archive)))


def _progress_sentence(archive: OpenArchive, done: str, planned: str) -> str:
    test, rate = archive.history.test, pictures_per_second(archive)
    left = duration(seconds_left(archive))
    if not len(test):
        sentence = tr("Training in progress: epoch {0} of {1}, {2} pictures a second.")
        if left:
            sentence = tr("Training in progress: epoch {0} of {1}, {2} pictures a second; {3} left.")
        return sentence.format(done, planned, count(rate), left)
    sentence = tr(
        "Training in progress: epoch {0} of {1}, {2} pictures a second; wrong on {3} % of the test pictures."
    )
    if left:
        sentence = tr(
            "Training in progress: epoch {0} of {1}, {2} pictures a second, {4} left; wrong on {3} % of the"
            " test pictures."
        )
    return sentence.format(done, planned, count(rate), percent(test["top1"][-1]), left)


def seconds_left(archive: OpenArchive) -> float:
    """How long the epochs to come take at the rate of now, tests apart; 0 when nothing says so."""
    pictures, rate = training_pictures(archive) or 0, pictures_per_second(archive)
    return max(0.0, planned_epochs(archive) - epochs_now(archive)) * pictures / rate if rate > 0 else 0.0


def pictures_per_second(archive: OpenArchive) -> float:
    """How fast the run trains: as it says itself, or by its newest report."""
    said = [record.get("pictures_per_second") for record in archive.log if record["kind"] == "status"]
    if said and isinstance(said[-1], int | float):
        return float(said[-1])
    seconds, images = last_report_s(archive), archive.history.train["images"]
    return float(images[-1]) / seconds if seconds > 0 else 0.0
