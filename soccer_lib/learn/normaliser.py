"""The running normaliser of observations: in a file of numbers, and as the first layer of a policy."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecNormalize

from soccer_lib.control.network import Network
from soccer_lib.errors import InputError
from soccer_lib.policies.foreign.normaliser import read_normaliser
from soccer_lib.runs import atomic_write_npz


def behind_normaliser(network: Network, normaliser: VecNormalize) -> Network:
    """A network behind the running normaliser that it was trained with."""
    statistics = cast(RunningMeanStd, normaliser.obs_rms)
    scale = {
        "mean": statistics.mean,
        "std": np.sqrt(statistics.var + normaliser.epsilon),
        "limit": np.array(normaliser.clip_obs),
    }
    return Network([("normalise", scale), *network.layers])


def write_normaliser(path: Path, normaliser: VecNormalize) -> Path:
    """Write mean, var, clip and epsilon, as `convert --normaliser` and `--vecnormalize-path` read them."""
    statistics = cast(RunningMeanStd, normaliser.obs_rms)
    numbers = {
        "mean": statistics.mean,
        "var": statistics.var,
        "clip": normaliser.clip_obs,
        "epsilon": normaliser.epsilon,
    }
    return atomic_write_npz(path, numbers)


def fix_normaliser(normaliser: VecNormalize, path: str) -> None:
    """Take the statistics of a file and keep them as they are.

    Raises:
        InputError: no such file, or numbers of another observation.
    """
    _, scale = read_normaliser(Path(path))
    statistics = cast(RunningMeanStd, normaliser.obs_rms)
    if scale["mean"].shape != statistics.mean.shape:
        raise InputError(
            f"--vecnormalize-path {path} has {scale['mean'].size} entries and the observation "
            f"{statistics.mean.size}; expected the same; take the one of this observation"
        )
    statistics.mean = scale["mean"].astype(float)
    statistics.var = scale["std"].astype(float) ** 2 - normaliser.epsilon
    normaliser.clip_obs = float(scale["limit"])
    normaliser.training = False
