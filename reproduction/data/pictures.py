"""Reads one picture of any common kind into upright 8-bit RGB, and cuts the square that a network sees.

Only picture formats that Pillow decodes itself are tried: some of its other readers start programs
(EPS runs Ghostscript), and a file that a person hands in must never run anything.
"""

from __future__ import annotations

import contextlib
import os
import stat
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, UnidentifiedImageError

from reproduction.data.resampling import resample
from reproduction.errors import DataError

Pixels = npt.NDArray[np.uint8]

# Decoded by Pillow or the codec libraries inside it; the order is the order in which they are tried.
FORMATS = (
    *("JPEG", "PNG", "WEBP", "GIF", "BMP", "DIB", "TIFF", "MPO", "AVIF", "JPEG2000"),
    *("PPM", "TGA", "ICO", "PCX", "SGI", "QOI"),
)
# The largest cameras and panoramas have 100 to 150 million pixels. Pillow's own limit lies just above.
MAX_PIXELS = 175_000_000
# Larger pictures are halved until they fit: no network here looks at more than 256 pixels a side.
WORKING_PIXELS = 25_000_000
# What shows through transparent parts: neither black nor white lettering vanishes on it.
BACKGROUND_GREY = 128

_ORIENTATION_TAG = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True)
class Picture:
    """`pixels`: uint8 (H, W, 3), upright. `notes`: what had to be done to get there, for the person."""

    pixels: Pixels
    notes: tuple[str, ...]


def read_picture(source: Path | bytes, name: str = "") -> Picture:
    """Decodes a file or its bytes. Raises DataError: one sentence, naming the picture by `name` or its path.

    A truncated or damaged picture is refused as a whole; of an animated one the first frame is taken.
    """
    with quiet():
        return decode(source, name)


def decode(source: Path | bytes, name: str = "", shorter_side: int = 0) -> Picture:
    """`read_picture` for use in threads: the caller holds `quiet()` around all of them.

    `shorter_side`: a JPEG may be decoded at a half, a quarter or an eighth of its size as long as its shorter
    side keeps at least this many pixels (0: only what is too large to work with is reduced).
    """
    shown = name or (str(source) if isinstance(source, Path) else "the picture")
    _refuse_what_is_no_file(source, shown)
    try:
        with _open(source) as image:
            _refuse_giants(image, shown)
            return _upright_rgb(image, shorter_side, shown)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{shown} is not a picture that can be read here; use JPEG, PNG or TIFF") from error
    except Image.DecompressionBombError as error:
        raise DataError(_too_large(shown)) from error
    except PermissionError as error:
        raise DataError(f"{shown} cannot be read: permission denied") from error
    except Exception as error:  # Pillow's decoders let any exception type out on damaged data
        raise DataError(f"{shown} {_damage(error)}") from error


def picture_size(source: Path | bytes) -> tuple[int, int] | None:
    """Width and height as the header says them, before any rotation; None when it cannot be read."""
    if isinstance(source, Path) and not source.is_file():
        return None
    try:
        with _open(source) as image:
            return image.size
    except Exception:  # any damage: whoever decodes it later says which
        return None


def square(picture: Pixels, size: int, channels: int = 3) -> tuple[Pixels, tuple[int, int, int]]:
    """The central square of `picture` (H, W, 3), its shorter side scaled to `size` (original's make-data).

    Returns uint8 (channels, size, size) — one channel is the luminance — and the box (left, top, side) of
    that square in the picture's own pixels.
    """
    height, width = picture.shape[:2]
    shorter = min(height, width)
    rows, columns = round(height * size / shorter), round(width * size / shorter)
    top, left = (rows - size) // 2, (columns - size) // 2
    pixels = grey(picture)[:, :, None] if channels == 1 else picture
    if (rows, columns) != (height, width):
        pixels = resample(pixels, (rows, columns), (top, left, size, size))
    else:
        pixels = pixels[top : top + size, left : left + size]
    box = (round(left * shorter / size), round(top * shorter / size), shorter)
    return np.ascontiguousarray(pixels.transpose(2, 0, 1)), box


def grey(pixels: Pixels) -> Pixels:
    """Luminance (H, W) of (H, W, 3) by ITU-R 601 in 16-bit fixed point: grey stays exactly what it was."""
    weighted = pixels.astype(np.uint32) @ np.array([19595, 38470, 7471], np.uint32)
    return ((weighted + 0x8000) >> 16).astype(np.uint8)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Silences Pillow's warnings about odd metadata. Not to be entered by several threads at once."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _open(source: Path | bytes) -> Image.Image:
    """Reads the header, with those of FORMATS that this build of Pillow has."""
    Image.init()
    formats = [name for name in FORMATS if name in Image.OPEN]
    return Image.open(BytesIO(source) if isinstance(source, bytes) else source, formats=formats)


def _refuse_what_is_no_file(source: Path | bytes, shown: str) -> None:
    if isinstance(source, bytes):
        if not source:
            raise DataError(f"{shown} is empty")
        return
    try:
        status = os.stat(source)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "impossible name"
        raise DataError(f"{shown} cannot be read: {str(reason).lower()}") from error
    if stat.S_ISDIR(status.st_mode):
        raise DataError(f"{shown} is a folder, not a picture")
    if not stat.S_ISREG(status.st_mode):  # opening a pipe or a device could wait for ever
        raise DataError(f"{shown} is not a regular file")
    if status.st_size == 0:
        raise DataError(f"{shown} is empty")


