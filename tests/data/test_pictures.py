"""Every kind of picture a person may hand in becomes upright 8-bit RGB, or one sentence."""

from __future__ import annotations

import io
import os
import struct
import threading
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from reproduction.data import pictures
from reproduction.data.pictures import read_picture, square
from reproduction.errors import DataError


def scene(width: int = 40, height: int = 24) -> np.ndarray:
    """Four colours in four corners: red, green / blue, white."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2] = (255, 0, 0)
    pixels[: height // 2, width // 2 :] = (0, 255, 0)
    pixels[height // 2 :, : width // 2] = (0, 0, 255)
    pixels[height // 2 :, width // 2 :] = (255, 255, 255)
    return pixels


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind, **options)
    return stream.getvalue()


def png(width: int, height: int, bits: int, color: int, rows: bytes) -> bytes:
    """A PNG written by hand, for what Pillow does not write."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, bits, color, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "PPM", "TGA", "WEBP", "QOI", "GIF", "PCX"])
def test_lossless_formats_keep_every_pixel(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    picture = read_picture(encoded(Image.fromarray(scene()), kind, **options))
    np.testing.assert_array_equal(picture.pixels, scene())
    assert picture.notes == ()


def test_a_jpeg_comes_close_to_what_was_drawn(tmp_path: Path) -> None:
    path = tmp_path / "drawn.jpg"
    Image.fromarray(scene()).save(path, quality=95, subsampling=0)
    difference = np.abs(read_picture(path).pixels.astype(int) - scene())
    assert difference.mean() < 2


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_rotation_is_applied(kind: str, orientation: int) -> None:
    # What a camera does: it stores the scene turned, and says how to turn it back.
    stored_as = {
        1: lambda a: a,
        2: lambda a: a[:, ::-1],
        3: lambda a: a[::-1, ::-1],
        4: lambda a: a[::-1],
        5: lambda a: a.transpose(1, 0, 2),
        6: lambda a: np.rot90(a, 1),
        7: lambda a: np.rot90(a, 2).transpose(1, 0, 2),
        8: lambda a: np.rot90(a, -1),
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = Image.fromarray(np.ascontiguousarray(stored_as[orientation](scene())))
    options = {"quality": 95, "subsampling": 0} if kind == "JPEG" else {}
    picture = read_picture(encoded(stored, kind, exif=exif, **options))
    assert picture.pixels.shape == scene().shape
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 3


def test_damaged_exif_does_not_spoil_an_intact_picture() -> None:
    contents = encoded(Image.fromarray(scene()), "JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff garbage")
    assert read_picture(contents).pixels.shape == (24, 40, 3)


def test_cmyk_is_converted_and_noted() -> None:
    picture = read_picture(encoded(Image.fromarray(scene()).convert("CMYK"), "JPEG", quality=95))
    assert np.abs(picture.pixels.astype(int) - scene()).mean() < 4
    assert picture.notes == ("converted from CMYK",)


def test_ycbcr_is_converted() -> None:
    picture = read_picture(encoded(Image.fromarray(scene()).convert("YCbCr"), "TIFF"))
    assert np.abs(picture.pixels.astype(int) - scene()).max() < 4


@pytest.mark.parametrize("mode", ["1", "L", "P"])
def test_grey_and_palette_pictures_become_rgb(mode: str) -> None:
    drawn = Image.fromarray(scene()[..., 2]).convert(mode)
    expected = np.asarray(drawn.convert("RGB"))
    np.testing.assert_array_equal(read_picture(encoded(drawn, "PNG")).pixels, expected)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_parts_show_grey(mode: str) -> None:
    drawn = Image.fromarray(scene()).convert(mode)
    alpha = np.full((24, 40), 255, np.uint8)
    alpha[:, :10] = 0
    drawn.putalpha(Image.fromarray(alpha))
    picture = read_picture(encoded(drawn, "PNG"))
    assert (picture.pixels[:, :10] == 128).all()
    expected = np.asarray(Image.fromarray(scene()).convert(mode).convert("RGB"))
    np.testing.assert_array_equal(picture.pixels[:, 10:], expected[:, 10:])
    assert picture.notes == ("transparent parts shown on grey",)


def test_an_opaque_alpha_channel_is_not_worth_a_note() -> None:
    picture = read_picture(encoded(Image.fromarray(scene()).convert("RGBA"), "PNG"))
    np.testing.assert_array_equal(picture.pixels, scene())
    assert picture.notes == ()


@pytest.mark.parametrize("transparency", [0, bytes([0, 255, 255, 255])])
def test_a_transparent_palette_entry_shows_grey(transparency: int | bytes) -> None:
    drawn = Image.new("P", (4, 1))
    drawn.putdata([0, 1, 2, 3])
    drawn.putpalette([9, 9, 9, 50, 0, 0, 0, 60, 0, 0, 0, 70])
    picture = read_picture(encoded(drawn, "PNG", transparency=transparency))
    np.testing.assert_array_equal(picture.pixels[0], [[128] * 3, [50, 0, 0], [0, 60, 0], [0, 0, 70]])


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bit_grey_is_scaled_not_clipped(kind: str) -> None:
    values = np.array([[0, 257, 128 * 257, 65535]], np.uint16)
    picture = read_picture(encoded(Image.fromarray(values), kind))
    assert picture.pixels[0, :, 0].tolist() == [0, 1, 128, 255]
    assert picture.notes == ("16 bits a channel reduced to 8",)


def test_dark_sixteen_bit_pictures_stay_dark() -> None:
    picture = read_picture(encoded(Image.fromarray(np.full((4, 4), 200, np.uint16)), "PNG"))
    assert (picture.pixels == 1).all()


def test_sixteen_bit_colour_png_is_read() -> None:
    row = b"\0" + struct.pack(">6H", 65535, 0, 0, 0, 32896, 0)
    assert read_picture(png(2, 1, bits=16, color=2, rows=row)).pixels.tolist() == [[[255, 0, 0], [0, 128, 0]]]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.array([[0, 128, 255]], np.int32), [0, 128, 255]),
        (np.array([[0, 257, 65535]], np.int32), [0, 1, 255]),
        (np.array([[-100, 0, 155]], np.int32), [0, 100, 255]),
        (np.array([[0, 0.5, 1]], np.float32), [0, 128, 255]),
        (np.array([[0, 100.4, 255]], np.float32), [0, 100, 255]),
        (np.array([[0, np.nan, 1]], np.float32), [0, 0, 255]),
    ],
)
def test_deep_tiff_values_are_brought_to_eight_bits(values: np.ndarray, expected: list[int]) -> None:
    picture = read_picture(encoded(Image.fromarray(values), "TIFF"))
    assert picture.pixels[0, :, 1].tolist() == expected
    assert len(picture.notes) == 1


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animated_picture_the_first_frame_is_taken(kind: str) -> None:
    later = Image.fromarray(255 - scene())
    options = {"lossless": True} if kind == "WEBP" else {}
    contents = encoded(Image.fromarray(scene()), kind, save_all=True, append_images=[later] * 2, **options)
    picture = read_picture(contents)
    np.testing.assert_array_equal(picture.pixels, scene())
    assert picture.notes == ("several frames: the first is used",)


