"""Environments stepped one after another: what a worker of `SoccerVecEnv` holds.

Nothing here imports Stable-Baselines3: a worker process is spared torch and its 0.3 GB.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np

from soccer_lib.envs.make import describe, get_state, layers, make_env, set_state


class Slots:
    """Several environments behind one call; one that is over is reset at once, as SB3 wants it.

    Args:
        specs: arguments of `make_env`, one dict an environment.
    """

    def __init__(self, specs: Sequence[dict[str, Any]]) -> None:
        self.envs = [make_env(**spec) for spec in specs]
        self._begun = time.monotonic()

    def spaces(self) -> tuple[gym.Space, gym.Space, str]:
        """Observation space, action space and layers of the first environment."""
        return self.envs[0].observation_space, self.envs[0].action_space, describe(self.envs[0])

    def close(self) -> None:
        """Close the environments."""
        for env in self.envs:
            env.close()

    def reset(self, seeds: Sequence[int | None], options: Sequence[dict[str, Any]]):
        """Start an episode everywhere; returns observations and infos."""
        of_slots = zip(self.envs, seeds, options, strict=True)
        results = [env.reset(seed=seed, options=chosen or None) for env, seed, chosen in of_slots]
        return np.stack([observation for observation, _ in results]), [info for _, info in results]

    def step(self, actions: np.ndarray):
        """One step everywhere.

        Returns:
            observations, rewards, whether each episode ended, infos, and slot -> info of its reset.
        """
        observations = []
        rewards = np.zeros(len(self.envs), np.float32)
        dones = np.zeros(len(self.envs), bool)
        infos = []
        resets: dict[int, dict[str, Any]] = {}
        for i, (env, action) in enumerate(zip(self.envs, actions, strict=True)):
            observation, rewards[i], terminated, truncated, info = env.step(action)
            dones[i] = terminated or truncated
            info["TimeLimit.truncated"] = truncated and not terminated
            if dones[i]:
                report = info["episode_report"]
                # What SB3's Monitor would add.
                info["episode"] = {
                    "r": report["return"],
                    "l": report["env_steps"],
                    "t": time.monotonic() - self._begun,
                }
                info["terminal_observation"] = observation
                observation, resets[i] = env.reset()
            observations.append(observation)
            infos.append(info)
        return np.stack(observations), rewards, dones, infos, resets

    def call(self, indices: Sequence[int], method: str, *arguments: Any) -> list[Any]:
        """Call a method of some environments."""
        return [getattr(self.envs[i], method)(*arguments) for i in indices]

    def call_layer(self, indices: Sequence[int], method: str, arguments: tuple, named: dict) -> list[Any]:
        """Call a method of the outermost layer that has it."""
        return [self.envs[i].get_wrapper_attr(method)(*arguments, **named) for i in indices]

    def is_wrapped(self, indices: Sequence[int], wrapper: type) -> list[bool]:
        """Whether a layer is of a class."""
        return [any(isinstance(layer, wrapper) for layer in layers(self.envs[i])) for i in indices]

    def get_state(self) -> list[dict[str, Any]]:
        """The state of every environment."""
        return [get_state(env) for env in self.envs]

    def set_state(self, states: Sequence[dict[str, Any]]) -> None:
        """Continue from a `get_state`."""
        for env, state in zip(self.envs, states, strict=True):
            set_state(env, state)
