"""Actions as joint targets, for wrapper and task alike: where an arm starts, and what moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.genesis.layout import JOINTS, STEP
from soccer_lib.genesis.robots import ArmFacts

LEAD = 0.3
"""How far a joint's target may run ahead of the joint [rad]: a motor that is too weak winds nothing up."""

START_SPREAD = 0.05
"""Spread of the posture at the start around home [rad]."""


class JointDrive:
    """The joint targets of every arm of a scene.

    Args:
        arm: the arms.

    Attributes:
        asked: joint targets [rad]. Shape: (n_envs, 7).
    """

    def __init__(self, arm: Any) -> None:
        self.arm = arm
        self.asked = np.zeros((arm.n_envs, JOINTS))

    def start(self, rows: np.ndarray, joints: np.ndarray, physics: Sequence[Mapping[str, float]]) -> None:
        """Put arms into a posture, with the physics of their next episode.

        Args:
            rows: which arms.
            joints: [rad]. Shape: (rows, 7).
            physics: of each arm.
        """
        self.arm.set_physics(rows, physics)
        self.arm.reset(rows, joints)
        self.asked[rows] = joints

    def move(self, actions: np.ndarray) -> Any:
        """Change the targets by `actions` times 0.04 rad, let 0.02 s pass, and return where all arms are.

        Args:
            actions: from `checked_actions`. Shape: (n_envs, 7).
        """
        robot = self.arm.robot
        self.asked = np.clip(self.asked + STEP * actions, robot.low, robot.high)
        self.arm.move(self.asked)
        state = self.arm.read()
        self.asked = np.clip(self.asked, state.joint_pos - LEAD, state.joint_pos + LEAD)
        return state


def start_posture(robot: ArmFacts, rng: np.random.Generator) -> np.ndarray:
    """Home, and a little beside it [rad]. Shape: (7,)."""
    return robot.home + START_SPREAD * rng.uniform(-1, 1, JOINTS)


def checked_actions(actions: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Actions within [-1, 1].

    Raises:
        InputError: another shape, or a number that is not finite.
    """
    array = np.asarray(actions, dtype=float)
    if array.shape != shape or not np.isfinite(array).all():
        raise InputError(
            f"actions of shape {array.shape}; expected finite numbers of shape {shape}; check the policy"
        )
    return np.clip(array, -1.0, 1.0)
