"""The robot's mirror image: left and right are alike, so every sample teaches two."""

from __future__ import annotations

import dataclasses

import numpy as np

from soccer_lib.control.kicks import requested_kick
from soccer_lib.control.residual import mirror_joints
from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import unknown_name
from soccer_lib.layout import AGENT, FULL, ROBOT

LAYOUTS = {layout.name: layout for layout in (FULL, ROBOT, AGENT)}
"""The layouts that are the same for every task, by name."""

_VECTOR, _ROTATION = (1.0, -1.0, 1.0), (-1.0, 1.0, -1.0)
_SIGNS = {
    "robot_gyro": _ROTATION,
    "ball_velr_rel_robot": _ROTATION,
    "defender_xpos": _VECTOR * 3,
    "task_one_hot": (1.0, 1.0, 1.0),
    "gait_phase": (-1.0, -1.0),  # the other leg swings: half a cycle later
    "last_command": (1.0, -1.0, -1.0),
}
"""What the mirror does to a field; other fields of three are vectors, and numbers and flags stay."""

_LEGS = np.array([mirror_joints(row) for row in np.eye(12).tolist()], dtype=np.float32)


def mirrored(data: Dataset) -> Dataset:
    """What the mirror image of the robot would have seen and done, in a field that is its own mirror image.

    Only what was seen and done is kept. A kick stays what it is: it swings the better leg.

    Raises:
        InputError: for the stock observation, whose vectors are not those of one task.
    """
    if data.observation_layout not in LAYOUTS:
        raise unknown_name(
            "observation with a mirror image", data.observation_layout, LAYOUTS, "try --no-mirror"
        )
    layout = LAYOUTS[data.observation_layout]
    image = np.zeros((layout.size, layout.size), np.float32)
    for field in layout.fields:
        signs = _SIGNS.get(field.name, _VECTOR if field.size == 3 else (1.0,) * field.size)
        image[field.slice, field.slice] = _LEGS if field.frame == "joint" else np.diag(signs)
    actions = data.actions @ _LEGS if data.control != "command" else data.actions * np.float32((1, -1, -1))
    if data.control == "command":
        kicks = requested_kick(data.actions) >= 0
        actions = np.where(kicks[:, None], data.actions, actions)
    dropped = dict.fromkeys(("rewards", "next_observations", "terminated", "truncated", "held_steps"))
    return dataclasses.replace(data, observations=data.observations @ image, actions=actions, **dropped)
