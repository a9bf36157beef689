"""Everything that decides how a simulation goes on, as plain arrays and numbers.

MuJoCo's own integration state (with the solver's warm start) is not enough: observations use positions
that are one step old, resets write into the model, and tasks count touches.
"""

from __future__ import annotations

import copy
from typing import Any

import mujoco
import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.ranges import Range

_SPEC = int(mujoco.mjtState.mjSTATE_INTEGRATION)
_DERIVED = (
    "xpos", "xquat", "xmat", "xipos", "ximat", "geom_xpos", "geom_xmat", "site_xpos", "site_xmat",
    "subtree_com", "cdof", "sensordata", "light_xpos", "light_xdir", "cam_xpos", "cam_xmat",
)  # fmt: skip
_MODEL = ("geom_pos", "geom_friction", "geom_rgba", "site_pos")
_STOCK = (
    "current_team", "direction", "rotation", "goal_pos", "velocity", "ball_hits_by_robot",
    "_ball_contact_active", "time_after_contact", "robot_contact", "complete_space",
)  # fmt: skip


class Restorable:
    """Gives a simulation `get_state` and `set_state`.

    Attributes:
        memory: attributes of the simulation that belong to its state; subclasses add their own.
    """

    memory: tuple[str, ...] = ()

    def get_state(self) -> dict[str, Any]:
        """Everything that decides how the simulation goes on (see `capture`)."""
        return capture(self)

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`, bit for bit."""
        restore(self, state)


def capture(sim: Any) -> dict[str, Any]:
    """The complete state of a `SoccerSim` or `StockSim`.

    Returns:
        plain arrays, numbers, strings and dicts of them; independent of the simulation.
    """
    physics = np.empty(mujoco.mj_stateSize(sim.model, _SPEC))
    mujoco.mj_getState(sim.model, sim.data, physics, _SPEC)
    stock = sim.stock
    state = {
        "task": sim.task.name,
        "fast": sim.fast,
        "team": sim.stock.team,
        "physics": physics,
        "warnings": sim.data.warning.number.copy(),
        "derived": {name: getattr(sim.data, name).copy() for name in _DERIVED},
        "model": {name: getattr(sim.model, name).copy() for name in _MODEL},
        "stock": {name: getattr(stock, name) for name in _STOCK if hasattr(stock, name)},
        "memory": {name: getattr(sim, name) for name in sim.memory if hasattr(sim, name)},
        "random": {name: owner.np_random.bit_generator.state for name, owner in _owners(sim).items()},
    }
    return copy.deepcopy(state)


def restore(sim: Any, state: dict[str, Any]) -> None:
    """Put a captured state back; the simulation then continues bit for bit.

    Raises:
        InputError: if the state is of another task or simulation.
    """
    for key, mine in (("task", sim.task.name), ("fast", sim.fast), ("team", sim.stock.team)):
        if state.get(key) != mine:
            raise InputError(
                f"state has {key}={state.get(key)!r}; expected {mine!r}; "
                "make the environment that it was taken from"
            )
    Range(0, sim.task.max_steps, whole=True).number("state: n_steps", state["memory"]["n_steps"])
    state = copy.deepcopy(state)
    for name, values in state["model"].items():
        getattr(sim.model, name)[:] = values
    mujoco.mj_setState(sim.model, sim.data, state["physics"], _SPEC)
    for name, values in state["derived"].items():
        getattr(sim.data, name)[:] = values
    sim.data.warning.number[:] = state["warnings"]
    for name, value in state["stock"].items():
        setattr(sim.stock, name, value)
    sim.bind_episode()
    for name, value in state["memory"].items():
        setattr(sim, name, value)
    # Before its first reset a simulation may have one generator for two owners, which a state keeps apart.
    taken: list[np.random.Generator] = []
    for name, owner in _owners(sim).items():
        if any(owner.np_random is generator for generator in taken):
            owner.np_random = np.random.Generator(np.random.PCG64())
        taken.append(owner.np_random)
        owner.np_random.bit_generator.state = state["random"][name]


def _owners(sim: Any) -> dict[str, Any]:
    """What draws: the layer, the stock environment and its robot."""
    return {"sim": sim, "stock": sim.stock, "robot": sim.stock.robots[0]}
