"""What can be read off the scene after a step: velocities, the stock observation, the stock info."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mujoco
import numpy as np

from soccer_lib.layout import FULL, INFO_FIELDS, RAW, Sensed
from soccer_lib.sim.binding import sensor_entries, slice_of
from soccer_lib.tasks import Task

_FIRST = FULL[INFO_FIELDS[0]].start
SEEN = {name: slice(FULL[name].start - _FIRST, FULL[name].stop - _FIRST) for name in INFO_FIELDS}
"""Entries of `Readings.seen`, by the names that they have in the stock info."""

_BEFORE_TEAM = [(name, SEEN[name]) for name in INFO_FIELDS[3:10]]
_BEHIND_SENSORS = [(name, SEEN[name]) for name in INFO_FIELDS[11:]]
"""What the stock info says of places and velocities before the team and behind the sensors, in its order."""

_OWN = {
    "goal_xpos_rel_robot": "goal_team_{}_rel_robot",
    "goal_xpos_rel_ball": "goal_team_{}_rel_ball",
    "goalkeeper_xpos_rel_robot": "goalkeeper_team_{}_xpos_rel_robot",
    "goalkeeper_velp_rel_robot": "goalkeeper_team_{}_velp_rel_robot",
}
"""Fields of the stock observation that are those of the robot's team in `SEEN`."""


def _raw_entries(task: Task, team: int) -> np.ndarray:
    """Entries of `Readings.seen` that stand behind the joints in the stock observation."""
    names = [_OWN.get(field.name, field.name).format(team) for field in RAW[task.name].fields[2:]]
    entries = np.arange(SEEN[INFO_FIELDS[-1]].stop)
    return np.concatenate([entries[SEEN[name]] for name in names])


