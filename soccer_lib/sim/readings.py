"""What can be read off the scene after a step: velocities, the stock observation, the stock info."""

from __future__ import annotations

from typing import Any

import mujoco
import numpy as np


class Readings:
    """The reading half of `SoccerSim`; the arrays that it reads are bound there."""

    def measure(self) -> None:
        """Compute the velocities of ball and IMU, once per step: Jacobian times generalised velocity."""
        if self._velocities_fresh:
            return
        model, data, jacp, jacr, qvel = self.model, self.data, self._jacp, self._jacr, self._qvel
        mujoco.mj_jacSite(model, data, jacp, jacr, self._ball_id)
        self.ball_velp, self.ball_velr = jacp.dot(qvel), jacr.dot(qvel)
        mujoco.mj_jacSite(model, data, jacp, jacr, self._imu_id)
        self.imu_velp, self.imu_velr = jacp.dot(qvel), jacr.dot(qvel)
        self._velocities_fresh = True

    def sensors(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Orientation x y z w, gyro [rad/s] and velocimeter [m/s] of the trunk as observed, float32."""
        readings, where = self.data.sensordata.astype(np.float32), self._sensors
        return tuple(readings[where[name]] for name in ("robot_quat", "robot_gyro", "robot_velocimeter"))

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
        self._add_keeper(info)
        self._add_target(info)
        info["success"] = self.success
        return info

    def _add_keeper(self, info: dict[str, Any]) -> None:
        """Where a task has no goalkeeper the stock info repeats the robot: zeros, or NaN for a lost state."""
        imu, velp = self._imu, self.imu_velp
        info["goalkeeper_team_0_xpos_rel_robot"] = imu - imu
        info["goalkeeper_team_0_velp_rel_robot"] = velp - velp
        info["goalkeeper_team_1_xpos_rel_robot"] = imu - imu
        info["goalkeeper_team_1_velp_rel_robot"] = velp - velp

    def _add_target(self, info: dict[str, Any]) -> None:
        """Where a task has no target or defenders the stock info repeats the robot."""
        info["target_xpos_rel_robot"] = self._imu - self._imu
        info["target_velp_rel_robot"] = self.imu_velp - self.imu_velp
        info["defender_xpos"] = np.concatenate((self._imu, self._imu, self._imu))