def test_a_hundred_megapixels_are_read_reduced() -> None:
    drawn = Image.new("1", (10000, 10000))
    drawn.paste(1, (0, 0, 10000, 5000))
    picture = read_picture(encoded(drawn, "PNG"))
    assert picture.pixels.shape == (5000, 5000, 3)
    assert picture.pixels[1250, 7, 0] == 255 and picture.pixels[3750, 7, 0] == 0
    assert picture.notes == ("reduced from 10000 x 10000 pixels",)


@pytest.mark.parametrize("mode", ["P", "I;16", "LA"])
def test_huge_pictures_of_other_modes_are_reduced_too(mode: str) -> None:
    drawn = Image.new(mode, (5040, 5000), {"LA": (90, 255), "I;16": 90 * 257, "P": 1}[mode])
    if mode == "P":
        drawn.putpalette([0, 0, 0, 90, 90, 90])
    picture = read_picture(encoded(drawn, "PNG", compress_level=1))
    assert picture.pixels.shape == (2500, 2520, 3)
    assert (picture.pixels == 90).all()


def test_a_huge_jpeg_is_reduced_while_it_is_decoded() -> None:
    contents = encoded(Image.new("L", (6000, 5000), 77), "JPEG")
    picture = read_picture(contents)
    assert picture.pixels.shape == (2500, 3000, 3)
    assert np.abs(picture.pixels.astype(int) - 77).max() <= 1


def test_more_than_the_limit_is_refused_before_it_is_decoded() -> None:
    for size in ((13300, 13300), (30000, 30000)):
        contents = png(*size, bits=1, color=0, rows=b"nothing was ever drawn")
        with pytest.raises(DataError, match=r"^big\.png has more than 175 million pixels; scale it down$"):
            read_picture(contents, "big.png")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.jpg cannot be read: no such file or directory"):
        read_picture(tmp_path / "gone.jpg")


