"""The negative controls in full: how often networks that cannot differ are said to. Takes some minutes.

    python tests/analysis/controls.py [SEEDS] [GABOR_SEEDS]

Three kinds, each over SEEDS (100) seeds: untrained weights on two columns; one untrained column in arbitrary
halves; the filters of the shipped trained archive with their labels shuffled. For every measure, and for the
tests that are not of one measure, the table counts p <= 0.01; a correct test has more than 4 of 100 with a
probability of 0.3 %. Gabor measures are counted over GABOR_SEEDS (10).
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from drawn_filters import halves_as_weights, random_kernels, two_column_network

from archive import Archive
from reproduction.analysis.comparison import arbitrary_halves, shuffled_labels
from reproduction.analysis.counts import count_test, information_test
from reproduction.analysis.families import negative_partners
from reproduction.analysis.first_layers import blocks_of
from reproduction.analysis.gabor import fit_gabors
from reproduction.analysis.joint import joint_test
from reproduction.analysis.measures import Table, gabor_table, measure, measure_blocks
from reproduction.analysis.specialisation import compare_all, halves_of
from reproduction.analysis.wiring import strengths, wiring_test

SHIPPED = Path(__file__).parents[2] / "assets" / "archives" / "cuda-convnet-80sec.h5"
SMALL = 0.01
FEATURES = ("colour", "orientation_amplitude", "mean_frequency", "separability", "even_share", "norm")

Case = tuple[Table, np.ndarray]


def untrained(seeds: int) -> Iterator[Case]:
    """Two columns of 48 filters each, as they are before training."""
    for seed in range(seeds):
        blocks = blocks_of(two_column_network(), halves_as_weights(random_kernels(seed)))
        yield measure_blocks(blocks), halves_of(blocks)[0]


def one_column(seeds: int) -> Iterator[Case]:
    """One column of 96 filters in arbitrary halves."""
    for seed in range(seeds):
        yield measure(random_kernels(10_000 + seed), 4), arbitrary_halves(96)


def shuffled(seeds: int) -> Iterator[Case]:
    """Trained filters whose labels were dealt at random."""
    with Archive(SHIPPED) as archive:
        table = measure(archive.weights("conv1/weights_0"))
    labels = arbitrary_halves(len(table["norm"]))
    for deal in shuffled_labels(labels, seeds, seed=99):
        yield table, deal.astype(np.int64)


CASES = {"untrained": untrained, "one column": one_column, "shuffled labels": shuffled}


def small_p(cases: Iterator[Case], draws: int) -> Counter[str]:
    """How many cases have p <= 0.01, by measure and by test."""
    found: Counter[str] = Counter()
    for table, labels in cases:
        for row in compare_all(table, labels, draws=draws):
            found[row.name] += row.difference.p <= SMALL
        classes = table["colour_class"].astype(int)
        found["count"] += count_test(classes == 2, labels)[2] <= SMALL
        found["information"] += information_test(classes, labels, draws=draws)[1] <= SMALL
        features = np.column_stack([table[name] for name in FEATURES])
        found["joint"] += joint_test(features, labels, draws=min(draws, 999)).p <= SMALL
    return found


def small_p_of_wiring(seeds: int, draws: int) -> int:
    """How many untrained wirings of 96 units with 64 maps on two columns have p <= 0.01."""
    units, maps = np.repeat([0, 1], 48), np.repeat([0, 1], 32)
    return sum(
        wiring_test(strengths(random_kernels(seed, 96, 64, 3)), units, maps, draws=draws).p <= SMALL
        for seed in range(seeds)
    )


def gabor_cases(seeds: int, filters: int = 96) -> Iterator[Case]:
    """Untrained halves with Gabor measures alone."""
    for seed in range(seeds):
        yield gabor_table(fit_gabors(random_kernels(seed, filters))), arbitrary_halves(filters)


def partner_share(seeds: int) -> float:
    """Share of untrained filters that are called somebody's negative: 0.05 is meant."""
    found = [negative_partners(random_kernels(seed)) for seed in range(seeds)]
    return float(np.mean([one.likeness > one.limit for one in found]))


def main(seeds: int, gabor_seeds: int) -> int:
    """Prints the table; 1 when a control fails."""
    counts = {name: small_p(cases(seeds), draws=9999) for name, cases in CASES.items()}
    print(f"p <= {SMALL} in {seeds} seeds{'':14}" + "".join(f"{name:>18}" for name in counts))
    for row in counts["untrained"]:
        print(f"{row:40}" + "".join(f"{count[row]:18}" for count in counts.values()))
    wired = small_p_of_wiring(seeds, 9999)
    print(f"{'wiring':40}{wired:18}")
    fitted: Counter[str] = Counter()
    for table, labels in gabor_cases(gabor_seeds):
        for one in compare_all(table, labels):
            fitted[one.name] += one.difference.p <= SMALL
    print(f"p <= {SMALL} in {gabor_seeds} seeds, Gabor fits: {dict(fitted)}")
    print(f"share of untrained filters called negatives: {partner_share(gabor_seeds):.3f}")
    most = max([wired, *fitted.values(), *(value for count in counts.values() for value in count.values())])
    print(f"largest count: {most}")
    return int(most > 0.04 * seeds)


if __name__ == "__main__":
    words = [*sys.argv[1:], *("100", "10")[len(sys.argv) - 1 :]]
    sys.exit(main(int(words[0]), int(words[1])))
