"""What a trial of a kick is paid: the official score of the task that it serves."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, hypot, tan

import numpy as np

from soccer_lib.control.leg import clamp
from soccer_lib.scoring import OFFICIAL_WEIGHTS
from soccer_lib.workshop.kicks.stages import Stage
from soccer_lib.workshop.kicks.trial import LINE, Outcome

STRUCK = 0.3
"""A ball slower than this was missed [m/s]."""

HIT_RADIUS = (0.26, 0.03)
"""Distance from a target at which half of the balls count as hits, and its softness [m]: in play the
radius is 0.3 m, less what approach and aim add to the errors of a trial."""

STRAIGHT = 0.03
"""Angle that a ball may turn away for nothing [rad]."""

LOW_ENOUGH = 0.3
"""Height at which a placed ball still hits a target on the ground, some error aside included [m]."""

_WEIGHTS = OFFICIAL_WEIGHTS["obstacle_penalty_kick"]
_SPEED, _FALL = _WEIGHTS["ball_vel_twd_goal"], -_WEIGHTS["robot_fallen"]
_GOAL = _WEIGHTS["goal_scored"] - _WEIGHTS["offside"]
_TARGETS = 13  # heights spread over a band


def pay(stage: Stage, outcomes: Sequence[Outcome]) -> float:
    """Mean pay of a kick's trials.

    A ball shall go where the strike lined up: a kick that turns it needs a turn of the robot, which takes
    time in play and leaves errors that trials do not have.
    """
    return float(np.mean([_pay_one(stage, o) for o in outcomes]))


def hit_share(band: tuple[float, float], height: float, aside: float) -> float:
    """Share of the targets in a band that a ball hits.

    Args:
        band: lowest and highest target [m].
        height: of the ball at the line [m].
        aside: how far it passes to the side of the target [m].
    """
    radius, softness = HIT_RADIUS
    missed = (hypot(height - target, aside) for target in np.linspace(*band, _TARGETS).tolist())
    return sum(_logistic((radius - distance) / softness) for distance in missed) / _TARGETS


def _pay_one(stage: Stage, o: Outcome) -> float:
    """What one trial earns; a missed ball costs by how much, a turned one by its angle."""
    if o.speed <= STRUCK:
        return -8.0 - 5.0 * o.missed_by + 3.0 * o.speed
    error = abs(o.angle if o.line_time is None or stage.score == "placed" else o.aside)
    in_time = (o.fall_time or 9.0) - (o.line_time or 9.0)
    stands = _logistic((in_time - 0.06) / (0.02 if stage.lined_up else 0.1))
    fell = 8.0 + 5.0 * (stage.seconds - o.fall_time) if stage.upright and o.fall_time else 0.0
    straight = -8.0 * max(0.0, error - STRAIGHT) - fell
    if stage.score == "placed":
        aimed = 3.0 * exp(-((error / 0.06) ** 2)) + 3.0 * exp(-((error / 0.02) ** 2))
        flies_over = max(0.0, o.line_height - LOW_ENOUGH)
        return straight + 1.5 * aimed + 1.2 * min(o.speed, 9.0) - (o.touches - 1) - 6.0 * flies_over
    if stage.score == "hard":
        return straight + 2.25 * o.speed + 10.0 * clamp(in_time, -0.6, 0.2)
    if o.line_time is None:
        return straight - 2.0 + o.speed
    if stage.score == "penalty":
        return straight + _SPEED * o.line_speed + (_WEIGHTS["goal_scored"] + _FALL) * stands
    hits = hit_share(stage.band, o.line_height, LINE * tan(min(error, 1.0)))
    low, high = stage.band
    beside = max(0.0, low - o.line_height, o.line_height - high)  # leads into the band from far away
    return straight + _SPEED * o.line_speed + (_GOAL * hits + _FALL) * stands - 3.0 * min(beside, 1.0)


def _logistic(x: float) -> float:
    return 1.0 / (1.0 + exp(-clamp(x, -20.0, 20.0)))


def figures(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Medians and spreads of some trials, for the curve and the record."""
    hit = [o for o in outcomes if o.speed > STRUCK]
    passed = [o for o in outcomes if o.line_time is not None]
    heights = [o.line_height for o in passed]
    return {
        "speed": float(np.median([o.speed for o in hit])) if hit else 0.0,
        "angle": float(np.median([o.angle for o in hit])) if hit else 0.0,
        "angle_std": float(np.std([o.angle for o in hit])) if hit else 9.0,
        "line_speed": float(np.mean([o.line_speed for o in passed])) if passed else 0.0,
        "height": float(np.median(heights)) if passed else 0.0,
        "height_std": float(np.std(heights)) if passed else 9.0,
        "falls": float(np.mean([o.fall_time is not None for o in outcomes])),
    }
