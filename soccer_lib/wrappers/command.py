"""The command interface: three numbers, held for 0.1 s, for a walker, or to ask for a kick."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from soccer_lib.compiled import compiled_walker
from soccer_lib.control import OwnWalker, load_walker
from soccer_lib.control.kicks import KICK_THRESHOLD, requested_kick
from soccer_lib.control.macro import ClipMacro, Macro, load_clip
from soccer_lib.control.strike import Strike
from soccer_lib.errors import InputError
from soccer_lib.geometry import heading_of, turned
from soccer_lib.layout import COMMAND_SCALE
from soccer_lib.ranges import Range
from soccer_lib.sim import SoccerSim
from soccer_lib.tasks import COMMAND_STEPS, TASKS, WALKER_STEPS
from soccer_lib.wrappers.control import ControlInterface

if TYPE_CHECKING:
    from soccer_lib.compiled.loop import StepLoop

HOLD = Range(1, max(task.max_steps for task in TASKS.values()), whole=True)
"""How long a command may last [physics steps]."""

PHASE = Range(0, math.nextafter(1, 0))
"""A gait phase; at 1 the cycle begins anew, with 0."""

COUNTERS = ("trigger_count", "active_steps", "aborted_count", "refused_count")


class CommandControl(ControlInterface):
    """Forward, sideways velocity and yaw rate in [-1, 1] of `COMMAND_SCALE`, held for `hold` physics steps.

    A command with every entry beyond `kick_threshold` asks for the kick whose pattern has its signs
    (`control.kicks.PATTERNS`). It fires where the ball is within reach; the step then lasts until the swing
    is over, along the robot's heading at its start. A refused one holds the walking command before it, and
    after a swing commands wait until the robot stands. With `macro` every kick plays a motion clip instead.

    Walker and macro belong to the environment: they are reset with it and are part of its state. The gait
    phase at the start is `options["gait_phase"]` of `reset`, 0 without it.

    Args:
        env: the simulation itself.
        walker: "own", "hub" or the path of a walker file (see `control.load_walker`). Only our own kind of
            walker kicks; with another every kick is refused.
        macro: a motion clip that is played for every kick: its name in data/clips, or an npz file; None
            for the kicks themselves.
        hold: physics steps that one command lasts.
        kick_threshold: how large every entry of a command has to be to ask for a kick.
        interface: arguments of every control interface.

    Attributes:
        on_target: each is called with every new joint target of walker or kick [rad], Shape: (12,), before
            it is followed; the ball tracker is up to date then.
    """

    hold = COMMAND_STEPS
    meaning = ("forward", "sideways", "turn")
    reset_options = ("standing_steps", "gait_phase")

    def __init__(
        self,
        env: SoccerSim,
        *,
        walker: str = "own",
        macro: str | os.PathLike[str] | None = None,
        hold: int | None = None,
        kick_threshold: float = KICK_THRESHOLD,
        **interface: Any,
    ) -> None:
        super().__init__(env, **interface)
        if hold is not None:
            self._hold_for(HOLD.number("hold", hold, "try 50 physics steps of 2 ms"))
        if not 0.0 < kick_threshold < 1.0:
            raise InputError(
                f"kick_threshold got {kick_threshold!r}; expected a number between 0 and 1; "
                f"try {KICK_THRESHOLD}"
            )
        self.kick_threshold = kick_threshold
        self.walker = load_walker(walker)
        if self.loop:
            self.walker = compiled_walker(self.walker, self.loop)
        if macro is not None:
            self.macro: Macro = ClipMacro(self.walker, load_clip(macro))
        else:
            self.macro = Strike(self.walker) if isinstance(self.walker, OwnWalker) else Macro(self.walker)
        self._drive_by(self.walker.kp.astype(np.float32), self.walker.kd.astype(np.float32))
        self.on_target: list[Callable[[np.ndarray], None]] = []
        self._forget()

    def _forget(self) -> None:
        self.command = np.zeros(3)
        self._target = np.zeros(12, dtype=np.float32)
        self._triggered = False
        self.counts = dict.fromkeys(COUNTERS, 0)

    @property
    def macro_active(self) -> bool:
        """Whether a kick has the robot."""
        return self.macro.active

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; `options["gait_phase"]` in [0, 1) is the walker's phase at its start.

        Raises:
            InputError: for a gait phase outside [0, 1).
        """
        phase = self._checked_options(options).get("gait_phase", 0.0)
        self.walker.reset(PHASE.number("gait_phase", phase, "try 0.25"))
        self.macro.reset()
        self._forget()
        return super().reset(seed=seed, options=options)

    def _play(self, action: np.ndarray) -> None:
        self._triggered = False
        kick = requested_kick(action, self.kick_threshold)
        if kick:
            self._request(kick)
        else:
            velocity = (action * COMMAND_SCALE).astype(float)
            self.command = np.clip(velocity, self.walker.limits[:, 0], self.walker.limits[:, 1])
        sim = self.sim
        start = sim.n_steps
        over = False
        while not over and (sim.n_steps - start < self.hold or (self._triggered and self.macro.committed)):
            before = sim.n_steps
            if loop := self._walking_loop():
                over = self._walk_on(loop, self.hold - (before - start))
                continue
            if before % WALKER_STEPS == 0:
                self._target = self._next_target()
                self._announce_target()
            over = self._follow(self._target, self._steps_to_take(before - start))
            if self.macro.active:
                self.counts["active_steps"] += sim.n_steps - before
            elif self._triggered:
                break

    def _walking_loop(self) -> StepLoop | None:
        """The loop, where it may take the rest of the command and the walker's steps in it in one go."""
        loop = self.loop
        if not (loop and loop.walker) or loop.walker.fresh or self.sim.n_steps % WALKER_STEPS:
            return None
        busy = self.macro.active and not self.macro.resting
        watched = busy or self._triggered or self.on_target
        return None if watched or not loop.may_run() else loop

    def _walk_on(self, loop: StepLoop, n_steps: int) -> bool:
        """Take up to so many physics steps, and the walker's among them; returns whether it is all over."""
        sim = self.sim
        before = sim.n_steps
        rest = self.macro.resting
        if rest:
            n_steps = min(n_steps, rest * WALKER_STEPS)
        self._target = loop.walk(np.zeros(3) if rest else self.command, n_steps)
        if rest:
            taken = sim.n_steps - before
            self.macro.rest(math.ceil(taken / WALKER_STEPS))
            self.counts["active_steps"] += taken
        return sim.terminated or sim.truncated

    def _steps_to_take(self, taken: int) -> int:
        """Physics steps until something may change: the next walker step, or the end of the command."""
        until_target = WALKER_STEPS - self.sim.n_steps % WALKER_STEPS
        if self._triggered and self.macro.committed:
            return until_target
        if self._triggered and not self.macro.active:
            return 1
        return max(1, min(until_target, self.hold - taken))

    def _announce_target(self) -> None:
        if self.on_target and self.trail:
            self.trail.flush()
        for hook in self.on_target:
            hook(self._target)

    def _request(self, name: str) -> None:
        """Fire a kick, or refuse it."""
        macro = self.macro
        heading = heading_of(self.sim.readings.orientation())
        if macro.active or name not in macro.names or not macro.allowed(ball := self._ball(heading)):
            self.counts["refused_count"] += 1
            return
        macro.start(name, ball, heading)
        self.command = np.zeros(3)
        self._triggered = True
        self.counts["trigger_count"] += 1

    def _ball(self, heading: float) -> tuple[float, float]:
        """The ball's true centre in the robot's heading frame [m], from what an observation shows."""
        if not (self.ball and self.trail):
            raise InputError("a kick came without a ball tracker; expected track_ball=True; use make_env")
        self.trail.flush()
        x, y, _ = (self.sim.readings.ball_from_imu() + self.ball.offset).tolist()
        return turned((x, y), -heading)

    def _next_target(self) -> np.ndarray:
        readings = self.sim.readings
        if not self.macro.active:
            return self.walker.step_by(self.command, readings)
        sensed = readings.sense()
        heading = heading_of(sensed.quat_xyzw)
        target = self.macro.step(partial(self._ball, heading), heading, sensed)
        self.counts["aborted_count"] += self.macro.aborted and not self.macro.active
        return target

    def _complete(self, info: dict[str, Any], terms: dict[str, Any], held_steps: int) -> dict[str, Any]:
        info = super()._complete(info, terms, held_steps)
        info["command"] = self.command.copy()
        info["macro_active"] = self.macro.active
        info["macro_triggered"] = self._triggered
        info["macro_name"] = self.macro.name
        info["macro_step_index"] = self.macro.waited if self.macro.active else 0
        info |= {f"macro_{name}": count for name, count in self.counts.items()}
        return info

    def get_state(self) -> dict[str, Any]:
        """Walker, macro, counters, last command and joint targets."""
        state = {
            "walker": self.walker.get_state(),
            "macro": self.macro.get_state(),
            "counts": dict(self.counts),
            "command": self.command.copy(),
            "target": self._target.copy(),
        }
        return {**super().get_state(), **state}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        super().set_state(state)
        self.walker.set_state(state["walker"])
        self.macro.set_state(state["macro"])
        self.counts = {name: state["counts"][name] for name in COUNTERS}
        self.command = state["command"].copy()
        self._target = state["target"].copy()
