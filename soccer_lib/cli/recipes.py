"""Recipes of several stages, as data: flags of `train` for all of them, and those of each."""

from __future__ import annotations

from typing import Any

RECIPES: dict[str, dict[str, Any]] = {
    "overnight": {
        "algo": "td3",
        "total_timesteps": 300_000,
        "stages": [
            {
                "name": "base",
                "reward_profile": "competition-dense",
                "lr": 1e-4,
                "tau": 0.003,
                "action_noise_sigma": 0.1,
            },
            {
                "name": "pressure_shot",
                "reward_profile": "pressure_shot",
                "lr": 1e-4,
                "tau": 0.003,
                "action_noise_sigma": 0.1,
            },
            {
                "name": "tight",
                "reward_profile": "tight",
                "lr": 5e-5,
                "tau": 0.002,
                "action_noise_sigma": 0.05,
            },
        ],
    }
}
"""Recipe -> flags of all stages, and under `stages` those of each, which go over them; named as in
`TrainConfig`."""
