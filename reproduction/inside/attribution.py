"""Which pixels a unit owes its answer to: a signal is sent back from the unit through every layer.

Three rules, which differ only where a layer rectifies (relu, nrelu), with s the signal and y the answer:

    gradient        s where y > 0                                 (Simonyan et al., 2013)
    guided          s where y > 0 and s > 0                       (Springenberg et al., 2014)
    deconvolution   s where s > 0                                 (Zeiler and Fergus, 2013)

Deconvolution moreover takes norms for what they are not, the identity, as its authors did. Everything else is
sent back by its derivative: filters are transposed, a maximum is sent to the pixel that it was (Zeiler's
switches; where pixels tie, to each), other activation functions are differentiated. The signal begins as 1 at
the unit; for deconvolution as the unit's answer. The derivative of contrast norms is the program's own, which
leaves out that the mean depends on the pixels.
"""

from __future__ import annotations

import torch
from torch import Tensor

from reproduction.definition.layers import ContrastNorm, Data, Layer, ResponseNorm
from reproduction.errors import UserError
from reproduction.inside.looking import Look, check_unit, noise
from reproduction.model.layer_module import LayerModule, Pass
from reproduction.model.layers import as_read

RULES = ("gradient", "guided", "deconvolution")
RECTIFIERS = ("relu", "nrelu")


def sent_back(seen: Look, name: str, unit: int, row: int = 0, column: int = 0, *, rule: str) -> Tensor:
    """The signal at the picture's numbers (C, S, S) from one unit of layer `name`, by one of `RULES`."""
    if rule not in RULES:
        raise UserError(f"there is no rule '{rule}'; choose one of {', '.join(RULES)}")
    place = check_unit(seen.layer(name), unit, row, column)
    answers = seen.activations[name]
    begin = torch.zeros_like(answers)
    begin[(0, *place)] = answers[(0, *place)] if rule == "deconvolution" else 1
    signals = {name: begin}
    network, picture = seen.model.experiment.network, torch.zeros_like(seen.view)
    for layer in reversed(network.layers):
        signal = signals.pop(layer.name, None)
        if signal is None:
            continue
        if isinstance(layer, Data):
            picture += _at_picture(layer, signal, picture)
            continue
        for source, part in zip(layer.inputs, _through(seen, layer, signal, rule), strict=True):
            signals[source] = signals[source] + part if source in signals else part
    return picture[0]


def _at_picture(layer: Data, signal: Tensor, picture: Tensor) -> Tensor:
    """The signal at a data layer, which may deliver a part of the picture's numbers; labels have none."""
    if layer.data_index != 0:
        return torch.zeros_like(picture)
    if layer.part is None:
        return signal.reshape(picture.shape)
    whole = torch.zeros_like(picture).flatten()
    whole[slice(*layer.part)] = signal.flatten()
    return whole.view_as(picture)


def _through(seen: Look, layer: Layer, signal: Tensor, rule: str) -> list[Tensor]:
    """The signal at the inputs of `layer` where it is `signal` at its answers."""
    shapes = [seen.activations[source].shape for source in layer.inputs]
    rectifies = layer.activation is not None and layer.activation.name in RECTIFIERS
    if rectifies and rule != "deconvolution":
        signal = signal * (seen.activations[layer.name] > 0)
    if rectifies and rule != "gradient":
        signal = signal.clamp(min=0)
    if rule == "deconvolution" and isinstance(layer, ResponseNorm | ContrastNorm):
        return [signal.reshape(shapes[0])]
    leaves = [
        seen.activations[source].detach().requires_grad_(seen.activations[source].is_floating_point())
        for source in layer.inputs
    ]
    module = seen.model.module[layer.name]
    assert isinstance(module, LayerModule)
    with torch.enable_grad():
        answers = _answers(module, as_read(leaves, layer), Pass(noise(seen.model)), rectifies)
        found = torch.autograd.grad(answers, leaves, signal.view_as(answers), allow_unused=True)
    return [
        torch.zeros(shape, device=signal.device, dtype=signal.dtype) if part is None else part
        for part, shape in zip(found, shapes, strict=True)
    ]


def _answers(module: LayerModule, inputs: list[Tensor], given: Pass, before: bool) -> Tensor:
    """What the layer makes of `inputs`; `before` its activation function, which was seen to already."""
    if not before:
        answers: Tensor = module(*inputs, given=given)
        return answers
    return module.compute(*inputs, given=given) * (1 - module.output_dropout)
