"""What may differ between episodes, as data: each factor with its meaning, its limits and its tasks."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, known_name
from soccer_lib.formats.settings import read_settings
from soccer_lib.layout import JOINTS
from soccer_lib.ranges import Range

_PENALTIES = ("goalie_penalty_kick", "obstacle_penalty_kick", "penalty_kick")

Ranges = dict[str, tuple[float, float]]
"""Factor -> lowest and highest value; each episode draws one in between, all equally likely."""


@dataclass(frozen=True)
class Factor:
    """One factor.

    Attributes:
        meaning: with its unit.
        allowed: limits of its values.
        nominal: the value that leaves the stock environment as it is; None where that draws its own.
        tasks: where it has a meaning; empty for everywhere.
        size: values that an episode draws.
    """

    meaning: str
    allowed: Range
    nominal: float | None = None
    tasks: tuple[str, ...] = ()
    size: int = 1


FACTORS: dict[str, Factor] = {
    "start_distance": Factor(
        "from the robot to the ball at the start [m]", Range(0.3, 6), tasks=(*_PENALTIES, "kick_to_target")
    ),
    "target_distance": Factor("from the ball to the target [m]", Range(0.8, 20), tasks=("kick_to_target",)),
    "target_angle": Factor(
        "from the line of robot and ball to that of ball and target, positive to the left [degrees]",
        Range(-180, 180),
        tasks=("kick_to_target",),
    ),
    "keeper_speed": Factor(
        "times the frequency of the goalkeeper's path", Range(0, 3), 1.0, ("goalie_penalty_kick",)
    ),
    "obstacle_gap": Factor(
        "least distance of the defenders to the side of the target [m]",
        Range(0, 3),
        tasks=("obstacle_penalty_kick",),
    ),
    "mass": Factor("times the robot's masses and moments of inertia", Range(0.2, 5), 1.0),
    "friction": Factor("times the friction between feet and ground", Range(0.01, 5), 1.0),
    "motor_strength": Factor("times what the motors give for a torque", Range(0.1, 3), 1.0),
    "joint_offset": Factor(
        "what each joint reads beyond its angle, drawn for each [rad]",
        Range(-0.3, 0.3),
        0.0,
        size=len(JOINTS),
    ),
    "noise": Factor(
        "standard deviation added to each sensed number of the observation, in its own unit",
        Range(0, 10),
        0.0,
    ),
    "delay": Factor("age of what the agent sees, in whole steps of its own [s]", Range(0, 2), 0.0),
    "push": Factor("speed that the trunk is given at once, in a drawn direction [m/s]", Range(0, 3), 0.0),
    "push_interval": Factor("time from push to push, and to the first one [s]", Range(0.1, 10), 2.0),
    "action_noise": Factor(
        "standard deviation added to each entry of an action, in its own unit; a kick stays what it is",
        Range(0, 2),
        0.0,
    ),
    "gait_phase": Factor(
        "where the walker's gait begins, with control='command' [share of its cycle]", Range(0, 1), 0.0
    ),
}
"""Every factor by its name in a file, in the order in which they are drawn."""


def read_ranges(source: str | os.PathLike[str] | Mapping[str, Any], what: str = "--randomise") -> Ranges:
    """Read ranges of factors: `mass = [0.8, 1.2]`, or `mass = 1.1` for one value.

    Args:
        source: a TOML or JSON file, JSON text or the table itself.
        what: how errors call it.

    Raises:
        InputError: an unknown factor, a range upside down, or a value outside of the factor's limits.

    Example:
        >>> read_ranges({"mass": [0.8, 1.2], "delay": 0.1})
        {'mass': (0.8, 1.2), 'delay': (0.1, 0.1)}
    """
    ranges: Ranges = {}
    for name, given in read_settings(source, what).items():
        known_name(f"factor in {what}", name, FACTORS)
        ends = list(given) if isinstance(given, list | tuple) else [given, given]
        if len(ends) != 2:
            raise InputError(f"{what}: {name} got {given!r}; expected [lowest, highest]; write two numbers")
        low, high = (FACTORS[name].allowed.number(f"{what}: {name}", end, "see FACTORS") for end in ends)
        if low > high:
            raise InputError(
                f"{what}: {name} got {given!r}; expected the lower end first; try [{high:g}, {low:g}]"
            )
        ranges[name] = low, high
    return ranges


def check_factors_of(tasks: Iterable[str], names: Iterable[str], what: str) -> None:
    """Refuse factors that none of the tasks has.

    Raises:
        InputError: naming the factor and its tasks.
    """
    tasks = list(tasks)
    for name in names:
        own = FACTORS[name].tasks
        if not any(has_factor(task, name) for task in tasks):
            raise InputError(
                f"{what}: {name} means nothing for {', '.join(tasks)}; expected one of its tasks, "
                f"{', '.join(own)}; leave it out"
            )


def has_factor(task: str, name: str) -> bool:
    """Whether a factor has a meaning in a task."""
    return not FACTORS[name].tasks or task in FACTORS[name].tasks


def draw_factors(ranges: Ranges, task: str, rng: np.random.Generator) -> dict[str, Any]:
    """The values of one episode: a number for each factor that the task has, or a list of them."""
    values: dict[str, Any] = {}
    for name, factor in FACTORS.items():
        if name in ranges and has_factor(task, name):
            drawn = rng.uniform(*ranges[name], size=factor.size).tolist()
            values[name] = drawn if factor.size > 1 else drawn[0]
    return values
