"""Late and noisy observations."""

from __future__ import annotations

import numpy as np

from soccer_lib.layout import AGENT
from soccer_lib.variation.senses import LateSenses


def test_what_is_seen_is_as_old_as_it_says():
    """0.2 s are two steps of 0.1 s; until there is one so old, the first one is seen."""
    senses = LateSenses(AGENT, 0.1)
    senses.begin(delay=0.2)
    rng = np.random.default_rng(0)
    seen = [int(senses.see(row, rng).argmax()) for row in np.eye(5, 96, dtype=np.float32)]
    assert seen == [0, 0, 0, 1, 2]
    senses.begin(delay=0.2)
    assert senses.see(np.eye(5, 96, dtype=np.float32)[4], rng).argmax() == 4, "a new episode has seen nothing"


def test_without_noise_nothing_is_drawn_and_the_array_is_the_same():
    senses = LateSenses(AGENT, 0.1)
    rng = np.random.default_rng(0)
    observation = np.ones(96, np.float32)
    assert senses.see(observation, rng) is observation
    assert rng.random() == np.random.default_rng(0).random()


def test_noise_has_its_spread_and_spares_what_is_known():
    senses = LateSenses(AGENT, 0.1)
    senses.begin(noise=0.1)
    rng = np.random.default_rng(0)
    rows = np.array([senses.see(np.zeros(96, np.float32), rng) for _ in range(400)])
    assert rows.dtype == np.float32 and not rows[:, AGENT["task_one_hot"]].any()
    assert abs(rows[:, AGENT["ball_xpos_rel_robot"]].std() - 0.1) < 0.01
