"""Control interfaces: what one action means and how many physics steps it lasts.

The innermost layer. It drives the simulation's physics steps itself, so that observation and info are
built once per action, while contacts, goals and falls are judged at every physics step of 2 ms.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.control.ball import BallTracker
from soccer_lib.errors import InputError
from soccer_lib.layout import DEFAULT_POSE, JOINTS, TORQUE_LIMIT, refuse_non_finite
from soccer_lib.sim import SoccerSim, SpinTrail
from soccer_lib.sim.torque import pd_torque, stand_torque
from soccer_lib.tasks import PHYSICS_DT, WALKER_STEPS


class ControlInterface(gym.Wrapper):
    """Base of the control interfaces: admits an action, plays it, reports once.

    Args:
        env: the simulation itself.
        full_info: return the stock info; False keeps only reward terms and success (faster).
        sum_reward: add up the stock reward of every physics step; False returns 0 for another layer to fill.
        track_ball: follow the ball's orientation at every physics step, for its true centre.

    Attributes:
        hold: physics steps that one action lasts.
        sim: the simulation.
        ball: the ball tracker; None where nobody needs it.
        trail: what the tracker has not taken in yet; None without a tracker.
    """

    hold = 1
    low = -1.0
    high = 1.0
    meaning: tuple[str, ...] = JOINTS

    def __init__(
        self, env: SoccerSim, *, full_info: bool = True, sum_reward: bool = True, track_ball: bool = False
    ) -> None:
        super().__init__(env)
        self.sim: SoccerSim = env
        self.ball = BallTracker() if track_ball else None
        self.trail = SpinTrail(env, self.ball) if track_ball else None
        self.full_info = full_info
        self.sum_reward = sum_reward
        self._shape = (len(self.meaning),)
        self.action_space = gym.spaces.Box(self.low, self.high, self._shape, np.float32)
        self._hold_for(self.hold)

    def _hold_for(self, hold: int) -> None:
        """Set how long an action lasts. A picture an action: a second of play lasts a second in a video."""
        self.hold = hold
        self.metadata = {**self.env.metadata, "render_fps": 1 / (hold * PHYSICS_DT)}

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; the info has the same entries as that of a step.

        With `options["standing_steps"]` the robot first holds a standing pose for so many physics steps.
        """
        standing_steps = _standing_steps(options)
        observation, info = self.sim.reset(seed=seed, options=options)
        if self.ball and self.trail:
            self.ball.reset()
            self.trail.reset()
        if standing_steps:
            observation = self._stand(standing_steps)
        info = info if self.full_info else {"success": info["success"]}
        return observation, self._complete(info, self.sim.terms(), held_steps=0)

    def _stand(self, steps: int) -> np.ndarray:
        """Hold a standing pose; returns the observation after it."""
        for _ in range(steps):
            self._physics_step(stand_torque(self.sim.observation()))
        self._settle()
        return self.sim.observation()

    def step(self, action: np.ndarray):
        """Play one action.

        Raises:
            InputError: for an action of another shape or with a non-finite entry.
        """
        sim = self.sim
        sim.check_started()
        start = sim.n_steps
        reward = self._play(self._admit(action))
        info = sim.info() if self.full_info else {"success": sim.success}
        info = self._complete(info, self._terms, held_steps=sim.n_steps - start)
        if sim.unstable:
            info["sim_unstable"] = True
        return sim.observation(), reward, sim.terminated, sim.truncated, info

    def _complete(self, info: dict[str, Any], terms: dict[str, Any], held_steps: int) -> dict[str, Any]:
        info["reward_terms"] = terms
        info["task_name"] = self.sim.task.name
        info["sim_time"] = self.sim.sim_time
        info["held_steps"] = held_steps
        return info

    def _play(self, action: np.ndarray) -> float:
        """Play an admitted action to its end or to the episode's; returns the summed stock reward."""
        raise NotImplementedError

    def _physics_step(self, torque: np.ndarray) -> tuple[bool, float]:
        """One physics step; returns whether the episode is over and the stock reward of the step."""
        sim = self.sim
        reward = 0.0
        over = sim.advance(torque)
        if self.sum_reward:
            self._terms = sim.terms()
            reward = float(sim.reward(self._terms))
        if self.trail:
            self.trail.note()
        return over, reward

    def _settle(self) -> None:
        """Bring ball tracker and reward terms up to the last physics step."""
        if self.trail:
            self.trail.flush()
        if not self.sum_reward:
            self._terms = self.sim.terms()

    def get_state(self) -> dict[str, Any]:
        """What the layer remembers between two actions."""
        return {"ball": self.ball.get_state()} if self.ball else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`."""
        if self.ball and self.trail:
            self.ball.set_state(state["ball"])
            self.trail.reset()

    def _admit(self, action: np.ndarray) -> np.ndarray:
        action = np.asarray(action, dtype=np.float32)
        if action.shape != self._shape:
            raise InputError(
                f"action has shape {action.shape}; expected {self._shape}: {', '.join(self.meaning)}; "
                "see env.action_space"
            )
        square = action.dot(action)
        if not square < math.inf:
            refuse_non_finite(action, self.meaning)
        if square > 1.0:
            inside = np.clip(action, self.low, self.high)
            self.sim.clipped += int(np.count_nonzero(inside != action))
            return inside
        return action


def _standing_steps(options: Mapping[str, Any] | None) -> int:
    """What `reset` is told of standing first; a walker takes over between two of its steps only."""
    steps = (options or {}).get("standing_steps", 0)
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 0 or steps % WALKER_STEPS:
        raise InputError(
            f"standing_steps got {steps!r}; expected a multiple of {WALKER_STEPS} physics steps; try 10"
        )
    return steps


class TorqueControl(ControlInterface):
    """Twelve torques in [-1, 1] of their limits, one physics step each (500 Hz): the competition's action."""

    def _play(self, action: np.ndarray) -> float:
        _, reward = self._physics_step(action * TORQUE_LIMIT)
        self._settle()
        return reward


class JointControl(ControlInterface):
    """Twelve joint targets at 50 Hz: default pose + action [rad], reached by PD torques every 2 ms."""

    hold = WALKER_STEPS

    def _play(self, action: np.ndarray) -> float:
        sim = self.sim
        total = 0.0
        target = DEFAULT_POSE + action
        for _ in range(self.hold):
            over, reward = self._physics_step(pd_torque(target, sim.joint_pos, sim.joint_vel))
            total += reward
            if over:
                break
        self._settle()
        return total
