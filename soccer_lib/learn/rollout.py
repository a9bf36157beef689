"""What PPO has collected: advantages with the discount of steps that last differently long.

A command lasts its hold, a kick until its strike is over, 14 to 25 times as long. SB3's buffer discounts both
alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3.common.buffers import RolloutBuffer


def held_advantages(
    rewards: np.ndarray,
    values: np.ndarray,
    discounts: np.ndarray,
    ends: np.ndarray,
    last_values: np.ndarray,
    gae_lambda: float,
) -> np.ndarray:
    """Generalised advantage estimates (Schulman et al. 2016) with a discount for each step.

    Args:
        rewards: of each step. Shape: (n_steps, n_envs).
        values: of the states before it. Shape: (n_steps, n_envs).
        discounts: gamma^(held/hold) of each step. Shape: (n_steps, n_envs).
        ends: 1 where the step ended an episode. Shape: (n_steps, n_envs).
        last_values: of the states after the last step. Shape: (n_envs,).
        gae_lambda: how much later errors count; once a decision, however long it lasts.

    Returns:
        Shape: (n_steps, n_envs).
    """
    advantages = np.zeros_like(rewards)
    advantage = np.zeros_like(last_values)
    next_values = last_values
    for step in reversed(range(len(rewards))):
        goes_on = discounts[step] * (1.0 - ends[step])
        error = rewards[step] + goes_on * next_values - values[step]
        advantage = error + goes_on * gae_lambda * advantage
        advantages[step] = advantage
        next_values = values[step]
    return advantages


class HeldRolloutBuffer(RolloutBuffer):
    """SB3's rollout buffer with a discount of its own for each step.

    Args:
        hold: physics steps of an ordinary env step, which gamma belongs to.
        sb3: arguments of SB3's buffer.

    Attributes:
        outcomes: discounted rewards to the end of the episode, or of the rollout and with the critic's value
            there. Shape: (n_steps, n_envs).
        cut_off: discounted value of what a truncation cuts off in the step to be added. Shape: (n_envs,).
    """

    def __init__(self, *args: Any, hold: int, **sb3: Any) -> None:
        self.hold = hold
        super().__init__(*args, **sb3)

    def reset(self) -> None:
        """Forget everything."""
        super().reset()
        self.discounts = np.full((self.buffer_size, self.n_envs), self.gamma, np.float32)
        self.cut_off = np.zeros(self.n_envs, np.float32)

    def note_held(self, held_steps: np.ndarray) -> np.ndarray:
        """Take on how long the step to be added lasted [physics steps], and return its discounts.

        Shape: (n_envs,) of both.
        """
        self.discounts[self.pos] = self.gamma ** (held_steps / self.hold)
        return self.discounts[self.pos]

    def add(self, obs: np.ndarray, action: np.ndarray, reward: np.ndarray, *rest: Any) -> None:
        """Store a step, and what is expected of the time that a truncation cut off."""
        super().add(obs, action, reward + self.cut_off, *rest)
        self.cut_off[:] = 0.0

    def compute_returns_and_advantage(self, last_values: torch.Tensor, dones: np.ndarray) -> None:
        """Fill in advantages and returns once everything is collected."""
        ends = np.vstack([self.episode_starts[1:], dones.astype(np.float32)])
        after = last_values.clone().cpu().numpy().flatten()
        known = (self.rewards, self.values, self.discounts, ends, after)
        self.advantages = held_advantages(*known, self.gae_lambda)
        self.returns = self.advantages + self.values
        self.outcomes = held_advantages(*known, 1.0) + self.values
