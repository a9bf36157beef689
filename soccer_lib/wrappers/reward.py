"""Rewards by name: what an agent is paid."""

from __future__ import annotations

import gymnasium as gym
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.scoring import official_score
from soccer_lib.tasks import COMPETITION


class EnvReward(gym.Wrapper):
    """The stock environment's dense reward, added up over the held physics steps.

    It pays for standing near the ball after a touch, not for scoring: see notebook 05.
    """

    sum_reward = True


class CompetitionReward(gym.Wrapper):
    """The official score, paid once at the end; a time-out is a true end, so nothing is bootstrapped."""

    sum_reward = False

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self._task = env.unwrapped.task
        if not self._task.in_competition:
            raise InputError(
                f"reward 'competition' is not defined for task '{self._task.name}'; "
                f"expected one of {', '.join(COMPETITION)}; use reward='env'"
            )

    def step(self, action: np.ndarray):
        """Replace the reward by the official one."""
        observation, _, terminated, truncated, info = self.env.step(action)
        over = terminated or truncated
        reward = official_score(self._task.name, info["reward_terms"]) if over else 0.0
        unstable = "sim_unstable" in info
        return observation, reward, over and not unstable, unstable, info


REWARDS: dict[str, type[gym.Wrapper]] = {"env": EnvReward, "competition": CompetitionReward}
"""Rewards by name."""
