"""The environments of a training run, as its settings want them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from stable_baselines3.common.vec_env import VecEnv, VecEnvWrapper, VecNormalize
from stable_baselines3.common.vec_env.base_vec_env import VecEnvStepReturn

from soccer_lib.envs.vec import SoccerVecEnv, make_vec_env
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.normaliser import fix_normaliser
from soccer_lib.tasks import task_named
from soccer_lib.wrappers.rewards import parse_weights, read_weights
from soccer_lib.wrappers.rewards.users import written_by_users

OBSERVATION_CLIP = 10.0
"""Largest entry of an observation that was normalised by its running mean and spread."""


class ScaledReward(VecEnvWrapper):
    """Multiplies what each slot is paid by the factor of its task; reports and episode returns stay true.

    Args:
        venv: of `make_vec_env`.
        factors: task -> factor; 1 for tasks without one.
        refusal_cost: taken off for each kick that was refused, whatever the task. A refused kick holds the
            last walking command, no worse than another: without a cost kicks are asked for everywhere.
    """

    def __init__(self, venv: SoccerVecEnv, factors: Mapping[str, float], refusal_cost: float = 0.0) -> None:
        super().__init__(venv)
        self.refusal_cost = refusal_cost
        self._refused = np.zeros(venv.num_envs)
        self.factors = np.array([factors.get(task, 1.0) for task in venv.slot_tasks], np.float32)

    def reset(self) -> np.ndarray:
        """Start an episode in every slot."""
        self._refused[:] = 0
        return self.venv.reset()  # type: ignore[return-value]

    def step_wait(self) -> VecEnvStepReturn:
        """What came of the step."""
        observations, rewards, dones, infos = self.venv.step_wait()
        refused = np.array([info.get("macro_refused_count", 0) for info in infos])
        cost = self.refusal_cost * (refused - self._refused)
        self._refused = np.where(dones, 0, refused)
        return observations, (rewards * self.factors - cost).astype(np.float32), dones, infos

    def get_state(self) -> dict[str, Any]:
        """Refused kicks of the present episodes; what is wrapped has a state of its own."""
        return {"refused": self._refused.copy()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Continue from a `get_state`."""
        self._refused = state["refused"]


def reward_factors(config: TrainConfig) -> dict[str, float]:
    """Task -> what its rewards are multiplied by while learning."""
    factors = parse_weights(config.reward_scale or "")
    return {task_named(task).name: factor for task, factor in factors.items()}


def env_settings(config: TrainConfig) -> dict[str, Any]:
    """Arguments of `make_env` for an environment of a run, whoever acts in it."""
    return {
        "control": config.control,
        "observation": config.observation,
        "hold": config.hold,
        "reward": config.reward_profile,
        "reward_weights": read_weights(config.reward_weights) or None,
        "reward_gamma": config.gamma,
    }


def training_env(config: TrainConfig) -> VecEnv:
    """The environments that a run learns in; `config` is resolved.

    Raises:
        InputError: an observation of several sizes, fewer environments than tasks, a reward that is not
            defined for a task.
        SimulationError: a worker failed.
    """
    assert config.n_envs is not None
    settings = env_settings(config)
    venv = make_vec_env(
        list(config.tasks),
        config.n_envs,
        # A user's own terms are known to this process only.
        workers=0 if written_by_users(settings["reward_weights"]) else config.workers,
        seed=config.env_seed,
        task_weights=parse_weights(config.task_weights),
        guard=config.save_dir,  # what failed stays with its run
        curriculum=config.curriculum or None,
        randomise=config.randomise or None,
        **settings,
    )
    env: VecEnv = ScaledReward(venv, reward_factors(config), config.refusal_cost or 0.0)
    if config.normalize_obs or config.vecnormalize_path:
        env = VecNormalize(env, norm_reward=False, clip_obs=OBSERVATION_CLIP, gamma=config.gamma or 1.0)
        if config.vecnormalize_path:
            fix_normaliser(env, config.vecnormalize_path)
    return env
