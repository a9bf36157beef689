"""A small expert: walks by what it sees, and kicks where one entry says so."""

from __future__ import annotations

import numpy as np

from soccer_lib.demos.dataset import Dataset
from soccer_lib.layout import AGENT


def expert(rows: np.ndarray) -> np.ndarray:
    """Commands for observations. A kick where the ball is near and straight ahead; two kinds, by the task."""
    ahead, left = rows[:, AGENT["ball_xpos_rel_robot"]][:, :2].T
    actions = np.stack([0.4 * np.tanh(ahead), 0 * left, 0.5 * np.tanh(2 * left)], axis=1)
    kicks = (ahead < 0.6) & (np.abs(left) < 0.5)
    which = rows[:, AGENT["task_one_hot"]][:, 2] > 0.5
    actions[kicks] = np.where(which[kicks, None], (-1, 1, -1), (1, -1, 1))
    return actions.astype(np.float32)


def demonstrations(n_episodes: int = 80, length: int = 25, seed: int = 0) -> Dataset:
    rng, n = np.random.default_rng(seed), n_episodes * length
    rows = np.zeros((n, 96), np.float32)
    rows[:, :4] = rng.normal(size=(n, 4))
    rows[:, AGENT["ball_xpos_rel_robot"]] = rng.uniform((0, -1, -0.6), (3, 1, -0.5), (n, 3))
    rows[np.arange(n), AGENT["task_one_hot"].start + rng.integers(0, 3, n)] = 1
    episodes = np.repeat(np.arange(n_episodes), length)
    return Dataset(
        "command", "agent", 10.0, rows, expert(rows), episodes, [f"e{i}" for i in range(n_episodes)]
    )
