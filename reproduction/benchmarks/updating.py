"""The update of all weights of a network, ours beside torch's own optimiser."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from reproduction.benchmarks import compiling, machine
from reproduction.benchmarks.measuring import Clock, Contender, Stopwatch
from reproduction.benchmarks.results import OURS, Row, Work
from reproduction.benchmarks.setting import Setting
from reproduction.definition import Experiment
from reproduction.definition.parameters import UpdateRule
from reproduction.model.network_module import NetworkModule
from reproduction.training.update import Momentum

PASSES = 5  # weight, velocity and gradient are read, weight and velocity written
STOCK: dict[str, dict[str, bool]] = {"stock": {}, "foreach": {"foreach": True}, "fused": {"fused": True}}


def row(experiment: Experiment, module: NetworkModule, setting: Setting, stopwatch: Stopwatch) -> Row:
    """One step of momentum on every array of `module`, the gradients given."""
    arrays = {name: array for name, array in module.arrays().items() if array.requires_grad}
    generator = setting.generator()
    # Small ones, so that the weights stay what they are however often they move.
    gradients = {
        name: torch.empty_like(a).normal_(0, 1e-6, generator=generator) for name, a in arrays.items()
    }
    momentum = Momentum(arrays, module.row_divisors())
    rules = experiment.parameters.rules
    racing = [Contender(OURS, lambda: momentum.step(arrays, gradients, rules), ours=True)]
    facts: list[str] = []
    for name, options in STOCK.items():
        copies = {key: array.detach().clone().requires_grad_() for key, array in arrays.items()}
        for key, copy in copies.items():
            copy.grad = gradients[key]
        racing += compiling.tried(name, sgd(copies, rules, **options).step, facts)
    size_bytes = sum(array.nbytes for array in arrays.values())
    racing.append(machine.copying(setting.device, size_bytes))
    title = f"{experiment.name}: update of {sum(array.numel() for array in arrays.values()):,} weights"
    found = stopwatch.measure(title, racing, clock=Clock(setting.device, cold=True))
    return found.row(
        "one step",
        "Momentum, decay, the rates of each array; torch.optim.SGD as it is, with foreach, with fused.",
        pictures=experiment.recipe.batch_size,
        work=Work(bytes=PASSES * size_bytes),
        group=title,
        facts=facts,
    )


def sgd(arrays: Mapping[str, Tensor], rules: Mapping[str, UpdateRule], **options: Any) -> torch.optim.SGD:
    """`torch.optim.SGD` of `arrays`, those of one rule in one group; frozen arrays stay out.

    While no rate changes it takes the same steps as ours: its velocity is ours divided by the rate.
    """
    groups: dict[tuple[float, float, float], list[Tensor]] = {}
    for name, array in arrays.items():
        rule = rules[name]
        if rule.rate:
            groups.setdefault((rule.rate, rule.momentum, rule.decay), []).append(array)
    described = [
        {"params": members, "lr": rate, "momentum": momentum, "weight_decay": decay}
        for (rate, momentum, decay), members in groups.items()
    ]
    return torch.optim.SGD(described, lr=1.0, **options)
