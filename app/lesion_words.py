"""What is switched off, in the visitor's language."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from app.selected import Lesions
from app.theme import column_name


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("lesions", text)


def parts_off(lesions: Lesions) -> list[str]:
    """Each thing that is off, to be listed."""
    words = [column_name(column) for column in sorted(lesions.columns)]
    if lesions.cut:
        words.append(tr("the cable"))
    if lesions.grey:
        words.append(tr("colour"))
    if len(lesions.units) == 1:
        ((layer, unit),) = lesions.units
        words.append(tr("filter {0} of {1}").format(unit, layer))
    elif lesions.units:
        words.append(tr("{0} filters").format(len(lesions.units)))
    return words


def switched_off(lesions: Lesions) -> str:
    """All that is off as one phrase: "GPU 1, the cable and colour"; empty when nothing is."""
    return QLocale().createSeparatedList(parts_off(lesions))
