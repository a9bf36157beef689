"""An agent that explores without learning: what noise on its walking costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.control.kicks import requested_kick
from soccer_lib.learn.hybrid import command_bound
from soccer_lib.policies import Policy


class NoisyAgent(Policy):
    """A policy of the `command` interface, with noise on every walking command; kicks stay as they are.

    Args:
        policy: without memory.
        sigma: spread of the noise, of commands in [-1, 1].
    """

    def __init__(self, policy: Policy, sigma: float) -> None:
        self.policy = policy
        self.sigma = sigma
        self.spec = policy.spec

    def begin(self, seed: int | None = None) -> np.random.Generator:
        """What draws the noise of an episode."""
        return np.random.default_rng(seed)

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """What the policy does, and noise."""
        action, _ = self.policy.act(observation, None, deterministic)
        if requested_kick(action) is None:
            bound = command_bound(1, len(action))
            action = np.clip(action + state.normal(0, self.sigma, len(action)), -bound, bound)
        return action.astype(np.float32), state
