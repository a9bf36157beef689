"""The outermost layer: one report at the end of every episode."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.scoring import episode_report
from soccer_lib.sim import simulation_of


class EpisodeReport(gym.Wrapper):
    """Puts `info["episode_report"]` into the last info of an episode (see `scoring.episode_report`)."""

    def __init__(self, env: gym.Env) -> None:
        super().__init__(env)
        self._sim = simulation_of(env)
        self._return = 0.0
        self._steps = 0

    def reset(self, *, seed: int | None = None, options: dict[str, Any] | None = None):
        """Start an episode and an empty report."""
        self._return = 0.0
        self._steps = 0
        return self.env.reset(seed=seed, options=options)

    def step(self, action: np.ndarray):
        """Pass the step on; at the end of the episode add the report."""
        result = self.env.step(action)
        self._return += float(result[1])
        self._steps += 1
        if result[2] or result[3]:
            sim = self._sim
            result[4]["episode_report"] = episode_report(
                sim.task,
                result[4]["reward_terms"],
                outcome=sim.outcome,
                physics_steps=sim.n_steps,
                env_steps=self._steps,
                episode_return=self._return,
                clipped=sim.clipped,
                fallen=sim.fallen,
            )
        return result

    def get_state(self) -> dict[str, Any]:
        """What the report has counted so far."""
        return {"return": self._return, "steps": self._steps}

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on counting from a state of `get_state`."""
        self._return = state["return"]
        self._steps = state["steps"]
