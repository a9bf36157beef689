"""The robot's mirror image: left and right are alike, so every sample teaches two."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from soccer_lib.control.kicks import KICK_THRESHOLD, NO_KICK, requested_kicks
from soccer_lib.control.residual import mirror_joints
from soccer_lib.demos.dataset import TRANSITIONS, Dataset
from soccer_lib.errors import unknown_name
from soccer_lib.layout import AGENT, FULL, ROBOT

MIRRORED_LAYOUTS = {layout.name: layout for layout in (FULL, ROBOT, AGENT)}
"""The layouts that are the same for every task, by name."""

_POLAR = (1.0, -1.0, 1.0)
"""A place or a velocity: what lay to the left lies to the right."""

_AXIAL = (-1.0, 1.0, -1.0)
"""A rotation: a turn to the left is one to the right, and forward rolling stays what it is."""

_SIGNS: dict[str, tuple[float, ...]] = {
    "robot_gyro": _AXIAL,
    "ball_velr_rel_robot": _AXIAL,
    "defender_xpos": _POLAR * 3,
    "task_one_hot": (1.0, 1.0, 1.0),
    "gait_phase": (-1.0, -1.0),  # the other leg swings: half a cycle later
    "last_command": (1.0, -1.0, -1.0),
}
"""What the mirror does to a field; other fields of three are polar vectors, and numbers and flags stay."""

_COMMAND_SIGNS = np.array((1, -1, -1), np.float32)
_FASTEST = np.float32(0.99 * KICK_THRESHOLD)
"""Where a walking command is held whose mirror image would ask for a kick."""

_LEGS = np.array([mirror_joints(row) for row in np.eye(12).tolist()], dtype=np.float32)


def mirror_image(data: Dataset) -> Dataset:
    """What the mirror image of the robot would have seen and done, in a field that is its own mirror image.

    Only what was seen and done is kept. A kick stays what it is: it swings the better leg. A walking command
    never becomes a kick: where its image would read as one, it is held below the threshold.

    Raises:
        InputError: for the stock observation, whose vectors are not those of one task.
    """
    if data.observation_layout not in MIRRORED_LAYOUTS:
        raise unknown_name(
            "observation with a mirror image", data.observation_layout, MIRRORED_LAYOUTS, "try --no-mirror"
        )
    layout = MIRRORED_LAYOUTS[data.observation_layout]
    image = np.zeros((layout.size, layout.size), np.float32)
    for field in layout.fields:
        signs = _SIGNS.get(field.name, _POLAR if field.size == 3 else (1.0,) * field.size)
        image[field.slice, field.slice] = _LEGS if field.frame == "joint" else np.diag(signs)
    dropped: dict[str, Any] = dict.fromkeys(TRANSITIONS)
    return dataclasses.replace(
        data,
        observations=data.observations @ image,
        actions=_mirrored_commands(data.actions) if data.control == "command" else data.actions @ _LEGS,
        **dropped,
    )


def _mirrored_commands(commands: np.ndarray) -> np.ndarray:
    image = commands * _COMMAND_SIGNS
    # Kicks differ from fast walks by their signs alone, and the mirror changes those.
    image = np.where(_ask_for_kicks(image), np.clip(image, -_FASTEST, _FASTEST), image)
    return np.where(_ask_for_kicks(commands), commands, image)


def _ask_for_kicks(commands: np.ndarray) -> np.ndarray:
    """Which commands ask for a kick. Shapes: (n, 3) to (n, 1), bool."""
    return requested_kicks(commands)[:, None] != NO_KICK
