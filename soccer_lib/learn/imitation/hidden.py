"""What a clone shall not see: causes are few, and what only goes along with a command misleads.

A clone of commands that sees the last one repeats it, because demonstrations do (the copycat problem; de
Haan et al. 2019). Joints and inertial sensors are the walker's business: they tell which command it obeys,
and give each of a few hundred demonstrations a mark to be learnt by heart.
"""

from __future__ import annotations

from collections.abc import Sequence

from soccer_lib.demos.dataset import Dataset
from soccer_lib.errors import InputError
from soccer_lib.learn.imitation.mirror import MIRRORED_LAYOUTS

AUTO = "auto"
"""Stands for `CONTROLLED` where commands are cloned, and for nothing elsewhere."""

CONTROLLED = (
    *("joint_pos", "joint_vel", "projected_gravity", "robot_gyro", "robot_accelerometer"),
    "last_command",
)
"""Fields of the observation that a clone of commands plays better without."""


def hidden_entries(hide: Sequence[str], data: Dataset) -> list[int]:
    """Which entries of the observation a clone of some data shall not see.

    Args:
        hide: names of fields, or `AUTO`.
        data: to be cloned.

    Raises:
        InputError: a field that this observation does not have.
    """
    names = [name for name in hide if name != AUTO]
    layout = MIRRORED_LAYOUTS.get(data.observation_layout)
    if layout is None:
        if names:
            raise InputError(
                f"--hide {' '.join(names)} came for observation {data.observation_layout!r}; expected one of "
                f"{', '.join(MIRRORED_LAYOUTS)}; leave --hide out"
            )
        return []
    if AUTO in hide and data.control == "command":
        names += [name for name in CONTROLLED if name in layout]
    return [entry for name in names for entry in range(layout.size)[layout[name]]]
