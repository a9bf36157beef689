"""Genesis, a second simulator: an arm that learns to reach in a minute, and the course's robot beside MuJoCo.

from soccer_lib.genesis import ReachingEnv
env = ReachingEnv()

It has an environment of its own (`make genesis`); everything here can be imported without it, and says so in
one line where it is needed.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOME = {
    "ArmScene": "scene",
    "CurriculumReachingEnv": "envs",
    "GenesisGymWrapper": "envs",
    "GenesisTrainConfig": "config",
    "RandomizedReachingEnv": "envs",
    "ReachVecEnv": "vec",
    "ReachingEnv": "envs",
    "train_reach": "train",
    "stop": "engine",
}
"""Public name -> module that has it; loaded on first use."""

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'soccer_lib.genesis' has no name '{name}'; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(f"soccer_lib.genesis.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    return __all__
