"""Proximal policy optimisation (Schulman et al. 2017) in one page, and the network that it trains.

Workers collect the next batch with a numpy copy of the network while the learner updates on the last one, so
a batch is one update old; the clipped ratio is taken against the probabilities that the worker recorded.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from soccer_lib.workshop.walker.forward import GAMMA

HIDDEN = (128, 96)
"""Units of the hidden layers."""

LAMBDA = 0.95
"""Decay of the generalised advantage estimates."""

CLIP = 0.2
"""The probability of an action is not driven further than this share from what it was."""

EPOCHS = 4
"""Passes over each batch."""

MINIBATCHES = 4
"""Steps of the optimiser in each pass."""

ENTROPY = 0.002
"""Weight of the entropy bonus."""

TARGET_KL = 0.016
"""Divergence of the policy in one update that the learning rate is steered to [nat]."""

LEARNING_RATES = (2e-5, 1e-3)
"""Lowest and highest learning rate of the actor."""

CRITIC_LEARNING_RATE = 5e-4
LOG_STD = (-3.0, 0.5)
"""Lowest and highest logarithm of the actions' standard deviation."""


@dataclass
class Batch:
    """What workers hand to the learner. First two axes: time, robot."""

    observations: np.ndarray
    actions: np.ndarray
    log_probs: np.ndarray
    rewards: np.ndarray
    done: np.ndarray
    values: np.ndarray

    @classmethod
    def join(cls, parts: list[Batch]) -> Batch:
        """Put the batches of several workers side by side."""
        names = [field.name for field in dataclasses.fields(cls)]
        return cls(**{name: np.concatenate([getattr(p, name) for p in parts], axis=1) for name in names})

    def advantages(self) -> np.ndarray:
        """Generalised advantage estimates (Schulman et al. 2016, eq. 16). Shape: (time, robots)."""
        advantages = np.zeros_like(self.rewards)
        following = np.zeros(self.rewards.shape[1], dtype=np.float32)
        for t in reversed(range(len(self.rewards))):
            # Nothing follows an end: what a time-out cuts off is in the reward already (see `rollout`).
            going_on = 1.0 - self.done[t]
            delta = self.rewards[t] + GAMMA * self.values[t + 1] * going_on - self.values[t]
            following = delta + GAMMA * LAMBDA * going_on * following
            advantages[t] = following
        return advantages


def perceptron(inputs: int, outputs: int, gain: float) -> nn.Sequential:
    """ELU network with orthogonal weights; `gain` scales the last layer."""
    layers: list[nn.Module] = []
    for size in HIDDEN:
        layers += [_linear(inputs, size, 2**0.5), nn.ELU()]
        inputs = size
    return nn.Sequential(*layers, _linear(inputs, outputs, gain))


def _linear(inputs: int, outputs: int, gain: float) -> nn.Linear:
    layer = nn.Linear(inputs, outputs)
    nn.init.orthogonal_(layer.weight, gain)
    nn.init.zeros_(layer.bias)
    return layer


