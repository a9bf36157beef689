"""The stock environment behind the same methods as the fast simulation: slow, and the judge of it."""

from __future__ import annotations

from typing import Any, NamedTuple

import gymnasium as gym
import numpy as np

from soccer_lib.layout import INFO_FIELDS
from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.readings import Readings
from soccer_lib.tasks import Task


class StockStep(NamedTuple):
    """What the last step or reset of the stock environment returned.

    Attributes:
        observation: the stock observation.
        reward: the stock environment's own dense reward.
        info: the stock info without `reward_terms`.
        terms: the stock `reward_terms`.
    """

    observation: np.ndarray
    reward: np.float32
    info: dict[str, Any]
    terms: dict[str, Any]


class StockReadings(Readings):
    """Hands out what the stock environment itself returned.

    Attributes:
        last: its last step or reset.
    """

    last: StockStep

    def observation(self) -> np.ndarray:
        """The stock observation of the last step."""
        return self.last.observation

    def info(self) -> dict[str, Any]:
        """The stock info of the last step, without `reward_terms`."""
        return dict(self.last.info)

    def described(self) -> np.ndarray:
        """The entries of `layout.INFO_FIELDS`, float32. Shape: (59,)."""
        return np.concatenate([self.last.info[name] for name in INFO_FIELDS], dtype=np.float32)


class StockSim(SoccerSim):
    """One task, stepped by the stock environment's own `step`.

    Binding and reset are shared with `SoccerSim`; every number that a step returns is the stock one.
    """

    fast = False
    readings_class = StockReadings
    readings: StockReadings
    memory = (*SoccerSim.memory, "last")

    def __init__(self, task: Task, **kwargs: Any) -> None:
        super().__init__(task, **kwargs)
        self.stock_limited = gym.wrappers.TimeLimit(self.stock, self.task.max_steps)

    @property
    def last(self) -> StockStep:
        """The last step or reset of the stock environment, as part of the state."""
        return self.readings.last

    @last.setter
    def last(self, step: StockStep) -> None:
        self.readings.last = step

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; returns the stock observation and info."""
        gym.Env.reset(self, seed=seed)
        observation, info = self.stock_limited.reset(seed=seed, options=options)
        self.forget_episode()
        self.bind_episode()
        self.last = StockStep(observation, np.float32(0.0), info, self.stock.compute_reward())
        return observation, info

    def advance(self, torque: np.ndarray) -> bool:
        """Take one stock step with torques [N m], Shape: (12,)."""
        if self.tape is not None:
            self.tape.append(np.array(torque, dtype=np.float32))
        warnings_before = self._warnings.tobytes()
        result = self.stock_limited.step(np.asarray(torque))
        observation, reward, self.terminated, self.truncated, info = result
        terms = info.pop("reward_terms")
        self.last = StockStep(observation, reward, info, terms)
        self.n_steps += 1
        self.readings.measured = 0
        if self._warnings.tobytes() != warnings_before:
            self.unstable = self.unstable or self.blown_up()
        self.truncated = self.truncated or self.unstable
        self.success = bool(info["success"])
        self.offside = bool(terms.get("offside", False))
        self.blocked = bool(terms.get("ball_blocked", False))
        self.conceded = bool(terms.get("inside_goal", False))
        self.fallen = bool(self.stock.robots[0].is_terminated())
        for hook in self.on_step:
            hook(torque)
        return self.terminated or self.truncated

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`, bit for bit."""
        super().set_state(state)
        # The time limit of gymnasium has no other way in.
        self.stock_limited._elapsed_steps = self.n_steps  # noqa: SLF001

    def info(self) -> dict[str, Any]:
        """The stock info of the last step, without `reward_terms`; it has its own `success`."""
        return self.readings.info()

    def terms(self) -> dict[str, Any]:
        """The stock reward terms of the last step, unweighted."""
        return dict(self.last.terms)

    def reward(self, terms: dict[str, Any]) -> np.float32:
        """The stock environment's own dense reward of the last step."""
        return self.last.reward
