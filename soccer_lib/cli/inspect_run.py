"""The command `inspect run`: how far a run is, its last figures, and its red flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from soccer_lib.errors import InputError
from soccer_lib.learn.monitor import red_flags
from soccer_lib.runs.files import load_record
from soccer_lib.runs.folder import metrics_of

SHOWN = (
    "rollout/ep_rew_mean",
    "comp_eval/C_overall",
    "train/actor_loss",
    "train/critic_loss",
    "train/explained_variance",
    "train/approx_kl",
    "train/kl_from_start",
    "train/kick_recall",
    "rollout/kicks",
    "rollout/refused",
    "time/simulated_per_second",
)
"""Figures that are printed, where a run has them."""


@dataclass(frozen=True)
class InspectRunConfig:
    """Look at a run folder, of a run that goes on, was stopped or is done; nothing in it is changed."""

    folder: Annotated[str, tyro.conf.Positional]
    """run folder [path]"""


def main(config: InspectRunConfig) -> int:
    """Print what there is; the exit code is 1 where a red flag shows.

    Raises:
        InputError: it is no run folder.
    """
    folder = Path(config.folder)
    record = load_record(folder / "config.json", "config")
    status: dict[str, Any] = {}
    if (folder / "status.json").is_file():
        status = load_record(folder / "status.json")
    lines = metrics_of(folder)
    if not lines:
        raise InputError(
            f"{folder} has no metrics yet; expected a run that has begun to learn; wait a minute"
        )
    print(
        f"{folder}: {record.get('command')}, {status.get('status', 'unknown')} at {status.get('time', '?')}"
    )
    progress = folder / "progress.txt"
    if progress.is_file():
        print(progress.read_text(encoding="utf-8").strip())
    for name in SHOWN:
        found = [(line.get("step"), line[name]) for line in lines if line.get(name) is not None]
        if found:
            step, value = found[-1]
            print(f"  {name:<26} {value:>10.4g}   at step {step}, first {found[0][1]:.4g}")
    flags = red_flags(lines, folder)
    for flag in flags:
        print(f"red flag: {flag}")
    if not flags:
        print("no red flags")
    return 1 if flags else 0
