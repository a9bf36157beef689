"""Settings of a training run that ends in seconds, all of it real."""

from __future__ import annotations

from soccer_lib.learn.config import TrainConfig

TINY = TrainConfig(
    preset="scratch",
    tasks=("kick_to_target",),
    n_envs=2,
    n_steps=8,
    n_epochs=1,
    batch_size=16,
    net_arch="8,8",
    total_timesteps=48,
    checkpoint_interval=16,
    workers=0,
    eval_freq=0,
    kick_from=(0.5,),
    eval_seeds=(0,),
    eval_episodes=1,
    final_episodes=1,
)
"""Three rollouts of one task, nothing evaluated on the way."""
