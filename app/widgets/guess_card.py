"""What the network sees of a picture, what it says, how sure it is, and whether it had better say nothing."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QFrame, QPushButton, QVBoxLayout

from app.answers import Answer, Look, Rule, percent
from app.archive_words import decimal
from app.theme import TARGET_PX, label
from app.widgets.bars import GuessBars
from app.widgets.pixel_view import PixelView

CROP_PX = 288  # 32 x 32 nine times, 24 x 24 twelve times, what the network of 2012 saw one to one


class GuessCard(QFrame):
    """Knows neither worker nor document."""

    def __init__(self, figure_button: QPushButton) -> None:
        super().__init__()
        self.setProperty("role", "card")
        self.crop, self.bars = PixelView(CROP_PX), GuessBars()
        self.crop.setAccessibleName(self.tr("What the network sees"))
        self.ten_views = QCheckBox(self.tr("Look ten times"))
        self.ten_views.setMinimumHeight(TARGET_PX)
        self.ten_views.setChecked(True)
        tip = self.tr("Corners, middle, and the mirror image of each, as in 2012: the mean of ten answers.")
        self.ten_views.setToolTip(tip)
        self.ten_views.setAccessibleDescription(tip)
        self.crop_text, self.status = label("", "small"), label("", "muted")
        self.verdict, self.reason, self.rule = label("", "heading"), label("", "muted"), label("", "small")
        self.abstains = False  # the last first look was not sure enough
        self.figure_button = figure_button
        column = QVBoxLayout(self)
        column.setContentsMargins(18, 16, 18, 16)
        column.setSpacing(8)
        column.addWidget(label(self.tr("What it says"), "heading"))
        for part in (self.verdict, self.reason, self.bars, self.status, self.rule, self.ten_views):
            column.addWidget(part)
        column.addSpacing(8)
        column.addWidget(label(self.tr("What the network sees"), "heading"))
        for seen in (self.crop, self.crop_text, figure_button):
            column.addWidget(seen)
        column.addStretch(1)
        self.clear()

    def show_look(self, look: Look) -> None:
        """Shows the square that the network sees."""
        self.crop.show_pixels(look.crop)
        side = look.crop.shape[0]
        self.crop_text.setText(self.tr("{0} × {0} pixels, the bright square of your picture").format(side))

    def show_answer(self, answer: Answer) -> None:
        """Shows guesses; from more than one look the verdict of the first stays, which the rule is about."""
        self.bars.show_guesses(answer.guesses)
        took = duration(answer.seconds)
        if answer.looks:
            self.status.setText(self.tr("Mean of {0} looks of {1}").format(answer.looks, answer.views))
        elif answer.views == 1:
            self.status.setText(self.tr("One look, {0}").format(took))
        else:
            self.status.setText(self.tr("Mean of {0} looks, {1}").format(answer.views, took))
        if answer.views == 1:
            self._judge(answer)

    def _judge(self, answer: Answer) -> None:
        """Says that there is no good word, and by which rule; else the rule is for who studies it."""
        self.abstains = bool(answer.abstains)
        words = self._rule_words(answer.rule, answer.abstains)
        self.verdict.setText(self.tr("No good word for this") if self.abstains else "")
        self.reason.setText(words if self.abstains else "")
        self.rule.setText("" if self.abstains else words)
        for part in (self.verdict, self.reason):
            part.setVisible(self.abstains)

    def _rule_words(self, rule: Rule | None, abstains: bool | None) -> str:
        """The rule, or why there is none."""
        if rule is None:
            return self.tr(
                "This archive has no rule for when to say nothing; “alexnet activations” works one out."
            )
        if abstains is None:
            return self.tr("When to say nothing was worked out for the whole network only.")
        sure = percent(rule.threshold)
        if rule.right is None:
            return self.tr("It has no good word when its first look is less than {0} sure.").format(sure)
        sentence = self.tr(
            "It has no good word when its first look is less than {0} sure. Of pictures put aside to check"
            " this, {1} % of those above were named rightly."
        )
        return sentence.format(sure, decimal(100 * rule.right, 0))

    def say(self, text: str) -> None:
        """Says in the place of the time it took what is being waited for."""
        self.status.setText(text)

    def fade(self) -> None:
        """Another answer is awaited."""
        self.bars.fade()

    def clear(self) -> None:
        """Shows nothing."""
        self.crop.show_pixels(None)
        self.bars.show_guesses(())
        self.abstains = False
        for text in (self.crop_text, self.status, self.verdict, self.reason, self.rule):
            text.setText("")
        for part in (self.verdict, self.reason):
            part.setVisible(False)


def duration(seconds: float) -> str:
    """A time that an answer took."""
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
