"""Every neuron as a formula of plain numbers, with the derivative that the original computes."""

from __future__ import annotations

import math

# name, parameters, f(x), derivative from x and y = f(x) as the original's kernels have it
FORMULAS = [
    ("logistic", (), lambda x: 1 / (1 + math.exp(-x)), lambda x, y: y * (1 - y)),
    ("abs", (), abs, lambda x, y: 1 if x > 0 else -1),
    ("relu", (), lambda x: 0 if x < 0 else x, lambda x, y: 1 if y > 0 else 0),
    (
        "softrelu",
        (),
        lambda x: x if x > 4 else math.log(1 + math.exp(x)),
        lambda x, y: 1 if x > 4 else math.exp(x) / (1 + math.exp(x)),
    ),
    ("square", (), lambda x: x * x, lambda x, y: 2 * x),
    (
        "tanh",
        (1.7159, 0.6667),
        lambda x: 1.7159 * math.tanh(0.6667 * x),
        lambda x, y: 0.6667 * (1.7159 - y * y / 1.7159),
    ),
    ("brelu", (1.5,), lambda x: min(1.5, max(0, x)), lambda x, y: 1 if 0 < y < 1.5 else 0),
    ("brelu", (-1.0,), lambda x: min(-1, max(0, x)), lambda x, y: 0),
    ("linear", (-2.0, 0.5), lambda x: -2 * x + 0.5, lambda x, y: -2),
    ("drelu", (3.0,), lambda x: x - 3 * math.tanh(x / 3), lambda x, y: math.tanh(x / 3) ** 2),
]
FORMULAS_ABOVE_0 = [
    ("sqrt", (), math.sqrt, lambda x, y: 1 / (2 * y)),
    ("log", (0.25,), lambda x: math.log(0.25 + x), lambda x, y: 1 / (0.25 + x)),
]
