"""A model of Stable-Baselines3 for the arm: made from settings, written into a run folder, read from one.

Of an SB3 file only the parameters are read, by name; nothing in it is run.
"""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path
from typing import Any

import numpy as np
from stable_baselines3 import PPO, SAC, TD3
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.noise import NormalActionNoise
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from soccer_lib.errors import InputError, one_line
from soccer_lib.genesis.config import GenesisTrainConfig
from soccer_lib.genesis.layout import JOINTS
from soccer_lib.runs import atomic_write_bytes, atomic_write_npz, load_npz
from soccer_lib.runs.files import load_record

COMMAND = "genesis train"
FINAL = "final_model"
BEST = "best_model"

NO_SPREAD = 1e-6
"""Variance below which an entry of the observation counts as constant."""


def make_model(config: GenesisTrainConfig, env: VecEnv) -> BaseAlgorithm:
    """A model with the settings of a run; every one of them filled in."""
    common: dict[str, Any] = {
        "learning_rate": config.lr,
        "batch_size": config.batch_size,
        "gamma": config.gamma,
        "policy_kwargs": {"net_arch": config.widths},
        "seed": config.seed,
        "device": config.device,
    }
    arms = env.num_envs
    if config.algorithm == "PPO":
        rollout = (config.n_steps or 1) * arms
        common["batch_size"] = min(config.batch_size or rollout, rollout)
        return PPO(
            "MlpPolicy",
            env,
            n_steps=config.n_steps or 0,
            n_epochs=config.n_epochs or 1,
            ent_coef=float(config.ent_coef or 0),
            **common,
        )
    off_policy: dict[str, Any] = {
        **common,
        "buffer_size": config.buffer_size,
        "learning_starts": config.learning_starts,
        "train_freq": (1, "step"),
        # A step of the scene is a step of every arm.
        "gradient_steps": max(1, round((config.update_ratio or 1.0) * arms)),
    }
    if config.algorithm == "SAC":
        entropy = config.ent_coef or "auto"
        coefficient = entropy if entropy == "auto" else float(entropy)
        return SAC("MlpPolicy", env, ent_coef=coefficient, **off_policy)
    spread = np.full(JOINTS, config.action_noise_sigma or 0.0)
    return TD3("MlpPolicy", env, action_noise=NormalActionNoise(np.zeros(JOINTS), spread), **off_policy)


def acting_model(config: GenesisTrainConfig, env: VecEnv, file: Path) -> BaseAlgorithm:
    """The model in a file, to act: without room for a rollout or a replay buffer.

    Raises:
        InputError: see `load_parameters`.
    """
    arms = env.num_envs
    small = dataclasses.replace(config, n_steps=2, batch_size=2 * arms, buffer_size=arms)
    model = make_model(small, env)
    load_parameters(file, model)
    return model


def normaliser_file(model_file: Path) -> Path:
    """Where the normaliser of a model lies."""
    return model_file.with_name(f"{model_file.stem}.normaliser.npz")


def save_agent(folder: Path, name: str, model: BaseAlgorithm) -> None:
    """Write a model, and its normaliser first: a model without its own acts on other numbers."""
    normaliser = model.get_vec_normalize_env()
    if normaliser is not None:
        statistics = normaliser.obs_rms
        atomic_write_npz(
            normaliser_file(folder / f"{name}.zip"),
            {
                "mean": statistics.mean,
                "var": statistics.var,
                "count": statistics.count,
                "clip": normaliser.clip_obs,
                "epsilon": normaliser.epsilon,
            },
        )
    stream = io.BytesIO()
    model.save(stream)
    atomic_write_bytes(folder / f"{name}.zip", stream.getvalue())


def with_normaliser(env: VecEnv, config: GenesisTrainConfig, training: bool) -> VecEnv:
    """The environment behind the running normaliser of observations, where the settings ask for one."""
    if not config.normalize:
        return env
    return VecNormalize(env, training=training, norm_obs=True, norm_reward=False, gamma=config.gamma or 0.99)


def read_settings_of(run: Path) -> GenesisTrainConfig:
    """The settings that a run was made with.

    Raises:
        InputError: no run of `genesis train` is there.
    """
    if not (run / "config.json").is_file():
        raise InputError(f"no run in {run}; expected a folder of genesis train; make one with: genesis train")
    record = load_record(run / "config.json", "config")
    if record.get("command") != COMMAND:
        raise InputError(
            f"{run} belongs to {record.get('command')!r}; expected a folder of genesis train; choose another"
        )
    try:
        return GenesisTrainConfig(**record["config"])
    except TypeError as error:
        raise InputError(
            f"{run} has other settings than this version ({one_line(error, 100)}); expected those of "
            "genesis train --help; train again"
        ) from error


def agent_file(run: Path) -> Path:
    """The best model of a run, else its last one.

    Raises:
        InputError: it has none.
    """
    for name in (BEST, FINAL):
        if (run / f"{name}.zip").is_file():
            return run / f"{name}.zip"
    raise InputError(f"{run} has no model yet; expected {BEST}.zip; let its training finish")


def load_parameters(file: Path, model: BaseAlgorithm) -> None:
    """Take the parameters of a file into a model, and the normaliser beside it into its environment.

    Raises:
        InputError: of another algorithm or size, damaged, or without the normaliser that it was trained with.
    """
    try:
        model.set_parameters(str(file), device=model.device)
    except Exception as error:  # a damaged archive can raise nearly anything
        raise InputError(
            f"cannot read {file}: {one_line(error, 150)}; expected parameters of {type(model).__name__} with "
            "these layers; train again, or give the settings it was trained with"
        ) from error
    normaliser = model.get_vec_normalize_env()
    if normaliser is None:
        return
    numbers = load_npz(normaliser_file(file), ("mean", "var", "count", "clip", "epsilon"))
    if numbers["mean"].shape != normaliser.obs_rms.mean.shape:
        raise InputError(
            f"{normaliser_file(file)} has {numbers['mean'].size} entries; expected "
            f"{normaliser.obs_rms.mean.size}; take the one of this model"
        )
    normaliser.obs_rms.mean = numbers["mean"]
    # An entry that never varied, as `held` before the stage that fills it, has no spread to be divided by:
    # what it says later would arrive at the limit of the normaliser.
    normaliser.obs_rms.var = np.where(numbers["var"] < NO_SPREAD, 1.0, numbers["var"])
    normaliser.obs_rms.count = float(numbers["count"])
    normaliser.clip_obs = float(numbers["clip"])
