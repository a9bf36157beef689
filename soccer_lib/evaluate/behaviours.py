"""Scripted behaviours whose worth everybody can judge: what a reward is audited with."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from soccer_lib.layout import ROBOT
from soccer_lib.policies import Policy
from soccer_lib.policies.baselines import WalkAtBall, Zero


class Push(WalkAtBall):
    """Turns to the ball and walks at it, after a while, and through it or up to it.

    Args:
        speed: forward velocity with the ball straight ahead [m/s].
        wait: how long it stands before [s].
        stop: distance from the ball at which it stands still [m].
        swerve: how far beside the ball it aims, which sends the ball to the other side [m].
    """

    def __init__(self, speed: float = 0.9, wait: float = 0.0, stop: float = 0.0, swerve: float = 0.0) -> None:
        self.SPEED, self.wait, self.stop, self.swerve = speed, wait, stop, swerve

    def act(self, observation: np.ndarray, state: Any, deterministic: bool) -> tuple[np.ndarray, Any]:
        """Return the command, and the number of the next action."""
        actions, ball = state or 0, ROBOT["ball_xpos_rel_robot"]
        if actions < 10 * self.wait or math.hypot(*observation[ball][:2]) < self.stop:
            return np.zeros(3, np.float32), actions + 1
        seen = observation.copy()
        seen[ball][1] += self.swerve
        return super().act(seen, None, deterministic)[0], actions + 1


BEHAVIOURS: dict[str, Policy] = {
    "stand": Push(wait=math.inf),
    "fall at once": Zero(),
    "walk away": Push(speed=-0.4),
    "stand at the ball": Push(stop=0.6),
    "dribble slowly": Push(speed=0.35),
    "shoot wide": Push(swerve=0.12),
    "shoot into the keeper": Push(wait=1.0),
    "score late": Push(wait=3.0),
    "score early": Push(),
}
"""What the audit plays, by what it means to do; what came of it is for the official score to say."""
