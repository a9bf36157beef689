"""The gait engine: a clock, foot trajectories and IMU feedback give 12 joint targets at 50 Hz.

The feet follow a two-phase clock. The standing foot moves back with a blend of the commanded and the
measured velocity; the swinging foot flies to a point that catches the robot's motion (Raibert 1986, "Legged
robots that balance"): half a step of the commanded velocity plus a share of the velocity error. Ankle and
hip of the standing leg push against a lean of the trunk. With a zero command the clock stops once the robot
is calm.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from math import hypot, pi, sin

import numpy as np

from soccer_lib.control.leg import (
    HIP_Y,
    LEFT_HIGH,
    LEFT_LOW,
    RIGHT_HIGH,
    RIGHT_LOW,
    clamp,
    leg_angles,
)
from soccer_lib.tasks import WALKER_DT

LANDING = 0.3
"""Time after a reset in which both feet stay down and the command counts as zero [s]."""

MISSED_LIFT_OFF = 0.15
"""How much of a gait cycle the clock is turned back at most, for a lift-off that it has just missed."""

RAMP = (2.5, 1.6, 4.0)
"""Fastest change of the command that is followed: [m/s2], [m/s2], [rad/s2]."""

AVERAGE_RATE = 0.08
"""Share of the new velocity in its running mean, per 20 ms step (time constant 0.25 s)."""

_SIDES = ((0, 1.0), (1, -1.0))
_LOW = (LEFT_LOW, RIGHT_LOW)
_HIGH = (LEFT_HIGH, RIGHT_HIGH)


@dataclass(frozen=True)
class GaitParameters:
    """The numbers of the gait engine; `walker train` finds them, starting from these rounded values."""

    frequency: float = 1.75
    """Gait cycles (two steps) per second [Hz]."""
    height: float = 0.5
    """Hip pitch axis above the ankle roll axis [m]."""
    lift: float = 0.06
    """Height of the swing foot's path [m]."""
    width: float = 0.02
    """Foot outside of its hip, each side [m]."""
    double_support: float = 0.16
    """Share of a step with both feet down."""
    lean: float = 0.02
    """Forward lean of the trunk [rad]."""
    foot_forward: float = 0.0
    """Feet ahead of the hips [m]."""
    stance_vx: float = 0.5
    """Share of the measured forward velocity in the standing foot's motion."""
    stance_vy: float = 0.4
    """Share of the measured sideways velocity in the standing foot's motion."""
    place_vx: float = 0.28
    """Landing point per forward velocity error [s]."""
    place_vy: float = 0.15
    """Landing point per sideways velocity error [s]."""
    ankle_pitch: float = 1.5
    """Ankle pitch of the standing leg per lean error [rad/rad]."""
    ankle_pitch_rate: float = 0.19
    """Ankle pitch of the standing leg per pitch rate [s]."""
    ankle_roll: float = 0.9
    """Ankle roll of the standing leg per roll [rad/rad]."""
    ankle_roll_rate: float = 0.12
    """Ankle roll of the standing leg per roll rate [s]."""
    hip_pitch: float = 0.1
    """Hip pitch of the standing leg per lean error [rad/rad]."""
    hip_pitch_rate: float = 0.07
    """Hip pitch of the standing leg per pitch rate [s]."""
    hip_roll: float = 0.3
    """Hip roll of the standing leg per roll [rad/rad]."""
    hip_roll_rate: float = 0.04
    """Hip roll of the standing leg per roll rate [s]."""
    swing_level: float = 0.95
    """Share of the measured lean that is taken out of the swing foot."""
    hip_roll_lift: float = 0.06
    """Hip roll of the standing leg that holds the other side up, at mid-swing [rad]."""
    scale_vx: float = 0.9
    """Engine velocity per commanded forward velocity."""
    scale_vy: float = 0.9
    """Engine velocity per commanded sideways velocity."""
    scale_yaw: float = 0.9
    """Engine yaw rate per commanded yaw rate."""
    integral_vx: float = 0.2
    """Rate at which a lasting forward velocity error is corrected [1/s]."""
    integral_vy: float = 0.1
    """Rate at which a lasting sideways velocity error is corrected [1/s]."""
    integral_yaw: float = 0.5
    """Rate at which a lasting yaw rate error is corrected [1/s]."""

    @classmethod
    def of(cls, values: np.ndarray) -> GaitParameters:
        """Build from one number per field, as they are. Shape: (n_fields,)."""
        return cls(*map(float, values))

    @classmethod
    def bounded(cls, values: np.ndarray) -> GaitParameters:
        """Build from one number per field, moved into the range of the search. Shape: (n_fields,)."""
        p = dict(zip(PARAMETER_NAMES, map(float, values), strict=True))
        for name, (low, high) in _BOUNDS.items():
            p[name] = clamp(p[name], low, high)
        return cls(**p)

    def vector(self) -> np.ndarray:
        """One number per field, in the order of the fields. Shape: (n_fields,)."""
        return np.array([getattr(self, name) for name in PARAMETER_NAMES])


