"""What a run's rewards are multiplied by, and what a refused kick costs, by hand."""

from __future__ import annotations

from types import SimpleNamespace

import gymnasium as gym
import numpy as np

from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.environment import ScaledReward, reward_factors


class Slots(SimpleNamespace):
    """Two slots that pay 10 and have refused so many kicks by now."""

    def step_wait(self):
        refused, dones = self.script.pop(0)
        infos = [{"macro_refused_count": count} for count in refused]
        return np.zeros((2, 1)), np.full(2, 10.0, np.float32), np.array(dones), infos

    def reset(self):
        return np.zeros((2, 1))


def test_rewards_are_scaled_by_task_and_refusals_cost_once():
    box = gym.spaces.Box(-1, 1, (1,))
    script = [([1, 0], [False, False]), ([3, 0], [True, False]), ([1, 2], [False, False])]
    venv = Slots(num_envs=2, observation_space=box, action_space=box, slot_tasks=["a", "b"], script=script)
    scaled = ScaledReward(venv, {"a": 0.1}, refusal_cost=0.5)
    scaled.reset()
    paid = [scaled.step_wait()[1].tolist() for _ in range(3)]
    # Slot 0 is paid 10 x 0.1; it refuses 1, then 2 more, and after its end 1 in the new episode.
    assert paid == [[1.0 - 0.5, 10.0], [1.0 - 1.0, 10.0], [1.0 - 0.5, 10.0 - 1.0]]


def test_tasks_are_named_either_way():
    config = TrainConfig(reward_scale="LowerT1KickToTarget-v0=0.5,goalie_penalty_kick=2")
    assert reward_factors(config) == {"kick_to_target": 0.5, "goalie_penalty_kick": 2.0}