def test_a_folder_is_no_picture(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="is a folder, not a picture"):
        read_picture(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(DataError, match="is not a regular file"):
        read_picture(tmp_path / "pipe.png")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    Image.fromarray(scene()).save(path)
    path.chmod(0)
    with pytest.raises(DataError, match=r"secret\.png cannot be read: permission denied"):
        read_picture(path)


@pytest.mark.parametrize("contents", [b"", b"hello, I am no picture", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"])
def test_what_is_no_picture_is_said_in_one_line(contents: bytes) -> None:
    with pytest.raises(DataError, match=r"^x\.jpg ") as caught:
        read_picture(contents, "x.jpg")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "BMP", "WEBP", "GIF", "PPM"])
def test_a_truncated_picture_is_refused(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    contents = encoded(Image.fromarray(noise), kind)
    with pytest.raises(DataError, match=r"^half is (truncated|damaged|not a picture)"):
        read_picture(contents[: len(contents) * 2 // 3], "half")


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_the_common_formats_are_called_truncated(kind: str) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    contents = encoded(Image.fromarray(noise), kind)
    with pytest.raises(DataError, match="^half is truncated$"):
        read_picture(contents[: len(contents) * 2 // 3], "half")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP"])
def test_random_damage_gives_a_picture_or_one_sentence(kind: str) -> None:
    generator = np.random.default_rng(1)
    whole = np.frombuffer(encoded(Image.fromarray(scene()), kind), np.uint8)
    for _ in range(60):
        spoilt = whole.copy()
        spoilt[generator.integers(0, len(spoilt), 6)] = generator.integers(0, 256, 6)
        try:
            assert read_picture(spoilt.tobytes(), "spoilt").pixels.ndim == 3
        except DataError as error:
            assert str(error).startswith("spoilt ") and "\n" not in str(error)


def test_postscript_is_never_handed_to_an_interpreter() -> None:
    contents = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n%%EOF\n"
    with pytest.raises(DataError, match="is not a picture that can be read here"):
        read_picture(contents, "x.eps")


def test_reading_leaves_the_warning_filters_as_they_were() -> None:
    before = list(warnings.filters)
    read_picture(encoded(Image.fromarray(scene()), "PNG"))
    assert warnings.filters == before


def test_a_reader_that_waits_for_nothing_ends_soon() -> None:
    """A GIF of many frames is not walked through to count them."""
    frames = [Image.new("P", (200, 200), index) for index in range(300)]
    contents = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    began_s = time.monotonic()
    worker = threading.Thread(target=read_picture, args=(contents,))
    worker.start()
    worker.join(5)
    assert not worker.is_alive() and time.monotonic() - began_s < 5


def test_square_takes_the_middle_of_a_wide_picture() -> None:
    pixels, box = square(scene(40, 24), 24)
    np.testing.assert_array_equal(pixels, scene(40, 24)[:, 8:32].transpose(2, 0, 1))
    assert box == (8, 0, 24)


def test_square_takes_the_middle_of_a_tall_picture_scaled() -> None:
    pixels, box = square(scene(48, 96), 24)
    assert pixels.shape == (3, 24, 24) and pixels.dtype == np.uint8 and pixels.flags.c_contiguous
    assert box == (0, 24, 48)
    assert pixels[:, 0, 0].tolist() == [255, 0, 0] and pixels[:, -1, -1].tolist() == [255, 255, 255]


def test_square_rounds_the_longer_side() -> None:
    # 375 x 500 at 256: 341.33 columns are rounded to 341, of which (341 - 256) // 2 = 42 lie to the left.
    _, box = square(np.zeros((375, 500, 3), np.uint8), 256)
    assert box == (round(42 * 375 / 256), 0, 375)


@pytest.mark.parametrize("shape", [(1, 1, 3), (1, 5000, 3), (5000, 1, 3), (2, 3, 3)])
def test_square_of_tiny_and_thin_pictures(shape: tuple[int, int, int]) -> None:
    pixels, (left, top, side) = square(np.full(shape, 99, np.uint8), 32)
    assert pixels.shape == (3, 32, 32) and (pixels == 99).all()
    assert side == min(shape[:2]) and left + side <= shape[1] and top + side <= shape[0]


def test_one_channel_is_the_luminance_and_grey_stays_what_it_was() -> None:
    pixels, _ = square(scene(24, 24), 24, channels=1)
    assert pixels.shape == (1, 24, 24)
    assert [pixels[0, 0, 0], pixels[0, 0, -1], pixels[0, -1, 0], pixels[0, -1, -1]] == [76, 150, 29, 255]
    ramp = np.repeat(np.arange(256, dtype=np.uint8)[None, :, None], 3, axis=2)
    np.testing.assert_array_equal(pictures.grey(ramp)[0], np.arange(256))
