"""What can be read off a simulation after a step: velocities, sensors, the stock observation and info.

A simulation holds one `Readings`. A task whose scene has more than robot, ball and goals brings a subclass
beside its rules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.layout import JOINTS, RAW, Sensed
from soccer_lib.sim.binding import IMU_SITE, sensor_entries, slice_of
from soccer_lib.tasks import Task

_BALL_MEASURED, _ALL_MEASURED = 1, 2


class Readings:
    """Robot, ball and goals as they are after the last physics step.

    Velocities are worked out when they are first asked for and kept until the next step: whoever steps the
    simulation sets `measured` to 0.

    Attributes:
        joint_pos: joint positions, order of `layout.JOINTS`; a view [rad]. Shape: (12,).
        joint_vel: joint velocities; a view [rad/s]. Shape: (12,).
        ball: the ball site, world axes; a view [m]. Shape: (3,).
        imu: the IMU site, world axes; a view [m]. Shape: (3,).
        goals: the sites of the south and the north goal; views [m]. Shape: (3,) each.
        keepers: the sites of the two goalkeepers; the IMU's where a task has none. Shape: (3,) each.
        target: the site of the target point; the IMU's where a task has none. Shape: (3,).
        field: length and width of the field, width, height and depth of a goal, by their stock names [m].
        sensors: sensor field of the stock info -> its entries of MuJoCo's `sensordata`.
        team: the goal that counts, 0 south, 1 north.
        ball_velp, ball_velr: velocity [m/s] and angular velocity [rad/s] of the ball site, world axes, as
            `measure` found them.
        imu_velp, imu_velr: the same of the IMU.
        measured: 0 before anything has been measured since the last step; then how much has been.
    """

    joint_pos: np.ndarray
    joint_vel: np.ndarray
    ball: np.ndarray
    imu: np.ndarray
    goals: tuple[np.ndarray, np.ndarray]
    keepers: list[np.ndarray]
    target: np.ndarray
    field: dict[str, float]
    sensors: dict[str, slice | list[int]]
    team: int
    ball_velp: np.ndarray
    ball_velr: np.ndarray
    imu_velp: np.ndarray
    imu_velr: np.ndarray
    measured: int

    def __init__(self, task: Task, stock: Any, model: mujoco.MjModel, data: mujoco.MjData) -> None:
        """Look every name up once.

        Args:
            task: whose observation is built.
            stock: the stock environment.
            model: the stock environment's model.
            data: the stock environment's data.

        Raises:
            InputError: the installed sai-mujoco has the joints in another order.
        """
        self._model = model
        self._data = data
        self._qvel = data.qvel
        self._bind_robot(stock)
        self._ball_site = int(model.site("ball").id)
        self.ball = data.site_xpos[self._ball_site]
        south, north = (int(model.site(f"goal_post_{side}").id) for side in ("south", "north"))
        self._goal_sites = (south, north)
        self.goals = (data.site_xpos[south], data.site_xpos[north])
        parameters = stock.parameters_dict["env_parameters"]
        self.field = {key: parameters["field"][key] for key in ("length", "width")}
        self.field |= {f"goal_{key}": parameters["goal"][key] for key in ("width", "height", "depth")}
        self._jacp = np.zeros((3, model.nv))
        self._jacr = np.zeros((3, model.nv))
        self._raw = np.zeros(task.raw_size)
        self._raw_fields = [self._raw[field.slice] for field in RAW[task.name].fields]
        self.measured = 0
        self._bind_points()
        self._bind_scene(stock)

    def _bind_robot(self, stock: Any) -> None:
        model, data = self._model, self._data
        robot = stock.robots[0]
        names = [joint.removeprefix("robot_0:").lower() for joint in robot.robot_joints]
        if tuple(names) != JOINTS:
            raise InputError(f"joint order {names} of the installed sai-mujoco; expected {list(JOINTS)}")
        joints = [model.joint(name) for name in robot.robot_joints]
        self.joint_pos = data.qpos[slice_of(joint.qposadr[0] for joint in joints)]
        self.joint_vel = data.qvel[slice_of(joint.dofadr[0] for joint in joints)]
        self._imu_site = int(model.site(IMU_SITE).id)
        self.imu = data.site_xpos[self._imu_site]
        self.sensors = sensor_entries(model)
        self._orientation = self._entries("robot_quat")
        self._trunk = self._entries("robot_quat", "robot_gyro", "robot_velocimeter")
        self._inertial = self._entries("robot_gyro", "robot_accelerometer", "robot_velocimeter")

    def _entries(self, *sensors: str) -> np.ndarray:
        entries = np.arange(self._model.nsensordata)
        return np.concatenate([entries[self.sensors[name]] for name in sensors])

    def _bind_scene(self, stock: Any) -> None:
        """Bind what else the scene of a task has."""

    def _bind_points(self, keepers: Sequence[int] = (), target: int | None = None) -> None:
        """Bind the sites of goalkeepers and target.

        Where a task has none of them the stock info repeats the robot: zeros, or NaN for a lost state.
        """
        imu, ball = self._imu_site, self._ball_site
        keeper_sites = tuple(keepers) or (imu, imu)
        target_site = imu if target is None else target
        self.keepers = [self._data.site_xpos[site] for site in keeper_sites]
        self.target = self._data.site_xpos[target_site]
        ends = [*self._goal_sites, *self._goal_sites, ball, *keeper_sites, target_site]
        origins = [imu, imu, ball, ball, imu, imu, imu, imu]
        self._ends = np.array(ends)
        self._origins = np.array(origins)

    def bind_episode(self, team: int) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        self.team = team
        self._team_one_hot = np.array([1 - team, team])

    # -- velocities ------------------------------------------------------------------------------------------

    def measure_ball(self) -> None:
        """Compute the ball's velocity, once per step: Jacobian times generalised velocity."""
        if not self.measured:
            mujoco.mj_jacSite(self._model, self._data, self._jacp, None, self._ball_site)
            self.ball_velp = self._jacp.dot(self._qvel)
            self.measured = _BALL_MEASURED

    def measure(self) -> None:
        """Compute all velocities of ball and IMU, once per step."""
        self.measure_ball()
        if self.measured == _BALL_MEASURED:
            model, data, jacp, jacr, qvel = self._model, self._data, self._jacp, self._jacr, self._qvel
            mujoco.mj_jacSite(model, data, None, jacr, self._ball_site)
            self.ball_velr = jacr.dot(qvel)
            mujoco.mj_jacSite(model, data, jacp, jacr, self._imu_site)
            self.imu_velp = jacp.dot(qvel)
            self.imu_velr = jacr.dot(qvel)
            self.measured = _ALL_MEASURED

    # -- the robot's own sensors -----------------------------------------------------------------------------

    def orientation(self) -> np.ndarray:
        """Orientation of the trunk as observed, x y z w, float32. Shape: (4,)."""
        return self._data.sensordata.take(self._orientation).astype(np.float32)

    def sensed(self) -> Sensed:
        """What the robot's own sensors show, as observed: float32 throughout."""
        trunk = self._data.sensordata.take(self._trunk).astype(np.float32)
        return Sensed(
            self.joint_pos.astype(np.float32),
            self.joint_vel.astype(np.float32),
            trunk[:4],
            trunk[4:7],
            trunk[7:],
        )

    def ball_from_imu(self) -> np.ndarray:
        """The observed ball point minus the IMU, world axes, float32 [m]. Shape: (3,)."""
        return (self.ball - self.imu).astype(np.float32)

    # -- the stock observation and info ----------------------------------------------------------------------

    def observation(self) -> np.ndarray:
        """The stock observation, float32, `layout.RAW[task]`."""
        self.measure()
        joint_pos, joint_vel, ball_xpos, ball_velp, ball_velr, *scene = self._raw_fields
        joint_pos[:] = self.joint_pos
        joint_vel[:] = self.joint_vel
        np.subtract(self.ball, self.imu, ball_xpos)
        np.subtract(self.ball_velp, self.imu_velp, ball_velp)
        np.subtract(self.ball_velr, self.imu_velr, ball_velr)
        self._observe_scene(*scene)
        return self._raw.astype(np.float32)

    def _observe_scene(self, *scene: np.ndarray) -> None:
        """Fill the fields of the stock observation after the first five."""

    def info(self) -> dict[str, Any]:
        """The stock info of the last step, without `success` and `reward_terms`."""
        self.measure()
        ball, imu = self.ball, self.imu
        south, north = self.goals
        info: dict[str, Any] = dict(self.field)
        info["goal_team_0_rel_robot"] = south - imu
        info["goal_team_1_rel_robot"] = north - imu
        info["goal_team_0_rel_ball"] = south - ball
        info["goal_team_1_rel_ball"] = north - ball
        info["ball_xpos_rel_robot"] = ball - imu
        info["ball_velp_rel_robot"] = self.ball_velp - self.imu_velp
        info["ball_velr_rel_robot"] = self.ball_velr - self.imu_velr
        info["player_team"] = self._team_one_hot.copy()
        sensordata = self._data.sensordata.astype(np.float32)
        for name, entries in self.sensors.items():
            info[name] = sensordata[entries]
        for team, keeper in enumerate(self.keepers):
            info[f"goalkeeper_team_{team}_xpos_rel_robot"] = keeper - imu
            info[f"goalkeeper_team_{team}_velp_rel_robot"] = self.keeper_velp(team) - self.imu_velp
        info["target_xpos_rel_robot"] = self.target - imu
        info["target_velp_rel_robot"] = self.target_velp() - self.imu_velp
        info["defender_xpos"] = self.defenders()
        return info

    def described(self) -> np.ndarray:
        """The entries of `layout.INFO_FIELDS` that `info` would have, float32. Shape: (59,)."""
        self.measure()
        velp = self.imu_velp
        places = self._data.site_xpos
        between = places.take(self._ends, axis=0) - places.take(self._origins, axis=0)
        parts = (
            self._data.sensordata.take(self._inertial),
            between[:5].ravel(),
            self.ball_velp - velp,
            self.ball_velr - self.imu_velr,
            self._team_one_hot,
            between[5],
            self.keeper_velp(0) - velp,
            between[6],
            self.keeper_velp(1) - velp,
            between[7],
            self.target_velp() - velp,
            self.defenders(),
        )
        return np.concatenate(parts, dtype=np.float32)

    # -- what only some tasks have; the robot itself stands in elsewhere -------------------------------------

    def keeper_velp(self, team: int) -> np.ndarray:
        """Velocity of a team's goalkeeper, world axes [m/s]. Shape: (3,)."""
        return self.imu_velp

    def target_velp(self) -> np.ndarray | float:
        """Velocity of the target point, world axes [m/s]. Shape: (3,), or one number for all axes."""
        return self.imu_velp

    def defenders(self) -> np.ndarray:
        """The three defenders one after the other, world axes [m]. Shape: (9,)."""
        return np.concatenate((self.imu, self.imu, self.imu))
