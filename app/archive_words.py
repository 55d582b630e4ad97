"""What an archive holds, in sentences and rows of words; generated from the archive, in whole sentences."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from PySide6.QtCore import QCoreApplication, QDateTime, QLocale

from app.document import OpenArchive

WEEKDAY = re.compile(r"dddd[,،、]?\s*|[,،、]?\s*dddd")  # in a date's long form


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("archive", text)


def count(value: float) -> str:
    """A whole number as the visitor's country writes it."""
    return QLocale().toString(round(value))


def decimal(value: float, digits: int) -> str:
    """A number with so many digits after the point, as the visitor's country writes it."""
    return QLocale().toString(float(value), "f", digits)


def percent(fraction: float) -> str:
    """An error rate in per cent."""
    return decimal(100 * fraction, 1)


def epochs_done(archive: OpenArchive) -> float:
    """How far training got, by the newest report."""
    rows = [table["epoch"][-1] for table in (archive.history.train, archive.history.test) if len(table)]
    return float(max(rows, default=0.0))


def summary(archive: OpenArchive) -> str:
    """One sentence for somebody who sees this archive for the first time."""
    done = epochs_done(archive)
    weights, epoch = count(archive.network["parameters"]), decimal(done, 0 if done == round(done) else 1)
    test, pictures = archive.history.test, training_pictures(archive)
    if not done:
        sentence = tr("A network of {0} weights, still as they were drawn: nothing has been learnt yet.")
        return sentence.format(weights)
    if not len(test):
        sentence = tr("A network of {0} weights, trained up to epoch {1}; not tested yet.")
        return sentence.format(weights, epoch)
    error, tested = percent(test["top1"][-1]), count(test["images"][-1])
    if pictures is None:
        sentence = tr(
            "A network of {0} weights, trained up to epoch {1}; wrong on {2} % of {3} test pictures."
        )
        return sentence.format(weights, epoch, error, tested)
    sentence = tr(
        "A network of {0} weights, trained on {2} pictures up to epoch {1};"
        " wrong on {3} % of {4} test pictures."
    )
    return sentence.format(weights, epoch, count(pictures), error, tested)


def training_pictures(archive: OpenArchive) -> int | None:
    """How many pictures it was trained on, when the archive says so."""
    counts = archive.provenance.get("data_counts")
    found = counts.get("train") if isinstance(counts, dict) else None
    return int(found) if isinstance(found, int | float) else None


def provenance_rows(archive: OpenArchive) -> list[tuple[str, str]]:
    """Where the archive comes from: (what, value), what is not known left out."""
    known = archive.provenance
    rows = [
        (tr("Made"), moment(known.get("created"))),
        (tr("Last written"), moment(known.get("updated"))),
        (tr("Pictures"), text(known.get("data_name"))),
        (tr("Fingerprint"), text(known.get("data_sha256"))[:16]),
        (tr("Training took"), duration(known.get("training_seconds"))),
        (tr("Computed on"), text(known.get("processor")) or text(known.get("device"))),
        (tr("Seed"), text(known.get("seed"))),
        (tr("Program"), text(known.get("program_version"))),
        (tr("Dialect"), text(archive.network.get("dialect"))),
        (tr("Command"), text(known.get("command"))),
    ]
    return [(what, value) for what, value in rows if value]


def text(value: Any) -> str:
    """A value of the provenance as it is shown; nothing for what is missing."""
    return "" if value is None else str(value)


def moment(value: Any) -> str:
    """A time of the archive (ISO 8601) in the visitor's zone and manner, with the month as a word.

    In numbers alone, 11/12/26 is one day here and another elsewhere.
    """
    try:
        seconds = datetime.fromisoformat(str(value).replace("Z", "+00:00")).timestamp()
    except ValueError:
        return ""
    shown, locale = QDateTime.fromSecsSinceEpoch(int(seconds)), QLocale()
    long_form = locale.dateFormat(QLocale.FormatType.LongFormat)
    day = locale.toString(shown.date(), WEEKDAY.sub("", long_form).strip())
    time = locale.toString(shown.time(), QLocale.FormatType.ShortFormat)
    return tr("{0}, {1}").format(day, time)


def duration(seconds: Any) -> str:
    """So many seconds in the two units that matter."""
    if not isinstance(seconds, int | float) or seconds <= 0:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_left = divmod(minutes, 60)
    if hours:
        return tr("{0} h {1} min").format(hours, minutes_left)
    return tr("{0} min {1} s").format(minutes, rest) if minutes else tr("{0} s").format(rest)
