"""Observations in the robot's own heading frame, with the ball by its true centre."""

from __future__ import annotations

import math
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.layout import AGENT, COMMAND_SCALE, FULL, ROBOT
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import Task
from soccer_lib.wrappers.control import ControlInterface
from soccer_lib.wrappers.observation import full_observation

SOUTH_GOAL = np.array([-10.97, 0.0, 0.0])
"""Where the south goal's site stands, world axes [m]: with it, absolute positions become relative."""

_WORLD = np.concatenate([np.arange(89)[f.slice] for f in FULL.fields if f.frame == "world"]).reshape(-1, 3)
"""Entries of all world vectors, Shape: (n, 3)."""


def heading_of(quat_xyzw: np.ndarray) -> float:
    """Yaw of the trunk [rad], 0 along the world's x axis."""
    x, y, z, w = quat_xyzw.tolist()
    return math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def robot_observation(
    joints: np.ndarray, info: dict[str, Any], task: Task, ball_offset: np.ndarray, ball_spin: np.ndarray
) -> np.ndarray:
    """The 89 entries of `layout.ROBOT`, from nothing but the stock observation and info.

    Args:
        joints: joint positions and velocities, the first 24 entries of the stock observation.
        info: the stock info of the same step.
        task: whose one-hot is set.
        ball_offset: from the observed ball point to the ball's centre, world axes [m] (`BallTracker`).
        ball_spin: angular velocity of the ball, world axes [rad/s].

    Returns:
        float32, Shape: (89,).
    """
    full = full_observation(joints, info, task).astype(float)
    full[FULL["ball_xpos_rel_robot"]] += ball_offset
    full[FULL["ball_velp_rel_robot"]] += np.cross(ball_spin, ball_offset)
    for team in (0, 1):
        full[FULL[f"goal_team_{team}_rel_ball"]] -= ball_offset
    imu = SOUTH_GOAL - full[FULL["goal_team_0_rel_robot"]]
    full[FULL["defender_xpos"]] -= np.tile(imu, 3)
    yaw = heading_of(info["robot_quat"])
    cos, sin = math.cos(yaw), math.sin(yaw)
    x, y = full[_WORLD[:, 0]], full[_WORLD[:, 1]]
    full[_WORLD[:, 0]], full[_WORLD[:, 1]] = cos * x + sin * y, cos * y - sin * x
    return full.astype(np.float32)


class RobotObservation(gym.ObservationWrapper):
    """The 89 entries in the robot's heading frame: turning the whole scene changes nothing."""

    layout = ROBOT

    def __init__(self, env: ControlInterface) -> None:
        super().__init__(env)
        self._sim: SoccerSim = env.unwrapped
        self._control = env
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (self.layout.size,), np.float32)

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Build the entries from the stock observation, the info and the ball tracker."""
        ball = self._control.ball
        return robot_observation(observation[:24], self._sim.info(), self._sim.task, ball.offset, ball.spin)


class AgentObservation(RobotObservation):
    """The robot's 89 entries and 7 on the episode and its own controller."""

    layout = AGENT

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Build the 96 entries."""
        sim, phase, command = self._sim, np.zeros(2), np.zeros(3)
        walker = getattr(self._control, "walker", None)
        if walker is not None:
            angle = 2 * math.pi * walker.phase
            phase = np.array([math.cos(angle), math.sin(angle)])
            command = self._control.command / COMMAND_SCALE
        left = 1 - sim.n_steps / sim.task.max_steps
        parts = (super().observation(observation), [left], phase, command, [0.0])
        return np.concatenate(parts, dtype=np.float32)
