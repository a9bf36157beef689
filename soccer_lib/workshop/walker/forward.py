"""Numpy inference of the actor and critic for rollouts, so that workers never import torch."""

from __future__ import annotations

import numpy as np

GAMMA = 0.99
"""Discount per 20 ms step."""

Layers = list[tuple[np.ndarray, np.ndarray]]


def numpy_layers(arrays: dict[str, np.ndarray], which: str) -> Layers:
    """Weight (out, in) and bias (out,) of each layer of "actor" or "critic"."""
    numbers = sorted({int(name.split(".")[1]) for name in arrays if name.startswith(which)})
    return [(arrays[f"{which}.{i}.weight"], arrays[f"{which}.{i}.bias"]) for i in numbers]


def forward(layers: Layers, rows: np.ndarray) -> np.ndarray:
    """Output of an ELU network for many inputs. Shapes: (n, in) to (n, out)."""
    for weight, bias in layers[:-1]:
        rows = rows @ weight.T + bias
        rows = np.maximum(rows, np.expm1(np.minimum(rows, 0.0)))
    return rows @ layers[-1][0].T + layers[-1][1]
