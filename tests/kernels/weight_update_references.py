"""The weight update in plain loops over numbers of double precision: to hold the operator to."""

from __future__ import annotations

Array = list[float]


def moved(
    weights: Array, velocity: Array, descent: Array, momentum: float, rate: float, decay: float, moves: bool
) -> tuple[Array, Array]:
    """Weights and velocity after one update; `descent` is the gradient of what is minimised."""
    new_weights, new_velocity = [], []
    for w, v, g in zip(weights, velocity, descent, strict=True):
        v = momentum * v
        v = v - rate * g
        if decay != 0:
            v = v - decay * w
        new_velocity.append(v)
        new_weights.append(w + v if moves else w)
    return new_weights, new_velocity
