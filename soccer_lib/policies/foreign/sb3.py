"""What an SB3 zip says of itself, in the readable part of its JSON; nothing in it is unpickled."""

from __future__ import annotations

import importlib
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.formats.arrays import Arrays, state_dict
from soccer_lib.layout import TORQUE_LIMIT

POLICIES = {
    "stable_baselines3.common.policies": ("ActorCriticPolicy", False),  # PPO, A2C, TRPO
    "stable_baselines3.td3.policies": ("TD3Policy", True),
    "stable_baselines3.sac.policies": ("SACPolicy", True),
    "sb3_contrib.tqc.policies": ("TQCPolicy", True),
}
"""Module of a known policy: its class, and whether it answers in shares of its Box or in its units."""

_CLIPS_GSDE = ("stable_baselines3.sac.policies", "sb3_contrib.tqc.policies")

# torch's names of activations -> ours
ACTIVATIONS = dict(
    zip(
        "ReLU Tanh ELU SiLU GELU LeakyReLU SELU".split(),
        "relu tanh elu silu gelu leaky_relu selu".split(),
        strict=True,
    )
)

# Settings that are read below, or change the most likely action through the shapes of arrays alone.
_UNDERSTOOD = set(
    "net_arch ortho_init log_std_init full_std use_expln optimizer_class optimizer_kwargs n_critics "
    "n_quantiles normalize_images share_features_extractor use_sde squash_output clip_mean activation_fn "
    "features_extractor_class".split()
)


def read_sb3(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """Read an SB3 zip by its parameters.

    Returns:
        name -> array, and what its settings say: `output`, `activation`, `bound` (a hard clip before the
        tanh), `normalised` where it learned behind a VecNormalize, and what `units_of` says of its Box.

    Raises:
        InputError: a class or a setting that changes the actions in a way that is not known here.
    """
    settings, kwargs, weights = _contents(path)
    module = settings["policy_class"].get("__module__")
    action = settings["action_space"]
    activation = ACTIVATIONS.get(_class_of("torch.nn.modules.activation", kwargs.get("activation_fn")))
    extractor = kwargs.get("features_extractor_class")
    shape = settings["observation_space"].get("_shape") or ()
    unknown = ", ".join(sorted(set(kwargs) - _UNDERSTOOD))
    strange = {
        f"a policy of {module}": module not in POLICIES,
        f"the activation {kwargs.get('activation_fn')}": "activation_fn" in kwargs and not activation,
        f"the features extractor {extractor}": extractor
        and _class_of("stable_baselines3.common.torch_layers", extractor) != "FlattenExtractor",
        f"the setting {unknown}": unknown,
        f"actions of {action.get(':type:')}": "box.Box" not in str(action.get(":type:")),
        f"observations of shape {shape}": len(shape) != 1,
    }
    for what in (what for what, is_strange in strange.items() if is_strange):
        raise InputError(
            f"{path} has {what}; expected an SB3 actor of linear layers for a Box, with an activation of "
            f"{', '.join(ACTIVATIONS)}; export it as TorchScript or ONNX, which hold their own arithmetic"
        )
    squashed = POLICIES[module][1]
    output = "tanh" if squashed or kwargs.get("squash_output") else "clip"
    # What is not in the settings is SB3's own choice.
    known = {"output": output, "activation": activation or ("relu" if squashed else "tanh")}
    if settings.get("use_sde") and module in _CLIPS_GSDE:
        known["bound"] = kwargs.get("clip_mean", 2.0)
    if settings.get("_last_original_obs"):
        known["normalised"] = True  # SB3 keeps an observation as it was before its VecNormalize
    return state_dict(weights)[0], {**known, **units_of(path, *_bounds(action))}


def units_of(path: Path, low: np.ndarray, high: np.ndarray) -> dict[str, Any]:
    """What the bounds of an action space say: nothing for [-1, 1], torques in N m for the stock Box.

    Raises:
        InputError: other bounds, whose units are not known.
    """
    for units, said in ((np.ones(1), {}), (TORQUE_LIMIT, {"control": "torque", "units": TORQUE_LIMIT})):
        if len(units) in (1, high.size) and np.allclose(high, units) and np.allclose(-low, units):
            return said
    raise InputError(
        f"{path} acts between {np.unique(low)} and {np.unique(high)}; expected -1 and 1, or the stock "
        "environment's torques; train it in an environment of make_env"
    )


def original_sb3(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """SB3's own policy with the arrays of a zip, built from its readable settings.

    It answers in shares of its Box. Shapes: (n, inputs) to (n, outputs).
    """
    import gymnasium as gym
    import torch

    settings, kwargs, weights = _contents(path)
    module = settings["policy_class"]["__module__"]
    low, high = _bounds(settings["action_space"])
    names = ("net_arch", "squash_output", "clip_mean", "n_critics", "n_quantiles")
    chosen = {name: kwargs[name] for name in names if name in kwargs}
    if "activation_fn" in kwargs:
        chosen["activation_fn"] = getattr(torch.nn, _class_of("torch.nn", kwargs["activation_fn"]))
    if settings.get("use_sde"):
        chosen["use_sde"] = True
    seen = gym.spaces.Box(-np.inf, np.inf, settings["observation_space"]["_shape"])
    kind = getattr(importlib.import_module(module), POLICIES[module][0])
    policy = kind(seen, gym.spaces.Box(low, high), lambda _: 0.0, **chosen)
    policy.load_state_dict(torch.load(weights, map_location="cpu", weights_only=True))
    return lambda rows: policy.predict(rows, deterministic=True)[0] / high


def _contents(path: Path) -> tuple[dict[str, Any], dict[str, Any], io.BytesIO]:
    """The readable settings, those of the policy among them, and the file of its weights."""
    with zipfile.ZipFile(path) as archive:
        settings = json.loads(archive.read("data"))
        weights = io.BytesIO(archive.read("policy.pth"))
    kwargs = settings.get("policy_kwargs") or {}
    return settings, {k: v for k, v in kwargs.items() if not k.startswith(":") and v is not None}, weights


def _class_of(package: str, text: Any) -> str:
    """The name in "<class 'package.Name'>", as SB3 writes a class beside its pickle; empty for another's."""
    path = str(text).removeprefix("<class '").removesuffix("'>")
    return path.rpartition(".")[2] if path.startswith(f"{package}.") else ""


def _bounds(action: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    low, high = (np.array(str(action[end]).strip("[] ").split(), dtype=np.float32) for end in ("low", "high"))
    return low, high
