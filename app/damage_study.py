"""The measurement of damage in its card: which lesions, on which pictures, said in words, as figures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QRectF
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFileDialog, QPushButton, QVBoxLayout, QWidget

from app.archive_words import count
from app.damage import Damage, DamageTest, class_table, damage_table
from app.document import OpenArchive, Version
from app.figure import Figure
from app.lesion_words import switched_off
from app.room import Museum
from app.selected import Lesions
from app.widgets.damage_card import DamageCard, figures_of, paint_damage, row_height

FIGURE_WIDTH, FIGURE_LINE = 640.0, 20.0


class DamageStudy(QWidget):
    """Measures on the researcher. What was measured is forgotten with the weights it was measured on."""

    def __init__(
        self, museum: Museum, figure_button: QPushButton, levers: Callable[[], list[Lesions]]
    ) -> None:
        """`levers` says what each lever alone switches off."""
        super().__init__()
        self._document, self._levers = museum.document, levers
        self._data = ""  # a file that was chosen; else the one that the archive was trained on
        self._version: Version | None = None
        self._archive: OpenArchive | None = None
        self.test = DamageTest(museum.researcher, self)
        self.card = DamageCard(figure_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.card)
        self.card.measureWanted.connect(self.measure)
        self.card.stopWanted.connect(self.test.stop)
        self.card.dataWanted.connect(self._ask_for_data)
        self.test.advanced.connect(self.follow)
        self.test.ended.connect(self.follow)
        self.test.failed.connect(self._on_failure)
        self.follow()

    def begin(self, archive: OpenArchive | None) -> None:
        """Another network is shown, or other weights of it: nothing measured before is about these."""
        self._archive, self._version = archive, None if archive is None else archive.version
        self.card.say("")
        self.test.forget()

    def measure(self, each: bool) -> None:
        """Measures what is off now, or what each lever alone switches off."""
        wanted = self._levers() if each else [self._document.lesions]
        if self._archive is not None and wanted and all(wanted):
            self.card.say("")
            classes = int(self._archive.network["classes"])
            self.test.start(str(self._archive.path), classes, self._data, wanted)
            self.follow()

    def use_data(self, path: Path) -> None:
        """Measures on the pictures of this data file from now on."""
        self._data = str(path)
        self.card.say("")
        self.test.forget()
        self.follow()

    def _ask_for_data(self) -> None:
        kind = self.tr("Packed data ({0})").format("*.h5 *.hdf5")
        name, _ = QFileDialog.getOpenFileName(self, self.tr("Choose the pictures"), "", kind)
        if name:
            self.use_data(Path(name))

    def _on_failure(self, sentence: str) -> None:
        ended = sentence if sentence.endswith(".") else f"{sentence}."
        hint = self.tr("“alexnet data” packs pictures; a packed file can be chosen here.")
        self.card.say(ended if self._data else f"{ended} {hint}")

    def ready(self) -> bool:
        """Whether nothing is being measured."""
        return not self.test.running

    # Showing

    def follow(self) -> None:
        """Shows the results and how far the measurement is."""
        results = self.test.results
        self.card.bars.show_results(results, self._names(), [self._words(found) for found in results])
        self.card.bars.setAccessibleDescription(self._description())
        latest = results[-1] if results else Damage(Lesions())
        self.card.follow(self.test.running, self._about(), latest.images, latest.total)
        self.card.now_button.setEnabled(bool(self._document.lesions) and not self.test.running)
        self.card.each_button.setEnabled(bool(self._levers()) and not self.test.running)
        self.card.data_button.setEnabled(not self.test.running)
        self.card.figure_button.setEnabled(bool(results))

    def _names(self) -> list[str]:
        return [switched_off(found.lesions) for found in self.test.results]

    def _words(self, found: Damage) -> str:
        if not found.images:
            return ""
        whole, without, changed = figures_of(found)
        sentence = self.tr("wrong {1} %, whole {0} %; {2} % answer otherwise")
        return sentence.format(whole, without, changed)

    def _about(self) -> str:
        """On which pictures, and what stands in for what is off."""
        results = [found for found in self.test.results if found.images]
        if not results:
            text = self.tr(
                "How often the network is wrong with parts of it switched off: bars, and a line for the whole"
                " network. It is tested on pictures that it was not trained on, {0}."
            )
            data = Path(self._data).name if self._data else self.tr("of the data that it was trained with")
            return text.format(data)
        latest = results[-1]
        text = self.tr("{0} of {1} pictures of {2} ({3}), one look at each. {4}")
        done = count(latest.images), count(latest.total)
        return text.format(*done, latest.data_name, latest.split, self.replacement(latest.replaced_by))

    def replacement(self, kind: str) -> str:
        """What stands in for the answers of what is off."""
        words = {
            "mean": self.tr("What is off answers with its mean over the archive's probe pictures."),
            "zero": self.tr("What is off answers with zero: the archive holds no means of its answers."),
            "both": self.tr("What is off answers with its mean where the archive holds it, else with zero."),
        }
        return words.get(kind, self.tr("No unit is replaced: what is off is not computed from."))

    def _description(self) -> str:
        sentence = self.tr("Without {0}: {1}.")
        rows = zip(self._names(), self.test.results, strict=True)
        return " ".join(sentence.format(name, self._words(found)) for name, found in rows)

    # Taking home

    def figures(self) -> list[Figure]:
        """All measurements, and the last one by class."""
        results = [found for found in self.test.results if found.images]
        if not results or self._archive is None:
            return []
        names = [switched_off(found.lesions) for found in results]
        facts = ((self.tr("Measured"), self._about()),)
        title = self.tr("Damage to {0}").format(self._archive.name)
        by_class = self.tr("{0} without {1}, by class").format(title, names[-1])
        words = [self._words(found) for found in results]
        labels, description = self._archive.labels, f"{self._about()} {self._description()}"

        def drawn(painter: QPainter, box: QRectF) -> None:
            paint_damage(painter, box, results, names, words)

        def last_drawn(painter: QPainter, box: QRectF) -> None:
            paint_damage(painter, box, results[-1:], names[-1:], words[-1:])

        size, one = (FIGURE_WIDTH, len(results) * row_height(FIGURE_LINE)), row_height(FIGURE_LINE)
        last = results[-1]
        return [
            Figure(
                "damage",
                title,
                description,
                drawn,
                size,
                lambda: damage_table(results, names),
                self.card.bars,
                facts,
            ),
            Figure(
                "damage-by-class",
                by_class,
                description,
                last_drawn,
                (FIGURE_WIDTH, one),
                lambda: class_table(last, labels),
                None,
                facts,
            ),
        ]
