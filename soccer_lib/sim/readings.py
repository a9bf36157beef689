"""What can be read off the scene after a step: velocities, the stock observation, the stock info."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np

from soccer_lib.layout import RAW, Sensed
from soccer_lib.sim.binding import sensor_entries, slice_of
from soccer_lib.tasks import Task


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
        ball_velp, ball_velr, imu_velp, imu_velr: velocities of both sites [m/s, rad/s]; see `measure`.
    """

    joint_pos: np.ndarray
    joint_vel: np.ndarray
    ball: np.ndarray
    imu: np.ndarray
    goals: tuple[np.ndarray, np.ndarray]
    field: dict[str, float]
    team: int
    ball_velp: np.ndarray
    ball_velr: np.ndarray
    imu_velp: np.ndarray
    imu_velr: np.ndarray

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
        self._attitude = self._entries("robot_quat", "robot_gyro", "robot_velocimeter")
        self._inertial = self._entries("robot_gyro", "robot_accelerometer", "robot_velocimeter")
        self._qvel = data.qvel
        self._jacp = np.zeros((3, model.nv))
        self._jacr = np.zeros((3, model.nv))
        self._raw = np.zeros(task.raw_size)
        self._raw_fields = [self._raw[field.slice] for field in RAW[task.name].fields]
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
        self._differences = np.array(ends), np.array(origins)

    def bind_episode(self, team: int) -> None:
        """Take in the team that the episode's reset has drawn."""
        self.team = team
        self._team_one_hot = np.array([1 - team, team])

    def forget(self) -> None:
        """Note that the physics moved on: velocities are measured anew when they are asked for."""
        self._measured = 0

    def measure_ball(self) -> None:
        """Compute the ball's velocity, once per step: Jacobian times generalised velocity."""
        if not self._measured:
            mujoco.mj_jacSite(self.model, self.data, self._jacp, None, self.ball_id)
            self.ball_velp = self._jacp.dot(self._qvel)
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
            self.ball_velr = jacr.dot(qvel)
            mujoco.mj_jacSite(model, data, jacp, jacr, self.imu_id)
            self.imu_velp = jacp.dot(qvel)
            self.imu_velr = jacr.dot(qvel)
            self._measured = 2

    def sense(self) -> Sensed:
        """What the robot's own sensors say, in single precision as it is observed."""
        attitude = self.data.sensordata.take(self._attitude).astype(np.float32)
        return Sensed(
            self.joint_pos.astype(np.float32),
            self.joint_vel.astype(np.float32),
            attitude[:4],
            attitude[4:7],
            attitude[7:],
        )

    def orientation(self) -> np.ndarray:
        """Orientation x y z w of the trunk as observed, float32. Shape: (4,)."""
        return self.data.sensordata.take(self._attitude[:4]).astype(np.float32)

    def ball_from_imu(self) -> np.ndarray:
        """The observed ball point minus the IMU, world axes, float32 [m]. Shape: (3,)."""
        return (self.ball - self.imu).astype(np.float32)

    def observation(self) -> np.ndarray:
        """The stock observation, float32, `layout.RAW[task]`."""
        self.measure()
        joint_pos, joint_vel, ball_xpos, ball_velp, ball_velr, *scene = self._raw_fields
        joint_pos[:] = self.joint_pos
        joint_vel[:] = self.joint_vel
        np.subtract(self.ball, self.imu, ball_xpos)
        np.subtract(self.ball_velp, self.imu_velp, ball_velp)
        np.subtract(self.ball_velr, self.imu_velr, ball_velr)
        self.observe_scene(*scene)
        return self._raw.astype(np.float32)

    def observe_scene(self, *scene: np.ndarray) -> None:
        """Fill the fields of the stock observation after the first five."""

    def info(self) -> dict[str, Any]:
        """The stock info of the last step, without `reward_terms` and `success`."""
        self.measure()
        ball = self.ball
        imu = self.imu
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
        readings = self.data.sensordata.astype(np.float32)
        for name, where in self.sensors.items():
            info[name] = readings[where]
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
        ends, origins = self._differences
        places = self.data.site_xpos
        between = places.take(ends, axis=0) - places.take(origins, axis=0)
        parts = (
            self.data.sensordata.take(self._inertial),
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

    def keeper_velp(self, team: int) -> np.ndarray:
        """Velocity of a goalkeeper [m/s]. Shape: (3,)."""
        return self.imu_velp

    def target_velp(self) -> np.ndarray | float:
        """Velocity of the target [m/s]."""
        return self.imu_velp

    def defenders(self) -> np.ndarray:
        """Places of the defenders [m]. Shape: (9,)."""
        return np.concatenate((self.imu, self.imu, self.imu))


class PenaltyReadings(Readings):
    """Readings of a penalty: the goal comes after the first five fields."""

    def observe_scene(self, *scene: np.ndarray) -> None:
        """Fill the fields of the stock observation after the first five."""
        goal_from_robot, goal_from_ball, *opponents = scene
        goal = self.goals[self.team]
        np.subtract(goal, self.imu, goal_from_robot)
        np.subtract(goal, self.ball, goal_from_ball)
        self.observe_opponents(*opponents)

    def observe_opponents(self, *opponents: np.ndarray) -> None:
        """Fill the fields after the goal's."""


class GoalieReadings(PenaltyReadings):
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

    def observe_opponents(self, *opponents: np.ndarray) -> None:
        """Fill the keeper's place and velocity."""
        keeper_xpos, keeper_velp = opponents
        np.subtract(self.keepers[self.team], self.imu, keeper_xpos)
        np.subtract(self.keeper_velp(self.team), self.imu_velp, keeper_velp)


class ObstacleReadings(PenaltyReadings):
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

    def bind_episode(self, team: int) -> None:
        """Take in the team and the defenders that the episode's reset has drawn."""
        super().bind_episode(team)
        self.defender_xpos = np.concatenate(self._defender_places)

    def target_velp(self) -> float:
        """The target stands still."""
        return 0.0

    def defenders(self) -> np.ndarray:
        """Places of the defenders [m]. Shape: (9,)."""
        return self.defender_xpos.copy()

    def observe_opponents(self, *opponents: np.ndarray) -> None:
        """Fill target and defenders."""
        target_xpos, target_velp, defenders = opponents
        np.subtract(self.target, self.imu, target_xpos)
        np.subtract(0.0, self.imu_velp, target_velp)
        defenders[:] = self.defender_xpos


class TargetReadings(Readings):
    """Readings of kick_to_target: the target comes after the first five fields."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.bind_points(target=int(self.model.site("target0").id))

    def target_velp(self) -> float:
        """The target stands still."""
        return 0.0

    def observe_scene(self, *scene: np.ndarray) -> None:
        """Fill the target."""
        target_xpos, target_velp = scene
        np.subtract(self.target, self.imu, target_xpos)
        np.subtract(0.0, self.imu_velp, target_velp)
