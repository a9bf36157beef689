"""Where robot and ball of one episode went, noted ten times a second while it is played."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.comparison.starts import geometry_of, target_of
from soccer_lib.evaluation.play import Transition
from soccer_lib.evaluation.trajectory import BALL, TRUNK
from soccer_lib.sim import SoccerSim, simulation_of
from soccer_lib.tasks import COMMAND_STEPS

_DIGITS = 4
"""Places are kept to a tenth of a millimetre."""

_MOVED = 0.02
"""How far a ball has to come from its place before somebody must have touched it [m]."""


def _empty() -> np.ndarray:
    return np.zeros(0)


@dataclass(frozen=True)
class Trail:
    """Where the ball of one episode went, and what the robot did about it.

    Attributes:
        outcome: how the episode ended.
        ball: its true centre, world axes [m]. Shape: (n, 3).
        target: place of the target, world axes [m]; None in a task without one. Shape: (3,).
        geometry: numbers that describe the start.
        time: of each row [s]. Shape: (n,).
        robot: its trunk, world axes [m]. Shape: (n, 2).
        aim: where the ball has to go: the target, or else the middle of the goal line [m]. Shape: (3,).
        touches: how often robot and ball met; 1 stands for more in kick_to_target, which does not count them.
        asked: kicks that were asked for, the refused ones included.
    """

    outcome: str
    ball: np.ndarray
    target: np.ndarray | None
    geometry: dict[str, float]
    time: np.ndarray = field(default_factory=_empty)
    robot: np.ndarray = field(default_factory=_empty)
    aim: np.ndarray = field(default_factory=_empty)
    touches: int = 0
    asked: int = 0


class TrailNotes:
    """Notes the trail of an episode by the hooks of `play_episode`; it changes nothing in it.

    Args:
        env: where the episode is played.
        start: number of its start (see `EpisodeJob`).
    """

    def __init__(self, env: gym.Env, start: int) -> None:
        self._sim = simulation_of(env)
        self._start = start
        self._rows: list[tuple[float, ...]] = []
        self._next = 0
        self._asked = 0

    def on_reset(self, observation: np.ndarray) -> None:
        """Note the start."""
        sim = self._sim
        self._geometry = geometry_of(sim, self._start)
        target = target_of(sim)
        self._target = target
        goal = sim.data.site("goal_post_north" if sim.team else "goal_post_south").xpos
        self._aim = goal.copy() if target is None else target
        self._note()

    def on_step(self, step: Transition) -> None:
        """Note where everything is, where a tenth of a second has gone by or the episode is over."""
        self._asked = step.info.get("macro_trigger_count", 0) + step.info.get("macro_refused_count", 0)
        if step.over or self._sim.n_steps >= self._next:
            self._note()

    def _note(self) -> None:
        sim = self._sim
        self._next = sim.n_steps + COMMAND_STEPS
        robot = sim.data.body(TRUNK).xpos[:2]
        self._rows.append((sim.sim_time, *robot.tolist(), *sim.data.geom(BALL).xpos.tolist()))

    def trail(self) -> Trail:
        """What has been noted."""
        rows = np.round(self._rows, _DIGITS)
        ball = rows[:, 3:]
        return Trail(
            outcome=self._sim.outcome,
            ball=ball,
            target=None if self._target is None else np.round(self._target, _DIGITS),
            geometry={name: round(value, _DIGITS) for name, value in self._geometry.items()},
            time=rows[:, 0],
            robot=rows[:, 1:3],
            aim=np.round(self._aim, _DIGITS),
            touches=_touches(self._sim, ball),
            asked=int(self._asked),
        )


def _touches(sim: SoccerSim, ball: np.ndarray) -> int:
    """Touches that the task counts, or whether the ball has left its place."""
    counted: Any = getattr(sim, "ball_hits", None)
    if counted is not None:
        return int(counted)
    return int(max(math.dist(place, ball[0, :2]) for place in ball[:, :2]) > _MOVED)


def trail_as_json(trail: Trail) -> dict[str, Any]:
    """A trail in JSON's types; `trail_from_json` gives it back to the last digit."""
    return {
        name: value.tolist() if isinstance(value, np.ndarray) else value
        for name, value in vars(trail).items()
    }


def trail_from_json(entry: dict[str, Any]) -> Trail:
    """The trail of a file."""
    arrays = ("ball", "target", "time", "robot", "aim")
    values: dict[str, Any] = {
        name: np.array(value) if name in arrays and value is not None else value
        for name, value in entry.items()
    }
    return Trail(**values)
