"""Reward terms: small functions of one step, unweighted, that pay nothing for standing or falling.

Three kinds: progress [m or rad of the step], costs [per second, times the seconds that the step lasted] and
events [once]. So neither hold nor control interface changes what a second of the same behaviour earns.
"""

from __future__ import annotations

import cmath
import math
from collections.abc import Callable

from soccer_lib.scoring import official_score
from soccer_lib.wrappers.rewards.field_state import Step

LOWEST_STANCE = 0.5
"""Height of the trunk below which a robot counts as sinking [m]; the walker's is 0.52 to 0.68."""

MACRO_GATE = {"macro_radius": 0.5, "macro_alignment": 0.35, "macro_cap": 1.0}
"""What `macro_bonus` asks of a kick: distance of the ball [m], angle off the line to the target [rad]; and
how many kicks of an episode it pays."""


def approach_ball(step: Step) -> float:
    """Way of the robot toward where the ball was at the start of the step [m]."""
    return abs(step.before.ball) - abs(step.before.ball - step.moved)


def walk_away(step: Step) -> float:
    """Way of the robot away from where the ball was at the start of the step [m], never negative."""
    return max(0.0, -approach_ball(step))


def face_ball(step: Step) -> float:
    """How much smaller the ball's bearing got [rad]; a robot that lies down earns no turn."""
    return _turned(step, step.before.ball, step.after.ball)


def face_target(step: Step) -> float:
    """How much smaller the target's bearing got [rad]; a robot that lies down earns no turn."""
    return _turned(step, step.before.target, step.after.target)


def line_up(step: Step) -> float:
    """How much the robot turned toward the way from the ball to the target [rad], wherever it stands."""
    turn = step.after.heading - step.before.heading
    return _turned(step, step.before.way, step.before.way * cmath.exp(-1j * turn))


def _turned(step: Step, before: complex, after: complex) -> float:
    gain = abs(cmath.phase(before)) - abs(cmath.phase(after))
    # The heading of a trunk that tips over jumps by half a turn.
    return gain if step.after.upright > 0.5 else min(0.0, gain)


def ball_to_target(step: Step) -> float:
    """Way of the ball toward the target [m]."""
    return abs(step.before.way) - abs(step.after.way)


def upright(step: Step) -> float:
    """What the cosine of the trunk's tilt lacks to 1, as a negative number [s]."""
    return (step.after.upright - 1.0) * step.held


def height(step: Step) -> float:
    """What the trunk's height lacks to `LOWEST_STANCE`, as a negative number [m s]."""
    return min(0.0, step.after.height - LOWEST_STANCE) * step.held


def time(step: Step) -> float:
    """Time that has passed [s]."""
    return step.held


def energy(step: Step) -> float:
    """Work of the joints, counting braking as work [J]."""
    return step.after.power * step.held


def shake(step: Step) -> float:
    """Joint acceleration, root mean square, added up over time [rad/s]: smooth motion has little."""
    return step.after.shake * step.held


def foot_slip(step: Step) -> float:
    """Way that standing feet slid [m]."""
    return step.after.slip * step.held


def aligned_kick(step: Step) -> float:
    """1 for a kick fired right behind the ball on its line to the target, 0 from 90 degrees off it."""
    return max(0.0, math.cos(step.before.off_line)) if step.kicked else 0.0


def aimed_kick(step: Step) -> float:
    """1 for the first kick, where it goes at the target; the less the more it misses, 0 from 90 degrees.

    Later ones earn nothing: an agent that is paid for each would rather kick again than hit. A kick leaves
    along the heading at its trigger, wherever the robot stands. Half of it is the cosine of the angle, which
    tells a robot that looks elsewhere where to turn; half is sharp: it falls to a half where the ball would
    pass the target by its reach.
    """
    before = step.before
    if not step.kicked or step.kicks > 1 or before.way.real <= 0.0:
        return 0.0
    near = 1.0 / (1.0 + (before.way.imag / before.reach) ** 2)
    return (math.cos(cmath.phase(before.way)) + near) / 2


def macro_bonus(step: Step, macro_radius: float, macro_alignment: float, macro_cap: float) -> float:
    """1 for a kick fired near the ball and near its line to the target, for the first ones only."""
    near = abs(step.before.ball) <= macro_radius and step.before.off_line <= macro_alignment
    return float(step.kicked and near and step.kicks <= macro_cap)


def score(step: Step) -> float:
    """The official score, at the end."""
    return 0.0 if step.outcome == "running" else official_score(step.task, step.stock)


def score_at_par(step: Step) -> float:
    """The official score, at the end, over the discount so far: the discounted return is the score itself."""
    return score(step) / step.discount


def _event(outcome: str) -> Callable[[Step], float]:
    return lambda step: float(step.outcome == outcome)


def _rate(stock_term: str) -> Callable[[Step], float]:
    return lambda step: float(step.stock[stock_term]) * step.held


EVENTS = {"goal": "success", "blocked": "blocked", "offside": "out_of_field", "fall": "fall"}
EVENTS |= {"time_out": "time_limit"}
"""Terms that pay 1 at the end of an episode -> its outcome; goal: in the goal, or at the target."""

STOCK_RATES = ("robot_distance_ball", "ball_vel_twd_goal", "distance")
"""Stock terms that change smoothly. They DO pay a robot that stands: near the ball, or after a touch."""

_OWN = (
    *(approach_ball, walk_away, face_ball, face_target, line_up, ball_to_target, upright, height, time),
    *(energy, shake, foot_slip, aligned_kick, aimed_kick, macro_bonus, score, score_at_par),
)

TERMS: dict[str, Callable[..., float]] = {
    **{term.__name__: term for term in _OWN},
    **{name: _event(outcome) for name, outcome in EVENTS.items()},
    **{name: _rate(name) for name in STOCK_RATES},
}
"""Every term by name."""
