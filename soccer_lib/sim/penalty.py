"""The rules of the three penalty tasks.

Mirrors `sai_mujoco.envs.football.v0.penalty_kick` (0.1.30), term by term and in its order of floating-point
operations. Upstream's own oddities are kept and named.
"""

from __future__ import annotations

import functools
import itertools
from typing import Any

import numpy as np

from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.goal import GoalBox, norm
from soccer_lib.sim.readings import GoalieReadings, ObstacleReadings

KEEPER_FREQUENCY = 0.3
"""Of the goalkeeper's path [Hz]."""


class PenaltySim(SoccerSim):
    """penalty_kick: an empty goal 2.2 m behind the ball; the base of the two penalty tasks with opponents."""

    memory = (*SoccerSim.memory, "ball_hits", "touching")
    term_names: tuple[str, ...] = (
        "robot_distance_ball",
        "ball_vel_twd_goal",
        "offside",
        "ball_hits",
        "robot_fallen",
        "goal_scored",
    )
    measured = {"robot_distance_ball": np.float32, "ball_vel_twd_goal": np.float64}

    def forget_episode(self) -> None:
        """Clear what an episode has counted."""
        super().forget_episode()
        self.ball_hits = 0
        self.touching = False

    def bind_episode(self) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        super().bind_episode()
        self._goal = self.readings.goals[self.team]
        self._goal_box = GoalBox.behind(self._goal, self._field)
        self._goal_normal = self._normal_of(self._reward_goal())

    def limits(self) -> dict[str, Any]:
        """The goal's box and the direction in which the ball's speed is paid."""
        return {
            "box": (*self._goal_box.x, *self._goal_box.y, self._goal_box.top),
            "goal_normal": self._goal_normal,
        }

    def _reward_goal(self) -> np.ndarray:
        """Upstream measures the speed toward the south goal for both teams."""
        return self.readings.goals[0]

    def _normal_of(self, goal: np.ndarray) -> np.ndarray:
        width = self._field["goal_width"]
        height = self._field["goal_height"]
        corners = np.array([[goal[0], -width, 0.0], [goal[0], width, 0.0], [goal[0], -width, height]])
        normal = np.cross(corners[1] - corners[0], corners[2] - corners[1])
        return normal / np.linalg.norm(normal)

    def _scored(self, x: float, y: float, z: float) -> bool:
        return self._goal_box.contains(x, y, z)

    def _ball_blocked(self, x: float) -> bool:
        return False

    def _referee(self) -> bool:
        x, y, z = self._ball.tolist()
        self.success = scored = self._scored(x, y, z)
        self.offside = not scored and self.off_field(x, y)
        touching = self.near_robot(x, y) and self.touches(self.robot_geoms)
        if touching and not self.touching:
            self.ball_hits += 1
        self.touching = touching
        self.blocked = self._ball_blocked(x)
        self.fallen = not self.min_height < self._imu[2]
        return self.offside or scored or self.blocked or self.fallen

    def _measure_terms(self) -> tuple[Any, ...]:
        self.readings.measure_ball()
        closeness = 1.5 if self.ball_hits else self._closeness()
        return closeness, -self.readings.ball_velp.dot(self._goal_normal)

    def terms_of(self, *measured: Any) -> dict[str, Any]:
        """All stock reward terms, unweighted; after the first touch the distance is paid in full."""
        hits = self.ball_hits
        return {
            "robot_distance_ball": 1.5 if hits else measured[0],
            "ball_vel_twd_goal": measured[1],
            "offside": self.offside,
            "ball_hits": np.log1p(hits - 1) if hits > 1 else 0.0,
            "robot_fallen": self.fallen,
            "goal_scored": self.success,
        }

    def _closeness(self) -> np.float32:
        """From 0 far from the ball to 1 at it; upstream computes it in single precision."""
        return 1 - np.tanh(np.float32(norm(self._imu - self._ball)))


