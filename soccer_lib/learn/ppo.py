"""PPO of Stable-Baselines3 at its joints: discounts of held steps, a critic that comes first, an anchor."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from stable_baselines3 import PPO
from torch.nn import functional

from soccer_lib.learn.hybrid import HybridPolicy
from soccer_lib.learn.resumable import Resumable
from soccer_lib.learn.rollout import HeldRolloutBuffer

MEMORY_PASSES = 2
"""Passes of the critic over its memory after each rollout."""


class HeldPPO(Resumable, PPO):  # type: ignore[misc]
    """PPO whose policy is a `HybridPolicy`.

    Args:
        hold: physics steps of an ordinary env step.
        critic_first: share of the variance of returns that the critic has to explain before the actor learns.
        critic_memory: rollouts that the critic goes on learning from; where a kick leads from a state hardly
            depends on how old the actor is (Cobbe et al. 2021, "Phasic policy gradient").
        anchor: weight of the divergence from the policy that was started from.
        anchor_decay: share of the run after which the anchor is gone; 0 keeps it.
        lr_left: share of the learning rates that is left at the end of the run.
        log_every: rollouts from one line of metrics to the next; `learn` has to be called with 1.
        sb3: arguments of PPO.

    Attributes:
        actor_learns: whether the critic has been good enough once.
        frozen: parameters of the actor that hold still all the same.
        memory: observations and outcomes of those rollouts. Shapes: (n, inputs) and (n, 1) of each.
    """

    policy: HybridPolicy
    rollout_buffer: HeldRolloutBuffer

    def __init__(
        self,
        *args: Any,
        hold: int,
        critic_first: float = 0.0,
        critic_memory: int = 0,
        anchor: float = 0.0,
        anchor_decay: float = 0.0,
        lr_left: float = 1.0,
        log_every: int = 1,
        **sb3: Any,
    ) -> None:
        self.critic_first = critic_first
        self.critic_memory = critic_memory
        self.memory: list[tuple[np.ndarray, np.ndarray]] = []
        self.lr_left = lr_left
        self.log_every = log_every
        self.anchor = anchor
        self.anchor_decay = anchor_decay
        self.actor_learns = not critic_first
        self.frozen: list[torch.nn.Parameter] = []
        # The policy weighs the entropy itself, together with the anchor.
        super().__init__(  # type: ignore[misc]
            HybridPolicy,
            *args,
            ent_coef=1.0,
            rollout_buffer_class=HeldRolloutBuffer,
            rollout_buffer_kwargs={"hold": hold},
            **sb3,
        )

    def _update_info_buffer(self, infos: list[dict[str, Any]], dones: np.ndarray | None = None) -> None:
        """Called with every step before it is stored: here the buffer learns how long it lasted."""
        super()._update_info_buffer(infos, dones)
        held = np.array([info["held_steps"] for info in infos])
        discounts = self.rollout_buffer.note_held(held)
        for slot, info in enumerate(infos):
            # SB3 would add gamma times the value of what a truncation cut off, however long the step was.
            if info.get("TimeLimit.truncated") and info.get("terminal_observation") is not None:
                last = self.policy.obs_to_tensor(info["terminal_observation"])[0]
                with torch.no_grad():
                    value = float(self.policy.predict_values(last)[0])
                self.rollout_buffer.cut_off[slot] = discounts[slot] * value
                info["TimeLimit.truncated"] = False

    def _update_learning_rate(self, optimizers: Any) -> None:
        """Actor and critic have rates of their own, which fall evenly to what is left of them at the end."""
        done = 1.0 - self._current_progress_remaining
        share = 1.0 - done * (1.0 - self.lr_left)
        for group, name in zip(self.policy.optimizer.param_groups, ("actor_lr", "critic_lr"), strict=True):
            group["lr"] = share * group["initial_lr"]
            self.logger.record(f"train/{name}", group["lr"])

    def train(self) -> None:
        """One update; the actor holds still until the critic explains enough of the returns."""
        self._let_actor_learn()
        self.policy.anchor = self._anchor_now()
        super().train()
        if self.critic_memory:
            self._learn_again()
        logged = self.logger.name_to_value
        self.actor_learns |= bool(logged["train/explained_variance"] >= self.critic_first)
        # SB3's names for what all algorithms have; its entropy loss is the bonus here, not the entropy.
        del logged["train/entropy_loss"], self.logger.name_to_excluded["train/entropy_loss"]
        self.logger.record("train/actor_loss", logged["train/policy_gradient_loss"])
        self.logger.record("train/critic_loss", logged["train/value_loss"])
        self.logger.record("train/actor_learns", float(self.actor_learns))
        if self.policy.divergence is not None:
            self.logger.record("train/kl_from_start", self.policy.divergence)
            self.logger.record("train/anchor", self.policy.anchor)
        if self.policy.kicks_of_start:
            self.logger.record("train/kick_recall", self.policy.kicks_kept / self.policy.kicks_of_start)
            self.policy.kicks_of_start = 0
            self.policy.kicks_kept = 0

    @property
    def memory_room(self) -> int:
        """What the memory takes once it is full, in bytes."""
        buffer = self.rollout_buffer
        return self.critic_memory * (buffer.observations.nbytes + buffer.rewards.nbytes)

    def _learn_again(self) -> None:
        """Passes of the critic alone over the last rollouts: one says too little of what a state is worth."""
        buffer = self.rollout_buffer
        newest = (buffer.observations, buffer.swap_and_flatten(buffer.outcomes))
        self.memory = [*self.memory, newest][-self.critic_memory :]
        observations, outcomes = (np.concatenate(part) for part in zip(*self.memory, strict=True))
        for _ in range(MEMORY_PASSES):
            rows = np.random.permutation(len(outcomes))
            for batch in np.split(rows, range(self.batch_size, len(rows), self.batch_size)):
                values = self.policy.predict_values(buffer.to_torch(observations[batch]))
                self.policy.optimizer.zero_grad()
                functional.mse_loss(values, buffer.to_torch(outcomes[batch])).backward()
                self.policy.optimizer.step()  # the actor has no gradient, and holds still

    def dump_logs(self, iteration: int = 0) -> None:
        """Write a line of metrics every `log_every` rollouts of the run, wherever it was taken up again."""
        rollouts = self.num_timesteps // (self.n_steps * self.n_envs)
        if rollouts % self.log_every == 0:
            super().dump_logs(rollouts)

    def _let_actor_learn(self) -> None:
        """Hold the actor still while the critic is not ready."""
        for parameter in self.policy.actor_parameters():
            parameter.requires_grad_(self.actor_learns)
        for parameter in self.frozen:
            parameter.requires_grad_(False)

    def _anchor_now(self) -> float:
        """The anchor's weight after this share of the run."""
        if not self.anchor_decay:
            return self.anchor
        done = 1.0 - self._current_progress_remaining
        return self.anchor * max(0.0, 1.0 - done / self.anchor_decay)
