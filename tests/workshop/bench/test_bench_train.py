"""`bench train`: what is counted, and how it is compared."""

from __future__ import annotations

import gymnasium as gym
import numpy as np
import pytest
import torch
from stable_baselines3 import TD3
from stable_baselines3.common.logger import Logger

from soccer_lib.workshop.bench.train import Part, _CountedSteps, training_figures


def test_steps_of_optimisers_are_counted_inside_the_block_only():
    weight = torch.nn.Parameter(torch.ones(1))
    optimiser = torch.optim.Adam([weight])
    weight.grad = torch.ones(1)
    with _CountedSteps() as counted:
        optimiser.step()
        optimiser.step()
    optimiser.step()
    assert counted.steps == 2


def test_medians_and_ratios_by_hand():
    speeds = {
        "plain script": ([1.0, 2.0, 9.0], [5.0, 5.0, 5.0]),
        "scratch": ([200.0, 300.0, 100.0], [1.0, 1.0, 1.0]),
        "finetune": ([400.0, 400.0, 400.0], [1.0, 1.0, 1.0]),
        "plain TD3 at command": ([3.0, 3.0, 3.0], [10.0, 20.0, 10.0]),
        "train --algo td3, alike": ([3.0, 3.0, 3.0], [12.0, 22.0, 15.0]),
        "the same, bfloat16": ([3.0, 3.0, 3.0], [15.0, 40.0, 12.0]),
    }
    parts = {name: Part(None, *values) for name, values in speeds.items()}
    figures = training_figures(parts)
    assert figures["scratch/times_the_plain_script"] == 100.0
    assert figures["finetune/times_the_plain_script"] == 200.0
    assert figures["alike/times_the_updates"] == pytest.approx(1.2)  # of 1.2, 1.1 and 1.5
    assert figures["bfloat16/times_the_updates"] == pytest.approx(1.5)  # of 1.5, 2 and 1.2
    assert figures["memory_gib"] > 0


class Toy(gym.Env):
    observation_space = gym.spaces.Box(-1, 1, (3,), np.float32)
    action_space = gym.spaces.Box(-1, 1, (2,), np.float32)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        return np.zeros(3, np.float32), {}

    def step(self, action):
        return np.zeros(3, np.float32), 0.0, False, False, {}


def test_a_piece_is_timed_with_its_updates():
    part = Part(TD3("MlpPolicy", Toy(), learning_starts=5, policy_kwargs={"net_arch": [4]}, device="cpu"))
    part.model.set_logger(Logger(None, []))
    part.go_on(0.3)
    part.go_on(0.3)
    # An update steps the critics' optimiser, every second one the actor's too: 1.5 for each env step.
    assert part.ratio == pytest.approx(1.5, abs=0.1)
    assert len(part.simulated) == 2 and part.simulated[1] > 0 and part.updates[1] > 0