class Readings:
    """The reading half of a simulation; every name is looked up once.

    Where a task has no goalkeeper, target or defenders the stock info repeats the robot: zeros, or NaN for a
    lost state.

    Attributes:
        joint_pos, joint_vel: views of the joints [rad, rad/s]. Shape: (12,).
        ball, imu: views of the ball's and the trunk's site [m]. Shape: (3,).
        goals: views of the south and the north goal's site [m].
        field: the field's sizes as the stock info has them [m].
        team: of the robot, in this episode.
        team_one_hot: the same as the stock info has it. Shape: (2,).
        velocities: of both sites after `measure` [m/s, rad/s]; its rows are `ball_velp`, `ball_velr`,
            `imu_velp` and `imu_velr`. Shape: (4, 3).
        seen: the entries of `layout.INFO_FIELDS`, after `look`. Shape: (59,).
        raw: the stock observation, float32, after `look`.
        raw_entries: which entries of `seen` stand in it behind the joints.
        attitude: entries of `sensordata` that are sensed: quaternion, gyro, velocimeter. Shape: (10,).
        inertial: entries of `sensordata` that are seen first: gyro, accelerometer, velocimeter. Shape: (9,).
        differences: sites whose differences in place are seen, ends and origins. Shapes: (8,).
        reader: fills `velocities`, `seen` and `raw` in place of `look`; None for `look` itself.
    """

    joint_pos: np.ndarray
    joint_vel: np.ndarray
    ball: np.ndarray
    imu: np.ndarray
    goals: tuple[np.ndarray, np.ndarray]
    field: dict[str, float]
    team: int
    reader: Callable[[], None] | None = None

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, stock: Any, task: Task) -> None:
        self.model = model
        self.data = data
        joints = [model.joint(name) for name in stock.robots[0].robot_joints]
        self.joint_pos = data.qpos[slice_of(joint.qposadr[0] for joint in joints)]
        self.joint_vel = data.qvel[slice_of(joint.dofadr[0] for joint in joints)]
        self.imu_id = model.site("robot_0:imu").id
        self.ball_id = model.site("ball").id
        self.imu = data.site_xpos[self.imu_id]
        self.ball = data.site_xpos[self.ball_id]
        self.goal_ids = [int(model.site(f"goal_post_{side}").id) for side in ("south", "north")]
        self.goals = (data.site_xpos[self.goal_ids[0]], data.site_xpos[self.goal_ids[1]])
        parameters = stock.parameters_dict["env_parameters"]
        self.field = {key: parameters["field"][key] for key in ("length", "width")}
        self.field |= {f"goal_{key}": parameters["goal"][key] for key in ("width", "height", "depth")}
        self.sensors = sensor_entries(model)
        self.attitude = self._entries("robot_quat", "robot_gyro", "robot_velocimeter")
        self.inertial = self._entries("robot_gyro", "robot_accelerometer", "robot_velocimeter")
        self._qvel = data.qvel
        self._jacp = np.zeros((3, model.nv))
        self._jacr = np.zeros((3, model.nv))
        self.velocities = np.zeros((4, 3))
        self.ball_velp, self.ball_velr, self.imu_velp, self.imu_velr = self.velocities
        self.seen = np.zeros(SEEN[INFO_FIELDS[-1]].stop)
        self.raw = np.zeros(task.raw_size, np.float32)
        self._raw_of_team = [_raw_entries(task, team) for team in (0, 1)]
        self.raw_entries = self._raw_of_team[0].copy()
        self.team_one_hot = np.zeros(2, np.int64)
        self.bind_points()
        self.forget()

    def _entries(self, *sensors: str) -> np.ndarray:
        entries = np.arange(self.model.nsensordata)
        return np.concatenate([entries[self.sensors[name]] for name in sensors])

    def bind_points(self, keepers: Sequence[int] = (), target: int | None = None) -> None:
        """Bind the sites of goalkeepers and target."""
        imu = self.imu_id
        ball = self.ball_id
        goals = self.goal_ids
        keepers = keepers or (imu, imu)
        target = imu if target is None else target
        self.keepers = [self.data.site_xpos[site] for site in keepers]
        self.target = self.data.site_xpos[target]
        ends = [*goals, *goals, ball, *keepers, target]
        origins = [imu, imu, ball, ball, imu, imu, imu, imu]
        self.differences = np.array(ends), np.array(origins)

    def bind_episode(self, team: int) -> None:
        """Take in the team that the episode's reset has drawn."""
        self.team = team
        self.team_one_hot[:] = (1 - team, team)
        self.raw_entries[:] = self._raw_of_team[team]

    def forget(self) -> None:
        """Note that the physics moved on: what is asked for is measured anew."""
        self._measured = 0

    def measure_ball(self) -> None:
        """Compute the ball's velocity, once per step: Jacobian times generalised velocity."""
        if not self._measured:
            if self.reader:
                self.look()
                return
            mujoco.mj_jacSite(self.model, self.data, self._jacp, None, self.ball_id)
            np.dot(self._jacp, self._qvel, out=self.ball_velp)
            self._measured = 1

    def measure(self) -> None:
        """Compute all velocities of ball and IMU, once per step."""
        self.measure_ball()
        if self._measured == 1:
            model = self.model
            data = self.data
            jacp = self._jacp
            jacr = self._jacr
            qvel = self._qvel
            mujoco.mj_jacSite(model, data, None, jacr, self.ball_id)
            np.dot(jacr, qvel, out=self.ball_velr)
            mujoco.mj_jacSite(model, data, jacp, jacr, self.imu_id)
            np.dot(jacp, qvel, out=self.imu_velp)
            np.dot(jacr, qvel, out=self.imu_velr)
            self._measured = 2

    def look(self) -> None:
        """Fill `velocities`, `seen` and `raw`, once per step."""
        if self._measured == 3:
            return
        if self.reader:
            self.reader()
        else:
            self.measure()
            self._fill()
        self.note_look()

    def note_look(self) -> None:
        """Note that `velocities`, `seen` and `raw` are those of the last step."""
        self._measured = 3

    def _fill(self) -> None:
        velp = self.imu_velp
        ends, origins = self.differences
        places = self.data.site_xpos
        between = places.take(ends, axis=0) - places.take(origins, axis=0)
        parts = (
            self.data.sensordata.take(self.inertial),
            between[:5].ravel(),
            self.ball_velp - velp,
            self.ball_velr - self.imu_velr,
            self.team_one_hot,
            between[5],
            self.keeper_velp(0) - velp,
            between[6],
            self.keeper_velp(1) - velp,
            between[7],
            self.target_velp() - velp,
            self.defenders(),
        )
        np.concatenate(parts, out=self.seen)
        self.raw[:12] = self.joint_pos
        self.raw[12:24] = self.joint_vel
        self.raw[24:] = self.seen.take(self.raw_entries)

    def sense(self) -> Sensed:
        """What the robot's own sensors say, in single precision as it is observed."""
        attitude = self.data.sensordata.take(self.attitude).astype(np.float32)
        return Sensed(
            self.joint_pos.astype(np.float32),
            self.joint_vel.astype(np.float32),
            attitude[:4],
            attitude[4:7],
            attitude[7:],
        )

    def orientation(self) -> np.ndarray:
        """Orientation x y z w of the trunk as observed, float32. Shape: (4,)."""
        return self.data.sensordata.take(self.attitude[:4]).astype(np.float32)

    def ball_from_imu(self) -> np.ndarray:
        """The observed ball point minus the IMU, world axes, float32 [m]. Shape: (3,)."""
        return (self.ball - self.imu).astype(np.float32)

    def observation(self) -> np.ndarray:
        """The stock observation, float32, `layout.RAW[task]`."""
        self.look()
        return self.raw.copy()

    def info(self) -> dict[str, Any]:
        """The stock info of the last step, without `reward_terms` and `success`."""
        self.look()
        seen = self.seen.copy()
        info: dict[str, Any] = dict(self.field)
        for name, where in _BEFORE_TEAM:
            info[name] = seen[where]
        info["player_team"] = self.team_one_hot.copy()
        readings = self.data.sensordata.astype(np.float32)
        for name, entries in self.sensors.items():
            info[name] = readings[entries]
        for name, where in _BEHIND_SENSORS:
            info[name] = seen[where]
        return info

    def described(self) -> np.ndarray:
        """The entries of `layout.INFO_FIELDS` that `info` would have, float32. Shape: (59,)."""
        self.look()
        return self.seen.astype(np.float32)

    def keeper_velp(self, team: int) -> np.ndarray:
        """Velocity of a goalkeeper [m/s]. Shape: (3,)."""
        return self.imu_velp

    def target_velp(self) -> np.ndarray | float:
        """Velocity of the target [m/s]."""
        return self.imu_velp

    def defenders(self) -> np.ndarray:
        """Places of the defenders [m]. Shape: (9,)."""
        return np.concatenate((self.imu, self.imu, self.imu))


