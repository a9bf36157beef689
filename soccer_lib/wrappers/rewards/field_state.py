"""What reward terms look at: robot, ball and target in the robot's frame, read once an action."""

from __future__ import annotations

import cmath
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import mujoco
import numpy as np

from soccer_lib.geometry import heading_of
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import PHYSICS_DT

TARGETS: dict[str, tuple[str, float]] = {
    "goalie_penalty_kick": ("goal_post", 1.6),
    "obstacle_penalty_kick": ("goalarea_site", 0.3),
    "kick_to_target": ("target0", 0.4),
    "penalty_kick": ("goal_post", 1.6),
}
"""Task -> site that the ball should reach, and how far from it a ball still counts [m]."""

_GROUNDED = 0.045
"""A foot stands while its site is lower than this [m]; on flat ground it is at 0.040."""


@dataclass(frozen=True)
class FieldState:
    """Robot, ball and target after a step; vectors on the ground are complex numbers, ahead + left x i.

    They are in the heading frame and start where the robot stands, midway between its feet: a robot that
    topples toward the ball comes no nearer to it. The ball is its true centre.

    Attributes:
        place: where the robot stands, in world axes x + y x i [m].
        heading: yaw of the trunk [rad].
        ball: the ball [m].
        target: the target point, or the middle of the goal line [m].
        ball_velocity: over the ground [m/s].
        ball_climb: upward velocity of the ball [m/s].
        ball_height: of the ball's centre [m].
        target_height: of the target point [m]; None where any height counts.
        reach: how far from the target a ball still counts [m].
        upright: cosine of the trunk's tilt.
        height: of the trunk [m].
        power: what the joints take: sum of |torque x speed| [W].
        shake: root mean square of the joint accelerations [rad/s^2].
        slip: speed of the feet that stand, added up [m/s].
        time_left: until the time limit [s].
    """

    place: complex = 0j
    heading: float = 0.0
    ball: complex = 2 + 0j
    target: complex = 4 + 0j
    ball_velocity: complex = 0j
    ball_climb: float = 0.0
    ball_height: float = 0.11
    target_height: float | None = None
    reach: float = 1.6
    upright: float = 1.0
    height: float = 0.6
    power: float = 0.0
    shake: float = 0.0
    slip: float = 0.0
    time_left: float = 10.0

    @property
    def way(self) -> complex:
        """From the ball to the target [m]."""
        return self.target - self.ball

    @property
    def off_line(self) -> float:
        """Angle between the way to the ball and the ball's way to the target [rad]; 0 right behind it."""
        return abs(cmath.phase(self.way * self.ball.conjugate()))


@dataclass(frozen=True)
class Step:
    """One action: what a reward term may know.

    Attributes:
        before, after: the scene at its start and at its end.
        held: how long it lasted [s].
        outcome: how the episode stands, as `SoccerSim.outcome`.
        kicks: kicks fired in this episode, this action's included.
        kicked: this action fired a kick.
        task: name of the task.
        stock: the stock `reward_terms` of its last physics step.
        discount: what a reward of this step counts at the start of the episode.
    """

    before: FieldState = FieldState()
    after: FieldState = FieldState()
    held: float = 0.1
    outcome: str = "running"
    kicks: int = 0
    kicked: bool = False
    task: str = "goalie_penalty_kick"
    stock: Mapping[str, Any] = field(default_factory=dict)
    discount: float = 1.0

    @property
    def moved(self) -> complex:
        """Way of the robot, in its heading frame at the start [m]."""
        return (self.after.place - self.before.place) * cmath.exp(-1j * self.before.heading)


class FieldStateReader:
    """Reads the scene off a simulation of one of `TARGETS`; names are looked up once."""

    def __init__(self, sim: SoccerSim) -> None:
        self._sim = sim
        model = sim.model
        site, self._reach = TARGETS[sim.task.name]
        self._has_height = sim.task.name in ("obstacle_penalty_kick", "kick_to_target")
        goals = [f"{site}_{side}" for side in ("south", "north")] if site == "goal_post" else [site, site]
        names = ["ball", "robot_0:imu", "robot_0:left_foot", "robot_0:right_foot", *goals]
        self._sites = [model.site(name).id for name in names]
        self._ball = sim.data.geom_xpos[model.geom("ball").id]
        first = int(model.joint(sim.stock.robots[0].robot_joints[0]).dofadr[0])
        self._legs = slice(first, first + 12)
        self._velocity = np.zeros(6)

    def __call__(self) -> FieldState:
        """The scene after the last physics step."""
        sim = self._sim
        readings = sim.readings
        quat = readings.orientation()
        readings.measure()
        x, y, z = self._ball.tolist()
        (site_x, site_y, site_z), imu, *feet, south, north = sim.data.site_xpos[self._sites].tolist()
        dx = x - site_x
        dy = y - site_y
        dz = z - site_z
        vx, vy, vz = readings.ball_velp.tolist()
        a, b, c = readings.ball_velr.tolist()
        place = (complex(*feet[0][:2]) + complex(*feet[1][:2])) / 2
        heading = heading_of(quat)
        target = north if sim.team else south
        turn = cmath.exp(-1j * heading)
        return FieldState(
            place=place,
            heading=heading,
            ball=(complex(x, y) - place) * turn,
            target=(complex(*target[:2]) - place) * turn,
            ball_velocity=complex(vx + b * dz - c * dy, vy + c * dx - a * dz) * turn,
            ball_climb=vz + a * dy - b * dx,
            ball_height=z,
            target_height=target[2] if self._has_height else None,
            reach=self._reach,
            upright=1 - 2 * float(quat[:2].dot(quat[:2])),
            height=imu[2],
            power=float(np.abs(sim.ctrl).dot(np.abs(sim.joint_vel))),
            shake=float(np.sqrt(np.square(sim.data.qacc[self._legs]).mean())),
            slip=sum(self._speed(i) for i, foot in enumerate(feet, start=2) if foot[2] < _GROUNDED),
            time_left=(sim.task.max_steps - sim.n_steps) * PHYSICS_DT,
        )

    def _speed(self, index: int) -> float:
        """Speed of one of the sites over the ground [m/s]."""
        kind = mujoco.mjtObj.mjOBJ_SITE
        sim = self._sim
        mujoco.mj_objectVelocity(sim.model, sim.data, kind, self._sites[index], self._velocity, 0)
        return math.hypot(*self._velocity[3:5].tolist())
