"""Do the two halves of a network see different things? Everything that the answer needs, in one value.

`specialise` measures the filters that read the pictures, runs the battery of tests on the two columns (or, in
a network of one column, on arbitrary halves, which is the control) and judges. All draws come from fixed
seeds: the same weights always have the same answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reproduction.analysis import comparison, counts, runs, wiring
from reproduction.analysis.colour import colour_cuts
from reproduction.analysis.comparison import Labels
from reproduction.analysis.families import partners_among
from reproduction.analysis.findings import (
    Clustering,
    Count,
    Evenness,
    Halves,
    Information,
    JointRow,
    Judgement,
    Pairs,
    Past,
    Row,
    Specialisation,
    Verdict,
)
from reproduction.analysis.first_layers import Block, blocks_of, columns_of
from reproduction.analysis.gabor import GaborFits
from reproduction.analysis.joint import joint_test
from reproduction.analysis.measures import BY_NAME, Table, comparable, gabor_table, measure_blocks
from reproduction.analysis.orientation import rayleigh
from reproduction.analysis.patterns import shuffled_pixels
from reproduction.analysis.symmetry import phase_clustering

Weights = Mapping[str, NDArray[Any]]

SURE, HINT = 0.01, 0.05  # q up to which halves are said to differ, or perhaps to
JOINT_FEATURES = ("colour", "orientation_amplitude", "mean_frequency", "separability", "even_share", "norm")
GREY_JOINT_FEATURES = ("orientation_amplitude", "mean_frequency", "even_share", "norm")
FOLLOWED = ("colour", "orientation_amplitude", "mean_frequency", "even_share", "norm")  # over the snapshots
COLOURED = 2  # in "colour_class"
ROUNDING = 1e-7  # of weights in single precision


def specialise(
    network: Mapping[str, Any],
    weights: Weights,
    *,
    snapshots: Sequence[Weights] = (),
    epochs: Sequence[float] = (),
    fits: GaborFits | None = None,
    pair: tuple[int, int] = (0, 1),
) -> Specialisation:
    """The battery for a resolved network and its weights by array name.

    Of `weights` the first layers' arrays are needed; with those that `wiring_arrays` names, the wiring is
    tested too. `snapshots` are the first layers' arrays over training, the first before it, at `epochs`.
    `fits` are the Gabor fits of all filters, in file order, to have their measures in the battery. `pair`
    chooses two columns of a network that has more. ValueError where an array is missing or misshapen.
    """
    blocks = blocks_of(network, weights)
    values = measure_blocks(blocks) | (gabor_table(fits) if fits is not None else {})
    labels, halves = halves_of(blocks, pair)
    past_values = [measure_blocks(blocks_of(network, snapshot)) for snapshot in snapshots]
    found = Specialisation(
        halves=halves,
        columns=pair if halves is Halves.COLUMNS else (0, 1),
        labels=labels,
        values=values,
        rows=compare_all(values, labels),
        count=_count(values, labels, blocks),
        information=_information(values, labels),
        joint=_joint(values, labels),
        judgement=Judgement(Verdict.CANNOT_TELL, "", float("nan"), 0),
        evenness=(_evenness(values, labels, 0), _evenness(values, labels, 1)),
        clustering=(_clustering(values, labels, 0), _clustering(values, labels, 1)) if fits else None,
        pairs=_pairs(blocks, labels),
        initial=compare_all(past_values[0], labels) if past_values else (),
        surrogate=_surrogate(blocks, labels),
        past=_past(past_values, epochs, labels) if past_values else None,
        wiring=_crossing(network, weights, pair) if halves is Halves.COLUMNS else None,
        factors=_factors(network, weights, values) if halves is Halves.ARBITRARY else (),
    )
    return _judged(found)


def halves_of(blocks: Sequence[Block], pair: tuple[int, int] = (0, 1)) -> tuple[Labels, Halves]:
    """0 and 1 for the filters (F,) of the two columns of `pair`, -1 for others; arbitrary halves where the
    network has one column."""
    columns = columns_of(blocks)
    if all(block.column is None for block in blocks):
        return comparison.arbitrary_halves(len(columns)), Halves.ARBITRARY
    labels = np.full(len(columns), -1)
    labels[columns == pair[0]], labels[columns == pair[1]] = 0, 1
    return labels, Halves.COLUMNS


def compare_all(values: Table, labels: Labels, *, draws: int = comparison.DRAWS) -> tuple[Row, ...]:
    """T2 and T3 for every measure that is tested and varies between filters; q over these rows alone."""
    chosen = labels >= 0
    names = [name for name in values if BY_NAME[name].tested and _varies(name, values, chosen)]
    found = [
        comparison.compare(
            comparable(name, values)[chosen], labels[chosen], circular=BY_NAME[name].circular, draws=draws
        )
        for name in names
    ]
    q = comparison.q_values(np.array([difference.p for difference in found]))
    return tuple(Row(name, one, float(q)) for name, one, q in zip(names, found, q, strict=True))


def dealt(values: Table, labels: Labels, seed: int, *, draws: int = 0) -> tuple[Labels, tuple[Row, ...]]:
    """The shuffle button: the same filters dealt at random into teams of the same sizes, and what they show.

    Without `draws` in an instant: the rows have differences and effect sizes, p = 1 and no interval.
    """
    teams = labels.copy()
    teams[labels >= 0] = comparison.deal_teams(labels[labels >= 0], seed)
    return teams, compare_all(values, teams, draws=draws)


def wiring_arrays(network: Mapping[str, Any]) -> tuple[str, ...]:
    """Arrays that the wiring test wants: where columns first meet, or of the second layer with one column."""
    if network["columns"] > 1:
        crossing = wiring.find_crossing(network)
        return crossing.arrays if crossing else ()
    name = _second_layer(network)
    return (f"{name}/weights_0",) if name else ()


def _varies(name: str, values: Table, chosen: NDArray[np.bool_]) -> bool:
    """Whether filters differ by more than rounding does: all measures but the norm are of the order of 1."""
    found = comparable(name, values)[chosen]
    known = found[np.isfinite(found)]
    scale = np.abs(known).max(initial=0) if name == "norm" else 1.0
    return len(known) > 1 and bool(np.ptp(known) > ROUNDING * scale)


def _classes(values: Table, labels: Labels) -> tuple[Labels, Labels]:
    """Colour classes and halves of the filters that have both."""
    known = (labels >= 0) & np.isfinite(values["colour_class"])
    return values["colour_class"][known].astype(np.int64), labels[known]


def _count(values: Table, labels: Labels, blocks: Sequence[Block]) -> Count | None:
    classes, halves = _classes(values, labels)
    if not len(classes):
        return None
    zero, one, p = counts.count_test(classes == COLOURED, halves)
    sizes = int((halves == 0).sum()), int((halves == 1).sum())
    return Count(colour_cuts(blocks[0].kernels[0, 0].size)[1], sizes, zero, one, p, float("nan"))


def _information(values: Table, labels: Labels) -> Information | None:
    classes, halves = _classes(values, labels)
    if not len(classes):
        return None
    return Information(*counts.information_test(classes, halves), q=float("nan"))


def _joint(values: Table, labels: Labels) -> JointRow:
    names = JOINT_FEATURES if np.isfinite(values["colour"]).any() else GREY_JOINT_FEATURES
    features = np.column_stack([values[name] for name in names])
    norm = names.index("norm")
    features[:, norm] = np.log(np.maximum(features[:, norm], 1e-12))
    chosen = labels >= 0
    return JointRow(names, joint_test(features[chosen], labels[chosen]), float("nan"))


def _judged(found: Specialisation) -> Specialisation:
    """With q values over all questions together, and the verdict from the smallest."""
    effects = {row.name: row.difference.separation for row in found.rows}
    p = {row.name: row.difference.p for row in found.rows}
    p |= {"count": found.count.p} if found.count else {}
    p |= {"information": found.information.p} if found.information else {}
    p |= {"joint": found.joint.result.p}
    q = dict(zip(p, comparison.q_values(np.array(list(p.values()))).tolist(), strict=True))
    asked = {name: value for name, value in q.items() if value == value}
    strongest = min(asked, key=lambda name: (asked[name], -np.nan_to_num(effects.get(name, 0.0))), default="")
    return replace(
        found,
        rows=tuple(replace(row, q=q[row.name]) for row in found.rows),
        count=found.count and replace(found.count, q=q["count"]),
        information=found.information and replace(found.information, q=q["information"]),
        joint=replace(found.joint, q=q["joint"]),
        judgement=Judgement(
            _verdict(asked.get(strongest)), strongest, asked.get(strongest, float("nan")), len(asked)
        ),
    )


def _verdict(smallest: float | None) -> Verdict:
    if smallest is None:
        return Verdict.CANNOT_TELL
    if smallest <= SURE:
        return Verdict.DIFFER
    return Verdict.PERHAPS if smallest <= HINT else Verdict.DO_NOT_DIFFER


def _evenness(values: Table, labels: Labels, half: int) -> Evenness:
    return Evenness(*rayleigh(comparable("bar_angle", values)[labels == half]))


def _clustering(values: Table, labels: Labels, half: int) -> Clustering:
    return Clustering(*phase_clustering(comparable("gabor_phase", values)[labels == half]))


def _pairs(blocks: Sequence[Block], labels: Labels) -> Pairs:
    pairs = partners_among([block.kernels for block in blocks]).pairs()
    pairs = pairs[(labels[pairs] >= 0).all(axis=1)]
    together, _, p = counts.pair_test(pairs, labels)
    return Pairs(pairs, together, p)


def _surrogate(blocks: Sequence[Block], labels: Labels) -> dict[str, tuple[float, float]]:
    mixed = [replace(block, kernels=shuffled_pixels(block.kernels)) for block in blocks]
    values = measure_blocks(mixed)
    means = {
        name: tuple(_mean(comparable(name, values)[labels == half]) for half in (0, 1))
        for name in values
        if BY_NAME[name].tested and not BY_NAME[name].circular
    }
    return {name: (pair[0], pair[1]) for name, pair in means.items()}


def _mean(values: NDArray[np.floating]) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else float("nan")


def _past(tables: Sequence[Table], epochs: Sequence[float], labels: Labels) -> Past:
    chosen = labels >= 0
    curves = {
        name: runs.onset([comparable(name, table)[chosen] for table in tables], labels[chosen])
        for name in FOLLOWED
        if _varies(name, tables[-1], chosen)
    }
    return Past(np.asarray(epochs, np.float64), curves)


def _crossing(network: Mapping[str, Any], weights: Weights, pair: tuple[int, int]) -> wiring.Wiring | None:
    crossing = wiring.find_crossing(network)
    if crossing is None or any(name not in weights for name in crossing.arrays):
        return None
    strength, units, maps = wiring.crossing_strengths(crossing, weights)
    rows, columns = np.isin(units, pair), np.isin(maps, pair)
    if not rows.any() or len(set(maps[columns])) < 2:
        return None
    # Columns of the pair become 0 and 1.
    own, read = (units[rows] == pair[1]).astype(np.int64), (maps[columns] == pair[1]).astype(np.int64)
    return wiring.wiring_test(strength[rows][:, columns], own, read)


def _second_layer(network: Mapping[str, Any]) -> str:
    """The first convolution that reads as many maps as the only first layer has filters; "" for none."""
    if len(network["first_layers"]) != 1:
        return ""
    layers = {layer["name"]: layer for layer in network["layers"]}
    maps = layers[network["first_layers"][0]]["output_shape"][0]
    for layer in network["layers"]:
        shape = (layer.get("weights") or {}).get(f"{layer['name']}/weights_0", [])
        if layer["name"] not in network["first_layers"] and layer["type"] == "conv" and len(shape) == 4:
            return layer["name"] if shape[1] == maps and len(layer["weights"]) == 1 else ""
    return ""


def _factors(network: Mapping[str, Any], weights: Weights, values: Table) -> tuple[wiring.Factor, ...]:
    name = f"{_second_layer(network)}/weights_0"
    if name not in weights or not np.isfinite(weights[name]).all():
        return ()
    strength = wiring.strengths(weights[name])
    measures = [comparable(measure, values) for measure in ("colour", "mean_frequency")]
    return tuple(wiring.wiring_factors(strength, measure)[place] for place, measure in enumerate(measures))
