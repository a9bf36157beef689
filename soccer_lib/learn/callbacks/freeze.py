"""Layers of a cloned actor that hold still for a while."""

from __future__ import annotations

from stable_baselines3.common.callbacks import BaseCallback
from torch import nn

from soccer_lib.learn.ppo import HeldPPO
from soccer_lib.runs.heartbeat import print_progress


class Freeze(BaseCallback):
    """Keeps the first hidden layers of the actor as they are, up to a step; critics always learn.

    Args:
        layers: hidden layers, from the first.
        until_step: env step at which they begin to learn; 0 for never.
    """

    def __init__(self, layers: int, until_step: int) -> None:
        super().__init__()
        self.layers = layers
        self.until_step = until_step
        self._held: list[nn.Parameter] = []

    def _on_training_start(self) -> None:
        if self.until_step and self.num_timesteps >= self.until_step:
            return  # they learned when the run was stopped
        actor = self.model.policy.get_submodule(
            "decisions" if hasattr(self.model.policy, "decisions") else "actor"
        )
        linear = [module for module in actor.modules() if isinstance(module, nn.Linear)]
        self._held = [parameter for layer in linear[: self.layers] for parameter in layer.parameters()]
        self._let(learn=False)
        self._tell()

    def _on_step(self) -> bool:
        if self._held and self.until_step and self.num_timesteps >= self.until_step:
            self._let(learn=True)
            self._held = []
            self._tell()
            print_progress(f"step {self.num_timesteps}: the first {self.layers} layers learn from here on")
        self.logger.record("train/frozen_layers", self.layers if self._held else 0)
        return True

    def _tell(self) -> None:
        """PPO switches its actor on once the critic is ready: not these."""
        if isinstance(self.model, HeldPPO):
            self.model.frozen = self._held

    def _let(self, learn: bool) -> None:
        for parameter in self._held:
            parameter.requires_grad_(learn)
