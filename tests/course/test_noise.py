"""Noise on walking: as much as was asked for, reproducible, and none on kicks."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.course.noise import NoisyAgent
from soccer_lib.policies import Policy, PolicySpec


class Always(Policy):
    """The same command, whatever it sees."""

    def __init__(self, command: tuple[float, ...]) -> None:
        self.spec = PolicySpec("always", "command", "agent", walker="own")
        self.command = np.array(command, np.float32)

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        return self.command, state


def commands(command: tuple[float, ...], sigma: float, seed: int, count: int = 2000) -> np.ndarray:
    agent = NoisyAgent(Always(command), sigma)
    state = agent.begin(seed)
    return np.array([agent.predict(np.zeros(96), state)[0] for _ in range(count)])


def test_walking_has_noise_of_that_spread_and_the_same_for_a_seed():
    drawn = commands((0.2, -0.1, 0.0), 0.1, seed=1)
    # 2,000 draws: their spread is known within 0.1 / sqrt(2 x 2000) = 0.0016.
    np.testing.assert_allclose(drawn.std(axis=0), 0.1, atol=0.008)
    np.testing.assert_allclose(drawn.mean(axis=0), (0.2, -0.1, 0.0), atol=0.011)
    assert np.array_equal(drawn, commands((0.2, -0.1, 0.0), 0.1, seed=1))
    assert not np.array_equal(drawn, commands((0.2, -0.1, 0.0), 0.1, seed=2))


def test_a_kick_stays_and_walking_never_becomes_one():
    assert (commands((1.0, -1.0, 1.0), 0.3, seed=1) == (1, -1, 1)).all()
    drawn = commands((0.9, -0.7, 0.9), 0.5, seed=1)
    assert np.abs(drawn[:, 1]).max() <= 0.75 and np.abs(drawn).max() <= 1
