"""What an SB3 zip says of itself, in the readable part of its JSON; nothing in it is unpickled."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from soccer_lib.errors import InputError
from soccer_lib.formats.arrays import Arrays, state_dict
from soccer_lib.layout import TORQUE_LIMIT

SQUASHED = {
    "stable_baselines3.common.policies": False,  # PPO, A2C, TRPO
    "stable_baselines3.td3.policies": True,
    "stable_baselines3.sac.policies": True,
    "sb3_contrib.tqc.policies": True,
}
"""Modules of policies that are known: whether they answer in shares of their Box, or in its units."""

_CLIPS_GSDE = ("stable_baselines3.sac.policies", "sb3_contrib.tqc.policies")

ACTIVATIONS = {
    "ReLU": "relu",
    "Tanh": "tanh",
    "ELU": "elu",
    "SiLU": "silu",
    "GELU": "gelu",
    "LeakyReLU": "leaky_relu",
    "SELU": "selu",
}
"""torch's names of activations and ours."""

# Settings that are read below, or change the most likely action through the shapes of arrays alone.
_UNDERSTOOD = set(
    "net_arch ortho_init log_std_init full_std use_expln optimizer_class optimizer_kwargs n_critics "
    "n_quantiles normalize_images share_features_extractor use_sde squash_output clip_mean activation_fn "
    "features_extractor_class".split()
)


def read_sb3(path: Path) -> tuple[Arrays, dict[str, Any]]:
    """Read an SB3 zip by its parameters.

    Returns:
        name -> array, and what its settings say: `output`, `activation` where it was chosen, `bound` (a hard
        clip before the tanh), and what `units_of` says of its Box.

    Raises:
        InputError: a class or a setting that changes the actions in a way that is not known here.
    """
    with zipfile.ZipFile(path) as archive:
        settings = json.loads(archive.read("data"))
        arrays, _ = state_dict(io.BytesIO(archive.read("policy.pth")))
    kwargs = _policy_kwargs(settings)
    module, action = _module(settings), settings["action_space"]
    activation = ACTIVATIONS.get(_class_name(kwargs.get("activation_fn", "")), "")
    shape = settings["observation_space"].get("_shape") or ()
    strange = {
        f"a policy of {module}": module not in SQUASHED,
        f"the activation {kwargs.get('activation_fn')}": "activation_fn" in kwargs and not activation,
        f"the setting {', '.join(sorted(set(kwargs) - _UNDERSTOOD))}": bool(set(kwargs) - _UNDERSTOOD),
        f"a {_class_name(kwargs.get('features_extractor_class', ''))}": (
            _class_name(kwargs.get("features_extractor_class", "FlattenExtractor'")) != "FlattenExtractor"
        ),
        f"actions of {action.get(':type:')}": "box.Box" not in str(action.get(":type:")),
        f"observations of shape {shape}": len(shape) != 1,
    }
    for what, is_strange in strange.items():
        if is_strange:
            raise InputError(
                f"{path} has {what}; expected an SB3 actor of linear layers for a Box, with an activation of "
                f"{', '.join(ACTIVATIONS)}; export it as TorchScript or ONNX, which hold their own arithmetic"
            )
    known: dict[str, Any] = {"output": "tanh" if SQUASHED[module] or kwargs.get("squash_output") else "clip"}
    if activation:
        known["activation"] = activation
    if settings.get("use_sde") and module in _CLIPS_GSDE:
        known["bound"] = kwargs.get("clip_mean", 2.0)
    return arrays, {**known, **units_of(path, *_bounds(action))}


def units_of(path: Path, low: np.ndarray, high: np.ndarray) -> dict[str, Any]:
    """What the bounds of an action space say: nothing for [-1, 1], torques in N m for the stock Box.

    Raises:
        InputError: other bounds, whose units are not known.
    """
    if (low == -1).all() and (high == 1).all():
        return {}
    if (
        low.shape == TORQUE_LIMIT.shape
        and np.allclose(high, TORQUE_LIMIT)
        and np.allclose(-low, TORQUE_LIMIT)
    ):
        return {"control": "torque", "units": TORQUE_LIMIT}
    raise InputError(
        f"{path} acts from {low.min():g} to {high.max():g} ({low.size} numbers); expected [-1, 1], or the "
        "stock environment's torques; train it in an environment of make_env"
    )


def original_sb3(path: Path) -> Callable[[np.ndarray], np.ndarray]:
    """SB3's own policy with the arrays of a zip, built from its readable settings.

    It answers in shares of its Box. Shapes: (n, inputs) to (n, outputs).
    """
    import gymnasium as gym
    import stable_baselines3 as sb3
    import torch

    with zipfile.ZipFile(path) as archive:
        settings = json.loads(archive.read("data"))
        weights = torch.load(io.BytesIO(archive.read("policy.pth")), map_location="cpu", weights_only=True)
    kwargs, module = _policy_kwargs(settings), _module(settings)
    if module.startswith("sb3_contrib"):
        raise ImportError("TQC", name="sb3_contrib")
    low, high = _bounds(settings["action_space"])
    chosen = {name: kwargs[name] for name in ("net_arch", "squash_output", "clip_mean") if name in kwargs}
    if "activation_fn" in kwargs:
        chosen["activation_fn"] = getattr(torch.nn, _class_name(kwargs["activation_fn"]))
    if "td3" not in module:
        chosen["use_sde"] = settings.get("use_sde", False)
    elif "n_critics" in kwargs:
        chosen["n_critics"] = kwargs["n_critics"]
    policies = {
        "stable_baselines3.common.policies": sb3.common.policies.ActorCriticPolicy,
        "stable_baselines3.td3.policies": sb3.td3.policies.TD3Policy,
        "stable_baselines3.sac.policies": sb3.sac.policies.SACPolicy,
    }
    boxes = (
        gym.spaces.Box(-np.inf, np.inf, settings["observation_space"]["_shape"]),
        gym.spaces.Box(low, high),
    )
    policy = policies[module](*boxes, lambda _: 0.0, **chosen)
    policy.load_state_dict(weights)
    return lambda rows: policy.predict(rows, deterministic=True)[0] / high


def _policy_kwargs(settings: Mapping[str, Any]) -> dict[str, Any]:
    kwargs = settings.get("policy_kwargs") or {}
    return {name: value for name, value in kwargs.items() if not name.startswith(":") and value is not None}


def _module(settings: Mapping[str, Any]) -> str:
    return str(settings["policy_class"].get("__module__", "an unknown class"))


def _class_name(text: Any) -> str:
    """Name in "<class 'a.b.Name'>", as SB3 writes a class beside its pickle."""
    found = re.search(r"(\w+)'", str(text))
    return found[1] if found else str(text)


def _bounds(action: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    low, high = (np.array(str(action[end]).strip("[] ").split(), dtype=np.float32) for end in ("low", "high"))
    return low, high
