"""What a model of Stable-Baselines3 knows besides its weights: with it a run goes on as if never stopped."""

from __future__ import annotations

import copy
import random
from collections import deque
from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecNormalize

from soccer_lib.envs.vec import SoccerVecEnv
from soccer_lib.learn.environment import ScaledReward

_COUNTERS = (
    "num_timesteps",
    "_episode_num",
    "_n_updates",
    "_current_progress_remaining",
    "_last_obs",
    "_last_original_obs",
    "_last_episode_starts",
    "actor_learns",
    "_calls",
    "memory",
)
"""Attributes of PPO, TD3 and SAC that decide how they go on; not each of them has all."""


class Resumable:
    """Gives a model of SB3 a state: counters, observations that it acts on next, and its own generator.

    Weights and optimisers are in its `get_parameters`, environments and replay buffer apart.
    """

    def get_state(self: Any) -> dict[str, Any]:
        """Plain numbers and arrays."""
        state = {name: copy.deepcopy(vars(self)[name]) for name in _COUNTERS if name in vars(self)}
        state["episodes"] = list(self.ep_info_buffer or ())
        state["successes"] = list(self.ep_success_buffer or ())
        if hasattr(self, "_rng"):
            state["rng"] = self._rng.bit_generator.state
        if getattr(self, "log_ent_coef", None) is not None:  # SAC: not among the parameters
            state["log_ent_coef"] = self.log_ent_coef.detach().cpu().numpy().copy()
        return state

    def set_state(self: Any, state: dict[str, Any]) -> None:
        """Continue from a `get_state`."""
        for name in _COUNTERS:
            if name in state:
                setattr(self, name, state[name])
        self.ep_info_buffer = deque(state["episodes"], maxlen=self._stats_window_size)
        self.ep_success_buffer = deque(state["successes"], maxlen=self._stats_window_size)
        if "rng" in state:
            self._rng.bit_generator.state = state["rng"]
        if "log_ent_coef" in state:
            with torch.no_grad():
                self.log_ent_coef.copy_(torch.from_numpy(state["log_ent_coef"]))


class RandomStates:
    """The generators that a process shares: of Python, numpy and torch."""

    def get_state(self) -> dict[str, Any]:
        """Plain numbers and arrays."""
        state = {
            "python": random.getstate(),
            "numpy": np.random.get_state(),
            "torch": torch.get_rng_state().numpy(),
        }
        if torch.cuda.is_available():
            state["cuda"] = [one.numpy() for one in torch.cuda.get_rng_state_all()]
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`; a machine without a GPU passes over the one's."""
        random.setstate(state["python"])
        np.random.set_state(state["numpy"])
        torch.set_rng_state(torch.from_numpy(state["torch"]))
        if torch.cuda.is_available() and len(state.get("cuda", ())) == torch.cuda.device_count():
            torch.cuda.set_rng_state_all([torch.from_numpy(one) for one in state["cuda"]])


class EnvironmentState:
    """The environments of a model, in the middle of their episodes, and what is wrapped around them."""

    def __init__(self, model: BaseAlgorithm) -> None:
        self.env = cast(VecEnv, model.get_env())

    def get_state(self) -> dict[str, Any]:
        """Layer -> its state, in plain numbers and arrays."""
        return {
            type(layer).__name__: normaliser_state(layer)
            if isinstance(layer, VecNormalize)
            else layer.get_state()
            for layer in self._layers()
        }

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`."""
        for layer in self._layers():
            part = state[type(layer).__name__]
            if isinstance(layer, VecNormalize):
                set_normaliser_state(layer, part)
            else:
                layer.set_state(part)

    def _layers(self) -> Iterator[VecNormalize | ScaledReward | SoccerVecEnv]:
        layer: VecEnv = self.env
        while isinstance(layer, VecEnvWrapper):
            yield cast(VecNormalize | ScaledReward, layer)
            layer = layer.venv
        yield cast(SoccerVecEnv, layer)


def normaliser_state(normaliser: VecNormalize) -> dict[str, Any]:
    """Its statistics, and the discounted returns that run on in every slot."""
    state: dict[str, Any] = {"returns": normaliser.returns.copy(), "training": normaliser.training}
    for name in ("obs_rms", "ret_rms"):
        statistics = cast(RunningMeanStd, getattr(normaliser, name))
        state[name] = [np.array(statistics.mean), np.array(statistics.var), float(statistics.count)]
    return state


def set_normaliser_state(normaliser: VecNormalize, state: dict[str, Any]) -> None:
    """Continue from a `normaliser_state`."""
    normaliser.returns = state["returns"]
    normaliser.training = state["training"]
    for name in ("obs_rms", "ret_rms"):
        statistics = cast(RunningMeanStd, getattr(normaliser, name))
        statistics.mean, statistics.var, statistics.count = state[name]
