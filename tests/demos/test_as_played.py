"""Noise that is kept: what was written is what was done, and it led to what came next."""

from __future__ import annotations

import numpy as np
import pytest

from soccer_lib.demos.collect import collect_dataset
from soccer_lib.demos.config import PlayedDatasetConfig
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.layout import AGENT


def collect(**settings) -> Dataset:
    """An episode of the policy that walks at the ball, which kicks nothing."""
    config = {"from_policy": "walk_at_ball", "workers": 1, "tasks": ("kick_to_target",)}
    return collect_dataset(PlayedDatasetConfig(**config | settings), progress=False)


def test_noise_that_is_kept_led_to_what_came_next(walker):
    data = collect(noise=0.5, as_played=True, observation="agent", episodes=1)
    meant = collect(noise=0.5, observation="agent", episodes=1)
    assert meant.observations.tobytes() == data.observations.tobytes() and not meant.has_transitions
    assert np.abs(data.actions - meant.actions).mean() > 0.01 and data.has_transitions
    # The next observation holds the last command: what was written is what was done.
    forward = data.column("next_observations")[:-1, AGENT["last_command"]][:, 0]
    slow = np.abs(data.actions[:-1, 0]) < 0.25  # the walker clips what is faster
    assert slow.sum() > 5 and np.allclose(forward[slow], data.actions[:-1, 0][slow], atol=1e-6)
    for wrong in ({"noise": 0.0}, {"noise": 0.5, "label_with": "striker"}):
        with pytest.raises(InputError, match="--as-played came with .*; expected --noise alone"):
            collect(as_played=True, **wrong)
