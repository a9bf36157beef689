"""Where targets lie: the box, its easier parts, and the targets that nobody trains on."""

from __future__ import annotations

from typing import Any

import numpy as np

from soccer_lib.errors import InputError, one_line
from soccer_lib.genesis.robots import ROBOTS, tool_position
from soccer_lib.seeds import REPORTED, seed_range

BOX = np.array([[0.3, 0.7], [-0.3, 0.3], [0.2, 0.5]])
"""Lowest and highest x (ahead), y (left) and z (up) of a target [m]; shape (3, 2)."""

TOLERANCE = 0.05
"""Distance from tool to target that counts as reached [m]."""

EASIEST = 0.1
"""Lowest difficulty; 1 is the whole box."""

REACH = 0.8
"""The Franka's reach, 0.855 m by its data sheet, less what the downward tool costs [m]."""

SHOULDER = np.array([0.0, 0.0, 0.333])
"""From where reach is measured [m]; shape (3,)."""

START = tool_position(np.array([ROBOTS["franka"].home]))[0]
"""Where the tool is at the start of an episode [m]; shape (3,)."""


def sample_target(rng: np.random.Generator, difficulty: float = 1.0) -> np.ndarray:
    """Draw a target, all places of the box equally likely.

    Args:
        rng: random numbers.
        difficulty: share of the way from the tool's start to that place at which the target lies: 0.1 is next
            to the tool, 1 is the box itself.

    Returns:
        [m]. Shape: (3,).
    """
    place = rng.uniform(BOX[:, 0], BOX[:, 1])
    return START + difficulty * (place - START)


def held_out_targets(count: int, seed: int = REPORTED.start) -> np.ndarray:
    """The targets that results are reported on: the same for everybody, and none that training draws.

    Args:
        count: how many.
        seed: of the first one; each has a seed of its own.

    Returns:
        [m]. Shape: (count, 3).
    """
    return np.array([sample_target(np.random.default_rng(one)) for one in seed_range(seed, count)])


def checked_target(target: Any) -> np.ndarray:
    """A target that the arm can reach.

    Raises:
        InputError: not three finite numbers, below the floor, or farther away than the arm is long.
    """
    try:
        place = np.asarray(target, dtype=float)
    except (TypeError, ValueError):
        place = np.zeros(0)
    shown = one_line(repr(target), 80)
    remedy = "try (0.5, 0.0, 0.3)"
    if place.shape != (3,) or not np.isfinite(place).all():
        raise InputError(f"target got {shown}; expected three finite numbers x, y, z [m]; {remedy}")
    distance = float(np.linalg.norm(place - SHOULDER))
    if distance > REACH:
        raise InputError(
            f"target {shown} is {distance:.2f} m from the shoulder; expected at most {REACH} m, the arm's "
            f"reach; {remedy}"
        )
    if place[2] < 0:
        raise InputError(f"target {shown} lies below the floor; expected z from 0 up; {remedy}")
    return place
