"""Hindsight: a shot that missed its target teaches how to hit what it did hit.

What somebody did who wanted to hit one point is what it takes to hit another one, where the ball went
(Andrychowicz et al. 2017, "Hindsight experience replay"). A target changes nothing in the physics, so that
the episode can be played again with the target there: what is seen in it is what the environment shows. The
seed that a dataset keeps of it is that of the episode as it was drawn, with another target.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from soccer_lib.sim import SoccerSim
from soccer_lib.variation.scene import move_target

_NEAR_PLANE = 0.45
"""From the plane of a target in the air, where a ball that crossed it is at the end of its episode [m]."""

_ASIDE = 0.7
"""How far from a target in the air another one may be [m]; the next defender stands 0.78 m away."""

_HEIGHTS = (0.6, 1.65)
"""Of targets in the air; the environment draws from 0.64 to 1.60 [m]."""

_BORDER = 0.4
"""How far inside the field's lines a target on the ground stays, as those that are drawn [m]."""

_NEAREST = 0.5
"""From where the ball lay to a target on the ground, at least: at 0.4 m it is hit from the start [m]."""


def reached(sim: SoccerSim, balls: Sequence[np.ndarray]) -> np.ndarray | None:
    """The point that a shot would have hit, seen from above, had it been the target.

    Args:
        sim: at the end of the episode.
        balls: the ball's place at the start and after each env step [m]. Shape of each: (3,).

    Returns:
        Its place [m], in kick_to_target as far from where the ball lay as the target was, or where the ball
        came to rest past half that way. Shape: (3,); None for no such point, a ball that a defender stopped,
        or a task without a target.
    """
    if sim.task.name not in ("obstacle_penalty_kick", "kick_to_target"):
        return None
    target = sim.readings.target
    path = np.array(balls)
    if sim.task.name == "obstacle_penalty_kick":
        ahead, aside, _ = path[-1] - target
        place = np.array([target[0], *path[-1][1:]])
        near = abs(ahead) < _NEAR_PLANE and abs(aside) < _ASIDE and not sim.blocked
        return place if near and _HEIGHTS[0] <= place[2] <= _HEIGHTS[1] else None
    over = path[:, :2]
    gone = np.linalg.norm(over - over[0], axis=1)
    wanted = float(np.linalg.norm(target[:2] - over[0]))
    after = int(np.argmax(gone >= wanted))
    if after:
        share = (wanted - gone[after - 1]) / (gone[after] - gone[after - 1])
        point = over[after - 1] + share * (over[after] - over[after - 1])
    else:
        point = over[-1]
    lines = np.array([sim.readings.field["length"], sim.readings.field["width"]]) - _BORDER
    inside = (np.abs(point) <= lines).all() and np.linalg.norm(point - over[0]) > _NEAREST
    return np.array([*point, target[2]]) if inside and gone[-1] > wanted / 2 else None


@contextlib.contextmanager
def moved_target(sim: SoccerSim, place: np.ndarray) -> Iterator[None]:
    """Let episodes begin with the target in a place [m]. Shape: (3,)."""

    def move() -> None:
        move_target(sim, place)

    sim.on_reset.append(move)
    try:
        yield
    finally:
        sim.on_reset.remove(move)


@dataclass
class Again:
    """Does what was done, whatever it sees; once that is used up, the last of it.

    Attributes:
        actions: step by step.
    """

    actions: Sequence[np.ndarray]

    def begin(self, seed: int | None = None) -> int:
        """Nothing is done yet."""
        return 0

    def predict(self, observation: np.ndarray, state: Any = None, **_: Any) -> tuple[np.ndarray, int]:
        """The next action; an episode whose target is farther lasts longer."""
        return self.actions[min(state, len(self.actions) - 1)], state + 1