class GoalieReadings(Readings):
    """Readings of a penalty with a goalkeeper.

    Attributes:
        keeper_qvel: view of the speeds of both keepers along y [m/s]. Shape: (2,).
    """

    keeper_qvel: np.ndarray

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        sites = [int(self.model.site(f"goalkeeper_team_{team}_site").id) for team in (0, 1)]
        self.bind_points(sites)
        joints = [self.model.joint(f"goalkeeper_team_{team}_joint") for team in (0, 1)]
        south, north = (int(joint.dofadr[0]) for joint in joints)
        self.keeper_qvel = self._qvel[south : north + 1 : north - south]
        self._keeper_velp = np.zeros(3)

    def keeper_velp(self, team: int) -> np.ndarray:
        """A slide along y: its Jacobian times the velocity is exactly the joint's speed."""
        self._keeper_velp[1] = self.keeper_qvel[team]
        return self._keeper_velp


class ObstacleReadings(Readings):
    """Readings of a penalty with defenders and a point in the air.

    Attributes:
        defender_xpos: places of the defenders in this episode [m]. Shape: (9,).
    """

    defender_xpos: np.ndarray

    def __init__(self, model: mujoco.MjModel, data: mujoco.MjData, stock: Any, task: Task) -> None:
        super().__init__(model, data, stock, task)
        self.bind_points(target=int(model.site(stock.goal_site).id))
        geoms = [model.geom(f"defender_geom{number}").id for number in range(3)]
        self._defender_places = [data.geom_xpos[geom] for geom in geoms]
        self.defender_xpos = np.zeros(9)

    def bind_episode(self, team: int) -> None:
        """Take in the team and the defenders that the episode's reset has drawn."""
        super().bind_episode(team)
        np.concatenate(self._defender_places, out=self.defender_xpos)

    def target_velp(self) -> float:
        """The target stands still."""
        return 0.0

    def defenders(self) -> np.ndarray:
        """Places of the defenders [m]. Shape: (9,)."""
        return self.defender_xpos


class TargetReadings(Readings):
    """Readings of a task with a target on the ground."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bind_points(target=int(self.model.site("target0").id))

    def target_velp(self) -> float:
        """The target stands still."""
        return 0.0
