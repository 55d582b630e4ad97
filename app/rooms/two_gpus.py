"""The room of the two GPUs: do the halves of the first layer see different things, or is it chance?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QEvent, Qt, QTimer
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QPushButton, QScrollArea, QStackedLayout

from app import battery
from app.archive_words import count
from app.dealing import Dealing
from app.document import OpenArchive, Version
from app.figure import Figure
from app.halves_figures import Shown, chance_strips, figures_of, shown_of, spread_strips
from app.halves_research import HalvesResearch
from app.halves_words import (
    deal_sentence,
    half_names,
    measure_sentences,
    note_sentence,
    tests_sentence,
    verdict_sentence,
)
from app.measure_words import measure_name, value_words
from app.room import Museum, Room
from app.theme import label
from app.widgets.halves_page import HalvesPage
from reproduction.analysis.across_runs import AcrossRuns
from reproduction.analysis.findings import Specialisation, Verdict
from reproduction.analysis.first_layers import Block, blocks_of
from reproduction.analysis.measures import BY_NAME, Table, comparable
from reproduction.analysis.specialisation import halves_of

CHOICES = ("colour", "orientation_amplitude", "mean_frequency", "even_share", "norm")
MANY_DEALS, DEAL_MS = 100, 20
FIGURES = ("sheet", "measure", "chance", "tests", "onset", "runs")


class TwoGpusRoom(Room):
    """Compares the columns of the current archive; in a network of one column, arbitrary halves."""

    NAME = "two-gpus"

    def __init__(self, museum: Museum) -> None:
        super().__init__(museum)
        self._document = museum.document
        self._research = HalvesResearch(museum.researcher, self)
        self._version: Version | None = None  # of the file that was asked about
        self._blocks: list[Block] = []  # of the moment shown
        self._measures: Table | None = None  # of that moment; None while they are not known
        self._found: Specialisation | None = None
        self._trouble = ""  # why there is no answer
        self._name = ""  # the measure that is compared; "" until the answer says which is most telling
        self._dealing: Dealing | None = None
        self._dealer = QTimer(self, interval=DEAL_MS)
        self._to_deal = 0
        self.page = HalvesPage(self._make_buttons())
        self._lay_out()
        self._connect()
        self._on_current_change()

    def _make_buttons(self) -> dict[str, QPushButton]:
        self.add_action("shuffle", self.tr("&Shuffle the filters"), self.shuffle)
        self.add_action("many", self.tr("Deal {0} times").format(MANY_DEALS), self.shuffle_often)
        self.add_action("back", self.tr("True halves"), self.undeal)
        self.add_action("fit", self.tr("Fit Gabor functions too"), self.fit)
        buttons = {name: self.button(name) for name in ("many", "back", "fit")}
        buttons["shuffle"] = self.button("shuffle", "primary")
        words = {"measure": self.tr("Measure…"), "chance": self.tr("Chance…")}
        for name in FIGURES:
            buttons[name] = self.figure_button(f"two-gpus-{name}", words.get(name, ""))
        self._buttons = buttons
        return buttons

    def _lay_out(self) -> None:
        self._layers = QStackedLayout(self)
        nothing = label(self.tr("Open an archive to compare the two halves of its first layer."), "lead")
        nothing.setAlignment(Qt.AlignmentFlag.AlignCenter)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        scroll.setWidget(self.page)
        self._layers.addWidget(nothing)
        self._layers.addWidget(scroll)
        page, buttons = self.page, self._buttons
        self.from_depth("try", page.measure, page.spread_part, buttons["many"], buttons["sheet"])
        self.from_depth("study", page.film, page.onset, page.tests_card, page.runs)

    def _connect(self) -> None:
        page, document, research = self.page, self._document, self._research
        self._dealer.timeout.connect(self._deal_one_of_many)
        page.measure.chosen.connect(self.compare_by)
        page.sheet.shown.connect(self._on_pointed)
        page.film.moved.connect(self._on_film)
        page.tests.chosen.connect(self._on_row)
        page.sheet.setAccessibleName(self.tr("Filters in two groups"))
        page.chance.setAccessibleName(self.tr("What random deals gave"))
        page.runs.compare_button.clicked.connect(self.compare_archives)
        research.found.connect(self._on_found)
        research.measured.connect(self._on_measures)
        research.failed.connect(self._on_failure)
        research.fitting.connect(self._draw_words)
        research.compared.connect(self._on_compared)
        research.notCompared.connect(page.runs.say)
        document.currentChanged.connect(self._on_current_change)
        document.archiveUpdated.connect(self._on_update)
        document.archivesChanged.connect(self._offer_comparison)
        document.momentChanged.connect(self._on_moment)

    def ready(self) -> bool:
        """Whether everything is on the screen that was asked for."""
        return self._document.current is None or bool(self._found or self._trouble)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """The filters and what chance does fill the first screen; all else is below."""
        super().resizeEvent(event)
        self.page.fit_height(event.size().height())

    def set_depth(self, depth: str) -> None:
        super().set_depth(depth)
        self.page.fit_height(self.height())

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self.page.fit_side()

    # Following the document

    def _on_current_change(self) -> None:
        self._research.cancel()
        archive = self._document.current
        self._layers.setCurrentIndex(0 if archive is None else 1)
        self._found, self._trouble, self._name = None, "", ""
        self._offer_comparison()
        if archive is not None:
            self._ask(archive)

    def _on_update(self, archive: OpenArchive) -> None:
        """New weights of a run in progress are measured anew; a longer log changes nothing."""
        if archive is self._document.current and archive.version != self._version:
            self._ask(archive)

    def _ask(self, archive: OpenArchive) -> None:
        self._version = archive.version
        self.page.film.set_epochs([snapshot.epoch for snapshot in archive.snapshots])
        self.want(self.page.film, len(archive.snapshots) > 0)
        self._on_moment()
        self._research.ask(archive)

    def _on_found(self, found: Specialisation) -> None:
        self._found, self._trouble = found, ""
        names = [row.name for row in found.rows]
        if self._name not in names:
            telling = found.judgement.verdict in (Verdict.DIFFER, Verdict.PERHAPS)
            first = [found.judgement.strongest] if telling else []
            self._name = next((name for name in [*first, *CHOICES, *names] if name in names), "")
        self.page.measure.offer(names)
        self.page.tests.show_words(battery.headings(found), battery.words(found))
        if self._document.moment is None:
            self._measures = found.values
        self._compare()

    def _on_failure(self, sentence: str) -> None:
        self._trouble = sentence
        self._draw()

    def _on_moment(self) -> None:
        """Shows the filters of the moment that is selected and asks for their measures."""
        archive, moment = self._document.current, self._document.moment
        if archive is None:
            return
        read = archive.first_layer_weights if moment is None else lambda: archive.snapshot(moment)
        weights = self._document.attempt(read, None)
        if weights is None:
            return
        self._blocks = blocks_of(archive.network, {f"{name}/weights_0": one for name, one in weights.items()})
        self.page.film.show_place(len(archive.snapshots) if moment is None else moment)
        self._measures = self._found.values if moment is None and self._found else None
        self._research.ask_moment(archive, moment)
        self._compare()

    def _on_measures(self, measures: Table) -> None:
        self._measures = measures
        self._compare()

    def _on_film(self, place: int) -> None:
        archive = self._document.current
        if archive is not None:
            self._document.select_moment(None if place >= len(archive.snapshots) else place)

    # Comparing and dealing

    def compare_by(self, name: str) -> None:
        """Compares the halves in another measure."""
        if name != self._name:
            self._name = name
            self._compare()

    def _on_row(self, row: int) -> None:
        """A row of the table was chosen: compares by its measure, if it is about one."""
        if self._found is not None and row < len(self._found.rows):
            self.compare_by(self._found.rows[row].name)

    def _compare(self) -> None:
        """Begins anew with the measure and the moment that are chosen: nothing is dealt yet."""
        self._to_deal = 0
        self._dealing = None
        if self._measures is not None and self._name in self._measures:
            labels, _ = halves_of(self._blocks)
            values = comparable(self._name, self._measures)
            if len(values) == len(labels):  # else the file holds another network now: its answer comes
                self._dealing = Dealing(values, labels, BY_NAME[self._name].circular)
        self._draw()

    def shuffle(self) -> None:
        """Deals the filters into two random teams and shows these."""
        if self._dealing is not None:
            self._dealing.deal()
            self._draw()

    def shuffle_often(self) -> None:
        """Deals many times, one after the other, so that what chance does can be watched."""
        self._to_deal = MANY_DEALS
        self._dealer.start()

    def _deal_one_of_many(self) -> None:
        self._to_deal -= 1
        if self._dealing is None or self._to_deal <= 0:
            self._dealer.stop()
            self.shuffle()
        else:
            self._dealing.deal()
            self._draw_chance()

    def undeal(self) -> None:
        """Shows the true halves again; what was dealt stays in the figure of chance."""
        if self._dealing is not None:
            self._dealing.undeal()
            self._draw()

    def fit(self) -> None:
        """Fits Gabor functions to all filters and asks all questions again with these."""
        archive = self._document.current
        if archive is not None and self._research.fitted is None:
            self._research.fit(archive, sum(len(block.kernels) for block in self._blocks))

    def _offer_comparison(self) -> None:
        self.page.runs.offer(len(self._document.archives))
        self.want(self._buttons["runs"], False)

    def _on_compared(self, found: AcrossRuns, names: tuple[str, ...]) -> None:
        self.page.runs.show_runs(found, names)
        self.want(self._buttons["runs"], True)

    def compare_archives(self) -> None:
        """Asks the same of every open archive."""
        archives = self._document.archives
        self.page.runs.say(self.tr("Measuring {0} archives …").format(count(len(archives))))
        self._research.compare(archives)

    # Drawing

    def _shown(self) -> Shown | None:
        """The groups that are shown; None without an archive."""
        archive = self._document.current
        if archive is None or not self._blocks:
            return None
        return shown_of(archive.name, self.page.film.moment, self._name, self._blocks, self._dealing)

    def _draw(self) -> None:
        """Everything, as it stands."""
        page, shown = self.page, self._shown()
        if shown is None:
            return
        page.sheet.set_blocks(shown.blocks)
        page.sheet.set_caption(shown.caption)
        if page.sheet.selection is None:
            page.sheet.select(shown.blocks[0].numbers[0])
        if self._name in CHOICES:
            page.measure.choose(self._name)
        else:
            page.measure.choose_none()
        self.want(page.spread_part, self._dealing is not None)
        if self._dealing is not None:
            page.spread.show_figure(spread_strips(shown))
        past = self._found.past if self._found else None
        followed = page.onset.can_show(past, self._name)
        self.want(page.onset, followed)
        if past is not None and followed:
            page.onset.show_past(past, self._name)
        self.want(page.tests_card, self._found is not None)
        self._draw_chance()
        self._draw_words()

    def _draw_chance(self) -> None:
        """What was dealt so far."""
        dealing, page, actions = self._dealing, self.page, self.museum.actions
        for name in ("shuffle", "many"):
            actions[f"{self.NAME}-{name}"].setEnabled(dealing is not None)
        dealt = dealing is not None and bool(dealing.deals)
        self.want(self._buttons["back"], dealt)
        self.want(self._buttons["chance"], dealt)
        self.want(page.chance, dealing is not None)
        page.deal_words.setText(self.tr("Would random teams look like this? Shuffle, and see."))
        if dealing is not None:
            page.chance.show_figure(chance_strips(dealing))
        if dealing is not None and dealing.deals:
            page.deal_words.setText(deal_sentence(dealing))
        page.chance.setAccessibleDescription(page.deal_words.text())

    def _draw_words(self) -> None:
        """The sentences."""
        page, found = self.page, self._found
        if self._trouble and found is None:
            page.lead.setText(self._trouble)
        else:
            page.lead.setText(verdict_sentence(found) if found else self.tr("Measuring the filters …"))
        if not self._blocks:
            return
        _, halves = halves_of(self._blocks)
        past = self._document.moment is not None
        page.note.setText(note_sentence(halves, page.film.moment if past else ""))
        self.want(page.note, bool(page.note.text()))
        page.fit_height(self.height())
        if self._dealing is not None and found is not None:
            row = None if past else found.row(self._name)
            page.spread_words.setText(measure_sentences(self._name, self._dealing, half_names(halves), row))
            page.tests_words.setText(tests_sentence(found, self._research.fitted))
        page.spread.setAccessibleName(measure_name(self._name))
        page.spread.setAccessibleDescription(page.spread_words.text())
        page.sheet.setAccessibleDescription(page.lead.text())

    def _on_pointed(self, number: int) -> None:
        """A filter is pointed at: where it stands among the others, and its value."""
        self.page.spread.point_out(number)
        if self._dealing is not None:
            value = self._dealing.values[number]
            words = "–" if value != value else value_words(self._name, float(value))
            sentence = self.tr("Filter {0}, {1}: {2}").format(number + 1, measure_name(self._name), words)
            self.page.sheet.setToolTip(sentence)
            self.page.sheet.setAccessibleDescription(sentence)

    # Taking home, sessions

    def figures(self) -> list[Figure]:
        """The filters in two groups, and whatever was measured and dealt."""
        shown = self._shown()
        return [] if shown is None else figures_of(shown, self.page, self._found)

    def state(self) -> dict[str, Any]:
        """The measure that is compared."""
        return {"measure": self._name}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Compares by that measure again, once the answer is there."""
        if state.get("measure") in BY_NAME:
            self._name = str(state["measure"])
            self._compare()
