"""Studies whose trials are real trainings of seconds, and processes that work for them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soccer_lib.workshop.sweep.command import begin
from soccer_lib.workshop.sweep.config import SweepConfig
from soccer_lib.workshop.sweep.study import Study

FIXED: dict[str, Any] = {
    "preset": "scratch",
    "tasks": ["kick_to_target"],
    "n_envs": 2,
    "n_steps": 8,
    "n_epochs": 1,
    "batch_size": 16,
    "net_arch": "8,8",
    "total_timesteps": 32,
    "checkpoint_interval": 16,
    "eval_freq": 16,
    "kick_from": [0.5],
    "eval_seeds": [0],
    "eval_episodes": 1,
    "final_episodes": 1,
}
"""Two rollouts; judged between them, and at the end."""

DRAWN: dict[str, Any] = {"lr": {"low": 1e-4, "high": 1e-2, "log": True}, "gamma": {"low": 0.9, "high": 0.99}}


def space_file(folder: Path, **fixed: Any) -> str:
    """A space of tiny trials."""
    file = folder / "space.json"
    file.write_text(json.dumps({"fixed": {**FIXED, **fixed}, "space": DRAWN}))
    return str(file)


def tiny(folder: Path, **settings: Any) -> SweepConfig:
    """Settings of a sweep of tiny trials."""
    usual = {"trials": 4, "workers": 2, "episodes": 2, "top": 2, "out": str(folder / "sweeps")}
    if "space" not in settings:
        settings["space"] = space_file(folder)
    return SweepConfig("tiny", **{**usual, **settings})


def begun(config: SweepConfig) -> Study:
    """A study with its trials waiting, no worker yet."""
    return begin(config)[1]


def in_child(work: Callable[[], object]) -> int:
    """Call something in a process that begins as a copy of this one, so nothing is imported again; its id."""
    child = os.fork()
    if child:
        return child
    code = 1
    try:
        work()
        code = 0
    except BaseException as error:  # noqa: BLE001 - of the child, which must not go on with the tests
        print(f"{type(error).__name__}: {error}", flush=True)
    finally:
        os._exit(code)
