"""Rules and gait once more, in compiled code: the same bits at the speed of bare physics.

Read `steps` first, from `run_steps` at its end upwards, then `terms`: they are the rules. `scene` says what
the numbers in them are, `loop` fills these in and calls. `gait` and `network` are the walker, which `walker`
puts in the place of the one in Python. How compiled code gets at the memory and functions of MuJoCo and numpy
is in `memory` and `ufuncs`, how it is made and kept in `jit`.

Whoever reads the library may leave this room out: what it does stands in `sim` and `control`, and runs from
there with `make_env(compiled=False)` and where numba is missing.
"""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import mujoco

from soccer_lib.control import OwnWalker, Walker
from soccer_lib.sim import SoccerSim, SpinTrail

if TYPE_CHECKING:
    from soccer_lib.compiled.loop import StepLoop

MUJOCO = "3.3.7"

__all__ = ["compiled_walker", "step_loop"]


def step_loop(sim: SoccerSim, trail: SpinTrail | None, *, sum_reward: bool) -> StepLoop | None:
    """The compiled inner loop of a simulation.

    Args:
        sim: the simulation.
        trail: the ball's, which is noted along the way; None without one.
        sum_reward: add up the stock reward of all steps.

    Returns:
        None for the stock environment, without numba, and with another MuJoCo than the one whose memory
        `steps` knows.
    """
    if not (sim.fast and importlib.util.find_spec("numba")) or mujoco.__version__ != MUJOCO:
        return None
    from soccer_lib.compiled.loop import StepLoop

    return StepLoop(sim, trail, sum_reward=sum_reward)


def compiled_walker(walker: Walker, loop: StepLoop | None = None) -> Walker:
    """The same walker in compiled code, after a reset; as it is where it is not exactly our own kind.

    Args:
        walker: in Python.
        loop: that is to take the walker's steps between its own, where they are compiled.
    """
    if type(walker) is not OwnWalker:
        return walker
    from soccer_lib.compiled.network import KINDS
    from soccer_lib.compiled.walker import CompiledWalker

    kinds = {kind for kind, _ in walker.network.layers} if walker.network else set()
    if not kinds <= KINDS:
        return walker
    quick = CompiledWalker(walker)
    if loop:
        loop.walk_by(quick)
    return quick
