"""Fixed scales of observations: what an entry is divided by before a network sees it.

An agent that starts from nothing has no data to take a spread from, and a running one moves the inputs under
the networks. Units say enough: a ball at 0.5 m is near, a turn of 2 rad/s is quick.
"""

from __future__ import annotations

import numpy as np

from soccer_lib.layout import AGENT, FULL, RAW, ROBOT, Field, Layout
from soccer_lib.tasks import task_named

UNITS = {"m": 3.0, "m/s": 1.0, "rad": 0.5, "rad/s": 5.0, "m/s^2": 10.0, "": 1.0}
"""Scale of an entry by its unit; the field measures 22 m, so beyond 15 m places look alike."""

FIELDS = {"ball_xpos_rel_robot": 0.5, "ball_velp_rel_robot": 2.0, "ball_velr_rel_robot": 20.0}
"""Scales of what is small beside others of its unit, or large: the ball's place decides over a kick."""


def layout_of(observation: str, tasks: tuple[str, ...]) -> Layout:
    """The table of an observation; the stock one, "raw", is that of its task."""
    if observation == "raw":
        return RAW[task_named(tasks[0]).name]
    return {"full": FULL, "robot": ROBOT, "agent": AGENT}[observation]


def input_scales(layout: Layout) -> np.ndarray:
    """What each entry is divided by. Shape: (layout.size,), float32."""

    def scale(field: Field) -> float:
        return FIELDS.get(field.name, UNITS[field.unit])

    return np.concatenate([np.full(field.size, scale(field), np.float32) for field in layout.fields])
