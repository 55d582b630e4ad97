"""The measures of filters in the visitor's language: what each is called, and what its numbers mean."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from app.archive_words import decimal
from reproduction.analysis.measures import BY_NAME


def tr(text: str) -> str:
    """The text in the visitor's language."""
    return QCoreApplication.translate("measures", text)


def measure_name(name: str) -> str:
    """What a measure of `analysis.measures` is called."""
    return _names().get(name, name)


def measure_meaning(name: str) -> str:
    """What its values say, in one sentence."""
    return _meanings().get(name, "")


def _names() -> dict[str, str]:
    return {
        "colour": tr("colourfulness"),
        "separability": tr("separability"),
        "hue": tr("hue"),
        "grey_angle": tr("angle to grey"),
        "equiluminant": tr("colour preference"),
        "orientation_amplitude": tr("orientation"),
        "orientation_power": tr("orientation, all frequencies"),
        "coherence": tr("coherence of edges"),
        "half_width": tr("width of tuning"),
        "bar_angle": tr("angle of bars"),
        "peak_frequency": tr("strongest frequency"),
        "mean_frequency": tr("fineness"),
        "bandwidth": tr("bandwidth"),
        "aliasing": tr("aliasing"),
        "flatness": tr("likeness to noise"),
        "even_share": tr("phase"),
        "norm": tr("strength"),
        "gabor_r2": tr("fit of a Gabor function"),
        "gabor_frequency": tr("frequency of the fit"),
        "gabor_n_x": tr("waves in the fit"),
        "gabor_n_y": tr("length of the fit's bars"),
        "gabor_phase": tr("phase of the fit"),
        "colour_class": tr("class of colour"),
        "oriented": tr("clearly oriented"),
        "dead": tr("silent"),
        "gabor_like": tr("like a Gabor function"),
    }


def _meanings() -> dict[str, str]:
    return {
        "colour": tr("0: shades of grey only. 0.67: what chance gives. 1: colour differences only."),
        "separability": tr(
            "1: one colour axis times one pattern. 1/3: three channels with nothing in common."
        ),
        "hue": tr("The direction of the colour axis, modulo 180 degrees; of clearly coloured filters."),
        "grey_angle": tr("0 degrees: the colour axis is that from black to white."),
        "equiluminant": tr(
            "Best answer to gratings in colour alone, as a share of that and of the one in grey."
        ),
        "orientation_amplitude": tr("0: every direction alike. 1: one direction alone. Noise reaches 0.34."),
        "orientation_power": tr("The same over all frequencies together. Noise reaches 0.25."),
        "coherence": tr("0: edges run every way. 1: all edges run one way."),
        "half_width": tr("How far a grating may be turned until the answer falls to 71 %, in degrees."),
        "bar_angle": tr("The direction of the bars, in degrees; of clearly oriented filters."),
        "peak_frequency": tr("Cycles per pixel; 0.5 is the finest that a picture has."),
        "mean_frequency": tr("Mean frequency in cycles per pixel: low for blobs, high for fine stripes."),
        "bandwidth": tr("The range of frequencies above half of the strongest, in octaves."),
        "aliasing": tr("Share of the filter's signal that its stride cannot carry unambiguously."),
        "flatness": tr("1: all frequencies alike, as in noise."),
        "even_share": tr("1: a bar or a spot, alike on both sides of its centre. 0: an edge."),
        "norm": tr("The length of the vector of all weights."),
        "gabor_r2": tr(
            "1: exactly a Gabor function. Smooth noise reaches 0.7, so that this alone proves little."
        ),
        "gabor_frequency": tr("Cycles per pixel; of filters like a Gabor function."),
        "gabor_n_x": tr("How many waves the envelope holds; of filters like a Gabor function."),
        "gabor_n_y": tr("Length of the bars in waves; of filters like a Gabor function."),
        "gabor_phase": tr("0: a bar. 90 degrees: an edge; in radians, of filters like a Gabor function."),
    }


def family_names() -> dict[str, str]:
    """The families of filters by the names that `analysis.families` gives them."""
    return {
        "gabor-like": tr("like a Gabor function"),
        "colour contrast": tr("colour contrast"),
        "centre-surround": tr("centre and surround"),
        "other": tr("other"),
        "dead": tr("silent"),
    }


def value_words(name: str, value: float) -> str:
    """A value with its unit."""
    unit, text = BY_NAME[name].unit, decimal(value, 3)
    if unit == "degrees":
        return tr("{0}°").format(decimal(value, 0))
    if unit == "cycles per pixel":
        return tr("{0} cycles per pixel").format(text)
    if unit == "octaves":
        return tr("{0} octaves").format(decimal(value, 2))
    return tr("{0} radians").format(text) if unit == "radians" else text


def axis_words(name: str) -> str:
    """The name of a measure with its unit, for an axis."""
    units = {
        "degrees": tr("{0}, degrees"),
        "cycles per pixel": tr("{0}, cycles per pixel"),
        "octaves": tr("{0}, octaves"),
        "radians": tr("{0}, radians"),
    }
    return units.get(BY_NAME[name].unit, "{0}").format(measure_name(name))
