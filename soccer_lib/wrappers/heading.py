"""Observations in the robot's own heading frame, with the ball by its true centre."""

from __future__ import annotations

import math
from collections.abc import Iterable
from operator import truediv
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.control.ball import Vector
from soccer_lib.errors import InputError
from soccer_lib.geometry import heading_of
from soccer_lib.layout import AGENT, COMMAND_SCALE, FULL, JOINT_STATE, ROBOT
from soccer_lib.sim import simulation_of
from soccer_lib.tasks import Task
from soccer_lib.wrappers.control import ControlInterface
from soccer_lib.wrappers.observation import assembled, full_observation

SOUTH_GOAL = (-10.97, 0.0, 0.0)
"""Where the south goal's site stands, world axes [m]: with it, absolute positions become relative."""

_WORLD = np.concatenate([np.arange(89)[f.slice] for f in FULL.fields if f.frame == "world"]).reshape(-1, 3)
_LEVEL = np.ascontiguousarray(_WORLD[:, :2].T)
"""Entries of all world vectors along x, and along y."""

_SCALE = COMMAND_SCALE.tolist()
_BALL_XPOS = FULL["ball_xpos_rel_robot"]
_BALL_VELP = FULL["ball_velp_rel_robot"]
_GOALS_REL_BALL = slice(FULL["goal_team_0_rel_ball"].start, FULL["goal_team_1_rel_ball"].stop)
_SOUTH_GOAL = FULL["goal_team_0_rel_robot"]
_DEFENDERS = FULL["defender_xpos"]


def robot_observation(
    joints: np.ndarray, info: dict[str, Any], task: Task, ball_offset: Vector, ball_spin: Vector
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
    return in_heading_frame(full_observation(joints, info, task), info["robot_quat"], ball_offset, ball_spin)


def in_heading_frame(
    full: np.ndarray, quat_xyzw: np.ndarray, ball_offset: Vector, ball_spin: Vector
) -> np.ndarray:
    """The entries of `layout.ROBOT` from those of `layout.FULL`, float32. Shapes: (89,)."""
    robot = full.astype(float)
    a, b, c = ball_spin
    x, y, z = ball_offset
    robot[_BALL_XPOS] += (x, y, z)
    robot[_BALL_VELP] += (b * z - c * y, c * x - a * z, a * y - b * x)
    robot[_GOALS_REL_BALL] -= (x, y, z, x, y, z)
    x, y, z = robot[_SOUTH_GOAL].tolist()
    robot[_DEFENDERS] -= (SOUTH_GOAL[0] - x, SOUTH_GOAL[1] - y, SOUTH_GOAL[2] - z) * 3
    yaw = heading_of(quat_xyzw)
    sin = math.sin(yaw)
    level = robot.take(_LEVEL)
    robot[_LEVEL] = math.cos(yaw) * level + ((sin,), (-sin,)) * level[::-1]
    return robot.astype(np.float32)


class RobotObservation(gym.ObservationWrapper):
    """The 89 entries in the robot's heading frame: turning the whole scene changes nothing."""

    layout = ROBOT

    def __init__(self, env: ControlInterface) -> None:
        super().__init__(env)
        self._sim = simulation_of(env)
        if env.ball is None:
            raise InputError(
                "no ball tracker to see the ball's centre by; expected track_ball=True; use make_env"
            )
        self._control = env
        self.observation_space = gym.spaces.Box(-np.inf, np.inf, (self.layout.size,), np.float32)

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Build the entries from the stock observation, the simulation and the ball tracker."""
        sim = self._sim
        ball = self._control.ball
        quat = sim.readings.orientation()
        assert ball is not None
        full = assembled(observation[JOINT_STATE], quat, sim.described(), sim.task)
        return in_heading_frame(full, quat, ball.offset, ball.spin)


class AgentObservation(RobotObservation):
    """The robot's 89 entries and 7 on the episode and its own controller."""

    layout = AGENT

    def observation(self, observation: np.ndarray) -> np.ndarray:
        """Build the 96 entries."""
        sim = self._sim
        phase: tuple[float, float] = (0.0, 0.0)
        command: Iterable[float] = (0.0, 0.0, 0.0)
        kicks = False
        walker = getattr(self._control, "walker", None)
        if walker is not None:
            angle = 2 * math.pi * walker.phase
            phase = math.cos(angle), math.sin(angle)
            control: Any = self._control
            command = map(truediv, control.command.tolist(), _SCALE)
            kicks = control.macro_active
        left = 1 - sim.n_steps / sim.task.max_steps
        episode = (left, *phase, *command, float(kicks))
        return np.concatenate((super().observation(observation), episode), dtype=np.float32)
