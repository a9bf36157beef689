"""What an arm observes and what an action means, as data."""

from __future__ import annotations

from soccer_lib.layout import Field, Layout

JOINTS = 7
"""Entries of an action: a change of each joint's target."""

STEP = 0.04
"""Change of a joint's target that an action of 1 asks for in one step [rad]: 2 rad/s."""

DT = 0.02
"""Length of an env step [s]."""

EPISODE = 100
"""Env steps of an episode: 2 s."""

_BODY = [
    Field("joint_pos", JOINTS, "rad", "joint", "joint positions after the step"),
    Field("joint_vel", JOINTS, "rad/s", "joint", "joint velocities after the step"),
    Field("tool", 3, "m", "world", "tool centre point, between the finger tips"),
]

ARM = Layout("arm", _BODY)
"""Of the wrapper, which has no target: 17 entries."""

REACHING = Layout(
    "reaching",
    [
        *_BODY,
        Field("target", 3, "m", "world", "where the tool has to go"),
        Field("to_target", 3, "m", "world", "target minus tool"),
        Field("held", 1, "", "", "share of the time that the goal has to be held; 0 where none is"),
    ],
)
"""Of every task, stage and curriculum: 24 entries, so that a model of one carries over to the others."""
