"""Which keys each layer type reads in the definition and the parameter file, in the original's spelling."""

from __future__ import annotations

MAX_WARNINGS = 50  # of one file: more say nothing new

_COMMON = ("type", "inputs", "neuron", "gpu")
_WEIGHTS = ("initW", "initB", "initWFunc", "initBFunc", "weightSource")
_WINDOWS = ("channels", "filters", "filterSize", "padding", "stride", "groups", "randSparse", *_WEIGHTS)
DEFINITION_KEYS = {
    "data": ("type", "dataIdx"),
    "conv": (*_COMMON, *_WINDOWS, "sharedBiases", "partialSum", "sumWidth"),
    "local": (*_COMMON, *_WINDOWS),
    "fc": (*_COMMON, "outputs", *_WEIGHTS),
    "pool": (*_COMMON, "pool", "channels", "sizeX", "stride", "start", "outputsX"),
    "cmrnorm": (*_COMMON, "channels", "size", "blocked"),
    "rnorm": (*_COMMON, "channels", "size"),
    "hs": (*_COMMON, "keep"),
    "dropout": _COMMON,
    "dropout2": _COMMON,
    "softmax": _COMMON,
    "cost.logreg": _COMMON,
}
# Keys that change no number here: speed knobs, and what is only read beside a key that we refuse.
WITHOUT_EFFECT = frozenset(
    word.lower() for word in ("partialSum", "sumWidth", "filterChannels", "initCFunc", "outputsX", "blocked")
)
OTHER_TYPES = frozenset(  # of the originals, not read yet
    """treefc sfc eltsum eltmax sum neuron cmpool cnorm nailbed blur resize rgb2yuv rgb2lab rscale crop concat
    pass href cost.sum2 cost.crossent cost.crossent2 cost.rflickr cost.gsum2 cost.tica cost.msm cost.bce
    cost.dce""".split()
)

RULE_KEYS = ("epsW", "epsB", "momW", "momB", "wc")
SCHEDULE_KEYS = ("sched", "schedW", "schedB")
# Zero or empty they say "off", as in most released files; else they would change the arithmetic.
OFF_KEYS = (
    "wball",
    "wcNormMin",
    "wcNormMax",
    "superEps",
    "superMom",
    "updatePeriod",
    "dropout",
    *SCHEDULE_KEYS,
)
PACKING_KEYS = ("quantF", "quantB")
_WEIGHTED = (*RULE_KEYS, *OFF_KEYS, *PACKING_KEYS)
PARAMETER_KEYS = {
    "conv": _WEIGHTED,
    "local": _WEIGHTED,
    "fc": _WEIGHTED,
    "cmrnorm": ("scale", "pow", "minDiv", *PACKING_KEYS),
    "rnorm": ("scale", "pow", "minDiv", *PACKING_KEYS),
    "hs": ("enable", *PACKING_KEYS),
    "dropout": ("enable", "keep"),
    "dropout2": ("enable", "keep"),
    "cost.logreg": ("coeff", "topk"),
}
HISTORIC_KEYS = frozenset(
    {"wcnorm", "inputs"}
)  # in released parameter files; mean nothing to their parser either