def _refuse_giants(image: Image.Image, shown: str) -> None:
    width, height = image.size
    if width < 1 or height < 1:
        raise DataError(f"{shown} has no pixels")
    if width * height > MAX_PIXELS:
        raise DataError(_too_large(shown))


def _too_large(shown: str) -> str:
    return f"{shown} has more than {MAX_PIXELS // 1_000_000} million pixels; scale it down"


def _upright_rgb(image: Image.Image, shorter_side: int, shown: str) -> Picture:
    notes = []
    full = image.size
    animated = getattr(image, "is_animated", False) and image.format != "MPO"
    _draft(image, shorter_side)
    image.load()
    still: Image.Image = image
    if still.width * still.height > WORKING_PIXELS:
        still = _averageable(still).reduce(_reduction(still.size))
    orientation = _orientation(image)
    pixels, said = _rgb(still, shown)
    if orientation in _UPRIGHT:
        pixels = np.ascontiguousarray(Image.fromarray(pixels).transpose(_UPRIGHT[orientation]))
        notes.append("turned upright")
    if animated:
        notes.append("several frames: the first is used")
    if full[0] * full[1] > WORKING_PIXELS:
        notes.append(f"reduced from {full[0]} x {full[1]} pixels")
    return Picture(pixels, tuple(notes + said))


def _draft(image: Image.Image, shorter_side: int) -> None:
    """Lets the JPEG decoder reduce while decoding (other formats take no notice)."""
    shorter = min(image.size)
    if image.width * image.height > WORKING_PIXELS:
        shorter_side = max(1, shorter // _reduction(image.size))
    if 0 < shorter_side < shorter:
        ratio = shorter_side / shorter
        image.draft(None, (int(image.width * ratio), int(image.height * ratio)))


def _averageable(image: Image.Image) -> Image.Image:
    """The same picture in a mode whose values can be averaged: no palette, bits or packed words."""
    if image.mode in ("P", "PA", "1"):
        return image.convert("RGBA" if image.mode == "PA" or "transparency" in image.info else "RGB")
    return image.convert("I") if image.mode.startswith("I;16") else image


def _reduction(size: tuple[int, int]) -> int:
    """The smallest power of two by which both sides are divided to come down to WORKING_PIXELS."""
    factor = 2
    while size[0] * size[1] > WORKING_PIXELS * factor * factor:
        factor *= 2
    return factor


def _orientation(image: Image.Image) -> int:
    """EXIF orientation 1-8, read after loading (Pillow turns TIFF itself and then forgets the tag)."""
    try:
        return int(image.getexif().get(_ORIENTATION_TAG, 1))
    except (SyntaxError, ValueError, TypeError, KeyError, IndexError, OSError, struct.error):
        return 1  # damaged metadata of an intact picture: it is shown as it is stored


def _rgb(image: Image.Image, shown: str) -> tuple[Pixels, list[str]]:
    """uint8 (H, W, 3) from any mode, with notes on what that took."""
    mode = image.mode
    if mode.startswith(("I", "F")):
        return _from_deep_grey(np.asarray(image))
    if "A" in mode.upper().replace("LAB", "") or "transparency" in image.info:
        return _over_grey(image)
    if mode == "LAB":
        raise DataError(f"{shown} is in the LAB colour space; save it as RGB")
    notes = [f"converted from {mode}"] if mode in ("CMYK", "YCbCr", "HSV") else []
    return np.array(image.convert("RGB")), notes


def _over_grey(image: Image.Image) -> tuple[Pixels, list[str]]:
    layered = image.convert("RGBA")
    alpha = layered.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return np.array(layered.convert("RGB")), []
    background = Image.new("RGB", layered.size, (BACKGROUND_GREY,) * 3)
    background.paste(layered, mask=alpha)
    return np.array(background), ["transparent parts shown on grey"]


def _from_deep_grey(values: npt.NDArray[np.generic]) -> tuple[Pixels, list[str]]:
    """8 bits from a grey picture of 16-bit, 32-bit integer or floating-point values.

    16 bits are divided by 257; floats in 0…1 multiplied by 255; what fits 0…255 stays; the rest is stretched.
    """
    deep = np.nan_to_num(values.astype(np.float64), nan=0.0)
    low, high = float(deep.min()), float(deep.max())
    floating = np.issubdtype(values.dtype, np.floating)
    if values.dtype.itemsize == 2 or (not floating and 0 <= low and 255 < high <= 65535):
        deep, note = deep / 257, "16 bits a channel reduced to 8"
    elif floating and 0 <= low and high <= 1:
        deep, note = deep * 255, "values from 0 to 1 scaled to 8 bits"
    elif 0 <= low and high <= 255:
        note = "32 bits a channel reduced to 8"
    else:
        note = f"values from {low:g} to {high:g} stretched to 8 bits"
        deep = (deep - low) * (255 / (high - low))
    flat = np.rint(deep).astype(np.uint8)
    return np.repeat(flat[:, :, None], 3, axis=2), [note]


def _damage(error: Exception) -> str:
    """What to tell of an exception that came out of a decoder."""
    text = str(error).lower()
    if any(sign in text for sign in ("truncated", "unexpected end", "not enough", "premature", "broken png")):
        return "is truncated"
    if isinstance(error, MemoryError):
        return "is too large for the memory of this machine"
    return f"is damaged: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
