"""The learner: advantages by hand, a step that improves, and an exact continuation."""

import numpy as np
import pytest

from soccer_lib.workshop.walker.forward import GAMMA, forward, numpy_layers
from soccer_lib.workshop.walker.ppo import LAMBDA, Batch, Learner


def batch_of(rng, steps=8, robots=6, inputs=5, outputs=2):
    observations = rng.normal(size=(steps, robots, inputs)).astype(np.float32)
    actions = rng.normal(0, 0.4, (steps, robots, outputs)).astype(np.float32)
    log_probs = (-0.5 * (actions / np.exp(-1.0)) ** 2 + 1.0).sum(2).astype(np.float32)
    rewards = actions[:, :, 0].astype(np.float32)  # the more, the better
    done = np.zeros((steps, robots), bool)
    values = np.zeros((steps + 1, robots), np.float32)
    return Batch(observations, actions, log_probs, rewards, done, values)


def test_advantages_by_hand():
    rewards = np.array([[1.0], [2.0], [4.0]], np.float32)
    values = np.array([[0.5], [0.25], [0.0], [8.0]], np.float32)
    done = np.array([[False], [True], [False]])
    empty = np.zeros((3, 1, 1), np.float32)
    got = Batch(empty, empty, empty[..., 0], rewards, done, values).advantages()[:, 0]
    third = 4 + GAMMA * 8
    second = 2 - 0.25
    first = 1 + GAMMA * 0.25 - 0.5 + GAMMA * LAMBDA * second
    assert got == pytest.approx([first, second, third], rel=1e-6)


def test_updates_move_towards_the_reward():
    rng = np.random.default_rng(0)
    learner = Learner(5, 2, seed=0)
    observations = rng.normal(size=(200, 5)).astype(np.float32)

    def mean_action():
        return forward(numpy_layers(learner.network.arrays(), "actor"), observations).mean(0)

    before = mean_action()
    for _ in range(10):
        learner.update(batch_of(rng, steps=32))
    assert mean_action()[0] > before[0] + 0.02


def test_restored_learner_continues_exactly():
    rng = np.random.default_rng(1)
    batches = [batch_of(rng) for _ in range(4)]
    straight, other = Learner(5, 2, seed=0), Learner(5, 2, seed=9)
    straight.update(batches[0])
    straight.update(batches[1])
    state = {name: value.copy() for name, value in straight.state().items()}
    for batch in batches[2:]:
        straight.update(batch)
    other.restore(state)
    for batch in batches[2:]:
        other.update(batch)
    for name, value in straight.network.arrays().items():
        np.testing.assert_array_equal(value, other.network.arrays()[name])
    assert straight.learning_rate == other.learning_rate


def test_numpy_inference_agrees_with_torch():
    import torch

    learner = Learner(7, 3, seed=0)
    rows = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    with torch.no_grad():
        expected = learner.network.critic(torch.from_numpy(rows)).numpy()
    np.testing.assert_allclose(
        forward(numpy_layers(learner.network.arrays(), "critic"), rows), expected, atol=1e-5
    )
