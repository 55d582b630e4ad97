"""Digits for LeNet-5: a folder for each, white on black, in the middle of 32x32."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from tools.write_digits import write_digits


def test_digits_lie_enlarged_in_the_middle_in_a_folder_for_each(tmp_path: Path) -> None:
    digits = np.zeros((3, 8, 8))
    digits[2, 2:6, 3:5] = 16
    write_digits(digits, [7, 1, 7], tmp_path)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.png")) == [
        str(Path("1/0001.png")),
        str(Path("7/0000.png")),
        str(Path("7/0002.png")),
    ]
    with Image.open(tmp_path / "7" / "0002.png") as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (32, 32) and pixels.dtype == np.uint8
    assert pixels[16, 16] == 255 and not pixels[:4].any() and not pixels[:, -4:].any()
    rows, columns = np.nonzero(pixels > 127)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 21, 13, 18)
