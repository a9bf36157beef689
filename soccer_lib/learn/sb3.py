"""A policy's weights as the actor of a Stable-Baselines3 model: TD3, SAC or PPO."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from torch import nn

from soccer_lib.errors import InputError
from soccer_lib.policies import LearnedPolicy


def to_sb3(policy: LearnedPolicy, model: BaseAlgorithm) -> None:
    """Overwrite a model's actor, and its target actor where it has one; critics and spread stay.

    The input normalisation goes into the model's VecNormalize where it has one for observations. Without one
    it is folded into the first layer, all but its limit.

    Raises:
        InputError: layers, shapes or activations differ; the message shows both and nothing was changed.
    """
    layers, modules, end = list(policy.network.layers), *_actor(model)
    scale = layers.pop(0)[1] if layers[0][0] == "normalise" else None
    if end == "clip" and policy.unsquashed:
        layers[-2:] = [("linear", policy.unsquashed), ("clip", {})]
    ours = [_shown(kind, arrays.get("weight")) for kind, arrays in layers]
    theirs = [_shown(type(m).__name__.lower(), getattr(m, "weight", None)) for m in modules] + [end]
    if ours != theirs:
        raise InputError(
            f"{policy.spec.name} is {' '.join(ours)}; expected as the actor of {type(model).__name__}: "
            f"{' '.join(theirs)}; give the model the policy's net_arch, activation_fn and observation"
        )
    linear = [{name: np.asarray(a, float) for name, a in arrays.items()} for _, arrays in layers if arrays]
    normalise = model.get_vec_normalize_env()
    if scale and normalise is not None and normalise.norm_obs:
        normalise.obs_rms.mean, normalise.obs_rms.var = (
            scale["mean"].astype(float),
            scale["std"].astype(float) ** 2,
        )
        normalise.clip_obs = float(scale["limit"])
    elif scale:
        linear[0]["weight"] = linear[0]["weight"] / scale["std"]
        linear[0]["bias"] = linear[0]["bias"] - linear[0]["weight"] @ scale["mean"]
    with torch.no_grad():
        for module, arrays in zip((m for m in modules if isinstance(m, nn.Linear)), linear, strict=True):
            module.weight.copy_(torch.from_numpy(arrays["weight"]))
            module.bias.copy_(torch.from_numpy(arrays["bias"]))
    if hasattr(model, "actor_target"):
        model.actor_target.load_state_dict(model.actor.state_dict())


def _actor(model: BaseAlgorithm) -> tuple[Sequence[nn.Module], str]:
    """The modules of an actor in the order of their use, and what SB3 does to their output."""
    if hasattr(model.policy, "action_net"):
        return [*model.policy.mlp_extractor.policy_net, model.policy.action_net], "clip"
    actor = model.policy.actor
    if hasattr(actor, "latent_pi"):
        return [*actor.latent_pi, actor.mu], "tanh"
    return list(actor.mu)[:-1], "tanh"


def _shown(kind: str, weight: np.ndarray | torch.Tensor | None) -> str:
    return kind if weight is None else f"{kind}{tuple(weight.shape)}".replace(" ", "")
