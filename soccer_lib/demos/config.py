"""Settings of the two ways to a dataset: from motion clips, or by letting a policy play.

Each is the parameters of a notebook and the record of a file in one; the command `dataset` takes both.
"""

from __future__ import annotations

import dataclasses
import os
from typing import Annotated, Literal

import tyro

from soccer_lib.control.macro import CLIPS
from soccer_lib.errors import InputError
from soccer_lib.ranges import Range, check_fields

NEAREST = 0.2
"""Smallest distance of a clip's ball from the trunk, over the ground [m]: in front of the toes."""


@dataclasses.dataclass(frozen=True)
class DatasetSettings:
    """What both ways have in common."""

    output: str = ""
    """Dataset to write, .npz; its record with the SHA-256 goes beside it as .json."""
    split: Annotated[float, Range(0, 0.99)] = 0.0
    """Share of episodes or clips for training: writes NAME_train.npz and NAME_val.npz; 0 writes one file."""
    report: str = ""
    """JSON file for what the dataset holds, clip by clip or task by task."""
    minari: str = ""
    """Folder for the same dataset in Minari's format (HDF5), which takes played datasets only."""
    level: Literal["own", "command", "joint"] = "own"
    """Actions: command (3 velocities) or joint (12 joint targets). own: the policy's; command for clips."""
    seed: Annotated[int, Range(0, 2**31 - 2, whole=True)] = 1000
    """Clips: seed of every draw. Policy: seed of each task's first episode; the others count up."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        check_fields(self)
        if self.output and not self.output.endswith(".npz"):
            raise InputError(f"--output got {self.output}; expected a name that ends in .npz; try clips.npz")


@dataclasses.dataclass(frozen=True)
class ClipDatasetConfig(DatasetSettings):
    """A dataset from motion clips."""

    input_root: str = os.path.relpath(CLIPS)
    """Clips: folder with the .npz files."""
    fetch: bool = False
    """Clips: first download the public ones from the model hub into --input-root."""
    files: tuple[str, ...] = ()
    """Clips: names or patterns to read, such as running "*kick*", also with commas; reads all by default."""
    exclude_files: tuple[str, ...] = ()
    """Clips: names or patterns to leave out."""
    strict_files: bool = False
    """Clips: refuse a name that fits no file, instead of a line that says so."""
    task_mode: Literal["all", "goalie", "obstacle", "kick", "zeros"] = "all"
    """Clips: task of each sample, in one-hot and scene; all: the three in turn, zeros: none."""
    rate_hz: Annotated[float, Range(0, 10_000)] = 0.0
    """Clips: resample to this rate before --stride [Hz]; 0 takes them as they are."""
    stride: Annotated[int, Range(1, 1_000_000, whole=True)] = 1
    """Clips: take every n-th frame."""
    max_samples: Annotated[int, Range(0, 10**9, whole=True)] = 0
    """Clips: thin out evenly to this many samples, keeping sentinels longest; 0 keeps all."""
    enable_sentinels: bool = False
    """Clips: let some samples of kicking clips (the sentinels) ask for a kick."""
    sentinel_files: tuple[str, ...] = ("*kick*",)
    """Clips: names or patterns of the kicking ones."""
    sentinel_frames: str = "0-2"
    """Clips: which samples of each of their parts are sentinels, after --stride, such as 0-2 or 0,5-9."""
    sentinel_pattern: str = "1,-1,1"
    """Clips: signs of the command that sentinels give, written as exactly +-1."""
    sentinel_threshold: Annotated[float, Range(0, 1, above=True)] = 0.8
    """Clips: a command with a kick's signs asks for it beyond this; other samples are held below."""
    context_mode: Literal["keep", "sentinel", "all"] = "sentinel"
    """Clips: samples with the ball near: none (keep), the sentinels, or all; it is far in the others."""
    ball_radius: Annotated[float, Range(NEAREST, 1000, above=True)] = 0.6
    """Clips: near is up to this distance from the trunk, over the ground [m]."""
    ball_far: Annotated[float, Range(NEAREST, 1000, above=True)] = 3.0
    """Clips: far is from --ball-radius to this distance [m]."""
    goal_distance: Annotated[float, Range(0, 1000)] = 2.2
    """Clips: the goal, and the target in it, stands this far beyond the ball [m]."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        super().__post_init__()
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


@dataclasses.dataclass(frozen=True)
class PlayedDatasetConfig(DatasetSettings):
    """A dataset of episodes that a policy plays."""

    from_policy: Annotated[str, tyro.conf.arg(aliases=["--from"])] = ""
    """Policy: who plays; any that `evaluate --policy` takes."""
    tasks: tuple[str, ...] = ("all",)
    """Policy: task names; all stands for the three of the competition."""
    episodes: Annotated[int, Range(1, 100_000, whole=True)] = 100
    """Policy: episodes of each task."""
    observation: Literal["own", "raw", "full", "robot", "agent"] = "own"
    """Policy: the layout to write. own: the policy's; robot where joint targets replace commands."""
    label_with: str = ""
    """Policy: an expert whose actions in the same states are written instead (DAgger); it never acts."""
    noise: Annotated[float, Range(0, 10)] = 0.0
    """Policy: largest spread of noise on its actions, kicks excepted; they are written without it (DART)."""
    as_played: bool = False
    """Policy: write actions with their noise, as they were played, and with that the transitions."""
    hindsight: bool = False
    """Policy: play each episode again as it was, noise and all, with the target where the ball went, and keep
    those that are solved then: a shot that missed teaches how to hit what it hit."""
    only_success: bool = False
    """Policy: keep only episodes that solved their task."""
    workers: Annotated[int, Range(0, 256, whole=True)] = 0
    """Policy: worker processes; 0 takes one per core. The dataset does not depend on it."""
    resume: bool = False
    """Policy: continue with the episodes that a stopped call left beside --output."""

    def __post_init__(self) -> None:
        """Check what the types do not say."""
        super().__post_init__()
        if self.as_played and (self.label_with or not self.noise):
            came = "--label-with" if self.label_with else "no --noise"
            raise InputError(
                f"--as-played came with {came}; expected --noise alone, whose actions it keeps; drop it"
            )
        if self.hindsight and self.label_with:
            raise InputError(
                "--hindsight came with --label-with; expected one of them: what an expert would have done "
                "did not lead the ball to where it went; drop one"
            )


def flag(name: str) -> str:
    """A field's name as it is typed on the command line."""
    return "--" + name.replace("_", "-")
