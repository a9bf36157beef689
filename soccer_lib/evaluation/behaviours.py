"""Scripted behaviours whose worth everybody can judge: what a reward is audited with."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from soccer_lib.layout import AGENT, ROBOT
from soccer_lib.policies import Policy
from soccer_lib.policies.baselines import WalkAtBall, Zero
from soccer_lib.policies.striker import Striker

ASIDE = 2.4
"""How far beside the goal's middle, or the target, a shot that misses is aimed [m]."""


class WalkToBall(WalkAtBall):
    """Turns to the ball and walks at it, and through it or up to it.

    Args:
        speed: forward velocity with the ball straight ahead [m/s]; negative walks backwards.
        stop: distance from the ball at which it stands still [m].
    """

    spec = Striker.spec  # one environment serves both; its observation begins with what a walk needs

    def __init__(self, speed: float, stop: float = 0.0) -> None:
        self.SPEED = speed
        self.stop = stop

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Return the command."""
        if math.hypot(*observation[ROBOT["ball_xpos_rel_robot"]][:2]) < self.stop:
            return np.zeros(3, np.float32), state
        return super().act(observation, state, deterministic)


class Miss(Striker):
    """The striker, who takes the target for `ASIDE` left of where it is."""

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Shoot beside the target."""
        deceived = observation.copy()
        deceived[AGENT["target_xpos_rel_robot"]][1] += ASIDE
        return super().act(deceived, state, deterministic)


BEHAVIOURS: dict[str, Callable[[], Policy]] = {
    "stand": partial(WalkToBall, 0.9, stop=math.inf),
    "fall at once": Zero,
    "walk away": partial(WalkToBall, -0.4),
    "stand at the ball": partial(WalkToBall, 0.9, stop=0.6),
    "dribble slowly": partial(WalkToBall, 0.35),
    "shoot wide": partial(Miss, aim_y=ASIDE),
    "shoot into the keeper": partial(Striker, aim_y=0.0),
    "score late": partial(Striker, wait=5.5),  # past 6 s the goalkeeper leaves no room before the time is up
    "score early": Striker,
}
"""What the audit plays, by what it means to do; what came of it is for the official score to say."""

POINTLESS = ("kick_to_target", "shoot into the keeper")
"""Task and behaviour that make no pair: there is no keeper."""
