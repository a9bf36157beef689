"""The rules of goal_keeper.

Mirrors `sai_mujoco.envs.football.v0.goalkeeper` (0.1.30), term by term and in its order of floating-point
operations. Upstream's own oddities are kept and named.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.goal import GoalBox, norm


class GoalKeeperSim(SoccerSim):
    """goal_keeper: a ball at constant velocity toward the goal; touch it and keep it out for 100 steps."""

    memory = (*SoccerSim.memory, "robot_contact", "time_after_contact")
    term_names = ("distance_to_ball", "approach_ball_reward", "inside_goal", "is_alive")
    measured = {"distance_to_ball": np.float32, "approach_ball_reward": np.float64}
    hold_steps = 100.0

    def forget_episode(self) -> None:
        """Clear what an episode has counted."""
        super().forget_episode()
        self.robot_contact = False
        self.time_after_contact = 0
        self.conceded = False

    def _bind_scene(self) -> None:
        super()._bind_scene()
        address = int(self.model.joint("env:ball").dofadr[0])
        self._ball_qvel = self._qvel[address : address + 6]

    def bind_episode(self) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        super().bind_episode()
        self._goal_box = GoalBox.behind(self.readings.goals[self.team], self._field)
        self._ball_velocity = self.stock.velocity

    def limits(self) -> dict[str, Any]:
        """The goal's box, the steps that the ball has to be kept out, and how it flies."""
        box = (*self._goal_box.x, *self._goal_box.y, self._goal_box.top)
        return {"box": box, "hold": self.hold_steps, "ball_velocity": self._ball_velocity}

    def _move_scene(self) -> None:
        self._ball_qvel[:] = self._ball_velocity

    def _referee(self) -> bool:
        x, y, z = self._ball.tolist()
        self.conceded = self._goal_box.contains(x, y, z)
        self.offside = not self.conceded and self.off_field(x, y)
        if not self.robot_contact:
            self.robot_contact = self.near_robot(x, y) and self.touches(self.robot_geoms)
        if self.robot_contact:
            self.time_after_contact += 1
        self.success = self.time_after_contact > self.hold_steps
        self.fallen = not self.min_height < self._imu[2]
        return self.offside or self.conceded or self.success or self.fallen

    def _measure_terms(self) -> tuple[Any, ...]:
        if self.robot_contact:
            return 1.0, 2.0
        self.readings.measure()
        to_ball = self._ball - self._imu
        return 1 - np.tanh(np.float32(norm(to_ball))), self.readings.imu_velp.dot(to_ball)

    def terms_of(self, *measured: Any) -> dict[str, Any]:
        """All stock reward terms, unweighted; after a touch both distances are paid in full."""
        return {
            "distance_to_ball": 1.0 if self.robot_contact else measured[0],
            "approach_ball_reward": 2.0 if self.robot_contact else measured[1],
            "inside_goal": self.conceded,
            "is_alive": min(15, max(0.5, self.time_after_contact * 0.5)),
        }
