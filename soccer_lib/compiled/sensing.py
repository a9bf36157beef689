"""The accelerometer, which MuJoCo works out only in steps after which somebody may read it.

It takes a pass over all bodies and contacts, 2% of a physics step, and moves nothing. So inside a call it is
left out of every step but the last. A step that ends the episode is known only afterwards: it is taken back
and taken once more, with it.
"""

from __future__ import annotations

from soccer_lib.compiled.jit import compiled
from soccer_lib.compiled.memory import doubles_at, ints_at

TIME = 161616
"""Offset of `time` in mjData of MuJoCo 3.3.7 [bytes]."""

ACCELERATION = 3
"""The stage in which MuJoCo works out accelerometers (`mjSTAGE_ACC`); in none, 0, it leaves them out."""


@compiled
def sense_acceleration(scene, wanted):
    """Whether the next steps work it out."""
    ints_at(scene.stage)[0] = ACCELERATION if wanted else 0


@compiled
def keep(scene, back):
    """Keep what a physics step reads and changes, or put it `back`."""
    kept = doubles_at(scene.kept)
    place = 0
    for address, size in (
        (scene.qpos, scene.n_qpos),
        (scene.qvel, scene.n_qvel),
        (scene.warmstart, scene.n_qvel),
        (scene.ctrl, scene.torque + 12),
        (scene.data + TIME, 1),
    ):
        values = doubles_at(address)
        for i in range(size):
            if back:
                values[i] = kept[place]
            else:
                kept[place] = values[i]
            place += 1
