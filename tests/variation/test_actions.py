"""Noise on actions: a kick stays one, and none comes about."""

from __future__ import annotations

import numpy as np

from soccer_lib.control.kicks import requested_kick
from soccer_lib.variation.actions import noisy_action


def test_kicks_are_not_disturbed_and_none_comes_about():
    rng = np.random.default_rng(0)
    kick, fast = np.array((1, -1, 1), np.float32), np.array((1, -1, 0.7), np.float32)
    played = [noisy_action(fast, 0.5, rng) for _ in range(100)]
    assert noisy_action(kick, 0.5, rng) is kick and not any(map(requested_kick, played))
    assert len({tuple(row) for row in played}) > 50 and np.abs(played).max() <= 1
    assert noisy_action(np.zeros(12, np.float32), 0.1, rng).std() > 0.05


def test_no_noise_is_the_action_itself():
    action = np.full(3, 0.3, np.float32)
    assert noisy_action(action, 0.0, np.random.default_rng(0)) is action
