"""What a finished kick does in play: the striker's own approach in the obstacle task, whichever the target.

A trial begins at the swing. In play the approach comes first, and balls cross the line lower and more to one
side than in trials: direction and height that the striker counts on are those of play.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import atan2
from typing import NamedTuple

import gymnasium as gym
import numpy as np

from soccer_lib.control.kicks import Kick
from soccer_lib.control.strike import Strike
from soccer_lib.envs.make import make_env
from soccer_lib.evaluation.episode import N_STARTS
from soccer_lib.geometry import wrap
from soccer_lib.policies.striker import Memory, Striker, StrikerView
from soccer_lib.tasks import PHYSICS_DT
from soccer_lib.workshop.kicks.trial import LINE
from soccer_lib.wrappers.command import CommandControl
from soccer_lib.wrappers.stack import layers

WATCHED = 2.0
"""How long the robot is watched after the step of the kick [s]."""

SPREAD_AT_LEAST = 0.05
"""Of heights, which a few balls show too small [m]."""

_WAIT = np.zeros(3, np.float32)


class Crossing(NamedTuple):
    """Where a ball crossed the goal line.

    Attributes:
        height: of the observed ball point [m].
        speed: of that point along the goal's normal [m/s].
        aside: how much farther left than aimed the ball flew, for a kick with the right foot [rad].
        fell: the robot fell up to `WATCHED` after the kick.
    """

    height: float
    speed: float
    aside: float
    fell: bool


class Forced(Striker):
    """The striker with one kick for every target."""

    def __init__(self, kick: Kick) -> None:
        super().__init__()
        self._kick = replace(kick, aside=0.0)

    def _plan(self, scene: StrikerView, memory: Memory) -> tuple[Kick, tuple[float, float], bool, Memory]:
        return self._kick, scene.target[:2], True, memory


def command_control(env: gym.Env) -> CommandControl:
    """The layer of an environment that walks and kicks."""
    return next(layer for layer in layers(env) if isinstance(layer, CommandControl))


def crossings(kicks: dict[str, Kick], name: str, seeds: Sequence[int]) -> list[Crossing]:
    """Play a kick on some starts of the obstacle task; balls that do not reach the line are left out.

    Args:
        kicks: what the robot can play.
        name: of the kick.
        seeds: of the starts; the k-th begins at gait phase k/20.
    """
    env = make_env("obstacle_penalty_kick", control="command", observation="agent", info="terms")
    sim = env.unwrapped
    sim.plays_on = True  # a ball that has reached its target flies on to the line
    control = command_control(env)
    control.macro = strike = Strike(control.walker, kicks)
    point = sim.data.body("soccer_ball").xpos
    policy = Forced(kicks[name])
    found = []
    for index, seed in enumerate(seeds):
        observation, _ = env.reset(seed=seed, options={"gait_phase": index % N_STARTS / N_STARTS})
        ball = point.copy()
        target = sim.data.site("goalarea_site").xpos.copy()
        points: list[np.ndarray] = []
        note = _noting(points, point)
        sim.on_step.append(note)
        state, over, fell, triggered, end = policy.begin(), False, False, False, sim.task.max_steps
        while sim.n_steps < end and not fell and (triggered or not over):
            action, state = (_WAIT, state) if over or triggered else policy.predict(observation, state)
            observation, _, terminated, truncated, info = env.step(action)
            over = over or terminated or truncated
            fell = bool(sim.fallen)
            if info["macro_triggered"] and not triggered:
                triggered, end = True, sim.n_steps + round(WATCHED / PHYSICS_DT)
        sim.on_step.remove(note)
        crossing = _crossing(np.array(points), ball, target, -1.0 if strike.mirrored else 1.0, fell)
        if crossing is not None:
            found.append(crossing)
    env.close()
    return found


def _noting(points: list[np.ndarray], point: np.ndarray):  # noqa: ANN202
    def note(torque: np.ndarray) -> None:
        points.append(point.copy())

    return note


def _crossing(
    points: np.ndarray, ball: np.ndarray, target: np.ndarray, side: float, fell: bool
) -> Crossing | None:
    """Read the ball's way from a resting place to the goal line; None where it did not come as far."""
    beyond = abs(points[:, 0] - ball[0]) >= LINE
    if not beyond.any():
        return None
    row = max(int(beyond.argmax()), 1)
    x, y, height = points[row].tolist()
    toward = np.sign(target[0] - ball[0])
    speed = float(toward * (points[row, 0] - points[row - 1, 0])) / PHYSICS_DT
    flown = atan2(y - ball[1], x - ball[0])
    aimed = atan2(target[1] - ball[1], target[0] - ball[0])
    return Crossing(height, speed, side * wrap(flown - aimed), fell)
