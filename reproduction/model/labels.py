"""What data layers deliver: the pictures, and the labels as numbers or as one number for each class."""

from __future__ import annotations

import torch
from torch import Tensor

from reproduction.definition.layers import Data


def delivered(layer: Data, pictures: Tensor, labels: Tensor | None) -> Tensor | None:
    """Pictures (N, C, H, W) or what `layer` makes of class numbers (N,), in float; None without labels.

    Labels of shape (1,) are the numbers themselves; labels of one number for each class are 1 for the class
    of the picture and 0 for the others. Of either, `part` takes a run.
    """
    first, last = layer.part or (0, layer.output_shape[0])
    if layer.data_index == 0:
        return pictures.flatten(1)[:, first:last] if layer.part else pictures
    if labels is None:
        return None
    if layer.output_shape == (1,):
        return labels[:, None].to(pictures)
    classes = torch.arange(first, last, device=labels.device)
    return (labels[:, None] == classes).to(pictures)
