"""What a clone minimises and what it is judged by: walking by regression, kicks by classification."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from soccer_lib.demos.dataset import Dataset
from soccer_lib.learn.imitation.kicks import kick_agreement, kick_labels


class Samples(NamedTuple):
    """A dataset's samples as tensors.

    Attributes:
        observations: what was seen. Shape: (n, inputs).
        actions: what the expert did, in [-1, 1]. Shape: (n, outputs).
        kicks: 1 for the kick that an action asks for, else 0. Shape: (n, n_kicks).
        weights: how much each of them counts. Shape: (n, 1), or () where all count alike.
    """

    observations: torch.Tensor
    actions: torch.Tensor
    kicks: torch.Tensor
    weights: torch.Tensor = torch.ones(())

    @classmethod
    def of(cls, data: Dataset, patterns: np.ndarray, device: str) -> Samples:
        """The samples of a dataset on a device; `patterns` are the kicks. Shape: (n_kicks, outputs)."""
        labels = kick_labels(data.actions, patterns).astype(np.float32)
        weights = np.ones(len(data), np.float32) if data.weights is None else data.weights
        arrays = (data.observations, data.actions, labels, weights[:, None])
        return cls(*(torch.from_numpy(array).to(device) for array in arrays))

    def batch(self, rows: torch.Tensor) -> Samples:
        """Some of the samples, by their numbers."""
        return Samples(*(tensor[rows] for tensor in self))


def clone_loss(
    commands: torch.Tensor, logits: torch.Tensor, samples: Samples, weight: torch.Tensor
) -> torch.Tensor:
    """What a clone minimises: where to walk, and whether to kick. Shape: ()."""
    return walk_loss(commands, samples) + kick_loss(logits, samples, weight)


def walk_loss(commands: torch.Tensor, samples: Samples) -> torch.Tensor:
    """Mean squared error of the walking commands; in samples that ask for a kick no command is wrong.

    Args:
        commands: the clone's. Shape: (n, outputs).
        samples: what the expert did.

    Returns:
        The mean over all n samples, those with a kick counted as 0. Shape: ().
    """
    walks = 1 - samples.kicks.sum(1, keepdim=True)
    return (samples.weights * walks * (commands - samples.actions) ** 2).mean()


def kick_loss(logits: torch.Tensor, samples: Samples, weight: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of each kick against not kicking.

    Args:
        logits: of the clone's kicks. Shape: (n, n_kicks).
        samples: what the expert did.
        weight: how much more a sample counts that asks for the kick. Shape: (n_kicks,).

    Returns:
        The mean over samples and kicks, 0 where there are no kicks. Shape: ().
    """
    if not len(weight):
        return logits.sum()  # the mean of nothing would be NaN
    return functional.binary_cross_entropy_with_logits(
        logits, samples.kicks, samples.weights, pos_weight=weight
    )


def kick_weight(kicks: torch.Tensor, balance: float, weights: torch.Tensor | None = None) -> torch.Tensor:
    """How much more a sample counts that asks for a kick: kicks are rare, and never to kick nearly right.

    Args:
        kicks: labels of all samples. Shape: (n, n_kicks).
        balance: 0 counts all samples alike; 1 gives all samples of a kick together the weight of n.
        weights: how much each sample counts; all 1 without. Shape: (n, 1).

    Returns:
        (n / samples of the kick) to the power of `balance`. Shape: (n_kicks,).
    """
    counts = torch.ones_like(kicks[:, :1]) if weights is None else weights
    return (counts.sum() / (counts * kicks).sum(0).clamp(min=1)) ** balance


@torch.no_grad()
def validate(net: nn.Module, samples: Samples, episode_id: np.ndarray, name: str) -> dict[str, float]:
    """How far a clone is from the expert, as figures that do not depend on the weight of kicks.

    Args:
        net: gives commands and logits.
        samples: what the expert did, in the order of play.
        episode_id: of each sample. Shape: (n,).
        name: put before each figure and a slash.

    Returns:
        `walk_loss`; `kick_loss`, squared error of the kicks' probabilities, summed over kicks (the Brier
        score); `loss`, their sum; `kick_recall` and `kick_precision`.
    """
    commands, logits = net(samples.observations)
    walk = walk_loss(commands, samples)
    # Bounded, unlike the cross-entropy: a single mistake made with confidence does not choose the epoch.
    kick = (samples.weights * (logits.sigmoid() - samples.kicks) ** 2).sum() / len(samples.kicks)
    figures = {"loss": float(walk + kick), "walk_loss": float(walk), "kick_loss": float(kick)}
    counts = np.broadcast_to(samples.weights.cpu().numpy().reshape(-1), (len(episode_id),))
    figures |= kick_agreement((logits > 0).cpu().numpy(), samples.kicks.cpu().numpy() > 0, episode_id, counts)
    return {f"{name}/{key}": value for key, value in figures.items()}
