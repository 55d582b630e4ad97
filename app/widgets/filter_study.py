"""One filter under the magnifier: its pattern, the nearest Gabor function, its spectrum, its measures."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QGridLayout, QProgressBar, QVBoxLayout, QWidget

from app.archive_words import decimal
from app.filter_mosaic import limit_of, tiles
from app.measure_words import family_names, measure_meaning, measure_name, value_words
from app.theme import label
from app.widgets.pixel_view import PixelView
from reproduction.analysis.families import FAMILIES
from reproduction.analysis.gabor import GaborFits, gabor_patterns
from reproduction.analysis.measures import BY_NAME, GABOR_MEASURES, MEASURES
from reproduction.analysis.patterns import decompose
from reproduction.analysis.spectrum import LARGEST_WINDOW, power

VIEW_PX = 132


class FilterStudy(QWidget):
    """Shows what it is given, and says what is still being measured."""

    def __init__(self) -> None:
        super().__init__()
        titles = {
            "pattern": self.tr("Pattern"),
            "fit": self.tr("Nearest Gabor function"),
            "rest": self.tr("What it leaves"),
            "spectrum": self.tr("Spectrum, 0 in the middle"),
        }
        self.views = {key: PixelView(VIEW_PX) for key in titles}
        self._fit_words, self._measures, self._meter_words = (
            label("", role) for role in ("body", "small", "small")
        )
        self._meter = QProgressBar()
        self._meter.setTextVisible(False)
        self._meter.setFixedHeight(10)
        grid = QGridLayout()
        for place, (key, title) in enumerate(titles.items()):
            row, column = divmod(place, 2)
            grid.addWidget(label(title, "small"), 2 * row, column)
            grid.addWidget(self.views[key], 2 * row + 1, column)
            self.views[key].setAccessibleName(title)
        inside = QVBoxLayout(self)
        inside.setContentsMargins(0, 6, 0, 0)
        inside.setSpacing(8)
        inside.addWidget(label(self.tr("Under the magnifier"), "heading"))
        inside.addLayout(grid)
        for part in (self._fit_words, self._meter_words, self._meter, self._measures):
            inside.addWidget(part)

    def show_kernel(self, kernel: NDArray[np.floating]) -> None:
        """Shows the pattern and the spectrum of a kernel (C, H, W); its fit is still to come."""
        self._pattern = np.nan_to_num(decompose(kernel[None]).patterns)  # a silent filter has none
        self.views["pattern"].show_pixels(self._tile(self._pattern))
        self.views["spectrum"].show_pixels(_spectrum(self._pattern))
        for key in ("fit", "rest"):
            self.views[key].show_pixels(None)
        self._fit_words.setText(self.tr("Fitting a Gabor function …"))

    def show_fit(self, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Shows the fit of the kernel: arrays (1,) by name, as the service answers."""
        fits = GaborFits(**{field.name: arrays[field.name] for field in fields(GaborFits)})
        if np.isnan(fits.r2).any():
            self._fit_words.setText(self.tr("No Gabor function can be fitted: too few pixels, or silent."))
            return
        fitted = gabor_patterns(fits, *self._pattern.shape[1:])
        self.views["fit"].show_pixels(self._tile(fitted))
        self.views["rest"].show_pixels(self._tile(self._pattern - fitted))
        verdict = (
            self.tr(
                "Like a Gabor function: it explains {0} of the pattern; bars at {1}°, {2} cycles per pixel."
            )
            if fits.gabor_like[0] == 1
            else self.tr(
                "Not a Gabor function: the nearest explains {0}; bars at {1}°, {2} cycles per pixel."
            )
        )
        numbers = fits.adjusted_r2[0], 2, fits.bar_degrees[0], 0, fits.frequency[0], 3
        shown = [
            decimal(float(value), int(digits))
            for value, digits in zip(numbers[::2], numbers[1::2], strict=True)
        ]
        self._fit_words.setText(verdict.format(*shown))

    def show_measures(self, table: Mapping[str, NDArray[Any]], number: int, stride: int) -> None:
        """Shows the measures of filter `number` of `table`; the meter shows what its stride cannot carry.

        An empty table stands for measures that are not known.
        """
        for part in (self._measures, self._meter, self._meter_words):
            part.setVisible(bool(table))
        if not table:
            return
        lines = [self.tr("Kind: {0}").format(family_names()[FAMILIES[int(table["family"][number])]])]
        for measure in (*MEASURES, *GABOR_MEASURES):
            value = float(table[measure.name][number]) if measure.name in table else float("nan")
            if value == value and BY_NAME[measure.name].tested:
                line = self.tr("{0}: {1}").format(
                    measure_name(measure.name), value_words(measure.name, value)
                )
                lines.append(line)
        partner = int(table["partner"][number])
        if partner >= 0 and table["likeness"][number] > table["limit"][number]:
            words = self.tr("Its negative: filter {0}, alike to {1}")
            lines.append(words.format(partner + 1, decimal(float(table["likeness"][number]), 2)))
        self._measures.setText("\n".join(lines))
        self._measures.setToolTip("\n".join(filter(None, map(measure_meaning, table))))
        share = float(table["aliasing"][number])
        self._meter.setVisible(share == share)
        self._meter_words.setVisible(share == share)
        if share == share:
            words = self.tr("{0} % of its signal is finer than a stride of {1} can carry unambiguously.")
            self._meter_words.setText(words.format(decimal(100 * share, 0), stride))
            self._meter.setValue(round(100 * share))
            self._meter.setAccessibleName(self._meter_words.text())

    def _tile(self, pattern: NDArray[np.floating]) -> NDArray[np.uint8]:
        """A pattern (1, H, W) in the contrast of the filter's own."""
        pixels: NDArray[np.uint8] = tiles(pattern[:, None], limit_of([self._pattern]) or 1.0)[0]
        return pixels


def _spectrum(pattern: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Amplitudes of a pattern (1, H, W) as grey pixels, frequency 0 in the middle."""
    if max(pattern.shape[1:]) > LARGEST_WINDOW or not np.isfinite(pattern).all():
        return np.zeros((1, 1, 3), np.uint8)
    amplitudes = np.sqrt(np.fft.fftshift(power(pattern)[0][0]))
    grey = np.rint(255 * amplitudes / max(float(amplitudes.max()), 1e-30)).astype(np.uint8)
    return np.asarray(np.repeat(grey[..., None], 3, axis=-1))
