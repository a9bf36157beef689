"""Reward terms of reaching: small functions of one step of many arms, unweighted, and weights for them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from soccer_lib.errors import InputError, known_name, one_line
from soccer_lib.ranges import Range


@dataclass(frozen=True)
class Reach:
    """One step of n arms, as the terms see it.

    Attributes:
        before: distance to the goal before the step. Shape: (n,) [m; rad in the posture stage].
        after: distance after it. Shape: (n,).
        joint_vel: joint velocities after it [rad/s]. Shape: (n, joints).
        action: what was asked for, in [-1, 1]. Shape: (n, joints).
        success: whether the goal is reached. Shape: (n,), bool.
    """

    before: np.ndarray
    after: np.ndarray
    joint_vel: np.ndarray
    action: np.ndarray
    success: np.ndarray


def distance(step: Reach) -> np.ndarray:
    """What is left of the way, as a negative number [m]: it hurries, and it pays nothing for staying near."""
    return -step.after


def progress(step: Reach) -> np.ndarray:
    """How much nearer the step came [m]: there and back again adds up to nothing."""
    return step.before - step.after


def velocity(step: Reach) -> np.ndarray:
    """Mean square of the joint velocities, as a negative number [rad^2/s^2]."""
    return -np.mean(step.joint_vel**2, axis=1)


def action(step: Reach) -> np.ndarray:
    """Mean square of the action, as a negative number: a calm hand."""
    return -np.mean(step.action**2, axis=1)


def success(step: Reach) -> np.ndarray:
    """1 in the step that reaches the goal."""
    return step.success.astype(float)


TERMS: dict[str, Callable[[Reach], np.ndarray]] = {
    term.__name__: term for term in (distance, progress, velocity, action, success)
}
"""Name -> term."""

PROFILES: dict[str, dict[str, float]] = {
    # The course's: hurry, come nearer, be calm, and a bonus that is worth some 10 steps of distance.
    "shaped": {"distance": 1.0, "progress": 10.0, "velocity": 0.002, "action": 0.01, "success": 5.0},
    # What most guides pay.
    "distance": {"distance": 1.0},
    "progress": {"progress": 10.0},
    # The goal and nothing else.
    "sparse": {"success": 1.0},
}
"""Profile -> weight of each term."""

Weights = dict[str, float]


def read_profile(source: str | Mapping[str, Any]) -> Weights:
    """Weights by the name of a profile, or written out.

    Args:
        source: a profile's name, a table, or "distance=1,success=5".

    Raises:
        InputError: an unknown profile or term, or a weight that is no number.
    """
    table: dict[str, Any] = {}
    if isinstance(source, Mapping):
        table = dict(source)
    elif isinstance(source, str):
        if "=" not in source:
            known_name("reward profile", source, PROFILES)
            return dict(PROFILES[source])
        table = dict(part.split("=", 1) for part in source.split(",") if "=" in part)
    weights = {}
    for name, value in table.items():
        name = name.strip()
        known_name("reward term", name, TERMS)
        weights[name] = Range().number(f"weight of {name}", _number(value), "try 1")
    if not weights:
        raise InputError(
            f"reward got {one_line(repr(source), 80)}; expected weights; try distance=1,success=5"
        )
    return weights


def _number(value: Any) -> Any:
    """A text as the number that it is; anything else as it came."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def pay_reach(step: Reach, weights: Mapping[str, float]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """What a step is paid.

    Returns:
        Reward, Shape: (n,), and the unweighted value of each term that has a weight, Shape: (n,) each.
    """
    values = {name: TERMS[name](step) for name in weights}
    total = sum((weights[name] * value for name, value in values.items()), np.zeros(len(step.after)))
    return total, values
