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
from soccer_lib.sim.readings import Readings


class KickToTargetReadings(Readings):
    """What the stock observation shows of the target."""

    def _bind_scene(self, stock: Any) -> None:
        self._bind_points(target=int(self._model.site("target0").id))

    def _observe_scene(self, *scene: np.ndarray) -> None:
        target_xpos, target_velp = scene
        np.subtract(self.target, self.imu, target_xpos)
        np.subtract(0.0, self.imu_velp, target_velp)

    def target_velp(self) -> float:
        """The target does not move [m/s]."""
        return 0.0


class KickToTargetSim(SoccerSim):
    """kick_to_target: robot, ball and target drawn from the seed; the ball has to pass near the target."""

    readings_class = KickToTargetReadings
    memory = (*SoccerSim.memory, "target_distance")
    term_names = ("offside", "success", "distance", "robot_distance_ball")
    target_radius = 0.4

    def bind_episode(self) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        super().bind_episode()
        self._goal_pos = self.stock.goal_pos.tolist()
        self.target_distance = self._distance(*self._ball.tolist())

    def _distance(self, x: float, y: float, z: float) -> float:
        """Ball to target [m]; numpy adds the squares of `norm(..., axis=-1)` from left to right, as here."""
        target_x, target_y, target_z = self._goal_pos
        dx, dy, dz = x - target_x, y - target_y, z - target_z
        return math.sqrt(dx * dx + dy * dy + dz * dz)

    def _referee(self) -> bool:
        x, y, z = self._ball.tolist()
        self.target_distance = self._distance(x, y, z)
        self.success = self.target_distance < self.target_radius
        self.offside = self.off_field(x, y)
        self.fallen = not self._min_height < self._imu[2]
        return self.offside or self.success or self.fallen

    def terms(self) -> dict[str, Any]:
        """The stock reward terms of the last step, unweighted."""
        return {
            "offside": self.offside,
            "success": self.success,
            "distance": np.exp(-self.target_distance),
            "robot_distance_ball": 1 - np.tanh(norm(self._ball - self._imu)),
        }
