"""What can be read off the scene after a step: velocities, the stock observation, the stock info."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import mujoco
import numpy as np


class Readings:
    """The reading half of `SoccerSim`; the arrays that it reads are bound there."""

    def measure_ball(self) -> None:
        """Compute the ball's velocity, once per step: Jacobian times generalised velocity."""
        if not self._measured:
            mujoco.mj_jacSite(self.model, self.data, self._jacp, None, self._ball_id)
            self.ball_velp = self._jacp.dot(self._qvel)
            self._measured = 1

    def measure(self) -> None:
        """Compute all velocities of ball and IMU, once per step."""
        self.measure_ball()
        if self._measured == 1:
            model, data, jacp, jacr, qvel = self.model, self.data, self._jacp, self._jacr, self._qvel
            mujoco.mj_jacSite(model, data, None, jacr, self._ball_id)
            self.ball_velr = jacr.dot(qvel)
            mujoco.mj_jacSite(model, data, jacp, jacr, self._imu_id)
            self.imu_velp, self.imu_velr = jacp.dot(qvel), jacr.dot(qvel)
            self._measured = 2

    def sensors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Orientation x y z w, gyro [rad/s] and velocimeter [m/s] of the trunk as observed, float32."""
        readings = self.data.sensordata.take(self._attitude).astype(np.float32)
        return readings[:4], readings[4:7], readings[7:]

    def ball_from_imu(self) -> np.ndarray:
        """The observed ball point minus the IMU, world axes, float32 [m]. Shape: (3,)."""
        return (self._ball - self._imu).astype(np.float32)

    def observation(self) -> np.ndarray:
        """The stock observation, float32, `layout.RAW[task]`."""
        self.measure()
        joint_pos, joint_vel, ball_xpos, ball_velp, ball_velr, *scene = self._raw_fields
        joint_pos[:] = self.joint_pos
        joint_vel[:] = self.joint_vel
        np.subtract(self._ball, self._imu, ball_xpos)
        np.subtract(self.ball_velp, self.imu_velp, ball_velp)
        np.subtract(self.ball_velr, self.imu_velr, ball_velr)
        self._observe_scene(*scene)
        return self._raw.astype(np.float32)

    def _observe_scene(self, *scene: np.ndarray) -> None:
        """Fill the fields of the stock observation after the first five."""

    def info(self) -> dict[str, Any]:
        """The stock info of the last step (every entry, without `reward_terms`)."""
        self.measure()
        ball, imu = self._ball, self._imu
        south, north = self._goals
        info = dict(self._field)
        info["goal_team_0_rel_robot"] = south - imu
        info["goal_team_1_rel_robot"] = north - imu
        info["goal_team_0_rel_ball"] = south - ball
        info["goal_team_1_rel_ball"] = north - ball
        info["ball_xpos_rel_robot"] = ball - imu
        info["ball_velp_rel_robot"] = self.ball_velp - self.imu_velp
        info["ball_velr_rel_robot"] = self.ball_velr - self.imu_velr
        info["player_team"] = self._team_one_hot.copy()
        readings = self.data.sensordata.astype(np.float32)
        for name, where in self._sensors.items():
            info[name] = readings[where]
        for team, keeper in enumerate(self._keepers):
            info[f"goalkeeper_team_{team}_xpos_rel_robot"] = keeper - imu
            info[f"goalkeeper_team_{team}_velp_rel_robot"] = self._keeper_velp(team) - self.imu_velp
        info["target_xpos_rel_robot"] = self._target - imu
        info["target_velp_rel_robot"] = self._target_velp() - self.imu_velp
        info["defender_xpos"] = self._defenders()
        info["success"] = self.success
        return info

    def described(self) -> np.ndarray:
        """The entries of `layout.INFO_FIELDS` that `info` would have, float32. Shape: (59,)."""
        self.measure()
        velp, (ends, origins), places = self.imu_velp, self._differences, self.data.site_xpos
        between = places.take(ends, axis=0) - places.take(origins, axis=0)
        parts = (
            self.data.sensordata.take(self._inertial),
            between[:5].ravel(),
            self.ball_velp - velp,
            self.ball_velr - self.imu_velr,
            self._team_one_hot,
            between[5],
            self._keeper_velp(0) - velp,
            between[6],
            self._keeper_velp(1) - velp,
            between[7],
            self._target_velp() - velp,
            self._defenders(),
        )
        return np.concatenate(parts, dtype=np.float32)

    # Where a task has no goalkeeper, target or defenders the stock info repeats the robot: zeros, or NaN for
    # a lost state.

    def _bind_points(self, keepers: Sequence[int] = (), target: int | None = None) -> None:
        """Bind the sites of goalkeepers and target."""
        imu, ball, goals = self._imu_id, self._ball_id, self._goal_ids
        keepers, target = keepers or (imu, imu), imu if target is None else target
        *self._keepers, self._target = (self.data.site_xpos[site] for site in (*keepers, target))
        ends, origins = [*goals, *goals, ball, *keepers, target], [imu, imu, ball, ball, imu, imu, imu, imu]
        self._differences = np.array(ends), np.array(origins)

    def _keeper_velp(self, team: int) -> np.ndarray:
        return self.imu_velp

    def _target_velp(self) -> np.ndarray | float:
        return self.imu_velp

    def _defenders(self) -> np.ndarray:
        return np.concatenate((self._imu, self._imu, self._imu))
