"""A walker on the stock soccer scene: one trial, and what is measured on it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import mujoco
import numpy as np

from soccer_lib.control import Walker
from soccer_lib.layout import TORQUE_LIMIT
from soccer_lib.sim import make_sim
from soccer_lib.tasks import PHYSICS_DT, WALKER_STEPS

TRIAL_SECONDS = 10.0
"""Length of one random command sequence [s]."""

FALL_HEIGHT = 0.4
"""The environments count a robot with its trunk below this as fallen [m]."""

_BALL_AWAY = (9.0, 6.0)
_LEAST_FLIGHT = 4
"""A foot that is off the ground for fewer ticks has slipped or bounced, not stepped."""

Commands = Sequence[tuple[float, np.ndarray]]
"""Start time [s] and value of each command: forward, sideways velocity [m/s] and yaw rate [rad/s]."""


@dataclass
class Trace:
    """One trial, sampled at every physics step of 2 ms until the end or the fall.

    Attributes:
        position: trunk in the world. Shape: (n, 2) [m].
        velocity: forward, sideways in the heading frame [m/s] and yaw rate [rad/s]. Shape: (n, 3).
        power: mechanical power of all motors, absolute values added [W]. Shape: (n,).
        feet: left and right sole every 20 ms: x, y [m], direction [rad], 1 on the ground. Shape: (m, 2, 4).
        fell: whether the trial ended with a fall.
        step_seconds: mean time of one `walker.step` [s].
    """

    position: np.ndarray
    velocity: np.ndarray
    power: np.ndarray
    feet: np.ndarray
    fell: bool
    step_seconds: float


class WalkTrial:
    """The stock model of kick_to_target with the ball put away and the robot in the middle of the field."""

    def __init__(self) -> None:
        self.sim = make_sim("kick_to_target")
        self.sim.reset(seed=0)
        model = self.sim.model
        self.root = model.joint("robot_0:root").qposadr[0]
        self.root_vel = model.joint("robot_0:root").dofadr[0]
        self.ball = model.joint("env:ball").qposadr[0]
        self.mass = float(model.body_subtreemass[model.body("robot_0:Trunk").id])
        self.gravity = float(-model.opt.gravity[2])
        feet = [model.body(f"robot_0:{side}_foot_link") for side in ("left", "right")]
        self.soles = [int(foot.geomadr[0] + foot.geomnum[0]) - 1 for foot in feet]  # after the mesh, a box

    def _feet(self) -> list[tuple]:
        """Both soles: x, y [m], direction [rad], 1 where it touches anything but the robot."""
        model = self.sim.model
        data = self.sim.data
        pairs = data.contact.geom
        roots = model.body_rootid[model.geom_bodyid[pairs]]
        # The robot's own parts touch each other now and then; the ground has another root.
        touching = pairs[roots[:, 0] != roots[:, 1]]
        return [
            (*data.geom_xpos[sole, :2], math.atan2(axes[3], axes[0]), float(sole in touching))
            for sole, axes in zip(self.soles, data.geom_xmat[self.soles], strict=True)
        ]

    def follow(self, walker: Walker, sequence: Commands, seconds: float, phase: float = 0.0) -> Trace:
        """Walk a sequence of commands; see `run`."""

        def command_at(t: float) -> np.ndarray:
            return [command for start, command in sequence if start <= t + 1e-9][-1]

        return self.run(walker, command_at, seconds, phase)

    def run(
        self,
        walker: Walker,
        command_at: Callable[[float], np.ndarray],
        seconds: float,
        phase: float = 0.0,
        pushes: dict[int, tuple[float, float]] | None = None,
    ) -> Trace:
        """Walk from the environment's own reset.

        Args:
            walker: any walker.
            command_at: velocity command at a time [s]; it is clipped to the walker's limits.
            seconds: length of the trial [s].
            phase: gait phase at the start, in [0, 1).
            pushes: change of the trunk's world velocity [m/s] at a physics step.
        """
        sim = self.sim
        data = sim.data
        sim.reset(seed=0)
        data.qpos[self.root : self.root + 2] = 0.0
        data.qpos[self.ball : self.ball + 2] = _BALL_AWAY
        mujoco.mj_forward(sim.model, data)
        pose = data.qpos[self.root : self.root + 7]
        velocity = data.qvel[self.root_vel : self.root_vel + 6]
        low, high = walker.limits.T
        limit = TORQUE_LIMIT.astype(float)
        walker.reset(phase)
        n = round(seconds / PHYSICS_DT)
        poses = np.zeros((n, 7))
        velocities = np.zeros((n, 6))
        power = np.zeros(n)
        feet: list[list[tuple]] = []
        step_seconds = 0.0
        fell = False
        for t in range(n):
            joint_pos = sim.joint_pos.astype(np.float32)
            joint_vel = sim.joint_vel.astype(np.float32)
            if t % WALKER_STEPS == 0:
                feet.append(self._feet())
                command = np.clip(command_at(t * PHYSICS_DT), low, high)
                sensed = sim.readings.sense()
                start = time.perf_counter()
                target = walker.step(command, sensed)
                step_seconds += time.perf_counter() - start
            torque = walker.kp * (target - joint_pos) - walker.kd * joint_vel
            torque = np.clip(torque, -limit, limit).astype(np.float32)
            if pushes and t in pushes:
                velocity[:2] += pushes[t]
            data.ctrl[:] = torque
            mujoco.mj_step(sim.model, data)
            poses[t] = pose
            velocities[t] = velocity
            power[t] = np.abs(torque * joint_vel).sum()
            if pose[2] < FALL_HEIGHT:
                fell = True
                n = t + 1
                break
        return Trace(
            poses[:n, :2],
            heading_velocity(poses[:n], velocities[:n]),
            power[:n],
            np.array(feet),
            fell,
            step_seconds / len(feet),
        )


def heading_velocity(poses: np.ndarray, velocities: np.ndarray) -> np.ndarray:
    """Velocity in the heading frame and yaw rate from free-joint states. Shapes: (n, 7), (n, 6) to (n, 3)."""
    w, x, y, z = poses[:, 3:7].T
    yaw = np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))
    cos = np.cos(yaw)
    sin = np.sin(yaw)
    vx, vy = velocities[:, :2].T
    forward = cos * vx + sin * vy
    sideways = -sin * vx + cos * vy
    # A free joint's angular velocity is in the body's frame: the yaw rate is its part along the vertical.
    up = np.stack([2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)], axis=1)
    return np.stack([forward, sideways, (up * velocities[:, 3:6]).sum(1)], axis=1)


def command_sequence(rng: np.random.Generator, seconds: float) -> Commands:
    """Random commands; a new one every 2 to 4 s.

    Range: forward -0.3 to 1 m/s, sideways +-0.4 m/s, yaw rate +-1 rad/s.
    """
    sequence = []
    start = 0.0
    while start < seconds:
        sequence.append((start, rng.uniform([-0.3, -0.4, -1.0], [1.0, 0.4, 1.0])))
        start += rng.uniform(2.0, 4.0)
    return sequence


def footprints(trace: Trace) -> np.ndarray:
    """Where the feet landed, in order: 0 left or 1 right, x, y [m], direction [rad]. Shape: (n, 4)."""
    prints = []
    flight = [_LEAST_FLIGHT] * 2  # ticks off the ground: the robot is dropped
    for feet in trace.feet:
        for foot, (x, y, direction, grounded) in enumerate(feet):
            if grounded and flight[foot] >= _LEAST_FLIGHT:
                prints.append((foot, x, y, direction))
            flight[foot] = 0 if grounded else flight[foot] + 1
    return np.array(prints).reshape(-1, 4)


def cycle_means(trace: Trace, cycle: float) -> np.ndarray:
    """Velocity averaged over the gait cycle that begins at each physics step. Shape: (n - window + 1, 3)."""
    window = round(cycle / PHYSICS_DT)
    total = np.vstack([np.zeros(3), np.cumsum(trace.velocity, axis=0)])
    return (total[window:] - total[:-window]) / window


def tracking_errors(trace: Trace, sequence: Commands, cycle: float, settle: float = 1.0) -> np.ndarray:
    """Errors of the velocity averaged over one gait cycle, from `settle` after each change of the command.

    Args:
        trace: the trial.
        sequence: start times and commands.
        cycle: one gait cycle [s].
        settle: time that a change may take [s].

    Returns:
        Error of vx, vy [m/s] and yaw rate [rad/s], one row per 20 ms. Shape: (n, 3).
    """
    window = round(cycle / PHYSICS_DT)
    n = len(trace.velocity)
    means = cycle_means(trace, cycle)
    rows = []
    ends = [start for start, _ in sequence[1:]] + [np.inf]
    for (start, command), end in zip(sequence, ends, strict=True):
        first = int((start + settle) / PHYSICS_DT)
        last = int(min(end / PHYSICS_DT, n)) - window
        for t in range(first, last, WALKER_STEPS):
            rows.append(means[t] - command)
    return np.array(rows).reshape(-1, 3)
