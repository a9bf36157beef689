"""Where the swing of a penalty begins: the striker's own approach until the robot has settled."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np

from soccer_lib.control.strike import Strike
from soccer_lib.control.walker import OwnWalker
from soccer_lib.envs.make import make_env
from soccer_lib.evaluation.episode import N_STARTS
from soccer_lib.layout import Sensed
from soccer_lib.sim import SoccerSim
from soccer_lib.workshop.kicks.play import Forced, command_control
from soccer_lib.workshop.kicks.trial import NOMINAL, Spot, Stance

STARTS = 24
"""Starts that a search draws from."""

_PENALTY_SPOT = (-8.77, 0.0)
_GOAL = np.pi


class Settled(Strike):
    """A strike that notes how it stood when its swing began."""

    def __init__(self, walker: OwnWalker, sim: SoccerSim) -> None:
        self._sim = sim
        self.start_of_swing: tuple[Stance, Spot] | None = None
        super().__init__(walker, {NOMINAL.name: NOMINAL})

    def step(self, ball: Callable[[], tuple[float, float]], yaw: float, sensed: Sensed) -> np.ndarray:
        """Joint targets; see `Strike.step`."""
        before = self.walker.get_state()
        stage = self.stage
        target = super().step(ball, yaw, sensed)
        if self.stage == "swing" and stage == "settle":
            error = np.array(self.error(self.mirrored, ball(), yaw))
            stance = Stance(*_root_and_joints(self._sim), before, error)
            self.start_of_swing = stance, Spot(*_PENALTY_SPOT, self.heading, _GOAL)
        return target


@cache
def penalty_starts(number: int) -> list[tuple[Stance, Spot]]:
    """Starts of kicks with the right foot, from episodes of the obstacle task.

    Args:
        number: of the set, from 1; set n plays the tuning seeds from 100 (n + 1) on.
    """
    env = make_env("obstacle_penalty_kick", control="command", observation="agent", info="terms")
    control = command_control(env)
    control.macro = strike = Settled(control.walker, env.unwrapped)
    policy = Forced(NOMINAL)
    starts: list[tuple[Stance, Spot]] = []
    for index in range(10 * STARTS):
        observation, _ = env.reset(
            seed=100 * (number + 1) + index, options={"gait_phase": index % N_STARTS / N_STARTS}
        )
        strike.start_of_swing = None
        state = policy.begin()
        over = False
        while strike.start_of_swing is None and not over:
            action, state = policy.predict(observation, state)
            observation, _, terminated, truncated, _ = env.step(action)
            over = terminated or truncated
        if strike.start_of_swing is not None and not strike.mirrored:
            starts.append(strike.start_of_swing)
        if len(starts) == STARTS:
            break
    env.close()
    return starts


def _root_and_joints(sim: SoccerSim) -> tuple[np.ndarray, np.ndarray]:
    """Place and velocity of the robot. Shapes: (19,), (18,)."""
    model = sim.model
    robot = next(j for j in np.flatnonzero(model.jnt_type == 0) if _is_robot(model, j))
    place = model.jnt_qposadr[robot]
    velocity = model.jnt_dofadr[robot]
    return sim.data.qpos[place : place + 19].copy(), sim.data.qvel[velocity : velocity + 18].copy()


def _is_robot(model, joint: int) -> bool:  # noqa: ANN001 - mujoco.MjModel
    return model.body(model.jnt_bodyid[joint]).name.startswith("robot")
