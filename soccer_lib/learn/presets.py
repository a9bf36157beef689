"""Presets and the defaults of each algorithm, as data: what a run takes where no flag says otherwise."""

from __future__ import annotations

from typing import Any

# Of TD3 and SAC, as Fujimoto et al. 2018 and Haarnoja et al. 2018 have them, with the course's networks.
_OFF_POLICY: dict[str, Any] = {
    "total_timesteps": 200_000,
    "n_envs": 8,
    "net_arch": "512,256,128,64",
    "lr": 3e-4,
    "lr_left": 1.0,
    "batch_size": 256,
    "buffer_size": 1_000_000,
    "learning_starts": 10_000,
    "tau": 0.005,
    "n_critics": 2,
    # Simulation and updates cost about the same at 0.3 updates a command with these networks.
    "update_ratio": 0.5,
    "kick_share": 0.05,
    "anchor": 0.0,
    "critic_first": 0.0,
    "eval_freq": 20_000,
    "reward_scale": "",
}

ALGORITHMS: dict[str, dict[str, Any]] = {
    "td3": {
        **_OFF_POLICY,
        "policy_delay": 2,
        "target_policy_noise": 0.2,
        "target_noise_clip": 0.5,
        "action_noise_sigma": 0.1,
    },
    # SAC draws its own noise.
    "sac": {**_OFF_POLICY, "ent_coef": "auto", "ent_coef_min": 0.0, "action_noise_sigma": 0.0},
    # Schulman et al. 2017, with SB3's numbers for continuous control; 8 environments for two cores.
    "ppo": {
        "total_timesteps": 1_000_000,
        "n_envs": 8,
        "net_arch": "512,256,128,64",
        "lr": 3e-4,
        "batch_size": 256,
        "n_steps": 2048,
        "n_epochs": 10,
        "gae_lambda": 0.95,
        "clip_range": 0.2,
        "ent_coef": "0.01",
        "lr_left": 1.0,
        "action_noise_sigma": 0.3,
        "kick_share": 0.07,
        "kick_from": (0.5, 0.3, 0.2, 0.15),
        "anchor": 0.0,
        "anchor_decay": 0.0,
        "critic_first": 0.0,
        "critic_memory": 0,
        "eval_freq": 20_000,
        "reward_scale": "",
    },
}
"""Algorithm -> its defaults, by the name of the flag."""

PRESETS: dict[str, dict[str, Any]] = {
    # The networks: a shallow one with gentler settings, the default, and two larger ones.
    "baseline": {
        "net_arch": "256",
        "lr": 1e-4,
        "batch_size": 64,
        "tau": 0.001,
        "action_noise_sigma": 0.1,
    },
    "deep": {"net_arch": "512,256,128,64"},
    "large": {"net_arch": "1024,512,256,128"},
    "very-deep": {"net_arch": "256,256,256,256,128"},
    # From nothing in minutes. Commands are few and dear, gradient steps cheap: a small net, short rollouts
    # of many environments, many passes over them.
    "scratch": {
        "algo": "ppo",
        "total_timesteps": 80_000,
        "n_envs": 12,
        "net_arch": "128,128",
        # With `shaped` the robot waits at the ball: -2 points after 2.5 minutes of CPU (commands of 0.1 s,
        # gamma 1); with these settings five seeds had 35 to 39 after 7.6.
        "reward_profile": "guided",
        # Noise that lasts 0.2 s gets further than noise of 0.1 s, and half as many decisions share credit.
        "hold": 100,
        "lr": 5e-4,
        "lr_left": 0.3,
        "batch_size": 192,
        "n_steps": 96,
        # A second costs a seventh of what is still to come, so the robot hurries to the ball and kicks.
        "gamma": 0.97,
        # Whether a kick scores is noise for the walking commands of more than 2 s before.
        "gae_lambda": 0.9,
        "ent_coef": "0",
        # Kicks are explored as modes, so the noise on walking need not reach their corners.
        "action_noise_sigma": 0.6,
        "kick_share": 0.15,
        # Without it one kick is left after 10,000 commands, and what is best in another task is never tried.
        "kick_entropy": 0.02,
        # With 1 the agent forgets to kick within reach too: no kick in 18,000 commands.
        "refusal_cost": 0.1,
        # A goal is worth 10 to 20 points and a hit 2: advantages are normalised over all tasks together.
        "reward_scale": "goalie_penalty_kick=0.1,obstacle_penalty_kick=0.1,kick_to_target=1",
        "eval_freq": 20_000,
    },
    # From a clone, with noise that it still stands: 0.1 on commands costs it 18 of its points.
    "finetune": {
        "algo": "ppo",
        "total_timesteps": 150_000,
        "n_envs": 12,
        "net_arch": "256,256",
        # With the official starts alone the agent learned the one gait phase that they have: under noise
        # 41 in training, 38 from other phases.
        "randomise": '{"gait_phase": [0, 1]}',
        # The score alone; a clone meets it in every episode.
        "reward_profile": "competition",
        # A rollout of 100 episodes tells what made them better; one of 25, with ten passes over it, at this
        # rate or at 1e-5, made nothing better in 30,000 commands.
        "n_steps": 512,
        "n_epochs": 5,
        "batch_size": 512,
        "lr": 5e-5,
        # Updates jostle each other at 37 to 39 points, until they become small.
        "lr_left": 0.1,
        "critic_lr": 3e-4,
        # With 0.99 it hurries and aims worse: a second then costs a tenth of what is still to come.
        "gamma": 0.998,
        # A clone knows when to kick; to choose a lower share on few episodes cost a point.
        "kick_from": (0.5,),
        "ent_coef": "0",
        # Under noise of 0.05: 40.1 when trained with 0.075, 38.9 with 0.05 (one seed of each).
        "action_noise_sigma": 0.075,
        "anchor": 0.05,
        "anchor_decay": 0.0,
        "critic_first": 0.6,
        "reward_scale": "goalie_penalty_kick=0.1,obstacle_penalty_kick=0.1,kick_to_target=0.5",
        "eval_freq": 20_000,
    },
}
"""Preset -> its settings, by the name of the flag."""

_GENTLE_OFF_POLICY = {
    "total_timesteps": 80_000,
    "lr": 4e-5,
    "batch_size": 256,
    # With 0.998 it hurries to the ball, and shoots when the goalkeeper is there.
    "gamma": 1.0,
    # Targets that believe the lower of two critics take a little off at every command that is still to come:
    # values stood at 0.7 where one critic says 1.2, and under noise an agent gained 1.1 points, not 2.8.
    "n_critics": 1,
    # A clone knows its kicks. One tried in 20 commands spoiled most episodes: 24% goals in training, not 50.
    "kick_share": 0.0,
    # After 2,000 commands the critic knows where points are made, and nothing yet of what moves them.
    "learning_starts": 15_000,
    "critic_first": 0.93,
    "anchor": 15.0,
    "action_noise_sigma": 0.075,
}

PRESETS_OF_ALGORITHM: dict[tuple[str, str], dict[str, Any]] = {
    ("finetune", "td3"): {**_GENTLE_OFF_POLICY, "target_policy_noise": 0.075, "target_noise_clip": 0.15},
    # Its actor learns at every update, TD3's at every other, and its targets follow sooner.
    ("finetune", "sac"): {**_GENTLE_OFF_POLICY, "lr": 2e-5, "tau": 0.02, "ent_coef": "0.001"},
}
"""Preset and algorithm -> what differs from the preset."""
