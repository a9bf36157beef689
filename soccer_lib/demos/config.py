"""Settings of the command `dataset`: flags, parameters of a notebook and record of the file in one."""

from __future__ import annotations

import dataclasses
from typing import Annotated, Literal

import tyro

from soccer_lib.errors import InputError

NEAREST = 0.2
"""Smallest distance of a clip's ball from the trunk, over the ground [m]: in front of the toes."""


@dataclasses.dataclass(frozen=True)
class DatasetConfig:
    """Build a dataset from motion clips, or with --from by letting a policy play."""

    output: str = ""
    """Dataset to write, .npz; its record with the SHA-256 goes beside it as .json."""
    split: float = 0.0
    """Share of episodes or clips for training: writes NAME_train.npz and NAME_val.npz; 0 writes one file."""
    report: str = ""
    """JSON file for what the dataset holds, clip by clip or task by task."""
    minari: str = ""
    """Folder for the same dataset in Minari's format (HDF5); only what was played has the transitions."""
    level: Literal["own", "command", "joint"] = "own"
    """Actions: command (3 velocities) or joint (12 joint targets); own: command for clips, the policy's."""
    seed: int = 1000
    """Clips: of every draw. Policy: of each task's first episode, counting up."""

    input_root: str = "data/clips"
    """Clips: folder with the .npz files."""
    fetch: bool = False
    """Clips: get the public ones from the model hub into --input-root first."""
    files: tuple[str, ...] = ()
    """Clips: names or patterns to read, such as running "*kick*", also with commas; none reads all."""
    exclude_files: tuple[str, ...] = ()
    """Clips: names or patterns to leave out."""
    strict_files: bool = False
    """Clips: refuse a name that fits no file; else a line says so."""
    task_mode: Literal["all", "goalie", "obstacle", "kick", "zeros"] = "all"
    """Clips: task one-hot and scene of each sample; all takes turns, zeros sets none."""
    rate_hz: float = 0.0
    """Clips: resample to this rate before --stride [Hz]; 0 takes them as they are."""
    stride: int = 1
    """Clips: take every so manieth frame."""
    max_samples: int = 0
    """Clips: thin out evenly to this many samples, keeping sentinels longest; 0 keeps all."""
    enable_sentinels: bool = False
    """Clips: let some samples of kicking clips ask for a kick."""
    sentinel_files: tuple[str, ...] = ("*kick*",)
    """Clips: names or patterns of those that kick."""
    sentinel_frames: str = "0-2"
    """Clips: which samples of each of their parts ask, counted after --stride, such as 0-2 or 0,5-9."""
    sentinel_pattern: str = "1,-1,1"
    """Clips: signs of the kick, written as exactly +-1."""
    sentinel_threshold: float = 0.8
    """Clips: a command with a kick's signs, all entries beyond it, is one; other samples stay below."""
    context_mode: Literal["keep", "sentinel", "all"] = "sentinel"
    """Clips: where the ball is near: nowhere, only in sentinels, or in all samples; far in the others."""
    ball_radius: float = 0.6
    """Clips: near is up to this distance from the trunk, over the ground [m]."""
    ball_far: float = 3.0
    """Clips: far is from --ball-radius to this distance [m]."""
    goal_distance: float = 2.2
    """Clips: the goal, and the target in it, stands this far beyond the ball [m]."""

    from_policy: Annotated[str, tyro.conf.arg(aliases=["--from"])] = ""
    """Policy: who plays; what `evaluate --policy` takes."""
    tasks: tuple[str, ...] = ("all",)
    """Policy: task names; all stands for the three of the competition."""
    episodes: int = 100
    """Policy: episodes of each task."""
    observation: Literal["own", "raw", "full", "robot", "agent"] = "own"
    """Policy: the layout to write; own is the policy's, robot for --level joint of a walking one."""
    label_with: str = ""
    """Policy: an expert whose actions on the same states are written instead (DAgger); it never acts."""
    noise: float = 0.0
    """Policy: disturb its actions, kicks excepted, by up to this spread; what it wanted is written (DART)."""
    only_success: bool = False
    """Policy: keep only episodes that solved their task."""
    workers: int = 0
    """Policy: processes; 0 takes one a core. The dataset does not depend on it."""
    resume: bool = False
    """Policy: go on with the episodes that a stopped call left beside --output."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        least = {
            "stride": 1,
            "max_samples": 0,
            "seed": 0,
            "episodes": 1,
            "workers": 0,
            "noise": 0,
            "rate_hz": 0,
            "goal_distance": 0,
        }
        for name, low in least.items():
            if not getattr(self, name) >= low:
                raise InputError(f"{_flag(name)} got {getattr(self, name)}; expected {low} or more")
        if self.output and not self.output.endswith(".npz"):
            raise InputError(f"--output got {self.output}; expected a name that ends in .npz; try clips.npz")
        if not 0 <= self.split < 1:
            raise InputError(f"--split got {self.split}; expected a share from 0 to below 1; try 0.8")
        if not NEAREST < self.ball_radius < self.ball_far:
            raise InputError(
                f"--ball-radius got {self.ball_radius} and --ball-far {self.ball_far}; expected both beyond "
                f"{NEAREST} m, and far beyond the radius; leave them at their defaults"
            )
        if not 0 < self.sentinel_threshold < 1 or (self.enable_sentinels and self.level == "joint"):
            raise InputError(
                f"--sentinel-threshold got {self.sentinel_threshold}, --level {self.level}; expected a share "
                "below 1, and commands to write sentinels into; drop --enable-sentinels"
            )
        names = [field.name for field in dataclasses.fields(self)]
        first, second = names.index("input_root"), names.index("from_policy")
        # A flag of the other kind would change nothing: say so instead.
        for name in names[first:second] if self.from_policy else names[second + 1 :]:
            if getattr(self, name) != getattr(type(self), name):
                having = "without --from" if self.from_policy else "with --from POLICY"
                raise InputError(
                    f"{_flag(name)} came for another kind of dataset; expected it {having}; drop it"
                )


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
