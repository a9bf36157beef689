"""The replay buffer: discounts of held steps, and rows that are never learned from."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest

from soccer_lib.errors import ResourceError
from soccer_lib.learn.replay import HELD_OUT, HeldReplayBuffer, check_memory


@pytest.fixture
def buffer() -> HeldReplayBuffer:
    """A hundred rows of two slots; the observation is the row's number, every 10th step a kick of 500."""
    box = gym.spaces.Box(-np.inf, np.inf, (1,), np.float32)
    made = HeldReplayBuffer(200, box, box, device="cpu", n_envs=2, gamma=0.9, hold=50)
    for row in range(100):
        seen = np.full((2, 1), row, np.float32)
        held = 500 if row % 10 == 0 else 50
        infos = [{"held_steps": held, "TimeLimit.truncated": slot == 1} for slot in range(2)]
        made.add(seen, seen + 1, seen, np.ones(2), np.ones(2), infos)
    return made


def test_each_transition_has_the_discount_of_its_own_length(buffer):
    batch = buffer.sample(500)
    kicks = batch.observations[:, 0] % 10 == 0
    np.testing.assert_allclose(batch.discounts[kicks], 0.9**10, rtol=1e-6)
    np.testing.assert_allclose(batch.discounts[~kicks], 0.9, rtol=1e-6)


def test_a_truncation_is_no_end(buffer):
    # Slot 0 ends truly, slot 1 by the time limit: about half of the draws.
    assert 0.4 < float(buffer.sample(1000).dones.mean()) < 0.6


def test_rows_that_are_held_out_are_never_learned_from(buffer):
    learned = set(buffer.sample(5000).observations[:, 0].int().tolist())
    held = set(buffer.held_out(500).observations[:, 0].int().tolist())
    assert held == set(range(HELD_OUT - 1, 100, HELD_OUT))
    assert learned == set(range(100)) - held


def test_a_small_buffer_holds_nothing_out():
    box = gym.spaces.Box(-1, 1, (1,), np.float32)
    buffer = HeldReplayBuffer(10, box, box, device="cpu", gamma=0.9, hold=1)
    buffer.add(*[np.zeros((1, 1))] * 3, np.zeros(1), np.zeros(1), [{"held_steps": 1}])
    assert buffer.held_out(4) is None and len(buffer.sample(4).rewards) == 4


def test_a_buffer_beyond_memory_is_refused_with_the_size_that_fits():
    # 4 bytes x (2 x 96 + 3 + 4) = 796 bytes each: a million are 0.74 GiB.
    check_memory(1_000_000, 96, 3, 800 * 10**6)
    with pytest.raises(ResourceError, match="0.7 GiB.*--buffer-size 500,000"):
        check_memory(1_000_000, 96, 3, 796 * 625_000)
