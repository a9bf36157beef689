"""The one inference core: a stack of layers in numpy, one row at a time, single precision.

Walkers and learned agents act through it, so a result does not depend on batches, workers or torch.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from soccer_lib.errors import InputError, unknown_name
from soccer_lib.ranges import Range


def _layer_norm(row: np.ndarray, scale: np.ndarray, bias: np.ndarray, eps: np.ndarray) -> np.ndarray:
    row = row - row.mean()
    return row / np.sqrt(row.dot(row) / np.float32(row.size) + eps) * scale + bias


def _gelu(row: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return row * (erf(row * np.float32(0.5**0.5)) + 1) * np.float32(0.5)


def _silu(row: np.ndarray) -> np.ndarray:
    from scipy.special import expit

    return row * expit(row)


def _kick_or_walk(
    row: np.ndarray,
    patterns: np.ndarray,
    bound: np.ndarray,
    kick_from: np.ndarray,
    reach: np.ndarray | None = None,
    seen: np.ndarray | None = None,
) -> np.ndarray:
    """Tanh of the first entries, or the likeliest pattern where all together have a share beyond `kick_from`.

    The other entries are logits of the patterns; the logit of none of them is 0. With `reach` none is chosen
    beyond it: the farthest ball [m], its largest angle off the heading [rad], and which entries of what the
    network has `seen` say how far ahead and to the left the ball is, and whether a kick is on its way (-1:
    none says it).
    """
    logits = row[len(bound) :]
    largest = np.maximum(logits.max(), 0)  # that of walking is 0
    above = np.exp(logits - largest).sum()
    if above > kick_from * (np.exp(-largest) + above) and (
        reach is None or seen is None or _within(reach, seen)
    ):
        return patterns[logits.argmax()]
    return np.minimum(np.maximum(np.tanh(row[: len(bound)]), -bound), bound)


def _within(reach: np.ndarray, seen: np.ndarray) -> bool:
    ahead, left, busy = (seen[int(entry)] if entry >= 0 else 0.0 for entry in reach[2:])
    return np.hypot(ahead, left) <= reach[0] and abs(np.arctan2(left, ahead)) <= reach[1] and busy < 0.5


def _through(kind: str, arrays: Mapping[str, np.ndarray], row: np.ndarray, seen: np.ndarray) -> np.ndarray:
    """A row through a layer, which may ask what the network sees."""
    if "reach" in arrays:
        return LAYERS[kind](row, seen=seen, **arrays)
    return LAYERS[kind](row, **arrays)


LAYERS: dict[str, Callable[..., np.ndarray]] = {
    "take": lambda row, entries, width: row[entries],
    "normalise": lambda row, mean, std, limit: np.minimum(np.maximum((row - mean) / std, -limit), limit),
    "linear": lambda row, weight, bias: weight.dot(row) + bias,
    "layer_norm": _layer_norm,
    "relu": lambda row: np.maximum(row, 0.0),
    "elu": lambda row: np.maximum(row, np.expm1(np.minimum(row, 0.0))),  # expm1(x) >= x for x <= 0
    "silu": _silu,
    "gelu": _gelu,
    "leaky_relu": lambda row: np.maximum(row, row * np.float32(0.01)),
    # Klambauer et al. 2017, "Self-normalizing neural networks".
    "selu": lambda row: (
        np.float32(1.0507010) * np.where(row > 0, row, 1.6732632 * np.expm1(np.minimum(row, 0)))
    ),
    "tanh": np.tanh,
    "clip": lambda row: np.minimum(np.maximum(row, -1.0), 1.0),
    "kick_or_walk": _kick_or_walk,
}
"""Kinds of layers; the arguments after the row are the arrays of the layer."""

Layer = tuple[str, Mapping[str, np.ndarray]]
"""A kind of `LAYERS` and its arrays."""

_NUMBERS = Range(-1e30, 1e30)
_PER_OUTPUT = ("bias", "scale", "mean", "std")


class Network:
    """A stack of layers.

    Attributes:
        layers: kind and arrays of each.
        inputs, outputs: widths.
    """

    def __init__(self, layers: Sequence[Layer]) -> None:
        """Check the layers, of which the first has arrays, and keep them in single precision.

        Raises:
            InputError: an unknown kind, arrays that do not follow each other, or what is no finite number.
        """
        self.layers: list[Layer] = []
        self.inputs = 0
        row = seen = np.zeros(0, np.float32)
        for index, (kind, arrays) in enumerate(layers):
            if kind not in LAYERS:
                raise unknown_name("layer", kind, LAYERS)
            number = np.int64 if kind == "take" else np.float32
            where = f"layer {index} ({kind})"
            for name, array in arrays.items():
                _NUMBERS.array(f"{where}: {name}", array, "train again")
            arrays = {name: np.array(array, dtype=number, order="C") for name, array in arrays.items()}
            if not index:
                first = max(arrays.values(), key=np.ndim, default=np.zeros(()))
                self.inputs = int(arrays.get("width", 0)) if kind == "take" else (first.shape or (0,))[-1]
                row = np.arange(self.inputs, dtype=np.float32)
                seen = row
            row = _follow(index, kind, arrays, row, seen)
            self.layers.append((kind, arrays))
        if row is None or not self.inputs:
            raise InputError("no layer has arrays; expected a linear layer or more; take another file")
        self.outputs = row.size

    @classmethod
    def perceptron(cls, weights: Sequence[np.ndarray], biases: Sequence[np.ndarray]) -> Network:
        """ELU between linear layers: per layer a matrix (out, in) and a vector (out,)."""
        layers: list[Layer] = []
        for weight, bias in zip(weights, biases, strict=True):
            layers += [("linear", {"weight": weight, "bias": bias}), ("elu", {})]
        return cls(layers[:-1])

    def __call__(self, row: np.ndarray) -> np.ndarray:
        """Output for one input. Shapes: (inputs,) to (outputs,), float32."""
        seen = row
        for kind, arrays in self.layers:
            row = _through(kind, arrays, row, seen)
        return row


def _follow(
    index: int, kind: str, arrays: Mapping[str, np.ndarray], row: np.ndarray, seen: np.ndarray
) -> np.ndarray:
    """What a layer makes of a row, if its arrays have the shapes for it."""
    try:
        out = _through(kind, arrays, row, seen)
        if all(arrays[name].shape == out.shape for name in _PER_OUTPUT if name in arrays) and out.ndim == 1:
            return out
    except (ValueError, TypeError, IndexError):
        pass
    shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items()) or "no arrays"
    raise InputError(
        f"layer {index} ({kind}) has {shapes} and gets {row.size} inputs; expected shapes that fit; take "
        "another file"
    )
