"""PPO's critic learns from more than the newest rollout, and from it alone where it is told so."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from soccer_lib.learn.algorithms import MAKERS
from soccer_lib.learn.environment import training_env
from soccer_lib.learn.ppo import HeldPPO
from tests.learn.tiny import TINY


@pytest.fixture
def made():
    """Makes a model of the tiny run."""
    envs = []

    def make(**settings) -> HeldPPO:
        config = dataclasses.replace(TINY, **settings).resolved()
        envs.append(training_env(config))
        return MAKERS["ppo"](config, envs[-1], None)

    yield make
    for env in envs:
        env.close()


def test_the_critic_goes_on_learning_from_the_last_rollouts_alone(made):
    model = made(critic_memory=2)
    model.learn(3 * 16)
    assert [part.shape for rollout in model.memory for part in rollout] == [(16, 96), (16, 1)] * 2
    # The newest rollout is the last one, its rows in the order of its outcomes.
    np.testing.assert_array_equal(model.memory[-1][0], model.rollout_buffer.observations)
    np.testing.assert_array_equal(
        model.memory[-1][1], model.rollout_buffer.swap_and_flatten(model.rollout_buffer.outcomes)
    )
    assert model.memory_room == 2 * 16 * (96 + 1) * 4


def test_passes_over_the_memory_bring_values_to_outcomes_and_leave_the_actor(made):
    model = made(critic_memory=1, critic_lr=0.01)
    model.learn(16)
    actor = [parameter.detach().clone() for parameter in model.policy.actor_parameters()]
    observations, outcomes = map(torch.as_tensor, model.memory[0])

    def off() -> float:
        values = model.policy.predict_values(observations).detach()
        return float((values - outcomes).abs().mean())

    before = off()
    for _ in range(50):
        model._learn_again()  # the buffer is as it was: its only rollout, again
    assert off() < 0.5 * before
    assert all(map(torch.equal, actor, model.policy.actor_parameters()))


def test_without_a_memory_nothing_is_kept(made):
    model = made()
    model.learn(2 * 16)
    assert model.memory == [] and model.memory_room == 0
