"""The batched environment as Stable-Baselines3 wants it: one scene, many arms, each with its own episodes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from gymnasium import spaces
from stable_baselines3.common.vec_env import VecEnv

from soccer_lib.genesis.layout import JOINTS, REACHING
from soccer_lib.genesis.scene import ArmScene
from soccer_lib.genesis.task import ReachOutcome, ReachSettings, ReachTask
from soccer_lib.seeds import checked_seed


def observation_space(size: int = REACHING.size) -> spaces.Box:
    """Of so many entries, float32, without limits."""
    return spaces.Box(-np.inf, np.inf, (size,), np.float32)


def action_space() -> spaces.Box:
    """Seven numbers from -1 to 1."""
    return spaces.Box(-1.0, 1.0, (JOINTS,), np.float32)


class ReachVecEnv(VecEnv):
    """Reaching with `n_envs` arms in one scene; an arm whose episode is over begins the next one at once.

    At the end of an episode its `info` has `is_success`, `distance_to_target` [m], `reward_terms` (sums over
    the episode, unweighted), `difficulty`, `terminal_observation` and `TimeLimit.truncated`.

    Args:
        arm: the scene; or the number of arms, and a scene is built.
        settings: what the task is.
        seed: of targets, starts and physics.
        scene: arguments of `ArmScene`, where a number was given.

    Attributes:
        outcome: of the last step of all arms; None before the first.

    Raises:
        InputError: `n_envs` below 1, a negative seed, and see `ArmScene`.
    """

    def __init__(self, arm: Any, settings: ReachSettings | None = None, seed: int = 0, **scene: Any) -> None:
        seed = checked_seed(seed) or 0
        self.arm = arm if hasattr(arm, "read") else ArmScene(arm, seed=seed, **scene)
        self.task = ReachTask(self.arm, settings, seed)
        self.render_mode = "rgb_array"
        super().__init__(self.arm.n_envs, observation_space(), action_space())
        self._sums: dict[str, np.ndarray] = {}
        self._actions = np.zeros((self.num_envs, JOINTS))
        self._fixed: np.ndarray | None = None
        self.outcome: ReachOutcome | None = None

    def seed(self, seed: int | None = None) -> Sequence[None | int]:
        """Begin all random numbers anew at the next reset."""
        seed = checked_seed(seed)
        if seed is not None:
            self.task.seed(seed)
        return [seed] * self.num_envs

    def aim(self, targets: np.ndarray | None, seeds: Sequence[int] | None = None) -> None:
        """Let every episode from the next reset on have the target of its arm; None draws them again.

        Args:
            targets: [m]. Shape: (n_envs, 3).
            seeds: of start and physics, arm by arm; None goes on with what they draw from.
        """
        self._fixed = targets
        if seeds is not None:
            self.task.rngs = [np.random.default_rng(seed) for seed in seeds]

    def reset(self) -> np.ndarray:
        """Begin an episode with every arm."""
        self._sums = {name: np.zeros(self.num_envs) for name in self.task.settings.weights}
        return self.task.reset(targets=self._fixed)

    def step_async(self, actions: np.ndarray) -> None:
        """Take the actions for `step_wait`."""
        self._actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        """Step all arms, and begin a new episode where one is over."""
        difficulty = self.task.difficulty
        outcome = self.task.step(self._actions)
        self.outcome = outcome
        for name, values in outcome.terms.items():
            self._sums[name] += values
        over = outcome.success | outcome.truncated
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        rows = np.flatnonzero(over)
        for row in rows:
            infos[row] = {
                "is_success": bool(outcome.success[row]),
                "distance_to_target": float(outcome.distance[row]),
                "reward_terms": {name: float(total[row]) for name, total in self._sums.items()},
                "difficulty": difficulty,
                "terminal_observation": outcome.observation[row].copy(),
                "TimeLimit.truncated": bool(outcome.truncated[row]),
            }
        observation = outcome.observation
        if len(rows):
            for total in self._sums.values():
                total[rows] = 0.0
            observation = self.task.reset(rows, None if self._fixed is None else self._fixed[rows])
        return observation, outcome.reward.astype(np.float32), over, infos

    def get_images(self) -> Sequence[np.ndarray | None]:
        """The picture of the first arm; the others are not drawn."""
        return [self.arm.picture(), *[None] * (self.num_envs - 1)]

    def close(self) -> None:
        """End the scene."""
        self.arm.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        """The same attribute for every arm: there is one object."""
        return [getattr(self, attr_name)] * len(list(self._get_indices(indices)))

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        """Set an attribute of the one object."""
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        """Call a method of the one object."""
        return [getattr(self, method_name)(*args, **kwargs)]

    def env_is_wrapped(self, wrapper_class: type, indices: Any = None) -> list[bool]:
        """Nothing is wrapped inside."""
        return [False] * len(list(self._get_indices(indices)))
