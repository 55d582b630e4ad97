"""The layers that read pictures (C, S, S) without weights: pooling, norms, and operations on the image.

Letters: S input side, T output side, o output index on an axis.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from reproduction.definition.layers.base import Layer


@dataclass(frozen=True, kw_only=True)
class Pool(Layer):
    """One number for each window [start + o·stride, + size), clipped to the picture.

    max · average of the pixels that are really there · sum of them (2014) · maxabs: the value of largest
    magnitude, with its sign, the later pixel on ties · random: a pixel drawn with probability proportional to
    its value (2012; `Parameters.pools` may make it max).
    """

    word = "pool"
    kind: str  # "max", "average", "sum", "maxabs" or "random"
    size: int
    stride: int
    start: int


@dataclass(frozen=True, kw_only=True)
class ResponseNorm(Layer):
    """y = x·(constant + alpha·sum of squares of the neighbourhood)^-power (paper, section 3.3).

    The neighbourhood of index i is i - size//2 ... i - size//2 + size - 1, clipped: over maps of the same
    pixel (`across_maps`, the paper's) or over a square of pixels of the same map (`within_map`). `blocked`:
    the maps fall into blocks of `size`, and a block is the neighbourhood of its members. The numbers:
    `NormParameters`; older definition files hold two of them, `stated_scale` and `stated_power`.
    """

    scope: str  # "across_maps" or "within_map"
    size: int
    blocked: bool
    stated_scale: float | None = None
    stated_power: float | None = None

    @property
    def type(self) -> str:
        return "cmrnorm" if self.scope == "across_maps" else "rnorm"


@dataclass(frozen=True, kw_only=True)
class ContrastNorm(Layer):
    """y = x·(constant + alpha·sum of d² of the neighbourhood)^-power, d = x - its mean there (cnorm).

    The neighbourhood is `ResponseNorm`'s within a map, and so are the numbers.
    """

    word = "cnorm"
    size: int
    stated_scale: float | None = None
    stated_power: float | None = None


@dataclass(frozen=True, kw_only=True)
class MapPool(Layer):
    """The maximum over maps [start + o·stride, + size), clipped, pixel by pixel (cmpool of 2014)."""

    word = "cmpool"
    size: int
    stride: int
    start: int


@dataclass(frozen=True, kw_only=True)
class Nailbed(Layer):
    """Every `stride`-th pixel: y[o] = x[start + o·stride] on both axes."""

    word = "nailbed"
    stride: int
    start: int


@dataclass(frozen=True, kw_only=True)
class Blur(Layer):
    """A Gaussian over `kernel_size` pixels, along rows and then columns; zeros outside, not renormalised."""

    word = "blur"
    kernel_size: int
    stdev: float

    @property
    def kernel(self) -> tuple[float, ...]:
        """The weights of the pixels, which sum to 1."""
        middle = self.kernel_size // 2
        weights = [math.exp(-((middle - i) ** 2) / (2 * self.stdev**2)) for i in range(self.kernel_size)]
        return tuple(weight / math.fsum(weights) for weight in weights)


@dataclass(frozen=True, kw_only=True)
class Mirror(Layer):
    """Left and right exchanged (href)."""

    word = "href"


@dataclass(frozen=True, kw_only=True)
class Resize(Layer):
    """Bilinear, to side floor(S/scale): pixel t comes from clamp(t·scale + S/2 - T·scale/2, 0, S - 1.01)."""

    word = "resize"
    scale: float


@dataclass(frozen=True, kw_only=True)
class RandomScale(Layer):
    """In training a random scale up to `max_scale`, then a random window of the output side (rscale).

    In a test of one view: scaled down by `max_scale` where `scales_in_tests` (2014), else the middle (2012).
    """

    word = "rscale"
    max_scale: float
    scales_in_tests: bool = False


@dataclass(frozen=True, kw_only=True)
class Crop(Layer):
    """The window of the output side whose first pixel is (`top`, `left`) (crop of 2014: startY, startX)."""

    word = "crop"
    top: int
    left: int


@dataclass(frozen=True, kw_only=True)
class ToYuv(Layer):
    """RGB to YUV, pixel by pixel (rgb2yuv)."""

    word = "rgb2yuv"


@dataclass(frozen=True, kw_only=True)
class ToLab(Layer):
    """RGB in 0 ... 1 to CIE Lab, pixel by pixel (rgb2lab); `center` takes 50 more from L."""

    word = "rgb2lab"
    center: bool
