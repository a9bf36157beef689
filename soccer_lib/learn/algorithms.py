"""From settings to a model of Stable-Baselines3: one function an algorithm, and the table of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import numpy as np
import torch
from stable_baselines3.common.base_class import BaseAlgorithm
from stable_baselines3.common.running_mean_std import RunningMeanStd
from stable_baselines3.common.vec_env import VecEnv, VecNormalize

from soccer_lib.control.kicks import PATTERNS
from soccer_lib.control.network import Network
from soccer_lib.errors import InputError, one_line
from soccer_lib.learn.config import TrainConfig
from soccer_lib.learn.hybrid import DecisionNet, HybridPolicy
from soccer_lib.learn.imitation.actor import Actor
from soccer_lib.learn.imitation.hidden import CONTROLLED
from soccer_lib.learn.ppo import HeldPPO
from soccer_lib.learn.scales import input_scales, layout_of
from soccer_lib.learn.start import actor_from, new_actor
from soccer_lib.policies import LearnedPolicy, PolicySpec
from soccer_lib.policies.learned import ACTIONS, walker_sha256

HOLDS = {"torque": 1, "joint": 10, "command": 50}
"""Physics steps of an ordinary env step of each control interface."""


def run_spec(config: TrainConfig, name: str) -> PolicySpec:
    """The environment that a run's policies act in."""
    if config.control != "command":
        return PolicySpec(name, config.control, config.observation)
    return PolicySpec(
        name, "command", config.observation, config.hold or HOLDS["command"], "own", walker_sha256("own")
    )


def start_actor(config: TrainConfig, start: LearnedPolicy | None) -> Actor:
    """The actor that a run starts with: that of a policy, or a new one.

    Raises:
        InputError: the policy acts in another environment, or is no actor of ours; the network is too narrow
            for the kicks.
    """
    if start is not None:
        wanted = run_spec(config, start.spec.name)
        for what in ("control", "observation", "hold"):
            if getattr(start.spec, what) != getattr(wanted, what):
                raise InputError(
                    f"--bc-weights {config.bc_weights} has {what} {getattr(start.spec, what)!r} and this run "
                    f"{getattr(wanted, what)!r}; expected the same; set --{what}, or clone for this one"
                )
        return actor_from(start)
    layout = layout_of(config.observation, config.tasks)
    names = [name for name in CONTROLLED if name in layout] if config.hide else []
    hidden = [entry for name in names for entry in range(layout.size)[layout[name]]]
    n_actions = ACTIONS[config.control]
    kicks = config.control == "command" and config.kick_share
    patterns = np.array(list(PATTERNS.values()) if kicks else np.zeros((0, n_actions)), np.float32)
    return new_actor(input_scales(layout), config.widths, patterns, hidden, config.kick_share or 0.0)


def make_ppo(config: TrainConfig, env: VecEnv, start: LearnedPolicy | None) -> HeldPPO:
    """PPO that decides between walking and kicks."""
    torch.manual_seed(config.seed)
    actor = start_actor(config, start)
    assert config.action_noise_sigma and config.n_steps and config.batch_size and config.n_envs
    model = HeldPPO(
        env,
        hold=config.hold or HOLDS[config.control],
        critic_first=config.critic_first or 0.0,
        anchor=config.anchor or 0.0,
        anchor_decay=config.anchor_decay or 0.0,
        learning_rate=config.lr,
        n_steps=config.n_steps,
        batch_size=min(config.batch_size, config.n_steps * config.n_envs),
        n_epochs=config.n_epochs,
        gamma=config.gamma,
        gae_lambda=config.gae_lambda,
        clip_range=config.clip_range,
        seed=config.seed,
        device=device_of(config.device),
        policy_kwargs={
            "actor": actor,
            "value_widths": config.widths,
            "critic_lr": config.critic_lr,
            "ent_coef": config.ent_coef,
            "log_std_init": float(np.log(config.action_noise_sigma)),
        },
    )
    if start is not None:
        model.policy.reference = (DecisionNet(actor_from(start)).to(model.device),)
    return model


MAKERS: dict[str, Callable[[TrainConfig, VecEnv, LearnedPolicy | None], BaseAlgorithm]] = {"ppo": make_ppo}
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


def policy_of(model: BaseAlgorithm, spec: PolicySpec, record: dict[str, Any]) -> LearnedPolicy:
    """What a model would do, as a policy that acts through the numpy core.

    A running normaliser of the observations becomes its first layer.
    """
    assert isinstance(model.policy, HybridPolicy)
    network = model.policy.network()
    normaliser = model.get_vec_normalize_env()
    if normaliser is not None:
        network = behind_normaliser(network, normaliser)
    return LearnedPolicy(network, spec, record=record)


def behind_normaliser(network: Network, normaliser: VecNormalize) -> Network:
    """A network behind the running normaliser that it was trained with."""
    statistics = cast(RunningMeanStd, normaliser.obs_rms)
    scale = {
        "mean": statistics.mean,
        "std": np.sqrt(statistics.var + normaliser.epsilon),
        "limit": np.array(normaliser.clip_obs),
    }
    return Network([("normalise", scale), *network.layers])
