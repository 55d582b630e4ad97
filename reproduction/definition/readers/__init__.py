"""From the section of a definition file to its layer, one reader for each type."""

from collections.abc import Mapping

from reproduction.definition.readers import costs, joining, pictures, weighted
from reproduction.definition.readers.context import Reader

READERS: Mapping[str, Reader] = {
    "conv": weighted.read_conv,
    "local": weighted.read_local,
    "fc": weighted.read_fc,
    "sfc": weighted.read_sfc,
    "treefc": weighted.read_treefc,
    "pool": pictures.read_pool,
    "cmpool": pictures.read_cmpool,
    "cmrnorm": pictures.read_cmrnorm,
    "rnorm": pictures.read_rnorm,
    "cnorm": pictures.read_cnorm,
    "nailbed": pictures.read_nailbed,
    "blur": pictures.read_blur,
    "href": pictures.read_href,
    "resize": pictures.read_resize,
    "rscale": pictures.read_rscale,
    "crop": pictures.read_crop,
    "rgb2yuv": pictures.read_rgb2yuv,
    "rgb2lab": pictures.read_rgb2lab,
    "neuron": joining.read_neuron,
    "eltsum": joining.read_eltsum,
    "eltmax": joining.read_eltmax,
    "concat": joining.read_concat,
    "pass": joining.read_concat,
    "sum": joining.read_sum,
    "hs": joining.read_dropout,
    "dropout": joining.read_dropout,
    "dropout2": joining.read_dropout,
    "softmax": joining.read_softmax,
    "cost.logreg": costs.read_logreg,
    "cost.crossent": costs.read_crossent,
    "cost.crossent2": costs.read_binary,
    "cost.bce": costs.read_binary,
    "cost.dce": costs.read_binary,
    "cost.rflickr": costs.read_rflickr,
    "cost.sum2": costs.read_sum2,
    "cost.gsum2": costs.read_gsum2,
    "cost.msm": costs.read_msm,
    "cost.tica": costs.read_tica,
}
