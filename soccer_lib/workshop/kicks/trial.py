"""One trial of a kick: a settled stance of the walker beside a ball, the swing, and what becomes of both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import atan2, cos, hypot, pi, sin
from typing import Any, NamedTuple

import mujoco
import numpy as np

from soccer_lib.control import OwnWalker, load_walker
from soccer_lib.control.kicks import Kick
from soccer_lib.control.residual import TrunkState
from soccer_lib.control.strike import MARCH, SETTLED_TICKS, Strike
from soccer_lib.geometry import heading_of, turned, wrap
from soccer_lib.sim import SoccerSim, make_sim
from soccer_lib.sim.torque import pd_torque
from soccer_lib.tasks import PHYSICS_DT, WALKER_DT, WALKER_STEPS

LINE = 2.2
"""Distance of the goal line from the ball in the penalty tasks [m]."""

MISPLACED = (0.012, 0.01, 0.018)
"""Spread of the ball's place ahead and left [m] and of the robot's turn [rad] in a rough trial."""

LEFT_OVER = (0.004, 0.003, 0.004)
"""Spread around the errors of a stance that lined up [m, m, rad]."""

ROLLS_ON = 0.6
"""How long a struck ball is followed after a fall, which tells by how much it came too late [s]."""

NOMINAL = Kick(
    "shot", np.zeros((1, 12)), np.ones(1), np.zeros(8), np.array([0.38, -0.03]), 0.0, 0.0, 0.0, 0.0
)
"""Its stance is that of any kick, about: where strikes line up before a kick is known."""


@dataclass(frozen=True)
class Stance:
    """The robot, standing and ready to swing its right leg.

    Attributes:
        qpos: of its root and joints. Shape: (19,).
        qvel: Shape: (18,).
        walker: the walker's state.
        error: what lining up left over: the ball lies so much farther ahead and left [m], and the robot still
            had to turn so far [rad]. Shape: (3,); zeros where it did not line up.
    """

    qpos: np.ndarray
    qvel: np.ndarray
    walker: dict[str, Any]
    error: np.ndarray


class Spot(NamedTuple):
    """Where the ball lies, in world axes [m], the heading in which it shall go, and the line's normal [rad].

    The feet meet the mesh of the field a little differently in every place, and a swing shows it.
    """

    x: float
    y: float
    heading: float
    normal: float


CENTRE = Spot(0.0, 0.0, pi, pi)


def anywhere(rng: np.random.Generator) -> Spot:
    """A ball of kick_to_target."""
    x = rng.uniform(-8.0, 8.0)
    y = rng.uniform(-5.0, 5.0)
    heading = rng.uniform(-pi, pi)
    return Spot(x, y, heading, heading)


@dataclass(frozen=True)
class Outcome:
    """What a trial came to.

    Attributes:
        missed_by: closest that the kicking foot's body came to the ball's centre before touching it [m].
        speed: horizontal speed of the ball's centre at `LINE`, or at the end [m/s].
        angle: direction of the ball, left of the heading that was wanted [rad].
        aside: where the observed ball point passed `LINE`, seen from the ball's place, likewise; 0 if it
            did not [rad].
        line_time: when the observed ball point passed `LINE`; None if it did not [s].
        line_speed: speed of that point along the line's normal there, which the penalties pay for [m/s].
        line_height: its height there [m].
        fall_time: when the trunk sank below 0.4 m; None if it did not [s].
        touches: separate contacts of robot and ball.
    """

    missed_by: float
    speed: float
    angle: float
    aside: float
    line_time: float | None
    line_speed: float
    line_height: float
    fall_time: float | None
    touches: int


class KickTrial:
    """Plays kicks on the stock model; one per worker process.

    Args:
        walked: how many stances to collect in which the robot came to rest anywhere.
        lined_up: how many to collect in which a strike lined up with a ball, errors included.
        seed: of the walks that lead to them.
    """

    def __init__(self, walked: int = 200, lined_up: int = 80, seed: int = 1) -> None:
        self.sim: SoccerSim = make_sim("kick_to_target")
        self.walker: OwnWalker = load_walker("own")
        self._gains = self.walker.kp.astype(np.float32), self.walker.kd.astype(np.float32)
        model = self.sim.model
        free = {model.body(model.jnt_bodyid[j]).name: j for j in np.flatnonzero(model.jnt_type == 0)}
        robot = next(joint for name, joint in free.items() if name.startswith("robot"))
        ball = free["soccer_ball"]
        self._robot_q = slice(model.jnt_qposadr[robot], model.jnt_qposadr[robot] + 19)
        self._robot_v = slice(model.jnt_dofadr[robot], model.jnt_dofadr[robot] + 18)
        self._ball_q = slice(model.jnt_qposadr[ball], model.jnt_qposadr[ball] + 7)
        self._ball_v = slice(model.jnt_dofadr[ball], model.jnt_dofadr[ball] + 6)
        self._ball_body = model.body("soccer_ball").id
        self._foot = model.body("robot_0:right_foot_link").id
        self._wanted = walked, lined_up
        self.seed = seed

    @cached_property
    def walked(self) -> list[Stance]:
        """Where the robot came to rest anywhere."""
        return self._collect(self._walk_and_stop, self._wanted[0], np.random.default_rng([self.seed, 0]))

    @cached_property
    def lined_up(self) -> list[Stance]:
        """Where a strike lined up with a ball."""
        return self._collect(self._line_up, self._wanted[1], np.random.default_rng([self.seed, 1]))

    @staticmethod
    def _collect(search: Callable, count: int, rng: np.random.Generator) -> list[Stance]:
        stances: list[Stance] = []
        while len(stances) < count:
            stance = search(rng)
            if stance:
                stances.append(stance)
        return stances

    def _tick(self, target: np.ndarray) -> None:
        for _ in range(WALKER_STEPS):
            self.sim.advance(pd_torque(target, self.sim.joint_pos, self.sim.joint_vel, *self._gains))

    def _walk(self, command: tuple[float, ...]) -> np.ndarray:
        return self.walker.step(np.array(command), self.sim.readings.sense())

    def _walk_and_stop(self, rng: np.random.Generator) -> Stance | None:
        """Walk at random, then stop as a strike does; None where the robot does not come to rest."""
        sim = self.sim
        gait = self.walker.gait
        sim.reset(seed=0)
        sim.data.qpos[self._ball_q][2] = 50.0  # out of the way
        self.walker.reset(rng.random())
        walk = rng.uniform((-0.2, -0.2, -0.6), (0.9, 0.2, 0.6))
        slow = rng.uniform((-0.15, -0.15, -0.3), (0.25, 0.15, 0.3))
        stop = int(rng.integers(60, 110))
        still = 0
        for tick in range(stop + 150):
            command = tuple(walk if tick < stop - 40 else slow)
            if tick >= stop:
                coming = (gait.phase + WALKER_DT * gait.p.frequency + 0.25) % 1.0
                command = (0.0, 0.0, 0.0) if gait.standing or coming < 0.5 else MARCH
            self._tick(self._walk(command))
            still = still + 1 if tick >= stop and gait.standing else 0
            if still == SETTLED_TICKS:
                return self._stance(np.zeros(3))
        return None

    def _line_up(self, rng: np.random.Generator) -> Stance | None:
        """Walk, then line up with a ball in front; None where the left leg would kick or it fails."""
        sim = self.sim
        strike = Strike(self.walker, {"shot": NOMINAL})
        sim.reset(seed=0)
        ball = sim.data.qpos[self._ball_q]
        ball[2] = 50.0
        self.walker.reset(rng.random())
        walk = tuple(rng.uniform((0.2, -0.2, -0.6), (0.9, 0.2, 0.6)))
        for _ in range(int(rng.integers(60, 110))):
            self._tick(self._walk(walk))
        away, bearing = rng.uniform((0.45, -0.6), (0.75, 0.3))
        quat = sim.readings.orientation()
        ahead, left = turned((away, 0.0), bearing + heading_of(quat))
        place = sim.readings.imu[0] + ahead, sim.readings.imu[1] + left
        strike.start("shot", turned((away, 0.0), bearing), heading_of(quat))
        while not strike.mirrored and strike.committed:
            sensed = sim.readings.sense()
            yaw = heading_of(sensed.quat_xyzw)
            seen = turned((place[0] - sim.readings.imu[0], place[1] - sim.readings.imu[1]), -yaw)
            before = self.walker.get_state()
            target = strike.step(lambda seen=seen: seen, yaw, sensed)
            if strike.stage == "swing":
                return self._stance(np.array(strike.error(False, seen, yaw)), before)
            self._tick(target)
        return None

    def _stance(self, error: np.ndarray, walker: dict[str, Any] | None = None) -> Stance:
        qpos = self.sim.data.qpos[self._robot_q]
        qvel = self.sim.data.qvel[self._robot_v]
        return Stance(qpos.copy(), qvel.copy(), walker or self.walker.get_state(), error)

    def _place(self, stance: Stance, kick: Kick, error: np.ndarray, spot: Spot) -> None:
        """Put the robot to its stance beside the ball."""
        sim = self.sim
        data = self.sim.data
        data.qpos[self._robot_q] = stance.qpos
        data.qvel[self._robot_v] = stance.qvel
        data.qacc_warmstart[:] = 0.0
        w, x, y, z = stance.qpos[3:7].tolist()
        turn = spot.heading - error[2] - heading_of(np.array([x, y, z, w]))
        quat = np.zeros(4)
        spin = np.array([cos(turn / 2), 0.0, 0.0, sin(turn / 2)])
        mujoco.mju_mulQuat(quat, spin, stance.qpos[3:7])
        c = cos(turn)
        s = sin(turn)
        ahead, left = kick.stance + error[:2]
        c0 = cos(spot.heading)
        s0 = sin(spot.heading)
        root = data.qpos[self._robot_q]
        root[:2] = spot.x - (c0 * ahead - s0 * left), spot.y - (s0 * ahead + c0 * left)
        root[3:7] = quat
        vx, vy = stance.qvel[:2]
        data.qvel[self._robot_v][:2] = c * vx - s * vy, s * vx + c * vy
        data.qpos[self._ball_q] = spot.x, spot.y, 0.01, 1.0, 0.0, 0.0, 0.0
        data.qvel[self._ball_v] = 0.0
        mujoco.mj_forward(sim.model, data)
        sim.forget_episode()
        sim.bind_episode()
        self.walker.set_state(stance.walker)

    def _ball_centre(self) -> tuple[np.ndarray, np.ndarray]:
        """Place [m] and velocity [m/s] of the ball's centre."""
        data = self.sim.data
        rotation = data.xmat[self._ball_body].reshape(3, 3)
        arm = rotation @ (0.0, 0.0, 0.11)
        velocity = data.qvel[self._ball_v]
        return data.xpos[self._ball_body] + arm, velocity[:3] + np.cross(rotation @ velocity[3:], arm)

    def play(
        self, kick: Kick, stance: Stance, error: np.ndarray, spot: Spot, seconds: float, past: float
    ) -> Outcome:
        """Play one kick.

        Args:
            kick: with the right foot.
            stance: one of `walked` or `lined_up`.
            error: how much farther ahead and left the ball lies [m], and how far the robot still had to turn
                [rad]. Shape: (3,).
            spot: where the ball lies and where it shall go.
            seconds: time limit [s]; a fall ends the trial too, once the ball has passed `LINE`.
            past: how long to look on once the ball has passed `LINE` [s].
        """
        self._place(stance, kick, error, spot)
        sim = self.sim
        start = self.sim.joint_pos.copy()
        missed_by = 9.0
        touches = 0
        touching = False
        line_time = fall_time = None
        line_speed = line_height = aside = 0.0
        flown = None
        toward = np.array([cos(spot.normal), sin(spot.normal)])
        for tick in range(int(seconds / WALKER_DT)):
            if tick == kick.ticks:
                self.walker.resume(kick.resume)
            trunk = TrunkState.of(sim.readings.sense())
            target = kick.target(start, tick, trunk, False) if tick < kick.ticks else self._walk((0.0,) * 3)
            for i in range(WALKER_STEPS):
                sim.advance(pd_torque(target, sim.joint_pos, sim.joint_vel, *self._gains))
                time = PHYSICS_DT * (WALKER_STEPS * tick + i + 1)
                x, y, height = sim.readings.ball.tolist()
                contact = sim.near_robot(x, y) and sim.touches(sim.robot_geoms)
                touches += contact and not touching
                touching = contact
                if line_time is None and (x - spot.x) * toward[0] + (y - spot.y) * toward[1] >= LINE:
                    line_time = time
                    line_height = height
                    aside = wrap(atan2(y - spot.y, x - spot.x) - spot.heading)
                    flown = self._ball_centre()[1]
                    line_speed = float(sim.data.qvel[self._ball_v][:2] @ toward)
                if fall_time is None and sim.readings.imu[2] < 0.4:
                    fall_time = time
            if not touches:
                foot = sim.data.xpos[self._foot] - self._ball_centre()[0]
                missed_by = min(missed_by, float(np.linalg.norm(foot)))
            if line_time is not None and (fall_time is not None or time > line_time + past):
                break
            if fall_time is not None and (not touches or time > fall_time + ROLLS_ON):
                break
        vx, vy, _ = (self._ball_centre()[1] if flown is None else flown).tolist()
        angle = wrap(atan2(vy, vx) - spot.heading) if hypot(vx, vy) > 0.05 else 0.0
        return Outcome(
            missed_by, hypot(vx, vy), angle, aside, line_time, line_speed, line_height, fall_time, touches
        )
