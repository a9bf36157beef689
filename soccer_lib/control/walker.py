"""The project's walker: gait engine plus residual network behind one `step`."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.control.gait import Gait, GaitParameters
from soccer_lib.control.leg import JOINT_HIGH, JOINT_LOW
from soccer_lib.control.network import Network
from soccer_lib.control.residual import RESIDUAL_SCALE, TrunkState, features, unmirror
from soccer_lib.errors import InputError
from soccer_lib.layout import KD, KP, Sensed

OWN_LIMITS = ((-0.4, 1.1), (-0.4, 0.4), (-1.0, 1.0))
"""What the walker is trained to track: forward and sideways velocity [m/s], yaw rate [rad/s]."""

TARGET_LOW = JOINT_LOW - 0.3
"""Lowest joint targets [rad]: beyond the joint's range they push harder near its end. Shape: (12,)."""

TARGET_HIGH = JOINT_HIGH + 0.3
"""Highest joint targets [rad]. Shape: (12,)."""


class Walker:
    """Interface of all walkers: velocity command in, joint targets out, every 20 ms.

    Attributes:
        name: what was asked of `load_walker`.
        sha256: hash of the weights.
        limits: lowest and highest command that it tracks. Shape: (3, 2) [m/s, m/s, rad/s].
        kp, kd: gains of the PD that follows the targets at 500 Hz. Shape: (12,).
    """

    kp = KP.astype(float)
    kd = KD.astype(float)

    def __init__(self, name: str, sha256: str, limits: tuple | np.ndarray) -> None:
        self.name = name
        self.sha256 = sha256
        self.limits = np.array(limits, dtype=float)

    @property
    def phase(self) -> float:
        """Gait phase in [0, 1)."""
        raise NotImplementedError

    @property
    def cycle(self) -> float:
        """Length of one gait cycle, two steps [s]."""
        raise NotImplementedError

    def reset(self, phase: float = 0.0) -> None:
        """Start an episode at a gait phase in [0, 1)."""
        raise NotImplementedError

    def step(
        self,
        command: np.ndarray,
        sensed: Sensed,
    ) -> np.ndarray:
        """Joint targets for the next 20 ms.

        Args:
            command: forward, sideways velocity [m/s] and yaw rate [rad/s]. Shape: (3,).
            sensed: what the robot's sensors say.

        Returns:
            Joint targets [rad]. Shape: (12,), float32.

        Raises:
            InputError: a command of another shape or with NaN.
        """
        raise NotImplementedError

    def step_by(self, command: np.ndarray, readings: Any) -> np.ndarray:
        """The same by the sensors of a simulation, `sim.Readings`."""
        return self.step(command, readings.sense())

    def get_state(self) -> dict:
        """All that a bit-identical continuation needs: numbers and arrays."""
        raise NotImplementedError

    def set_state(self, state: dict) -> None:
        """Continue from a `get_state`."""
        raise NotImplementedError


def command_list(command: np.ndarray) -> list[float]:
    """Check a velocity command and return it as three plain floats.

    Raises:
        InputError: a command of another shape or with NaN.
    """
    array = np.asarray(command, dtype=float)
    if array.shape != (3,):
        raise InputError(
            f"velocity command of shape {array.shape}; expected (3,): vx, vy [m/s] and yaw rate [rad/s]; "
            "pass three numbers"
        )
    a, b, c = values = array.tolist()
    if not abs(a) + abs(b) + abs(c) < 1e6:
        raise InputError(f"velocity command {values}; expected finite numbers; check the policy's output")
    return values


class OwnWalker(Walker):
    """Gait engine and, where weights are given, the residual network on top."""

    def __init__(
        self,
        parameters: GaitParameters,
        network: Network | None = None,
        name: str = "own",
        sha256: str = "",
        limits: tuple | np.ndarray = OWN_LIMITS,
        engine: Gait | None = None,
    ) -> None:
        super().__init__(name, sha256, limits)
        self.gait = engine or Gait(parameters)
        self.network = network
        self.reset()

    @property
    def phase(self) -> float:
        """Gait phase in [0, 1)."""
        return self.gait.phase

    @property
    def cycle(self) -> float:
        """Length of one gait cycle, two steps [s]."""
        return 1.0 / self.gait.p.frequency

    def reset(self, phase: float = 0.0) -> None:
        """Start an episode at a gait phase in [0, 1)."""
        self.gait.reset([0.0] * 12, phase)
        self.action = [0.0] * 12
        self.fresh = True

    def resume(self, phase: float) -> None:
        """Walk on at a gait phase in [0, 1) after something else has moved the joints."""
        self.reset(phase)
        self.fresh = False
        self.gait.time = 10.0  # the landing after the reset lies behind
        self.gait.standing = False

    def step(self, command: np.ndarray, sensed: Sensed) -> np.ndarray:
        """Joint targets for the next 20 ms; see `Walker.step`."""
        wanted = command_list(command)
        joints = sensed.joint_pos.tolist()
        speeds = sensed.joint_vel.tolist()
        if self.fresh:
            self.gait.start_pose = joints
            self.fresh = False
        trunk = TrunkState.of(sensed)
        target = self.gait.step(wanted, trunk.pitch, trunk.roll, trunk.gyro, trunk.velocity, trunk.yaw_rate)
        if self.network is None:
            return np.array(target, dtype=np.float32)
        row = np.array(features(self.gait, trunk, joints, speeds, self.action), dtype=np.float32)
        self.action = unmirror(self.network(row).tolist(), self.gait)
        return combine(target, self.action)

    def get_state(self) -> dict:
        """All that a bit-identical continuation needs: numbers and arrays."""
        return {**self.gait.get_state(), "action": np.array(self.action), "fresh": float(self.fresh)}

    def set_state(self, state: dict) -> None:
        """Continue from a `get_state`."""
        self.gait.set_state(state)
        self.action = np.asarray(state["action"], dtype=float).tolist()
        self.fresh = bool(state["fresh"])


def combine(target: list[float], action: list[float]) -> np.ndarray:
    """Joint targets of engine and network together [rad]. Shape: (12,), float32."""
    total = np.array([a + RESIDUAL_SCALE * b for a, b in zip(target, action, strict=True)])
    return np.minimum(np.maximum(total, TARGET_LOW), TARGET_HIGH).astype(np.float32)
