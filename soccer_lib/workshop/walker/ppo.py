"""Proximal policy optimisation (Schulman et al. 2017) in one page, and the network that it trains.

Workers collect the next batch with a numpy copy of the network while the learner updates on the last one, so
a batch is one update old; the clipped ratio is taken against the probabilities that the worker recorded.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from soccer_lib.workshop.walker.forward import GAMMA

HIDDEN = (128, 96)
LAMBDA = 0.95
CLIP = 0.2
EPOCHS = 4
MINIBATCHES = 4
ENTROPY = 0.002
TARGET_KL = 0.016
LEARNING_RATES = (2e-5, 1e-3)
CRITIC_LEARNING_RATE = 5e-4


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
        return cls(
            *[np.concatenate([getattr(p, name) for p in parts], axis=1) for name in cls.__dataclass_fields__]
        )

    def advantages(self) -> np.ndarray:
        """Generalised advantage estimates (Schulman et al. 2015). Shape: (time, robots)."""
        result = np.zeros_like(self.rewards)
        last = np.zeros(self.rewards.shape[1], dtype=np.float32)
        for t in range(len(self.rewards) - 1, -1, -1):
            going_on = 1.0 - self.done[t]
            delta = self.rewards[t] + GAMMA * self.values[t + 1] * going_on - self.values[t]
            last = delta + GAMMA * LAMBDA * going_on * last
            result[t] = last
        return result


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
        net = self.network
        policy = {"params": [*net.actor.parameters(), net.log_std], "lr": learning_rate}
        value = {"params": net.critic.parameters(), "lr": CRITIC_LEARNING_RATE}
        self.optimiser = torch.optim.Adam([policy, value])
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
        net, total = self.network, batch.rewards.size

        def flat(array: np.ndarray) -> torch.Tensor:
            return torch.from_numpy(np.ascontiguousarray(array.reshape((total,) + array.shape[2:])))

        gains = batch.advantages()
        observations, actions, old = flat(batch.observations), flat(batch.actions), flat(batch.log_probs)
        returns, advantages = flat(gains + batch.values[:-1]), flat(gains)
        advantages = (advantages - advantages.mean()) / (advantages.std() + 1e-8)
        with torch.no_grad():
            mean_before, std_before = net.actor(observations), net.log_std.exp().clone()
        for _ in range(EPOCHS):
            divergences = []
            for index in torch.randperm(total).chunk(MINIBATCHES):
                mean = net.actor(observations[index])
                ratio = (net.log_prob(mean, actions[index]) - old[index]).exp()
                gain = advantages[index]
                policy_loss = -torch.min(ratio * gain, ratio.clamp(1 - CLIP, 1 + CLIP) * gain).mean()
                value_loss = (net.critic(observations[index])[:, 0] - returns[index]).square().mean()
                loss = policy_loss + value_loss - ENTROPY * net.log_std.sum()
                self.optimiser.zero_grad()
                loss.backward()
                for group in self.optimiser.param_groups:
                    nn.utils.clip_grad_norm_(group["params"], 1.0)
                self.optimiser.step()
                with torch.no_grad():
                    std = net.log_std.exp()
                    moved = (std_before**2 + (mean_before[index] - mean) ** 2) / (2 * std**2)
                    divergences.append(float((torch.log(std / std_before) + moved - 0.5).sum(1).mean()))
            divergence = float(np.mean(divergences))
            if divergence > 3 * target:
                break
        factor = 0.75 if divergence > 1.5 * target else 1.15 if divergence < 0.6 * target else 1.0
        self.learning_rate = float(np.clip(self.learning_rate * factor, *LEARNING_RATES))
        self.optimiser.param_groups[0]["lr"] = self.learning_rate
        with torch.no_grad():
            net.log_std.clamp_(-3.0, 0.5)
        return {
            "kl": divergence,
            "value_loss": float(value_loss.detach()),
            "std": float(net.log_std.detach().exp().mean()),
        }

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
