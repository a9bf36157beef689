"""soccer_lib: a thin library that teaches a humanoid robot to play soccer in the real `sai-mujoco` tasks.

import soccer_lib as sl
env = sl.make_env("goalie_penalty_kick", control="torque")
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_HOME = {
    "COMPETITION": "soccer_lib.tasks",
    "TASKS": "soccer_lib.tasks",
    "OFFICIAL_WEIGHTS": "soccer_lib.scoring",
    "official_score": "soccer_lib.scoring",
    "describe": "soccer_lib.envs.make",
    "get_state": "soccer_lib.envs.make",
    "make_env": "soccer_lib.envs.make",
    "set_state": "soccer_lib.envs.make",
    "make_vec_env": "soccer_lib.envs.vec",
    "evaluate": "soccer_lib.evaluation",
    "compare_agents": "soccer_lib.comparison",
    "audit_reward": "soccer_lib.evaluation",
    "load_policy": "soccer_lib.policies",
}
"""Public name -> where it lives; loaded on first use, so that `import soccer_lib` costs nothing."""

__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'soccer_lib' has no name '{name}'; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOME[name]), name)


def __dir__() -> list[str]:
    return __all__
