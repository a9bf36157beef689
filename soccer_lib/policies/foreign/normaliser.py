"""Running means and spreads of observations, which trainers keep beside their networks, as a layer."""

from __future__ import annotations

import pickle
import re
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.control.network import Layer
from soccer_lib.errors import InputError, unknown_name
from soccer_lib.formats.arrays import Arrays
from soccer_lib.ranges import Range
from soccer_lib.runs.files import load_json, load_npz, unreadable

UNLIMITED = 1e6
"""Limit of a normaliser that has none, in standard deviations."""

# Name of the mean, name of its spread, how that becomes a divisor, and the limit.
_STORED = (
    (r"(.*obs_norm\w*\.|normalizer\.)_mean", "_std", lambda std: std + 1e-2, UNLIMITED),  # rsl_rl
    (r"(.*running_mean_std\.)running_mean", "running_var", lambda var: np.sqrt(var + 1e-5), 5.0),  # rl_games
    (r"(.*_preprocessor\.)running_mean", "running_variance", lambda var: np.sqrt(var) + 1e-8, 5.0),  # skrl
)
_PICKLES = (".pkl", ".pickle")
NONE = "none"
"""Name of a normaliser that is not there, where only rewards were normalised."""

_OTHER_INPUT = re.compile(r"critic|privileged|value|teacher|rnd|reward")
_NUMBERS = {
    "mean": Range(-1e6, 1e6),
    "var": Range(0, 1e12),
    "std": Range(0, 1e6, above=True),
    "clip": Range(0, UNLIMITED, above=True),
    "epsilon": Range(0, 1),
}
"""What a file of a normaliser may hold; without clip and epsilon those of VecNormalize, 10 and 1e-8."""


def stored_normaliser(arrays: Arrays) -> tuple[Layer | None, Arrays]:
    """Find the actor's normaliser among the arrays of a checkpoint, and return the arrays without it."""
    for pattern, spread, divisor, limit in _STORED:
        for name in arrays:
            match = re.fullmatch(pattern, name)
            if match and not _OTHER_INPUT.search(name):
                rest = {other: array for other, array in arrays.items() if not other.startswith(match[1])}
                return _layer(arrays[name], divisor(arrays[match[1] + spread]), limit), rest
    return None, arrays


def read_normaliser(path: Path, trust_pickle: bool = False) -> Layer:
    """Read a normaliser's numbers from an npz or JSON: mean, var or std, and where they differ clip, epsilon.

    Args:
        path: the file.
        trust_pickle: read a pickled VecNormalize too, which runs whatever its author put into it.

    Raises:
        InputError: other names, or numbers that cannot be.
    """
    if path.suffix in _PICKLES:
        content = _pickled(path, trust_pickle)
    else:
        content = load_json(path) if path.suffix == ".json" else load_npz(path)
    if not isinstance(content, dict) or "mean" not in content or not {"var", "std"} & set(content):
        raise InputError(
            f"{path} is no normaliser; expected mean, and var or std; save them with numpy.savez"
        )
    for name, values in content.items():
        if name not in _NUMBERS:
            raise unknown_name(f"number in {path}", name, _NUMBERS)
        content[name] = _NUMBERS[name].array(f"{path}: {name}", values)
    # As VecNormalize computes: (x - mean) / sqrt(var + epsilon), clipped.
    std = content["std"] if "std" in content else np.sqrt(content["var"] + content.get("epsilon", 1e-8))
    return _layer(content["mean"], std, content.get("clip", 10.0))


def _pickled(path: Path, trusted: bool) -> dict[str, Any]:
    """The numbers of a pickled VecNormalize."""
    if not trusted:
        raise InputError(
            f"cannot read {path}: a pickle runs whatever its author put into it; expected numbers as npz or "
            "JSON; save them as README's 'Your own files' says, or trust its author with --trust-pickle"
        )
    try:
        with open(path, "rb") as stream:
            made = pickle.load(stream)
        if not made.norm_obs:  # it normalises rewards
            width = made.observation_space.shape
            return {"mean": np.zeros(width), "std": np.ones(width), "clip": UNLIMITED}
        numbers = {"mean": made.obs_rms.mean, "var": made.obs_rms.var}
        return {**numbers, "clip": made.clip_obs, "epsilon": made.epsilon}
    except Exception as error:  # a pickle can raise anything
        raise unreadable(path, error, "a VecNormalize of one observation") from error


def normalisers_beside(path: Path) -> list[Path]:
    """Normalisers near some weights: that of their name, or else what looks like a pickled VecNormalize."""
    ours = f"{path.stem}_normaliser.npz"
    of_callback = re.sub(r"\d+_steps$", r"vecnormalize_\g<0>.pkl", path.stem)  # SB3's CheckpointCallback
    for file in map(path.with_name, (ours, of_callback)):
        if file.suffix in (".npz", ".pkl") and file.is_file():
            return [file]
    return sorted(file for pattern in ("*norm*.pkl", "*/*norm*.pkl") for file in path.parent.glob(pattern))


def _layer(mean: np.ndarray, std: np.ndarray, limit: float) -> Layer:
    return "normalise", {"mean": np.ravel(mean), "std": np.ravel(std), "limit": np.array(limit)}
