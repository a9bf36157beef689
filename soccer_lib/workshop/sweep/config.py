"""Settings of `sweep`."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Annotated, Literal

from soccer_lib.errors import InputError
from soccer_lib.ranges import Range, check_fields

STORAGE = "SOCCER_SWEEP_STORAGE"
"""Environment variable with the address of the storage: no password in the list of processes."""


@dataclasses.dataclass(frozen=True)
class SweepConfig:
    """Try settings of train or bc in many short trials, end bad ones early, and name the best on fresh seeds.

    The same command goes on where it was. With --worker it joins a study that another one has begun.
    """

    study: str
    """name of the study, and of its folder"""
    space: str = ""
    """what trials vary: ppo, td3, sac, rewards, bc, or a TOML or JSON file; a study that is there
    knows its own"""
    trials: Annotated[int, Range(1, 100_000, whole=True)] = 30
    """trials of the study; more may be wanted later [count]"""
    flags: str = ""
    """settings over the fixed ones of the space, such as "total_timesteps=20000 bc_weights=runs/clone" """
    out: str = "runs/sweeps"
    """folder of studies; with several machines, one that all of them see [path]"""
    seeds: Annotated[int, Range(1, 50, whole=True)] = 1
    """runs of each trial, of which the mean counts [count]"""
    seed: Annotated[int, Range(0, 300, whole=True)] = 0
    """training seed of the first run of each trial, and seed of what is drawn"""
    sampler: Literal["tpe", "random"] = "tpe"
    """how settings are drawn: by what was good so far, or at random"""
    pruner: Literal["hyperband", "halving", "median", "none"] = "median"
    """which trials end at a rung: in brackets of successive halving, in one, below the median, or none"""
    budget: Annotated[float, Range(0)] = 0.0
    """processor time of all trials, after which no trial begins; 0 for any [min]"""
    top: Annotated[int, Range(1, 50, whole=True)] = 3
    """best trials that are evaluated again before one is named [count]"""
    fresh_runs: Annotated[int, Range(0, 50, whole=True)] = 1
    """runs of each of them with training seeds that no trial had [count]"""
    episodes: Annotated[int, Range(2, 50, whole=True)] = 40
    """fresh episodes of each task that they play; the named one also as many from seed 10,000 [count]"""
    workers: Annotated[int, Range(0, 1000, whole=True)] = 0
    """workers to begin; 0 for one a core [count]"""
    launcher: Literal["processes", "local", "slurm"] = "processes"
    """what begins workers: this command, or submitit on this machine or through Slurm"""
    slurm: str = ""
    """what each job asks for, such as "slurm_partition=main timeout_min=240 mem_gb=4"; see submitit"""
    storage: str = ""
    """postgresql://USER@HOST/NAME, for workers on many machines; without one a journal in the folder. Better
    in the environment, SOCCER_SWEEP_STORAGE, where it has a password"""
    heartbeat: Annotated[int, Range(1, 3600, whole=True)] = 10
    """how often a worker tells PostgreSQL that it lives; silent for six times as long, its trial goes on
    elsewhere [s]"""
    keep_checkpoints: bool = False
    """keep the checkpoints of trials that have their result, so that train may go on with them"""
    worker: bool = False
    """be one worker of a study that is there, until its trials are done"""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        if not re.fullmatch(r"[\w-]{1,80}", self.study):
            raise InputError(
                f"--study got {self.study!r}; expected letters, digits, - and _; try {self.study_like()}"
            )
        if self.slurm and self.launcher == "processes":
            raise InputError(
                f"--slurm {self.slurm!r} came without a launcher that takes it; expected --launcher slurm or "
                "local; add one"
            )
        if self.worker and (self.space or self.flags):
            raise InputError(
                "--worker came with --space or --flags, which the study has of its own; expected neither; "
                "drop them"
            )

    def study_like(self) -> str:
        """A name that would do."""
        return re.sub(r"[^\w-]+", "_", self.study)[:80].strip("_") or "first"

    @property
    def folder(self) -> Path:
        """Of the study."""
        return Path(self.out) / self.study
