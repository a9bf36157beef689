"""From settings to a model of Stable-Baselines3: one function an algorithm, and the table of them."""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
from collections.abc import Callable
from typing import Any, cast

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.vec_env import VecEnv

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.control.network import Network
from soccer_lib.errors import InputError, one_line
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.hybrid import DecisionNet, HybridPolicy
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.imitation.hidden import CONTROLLED
from soccer_lib.learn.normaliser import behind_normaliser
from soccer_lib.learn.offpolicy import (
    AnchoredCritic,
    AnchoredSACPolicy,
    HeldSAC,
    HeldTD3,
    KickKeepingActor,
    KickTD3Policy,
    ScaledInput,
)
from soccer_lib.learn.ppo import HeldPPO
from soccer_lib.learn.reach import KickReach
from soccer_lib.learn.replay import HeldReplayBuffer, check_memory, free_memory
from soccer_lib.learn.sb3 import actor_network, to_sb3
from soccer_lib.learn.scales import input_scales, layout_of
from soccer_lib.learn.start import actor_from, new_actor
from soccer_lib.policies import LearnedPolicy, PolicySpec
from soccer_lib.policies.learned import ACTIONS, walker_sha256

HOLDS = {"torque": 1, "joint": 10, "command": 50}
"""Physics steps of an ordinary env step of each control interface."""


_OF_PPO = ("critic_first", "critic_memory", "anchor", "anchor_decay", "lr_left")
"""Settings that `HeldPPO` knows by the same names."""


def run_spec(config: TrainConfig, name: str) -> PolicySpec:
    """The environment that a run's policies act in."""
    if config.control != "command":
        return PolicySpec(name, config.control, config.observation)
    return PolicySpec(
        name, "command", config.observation, config.hold or HOLDS["command"], "own", walker_sha256("own")
    )


def check_start(config: TrainConfig, start: LearnedPolicy) -> None:
    """Refuse to start from a policy of another environment.

    Raises:
        InputError: naming the setting to change.
    """
    wanted = run_spec(config, start.spec.name)
    for what in ("control", "observation", "hold"):
        if getattr(start.spec, what) != getattr(wanted, what):
            raise InputError(
                f"--bc-weights {config.bc_weights} has {what} {getattr(start.spec, what)!r} and this run "
                f"{getattr(wanted, what)!r}; expected the same; set --{what}, or clone for this one"
            )


def start_actor(config: TrainConfig, start: LearnedPolicy | None) -> Actor:
    """The actor that a run starts with: that of a policy, or a new one.

    Raises:
        InputError: the policy acts in another environment, or is no actor of ours; the network is too narrow
            for the kicks.
    """
    if start is not None:
        check_start(config, start)
        return actor_from(start)
    layout = layout_of(config.observation, config.tasks)
    names = [name for name in CONTROLLED if name in layout] if config.hide else []
    hidden = [entry for name in names for entry in range(layout.size)[layout[name]]]
    n_actions = ACTIONS[config.control]
    kicks = config.control == "command" and config.kick_share
    patterns = np.array(list(PATTERNS.values()) if kicks else np.zeros((0, n_actions)), np.float32)
    return new_actor(input_scales(layout), config.widths, patterns, hidden, config.kick_share or 0.0)


def common(config: TrainConfig, *names: str) -> dict[str, Any]:
    """Settings that SB3 has under the same names, and those that every algorithm has."""
    shared = {"learning_rate": config.lr, "seed": config.seed, "device": device_of(config.device)}
    return {**shared, **{name: getattr(config, name) for name in ("gamma", *names)}}


def reach_of(config: TrainConfig) -> KickReach | None:
    """What tells from an observation whether a kick can start; None where it says so in other units."""
    normalised = config.normalize_obs or config.vecnormalize_path
    if config.control != "command" or normalised or config.observation not in ("robot", "agent"):
        return None
    return KickReach(layout_of(config.observation, config.tasks))


def make_ppo(config: TrainConfig, env: VecEnv, start: LearnedPolicy | None) -> HeldPPO:
    """PPO that decides between walking and kicks."""
    torch.manual_seed(config.seed)
    settings = common(config, "n_steps", "batch_size", "n_epochs", "gae_lambda", "clip_range")
    settings["batch_size"] = min(settings["batch_size"], settings["n_steps"] * env.num_envs)
    model = HeldPPO(
        env,
        hold=config.hold or HOLDS[config.control],
        log_every=config.log_interval,
        **{name: getattr(config, name) for name in _OF_PPO},
        policy_kwargs={
            "actor": start_actor(config, start),
            "value_widths": config.widths,
            "critic_lr": config.critic_lr,
            "ent_coef": float(config.ent_coef or 0),
            "reach": reach_of(config),
            "refusal_cost": config.refusal_cost or 0.0,
            "kick_entropy": config.kick_entropy or 0.0,
            "log_std_init": math.log(config.action_noise_sigma or 1e-3),
        },
        **settings,
    )
    if start is not None:
        model.policy.reference = (DecisionNet(actor_from(start)).to(model.device),)
    return model