class GoalieSim(PenaltySim):
    """goalie_penalty_kick: a goalkeeper on a sine path. Fully deterministic: no seed changes anything."""

    readings_type = GoalieReadings
    term_names = (*PenaltySim.term_names, "ball_blocked")

    def _bind_scene(self) -> None:
        super()._bind_scene()
        model = self.model
        joints = [model.joint(f"goalkeeper_team_{team}_joint") for team in (0, 1)]
        south, north = (int(joint.qposadr[0]) for joint in joints)
        self._keeper_qpos = self._qpos[south : north + 1 : north - south]
        assert isinstance(self.readings, GoalieReadings)
        self._keeper_qvel = self.readings.keeper_qvel
        # Upstream counts a block by the south keeper only.
        self.blockers = frozenset([self.stock.keeper_id])
        reach = model.geom_rbound[self.stock.keeper_id] + 3 * model.geom_rbound[self.ball_geom]
        self._blocker_reach = float(reach)
        self._path: dict[float, tuple[float, float]] = {}
        self._keeper_frequency = KEEPER_FREQUENCY

    def bind_episode(self) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        super().bind_episode()
        self._blocker_x = float(self.data.geom_xpos[self.stock.keeper_id][0])

    def pace_keeper(self, factor: float) -> None:
        """Multiply the frequency of the goalkeeper's path; compiled code reads the same array."""
        frequency = factor * KEEPER_FREQUENCY
        if frequency != self._keeper_frequency:
            self._keeper_frequency = frequency
            self._path.clear()
            if "keeper_path" in vars(self):
                self.keeper_path[:] = self._whole_path()

    @functools.cached_property
    def keeper_path(self) -> np.ndarray:  # type: ignore[override]
        """Place [m] and speed [m/s] of the goalkeepers at each step. Shape: (max_steps, 2)."""
        return self._whole_path()

    def _whole_path(self) -> np.ndarray:
        step = self.model.opt.timestep
        times = itertools.accumulate(itertools.repeat(step, self.task.max_steps - 1), initial=0.0)
        return np.array([self._keeper_at(time) for time in times])

    def limits(self) -> dict[str, Any]:
        """The goal's box, and where the goalkeeper blocks."""
        return {**super().limits(), "blocker_x": self._blocker_x, "blocker_reach": self._blocker_reach}

    def _move_scene(self) -> None:
        time = self.data.time
        if time not in self._path:
            self._path[time] = self._keeper_at(time)
        place, speed = self._path[time]
        self._keeper_qpos.fill(place)
        self._keeper_qvel.fill(speed)

    def _keeper_at(self, time: float) -> tuple[float, float]:
        """Position [m] and speed [m/s] along y, by upstream's formula."""
        amplitude = self._field["goal_width"] - 0.6
        frequency = self._keeper_frequency
        position = amplitude * np.sin(2 * np.pi * frequency * time)
        return float(position), float(
            2 * np.pi * frequency * amplitude * np.cos(2 * np.pi * frequency * time)
        )

    def _ball_blocked(self, x: float) -> bool:
        return abs(x - self._blocker_x) < self._blocker_reach and self.touches(self.blockers)

    def terms_of(self, *measured: Any) -> dict[str, Any]:
        """All stock reward terms, unweighted."""
        terms = super().terms_of(*measured)
        terms["ball_blocked"] = self.blocked
        return terms


class ObstacleSim(PenaltySim):
    """obstacle_penalty_kick: three defenders and a point in the air that the ball has to pass."""

    readings_type = ObstacleReadings
    term_names = (*PenaltySim.term_names, "ball_blocked", "ball_distance_target")
    measured = {**PenaltySim.measured, "ball_distance_target": np.float64}
    goal_radius = 0.3

    def _bind_scene(self) -> None:
        super()._bind_scene()
        self._target = self.readings.target
        self.blockers = frozenset(self.stock.goalkeeper_geom_ids)
        widest = max(self.model.geom_rbound[geom] for geom in self.blockers)
        self._blocker_reach = float(widest + 3 * self.model.geom_rbound[self.ball_geom])

    def bind_episode(self) -> None:
        """Read what is fixed for the episode after the stock reset has drawn it."""
        super().bind_episode()
        assert isinstance(self.readings, ObstacleReadings)
        self._blocker_x = float(self.readings.defender_xpos[0])

    def limits(self) -> dict[str, Any]:
        """The point in the air, and where the defenders block."""
        return {
            "goal_normal": self._goal_normal,
            "blocker_x": self._blocker_x,
            "blocker_reach": self._blocker_reach,
            "goal": self._target,
            "radius": self.goal_radius,
        }

    def _reward_goal(self) -> np.ndarray:
        return self._target

    def _scored(self, x: float, y: float, z: float) -> bool:
        return norm(self._target - self._ball) < self.goal_radius

    def _ball_blocked(self, x: float) -> bool:
        return abs(x - self._blocker_x) < self._blocker_reach and self.touches(self.blockers)

    def _measure_terms(self) -> tuple[Any, ...]:
        return *super()._measure_terms(), 1 - np.tanh(norm(self._target - self._ball))

    def terms_of(self, *measured: Any) -> dict[str, Any]:
        """All stock reward terms, unweighted."""
        terms = super().terms_of(*measured)
        terms["ball_blocked"] = self.blocked
        terms["ball_distance_target"] = measured[2]
        return terms
