"""Observations by name: what an agent sees."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.layout import FULL, INFO_FIELDS, JOINT_STATE, RAW
from soccer_lib.sim import simulation_of
from soccer_lib.tasks import Task

_ONE_HOT = np.eye(3)


def projected_gravity(quat_xyzw: np.ndarray) -> np.ndarray:
    """Unit vector of gravity in the trunk's axes.

    Args:
        quat_xyzw: orientation of the trunk as the stock info gives it, x y z w. Shape: (4,).

    Returns:
        Shape: (3,); (0, 0, -1) for an upright trunk.
    """
    x, y, z, w = quat_xyzw.tolist()
    return np.array([2 * (w * y - x * z), -2 * (y * z + w * x), 1 - 2 * (w * w + z * z)])


def full_observation(joints: np.ndarray, info: dict[str, Any], task: Task) -> np.ndarray:
    """The 89 entries of the competition's preprocessor, `layout.FULL`.

    Args:
        joints: joint positions and velocities, the first 24 entries of the stock observation.
        info: the stock info of the same step.
        task: whose one-hot is set.

    Returns:
        float32, Shape: (89,).
    """
    described = np.concatenate([info[name] for name in INFO_FIELDS], dtype=np.float32)
    return assembled(joints, info["robot_quat"], described, task)


def assembled(joints: np.ndarray, quat_xyzw: np.ndarray, described: np.ndarray, task: Task) -> np.ndarray:
    """The same from the entries of `layout.INFO_FIELDS`, Shape: (59,), without an info."""
    one_hot = np.zeros(3) if task.one_hot is None else _ONE_HOT[task.one_hot]
    return np.concatenate((joints, projected_gravity(quat_xyzw), described, one_hot), dtype=np.float32)


class RawObservation(gym.ObservationWrapper):
    """The stock observation as it is; its size depends on the task."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self.layout = RAW[simulation_of(env).task.name]
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (self.layout.size,), np.float32)

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Pass the stock observation on."""
        return observation


class FullObservation(gym.ObservationWrapper):
    """The 89 entries of the competition's preprocessor: one layout for every task."""

    layout = FULL

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self._sim = simulation_of(env)
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (FULL.size,), np.float32)

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Build the 89 entries from the stock observation and the simulation."""
        sim = self._sim
        return assembled(observation[JOINT_STATE], sim.readings.orientation(), sim.described(), sim.task)