def make_off_policy(config: TrainConfig, env: VecEnv, start: LearnedPolicy | None) -> HeldTD3 | HeldSAC:
    """TD3 or SAC, whose kicks are corners of the action."""
    torch.manual_seed(config.seed)
    space = env.observation_space
    assert isinstance(space, gym.spaces.Box) and isinstance(env.action_space, gym.spaces.Box)
    check_memory(config.buffer_size or 1, space.shape[0], env.action_space.shape[0], free_memory())
    actor = start_actor(dataclasses.replace(config, kick_share=None) if start is None else config, start)
    (_, scale), *layers = actor.network().layers
    widths = [len(arrays["bias"]) for kind, arrays in layers if kind == "linear"][:-1]
    hold = config.hold or HOLDS[config.control]
    settings = common(config, "batch_size", "buffer_size", "learning_starts", "tau")
    settings |= {
        "train_freq": 1,
        "gradient_steps": max(1, round((config.update_ratio or 1.0) * env.num_envs)),
        "replay_buffer_class": HeldReplayBuffer,
        "replay_buffer_kwargs": {"gamma": config.gamma, "hold": hold},
        "policy_kwargs": {
            # A clone brings its own actor; the critics are as wide as the settings say.
            "net_arch": {"pi": widths, "qf": config.widths},
            "n_critics": config.n_critics or 2,
            "features_extractor_class": ScaledInput,
            "features_extractor_kwargs": {**scale, "limit": float(scale["limit"])},
            "optimizer_kwargs": {"fused": settings["device"].type == "cpu"},
        },
    }
    model: HeldTD3 | HeldSAC
    if config.algo == "td3":
        smoothing = {name: getattr(config, name) for name in ("target_policy_noise", "target_noise_clip")}
        model = HeldTD3(KickTD3Policy, env, policy_delay=config.policy_delay or 2, **smoothing, **settings)
        cast(KickKeepingActor, model.actor_target).noise_clip = config.target_noise_clip or 0.0
    else:
        ent_coef = config.ent_coef or "auto"
        weight = ent_coef if ent_coef.startswith("auto") else float(ent_coef)
        model = HeldSAC(AnchoredSACPolicy, env, ent_coef=weight, **settings)
        model.ent_coef_min = config.ent_coef_min or 0.0
    for critic in (model.critic, model.critic_target):
        cast(AnchoredCritic, critic).precision = getattr(torch, config.precision)
    spread = config.action_noise_sigma or 0.0
    learned_spread = bool(spread) and config.algo == "sac" and start is not None  # SB3's own begins at 1
    model.careful(
        config.seed,
        actor_lr=config.lr,
        sigma=0.0 if learned_spread else spread,
        from_clone=start is not None,
        **{name: getattr(config, name) for name in ("critic_lr", "lr_left", "critic_first", "kick_share")},
    )
    if start is not None:
        begin_as(model, LearnedPolicy(Network(layers), start.spec), config.anchor or 0.0)
    if learned_spread:
        least = math.log(spread)
        head = model.actor.get_submodule("log_std")
        torch.nn.init.zeros_(head.get_parameter("weight"))
        torch.nn.init.constant_(head.get_parameter("bias"), least)
        # To explore less is the easiest thing to learn, and no help against noise.
        head.register_forward_hook(lambda _, given, log_std: log_std.clamp(min=least))
    return model


def begin_as(model: HeldTD3 | HeldSAC, policy: LearnedPolicy, anchor: float) -> None:
    """Let the actor be a policy without its input scales, which the model has already."""
    to_sb3(policy, model)
    critic = cast(AnchoredCritic, model.critic)
    critic.anchor = anchor
    reference = copy.deepcopy(model.actor)
    # SAC's would draw, with its first spread of 1: the mean of what is squashed is not what the clone does.
    certain = {"deterministic": True} if isinstance(model, HeldSAC) else {}
    critic.reference = (functools.partial(reference, **certain),)


MAKERS: dict[str, Callable[[TrainConfig, VecEnv, LearnedPolicy | None], BaseAlgorithm]] = {
    "td3": make_off_policy,
    "ppo": make_ppo,
    "sac": make_off_policy,
}
"""Algorithm -> what makes its model."""


def device_of(name: str) -> torch.device:
    """The device of that name; `auto` takes a GPU where there is one.

    Raises:
        InputError: this machine does not have it.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:
        raise InputError(
            f"--device {name}: {one_line(error, 120)}; expected one that this machine has; try cpu"
        ) from None
    return torch.device(name)


def policy_of(
    model: BaseAlgorithm, spec: PolicySpec, record: dict[str, Any], kick_from: float = 0.5
) -> LearnedPolicy:
    """What a model would do without exploration, as a policy that acts through the numpy core.

    A running normaliser of the observations becomes its first layer.

    Args:
        model: of `MAKERS`.
        spec: the environment that it acts in.
        record: what made it.
        kick_from: PPO with kicks: share of all kicks beyond which it kicks.
    """
    if isinstance(model.policy, HybridPolicy):
        network = model.policy.network(kick_from)
    else:
        scaled = cast(ScaledInput, model.policy.get_submodule("actor.features_extractor"))
        network = Network([scaled.layer(), *actor_network(model).layers])
    normaliser = model.get_vec_normalize_env()
    if normaliser is not None:
        network = behind_normaliser(network, normaliser)
    return LearnedPolicy(network, spec, record=record)
