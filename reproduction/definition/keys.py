"""Which keys each layer type reads in the definition and the parameter file, in the original's spelling."""

from __future__ import annotations

MAX_WARNINGS = 50  # of one file: more say nothing new

_COMMON = ("type", "inputs", "neuron", "gpu")
_START = ("initW", "initB", "initWFunc", "initBFunc")
_WEIGHTS = (*_START, "weightSource")
_RANDOM = ("randSparse", "filterChannels", "initCFunc")
_WINDOWS = ("channels", "filters", "filterSize", "padding", "stride", "groups", *_RANDOM, *_WEIGHTS)
_OLD_NORM = ("sizeX", "scale", "pow")  # older definition files
_COST = (*_COMMON, "children")
DEFINITION_KEYS = {
    "data": ("type", "dataIdx", "start", "end"),
    "conv": (*_COMMON, *_WINDOWS, "sharedBiases", "partialSum", "sumWidth", "modulesX"),
    "local": (*_COMMON, *_WINDOWS, "modulesX"),
    "fc": (*_COMMON, "outputs", *_WEIGHTS),
    "sfc": (*_COMMON, "outputs", "parts", *_WEIGHTS),
    "treefc": (*_COMMON, *_WEIGHTS),
    "neuron": _COMMON,
    "pool": (*_COMMON, "pool", "channels", "sizeX", "stride", "start", "outputsX", "sum"),
    "cmpool": (*_COMMON, "pool", "channels", "size", "stride", "start", "outputs"),
    "cmrnorm": (*_COMMON, "channels", "size", "blocked", *_OLD_NORM),
    "rnorm": (*_COMMON, "channels", "size", *_OLD_NORM),
    "cnorm": (*_COMMON, "channels", "size", *_OLD_NORM),
    "nailbed": (*_COMMON, "channels", "stride"),
    "blur": (*_COMMON, "channels", "filterSize", "stdev"),
    "href": (*_COMMON, "channels"),
    "resize": (*_COMMON, "channels", "scale"),
    "rscale": (*_COMMON, "channels", "maxScale", "tgtSize"),
    "crop": (*_COMMON, "channels", "startX", "startY", "sizeX"),
    "rgb2yuv": (*_COMMON, "channels"),
    "rgb2lab": (*_COMMON, "channels", "center"),
    "eltsum": (*_COMMON, "coeffs"),
    "eltmax": _COMMON,
    "concat": _COMMON,
    "pass": _COMMON,
    "sum": (*_COMMON, "stride"),
    "hs": (*_COMMON, "keep"),
    "dropout": _COMMON,
    "dropout2": _COMMON,
    "softmax": _COMMON,
    "cost.logreg": _COST,
    "cost.crossent": _COST,
    "cost.crossent2": _COST,
    "cost.bce": _COST,
    "cost.dce": _COST,
    "cost.rflickr": _COST,
    "cost.sum2": _COST,
    "cost.gsum2": _COST,
    "cost.msm": _COST,
    "cost.tica": (*_COST, "channels", "sizeX"),
}
# Keys that change no number here: speed knobs, and what is only read beside a key that is set.
WITHOUT_EFFECT = frozenset(
    word.lower() for word in ("partialSum", "sumWidth", "filterChannels", "initCFunc", "outputsX", "blocked")
)
# (type, key) -> the dialects whose programs knew the key there; the others passed over it in silence.
KEYS_OF_DIALECTS = {
    ("data", "start"): {"2014"},
    ("data", "end"): {"2014"},
    ("conv", "modulesX"): {"2014"},
    ("local", "modulesX"): {"2014"},
    ("pool", "sum"): {"2014"},
    ("conv", "randSparse"): {"2011", "2012"},
    ("local", "randSparse"): {"2011", "2012"},
    ("eltsum", "coeffs"): {"2011", "2012"},  # 2014 kept them in the parameter file
    **{(kind, "children"): {"2014"} for kind in DEFINITION_KEYS if kind.startswith("cost.")},
}

RULE_KEYS = ("epsW", "epsB", "momW", "momB", "wc")
SCHEDULE_KEYS = ("schedW", "schedB", "sched")
PACKING_KEYS = ("quantF", "quantB")
_OUTPUT = ("dropout", *PACKING_KEYS)  # of any layer that has a section
_WEIGHTED = (*RULE_KEYS, *SCHEDULE_KEYS, "wball", "superEps", "superMom", "updatePeriod", *_OUTPUT)
_NORM = ("scale", "pow", "minDiv", *_OUTPUT)
_COST_NUMBERS = ("coeff",)
PARAMETER_KEYS = {  # of the types that need a section
    "conv": (*_WEIGHTED, "wcNormMin", "wcNormMax"),
    "local": _WEIGHTED,
    "fc": _WEIGHTED,
    "sfc": _WEIGHTED,
    "treefc": _WEIGHTED,
    "cmrnorm": _NORM,
    "rnorm": _NORM,
    "cnorm": _NORM,
    "hs": ("enable", *_OUTPUT),
    "dropout": ("enable", "keep", *_OUTPUT),
    "dropout2": ("enable", "keep", *_OUTPUT),
    "pool": ("doMax", *_OUTPUT),  # with pool=rand alone
    "eltsum": ("coeffs", *_OUTPUT),  # in 2014 alone
    "cost.logreg": (*_COST_NUMBERS, "topk"),
    "cost.crossent": _COST_NUMBERS,
    "cost.crossent2": _COST_NUMBERS,
    "cost.bce": (*_COST_NUMBERS, "posWeight"),
    "cost.dce": (*_COST_NUMBERS, "posWeight"),
    "cost.rflickr": _COST_NUMBERS,
    "cost.sum2": _COST_NUMBERS,
    "cost.gsum2": _COST_NUMBERS,
    "cost.tica": _COST_NUMBERS,
    "cost.msm": (*_COST_NUMBERS, "setSize", "threads"),
}
OTHER_PARAMETER_KEYS = _OUTPUT  # of the types that need none
# Keys of the parameter file that change numbers -> the dialects whose programs obeyed them. `sched` is of the
# weeks before the release: none of the released programs knew it, so `--strict` alone passes over it.
PARAMETERS_OF_DIALECTS = {
    "schedw": {"2012"},
    "schedb": {"2012"},
    "sched": {"2012"},
    "wball": {"2012", "2014"},
    "wcnormmin": {"2012", "2014"},
    "wcnormmax": {"2012", "2014"},
    "supereps": {"2012"},
    "supermom": frozenset[str](),  # read by two of the programs, used by none
    "updateperiod": {"2014"},
    "dropout": {"2011"},
    "quantf": {"2012"},
    "quantb": {"2012"},
}
HISTORIC_KEYS = frozenset(
    {"wcnorm", "inputs"}
)  # in released parameter files; mean nothing to their parser either
