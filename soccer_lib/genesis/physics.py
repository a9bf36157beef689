"""What a randomised episode changes of an arm's physics, as data, and how it is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, known_name, one_line
from soccer_lib.ranges import Range

GRAVITY = 9.81
"""Downward [m/s^2]."""


@dataclass(frozen=True)
class Trait:
    """One number of an arm's physics.

    Attributes:
        meaning: with its unit.
        allowed: limits of its values.
        nominal: as the robot's file has it.
    """

    meaning: str
    allowed: Range
    nominal: float = 1.0


TRAITS: dict[str, Trait] = {
    "gravity": Trait("downward [m/s^2]", Range(0, 30), GRAVITY),
    "damping": Trait("times the damping of the joints", Range(0, 100)),
    "friction": Trait("dry friction of each joint [N m]", Range(0, 100), 0.0),
    "mass": Trait("times the masses of the links, their inertia with them", Range(0.1, 10)),
    "strength": Trait("times the stiffness of the position controllers", Range(0.005, 5)),
}
"""Name -> what it is."""

PhysicsRanges = dict[str, tuple[float, float]]
"""Trait -> lowest and highest value; each episode draws one in between, all equally likely."""

MILD: PhysicsRanges = {
    "gravity": (7.0, 12.5),
    "damping": (0.5, 3.0),
    "friction": (0.0, 3.0),
    "mass": (0.7, 1.5),
}
"""What common guides randomise, about as far as they do."""

HARD: PhysicsRanges = {
    "gravity": (0.0, 20.0),
    "damping": (0.0, 30.0),
    "friction": (0.0, 10.0),
    "mass": (0.5, 3.0),
    "strength": (0.01, 1.0),
}
"""Far beyond: arms from weightless to heavy, and motors from stiff to weak."""

LEVELS: dict[str, PhysicsRanges] = {"none": {}, "mild": MILD, "hard": HARD}
"""Name -> ranges."""


def read_physics(source: str | Mapping[str, Any]) -> PhysicsRanges:
    """Ranges by the name of a level, or written out as trait -> (low, high).

    Raises:
        InputError: an unknown level or trait, or a range that is none.
    """
    if isinstance(source, str):
        known_name("level of randomised physics", source, LEVELS)
        return dict(LEVELS[source])
    if not isinstance(source, Mapping):
        raise InputError(
            f"physics got {one_line(repr(source), 80)}; expected a level, or ranges by trait; try 'mild', or "
            "{'mass': (0.5, 2.0)}"
        )
    ranges = {}
    for name, ends in source.items():
        known_name("trait of the physics", name, TRAITS)
        try:
            low, high = ends
        except (TypeError, ValueError):
            raise InputError(f"{name} got {ends!r}; expected lowest and highest; try (0.5, 2.0)") from None
        for end in (low, high):
            TRAITS[name].allowed.number(name, end, "try (0.5, 2.0)")
        if low > high:
            raise InputError(f"{name} got {ends!r}; expected the lowest first; try ({high}, {low})")
        ranges[name] = (float(low), float(high))
    return ranges


def nominal_physics() -> dict[str, float]:
    """Every trait as the robot's file has it."""
    return {name: trait.nominal for name, trait in TRAITS.items()}


def draw_physics(rng: np.random.Generator, ranges: PhysicsRanges) -> dict[str, float]:
    """The physics of one episode: what is not randomised is nominal, whatever an episode before had."""
    drawn = {name: float(rng.uniform(*ends)) for name, ends in ranges.items()}
    return nominal_physics() | drawn
