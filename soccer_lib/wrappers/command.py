"""The command interface: three numbers, held for 0.1 s, that a walker turns into steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from soccer_lib.control import load_walker
from soccer_lib.errors import InputError
from soccer_lib.layout import COMMAND_SCALE
from soccer_lib.sim import SoccerSim
from soccer_lib.wrappers.control import ControlInterface, pd_torque

WALKER_STEPS = 10
"""Physics steps between two joint targets of the walker (50 Hz)."""


class CommandControl(ControlInterface):
    """Forward, sideways velocity and yaw rate in [-1, 1] of `COMMAND_SCALE`, held for `hold` physics steps.

    The walker belongs to the environment: it is reset with it and is part of its state. The gait phase at
    the start is `options["gait_phase"]` of `reset`, 0 without it.

    Args:
        env: the simulation itself.
        walker: "own", "hub" or the path of a walker file (see `control.load_walker`).
        hold: physics steps that one command lasts.
        layer: as for every control interface.
    """

    hold = 50
    meaning = ("forward", "sideways", "turn")

    def __init__(self, env: SoccerSim, *, walker: str = "own", hold: int | None = None, **layer: Any) -> None:
        super().__init__(env, **layer)
        if hold is not None:
            if isinstance(hold, bool) or not isinstance(hold, int) or hold < 1:
                raise InputError(f"hold got {hold!r}; expected physics steps of 2 ms, 1 or more; try 50")
            self.hold = hold
        self.walker = load_walker(walker)
        self._kp, self._kd = (gain.astype(np.float32) for gain in (self.walker.kp, self.walker.kd))
        self.command = np.zeros(3)
        self._target = np.zeros(12, dtype=np.float32)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; `options["gait_phase"]` in [0, 1) is the walker's phase at its start.

        Raises:
            InputError: for a gait phase outside [0, 1).
        """
        phase = (options or {}).get("gait_phase", 0.0)
        if not (isinstance(phase, int | float) and 0 <= phase < 1 and math.isfinite(phase)):
            raise InputError(f"gait_phase got {phase!r}; expected a number in [0, 1); try 0.25")
        self.walker.reset(float(phase))
        self.command = np.zeros(3)
        return super().reset(seed=seed, options=options)

    def _play(self, action: np.ndarray) -> float:
        sim, total = self.sim, 0.0
        wanted = (action * COMMAND_SCALE).astype(float)
        self.command = np.clip(wanted, self.walker.limits[:, 0], self.walker.limits[:, 1])
        for _ in range(self.hold):
            if sim.n_steps % WALKER_STEPS == 0:
                joint_pos, joint_vel = sim.joint_pos.astype(np.float32), sim.joint_vel.astype(np.float32)
                self._target = self.walker.step(self.command, joint_pos, joint_vel, *sim.sensors())
            torque = pd_torque(self._target, sim.joint_pos, sim.joint_vel, self._kp, self._kd)
            over, reward = self._physics_step(torque)
            total += reward
            if over:
                break
        self._settle()
        return total

    def _complete(self, info: dict[str, Any], terms: dict[str, Any], held_steps: int) -> dict[str, Any]:
        info = super()._complete(info, terms, held_steps)
        info["command"] = self.command.copy()
        return info

    def get_state(self) -> dict[str, Any]:
        """Walker, last command and joint targets."""
        own = {
            "walker": self.walker.get_state(),
            "command": self.command.copy(),
            "target": self._target.copy(),
        }
        return {**super().get_state(), **own}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        super().set_state(state)
        self.walker.set_state(state["walker"])
        self.command, self._target = state["command"].copy(), state["target"].copy()