PARAMETER_NAMES = tuple(field.name for field in dataclasses.fields(GaitParameters))
_BOUNDS = {
    "frequency": (1.2, 1.8),
    "height": (0.4, 0.515),
    "lift": (0.02, 0.14),
    "double_support": (0.02, 0.5),
    "stance_vx": (0.0, 0.7),
    "lean": (-0.02, 0.06),
    "scale_vx": (0.9, 1.4),
    "scale_vy": (0.85, 1.5),
    "scale_yaw": (0.7, 1.4),
    "integral_vx": (0.0, 2.0),
    "integral_vy": (0.0, 2.0),
    "integral_yaw": (0.4, 1.5),
}
_INTEGRAL_LIMIT = (0.25, 0.15, 0.5)


class Gait:
    """State of one walking robot. `step` is called every 20 ms."""

    def __init__(self, parameters: GaitParameters) -> None:
        self.p = parameters
        self.reset([0.0] * 12)

    def reset(self, joints: list[float], phase: float = 0.0) -> None:
        """Start an episode at the given joint angles [rad] and gait phase in [0, 1)."""
        y = HIP_Y + self.p.width
        self.time = 0.0
        self.phase = float(phase) % 1.0
        self.standing = True
        self.command = [0.0, 0.0, 0.0]
        self.mean = [0.0, 0.0, 0.0]
        self.integral = [0.0, 0.0, 0.0]
        self.start_pose = [float(v) for v in joints]
        self.feet = [[self.p.foot_forward, y, 0.0], [self.p.foot_forward, -y, 0.0]]
        self.lifted = [list(foot) for foot in self.feet]
        self.ready = [False, False]
        self.swinging = [False, False]
        self.hip_pitch = [-0.25, -0.25]

    @property
    def landing(self) -> float:
        """1 at the reset, 0 once the start pose is left behind."""
        return 1.0 - clamp(self.time / (0.6 * LANDING), 0.0, 1.0)

    def step(
        self,
        command: list[float],
        pitch: float,
        roll: float,
        gyro: list[float],
        velocity: list[float],
        yaw_rate: float,
    ) -> list[float]:
        """Advance by 20 ms.

        Args:
            command: forward, sideways velocity [m/s] and yaw rate [rad/s] that are asked for.
            pitch: forward lean of the trunk [rad].
            roll: lean of the trunk to the right [rad].
            gyro: angular velocity in the trunk frame [rad/s].
            velocity: velocity of the trunk in its level heading frame [m/s].
            yaw_rate: turning rate about the vertical [rad/s].

        Returns:
            Twelve joint targets [rad].
        """
        p = self.p
        landed = self.time >= LANDING - 1e-9
        self.time += WALKER_DT
        self._follow(command if landed else (0.0, 0.0, 0.0), velocity, yaw_rate)
        lean_error = pitch - p.lean
        self._stand_or_walk(landed, lean_error, roll, velocity)
        walk = not self.standing
        if walk:
            self.phase = (self.phase + p.frequency * WALKER_DT) % 1.0
        scale = (p.scale_vx, p.scale_vy, p.scale_yaw)
        c = [s * (a + b) for s, a, b in zip(scale, self.command, self.integral, strict=True)]
        xs, taus = self._clock(walk)
        targets: list[float] = []
        for k, side in _SIDES:
            x = xs[k]
            tau = taus[k]
            swing = self.swinging[k]
            foot = (
                self._swing_foot(k, side, tau, c, velocity)
                if swing
                else self._stance_foot(k, c, velocity, walk)
            )
            foot[0] = clamp(foot[0], -0.33, 0.33)
            foot[1] = side * clamp(side * foot[1], 0.06, 0.36)
            foot[2] = clamp(foot[2], -0.6, 0.6)
            self.feet[k] = foot
            lift = p.lift * 16 * tau**2 * (1 - tau) ** 2 if swing else 0.0
            level = p.swing_level if swing else 0.0
            q = leg_angles(
                foot[0],
                foot[1],
                lift - p.height,
                p.lean + level * lean_error,
                level * roll,
                foot[2],
                side * HIP_Y,
                self.hip_pitch[k],
            )
            self.hip_pitch[k] = q[0]
            if not swing:
                q[0] += p.hip_pitch * lean_error + p.hip_pitch_rate * gyro[1]
                q[1] += p.hip_roll * roll + p.hip_roll_rate * gyro[0]
                q[4] += p.ankle_pitch * lean_error + p.ankle_pitch_rate * gyro[1]
                q[5] += p.ankle_roll * roll + p.ankle_roll_rate * gyro[0]
                if walk and x >= 0.5 and self.ready[1 - k]:
                    q[1] += side * p.hip_roll_lift * sin(2 * pi * (x - 0.5))
            limits = zip(q, _LOW[k], _HIGH[k], strict=True)
            targets += [low if a < low else high if a > high else a for a, low, high in limits]
        fade = self.landing
        if fade > 0.0:
            targets = [fade * a + (1 - fade) * b for a, b in zip(self.start_pose, targets, strict=True)]
        return targets

    def _follow(self, wanted: Sequence[float], velocity: list[float], yaw_rate: float) -> None:
        """Ramp the command, average the measured velocity and integrate what stays between them."""
        p = self.p
        gains = (p.integral_vx, p.integral_vy, p.integral_yaw)
        measured = (velocity[0], velocity[1], yaw_rate)
        for i in range(3):
            most = RAMP[i] * WALKER_DT
            self.command[i] += clamp(wanted[i] - self.command[i], -most, most)
            self.mean[i] += AVERAGE_RATE * (measured[i] - self.mean[i])
            if self.standing:
                self.integral[i] *= 0.9
            elif abs(wanted[i] - self.command[i]) < 1e-6:
                limit = _INTEGRAL_LIMIT[i]
                error = self.command[i] - self.mean[i]
                self.integral[i] = clamp(self.integral[i] + WALKER_DT * gains[i] * error, -limit, limit)

    def _stand_or_walk(self, landed: bool, lean_error: float, roll: float, velocity: list[float]) -> None:
        """Stop the clock between two steps when nothing is asked for; start it on a command or a push."""
        asked = self.command[0] != 0.0 or self.command[1] != 0.0 or self.command[2] != 0.0
        speed = hypot(velocity[0], velocity[1])
        if self.standing:
            pushed = speed > 0.4 or abs(lean_error) > 0.25 or abs(roll) > 0.12
            self.standing = not (landed and (asked or pushed))
            if not self.standing:
                self._catch_lift_off()
        elif not asked and (self.phase % 0.5) < self.p.frequency * WALKER_DT:
            left, right = self.feet
            together = abs(left[0] - right[0]) < 0.06 and abs(left[2] - right[2]) < 0.15
            narrow = left[1] - right[1] < 2 * (HIP_Y + self.p.width) + 0.14
            calm = speed < 0.3 and hypot(self.mean[0], self.mean[1]) < 0.15
            self.standing = together and narrow and calm and abs(lean_error) < 0.15 and abs(roll) < 0.07

    def _catch_lift_off(self) -> None:
        """Turn the starting clock back to a lift-off that it has just missed.

        A leg only lifts off at the start of its own swing. Without this the trunk would lean into the
        command for half a cycle on two standing feet, and the other leg would have to cross under it.
        """
        p = self.p
        missed = (self.phase + p.frequency * WALKER_DT - 0.25 * p.double_support) % 0.5
        if missed < MISSED_LIFT_OFF:
            self.phase = (self.phase - missed - 1e-9) % 1.0  # just before it, whatever the rounding

    def _clock(self, walk: bool) -> tuple[list[float], list[float]]:
        """Where each leg is in its own cycle (it swings in the first half), and its share of the flight."""
        rest = self.p.double_support
        xs = [self.phase, (self.phase - 0.5) % 1.0]
        taus = [clamp((2 * x - 0.5 * rest) / (1 - rest), 0.0, 1.0) if x < 0.5 else 0.0 for x in xs]
        for k in (0, 1):
            flying = 0.0 < taus[k] < 1.0
            # a leg only lifts off at the start of its own swing
            self.ready[k] = walk and (self.ready[k] or not flying)
            self.swinging[k] = flying and self.ready[k]
        return xs, taus

    def _swing_foot(
        self, k: int, side: float, tau: float, c: list[float], velocity: list[float]
    ) -> list[float]:
        """Place of the swinging foot at the share tau of its flight."""
        p = self.p
        half = 0.25 / p.frequency
        x = p.foot_forward + c[0] * half + p.place_vx * (velocity[0] - c[0])
        y = side * (HIP_Y + p.width) + c[1] * half + p.place_vy * (velocity[1] - c[1])
        land = (clamp(x, -0.3, 0.3), clamp(side * max(side * y, 0.075), -0.32, 0.32), c[2] * half)
        share = tau**3 * (10 - 15 * tau + 6 * tau * tau)
        return [a + (b - a) * share for a, b in zip(self.lifted[k], land, strict=True)]

    def _stance_foot(self, k: int, c: list[float], velocity: list[float], walk: bool) -> list[float]:
        """Place of the standing foot, which stays where it is on the ground while the trunk moves on."""
        p = self.p
        x, y, yaw = self.feet[k]
        self.lifted[k] = [x, y, yaw]
        if not walk:
            return [x, y, yaw]
        vx = (1 - p.stance_vx) * c[0] + p.stance_vx * velocity[0]
        vy = (1 - p.stance_vy) * c[1] + p.stance_vy * velocity[1]
        return [x - WALKER_DT * (vx - c[2] * y), y - WALKER_DT * (vy + c[2] * x), yaw - WALKER_DT * c[2]]

    def get_state(self) -> dict:
        """Everything that changes, as numbers and arrays."""
        return {
            "time": self.time,
            "phase": self.phase,
            "standing": float(self.standing),
            "command": np.array(self.command),
            "mean": np.array(self.mean),
            "integral": np.array(self.integral),
            "start_pose": np.array(self.start_pose),
            "feet": np.array(self.feet),
            "lifted": np.array(self.lifted),
            "ready": np.array(self.ready, dtype=float),
            "swinging": np.array(self.swinging, dtype=float),
            "hip_pitch": np.array(self.hip_pitch),
        }

    def set_state(self, state: dict) -> None:
        """Continue from a `get_state`."""
        self.time = float(state["time"])
        self.phase = float(state["phase"])
        self.standing = bool(state["standing"])
        for name in ("command", "mean", "integral", "start_pose", "feet", "lifted", "hip_pitch"):
            setattr(self, name, np.asarray(state[name], dtype=float).tolist())
        self.ready = [bool(v) for v in state["ready"]]
        self.swinging = [bool(v) for v in state["swinging"]]
