"""The stock environment behind the same methods as the fast simulation: slow, and the judge of it."""

from __future__ import annotations

import functools
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.layout import INFO_FIELDS
from soccer_lib.seeds import checked_seed
from soccer_lib.sim.core import SoccerSim
from soccer_lib.sim.penalty import KEEPER_FREQUENCY
from soccer_lib.tasks import Task


class StockSim(SoccerSim):
    """One task, stepped by the stock environment's own `step`.

    Binding and reset are shared with `SoccerSim`; every number that a step returns is the stock one.
    """

    fast = False
    memory = (*SoccerSim.memory, "_observation", "_reward", "_info", "_terms")

    def __init__(self, task: Task, **kwargs: Any) -> None:
        super().__init__(task, **kwargs)
        self.stock_limited: gym.Env = gym.wrappers.TimeLimit(self.stock, self.task.max_steps)

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode; returns the stock observation and info."""
        seed = checked_seed(seed)
        gym.Env.reset(self, seed=seed)
        self._observation, self._info = self.stock_limited.reset(seed=seed, options=options)
        self.forget_episode()
        self.bind_episode()
        self._terms = self.stock.compute_reward()
        self.note_start(self._observation)
        return self._observation, self._info

    def advance(self, torque: np.ndarray) -> bool:
        """Take one stock step with torques [N m], Shape: (12,)."""
        if self.tape is not None:
            self.tape += np.asarray(torque, np.float32).tobytes()
        before = self._warnings.tobytes()
        result = self.stock_limited.step(np.asarray(torque))
        self._observation, self._reward, self.terminated, self.truncated, self._info = result
        self.n_steps += 1
        self._terms = self._info.pop("reward_terms")
        self.readings.forget()
        if self._warnings.tobytes() != before:
            self.unstable = self.unstable or self.blown_up()
        self.truncated = self.truncated or self.unstable
        self.success = bool(self._info["success"])
        self.offside = bool(self._terms.get("offside", False))
        self.blocked = bool(self._terms.get("ball_blocked", False))
        self.conceded = bool(self._terms.get("inside_goal", False))
        self.fallen = bool(self.stock.robots[0].is_terminated())
        for hook in self.on_step:
            hook(torque)
        return self.terminated or self.truncated

    def pace_keeper(self, factor: float) -> None:
        """Multiply the frequency of the goalkeeper's path, where the task has one."""
        if hasattr(self.stock, "move_goalkeeper"):
            move = type(self.stock).move_goalkeeper
            self.stock.move_goalkeeper = functools.partial(move, self.stock, factor * KEEPER_FREQUENCY)

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a state of `get_state`, bit for bit."""
        super().set_state(state)
        self.stock_limited._elapsed_steps = self.n_steps  # type: ignore[attr-defined]  # noqa: SLF001 - gymnasium has no other way

    def observation(self) -> np.ndarray:
        """The stock observation of the last step."""
        return self._observation

    def terms(self) -> dict[str, Any]:
        """The stock reward terms of the last step, unweighted."""
        return dict(self._terms)

    def reward(self, terms: dict[str, Any]) -> np.float32:
        """The stock environment's own dense reward of the last step."""
        reward: Any = self._reward
        return reward

    def info(self) -> dict[str, Any]:
        """The stock info of the last step, without `reward_terms`."""
        return dict(self._info)

    def described(self) -> np.ndarray:
        """The entries of `layout.INFO_FIELDS`, float32. Shape: (59,)."""
        return np.concatenate([self._info[name] for name in INFO_FIELDS], dtype=np.float32)
