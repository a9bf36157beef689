"""The learner: advantages by hand, a step that improves, and an exact continuation."""

import numpy as np
import pytest
import torch

from soccer_lib.workshop.walker.forward import GAMMA, forward, numpy_layers
from soccer_lib.workshop.walker.ppo import (
    ENTROPY,
    LAMBDA,
    LEARNING_RATES,
    Batch,
    Learner,
    clipped_loss,
    divergence_of,
    next_learning_rate,
    normalised,
)


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


def test_batches_of_workers_lie_side_by_side():
    one, two = (batch_of(np.random.default_rng(seed), robots=seed) for seed in (2, 3))
    joined = Batch.join([one, two])
    assert joined.values.shape == (9, 5) and joined.observations.shape == (8, 5, 5)
    np.testing.assert_array_equal(joined.rewards[:, 2:], two.rewards)


def test_the_clipped_objective_by_hand():
    """With a clip of 0.2 a good action gains up to a ratio of 1.2, a bad one is still pushed down at 1.5."""
    ratios = torch.tensor([1.5, 0.5, 1.5, 0.5])
    advantages = torch.tensor([1.0, 1.0, -1.0, -1.0])
    each = [float(-clipped_loss(r[None], a[None])) for r, a in zip(ratios, advantages, strict=True)]
    assert each == pytest.approx([1.2, 0.5, -1.5, -0.8])
    assert float(clipped_loss(ratios, advantages)) == pytest.approx(-(1.2 + 0.5 - 1.5 - 0.8) / 4)


def test_no_gradient_pulls_an_action_beyond_the_clip():
    ratio = torch.tensor([1.3, 0.7], requires_grad=True)
    clipped_loss(ratio, torch.tensor([1.0, -1.0])).backward()
    assert ratio.grad.tolist() == [0.0, 0.0]


def test_the_divergence_of_gaussians_by_hand():
    """A mean that moves by one spread: 1/2; a spread that doubles: log 2 + 1/8 - 1/2; both dimensions add."""
    zero, one = torch.zeros(3, 2), torch.ones(2)
    assert float(divergence_of(zero, one, zero, one)) == 0.0
    moved = zero + torch.tensor([1.0, 0.0])
    assert float(divergence_of(zero, one, moved, one)) == pytest.approx(0.5)
    wider = torch.tensor([1.0, 2.0])
    assert float(divergence_of(zero, one, zero, wider)) == pytest.approx(np.log(2) + 1 / 8 - 1 / 2)
    assert float(divergence_of(zero, one, moved, wider)) == pytest.approx(np.log(2) + 1 / 8)


def test_the_learning_rate_follows_the_divergence_within_its_bounds():
    assert next_learning_rate(1e-4, 0.016, 0.01) == pytest.approx(0.75e-4)
    assert next_learning_rate(1e-4, 0.005, 0.01) == pytest.approx(1.15e-4)
    assert next_learning_rate(1e-4, 0.010, 0.01) == 1e-4
    low, high = LEARNING_RATES
    assert next_learning_rate(low, 1.0, 0.01) == low and next_learning_rate(high, 0.0, 0.01) == high


def test_normalised_advantages_keep_their_order_and_equal_ones_are_nothing():
    """2, 4, 6 have the mean 4 and, with n - 1, the spread 2; equal ones have none to divide by."""
    assert normalised(torch.tensor([2.0, 4.0, 6.0])).tolist() == pytest.approx([-1.0, 0.0, 1.0])
    assert normalised(torch.full((4,), 3.0)).tolist() == [0.0] * 4


def test_an_update_without_any_reward_leaves_the_mean_action_and_a_finite_network():
    """Nothing to prefer: only the entropy bonus acts, and it widens the spread."""
    learner = Learner(5, 2, seed=0)
    batch = batch_of(np.random.default_rng(0))
    batch.rewards[:] = 0.0
    before = learner.network.arrays()
    measures = learner.update(batch)
    after = learner.network.arrays()
    assert np.isfinite(list(measures.values())).all()
    for name in before:
        if name.startswith("actor"):
            np.testing.assert_array_equal(before[name], after[name])
    assert ENTROPY > 0 and (after["log_std"] > before["log_std"]).all()


def test_the_critic_learns_the_discounted_return():
    """A reward of 1 for ever is worth 1 / (1 - gamma); over one step with a known next value r + gamma v."""
    rng = np.random.default_rng(0)
    learner = Learner(5, 2, seed=0)
    for _ in range(40):
        batch = batch_of(rng, steps=1, robots=64)
        batch.observations[:] = 1.0
        batch.rewards[:] = 1.0
        batch.values[0] = 5.0  # what it was thought to be worth changes nothing
        batch.values[1] = 2.0
        learner.update(batch)
    critic = numpy_layers(learner.network.arrays(), "critic")
    assert forward(critic, np.ones((1, 5), np.float32))[0, 0] == pytest.approx(1 + GAMMA * 2, abs=0.2)


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
    learner = Learner(7, 3, seed=0)
    rows = np.random.default_rng(0).normal(size=(4, 7)).astype(np.float32)
    with torch.no_grad():
        expected = learner.network.critic(torch.from_numpy(rows)).numpy()
    np.testing.assert_allclose(
        forward(numpy_layers(learner.network.arrays(), "critic"), rows), expected, atol=1e-5
    )
