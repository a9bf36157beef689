"""The network that imitation trains: a walking command, and one unit for each kick.

A kick is rare and lies far from every walking command, and the mean of both is neither. So whether to kick is
learnt by units of its own, one a pattern, and not by the regression. They sit in the last hidden layer: below
its threshold such a unit is silent, above it it drives all outputs into the corner of its pattern. That is
still a plain perceptron with a tanh at its end, which the actors of TD3 and SAC take as it is.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from soccer_lib.control.network import Layer, Network
from soccer_lib.errors import InputError

KICK_GAIN = 30.0
"""What a kick unit adds to each output, in the signs of its pattern, for each unit of its logit."""

HIDDEN_SPREAD = 1e15
"""Spread that a hidden input is divided by: nothing of it is left."""

LEAST_SPREAD = 1e-3
"""Standard deviation below which an input counts as constant and is only centred."""

INPUT_LIMIT = 5.0
"""Largest normalised input [standard deviations]."""


class Actor(nn.Module):
    """ReLU layers; the last hidden one holds the features of the walking command and the kick units."""

    mean: torch.Tensor
    std: torch.Tensor
    kicks: torch.Tensor

    def __init__(
        self, observations: np.ndarray, net_arch: Sequence[int], kicks: np.ndarray, hide: Sequence[int] = ()
    ) -> None:
        """Make it for the inputs that it will be trained on.

        Args:
            observations: whose mean and spread normalise the input; what hardly varies is only centred.
                Shape: (n, inputs).
            net_arch: hidden widths, the kick units counted in the last one.
            kicks: patterns of -1 and 1. Shape: (n_kicks, outputs).
            hide: entries of the input that the network shall not see.

        Raises:
            InputError: the last hidden layer is too narrow for the kicks.
        """
        super().__init__()
        n_features = net_arch[-1] - len(kicks)
        if n_features < 1:
            raise InputError(
                f"net_arch ends in {net_arch[-1]}; expected more than the {len(kicks)} kicks; try 64"
            )
        widths = [observations.shape[1], *net_arch[:-1]]
        std = observations.std(axis=0)
        # Divided by next to nothing, a constant of the demonstrations would drown all else once it changes.
        std[std < LEAST_SPREAD] = 1
        std[list(hide)] = HIDDEN_SPREAD
        self.register_buffer("mean", torch.from_numpy(observations.mean(axis=0)))
        self.register_buffer("std", torch.from_numpy(std))
        self.register_buffer("kicks", torch.from_numpy(kicks))
        self.trunk = nn.ModuleList(nn.Linear(a, b) for a, b in zip(widths, widths[1:], strict=False))
        self.last = nn.Linear(widths[-1], n_features)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # without kicks there is nothing to initialise
            self.kick = nn.Linear(widths[-1], len(kicks))
        self.out = nn.Linear(n_features, kicks.shape[1])

    def features(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Features of the walking command and logits of the kicks. Shapes: (n, width), (n, n_kicks)."""
        rows = ((rows - self.mean) / self.std).clamp(-INPUT_LIMIT, INPUT_LIMIT)
        for layer in self.trunk:
            rows = layer(rows).relu()
        return self.last(rows).relu(), self.kick(rows)

    def forward(self, rows: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Walking commands and logits of the kicks. Shapes: (n, outputs), (n, n_kicks)."""
        features, logits = self.features(rows)
        return self.out(features).tanh(), logits

    def network(self) -> Network:
        """The same in numpy, kicks and input normalisation included."""
        scale = {"mean": _array(self.mean), "std": _array(self.std), "limit": np.array(INPUT_LIMIT)}
        layers: list[Layer] = [("normalise", scale)]
        for linear in self.trunk:
            hidden = _layer(linear.get_parameter("weight"), linear.get_parameter("bias"))
            layers += [("linear", hidden), ("relu", {})]
        # The kick units are more features of the last hidden layer.
        weight = torch.cat([self.last.weight, self.kick.weight])
        bias = torch.cat([self.last.bias, self.kick.bias])
        layers += [("linear", _layer(weight, bias)), ("relu", {})]
        layers += [("linear", self._out(self.out.weight, self.out.bias)), ("tanh", {})]
        return Network(layers)

    @torch.no_grad()
    def unsquashed(self, rows: torch.Tensor) -> dict[str, np.ndarray]:
        """A last layer for an actor without a tanh at its end (PPO's): least squares on the commands."""
        features, _ = self.features(rows)
        features = torch.cat([features, torch.ones_like(features[:, :1])], dim=1).double()
        # A little ridge: features that are always 0 would leave the system singular.
        gram = features.T @ features + 1e-6 * len(rows) * torch.eye(features.shape[1]).to(features)
        fit = torch.linalg.solve(gram, features.T @ self(rows)[0].double()).float()
        return self._out(fit[:-1].T, fit[-1])

    def _out(self, weight: torch.Tensor, bias: torch.Tensor) -> dict[str, np.ndarray]:
        """A last layer: these weights of the features, and those of the kick units."""
        return _layer(torch.cat([weight, KICK_GAIN * self.kicks.T], dim=1), bias)


def _layer(weight: torch.Tensor, bias: torch.Tensor) -> dict[str, np.ndarray]:
    return {"weight": _array(weight), "bias": _array(bias)}


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().numpy()
