"""TD3 and SAC of Stable-Baselines3 at their joints: kicks stay kicks, a critic that comes first, an anchor.

Here a kick is a corner of the action: a row with every entry beyond 0.8 in the signs of a pattern. The
gradient of an actor moves a kick only by accident (its tanh is flat there), so noise must not either:
exploration and target smoothing leave kicks as they are, and kicks are explored as kicks, whole.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from stable_baselines3 import SAC, TD3
from stable_baselines3.common.noise import ActionNoise
from stable_baselines3.common.policies import ContinuousCritic
from stable_baselines3.common.torch_layers import BaseFeaturesExtractor
from stable_baselines3.sac.policies import SACPolicy
from stable_baselines3.td3.policies import Actor, TD3Policy
from torch.nn import functional

from soccer_lib.control.kicks import KICK_THRESHOLD, PATTERNS, requested_kicks
from soccer_lib.control.network import Layer
from soccer_lib.learn.hybrid import command_bound
from soccer_lib.learn.replay import HeldReplayBuffer
from soccer_lib.learn.resumable import Resumable

JUDGED_EVERY = 200
"""Calls of `train` from one look at the held-out transitions to the next."""

LEAST_UPDATES = 1_000
"""Updates before which no critic counts as ready: early on its targets are as small as itself."""

_PATTERNS = np.array(list(PATTERNS.values()), np.float32)


class ScaledInput(BaseFeaturesExtractor):
    """Fixed scales of the observation, in front of actor and critics alike."""

    mean: torch.Tensor
    std: torch.Tensor

    def __init__(self, space: gym.spaces.Box, mean: np.ndarray, std: np.ndarray, limit: float) -> None:
        super().__init__(space, len(mean))
        self.limit = limit
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.as_tensor(std, dtype=torch.float32))

    def forward(self, observations: torch.Tensor) -> torch.Tensor:
        """Shape: (n, inputs) of both."""
        return ((observations - self.mean) / self.std).clamp(-self.limit, self.limit)

    def layer(self) -> Layer:
        """The same as a layer of the numpy core."""
        mean = self.mean.cpu().numpy()
        return "normalise", {"mean": mean, "std": self.std.cpu().numpy(), "limit": np.array(self.limit)}


def kick_rows(actions: torch.Tensor) -> torch.Tensor:
    """Which rows ask for a kick. Shapes: (n, 3) to (n, 1), bool."""
    patterns = torch.as_tensor(_PATTERNS, device=actions.device)
    return (actions[:, None, :] * patterns > KICK_THRESHOLD).all(dim=2).any(dim=1, keepdim=True)


class KickKeepingActor(Actor):
    """TD3's actor; as the target it puts kicks so far out that no smoothing noise can turn them into a walk.

    TD3 adds noise within +-clip to a target action and clips the sum to +-1: from +-(1 + clip) every sum ends
    at exactly +-1, which is what kicks are stored as.

    Attributes:
        noise_clip: of the smoothing, in the target actor; 0 leaves actions as they are.
    """

    noise_clip = 0.0

    def forward(self, obs: torch.Tensor) -> torch.Tensor:
        """Actions. Shape: (n, n_actions)."""
        actions = super().forward(obs)
        if not self.noise_clip or actions.shape[1] != _PATTERNS.shape[1]:
            return actions
        return torch.where(kick_rows(actions), actions.sign() * (1.0 + self.noise_clip), actions)


class AnchoredCritic(ContinuousCritic):
    """Critics that tell an actor less of an action the further it lies from what another actor would do.

    The term of TD3+BC (Fujimoto and Gu 2021): anchor x mean |Q| x squared distance, taken off Q. Only the
    actor's loss gets it: its actions ask for a gradient, those of the buffer do not. For that loss the
    critics' own weights are constants: SB3 works out their gradients too, and throws them away.

    Attributes:
        anchor: weight.
        precision: what the layers multiply in; weights, sums and values stay float32.
        reference: what the actor that was started from does, without drawing, in a tuple; empty without one.
    """

    anchor = 0.0
    precision = torch.float32
    reference: tuple[Callable[[torch.Tensor], torch.Tensor], ...] = ()

    def forward(self, obs: torch.Tensor, actions: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Each critic's values. Shape: (n, 1) of each."""
        with self._computing(actions):
            values = super().forward(obs, actions)
        return tuple(self._anchored(value.float(), obs, actions) for value in values)

    def q1_forward(self, obs: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        """The first critic's values, which TD3's actor follows. Shape: (n, 1)."""
        with self._computing(actions):
            value = super().q1_forward(obs, actions)
        return self._anchored(value.float(), obs, actions)

    @contextlib.contextmanager
    def _computing(self, actions: torch.Tensor) -> Iterator[None]:
        """At this precision; with no gradients of the weights where those of the actions are asked for."""
        learns = [weight for weight in self.parameters() if weight.requires_grad and actions.requires_grad]
        for weight in learns:
            weight.requires_grad_(False)
        try:
            with torch.autocast(actions.device.type, self.precision, enabled=self.precision != torch.float32):
                yield
        finally:
            for weight in learns:
                weight.requires_grad_(True)

    def _anchored(self, values: torch.Tensor, obs: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        if not (self.reference and self.anchor and actions.requires_grad):
            return values
        with torch.no_grad():
            before = self.reference[0](obs)
        apart = ((actions - before) ** 2).mean(dim=1, keepdim=True)
        return values - self.anchor * values.detach().abs().mean() * apart


class _AnchoredPolicy:
    """Policies of SB3 with these critics; mixed in before them."""

    def make_critic(self: Any, features_extractor: BaseFeaturesExtractor | None = None) -> ContinuousCritic:
        """All critics, or their targets."""
        kwargs = self._update_features_extractor(self.critic_kwargs, features_extractor)
        return AnchoredCritic(**kwargs).to(self.device)


class KickTD3Policy(_AnchoredPolicy, TD3Policy):
    """TD3's networks with these actors and critics."""

    def make_actor(self, features_extractor: BaseFeaturesExtractor | None = None) -> Actor:
        """An actor, or its target."""
        kwargs = self._update_features_extractor(self.actor_kwargs, features_extractor)
        return KickKeepingActor(**kwargs).to(self.device)


class AnchoredSACPolicy(_AnchoredPolicy, SACPolicy):
    """SAC's networks with these critics."""


class _Careful(Resumable):
    """What TD3 and SAC share here; mixed in before them.

    Attributes:
        actor_lr, critic_lr: learning rates.
        lr_left: share of the actor's that is left at the end of the run.
        critic_first: share of the variance of its targets, on held-out transitions, that the critic has to
            explain before the actor learns.
        actor_learns: whether it has.
        kick_share: how often exploration asks for a kick, any of them alike.
        sigma: spread of the noise on walking actions.
        from_clone: the actor acts from the first step on, instead of at random.
    """

    actor_lr: float
    critic_lr: float
    lr_left: float
    critic_first: float
    actor_learns: bool
    kick_share: float
    sigma: float
    from_clone: bool

    def careful(self, seed: int, **settings: Any) -> None:
        """Take on the attributes, by their names; called once, after the model is made."""
        vars(self).update(settings, actor_learns=not settings["critic_first"])
        self._rng = np.random.default_rng(seed)
        self._calls = 0

    def _sample_action(
        self: Any, learning_starts: int, action_noise: ActionNoise | None = None, n_envs: int = 1
    ) -> tuple[np.ndarray, np.ndarray]:
        """Actions of the environments, and as the buffer keeps them: the same, all lie in [-1, 1]."""
        width = self.action_space.shape[0]
        kicks_exist = width == _PATTERNS.shape[1]
        if self.num_timesteps < learning_starts and not self.from_clone:
            actions = self._rng.uniform(-1, 1, (n_envs, width))
        else:
            actions, _ = self.predict(self._last_obs, deterministic=False)
        asked = requested_kicks(actions) >= 0 if kicks_exist else np.zeros(n_envs, bool)
        bound = command_bound(len(_PATTERNS) if kicks_exist else 0, width)
        noise = self._rng.normal(0.0, self.sigma, actions.shape)
        walks = np.clip(actions + noise, -bound, bound)
        actions = np.where(asked[:, None], np.sign(actions), walks).astype(np.float32)
        if kicks_exist:
            explored = (self._rng.random(n_envs) < self.kick_share) & ~asked
            actions[explored] = _PATTERNS[self._rng.integers(0, len(_PATTERNS), explored.sum())]
        return actions, actions

    def _update_learning_rate(self: Any, optimizers: list[torch.optim.Optimizer]) -> None:
        """Actor, whose rate falls evenly, critic and, in SAC, entropy; a rate of 0 holds the actor still."""
        done = 1.0 - self._current_progress_remaining
        actor = self.actor_lr * (1.0 - done * (1.0 - self.lr_left)) if self.actor_learns else 0.0
        for optimizer, rate in zip(optimizers, (actor, self.critic_lr, self.critic_lr), strict=False):
            for group in optimizer.param_groups:
                group["lr"] = rate

    def train(self: Any, gradient_steps: int, batch_size: int = 100) -> None:
        """Gradient steps, and now and then a look at what the critics make of held-out transitions."""
        super().train(gradient_steps, batch_size)  # type: ignore[misc]
        self._calls += 1
        if self._calls % JUDGED_EVERY == 0:
            self.judge_critic()

    def judge_critic(self: Any) -> None:
        """Log `val/td_loss` and how much of its targets' variance the critic explains."""
        batch = self.replay_buffer.held_out(2048, self._vec_normalize_env)
        if batch is None:
            return
        with torch.no_grad():
            following = self.next_values(batch)
            targets = batch.rewards + (1 - batch.dones) * batch.discounts * following
            values = self.critic(batch.observations, batch.actions)
            loss = float(sum(functional.mse_loss(value, targets) for value in values))
            unexplained = (targets - values[0]).var() / targets.var().clamp(min=1e-8)
        explained = 1.0 - float(unexplained)
        self.actor_learns |= explained >= self.critic_first and self._n_updates >= LEAST_UPDATES
        self.logger.record("val/td_loss", loss)
        self.logger.record("train/explained_variance", explained)
        self.logger.record("train/q_mean", float(values[0].mean()))
        self.logger.record("train/actor_learns", float(self.actor_learns))


class HeldTD3(_Careful, TD3):  # type: ignore[misc]
    """TD3 with discounts of held steps; see `_Careful`."""

    replay_buffer: HeldReplayBuffer

    def next_values(self, batch: Any) -> torch.Tensor:
        """What the targets are built on: the least of the target critics. Shape: (n, 1)."""
        actions = self.actor_target(batch.next_observations).clamp(-1, 1)
        return torch.cat(self.critic_target(batch.next_observations, actions), dim=1).amin(1, keepdim=True)


class HeldSAC(_Careful, SAC):  # type: ignore[misc]
    """SAC with discounts of held steps and a floor for the entropy coefficient; see `_Careful`.

    Attributes:
        ent_coef_min: the floor.
    """

    replay_buffer: HeldReplayBuffer
    ent_coef_min = 0.0

    def next_values(self, batch: Any) -> torch.Tensor:
        """What the targets are built on: the least of the target critics, and the entropy. Shape: (n, 1)."""
        actions, log_prob = self.actor.action_log_prob(batch.next_observations)
        values = torch.cat(self.critic_target(batch.next_observations, actions), dim=1)
        return values.amin(1, keepdim=True) - self.entropy_weight() * log_prob[:, None]

    def entropy_weight(self) -> float:
        """The entropy coefficient as it is now."""
        if self.log_ent_coef is not None:
            return float(self.log_ent_coef.detach().exp())
        return float(self.ent_coef_tensor)

    def train(self, gradient_steps: int, batch_size: int = 64) -> None:
        """Gradient steps; the entropy coefficient stays above its floor."""
        super().train(gradient_steps, batch_size)
        if self.log_ent_coef is not None and self.ent_coef_min:
            with torch.no_grad():
                self.log_ent_coef.clamp_(min=float(np.log(self.ent_coef_min)))