class ActorCritic(nn.Module):
    """Gaussian policy with a free standard deviation, and a value network."""

    def __init__(self, inputs: int, outputs: int, log_std: float = -1.0) -> None:
        super().__init__()
        self.actor = perceptron(inputs, outputs, 0.01)
        self.critic = perceptron(inputs, 1, 1.0)
        self.log_std = nn.Parameter(torch.full((outputs,), log_std))

    def log_prob(self, mean: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """Log density of actions, up to a constant."""
        return (-0.5 * ((actions - mean) / self.log_std.exp()) ** 2 - self.log_std).sum(1)

    def arrays(self) -> dict[str, np.ndarray]:
        """Copies of all parameters as numpy arrays."""
        return {name: value.detach().numpy().copy() for name, value in self.state_dict().items()}


class Learner:
    """Network and optimiser."""

    def __init__(self, inputs: int, outputs: int, seed: int, learning_rate: float = 5e-4) -> None:
        torch.manual_seed(seed)
        torch.set_num_threads(1)
        self.network = ActorCritic(inputs, outputs)
        policy = [*self.network.actor.parameters(), self.network.log_std]
        self.optimiser = torch.optim.Adam(
            [
                {"params": policy, "lr": learning_rate},
                {"params": self.network.critic.parameters(), "lr": CRITIC_LEARNING_RATE},
            ]
        )
        self.learning_rate = learning_rate

    def update(self, batch: Batch, progress: float = 0.0) -> dict[str, float]:
        """One PPO update on a batch; the learning rate follows the measured divergence.

        Args:
            batch: what the workers collected.
            progress: share of the training that is done; towards the end the steps become smaller.

        Returns:
            Divergence of the policy, loss of the critic, mean standard deviation of the actions.
        """
        target = TARGET_KL * min(1.0, 3.0 * (1.0 - progress) + 0.1)
        network = self.network
        observations = _flat(batch.observations)
        actions = _flat(batch.actions)
        old_log_probs = _flat(batch.log_probs)
        estimates = batch.advantages()
        returns = _flat(estimates + batch.values[:-1])
        advantages = normalised(_flat(estimates))
        with torch.no_grad():
            old_mean = network.actor(observations)
            old_std = network.log_std.exp().clone()
        for _ in range(EPOCHS):
            divergences = []
            for index in torch.randperm(len(actions)).chunk(MINIBATCHES):
                mean = network.actor(observations[index])
                value = network.critic(observations[index])[:, 0]
                # How much more likely the action is than when it was taken.
                ratio = (network.log_prob(mean, actions[index]) - old_log_probs[index]).exp()
                policy_loss = clipped_loss(ratio, advantages[index])
                value_loss = (value - returns[index]).square().mean()
                # The entropy of a Gaussian is the sum of its log_std, up to a constant.
                loss = policy_loss + value_loss - ENTROPY * network.log_std.sum()
                self._descend(loss)
                with torch.no_grad():
                    std = network.log_std.exp()
                    divergences.append(float(divergence_of(old_mean[index], old_std, mean, std)))
            divergence = float(np.mean(divergences))
            if divergence > 3 * target:
                break
        self.learning_rate = next_learning_rate(self.learning_rate, divergence, target)
        self.optimiser.param_groups[0]["lr"] = self.learning_rate
        with torch.no_grad():
            network.log_std.clamp_(*LOG_STD)
        return {
            "kl": divergence,
            "value_loss": float(value_loss.detach()),
            "std": float(network.log_std.detach().exp().mean()),
        }

    def _descend(self, loss: torch.Tensor) -> None:
        """One step of the optimiser, with the gradients of actor and critic each no longer than 1."""
        self.optimiser.zero_grad()
        loss.backward()
        for group in self.optimiser.param_groups:
            nn.utils.clip_grad_norm_(group["params"], 1.0)
        self.optimiser.step()

    def state(self) -> dict[str, np.ndarray]:
        """Everything that a continuation needs, as arrays."""
        state = {f"net.{name}": value for name, value in self.network.arrays().items()}
        for i, entry in self.optimiser.state_dict()["state"].items():
            for key, value in entry.items():
                state[f"adam.{i}.{key}"] = np.asarray(value)
        state["learning_rate"] = np.array(self.learning_rate)
        state["torch_rng"] = torch.get_rng_state().numpy()
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Continue from a `state`."""
        net = {k.removeprefix("net."): torch.tensor(v) for k, v in state.items() if k.startswith("net.")}
        self.network.load_state_dict(net)
        packed = self.optimiser.state_dict()
        moments: dict[int, dict[str, torch.Tensor]] = {}
        for name, value in state.items():
            if name.startswith("adam."):
                _, i, key = name.split(".")
                moments.setdefault(int(i), {})[key] = torch.tensor(value)
        packed["state"] = moments
        self.learning_rate = float(state["learning_rate"])
        packed["param_groups"][0]["lr"] = self.learning_rate
        self.optimiser.load_state_dict(packed)
        torch.set_rng_state(torch.from_numpy(np.array(state["torch_rng"])))


def clipped_loss(ratio: torch.Tensor, advantage: torch.Tensor) -> torch.Tensor:
    """The clipped surrogate objective (Schulman et al. 2017, eq. 7), to be minimised.

    Args:
        ratio: probability of each action, over that when it was taken. Shape: (n,).
        advantage: of each action. Shape: (n,).
    """
    clipped = ratio.clamp(1 - CLIP, 1 + CLIP)
    return -torch.min(ratio * advantage, clipped * advantage).mean()


def divergence_of(
    old_mean: torch.Tensor, old_std: torch.Tensor, mean: torch.Tensor, std: torch.Tensor
) -> torch.Tensor:
    """Mean Kullback-Leibler divergence of Gaussian policies, from the old one to the new one [nat].

    Args:
        old_mean: Shape: (n, actions).
        old_std: Shape: (actions,).
        mean: Shape: (n, actions).
        std: Shape: (actions,).
    """
    moved = (old_std**2 + (old_mean - mean) ** 2) / (2 * std**2)
    return (torch.log(std / old_std) + moved - 0.5).sum(1).mean()


def next_learning_rate(learning_rate: float, divergence: float, target: float) -> float:
    """The learning rate after an update: smaller where it moved the policy too far, larger where too little.

    Example:
        >>> [f"{next_learning_rate(4e-4, divergence, 0.01):.2g}" for divergence in (0.02, 0.01, 0.001)]
        ['0.0003', '0.0004', '0.00046']
    """
    if divergence > 1.5 * target:
        learning_rate *= 0.75
    elif divergence < 0.6 * target:
        learning_rate *= 1.15
    return float(np.clip(learning_rate, *LEARNING_RATES))


def normalised(advantages: torch.Tensor) -> torch.Tensor:
    """Advantages with mean 0 and spread 1; all zero where they are equal, which the floor is for."""
    return (advantages - advantages.mean()) / (advantages.std() + 1e-8)


def _flat(array: np.ndarray) -> torch.Tensor:
    """Time and robots as one axis. Shape: (time, robots, ...) to (time * robots, ...)."""
    steps, robots, *rest = array.shape
    return torch.from_numpy(np.ascontiguousarray(array.reshape(steps * robots, *rest)))
