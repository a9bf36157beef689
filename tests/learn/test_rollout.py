"""Advantages with a discount for each step, by hand."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import torch

from soccer_lib.learn.rollout import HeldRolloutBuffer, held_advantages


def column(*values: float) -> np.ndarray:
    return np.array(values, np.float32)[:, None]


def test_a_long_step_is_discounted_for_as_long_as_it_lasts():
    # Two steps, the second one a kick of three holds: gamma 0.5 makes discounts 1/2 and 1/8.
    advantages = held_advantages(
        rewards=column(1.0, 2.0),
        values=column(10.0, 20.0),
        discounts=column(0.5, 0.125),
        ends=column(0, 0),
        last_values=np.array([40.0], np.float32),
        gae_lambda=0.5,
    )
    second = 2.0 + 0.125 * 40.0 - 20.0  # -13
    first = 1.0 + 0.5 * 20.0 - 10.0 + 0.5 * 0.5 * second  # 1 - 3.25
    np.testing.assert_allclose(advantages[:, 0], [first, second])
    assert (first, second) == (-2.25, -13.0)


def test_nothing_counts_beyond_an_end():
    advantages = held_advantages(
        rewards=column(1.0, 5.0),
        values=column(3.0, 100.0),
        discounts=column(1.0, 1.0),
        ends=column(1, 0),
        last_values=np.array([7.0], np.float32),
        gae_lambda=1.0,
    )
    np.testing.assert_allclose(advantages[:, 0], [1.0 - 3.0, 5.0 + 7.0 - 100.0])


def filled_buffer(
    held: list[int], gamma: float = 0.5, cut_off: float = 0.0, gae_lambda: float = 1.0
) -> HeldRolloutBuffer:
    box = gym.spaces.Box(-1, 1, (1,), np.float32)
    buffer = HeldRolloutBuffer(len(held), box, box, device="cpu", gae_lambda=gae_lambda, gamma=gamma, hold=50)
    for steps in held:
        discounts = buffer.note_held(np.array([steps]))
        assert discounts[0] == np.float32(gamma ** (steps / 50))
        buffer.cut_off[:] = cut_off
        zero = np.zeros((1, 1), np.float32)
        buffer.add(zero, zero, np.ones(1, np.float32), np.zeros(1), torch.zeros(1), torch.zeros(1))
    return buffer


def test_the_buffer_takes_the_discount_from_how_long_a_step_was_held():
    buffer = filled_buffer([50, 100, 25])
    buffer.compute_returns_and_advantage(torch.tensor([8.0]), np.zeros(1))
    # 1 + 1/2 (1 + 1/4 (1 + sqrt(1/2) 8))
    expected = 1 + 0.5 * (1 + 0.25 * (1 + 0.5**0.5 * 8))
    np.testing.assert_allclose(buffer.returns[0, 0], expected, rtol=1e-6)


def test_what_a_truncation_cuts_off_is_paid_once():
    box = filled_buffer([50], cut_off=3.0)
    assert box.rewards[0, 0] == 4.0 and box.cut_off[0] == 3.0 - 3.0


def test_outcomes_are_what_came_of_a_step_and_no_estimate_between():
    buffer = filled_buffer([50, 100, 25], gae_lambda=0.0)
    buffer.values[:] = 3.0
    buffer.compute_returns_and_advantage(torch.tensor([8.0]), np.zeros(1))
    np.testing.assert_allclose(buffer.returns[0, 0], 1 + 0.5 * 3)
    np.testing.assert_allclose(buffer.outcomes[0, 0], 1 + 0.5 * (1 + 0.25 * (1 + 0.5**0.5 * 8)), rtol=1e-6)
    buffer.compute_returns_and_advantage(torch.tensor([8.0]), np.ones(1))
    np.testing.assert_allclose(buffer.outcomes[0, 0], 1 + 0.5 * (1 + 0.25 * 1))
