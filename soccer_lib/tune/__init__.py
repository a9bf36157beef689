"""Training of the controllers in `soccer_lib.control`: gait search, then a residual network by PPO."""

from __future__ import annotations

from soccer_lib.tune.walker import WalkerTrainConfig, train_walker

__all__ = ["WalkerTrainConfig", "train_walker"]
