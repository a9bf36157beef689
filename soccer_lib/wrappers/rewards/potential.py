"""Potential-based shaping: hints that cannot change which policy is best.

Source: Ng, Harada and Russell, Policy invariance under reward transformations (ICML 1999). A step from s to
s' is paid gamma^(held/hold) phi(s') - phi(s) on top, so that over an episode everything but the first
potential cancels. Each potential says how promising a scene is, from 0 to 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from soccer_lib.wrappers.rewards.field_state import FieldState

_GRAVITY = 9.81
_BALL_RADIUS = 0.11
_FALLEN = 0.4
_STANDING = 0.5
_BRISK = 2.0
"""Speed from which a faster ball is no better [m/s]."""


def shaping(before: float, after: float, discount: float, ended: bool) -> float:
    """What one step is paid for a change of potential.

    Args:
        before: potential at the start of the step.
        after: potential at its end.
        discount: gamma^(held/hold) of the step.
        ended: a true end, where nothing follows and the potential is 0; a time limit that is bootstrapped
            is none and keeps its potential.
    """
    return (0.0 if ended else discount * after) - before


def near_ball(scene: FieldState) -> float:
    """1 at the ball, 1/2 a metre from it."""
    return 1.0 / (1.0 + abs(scene.ball))


def behind_ball(scene: FieldState) -> float:
    """Near the ball and on the far side of it as the target sees it."""
    return near_ball(scene) * (1.0 + math.cos(scene.off_line)) / 2.0


def ball_near_target(scene: FieldState) -> float:
    """1 with the ball at the target, 1/2 at two metres from it."""
    return 2.0 / (2.0 + abs(scene.way))


def ball_on_its_way(scene: FieldState) -> float:
    """The ball is quick enough, will pass the target closely and does so before the time is up."""
    distance = abs(scene.way)
    along = scene.ball_velocity * scene.way.conjugate()
    if along.real <= 0.0:
        return 0.0
    closing = along.real / distance
    miss = abs(along.imag / scene.ball_velocity)
    flight = distance / closing
    if scene.target_height is not None:
        height = scene.ball_height + scene.ball_climb * flight - _GRAVITY * flight * flight / 2
        miss = math.hypot(miss, max(_BALL_RADIUS, height) - scene.target_height)
    in_time = min(1.0, scene.time_left / flight)
    return min(1.0, closing / _BRISK) * in_time / (1.0 + (miss / scene.reach) ** 2)


def standing(scene: FieldState) -> float:
    """1 upright, 0 where a fall ends the episode."""
    high = (scene.height - _FALLEN) / (_STANDING - _FALLEN)
    return max(0.0, scene.upright) * min(1.0, max(0.0, high))


POTENTIALS: dict[str, Callable[[FieldState], float]] = {
    f"phi_{potential.__name__}": potential
    for potential in (near_ball, behind_ball, ball_near_target, ball_on_its_way, standing)
}
"""Every potential by name, such as "phi_near_ball"; a profile weights them beside its terms."""
