"""A stand-in for a scene of arms: joints go where they are told, as fast as they may; no Genesis needed."""

from __future__ import annotations

import numpy as np

from soccer_lib.genesis.layout import DT
from soccer_lib.genesis.physics import nominal_physics
from soccer_lib.genesis.robots import ROBOTS, tool_position
from soccer_lib.genesis.scene import ArmState

SPEED = np.array([2.175, 2.175, 2.175, 2.175, 2.61, 2.61, 2.61])
"""Largest velocity of each of the Franka's joints, by its maker's data sheet [rad/s]."""


class StandInArm:
    """What a task needs of `ArmScene`, with the same kinematics and no forces."""

    def __init__(self, n_envs: int = 1, *_, **__) -> None:
        self.n_envs = n_envs
        self.robot = ROBOTS["franka"]
        self.joints = np.tile(self.robot.home, (n_envs, 1)).astype(float)
        self.speed = np.zeros((n_envs, 7))
        self.physics = [nominal_physics() for _ in range(n_envs)]
        self.shown = np.zeros((n_envs, 3))
        self.closed = False

    def reset(self, rows, joints) -> None:
        self.joints[rows] = joints
        self.speed[rows] = 0.0

    def move(self, targets) -> None:
        step = np.clip(targets - self.joints, -SPEED * DT, SPEED * DT)
        self.joints = self.joints + step
        self.speed = step / DT

    def read(self) -> ArmState:
        return ArmState(self.joints.copy(), self.speed.copy(), tool_position(self.joints))

    def set_physics(self, rows, physics) -> None:
        for row, traits in zip(rows, physics, strict=True):
            self.physics[row] = dict(traits)

    def show_targets(self, rows, places) -> None:
        self.shown[rows] = places

    def picture(self) -> np.ndarray:
        return np.zeros((48, 64, 3), dtype=np.uint8)

    def close(self) -> None:
        self.closed = True
