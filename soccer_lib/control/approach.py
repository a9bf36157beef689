"""Walking to a place beside the ball without touching it, as a velocity command; plain geometry, no state."""

from __future__ import annotations

from math import atan2, cos, hypot

from soccer_lib.control.leg import clamp
from soccer_lib.geometry import wrap

FASTEST = (1.0, 0.4, 1.0)
"""Forward, sideways velocity [m/s] and yaw rate [rad/s] that the approach asks for at most."""

ORBIT = 0.6
"""Distance from the ball on the way around it [m]."""

POSITION_GAIN = 1.6
HEADING_GAIN = 2.5
"""Velocity per distance and yaw rate per angle that are left [1/s]."""

FACE_TRAVEL = (0.5, 0.3)
"""Farther away than this the robot faces where it walks; over the next stretch it turns to its place [m]."""

FACE_ORBIT = (1.3, 0.8)
"""The same on the way around the ball, where turning late costs a second."""


def approach(
    place: tuple[float, float], ball: tuple[float, float], turn: float
) -> tuple[float, float, float]:
    """Velocity command on the way to a place beside the ball.

    Args:
        place: where to stand, in the robot's heading frame (x ahead, y left) [m].
        ball: the ball's centre in the same frame [m].
        turn: how much farther left than now the robot has to face there [rad].

    Returns:
        forward, sideways velocity [m/s] and yaw rate [rad/s], inside `FASTEST`.
    """
    x, y = place
    left = hypot(x, y)
    away_x = -ball[0]
    away_y = -ball[1]
    distance = max(hypot(away_x, away_y), 1e-3)
    around = wrap(atan2(y - ball[1], x - ball[0]) - atan2(away_y, away_x))
    share = clamp(-(away_x * x + away_y * y) / max(left * left, 1e-9), 0.0, 1.0)
    clearance = hypot(away_x + share * x, away_y + share * y)
    if share > 0.0 and clearance < ORBIT - 0.12 and abs(around) > 0.35:
        side = 1.0 if around > 0 else -1.0
        outward = clamp(4 * (ORBIT - distance), -1.5, 1.5)
        move_x = (-away_y * side + away_x * outward) / distance
        move_y = (away_x * side + away_y * outward) / distance
        left = distance * abs(around)
        near, stretch = FACE_ORBIT
    else:
        near, stretch = FACE_TRAVEL
        move_x = x
        move_y = y
    length = max(hypot(move_x, move_y), 1e-6)
    speed = min(FASTEST[0], POSITION_GAIN * left)
    travel = atan2(move_y, move_x)
    far = clamp((left - near) / stretch, 0.0, 1.0)
    error = wrap(turn + far * wrap(travel - turn))
    if far == 1.0:
        speed *= max(0.2, cos(travel))
    return (
        clamp(speed * move_x / length, -0.35, FASTEST[0]),
        clamp(speed * move_y / length, -FASTEST[1], FASTEST[1]),
        clamp(HEADING_GAIN * error, -FASTEST[2], FASTEST[2]),
    )
