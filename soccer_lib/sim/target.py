"""The rules of kick_to_target.

Mirrors `sai_mujoco.envs.football.v0.target_hit` (0.1.30), term by term and in its order of floating-point
operations. Upstream's own oddities are kept and named.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.goal import norm
from soccer_lib.sim.readings import TargetReadings


class KickToTargetSim(SoccerSim):
    """kick_to_target: robot, ball and target drawn from the seed; the ball has to pass near the target."""

    readings_type = TargetReadings
    memory = (*SoccerSim.memory, "target_distance")
    term_names = ("offside", "success", "distance", "robot_distance_ball")
    measured = {"distance": np.float64, "robot_distance_ball": np.float64}
    target_radius = 0.4

    def bind_episode(self) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        super().bind_episode()
        self._goal_pos = self.stock.goal_pos.tolist()
        self.target_distance = self._distance(*self._ball.tolist())

    def limits(self) -> dict[str, Any]:
        """The target and how near the ball has to pass."""
        return {"goal": self._goal_pos, "radius": self.target_radius}

    def _distance(self, x: float, y: float, z: float) -> float:
        """Ball to target [m]; numpy adds the squares of `norm(..., axis=-1)` from left to right, as here."""
        target_x, target_y, target_z = self._goal_pos
        dx = x - target_x
        dy = y - target_y
        dz = z - target_z
        return math.sqrt(dx * dx + dy * dy + dz * dz)

    def _referee(self) -> bool:
        x, y, z = self._ball.tolist()
        self.target_distance = self._distance(x, y, z)
        self.success = self.target_distance < self.target_radius
        self.offside = self.off_field(x, y)
        self.fallen = not self.min_height < self._imu[2]
        return self.offside or self.success or self.fallen

    def _measure_terms(self) -> tuple[Any, ...]:
        return np.exp(-self.target_distance), 1 - np.tanh(norm(self._ball - self._imu))

    def terms_of(self, *measured: Any) -> dict[str, Any]:
        """All stock reward terms, unweighted."""
        distance, robot_distance_ball = measured
        return {
            "offside": self.offside,
            "success": self.success,
            "distance": distance,
            "robot_distance_ball": robot_distance_ball,
        }
