"""A policy's weights as the actor of a Stable-Baselines3 model (TD3, SAC or PPO), and back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.running_mean_std import RunningMeanStd
from torch import nn

from soccer_lib.control.network import Layer, Network
from soccer_lib.errors import InputError
from soccer_lib.policies import LearnedPolicy


def to_sb3(policy: LearnedPolicy, model: BaseAlgorithm) -> None:
    """Overwrite a model's actor, and its target actor where it has one; critics and spread stay.

    The input normalisation goes into the model's VecNormalize where it has one for observations. Without one
    it is folded into the first layer, all but its limit.

    Raises:
        InputError: layers, shapes or activations differ; the message shows both and nothing was changed.
    """
    if not isinstance(policy.network, Network):
        raise InputError(
            f"{policy.spec.name} runs in a foreign runtime; expected layers of our own; convert it first"
        )
    layers = list(policy.network.layers)
    scale = layers.pop(0)[1] if layers[0][0] == "normalise" else None
    modules, end = _actor(model)
    if end == "clip" and policy.unsquashed:
        # This actor has no tanh at its end: the layer that was fitted without one takes the place of both.
        layers[-2:] = [("linear", policy.unsquashed), ("clip", {})]
    ours = [_layer_name(kind, arrays.get("weight")) for kind, arrays in layers]
    theirs = [_layer_name(type(m).__name__.lower(), getattr(m, "weight", None)) for m in modules] + [end]
    if ours != theirs:
        raise InputError(
            f"{policy.spec.name} is {' '.join(ours)}; expected as the actor of {type(model).__name__}: "
            f"{' '.join(theirs)}; give the model the policy's net_arch, activation_fn and observation"
        )
    linear = [{name: np.asarray(a, float) for name, a in arrays.items()} for _, arrays in layers if arrays]
    normaliser = model.get_vec_normalize_env()
    if scale and normaliser is not None and normaliser.norm_obs:
        statistics = cast(RunningMeanStd, normaliser.obs_rms)  # a dict for observations of several parts only
        statistics.mean = scale["mean"].astype(float)
        statistics.var = scale["std"].astype(float) ** 2
        normaliser.clip_obs = float(scale["limit"])
    elif scale:
        # w (x - mean) / std + b is (w / std) x + (b - w / std . mean).
        linear[0]["weight"] = linear[0]["weight"] / scale["std"]
        linear[0]["bias"] = linear[0]["bias"] - linear[0]["weight"] @ scale["mean"]
    with torch.no_grad():
        for module, arrays in zip((m for m in modules if isinstance(m, nn.Linear)), linear, strict=True):
            module.weight.copy_(torch.from_numpy(arrays["weight"]))
            module.bias.copy_(torch.from_numpy(arrays["bias"]))
    actor_target = getattr(model, "actor_target", None)
    if actor_target is not None:
        actor_target.load_state_dict(model.policy.get_submodule("actor").state_dict())


def actor_network(model: BaseAlgorithm) -> Network:
    """The actor of TD3 or SAC in numpy: its likeliest action, from its input layers on."""
    modules, end = _actor(model)
    layers: list[Layer] = []
    for module in modules:
        arrays = {name: value.detach().cpu().numpy() for name, value in module.named_parameters()}
        layers.append((type(module).__name__.lower(), arrays))
    return Network([*layers, (end, {})])


def _actor(model: BaseAlgorithm) -> tuple[Sequence[nn.Module], str]:
    """The modules of an actor in the order of their use, and what SB3 does to their output."""
    policy: Any = model.policy  # SB3 names the parts differently for each algorithm
    if hasattr(policy, "action_net"):  # PPO
        return [*policy.mlp_extractor.policy_net, policy.action_net], "clip"
    if hasattr(policy.actor, "latent_pi"):  # SAC
        return [*policy.actor.latent_pi, policy.actor.mu], "tanh"
    return list(policy.actor.mu)[:-1], "tanh"  # TD3: its last module is the tanh


def _layer_name(kind: str, weight: np.ndarray | torch.Tensor | None) -> str:
    return kind if weight is None else f"{kind}{tuple(weight.shape)}".replace(" ", "")
