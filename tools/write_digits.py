"""Writes the handwritten digits that come with scikit-learn as picture files: what LeNet-5's archive learnt.

They are 1,797 digits of 8x8 pixels, the test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin
and C. Kaynak, UCI, 1998), white on black as in MNIST. Each is enlarged to 24x24 in the middle of 32x32, as
LeNet-5 saw its digits of 20x20. Needs scikit-learn, which nothing else here does. How the archive came about:

    python -m tools.write_digits digits
    alexnet data pack digits digits.h5 --size 32 --gray --hold-out 0.2
    alexnet train lenet-5 --data digits.h5 --out lenet-5.h5 --batch-size 32 --epochs 100
    alexnet archive export lenet-5.h5 assets/archives/lenet-5.h5 --exhibit --data digits.h5

Smaller minibatches and more epochs than for MNIST, which has forty times as many digits: half as many steps.

usage: python -m tools.write_digits FOLDER
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

LEVELS = 16  # brightness goes from 0 to this
DIGIT, SIDE = 24, 32


def main() -> int:
    """Writes them all; returns the exit status."""
    from sklearn.datasets import load_digits

    found = load_digits()
    write_digits(found.images, found.target, Path(sys.argv[1]))
    return 0


def write_digits(digits: NDArray[np.floating], labels: Iterable[int], folder: Path) -> None:
    """`digits` (N, 8, 8), 0 to 16, as FOLDER/LABEL/NUMBER.png of 32x32 pixels, 0 to 255."""
    for number, (digit, label) in enumerate(zip(digits, labels, strict=True)):
        small = Image.fromarray(np.rint(digit * (255 / LEVELS)).astype(np.uint8))
        picture = Image.new("L", (SIDE, SIDE))
        margin = (SIDE - DIGIT) // 2
        picture.paste(small.resize((DIGIT, DIGIT), Image.Resampling.BICUBIC), (margin, margin))
        (folder / str(label)).mkdir(parents=True, exist_ok=True)
        picture.save(folder / str(label) / f"{number:04}.png")


if __name__ == "__main__":
    sys.exit(main())
